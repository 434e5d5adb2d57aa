"""Render what a hub tells of a run or a data set beside its scores; the one place that does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import click

from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.resources.search.account import Account, Notice

WHAT_FAILED = 3  # reasons told in one line


def told_of(found: Any) -> str:
    """Return what is told behind the object of an applied action: `best 0.97 on the folds; ...`."""
    account = account_of(found)
    if account is not None:
        failed = account.trials if account.failed else ""
        outlook = account.expected.text if account.expected else ""
        return plain("; ".join(part for part in (failed, outlook) if part))
    expected = getattr(found, "expected", None)
    return plain(expected.text) if expected else ""


def account_of(found: Any) -> Account | None:
    """Return what the hub tells of the run that an object stands for; None when it is no run."""
    account = getattr(getattr(found, "run", None), "account", None)
    return account if isinstance(account, Account) else None


def notices_of(found: Any) -> tuple[Notice, ...]:
    """Return the notices of a run, a data set or a model, whatever an action was about."""
    account = account_of(found)
    told = account.notices if account is not None else getattr(found, "notices", ())
    return tuple(told)


def notice_lines(notices: Iterable[Notice]) -> Iterator[str]:
    """Yield a line a notice."""
    for notice in notices:
        yield f"{click.style('notice', fg='cyan', bold=True)}: {plain(notice.text)}"


def account_lines(account: Account, status: str) -> Iterator[str]:
    """Yield the lines below a board: how many trials ended how, and the notices."""
    has_ended = status in ("completed", "interrupted", "error")
    is_short = (
        has_ended
        and account.asked is not None
        and account.done is not None
        and account.done < account.asked
    )
    if account.failed or is_short:
        why = ": the time ran out before the others" if status == "completed" and is_short else ""
        yield plain(f"Trials: {account.trials}{why}.")
    yield from notice_lines(account.notices)
