"""`auger auth login`: where the password comes from, and to which hub it goes."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.cli.conftest import User

WHO = ("auth", "login", "-u", "anna", "-o", "acme")


@pytest.mark.parametrize("given", ["", "\n", "\r\n"])
def test_a_standard_input_without_a_password_is_an_error(
    user: User, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(given))
    answer = user.run(*WHO, "--password-stdin", "--url", "http://127.0.0.1:9")
    assert (answer.code, answer.err) == (1, "error: standard input holds no password\n")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--password-stdin", "-p", "y"], "--password and --password-stdin both give a password"),
        (["--system", "staging", "--url", "http://127.0.0.1:9"], "one names the hub"),
        (["--hub", "http://127.0.0.1:8", "--url", "http://127.0.0.1:9"], "one names the hub"),
        (["--hub", "local"], "the local hub needs no login"),
        (["--sso", "--url", "http://127.0.0.1:9"], "the page asks the rest"),
        (["--no-browser"], "the page asks the rest"),
    ],
)
def test_options_that_contradict_each_other_are_wrong_usage(
    user: User, options: list[str], told: str
) -> None:
    answer = user.run(*WHO, *options)
    assert answer.code == 64
    assert told in answer.err


def test_single_sign_on_needs_a_hub_that_has_it(user: User) -> None:
    answer = user.run("auth", "login", "--sso")
    assert answer.code == 64
    assert "--sso needs --url" in answer.err


def test_single_sign_on_waits_for_no_browser_where_the_hub_is_away(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auger_reconcile.client.http.transport._FIRST_BACKOFF", 0)
    monkeypatch.setattr("webbrowser.open", lambda _: pytest.fail("a browser was opened"))
    answer = user.run("auth", "login", "--sso", "--url", "http://127.0.0.1:9")
    assert answer.code == 1
    assert "cannot connect to 127.0.0.1:9" in answer.err


def test_the_hub_of_every_command_is_the_one_to_log_in_to(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auger_reconcile.client.http.transport._FIRST_BACKOFF", 0)
    monkeypatch.setattr("sys.stdin", io.StringIO("secret\n"))
    answer = user.run("--hub", "http://127.0.0.1:9", *WHO, "--password-stdin")
    assert answer.code == 1
    assert "cannot connect to 127.0.0.1:9" in answer.err


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_a_job_of_ci_without_credentials_never_plans_against_an_empty_hub(
    user: User, folder: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("AUGER_CREDENTIALS", "")
    (folder / "auger.yaml").write_text("name: churn\n")
    done = user.run(command)
    assert done.code == 4
    assert "AUGER_CREDENTIALS" in done.err
    assert not (folder.parent / "home" / "hub").exists()
