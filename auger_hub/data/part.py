"""Choose a part of the rows of a table, the same one whenever it is read."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

_STEP, _CIRCLE = 2_654_435_761, 2**32


class Part(NamedTuple):
    """Rows that are spread over a table as evenly as can be, without a period.

    Row n is one of them if n times the golden ratio ends on a small enough fraction (Knuth, The Art
    of Computer Programming 3, 6.4, on multiplicative hashing): no chance, and no other library
    chooses differently.

    Attributes:
        share: how many of 2^32 rows are in it.
        rows: that it is a part of.
    """

    share: int
    rows: int

    @classmethod
    def of_rows(cls, wanted: int, rows: int) -> Part:
        """Return a part of about so many rows, at least one."""
        return cls(max(1, _CIRCLE * wanted // rows), rows)

    @property
    def condition(self) -> str:
        """The condition in SQL."""
        return f"(rowid * {_STEP}) % {_CIRCLE} < {self.share}"

    def of(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return those rows of a whole table, numbered anew."""
        numbers = np.arange(len(frame), dtype=np.int64)
        return frame[(numbers * _STEP) % _CIRCLE < self.share].reset_index(drop=True)
