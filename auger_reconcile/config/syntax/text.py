"""Text of a file, and the place of any stretch of it, worked out only when a diagnostic asks.

First step of auger.yaml -> DesiredState. Knows nothing of YAML.
"""

from __future__ import annotations

import os
import re
import sys
from bisect import bisect_right
from functools import cache, cached_property, lru_cache
from pathlib import Path
from stat import S_ISDIR, S_ISFIFO, S_ISREG, S_ISSOCK

from auger_reconcile.diagnostics import Diagnostic, Severity, SourceSpan

STDIN = Path("-")  # how a command line names the standard input
LONGEST_LINE = 65_536  # characters of a line that a diagnostic carries along
LARGEST_FILE = 64_000_000  # bytes; a configuration beyond this is a mistake
_PIPE = "the standard input is read by `-`"
_LINE_END = re.compile(r"\r\n|\r|\n")
# What YAML 1.2 §5.1 does not allow in a file; what it allows takes a tenfold time to compile.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class FileText:
    """The text of one file; indices are characters, without the byte order mark.

    Attributes:
        path: the file.
        text: its characters; line ends as they are in the file.
    """

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text

    @cached_property
    def shown_path(self) -> str:
        """The path as the user would write it, relative to the working directory."""
        return show_path(self.path)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    @lru_cache(maxsize=1)  # noqa: B019 - a few texts live as long as one run
    def _line(self, number: int) -> str:
        start = self._line_starts[number]
        end = _LINE_END.search(self.text, start)
        return self.text[start : end.start() if end else len(self.text)][:LONGEST_LINE]

    def span(self, start: int, end: int | None = None) -> SourceSpan:
        """Return the place of the characters from `start` to `end`, cut at the end of the line."""
        number = bisect_right(self._line_starts, start) - 1
        line = self._line(number)
        column = start - self._line_starts[number]
        last = max(len(line.rstrip()), column + 1)
        wanted = max((end or start) - start, 1)
        return SourceSpan(self.shown_path, number + 1, column + 1, min(wanted, last - column), line)


def show_path(path: Path) -> str:
    """Return a path as the user would write it, relative to the working directory."""
    try:
        return os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)


def read_text(path: Path) -> tuple[FileText | None, tuple[Diagnostic, ...]]:
    """Read a file as UTF-8; the text is None when a diagnostic says why it cannot be used."""
    if path == STDIN:
        return decode(path, _standard_input())
    try:
        told = path.stat()
        if not S_ISREG(told.st_mode):
            what, hint = kind_of_file(told.st_mode), None if S_ISDIR(told.st_mode) else _PIPE
            return None, (file_error(path, "unreadable", "it is no file", label=what, hint=hint),)
        if told.st_size > LARGEST_FILE:
            return None, (
                file_error(path, "too-large", "the file is too large for a configuration"),
            )
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return None, (file_error(path, "unreadable", "the file cannot be read", label=reason),)
    return decode(path, raw)


def kind_of_file(mode: int) -> str:
    """Return what something is that is no file, by its mode: reading it might never end."""
    if S_ISDIR(mode):
        return "a folder"
    return "a pipe" if S_ISFIFO(mode) else "a socket" if S_ISSOCK(mode) else "a device"


@cache
def _standard_input() -> bytes:
    """Return all of the standard input, which can be read only once."""
    found: bytes = sys.stdin.buffer.read(LARGEST_FILE)
    return found


def decode(path: Path, raw: bytes) -> tuple[FileText | None, tuple[Diagnostic, ...]]:
    """Turn a file's bytes into text, or into the diagnostic that says why not."""
    if raw.startswith(_UTF16):
        hint = "the file is UTF-16; save it as UTF-8"
        return None, (file_error(path, "encoding", "the file is not UTF-8", hint=hint),)
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = FileText(path, raw[: error.start].decode("utf-8").removeprefix("\ufeff") + "?")
        return None, (
            Diagnostic(
                Severity.ERROR,
                "encoding",
                "the file is not UTF-8",
                span=before.span(len(before.text) - 1),
                label=f"byte 0x{raw[error.start]:02x}",
                hint="save the file as UTF-8",
            ),
        )
    found = _UNPRINTABLE.search(text)
    if found is None:
        return FileText(path, text), ()
    place = FileText(path, text).span(found.start())
    return None, (
        Diagnostic(
            Severity.ERROR,
            "control-character",
            "a character that YAML does not allow",
            span=place,
            label=f"U+{ord(found[0]):04X}",
            hint="in double quotes such a character is written as an escape, `\\x00`",
        ),
    )


def file_error(
    path: Path, code: str, summary: str, *, label: str | None = None, hint: str | None = None
) -> Diagnostic:
    """Return an error about a file as a whole."""
    place = SourceSpan(show_path(path), 1, 1)
    return Diagnostic(Severity.ERROR, code, summary, span=place, label=label, hint=hint)
