"""Read a URL that a data set is made from, to tell its content from what the hub has read.

Refuses to do: keep the content, or say the query, user and password of a URL in an error.
"""

from __future__ import annotations

import hashlib
from urllib.parse import unquote, urlsplit

from auger_reconcile.client.http.connection import (
    CONNECT_TIMEOUT,
    guard_call,
    open_session,
    read_parts,
)
from auger_reconcile.errors import HubError

TIMEOUT = 60.0
_REQUEST = "GET (source)"


def read_content(url: str, *, etag: str | None = None) -> tuple[str, int] | None:
    """Return SHA-256 and bytes of what a URL serves, None where it still is what `etag` names.

    An ETag that begins with `W/` names what means the same, which need not be the same bytes: such
    content is read (RFC 9110, section 8.8.1).

    Raises:
        HubError: it cannot be read; the message is the reason.
    """
    parts = urlsplit(url)
    login = (unquote(parts.username or ""), unquote(parts.password or ""))
    headers = {"Accept-Encoding": "identity"}
    if etag and not etag.startswith("W/"):
        headers["If-None-Match"] = etag
    digest, size = hashlib.sha256(), 0

    def read() -> int:
        nonlocal size
        with (
            open_session(url) as session,
            session.get(
                parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl(),
                auth=login if "@" in parts.netloc else None,
                headers=headers,
                timeout=(CONNECT_TIMEOUT, TIMEOUT),
                stream=True,
            ) as response,
        ):
            for part in read_parts(response) if response.status_code == 200 else ():
                digest.update(part)
                size += len(part)
            return int(response.status_code)

    status = guard_call(read, request=_REQUEST, url=url)
    if status == 304:
        return None
    if status != 200:
        raise HubError(f"{parts.hostname} answered {status}", request=_REQUEST, status=status)
    return digest.hexdigest(), size
