"""A few words of YAML -> the hub's answers -> ObservedState: what the planner is given, no hub."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from laws.declared import SEARCH, content_hash

from auger_reconcile.diagnostics import SourceSpan
from auger_reconcile.resources._registry import all_kinds
from auger_reconcile.resources.experiment import ExperimentSpec
from auger_reconcile.resources.search import evaluation as _evaluation
from auger_reconcile.state import DesiredState, ObservedState

COLUMNS = ("id", "age", "city", "target")

_TOLD_OF_A_MODEL = ("error_message", "name", "monitor", "alerts", "actual_days", "rollout")

Row = dict[str, Any]


def observe(told: Mapping[str, Any]) -> ObservedState:
    """Return the observed state of one project.

    Args:
        told: `project` (its wire object, without id and name where they do not matter), `files`,
            `experiments`, `runs`, `pipelines` and `exports`: each object in a few words; and
            `present`, the hub's time.
    """
    project = told.get("project")
    answers: dict[str, Sequence[Row]] = {
        "projects": [{"id": 1, "name": "shop", "status": "undeployed", **project}]
        if project is not None
        else [],
        "project_files": [_file(row) for row in told.get("files", ())],
        "experiments": [_experiment(row) for row in told.get("experiments", ())],
        "experiment_sessions": [_run(row, n) for n, row in enumerate(told.get("runs", ()))],
        "pipelines": [_pipeline(row) for row in told.get("pipelines", ())],
        "local_exports": [_export(row) for row in told.get("exports", ())],
    }
    objects = {("shop", kind.name): kind.observe(answers) for kind in all_kinds().values()}
    return ObservedState("https://hub.test", "acme", 7, objects, told.get("present"))


def _file(told: Row) -> Row:
    content = told.get("content")
    url = f"s3://bucket/files/sha256-{content_hash(content)}-x-abc123.csv" if content else None
    stat_data = [{"column_name": name, "datatype": "integer"} for name in COLUMNS]
    status = told.get("status", "processed")
    statistics = {"count": 9, "stat_data": stat_data} if status == "processed" else None
    if "fetched" in told:  # what the hub has read from a URL
        statistics = {**(statistics or {}), "source": {"sha256": content_hash(told["fetched"])}}
    return {"url": url or "s3://bucket/files/x.csv", "status": status, "statistics": statistics} | {
        key: value for key, value in told.items() if key not in ("content", "fetched")
    }


def _experiment(told: Row) -> Row:
    return {"id": told["id"], "name": told["name"], "project_file_id": told["file"]}


def _run(told: Row, number: int) -> Row:
    settings = {"name": "x", "dataset": "x", **SEARCH, **told.get("settings", {})}
    body = _evaluation.to_wire(ExperimentSpec(**settings), _file({})["statistics"])
    body["model_settings"]["evaluation_options"] |= told.get("options", {})
    body["model_settings"] |= told.get("measured", {})
    return {
        "id": told["id"],
        "experiment_id": told["of"],
        "status": told.get("status", "completed"),
        "top_score_value": told.get("score"),
        "created_at": f"2020-01-{number + 1:02d}T00:00:00.000Z",
        **body,
        **told.get("times", {}),
        **({"project_file_id": told["file"]} if "file" in told else {}),
    }


def _pipeline(told: Row) -> Row:
    trial = {"id": told["trial"], "score_value": told.get("score"), "score_name": "f1_macro"}
    return {
        "id": told["trial"],
        "status": told.get("status", "ready"),
        "experiment_session_id": told.get("run"),
        "trial": trial,
        **{name: told[name] for name in _TOLD_OF_A_MODEL if name in told},
    }


def _export(told: Row) -> Row:
    return {
        "trial_id": told["trial"],
        "experiment_session_id": told.get("run"),
        "score_value": told.get("score"),
        "path": f"models/model-{told['trial']}.zip",
    }


def placed(desired: DesiredState, line: int = 3) -> DesiredState:
    """Return a desired state whose resources are declared from this line on, one line each."""
    resources = {
        at: replace(one, spans={"": SourceSpan("auger.yaml", number, 5)})
        for number, (at, one) in enumerate(desired.resources.items(), start=line)
    }
    return replace(desired, resources=resources)
