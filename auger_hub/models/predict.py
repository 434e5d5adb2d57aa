"""Predictions of a stored model: for records in memory, and for files of any length in batches.

Self-contained (numpy, pandas, skops): an exported model carries this file along, so that the hub
and the export answer with the same code. Nothing is unpickled: skops builds trusted types only.

The rule for a threshold: with two classes the second in sorted order is the positive one, and it is
predicted when its probability reaches the threshold. With more classes the most probable one is
predicted whatever the threshold. Either way a `proba_<class>` column a class is added.
"""

from __future__ import annotations

import csv
import glob
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
from skops import io as skops_io

from auger_hub.models.trusted import TRUSTED
from auger_hub.search.column_kinds import CODE, DATE, NUMBER
from auger_hub.search.columns import parse_dates

MODEL_FILE = "model.skops"
DESCRIPTION_FILE = "model.json"
BATCH_ROWS = 20_000
MISSING = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None", "?")
_PARQUET = b"PAR1"


class BadInput(Exception):
    """The rows cannot be predicted; the text is one sentence for the person who sent them."""


class Predictor:
    """A fitted model with what its input and output mean.

    Args:
        model: fitted pipeline; takes a data frame of the feature columns.
        description: `model.json`: `target`, `needed` columns, `kinds` of the features, `classes`
            (None for numbers), `model_type`, `date_formats` of the texts that the model was fitted
            on as dates (older models do not say).
    """

    def __init__(self, model: Any, description: Mapping[str, Any]) -> None:
        self.model = model
        self.target: str = description["target"]
        self.kinds: Mapping[str, str] = description["kinds"]
        self.needed: Sequence[str] = description["needed"]
        self.classes: list[Any] | None = description["classes"]
        self.date_formats: Mapping[str, str] = description.get("date_formats", {})
        self.in_one_piece: bool = description["model_type"] == "timeseries"

    @classmethod
    def load(cls, folder: Path) -> Predictor:
        """Load the model folder that `package_model` wrote."""
        description = json.loads((folder / DESCRIPTION_FILE).read_text(encoding="utf-8"))
        return cls(skops_io.load(folder / MODEL_FILE, trusted=TRUSTED), description)

    @property
    def dates(self) -> dict[str, None]:
        """Return the columns of dates, for `read_table` to leave their texts to the model."""
        return {name: None for name, kind in self.kinds.items() if kind == DATE}

    def predict(
        self,
        columns: Sequence[str],
        records: Sequence[Sequence[Any]],
        threshold: float | None,
        *,
        bare: bool = False,
    ) -> tuple[list[str], list[list[Any]]]:
        """Predict records of JSON values (wire contract §2.15).

        Returns:
            The input columns and the target column, and the records with their predictions; when
            `bare`, the predictions alone. An input column with the name of one that is added, as a
            target that was sent, is replaced; columns unknown to the model are handed through.

        Raises:
            BadInput: A feature column is missing, or a record has not one value a column.
        """
        self._refuse_missing(columns)
        if len(set(columns)) != len(columns):
            raise BadInput("Each column has to have a name of its own.")
        if any(len(record) != len(columns) for record in records):
            raise BadInput("Each record has to have as many values as there are columns.")
        added = self._added_columns(threshold)
        shown = [] if bare else [name for name in columns if name not in added]
        if not records:
            return [*shown, *added], []
        values = dict(zip(columns, zip(*records, strict=True), strict=True))
        frame = pd.DataFrame({name: values[name] for name in self.needed})
        predicted = self._predict_frame(frame, threshold)
        rows = zip(*(values[name] for name in shown), *predicted, strict=True)
        return [*shown, *added], [list(row) for row in rows]

    def predict_file(
        self,
        src: Path,
        dst: Path,
        threshold: float | None,
        most_bytes: int | None = None,
        *,
        bare: bool = False,
    ) -> int:
        """Predict a CSV file (UTF-8) or a Parquet file into a CSV file; return the number of rows.

        Memory holds one batch, whatever the length. A time series is the exception: its rows depend
        on each other, and are predicted in one piece. The columns are those of `predict`.

        Raises:
            BadInput: A feature column is missing, the file cannot be read, or the result would have
                more than `most_bytes`: a small Parquet file may stand for billions of rows.
        """
        part = dst.with_name(f"{dst.name}.part")
        try:
            with part.open("w", encoding="utf-8", newline="") as file:
                rows = self._write_predicted(src, file, threshold, most_bytes, bare=bare)
            part.replace(dst)
        except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise BadInput(f"`{src.name}` cannot be read as CSV in UTF-8: {error}") from error
        finally:
            part.unlink(missing_ok=True)
        return rows

    def _write_predicted(
        self,
        src: Path,
        file: IO[str],
        threshold: float | None,
        most_bytes: int | None,
        *,
        bare: bool,
    ) -> int:
        rows = 0
        names = self._added_columns(threshold)
        rows_at_once = None if self.in_one_piece else BATCH_ROWS
        for number, (shown, features) in enumerate(self._read_batches(src, rows_at_once)):
            values = self._predict_frame(features, threshold) if len(shown) else [[]] * len(names)
            result = shown[[]] if bare else shown.drop(columns=names, errors="ignore")
            result = result.assign(**dict(zip(names, values, strict=True)))
            result.to_csv(file, index=False, header=number == 0, lineterminator="\n")
            rows += len(result)
            if most_bytes is not None and file.tell() > most_bytes:
                raise BadInput(f"`{src.name}` unpacks to far more than its size.")
        return rows

    def _predict_frame(self, frame: pd.DataFrame, threshold: float | None) -> list[list[Any]]:
        """Return the columns of the result as JSON values: predictions, then probabilities."""
        frame = parse_dates(frame, self.date_formats)
        if self.classes is None:
            return [_json_values(self.model.predict(frame))]
        probabilities = np.zeros((len(frame), len(self.classes)))
        trained = np.asarray(self.model.classes_).astype(int)
        probabilities[:, trained] = self.model.predict_proba(frame)
        chosen = probabilities.argmax(axis=1)
        if threshold is None:
            return [[self.classes[number] for number in chosen.tolist()]]
        if len(self.classes) == 2:
            chosen = (probabilities[:, 1] >= threshold).astype(int)
        labels = [self.classes[number] for number in chosen.tolist()]
        return [labels, *map(_json_values, probabilities.T)]

    def _added_columns(self, threshold: float | None) -> list[str]:
        if threshold is None or self.classes is None:
            return [self.target]
        return [self.target, *(f"proba_{label}" for label in self.classes)]

    def _refuse_missing(self, columns: Sequence[str]) -> None:
        missing = [name for name in self.needed if name not in set(columns)]
        if missing:
            names = ", ".join(f"`{name}`" for name in missing)
            raise BadInput(f"The model needs columns that the data does not have: {names}.")

    def _read_batches(
        self, src: Path, rows_at_once: int | None
    ) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
        """Yield each batch as it is to be shown, and its features as the model takes them."""
        with src.open("rb") as file:
            is_parquet = file.read(4) == _PARQUET
        if is_parquet:
            for batch in _read_parquet(src, rows_at_once):
                self._refuse_missing(batch.columns)
                yield batch, batch[list(self.needed)]
            return
        with pd.read_csv(
            src,
            sep=self._find_delimiter(src),
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            iterator=True,
            index_col=False,
        ) as reader:
            for batch in _batches(reader, rows_at_once):
                self._refuse_missing(batch.columns)
                yield batch, self._from_texts(batch)

    def _find_delimiter(self, src: Path) -> str:
        """Choose the delimiter that finds the most feature columns in the header."""
        with src.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()

        def found(delimiter: str) -> int:
            names = next(csv.reader([header], delimiter=delimiter), [])
            return len(set(names) & set(self.needed))

        return max((",", ";", "\t", "|"), key=found)

    def _from_texts(self, batch: pd.DataFrame) -> pd.DataFrame:
        """Turn the texts of a CSV file into missing values, numbers and texts."""
        features = {}
        for name in self.needed:
            column = batch[name].mask(batch[name].isin(MISSING))
            if self.kinds.get(name) in {NUMBER, CODE}:
                numbers = pd.to_numeric(column, errors="coerce")
                if int(numbers.isna().sum()) == int(column.isna().sum()):
                    column = numbers
            features[name] = column
        return pd.DataFrame(features)


def _batches(reader: Any, rows_at_once: int | None) -> Iterator[pd.DataFrame]:
    """Yield at least one batch: a file without rows still has a header."""
    while True:
        try:
            yield reader.read(rows_at_once)
        except StopIteration:
            return
        if rows_at_once is None:
            return


def _read_parquet(src: Path, rows_at_once: int | None) -> Iterator[pd.DataFrame]:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '600MB'")
        one_file = glob.escape(str(src))
        connection.execute("SELECT * FROM read_parquet(?, hive_partitioning=false)", [one_file])
        if rows_at_once is None:
            yield connection.df()
            return
        vectors = max(1, rows_at_once // 2048)
        first = True
        while len(batch := connection.fetch_df_chunk(vectors)) or first:
            first = False
            yield batch


def _json_values(values: Any) -> list[Any]:
    """Return plain numbers, None for what JSON cannot say."""
    array = np.asarray(values, dtype=float)
    if np.isfinite(array).all():
        return list(array.tolist())
    return [value if np.isfinite(value) else None for value in array.tolist()]
