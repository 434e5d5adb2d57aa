"""Predict with a stored model: records in memory, and files of any length in batches.

Self-contained (numpy, pandas, skops): an exported model carries this file along, so that the hub
and the export answer with the same code. Nothing is unpickled: skops builds trusted types only.

The rule for a threshold: with two classes the second in sorted order is the positive one, and it is
predicted when its probability reaches the threshold. With more classes the most probable one is
predicted whatever the threshold. Either way a `proba_<class>` column a class is added, and so it is
with the threshold `MOST_PROBABLE`, which changes no prediction.
"""

from __future__ import annotations

import glob
import json
import math
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
from skops import io as skops_io

from auger_hub.data.files.encoding import UTF_8, NoText, find_encoding
from auger_hub.data.names import free_name, unique_names
from auger_hub.data.notices import Notice, comments_skipped, lines_skipped, rows
from auger_hub.data.schema import CATEGORY, DATE, NUMBER, ColumnSchema, TableSchema
from auger_hub.data.text.batches import Batch, read_batches, write_rows
from auger_hub.data.text.dialect import BadText, Dialect, find_dialect
from auger_hub.data.text.typed import count_unreadable, to_frame
from auger_hub.models.contributions import contribute
from auger_hub.models.trusted import TRUSTED
from auger_hub.search import column_kinds
from auger_hub.search.moved import with_current_paths
from auger_hub.search.pipelines.forecast import Unanswerable
from auger_hub.search.pipelines.intervals import IntervalForecaster
from auger_hub.search.pipelines.series import keys_of, shown_key

Array = np.ndarray[Any, Any]
MODEL_FILE = "model.skops"
DESCRIPTION_FILE = "model.json"
BACKGROUND_FILE = "background.json"
"""Some rows of the training data, that contributions are measured from; older models have none."""
BATCH_ROWS = 20_000
_BATCH_CELLS = 2_000_000
MOST_PROBABLE = math.nan
"""A threshold that decides nothing: the most probable class is predicted, its chances added."""
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
        self.target: str = description["target"]
        self.kinds: Mapping[str, str] = description["kinds"]
        self.needed: Sequence[str] = description["needed"]
        self.classes: list[Any] | None = description["classes"]
        self.schema = schema_of(description)
        self.model_type: str = description["model_type"]
        self.in_one_piece: bool = self.model_type == "timeseries"
        self.metric: str | None = description.get("task_info", {}).get("scoring")
        self.history: Sequence[float] = description.get("history", ())
        known = description.get("categories", {})
        self.categories = {name: frozenset(values) for name, values in known.items()}
        self._time: tuple[str, str] | None = None
        if description.get("last_time"):
            self._time = (description["time_column"], description["last_time"])
        self.explains = False
        self.folder: Path | None = None
        self.observe: Callable[[pd.DataFrame, Array, Array | None], None] | None = None
        self.background: pd.DataFrame | None = None
        self._series: Sequence[str] = description["task_info"].get("seriesColumns") or ()
        self.has_interval = isinstance(model, IntervalForecaster)
        self._told: dict[tuple[str, str], tuple[int, str]] = {}
        self._guessed: list[Notice] = []

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
        counted = [
            Notice(code, text.format(rows=rows(count)), column or None, count or None)
            for (code, column), (count, text) in self._told.items()
        ]
        return [*self._guessed, *counted]

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
        self._begin()
        names = unique_names(columns)
        self._refuse_missing(names)
        if any(len(record) != len(columns) for record in records):
            raise BadInput("Each record has to have as many values as there are columns.")
        added = self._added_columns(threshold)
        shown = [] if bare else [n for n, name in enumerate(columns) if name not in added]
        header = [*(columns[place] for place in shown), *added]
        if not records:
            return header, []
        values = list(zip(*records, strict=True))
        predicted = self._predict_values(dict(zip(names, values, strict=True)), threshold)
        table = zip(*(values[place] for place in shown), *predicted, strict=True)
        return header, [list(row) for row in table]

    def predict_file(
        self,
        src: Path,
        dst: Path,
        threshold: float | None,
        most_bytes: int | None = None,
        *,
        bare: bool = False,
    ) -> int:
        """Predict a CSV or Parquet file into a CSV file; return the number of rows.

        The result of a CSV file is its rows as they stand, with the predictions at their ends, in
        UTF-8. Memory holds one batch, whatever the length. A time series is the exception: its rows
        depend on each other, and are predicted in one piece.

        Raises:
            BadInput: A feature column is missing, the file cannot be read, or the result would have
                more than `most_bytes`: a small Parquet file may stand for billions of rows.
        """
        with src.open("rb") as file:
            is_parquet = file.read(4) == _PARQUET
        if is_parquet:
            batches = _read_parquet(src, self.rows_at_once)
            return self.predict_batches(batches, dst, threshold, most_bytes, bare=bare)
        return self._write(
            dst, lambda file: self._predict_text(src, file, threshold, bare=bare), most_bytes
        )

    def predict_batches(
        self,
        batches: Iterable[pd.DataFrame],
        dst: Path,
        threshold: float | None,
        most_bytes: int | None = None,
        *,
        bare: bool = False,
    ) -> int:
        """Predict tables whose values are as their file tells them into a CSV file."""
        return self._write(
            dst, lambda file: self._predict_tables(batches, file, threshold, bare=bare), most_bytes
        )

    @property
    def rows_at_once(self) -> int | None:
        """Return how many rows are predicted at a time; None for all of them."""
        return None if self.in_one_piece else BATCH_ROWS

    def _write(self, dst: Path, predict: Any, most_bytes: int | None) -> int:
        """Write the result; it appears when it is complete, or not at all."""
        self._begin()
        part = dst.with_name(f"{dst.name}.part")
        done = 0
        try:
            with part.open("w", encoding="utf-8", newline="") as file:
                for count in predict(file):
                    done += count
                    if most_bytes is not None and file.tell() > most_bytes:
                        raise BadInput("The file unpacks to far more than its size.")
            part.replace(dst)
        finally:
            part.unlink(missing_ok=True)
        return done

    def _predict_text(
        self, src: Path, file: IO[str], threshold: float | None, *, bare: bool
    ) -> Iterator[int]:
        """Write each row of a CSV file as it stands with its prediction; yield counts of rows."""
        try:
            encoding = find_encoding(src)
            with src.open(encoding=_to_read(encoding), newline="") as source:
                dialect = find_dialect(source.read(_HEAD))
                source.seek(0)
                self._note_file(encoding, dialect)
                if not bare and encoding == UTF_8 and _has_mark(src):
                    file.write("\ufeff")
                if not bare and encoding != UTF_8:
                    text = f"The file is in {encoding}; what is written is in UTF-8."
                    self._guessed.append(Notice("written-in-utf-8", text))
                comments: list[int] = []
                size = None if self.in_one_piece else _rows_of(len(dialect.header))
                read = read_batches(source, dialect, size, comments.append)
                yield from self._predict_rows(read, dialect, file, threshold, bare=bare)
                if comments:
                    self._guessed.append(comments_skipped(len(comments)))
        except NoText as error:
            raise BadInput(f"`{src.name}` is no table: it holds binary data.") from error
        except BadText as error:
            raise BadInput(f"`{src.name}` {error}.") from error
        except UnicodeDecodeError as error:
            raise BadInput(f"`{src.name}` cannot be read as {error.encoding}.") from error

    def _predict_rows(
        self,
        source: Iterator[Batch],
        dialect: Dialect,
        file: IO[str],
        threshold: float | None,
        *,
        bare: bool,
    ) -> Iterator[int]:
        names = dialect.names
        self._refuse_missing(names)
        known = {name: place for place, name in enumerate(names)}
        places = {name: known[name] for name in self.needed}
        header = next(source)
        delimiter = "," if bare else dialect.delimiter
        added = self._free_columns([] if bare else dialect.header, threshold)
        write_rows(file, delimiter, None if bare else header, [[name] for name in added])
        for batch in source:
            values = {name: batch.columns[place] for name, place in places.items()}
            predicted = self._predict_values(values, threshold)
            write_rows(file, delimiter, None if bare else batch, predicted)
            yield len(batch.texts)

    def _predict_tables(
        self,
        batches: Iterable[pd.DataFrame],
        file: IO[str],
        threshold: float | None,
        *,
        bare: bool,
    ) -> Iterator[int]:
        for number, batch in enumerate(batches):
            names = unique_names(batch.columns)
            self._refuse_missing(names)
            added = self._free_columns([] if bare else names, threshold)
            columns = {name: batch.iloc[:, n] for n, name in enumerate(names)}
            empty: list[list[Any]] = [[]] * len(added)
            values = self._predict_values(columns, threshold) if len(batch) else empty
            result = batch.set_axis(names, axis="columns")[[] if bare else names]
            result = result.assign(**dict(zip(added, values, strict=True)))
            result.to_csv(file, index=False, header=number == 0, lineterminator="\n")
            yield len(result)

    def _free_columns(self, taken: Sequence[str], threshold: float | None) -> list[str]:
        """Return the names of the columns that are added to those of a file, which all survive."""
        target, *others = self._added_columns(threshold)
        if target in taken:
            target = f"{target}_predicted"
        return [free_name(name, taken) for name in (target, *others)]

    def type_values(self, values: Mapping[str, Iterable[Any]]) -> pd.DataFrame:
        """Return the needed columns of a table typed; `notices` then tells of these alone.

        Raises:
            BadInput: A feature column is missing.
        """
        self._begin()
        self._refuse_missing(list(values))
        return self._type_values(values)

    def answer(self, frame: pd.DataFrame) -> np.ndarray[Any, Any]:
        """Return probabilities (rows x classes), or numbers (rows), for typed columns.

        Raises:
            BadInput: The rows are none that the model can answer.
        """
        try:
            if self.classes is None:
                return np.asarray(self.model.predict(frame), dtype=float)
            return class_probabilities(self.model, frame, len(self.classes))
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

    def _predict_values(
        self, values: Mapping[str, Iterable[Any]], threshold: float | None
    ) -> list[list[Any]]:
        """Type the values of the needed columns, note what was lost, and predict."""
        return self._predict_frame(self._type_values(values), threshold)

    def _type_values(self, values: Mapping[str, Iterable[Any]]) -> pd.DataFrame:
        frame = to_frame(values, self.schema, self.needed)
        for name in self.needed:
            self._note_unreadable(name, values[name], frame[name])
            self._note_unknown(name, frame[name])
        try:
            self._note_times(frame)
        except Unanswerable as error:
            raise BadInput(str(error)) from error
        return frame

    def _begin(self) -> None:
        self._told, self._guessed = {}, []

    def _tell(self, code: str, column: str, count: int, text: str) -> None:
        """Add to the count of a notice: a file is predicted in batches."""
        before = self._told.get((code, column), (0, ""))[0]
        self._told[code, column] = (before + count, text)

    def _note_file(self, encoding: str, dialect: Dialect) -> None:
        if not encoding.startswith("utf"):
            text = f"The file is no Unicode; its encoding is taken for {encoding}."
            self._guessed.append(Notice("encoding-guessed", text))
        if dialect.skipped:
            text = lines_skipped(dialect.skipped)
            self._guessed.append(Notice("lines-skipped", text, count=dialect.skipped))

    def _note_unreadable(self, name: str, values: Iterable[Any], typed: pd.Series) -> None:
        column = self.schema.column(name)
        if column is None or column.type not in (NUMBER, DATE):
            return
        lost = count_unreadable(values, typed, self.schema.marks(column))
        if lost:
            what = f"cannot be read as a {column.type}, and count as missing"
            text = f"{{rows}} of `{_braced(name)}` {what}."
            self._tell("unreadable-values", name, lost, text)

    def _note_times(self, frame: pd.DataFrame) -> None:
        """Tell rows that are of no known series, or not in the future of what was learned of it."""
        if not self.has_interval:
            self._note_past(frame)
            return
        leads = self.model.leads(frame)
        unknown = np.isnan(leads)
        if unknown.any():
            named = ", ".join(f"`{_braced(name)}`" for name in self._series)
            keys = sorted(set(keys_of(frame[unknown], self._series)))
            shown = ", ".join(f"`{_braced(shown_key(key))}`" for key in keys[:_SHOWN_SERIES])
            more = f" and {len(keys) - _SHOWN_SERIES:,} more" if len(keys) > _SHOWN_SERIES else ""
            text = "{rows} of series that the model never met get no prediction:"
            text += f" {shown}{more} in {named}."
            self._tell("unknown-series", self._series[0], int(unknown.sum()), text)
        past = int((leads <= 0).sum())
        if past:
            name = self._time[0] if self._time else ""
            last = self._time[1] if self._time else ""
            text = (
                f"{{rows}} with a time in `{_braced(name)}` not after the last that was learned"
                f" from ({last}): each gets the value known then, and none before the first."
            )
            self._tell("past-rows", name, past, text)

    def _note_past(self, frame: pd.DataFrame) -> None:
        """Tell rows of a series that are not in the future of what an older model learned."""
        past = self.past_rows(frame)
        if past is None or self._time is None:
            return
        name, last = self._time
        count = int(past.sum())
        if count:
            what = (
                f"not after {last}, the last that was learned from: they get the values known then"
            )
            self._tell("past-rows", name, count, f"{{rows}} of `{_braced(name)}` are {what}.")

    def _note_unknown(self, name: str, typed: pd.Series) -> None:
        known = self.categories.get(name)
        if known is None:
            return
        new = [value for value in typed.dropna().unique() if str(value) not in known]
        if new:
            count = int(typed.isin(new).sum())
            text = f"{{rows}} of `{_braced(name)}` have a value that the model never met."
            self._tell("unknown-categories", name, count, text)

    def _predict_frame(self, frame: pd.DataFrame, threshold: float | None) -> list[list[Any]]:
        """Return the columns of the result as JSON values: predictions, then probabilities."""
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
        found = contribute(self.model, frame, self.background, self.kinds)
        if found is None:
            told = "This model was made by an older hub and kept no rows to explain by"
            text = f"{told}: undeploy it and deploy it again."
            self._told["not-explained", ""] = (0, text)
            return [[None] * len(frame)] * (1 + len(self.needed))
        of = "the prediction" if found.classes is None else self._explained_class()
        text = f"The contributions to {of} are in its unit: {found.unit}."
        self._told["explained-as", ""] = (0, _braced(text))
        return [_json_values(found.expected), *map(_json_values, found.values.T)]

    def _explained_class(self) -> str:
        classes = self.classes or []
        return f"`{classes[1]}`" if len(classes) == 2 else "the predicted class"

    @staticmethod
    def choose(
        probabilities: np.ndarray[Any, Any], threshold: float | None
    ) -> np.ndarray[Any, Any]:
        """Return the numbers of the predicted classes, by the rule for a threshold."""
        has_two = probabilities.shape[1] == 2
        if has_two and threshold is not None and not math.isnan(threshold):
            return np.asarray(probabilities[:, 1] >= threshold, dtype=int)
        return np.asarray(probabilities.argmax(axis=1))

    def _added_columns(self, threshold: float | None) -> list[str]:
        added = [self.target]
        if self.has_interval:
            added += [f"{self.target}_low", f"{self.target}_high"]
        if threshold is not None and self.classes is not None:
            added += [f"proba_{label}" for label in self.classes]
        if self.explains:
            added += ["expected_value", *(f"contribution_{name}" for name in self.needed)]
        return added

    def _refuse_missing(self, columns: Sequence[str]) -> None:
        present = set(columns)
        missing = [name for name in self.needed if name not in present]
        if missing:
            names = ", ".join(f"`{name}`" for name in missing)
            raise BadInput(f"The model needs columns that the data does not have: {names}.")


def class_probabilities(model: Any, frame: pd.DataFrame, classes: int) -> np.ndarray[Any, Any]:
    """Return a row a record and a column a class; one that the model never met has none."""
    probabilities = np.zeros((len(frame), classes))
    probabilities[:, np.asarray(model.classes_).astype(int)] = model.predict_proba(frame)
    return probabilities


def schema_of(description: Mapping[str, Any]) -> TableSchema:
    """Return the schema of a model; of an older one what it did without having a schema."""
    if "schema" in description:
        return TableSchema.from_dict(description["schema"])
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


def _braced(name: str) -> str:
    """Return a name for a text that is formatted once more."""
    return name.replace("{", "{{").replace("}", "}}")


def _rows_of(width: int) -> int:
    """Return how many rows of a text are in memory at a time: fewer of a wide table."""
    return max(1, min(BATCH_ROWS, _BATCH_CELLS // width))


def _to_read(encoding: str) -> str:
    return "utf-8-sig" if encoding == UTF_8 else encoding


def _has_mark(src: Path) -> bool:
    with src.open("rb") as file:
        return file.read(3) == _BYTE_ORDER_MARK


def _read_parquet(src: Path, rows_at_once: int | None) -> Iterator[pd.DataFrame]:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '600MB'")
        one_file = glob.escape(str(src))
        listed = "SELECT name FROM parquet_schema(?)"
        written = [row[0] for row in connection.execute(listed, [one_file]).fetchall()[1:]]
        connection.execute("SELECT * FROM read_parquet(?, hive_partitioning=false)", [one_file])
        read = [column[0] for column in connection.description or ()]
        is_flat = len(written) == len(read)  # DuckDB renames what differs in case alone
        names = written if is_flat else read
        if rows_at_once is None:
            yield connection.df().set_axis(names, axis="columns")
            return
        vectors = max(1, rows_at_once // 2048)
        first = True
        while len(batch := connection.fetch_df_chunk(vectors)) or first:
            first = False
            yield batch.set_axis(names, axis="columns")


def _json_values(values: Any) -> list[Any]:
    """Return plain numbers, None for what JSON cannot say."""
    array = np.asarray(values, dtype=float)
    if np.isfinite(array).all():
        return list(array.tolist())
    return [value if np.isfinite(value) else None for value in array.tolist()]
