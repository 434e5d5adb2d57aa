"""A look at a file: as the hub reads it, and lightly where that is not installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auger_reconcile.client import look
from auger_reconcile.client.look import look_lightly, look_with_hub
from auger_reconcile.errors import AugerError

pytestmark = pytest.mark.process

HEAD = "id,note,day,flag,group,empty,score\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    rows = [
        f"{n},note {n},2024-01-{n:02d},{n % 2 == 0},g{n % 3},,{n / 7:.3f}\n" for n in range(1, 26)
    ]
    path.write_text(HEAD + "".join(rows))
    return path


def columns_of(statistics: dict[str, Any]) -> dict[str, tuple[str, str]]:
    columns = statistics["schema"]["columns"]
    return {one["name"]: (one["type"], one.get("purpose", "feature")) for one in columns}


def test_a_light_look_sees_what_the_hub_sees_in_plain_data(table: Path) -> None:
    light, whole = look_lightly(table), look_with_hub(table, {})
    assert whole is not None
    expected = columns_of(whole) | {"note": ("category", "feature")}
    assert columns_of(light) == expected
    assert light["count"] == whole["count"] == 25
    sizes = [(one["column_name"], one["unique_values"]) for one in light["stat_data"]]
    assert sizes == [(one["column_name"], one["unique_values"]) for one in whole["stat_data"]]
    assert light["notices"][0]["code"] == "light-look"


def test_what_is_declared_is_read_so(table: Path) -> None:
    told = look_with_hub(table, {"columns": {"id": {"type": "text"}}, "missing": ["", "g1"]})
    assert told is not None
    assert columns_of(told)["id"][0] == "text"
    assert told["stat_data"][4]["missing_values"] == 9


def test_what_is_no_table_is_told_in_the_words_of_the_reader(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n3\n4,5,6\n")
    with pytest.raises(AugerError, match=r"bad\.csv"):
        look_with_hub(tmp_path / "bad.csv", {})


def test_what_cannot_be_declared_is_told(table: Path) -> None:
    with pytest.raises(AugerError, match="The type of column `id` is not one of"):
        look_with_hub(table, {"columns": {"id": {"type": "colour"}}})


def test_without_the_hub_there_is_no_look_by_it(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "find_spec", lambda name: None)
    assert look_with_hub(table, {}) is None
