"""Keep user and password of a data set's URL apart from it, for as long as it is not downloaded.

A URL is shown to everybody of an organization and quoted in errors; who may read it at its server
is not for them.
"""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from auger_hub.database.engine import Database
from auger_hub.database.tables import ProjectFile, Secret

_PREFIX = "source:"


def split_login(url: str) -> tuple[str, str]:
    """Return a web address without user and password, and those; nothing for none.

    Raises ValueError for what is no URL.
    """
    parts = urlsplit(url)
    if parts.scheme.lower() not in ("http", "https"):
        return url, ""
    login, separator, host = parts.netloc.rpartition("@")
    return (urlunsplit(parts._replace(netloc=host)), login) if separator else (url, "")


def without_login(url: str) -> str:
    """Return a web address without user and password; anything else as it is."""
    try:
        return split_login(url)[0]
    except ValueError:
        return url


def keep_login(session: Session, file_id: int, login: str) -> None:
    """Keep who may download a data set."""
    if login:
        session.merge(Secret(name=f"{_PREFIX}{file_id}", value=login))


def url_to_download(session: Session, row: ProjectFile) -> str:
    """Return the address of a data set with what was kept apart from it."""
    secret = session.get(Secret, f"{_PREFIX}{row.id}")
    if secret is None:
        return row.url
    parts = urlsplit(row.url)
    return urlunsplit(parts._replace(netloc=f"{secret.value}@{parts.netloc}"))


def sweep_logins(database: Database) -> None:
    """Forget the logins of data sets that are not to be downloaded any more."""
    waiting = select(ProjectFile.id).where(ProjectFile.status == "processing")
    with database.read() as session:
        kept = set(session.scalars(select(Secret.name).where(Secret.name.startswith(_PREFIX))))
        over = kept - {f"{_PREFIX}{file_id}" for file_id in session.scalars(waiting) if kept}
    if over:
        with database.write() as session:
            session.execute(delete(Secret).where(Secret.name.in_(over)))
