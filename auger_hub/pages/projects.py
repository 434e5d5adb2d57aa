"""Serve the pages of all projects and of one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from auger_hub.accounts.quota import size_text, usage_of
from auger_hub.database.tables import (
    Experiment,
    ExperimentSession,
    Hyperparameter,
    Pipeline,
    Project,
    ProjectFile,
    Trial,
)
from auger_hub.http.contract import Call, Fields
from auger_hub.pages.controllers import keepers
from auger_hub.pages.rivals import roles_of
from auger_hub.pages.view import View
from auger_hub.pages.words import tone
from auger_hub.routes.query import find, rows_of
from auger_hub.runs.run_row import options_of

_WORKERS = {1: "standard", 2: "high memory", 3: "high memory"}
_ACTIVE_RUN = ("preprocess", "started")


def show_projects(call: Call) -> View:
    """Show a card a project."""
    query = rows_of(call, Project).where(Project.deleting.is_(False)).order_by(Project.name)
    files = _count(call, ProjectFile)
    experiments = _count(call, Experiment)
    models = _count(call, Pipeline, Pipeline.status != "undeployed")
    runs = _count(call, ExperimentSession, ExperimentSession.status.in_(_ACTIVE_RUN))
    cards: list[Fields] = [
        {
            "id": row.id,
            "name": row.name,
            "status": row.status,
            "cluster": describe_cluster(row),
            "created_at": row.created_at,
            "data_sets": files.get(row.id, 0),
            "experiments": experiments.get(row.id, 0),
            "models": models.get(row.id, 0),
            "active_runs": runs.get(row.id, 0),
        }
        for row in call.session.scalars(query)
    ]
    is_going = any(card["active_runs"] or tone(card["status"]) == "going" for card in cards)
    return View("projects.html", {"cards": cards, "storage": _tell_storage(call)}, is_going)


def _tell_storage(call: Call) -> str | None:
    """Say that the organization has stored nearly as much as it may, or as much; else None."""
    used, most = usage = usage_of(call.session, call.caller.organization_id)
    if most is None or not usage.is_near:
        return None
    told = f"{size_text(used)} of the {size_text(most)} are used that this organization may store."
    is_full = used >= most
    way_out = "Uploads, deployments and exports are refused" if is_full else "There is little room"
    return f"{told} {way_out} until data sets, models or exports are deleted."


def show_project(call: Call) -> View:
    """Show what one project holds."""
    row = find(call, Project, call.params["id"])
    data_sets = [_describe_data_set(file) for file in call.session.scalars(_of(ProjectFile, row))]
    experiments = [
        _describe_experiment(call, e) for e in call.session.scalars(_of(Experiment, row))
    ]
    roles = roles_of(call, row.id)
    models = [{**one, "role": roles.get(one["id"])} for one in _models(call, row)]
    project = {
        "id": row.id,
        "name": row.name,
        "status": row.status,
        "cluster": describe_cluster(row),
        "autoterminate": row.cluster_autoterminate_minutes,
    }
    statuses = [row.status, *(item["status"] for item in (*data_sets, *experiments, *models))]
    is_going = any(tone(status) == "going" and status != "waiting" for status in statuses)
    facts = {
        "project": project,
        "data_sets": data_sets,
        "experiments": experiments,
        "models": models,
        "keepers": list(keepers(call, row.name)),
    }
    return View("project.html", facts, is_going)


def describe_cluster(row: Project) -> str:
    """Return the compute of a project in words."""
    kind = _WORKERS.get(row.worker_type_id, f"type {row.worker_type_id}")
    nodes = "node" if row.workers_count == 1 else "nodes"
    return f"{row.workers_count} {kind} {nodes}"


def _count(call: Call, table: Any, *conditions: Any) -> dict[int, int]:
    query = (
        select(table.project_id, func.count())
        .where(table.organization_id == call.caller.organization_id, *conditions)
        .group_by(table.project_id)
    )
    return {row[0]: row[1] for row in call.session.execute(query)}


def _of(table: Any, project: Project) -> Select[Any]:
    return select(table).where(table.project_id == project.id).order_by(table.created_at.desc())


def _describe_data_set(row: ProjectFile) -> Fields:
    statistics = row.statistics or {}
    return {
        "id": row.id,
        "name": row.name,
        "status": row.status,
        "rows": statistics.get("count"),
        "columns": statistics.get("columns_count"),
        "created_at": row.created_at,
    }


def _describe_experiment(call: Call, row: Experiment) -> Fields:
    query = (
        select(ExperimentSession)
        .where(ExperimentSession.experiment_id == row.id)
        .order_by(ExperimentSession.number.desc())
    )
    runs = list(call.session.scalars(query))
    last = runs[0] if runs else None
    data = call.session.get(ProjectFile, row.project_file_id) if row.project_file_id else None
    options = options_of(last) if last else {}
    return {
        "id": row.id,
        "name": row.name,
        "data_set": data.name if data else None,
        "data_set_id": data.id if data else None,
        "runs": len(runs),
        "status": last.status if last else None,
        "score": last.top_score_value if last else None,
        "metric": options.get("scoring"),
        "created_at": row.created_at,
    }


def _models(call: Call, project: Project) -> list[Fields]:
    query = (
        select(Pipeline, Trial, Hyperparameter.algorithm_name, Experiment)
        .join(Trial, Trial.id == Pipeline.trial_id)
        .join(Hyperparameter, Hyperparameter.id == Trial.hyperparameter_id)
        .join(ExperimentSession, ExperimentSession.id == Trial.experiment_session_id)
        .join(Experiment, Experiment.id == ExperimentSession.experiment_id)
        .where(Pipeline.project_id == project.id)
        .order_by(Pipeline.created_at.desc())
    )
    return [
        {
            "id": pipeline.id,
            "name": pipeline.name,
            "status": pipeline.status,
            "algorithm": name,
            "score": trial.score_value,
            "metric": trial.score_name,
            "experiment": experiment.name,
            "experiment_id": experiment.id,
            "created_at": pipeline.created_at,
        }
        for pipeline, trial, name, experiment in call.session.execute(query)
    ]
