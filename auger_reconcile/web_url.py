"""URLs that come from outside: a file, a hub, credentials. None of them has to be one."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit


@lru_cache(maxsize=4096)  # a plan asks several times of each source
def split_web_url(url: str) -> SplitResult | None:
    """Return the parts of an http(s) URL that names a host, and None for anything else."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # read now: it is a number, or there is no such URL
    except ValueError:  # such as half of an IPv6 address
        return None
    is_name = parts.hostname and parts.netloc.isprintable() and " " not in parts.netloc
    return parts if is_name and parts.scheme in ("http", "https") else None


def is_web_url(url: str) -> bool:
    """Say whether a text is an http(s) URL that names a host."""
    return split_web_url(url) is not None


def without_login(url: str) -> str:
    """Return a web address without user and password, which hubs keep apart from it."""
    parts = split_web_url(url)
    if parts is None or "@" not in parts.netloc:
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def without_fragment(url: str) -> str:
    """Return a web address without what comes behind `#`, which no server is told."""
    return url.partition("#")[0] if is_web_url(url) else url


def is_loopback(url: str) -> bool:
    """Say whether a URL points to this machine."""
    parts = split_web_url(url)
    host = (parts and parts.hostname) or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def may_be_one_hub(hub: str, other: str) -> bool:
    """Say whether two declared hubs, `local` or a URL each, may be one; in doubt they may."""
    local, remote = sorted((hub, other), key=lambda one: one != "local")
    if local == "local":
        return remote == "local" or is_loopback(remote)  # its port may change
    return _place_of(hub) == _place_of(other)


def _place_of(url: str) -> tuple[str, int | None, str]:
    """Return host, port and path of a URL; the schemes and their ports may lead to one hub."""
    parts = split_web_url(url)
    if parts is None:
        return url, None, ""
    host = "localhost" if is_loopback(url) else (parts.hostname or "").rstrip(".")
    port = None if parts.port in (80, 443) else parts.port
    return host, port, parts.path.rstrip("/")
