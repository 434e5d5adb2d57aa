"""A store on loopback that speaks S3, for the sources and uploads that need one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

BUCKET = "shop-data"


@dataclass(frozen=True)
class Store:
    """A running store with one bucket.

    Attributes:
        client: boto3's own, to look at what is there.
    """

    url: str
    client: Any

    @property
    def environ(self) -> dict[str, str]:
        """What a program needs to use the store."""
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": "anna",
            "AWS_SECRET_ACCESS_KEY": "kept-from-everybody",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nowhere",
            "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        }

    def put(self, key: str, content: bytes, **options: Any) -> str:
        """Store an object; return its URL."""
        self.client.put_object(Bucket=BUCKET, Key=key, Body=content, **options)
        return f"s3://{BUCKET}/{key}"

    def multipart(self, key: str, **config: Any) -> dict[str, Any]:
        """Return what a hub answers for a large upload into the store (wire contract §2.9)."""
        parts = urlsplit(self.url)
        told = {
            "endpoint": parts.hostname,
            "port": parts.port,
            "use_ssl": False,
            "access_key": "temporary",
            "secret_key": "kept-from-everybody",
            "security_token": "session",
        }
        return {"multipart": {"bucket": BUCKET, "key": key, "config": {**told, **config}}}


@contextmanager
def serve_store(port: int = 0) -> Iterator[Store]:
    """Serve a store; the tests are skipped where the packages for it are missing.

    What is stored stays as long as the process: a store on the same port has it again.
    """
    boto3 = pytest.importorskip("boto3")
    server_of = pytest.importorskip("moto.server").ThreadedMotoServer
    server = server_of(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    client = boto3.session.Session().client("s3", endpoint_url=url, **keys)
    client.create_bucket(Bucket=BUCKET)
    try:
        yield Store(url, client)
    finally:
        client.close()
        server.stop()


def surround(monkeypatch: pytest.MonkeyPatch, store: Store, home: Path) -> None:
    """Let the store be the one that this process finds."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in store.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(home))
