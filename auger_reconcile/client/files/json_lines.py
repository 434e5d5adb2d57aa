"""Read and write JSON lines: an object a line, which goes out as it stands with more members."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from auger_reconcile.client.files.json_values import to_json_value
from auger_reconcile.client.files.rows import open_text, telling_faults
from auger_reconcile.errors import AugerError


class Line(NamedTuple):
    """One row: its members, and the text that it stands in."""

    members: dict[str, Any]
    text: str


class JsonLines:
    """An open file of JSON lines; blank lines are left out.

    Attributes:
        columns: the names of all members, in the order in which they come first.
        notices: none, there is nothing to guess.
    """

    def __init__(self, source: Path, file: IO[str]) -> None:
        self._source, self._file = source, file
        names = (name for line in self._read() for name in line.members)
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
        """Open what writes lines in UTF-8."""
        with to.open("w", newline="", encoding="utf-8") as file:
            yield _Writer(file)

    def _read(self) -> Iterator[Line]:
        self._file.seek(0)
        for number, text in enumerate(self._file, 1):
            if not text.strip():
                continue
            try:
                members = json.loads(text)
            except (ValueError, RecursionError):
                members = None
            if not isinstance(members, dict):
                raise AugerError(
                    f"`{self._source}` has no JSON object in line {number}",
                    hint='of JSON, a line holds one row: {"age": 41, "city": "Bern"}',
                )
            yield Line(members, text)


class _Writer:
    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(
        self, batch: Sequence[Line], names: Sequence[str], values: Sequence[Sequence[Any]]
    ) -> None:
        for line, added in zip(batch, values, strict=True):
            body = line.text.strip().removesuffix("}").rstrip()
            more = json.dumps(dict(zip(names, added, strict=True)), ensure_ascii=False)[1:]
            comma = ", " if line.members else ""
            self._file.write(f"{body}{comma}{more}\n")


@contextmanager
def open_json_lines(source: Path) -> Iterator[JsonLines]:
    """Open a file of JSON lines, compressed or not.

    Raises:
        AugerError: a line is no JSON object, or there is none.
    """
    with (
        telling_faults(source, "file of JSON lines in UTF-8"),
        open_text(source, "utf-8-sig") as file,
    ):
        table = JsonLines(source, file)
        if not table.columns:
            raise AugerError(f"`{source}` is empty")
        yield table
