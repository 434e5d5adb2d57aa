"""What the pages show, to whom, and that names stay text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.hub.client import Client, wait_until
from tests.hub.pages.conftest import Browser, texts_of

HOSTILE = "<script>alert(1)</script>\"'&amp;{{7*7}}"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;amp;{{7*7}}"


def test_a_project_shows_its_data_experiments_and_models(
    hub: Client,
    browser: Browser,
    iris_project: dict[str, Any],
    finished_run: dict[str, Any],
    model: Any,
) -> None:
    project = iris_project["project"]
    text = texts_of(browser.get(f"/projects/{project['id']}").text)
    assert f"{project['name']} running 2 standard nodes" in text
    assert "iris processed 120 5" in text
    assert f"{model['id']} ready" in text
    experiment = hub.get(f"/experiments/{finished_run['run']['experiment_id']}")
    runs = hub.get("/experiment_sessions", experiment_id=experiment["id"])
    status = experiment["last_experiment_session_status"]  # other tests may have added runs
    assert f"{status} {len(runs)}" in text


def test_all_projects_are_on_the_first_page(browser: Browser, iris_project: dict[str, Any]) -> None:
    assert iris_project["project"]["name"] in texts_of(browser.get("/").text)


def test_a_data_set_shows_each_column_with_its_distribution_in_words(
    browser: Browser, iris_project: dict[str, Any]
) -> None:
    page = browser.get(f"/datasets/{iris_project['file']['id']}").text
    assert "petal_width number 0 22 1.207" in texts_of(page)
    assert 'aria-label="from 0.1 to 2.5"' in page
    assert 'aria-label="setosa: 40, versicolor: 40, virginica: 40"' in page


def test_a_data_set_shows_what_moves_together(
    browser: Browser, iris_project: dict[str, Any]
) -> None:
    text = texts_of(browser.get(f"/datasets/{iris_project['file']['id']}").text)
    assert "of 120 rows, between numbers and texts of two values" in text
    assert "petal_length and petal_width" in text


def test_the_leaderboard_has_the_trials_best_first(
    browser: Browser, finished_run: dict[str, Any]
) -> None:
    run, trials = finished_run["run"], finished_run["trials"]
    page = browser.get(f"/experiments/{run['experiment_id']}?run={run['id']}").text
    places = [page.index(f"/trials/{trial['id']}") for trial in trials]
    assert places == sorted(places)
    assert f"{trials[0]['score_value']:.4f}" in page


def test_a_run_tells_what_to_expect_on_new_rows(
    browser: Browser, finished_run: dict[str, Any]
) -> None:
    run = finished_run["run"]
    page = browser.get(f"/experiments/{run['experiment_id']}?run={run['id']}").text
    told = run["model_settings"]["expected"]
    assert (
        f"Expect on new rows {told['score']:.4f} {told['low']:.4f} to {told['high']:.4f}"
        in texts_of(page)
    )


def test_a_finished_run_has_nothing_to_ask_again_for(
    browser: Browser, finished_run: dict[str, Any]
) -> None:
    run = finished_run["run"]
    page = browser.get(f"/experiments/{run['experiment_id']}?run={run['id']}").text
    assert "data-going" not in page
    assert "http-equiv" not in page


def test_a_fragment_is_the_changing_part_of_the_same_page(
    browser: Browser, finished_run: dict[str, Any]
) -> None:
    path = f"/experiments/{finished_run['run']['experiment_id']}"
    fragment = browser.fragment(path).text
    assert fragment.startswith("<main")
    assert fragment.strip() in browser.get(path).text


def test_a_run_under_way_asks_to_be_looked_at_again(
    hub: Client, browser: Browser, iris_project: dict[str, Any]
) -> None:
    run = hub.add_run(iris_project["file"], max_n_trials=500)
    path = f"/experiments/{run['experiment_id']}?run={run['id']}"
    waiting = browser.fragment(path).text
    hub.start_run(run["id"])
    going = browser.fragment(path).text
    hub.stop_run(run["id"])
    over = browser.fragment(path).text
    assert ["data-going" in page for page in (waiting, going, over)] == [False, True, False]


def test_a_trial_shows_every_score_and_fold(browser: Browser, finished_run: dict[str, Any]) -> None:
    trial = finished_run["trials"][0]
    text = texts_of(browser.get(f"/trials/{trial['id']}").text)
    assert f"accuracy {trial['score_value']:.4f}" in text
    assert f"neg_log_loss {trial['raw_data']['all_scores']['neg_log_loss']:.4f}" in text
    assert f"2 {trial['raw_data']['fold_scores'][1]:.4f}" in text


@pytest.mark.slow
def test_a_trial_is_explained_when_a_visitor_asks(
    hub: Client, browser: Browser, finished_run: dict[str, Any]
) -> None:
    trial = finished_run["trials"][1]
    path = f"/trials/{trial['id']}"
    assert "Explain this trial" in browser.get(path).text
    answer = browser.post(path, {}, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}#explanation")
    assert wait_until(lambda: hub.get(f"{path}/explanation")["status"] == "done", seconds=180)
    told = hub.get(f"{path}/explanation")["content"]
    page = browser.get(path).text
    text = texts_of(page)
    first = told["importance"]["columns"][0]
    assert f"{first['column']} {first['mean']:.4f} {first['std']:.4f}" in text
    assert f"ROC of setosa: area {told['classes']['curves'][0]['auc']:.4f}" in text
    assert "data-going" not in page
    assert "Where it is bad" in text


def test_an_unknown_run_of_a_known_experiment_is_not_found(
    browser: Browser, finished_run: dict[str, Any]
) -> None:
    path = f"/experiments/{finished_run['run']['experiment_id']}?run=other"
    assert browser.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/projects/x", "/datasets/-1", "/trials/%00", "/models/%2e%2e"])
def test_what_is_not_there_is_said_in_a_page(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert "There is no such thing here" in answer.text


def test_nobody_sees_what_another_organization_has(
    make_browser: Any,
    iris_project: dict[str, Any],
    finished_run: dict[str, Any],
    model: dict[str, Any],
) -> None:
    stranger = make_browser("passer-by")
    project, file = iris_project["project"], iris_project["file"]
    paths = (
        f"/projects/{project['id']}",
        f"/datasets/{file['id']}",
        f"/experiments/{finished_run['run']['experiment_id']}",
        f"/trials/{finished_run['trials'][0]['id']}",
        f"/models/{model['id']}",
    )
    assert [stranger.get(path).status_code for path in paths] == [404] * 5
    assert stranger.post(f"/models/{model['id']}", {}).status_code == 404
    assert project["name"] not in stranger.get("/").text


def test_a_hostile_project_name_stays_text(hub: Client, browser: Browser) -> None:
    name = HOSTILE.replace("/", "")
    project = hub.post("/projects", name=name)
    page = browser.get(f"/projects/{project['id']}").text
    assert ESCAPED.replace("/", "") in page
    assert "<script>alert" not in page + browser.get("/").text
    hub.call("DELETE", f"/projects/{project['id']}")


def test_hostile_columns_and_values_stay_text(
    hub: Client, browser: Browser, project: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "hostile.csv"
    column = '"<img src=x onerror=alert(1)>",y'
    path.write_text("\n".join([column, *['"<b onclick=""a"">",1', '"</svg>",2'] * 20]))
    file = hub.add_file(project["id"], path, "hostile")
    page = browser.get(f"/datasets/{file['id']}").text
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "&lt;b onclick=&#34;a&#34;&gt;: 20" in page
    assert "<img src=x" not in page
    assert "<b onclick" not in page


def test_a_hostile_experiment_name_stays_text(
    hub: Client, browser: Browser, iris_project: dict[str, Any]
) -> None:
    file = iris_project["file"]
    experiment = hub.post(
        "/experiments", name=HOSTILE, project_id=file["project_id"], data_path=file["url"]
    )
    page = browser.get(f"/experiments/{experiment['id']}").text
    assert ESCAPED in page
    assert "<script>alert" not in page
    assert "No run yet" in page


def test_an_empty_hub_says_how_to_begin(make_browser: Any) -> None:
    assert "auger apply" in texts_of(make_browser("newcomer").get("/").text)


@pytest.mark.parametrize(
    "settings",
    [
        {"evaluation_options": "x"},
        {"evaluation_options": [1]},
        {"evaluation_options": {"scoring": ["x"], "max_n_trials": {"a": [1]}}},
        {"completed_evaluations": "x", "total_evaluations": [1]},
        {"completed_evaluations": True, "total_evaluations": {}},
    ],
)
def test_whatever_a_client_says_of_a_run_its_pages_are_shown(
    hub: Client, browser: Browser, iris_project: dict[str, Any], settings: dict[str, Any]
) -> None:
    run = hub.add_run(iris_project["file"])
    hub.patch(f"/experiment_sessions/{run['id']}", model_settings=settings)
    for path in (f"/experiments/{run['experiment_id']}", f"/projects/{run['project_id']}"):
        assert browser.get(path).status_code == 200
