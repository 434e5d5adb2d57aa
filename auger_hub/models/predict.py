"""Predict with a stored model: records in memory, and files of any length in batches.

Self-contained (numpy, pandas, skops): an exported model carries this file along, so that the hub
and the export answer with the same code. Nothing is unpickled: skops builds trusted types only.

The rule for a threshold: with two classes the second in sorted order is the positive one, and it is
predicted when its probability reaches the threshold. Who asks without one gets that of the model,
which its run has chosen by its metric; a model without one predicts the most probable class, and so
does any with more classes, whatever the threshold, which a notice then tells. With a threshold a
`proba_<class>` column for each class is added, and so it is with `MODELS_OWN`, which changes no
prediction.
"""

from __future__ import annotations

import json
import math
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from skops import io as skops_io

from auger_hub.data.names import nameless, names_as_before, unique_names
from auger_hub.data.notices import Notice
from auger_hub.data.schema import BOOLEAN, CATEGORY, DATE, NUMBER, ColumnSchema, TableSchema
from auger_hub.data.text.typed import to_frame, truth_of
from auger_hub.models.contributions import contribute
from auger_hub.models.prediction_notices import Known, PredictionNotices
from auger_hub.models.trusted import TRUSTED
from auger_hub.search import column_kinds
from auger_hub.search.moved import with_current_paths
from auger_hub.search.pipelines.bag import without_frames
from auger_hub.search.pipelines.calibrated import (
    CalibratedModel,
    Calibration,
    apply_calibration,
)
from auger_hub.search.pipelines.forecast import Unanswerable
from auger_hub.search.pipelines.intervals import IntervalForecaster

Array = np.ndarray[Any, Any]
MODEL_FILE = "model.skops"
DESCRIPTION_FILE = "model.json"
BACKGROUND_FILE = "background.json"
"""Some rows of the training data, that contributions are measured from; older models have none."""
BATCH_ROWS = 20_000
_BATCH_CELLS = 2_000_000
MODELS_OWN = math.nan
"""A threshold that decides nothing: the class is predicted as without one, its chances added."""
_HEAD = 1 << 20
_SHOWN_SERIES = 3
_PARQUET = b"PAR1"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class BadInput(Exception):
    """The rows cannot be predicted; the text is one sentence for the person who sent them."""


class Predictor:
    """A fitted model with what its input and output mean.

    When it `explains`, a prediction has what each column contributes to it besides. `notices` says
    of the last prediction what could not be read, and what the model never met. `observe` is shown
    the typed rows, what is answered, and the numbers of the predicted classes.

    Args:
        model: fitted pipeline; takes a data frame of the feature columns.
        description: `model.json`: `target`, `needed` columns, `kinds` of the features, `classes`
            (None for numbers), `model_type`, the `schema` of the columns and their known
            `categories`. Older models have no schema, and `date_formats` at most.
    """

    def __init__(self, model: Any, description: Mapping[str, Any]) -> None:
        self.model = model
        self._answering = without_frames(model)
        self.target: str = description["target"]
        self.kinds: Mapping[str, str] = description["kinds"]
        self.needed: Sequence[str] = description["needed"]
        self.classes: list[Any] | None = description["classes"]
        self.schema = schema_of(description)
        self.model_type: str = description["model_type"]
        self.in_one_piece: bool = self.model_type == "timeseries"
        self._nameless: Sequence[str] = description.get("nameless") or nameless(self.schema.names)
        self.metric: str | None = description.get("task_info", {}).get("scoring")
        self.calibration: Calibration | None = description.get("calibration")
        self.threshold: float | None = description.get("threshold")
        self.weight_column: str | None = description.get("task_info", {}).get("sampleWeight")
        self.history: Sequence[float] = description.get("history", ())
        self.known = known_values(description)
        self._time: tuple[str, str] | None = None
        if description.get("last_time"):
            self._time = (description["time_column"], description["last_time"])
        self.explains = False
        self.folder: Path | None = None
        self.observe: Callable[[pd.DataFrame, Array, Array | None], None] | None = None
        self.background: pd.DataFrame | None = None
        self._series: Sequence[str] = description["task_info"].get("seriesColumns") or ()
        self.has_interval = isinstance(model, IntervalForecaster)
        self.notes = PredictionNotices()

    @classmethod
    def load(cls, folder: Path) -> Predictor:
        """Load the model folder that `package_model` wrote."""
        description = json.loads((folder / DESCRIPTION_FILE).read_text(encoding="utf-8"))
        predictor = cls(
            skops_io.loads(with_current_paths(folder / MODEL_FILE), trusted=TRUSTED), description
        )
        predictor.folder = folder
        if (folder / BACKGROUND_FILE).is_file():
            rows = json.loads((folder / BACKGROUND_FILE).read_text(encoding="utf-8"))
            values = dict(zip(predictor.needed, zip(*rows, strict=True), strict=True))
            predictor.background = to_frame(values, predictor.schema, predictor.needed)
        return predictor

    @property
    def notices(self) -> list[Notice]:
        """Return what there is to say about the last prediction."""
        return self.notes.all()

    def predict(
        self,
        columns: Sequence[str],
        records: Sequence[Sequence[Any]],
        threshold: float | None,
        *,
        bare: bool = False,
    ) -> tuple[list[str], list[list[Any]]]:
        """Predict records of JSON values or of texts (wire contract §2.15).

        Returns:
            The input columns and the target column, and the records with their predictions; when
            `bare`, the predictions alone. An input column with the name of one that is added, as a
            target that was sent, is replaced; columns unknown to the model are handed through.

        Raises:
            BadInput: A feature column is missing, or a record has not one value a column.
        """
        self.notes.begin()
        names = self.names_of(columns)
        self.refuse_missing(names)
        if any(len(record) != len(columns) for record in records):
            raise BadInput("Each record has to have as many values as there are columns.")
        added = self.added_columns(threshold)
        shown = [] if bare else [n for n, name in enumerate(columns) if name not in added]
        header = [*(columns[place] for place in shown), *added]
        if not records:
            return header, []
        values = list(zip(*records, strict=True))
        predicted = self.predict_values(dict(zip(names, values, strict=True)), threshold)
        table = zip(*(values[place] for place in shown), *predicted, strict=True)
        return header, [list(row) for row in table]

    @property
    def rows_at_once(self) -> int | None:
        """Return how many rows are predicted at a time; None for all of them."""
        return None if self.in_one_piece else BATCH_ROWS

    def type_values(self, values: Mapping[str, Iterable[Any]]) -> pd.DataFrame:
        """Return the needed columns of a table typed; `notices` then tells of these alone.

        Raises:
            BadInput: A feature column is missing.
        """
        self.notes.begin()
        self.refuse_missing(list(values))
        return self._type_values(values)

    def answer(self, frame: pd.DataFrame) -> np.ndarray[Any, Any]:
        """Return probabilities (rows x classes), or numbers (rows), for typed columns.

        Raises:
            BadInput: The rows are none that the model can answer.
        """
        try:
            if self.classes is None:
                return np.asarray(self._answering.predict(frame), dtype=float)
            shown = class_probabilities(self._answering, frame, len(self.classes))
            return apply_calibration(shown, self.calibration)
        except Unanswerable as error:
            raise BadInput(str(error)) from error

    def forecast(self, frame: pd.DataFrame) -> tuple[Array, Array, Array]:
        """Return values of typed rows of a series, and both ends of their intervals.

        Raises:
            BadInput: The rows are none that the model can answer.
        """
        try:
            values, low, high = self.model.forecast(frame)
        except Unanswerable as error:
            raise BadInput(str(error)) from error
        return values, low, high

    def answered_rows(self, frame: pd.DataFrame) -> pd.Series:
        """Tell for each row whether it gets a prediction: its series is known, if it has one."""
        known = ~np.isnan(self.model.leads(frame)) if self.has_interval else True
        return pd.Series(known, index=frame.index, dtype=bool)

    def past_rows(self, frame: pd.DataFrame) -> pd.Series | None:
        """Tell for each row of a series whether it is in the past of what was learned."""
        if self.has_interval:
            return pd.Series(self.model.leads(frame) <= 0, index=frame.index)
        if self._time is None or not pd.api.types.is_datetime64_any_dtype(frame[self._time[0]]):
            return None
        return frame[self._time[0]] <= pd.Timestamp(self._time[1])

    def predict_values(
        self, values: Mapping[str, Iterable[Any]], threshold: float | None
    ) -> list[list[Any]]:
        """Type the values of the needed columns, note what was lost, and predict."""
        return self._predict_frame(self._type_values(values), threshold)

    def _type_values(self, values: Mapping[str, Iterable[Any]]) -> pd.DataFrame:
        frame = to_frame(values, self.schema, self.needed)
        told_by_leads = self._series if self.has_interval else ()
        known = {name: one for name, one in self.known.items() if name not in told_by_leads}
        self.notes.note_columns(values, frame, self.schema, known)
        try:
            if self.has_interval:
                leads = self.model.leads(frame)
                self.notes.note_leads(frame, leads, self._series, self._time)
            else:
                self.notes.note_past(self.past_rows(frame), self._time)
        except Unanswerable as error:
            raise BadInput(str(error)) from error
        return frame

    def _predict_frame(self, frame: pd.DataFrame, threshold: float | None) -> list[list[Any]]:
        """Return the columns of the result as JSON values: predictions, then probabilities."""
        self.note_threshold(threshold)
        more = self._explain(frame) if self.explains else []
        if self.has_interval:
            forecast = self.forecast(frame)
            self._observed(frame, forecast[0], None)
            return [*(_json_values(values) for values in forecast), *more]
        answer = self.answer(frame)
        if self.classes is None:
            self._observed(frame, answer, None)
            return [_json_values(answer), *more]
        chosen = self.choose(answer, threshold)
        self._observed(frame, answer, chosen)
        if threshold is None:
            return [[self.classes[number] for number in chosen.tolist()], *more]
        labels = [self.classes[number] for number in chosen.tolist()]
        return [labels, *map(_json_values, answer.T), *more]

    def _observed(self, frame: pd.DataFrame, answer: Array, chosen: Array | None) -> None:
        if self.observe is None:
            return
        try:
            self.observe(frame, answer, chosen)
        except Exception:  # noqa: BLE001 - nobody who asks shall go without an answer for it
            traceback.print_exc(file=sys.stderr)

    def _explain(self, frame: pd.DataFrame) -> list[list[Any]]:
        """Return the columns that explain: what is expected of any row, and each contribution."""
        if self.in_one_piece:
            told = "A forecast goes by the values before it: no row of it is explained by itself."
            raise BadInput(told)
        model = self.model
        if self.calibration is not None:  # what is explained is what is answered
            model = CalibratedModel(model, self.calibration)
        found = contribute(model, frame, self.background, self.kinds)
        if found is None:
            told = "This model was made by an older hub and kept no rows to explain by"
            text = f"{told}: undeploy it and deploy it again."
            self.notes.say("not-explained", text)
            return [[None] * len(frame)] * (1 + len(self.needed))
        of = "the prediction" if found.classes is None else self._explained_class()
        text = f"The contributions to {of} are in its unit: {found.unit}."
        self.notes.say("explained-as", text)
        return [_json_values(found.expected), *map(_json_values, found.values.T)]

    def _explained_class(self) -> str:
        classes = self.classes or []
        return f"`{classes[1]}`" if len(classes) == 2 else "the predicted class"

    def note_threshold(self, threshold: float | None) -> None:
        """Say of a threshold that it decides nothing, where there are not two classes."""
        count = len(self.classes or ())
        if threshold is None or math.isnan(threshold) or count == 2:
            return
        what = f"tells {count} classes apart" if count else "predicts numbers"
        text = f"The threshold decides nothing: it is for two classes, and this model {what}."
        self.notes.say("threshold-ignored", text)

    def choose(
        self, probabilities: np.ndarray[Any, Any], threshold: float | None
    ) -> np.ndarray[Any, Any]:
        """Return the numbers of the predicted classes, by the rule for a threshold."""
        if threshold is None or math.isnan(threshold):
            threshold = self.threshold
        if probabilities.shape[1] == 2 and threshold is not None:
            return np.asarray(probabilities[:, 1] >= threshold, dtype=int)
        return np.asarray(probabilities.argmax(axis=1))

    def added_columns(self, threshold: float | None) -> list[str]:
        """Return the names of the columns of a prediction: the target, and what goes with it."""
        added = [self.target]
        if self.has_interval:
            added += [f"{self.target}_low", f"{self.target}_high"]
        if threshold is not None and self.classes is not None:
            added += [f"proba_{label}" for label in self.classes]
        if self.explains:
            added += ["expected_value", *(f"contribution_{name}" for name in self.needed)]
        return added

    def names_of(self, columns: Iterable[object]) -> list[str]:
        """Return the names of the columns of a table, each once, as the model has learned them.

        Raises:
            BadInput: A needed column has no name, and which one it is nobody can tell.
        """
        try:
            return names_as_before(columns, self._nameless)
        except LookupError as error:
            if not nameless(self.needed):
                return unique_names(columns)
            raise BadInput(
                f"The data has {error}, and that of the model {len(self._nameless)}: which is which"
                f" cannot be told. The header may call them {_quoted(self._nameless)}."
            ) from error

    def refuse_missing(self, columns: Sequence[str]) -> None:
        """Raise BadInput when a needed column is not among those of a table."""
        present = set(columns)
        missing = [name for name in self.needed if name not in present]
        if missing:
            raise BadInput(
                f"The model needs columns that the data does not have: {_quoted(missing)}."
            )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def class_probabilities(model: Any, frame: pd.DataFrame, classes: int) -> np.ndarray[Any, Any]:
    """Return a row a record and a column a class; one that the model never met has none."""
    probabilities = np.zeros((len(frame), classes))
    probabilities[:, np.asarray(model.classes_).astype(int)] = model.predict_proba(frame)
    return probabilities


def known_values(description: Mapping[str, Any]) -> dict[str, Known]:
    """Return what a model has met in its columns of names, of few values and of many."""
    few, many = (description.get(member, {}) for member in ("categories", "codes"))
    known = {name: Known(frozenset(values), is_whole=False) for name, values in many.items()}
    return known | {name: Known(frozenset(values)) for name, values in few.items()}


def schema_of(description: Mapping[str, Any]) -> TableSchema:
    """Return the schema of a model; of an older one what it did without having a schema."""
    if "schema" in description:
        schema = TableSchema.from_dict(description["schema"])
        return _with_spellings(schema, description.get("categories", {}))
    formats: Mapping[str, str] = description.get("date_formats", {})
    types = {
        column_kinds.NUMBER: NUMBER,
        column_kinds.CODE: NUMBER,
        column_kinds.DATE: DATE,
    }
    columns = (
        ColumnSchema(
            name,
            types.get(description["kinds"].get(name, column_kinds.DATE), CATEGORY),
            format=formats.get(name),
        )
        for name in description["needed"]
    )
    return TableSchema(tuple(columns))


def _with_spellings(schema: TableSchema, categories: Mapping[str, Sequence[str]]) -> TableSchema:
    """Return the schema of an older model with the one spelling of truth values that it met."""
    spelled = []
    for column in schema.columns:
        met = categories.get(column.name, ())
        truths = {truth_of(text): text for text in met}
        if (
            column.type == BOOLEAN
            and not column.spelling
            and len(met) == 2
            and set(truths) == {True, False}
        ):
            spelled.append(replace(column, spelling=(truths[True], truths[False])))
    return schema.having(*spelled)


def _json_values(values: Any) -> list[Any]:
    """Return plain numbers, None for what JSON cannot say."""
    array = np.asarray(values, dtype=float)
    if np.isfinite(array).all():
        return list(array.tolist())
    return [value if np.isfinite(value) else None for value in array.tolist()]
