"""Trace what a prediction or a model comes from: trial, run, data, and the applies that made them.

Only reads, an object at a time, from the one asked for to the data. What the hub no longer has, or
never kept, is told at its place instead of being left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.errors import HubError, NotFound
from auger_reconcile.history.read import ApplyRecord, read_applies, read_apply
from auger_reconcile.notebook import to_frame, to_sentences, to_table

if TYPE_CHECKING:
    import pandas as pd

FORMAT_VERSION = "1.0"
_CONTENT = re.compile(r"[0-9a-f]{64}")
_CANDIDATES = 20


@dataclass(frozen=True)
class Origin:
    """One thing on the way from an answer to its data.

    Attributes:
        kind: `prediction`, `model`, `trial`, `run`, `experiment`, `dataset` or `apply`.
        id: on the hub.
        facts: what is known of it, by name.
        is_missing: it is named by what came of it, and the hub does not have it any more.
    """

    kind: str
    id: str
    facts: Mapping[str, Any]
    is_missing: bool = False

    @property
    def key(self) -> str:
        """What tells it from everything else in a lineage."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, repr=False)
class Lineage:
    """What something comes from.

    Attributes:
        origins: the thing itself first, then what it comes from, each once.
        edges: keys of (what came of it, what it comes from).
        notices: what the hub does not tell.
    """

    origins: tuple[Origin, ...]
    edges: tuple[tuple[str, str], ...]
    notices: tuple[str, ...]

    def __str__(self) -> str:
        """Return a line an origin."""
        return "\n".join(f"{one.kind} {one.id}" for one in self.origins)

    def __repr__(self) -> str:
        return f"<Lineage of {self.origins[0].kind} {self.origins[0].id}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: what it comes from, the thing itself first."""
        return to_sentences(self.notices) + to_table(
            ("Kind", "Id", "Told"), map(_row, self.origins)
        )

    def to_frame(self) -> pd.DataFrame:
        """Return what it comes from as a table of pandas: kind, id, told."""
        return to_frame(map(_row, self.origins), ["kind", "id", "told"])

    def sources_of(self, origin: Origin) -> tuple[Origin, ...]:
        """Return what something comes from directly."""
        wanted = [source for start, source in self.edges if start == origin.key]
        return tuple(one for one in self.origins if one.key in wanted)

    def to_json(self) -> dict[str, Any]:
        """Return nodes and edges as one JSON document."""
        return {
            "format_version": FORMAT_VERSION,
            "nodes": [
                {
                    "key": one.key,
                    "kind": one.kind,
                    "id": one.id,
                    "missing": one.is_missing,
                    **one.facts,
                }
                for one in self.origins
            ],
            "edges": [{"from": start, "to": end} for start, end in self.edges],
            "notices": list(self.notices),
        }


def _row(one: Origin) -> tuple[str, str, str]:
    told = [f"{name} {value}" for name, value in one.facts.items() if value not in (None, "")]
    return one.kind, one.id, ", ".join(["not on the hub any more"] * one.is_missing + told)


def trace(client: HubClient, asked: str) -> Lineage:
    """Return the lineage of a prediction, or of a model by the id of its trial.

    Raises:
        NotFound: the hub knows neither a prediction nor a trial of that id.
    """
    return _Trace(client).run(asked)


class _Trace:
    """A walk from what was asked for to what it comes from."""

    def __init__(self, client: HubClient) -> None:
        self._client = client
        self._origins: dict[str, Origin] = {}
        self._edges: dict[tuple[str, str], None] = {}
        self._notices: dict[str, None] = {}
        self._keeps_history = True

    def run(self, asked: str) -> Lineage:
        prediction = self._read("predictions", asked)
        if prediction is not None:
            names = ("status", "records_count", "predicted_at", "created_at")
            start = self._add("prediction", asked, _some(prediction, names))
            self._model(str(prediction["pipeline_id"]), start)
        else:
            self._model(asked, None)
        return Lineage(tuple(self._origins.values()), tuple(self._edges), tuple(self._notices))

    def _model(self, model_id: str, above: Origin | None) -> None:
        pipeline = self._read("pipelines", model_id)
        trial_id = str((pipeline or {}).get("trial_id") or model_id)
        trial = self._read("trials", trial_id)
        if pipeline is None and trial is None and above is None:
            raise NotFound(
                f"there is neither a prediction nor a model `{model_id}`",
                status=404,
                hint="`auger model list` and the board of an experiment name them",
            )
        if pipeline is not None or above is not None:
            facts = _some(pipeline or {}, ("name", "status", "created_at"))
            model = self._add("model", model_id, facts, above, is_missing=pipeline is None)
            self._applies(model, "model", object_id=model_id)
            above = model
        self._trial(trial_id, trial, above)

    def _trial(self, trial_id: str, item: Mapping[str, Any] | None, above: Origin | None) -> None:
        told = item or {}
        facts = _some(told, ("score_name", "score_value"))
        algorithm = (told.get("raw_data") or {}).get("algorithm_name")
        known = {"algorithm": algorithm, **facts} if algorithm else facts
        trial = self._add("trial", trial_id, known, above, is_missing=item is None)
        run_id = told.get("experiment_session_id")
        if run_id:
            self._run(str(run_id), trial)

    def _run(self, run_id: str, trial: Origin) -> None:
        item = self._read("experiment_sessions", run_id)
        told = item or {}
        settings = told.get("model_settings") or {}
        facts = {
            **_some(told, ("status", "created_at")),
            "target": settings.get("targetFeature"),
            "metric": settings.get("scoring"),
        }
        run = self._add("run", run_id, facts, trial, is_missing=item is None)
        self._applies(run, "experiment", run_id=run_id)
        experiment_id, data_id = told.get("experiment_id"), told.get("project_file_id")
        experiment = self._read("experiments", experiment_id) if experiment_id else None
        if experiment is not None:
            self._add("experiment", str(experiment_id), _some(experiment, ("name",)), run)
            data_id = data_id or experiment.get("project_file_id")
        if data_id:
            self._dataset(str(data_id), run)
        elif item is not None:
            self._notices["the data that the run learned from is not on the hub any more"] = None

    def _dataset(self, data_id: str, run: Origin) -> None:
        item = self._read("project_files", data_id)
        told = item or {}
        content = _CONTENT.search(str(told.get("url") or ""))
        rows = (told.get("statistics") or {}).get("count")
        facts = {
            **_some(told, ("name", "created_at")),
            "rows": rows,
            "sha256": content[0] if content else None,
        }
        made_of = told.get("made_of") or {}
        if made_of:
            facts["actuals"] = made_of.get("actuals")
        data = self._add("dataset", data_id, facts, run, is_missing=item is None)
        if made_of.get("project_file_id"):
            self._dataset(str(made_of["project_file_id"]), data)
            return
        if item is not None and content is None:
            self._notices[f"data set {told.get('name')}: its content was not hashed"] = None
        self._applies(data, "dataset", object_id=data_id)

    def _applies(self, made: Origin, kind: str, **by: str) -> None:
        """Add the apply that made something, with its commit.

        Ids of different kinds may be the same, and an action that failed may name what was there
        before it: only the action itself says whether it has made this.
        """
        wanted = {"kind": kind, "action": "start" if "run_id" in by else "create", **by}
        wanted["status"] = "applied"
        record = next(self._recorded(wanted), None)
        if record is not None:
            names = ("status", "user", "commit", "branch", "created_at")
            facts = {name: getattr(record, name) for name in names}
            if record.is_dirty:
                facts["is_dirty"] = True
            self._add("apply", str(record.id), facts, made)
        elif self._keeps_history:
            told = f"{made.kind} {made.id}: no apply that is kept made it"
            self._notices[told] = None

    def _recorded(self, wanted: Mapping[str, str]) -> Iterator[ApplyRecord]:
        """Yield the applies with an action that is like this, newest first."""
        if not self._keeps_history:
            return
        by = {name: value for name, value in wanted.items() if name != "status"}
        try:
            for record in read_applies(self._client, limit=_CANDIDATES, **by):
                for action in read_apply(self._client, record.id).actions:
                    told = vars(action)
                    if all(str(told[name]) == value for name, value in wanted.items()):
                        yield record
                        break
        except HubError:
            self._keeps_history = False
            self._notices["this hub keeps no history, so that no commit is known"] = None

    def _read(self, collection: str, number: object) -> Mapping[str, Any] | None:
        """Return an object, None when the hub does not have it."""
        try:
            found: Mapping[str, Any] = self._client.call("GET", f"{collection}/{number}")
        except HubError as error:
            if error.status in (400, 404):
                return None
            raise
        return found

    def _add(
        self,
        kind: str,
        number: str,
        facts: Mapping[str, Any],
        above: Origin | None = None,
        *,
        is_missing: bool = False,
    ) -> Origin:
        known = {name: value for name, value in facts.items() if value is not None}
        origin = Origin(kind, number, known, is_missing)
        self._origins.setdefault(origin.key, origin)
        if above is not None:
            self._edges[above.key, origin.key] = None
        return origin


def _some(item: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: item.get(name) for name in names}
