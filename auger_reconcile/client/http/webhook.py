"""Post JSON to a webhook. Its URL and its answer may be secret, and are said in no error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from auger_reconcile.client.http.connection import CONNECT_TIMEOUT, guard_call, open_session
from auger_reconcile.errors import AugerError, HubError, Unavailable
from auger_reconcile.web_url import is_web_url

TIMEOUT = 10.0
_AGAIN = frozenset({408, 429, 500, 502, 503, 504})


def post_json(url: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
    """Send a document; redirects are not followed.

    Raises:
        Unavailable: no answer, or one that asks to try later.
        HubError: the webhook refuses the document.
        AugerError: the URL is none.
    """
    if not is_web_url(url):
        raise AugerError("the URL of the webhook is none")
    content = json.dumps(body, ensure_ascii=False).encode()
    with open_session(url) as session:

        def send() -> int:
            answer = session.post(
                url,
                data=content,
                headers={"Content-Type": "application/json", **(headers or {})},
                timeout=(CONNECT_TIMEOUT, TIMEOUT),
                allow_redirects=False,
            )
            return int(answer.status_code)

        status = guard_call(send, request="POST (webhook)", url=url)
    if status in _AGAIN:
        raise Unavailable(f"it answered {status}", status=status)
    if not 200 <= status < 300:
        raise HubError(f"it answered {status}", status=status)
