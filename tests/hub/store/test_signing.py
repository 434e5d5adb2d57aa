from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from auger_hub.store import signing
from auger_hub.store.signing import BadSignature, Signer

SIGNER = Signer("secret")


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_a_download_is_allowed_for_its_key_only() -> None:
    query = query_of(SIGNER.download_url("http://h", "b", "k.csv"))
    SIGNER.check_download("b", "k.csv", query)
    for bucket, key in (("b", "other.csv"), ("other", "k.csv")):
        with pytest.raises(BadSignature):
            SIGNER.check_download(bucket, key, query)


def test_a_later_expiry_cannot_be_made_up() -> None:
    query = query_of(SIGNER.download_url("http://h", "b", "k"))
    with pytest.raises(BadSignature):
        SIGNER.check_download("b", "k", query | {"X-Amz-Expires": "99999999999"})


def test_another_hubs_signature_is_worth_nothing() -> None:
    query = query_of(Signer("other").download_url("http://h", "b", "k"))
    with pytest.raises(BadSignature):
        SIGNER.check_download("b", "k", query)


def test_a_download_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "DOWNLOAD_SECONDS", -1)
    query = query_of(SIGNER.download_url("http://h", "b", "k"))
    with pytest.raises(BadSignature, match="expired"):
        SIGNER.check_download("b", "k", query)


def test_an_upload_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "UPLOAD_SECONDS", -1)
    fields = SIGNER.upload_fields("b", "k")
    with pytest.raises(BadSignature, match="expired"):
        SIGNER.check_upload("b", fields)


def test_an_upload_is_allowed_for_its_bucket_only() -> None:
    fields = SIGNER.upload_fields("b", "k")
    assert SIGNER.check_upload("b", fields) == signing.MAX_UPLOAD_BYTES
    with pytest.raises(BadSignature):
        SIGNER.check_upload("other", fields)


def test_names_with_spaces_and_letters_of_any_language_are_signed() -> None:
    url = SIGNER.download_url("http://h", "b", "a b/ü.csv")
    assert " " not in url
    SIGNER.check_download("b", "a b/ü.csv", query_of(url))
