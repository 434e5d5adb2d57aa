"""Predict files of any length with a model, in batches, into CSV files.

Self-contained: an exported model carries this file along.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pandas as pd

from auger_hub.data.files.encoding import UTF_8, NoText, find_encoding
from auger_hub.data.names import free_name
from auger_hub.data.notices import Notice, comments_skipped
from auger_hub.data.text.batches import Batch, read_batches, write_rows
from auger_hub.data.text.dialect import BadText, Dialect, find_dialect
from auger_hub.models.predict import BadInput, Predictor

_BATCH_CELLS = 2_000_000
_HEAD = 1 << 20
_PARQUET = b"PAR1"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class FilePredictor:
    """Predicts whole files with a model.

    Args:
        predictor: whose `notices` then tell of the file.
        threshold: as of `Predictor.predict`.
        bare: whether the predictions alone are written.
        most_bytes: that a result may have: a small Parquet file may stand for billions of rows.
    """

    predictor: Predictor
    threshold: float | None = None
    bare: bool = False
    most_bytes: int | None = None

    def predict(self, src: Path, dst: Path) -> int:
        """Predict a CSV or Parquet file into a CSV file; return the number of rows.

        The result of a CSV file is its rows as they stand, with the predictions at their ends, in
        UTF-8. Memory holds one batch, whatever the length. A time series is the exception: its rows
        depend on each other, and are predicted in one piece.

        Raises:
            BadInput: A feature column is missing, the file cannot be read, or the result would have
                too many bytes.
        """
        with src.open("rb") as file:
            is_parquet = file.read(4) == _PARQUET
        if is_parquet:
            return self.predict_batches(_read_parquet(src, self.predictor.rows_at_once), dst)
        return self._write(dst, lambda file: self._predict_text(src, file))

    def predict_batches(self, batches: Iterable[pd.DataFrame], dst: Path) -> int:
        """Predict tables whose values are as their file tells them into a CSV file."""
        return self._write(dst, lambda file: self._predict_tables(batches, file))

    def _write(self, dst: Path, predict: Callable[[IO[str]], Iterator[int]]) -> int:
        """Write the result; it appears when it is complete, or not at all."""
        self.predictor.notes.begin()
        part = dst.with_name(f"{dst.name}.part")
        done = 0
        try:
            with part.open("w", encoding="utf-8", newline="") as file:
                for count in predict(file):
                    done += count
                    if self.most_bytes is not None and file.tell() > self.most_bytes:
                        raise BadInput("The file unpacks to far more than its size.")
            part.replace(dst)
        finally:
            part.unlink(missing_ok=True)
        return done

    def _predict_text(self, src: Path, file: IO[str]) -> Iterator[int]:
        """Write each row of a CSV file as it stands with its prediction; yield counts of rows."""
        notes = self.predictor.notes
        try:
            encoding = find_encoding(src)
            with src.open(encoding=_to_read(encoding), newline="") as source:
                dialect = find_dialect(source.read(_HEAD))
                source.seek(0)
                notes.note_file(encoding, dialect)
                if not self.bare and encoding == UTF_8 and _has_mark(src):
                    file.write("\ufeff")
                if not self.bare and encoding != UTF_8:
                    text = f"The file is in {encoding}; what is written is in UTF-8."
                    notes.add(Notice("written-in-utf-8", text))
                comments: list[int] = []
                size = _rows_at_once(self.predictor, len(dialect.header))
                read = read_batches(source, dialect, size, comments.append)
                yield from self._predict_rows(read, dialect, file)
                if comments:
                    notes.add(comments_skipped(len(comments)))
        except NoText as error:
            raise BadInput(f"`{src.name}` is no table: it holds binary data.") from error
        except BadText as error:
            raise BadInput(f"`{src.name}` {error}.") from error
        except UnicodeDecodeError as error:
            raise BadInput(f"`{src.name}` cannot be read as {error.encoding}.") from error

    def _predict_rows(
        self, source: Iterator[Batch], dialect: Dialect, file: IO[str]
    ) -> Iterator[int]:
        names = self.predictor.names_of(dialect.header)
        self.predictor.refuse_missing(names)
        known = {name: place for place, name in enumerate(names)}
        places = {name: known[name] for name in self.predictor.needed}
        header = next(source)
        delimiter = "," if self.bare else dialect.delimiter
        added = self._free_columns(dialect.header)
        write_rows(file, delimiter, None if self.bare else header, [[name] for name in added])
        for batch in source:
            values = {name: batch.columns[place] for name, place in places.items()}
            predicted = self.predictor.predict_values(values, self.threshold)
            write_rows(file, delimiter, None if self.bare else batch, predicted)
            yield len(batch.texts)

    def _predict_tables(self, batches: Iterable[pd.DataFrame], file: IO[str]) -> Iterator[int]:
        for number, batch in enumerate(batches):
            names = self.predictor.names_of(batch.columns)
            self.predictor.refuse_missing(names)
            added = self._free_columns(names)
            columns = {name: batch.iloc[:, n] for n, name in enumerate(names)}
            values: list[list[Any]] = [[]] * len(added)
            if len(batch):
                values = self.predictor.predict_values(columns, self.threshold)
            result = batch.set_axis(names, axis="columns")[[] if self.bare else names]
            result = result.assign(**dict(zip(added, values, strict=True)))
            result.to_csv(file, index=False, header=number == 0, lineterminator="\n")
            yield len(result)

    def _free_columns(self, names: Sequence[str]) -> list[str]:
        """Return the names of the columns that are added to those of a file, which all survive."""
        taken = () if self.bare else names
        target, *others = self.predictor.added_columns(self.threshold)
        if target in taken:
            target = f"{target}_predicted"
        return [free_name(name, taken) for name in (target, *others)]


def _rows_at_once(predictor: Predictor, width: int) -> int | None:
    """Return how many rows of a text are in memory at a time: fewer of a wide table."""
    most = predictor.rows_at_once
    return most and max(1, min(most, _BATCH_CELLS // width))


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
        exact = [
            f"CAST({quoted} AS VARCHAR) AS {quoted}"  # a frame would make floats of it
            for name, kind, *_ in connection.description or ()
            if str(kind).startswith("DECIMAL") and (quoted := '"' + name.replace('"', '""') + '"')
        ]
        if exact:
            columns = f"SELECT * REPLACE ({', '.join(exact)})"
            table = "read_parquet(?, hive_partitioning=false)"
            connection.execute(f"{columns} FROM {table}", [one_file])
        if rows_at_once is None:
            yield connection.df().set_axis(names, axis="columns")
            return
        vectors = max(1, rows_at_once // 2048)
        first = True
        while len(batch := connection.fetch_df_chunk(vectors)) or first:
            first = False
            yield batch.set_axis(names, axis="columns")
