"""Signed URLs in the form of the cloud's object store (wire contract §2.9).

A signature stands for exactly one key and ends by itself, so that an upload or download needs no
token: clients send neither.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

UPLOAD_SECONDS = 900
DOWNLOAD_SECONDS = 24 * 3600
MAX_UPLOAD_BYTES = 10 * 1024**3


class BadSignature(Exception):
    """The URL or form was not made by this hub, was changed, or its time is over."""


class Signer:
    """Makes and checks signatures with the hub's own secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def upload_fields(self, bucket: str, key: str) -> dict[str, str]:
        """Return the form members that allow one upload of `key`."""
        policy = {
            "expiration": int(time.time()) + UPLOAD_SECONDS,
            "bucket": bucket,
            "key": key,
            "content-length-range": [0, MAX_UPLOAD_BYTES],
        }
        encoded = base64.b64encode(json.dumps(policy).encode()).decode()
        return {
            "key": key,
            "success_action_status": "200",
            "policy": encoded,
            "x-amz-credential": f"{bucket}/hub/s3/aws4_request",
            "x-amz-algorithm": "AWS4-HMAC-SHA256",
            "x-amz-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
            "x-amz-signature": self._sign("upload", encoded),
        }

    def check_upload(self, bucket: str, fields: Mapping[str, str]) -> int:
        """Return the largest allowed size in bytes, or raise BadSignature."""
        encoded = fields.get("policy", "")
        self._check(fields.get("x-amz-signature", ""), "upload", encoded)
        policy: dict[str, Any] = json.loads(base64.b64decode(encoded))
        if policy["expiration"] < time.time():
            raise BadSignature("Policy expired.")
        if policy["bucket"] != bucket or policy["key"] != fields.get("key"):
            raise BadSignature("Policy is for another key.")
        return int(policy["content-length-range"][1])

    def download_url(self, base_url: str, bucket: str, key: str) -> str:
        """Return a URL that serves `key` for a day."""
        expires = int(time.time()) + DOWNLOAD_SECONDS
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Expires": str(expires),
            "X-Amz-Signature": self._sign("download", bucket, key, str(expires)),
        }
        return f"{base_url}/{quote(bucket)}/{quote(key)}?{urlencode(query)}"

    def check_download(self, bucket: str, key: str, query: Mapping[str, str]) -> None:
        """Raise BadSignature unless the query allows this download now."""
        expires = query.get("X-Amz-Expires", "")
        self._check(query.get("X-Amz-Signature", ""), "download", bucket, key, expires)
        if int(expires) < time.time():
            raise BadSignature("Request has expired.")

    def uploader_token(self, project_id: int) -> str:
        """Return what allows uploads into a project, as long as the hub's secret lasts (§2.5)."""
        return self._sign("uploader", str(project_id))

    def check_uploader(self, project_id: str, token: str) -> None:
        """Raise BadSignature unless the token allows uploads into this project."""
        self._check(token, "uploader", project_id)

    def _sign(self, *parts: str) -> str:
        return hmac.new(self._secret, "\n".join(parts).encode(), hashlib.sha256).hexdigest()

    def _check(self, signature: str, *parts: str) -> None:
        if not hmac.compare_digest(signature.encode(), self._sign(*parts).encode()):
            raise BadSignature("The signature does not match.")
