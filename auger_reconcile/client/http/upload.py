"""Upload a file to the storage behind the hub from disk: by a form, or in parts.

Refuses to do: hold the file in memory, send the hub's token, ask the hub where to.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qs, urlencode

import requests
from urllib3.filepost import choose_boundary, encode_multipart_formdata

from auger_reconcile.client.http.connection import guard_call, name_fate, open_session, read_parts
from auger_reconcile.errors import AugerError, HubError, NotFound, Unavailable
from auger_reconcile.object_store import StoreSilent, send_parts
from auger_reconcile.redact import quote_foreign, redact
from auger_reconcile.web_url import is_web_url

_REQUEST = "POST (file upload)"
_RAW = "application/octet-stream"
_ANSWER_LIMIT = 64 * 1024
_BLOCK = 1024 * 1024  # bytes read and sent at once

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Stored:
    """What a storage answered to a file.

    Attributes:
        status: of HTTP.
        key: that it chose itself, or None when it was told one.
    """

    status: int
    key: str | None = None


def send_file(
    target: Mapping[str, Any], source: Path, *, timeout: float, progress: Progress | None = None
) -> Stored:
    """Send a file where the hub said: by a form, in parts, or as it is (wire contract §3.5).

    Nothing is repeated: the caller decides whether the bytes are needed again.

    Args:
        target: `url` and `fields` of a form; or `multipart`; or `url` and `params` of a cluster.
        source: the file.
        timeout: seconds without any progress.
        progress: told the bytes sent and the bytes there are.

    Raises:
        AugerError: the file cannot be read, or changed meanwhile.
        HubError: the storage refused the file; Unavailable: it did not answer.
    """
    report = progress or (lambda _sent, _total: None)
    try:
        with source.open("rb") as file:
            before = _fingerprint(file)
            stored = _send(target, file, source, timeout=timeout, report=report)
            if _fingerprint(file) != before:
                raise AugerError(f"`{source}` changed while it was uploaded")
            return stored
    except OSError as fault:
        raise AugerError(f"cannot read `{source}`: {fault.strerror}") from None


def _send(
    target: Mapping[str, Any], file: BinaryIO, source: Path, *, timeout: float, report: Progress
) -> Stored:
    """Send the file in the way that fits the target."""
    if isinstance(target.get("multipart"), Mapping):
        return _send_parts(target["multipart"], source, timeout=timeout, report=report)
    url, fields, params = (target.get(name) for name in ("url", "fields", "params"))
    if isinstance(url, str) and not is_web_url(url):
        raise HubError("the hub answered an upload form for no http(s) URL")
    if isinstance(url, str) and isinstance(fields, Mapping) and "key" in fields:
        head, tail, kind = _encode_form(fields)
        body = _FileBody(file, report, head, tail)
        return Stored(_post(url, body, kind, timeout=timeout, source=source)[0])
    if isinstance(url, str) and isinstance(params, Mapping) and "auger_token" in params:
        body = _FileBody(file, report)
        address = f"{url}?{urlencode({'auger_token': params['auger_token']})}"
        status, text = _post(address, body, _RAW, timeout=timeout, source=source)
        (key,) = parse_qs(text).get("path") or [""]
        if "files/" not in key:
            raise HubError("the cluster did not say where it stored the file", request=_REQUEST)
        return Stored(status, key)
    raise HubError("the hub answered an upload form without `url`, `fields` or `key`")


def _send_parts(
    target: Mapping[str, Any], source: Path, *, timeout: float, report: Progress
) -> Stored:
    """Send the file in parts, with the temporary keys that the hub gave for it."""
    config = target.get("config")
    is_complete = isinstance(config, Mapping) and {"access_key", "secret_key"} <= config.keys()
    if not is_complete or not {"bucket", "key"} <= target.keys():
        raise HubError("the hub answered an upload in parts without `bucket`, `key` or keys to it")
    try:
        send_parts(target, source, timeout=timeout, progress=report)
    except StoreSilent as fault:
        raise Unavailable(f"the upload in parts failed: {fault}", request=_REQUEST) from None
    except AugerError as fault:
        told = f"the upload in parts failed: {fault}"
        raise HubError(told, request=_REQUEST, hint=fault.hint) from None
    return Stored(200)


def _encode_form(fields: Mapping[str, Any]) -> tuple[bytes, bytes, str]:
    """Return what stands before and behind the file, and the content type.

    The fields are sent back unchanged, in the order received, the file last and under its key.
    """
    boundary = choose_boundary()
    parts: list[tuple[str, Any]] = [(name, str(value)) for name, value in fields.items()]
    parts.append(("file", (str(fields["key"]), b"", None)))
    encoded, kind = encode_multipart_formdata(parts, boundary)
    tail = f"\r\n--{boundary}--\r\n".encode()
    return encoded.removesuffix(tail), tail, kind


class _FileBody:
    """A file as blocks of bytes, for a request body whose length is known before it is read.

    Attributes:
        len: bytes in all, as `requests` asks for them.
    """

    def __init__(
        self, file: BinaryIO, report: Progress, head: bytes = b"", tail: bytes = b""
    ) -> None:
        self._file, self._report, self._head, self._tail = file, report, head, tail
        self._size = os.fstat(file.fileno()).st_size
        self.len = len(head) + self._size + len(tail)

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
            self._report(sent, self._size)  # of the form around it nobody knows
        yield self._tail
        self._report(self._size, self._size)


def _post(url: str, body: _FileBody, kind: str, *, timeout: float, source: Path) -> tuple[int, str]:
    """Send the body; return status and words when the storage took it."""

    def send() -> tuple[int, str]:
        with open_session(url) as session:
            response = session.post(
                url,
                data=body,  # type: ignore[arg-type]  # any iterable of buffers is sent as it is
                headers={"Content-Type": kind},
                timeout=(timeout, 4 * timeout),  # the storage may check the file before it answers
                allow_redirects=False,
                stream=True,
            )
            with response:
                return response.status_code, _read_start(response, seconds=4 * timeout)

    status, text = guard_call(send, request=_REQUEST, url=url)
    if status not in {200, 201}:
        raise _to_error(status, text, source=source)
    return status, text


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
        hint="an upload link ends after 15 minutes" if code == "AccessDenied" else None,
    )


def _read_start(response: requests.Response, *, seconds: float) -> str:
    """Return the beginning of the storage's answer, enough for its words of refusal.

    Raises:
        Unavailable: it trickles.
    """
    received, give_up_at = b"", time.monotonic() + seconds
    for part in read_parts(response):
        received += part
        if time.monotonic() > give_up_at:
            told = f"the storage took longer than {seconds:g} s to answer{name_fate(_REQUEST)}"
            raise Unavailable(told, request=_REQUEST, status=response.status_code)
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
