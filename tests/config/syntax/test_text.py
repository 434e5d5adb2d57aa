"""Bytes become text, or a diagnostic with the place of the first bad one."""

from pathlib import Path

import pytest

from auger_reconcile.config.syntax import text as text_module
from auger_reconcile.config.syntax.text import FileText, decode, read_text

PATH = Path("auger.yaml")


def place_of(raw: bytes) -> tuple[str, int, int]:
    file, (problem,) = decode(PATH, raw)
    assert file is None
    assert problem.span is not None
    return problem.code, problem.span.line, problem.span.column


def test_a_byte_order_mark_is_no_character() -> None:
    file, problems = decode(PATH, b"\xef\xbb\xbfname: a\n")
    assert file is not None
    assert (file.text, problems) == ("name: a\n", ())


def test_a_byte_that_is_no_utf_8_is_placed() -> None:
    assert place_of(b"name: a\ntarget: \xff\n") == ("encoding", 2, 9)


def test_utf_16_is_told_as_such() -> None:
    assert place_of("name: a\n".encode("utf-16")) == ("encoding", 1, 1)


def test_a_nul_byte_is_placed() -> None:
    assert place_of(b"name: a\r\nb: \x00\n") == ("control-character", 2, 4)


def test_lines_end_as_they_end_in_any_system() -> None:
    file = FileText(PATH, "a\r\nb\rc\nd")
    assert [file.span(index).line for index in (0, 3, 5, 7)] == [1, 2, 3, 4]
    assert file.span(3).text == "b"


def test_columns_count_characters() -> None:
    span = FileText(PATH, "größe: x").span(7)
    assert (span.column, span.length) == (8, 1)


def test_a_span_ends_with_its_line() -> None:
    assert FileText(PATH, "abc  \ndef").span(1, 8).length == 2


def test_a_span_at_the_end_of_a_text_has_a_place() -> None:
    span = FileText(PATH, "a\n").span(2)
    assert (span.line, span.column, span.length, span.text) == (2, 1, 1, "")


def test_a_file_that_cannot_be_read_is_a_diagnostic(tmp_path: Path) -> None:
    file, (problem,) = read_text(tmp_path)
    assert (file, problem.code) == (None, "unreadable")


def test_a_file_beyond_all_measure_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_module, "LARGEST_FILE", 3)
    path = tmp_path / "auger.yaml"
    path.write_text("name: a")
    assert read_text(path)[1][0].code == "too-large"
