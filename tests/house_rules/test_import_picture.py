"""The pictures of the imports: who stands on which floor, and which arrows are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

import pytest

from house_rules.conftest import ROOT


@pytest.fixture
def picture(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "docs")
    from generator import import_picture

    return import_picture


def rooms(**imported: str) -> Mapping[str, frozenset[str]]:
    return {name: frozenset(text.split()) for name, text in imported.items()}


def test_a_room_stands_above_all_that_it_imports(picture):
    found = picture.find_floors(rooms(cli="api data", api="data", data="", words=""))
    assert found == [["cli"], ["api"], ["data", "words"]]


def test_a_circle_of_rooms_cannot_be_drawn(picture):
    with pytest.raises(ValueError, match=r"circle of imports among \['api', 'cli'\]"):
        picture.find_floors(rooms(cli="api", api="cli", data=""))


def test_an_arrow_that_a_longer_way_says_is_left_out(picture):
    found = picture.find_arrows(rooms(cli="api data", api="data", data=""))
    assert sorted(found) == [("api", "data"), ("cli", "api")]


@pytest.mark.parametrize("wing", ["auger_reconcile", "auger_hub"])
def test_every_folder_of_a_wing_is_a_room(picture, wing):
    folders = {path.parent.name for path in (ROOT / wing).glob("*/__init__.py")}
    assert folders <= picture.find_rooms(ROOT / wing).keys()


@pytest.mark.parametrize("name", ["reconciler", "hub"])
def test_a_picture_shows_each_room_once(picture, name):
    svg = picture.render_import_pictures()[f"{name}.svg"]
    for room in picture.find_rooms(ROOT / picture.WINGS[name].__name__):
        assert svg.count(f">{room}<") + svg.count(f">{room}.py<") == 1
