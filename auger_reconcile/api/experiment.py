"""Manage an experiment from Python: auger.api.Experiment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from auger_reconcile.address import Address
from auger_reconcile.api._names import check_given, check_id
from auger_reconcile.api.declared.search import STORED, DeclaredSearch, tell_unread
from auger_reconcile.api.runs.leaderboard import Row, to_row
from auger_reconcile.errors import AugerError, NotFound

if TYPE_CHECKING:
    from auger_reconcile.api.context import Context
    from auger_reconcile.api.dataset import DataSet
    from auger_reconcile.api.runs.comparison import ComparedRun, Comparison
    from auger_reconcile.api.runs.leaderboard import Leaderboard
    from auger_reconcile.api.runs.report import Report
    from auger_reconcile.api.runs.reproduction import Reproduction
    from auger_reconcile.planner.plan import Plan
    from auger_reconcile.resources.search.runs import ExperimentObject
    from auger_reconcile.state import ObservedState

Rows = Sequence[Row]


class Experiment(DeclaredSearch):
    """An experiment of a project: a search for models on one data set.

    Args:
        context: credentials and settings.
        dataset: the data set it learns from; by default the one in auger.yaml.
        experiment_name: of an existing or new experiment; by default the one in auger.yaml.
    """

    def __init__(
        self,
        context: Context,
        dataset: DataSet | None = None,
        experiment_name: str | None = None,
    ) -> None:
        super().__init__(context, dataset.project_name if dataset else None)
        self._dataset = dataset
        self._name = check_given(experiment_name, "experiment")

    @property
    def name(self) -> str:
        """The name: as given, as stored in auger.yaml, or what the file declares by default."""
        return super().name

    def list(self) -> Iterator[Row]:
        """Yield the properties of every experiment of the project.

        Raises:
            NotFound: the project does not exist.
        """
        for item in self._items("experiments"):
            if not item.get("deleted"):
                yield item

    def properties(self) -> Row:
        """Return the properties of the experiment.

        Raises:
            NotFound: the experiment does not exist.
        """
        name = self._name or self.selected_name() or self.name
        return self._item_meant("experiments", name)

    def start(
        self, *, again: bool = False, wait: bool = False, select: bool = False
    ) -> tuple[str, str]:
        """Start a run with the settings of auger.yaml, on the selected data set.

        A run with the same settings and data that waits, runs or is completed is taken as it is.

        Args:
            again: make another run although one matches.
            wait: return when the run has ended.
            select: store the experiment's name in auger.yaml, where there is one.

        Returns:
            The name of the experiment and the id of the run.
        """
        from auger_reconcile.applier.apply import ApplyOptions

        plan = self.plan_start(again=again, select=select)
        result = self.context.apply_or_raise(plan, ApplyOptions(wait=wait))
        found: ExperimentObject | None = None
        for outcome in result.outcomes:
            if outcome.action.address.kind == self.kind and outcome.object:
                found = outcome.object
        if found is None:
            found = next(one for at, one in plan.bindings.items() if at.kind == self.kind)
        if found.run is None:
            raise AugerError(f"experiment `{found.name}` has no run")
        self._name = found.name
        return found.name, found.run.id

    def stop(self) -> bool:
        """Interrupt the runs that are active; return whether there were any.

        Raises:
            NotFound: the experiment does not exist.
        """
        plan = self.plan_stop()
        self.context.apply_or_raise(plan)
        return not plan.is_empty

    def delete(self, *, select: bool = False) -> None:
        """Delete the experiment with its runs; without a name, the one auger.yaml stands for.

        Args:
            select: clear its name from auger.yaml, where it was selected.

        Raises:
            NotFound: the experiment does not exist.
        """
        self.context.apply_or_raise(self.plan_delete(select=select))

    def leaderboard(self, run_id: str | None = None) -> tuple[Rows, str]:
        """Return the trials of a run, best first, and the status of the run.

        Args:
            run_id: or the name of an experiment, for its last run; by default
                `experiment/experiment_session_id` of auger.yaml, else the run that is going on or
                ended last.

        Returns:
            Rows with `id`, `algorithm`, `score_name`, `score`, `seconds`, `all_scores`,
            `fold_scores`, `ensemble` and `holdout` (the score on rows that the search did not see,
            None where it was not scored on them); and a status such as `completed`.

        Raises:
            NotFound: there is no run.
        """
        board = self.board(run_id)
        return board.trials, board.status

    def board(self, run_id: str | None = None) -> Leaderboard:
        """Return the board of a run: its trials, failures, notices, and what to expect of the best.

        Args:
            run_id: as for `leaderboard`.

        Raises:
            NotFound: there is no run.
        """
        return self._read_board(run_id)[0]

    def _read_board(self, run_id: str | None) -> tuple[Leaderboard, Row, Sequence[Row]]:
        """Return the board of a run, and what it was made of: the run and its trials."""
        from auger_reconcile.api.runs.leaderboard import Leaderboard
        from auger_reconcile.resources.search.account import account_from_wire

        client = self.context.session.client
        if run_id is None and (self._name is None or self._is_meant(self._name)):
            run_id = self.context.name_of("experiment", "experiment_session_id")
        run_id, run = self._find_run_of(run_id) if run_id else self._newest()
        trials = tuple(client.list_all("trials", {"experiment_session_id": run_id}))
        account = account_from_wire(run)
        rows = [
            {**to_row(trial), "holdout": account.holdout_score(str(trial["id"]))}
            for trial in trials
        ]
        rows.sort(key=lambda row: -row["score"] if row["score"] is not None else float("inf"))
        board = Leaderboard(str(run_id), str(run.get("status")), tuple(rows), account)
        return board, run, trials

    def _find_run_of(self, given: str) -> tuple[str, Row]:
        """Return id and properties of a run that is named by its id or by its experiment.

        Raises:
            NotFound: there is neither, or the experiment has no run.
        """
        client = self.context.session.client
        try:
            check_id(given, "run")
            return given, client.call("GET", f"experiment_sessions/{given}")
        except NotFound as error:
            try:
                found = Experiment(self.context, self._dataset, given)._object()
            except NotFound:
                raise self._no_run(given) from error
            return self._newest(found)

    def _no_run(self, given: str) -> NotFound:
        """Return that there is no run of an id, and which one a trial of that id belongs to."""
        told, hint = f"there is no run and no experiment `{given}`", self._where_runs_are()
        with suppress(NotFound):
            trial = self.context.session.client.call("GET", f"trials/{check_id(given, 'trial')}")
            told = f"`{given}` is a trial, and no run"
            named = f"{trial['experiment_session_id']} --trial {given}"
            hint = f"a report on it is shown by\nauger experiment report {named}"
        return NotFound(told, hint=hint)

    def _newest(self, found: ExperimentObject | None = None) -> tuple[str, Row]:
        run_id = str(self._latest(found).id)
        return run_id, self.context.session.client.call("GET", f"experiment_sessions/{run_id}")

    def _where_runs_are(self) -> str:
        """Return the command that lists runs; where none is selected of several, with a NAME."""
        name = "" if self._own_name() else " NAME"
        return f"the ids of runs come from\nauger experiment history{name}"

    def report(
        self,
        run_id: str | None = None,
        *,
        trial_id: str | None = None,
        seconds: float = 60.0,
        tell: Callable[[str], None] | None = None,
    ) -> Report:
        """Return a run in full, with one trial explained; the hub is asked to explain it.

        Args:
            run_id: as for `leaderboard`.
            trial_id: of the trial to explain, the best one by default.
            seconds: to wait for the explanation at most.
            tell: shows what is waited for.

        Raises:
            NotFound: there is no run.
        """
        from auger_reconcile.api.runs.report import Report, choose_row, fetch_explanation
        from auger_reconcile.resources.search.runs import run_from_wire

        board = self.board(run_id)
        trial = choose_row(board, trial_id)
        client = self.context.session.client
        item = client.call("GET", f"experiment_sessions/{board.run_id}")
        name = self._name_of("experiments", item.get("experiment_id")) or self.name
        found, missing = None, "no trial has a score"
        if trial is not None:
            say = tell or (lambda _: None)
            found, missing = fetch_explanation(client, trial["id"], seconds, say)
        settings = dict(run_from_wire(item).settings)
        return Report(name, board, settings, trial, found, missing)

    def compare(self, left: str, right: str) -> Comparison:
        """Return two runs side by side: settings, data, boards, and how each went on.

        Args:
            left: id of a run.
            right: id of another, of this experiment or of another one.

        Raises:
            NotFound: there is no such run.
            AugerError: two names mean the same run.
        """
        from auger_reconcile.api.runs.comparison import Comparison

        found = Comparison(self._compared(left), self._compared(right))
        if left != right and found.left.board.run_id == found.right.board.run_id:
            told = f"`{left}` and `{right}` are the same run, {found.left.board.run_id}"
            raise AugerError(told, hint=self._where_runs_are())
        return found

    def reproduce(self, run_id: str, *, again: bool = False) -> Reproduction:
        """Make a run once more, wait for it, and return what is different.

        It has the settings, data and seed of the first one. No plan looks at it: neither a run that
        is declared nor a live model is ever replaced by it. One that was made before is enough.

        Args:
            run_id: of a run of the project.
            again: make it although that was done before.

        Raises:
            NotFound: there is no such run.
            AugerError: the hub cannot do it, or the run ended with an error.
        """
        self.context.apply_or_raise(self.plan_reproduce(run_id, again=again))
        return self.reproduction(run_id)

    def reproduction(self, run_id: str) -> Reproduction:
        """Return a run beside the last one that makes it once more; wait for its end.

        Raises:
            NotFound: there is none.
        """
        from auger_reconcile.api.runs.reproduction import Reproduction

        made = self._find_run(run_id)[1].reproduction_of(run_id)
        if made is None:
            raise NotFound(f"run `{run_id}` was not made once more")
        self._await(run_id)
        self._await(made.id)
        return Reproduction.of(self.compare(run_id, made.id))

    def _compared(self, run_id: str) -> ComparedRun:
        from auger_reconcile.api.runs.comparison import (
            ComparedRun,
            best_so_far,
            environment_from_wire,
        )
        from auger_reconcile.resources.search.runs import run_from_wire

        board, run, trials = self._read_board(run_id)
        told = run.get("model_settings") or {}
        options = told.get("evaluation_options") or {}
        return ComparedRun(
            experiment=self._name_of("experiments", run.get("experiment_id")),
            dataset=self._name_of("project_files", run.get("project_file_id")),
            rows=options.get("dataset_nrows"),
            features=options.get("dataset_ncols"),
            settings=dict(run_from_wire(run).settings),
            board=board,
            curve=best_so_far(trials, run.get("started_at") or told.get("start_time")),
            environment=environment_from_wire(told.get("environment")),
        )

    def _name_of(self, collection: str, item_id: Any) -> str | None:
        """Return the name of an object; None of one that was deleted since."""
        if item_id is None:
            return None
        try:
            return str(self.context.session.client.call("GET", f"{collection}/{item_id}")["name"])
        except NotFound:
            return None

    def history(self) -> Iterator[Row]:
        """Yield every run of the experiment, newest first, with settings and leaderboard.

        Those on the data of before are among them: each tells by `experiment` which it is of.

        Raises:
            NotFound: the experiment does not exist.
        """
        from auger_reconcile.api.runs.history import tell_runs, with_revisions

        observed = self._observe_existing()
        found = self._current(observed)
        every = with_revisions(self.context, observed, found) if self._is_at_home else (found,)
        yield from tell_runs(every, self.board)

    def wait(self) -> str:
        """Wait until no run of the experiment is active; return the status of the newest one.

        Raises:
            NotFound: there is no run.
        """
        from auger_reconcile.resources.search.runs import IN_PROGRESS

        newest = self._latest().id
        active = [newest]
        while active:
            for run_id in active:
                self._await(run_id)
            active = [run.id for run in self._object().runs if run.status in IN_PROGRESS]
        return self.context.session.client.status("ExperimentSession", newest)

    def _await(self, run_id: str) -> None:
        from auger_reconcile.applier.waiting import Patience
        from auger_reconcile.resources.search.runs import IN_PROGRESS

        client = self.context.session.client
        for _ in Patience().looks(f"run {run_id}"):
            if client.status("ExperimentSession", run_id) not in IN_PROGRESS:
                break

    def plan_start(self, *, again: bool = False, select: bool = True) -> Plan:
        """Return what `start` would do."""
        from dataclasses import replace

        from auger_reconcile.api._selection import check_declared_below
        from auger_reconcile.planner.build import PlanOptions, build_plan
        from auger_reconcile.planner.coverage import COMPLETE

        observed = self._observe()
        spec, desired = self._declared(observed)
        address = Address(self.project_name, self.kind, spec.name)
        options = PlanOptions(targets=(address,), repeats=(address,) if again else ())
        desired = replace(desired, forgotten=frozenset())  # of which nothing was asked
        plan = build_plan(desired, observed, options)
        told = (*plan.diagnostics, *tell_unread(plan.coverage))
        # one thing was asked for, and it was looked at
        plan = replace(plan, coverage=COMPLETE, diagnostics=told)
        if not select:
            return plan
        hint = "`--no-select` starts it and leaves the file alone"
        check_declared_below(self.context, self.kind, spec.name, hint)
        return self._select(plan, spec.name, spec.name, hint=hint)

    def plan_stop(self) -> Plan:
        """Return what `stop` would do."""
        from auger_reconcile.planner.one_resource import empty_plan, plan_one
        from auger_reconcile.resources._base import Verb
        from auger_reconcile.resources.search.runs import IN_PROGRESS

        observed = self._observe_existing()
        found = self._current(observed)
        if not any(run.status in IN_PROGRESS for run in found.every_run):
            return empty_plan(observed)
        plan = plan_one(observed, self.project_name, self.kind, found, verb=Verb.STOP)
        return self._telling_what_comes_back(plan, observed, found, "stopped")

    def plan_reproduce(self, run_id: str, *, again: bool = False) -> Plan:
        """Return what `reproduce` would do; nothing where the run was made once more already."""
        from dataclasses import replace

        from auger_reconcile.api.runs.reproduction import refuse_what_cannot_be_repeated
        from auger_reconcile.planner.one_resource import empty_plan, plan_one
        from auger_reconcile.resources._base import Verb
        from auger_reconcile.resources.search.runs import WAITING

        observed, found, item = self._find_run(run_id)
        made = None if again else found.reproduction_of(run_id)
        if made and made.status != WAITING:
            return empty_plan(observed)
        refuse_what_cannot_be_repeated(item)
        first = next(run for run in found.every_run if run.id == run_id)
        bound = replace(found, run=made or first)
        detail = f"run {run_id} once more: its settings, data and seed"
        return plan_one(
            observed, self.project_name, self.kind, bound, verb=Verb.START, detail=detail
        )

    def _find_run(self, run_id: str) -> tuple[ObservedState, ExperimentObject, Mapping[str, Any]]:
        """Return the hub as it is, the experiment of a run, and what the hub tells of the run.

        Raises:
            NotFound: the project has no such run.
            AugerError: the hub makes none once more.
        """
        observed = self._observe_existing()
        for found in observed.of(self.project_name, self.kind):
            if any(run.id == run_id for run in found.every_run):
                break
        else:
            raise NotFound(
                f"project `{self.project_name}` has no run `{run_id}`",
                hint=self._where_runs_are(),
            )
        item = self.context.session.client.call("GET", f"experiment_sessions/{run_id}")
        if "reproduces" not in item:
            raise AugerError("this hub cannot make a run once more")
        return observed, found, item

    def plan_delete(self, *, select: bool = True) -> Plan:
        """Return what `delete` would do."""
        return self._plan_delete(self._name, self.name, STORED, select=select)

    def plan_select(self) -> Plan:
        """Return the plan that stores the experiment's name in auger.yaml."""
        from auger_reconcile.api._selection import check_declared_below
        from auger_reconcile.planner.one_resource import empty_plan

        observed = self._observe_to_select()
        name, found = self._selectable(observed, self.name)
        check_declared_below(self.context, self.kind, name, "a new one is declared there, before")
        hint = "declare what it learns from, before"
        plan = self._select(empty_plan(observed), name, name, hint=hint)
        self._check_selected(plan, observed, found)
        return self._telling_what_is_meant(plan, self.name, found)

    def _object(self) -> ExperimentObject:
        return self._current(self._observe_existing())

    def _current(self, observed: ObservedState) -> ExperimentObject:
        """Return the experiment that is meant; on a data set that was given, that of its name.

        A declared name means the one on the present data, whether it is given or not.
        """
        found: ExperimentObject = (
            self._find(observed, self.name)
            if self._dataset
            else self._find_current(observed, None, self.name)
        )
        return found

    def _latest(self, found: ExperimentObject | None = None) -> Any:
        """Return the run of an experiment, the meant one by default, that goes on or is the last.

        Raises:
            NotFound: there is none.
        """
        from auger_reconcile.resources.search.runs import WAITING

        found = found or self._object()
        if not found.runs:
            raise NotFound(f"experiment `{found.name}` has no run")
        begun = [run for run in found.runs if run.status != WAITING]
        return (begun or found.runs)[-1]
