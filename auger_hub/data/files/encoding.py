"""Find the encoding of a text file: UTF-8, UTF-16, or what spreadsheets of the world write.

Self-contained: an exported model carries this file along; without `charset-normalizer` it takes
what is not Unicode for Windows-1252.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from pathlib import Path

UTF_8 = "utf-8"
_BLOCK = 1 << 20
_JUDGED = 1 << 18
WESTERN = "cp1252"
# What programs write that do not write Unicode, by the countries that use them most.
_LATIN = [WESTERN, "cp1250", "mac_roman", "cp1254", "cp437", "cp850"]
_NEAR = ("cp1250", "cp1254")
_UNITS = re.compile(rb"\b[cdkm]?m[\xb2\xb3](?![A-Za-z])")  # m² and m³, letters in other encodings
_ACCENTS = ("Sk", "Lm")  # that stand alone, which no text has
_DOUBLE = ["cp932", "gb18030", "big5", "cp949", "euc_jp"]
_CANDIDATES = [*_LATIN, "cp1251", *_DOUBLE, "cp1253", "cp1255", "cp1256", "koi8_r"]


class NoText(Exception):
    """The file holds no text."""


def find_encoding(path: Path) -> str:
    """Return the name of a text file's encoding; raise NoText for binary data.

    A byte order mark tells; else what can be UTF-8 is. The rest is a guess of a detector, which is
    to be told.
    """
    with path.open("rb") as file:
        start = file.read(_BLOCK)
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\x00" in start:
        return _wide_encoding(start)
    odd = _first_odd_bytes(path)
    if odd is None:
        return UTF_8
    return guess_encoding(odd)


def _wide_encoding(start: bytes) -> str:
    """Tell UTF-16 without a mark: of western text, every other byte is zero."""
    even, odd = start[::2].count(0), start[1::2].count(0)
    half = len(start) // 2
    if odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.05:
        return "utf-16-be"
    raise NoText


def _first_odd_bytes(path: Path) -> bytes | None:
    """Return a part of the file that is no UTF-8, None when all of it is."""
    decoder = codecs.getincrementaldecoder(UTF_8)()
    block = last = b""
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                last = block
                if block.isascii() and not decoder.getstate()[0]:
                    continue  # which is told far faster
                decoder.decode(block)
        block = b""
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        odd = block or last
        place = next((n for n, byte in enumerate(odd) if byte > 127), 0)
        return odd[max(0, place - 1024) : place + _JUDGED]
    return None


def _is_latin(sample: bytes) -> bool:
    """Tell texts of Latin letters: accented ones do not follow each other there."""
    runs = sum(map(len, re.findall(rb"[\x80-\xff]{3,}", sample)))
    return runs < 0.5 * sum(byte > 127 for byte in sample)


def guess_encoding(sample: bytes) -> str:
    """Return the likeliest encoding of bytes that are no Unicode."""
    try:
        from charset_normalizer import from_bytes
    except ImportError:
        return WESTERN
    listed = _CANDIDATES if _is_latin(sample) else _CANDIDATES[len(_LATIN) :]
    if not re.search(rb"[\x80-\xff]{2}", sample):  # letters that stand alone are none of two bytes
        listed = [one for one in listed if one not in _DOUBLE]
    best = from_bytes(sample, cp_isolation=listed).best()
    found = listed[0] if best is None else str(best.encoding)
    return WESTERN if is_rather_western(sample, found) else found


def is_rather_western(sample: bytes, found: str) -> bool:
    """Tell texts that mean the same in Windows-1252, or in which a letter or two would differ.

    `naïve` alone is `naďve` to a detector.
    """
    try:
        sample = _UNITS.sub(b"m", sample)
        pairs = set(zip(sample.decode(found), sample.decode(WESTERN), strict=False))
    except UnicodeDecodeError:
        return False
    other = {western: one for one, western in pairs if one != western}
    is_odd = any(unicodedata.category(one) in _ACCENTS for one in other.values())
    is_near = is_odd or (len(other) <= 2 and all(map(str.isalpha, other)))
    return not other or (found in _NEAR and is_near)
