"""Explanations over HTTP: of the best of a run unasked, of any other on demand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hub.client import Client, wait_until


def explained(hub: Client, trial_id: str) -> dict[str, Any]:
    path = f"/trials/{trial_id}/explanation"
    assert wait_until(lambda: hub.get(path)["status"] in ("done", "error"), seconds=90)
    told: dict[str, Any] = hub.get(path)
    return told


def test_the_best_trial_of_a_run_is_explained_unasked(
    hub: Client, finished_run: dict[str, Any]
) -> None:
    best = next(trial for trial in finished_run["trials"] if not trial["raw_data"]["ensemble"])
    told = explained(hub, best["id"])
    assert (told["status"], told["error_message"]) == ("done", None)
    content = told["content"]
    assert content["scores"]["accuracy"] == best["raw_data"]["all_scores"]["accuracy"]
    names = {one["column"] for one in content["importance"]["columns"]}
    assert names == set(finished_run["run"]["model_settings"]["featureColumns"])
    assert sum(map(sum, content["classes"]["confusion"])) == content["rows"] == 120
    assert content["worst_rows"]
    assert "reference" not in content  # that is for the hub


@pytest.mark.slow
def test_any_other_is_explained_when_somebody_asks(
    hub: Client, finished_run: dict[str, Any]
) -> None:
    last = finished_run["trials"][-1]
    path = f"/trials/{last['id']}/explanation"
    before = hub.get(path)
    assert (before["status"], before["content"]) == ("not_requested", None)
    assert hub.post(path)["status"] == "waiting"
    assert hub.post(path)["status"] in ("waiting", "done")
    assert explained(hub, last["id"])["content"]["metric"] == "accuracy"


def test_a_trial_that_is_not_there_has_no_explanation(hub: Client) -> None:
    assert hub.call("GET", "/trials/NONE/explanation").status == 404
    assert hub.call("POST", "/trials/NONE/explanation").status == 404
