"""Open connections to a host, and translate their faults.

Refuses to do: repeat anything, follow the text of a library into an error, print.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import exceptions as urllib3_faults

from auger_reconcile.client.http.answer_head import POOLS
from auger_reconcile.errors import AugerError, Unavailable
from auger_reconcile.web_url import is_loopback, split_web_url

CONNECT_TIMEOUT = 5.0
_BLOCK_SIZE = 64 * 1024
_FAULTS = (requests.RequestException, urllib3_faults.HTTPError, OSError)

T = TypeVar("T")


class NothingSent(Unavailable):
    """No connection came about, so that nothing was asked and repeating is safe."""


class NotTrusted(Unavailable):
    """The host's certificate cannot be verified; trying again changes nothing."""


class BlockAdapter(HTTPAdapter):
    """Sends bodies in large blocks: the usual 16 KB make an upload slower than the disk.

    Answers have to begin in time, see `answer_head`.
    """

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Pass the block size on to the connections."""
        super().init_poolmanager(*args, **options, blocksize=_BLOCK_SIZE)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return what connects through a proxy, with the same connections."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def close(self) -> None:
        """Close the connections now: the libraries leave that to the garbage collector."""
        for found in (self.poolmanager, *self.proxy_manager.values()):
            for key in found.pools.keys():  # noqa: SIM118 - it cannot be iterated over
                pool = found.pools.get(key)
                if pool is not None:  # another thread may have closed it
                    pool.close()
        super().close()


def open_session(url: str, *, pool_size: int = 1) -> requests.Session:
    """Return a session for one host: no cookies, no ~/.netrc, proxies only beyond this machine.

    The proxy and certificate settings of the environment are read once, here. Left to itself the
    library sends loopback addresses to the proxy too, and adds a password found in ~/.netrc.
    """
    session = requests.Session()
    settings = session.merge_environment_settings(url, {}, None, None, None)
    session.verify = settings["verify"]
    if not is_loopback(url):
        session.proxies = settings["proxies"]
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = BlockAdapter(pool_connections=1, pool_maxsize=pool_size, pool_block=True)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def read_parts(response: requests.Response) -> Iterator[bytes]:
    """Yield the decoded body as it arrives, in bounded parts, so that the caller can watch it."""
    while part := response.raw.read1(_BLOCK_SIZE, decode_content=True):
        yield part


def guard_call(call: Callable[[], T], *, request: str, url: str) -> T:
    """Return what the call returns; turn a fault of the connection into Unavailable.

    The libraries' own messages hold URLs with their queries and sometimes the body, so nothing of
    them is kept: the new exception is raised where the old one is no longer its context.
    """
    try:
        return call()
    except _FAULTS as fault:
        problem = translate_fault(fault, request=request, url=url)
    raise problem


def translate_fault(fault: BaseException, *, request: str, url: str) -> Unavailable:
    """Return the fault in one sentence, which says of a write whether it may have been done."""
    host = urlsplit(url).netloc.rpartition("@")[2]
    unknown = name_fate(request)
    unsent = "; nothing was sent" if unknown else ""
    if _is_caused_by(fault, ssl.SSLCertVerificationError):
        return NotTrusted(
            f"the certificate of {host} cannot be verified{unsent}",
            request=request,
            hint="REQUESTS_CA_BUNDLE names a file of certificates to trust",
        )
    if _is_caused_by(fault, requests.exceptions.ProxyError):
        return NothingSent(
            f"the proxy does not connect to {host}{unsent}",
            request=request,
            hint="HTTPS_PROXY and NO_PROXY say which proxy is used",
        )
    if _is_caused_by(fault, urllib3_faults.NewConnectionError, urllib3_faults.ConnectTimeoutError):
        return NothingSent(f"cannot connect to {host}{unsent}", request=request)
    if _is_caused_by(fault, requests.Timeout, urllib3_faults.TimeoutError, TimeoutError):
        return Unavailable(f"{host} did not answer in time{unknown}", request=request)
    if _is_caused_by(fault, urllib3_faults.DecodeError, urllib3_faults.IncompleteRead):
        return Unavailable(f"{host} sent a broken answer{unknown}", request=request)
    return Unavailable(f"the connection to {host} was lost{unknown}", request=request)


def name_fate(request: str) -> str:
    """Return what to add to the error of a write that got no proper answer; "" for a read."""
    return "" if request.startswith("GET ") else "; the request may have been carried out"


def _is_caused_by(fault: BaseException, *kinds: type[BaseException]) -> bool:
    """Say whether a fault, or one it wraps, is of one of the kinds."""
    if isinstance(fault, kinds):
        return True
    wrapped = (getattr(fault, "reason", None), *fault.args)
    return any(isinstance(item, Exception) and _is_caused_by(item, *kinds) for item in wrapped)


def normalise_url(url: str) -> str:
    """Return scheme, host and port of a hub's URL, which lives at the root of its host.

    Other clients of the API drop a path silently (wire contract §1.1), so `/api/v1` is accepted as
    what it means and any other path is refused.
    """
    parts = split_web_url(url.strip())
    if parts is None:
        raise AugerError(
            "the URL of the hub is not an http(s) URL", hint="the cloud is https://app.auger.ai"
        )
    root = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if "@" in parts.netloc:
        raise AugerError("the URL of the hub holds a user or password", hint=f"use {root}")
    if parts.path.strip("/") not in {"", "api/v1"} or parts.query or parts.fragment:
        raise AugerError("the URL of the hub has more than a host", hint=f"use {root}")
    return root
