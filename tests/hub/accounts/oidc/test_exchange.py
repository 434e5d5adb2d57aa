"""A provider that is slow, or says too much, holds nobody up."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import pytest

from auger_hub.accounts.oidc import provider as provider_module
from auger_hub.accounts.oidc.exchange import MOST_BYTES
from auger_hub.accounts.oidc.provider import Attempt, Provider, ProviderAway
from auger_hub.accounts.oidc.settings import OidcSettings
from tests.hub.accounts.oidc.conftest import REDIRECT_URI, Visit

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


@contextmanager
def answering(parts: Iterable[bytes], pause: float = 0.0) -> Iterator[str]:
    """Serve one answer to all, a part at a time; yield where."""
    told = list(parts)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.request.recv(65536)
                for part in told:
                    self.request.sendall(part)
                    time.sleep(pause)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def ask(issuer: str) -> Provider:
    """Ask a provider that does not answer as it should, and return it."""
    provider = Provider(OidcSettings(issuer=issuer, client_id="hub"))
    with pytest.raises(ProviderAway):
        provider.address_for(Attempt.new(), REDIRECT_URI)
    return provider


def drip(text: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in text]


@pytest.mark.parametrize(
    "parts", [drip(b"X-A: 1\r\n" * 8), drip(HEAD + b" " * 60), [HEAD, *drip(b" " * 60)]]
)
def test_a_provider_that_drips_is_given_up_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch, parts: list[bytes]
) -> None:
    monkeypatch.setattr(provider_module, "_SECONDS", 0.3)
    began = time.monotonic()
    with answering(parts, pause=0.03) as issuer:
        ask(issuer)
        assert time.monotonic() - began < 1.0


@pytest.mark.parametrize(
    "body", [b"[" * (MOST_BYTES - 1), b"[]", b"null", b"7" * 9_000, b'{"issuer": 1}', b"\xff", b""]
)
def test_an_answer_of_another_shape_is_told_in_a_sentence(body: bytes) -> None:
    with answering([HEAD, body]) as issuer:
        ask(issuer)


def test_no_more_is_read_than_a_provider_has_to_say(caplog: pytest.LogCaptureFixture) -> None:
    with answering([HEAD, *[b" " * MOST_BYTES] * 400]) as issuer:
        ask(issuer)
    assert f"answers with more than {MOST_BYTES} bytes" in caplog.text


@pytest.mark.parametrize("said", [{"keys": 5}, {"keys": [[]]}, {"keys": [{"kty": 7}]}, {}])
def test_keys_of_another_shape_are_told_in_a_sentence(visit: Visit, said: object) -> None:
    with answering([HEAD, json.dumps(said).encode()]) as there:
        visit.there.metadata = {"jwks_uri": f"{there}/keys"}
        with pytest.raises(ProviderAway):
            visit.here.check()


@pytest.mark.parametrize("body", [b"[]", b"[" * 50_000, b"{}", b'{"id_token": [[]]}', b"null"])
def test_a_token_of_another_shape_logs_nobody_in(visit: Visit, body: bytes) -> None:
    with answering([HEAD, body]) as there:
        visit.there.metadata = {"token_endpoint": f"{there}/token"}
        answer = visit.go()
        with pytest.raises(provider_module.SignOnFailed):
            visit.come_back(answer)


def test_the_end_of_the_hub_waits_for_no_provider() -> None:
    with answering(drip(HEAD * 9), pause=0.05) as issuer:
        provider = Provider(OidcSettings(issuer=issuer, client_id="hub"))
        timer = threading.Timer(0.2, provider.close)
        timer.start()
        began = time.monotonic()
        with pytest.raises(ProviderAway):
            provider.address_for(Attempt.new(), REDIRECT_URI)
        timer.join()
        assert time.monotonic() - began < 1.5
