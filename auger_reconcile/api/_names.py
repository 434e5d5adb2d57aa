"""Names given to a command or a class, checked as those in auger.yaml are."""

from __future__ import annotations

from pathlib import Path

from auger_reconcile.errors import AugerError, NotFound


def check_new_name(name: str, what: str) -> str:
    """Return the name of something to create, if the hub can carry it.

    Args:
        name: as it was given.
        what: is to be created, in words.

    Raises:
        AugerError: the hub cannot carry the name.
    """
    from auger_reconcile.config.names import check_name
    from auger_reconcile.config.nodes import Scalar
    from auger_reconcile.config.report import Report, shorten
    from auger_reconcile.config.text import FileText

    report = Report()
    place = Scalar(name, plain=False, file=FileText(Path(), name), start=0, end=len(name))
    check_name(name, place, report)
    for problem in report.diagnostics:
        raise AugerError(f"`{shorten(name)}` cannot name a {what}", hint=problem.hint)
    return name


def check_id(text: str, what: str) -> str:
    """Return an id of the hub, which becomes a part of a path.

    Raises:
        NotFound: no object can have it.
    """
    if text.strip() in ("", ".", "..") or "/" in text or "\\" in text or not text.isprintable():
        raise NotFound(f"there is no {what} `{text}`")
    return text
