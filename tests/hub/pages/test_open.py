"""`auger hub open`: from the command line to the page, without a password."""

from __future__ import annotations

import json
import webbrowser

import pytest
import requests

from auger_reconcile.cli.main import main
from tests.hub.client import Client


@pytest.fixture
def opened(hub: Client, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses a browser was asked to open."""
    addresses: list[str] = []
    monkeypatch.setenv("AUGER_HUB_HOME", str(hub.home))
    monkeypatch.setattr(webbrowser, "open", lambda url: addresses.append(url) or True)
    return addresses


def test_the_browser_is_sent_to_an_address_that_logs_in(hub: Client, opened: list[str]) -> None:
    assert main(["hub", "open"]) == 0
    (address,) = opened
    assert "Log out" in requests.get(address, timeout=30).text


def test_the_address_can_be_printed_for_another_browser(
    opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["hub", "open", "--print"]) == 0
    assert opened == []
    assert "Log out" in requests.get(capsys.readouterr().out.strip(), timeout=30).text


def test_a_program_gets_the_address_and_how_long_it_lasts(
    opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--json", "hub", "open"]) == 0
    assert opened == []
    assert json.loads(capsys.readouterr().out)["valid_seconds"] == 60


def test_there_is_no_address_for_a_user_who_is_not_there(
    opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["hub", "open", "--user", "nobody"]) != 0
    assert "there is no user `nobody`" in capsys.readouterr().err
