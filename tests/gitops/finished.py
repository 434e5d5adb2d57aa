"""What a hub has once everything that files declare is there: the objects of a static hub."""

from __future__ import annotations

from itertools import count
from typing import Any

from auger_reconcile.resources._cluster import to_wire_size
from auger_reconcile.resources.search import evaluation as _evaluation
from auger_reconcile.state import DesiredState


def finished(desired: DesiredState) -> dict[str, list[dict[str, Any]]]:
    """Return collection to objects of a hub that a plan of the files finds nothing to do on."""
    ids = count(1)
    made: dict[Any, dict[str, Any]] = {}
    hub: dict[str, list[dict[str, Any]]] = {}
    for address, declared in desired.resources.items():
        number = next(ids)
        row: dict[str, Any] = {"id": number, "name": address.name, "organization_id": 1}
        home = made.get((address.project, "project", address.project), {})
        row["project_id"] = home.get("id")
        match address.kind:
            case "project":
                size = to_wire_size(declared.spec.cluster)
                row |= {"status": "running", **{k: v for k, v in size.items() if v is not None}}
            case "dataset":
                columns = [{"column_name": n, "datatype": "x"} for n in declared.spec.columns]
                key = f"sha256-{declared.spec.sha256}-x-abc123.csv"
                row |= {"status": "processed", "url": f"s3://bucket/files/{key}"}
                row["statistics"] = {"stat_data": columns}
            case "experiment":
                data = made[address.project, "dataset", declared.spec.dataset]
                row |= {"id": f"e{number}", "project_file_id": data["id"]}
                hub.setdefault("experiment_sessions", []).append(
                    {
                        "id": f"r{number}",
                        "experiment_id": row["id"],
                        "project_id": row["project_id"],
                        "status": "completed",
                        "top_score_value": 0.9,
                        "created_at": "2026-01-02T03:04:05Z",
                        **_evaluation.to_wire(declared.spec, data["statistics"]),
                    }
                )
            case "model":
                run = f"r{number - 1}"  # of the experiment before it
                trial = {"id": f"t{number}", "score_value": 0.9, "score_name": "f1_macro"}
                row |= {"id": f"t{number}", "trial_id": f"t{number}", "status": "ready"}
                row |= {"experiment_session_id": run, "trial": trial}
        made[address.project, address.kind, address.name] = row
        collection = {
            "project": "projects",
            "dataset": "project_files",
            "experiment": "experiments",
            "model": "pipelines",
        }[address.kind]
        hub.setdefault(collection, []).append(row)
    return hub
