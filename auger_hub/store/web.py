"""Download from web addresses that users name, and from no place that they may not reach.

A hub that others can reach would lend them its place in the network: its own ports, those of its
neighbours, and where clouds hand credentials to their machines. So it downloads from addresses of
the public internet only, unless it is told to trust its users; one person's own hub may ask its
neighbours too. What counts is the address of each connection, so redirects and names that change
their address are held to it.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import http.client
import io
import os
import socket
import ssl
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote_to_bytes, urlsplit, urlunsplit

from auger_hub.settings import HubSettings
from auger_hub.store.signing import MAX_UPLOAD_BYTES
from auger_hub.store.source_logins import without_login

_TIMEOUT_SECONDS = 60
_MOST_SECONDS = 6 * 3600
_CHUNK_BYTES = 1024**2
_LEAST_RATE = 1000  # bytes a second
_RATE_SECONDS = 60.0
_CA_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # SSL_CERT_FILE is read by OpenSSL


class SourceMissing(Exception):
    """The data is not there; the text is for the user."""


@dataclass(frozen=True)
class Downloaded:
    """What was copied, so that others can tell later whether the address still serves it.

    Attributes:
        etag: what its server calls this content, where it says.
    """

    sha256: str
    size: int
    etag: str | None


def download(url: str, target: IO[bytes], settings: HubSettings) -> Downloaded:
    """Copy what `url` serves, and return what it was; raise SourceMissing when it is not there."""
    shown = _shown(url)
    deadline = time.monotonic() + _MOST_SECONDS
    digest = hashlib.sha256()
    try:
        with _opener(settings).open(_request(url), timeout=_TIMEOUT_SECONDS) as response:
            size = 0
            while chunk := response.read1(_CHUNK_BYTES):
                size += len(chunk)
                if size > MAX_UPLOAD_BYTES:
                    raise SourceMissing(f"`{shown}` has more than {MAX_UPLOAD_BYTES} bytes")
                if time.monotonic() > deadline:
                    raise SourceMissing(f"`{shown}` takes more than {_MOST_SECONDS // 3600} hours")
                digest.update(chunk)
                target.write(chunk)
            if response.length:
                raise SourceMissing(f"`{shown}` ended {response.length} bytes early")
            return Downloaded(digest.hexdigest(), size, response.headers.get("ETag"))
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise SourceMissing(f"`{shown}` cannot be downloaded: {reason}") from error


def _shown(url: str) -> str:
    """Return an address as an error may quote it: without who asks, and without its query."""
    bare, _, query = without_login(url).partition("?")
    return f"{bare}?..." if query else bare


def _request(url: str) -> urllib.request.Request:
    """Return the request for an address; its user and password go to that host and no further."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    request = urllib.request.Request(urlunsplit(parts._replace(netloc=host)))  # noqa: S310 - see _opener
    if user:
        token = b64encode(unquote_to_bytes(user)).decode()
        request.add_unredirected_header("Authorization", f"Basic {token}")
    return request


def _opener(settings: HubSettings) -> urllib.request.OpenerDirector:
    """Open http and https, also after a redirect; no files and no other protocols."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Web(settings),
    ):
        opener.add_handler(handler)
    return opener


def _trusted() -> ssl.SSLContext:
    """Return whom to trust: what the system does, and the bundle that the environment names."""
    context = ssl.create_default_context()
    for name in _CA_BUNDLES:
        path = os.environ.get(name, "")
        if path:
            kind = "capath" if Path(path).is_dir() else "cafile"
            with contextlib.suppress(OSError):  # then the download says whom it does not trust
                context.load_verify_locations(**{kind: path})
    return context


class _Web(urllib.request.HTTPSHandler):
    """Connects for http and https to allowed addresses, and to proxies that the hub is told of."""

    def __init__(self, settings: HubSettings) -> None:
        self._trusted = _trusted()
        super().__init__(context=self._trusted)
        self._private = settings.has_private_sources
        proxies = urllib.request.getproxies().values()
        hosts = (proxy.rstrip("/").rpartition("/")[2] for proxy in proxies)
        self._proxies = {host.rpartition("@")[2] for host in hosts}

    http_request = urllib.request.AbstractHTTPHandler.do_request_

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection(http.client.HTTPConnection, request), request)

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection(http.client.HTTPSConnection, request), request)

    def _connection(
        self, kind: Callable[..., http.client.HTTPConnection], request: urllib.request.Request
    ) -> Callable[..., http.client.HTTPConnection]:
        if kind is http.client.HTTPSConnection:
            kind = functools.partial(kind, context=self._trusted)

        def make(host: str, **options: Any) -> http.client.HTTPConnection:
            connection = kind(host, **options)
            connection.response_class = _SteadyResponse
            if request.host not in self._proxies:
                reach = functools.partial(_reach, private=self._private)
                connection._create_connection = reach  # type: ignore[attr-defined]
            return connection

        return make


class _SteadyResponse(http.client.HTTPResponse):
    """A response that has to keep coming; its head and framing count like its body."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        steady: Any = io.BufferedReader(_Steady(sock.makefile("rb", buffering=0)))
        super().__init__(sock, *arguments, **options)
        self.fp.close()
        self.fp = steady


class _Steady(io.RawIOBase):
    """Reads from a server, and refuses one that sends so little that it only holds a place."""

    def __init__(self, source: io.RawIOBase) -> None:
        super().__init__()
        self._source = source
        self._since: float | None = None
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        size = self._source.readinto(buffer)
        present = time.monotonic()
        if self._since is None:
            self._since = present  # before it, the server may have thought for a while
        self._size += size or 0
        seconds = present - self._since
        if size and seconds >= _RATE_SECONDS:
            if self._size < _LEAST_RATE * seconds:
                raise TimeoutError(f"it sends fewer than {_LEAST_RATE} bytes a second")
            self._since, self._size = present, 0
        return size

    def close(self) -> None:
        self._source.close()
        super().close()


def _reach(
    address: tuple[str, int],
    timeout: float,
    source: tuple[str, int] | None,
    *,
    private: bool,
) -> socket.socket:
    """Connect, but only when every address of the name is allowed."""
    found = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)
    places = [str(place[0]) for *_, place in found]
    if not all(is_allowed(place, private=private) for place in places):
        raise PermissionError("this hub downloads from no such address; upload the file instead")
    failure = OSError("the name has no address")
    for place in places:
        try:
            return socket.create_connection((place, address[1]), timeout, source)
        except OSError as error:  # noqa: PERF203 - a name has few addresses
            failure = error
    raise failure


def is_allowed(place: str, *, private: bool) -> bool:
    """Return whether the hub may connect to this address for a user."""
    address = ip_address(place.partition("%")[0])
    meant = [address, *_inside(address)]
    if any(one.is_link_local or one.is_multicast for one in meant):
        return False
    return private or all(_is_public(one) for one in meant)


def _inside(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses that a gateway or tunnel may make of an IPv6 address."""
    if not isinstance(address, IPv6Address):
        return
    if any(address in network for network in _IPV4_AT_END):
        yield IPv4Address(int(address) & 0xFFFFFFFF)
    if address.sixtofour:
        yield address.sixtofour
    yield from address.teredo or ()


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_global and str(address) not in _OF_CLOUDS
    if address.ipv4_mapped:
        return True  # what is inside counts
    is_of_site = address.is_site_local or any(address in network for network in _OF_SITES)
    return address.is_global and not is_of_site


_IPV4_AT_END = tuple(
    map(ip_network, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48"))
)
"""IPv4-compatible, mapped, translated (RFC 2765), and of gateways (RFC 6052, RFC 8215)."""
_OF_SITES = tuple(map(ip_network, ("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48")))
_OF_CLOUDS = ("168.63.129.16", "192.0.0.192", "100.100.100.200")
"""Where clouds talk to their machines from addresses that look public."""
