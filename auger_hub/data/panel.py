"""Find the columns that tell several time series of one table apart: one, or a pair of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from auger_hub.data.notices import Notice

_MOST_SERIES = 10_000
_LEAST_ROWS = 3  # of a series, on average
_TRIED = 8
_FULL = 0.5
"""The share of its times that a series of a pair has: by chance pairs make nearly all rows differ,
but then few of them occur at many times."""

Count = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class Panel:
    """Several time series: the column of their times, those that tell them apart, how many."""

    time: str
    series: tuple[str, ...]
    count: int

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {"time": self.time, "series": list(self.series), "count": self.count}

    def to_notice(self) -> Notice:
        """Return what there is to say of it."""
        named = " and ".join(f"`{name}`" for name in self.series)
        once = "value" if len(self.series) == 1 else "pair of values"
        text = (
            f"The times of `{self.time}` repeat, but not for one {once} of {named}:"
            f" these look like {self.count:,} time series."
        )
        return Notice("panel-suspected", text, self.series[0], self.count)


def find_panel(
    time: str, times: int, sizes: Mapping[str, int], rows: int, count: Count
) -> Panel | None:
    """Return the fewest columns, of the fewest values, with which no time occurs twice.

    Args:
        time: the column of times.
        times: how many of them differ.
        sizes: how many values the columns have that may tell series apart.
        rows: how many rows differ.
        count: tells how many rows differ in some columns.
    """
    for names in _keys_to_try(sizes, rows, times):
        if count([time, *names]) != rows:
            continue
        series = count(names)
        if len(names) == 1 or series * max(_LEAST_ROWS, times * _FULL) <= rows:
            return Panel(time, names, series)
    return None


def _keys_to_try(sizes: Mapping[str, int], rows: int, times: int) -> Iterator[tuple[str, ...]]:
    most = min(_MOST_SERIES, rows // _LEAST_ROWS)
    few = sorted((size, name) for name, size in sizes.items() if 1 < size <= most)
    alone = [name for size, name in few if size * times >= rows]
    yield from ((name,) for name in alone[:_TRIED])
    pairs = [(a * b, first, second) for (a, first), (b, second) in combinations(few[:_TRIED], 2)]
    yield from ((first, second) for size, first, second in sorted(pairs) if size * times >= rows)
