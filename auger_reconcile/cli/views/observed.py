"""Render what a hub has as text and JSON: projects, data sets, experiments, models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from auger_reconcile.cli.views.harmless import plain, without_secrets
from auger_reconcile.cli.views.table import Column, member, render_table

if TYPE_CHECKING:
    from auger_reconcile.api.plans.observation import Observation

FORMAT_VERSION = "1.0"
Row = Mapping[str, Any]

COLUMNS = {
    "dataset": (
        Column("Data set", member("name")),
        Column("Rows", member("rows"), is_number=True),
        Column("Columns", member("columns"), is_number=True),
        Column("Status", member("status")),
        Column("Declared as", member("declared_as")),
    ),
    "experiment": (
        Column("Experiment", member("name")),
        Column("Data set", member("dataset")),
        Column("Runs", lambda row: len(row["runs"]), is_number=True),
        Column("Best score", lambda row: _best(row["runs"]), is_number=True),
        Column("Status", member("status")),
        Column("Declared as", member("declared_as")),
    ),
    "model": (
        Column("Model", member("name")),
        Column("Trial", member("trial_id")),
        Column("Algorithm", member("algorithm")),
        Column("Score", member("score"), is_number=True),
        Column("Status", member("status")),
        Column("Declared as", member("declared_as")),
    ),
}


def render_observed(observation: Observation) -> str:
    """Return the projects one after the other; `*` marks what a declared resource stands for."""
    document = observed_to_json(observation)
    head = f'Organization "{plain(document["organization"])}" at {plain(document["hub"])}'
    blocks = ["\n".join(_render_project(project)) for project in document["projects"]]
    return "\n\n".join([head, *blocks]) + "\n"


def _render_project(project: Row) -> Iterator[str]:
    status = project["status"] or "is not on the hub"
    cluster = project["cluster"]
    told = [f"{name} {plain(str(value))}" for name, value in cluster.items()]
    facts = ", ".join([status, *told])
    yield f"{click.style('project.' + plain(project['name']), bold=True)}  {facts}"
    for kind, columns in COLUMNS.items():
        rows = project[f"{kind}s"]
        if rows:
            yield ""
            for line in render_table(columns, rows, is_selected=lambda row: row["declared_as"]):
                yield f"  {line}"


def observed_to_json(observation: Observation) -> dict[str, Any]:
    """Return everything observed as one JSON document, without the secrets of URLs."""
    document: dict[str, Any] = without_secrets(
        {
            "format_version": FORMAT_VERSION,
            "hub": observation.observed.hub,
            "organization": observation.observed.organization,
            "projects": [_project(observation, name) for name in observation.desired.projects],
        }
    )
    return document


def _project(observation: Observation, name: str) -> dict[str, Any]:
    found = next(iter(observation.observed.of(name, "project")), None)
    names = {item.id: item.name for item in observation.observed.of(name, "dataset")}
    declared = _Declared(observation, name)
    return {
        "name": name,
        "id": found.id if found else None,
        "status": found.status if found else None,
        "cluster": dict(found.cluster) if found else {},
        "datasets": [
            _dataset(item, declared.name_of("dataset", item))
            for item in observation.observed.of(name, "dataset")
        ],
        "experiments": [
            {"dataset": names.get(item.dataset_id)}
            | _experiment(item, declared.name_of("experiment", item))
            for item in observation.observed.of(name, "experiment")
        ],
        "models": [
            _model(item, declared.name_of("model", item))
            for item in observation.observed.of(name, "model")
        ],
    }


class _Declared:
    """The names under which the objects of a project are declared."""

    def __init__(self, observation: Observation, project: str) -> None:
        self._names: dict[tuple[str, Any], str] = {}
        for address, one in observation.statuses.items():
            if address.project == project and one.assessment.object is not None:
                place = (address.kind, one.assessment.object.id)
                self._names[place] = address.name

    def name_of(self, kind: str, found: Any) -> str | None:
        """Return the name, or None for what no declared resource stands for."""
        return self._names.get((kind, found.id))


def _dataset(found: Any, declared_as: str | None) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "status": found.status,
        "rows": (found.statistics or {}).get("count"),
        "columns": len(found.columns) or None,
        "url": found.url,
        "sha256": found.content,
        "declared_as": declared_as,
    }


def _experiment(found: Any, declared_as: str | None) -> dict[str, Any]:
    runs = [
        {"id": run.id, "status": run.status, "score": run.score, "created_at": run.created_at}
        for run in found.runs
    ]
    told = {"id": found.id, "name": found.name, "status": found.status}
    return {**told, "runs": runs, "declared_as": declared_as}


def _model(found: Any, declared_as: str | None) -> dict[str, Any]:
    members = ("id", "trial_id", "name", "status", "score", "metric", "algorithm", "run_id", "path")
    return {**{name: getattr(found, name) for name in members}, "declared_as": declared_as}


def _best(runs: list[Row]) -> float | None:
    return max((run["score"] for run in runs if run["score"] is not None), default=None)
