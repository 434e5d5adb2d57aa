"""Score a stored model on rows whose target is known, by every metric of its kind.

The rows are read by the model's own schema, as those of a prediction are. What cannot be scored is
left out and told as a notice: rows without a target or a weight, classes that the model never met,
rows of a series that are in the past of what was learned, metrics without a value for these rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from auger_hub.data.notices import Notice, rows, to_dicts
from auger_hub.data.schema import EXACT, NUMBER, ColumnSchema, TableSchema
from auger_hub.data.text.typed import are_unreadable, to_column, truth_of, whole_name
from auger_hub.models.predict import BadInput, Predictor
from auger_hub.search.columns import to_number
from auger_hub.search.scores.metrics import Outcome, all_scores, describe_labels, metrics_for

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Evaluation:
    """How a model did on rows whose target is known.

    Attributes:
        metric: the one that its run was sorted by.
        rows: how many were scored.
        scores: by the names of the metrics, greater is better; the undefined ones are not there.
            Rows count by their weight, if they have some, here and in the scores of `per_class`.
        labels: of the classes; empty for numbers, as the next two are.
        per_class: `label`, `precision`, `recall`, `f1` and `rows` of each class.
        confusion: rows by their true class, a row each, and their predicted one.
        notices: what was left out, and what could not be read.
    """

    model_type: str
    target: str
    metric: str | None
    rows: int
    scores: dict[str, float]
    labels: list[str] = field(default_factory=list)
    per_class: list[dict[str, Any]] = field(default_factory=list)
    confusion: list[list[int]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {**asdict(self), "notices": to_dicts(self.notices)}


def evaluate(
    predictor: Predictor,
    table: Mapping[str, Iterable[Any]],
    *,
    truth: Iterable[Any] | None = None,
    threshold: float | None = None,
) -> Evaluation:
    """Score a model on a table whose values are texts, JSON's, or typed already.

    Args:
        predictor: the model.
        table: columns by their names; a data frame is one.
        truth: the true values of the first rows; by default those of the target's column.
        threshold: of the positive class of two; it changes what is predicted, not how likely.

    Raises:
        BadInput: A column that is needed is missing, or no row can be scored.
    """
    if truth is None:
        truth = _target_of(predictor, table)
    size = max((len(list(table[name])) for name in table), default=0)
    series = pd.Series(list(truth), dtype=object).reindex(range(size))
    encoded, notices = _encode(predictor, series)
    counted, weights = _weights(predictor, table, encoded.notna())
    known = encoded.notna() if weights is None else weights > 0
    frame, is_scored, past = _scored_rows(predictor, table, known)
    answer = _answer(predictor, frame)[is_scored[frame.index].to_numpy()]
    predictor.note_threshold(threshold)
    told = [one for one in predictor.notices if one.code != "past-rows"]
    outcome = _outcome(predictor, encoded[is_scored].to_numpy(), answer, threshold)
    if weights is not None:
        outcome = replace(outcome, weights=weights[is_scored].to_numpy())
    functions = metrics_for(_kind(predictor), len(predictor.classes or ()))
    scores = all_scores(outcome, functions)
    described: dict[str, Any] = {}
    if predictor.classes is not None:
        described = describe_labels(
            outcome.truth, outcome.predicted, predictor.classes, outcome.weights
        )
    return Evaluation(
        predictor.model_type,
        predictor.target,
        predictor.metric,
        int(is_scored.sum()),
        {name: scores[name] for name in sorted(scores)},
        notices=[*notices, *past, *counted, *told, *_undefined(scores, functions)],
        **described,
    )


def to_table(
    predictor: Predictor, columns: Sequence[str], records: Sequence[Sequence[Any]]
) -> dict[str, Sequence[Any]]:
    """Return records as columns by the names that a model knows, each of which is there once.

    Raises:
        BadInput: A record has not one value a column, or a column cannot be told from another.
    """
    if any(len(record) != len(columns) for record in records):
        raise BadInput("Each record has to have as many values as there are columns.")
    values = zip(*records, strict=True) if records else ((),) * len(columns)
    return dict(zip(predictor.names_of(columns), values, strict=True))


def _kind(predictor: Predictor) -> str:
    return "regression" if predictor.classes is None else "classification"


def _target_of(predictor: Predictor, table: Mapping[str, Iterable[Any]]) -> Iterable[Any]:
    if predictor.target in table:
        return table[predictor.target]
    near = get_close_matches(predictor.target.lower(), [str(name).lower() for name in table], 1)
    meant = next((name for name in table if str(name).lower() in near), None)
    hint = "" if meant is None else f"; the nearest is `{meant}`"
    raise BadInput(f"The data has no column `{predictor.target}`, which holds the truth{hint}.")


def _encode(predictor: Predictor, truth: pd.Series) -> tuple[pd.Series, list[Notice]]:
    """Return numbers of classes, or values, with gaps where the truth is not known."""
    column = predictor.schema.column(predictor.target)
    if predictor.classes is None:
        if column is None or column.type != NUMBER:
            column = ColumnSchema(predictor.target, NUMBER)
        numbers = to_column(truth, column, predictor.schema)
        return numbers, list(_without_target(predictor, "number", int(numbers.isna().sum())))
    if column is None:  # the model is older than schemas
        column = ColumnSchema(predictor.target, "category")
    typed = to_column(truth, column, predictor.schema)
    gone = typed.isna() & ~are_unreadable(truth, typed, column, predictor.schema)
    values = truth if column.type == NUMBER else typed.astype(object)
    told = values[~gone]
    found = _class_numbers(told.tolist(), predictor.classes, column)
    numbers = pd.Series(found, index=told.index, dtype=float).reindex(typed.index)
    unknown = len(told) - int(numbers.notna().sum())
    notices = list(_without_target(predictor, "value", int(gone.sum())))
    if unknown:
        what = f"with a class in `{predictor.target}` that the model never met left out"
        notices.append(
            Notice("unknown-classes", f"{rows(unknown)} {what}.", predictor.target, unknown)
        )
    return numbers, notices


def _without_target(predictor: Predictor, what: str, count: int) -> Iterable[Notice]:
    if count:
        text = f"{rows(count)} without a {what} in the target `{predictor.target}` left out."
        yield Notice("rows-without-target", text, predictor.target, count)


def _class_numbers(
    values: Sequence[Any], classes: Sequence[Any], column: ColumnSchema
) -> list[int | None]:
    """Return the numbers of classes, however their labels are written: `1`, `1.0`, `true`."""
    is_number = all(isinstance(label, int | float) for label in classes)
    if {truth_of(label) for label in classes} == {True, False} and len(classes) == 2:
        truths = {truth_of(label): number for number, label in enumerate(classes)}
        return [truths.get(truth_of(value)) for value in values]
    if any(isinstance(label, int) and abs(label) > EXACT for label in classes):
        names = {whole_name(label): number for number, label in enumerate(classes)}
        return [names.get(whole_name(value)) for value in values]
    if not is_number:
        labels = {_label(label): number for number, label in enumerate(classes)}
        return [labels.get(_label(value)) for value in values]
    texts = ColumnSchema(column.name, NUMBER, column.decimal, column.thousands, column.symbols)
    numbers: dict[Any, int] = {float(label): number for number, label in enumerate(classes)}
    read = to_column(values, texts, TableSchema(()))
    return [numbers.get(value) for value in read.tolist()]


def _label(value: Any) -> str:
    """Return a class as its label is written: whole numbers without a fraction."""
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if is_whole else str(value)


def _scored_rows(
    predictor: Predictor, table: Mapping[str, Iterable[Any]], known: pd.Series
) -> tuple[pd.DataFrame, pd.Series, list[Notice]]:
    """Return the typed rows to predict, which of all rows are scored, and what is left out.

    A series is predicted whole, because its rows depend on each other.
    """
    if not known.any():
        raise BadInput(
            f"No row has a value in `{predictor.target}` that the model can be scored by."
        )
    columns = {name: list(table[name]) for name in predictor.needed if name in table}
    if not predictor.in_one_piece:
        chosen = np.flatnonzero(known)
        columns = {name: [values[n] for n in chosen] for name, values in columns.items()}
    frame = predictor.type_values(columns)
    if not predictor.in_one_piece:
        return frame.set_axis(chosen), known, []
    known = known & predictor.answered_rows(frame)
    if not known.any():
        raise BadInput("All rows are of series that the model never met.")
    past = predictor.past_rows(frame)
    left_out = 0 if past is None else int((past & known).sum())
    if not left_out or past is None:
        return frame, known, []
    if left_out == known.sum():
        raise BadInput("All rows are in the past of what the model learned from: it knows them.")
    text = f"{rows(left_out)} in the past of what the model learned from are not scored."
    return frame, known & ~past, [Notice("past-rows", text, count=left_out)]


def _answer(predictor: Predictor, frame: pd.DataFrame) -> Array:
    """Predict in batches, as files are: a part of the columns may be very wide inside."""
    size = predictor.rows_at_once or len(frame)
    parts = [frame.iloc[start : start + size] for start in range(0, len(frame), size)]
    return np.concatenate([predictor.answer(part.reset_index(drop=True)) for part in parts])


def _outcome(predictor: Predictor, truth: Array, answer: Array, threshold: float | None) -> Outcome:
    if predictor.classes is None:
        return Outcome(truth.astype(float), answer, None, np.array(predictor.history))
    chosen = predictor.choose(answer, threshold)
    return Outcome(truth.astype(int), chosen, answer, np.array([]))


def _weights(
    predictor: Predictor, table: Mapping[str, Iterable[Any]], known: pd.Series
) -> tuple[list[Notice], pd.Series | None]:
    """Return the weights of all rows, 0 of those that do not count, if rows have some.

    As in a run, a row whose truth is known counts when its weight is a number above 0.
    """
    name = predictor.weight_column
    if name is None:
        return [], None
    if name not in table:
        text = f"All rows count the same: they have no weight in `{name}`, as those of the run had."
        return [Notice("rows-not-weighted", text, name)], None
    column = predictor.schema.column(name) or ColumnSchema(name, NUMBER)
    told = to_column(pd.Series(list(table[name]), dtype=object), column, predictor.schema)
    weights = to_number(told).reindex(known.index)
    counts = known & (weights > 0)
    if known.any() and not counts.any():
        raise BadInput(f"No row that can be scored has a weight in `{name}`.")
    text = f"Rows count by their weight in `{name}`, in the scores and in those of the classes"
    notices = [Notice("rows-weighted", f"{text}; numbers of rows are as they stand.", name)]
    left_out = int((known & ~counts).sum())
    if left_out:
        text = f"{rows(left_out)} without a weight above 0 in `{name}` left out."
        notices.append(Notice("rows-without-weight", text, name, left_out))
    return notices, weights.where(counts, 0.0)


def _undefined(scores: Mapping[str, float], functions: Iterable[str]) -> list[Notice]:
    missing = sorted(set(functions) - set(scores))
    if not missing:
        return []
    listed = ", ".join(f"`{name}`" for name in missing)
    text = f"These metrics have no value for these rows: {listed}."
    return [Notice("undefined-metrics", text, count=len(missing))]
