"""The wire contract as a small pure model: what a hub does, without HTTP, time or learning.

It stands in for `HubClient` at one seam. Everything asynchronous moves on by one status each time
it is looked at; `settle` lets all of it come to its end.
"""

import hashlib
import itertools
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auger_reconcile.errors import Conflict, HubError, NotFound

from . import rolling

ORGANIZATION = 7
COLUMNS = ("id", "age", "target")
LIVE = ("preprocess", "started")
ORDER = ("deploying", "deployed", "running")
FILTERS = ("project_id", "organization_id", "experiment_id", "experiment_session_id")

Row = dict[str, Any]


def _luck(*told: Any) -> float:
    """Return a score that depends on what is told alone."""
    return int(hashlib.sha256(repr([*told]).encode()).hexdigest()[:6], 16) % 100 / 100


def archive_of(url: str) -> bytes:
    """Return a zip archive without a file, which begins as its URL says."""
    return url.encode() + b"PK\x05\x06" + bytes(18)


@dataclass
class World:
    """One organization on a hub.

    Attributes:
        dashes: names come back with `-` for `_` (wire contract §2.4).
        keeps_names: pipelines have a `name`.
        watches: pipelines have a `monitor`, `alerts` and a `rollout`.
        fates: how the next runs end, the first first; after them every run is completed.
        rows: collection to id to object.
        made: how often something was created or started, deleted ones included.
        storage: where forms of uploads go to.
        exports: where links to exports lead to.
        is_past: nothing moves on by being looked at.
    """

    dashes: bool = False
    keeps_names: bool = True
    watches: bool = True
    fates: list[str] = field(default_factory=list)
    url: str = "https://hub.test"
    rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    stored: dict[str, str] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)
    storage: str = "https://bucket.s3.test"
    exports: str = "https://files.test"
    is_past: bool = False
    _last_id: int = 0

    # The client's methods -----------------------------------------------------------------------

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Answer one request."""
        collection, *rest = path.split("/")
        given = json.loads(json.dumps(dict(body or {})))
        if collection == "applies":
            raise NotFound("this hub keeps no history", request=f"{method} {path}", status=404)
        if method == "POST":
            return _copy(self._creators()[collection](given))
        row = self.rows.get(collection, {}).get(rest[0])
        if row is None or row.get("deleting"):
            raise NotFound(f"Couldn't find {collection}", request=f"{method} {path}", status=404)
        if method == "GET":
            if not self.is_past:
                self._move(collection, row)
        elif method == "DELETE":
            return _copy(self._delete(collection, row))
        else:
            self._update(collection, row, given, rest[1:])
        return self._show(collection, row)

    def list_all(
        self, collection: str, filters: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Return the objects that fit; a name is compared as the hub does."""
        found = list(self.rows.get(collection, {}).values())
        for name in FILTERS:
            if (filters or {}).get(name) is not None:
                found = [row for row in found if str(row.get(name)) == str(filters[name])]
        wanted = (filters or {}).get("name")
        if wanted is not None:
            found = [row for row in found if _dashed(row["name"]) == _dashed(wanted)]
        return [self._show(collection, row) for row in found]

    def _show(self, collection: str, row: Row) -> Row:
        pipelines = self.rows.get("pipelines", {})
        return _copy(rolling.shown(pipelines, row) if collection == "pipelines" else row)

    iter_all = list_all

    def upload(
        self,
        form: Mapping[str, Any],
        source: Path,
        *,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Store a file."""
        self.store(form["fields"]["key"], source.read_bytes())
        if progress:
            progress(1, 1)

    def store(self, key: str, content: bytes) -> None:
        """Keep the hash of what was uploaded under a key."""
        self.made["uploads"] += 1
        self.stored[key] = hashlib.sha256(content).hexdigest()

    def download(
        self, url: str, to: Path, *, progress: Callable[[int, int], None] | None = None
    ) -> None:
        """Store an export."""
        to.write_bytes(archive_of(url))
        if progress:
            progress(1, 1)

    # What happens without a client --------------------------------------------------------------

    def settle(self) -> None:
        """Let everything that is under way come to its end."""
        for collection, rows in list(self.rows.items()):
            for row in list(rows.values()):
                for _ in range(4):
                    self._move(collection, row)
                if row.get("deleting"):
                    del rows[str(row["id"])]

    def _move(self, collection: str, row: Row) -> None:
        status = row.get("status")
        if collection == "projects":
            following = {**dict(itertools.pairwise(ORDER)), "undeploying": "undeployed"}
            row["status"] = following.get(status, status)
        elif collection == "project_files" and status == "processing":
            self._profile(row)
        elif collection == "experiment_sessions" and status == "preprocess":
            row["status"] = "started"
        elif collection == "experiment_sessions" and status == "started":
            self._end_run(row)
        elif collection == "experiment_sessions" and status == "completed":
            self._score_holdout(row)
        elif collection == "trial_evaluations":
            row["status"] = "done"
        elif collection == "pipelines":
            following = {"packaging": "ready", "undeploying": "undeployed"}
            row["status"] = following.get(status, status)
        elif collection == "pipeline_files":
            row["signed_s3_model_path_status"] = "success"
            row["signed_s3_model_path"] = f"{self.exports}/export_{row['trial_id']}.zip"

    def _profile(self, row: Row) -> None:
        readable = row["url"].startswith("http") or _key(row["url"]) in self.stored
        if not readable or "unreadable" in row["url"]:
            row.update(status="processed_with_error", error_message="no table")
            return
        columns = [{"column_name": name, "datatype": "integer"} for name in COLUMNS]
        row.update(status="processed", statistics={"count": 9, "stat_data": columns})

    def _end_run(self, run: Row) -> None:
        fate = self.fates.pop(0) if self.fates else "completed"
        run["status"] = "completed" if fate == "no score" else fate
        run["model_settings"]["evaluation_options"]["optimizers"] = {"random": {}}
        if fate != "completed":
            return
        options = run["model_settings"]["evaluation_options"]
        told = [options["max_n_trials"], options["scoring"], options.get("seed"), run["_content"]]
        score = _luck(*told)
        run["top_score_value"] = score
        for rank in range(2):
            trial = self._add("trials", f"T{self._next_id()}", run["project_id"])
            trial |= {"score_value": score - rank / 1000, "score_name": options["scoring"]}
            trial |= {"experiment_session_id": run["id"], "hyperparameter": {}}
            run["model_settings"].setdefault("best_trial_id", trial["id"])

    def _score_holdout(self, run: Row) -> None:
        """Score the best trials, and what is live of the experiment, on the holdout."""
        holdout = run["model_settings"].get("holdout")
        if not holdout or holdout["status"] != "waiting":
            return
        run["holdout_status"] = holdout["status"] = "scored"
        runs = self.list_all("experiment_sessions", {"experiment_id": run["experiment_id"]})
        mine = {one["id"] for one in runs}
        live = [
            row["trial_id"]
            for row in self.rows.get("pipelines", {}).values()
            if row["experiment_session_id"] in mine
        ]
        best = [row["id"] for row in self.list_all("trials", {"experiment_session_id": run["id"]})]
        self._evaluate(run, sorted({*live, *best}), holdout["project_file_id"], ["age"])

    def _evaluate(self, run: Row, trials: list[str], data: Any, columns: list[str]) -> list[Row]:
        """Return how trials do on a holdout or on the folds of a run; the run keeps it."""
        found = [self._measure(run, trial_id, data, columns) for trial_id in trials]
        run["model_settings"].setdefault("evaluations", []).extend(found)
        return found

    def _measure(self, run: Row, trial_id: str, data: Any, columns: list[str]) -> Row:
        told: Row = {"trial_id": trial_id, "project_file_id": data, "count": 90}
        trial = self.rows.get("trials", {}).get(trial_id)
        if trial is None:
            return {**told, "error": "its trial was deleted"}
        told["found_by"] = trial["experiment_session_id"]
        rows = self.rows["project_files"].get(str(data), {"url": ""})
        content = self.stored.get(_key(rows["url"]), rows["url"]) if data else run["_content"]
        score = trial["score_value"]
        if data is not None or trial["experiment_session_id"] != run["id"]:
            score = _luck(score, content)
        segments = {
            column: [
                {"value": value, "count": count, "score": _luck(score, content, column, value)}
                for value, count in (("a", 60), ("b", 30), ("c", 5))
            ]
            if column in COLUMNS
            else None
            for column in columns
        }
        return {**told, "score": score, "segments": segments, "error": None}

    # Requests that change something -------------------------------------------------------------

    def _creators(self) -> dict[str, Callable[[Row], Row]]:
        return {
            "projects": self._create_project,
            "project_file_urls": self._sign,
            "project_files": self._create_file,
            "experiments": self._create_experiment,
            "experiment_sessions": self._create_run,
            "trial_evaluations": self._ask_evaluation,
            "pipelines": self._deploy,
            "pipeline_files": self._export,
        }

    def _add(self, collection: str, row_id: Any, project_id: int | None, **members: Any) -> Row:
        self.made[collection] += 1
        row = {"id": row_id, "project_id": project_id, "deleted": False, **members}
        row["created_at"] = f"2020-01-01T00:00:00.{self._next_id():03d}Z"
        self.rows.setdefault(collection, {})[str(row_id)] = row
        return row

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _spell(self, collection: str, name: str, project_id: int | None) -> str:
        """Return how the hub spells a new name, which must be free."""
        spelled = _dashed(name) if self.dashes else name
        for row in self.rows.get(collection, {}).values():
            alike = (row["name"], row["project_id"]) == (spelled, project_id)
            if alike and not row.get("deleting"):
                raise Conflict("name: has already been taken", status=400)
        return spelled

    def _create_project(self, given: Row) -> Row:
        name = self._spell("projects", given["name"], None)
        row = self._add("projects", self._next_id(), None, name=name, status="undeployed")
        row |= {"organization_id": ORGANIZATION, "workers_count": 1, "worker_type_id": 1}
        return row

    def _sign(self, given: Row) -> Row:
        stem, dot, extension = given["file_path"].rpartition(".")
        key = f"{stem}-{self._next_id():06x}{dot}{extension}"
        return {"url": self.storage, "fields": {"key": key}}

    def _create_file(self, given: Row) -> Row:
        project = self._project(given["project_id"])
        name = self._spell("project_files", given["name"], project["id"])
        for row in self.rows.get("project_files", {}).values():
            if row["url"] == given["url"] and row["project_id"] == project["id"]:
                raise Conflict("en.errors.project_file.url_not_uniq", status=400)
        row = self._add("project_files", self._next_id(), project["id"], name=name)
        return _put(row, url=given["url"], status="processing", statistics=None)

    def _create_experiment(self, given: Row) -> Row:
        project = self._project(given["project_id"])
        files = self.list_all("project_files", {"project_id": project["id"]})
        data = next((row for row in files if row["url"] == given["data_path"]), None)
        if data is None:
            raise HubError("data_path: is not a file of the project", status=400)
        name = self._spell("experiments", given["name"], project["id"])
        row = self._add("experiments", f"E{self._next_id()}", project["id"], name=name)
        return _put(row, project_file_id=data["id"])

    def _create_run(self, given: Row) -> Row:
        experiment = self.rows["experiments"][given["experiment_id"]]
        data = self.rows["project_files"].get(str(experiment["project_file_id"]))
        if data is None:  # somebody deleted it
            raise NotFound("Couldn't find ProjectFile", status=404)
        row = self._add("experiment_sessions", f"R{self._next_id()}", experiment["project_id"])
        content = self.stored.get(_key(data["url"]), data["url"])
        members = {name: given[name] for name in given.keys() - {"project_id", "holdout_id"}}
        _put(row, **members, status="waiting", top_score_value=None, _content=content)
        return self._hold_out(row, given)

    def _hold_out(self, run: Row, given: Row) -> Row:
        if given.get("holdout_id") is None:
            return run
        data = self.rows["project_files"][str(given["holdout_id"])]
        run["holdout_status"] = "waiting"
        told = {"project_file_id": data["id"], "name": data["name"], "status": "waiting"}
        run["model_settings"] = {**run["model_settings"], "holdout": told}
        return run

    def _ask_evaluation(self, given: Row) -> Row:
        run = self.rows["experiment_sessions"][given["experiment_session_id"]]
        wanted = (given["trial_ids"], given["project_file_id"], given["segments"])
        results = self._evaluate(run, *wanted)
        row = self._add("trial_evaluations", self._next_id(), run["project_id"], status="waiting")
        return _put(row, results=results, experiment_session_id=run["id"])

    def _deploy(self, given: Row) -> Row:
        trial = self.rows.get("trials", {}).get(given["trial_id"])
        if trial is None:
            raise NotFound("Couldn't find Trial", status=404)
        self._need_running(trial["project_id"])
        row = self.rows.get("pipelines", {}).get(trial["id"])
        if row and row["status"] == "undeploying":
            raise HubError("trial_id: model is undeploying", status=400)
        if row is None or row["status"] in ("undeployed", "packaged_with_error"):
            row = self._add("pipelines", trial["id"], trial["project_id"], status="packaging")
            rolling.forget(self.rows["pipelines"], row)
        row |= {"trial": trial, "trial_id": trial["id"]}
        row["experiment_session_id"] = trial["experiment_session_id"]
        if self.watches:
            kept = {"alerts": [], "rollout": None, **row}
            row |= {**kept, "monitor": given.get("monitor") or None}
            rolling.roll(self.rows["pipelines"], row, given.get("rollout"))
        return _put(row, name=given.get("name")) if self.keeps_names else row

    def decay(self, pipeline: Row) -> None:
        """Open an alert about a live model."""
        number = self._next_id()
        opened = f"2020-01-01T00:00:00.{number:03d}Z"
        alert = {"id": number, "measure": "score", "text": "score 0.1", "opened_at": opened}
        if self.watches:
            pipeline["alerts"] = [alert]

    def ripen(self, score: float) -> None:
        """Let rollouts have lasted long enough."""
        rolling.ripen(self.rows.get("pipelines", {}), score)

    def _export(self, given: Row) -> Row:
        row = self._add("pipeline_files", self._next_id(), None, trial_id=given["trial_id"])
        return _put(row, signed_s3_model_path_status="pending", signed_s3_model_path=None)

    def _update(self, collection: str, row: Row, given: Row, rest: list[str]) -> None:
        match collection, rest or [given.get("status")]:
            case "projects", ["deploy"]:
                row |= {name: value for name, value in given.items() if value is not None}
                row["status"] = "deploying" if row["status"] == "undeployed" else row["status"]
                self.made["starts of projects"] += 1
            case "projects", ["undeploy"]:
                self._undeploy(row)
            case "projects", _:
                row |= {name: value for name, value in given.items() if value is not None}
            case "experiment_sessions", ["preprocess"]:
                self._need_running(row["project_id"])
                self._transit(row, ("waiting",), "preprocess")
                self.made["starts of runs"] += 1
            case "experiment_sessions", [None]:
                self._hold_out(row, given)
            case "experiment_sessions", ["interrupted"]:
                self._transit(row, ("waiting", *LIVE), "interrupted")
            case "pipelines", [None] if self.watches:
                row["monitor"] = given.get("monitor", row["monitor"]) or None
                rolling.roll(self.rows["pipelines"], row, given.get("rollout"))
            case "pipelines", ["undeploying"]:
                rolling.roll(self.rows["pipelines"], row, given.get("rollout"))
                self._transit(row, ("ready", "packaged_with_error", "undeploying"), "undeploying")
            case _:
                raise HubError(f"nobody sends this: {collection} {given}", status=400)

    def _undeploy(self, project: Row) -> None:
        if project["status"] != "undeployed":
            project["status"] = "undeploying"
        for run in self.rows.get("experiment_sessions", {}).values():
            if run["project_id"] == project["id"] and run["status"] in LIVE:
                run["status"] = "interrupted"

    def _delete(self, collection: str, row: Row) -> Row:
        if collection == "projects":
            row["deleting"] = True
            for other in list(self.rows):
                self._drop(other, "project_id", row["id"])
            return row
        del self.rows[collection][str(row["id"])]
        if collection == "experiments":  # its runs stay listed, as on the hub of the past
            for run in self.list_all("experiment_sessions", {"experiment_id": row["id"]}):
                self._drop("pipelines", "experiment_session_id", run["id"])
                self._drop("trials", "experiment_session_id", run["id"])
        for other in self.rows.get("experiments", {}).values():
            if collection == "project_files" and other["project_file_id"] == row["id"]:
                other["project_file_id"] = None
        return {**row, "deleted": True}

    def _drop(self, collection: str, member: str, value: Any) -> None:
        rows = self.rows.get(collection, {})
        self.rows[collection] = {k: row for k, row in rows.items() if row.get(member) != value}

    def _transit(self, row: Row, allowed: tuple[str, ...], to: str) -> None:
        if row["status"] not in allowed:
            raise Conflict(f"Event '{to}' cannot transition from '{row['status']}'", status=400)
        row["status"] = to

    def _project(self, project_id: Any) -> Row:
        row = self.rows.get("projects", {}).get(str(project_id))
        if row is None or row.get("deleting"):
            raise NotFound("Couldn't find Project", status=404)
        return row

    def _need_running(self, project_id: int) -> None:
        if self._project(project_id)["status"] != "running":
            raise HubError("project_id: project should be running", status=400)

    def __post_init__(self) -> None:
        organization = self._add("organizations", ORGANIZATION, None, name="acme")
        organization["organization_id"] = ORGANIZATION


def _copy(row: Any) -> Any:
    return json.loads(json.dumps(row))


def _put(row: Row, **members: Any) -> Row:
    row.update(members)
    return row


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _key(url: str) -> str:
    return re.sub(r"^s3://[^/]*/", "", url)
