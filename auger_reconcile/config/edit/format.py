"""The canonical form of auger.yaml: the order of keys, two blanks of indentation, comments kept.

Works on lines, moved as they are: a value is never written anew, so that quotes, lists and texts of
several lines stay what they were. The result is read again and has to mean the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from auger_reconcile.config.declarations.declaration import (
    AT_TOP,
    LONG_FORM,
    PROJECT_FIELDS,
    SEARCH,
    Head,
)
from auger_reconcile.config.edit.change_tree import KeyPath, shape_of_node
from auger_reconcile.config.edit.lines import LINE_END, Lines, is_comment, newline_of
from auger_reconcile.config.files.for_each import KEY
from auger_reconcile.config.files.legacy import (
    RENAMED,
    RENAMED_IN_CLUSTER,
    RENAMED_IN_EXPERIMENT,
)
from auger_reconcile.config.syntax.compose import Document, compose
from auger_reconcile.config.syntax.nodes import Entry, Mapping, Node, Scalar
from auger_reconcile.config.syntax.text import FileText
from auger_reconcile.diagnostics import Diagnostic, Severity
from auger_reconcile.errors import ConfigError
from auger_reconcile.resources._cluster import ClusterSpec
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.resources._spec import Trait, has_trait

INDENT = "  "
_OF_FILE = re.compile(
    r"\s*#\W*(?:yaml-language-server:|yamllint\b|prettier-|vim?:|SPDX-|copyright\b|\(c\)|©)",
    re.IGNORECASE,
)
"""Comments that editors, linters and licenses want at the top of a file."""
_TOP = (
    *("hub", "organization", "path_to_credentials", "name", "variables"),
    *("state", *AT_TOP, "cluster", "budget_minutes"),
    *LONG_FORM,
    *("lifecycle", "revision_history", "protected_branch", "review"),
)
_FIRST = (KEY, "name", "experiment_session_id")
_LAST = ("state", "lifecycle")


@cache
def key_order(path: KeyPath) -> tuple[str, ...]:
    """Return the canonical order of the keys of a map; a key that is not in it comes after them."""
    match path:
        case ():
            others = (*PROJECT_FIELDS, *Head.model_fields)
            return _with_old((*_TOP, *(name for name in others if name not in _TOP)), RENAMED)
        case ("cluster",):
            return _with_old(ClusterSpec.model_fields, RENAMED_IN_CLUSTER)
        case (SEARCH.name,):
            return _with_old(_fields_of(SEARCH.name), RENAMED_IN_EXPERIMENT)
        case (section, _) if section in LONG_FORM:
            return _fields_of(LONG_FORM[section])
    return ()


def _with_old(names: Iterable[str], renamed: dict[str, str]) -> tuple[str, ...]:
    """Return names, each followed by those that older clients have for it."""
    return tuple(
        one for name in names for one in (name, *(o for o, n in renamed.items() if n == name))
    )


def _fields_of(name: str) -> tuple[str, ...]:
    """Return the settings of a kind: what is selected, where data comes from, what is named."""
    kind = kind_of(name)
    fields = kind.spec.model_fields
    sources = (field for field in fields if has_trait(kind.spec, field, Trait.CONTENT))
    first = [*_FIRST, *sources, *(reference.setting for reference in kind.refers_to)]
    order = [*first, *(field for field in fields if field not in (*first, *_LAST)), *_LAST]
    return tuple(field for field in order if field in fields or field == KEY)


def lay_out(file: FileText) -> str:
    """Return the canonical text of a file.

    Raises:
        ConfigError: it is no YAML, or cannot be laid out without a change of meaning.
    """
    before = compose(file)
    if before.diagnostics:
        raise ConfigError(before.diagnostics)
    meaning = [_meaning(document) for document in before.documents]
    # An alias has to stay behind its anchor; a text at the end may be one without a line end.
    for is_ordered, end in ((True, True), (False, True), (False, False)):
        text = _lay_out_documents(file, before.documents, is_ordered=is_ordered)
        text = text if end else text.rstrip("\r\n")
        after = compose(FileText(file.path, text))
        if not after.diagnostics and [_meaning(one) for one in after.documents] == meaning:
            return text
    summary = "a file that cannot be laid out without a change of its meaning"
    raise ConfigError([Diagnostic(Severity.ERROR, "cannot-format", summary, file.span(0))])


def _meaning(document: Document) -> Any:
    return None if document.root is None else shape_of_node(document.root)


def _lay_out_documents(file: FileText, documents: Sequence[Document], *, is_ordered: bool) -> str:
    """Lay out every document; what stands between them stays."""
    pieces, last = [], 0
    for document in documents:
        is_marked = _is_marked(file.text, document.start)
        start = document.start if is_marked else last
        start = _next_line(file.text, start)
        pieces.append(file.text[last:start])
        body = file.text[start : document.end]
        lines = Lines(file.text, start, document.end)
        layout = _Layout(lines, start, is_ordered=is_ordered, is_marked=is_marked)
        laid_out = layout.lay_out(document.root)
        pieces.append(laid_out or body)
        last = max(document.end, start)
    lines_of_all = LINE_END.split("".join([*pieces, file.text[last:]]))
    filled = [number for number, line in enumerate(lines_of_all) if line.strip()]
    if not filled:
        return file.text
    newline = newline_of(file.text)
    return newline.join(lines_of_all[filled[0] : filled[-1] + 1]) + newline


def _is_marked(text: str, start: int) -> bool:
    """Say whether a document begins with `---`; others begin where the one before has ended."""
    return text.endswith("---", 0, start)


def _next_line(text: str, start: int) -> int:
    """Return where the first whole line begins."""
    if start == 0 or text[start - 1] in "\r\n":
        return start
    found = LINE_END.search(text, start)
    return found.end() if found else len(text)


class _Chunk(NamedTuple):
    """One key: the comments and blank lines above it, and the lines of key and value."""

    key: str
    above: list[str]
    own: list[str]


class _Layout:
    """The lines of one document, and which of them its nodes cover."""

    def __init__(self, lines: Lines, start: int, *, is_ordered: bool, is_marked: bool) -> None:
        self._lines, self._start, self._is_ordered = lines, start, is_ordered
        self._is_marked = is_marked  # comments below `---` are about the document
        self._rows = lines.rows

    def lay_out(self, root: Node | None) -> str | None:
        """Return the text of the document; None when it is no block of keys."""
        if not isinstance(root, Mapping) or not self._is_block(root):
            return None
        region = (0, self._lines.count)
        return "\n".join(self._lay_out_map(root, (), region, "")) + "\n"

    def _is_block(self, node: Mapping) -> bool:
        """Say whether every key stands first in a line, below the others, with its `:` behind."""
        keys = [entry.key for entry in node.entries.values()]
        if not keys or any(key.start < max(node.start, self._start) for key in keys):
            return False  # empty, or with keys that `<<` brings in
        columns = {self._lines.column_of(key.start) for key in keys}
        blanks = [
            self._rows[self._lines.line_of(key.start)][: self._lines.column_of(key.start)]
            for key in keys
        ]
        colons = [self._lines.rest_of(key.end).lstrip(" ").startswith(":") for key in keys]
        return len(columns) == 1 and not any(map(str.strip, blanks)) and all(colons)

    def _lay_out_map(
        self, node: Mapping, path: KeyPath, region: tuple[int, int], indent: str
    ) -> list[str]:
        """Return the lines of a map: those of its region, ordered and indented anew."""
        begin, last = region
        entries = sorted(node.entries.values(), key=lambda entry: entry.key.start)
        column = self._lines.column_of(entries[0].key.start)
        places = [self._lines.line_of(entry.key.start) for entry in entries]
        chunks = []
        for entry, at, following in zip(entries, places, [*places[1:], last], strict=True):
            end = self._end_of(entry, at, following, column)
            own = self._lay_out_entry(entry, (*path, entry.key.text), (at, end), indent)
            above = _indented(self._rows[begin:at], indent)
            chunks.append(_Chunk(entry.key.text, above, own))
            begin = end
        order = key_order(path) if self._is_ordered else ()
        least = _count_comments(chunks[0].above) if self._is_marked and not path else 0
        return list(_join(chunks, order, _indented(self._rows[begin:last], indent), least))

    def _end_of(self, entry: Entry, at: int, following: int, column: int) -> int:
        """Return the first line that belongs no longer to an entry.

        A comment below a value belongs to it while it stands further right than the keys.
        """
        end = max(at, self._last_line(entry)) + 1
        others = range(end, following)
        told = [n for n in others if self._rows[n].strip() and not is_comment(self._rows[n])]
        end = max([end, *(number + 1 for number in told)])
        for number in range(end, following):
            line = self._rows[number]
            if line.strip() and len(line) - len(line.lstrip()) <= column:
                break
            end = number + 1 if line.strip() else end
        return end

    def _last_line(self, entry: Entry) -> int:
        """Return the last line of a text; other values are told by their lines."""
        key, value = entry
        if not isinstance(value, Scalar) or value.end <= key.end:
            return self._lines.line_of(key.end - 1)
        text = self._lines.text[value.start : value.end]
        kept = text if _keeps_blanks(text) else text.rstrip()
        return self._lines.line_of(max(value.start + len(kept) - 1, key.end - 1))

    def _lay_out_entry(
        self, entry: Entry, path: KeyPath, region: tuple[int, int], indent: str
    ) -> list[str]:
        (key, value), (at, end) = entry, region
        colon = self._lines.text.index(":", key.end)
        rest = self._lines.rest_of(colon + 1)
        is_own = value.start >= key.end  # an alias stands for a value above
        is_scalar = is_own and isinstance(value, Scalar)
        ends_here = not is_scalar or self._last_line(entry) == at
        name = self._lines.text[key.start : key.end]
        first = f"{indent}{name}:{_behind_colon(rest, ends_here=ends_here)}"
        below = self._rows[at + 1 : end]
        if isinstance(value, Mapping) and is_own and self._is_block_below(value, at):
            return [first, *self._lay_out_map(value, path, (at + 1, end), indent + INDENT)]
        told = rest.strip()
        if told and not told.startswith(("#", "&", "!")):
            by = len(indent) - self._lines.column_of(key.start)
        else:
            items = [line for line in below if line.strip() and not is_comment(line)]
            by = len(indent + INDENT) - _indent_of(items[0]) if items else 0
        least = len(indent) + 1 if ends_here else 0
        return [first, *(_moved(line, by, least) for line in below)]

    def _is_block_below(self, value: Mapping, at: int) -> bool:
        starts = [entry.key.start for entry in value.entries.values()]
        return bool(starts) and self._lines.line_of(min(starts)) > at and self._is_block(value)


def _keeps_blanks(text: str) -> bool:
    """Say whether the blank lines at the end of a text belong to it: `|+`."""
    return text[:1] in ("|", ">") and "+" in text[:3]


def _indent_of(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _behind_colon(rest: str, *, ends_here: bool) -> str:
    """Return what follows a key: one blank before a value, two at least before a comment."""
    told = rest.strip() if ends_here else rest.lstrip()
    if not told:
        return ""
    if not told.startswith("#"):
        return f" {told}"
    gap = rest[: len(rest) - len(rest.lstrip())]
    return (gap if len(gap) > 1 and "\t" not in gap else "  ") + told


def _indented(lines: Sequence[str], indent: str) -> list[str]:
    return [indent + line.strip() if line.strip() else "" for line in lines]


def _moved(line: str, by: int, least: int) -> str:
    """Move a line; what it ends with may belong to a text, and stays."""
    bare = line.lstrip(" ")
    blanks = len(line) - len(bare) + by
    if not bare.strip():
        return " " * max(blanks, 0) + bare if least == 0 else ""
    return " " * max(blanks, least) + bare


def _join(
    chunks: Sequence[_Chunk], order: Sequence[str], tail: Sequence[str], least: int
) -> Iterator[str]:
    """Yield the lines of a map in canonical order; a heading above the first key stays on top.

    Args:
        chunks: its keys.
        order: the canonical one.
        tail: the lines below the last of them.
        least: how many lines the heading has at least.
    """
    heading, chunks[0].above[:] = _split_heading(chunks[0].above, least)
    place = {name: number for number, name in enumerate(order)}
    free = place.get("variables", len(place))  # keys of one's own hold anchors, which come first
    ordered = sorted(
        chunks,
        key=lambda one: place.get(one.key, free if one.key.startswith("x-") else len(place)),
    )
    last = ""  # of two blank lines after each other, and of those at the start, none is wanted
    groups = [(heading, True)]
    for chunk in ordered:
        groups += [(chunk.above, True), (chunk.own, False)]
    for lines, may_shrink in [*groups, (list(tail), True)]:
        for line in lines:
            if not may_shrink or line or last:
                yield line
                last = line


def _count_comments(lines: Sequence[str]) -> int:
    """Return how many comments there are before the first blank line."""
    return next((number for number, line in enumerate(lines) if not line), len(lines))


def _split_heading(above: list[str], least: int) -> tuple[list[str], list[str]]:
    """Divide the comments that are about the file from those at the key below.

    A blank line separates them, or they are of a kind that is about a file wherever it stands.
    """
    ends = [
        number
        for number, line in enumerate(above)
        if _OF_FILE.match(line) or (not line and any(above[:number]))
    ]
    end = max(ends[-1] + 1 if ends else 0, least)
    return above[:end], above[end:]
