"""The page's script in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.hub.client import Client, run_hub, wait_until
from tests.hub.pages import chromium

pytestmark = pytest.mark.slow

_ROWS = "document.querySelectorAll('.board tbody tr').length"


@pytest.mark.skipif(chromium.PROGRAM is None, reason="Chromium is not installed")
def test_the_leaderboard_grows_without_a_reload_until_the_run_is_over(
    hub: Client, iris_project: dict[str, Any], tmp_path: Path
) -> None:
    run = hub.add_run(iris_project["file"], max_n_trials=500)
    hub.start_run(run["id"])
    path = f"/experiments/{run['experiment_id']}"
    ticket = run_hub(hub.home, "ticket")
    with chromium.open_tab(tmp_path) as tab:
        tab.open(f"{ticket}&next={path}")
        assert wait_until(lambda: tab.ask("'going' in document.body.querySelector('main').dataset"))
        tab.ask("window.isStillHere = true")
        before = tab.ask(_ROWS)
        assert wait_until(lambda: tab.ask(_ROWS) > before, 40)
        hub.stop_run(run["id"])
        said = "document.querySelector('[aria-live]').textContent"
        assert wait_until(lambda: "interrupted" in tab.ask(said))
        assert tab.ask("window.isStillHere")
        assert not tab.ask("'going' in document.querySelector('main').dataset")


@pytest.mark.skipif(chromium.PROGRAM is None, reason="Chromium is not installed")
def test_nothing_that_is_uploaded_or_named_runs_in_the_browser(hub: Client, tmp_path: Path) -> None:
    trap = "<img src=x onerror=window.sprung=1><script>window.sprung=1</script>"
    project = hub.post("/projects", name=trap.replace("/", ""))
    table = tmp_path / "t.csv"
    table.write_text("\n".join([f'"{trap}",y', *[f'"{trap}",{n % 2}' for n in range(40)]]))
    file = hub.add_file(project["id"], table, trap)
    ticket = run_hub(hub.home, "ticket")
    with chromium.open_tab(tmp_path) as tab:
        for path in ("/", f"/projects/{project['id']}", f"/datasets/{file['id']}"):
            tab.open(f"{ticket}&next={path}" if path == "/" else hub.url + path)
            assert wait_until(lambda: "onerror" in str(tab.ask("document.body?.innerText")))
            assert tab.ask("window.sprung") is None
        tab.ask("document.body.innerHTML = '<b onclick=\"window.sprung=1\" id=b>x</b>'; b.click()")
        assert tab.ask("window.sprung") is None, "the policy allows scripts in the page"
    hub.call("DELETE", f"/projects/{project['id']}")
