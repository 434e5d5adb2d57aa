"""Guessing passwords is slow."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import requests

from auger_hub.accounts.attempts import Attempts, SharedAttempts
from auger_hub.database.engine import Database
from auger_hub.processes import daemon
from auger_hub.settings import HubSettings
from tests.hub.client import Client, connect, from_elsewhere


def test_a_user_has_ten_attempts_a_minute_from_an_address() -> None:
    attempts = Attempts()
    assert [attempts.take("anna", "10.0.0.1") for _ in range(11)] == [True] * 10 + [False]


def test_nobody_locks_another_one_out() -> None:
    attempts = Attempts()
    for _ in range(11):
        attempts.take("anna", "10.0.0.66")
    assert attempts.take("anna", "10.0.0.1")


def test_an_address_has_thirty_attempts_a_minute_for_whomever() -> None:
    attempts = Attempts()
    assert [attempts.take(f"user {n}", "10.0.0.1") for n in range(31)] == [True] * 30 + [False]


def test_the_addresses_of_one_network_count_as_one() -> None:
    attempts = Attempts()
    taken = [attempts.take("anna", f"2001:db8::{n:x}") for n in range(11)]
    assert taken == [True] * 10 + [False]
    assert attempts.take("anna", "2001:db8:0:1::1")


def test_an_address_in_the_clothes_of_the_other_family_is_the_same() -> None:
    attempts = Attempts()
    for _ in range(10):
        attempts.take("anna", "::ffff:10.0.0.1")
    assert not attempts.take("anna", "10.0.0.1")
    assert attempts.take("anna", "::ffff:10.0.0.2")


def test_after_a_minute_it_is_good_again(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = Attempts()
    for _ in range(11):
        attempts.take("anna", "10.0.0.1")
    later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert attempts.take("anna", "10.0.0.1")


def test_who_knows_the_password_starts_anew() -> None:
    attempts = Attempts()
    for _ in range(10):
        attempts.take("anna", "10.0.0.1")
    attempts.forgive("anna", "10.0.0.1")
    assert attempts.take("anna", "10.0.0.1")


def test_those_who_know_their_passwords_do_not_lock_their_office_out() -> None:
    attempts = Attempts()
    for number in range(100):
        assert attempts.take(f"user {number}", "10.0.0.1")
        attempts.forgive(f"user {number}", "10.0.0.1")


def test_knowing_an_own_password_does_not_help_to_guess_others() -> None:
    attempts = Attempts()
    for number in range(30):
        attempts.take(f"user {number}", "10.0.0.1")
    attempts.forgive("user 0", "10.0.0.1")
    assert [attempts.take(f"victim {n}", "10.0.0.1") for n in range(2)] == [True, False]


def test_who_logged_in_there_lately_is_not_held_up_by_what_others_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attempts = Attempts()
    for name in ("anna", "berta"):
        assert attempts.take(name, "10.0.0.1")
    attempts.forgive("anna", "10.0.0.1")
    for number in range(29):
        attempts.take(f"user {number}", "10.0.0.1")
    assert attempts.take("anna", "10.0.0.1")
    assert not attempts.take("berta", "10.0.0.1")
    assert [attempts.take("anna", "10.0.0.1") for _ in range(10)] == [True] * 9 + [False]
    later = time.monotonic() + 24 * 3600
    monkeypatch.setattr(time, "monotonic", lambda: later)
    for number in range(30):
        attempts.take(f"user {number}", "10.0.0.1")
    assert not attempts.take("anna", "10.0.0.1")


@pytest.mark.parametrize("seconds", [-61, 61, 86_400])
def test_a_clock_that_was_wrong_locks_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    database.migrate()
    real = time.time()
    monkeypatch.setattr(time, "time", lambda: real + seconds)
    assert [SharedAttempts(database).take("anna", "10.0.0.1") for _ in range(11)][9:] == [
        True,
        False,
    ]
    monkeypatch.setattr(time, "time", lambda: real)
    assert SharedAttempts(database).take("anna", "10.0.0.1")
    database.close()


def test_many_addresses_do_not_make_the_hub_forget_or_grow() -> None:
    attempts = Attempts()
    for number in range(20_000):
        attempts.take("anna", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(attempts._at) == 10_000


def test_refused_attempts_keep_nothing_whatever_the_names() -> None:
    attempts = Attempts()
    for number in range(100):
        attempts.take(f"user {number}", "10.0.0.1")
    assert len(attempts._at["10.0.0.1"]) == 30


def test_no_name_is_kept_however_long() -> None:
    attempts = Attempts()
    attempts.take("x" * 100_000, "10.0.0.1")
    ((_, name),) = attempts._at["10.0.0.1"]
    assert len(name) == 64


def test_page_and_api_count_together(hub: Client) -> None:
    name = "mallory@example.com"
    form, body = {"user": name, "password": "x"}, {"email": name, "password": "x"}
    elsewhere = from_elsewhere()
    for _ in range(5):
        elsewhere.post(f"{hub.url}/log-in", data=form, headers={"Origin": hub.url}, timeout=30)
        elsewhere.post(f"{hub.url}/api/v1/tokens", json=body, timeout=30)
    refused = elsewhere.post(f"{hub.url}/api/v1/tokens", json=body, timeout=30)
    assert refused.status_code == 429
    assert refused.json()["meta"]["errors"][0]["error_type"] == "too_many_requests"


def test_nobody_gives_themselves_another_address(own_hub: HubSettings) -> None:
    daemon.start(own_hub)  # one that nobody else has tried to log in to
    hub = connect(own_hub)
    body = {"email": "trudy@example.com", "password": "x"}
    statuses = [
        requests.post(
            f"{hub.url}/api/v1/tokens",
            json=body,
            headers={"X-Forwarded-For": f"10.0.0.{number}"},
            timeout=30,
        ).status_code
        for number in range(11)
    ]
    assert statuses == [401] * 10 + [429]


def test_a_giant_log_in_is_not_even_read(hub: Client) -> None:
    answer = requests.post(
        f"{hub.url}/api/v1/tokens", data=b'{"email":"' + b"x" * 100_000, timeout=30
    )
    assert answer.status_code == 400


def test_a_giant_form_of_a_log_in_is_not_even_read(hub: Client) -> None:
    form = {"user": "x" * 100_000, "password": "x"}
    headers = {"Origin": hub.url}
    answer = requests.post(f"{hub.url}/log-in", data=form, headers=headers, timeout=30)
    assert answer.status_code == 400
