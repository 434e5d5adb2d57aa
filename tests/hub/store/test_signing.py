from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest

from auger_hub.store import signing
from auger_hub.store.signing import BadSignature, Signer


@dataclass(frozen=True)
class Anna:
    """A user, whose seal changes with the password."""

    user_id: int = 7
    seal: str = "first"


ANNA = Anna()
SIGNER = Signer("secret", {7: "first", 8: "other"}.get)
AFTER = Signer("secret", {7: "second", 8: "other"}.get)
REVOKED = Signer("secret", {8: "other"}.get)


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_a_download_is_allowed_for_its_key_only() -> None:
    query = query_of(SIGNER.download_url(ANNA, "http://h", "b", "k.csv"))
    SIGNER.check_download("b", "k.csv", query)
    for bucket, key in (("b", "other.csv"), ("other", "k.csv")):
        with pytest.raises(BadSignature):
            SIGNER.check_download(bucket, key, query)


def test_a_later_expiry_cannot_be_made_up() -> None:
    query = query_of(SIGNER.download_url(ANNA, "http://h", "b", "k"))
    with pytest.raises(BadSignature):
        SIGNER.check_download("b", "k", query | {"X-Amz-Expires": "99999999999"})


def test_another_hubs_signature_is_worth_nothing() -> None:
    query = query_of(Signer("other", {7: "first"}.get).download_url(ANNA, "http://h", "b", "k"))
    with pytest.raises(BadSignature):
        SIGNER.check_download("b", "k", query)


def test_a_download_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "DOWNLOAD_SECONDS", -1)
    query = query_of(SIGNER.download_url(ANNA, "http://h", "b", "k"))
    with pytest.raises(BadSignature, match="expired"):
        SIGNER.check_download("b", "k", query)


def test_an_upload_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "UPLOAD_SECONDS", -1)
    fields = SIGNER.upload_fields(ANNA, "b", "k")
    with pytest.raises(BadSignature, match="expired"):
        SIGNER.check_upload("b", fields)


def test_an_upload_is_allowed_for_its_bucket_only() -> None:
    fields = SIGNER.upload_fields(ANNA, "b", "k")
    assert SIGNER.check_upload("b", fields) == signing.MAX_UPLOAD_BYTES
    with pytest.raises(BadSignature):
        SIGNER.check_upload("other", fields)


def test_names_with_spaces_and_letters_of_any_language_are_signed() -> None:
    url = SIGNER.download_url(ANNA, "http://h", "b", "a b/ü.csv")
    assert " " not in url
    SIGNER.check_download("b", "a b/ü.csv", query_of(url))


@pytest.mark.parametrize("later", [AFTER, REVOKED])
def test_what_was_signed_for_a_user_ends_with_the_logins(later: Signer) -> None:
    fields = SIGNER.upload_fields(ANNA, "b", "k")
    query = query_of(SIGNER.download_url(ANNA, "http://h", "b", "k"))
    token = SIGNER.uploader_token(ANNA, 3)
    with pytest.raises(BadSignature):
        later.check_upload("b", fields)
    with pytest.raises(BadSignature):
        later.check_download("b", "k", query)
    with pytest.raises(BadSignature):
        later.check_uploader("3", token)


def test_a_signature_is_not_handed_on_to_another_user() -> None:
    query = query_of(SIGNER.download_url(ANNA, "http://h", "b", "k"))
    _, _, rest = SIGNER.uploader_token(ANNA, 3).partition(".")
    with pytest.raises(BadSignature):
        SIGNER.check_download("b", "k", query | {"X-Amz-Credential": "8"})
    with pytest.raises(BadSignature):
        SIGNER.check_uploader("3", f"8.{rest}")


def test_a_permission_to_upload_is_for_one_project_and_an_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = SIGNER.uploader_token(ANNA, 3)
    SIGNER.check_uploader("3", token)
    with pytest.raises(BadSignature):
        SIGNER.check_uploader("4", token)
    monkeypatch.setattr(signing, "UPLOADER_SECONDS", -1)
    with pytest.raises(BadSignature, match="expired"):
        SIGNER.check_uploader("3", SIGNER.uploader_token(ANNA, 3))


@pytest.mark.parametrize("token", ["", "..", "7", "a.b.c", "7.x.0", "9" * 5000 + ".1.0", "٧.1.0"])
def test_nonsense_is_no_permission(token: str) -> None:
    with pytest.raises(BadSignature):
        SIGNER.check_uploader("3", token)
    with pytest.raises(BadSignature):
        SIGNER.check_download("b", "k", {"X-Amz-Credential": token})


@pytest.mark.parametrize("policy", ["", "e30=", "bnVsbA==", "!!", "eyJ1c2VyIjoieCJ9"])
def test_nonsense_is_no_policy(policy: str) -> None:
    with pytest.raises(BadSignature):
        SIGNER.check_upload("b", {"policy": policy})
