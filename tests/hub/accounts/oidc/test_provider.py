"""What the hub believes of a provider's answers, and what it does not."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from auger_hub.accounts.oidc import provider as provider_module
from auger_hub.accounts.oidc.provider import Attempt, Provider, ProviderAway, SignOnFailed
from auger_hub.accounts.oidc.settings import SECRET_VARIABLE, OidcSettings
from tests.hub.accounts.oidc.conftest import Visit
from tests.hub.oidc_provider import CLIENT_ID, CLIENT_SECRET, TestProvider


def test_the_claims_of_who_logged_in_come_back(visit: Visit) -> None:
    claims = visit.come_back(visit.go())
    assert (claims["sub"], claims["email"]) == ("s-1", "anna@acme.com")


def test_a_code_is_good_once(visit: Visit) -> None:
    answer = visit.go()
    visit.come_back(answer)
    with pytest.raises(SignOnFailed):
        visit.come_back(answer)


def test_an_answer_to_another_browser_is_refused_without_asking_the_provider(
    visit: Visit,
) -> None:
    answer = visit.go()
    visit.attempt = Attempt.new()
    with pytest.raises(SignOnFailed):
        visit.come_back(answer)
    assert visit.there.seen == []


def test_a_code_that_somebody_else_began_is_refused_by_the_verifier(visit: Visit) -> None:
    code = visit.go()["code"]
    visit.attempt = Attempt.new()
    with pytest.raises(SignOnFailed):
        visit.come_back({"code": code, "state": visit.attempt.state})
    assert len(visit.there.seen) == 1


def test_a_nonce_of_another_attempt_is_refused(visit: Visit) -> None:
    with pytest.raises(SignOnFailed):
        visit.come_back(visit.go(nonce=Attempt.new().nonce))


@pytest.mark.parametrize(
    "lies",
    [
        {"iss": "https://other.example"},
        {"aud": ["another-client"]},
        {"aud": [CLIENT_ID, "another"], "azp": "another"},
        {"exp": int(time.time()) - 3600},
        {"iat": int(time.time()) + 3600},
        {"nonce": None},
        {"sub": ""},
        {"sub": 7},
        {"at_hash": "wrong"},
    ],
    ids="+".join,
)
def test_an_id_token_that_is_not_for_this_is_refused(visit: Visit, lies: dict[str, Any]) -> None:
    visit.there.lies = lies
    with pytest.raises(SignOnFailed) as refused:
        visit.come_back(visit.go())
    assert refused.value.status == 403


def test_an_id_token_that_another_key_has_signed_is_refused(visit: Visit) -> None:
    visit.there.signs_with = RSAKey.generate_key(2048)
    with pytest.raises(SignOnFailed):
        visit.come_back(visit.go())


def test_a_key_that_is_new_is_read_anew(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_module, "_KEYS_SECONDS", 0.0)
    visit.come_back(visit.go())
    visit.there.key = RSAKey.generate_key(2048, auto_kid=True)
    assert visit.come_back(visit.go())["sub"] == "s-1"


def test_what_the_id_token_does_not_tell_the_user_info_does(visit: Visit) -> None:
    visit.there.claims.pop("email")
    visit.there.in_user_info = {"email": "anna@acme.com"}
    assert visit.come_back(visit.go())["email"] == "anna@acme.com"


def test_the_user_info_of_another_user_is_refused(visit: Visit) -> None:
    visit.there.claims.pop("email")
    visit.there.in_user_info = {"email": "eva@acme.com", "sub": "s-2"}
    with pytest.raises(SignOnFailed):
        visit.come_back(visit.go())


def test_metadata_of_another_issuer_is_not_believed(visit: Visit) -> None:
    visit.there.metadata = {"issuer": "https://other.example"}
    with pytest.raises(ProviderAway):
        visit.go()


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri", "userinfo_endpoint"])
def test_an_endpoint_that_is_no_web_address_is_not_used(visit: Visit, name: str) -> None:
    visit.there.metadata = {name: "file:///etc/passwd"}
    with pytest.raises(ProviderAway):
        visit.go()


def test_an_answer_that_names_another_issuer_is_refused(visit: Visit) -> None:
    with pytest.raises(SignOnFailed):
        visit.come_back({**visit.go(), "iss": "https://other.example"})


def test_who_does_not_consent_there_is_not_logged_in_here(visit: Visit) -> None:
    answer = {"error": "access_denied", "state": visit.attempt.state}
    with pytest.raises(SignOnFailed):
        visit.come_back(answer)


def test_a_provider_that_is_away_is_not_waited_for_by_everybody() -> None:
    settings = OidcSettings(issuer="http://127.0.0.1:9", client_id=CLIENT_ID)
    provider = Provider(settings)
    with pytest.raises(ProviderAway) as first:
        provider.address_for(Attempt.new(), "https://hub.example/done")
    with pytest.raises(ProviderAway):
        provider.address_for(Attempt.new(), "https://hub.example/done")
    assert "does not answer" in str(first.value)


def test_a_wrong_secret_is_told_to_the_log_and_not_shown(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, "not the secret")
    with pytest.raises(SignOnFailed), caplog.at_level(logging.INFO, "auger.hub"):
        visit.come_back(visit.go())
    assert "invalid_client" in caplog.text
    assert "not the secret" not in caplog.text


def test_neither_log_nor_error_holds_a_secret(
    visit: Visit, caplog: pytest.LogCaptureFixture
) -> None:
    visit.there.lies = {"aud": "another"}
    answer = visit.go()
    with pytest.raises(SignOnFailed) as refused, caplog.at_level(logging.DEBUG):
        visit.come_back(answer)
    sent = visit.there.seen[0]
    secrets = [CLIENT_SECRET, sent["code"], sent["code_verifier"], visit.attempt.secret]
    assert [one for one in secrets if one in caplog.text + repr(refused.value)] == []


def test_only_the_browser_can_know_the_verifier(visit: Visit) -> None:
    address = visit.here.address_for(visit.attempt, "https://hub.example/done")
    assert visit.attempt.verifier not in address
    assert visit.attempt.secret not in address
    assert "code_challenge_method=S256" in address


def test_a_secret_in_a_file_is_read(
    there: TestProvider, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SECRET_VARIABLE)
    file = tmp_path / "secret"
    file.write_text(f"{CLIENT_SECRET}\n")
    settings = OidcSettings(issuer=there.url, client_id=CLIENT_ID, client_secret_file=file)
    visit = Visit(there, Provider(settings), Attempt.new())
    assert visit.come_back(visit.go())["sub"] == "s-1"
