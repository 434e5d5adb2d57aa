"""Plays what the real hub once answered (wire contract) through the client.

`recordings/<resource>.json` maps a case to its exchanges, long lists and values cut. A request that
was no JSON (it held NaN, or was cut) is text there.
"""

import json
from pathlib import Path

import pytest
import responses

from auger_reconcile.client.http.transport import Pace
from auger_reconcile.client.hub_client import API_PREFIX, HubClient
from auger_reconcile.errors import HubError, NotAuthenticated, NotFound, Unavailable

URL = "https://app.auger.ai"
RECORDED = {
    f"{path.stem}/{case}": exchanges[0]
    for path in sorted(Path(__file__).with_name("recordings").glob("*.json"))
    for case, exchanges in json.loads(path.read_text(encoding="utf-8")).items()
}
OBJECTS = (
    '["Cluster", "ClusterTask", "Component", "ExperimentSession", "Organization", "Pipeline", '
    '"Project", "ProjectFile", "SimilarTrialsRequest", "Subscription", "WarmStartRequest"]'
)
RECORDS = (
    "records should be an array of arrays of plain values, each records size should be equal to "
    "the features count"
)
REFUSED = {
    "auth/token_invalid": (
        NotAuthenticated,
        "the hub refused the credentials: User should be logged in",
    ),
    "experiment_sessions/create_malformed_json": (
        HubError,
        "the hub answered HTML instead of JSON (400 Bad Request)",
    ),
    "experiments/delete_not_existing": (
        NotFound,
        "the hub answered 404 Not Found: Couldn't find Experiment",
    ),
    "general_errors/server_unavailable": (
        Unavailable,
        "the hub answered HTML instead of JSON (503 Service Unavailable)",
    ),
    "predictions/create_invalid": (
        HubError,
        f"the hub answered 400 Bad Request: records: {RECORDS}",
    ),
    "predictions/create_invalid_with_nan_blank_response": (
        HubError,
        "the hub answered an empty body instead of JSON (400 Bad Request)",
    ),
    "predictions/create_invalid_with_nans": (
        HubError,
        "the hub answered HTML instead of JSON (400 Bad Request)",
    ),
    "projects/get_logs": (
        HubError,
        "the hub answered text instead of JSON (200 OK)",
    ),
    "status/get_status_invalid": (
        HubError,
        f"the hub answered 400 Bad Request: object: is not in the list {OBJECTS}",
    ),
    "tokens/create_invalid": (
        NotAuthenticated,
        "the hub refused the credentials: Email or password incorrect",
    ),
}


@pytest.fixture
def hub():
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def client():
    with HubClient(URL, "a-token", pace=Pace(sleep=lambda _: None)) as client:
        yield client


def play(hub, client, recorded):
    """Answer as recorded; return what the client makes of it and the body it sent."""
    answer = recorded["response"]
    text = answer if isinstance(answer, str) else json.dumps(answer)
    hub.add(
        recorded["method"],
        URL + recorded["path"],
        body=text.strip(),
        status=recorded["status"],
        content_type=recorded["content_type"],
    )
    body = recorded["request"] if isinstance(recorded["request"], dict) else {}
    return client.call(recorded["method"], recorded["path"].removeprefix(API_PREFIX), body)


@pytest.mark.parametrize("case", sorted(RECORDED.keys() - REFUSED.keys()))
def test_a_recorded_success_returns_its_data(hub, client, case):
    recorded = RECORDED[case]
    assert play(hub, client, recorded) == recorded["response"]["data"]


@pytest.mark.parametrize("case", sorted(RECORDED.keys() - REFUSED.keys()))
def test_the_recorded_request_is_sent_with_the_token(hub, client, case):
    recorded = RECORDED[case]
    play(hub, client, recorded)
    expected = recorded["request"] if isinstance(recorded["request"], dict) else {}
    assert json.loads(hub.calls[0].request.body) == {**expected, "token": "a-token"}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_a_recorded_refusal_is_said_in_one_clear_sentence(hub, client, case):
    kind, sentence = REFUSED[case]
    with pytest.raises(kind) as caught:
        play(hub, client, RECORDED[case])
    assert type(caught.value) is kind
    assert str(caught.value) == sentence


def test_every_recorded_refusal_was_meant(hub):
    hub.assert_all_requests_are_fired = False
    refused = {case for case, recorded in RECORDED.items() if recorded["status"] >= 400}
    assert refused <= REFUSED.keys() <= RECORDED.keys()


def test_recorded_lists_are_read_whole(hub, client):
    recorded = RECORDED["experiments/index"]
    hub.get(f"{URL}/api/v1/experiments", json=recorded["response"])
    assert client.list_all("experiments") == recorded["response"]["data"]


def test_the_recorded_status_is_read(hub, client):
    hub.get(f"{URL}/api/v1/status", json=RECORDED["status/get_status_project_valid"]["response"])
    assert client.status("Project", 1) == "undeployed"
