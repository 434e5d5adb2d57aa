"""Sends a file to the storage behind the hub, as a form, straight from the disk.

Refuses to do: hold the file in memory, send a token, ask the hub for the form.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import requests
from urllib3.filepost import choose_boundary, encode_multipart_formdata

from auger_reconcile.client.connection import carry_out, open_session, read_parts
from auger_reconcile.client.redact import quote_foreign, redact
from auger_reconcile.errors import AugerError, HubError, NotFound, Unavailable

_REQUEST = "POST (file upload)"
_ANSWER_LIMIT = 64 * 1024
_BLOCK = 1024 * 1024  # bytes read and sent at once

Progress = Callable[[int, int], None]


def send_form(
    form: Mapping[str, Any], source: Path, *, timeout: float, progress: Progress | None = None
) -> int:
    """Post the form's fields in the order received, then the file (wire contract §3.5).

    Nothing is repeated: the caller decides whether the bytes are needed again. Returns the status.

    Args:
        form: `url` and `fields`; every field goes back unchanged.
        source: the file; sent as part `file` under the name of the form's key.
        timeout: seconds without any progress.
        progress: told the bytes sent and the bytes there are.

    Raises:
        AugerError: the file cannot be read, or changed meanwhile.
        HubError: the storage refused the file; Unavailable: it did not answer.
    """
    url, fields = form.get("url"), form.get("fields")
    if not isinstance(url, str) or not isinstance(fields, Mapping) or "key" not in fields:
        raise HubError("the hub answered an upload form without `url`, `fields` or `key`")
    if urlsplit(url).scheme not in {"http", "https"}:
        raise HubError("the hub answered an upload form for no http(s) URL")
    try:
        file = source.open("rb")
    except OSError as fault:
        raise AugerError(f"cannot read `{source}`: {fault.strerror}") from None
    with file:
        before = _fingerprint(file)
        body = _FormWithFile(fields, file, progress or (lambda _sent, _total: None))
        status = _post(url, body, timeout=timeout, source=source)
        if _fingerprint(file) != before:
            raise AugerError(f"`{source}` changed while it was uploaded")
    return status


class _FormWithFile:
    """A form as blocks of bytes, for a request body whose length is known before it is read.

    Attributes:
        len: bytes in all, as `requests` asks for them.
    """

    def __init__(self, fields: Mapping[str, Any], file: BinaryIO, report: Progress) -> None:
        boundary = choose_boundary()
        parts: list[tuple[str, Any]] = [(name, str(value)) for name, value in fields.items()]
        parts.append(("file", (str(fields["key"]), b"", None)))
        encoded, self.content_type = encode_multipart_formdata(parts, boundary)
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._head = encoded.removesuffix(self._tail)
        self._file, self._size, self._report = file, os.fstat(file.fileno()).st_size, report
        self.len = len(self._head) + self._size + len(self._tail)

    def __iter__(self) -> Iterator[bytes | memoryview]:
        """Yield what stands before the file, the file without keeping it, and what is behind it."""
        yield self._head
        block, sent = memoryview(bytearray(_BLOCK)), 0
        while sent < self._size:
            count = self._file.readinto(block[: self._size - sent])  # type: ignore[attr-defined]
            if not count:
                raise AugerError(f"`{self._file.name}` changed while it was uploaded")
            yield block[:count]
            sent += count
            self._report(len(self._head) + sent, self.len)
        yield self._tail
        self._report(self.len, self.len)


def _post(url: str, body: _FormWithFile, *, timeout: float, source: Path) -> int:
    """Send the form; return the status when the storage took it."""

    def send() -> tuple[int, str]:
        with open_session(url) as session:
            response = session.post(
                url,
                data=body,  # type: ignore[arg-type]  # any iterable of buffers is sent as it is
                headers={"Content-Type": body.content_type},
                timeout=(timeout, 4 * timeout),  # the storage may check the file before it answers
                allow_redirects=False,
                stream=True,
            )
            with response:
                return response.status_code, _read_start(response)

    status, text = carry_out(send, request=_REQUEST, url=url)
    if status not in {200, 201}:
        raise _to_error(status, text, source=source)
    return status


def _to_error(status: int, text: str, *, source: Path) -> HubError:
    """Return the exception for the XML in which storages refuse a file."""
    code, words = _find_element(text, "Code"), _find_element(text, "Message")
    if code == "EntityTooLarge":
        allowed = _find_element(text, "MaxSizeAllowed")
        limit = f"{int(allowed) / 2**20:,.0f} MB" if allowed.isdecimal() else "less"
        size = source.stat().st_size / 2**20
        return HubError(
            f"the file has {size:,.1f} MB and the storage takes {limit}",
            request=_REQUEST,
            status=status,
            details=(code,),
        )
    kind: type[HubError] = HubError
    if status == 404:
        kind = NotFound
    elif status >= 500:
        kind = Unavailable
    reason = quote_foreign(": ".join(item for item in (code, words) if item), limit=300)
    return kind(
        f"the storage refused the file ({status}{', ' if reason else ''}{reason})",
        request=_REQUEST,
        status=status,
        details=(reason,) if reason else (),
        hint="an upload link ends after 15 minutes" if status == 403 else None,
    )


def _read_start(response: requests.Response) -> str:
    """Return the beginning of the storage's answer, enough for its words of refusal."""
    received = b""
    for part in read_parts(response):
        received += part
        if len(received) > _ANSWER_LIMIT:
            break
    return received[:_ANSWER_LIMIT].decode("utf-8", "replace")


def _find_element(text: str, name: str) -> str:
    """Return the text of an XML element, or "". No parser: nothing of this is trusted."""
    found = re.search(rf"<{name}>([^<]{{0,1000}})</{name}>", text)
    return redact(found.group(1)).strip() if found else ""


def _fingerprint(file: BinaryIO) -> tuple[int, int]:
    """Return what shows that a file was changed: its size and time."""
    facts = os.fstat(file.fileno())
    return facts.st_size, facts.st_mtime_ns
