"""Child process: score trials on a holdout or on the folds of a run, and keep that with the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auger_hub.data.notices import Notice, to_dicts
from auger_hub.database.tables import ExperimentSession, ProjectFile, Trial, TrialEvaluation
from auger_hub.processes.child_process import own_folder
from auger_hub.processes.job_process import Impossible, Workplace, run_child
from auger_hub.processes.job_queue import end_holdout
from auger_hub.processes.plain_json import to_plain
from auger_hub.runs.run_row import options_of, read_task
from auger_hub.runs.trial_evaluations import keep

if TYPE_CHECKING:
    from auger_hub.explain.unseen import Holdout, Scored
    from auger_hub.search.task import SearchTask
    from auger_hub.search.trials.trial import Candidate, TrialData


def evaluate(place: Workplace, row_id: str) -> None:
    """Answer one question, trial by trial; what cannot be scored says why."""
    with place.database.read() as session:
        row = session.get(TrialEvaluation, row_id)
        if row is None or row.status != "waiting":
            return
        run = session.get_one(ExperimentSession, row.experiment_session_id)
    with own_folder(place.settings, f"evaluate-{row_id}") as folder:
        work = _Scoring(place, run, row, folder)
        results = to_plain([work.score(str(trial_id)) for trial_id in row.trial_ids])
        notices = to_dicts(work.notices()) if row.is_of_run else []
    with place.database.write() as session:
        stored = session.get(TrialEvaluation, row_id)
        if stored is None or stored.status != "waiting":
            return
        stored.status = "done"
        kept_by = session.get_one(ExperimentSession, row.experiment_session_id)
        keep(kept_by, results)
        if row.is_of_run:
            errors = [one["error"] for one in results if one["error"] is not None]
            error = errors[0] if len(errors) == len(results) else None
            end_holdout(
                kept_by, row, error or (None if results else "no trial has a score"), notices
            )


class _Scoring:
    """Scores trials for one question; the data of a run is read once."""

    def __init__(
        self, place: Workplace, run: ExperimentSession, row: TrialEvaluation, folder: Path
    ) -> None:
        self._place, self._run, self._row, self._folder = place, run, row, folder
        self._prepared: dict[str, tuple[SearchTask, TrialData]] = {}
        self._holdout = self._find_holdout() if row.project_file_id is not None else None
        self._left_out = 0

    def score(self, trial_id: str) -> dict[str, Any]:
        """Return what is kept of one trial."""
        told: dict[str, Any] = {
            "trial_id": trial_id,
            "project_file_id": self._row.project_file_id,
            "rows": "folds" if self._holdout is None else self._holdout.name,
            "metric": self._metric(),
            "segments": {},
            "error": None,
        }
        with self._place.database.read() as session:
            trial = session.get(Trial, trial_id)
        if trial is not None and trial.organization_id == self._run.organization_id:
            told["found_by"] = trial.experiment_session_id
        try:
            with _as_sentence():
                scored = self._score(trial)
        except Impossible as error:
            return {**told, "count": None, "score": None, "scores": {}, "error": str(error)}
        self._left_out = max(self._left_out, scored.left_out)
        return {**told, **scored.to_dict()}

    def notices(self) -> list[Notice]:
        """Return what there is to say about the holdout of a run."""
        from auger_hub.explain.unseen import count_seen

        found: list[Notice] = []
        if self._holdout is None:
            return found
        with _as_sentence():
            seen = count_seen(self._data_of(self._run)[0], self._holdout)
        if seen:
            text = (
                f"The training data has {_rows(seen)} of the holdout {self._holdout.name} as well: "
                "the models have seen them."
            )
            found.append(Notice("holdout-seen", text, count=seen))
        if self._left_out:
            text = (
                f"Left out of the holdout {self._holdout.name}: {_rows(self._left_out)} without a "
                "target, or of a class that the run has never met."
            )
            found.append(Notice("holdout-left-out", text, count=self._left_out))
        return found

    def _score(self, trial: Trial | None) -> Scored:
        from auger_hub.explain.unseen import score_on_folds, score_on_holdout

        is_foreign = trial is not None and trial.organization_id != self._run.organization_id
        if trial is None or is_foreign or trial.score_value is None:
            raise Impossible("there is no such trial on a board of this hub")
        if "refit_data_path" in trial.raw_data:
            raise Impossible("it was fitted on other data than its run")
        candidate = _candidate(trial)
        own = self._run_of(trial)
        if own.id != self._run.id:
            self._refuse_other_target(own)
        if self._holdout is not None:
            data = self._data_of(own)[1]
            return score_on_holdout(
                data, candidate, self._holdout, self._row.segments, metric=self._metric()
            )
        return score_on_folds(*self._data_of(self._run), candidate, self._row.segments or [])

    def _metric(self) -> str:
        """Return the metric that every trial is scored by: that of the run which asks."""
        return str(options_of(self._run).get("scoring"))

    def _run_of(self, trial: Trial) -> ExperimentSession:
        with self._place.database.read() as session:
            return session.get_one(ExperimentSession, trial.experiment_session_id)

    def _refuse_other_target(self, own: ExperimentSession) -> None:
        theirs, ours = (self._data_of(run)[1].info for run in (own, self._run))
        for name in ("targetFeature", "model_type"):
            if theirs[name] != ours[name]:
                raise Impossible(f"it was made for `{theirs[name]}`, this run for `{ours[name]}`")

    def _data_of(self, run: ExperimentSession) -> tuple[SearchTask, TrialData]:
        from auger_hub.search.preparation.prepare import make_trial_data

        if run.id not in self._prepared:
            folder = self._folder / run.id
            folder.mkdir(exist_ok=True)
            task = read_task(self._place, run, folder)
            self._prepared[run.id] = (task, make_trial_data(task))
        return self._prepared[run.id]

    def _find_holdout(self) -> Holdout:
        from auger_hub.explain.unseen import Holdout

        with self._place.database.read() as session:
            data = session.get(ProjectFile, self._row.project_file_id)
        if data is None:
            raise Impossible("the holdout was deleted")
        path = self._place.stored_path(data.organization_id, data.key)
        return Holdout(path, data.name)


@contextmanager
def _as_sentence() -> Iterator[None]:
    """Turn what forbids a score into the sentence that is kept of it."""
    from auger_hub.data.files.unreadable import UnreadableData
    from auger_hub.explain.unseen import Unscorable
    from auger_hub.search.task import BadTask

    try:
        yield
    except (BadTask, UnreadableData, Unscorable) as error:
        raise Impossible(str(error)) from error


def _candidate(trial: Trial) -> Candidate:
    from auger_hub.search.trials.trial import Candidate

    return Candidate(trial.id, trial.result["algorithm_name"], trial.result["algorithm_params"])


def main() -> int:
    """Do the work of this process; return its exit code."""
    return run_child("evaluate", evaluate)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
