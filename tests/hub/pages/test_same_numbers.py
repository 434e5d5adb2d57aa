"""One board, the same numbers everywhere: live, at the end, on the wire, as JSON, text and page."""

from __future__ import annotations

import csv
import json
import math
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.hub.client import IRIS, Client, wait_until
from tests.hub.pages.conftest import Browser, texts_of

Rows = list[list[Any]]


def flowers(_: random.Random) -> Rows:
    with IRIS.open(newline="") as file:
        return list(csv.reader(file))


def churn(luck: random.Random) -> Rows:
    """Customers: numbers, names, gaps, two classes of which one is rare."""
    rows: Rows = [["plan", "region", "months", "spent", "calls", "target"]]
    for _ in range(300):
        months, calls = luck.randint(1, 60), luck.randint(0, 9)
        spent = "" if luck.random() < 0.1 else round(luck.lognormvariate(3, 1), 2)
        leaves = luck.random() < 1 / (1 + math.exp(2.5 + months / 20 - calls / 2))
        names = [luck.choice("abc"), luck.choice(["north", "south", "west"])]
        rows.append([*names, months, spent, calls, "yes" if leaves else "no"])
    return rows


def houses(luck: random.Random) -> Rows:
    """Houses: twelve columns of every kind, gaps, prices with a long tail."""
    names = [f"room {n}" for n in range(6)] + [f"kind {n}" for n in range(5)]
    rows: Rows = [[*names, "built", "target"]]
    for _ in range(150):
        rooms = [round(luck.gauss(20, 5), 1) for _ in range(6)]
        kinds = [luck.choice(["old", "new", "none", ""]) for _ in range(5)]
        built = f"{luck.randint(1900, 2010)}-{luck.randint(1, 12):02d}-01"
        price = sum(rooms) * 900 * luck.lognormvariate(0, 0.1) + kinds.count("new") * 9000
        rows.append([*rooms, *kinds, built, round(price)])
    return rows


def days(luck: random.Random) -> Rows:
    """Sales of 150 days, with a week and a trend."""
    rows: Rows = [["day", "promotion", "target"]]
    for n in range(150):
        month, day = divmod(n, 28)
        promotion = int(luck.random() < 0.2)
        sold = 100 + n / 3 + 20 * math.sin(n * math.tau / 7) + 30 * promotion + luck.gauss(0, 4)
        rows.append([f"2025-{month + 1:02d}-{day + 1:02d}", promotion, round(sold, 2)])
    return rows


Table = tuple[Callable[[random.Random], Rows], str, str]
TABLES: dict[str, Table] = {
    "iris": (flowers, "classification", "f1_macro"),
    "churn": (churn, "classification", "roc_auc"),
    "houses": (houses, "regression", "r2"),
    "series": (days, "timeseries", "neg_mean_absolute_error"),
}


def write(path: Path, rows: Rows) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def auger(hub: Client, folder: Path, *arguments: str) -> str:
    """Run the command as the hub's own user, and return what it prints."""
    credentials = (hub.home / "auger.json").read_text()
    environ = {**os.environ, "HOME": str(folder), "AUGER_CREDENTIALS": credentials}
    done = subprocess.run(
        [sys.executable, "-m", "auger_reconcile", *arguments],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def search(hub: Client, folder: Path, name: str) -> tuple[dict[str, Any], dict[str, float]]:
    """Return a completed run with a holdout, and the scores that its board showed meanwhile."""
    make, model_type, metric = TABLES[name]
    header, *body = make(random.Random(7))
    if model_type != "timeseries":
        random.Random(1).shuffle(body)
    cut = len(body) * 4 // 5
    project = hub.add_project()
    data = hub.add_file(project["id"], write(folder / "data.csv", [header, *body[:cut]]), "data")
    held = hub.add_file(project["id"], write(folder / "held.csv", [header, *body[cut:]]), "held")
    target = header[-1]
    run = hub.add_run(
        data,
        model_type=model_type,
        targetFeature=target,
        featureColumns=header[:-1],
        categoricalFeatures=[],
        timeSeriesFeatures=["day"] if model_type == "timeseries" else [],
        classification=model_type == "classification",
        scoring=metric,
        max_n_trials=3,
        use_ensemble=True,
        crossValidationFolds=3,
        seed=3,
    )
    path = f"/experiment_sessions/{run['id']}"
    hub.patch(path, holdout_id=held["id"])
    hub.start_run(run["id"])
    live: dict[str, float] = {}

    def is_scored() -> bool:
        for trial in hub.get("/trials", experiment_session_id=run["id"]):
            live.setdefault(trial["id"], trial["score_value"])
        found = hub.get(path)
        assert found["status"] != "error", found["model_settings"]["errors"]
        return found["status"] == "completed" and found["holdout_status"] != "waiting"

    assert wait_until(is_scored, 240)
    return hub.get(path), live


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_every_view_of_a_board_shows_the_same_numbers(
    hub: Client, browser: Browser, tmp_path: Path, name: str
) -> None:
    run, live = search(hub, tmp_path, name)
    trials = hub.get("/trials", experiment_session_id=run["id"])
    final = {trial["id"]: trial["score_value"] for trial in trials}
    assert final == live
    told = run["model_settings"]
    assert (told["holdout"]["status"], told["holdout"]["error"]) == ("scored", None)
    for trial in trials:
        raw = trial["raw_data"]
        assert trial["score_value"] == raw["all_scores"][raw["score_name"]]
        assert raw["score"] == pytest.approx(sum(raw["fold_scores"]) / len(raw["fold_scores"]))
    assert run["top_score_value"] == max(final.values()) == final[told["best_trial_id"]]

    board = json.loads(auger(hub, tmp_path, "experiment", "leaderboard", run["id"], "--json"))
    assert {row["id"]: row["score"] for row in board["trials"]} == final
    held = {one["trial_id"]: one["score"] for one in told["evaluations"]}
    shown = {row["id"]: row["holdout"] for row in board["trials"] if row["holdout"] is not None}
    assert shown == held
    assert board["expected"]["best"] == run["top_score_value"]

    text = auger(hub, tmp_path, "experiment", "leaderboard", run["id"])
    page = texts_of(browser.get(f"/experiments/{run['experiment_id']}?all=1").text)
    for trial_id, score in final.items():
        (line,) = (line for line in text.splitlines() if trial_id in line and "deploy" not in line)
        numbers = re.findall(r"-?[\d,]+\.\d{4}", line)
        wanted = [f"{score:.4f}"] + ([f"{held[trial_id]:.4f}"] if trial_id in held else [])
        assert numbers[: len(wanted)] == wanted
        before = page[: page.index(trial_id)].rsplit("%", 1)[-1][-120:].replace(",", "")
        assert set(wanted) <= set(before.split())
