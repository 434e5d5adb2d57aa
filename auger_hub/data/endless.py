"""Take infinities and NaN out of the numbers of a table: no model can learn from them."""

from __future__ import annotations

from dataclasses import replace

from auger_hub.data.long_numbers import with_texts
from auger_hub.data.notices import Notice, rows
from auger_hub.data.table import Table
from auger_hub.data.text.delimited import place

_AT_ONCE = 500


def without_endless(table: Table) -> Table:
    """Return the table with gaps for numbers that are not finite, infinities told with a notice.

    A column of texts that are numbers is typed later, and tells them as values that are unreadable.
    """
    if table.whole is not None:
        return table
    kinds = map(str, table.connection.sql("FROM data").types)
    numbers = [n for n, kind in enumerate(kinds) if kind == "DOUBLE"]
    gaps, told = {}, []
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE]
        figures = ", ".join(
            f"count_if(isinf({place(n)})), count_if(NOT isfinite({place(n)}))" for n in some
        )
        found = table.connection.execute(f"SELECT {figures} FROM data").fetchone() or ()  # noqa: S608
        for n, endless, lost in zip(some, found[::2], found[1::2], strict=True):
            if lost:
                gaps[place(n)] = f"CASE WHEN isfinite({place(n)}) THEN {place(n)} END"
            if endless:
                told.append(_notice(table.schema.names[n], endless))
    with_texts(table.connection, gaps)
    return replace(table, told=(*table.told, *told))


def _notice(name: str, count: int) -> Notice:
    is_one = count == 1
    text = f"{rows(count)} of `{name}` {'is' if is_one else 'are'} infinite, and count"
    return Notice("infinite-values", f"{text}{'s' if is_one else ''} as missing.", name, count)
