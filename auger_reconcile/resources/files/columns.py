"""Find the columns that settings name and the data does not have. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from unicodedata import normalize

from auger_reconcile.diagnostics import MOST_FINDINGS, nearest, quote_all, quote_some
from auger_reconcile.resources._base import Finding

CODE = "unknown-column"
_SEVERAL = "several columns in one text of a list"
_ONE, _MANY = "a column that the data does not have", "columns that the data does not have"


def find_unknown(
    path: tuple[str, ...], names: Collection[str], header: Collection[str], *, is_error: bool
) -> Iterator[Finding]:
    """Yield the columns that the data does not have, of those in a list or map of settings.

    Args:
        path: of the list, the map, or the one name.
        names: the columns; a single one that stands at the path itself is a text.
        header: the columns of the data.
        is_error: nothing can be done without them.
    """
    known = frozenset(header)
    if isinstance(names, str):
        if names not in known:
            yield _missing(names, path, header, is_error=is_error)
        return
    unknown = [name for name in names if name not in known]
    if len(unknown) > MOST_FINDINGS:
        hint = f"{len(unknown):,} of {len(names):,}: {quote_some(unknown, 5)}"
        yield Finding(CODE, _MANY, path, hint, is_error=is_error)
        return
    for name in unknown:
        several = _columns_in(name, known)
        if several:
            hint = f"each is an item of its own: {quote_all(several)}"
            wrong = is_error or "," in name  # which stands between the items of a list
            yield Finding("several-columns", _SEVERAL, (*path, name), hint, f"`{name}`", wrong)
        else:
            yield _missing(name, (*path, name), header, is_error=is_error)


def _columns_in(name: str, known: Collection[str]) -> list[str]:
    """Return the columns that a text names, divided in one of the usual ways; none if it is one."""
    for divider in (r",", r";", r"\s+", r"[,;\s]+"):
        parts = [part.strip() for part in re.split(divider, name)]
        if len(parts) > 1 and all(part in known for part in parts):
            return parts
    return []


def _missing(
    name: str, path: tuple[str, ...], header: Collection[str], *, is_error: bool
) -> Finding:
    hint = advise_column(name, header)
    return Finding(CODE, _ONE, path, hint, f"`{name}`", is_error)


def advise_column(name: str, header: Collection[str]) -> str:
    """Return the column that is meant, be it the same letters by other code points."""
    for form in ("NFC", "NFD"):
        if (alike := normalize(form, name)) in header and alike != name:
            return f"the data has `{alike}`, which looks the same: Unicode form {form}"
    near = nearest(name, header)
    return f"the data has {f'`{near}`' if near else quote_some(header, most=10)}"
