"""Break one part of a running composition after the other, and look whether anybody notices.

Each step has a run under way when it begins and is over when all is well again. What is looked at
in the end: every run completed once, every model answers, the plan is empty, and what was
acknowledged is there.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from deploy.drill.load import PATIENCE_SECONDS, STRICT_SECONDS, Hubs, Load, Refused
from deploy.local.composition import HUBS, WORKERS, Composition, ask_ready, wait_until

_ROOT = Path(__file__).parents[2]
_TABLE = _ROOT / "examples" / "iris" / "iris.csv"
_YAML = """\
name: drill
source: iris.csv
model_type: classification
target: species
experiment:
  metric: accuracy
  max_n_trials: 2
  cross_validation_folds: 2
cluster:
  min_nodes: 1
  max_nodes: 2
models:
  flowers:
    trial: best
"""
_OPTIONS = {
    "targetFeature": "species",
    "featureColumns": ["sepal_length", "sepal_width", "petal_length", "petal_width"],
    "categoricalFeatures": ["species"],
    "timeSeriesFeatures": [],
    "labelEncodingFeatures": [],
    "binaryClassification": False,
    "classification": True,
    "crossValidationFolds": 2,
    "max_total_time_mins": 60,
    "max_eval_time_mins": 5,
    "use_ensemble": False,
    "scoring": "accuracy",
}
_TRIALS = 8
_MOST_RUNS = 2
_PAGE = 100
_WELL_SECONDS = 180.0
_RUN_SECONDS = 600.0
_STAY_SECONDS = 2.0
"""How long what was killed stays away."""
_FOLLOW_SECONDS = 12.0
"""In which another hub leads."""


class StepFailed(Exception):
    """Something was not well again in time, or is not as it should be."""


@dataclass(frozen=True)
class Step:
    """What is done, and what the hubs' clients may notice of it: nothing, or that they wait."""

    name: str
    do: Callable[[], None]
    patience: float = PATIENCE_SECONDS


class Drill:
    """The steps, on one composition."""

    def __init__(self, composition: Composition, *, cut_seconds: float) -> None:
        self._parts = composition
        self._cut_seconds = cut_seconds
        self._folder = composition.folder / "project"
        self._runs: list[str] = []
        self._is_good = True

    def run(self) -> bool:
        """Do all of it; return whether all was well."""
        self._set_up()
        self._load.start()
        for step in self._steps():
            self._take(step)
        self._check("every run completed once", self._see_runs)
        self._load.stop()
        self._check("every model answers at both hubs", self._see_models)
        self._check("what was acknowledged is there", self._see_acknowledged)
        self._check("the plan is empty", self._see_plan)
        return self._is_good

    def _steps(self) -> list[Step]:
        parts = self._parts
        steps = [
            Step("kill -9 the hub that leads", lambda: self._kill_hub(leads=True), STRICT_SECONDS),
            Step("kill -9 the other hub", lambda: self._kill_hub(leads=False), STRICT_SECONDS),
            *(Step(f"kill -9 {name}", partial(self._kill_compute, name)) for name in WORKERS),
            Step("kill -9 the scheduler", lambda: self._kill_compute("scheduler")),
            Step("kill -9 the store", lambda: self._kill("store")),
            Step("kill -9 the database", lambda: self._kill("database")),
            Step(f"replace the disk of {HUBS[0]}", self._replace_disk, STRICT_SECONDS),
            Step("roll on, one hub after the other", self._roll, STRICT_SECONDS),
            Step(f"cut the scheduler off for {self._cut_seconds:.0f} s", self._cut_scheduler),
        ]
        if parts.has_small_home:
            steps.append(Step(f"fill the disk of {HUBS[1]}", self._fill_disk, STRICT_SECONDS))
        else:
            print("     -  fill a disk: left out, a small one takes root", flush=True)
        return steps

    def _set_up(self) -> None:
        """Make a user, and a project with a deployed model as auger.yaml says."""
        began = time.monotonic()
        add = ["-m", "auger_hub", "user", "add", "drill", "--organization", "drill"]
        done = self._command([sys.executable, *add], self._parts.environment(HUBS[0]))
        token = json.loads(done.stdout)["token"]
        self._folder.mkdir()
        (self._folder / "auger.yaml").write_text(_YAML)
        shutil.copy(_TABLE, self._folder)
        credentials = {
            "username": "drill",
            "api_url": self._parts.url(HUBS[0]),
            "token": token,
            "organization": "drill",
        }
        (self._folder / "auger.json").write_text(json.dumps(credentials))
        self._auger("apply", "--auto-approve")
        self._hubs = Hubs([self._parts.url(name) for name in HUBS], token)
        self._project = self._hubs.call("GET", "/projects")[0]["id"]
        self._file = self._hubs.call("GET", "/project_files", project_id=self._project)[0]
        self._model = self._hubs.call("GET", "/pipelines", project_id=self._project)[0]["id"]
        self._load = Load(self._hubs, self._project, self._model, _TABLE.read_bytes())
        self._hubs.count()
        self._say(began, "a project by `auger apply`, and load on both hubs")

    def _auger(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "AUGER_CREDENTIALS_PATH": str(self._folder)}
        command = [sys.executable, "-m", "auger_reconcile", *arguments]
        return self._command(command, environment, cwd=self._folder)

    def _command(
        self, command: list[str], environment: dict[str, str], cwd: Path = _ROOT
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, env=environment, cwd=cwd, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise StepFailed(f"{' '.join(command[2:4])}: {done.stdout}{done.stderr}")
        return done

    def _take(self, step: Step) -> None:
        """Do one step with a run under way, and say what came of it and of the load."""
        began, problem = time.monotonic(), ""
        try:
            self._begin_run()
            self._hubs.count()
            self._hubs.patience = step.patience
            began = time.monotonic()
            step.do()
        except (StepFailed, Refused) as error:
            problem = str(error)
        seconds = time.monotonic() - began
        count = self._hubs.count()
        self._hubs.patience = PATIENCE_SECONDS
        told = f"{count.sent} requests, {count.again} again, slowest {count.slowest:.1f} s"
        self._say(time.monotonic() - seconds, f"{step.name:33} {told}", problem, count.failed)

    def _check(self, name: str, look: Callable[[], str]) -> None:
        began, told, problem = time.monotonic(), "", ""
        try:
            told = look()
        except (StepFailed, Refused) as error:
            problem = str(error)
        count = self._hubs.count()
        self._say(began, f"{name}{told}", problem, count.failed)

    def _say(self, began: float, text: str, problem: str = "", failed: list[str] = []) -> None:  # noqa: B006
        is_good = not (problem or failed)
        self._is_good = self._is_good and is_good
        seconds = time.monotonic() - began
        print(f"{'ok' if is_good else 'FAILED':6} {seconds:5.1f} s  {text}", flush=True)
        for one in ([problem] if problem else []) + failed[:5]:
            print(f"       {one}", flush=True)

    def _begin_run(self) -> None:
        """Start a run, and wait until it has a trial or two and few others are unfinished."""
        experiment = self._hubs.call(
            "POST",
            "/experiments",
            name=f"drill-{len(self._runs)}",
            project_id=self._project,
            data_path=self._file["url"],
        )
        settings = {"evaluation_options": {**_OPTIONS, "max_n_trials": _TRIALS}}
        run = self._hubs.call(
            "POST",
            "/experiment_sessions",
            experiment_id=experiment["id"],
            model_type="classification",
            model_settings=settings,
        )
        self._wait("the runs before", lambda: len(self._unfinished()) < _MOST_RUNS, _RUN_SECONDS)
        self._hubs.call("PATCH", f"/experiment_sessions/{run['id']}", status="preprocess")
        self._runs.append(run["id"])
        self._wait("a run that has begun", lambda: self._trials(run["id"]) >= 1)

    def _run(self, run_id: str) -> dict[str, Any]:
        return dict(self._hubs.call("GET", f"/experiment_sessions/{run_id}"))

    def _unfinished(self) -> list[str]:
        return [one for one in self._runs if self._run(one)["status"] in ("preprocess", "started")]

    def _trials(self, run_id: str) -> int:
        return len(self._board(run_id))

    def _board(self, run_id: str) -> list[dict[str, Any]]:
        asked = {"experiment_session_id": run_id, "limit": 1000}
        return list(self._hubs.call("GET", "/trials", **asked))

    def _wait(
        self, what: str, condition: Callable[[], bool], seconds: float = _WELL_SECONDS
    ) -> None:
        if not wait_until(condition, seconds):
            raise StepFailed(f"in {seconds:.0f} s not seen: {what}")

    def _leads(self, hub: str) -> bool:
        try:
            with urllib.request.urlopen(f"{self._parts.url(hub)}/metrics", timeout=10) as answer:
                return b"\nauger_hub_leads 1.0\n" in answer.read()
        except OSError:
            return False

    def _leader(self) -> str:
        self._wait("a hub that leads", lambda: any(self._leads(name) for name in HUBS))
        return next(name for name in HUBS if self._leads(name))

    def _is_well(self) -> bool:
        return all(ask_ready(self._parts.url(name)) for name in HUBS)

    def _see_progress(self) -> None:
        """Wait for another trial of the run under way."""
        run_id, before = self._runs[-1], self._trials(self._runs[-1])
        self._wait(
            "another trial",
            lambda: self._trials(run_id) > before or run_id not in self._unfinished(),
        )

    def _kill_hub(self, *, leads: bool) -> None:
        leader = self._leader()
        other = next(name for name in HUBS if name != leader)
        killed = leader if leads else other
        self._parts.parts[killed].kill(seconds=_STAY_SECONDS, is_alone=True)
        if leads:
            self._wait("a hub that leads", lambda: any(map(self._leads, HUBS)), _FOLLOW_SECONDS)
        self._wait("both hubs ready", self._is_well)

    def _kill(self, name: str) -> None:
        self._parts.parts[name].kill(seconds=_STAY_SECONDS)
        self._parts.wait(name)
        self._wait("both hubs ready", self._is_well)
        self._see_progress()

    def _kill_compute(self, name: str) -> None:
        self._parts.parts[name].kill(seconds=_STAY_SECONDS)
        self._wait(name, lambda: self._parts.parts[name].is_alive)
        self._see_progress()

    def _replace_disk(self) -> None:
        """Kill a hub, remove all that it had, and ask it for a model when it is back."""
        hub, home = HUBS[0], self._parts.home(HUBS[0])
        self._parts.parts[hub].kill(seconds=_STAY_SECONDS, is_alone=True)
        self._wait("an empty disk", lambda: _is_removed(home))
        self._wait("both hubs ready", self._is_well)
        self._ask_at(hub, self._model)

    def _roll(self) -> None:
        for name in HUBS:
            self._parts.parts[name].end(for_good=False)
            self._wait(name, lambda name=name: self._parts.parts[name].is_alive)
            self._wait("both hubs ready", self._is_well)

    def _cut_scheduler(self) -> None:
        self._parts.cut("scheduler")
        time.sleep(self._cut_seconds)
        self._parts.cut("scheduler", is_cut=False)
        self._see_progress()

    def _fill_disk(self) -> None:
        """Fill the disk of a hub, which leads, and make room again."""
        hub = HUBS[1]
        if not self._leads(hub):
            # away for longer than the lease is waited for: back before, it would lead again at once
            self._parts.parts[self._leader()].kill(seconds=_FOLLOW_SECONDS, is_alone=True)
            self._wait(f"{hub} leads", lambda: self._leads(hub), _FOLLOW_SECONDS)
        self._wait("both hubs ready", self._is_well)
        filling = self._parts.home(hub) / "filling"
        with suppress(OSError), filling.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(2**16))
        self._wait("a hub that is not ready", lambda: not ask_ready(self._parts.url(hub)), 30)
        time.sleep(self._cut_seconds / 2)
        filling.unlink()
        self._wait("both hubs ready", self._is_well)
        self._see_progress()

    def _ask_at(self, hub: str, model: str) -> None:
        """Ask one hub about a model, and no other."""
        hubs = Hubs([self._parts.url(hub)], self._hubs._token)
        Load(hubs, self._project, model, b"")

    def _see_runs(self) -> str:
        self._wait("the end of all runs", lambda: not self._unfinished(), _RUN_SECONDS)
        for number, run_id in enumerate(self._runs):
            run, board = self._run(run_id), self._board(run_id)
            if run["status"] != "completed":
                raise StepFailed(f"run {number} is {run['status']}: {run.get('error_message')}")
            baselines = sum("Dummy" in str(one) for one in board)
            if len({one["id"] for one in board}) != _TRIALS + 1 or baselines != 1:
                told = f"run {number} has {len(board)} trials, {baselines} of them baselines"
                raise StepFailed(f"{told}; {_TRIALS} and a baseline were asked for")
            failed = [one["raw_data"]["error"] for one in board if one["score_value"] is None]
            if failed:
                raise StepFailed(f"run {number} has {len(failed)} failed trials: {failed[0]}")
        return f" ({len(self._runs)} runs of {_TRIALS} trials)"

    def _see_models(self) -> str:
        models = [self._model]
        for run_id in self._runs:
            best = max(self._board(run_id), key=lambda one: one["score_value"])
            models.append(self._hubs.call("POST", "/pipelines", trial_id=best["id"])["id"])
        for model in models:
            self._wait(f"model {model} ready", partial(self._is, "Pipeline", model, "ready"))
            for hub in HUBS:
                self._ask_at(hub, model)
        return f" ({len(models)} models)"

    def _is(self, kind: str, object_id: object, *statuses: str) -> bool:
        told = self._hubs.call("GET", "/status", object=kind, id=object_id)
        return told["status"] in statuses

    def _see_acknowledged(self) -> str:
        kept: set[str] = set()
        for offset in itertools.count(0, _PAGE):
            page = self._hubs.call("GET", "/predictions", limit=_PAGE, offset=offset)
            kept |= {one["id"] for one in page if one["status"] == "done"}
            if len(page) < _PAGE:
                break
        lost = set(self._load.answers) - kept
        if lost:
            raise StepFailed(f"{len(lost)} predictions are gone, as {lost.pop()}")
        for number, (name, content) in self._load.uploads.items():
            is_over = partial(self._is, "ProjectFile", number, "processed", "processed_with_error")
            self._wait(f"data set {number} processed", is_over)
            data = self._hubs.call("GET", f"/project_files/{number}")
            if data["status"] != "processed":
                raise StepFailed(f"data set {number}: {data['error_message']}")
            if self._hubs.download(self._project, name) != content:
                raise StepFailed(f"data set {number} is not what was sent")
        return f" ({len(self._load.answers)} answers, {len(self._load.uploads)} uploads)"

    def _see_plan(self) -> str:
        self._auger("plan", "--detailed-exitcode")
        return ""


def _is_removed(home: Path) -> bool:
    """Remove a folder, which the processes of a killed hub may still write to."""
    shutil.rmtree(home, ignore_errors=True)
    return not home.exists()
