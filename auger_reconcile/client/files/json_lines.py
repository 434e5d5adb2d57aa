"""Read and write objects of JSON, a line each or in a list; each goes out with more members."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from auger_reconcile.client.files.json_values import to_json_value
from auger_reconcile.client.files.rows import open_text, telling_faults
from auger_reconcile.errors import AugerError

_A_ROW = 'of JSON, a line holds one row: {"age": 41, "city": "Bern"}'


class Line(NamedTuple):
    """One row: its members, and the text that it stands in, to the end of its object."""

    members: dict[str, Any]
    text: str


class JsonLines:
    """An open file of JSON: an object a line, or a list of objects; blank lines are left out.

    Attributes:
        columns: the names of all members, in the order in which they come first.
        notices: none, there is nothing to guess.
    """

    def __init__(self, source: Path, file: IO[str]) -> None:
        self._source, self._file = source, file
        self._is_list = _first_of(file) == "["
        self._end = ""
        rows = self._read()
        head = list(islice(rows, 2))
        if len(head) == 1 and not self._is_list and _is_columns(head[0].members):
            raise AugerError(f"`{source}` has its values by columns, not by rows", hint=_A_ROW)
        names = (name for line in chain(head, rows) for name in line.members)
        self.columns = list(dict.fromkeys(names))
        self.notices: list[dict[str, Any]] = []

    def batches(self, size: int | None) -> Iterator[list[Line]]:
        """Yield lines; see `Table`."""
        rows = self._read()
        is_first = True
        while (batch := list(islice(rows, size))) or is_first:
            yield batch
            is_first = False

    def records(self, batch: Sequence[Line], places: Sequence[int]) -> list[list[Any]]:
        """Return values of JSON; nested ones as their text."""
        names = [self.columns[place] for place in places]
        return [[to_json_value(line.members.get(name)) for name in names] for line in batch]

    @contextmanager
    def writing(self, to: Path) -> Iterator[_Writer]:
        """Open what writes objects in UTF-8."""
        with to.open("w", newline="", encoding="utf-8") as file:
            yield _Writer(file, "" if self._is_list else "\n")
            file.write(self._end)

    def _read(self) -> Iterator[Line]:
        self._file.seek(0)
        yield from self._read_list() if self._is_list else self._read_lines()

    def _read_lines(self) -> Iterator[Line]:
        for number, text in enumerate(self._file, 1):
            if not text.strip():
                continue
            try:
                members = json.loads(text)
            except (ValueError, RecursionError):
                members = None
            if not isinstance(members, dict):
                raise AugerError(
                    f"`{self._source}` has no JSON object in line {number}", hint=_A_ROW
                )
            yield Line(members, text.strip())

    def _read_list(self) -> Iterator[Line]:
        """Yield the objects of a list, each with the text before it."""
        text = self._file.read()
        decoder, start = json.JSONDecoder(), text.index("[") + 1
        done = 0
        while (place := _ahead(text, start)) < len(text) and text[place] != "]":
            try:
                members, end = decoder.raw_decode(text, place)
            except (ValueError, RecursionError):
                members, end = None, place
            if not isinstance(members, dict):
                line = text.count("\n", 0, place) + 1
                raise AugerError(f"`{self._source}` has no JSON object in line {line}", hint=_A_ROW)
            yield Line(members, text[done:end])
            done, start = end, _ahead(text, end)
            start += text[start : start + 1] == ","
        self._end = text[done:]
        if self._end.strip(", \t\r\n") != "]":
            raise AugerError(f"`{self._source}` is no list of JSON objects", hint=_A_ROW)


def _first_of(file: IO[str]) -> str:
    """Return the first character that is no blank."""
    return next((line.strip()[0] for line in file if line.strip()), "")


def _ahead(text: str, start: int) -> int:
    """Return the place of the next character that is no blank."""
    while text[start : start + 1].isspace():
        start += 1
    return start


def _is_columns(members: dict[str, Any]) -> bool:
    """Tell a table written column by column, `{"a": {"0": 1}}` or `{"a": [1]}`, from a row."""
    return bool(members) and all(isinstance(one, dict | list) for one in members.values())


class _Writer:
    def __init__(self, file: IO[str], end: str) -> None:
        self._file, self._end = file, end

    def write(
        self, batch: Sequence[Line], names: Sequence[str], values: Sequence[Sequence[Any]]
    ) -> None:
        for line, added in zip(batch, values, strict=True):
            body = line.text.removesuffix("}").rstrip()
            more = json.dumps(dict(zip(names, added, strict=True)), ensure_ascii=False)[1:]
            comma = ", " if line.members else ""
            self._file.write(f"{body}{comma}{more}{self._end}")


@contextmanager
def open_json_lines(source: Path) -> Iterator[JsonLines]:
    """Open a file of JSON lines, or of a list of objects, compressed or not.

    Raises:
        AugerError: a line is no JSON object, or there is none; or it has columns, not rows.
    """
    with (
        telling_faults(source, "file of JSON in UTF-8"),
        open_text(source, "utf-8-sig") as file,
    ):
        table = JsonLines(source, file)
        if not table.columns:
            raise AugerError(f"`{source}` is empty")
        yield table
