"""Deployed and downloaded models: what the hub tells of them, and the steps that make and end them.

Wire contract §2.13 (pipeline) and §2.14 (export).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from auger_reconcile.errors import ActionFailed, Conflict, HubError, NotFound
from auger_reconcile.resources._base import BULKY
from auger_reconcile.resources._steps import Await, Download, Send, Steps
from auger_reconcile.resources.gates.monitor import Alert, Monitor, alerts_from_wire
from auger_reconcile.resources.gates.monitor import from_wire as monitor_from_wire
from auger_reconcile.resources.gates.rollout import ABORTED, Progress
from auger_reconcile.resources.gates.rollout import from_wire as rollout_from_wire
from auger_reconcile.resources.search.account import Expected

READY = "ready"
UNDEPLOYING = "undeploying"
DEPLOYING = frozenset({"creating_files", "packaging", "deploying"})
EXPORTING = frozenset({"not_requested", "pending"})
LOCAL_FOLDER = "models"  # beside auger.yaml, as existing clients have it
LOCAL_READS = "local_exports"  # pseudo-collection: the notes beside downloaded exports


@dataclass(frozen=True)
class ModelObject:
    """A deployed trial (a pipeline), or a downloaded export.

    Attributes:
        id: of the pipeline, which equals the trial's on the hub of today; or the path.
        name: of the declared resource that made it, when the hub keeps it.
        run_id: the run that its trial belongs to.
        score: of its trial, by `metric`.
        path: of a downloaded export, None for a pipeline.
        expected: of its trial on new rows, where the run that chose it tells.
        monitor: what is watched of it; None where nothing is.
        is_watchable: the hub tells what is watched.
        alerts: that are open about it.
        rollout: of a model that stands beside this one, which answers.
        is_rollable: the hub tells of rollouts.
        verdict: why it goes, of one that stood beside a live one.
        error: why it is not ready, as the hub says.
    """

    id: str
    trial_id: str
    name: str | None
    status: str
    run_id: str | None
    score: float | None
    metric: str | None
    algorithm: str | None = None
    path: str | None = None
    expected: Expected | None = field(default=None, compare=False, metadata={BULKY: True})
    monitor: Monitor | None = None
    is_watchable: bool = field(default=True, compare=False, metadata={BULKY: True})
    alerts: tuple[Alert, ...] = field(default=(), compare=False, metadata={BULKY: True})
    rollout: Progress | None = field(default=None, compare=False, metadata={BULKY: True})
    is_rollable: bool = field(default=True, compare=False, metadata={BULKY: True})
    verdict: str | None = field(default=None, compare=False, metadata={BULKY: True})
    error: str | None = field(default=None, compare=False, metadata={BULKY: True})


def deploy(body: Mapping[str, Any]) -> Steps:
    """Yield the request that deploys a trial, after the end of an undeployment of it."""
    try:
        return (yield Send("POST", "pipelines", body))
    except HubError as refused:
        if refused.status != 400 or not (yield from _is_leaving(str(body["trial_id"]))):
            raise
    return (yield Send("POST", "pipelines", body))


def wait_ready(pipeline_id: str, trial_id: str) -> Steps:
    """Yield the wait for a deployment; return the pipeline, ready.

    Raises:
        ActionFailed: it could not be deployed.
    """
    item = yield Await("pipelines", pipeline_id, DEPLOYING)
    check_ready(item, trial_id)
    return item


def check_ready(item: Mapping[str, Any], trial_id: str) -> None:
    """Raise ActionFailed unless a deployment has succeeded."""
    if item.get("status") != READY:
        told = item.get("error_message") or f"its status is `{item.get('status')}`"
        raise ActionFailed(f"trial {trial_id} could not be deployed: {told}")


def undeploy(found: ModelObject) -> Steps:
    """Yield the requests that undeploy; one that is not live (any more) is left alone."""
    path = f"pipelines/{found.id}"
    if found.status in DEPLOYING:  # it cannot be undeployed before it is deployed
        yield Await("pipelines", found.id, DEPLOYING)
    why = {"rollout": {"stage": ABORTED, "why": found.verdict}} if found.verdict else {}
    try:
        yield Send("PATCH", path, {"status": UNDEPLOYING, **why})
    except Conflict:
        item = yield Send("GET", path)
        if item.get("status") in DEPLOYING | {READY}:
            raise
    else:
        yield Await("pipelines", found.id, frozenset({READY, UNDEPLOYING}))


def _is_leaving(pipeline_id: str) -> Steps:
    """Yield the wait for an undeployment; return whether there was one."""
    with suppress(NotFound):
        item = yield Send("GET", f"pipelines/{pipeline_id}")
        if item.get("status") in (UNDEPLOYING, "undeployed"):
            yield Await("pipelines", pipeline_id, frozenset({UNDEPLOYING}))
            return True
    return False


def download(trial_id: str, trial: Mapping[str, Any]) -> Steps:
    """Yield the export of a trial and its download; return the local model (§2.14)."""
    item = yield Send("POST", "pipeline_files", {"trial_id": trial_id})
    field = "signed_s3_model_path_status"
    item = yield Await("pipeline_files", item["id"], EXPORTING, field)
    if not item.get("signed_s3_model_path"):
        told = item.get("error_message") or f"its status is `{item.get(field)}`"
        raise ActionFailed(f"trial {trial_id} could not be exported: {told}")
    note = {
        "trial_id": trial_id,
        "experiment_session_id": trial.get("experiment_session_id"),
        "score_name": trial.get("score_name"),
        "score_value": trial.get("score_value"),
        "sha256": item.get("sha256"),
    }
    path = f"{LOCAL_FOLDER}/model-{trial_id}.zip"
    yield Download(item["signed_s3_model_path"], path, note)
    return local_from_note({**note, "path": path})


def from_wire(item: Mapping[str, Any]) -> ModelObject:
    """Translate one pipeline of the hub (wire contract §2.13)."""
    trial = item.get("trial") or {}
    score = trial.get("score_value")
    run = item.get("experiment_session_id") or trial.get("experiment_session_id")
    algorithm = str((trial.get("hyperparameter") or {}).get("algorithm_name") or "")
    return ModelObject(
        id=str(item["id"]),
        trial_id=str(item.get("trial_id") or trial.get("id") or item["id"]),
        name=item.get("name"),
        status=str(item.get("status")),
        run_id=str(run) if run else None,
        score=float(score) if isinstance(score, int | float) else None,
        metric=trial.get("score_name"),
        algorithm=algorithm.rpartition(".")[2] or None,
        monitor=monitor_from_wire(item.get("monitor")),
        is_watchable="monitor" in item,
        alerts=alerts_from_wire(item.get("alerts")),
        rollout=rollout_from_wire(item.get("rollout")),
        is_rollable="rollout" in item,
        error=item.get("error_message"),
    )


def local_from_note(note: Mapping[str, Any]) -> ModelObject:
    """Translate the note beside a downloaded export."""
    score = note.get("score_value")
    return ModelObject(
        id=str(note["path"]),
        trial_id=str(note["trial_id"]),
        name=None,
        status=READY,
        run_id=note.get("experiment_session_id"),
        score=float(score) if isinstance(score, int | float) else None,
        metric=note.get("score_name"),
        path=str(note["path"]),
    )
