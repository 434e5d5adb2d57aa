"""The operator's file: what is wrong with it is told by its place, before the hub serves."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from auger_hub.accounts.oidc.settings import read_oidc_settings
from auger_hub.settings import BadSettings
from tests.hub.client import try_hub

GOOD: dict[str, Any] = {"issuer": "https://login.acme.com", "client_id": "hub"}
_RULE = {"value": "ml", "organization": "acme"}


def _write(folder: Path, **told: Any) -> str:
    path = folder / "oidc.json"
    path.write_text(json.dumps({**GOOD, **told}))
    return str(path)


def test_two_members_are_enough_where_users_are_invited(tmp_path: Path) -> None:
    assert read_oidc_settings(_write(tmp_path)).users == "invited"


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"issuer": "http://login.acme.com"}, "`issuer` has to begin with https://"),
        ({"issuer": "http://localhost.acme.com"}, "`issuer` has to begin with https://"),
        ({"issuer": "https://"}, "`issuer` has to begin with https://"),
        ({"public_url": "ftp://x"}, "`public_url` has to begin with https://"),
        ({"users": "created"}, "needs `access`"),
        ({"users": "all"}, "`users` input should be 'created' or 'invited'"),
        ({"acess": []}, "`acess` extra inputs are not permitted"),
        ({"scopes": ["email"]}, "has to hold `openid`"),
        ({"access": [{"organization": "acme"}]}, "`access.0` takes either"),
        ({"access": [{**_RULE, "everybody": True}]}, "`access.0` takes either"),
        ({"access": [{**_RULE, "role": "owner"}]}, "`access.0.role` input should be"),
        ({"login_hours": 0}, "`login_hours` input should be greater"),
        ({"client_secret_file": "/no/such/file"}, "/no/such/file cannot be read"),
    ],
)
def test_what_cannot_be_is_told_by_its_place(
    tmp_path: Path, told: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadSettings) as refused:
        read_oidc_settings(_write(tmp_path, **told))
    assert sentence in str(refused.value)


def test_a_file_that_is_no_json_or_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "oidc.json"
    with pytest.raises(BadSettings, match="cannot be read"):
        read_oidc_settings(str(path))
    path.write_text("issuer: x")
    with pytest.raises(BadSettings, match="is no JSON"):
        read_oidc_settings(str(path))


def test_the_document_itself_may_stand_in_the_variable() -> None:
    assert read_oidc_settings(json.dumps(GOOD)).client_id == "hub"
    with pytest.raises(BadSettings, match="AUGER_HUB_OIDC is no JSON"):
        read_oidc_settings('{"issuer": "https://login.acme.com",')


def test_the_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(BadSettings, match=r"auger-reconcile\[hub,oidc\]"):
        read_oidc_settings(_write(tmp_path))


def test_a_hub_does_not_start_with_what_cannot_be(tmp_path: Path) -> None:
    path = _write(tmp_path, users="created")
    done = try_hub(tmp_path / "hub", "start", "--oidc", path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "needs `access`" in done.stderr
