"""What a person does with the pages in a real browser: each action, and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.hub.client import IRIS, Client, add_user, run_hub, wait_until
from tests.hub.pages import chromium
from tests.hub.pages.chromium import Tab

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium.PROGRAM is None, reason="Chromium is not installed"),
]
_TEXT = "document.querySelector('main')?.innerText"
Visit = Callable[[str], None]


@pytest.fixture(scope="module")
def tab(hub: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """A browser whose visitor is logged in."""
    with chromium.open_tab(tmp_path_factory.mktemp("browser")) as tab:
        tab.open(run_hub(hub.home, "ticket"))
        assert wait_until(lambda: tab.ask("document.querySelector('h1')?.innerText") == "Projects")
        yield tab


@pytest.fixture
def visit(hub: Client, tab: Tab) -> Visit:
    """Return a function that opens a page of the hub and waits for it."""

    def go(path: str) -> None:
        tab.ask("window.isOld = true")
        tab.open(hub.url + path)
        is_there = "!window.isOld && document.readyState === 'complete'"
        assert wait_until(lambda: tab.ask(is_there))

    return go


def says(tab: Tab, text: str, seconds: float = 60) -> bool:
    return wait_until(lambda: text in str(tab.ask(_TEXT)), seconds)


def test_a_file_is_uploaded_searched_stopped_and_its_best_trial_deployed(
    hub: Client, tab: Tab, visit: Visit, project: dict[str, Any], tmp_path: Path
) -> None:
    table = tmp_path / "flowers.csv"
    table.write_bytes(IRIS.read_bytes())
    visit(f"/projects/{project['id']}")
    tab.click("summary")
    tab.choose_file("#upload-file", table)
    tab.click("form.upload button")
    assert says(tab, "120 rows, 5 columns")

    tab.click("summary")
    assert tab.ask("document.querySelector('#search-target').value") == "species"
    tab.click("form[action$='/search'] button", times=2)
    assert wait_until(lambda: tab.ask("document.querySelectorAll('.board tbody tr').length"), 90)
    experiments = hub.get("/experiments", project_id=project["id"])
    runs = hub.get("/experiment_sessions", experiment_id=experiments[0]["id"])
    assert (len(experiments), len(runs)) == (1, 1), "a double click has started twice"
    assert runs[0]["model_type"] == "classification"

    tab.click("form[action$='/stop'] button")
    assert says(tab, "interrupted")
    tab.click(".board tbody th a")
    assert says(tab, "Deploy this trial")
    tab.click("form[action$='/deploy'] button", times=2)
    assert says(tab, "Try a prediction")
    assert wait_until(lambda: tab.ask("!!document.querySelector('form.features button')"), 90)
    tab.click("form.features button")
    assert says(tab, "Answered in")
    tab.click("form[action$='/undeploy'] .sure input")
    tab.click("form[action$='/undeploy'] button")
    (pipeline,) = hub.get("/pipelines", experiment_session_id=runs[0]["id"])
    assert wait_until(lambda: hub.get(f"/pipelines/{pipeline['id']}")["status"] != "ready")


def test_an_empty_file_and_one_that_is_no_table_are_told(
    tab: Tab, visit: Visit, project: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    visit(f"/projects/{project['id']}")
    tab.click("summary")
    tab.choose_file("#upload-file", tmp_path / "empty.csv")
    tab.click("form.upload button")
    assert says(tab, "empty.csv is empty: there is nothing to learn from.")
    tab.choose_file("#upload-file", tmp_path / "photo.png")
    tab.click("form.upload button")
    assert wait_until(lambda: tab.ask("document.querySelector('.complaint')?.innerText.length"))
    assert "photo.png" in tab.ask("document.querySelector('h1').innerText")


def test_a_search_of_no_time_is_refused_with_a_way_back(
    hub: Client, tab: Tab, visit: Visit, iris_project: dict[str, Any]
) -> None:
    path = f"/datasets/{iris_project['file']['id']}"
    visit(path)
    tab.click("summary")
    tab.click("#search-minutes")
    tab.write("#search-minutes", "-1")
    tab.click("form[action$='/search'] button")
    assert says(tab, "minutes are a number from 1 to 1440, not `-1`")
    assert tab.ask("document.querySelector('main a').pathname") == path


def test_who_may_only_read_is_told_so(
    hub: Client, tmp_path: Path, finished_run: dict[str, Any]
) -> None:
    name = "looker"
    added = add_user(hub, name, organization="local")
    run_hub(hub.home, "user", "role", name, "viewer")
    run = finished_run["run"]
    with chromium.open_tab(tmp_path) as tab:
        tab.open(f"{hub.url}/log-in?next=/experiments/{run['experiment_id']}?run={run['id']}")
        assert wait_until(lambda: tab.ask("!!document.querySelector('[name=password]')"))
        for field, text in (("user", name), ("password", added["password"])):
            tab.ask(f"document.querySelector('[name={field}]').value = {json.dumps(text)}")
        tab.click(".log-in button")
        assert says(tab, "Start another run")
        tab.click("form[action$='/start'] button")
        assert says(tab, "The hub refuses this")


def test_a_model_is_exported_and_downloaded(tab: Tab, visit: Visit, model: dict[str, Any]) -> None:
    visit(f"/trials/{model['trial_id']}#downloads")
    tab.click("form:has([value=joblib]) button")  # no other test asks for this one
    row = "[...document.querySelectorAll('tr')].find(row => row.innerText.includes('joblib'))"
    link = f"{row}.querySelector('a[download]')"
    assert wait_until(lambda: tab.ask(f"!!{link}"), 90)
    size = tab.wait_for(f"fetch({link}.href).then(r => r.blob()).then(b => b.size)")
    assert size > 1000


def test_the_board_is_searched_by_typing(
    tab: Tab, visit: Visit, finished_run: dict[str, Any]
) -> None:
    run = finished_run["run"]
    visit(f"/experiments/{run['experiment_id']}?run={run['id']}")
    tab.click("#board-filter")
    tab.write("#board-filter", "dummy")
    shown = "[...document.querySelectorAll('.board tbody tr')].filter(r => !r.hidden).length"
    assert tab.ask(shown) == 1
    assert "1 of" in tab.ask("document.querySelector('[data-count=board]').innerText")


def test_everything_on_the_page_of_a_model_is_reached_with_the_keyboard(
    tab: Tab, visit: Visit, model: dict[str, Any]
) -> None:
    visit(f"/models/{model['id']}")
    wanted = "document.querySelector('form.features button')"
    for _ in range(60):
        tab.press("Tab")
        if tab.ask(f"document.activeElement === {wanted}"):
            break
    tab.press("Enter")
    assert says(tab, "Answered in")


@pytest.fixture(scope="module")
def paths(
    iris_project: dict[str, Any], finished_run: dict[str, Any], model: dict[str, Any]
) -> list[str]:
    """A page of each kind."""
    run = finished_run["run"]
    return [
        "/",
        f"/projects/{iris_project['project']['id']}",
        f"/datasets/{iris_project['file']['id']}",
        f"/experiments/{run['experiment_id']}?run={run['id']}",
        f"/trials/{finished_run['trials'][0]['id']}",
        f"/models/{model['id']}",
        f"/compare?left={run['id']}&right={run['id']}",
        "/applies",
        "/controllers",
        "/audit",
        "/account",
        "/users",
        f"/log-in/command-line?challenge={'p' * 43}&state={'p' * 43}&device=desk",
    ]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
def test_every_page_follows_the_rules_of_accessibility(
    tab: Tab, visit: Visit, paths: list[str], width: int, scheme: str
) -> None:
    tab.see(width, scheme)
    rules = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    broken = {}
    for path in paths:
        visit(path)
        tab.ask("document.querySelectorAll('details').forEach(one => one.open = true)")
        tab.ask(rules)
        told = tab.wait_for("axe.run().then(r => r.violations.map(v => [v.id, v.nodes[0].html]))")
        broken |= {path: told} if told else {}
    assert broken == {}


@pytest.mark.parametrize("width", [1280, 800, 400])
def test_no_page_is_wider_than_the_screen(
    tab: Tab, visit: Visit, paths: list[str], width: int
) -> None:
    tab.see(width, "light")
    widths = {}
    for path in paths:
        visit(path)
        widths[path] = tab.ask("document.documentElement.scrollWidth")
    assert {path: wide for path, wide in widths.items() if wide > width} == {}


def test_the_longest_metric_fits_on_a_phone(
    tab: Tab, visit: Visit, finished_run: dict[str, Any]
) -> None:
    tab.see(400, "light")
    visit(f"/trials/{finished_run['trials'][0]['id']}")
    longest = "neg_mean_squared_log_error"
    tab.ask(f"document.querySelector('#scores ~ table tbody th').textContent = '{longest}'")
    assert longest in tab.ask(_TEXT)
    assert tab.ask("document.documentElement.scrollWidth") <= 400
