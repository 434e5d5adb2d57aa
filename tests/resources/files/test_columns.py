"""Columns that settings name, looked up among those of the data."""

from __future__ import annotations

from unicodedata import normalize

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
