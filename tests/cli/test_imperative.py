"""Every command about one thing, from an empty HOME, against a real local hub."""

from __future__ import annotations

import json
import re
from pathlib import Path
from uuid import uuid4

import pytest

from tests.api.live_hub import LiveHub, write_flowers

from .conftest import User


@pytest.fixture
def logged_in(hub: LiveHub, monkeypatch: pytest.MonkeyPatch) -> LiveHub:
    monkeypatch.setenv("AUGER_CREDENTIALS", hub.credentials)
    return hub


def log_in(user: User, hub: LiveHub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = folder / "password"
    secret.write_text(f"{hub.password}\n")
    with secret.open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        login = ("auth", "login", "-u", hub.username, "-o", hub.organization)
        done = user.run(*login, "--password-stdin", "--url", hub.url)
    assert (done.code, done.err) == (0, "")


def setting(folder: Path, line: str) -> str:
    """Return what auger.yaml says after the first `line:` ."""
    text = (folder / "auger.yaml").read_text()
    return text.split(f"{line}:", 1)[1].split("\n", 1)[0].strip()


def test_every_command_does_what_its_line_says(  # noqa: PLR0915 - one story, told in order
    user: User, hub: LiveHub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ok(*command: str) -> str:
        done = user.run(*command)
        assert done.code == 0, (command, done)
        return done.out

    def listed(kind: str) -> str:
        """Return a list with single spaces."""
        return "\n".join(" ".join(line.split()) for line in ok(kind, "list").splitlines())

    def ask(*command: str) -> object:
        return json.loads(ok(*command, "--json"))

    # auth: login, whoami
    log_in(user, hub, folder, monkeypatch)
    stored = folder.parent / "home" / ".augerai" / "auger.json"
    assert stored.stat().st_mode & 0o777 == 0o600
    assert ok("auth", "whoami") == f"anna in organization shop at {hub.url}\n"
    # new: creates local folder and puts there auger.yaml
    write_flowers(folder)
    name = f"script-{uuid4().hex[:8]}"
    ok("new", name, "--source", "flowers.csv", "--target", "species")
    home = folder / name
    monkeypatch.chdir(home)
    text = (home / "auger.yaml").read_text()
    text = text.replace("max_n_trials: 20", "max_n_trials: 1").replace("folds: 5", "folds: 2")
    (home / "auger.yaml").write_text(text.replace("ensemble: true", "ensemble: false"))
    # project: create stores its name, list marks it, start and stop the cluster
    ok("project", "create", f"{name}-b")
    assert setting(home, "name") == f"{name}-b"
    ok("project", "create", name)
    assert setting(home, "name") == name
    ok("project", "select", f"{name}-b")
    ok("project", "select", name)
    assert f"* {name} " in listed("project")
    ok("project", "start")
    assert "The cluster runs already." in ok("project", "start")
    assert f"* {name} running" in listed("project")
    ok("project", "stop")
    # dataset: create from a local file, starting the cluster; list; download
    made = ok("dataset", "create")
    assert f"> project.{name}" in made
    assert setting(home, "dataset") == "flowers.csv"
    ok("dataset", "create", "../flowers.csv")
    assert "* flowers.csv processed" in listed("dataset")
    ok("dataset", "select", "flowers.csv")
    # dataset: show what the hub makes of it, check says the same without a hub
    shown, checked = ask("dataset", "show"), ask("dataset", "check")
    assert isinstance(shown, dict)
    assert isinstance(checked, dict)
    assert (shown["name"], shown["rows"], checked["source"]) == (
        "flowers.csv",
        24,
        "../flowers.csv",
    )
    assert [shown[name] for name in ("schema", "notices", "rows")] == [
        checked[name] for name in ("schema", "notices", "rows")
    ]
    assert re.search("^species +category +target +3 ", ok("dataset", "show"), re.M)
    assert ok("dataset", "download", "--to", "back") == "back/flowers.csv\n"
    assert Path("back/flowers.csv").read_bytes() == Path("../flowers.csv").read_bytes()
    # experiment: start with the settings of auger.yaml, leaderboard, history, list, stop
    ok("experiment", "start", "--wait")
    assert setting(home, "experiment:\n  name") == "flowers.csv-experiment"
    board = ask("experiment", "leaderboard")
    assert isinstance(board, dict)
    assert board["status"] == "completed"
    model = board["trials"][0]["id"]
    assert f"* {model}" in ok("experiment", "leaderboard")
    assert "max_n_trials: 1\n" in ok("experiment", "history")
    run = board["run_id"]
    compared = ok("experiment", "compare", run, run)
    assert "All settings are the same." in compared
    assert ok("experiment", "compare", run, run, "--out", "-") == compared
    assert "* flowers.csv-experiment completed" in listed("experiment")
    assert ok("experiment", "stop") == "No run is active.\n"
    # model: deploy on the hub and locally, list, predict, actual, undeploy
    ok("model", "deploy", model)
    ok("model", "deploy", model, "--locally")
    assert Path(f"models/model-{model}.zip").is_file()
    assert f"{model} ready" in listed("model")
    assert ok("model", "predict", "../flowers.csv", "--model-id", model)
    cloud = Path("../flowers_predicted.csv").read_text()
    assert ok("model", "predict", "../flowers.csv", "--model-id", model, "--locally")
    assert Path("../flowers_predicted.csv").read_text() == cloud
    with Path("../flowers.csv").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        assert ok("model", "predict", "-") == cloud
    ok("model", "predict", "../flowers.csv", "-m", model, "--proba", "-o", "p.csv")
    assert Path("p.csv").read_text().startswith(cloud.partition("\n")[0] + ",proba_")
    # model: evaluate on rows whose target is known, as a table and as JSON
    scored = ask("model", "evaluate", "../flowers.csv", "--model-id", model)
    assert isinstance(scored, dict)
    assert (scored["rows"], scored["target"]) == (24, "species")
    table = ok("model", "evaluate", "../flowers.csv")
    assert table.startswith("24 rows with a known `species`")
    figure = f"{scored['scores']['accuracy']:.4f}"
    assert re.search(rf"^  accuracy +{figure}$", table, re.M)
    assert ok("model", "actual", "../flowers.csv", "--model-id", model) == "Sent 24 rows.\n"
    # model: what serves it needs no hub
    made = ask("model", "serve", model, "--dockerfile")
    assert isinstance(made, dict)
    assert made["dockerfile"].splitlines()[2].startswith("FROM python:")
    with Path("../flowers.csv").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        assert ok("model", "actual", "-", "--model-id", model) == "Sent 24 rows.\n"
    ok("model", "undeploy", model, "--yes")
    assert ask("model", "list") == []
    # delete: clears the names, one after the other
    ok("experiment", "delete", "--yes")
    assert setting(home, "experiment:\n  name") == ""
    ok("dataset", "delete", "--yes")
    assert setting(home, "dataset") == ""
    ok("project", "delete", "--yes")
    assert setting(home, "name") == ""
    assert f" {name} " not in listed("project")
    # auth: logout
    assert ok("auth", "logout") == "Logged out.\n"
    assert not stored.exists()
