"""Trying a prediction in the browser."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from auger_hub.pages.models import _curl
from auger_hub.pages.question import make_fields
from auger_hub.pages.rivals import on_newest_holdout
from tests.hub.client import Client, wait_until
from tests.hub.pages.conftest import Browser, texts_of, wait_for_text

SETOSA = {"f0": "5.1", "f1": "3.5", "f2": "1.4", "f3": "0.2"}


def test_the_form_has_a_field_a_feature_with_a_typical_value(
    browser: Browser, model: dict[str, Any]
) -> None:
    page = browser.get(f"/models/{model['id']}").text
    labels = re.findall(r'<label for="(f\d)">(\w+)</label>', page)
    assert labels == [
        ("f0", "sepal_length"),
        ("f1", "sepal_width"),
        ("f2", "petal_length"),
        ("f3", "petal_width"),
    ]
    assert 'name="f3" value="1.207"' in page


def test_the_answer_comes_with_the_probability_of_each_class(
    browser: Browser, model: dict[str, Any]
) -> None:
    sent = browser.post(f"/models/{model['id']}", SETOSA)
    path = sent.url.removeprefix(browser.url)
    text = wait_for_text(browser, path, "Answered in")
    assert "species setosa" in text
    chances = re.findall(r"(setosa|versicolor|virginica) ([\d.]+) %", text)
    assert sorted(name for name, _ in chances) == ["setosa", "versicolor", "virginica"]
    assert abs(sum(float(share) for _, share in chances) - 100) < 0.2
    assert 'name="f2" value="1.4"' in browser.get(path).text


def test_the_answer_says_what_each_column_adds(browser: Browser, model: dict[str, Any]) -> None:
    sent = browser.post(f"/models/{model['id']}", SETOSA)
    text = wait_for_text(browser, sent.url.removeprefix(browser.url), "Expected of any row")
    assert len(re.findall(r"(?:sepal|petal)_(?:length|width) [+-][\d.]+", text)) == 4


def test_an_empty_field_is_a_missing_value(browser: Browser, model: dict[str, Any]) -> None:
    sent = browser.post(f"/models/{model['id']}", {**SETOSA, "f1": ""})
    path = sent.url.removeprefix(browser.url)
    assert "species setosa" in wait_for_text(browser, path, "Answered in")


def test_a_text_for_a_number_is_said_beside_its_field(
    browser: Browser, model: dict[str, Any]
) -> None:
    answer = browser.post(f"/models/{model['id']}", {**SETOSA, "f1": "wide"})
    assert answer.status_code == 400
    assert "This should be a number." in answer.text
    assert 'value="wide"' in answer.text
    assert 'value="5.1"' in answer.text


def test_the_command_for_programs_works_as_it_stands(
    hub: Client, browser: Browser, model: dict[str, Any]
) -> None:
    page = browser.get(f"/models/{model['id']}").text
    command = unescape(re.search(r"<pre[^>]*>(curl .*?)</pre>", page, re.S)[1])
    _, url, *options = shlex.split(command.replace("\\\n", ""))
    assert options[1] == "Authorization: Bearer $AUGER_TOKEN"
    headers = {"Authorization": f"Bearer {hub.token}"}
    asked = requests.post(url, json=json.loads(options[-1]), headers=headers, timeout=30)
    prediction = asked.json()["data"]
    path = f"/models/{model['id']}?prediction={prediction['id']}"
    assert wait_until(lambda: "Answered in" in texts_of(browser.get(path).text))


def test_no_name_of_a_column_runs_as_a_command(tmp_path: Path) -> None:
    names = ["it's", "$(touch ran)", "`touch ran`", '"; touch ran; "', "a\nb", "\\"]
    fields = [SimpleNamespace(name=name, sent=name) for name in names]
    call = SimpleNamespace(base_url="http://hub'; touch ran; '")
    command = _curl(call, SimpleNamespace(id="P'1"), fields)  # type: ignore[arg-type]
    script = f"curl() {{ printf '%s\\0' \"$@\"; }}\n{command}\n"
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, check=True)
    url, *options, body, _ = done.stdout.decode().split("\0")
    assert url == "http://hub'; touch ran; '/api/v1/predictions"
    assert options[-1] == "-d"
    asked = {"pipeline_id": "P'1", "features": names, "records": [names]}
    assert json.loads(body) == asked
    assert list(tmp_path.iterdir()) == []


def test_a_prediction_of_another_model_is_not_shown(
    browser: Browser, model: dict[str, Any]
) -> None:
    assert browser.get(f"/models/{model['id']}?prediction=other").status_code == 404


def test_a_model_that_lives_elsewhere_has_a_page(
    hub: Client, browser: Browser, project: dict[str, Any]
) -> None:
    known = {"target_column": "price", "score_name": "r2", "score_value": "0.91"}
    model = hub.post("/pipelines", project_id=project["id"], name="theirs", **known)
    page = browser.get(f"/models/{model['id']}")
    assert page.status_code == 200
    assert "theirs ready" in texts_of(page.text)
    assert "of price" in texts_of(page.text)
    assert "r2 0.9100" in texts_of(page.text)
    assert "<form" not in page.text.partition("<main")[2]
    assert browser.post(f"/models/{model['id']}", {"f0": "1"}).status_code == 200


@pytest.mark.slow
def test_a_model_is_shown_whatever_a_client_said_of_its_run(
    hub: Client, browser: Browser, iris_project: dict[str, Any]
) -> None:
    run = hub.add_run(iris_project["file"], max_n_trials=1)
    hub.start_run(run["id"])
    hub.wait("ExperimentSession", run["id"], "completed")
    trial = hub.get("/trials", experiment_session_id=run["id"])[0]
    model = hub.post("/pipelines", trial_id=trial["id"])
    hub.wait("Pipeline", model["id"], "ready")
    for said in ("x", [1], {"featureColumns": 5, "targetFeature": ["x"]}):
        settings = {"evaluation_options": said}
        hub.patch(f"/experiment_sessions/{run['id']}", model_settings=settings)
        assert browser.get(f"/models/{model['id']}").status_code == 200
        assert hub.get(f"/pipelines/{model['id']}")["id"] == model["id"]


@pytest.mark.parametrize("told", [None, "x", 5, [1, "x", None], {"a": 1}])
def test_a_feature_that_nothing_good_is_known_of_is_a_text(told: object) -> None:
    assert [(field.name, field.kind) for field in make_fields(["a"], told)] == [("a", "text")]


def test_challengers_are_told_on_the_holdout_of_the_newest_run() -> None:
    def told(trial: str, data: int, score: float | None) -> dict[str, Any]:
        return {"trial_id": trial, "project_file_id": data, "metric": "auc", "score": score}

    newest = {"holdout": {"project_file_id": 2}, "evaluations": [told("B", 2, 0.9)]}
    oldest = {"holdout": {"project_file_id": 1}, "evaluations": [told("A", 1, 0.7)]}
    between = {"evaluations": [told("A", 2, 0.8), told("C", 2, None)]}
    found = on_newest_holdout([newest, between, oldest], "auc")
    assert found == {"A": 0.8, "B": 0.9}
    assert on_newest_holdout([newest], "r2") == on_newest_holdout([between], "auc") == {}
