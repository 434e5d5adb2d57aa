"""Guessing passwords is slow."""

from __future__ import annotations

import time

import pytest

from auger_reconcile.hub.page.attempts import Attempts


def test_a_user_has_ten_attempts_a_minute_from_wherever() -> None:
    attempts = Attempts()
    assert [attempts.take("anna", f"10.0.0.{n}") for n in range(11)] == [True] * 10 + [False]


def test_an_address_has_thirty_attempts_a_minute_for_whomever() -> None:
    attempts = Attempts()
    assert [attempts.take(f"user {n}", "10.0.0.1") for n in range(31)] == [True] * 30 + [False]


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
    attempts.forgive("anna")
    assert attempts.take("anna", "10.0.0.1")
