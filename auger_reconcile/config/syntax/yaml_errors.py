"""What is wrong with a text that is no YAML: the parser's words, translated for people."""

from __future__ import annotations

import re
from typing import NamedTuple

from auger_reconcile.config.syntax.report import shorten
from auger_reconcile.config.syntax.text import FileText
from auger_reconcile.diagnostics import Diagnostic, Severity, SourceSpan


class _Explanation(NamedTuple):
    """How to tell a problem; `at_start` points to where the unfinished thing begins."""

    code: str
    summary: str
    hint: str | None = None
    at_start: bool = False


_QUOTE = "a quote that is opened is closed by the same quote"
_UNFINISHED = _Explanation(
    "quote", "a quoted text without its closing quote", _QUOTE, at_start=True
)
_COLON = "a value that holds `: ` is written in quotes"
_INDENT = "keys of one map start in the same column"
# Words of libyaml and of PyYAML's own parser, most telling first.
_EXPLANATIONS: tuple[tuple[str, _Explanation], ...] = (
    ("unexpected end of stream", _UNFINISHED),
    ("unexpected document indicator", _UNFINISHED),
    ("unexpected document separator", _UNFINISHED),
    ("mapping values are not allowed", _Explanation("colon", "a second `:` in one value", _COLON)),
    (
        "could not find expected ':'",
        _Explanation("colon", "a key without `:`", "a key is followed by `: `", at_start=True),
    ),
    ("',' or ']'", _Explanation("bracket", "a list without `,` or `]`")),
    ("',' or '}'", _Explanation("bracket", "a map without `,` or `}`")),
    ("expected '-' indicator", _Explanation("indentation", "a list followed by something else")),
    ("violates indentation", _Explanation("tab", "a tab in the indentation")),
    ("expected <block end>", _Explanation("indentation", "no key of the map above", _INDENT)),
    ("expected key", _Explanation("indentation", "no key of the map above", _INDENT)),
    (
        "block sequence entries are not allowed",
        _Explanation("indentation", "a list is not allowed"),
    ),
    ("block mapping", _Explanation("indentation", "wrong indentation", _INDENT)),
    (
        "unknown escape character",
        _Explanation("escape", "an unknown escape", "in single quotes, `\\` stands for itself"),
    ),
    ("hexdecimal", _Explanation("escape", "an escape without its hexadecimal digits")),
    ("Unicode character escape", _Explanation("escape", "an escape of no Unicode character")),
    ("undefined tag handle", _Explanation("tag", "a tag that has no meaning here")),
    ("directive", _Explanation("directive", "an unknown directive")),
    ("incompatible YAML document", _Explanation("directive", "another version of YAML")),
    (
        "<document start>",
        _Explanation("document", "something outside of a document", "documents start with `---`"),
    ),
    ("node content", _Explanation("bracket", "a bracket that nothing opened")),
)
_TAB = _Explanation("tab", "a tab in the indentation", "YAML is indented with spaces")
_RESERVED = _Explanation(
    "character",
    "a value that starts with a reserved character",
    "such a value is written in quotes",
)
_VARIABLE = _Explanation(
    "bracket",
    "a variable in a list or map in brackets",
    'between brackets it is written in quotes: `"${name}"`',
)


def explain(file: FileText, problem: str, at: int, since: int) -> Diagnostic:
    """Return the diagnostic for a parser's complaint at one index about what began at another."""
    line = file.span(at)
    told = next((told for words, told in _EXPLANATIONS if words in problem), None)
    if "cannot start any token" in problem or "tab character" in problem:
        told = _TAB if file.text[at : at + 1] == "\t" or "tab" in problem else _RESERVED
    elif told and told.code == "bracket" and "${" in line.text:
        told = _VARIABLE
    if told is None:
        told = _Explanation("syntax", re.sub(r"[^\x20-\x7e]", "?", problem) or "no YAML")
    elif told.code == "indentation" and line.text[: line.column - 1].strip():
        told = _Explanation("syntax", "something after the end of a value")
    place = file.span(since) if told.at_start else line
    return fault(told.code, told.summary, place, hint=told.hint)


def fault(code: str, summary: str, span: SourceSpan, *, hint: str | None = None) -> Diagnostic:
    """Return the error about a stretch of a text that is no YAML, or more than is read."""
    marked = span.text[span.column - 1 : span.column - 1 + span.length]
    label = f"`{shorten(marked)}`" if marked.strip() else None
    return Diagnostic(Severity.ERROR, f"yaml-{code}", summary, span, label, hint)
