"""Count what a prediction lost, guessed and never met, and say it: a file is many batches.

Self-contained: an exported model carries this file along.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from auger_hub.data.notices import Notice, lines_skipped, rows
from auger_hub.data.schema import DATE, NUMBER, TableSchema
from auger_hub.data.text.dialect import Dialect
from auger_hub.data.text.typed import count_unreadable
from auger_hub.search.columns import to_text
from auger_hub.search.pipelines.series import keys_of, shown_key

_SHOWN_SERIES = 3
_NEARLY_ALL = 0.9


@dataclass(frozen=True)
class Known:
    """The values of a column of names that a model has learned from.

    Where there are many, `is_whole` is false: a few others are to be expected then.
    """

    values: frozenset[str]
    is_whole: bool = True

    def code_of(self, text: str) -> str:
        """Return the known code that a number is without its zeros: `04118` of `4118`."""
        if not text.isdecimal():
            return ""
        return next((code for n in self._widths if (code := text.zfill(n)) in self.values), "")

    @cached_property
    def _widths(self) -> Sequence[int]:
        return sorted({len(value) for value in self.values if value[:1] == "0"})


@dataclass
class _Unmet:
    """How many values of a column the model never met; `code` is one that has lost its zeros."""

    name: str
    is_whole: bool
    present: int = 0
    count: int = 0
    code: str = ""

    def notices(self) -> Iterator[Notice]:
        """Yield what there is to say; of a column of many values only where hardly one is known."""
        if not self.count or not (self.is_whole or self.count >= self.present * _NEARLY_ALL):
            return
        text = f"{rows(self.count)} of `{self.name}` with a value that the model never met"
        if self.code:
            text += (
                f": it knows codes as `{self.code}`, so read the column as texts, not as numbers"
            )
        yield Notice("unknown-categories", f"{text}.", self.name, self.count)


class PredictionNotices:
    """What there is to say about one prediction."""

    def __init__(self) -> None:
        self._counted: dict[tuple[str, str], tuple[int, str]] = {}
        self._added: list[Notice] = []
        self._said: dict[str, Notice] = {}
        self._unmet: dict[str, _Unmet] = {}

    def begin(self) -> None:
        """Forget the last prediction."""
        self._counted, self._added, self._said, self._unmet = {}, [], {}, {}

    def all(self) -> list[Notice]:
        """Return the notices, each with its count of all batches."""
        counted = [
            Notice(code, f"{rows(count)} {text}", column or None, count)
            for (code, column), (count, text) in self._counted.items()
        ]
        unmet = [told for one in self._unmet.values() for told in one.notices()]
        return [*self._added, *counted, *unmet, *self._said.values()]

    def warn(self) -> None:
        """Warn of each notice, where there is nothing that could carry it."""
        for one in self.all():
            warnings.warn(one.text, stacklevel=3)

    def add(self, *notices: Notice) -> None:
        """Add what is said once of a file."""
        self._added.extend(notices)

    def say(self, code: str, text: str) -> None:
        """Say what holds for the whole prediction, whatever the number of batches."""
        self._said[code] = Notice(code, text)

    def count(self, code: str, column: str, count: int, text: str) -> None:
        """Add to the count of a notice, whose text follows it."""
        before = self._counted.get((code, column), (0, ""))[0]
        self._counted[code, column] = (before + count, text)

    def note_file(self, encoding: str, dialect: Dialect) -> None:
        """Say how a file was read."""
        if not encoding.startswith("utf"):
            text = f"The file is no Unicode; its encoding is taken for {encoding}."
            self.add(Notice("encoding-guessed", text))
        if dialect.skipped:
            text = lines_skipped(dialect.skipped)
            self.add(Notice("lines-skipped", text, count=dialect.skipped))

    def note_columns(
        self,
        values: Mapping[str, Iterable[Any]],
        frame: pd.DataFrame,
        schema: TableSchema,
        known: Mapping[str, Known],
    ) -> None:
        """Count what the typed columns of a table have lost, and what the model never met."""
        for name in frame.columns:
            self.note_unreadable(name, values[name], frame[name], schema)
            if name in known:
                self.note_unknown(name, frame[name], known[name])

    def note_unreadable(
        self, name: str, values: Iterable[Any], typed: pd.Series, schema: TableSchema
    ) -> None:
        """Count the values of a column that became gaps because they could not be read."""
        column = schema.column(name)
        if column is None or column.type not in (NUMBER, DATE):
            return
        lost = count_unreadable(values, typed, column, schema)
        if lost:
            what = f"cannot be read as a {column.type}, and count as missing"
            self.count("unreadable-values", name, lost, f"of `{name}` {what}.")

    def note_unknown(self, name: str, typed: pd.Series, known: Known) -> None:
        """Count the values of a column that are none of the known ones."""
        present = typed.dropna()
        told = self._unmet.setdefault(name, _Unmet(name, known.is_whole))
        told.present += len(present)
        unmet = [value for value in present.unique() if str(value) not in known.values]
        if unmet:
            texts = to_text(present[present.isin(unmet)])
            new = texts[~texts.isin(known.values)]
            told.count += len(new)
            told.code = told.code or next(filter(None, map(known.code_of, new.unique())), "")

    def note_leads(
        self,
        frame: pd.DataFrame,
        leads: np.ndarray[Any, Any],
        series: Sequence[str],
        time: tuple[str, str] | None,
    ) -> None:
        """Count rows that are of no known series, or not in the future of what was learned of it.

        Args:
            frame: the typed rows.
            leads: of each row, how many steps it is after the last one learned from; NaN where its
                series is unknown.
            series: names of the columns that tell series apart.
            time: name of the column of times, and the last time that was learned from.
        """
        unknown = np.isnan(leads)
        if unknown.any():
            named = ", ".join(f"`{name}`" for name in series)
            keys = sorted(set(keys_of(frame[unknown], series)))
            shown = ", ".join(f"`{shown_key(key)}`" for key in keys[:_SHOWN_SERIES])
            more = f" and {len(keys) - _SHOWN_SERIES:,} more" if len(keys) > _SHOWN_SERIES else ""
            text = "of series that the model never met get no prediction:"
            text += f" {shown}{more} in {named}."
            self.count("unknown-series", series[0], int(unknown.sum()), text)
        past = int((leads <= 0).sum())
        if past:
            name, last = time or ("", "")
            text = (
                f"with a time in `{name}` not after the last that was learned"
                f" from ({last}): each gets the value known then, and none before the first."
            )
            self.count("past-rows", name, past, text)

    def note_past(self, past: pd.Series | None, time: tuple[str, str] | None) -> None:
        """Count rows of a series that are not in the future of what an older model learned."""
        if past is None or time is None or not past.any():
            return
        name, last = time
        what = f"not after {last}, the last that was learned from: they get the values known then"
        self.count("past-rows", name, int(past.sum()), f"of `{name}` are {what}.")
