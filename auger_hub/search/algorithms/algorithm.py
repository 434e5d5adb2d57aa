"""Describe an algorithm: its class, its task, what it needs, and what a run searches about it.

All that the hub asks about an algorithm stands in its record, and each file of this folder holds
the records of one family. So an algorithm costs one file, and no other asks for its name.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeAlias

SMALL_ROWS = 3_000
PREPROCESSING = "preprocessing."  # parameters of the preprocessing, nested in `algorithm_params`


class Family(Enum):
    """How the columns are made ready."""

    LINEAR = "linear"  # scaled numbers, one-hot categories
    SCALED_TARGET = "scaled target"  # the same, and the target is scaled too
    FOREST = "forest"  # imputed numbers, ordinal categories
    BOOSTING = "boosting"  # numbers as they are, ordinal categories
    NATIVE = "native"  # the same, and the model is told which columns are codes of categories

    @property
    def needs_scaling(self) -> bool:
        """Tell whether distances or weights would suffer from differing scales."""
        return self in (Family.LINEAR, Family.SCALED_TARGET)


@dataclass(frozen=True)
class Table:
    """What of a table decides about algorithms; `classes` is 0 for values.

    `fold_seconds` is what a fit of one fold may take, so that a run has time for several trials.
    Of time series there are `series` in it, to be forecast `leads` steps from one origin.
    """

    rows: int
    features: int
    classes: int = 0
    rarest_class_rows: int | None = None
    fold_seconds: float = float("inf")
    series: int = 1
    leads: int = 1

    @classmethod
    def of(cls, task_info: Mapping[str, Any]) -> Table:
        """Return the table that `describe_task` described."""
        return cls(
            task_info["dataset_nrows"],
            max(task_info["featuresCount"], 1),
            len(task_info.get("targetClasses", ())),
            task_info.get("minority_target_class_rows"),
            series=task_info.get("seriesCount", 1),
            leads=task_info.get("leads", 1),
        )

    @property
    def is_small(self) -> bool:
        """Tell whether it is so small that boosting does not lead yet."""
        return self.rows < SMALL_ROWS

    @property
    def cells(self) -> int:
        """Return rows times features."""
        return self.rows * self.features

    @property
    def outputs(self) -> int:
        """Return of how many values a prediction is made: one a class, from three on."""
        return self.classes if self.classes > 2 else 1


@dataclass(frozen=True)
class Real:
    """A number between two others."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Whole:
    """A whole number between two others."""

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True)
class Choice:
    """One of some values; a list is kept as JSON text, since samplers compare values."""

    values: tuple[str | int | float | bool | None, ...]


Domain: TypeAlias = Real | Whole | Choice


def log_range(low: float, high: float) -> Real:
    """Return a domain that is searched by orders of magnitude."""
    return Real(low, high, log=True)


def one_of(*values: Any) -> Choice:
    """Return a choice of some values."""
    return Choice(tuple(json.dumps(v) if isinstance(v, list) else v for v in values))


@dataclass(frozen=True)
class Space:
    """What is searched about an algorithm on one table, and the points to try first."""

    domains: Mapping[str, Domain]
    starts: tuple[Mapping[str, Any], ...]
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def to_params(self, point: Mapping[str, Any]) -> dict[str, Any]:
        """Return `algorithm_params` for a point of the space."""
        params: dict[str, Any] = dict(self.fixed)
        prepared: dict[str, Any] = {}
        for name, value in point.items():
            if name.startswith(PREPROCESSING):
                prepared[name.removeprefix(PREPROCESSING)] = value
            else:
                is_list = isinstance(value, str) and value.startswith("[")
                params[name] = json.loads(value) if is_list else value
        return {**params, "preprocessing": prepared} if prepared else params

    def to_point(self, params: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the point that `params` came from; None when it is none of this space."""
        prepared = params.get("preprocessing", {})
        flat = {**params, **{PREPROCESSING + name: value for name, value in prepared.items()}}
        if not self.domains.keys() <= flat.keys():
            return None
        point = {name: flat[name] for name in self.domains}
        return {n: json.dumps(v) if isinstance(v, list) else v for n, v in point.items()}

    def with_choice(self, name: str, *values: str) -> Space:
        """Return the space with one more choice; points begin with each of its values in turn."""
        starts = [{**start, name: value} for start in self.starts for value in values]
        return Space({**self.domains, name: one_of(*values)}, tuple(starts), self.fixed)

    def without(self, names: Iterable[str]) -> Space:
        """Return the space with fewer parameters to search."""
        left_out = set(names)
        return Space(
            {n: d for n, d in self.domains.items() if n not in left_out},
            tuple({n: v for n, v in s.items() if n not in left_out} for s in self.starts),
            self.fixed,
        )


def _no_time(_table: Table) -> float:
    return 0.0


def _search_nothing(_table: Table) -> Space:
    return Space({}, ({},))


@dataclass(frozen=True, kw_only=True)
class Algorithm:
    """One algorithm that trials may use.

    Args:
        name: class path; it stands on boards and in stored trials.
        task: model type whose target it learns.
        family: preprocessing of the columns.
        turns: its place in the order of first tries, on small and on large tables.
        search: what is searched about it on a table.
        seconds: what a fit of one fold takes on a usual core, roughly, without preprocessing.
        most_rows: beyond, a fit takes so long that it is of no use.
        least_class_rows: of the rarest class, below which it cannot be fitted.
        is_calibrated: it has no probabilities of its own.
        is_quick_by_row: predicts single rows so fast that long series can be forecast with it.
        is_baseline: what every other has to beat.
        is_extra: its library is an extra of this package, and may not be installed.
        is_weighted: it takes weights of classes.
        is_stoppable: the clock may stop a fit, which keeps what it has so far.
        codes_argument: what it is told the places of categories by, of columns made `native`.
        monotone_argument: what it is told by with which columns its predictions only rise or fall.
        parameters: of every fit; they are not shown.
        stored_types: what a stored model of it is made of, besides what is trusted anyway.
        needs: the library of an algorithm whose class is the hub's own.
    """

    name: str
    task: str
    family: Family
    turns: tuple[int, int] = (0, 0)
    search: Callable[[Table], Space] = _search_nothing
    seconds: Callable[[Table], float] = _no_time
    most_rows: float = float("inf")
    least_class_rows: int = 0
    is_calibrated: bool = False
    is_quick_by_row: bool = False
    is_baseline: bool = False
    is_extra: bool = False
    is_weighted: bool = False
    is_stoppable: bool = False
    codes_argument: str = ""
    monotone_argument: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    stored_types: tuple[str, ...] = ()
    needs: str = ""

    @property
    def module(self) -> str:
        """Return what has to be imported for it."""
        return self.name.rpartition(".")[0]

    @property
    def short_name(self) -> str:
        """Return the class alone, as clients may name it."""
        return self.name.rpartition(".")[2]

    @property
    def library(self) -> str:
        """Return the package that has to be installed for it."""
        return self.needs or self.name.partition(".")[0]

    @property
    def is_installed(self) -> bool:
        """Tell whether its library is there."""
        return not self.is_extra or find_spec(self.library) is not None

    @property
    def takes_row_weights(self) -> bool:
        """Tell whether rows may count differently in a fit."""
        return "sample_weight" in inspect.signature(self.estimator.fit).parameters

    @property
    def estimator(self) -> Any:
        """Return the class; importing its library takes a moment."""
        return getattr(import_module(self.module), self.short_name)

    def fits(self, table: Table) -> bool:
        """Tell whether it is worth a try on such a table."""
        rarest = table.rarest_class_rows
        has_rows = rarest is None or rarest >= self.least_class_rows
        return table.rows <= self.most_rows and has_rows


SCALED: dict[str, Domain] = {
    PREPROCESSING + "scaler": one_of("standard", "minmax", "quantile"),
    PREPROCESSING + "codes": one_of("number", "onehot"),
}
TARGET = PREPROCESSING + "target"
NAMES = PREPROCESSING + "names"  # of columns of many values
NAMED: dict[str, Domain] = {NAMES: one_of("target", "ordinal")}
TREE: dict[str, Domain] = {PREPROCESSING + "categories": one_of("ordinal", "target"), **NAMED}
WEIGHT: dict[str, Domain] = {"class_weight": one_of(None, "balanced")}
WEIGHT_START: dict[str, Any] = {"class_weight": None}


def scaled(**start: Any) -> dict[str, Any]:
    """Return a starting point of an algorithm whose columns are scaled."""
    return {**start, PREPROCESSING + "scaler": "standard", PREPROCESSING + "codes": "number"}
