"""No organization stops another, whatever it has stuck."""

from __future__ import annotations

from dataclasses import dataclass

from auger_hub.processes.turns import DOWNLOADS, in_turn, may_begin


@dataclass(frozen=True)
class Piece:
    """A piece of work."""

    organization_id: int
    name: str = ""
    is_download: bool = False


def test_organizations_take_turns() -> None:
    waiting = [Piece(1, "a"), Piece(1, "b"), Piece(1, "c"), Piece(2, "d"), Piece(2, "e")]
    assert [one.name for one in in_turn(waiting, [])] == ["a", "d", "b", "e", "c"]


def test_who_has_most_at_work_comes_last() -> None:
    waiting = [Piece(1, "a"), Piece(2, "b"), Piece(3, "c")]
    running = [Piece(1), Piece(1), Piece(2)]
    assert [one.name for one in in_turn(waiting, running)] == ["c", "b", "a"]


def test_work_of_one_organization_stays_in_order() -> None:
    waiting = [Piece(1, name) for name in "abc"]
    assert in_turn(waiting, [Piece(1)]) == waiting


def test_all_places_may_be_one_organizations_and_another_begins_all_the_same() -> None:
    running = [Piece(1)] * 3
    assert may_begin(Piece(1), running[:2], 3)
    assert not may_begin(Piece(1), running, 3)
    assert may_begin(Piece(2), running, 3)
    assert not may_begin(Piece(2), [*running, Piece(2)], 3)


def test_downloads_take_no_place_of_other_work() -> None:
    download = Piece(1, is_download=True)
    assert may_begin(Piece(1), [download] * 9, 1)
    assert may_begin(download, [Piece(1)] * 9, 1)
    assert may_begin(download, [download] * (DOWNLOADS - 1), 1)
    assert not may_begin(download, [download] * DOWNLOADS, 1)
    assert may_begin(Piece(2, is_download=True), [download] * 9, 1)
