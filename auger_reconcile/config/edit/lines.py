"""The lines of a text, and which of them belong to a key of a block.

To a key belong the comments right above it, the lines of its value, and what is written below it
further to the right. What a blank line divides from it does not.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from auger_reconcile.config.syntax.nodes import Entry, Mapping, Node, Scalar

LINE_END = re.compile(r"\r\n|\r|\n")


class Lines:
    """The lines of a text or of a part of it, such as one document.

    Every region is a pair of line numbers, the second excluded.

    Args:
        text: of the file; indices are those of it.
        begin: where the part begins, at the start of a line.
        end: where it ends; by default with the text.
    """

    def __init__(self, text: str, begin: int = 0, end: int | None = None) -> None:
        part = text[begin:end]
        self.text = text
        self.rows = LINE_END.split(part)
        self._starts = [begin, *(begin + match.end() for match in LINE_END.finditer(part))]

    @property
    def count(self) -> int:
        """The number of lines; an empty one at the end is none."""
        return len(self.rows) - (not self.rows[-1])

    def start_of(self, number: int) -> int:
        """Return the index at which a line begins; behind the last one, where the text ends."""
        return self._starts[number] if number < len(self._starts) else len(self.text)

    def line_of(self, index: int) -> int:
        """Return the number of the line that holds an index."""
        return bisect_right(self._starts, index) - 1

    def end_of(self, number: int) -> int:
        """Return the index at which a line ends, its line end excluded."""
        return self._starts[number] + len(self.rows[number])

    def column_of(self, index: int) -> int:
        """Return how many characters stand before an index in its line."""
        return index - self._starts[self.line_of(index)]

    def rest_of(self, index: int) -> str:
        """Return what follows an index in its line."""
        found = LINE_END.search(self.text, index)
        return self.text[index : found.start() if found else len(self.text)]

    def indent_of(self, index: int) -> str | None:
        """Return what stands before an index in its line; None when that is not only blanks."""
        before = self.text[self._starts[self.line_of(index)] : index]
        return None if before.strip() else before

    def regions(
        self, entries: Sequence[Entry], begin: int | None, end: int
    ) -> Iterator[tuple[int, int]]:
        """Yield which lines belong to each of the keys of a map.

        Args:
            entries: in the order of the text.
            begin: the first line that may belong to the first key; None for its own, because what
                stands above the first key of a file is about the file.
            end: the line at which the map ends.
        """
        places = [self.line_of(entry.key.start) for entry in entries]
        free = places[0] if begin is None else begin
        for entry, at, following in zip(entries, places, [*places[1:], end], strict=True):
            first = at
            while first > free and self._is_comment(first - 1):
                first -= 1
            free = self._last_line(entry, at, following) + 1
            yield first, free

    def _last_line(self, entry: Entry, at: int, following: int) -> int:
        """Return the last line of a value, comments below it that stand further right included."""
        ends = [index for index in ends_of(entry.value) if index > entry.key.end]
        last = max([at, *(self._line_before(index) for index in ends)])
        told = [n for n in range(last + 1, following) if self._is_content(n)]
        last = max([last, *told])
        column = len(self.indent_of(entry.key.start) or "")
        for number in range(last + 1, following):
            line = self.rows[number]
            if line.strip() and len(line) - len(line.lstrip()) <= column:
                break
            last = number if line.strip() else last
        return last

    def _line_before(self, index: int) -> int:
        """Return the line of the last character before an index that is no white space."""
        while index and self.text[index - 1].isspace():
            index -= 1
        return self.line_of(max(index - 1, 0))

    def with_blank(self, region: tuple[int, int]) -> tuple[int, int]:
        """Return a region to take out with the blank line above, where another one follows."""
        begin, end = region
        is_free = end >= self.count or not self.rows[end].strip()
        while is_free and begin and not self.rows[begin - 1].strip():
            begin -= 1
            is_free = end >= self.count
        return begin, end

    def _is_comment(self, number: int) -> bool:
        return is_comment(self.rows[number])

    def _is_content(self, number: int) -> bool:
        return bool(self.rows[number].strip()) and not self._is_comment(number)


def is_comment(line: str) -> bool:
    """Say whether a line holds a comment and nothing else."""
    return line.lstrip().startswith("#")


def newline_of(text: str) -> str:
    """Return how the lines of a text end, as far as the first one tells."""
    found = LINE_END.search(text)
    return found[0] if found else "\n"


def ends_of(node: Node) -> Iterator[int]:
    """Yield where each scalar of a value ends: a block ends with the last of them."""
    match node:
        case Scalar():
            yield node.end
        case Mapping(entries):
            for entry in entries.values():
                yield entry.key.end
                yield from ends_of(entry.value)
        case _:
            for item in node.items:
                yield from ends_of(item)
