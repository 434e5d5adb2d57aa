"""Build a file and a hub of any size: what is declared, and the answers of a hub that has it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

PER_PROJECT = 100  # resources, the project among them

Objects = dict[str, list[dict[str, Any]]]
COLUMNS = ("customer_id", "age", "income", "town", "churned")


def write_files(resources: int) -> str:
    """Return an auger.yaml with so many resources, one document a project."""
    return "---\n".join("".join(_document(number)) for number in range(resources // PER_PROJECT))


def _document(number: int) -> Iterator[str]:
    """Yield one project: 1 project, 19 data sets, 60 experiments, 20 models."""
    yield f"name: project-{number}\norganization: acme\n"
    yield "cluster: {type: standard, min_nodes: 2, max_nodes: 4}\ndatasets:\n"
    for i in range(19):
        yield f"  data-{i}.csv: {{source: https://data.example.com/{number}/{i}.csv}}\n"
    yield "experiments:\n"
    for i in range(60):
        yield f"  search-{i}:\n    dataset: data-{i % 19}.csv\n    model_type: classification\n"
        yield "    target: churned\n    exclude: [customer_id]\n    metric: roc_auc\n"
        yield "    max_n_trials: 50\n"
    yield "models:\n"
    for i in range(20):
        yield f"  model-{i}: {{experiment: search-{i}, min_score: 0.85}}\n"


def answer_lists(resources: int, *, changed_share: float = 0.0) -> Objects:
    """Return what the hub has of that file.

    Args:
        resources: as many as were declared.
        changed_share: so many experiments had a run with other settings.
    """
    found: Objects = defaultdict(list)
    changed = {i for i in range(60) if changed_share and i % round(1 / changed_share) == 30}
    for number in range(resources // PER_PROJECT):
        found["projects"].append(_project(number))
        for i in range(19):
            found["project_files"].append(_file(number, i))
        for i in range(60):
            found["experiments"].append(_experiment(number, i))
            found["experiment_sessions"].append(_run(number, i, trials=20 if i in changed else 50))
        for i in range(20):
            found["pipelines"].append(_model(number, i))
    return found


def _project(number: int) -> dict[str, Any]:
    return {
        "id": number + 1,
        "name": f"project-{number}",
        "organization_id": 1,
        "status": "running",
        "worker_type_id": 1,
        "workers_count": 4,
        "min_workers_count": 2,
        "kubernetes_stack": "stable",
    }


def _columns() -> dict[str, Any]:
    roles = {"customer_id": (False, False), "churned": (False, True)}
    columns = []
    for name in COLUMNS:
        use, is_target = roles.get(name, (True, False))
        facts: Mapping[str, Any] = {"datatype": "integer", "use": use, "isTarget": is_target}
        columns.append({"column_name": name, **facts})
    return {"stat_data": columns}


def _file(number: int, i: int) -> dict[str, Any]:
    return {
        "id": number * 1000 + i,
        "name": f"data-{i}.csv",
        "project_id": number + 1,
        "status": "processed",
        "url": f"https://data.example.com/{number}/{i}.csv",
        "statistics": _columns(),
    }


def _experiment(number: int, i: int) -> dict[str, Any]:
    return {
        "id": f"E{number}-{i}",
        "name": f"search-{i}",
        "project_id": number + 1,
        "project_file_id": number * 1000 + i % 19,
    }


def _run(number: int, i: int, *, trials: int) -> dict[str, Any]:
    options = {
        "targetFeature": "churned",
        "featureColumns": ["age", "income", "town"],
        "labelEncodingFeatures": [],
        "scoring": "roc_auc",
        "max_n_trials": trials,
        "max_total_time_mins": 60,
        "max_eval_time_mins": 6,
        "crossValidationFolds": 5,
        "use_ensemble": True,
    }
    return {
        "id": f"R{number}-{i}",
        "experiment_id": f"E{number}-{i}",
        "project_id": number + 1,
        "status": "completed",
        "created_at": "2026-01-02T03:04:05Z",
        "model_type": "classification",
        "top_score_value": 0.91,
        "model_settings": {"evaluation_options": options},
        "dataset_statistics": _columns(),
    }


def _model(number: int, i: int) -> dict[str, Any]:
    trial = {"id": f"T{number}-{i}", "score_name": "roc_auc", "score_value": 0.91}
    return {
        "id": f"T{number}-{i}",
        "trial_id": f"T{number}-{i}",
        "name": f"model-{i}",
        "project_id": number + 1,
        "status": "ready",
        "experiment_session_id": f"R{number}-{i}",
        "trial": {**trial, "experiment_session_id": f"R{number}-{i}"},
    }
