"""The commit on GitHub gets a check; where only apps may make one, a status."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses

from auger_reconcile.config.declarations.channel import Channel, When
from auger_reconcile.notify.message import Message, about_apply, about_plan
from auger_reconcile.notify.send import tell
from tests.notify.test_notify import DONE, FAILED, PLAN

API = "https://github.test/api/v3"
RUNS = f"{API}/repos/acme/churn/check-runs"
STATUSES = f"{API}/repos/acme/churn/statuses/c0ffee"
ENVIRON = {"GITHUB_TOKEN": "ghs_T0P-SECRET", "GITHUB_API_URL": API}


def send(message: Message, environ: Any = ENVIRON, **channel: Any) -> Any:
    return tell(message, [Channel(github="acme/churn", **channel)], environ, lambda _: None)


def bodies(github: Any) -> list[Any]:
    return [json.loads(call.request.body) for call in github.calls]


def test_an_apply_makes_a_check_of_its_commit() -> None:
    with responses.RequestsMock() as github:
        github.post(RUNS, status=201, json={})
        assert send(about_apply(DONE, "command", "c0ffee")) == ()
        assert send(about_apply(FAILED, "command", "c0ffee")) == ()
        done, failed = bodies(github)
        assert github.calls[0].request.headers["Authorization"] == "Bearer ghs_T0P-SECRET"
    assert (done["name"], done["head_sha"]) == ("auger: churn", "c0ffee")
    assert (done["status"], done["conclusion"]) == ("completed", "success")
    assert failed["conclusion"] == "failure"
    assert failed["output"]["text"] == "- create dataset.a.csv: no room"


@pytest.mark.parametrize(
    ("event", "conclusion"),
    [(When.ASKED, "action_required"), (When.REFUSED, "failure"), (When.DRIFT, "neutral")],
)
def test_a_plan_that_waits_says_what_for(event: When, conclusion: str) -> None:
    message = about_plan(PLAN, event, ["1 to create"], "controller", "c0ffee")
    with responses.RequestsMock() as github:
        github.post(RUNS, status=201, json={})
        assert send(message) == ()
        assert bodies(github)[0]["conclusion"] == conclusion


@pytest.mark.parametrize("status", [403, 404])
def test_a_token_that_may_make_no_check_makes_a_status(status: int) -> None:
    with responses.RequestsMock() as github:
        github.post(RUNS, status=status, json={})
        github.post(STATUSES, status=201, json={})
        message = about_plan(PLAN, When.ASKED, ["x" * 300], "controller", "c0ffee")
        assert send(message) == ()
        told = bodies(github)[1]
    assert told["state"] == "pending"
    assert told["context"] == "auger: churn"
    assert len(told["description"]) <= 140


@pytest.mark.parametrize(
    ("message", "environ", "why"),
    [
        (about_apply(DONE, "command"), ENVIRON, "there is no commit to tell"),
        (about_apply(DONE, "command", "c0ffee"), {}, "GITHUB_TOKEN is not set"),
    ],
)
def test_what_is_missing_is_a_warning(message: Message, environ: Any, why: str) -> None:
    (failure,) = send(message, environ)
    assert why in str(failure.label)


def test_a_refusal_is_a_warning_without_the_token() -> None:
    with responses.RequestsMock() as github:
        github.post(RUNS, status=422, json={"message": "No commit found for SHA: ghs_T0P-SECRET"})
        (failure,) = send(about_apply(DONE, "command", "c0ffee"))
    assert failure.label == "github acme/churn: it answered 422"


def test_a_check_passes_again_unless_only_some_is_wanted() -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as github:
        github.post(RUNS, status=201, json={})
        send(about_apply(DONE, "command", "c0ffee"))
        assert len(github.calls) == 1
        send(about_apply(DONE, "command", "c0ffee"), on=(When.FAILURE,))
        assert len(github.calls) == 1
