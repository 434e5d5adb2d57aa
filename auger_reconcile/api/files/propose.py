"""Propose the settings of a new project by a look at its data, each with its reason.

Pure: what is known of the columns and what the user said go in, proposals come out. A proposal is a
guess that the user reads, in auger.yaml and on the terminal; nothing is taken without a word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from auger_reconcile.api.look import ColumnLook, Look, Panel, nearest
from auger_reconcile.errors import AugerError

CLASSIFICATION, REGRESSION, TIMESERIES = "classification", "regression", "timeseries"
MOST_CLASSES = 15  # whole numbers with more values are numbers to predict
_LEAST_ROWS = 20
_TARGET = re.compile(
    r"(is[_ ])?(target|labels?|class(es)?|y|outcome|response|churn(ed)?|default(ed)?|survived"
    r"|fraud|species|quality|diagnosis|price|sales|revenue|demand)|.*[_ ](target|label|class)",
    re.IGNORECASE,
)
_METRICS = {
    CLASSIFICATION: ("f1_macro", "all classes count alike, however few rows they have"),
    REGRESSION: ("r2", "the share of the differences that is explained"),
    TIMESERIES: ("neg_mase", "errors against those of repeating the last value"),
}


@dataclass(frozen=True)
class Reasoned:
    """A value and why it is proposed."""

    value: str
    reason: str


@dataclass(frozen=True)
class Proposal:
    """The settings of a new project.

    Attributes:
        target: None where no column can be one.
        others: further columns that may be meant by the target.
        time: the column that holds the time, of a time series.
        series: the columns that tell several time series apart.
        exclude: columns not to learn from.
    """

    target: Reasoned | None
    others: tuple[Reasoned, ...]
    model_type: Reasoned
    metric: Reasoned
    time: Reasoned | None
    series: tuple[Reasoned, ...]
    exclude: tuple[Reasoned, ...]


def propose(look: Look, *, target: str = "", model_type: str = "") -> Proposal:
    """Return what is proposed for a file.

    Args:
        look: at the file.
        target: the column to predict, where it was told.
        model_type: likewise.

    Raises:
        AugerError: there is no such column, with the nearest name.
    """
    columns = {column.name: column for column in look.columns}
    if target and target not in columns:
        near = nearest(target, list(columns))
        hint = f"the nearest name is `{near}`" if near else f"its columns: {_listed(list(columns))}"
        raise AugerError(f"`{look.source}` has no column `{target}`", hint=hint)
    found = [Reasoned(target, "as given")] if target else _targets(look.columns)
    chosen = found[0] if found else None
    column = columns[chosen.value] if chosen else None
    times = [one for one in look.columns if one.type == "date" and one is not column]
    kind = _model_type(column, times, look.rows, model_type)
    metric, reason = _METRICS[kind.value]
    kept = {chosen.value if chosen else ""}
    panel, series = look.panel, tuple[Reasoned, ...]()
    time = _time(times) if kind.value == TIMESERIES else None
    if kind.value == TIMESERIES and panel and (chosen is None or chosen.value not in panel.series):
        time = Reasoned(panel.time, "its times repeat, but not within a series")
        series = tuple(Reasoned(name, _why_series(panel)) for name in panel.series)
    kept |= {one.value for one in (*series, *filter(None, [time]))}
    return Proposal(
        target=chosen,
        others=tuple(found[1:4]),
        model_type=kind,
        metric=Reasoned(metric, reason),
        time=time,
        series=series,
        exclude=tuple(_excluded(look, kept)),
    )


def propose_without_data(target: str, model_type: str) -> Proposal:
    """Return what was told, and defaults, for data that is not here to be looked at."""
    metric, reason = _METRICS[model_type]
    return Proposal(
        target=Reasoned(target, "as given") if target else None,
        others=(),
        model_type=Reasoned(model_type, "the data was not looked at"),
        metric=Reasoned(metric, reason),
        time=None,
        series=(),
        exclude=(),
    )


def _targets(columns: Sequence[ColumnLook]) -> list[Reasoned]:
    """Return the columns that may be the target, the likeliest first."""
    possible = [one for one in columns if _can_be_target(one)]
    named = [one for one in possible if _TARGET.fullmatch(one.name.strip())]
    named.sort(key=lambda one: one.name.strip().lower() != "target")  # it says so itself
    last = [one for one in possible if one is columns[-1] and one not in named]
    first = [one for one in possible if one is columns[0] and has_classes(one)]
    found = [Reasoned(one.name, f"targets are often called so, {_what(one)}") for one in named]
    found += [Reasoned(one.name, f"the last column, {_what(one)}") for one in last]
    taken = {one.value for one in found}
    more = [Reasoned(one.name, f"the first column, {_what(one)}") for one in first]
    return found + [one for one in more if one.value not in taken]


def _can_be_target(column: ColumnLook) -> bool:
    return column.purpose != "constant" and (
        (column.type == "number" and column.purpose == "feature") or has_classes(column)
    )


def has_classes(column: ColumnLook) -> bool:
    """Tell a column whose values are few enough to be classes."""
    if column.type == "number":
        return column.whole and column.unique <= MOST_CLASSES
    return column.type in ("category", "boolean") and column.unique > 1


def _what(column: ColumnLook) -> str:
    return f"{column.unique} classes" if has_classes(column) else "numbers"


def _model_type(
    target: ColumnLook | None, times: Sequence[ColumnLook], rows: int, told: str
) -> Reasoned:
    """Return what is to be learned of a target."""
    if told:
        doubt = ""
        if target and told != CLASSIFICATION and target.type != "number":
            doubt = f"; but `{target.name}` has no numbers, which it needs"
        return Reasoned(told, f"as given{doubt}")
    if target is None:
        return Reasoned(CLASSIFICATION, "no column was found to predict")
    if has_classes(target):
        values = f"`{target.name}` has {target.unique} different values"
        number = "; if they are amounts: regression" if target.type == "number" else ""
        return Reasoned(CLASSIFICATION, values + number)
    if target.type != "number":
        return Reasoned(CLASSIFICATION, f"`{target.name}` has texts")
    own = [one.name for one in times if one.unique == rows >= _LEAST_ROWS]
    if own:
        why = f"`{target.name}` has numbers, and each row a time of its own in `{own[0]}`"
        return Reasoned(TIMESERIES, f"{why}; if rows do not follow each other: regression")
    return Reasoned(REGRESSION, f"`{target.name}` has {target.unique} different numbers")


def _time(times: Sequence[ColumnLook]) -> Reasoned | None:
    if not times:
        return None
    best = max(times, key=lambda one: one.unique)
    reason = "the only column of dates" if len(times) == 1 else "of the dates, it differs most"
    return Reasoned(best.name, reason)


def _why_series(panel: Panel) -> str:
    who = "it tells" if len(panel.series) == 1 else "both together tell"
    return f"{who} {panel.count:,} time series apart"


def _excluded(look: Look, kept: set[str]) -> list[Reasoned]:
    """Return the columns that nothing can be learned from; none where no other is left."""
    others = [one for one in look.columns if one.name not in kept]
    useless = [one for one in others if one.purpose in ("identifier", "constant")]
    if len(useless) == len(others):
        return []
    return [Reasoned(one.name, _why_useless(one)) for one in useless]


def _why_useless(column: ColumnLook) -> str:
    if column.purpose == "identifier":
        return "different in every row: it looks like an identifier"
    return "without a value in any row" if not column.unique else "the same in all rows"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(f"`{name}`" for name in names[:10]) + more
