"""Generated worlds: what files may say, how a hub may be, and what may happen in between."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from auger_reconcile.address import Address
from auger_reconcile.planner.build import PlanOptions

from .world import LIVE, World

DATASETS = ("d.csv", "d-1.csv", "e_f.csv")
EXPERIMENTS = ("exp", "exp-1", "g_h")
MODELS = ("prod", "canary")

Document = dict[str, Any]
Event = tuple[str, int]


def _some(names: tuple[str, ...], settings: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.sampled_from(names), settings, max_size=len(names))


def _with_optional(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=members)


CLUSTERS = st.builds(
    lambda low, more, kind: {"min_nodes": low, "max_nodes": low + more, "type": kind},
    st.integers(1, 2),
    st.integers(0, 2),
    st.sampled_from(["standard", "high_memory"]),
)


# Strategies are made once, not in each draw: making them takes longer than drawing from them.
_PROJECT = _with_optional(
    state=st.sampled_from(["running", "stopped", "stopped", "absent"]), cluster=CLUSTERS
)
_DATASETS = st.lists(st.sampled_from(DATASETS), unique=True, max_size=3)
_SOURCES = st.sampled_from(["x", "x", "y", "z", "remote", "remote 2", "unreadable"])
_EXPERIMENTS = _some(
    EXPERIMENTS,
    _with_optional(
        max_n_trials=st.integers(1, 3),
        metric=st.sampled_from(["accuracy", "f1_macro"]),
        exclude=st.sampled_from([[], ["id"], ["id", "ghost"], ["target"]]),
        label_encoded=st.sampled_from([["age"], ["ghost"]]),
        state=st.sampled_from(["completed", "created", "stopped", "absent"]),
        lifecycle=st.just({"ignore_changes": ["max_n_trials"]}),
        options=st.just({"splitOptions": {"shuffleData": True}}),
        retrain=st.sampled_from(
            [
                {"on": ["score"], "not_more_often": "1m"},
                {"on": ["score"]},
                {"on": ["schedule"], "schedule": "0 3 * * 1"},
            ]
        ),
    ),
)
_LEAST = st.sampled_from([0.1, 0.4, 0.8])
_ASKING = st.one_of(
    _with_optional(min_score=_LEAST, margin=st.just(0.0), segments=st.just({"age": 0.1})).filter(
        lambda gate: gate.keys() - {"margin"}
    ),
    st.fixed_dictionaries(
        {"beats_live": st.just(True), "margin": st.sampled_from([0.0, 0.1])},
        optional={"min_score": _LEAST, "segments": st.just({"age": 0.3})},
    ),
)
_ROLLOUTS = st.sampled_from(
    [
        {"canary": "10%", "for": "1m", "abort_below": 0.8},
        {"canary": "25%", "for": "6h"},
        {"shadow": "1m"},
    ]
)
_MODELS = _some(
    MODELS,
    _with_optional(
        min_score=st.sampled_from([0.2, 0.6, 0.9]),
        locally=st.booleans(),
        gate=_ASKING,
        monitor=st.sampled_from(
            [
                {"score": {"min": 0.8}},
                {"drift": {"alert": 0.3, "window": "48h"}, "segments": ["id", "age"]},
                {"missing": 0.05},
            ]
        ),
        rollout=_ROLLOUTS,
        state=st.sampled_from(["deployed", "deployed", "absent"]),
    ),
)


@st.composite
def documents(draw: st.DrawFn, name: str = "shop") -> Document:
    """Return a valid document in the long form."""
    document = draw(_PROJECT)
    datasets: dict[str, Any] = {}
    for dataset in draw(_DATASETS):
        source = draw(_SOURCES)
        content = {"content": source}
        url = {"source": f"https://data.test/{source[6:].strip()}.csv"}
        datasets[dataset] = url if source.startswith("remote") else content
        if draw(st.integers(0, 9)) == 0:
            datasets[dataset]["state"] = "absent"
    present = [name for name, data in datasets.items() if "state" not in data]
    experiments = _that_need(draw, _EXPERIMENTS, "dataset", present)
    for experiment in experiments.values():
        searched = datasets[experiment["dataset"]]
        others = [name for name in present if datasets[name] != searched]
        if others and draw(st.booleans()):
            experiment["holdout"] = draw(st.sampled_from(others))
    present = [name for name, one in experiments.items() if one.get("state") != "absent"]
    models = _that_need(draw, _MODELS, "experiment", present)
    for model in models.values():
        if model.get("locally"):
            model.pop("monitor", None)
            model.pop("rollout", None)
        if "min_score" in model.get("gate", {}):
            model.pop("min_score", None)
    _watch_alike(models)
    if draw(st.booleans()):
        document["revision_history"] = draw(st.integers(0, 1))
    return {
        "name": name,
        **document,
        "datasets": datasets,
        "experiments": experiments,
        "models": models,
    }


def _watch_alike(models: Mapping[str, Any]) -> None:
    """Let models of one experiment be watched and replaced alike: on a hub they are one trial."""
    first: dict[str, Any] = {}
    for model in models.values():
        if not model.get("locally") and model.get("state") != "absent":
            told = first.setdefault(model["experiment"], dict(model))
            for name in ("monitor", "rollout"):
                model.pop(name, None)
                model.update({name: told[name]} if name in told else {})


_CONTENTS = st.sampled_from(["x", "x", "y"])


@st.composite
def gated_documents(draw: st.DrawFn) -> Document:
    """Return a document whose model has a gate that asks for something, most with a holdout."""
    experiment = {"dataset": "d.csv", "max_n_trials": draw(st.integers(1, 9))}
    gate = draw(_ASKING)
    if draw(st.integers(0, 3)):
        experiment["holdout"] = "e_f.csv"
        gate = {**gate, **draw(_with_optional(on=st.sampled_from(["folds", "holdout"])))}
    return {
        "name": "shop",
        "datasets": {
            "d.csv": {"content": draw(_CONTENTS)},
            "e_f.csv": {"content": draw(st.sampled_from(["y", "z"]))},
        },
        "experiments": {"exp": experiment},
        "models": {"prod": {"experiment": "exp", "gate": gate}},
    }


@st.composite
def documents_with_rollouts(draw: st.DrawFn) -> Document:
    """Return a document whose model is replaced step by step, or, rarely, at once."""
    rollout = draw(st.one_of(_ROLLOUTS, _ROLLOUTS, st.none()))
    return {
        "name": "shop",
        "datasets": {"d.csv": {"content": draw(_CONTENTS)}},
        "experiments": {"exp": {"dataset": "d.csv", "max_n_trials": draw(st.integers(1, 4))}},
        "models": {"prod": {"experiment": "exp", **({"rollout": rollout} if rollout else {})}},
    }


def _that_need(
    draw: st.DrawFn, settings: st.SearchStrategy[Any], need: str, present: list[str]
) -> dict[str, Any]:
    """Return resources that each need one of those that are there; none where nothing is."""
    if not present:
        return {}
    last = st.integers(0, len(present) - 1)
    return {name: {need: present[draw(last)], **one} for name, one in draw(settings).items()}


_FATES = st.sampled_from(["completed", "completed", "error", "interrupted", "no score"])
_HUBS = st.builds(
    World,
    dashes=st.booleans(),
    keeps_names=st.booleans(),
    watches=st.booleans(),
    fates=st.lists(_FATES, max_size=3),
)
_AT = st.sampled_from(["project.shop", "dataset.d.csv", "experiment.exp", "model.prod"])
_SOME = st.lists(_AT.map(Address.parse), max_size=1).map(tuple)
_ASKED = st.builds(
    PlanOptions,
    destroy=st.booleans(),
    prune=st.booleans(),
    targets=_SOME,
    excludes=_SOME,
    max_deletes=st.just(99),
)
_OPTIONS = st.one_of(st.just(PlanOptions()), _ASKED)


def hubs() -> st.SearchStrategy[World]:
    """Return a hub with its habits and the luck of its runs."""
    return _HUBS


def options() -> st.SearchStrategy[PlanOptions]:
    """Return what a user may ask of a plan."""
    return _OPTIONS


def events() -> st.SearchStrategy[Event]:
    """Return something that happens without us, to the n-th object it can happen to."""
    return _EVENTS


def rollout_events() -> st.SearchStrategy[Event]:
    """Return something that happens to what stands beside a live model, or to that."""
    return _ROLLOUT_EVENTS


def happen(world: World, event: Event) -> None:
    """Let an event happen; nothing happens when there is no object for it."""
    name, number = event
    HAPPENINGS[name](world, number)


def _nth(world: World, collection: str, number: int) -> dict[str, Any] | None:
    rows = [row for row in world.rows.get(collection, {}).values() if not row.get("deleting")]
    return rows[number % len(rows)] if rows else None


def _stop_project(world: World, number: int) -> None:
    project = _nth(world, "projects", number)
    if project:
        world.call("PATCH", f"projects/{project['id']}/undeploy", {})


def _start_project(world: World, number: int) -> None:
    project = _nth(world, "projects", number)
    if project:
        sizes = {"workers_count": 3, "worker_type_id": 2}
        world.call("PATCH", f"projects/{project['id']}/deploy", sizes)


def _end_runs(world: World, _: int) -> None:
    for run in world.rows.get("experiment_sessions", {}).values():
        if run["status"] in LIVE:
            run["status"] = "interrupted"


def _forget_start(world: World, number: int) -> None:
    """Somebody else made a run like an older one, and has not started it yet."""
    run = _nth(world, "experiment_sessions", number)
    if run and run["experiment_id"] in world.rows["experiments"]:
        experiment = world.rows["experiments"][run["experiment_id"]]
        if experiment["project_file_id"] is not None:
            told = ("experiment_id", "model_settings", "model_type", "dataset_statistics")
            world.call("POST", "experiment_sessions", {name: run[name] for name in told})


def _delete(collection: str) -> Callable[[World, int], None]:
    def delete(world: World, number: int) -> None:
        row = _nth(world, collection, number)
        if row:
            world.call("DELETE", f"{collection}/{row['id']}")

    return delete


def _add_foreign_data(world: World, number: int) -> None:
    """Another client uploads a data set, whose key tells nothing of its content."""
    project = _nth(world, "projects", 0)
    name = DATASETS[number % len(DATASETS)]
    if project and not world.list_all("project_files", {"name": name}):
        key = f"workspace/projects/{project['name']}/files/foreign-{number}.csv"
        world.stored[key] = f"foreign {number}"
        body = {"name": name, "project_id": project["id"], "url": f"s3://bucket/{key}"}
        world.call("POST", "project_files", body)


def _add_foreign_experiment(world: World, number: int) -> None:
    data = _nth(world, "project_files", number)
    name = EXPERIMENTS[number % len(EXPERIMENTS)]
    if data and not world.list_all("experiments", {"name": name}):
        body = {"name": name, "project_id": data["project_id"], "data_path": data["url"]}
        world.call("POST", "experiments", body)


def _deploy_by_hand(world: World, number: int) -> None:
    """A person deploys the second best trial of a run."""
    trials = list(world.rows.get("trials", {}).values())[1::2]
    if trials:
        trial = trials[number % len(trials)]
        if world.rows["projects"][str(trial["project_id"])]["status"] == "running":
            live = world.rows.get("pipelines", {}).get(trial["id"])
            if live is None or live["status"] != "undeploying":
                world.call("POST", "pipelines", {"trial_id": trial["id"]})


def _undeploy(world: World, number: int) -> None:
    pipeline = _nth(world, "pipelines", number)
    if pipeline and pipeline["status"] == "ready":
        world.call("PATCH", f"pipelines/{pipeline['id']}", {"status": "undeploying"})


def _decay(world: World, number: int) -> None:
    pipeline = _nth(world, "pipelines", number)
    if pipeline and pipeline["status"] == "ready":
        world.decay(world.rows["pipelines"][pipeline["id"]])


def _ripen(world: World, number: int) -> None:
    world.ripen((0.3, 0.9)[number % 2])


HAPPENINGS: Mapping[str, Callable[[World, int], None]] = {
    "a person stops the cluster": _stop_project,
    "a person starts a cluster of another size": _start_project,
    "the runs end": _end_runs,
    "another client makes a run": _forget_start,
    "a person deletes a data set": _delete("project_files"),
    "a person deletes an experiment": _delete("experiments"),
    "a person deletes the project": _delete("projects"),
    "another client uploads": _add_foreign_data,
    "another client makes an experiment": _add_foreign_experiment,
    "a person deploys a trial": _deploy_by_hand,
    "a person undeploys": _undeploy,
    "a live model decays": _decay,
    "rollouts have lasted": _ripen,
    "time passes": lambda world, _: world.settle(),
}
_EVENTS = st.tuples(st.sampled_from(sorted(HAPPENINGS)), st.integers(0, 3))
_OF_ROLLOUTS = ("rollouts have lasted", "rollouts have lasted", "a live model decays")
_ROLLOUT_EVENTS = st.tuples(
    st.sampled_from([*_OF_ROLLOUTS, "time passes", "a person undeploys"]), st.integers(0, 3)
)


def portrait(world: World) -> str:
    """Return what a world has in the end, told without ids and times."""
    world.settle()
    rows = {name: list(found.values()) for name, found in world.rows.items()}
    projects = {row["id"]: row["name"] for row in rows.get("projects", [])}
    files = {row["id"]: row["name"] for row in rows.get("project_files", [])}
    experiments = {row["id"]: row["name"] for row in rows.get("experiments", [])}
    told: list[Any] = [["project", row["name"], row["status"]] for row in rows.get("projects", [])]
    told += [
        ["data", projects[row["project_id"]], row["name"], row["status"]]
        for row in rows.get("project_files", [])
    ]
    told += [
        ["experiment", row["name"], files.get(row["project_file_id"])]
        for row in rows.get("experiments", [])
    ]
    told += [
        ["run", experiments.get(row["experiment_id"]), row["status"], _options(row)]
        for row in rows.get("experiment_sessions", [])
    ]
    told += [
        ["model", row["status"], row["trial"]["score_value"]]
        for row in rows.get("pipelines", [])
        if row["status"] != "undeployed"
    ]
    return "\n".join(sorted(map(str, told)))


def _options(run: Mapping[str, Any]) -> str:
    return json.dumps(run["model_settings"]["evaluation_options"], sort_keys=True)


def alive(world: World) -> set[str]:
    """Return the ids of everything that a person would miss."""
    gone = ("undeployed", "undeploying")
    kinds = ("projects", "project_files", "experiments", "pipelines")
    rows = [row for kind in kinds for row in world.rows.get(kind, {}).values()]
    live = [row for row in rows if not row.get("deleting")]
    return {
        str(row["id"])
        for row in live
        if row.get("status") not in gone or not str(row["id"]).startswith("T")
    }


def exports(folder: Path) -> set[str]:
    """Return the downloaded exports of a folder; what a killed download left is none."""
    return {path.name for path in folder.glob("models/[!.]*")}


def portray_exports(folder: Path, world: World) -> list[tuple[str, str]]:
    """Return what a folder has of whose models; the ids of trials depend on what was made first."""
    trials, runs = (world.rows.get(name, {}) for name in ("trials", "experiment_sessions"))
    experiments = world.rows.get("experiments", {})
    told = []
    for path in map(Path, exports(folder)):
        trial = trials.get(path.stem.removeprefix("model-"))
        run = runs.get(trial["experiment_session_id"]) if trial else None
        made = experiments.get(run["experiment_id"]) if run else None
        whose = f"{made['name']}, {trial['score_value']}" if trial and made else path.stem
        told.append((whose, path.suffix))
    return sorted(told)
