"""Sign URLs and upload forms as the cloud's object store does (wire contract §2.9).

A signature stands for exactly one key, ends by itself, and ends with the logins of the user whom
it was made for, so that an upload or download needs no token: clients send neither.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import quote, urlencode

UPLOAD_SECONDS = 900
UPLOADER_SECONDS = 3600
DOWNLOAD_SECONDS = 24 * 3600
MAX_UPLOAD_BYTES = 10 * 1024**3
_MOST_DIGITS = 18


class Owner(Protocol):
    """Whom a signature is made for.

    Attributes:
        seal: something that changes when the user's logins end.
    """

    @property
    def user_id(self) -> int: ...  # noqa: D102 - told above

    @property
    def seal(self) -> str: ...  # noqa: D102 - told above


class BadSignature(Exception):
    """The URL or form was not made by this hub, was changed, or its time is over."""


class Signer:
    """Makes and checks signatures with the hub's own secret.

    `seal_of` returns the present seal of a user, None for one who may not log in.
    """

    def __init__(self, secret: str, seal_of: Callable[[int], str | None]) -> None:
        self._secret = secret.encode()
        self._seal_of = seal_of

    def upload_fields(self, owner: Owner, bucket: str, key: str) -> dict[str, str]:
        """Return the form members that allow one upload of `key`."""
        policy = {
            "expiration": int(time.time()) + UPLOAD_SECONDS,
            "bucket": bucket,
            "key": key,
            "user": owner.user_id,
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
            "x-amz-signature": self._sign("upload", encoded, owner.seal),
        }

    def check_upload(self, bucket: str, fields: Mapping[str, str]) -> int:
        """Return the largest allowed size in bytes, or raise BadSignature."""
        encoded = fields.get("policy", "")
        try:
            policy: dict[str, Any] = json.loads(base64.b64decode(encoded))
            user_id = int(policy["user"])
        except (ValueError, KeyError, TypeError):
            raise BadSignature("The signature does not match.") from None
        self._check(fields.get("x-amz-signature", ""), user_id, "upload", encoded)
        if policy["expiration"] < time.time():
            raise BadSignature("Policy expired.")
        if policy["bucket"] != bucket or policy["key"] != fields.get("key"):
            raise BadSignature("Policy is for another key.")
        return int(policy["content-length-range"][1])

    def download_url(self, owner: Owner, base_url: str, bucket: str, key: str) -> str:
        """Return a URL that serves `key` for a day."""
        expires, user = str(int(time.time()) + DOWNLOAD_SECONDS), str(owner.user_id)
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": user,
            "X-Amz-Expires": expires,
            "X-Amz-Signature": self._sign("download", bucket, key, expires, user, owner.seal),
        }
        return f"{base_url}/{quote(bucket)}/{quote(key)}?{urlencode(query)}"

    def check_download(self, bucket: str, key: str, query: Mapping[str, str]) -> None:
        """Raise BadSignature unless the query allows this download now."""
        expires, user = query.get("X-Amz-Expires", ""), query.get("X-Amz-Credential", "")
        signature = query.get("X-Amz-Signature", "")
        self._check(signature, _number(user), "download", bucket, key, expires, user)
        if int(expires) < time.time():
            raise BadSignature("Request has expired.")

    def uploader_token(self, owner: Owner, project_id: int) -> str:
        """Return what allows uploads into a project for an hour (§2.5)."""
        user, expires = str(owner.user_id), str(int(time.time()) + UPLOADER_SECONDS)
        signature = self._sign("uploader", str(project_id), user, expires, owner.seal)
        return f"{user}.{expires}.{signature}"

    def check_uploader(self, project_id: str, token: str) -> None:
        """Raise BadSignature unless the token allows uploads into this project now."""
        user, _, rest = token.partition(".")
        expires, _, signature = rest.partition(".")
        self._check(signature, _number(user), "uploader", project_id, user, expires)
        if int(expires) < time.time():
            raise BadSignature("The permission to upload has expired.")

    def _sign(self, *parts: str) -> str:
        return hmac.new(self._secret, "\n".join(parts).encode(), hashlib.sha256).hexdigest()

    def _check(self, signature: str, user_id: int, *parts: str) -> None:
        """Compare with what would be made now for this user, whose seal is signed last."""
        seal = self._seal_of(user_id)
        good = self._sign(*parts, seal or "")
        if not hmac.compare_digest(signature.encode(), good.encode()) or seal is None:
            raise BadSignature("The signature does not match.")


def _number(text: str) -> int:
    """Return the id of a user, one that nobody has for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0
