"""Find the algorithms of this folder, and say which ones a run tries, in which order.

An order and starting points come first, the search after: on small tables linear models, support
vectors and randomized trees win more often than boosting does, on larger ones boosting leads.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import Any

from auger_hub.search import algorithms
from auger_hub.search.algorithms.algorithm import (
    PREPROCESSING,
    TARGET,
    Algorithm,
    Choice,
    Domain,
    Space,
    Table,
    Whole,
)
from auger_hub.search.column_kinds import CATEGORY, CODE, MANY, PHRASE
from auger_hub.search.moved import current_path
from auger_hub.search.task import BadTask, Settings

ENSEMBLES = {
    "classification": "sklearn.ensemble.VotingClassifier",
    "regression": "sklearn.ensemble.VotingRegressor",
    "timeseries": "sklearn.ensemble.VotingRegressor",
}
_FIRST_LOOK_SHARE = 0.6
_FEWEST_TRIALS = 6  # that a run should have time for
_SLOW_SERIES = 2_000  # rows beyond which only what predicts single rows quickly forecasts


@cache
def all_algorithms() -> dict[str, Algorithm]:
    """Return every algorithm by its name."""
    modules = sorted(module.name for module in pkgutil.iter_modules(algorithms.__path__))
    found: dict[str, Algorithm] = {}
    for name in modules:
        module = import_module(f"{algorithms.__name__}.{name}")
        found.update({one.name: one for one in getattr(module, "ALGORITHMS", ())})
    return found


def find_algorithm(name: str) -> Algorithm:
    """Return the algorithm of that name, or of the name it had before; BadTask without one."""
    algorithm = all_algorithms().get(current_path(name))
    if algorithm is None:
        raise BadTask(f"The algorithm `{name}` is not known to this hub.")
    return algorithm


def baseline_for(model_type: str) -> Algorithm:
    """Return what every trial has to beat."""
    known = all_algorithms().values()
    return next(one for one in known if one.is_baseline and one.task == model_type)


def missing_packages(task: str) -> dict[str, list[str]]:
    """Return the packages that algorithms of a task lack here, with the names of these."""
    missing: dict[str, list[str]] = {}
    for one in all_algorithms().values():
        if one.task == task and not one.is_installed:
            missing.setdefault(one.library, []).append(one.short_name)
    return missing


def spaces_for(settings: Settings, info: Mapping[str, Any]) -> dict[str, Space]:
    """Return the algorithms of a run in the order to try them, each with what is searched.

    Raises:
        BadTask: the options leave none.
    """
    table = table_of(settings, info)
    known = _in_order(settings, table)
    able = [one for one in known if is_able(one, settings)]
    chosen = [one for one in able if _is_wanted(one, settings) and one.fits(table)]
    if not chosen:
        names = ", ".join(one.short_name for one in able)
        raise BadTask(f"No algorithm is left to try; this hub has {names}.")
    # With few trials, a second look at the better half beats a first look at all.
    most = max(3, round(settings.max_trials * _FIRST_LOOK_SHARE))
    idle = _idle_parameters(info["featureKinds"].values())
    spaces = {one.name: _space(one, settings, table).without(idle) for one in chosen[:most]}
    if info.get("heavyTail"):
        return {name: space.with_choice(TARGET, "plain", "log") for name, space in spaces.items()}
    return spaces


def table_of(settings: Settings, info: Mapping[str, Any]) -> Table:
    """Return the table, with what one fold of a trial may take of the run's time."""
    trials = min(_FEWEST_TRIALS, settings.max_trials)
    share = min(settings.max_total_seconds / trials, settings.max_trial_seconds)
    folds = info.get("usedFolds") or settings.folds or 1
    return replace(Table.of(info), fold_seconds=share / folds)


def _in_order(settings: Settings, table: Table) -> list[Algorithm]:
    """Return those of the task in the order of their turns; regressors learn series too."""
    is_series = settings.model_type == "timeseries"
    tasks = {settings.model_type, "regression"} if is_series else {settings.model_type}
    known = [
        one
        for one in all_algorithms().values()
        if one.task in tasks and not one.is_baseline and one.is_installed
    ]
    if is_series and table.rows >= _SLOW_SERIES:
        known = [one for one in known if one.is_quick_by_row]
    return sorted(known, key=lambda one: one.turns[0 if table.is_small else 1])


def _space(algorithm: Algorithm, settings: Settings, table: Table) -> Space:
    """Return what is searched; of a forecaster the lags that its regressor sees as well."""
    space = algorithm.search(table)
    if settings.model_type != "timeseries" or algorithm.task == "timeseries":
        return space
    most = max(2, min(60, table.rows // table.series // 8))
    is_far = table.leads > 1
    start = {**space.starts[0], "lags": min(12, most), "difference": True}
    start |= {"direct": True} if is_far else {}
    lags: dict[str, Domain] = {
        "lags": Whole(1, most),
        "difference": Choice((True, False, "season")),
        **({"direct": Choice((True, False))} if is_far else {}),
    }
    starts: tuple[dict[str, Any], ...]
    starts = (start, {**start, "difference": "season"}, {**start, "difference": False})
    if is_far:
        starts += ({**start, "direct": False},)
    return Space({**space.domains, **lags}, starts, space.fixed)


def is_able(algorithm: Algorithm, settings: Settings) -> bool:
    """Tell whether an algorithm can do what the settings ask of every model."""
    if settings.sample_weight and not algorithm.takes_row_weights:
        return False
    return bool(algorithm.monotone_argument or not settings.monotonic)


def algorithms_of(settings: Settings) -> list[Algorithm]:
    """Return those that a run of such settings may try, whatever its table."""
    known = all_algorithms().values()
    of_task = [one for one in known if one.task == settings.model_type and not one.is_baseline]
    return [one for one in of_task if one.is_installed and _is_wanted(one, settings)]


def _is_wanted(algorithm: Algorithm, settings: Settings) -> bool:
    name = algorithm.short_name.lower()
    return name not in settings.blocked and (not settings.allowed or name in settings.allowed)


def _idle_parameters(kinds: Iterable[str]) -> set[str]:
    """Return the parameters that would change nothing: no column is of the kind they are about."""
    present = set(kinds)
    by_parameter = {"codes": {CODE}, "categories": {CATEGORY}, "names": {MANY, PHRASE}}
    return {PREPROCESSING + name for name, of in by_parameter.items() if not of & present}
