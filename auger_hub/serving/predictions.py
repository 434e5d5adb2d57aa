"""Answer predictions with a few processes that keep a model loaded (wire contract §2.15)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from auger_hub.database.engine import Database
from auger_hub.database.tables import EVALUATION, Organization, Pipeline, Prediction, Project
from auger_hub.fork_server.client import ForkServer
from auger_hub.processes.plain_json import to_plain
from auger_hub.processes.turns import in_turn, may_begin
from auger_hub.review.alerts import review_alerts
from auger_hub.review.observations import FAILED, segments_of
from auger_hub.serving.lost_models import note_lost, to_text
from auger_hub.serving.model_worker import (
    FILE_SECONDS,
    RECORDS_SECONDS,
    Busy,
    ModelWorker,
    WorkerDied,
)
from auger_hub.settings import HubSettings
from auger_hub.store.local import Storage, StoreFailed, project_key
from auger_hub.store.models import ModelGone, ModelStore
from auger_hub.store.sources import SourceMissing, fetch_source, is_remote
from auger_hub.telemetry.metrics import PREDICTION_SECONDS, PREDICTIONS

_log = logging.getLogger("auger.hub.predictions")
_PLACES = 4
_NOW_SECONDS = 10.0
_PATIENCE = 1.0
_STOP_SECONDS = 3.0
_LOADED_MODELS = 4
_UNUSED_SECONDS = 300.0
_NO_STORE = "the object store of the hub does not answer, try later"
_INTERNAL_ERROR = "an internal error occurred, please try again, if it doesn't help contact support"


def _notices_of(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the member `notices` of a result, which one that has none is without."""
    notices = answer.get("notices")
    return {"notices": notices} if notices else {}


def _options(row: Prediction, segments: list[str]) -> dict[str, Any]:
    """Return what a model's process is told of any question, wherever its rows are."""
    request = row.request or {}
    return {
        "id": row.id,
        "threshold": request["threshold"],
        "bare": request["options"].get("no_features_in_result", False),
        "proba": request["options"].get("proba", False),
        "explain": request["options"].get("explain", False),
        "observe": segments,
    }


def _question(row: Prediction, segments: list[str]) -> dict[str, Any]:
    """Return what a model's process is asked for a question with its rows in it."""
    request = row.request or {}
    rows = {"columns": request["features"], "records": request["records"]}
    return {**_options(row, segments), **rows}


def _result(answer: dict[str, Any]) -> dict[str, Any]:
    return {"columns": answer["columns"], "data": answer["data"], **_notices_of(answer)}


def _timed(changes: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Count how a question ended, and add how long its answer took."""
    PREDICTIONS.labels(changes["status"]).inc()
    PREDICTION_SECONDS.observe(seconds)
    changes["time_consumed_ms"] = round(seconds * 1000)
    return changes


class InTurn(Exception):
    """A question cannot be answered at once; it has to take its turn."""


class Refused(Exception):
    """The model cannot answer; the text is for the user."""


@dataclass(frozen=True)
class _Asked:
    """A prediction that somebody waits for."""

    id: str
    organization_id: int
    is_download: bool


@dataclass(frozen=True)
class _Task:
    """A prediction that is worked on: its row and its model, and where its files are."""

    row: Prediction
    model: Pipeline
    project: str
    bucket: str
    segments: list[str]


class Predictions:
    """Takes requested predictions from the database and writes their results back."""

    answer_seconds = RECORDS_SECONDS
    member: str | None = None
    """The process that this one is, among those of its database."""

    def __init__(
        self,
        settings: HubSettings,
        database: Database,
        storage: Storage,
        fork_server: ForkServer,
        *,
        unused_seconds: float = _UNUSED_SECONDS,
    ) -> None:
        self._settings = settings
        self._fork_server = fork_server
        self._unused_seconds = unused_seconds
        self._database = database
        self._storage = storage
        self._models = ModelStore(settings, storage)
        self._known: dict[str, _Asked] = {}
        self._waiting: list[_Asked] = []
        self._running: dict[str, _Asked] = {}
        self._workers: dict[str, ModelWorker] = {}
        self._lock = threading.Lock()
        self._waiters: dict[str, Callable[[], object]] = {}
        self._stopping = False

    def take_up(self, *, leads: bool = True) -> None:
        """Begin every unanswered prediction that nobody works on yet; end unused processes.

        Each process answers what it was asked itself, and the one that leads the rest besides.
        """
        self._end_unused()
        is_mine = Prediction.member == self.member
        unanswered = select(Prediction.id, Prediction.organization_id).where(
            Prediction.status.in_(("requested", "running")),
            is_mine | Prediction.member.is_(None) if leads else is_mine,
        )
        with self._database.connect() as connection:
            rows = [
                (str(row.id), int(row.organization_id))
                for row in connection.execute(unanswered.order_by(Prediction.created_at))
            ]
            asked = [self._known.get(row[0]) or self._look_at(connection, *row) for row in rows]
        self._known = {one.id: one for one in asked}
        with self._lock:
            self._waiting = [one for one in asked if one.id not in self._running]
        self._begin_next()

    def _look_at(self, connection: Connection, prediction_id: str, owner: int) -> _Asked:
        """Read once where the rows come from: a request may be long."""
        url = select(Prediction.request["file_url"].as_string())
        place = connection.scalar(url.where(Prediction.id == prediction_id))
        return _Asked(prediction_id, owner, is_download=bool(place and is_remote(str(place))))

    def _begin_next(self) -> None:
        """Begin what there is a place for; each has a thread that nobody waits for at the end."""
        with self._lock:
            for one in in_turn(self._waiting, self._running.values()):
                running = list(self._running.values())
                if self._stopping or not may_begin(one, running, _PLACES):
                    continue
                self._waiting.remove(one)
                self._running[one.id] = one
                threading.Thread(target=self._answer, args=(one.id,), daemon=True).start()

    def answer_now(
        self, row: Prediction, segments: list[str], digest: str | None = None
    ) -> dict[str, Any]:
        """Return what a question that is not stored changes when it is answered.

        Args:
            row: the question.
            segments: the columns by whose values it is counted.
            digest: of its model in the store, which another hub may have deployed anew.

        Raises:
            InTurn: its model is not loaded, or it asks for more than a quick answer.
        """
        options = (row.request or {})["options"]
        with self._lock:
            worker = self._workers.get(row.pipeline_id)
        is_quick = not (options.get("score") or options.get("explain"))
        if worker is None or worker.digest != digest or not worker.is_loaded:
            raise InTurn
        if not is_quick or self._stopping:
            raise InTurn
        began = time.perf_counter()
        try:
            answer = worker.ask_now(_question(row, segments), _NOW_SECONDS, _PATIENCE)
        except Busy as error:
            raise InTurn from error
        except WorkerDied as error:
            self._end_dead(row.pipeline_id, worker)
            raise InTurn from error
        changes: dict[str, Any]
        if answer.get("error"):
            told = str(answer["error"])
            changes = {"status": "error", "error_message": told, "observation": FAILED}
        else:
            result, observed = to_plain(_result(answer)), answer.get("observed")
            changes = {"status": "done", "result": result, "observation": observed}
        return _timed(changes, time.perf_counter() - began)

    def call_when_done(self, prediction_id: str, call: Callable[[], object]) -> None:
        """Call something once when a prediction has ended, from a thread of this."""
        self._waiters[prediction_id] = call

    def forget_waiter(self, prediction_id: str) -> None:
        """Call nothing any more."""
        self._waiters.pop(prediction_id, None)

    def forget(self, pipeline_id: str) -> None:
        """End the process of a model that is undeployed."""
        with self._lock:
            worker = self._workers.pop(pipeline_id, None)
        if worker is not None:
            worker.close()

    def loaded_models(self) -> int:
        """Return how many models are in memory."""
        return len(self._workers)

    def stop(self) -> None:
        """End all processes; unanswered predictions stay for the next start."""
        with self._lock:
            self._stopping = True
            workers = list(self._workers.values())
            self._workers.clear()
        for worker in workers:
            worker.close()
        deadline = time.monotonic() + _STOP_SECONDS  # a download takes as long as its server likes
        while self._running and time.monotonic() < deadline:
            time.sleep(0.02)

    def _answer(self, prediction_id: str) -> None:
        try:
            self._predict(prediction_id)
        except Exception:  # noqa: BLE001 - a thread of the pool must not die silently
            _log.exception("prediction %s failed", prediction_id)
        finally:
            with self._lock:
                self._running.pop(prediction_id, None)
            waiter = self._waiters.pop(prediction_id, None)
            if waiter is not None:
                with suppress(RuntimeError):  # the server has ended meanwhile
                    waiter()
            self._begin_next()

    def _predict(self, prediction_id: str) -> None:
        with self._database.write() as session:
            row = session.get(Prediction, prediction_id)
            if row is None or row.request is None or row.member not in (None, self.member):
                return
            row.status = "running"
            session.flush()
            pipeline = session.get_one(Pipeline, row.pipeline_id)
            project = session.get_one(Project, row.project_id)
            bucket = session.get_one(Organization, row.organization_id).main_bucket
            task = _Task(row, pipeline, project.name, bucket, segments_of(pipeline))
        began = time.perf_counter()
        changes: dict[str, Any]
        try:
            if pipeline.status != "ready":
                raise Refused("model should be in ready status")
            changes = {**self._work_on(task), "status": "done"}
        except ModelGone as error:
            with self._database.write() as session:
                note_lost(session, pipeline.id, pipeline.package_digest, error)
            told = f"model should be in ready status: {to_text(error)}"
            changes = {"status": "error", "error_message": told}
        except (Refused, SourceMissing) as error:
            changes = {"status": "error", "error_message": str(error)}
        except StoreFailed as error:
            _log.error("prediction %s failed: %s", prediction_id, error)
            changes = {"status": "error", "error_message": _NO_STORE}
        except (OSError, ValueError):  # it would fail again whenever it was taken up
            _log.exception("prediction %s failed", prediction_id)
            changes = {"status": "error", "error_message": _INTERNAL_ERROR}
        except WorkerDied:
            if self._stopping:
                return
            changes = {"status": "error", "error_message": _INTERNAL_ERROR}
        _timed(changes, time.perf_counter() - began)
        if not self._store(prediction_id, changes) and "result_key" in changes:
            self._storage.discard(bucket, changes["result_key"])  # deleted while it was predicted

    def _work_on(self, task: _Task) -> dict[str, Any]:
        row = task.row
        if row.id.startswith(EVALUATION):
            return self._evaluate(task)
        if (row.request or {})["file_url"] is None:
            return self._predict_records(task)
        key = project_key(task.project, "predictions", f"{row.id}_predicted.csv")
        return self._predict_file(task, key)

    def _store(self, prediction_id: str, changes: dict[str, Any]) -> bool:
        """Return whether the prediction is still there to have its result."""
        with self._database.write() as session:
            row = session.get(Prediction, prediction_id)
            if row is None:
                return False
            if row.status not in ("requested", "running"):
                return True  # this process was thought dead, and another has answered
            for name, value in changes.items():
                setattr(row, name, value)
            row.request = None
            if row.status == "error":
                if not row.id.startswith(EVALUATION):
                    row.observation = FAILED
                session.flush()
                review_alerts(session, self._models, row.pipeline_id)
        return True

    def _predict_records(self, task: _Task) -> dict[str, Any]:
        row, request = task.row, task.row.request or {}
        answer = self._ask(task.model, _question(row, task.segments), self.answer_seconds)
        if request["options"].get("is_copy"):  # for a shadow: that it was asked is enough
            return {"observation": answer.get("observed")}
        result = _result(answer)
        question = {"columns": request["features"], "records": request["records"]}
        result = to_plain({**result, **self._scores(task, question)})
        return {"result": result, "observation": answer.get("observed")}

    def _predict_file(self, task: _Task, key: str) -> dict[str, Any]:
        request, bucket = task.row.request or {}, task.bucket
        options = _options(task.row, task.segments)
        with (
            self._storage.place(bucket, key) as target,
            fetch_source(self._storage, bucket, request["file_url"], self._settings) as source,
        ):
            asked = {**options, "file": str(source), "to": str(target)}
            answer = self._ask(task.model, asked, FILE_SECONDS)
            scores = self._scores(task, {"file": str(source)})
        count = answer["count"]
        result = {"count": count, **_notices_of(answer), **scores}
        return {
            "result": result,
            "result_key": key,
            "records_count": count,
            "observation": answer.get("observed"),
        }

    def _scores(self, task: _Task, question: dict[str, Any]) -> dict[str, Any]:
        """Return `scores` when they were asked for (§2.15)."""
        row = task.row
        options = (row.request or {})["options"]
        if not options.get("score"):
            return {}
        scored = {**question, "id": row.id, "evaluate": True, "truth": options["score_true_data"]}
        answer = self._ask(task.model, scored, FILE_SECONDS)
        return {"scores": answer["evaluation"]["scores"]}

    def _evaluate(self, task: _Task) -> dict[str, Any]:
        """Return the answer to an evaluation (§7), which predicts nothing that is kept."""
        row, request, bucket = task.row, task.row.request or {}, task.bucket
        asked = {"id": row.id, "evaluate": True, "threshold": request["threshold"]}
        if request["file_url"] is None:
            asked |= {"columns": request["features"], "records": request["records"]}
            answer = self._ask(task.model, asked, FILE_SECONDS)
        else:
            with fetch_source(self._storage, bucket, request["file_url"], self._settings) as source:
                answer = self._ask(task.model, asked | {"file": str(source)}, FILE_SECONDS)
        return {"result": to_plain(answer["evaluation"])}

    def _ask(self, model: Pipeline, question: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Ask the model's process; one that died is replaced once."""
        worker = self._worker(model)
        try:
            answer = worker.ask(question, seconds)
        except WorkerDied:
            if self._stopping:
                raise
            self._end_dead(model.id, worker)
            answer = self._worker(model).ask(question, seconds)
        if answer.get("damaged") and model.package_digest is not None:
            self._end_dead(model.id, worker)
            self._models.forget(model.id)  # the disk has changed it; the store has it whole
            answer = self._worker(model).ask(question, seconds)
        if answer.get("error"):
            raise Refused(str(answer["error"]))
        return answer

    def _end_dead(self, pipeline_id: str, dead: ModelWorker) -> None:
        """End a process that gave no answer, but not the one that another asker replaced it by."""
        with self._lock:
            if self._workers.get(pipeline_id) is dead:
                del self._workers[pipeline_id]
        dead.close()

    def _worker(self, model: Pipeline) -> ModelWorker:
        found = self._loaded(model)
        if found is not None:
            return found
        folder = self._models.find(model.id, model.package_digest)  # a store takes its time
        with self._lock:
            if self._stopping:
                raise WorkerDied
            worker = self._workers.get(model.id)
            if worker is None:
                self._make_room()
                worker = ModelWorker(
                    self._settings, self._fork_server, folder, model.package_digest
                )
                self._workers[model.id] = worker
            worker.used_at = time.monotonic()  # it is about to be asked
            return worker

    def _loaded(self, model: Pipeline) -> ModelWorker | None:
        """Return the process that has this model in memory; end one of what it was before."""
        with self._lock:
            if self._stopping:
                raise WorkerDied
            worker = self._workers.get(model.id)
            if worker is not None and worker.digest == model.package_digest:
                worker.used_at = time.monotonic()
                return worker
            is_other = worker is not None and not worker.is_busy()
            old = self._workers.pop(model.id) if is_other else None
        if old is not None:
            old.close()
        return None

    def _end_unused(self) -> None:
        """A model holds hundreds of megabytes; the next prediction starts its process again."""
        last = time.monotonic() - self._unused_seconds
        with self._lock:
            unused = {
                pipeline_id: worker
                for pipeline_id, worker in self._workers.items()
                if not worker.is_busy() and worker.used_at <= last
            }
            for pipeline_id in unused:
                del self._workers[pipeline_id]
        for worker in unused.values():
            worker.close()

    def _make_room(self) -> None:
        idle = [pair for pair in self._workers.items() if not pair[1].is_busy()]
        if len(self._workers) >= _LOADED_MODELS and idle:
            oldest, worker = min(idle, key=lambda pair: pair[1].used_at)
            del self._workers[oldest]
            worker.close()
