"""The buttons of the pages do what a client's requests do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hub.client import Client, wait_until
from tests.hub.pages.conftest import Browser, texts_of


def path_of(browser: Browser, url: str) -> str:
    return url.removeprefix(browser.url)


@pytest.mark.slow
def test_a_run_is_started_again_and_stopped(
    hub: Client, browser: Browser, finished_run: dict[str, Any]
) -> None:
    page = browser.get(
        f"/experiments/{finished_run['run']['experiment_id']}?run={finished_run['run']['id']}"
    )
    assert "Start another run with these settings" in page.text
    started = browser.post(f"/runs/{finished_run['run']['id']}/start", {})
    run_id = path_of(browser, started.url).partition("run=")[2]
    assert run_id != finished_run["run"]["id"]
    run = hub.get(f"/experiment_sessions/{run_id}")
    assert run["status"] in ("preprocess", "started", "completed")
    options = run["model_settings"]["evaluation_options"]
    assert options["targetFeature"] == "species"
    assert options["max_n_trials"] == 3
    browser.post(f"/runs/{run_id}/stop", {})
    ended = ("interrupted", "completed")
    assert wait_until(lambda: hub.get(f"/experiment_sessions/{run_id}")["status"] in ended)
    compared = browser.get(f"/compare?left={finished_run['run']['id']}&right={run_id}")
    assert compared.status_code == 200
    assert "Best of each algorithm" in texts_of(compared.text)


def test_a_run_that_does_not_run_cannot_be_stopped(
    browser: Browser, finished_run: dict[str, Any]
) -> None:
    answer = browser.post(f"/runs/{finished_run['run']['id']}/stop", {})
    assert answer.status_code == 400
    assert "cannot transition" in answer.text


def test_a_trial_is_exported_and_downloaded(
    hub: Client, browser: Browser, model: dict[str, Any]
) -> None:
    path = f"/trials/{model['trial_id']}"
    browser.post(f"{path}/export", {"format": "zip"})
    assert wait_until(lambda: "Download</a>" in browser.get(path).text, 60)
    assert browser.post(f"{path}/export", {"format": "exe"}).status_code == 400


def test_a_model_is_undeployed_only_by_who_says_so(
    hub: Client, browser: Browser, model: dict[str, Any]
) -> None:
    answer = browser.post(f"/models/{model['id']}/undeploy", {})
    assert answer.status_code == 400
    assert "tick the box" in answer.text
    assert hub.get(f"/pipelines/{model['id']}")["status"] == "ready"


def test_a_web_address_becomes_a_data_set(
    hub: Client, browser: Browser, project: dict[str, Any]
) -> None:
    path = f"/projects/{project['id']}/datasets"
    made = browser.post(path, {"name": "far.csv", "url": "http://127.0.0.1:9/far.csv"})
    assert path_of(browser, made.url).startswith("/datasets/")
    assert browser.post(path, {"name": "far.csv", "url": ""}).status_code == 400


def test_an_upload_gets_a_signed_form(browser: Browser, project: dict[str, Any]) -> None:
    answer = browser.post(f"/projects/{project['id']}/upload", {"name": "../t.csv"})
    assert answer.status_code == 200
    assert 'data-upload="s3://' in answer.text
    assert 'name="x-amz-signature"' in answer.text
    assert ".." not in answer.text.partition('name="key" value="')[2].partition('"')[0]


@pytest.mark.parametrize(
    "path",
    ["/runs/0/start", "/runs/0/stop", "/trials/0/deploy", "/trials/0/export", "/models/0/undeploy"],
)
def test_what_is_not_there_is_not_acted_on(browser: Browser, path: str) -> None:
    assert browser.post(path, {"sure": "yes"}).status_code == 404


def test_other_sites_cannot_press_a_button(browser: Browser, finished_run: dict[str, Any]) -> None:
    headers = {"Origin": "https://elsewhere.example"}
    answer = browser.post(f"/runs/{finished_run['run']['id']}/start", {}, headers=headers)
    assert answer.status_code == 403


def test_a_comparison_needs_two_runs(browser: Browser, finished_run: dict[str, Any]) -> None:
    assert browser.get(f"/compare?left={finished_run['run']['id']}").status_code == 404
    assert browser.get(f"/compare?left={finished_run['run']['id']}&right=0").status_code == 404


@pytest.mark.parametrize(
    ("came_from", "leads_to"),
    [
        ("{hub}/datasets/7?x=1", "/datasets/7?x=1"),
        ("{hub}//evil.test/", ""),
        ("http://evil.test/a", ""),
    ],
)
def test_a_refused_form_leads_back_to_a_page_of_this_hub_alone(
    hub: Client, browser: Browser, iris_project: dict[str, Any], came_from: str, leads_to: str
) -> None:
    path = f"/datasets/{iris_project['file']['id']}/search"
    headers = {"Referer": came_from.format(hub=hub.url)}
    answer = browser.post(path, {"minutes": "-1"}, headers=headers)
    assert answer.status_code == 400
    main = answer.text[answer.text.index("<main") :]
    assert (f'href="{leads_to}"' in main) == bool(leads_to)
    assert "evil.test" not in main
