"""Objects of an S3 store: identified, fetched, and sent in parts. The one home of boto3.

Credentials, region and endpoint of a source are looked for where AWS's own tools look: environment,
`~/.aws`, the role of the machine. The library is an extra and slow to import, so that it is loaded
when the first object is asked for.

Refuses to do: keep a file, repeat the words of a store, name a key to it.
"""

from __future__ import annotations

import base64
import hashlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from auger_reconcile.errors import AugerError
from auger_reconcile.web_url import is_loopback

SCHEME = "s3"
PART_BYTES = 10 * 1024**2  # wire contract §3.5
_BLOCK = 1024**2
_TIMEOUT = 30.0  # seconds without a byte
_URL = re.compile(r"s3://(?P<bucket>[A-Za-z0-9][A-Za-z0-9._-]*)/(?P<key>.+)", re.DOTALL)
_REFUSED = {
    "AccessDenied": "the credentials do not allow it",
    "403": "the credentials do not allow it",
    "NoSuchKey": "there is no such object",
    "404": "there is no such object",
    "NoSuchBucket": "there is no such bucket",
    "ExpiredToken": "the credentials have expired",
    "InvalidAccessKeyId": "the store does not know the credentials",
    "SignatureDoesNotMatch": "the store does not know the credentials",
}
_PLACES = "they are looked for as `aws` does: AWS_ACCESS_KEY_ID, AWS_PROFILE, ~/.aws"

Progress = Callable[[int, int], None]


class StoreSilent(AugerError):
    """The store did not answer, or not to the end."""


def is_object_url(source: str) -> bool:
    """Say whether a source is `s3://bucket/key`."""
    return _URL.fullmatch(source) is not None


def identify_object(url: str) -> tuple[str, int]:
    """Return the SHA-256 of an object and its size in bytes.

    A store that keeps the checksum of the whole object is asked for it; else the object is read
    as a stream. The checksum of an object that was sent in parts is one of parts, and no use.

    Raises:
        AugerError: it cannot be read; the message is the reason alone.
    """
    bucket, key = _split(url)
    with _in_words(), closing(_connect()) as client:
        answer = client.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        with closing(answer["Body"]) as body:
            told = answer.get("ChecksumSHA256", "")
            if told and "-" not in told and answer.get("ChecksumType") != "COMPOSITE":
                return base64.b64decode(told).hex(), int(answer["ContentLength"])
            digest, size = hashlib.sha256(), 0
            for block in body.iter_chunks(_BLOCK):
                digest.update(block)
                size += len(block)
    return digest.hexdigest(), size


def fetch_object(url: str, to: Path, *, progress: Progress) -> None:
    """Write an object into a file, which is complete or not there.

    Raises:
        AugerError: it cannot be read; the message is the reason alone.
    """
    bucket, key = _split(url)
    with _in_words(), closing(_connect()) as client:
        size = client.head_object(Bucket=bucket, Key=key)["ContentLength"]
        client.download_file(bucket, key, str(to), Callback=_Sum(size, progress), Config=_parts())


def send_parts(
    target: Mapping[str, Any], source: Path, *, timeout: float, progress: Progress
) -> None:
    """Send a file in parts, as the hub told where and with which keys (wire contract §3.5).

    The store makes the object of all parts or of none: after a failure they are taken back.

    Args:
        target: `bucket`, `key` and `config`, which holds endpoint and temporary keys (§2.9).
        source: the file.
        timeout: seconds without any progress.
        progress: told the bytes sent and the bytes there are.

    Raises:
        AugerError: the store refused; the message is the reason alone. StoreSilent: no answer.
    """
    config = target["config"]
    keys = {
        "aws_access_key_id": config["access_key"],
        "aws_secret_access_key": config["secret_key"],
        "aws_session_token": config.get("security_token"),
    }
    report = _Sum(source.stat().st_size, progress)
    with _in_words(), closing(_connect(_endpoint(config), timeout=timeout, **keys)) as client:
        client.upload_file(
            str(source), target["bucket"], target["key"], Callback=report, Config=_parts()
        )


class _Sum:
    """Adds up what the threads of one transfer report."""

    def __init__(self, total: int, report: Progress) -> None:
        self._done, self._total, self._report = 0, total, report
        self._lock = threading.Lock()

    def __call__(self, count: int) -> None:
        with self._lock:
            self._done += count
            self._report(self._done, self._total)


def _split(url: str) -> tuple[str, str]:
    found = _URL.fullmatch(url)
    if found is None:
        raise AugerError("it is no `s3://bucket/key`")
    return found["bucket"], found["key"]


def _endpoint(config: Mapping[str, Any]) -> str | None:
    """Return the URL of a store that is not Amazon's."""
    host = config.get("endpoint")
    if not host or "://" in host:
        return host or None
    port = f":{config['port']}" if config.get("port") else ""
    return f"{'https' if config.get('use_ssl', True) else 'http'}://{host}{port}"


def _connect(endpoint: str | None = None, *, timeout: float = _TIMEOUT, **keys: str | None) -> Any:
    """Return a client of its own session: those of one session must not be made by two threads."""
    try:
        from boto3.session import Session
        from botocore.config import Config
    except ImportError:
        hint = 'the extra `s3` brings it\npip install "auger-reconcile[s3]"'
        raise AugerError("the package `boto3` is not installed", hint=hint) from None
    config = Config(
        connect_timeout=5,
        read_timeout=timeout,
        retries={"mode": "standard", "total_max_attempts": 3},
        # stores other than Amazon's know no other checksums than those that are asked for
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path"} if endpoint else None,
        proxies={} if endpoint and is_loopback(endpoint) else None,
    )
    return Session(**keys).client("s3", endpoint_url=endpoint, config=config)


def _parts() -> Any:
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(
        multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=4
    )


@contextmanager
def _in_words() -> Iterator[None]:
    """Turn a fault of the library into its reason; what it quotes may hold a key."""
    try:
        yield
    except AugerError:
        raise
    except Exception as fault:
        problem = _translate(fault)
        if problem is None:
            raise
        raise problem from None


def _translate(fault: BaseException) -> AugerError | None:
    """Return the reason of a fault of the library, or None when it is none of the library's."""
    from boto3.exceptions import Boto3Error
    from botocore import exceptions as faults

    if isinstance(fault, Boto3Error) and isinstance(fault.__context__, faults.ClientError):
        fault = fault.__context__
    if isinstance(fault, faults.ClientError):
        code = str(fault.response.get("Error", {}).get("Code", "no code"))
        reason = _REFUSED.get(code, f"the store refuses it ({code[:60]})")
        return AugerError(reason)
    if isinstance(fault, faults.NoCredentialsError | faults.PartialCredentialsError):
        return AugerError("there are no credentials for the store", hint=_PLACES)
    if isinstance(fault, faults.ProfileNotFound):
        return AugerError("there is no such AWS profile", hint="AWS_PROFILE names one of ~/.aws")
    broken = (faults.ConnectionError, faults.HTTPClientError, faults.IncompleteReadError)
    if isinstance(fault, broken):
        return StoreSilent("the store does not answer, or not to the end")
    if isinstance(fault, faults.BotoCoreError | Boto3Error):
        return AugerError(f"the store cannot be used ({type(fault).__name__})")
    return None
