"""Hash a text with every kind of line end, with and without a byte order mark.

Version control and spreadsheets change both, and the data stays what it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

BLOCK = 1 << 20  # bytes
MARK = b"\xef\xbb\xbf"  # UTF-8's byte order mark


def hashes_with_other_ends(path: Path) -> set[str]:
    """Return the SHA-256 of a text with either line end and with or without a mark."""
    digests = {
        (end, mark): hashlib.sha256(mark) for end in (b"\n", b"\r\n") for mark in (b"", MARK)
    }
    try:
        for block in _lines_ending_in_one_byte(path):
            for (end, _), digest in digests.items():
                digest.update(block if end == b"\n" else block.replace(b"\n", end))
    except (OSError, ValueError):  # it is gone, or no text: then it differs in more
        return set()
    return {digest.hexdigest() for digest in digests.values()}


def _lines_ending_in_one_byte(path: Path) -> Iterator[bytes]:
    """Yield a text block by block, a line feed at the end of each line, without its mark.

    Raises:
        ValueError: it is no text.
    """
    with path.open("rb") as file:
        carried = b""
        is_first = True
        while block := file.read(BLOCK):
            if b"\0" in block:
                raise ValueError("no text")
            block = carried + (block.removeprefix(MARK) if is_first else block)
            is_first = False
            carried = (
                b"\r" if block.endswith(b"\r") else b""
            )  # its line feed may be in the next block
            yield block.removesuffix(carried).replace(b"\r\n", b"\n")
        yield carried
