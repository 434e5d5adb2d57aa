"""Columns that settings name, looked up among those of the data."""

from __future__ import annotations

from unicodedata import normalize

import pytest

from auger_reconcile.resources.files.columns import MOST_FINDINGS, advise_column, find_unknown

HEADER = ("id", "age", normalize("NFC", "größe"))


def test_what_the_data_has_is_not_told() -> None:
    assert list(find_unknown(("exclude",), ["id", "age"], HEADER, is_error=False)) == []
    assert list(find_unknown(("target",), "age", HEADER, is_error=True)) == []


def test_each_unknown_one_is_told_in_its_place() -> None:
    found = list(find_unknown(("exclude",), ["aeg", "id", "x"], HEADER, is_error=False))
    assert [one.path for one in found] == [("exclude", "aeg"), ("exclude", "x")]
    assert not any(one.is_error for one in found)


def test_one_name_is_told_where_it_stands() -> None:
    [found] = find_unknown(("target",), "aeg", HEADER, is_error=True)
    assert (found.path, found.label, found.is_error) == (("target",), "`aeg`", True)


def test_of_very_many_one_tells_all() -> None:
    names = [f"x{number}" for number in range(MOST_FINDINGS + 1)]
    [found] = find_unknown(("exclude",), names, HEADER, is_error=False)
    assert found.path == ("exclude",)
    assert str(found.hint).startswith(f"{len(names)} of {len(names)}: `x0`")


def test_the_nearest_name_is_advised_be_it_in_another_form_of_unicode() -> None:
    assert advise_column("aeg", HEADER) == "the data has `age`"
    assert "Unicode form NFC" in advise_column(normalize("NFD", "größe"), HEADER)
    assert advise_column("zzzz", HEADER).startswith("the data has `id`, `age`")


@pytest.mark.parametrize(
    "text", ["id; age", "id;age", "id age", "id\tage", "id; age, größe", "id|age"]
)
def test_several_columns_in_one_text_are_told_where_each_is_one(text: str) -> None:
    [found] = find_unknown(("exclude",), [text], HEADER, is_error=False)
    assert found.code == ("unknown-column" if "|" in text else "several-columns")
    assert found.is_error == ("," in text)


def test_how_they_are_written_is_advised() -> None:
    [found] = find_unknown(("exclude",), ["id; age"], HEADER, is_error=False)
    assert found.hint == "each is an item of its own: `id`, `age`"


@pytest.mark.parametrize("text", ["id; aeg", "id ;", "age x"])
def test_a_text_that_is_not_all_columns_is_one_that_there_is_not(text: str) -> None:
    [found] = find_unknown(("exclude",), [text], HEADER, is_error=False)
    assert found.code == "unknown-column"


def test_a_column_may_have_blanks_in_its_name() -> None:
    assert (
        list(find_unknown(("exclude",), ["id age"], ("id", "age", "id age"), is_error=False)) == []
    )
