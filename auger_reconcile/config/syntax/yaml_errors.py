"""Explain why a text is no YAML, by what stands where the parser stopped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from auger_reconcile.config.syntax.nodes import Mapping, Node, Scalar, Sequence
from auger_reconcile.config.syntax.report import shorten
from auger_reconcile.config.syntax.text import FileText
from auger_reconcile.diagnostics import Diagnostic, Severity, SourceSpan


class _Explanation(NamedTuple):
    """How to tell a problem; `at_start` points to where the unfinished thing begins."""

    code: str
    summary: str
    hint: str | None = None
    at_start: bool = False


_COLON = "a value that holds `: ` is written in quotes"
_INDENT = "keys of one map start in the same column"
_UNFINISHED = _Explanation(
    "quote",
    "a quoted text without its closing quote",
    "a quote that is opened is closed by the same quote",
    at_start=True,
)
_NO_COLON = _Explanation("colon", "a key without `:`", "a key is followed by `: `", at_start=True)
_TAB = _Explanation("tab", "a tab in the indentation", "YAML is indented with spaces")
_RESERVED = _Explanation(
    "character",
    "a value that starts with a reserved character",
    "such a value is written in quotes",
)
_NO_BREAK = _Explanation(
    "no-break-space",
    "a no-break space where YAML wants a blank",
    "YAML knows the common blank alone",
)
_VARIABLE = _Explanation(
    "bracket",
    "a variable in a list or map in brackets",
    'between brackets it is written in quotes: `"${name}"`',
)
_NO_KEY = _Explanation("indentation", "no key of the map above", _INDENT)
# What the scanner refuses, by the character that the refused or unfinished thing begins with.
_UNEXPECTED = {
    ":": _Explanation("colon", "a second `:` in one value", _COLON),
    "-": _Explanation("indentation", "a list is not allowed"),
    "?": _Explanation("indentation", "a `?` that begins no key"),
    "\t": _TAB,
}
_UNFINISHED_TOKENS = {
    "%": _Explanation("directive", "an unknown directive"),
    "!": _Explanation("tag", "a tag that is not complete"),
    "&": _Explanation("alias", "an anchor without a name"),
    "*": _Explanation("alias", "an alias without a name"),
    "|": _Explanation("block", "something beside the `|` of a text of several lines"),
    ">": _Explanation("block", "something beside the `>` of a text of several lines"),
}
_UNFINISHED_COLLECTIONS = {
    "[": _Explanation("bracket", "a list without `,` or `]`"),
    "{": _Explanation("bracket", "a map without `,` or `}`"),
}
_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_MANY_LINES = re.compile(r"""[:,\[{-] ['"][^'"\n]*\n""")  # a quote that its line does not close
_KEY_LINE = re.compile(r"\n *[A-Za-z_][\w.-]*:(?: |\n|\r)")
_DIGITS = {"x": 2, "u": 4, "U": 8}


_CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7}|={7})(?=[ \r\n]|\Z)", re.MULTILINE)
_BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"  # that YAML takes for letters
_BLANK = re.compile(f"[{_BLANKS}]")
_WANTED_BLANK = re.compile(
    rf"(?:^[ ]*|[-:,?\[{{] *)[{_BLANKS}]", re.MULTILINE
)  # where YAML has one
_QUOTES = "“”„‟‘’‚‛«»"
_LOOKALIKE = re.compile(f"[{_BLANKS}{_QUOTES}]")


def explain_conflict(file: FileText) -> Diagnostic | None:
    """Return the error about the marks of a merge that nobody has finished, where there are any."""
    found = _CONFLICT.search(file.text)
    if found is None:
        return None
    hint = "keep the lines that are right, and remove the marks `<<<<<<<`, `=======`, `>>>>>>>`"
    return fault("conflict", "a merge conflict", file.span(*found.span()), hint=hint)


def find_lookalikes(file: FileText, roots: Iterable[Node]) -> Iterator[Diagnostic]:
    """Yield warnings of blanks and quotes that look like those of YAML, and are letters to it."""
    if not _LOOKALIKE.search(file.text):
        return
    for root in roots:
        for node in _scalars(root):
            text = node.text
            if not node.plain or not text:
                continue
            span = file.span(node.start, node.end)
            if _BLANK.fullmatch(text[0]) or _BLANK.fullmatch(text[-1]):
                hint = "YAML knows the common blank alone; this one is part of the text"
                yield _warn("no-break-space", "a no-break space at the edge of a text", span, hint)
            elif text[0] in _QUOTES and text[-1] in _QUOTES:
                hint = "quotes of YAML are `\"` and `'`; these are part of the text"
                yield _warn("typographic-quotes", "a text in typographic quotes", span, hint)


def _scalars(node: Node) -> Iterator[Scalar]:
    match node:
        case Scalar():
            yield node
        case Sequence(items):
            for item in items:
                yield from _scalars(item)
        case Mapping(entries):
            for key, value in entries.values():
                yield key
                yield from _scalars(value)


def _warn(code: str, summary: str, span: SourceSpan, hint: str) -> Diagnostic:
    marked = span.text[span.column - 1 : span.column - 1 + span.length]
    return Diagnostic(Severity.WARNING, code, summary, span, f"`{shorten(marked)}`", hint)


def explain(file: FileText, at: int, since: int | None, *, scanned: bool) -> Diagnostic:
    """Return the diagnostic for a place where a parser stopped.

    What is wrong is seen from the text: parsers word their complaints anew from release to
    release, while the place and who complained stay.

    Args:
        file: the text.
        at: index of what the parser did not expect.
        since: index where the thing begins that the parser was reading.
        scanned: whether it was refused as a token, not as the next one in a list or map.
    """
    line = file.span(at)
    told = _explain_token(file.text, at, since) if scanned else _explain_order(file.text, at, since)
    above = file.text.rfind("\n", 0, max(at - line.column, 0)) + 1  # a value may go on here
    blank = _WANTED_BLANK.search(file.text, above, at + 1) or _BLANK.search(
        file.text, above, at + 1
    )
    if blank and told.code in ("colon", "indentation"):
        place = file.span(blank.end() - 1, blank.end())
        label = f"U+{ord(blank[0][-1]):04X}"
        return fault(_NO_BREAK.code, _NO_BREAK.summary, place, hint=_NO_BREAK.hint, label=label)
    if told.code == "bracket" and "${" in line.text:
        told = _VARIABLE
    elif told.code == "indentation" and line.text[: line.column - 1].strip():
        told = _Explanation("syntax", "something after the end of a value")
    is_over = not file.text[at:].strip()  # told at a line after the last, which nobody sees
    begins = since is not None and (told.at_start or is_over)
    place = file.span(since or 0) if begins else line
    return fault(told.code, told.summary, place, hint=told.hint)


def holds_keys(quoted: str) -> bool:
    """Say whether a quoted text goes over lines that look like those of a map."""
    return bool(_KEY_LINE.search(quoted))


def find_swallowed(file: FileText, roots: Iterable[Node], fields: Iterable[str]) -> int | None:
    """Return where a quoted text begins that goes over lines which set fields, or None.

    It was closed by a later quote, so that the file is YAML; whatever else is wrong follows.
    """
    if "\n" not in file.text or not _MANY_LINES.search(file.text):
        return None
    known = frozenset(fields)
    for node in (one for root in roots for one in _scalars(root)):
        if not node.plain and "\n" in (text := file.text[node.start : node.end]):
            keys = (found.strip().rstrip(":") for found in _KEY_LINE.findall(text))
            if text[0] in "'\"" and known.intersection(keys):
                return node.start
    return None


def explain_quote(file: FileText, since: int) -> Diagnostic:
    """Return the error about a quote that was not closed where it should have been."""
    return fault(_UNFINISHED.code, _UNFINISHED.summary, file.span(since), hint=_UNFINISHED.hint)


def _explain_token(text: str, at: int, since: int | None) -> _Explanation:
    """Tell what is wrong with one token."""
    began = "" if since is None or since == at else text[since]
    if began in {'"', "'"} and not _QUOTED.match(text, since or 0, at):
        is_open = at >= len(text) or text.startswith(("---", "..."), at)
        return _UNFINISHED if is_open else _explain_escape(text, at)
    if text[at : at + 1] == "\t":
        return _TAB
    if not began:
        return _UNEXPECTED.get(text[at : at + 1], _RESERVED)
    if "\n" in text[since:at] and began not in "|>":
        return _NO_COLON
    return _UNFINISHED_TOKENS.get(began, _NO_COLON)


def _explain_escape(text: str, at: int) -> _Explanation:
    begins = text.rfind("\\", 0, at + 1) + 1
    length = _DIGITS.get(text[begins : begins + 1])
    if length is None:
        return _Explanation(
            "escape", "an unknown escape", "in single quotes, `\\` stands for itself"
        )
    if re.compile(rf"[0-9A-Fa-f]{{{length}}}").match(text, begins + 1):
        return _Explanation("escape", "an escape of no Unicode character")
    return _Explanation("escape", "an escape without its hexadecimal digits")


def _explain_order(text: str, at: int, since: int | None) -> _Explanation:
    """Tell why a token, right by itself, cannot stand where it does."""
    here = text[at : at + 1]
    if since is None:
        return _explain_document(text, at)
    if here == "!" and (since == at or text[since] == "&"):
        return _Explanation("tag", "a tag that has no meaning here")
    if since == at:
        what = "a bracket that nothing opened" if here else "a list or map that is not closed"
        return _Explanation("bracket", what)
    if text[since] == "-" and text[since + 1 : since + 2].isspace():
        return _Explanation("indentation", "a list followed by something else")
    return _UNFINISHED_COLLECTIONS.get(text[since], _NO_KEY)


def _explain_document(text: str, at: int) -> _Explanation:
    """Tell what is wrong before the first key of a document."""
    if text[at : at + 1] != "%":
        hint = "documents start with `---`"
        return _Explanation("document", "something outside of a document", hint)
    if text[at:].split(None, 1)[0] in text[:at]:
        return _Explanation("directive", "a directive that is there twice")
    return _Explanation("directive", "another version of YAML")


def fault(
    code: str, summary: str, span: SourceSpan, *, hint: str | None = None, label: str | None = None
) -> Diagnostic:
    """Return the error about a stretch of a text that is no YAML, or more than is read."""
    marked = span.text[span.column - 1 : span.column - 1 + span.length]
    if label is None and marked.strip():
        label = f"`{shorten(marked)}`"
    return Diagnostic(Severity.ERROR, f"yaml-{code}", summary, span, label, hint)
