"""Check names and ids given to a command or a class, as those in auger.yaml are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from auger_reconcile.diagnostics import with_article
from auger_reconcile.errors import AugerError, NotFound


@contextmanager
def hinting(hint: str, told: str | None = None) -> Iterator[None]:
    """Add a hint to the hub's bare word that something does not exist, or say that in own words."""
    try:
        yield
    except NotFound as error:
        if told:
            raise NotFound(told, status=error.status, hint=hint) from error
        error.hint = error.hint or hint
        raise


def check_given(name: str | None, what: str) -> str | None:
    """Return a name as it was given; None, and nothing else, stands for the one in auger.yaml.

    Raises:
        AugerError: the name is empty, as that of an unset variable is.
    """
    if name == "":
        raise AugerError(
            f"the name of the {what} is empty", hint="None means the one in auger.yaml"
        )
    return name


def check_new_name(name: str, what: str) -> str:
    """Return the name of something to create, if the hub can carry it.

    Args:
        name: as it was given.
        what: is to be created, in words.

    Raises:
        AugerError: the hub cannot carry the name.
    """
    from auger_reconcile.config.declarations.names import fault_of_name
    from auger_reconcile.config.syntax.report import shorten

    if hint := fault_of_name(name):
        raise AugerError(f"`{shorten(name)}` cannot name {with_article(what)}", hint=hint)
    return name


def check_id(text: str, what: str) -> str:
    """Return an id of the hub, which becomes a part of a path, as names do.

    Raises:
        NotFound: no object can have it.
    """
    from auger_reconcile.config.declarations.names import fault_of_name

    if fault_of_name(text) or not text.isprintable():
        raise NotFound(f"there is no {what} `{text}`")
    return text
