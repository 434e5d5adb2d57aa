"""Read and write Parquet: columns go out in the types that they have, with more behind them.

Refuses to do: import pyarrow before there is a Parquet file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auger_reconcile.client.files.json_values import to_json_value
from auger_reconcile.errors import AugerError

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 65_536  # of a group that is written


class ParquetTable:
    """An open Parquet file.

    Attributes:
        columns: the names of its columns.
        notices: none, there is nothing to guess.
    """

    def __init__(self, source: Path, file: Any) -> None:
        self._source, self._file = source, file
        self.columns = [str(name) for name in file.schema_arrow.names]
        self.notices: list[dict[str, Any]] = []

    def batches(self, size: int | None) -> Iterator[pa.Table]:
        """Yield tables; see `Table`."""
        if size is None or not self._file.metadata.num_rows:
            yield self._file.read()
            return
        import pyarrow as pa

        for batch in self._file.iter_batches(_ROWS):
            whole = pa.Table.from_batches([batch])
            for start in range(0, len(whole), size):
                yield whole.slice(start, size)

    def records(self, batch: pa.Table, places: Sequence[int]) -> list[list[Any]]:
        """Return values of JSON; times as ISO 8601."""
        columns = [_values_of(batch.column(place)) for place in places]
        return [list(row) for row in zip(*columns, strict=True)] or [[] for _ in range(len(batch))]

    @contextmanager
    def writing(self, to: Path) -> Iterator[_Writer]:
        """Open what writes groups of rows."""
        to.touch()  # it is opened with the first rows, and what cannot be is told before
        writer = _Writer(to)
        try:
            yield writer
            writer.flush()
        finally:
            writer.close()


class _Writer:
    """Gathers batches; the types of the new columns are those of their first values."""

    def __init__(self, to: Path) -> None:
        self._to = to
        self._waiting: list[pa.Table] = []
        self._writer: Any = None

    def write(self, batch: pa.Table, names: Sequence[str], values: Sequence[Sequence[Any]]) -> None:
        columns = zip(*values, strict=True) if values else ((),) * len(names)
        for name, column in zip(names, columns, strict=True):
            batch = batch.append_column(name, _array(column))
        self._waiting.append(batch)
        if sum(map(len, self._waiting)) >= _ROWS:
            self.flush()

    def flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not self._waiting:
            return
        table = pa.concat_tables(self._waiting, promote_options="permissive")
        self._waiting.clear()
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._to, table.schema)
        self._writer.write_table(table.cast(self._writer.schema))

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


@contextmanager
def open_parquet(source: Path) -> Iterator[ParquetTable]:
    """Open a Parquet file.

    Raises:
        AugerError: it is none, or pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise AugerError(
            f"`{source}` needs pyarrow, which is not installed",
            hint='the extra `formats` brings it\npip install "auger-reconcile[formats]"',
        ) from None
    try:
        with pq.ParquetFile(source) as file:
            yield ParquetTable(source, file)
    except OSError as error:
        told = error.strerror or "it is damaged"
        raise AugerError(f"`{source}` cannot be read: {told}") from None
    except pa.ArrowInvalid:
        raise AugerError(f"`{source}` is no Parquet file, or is damaged") from None


def _values_of(column: Any) -> list[Any]:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    if pa.types.is_duration(column.type):  # which the hub reads as the numbers that it is kept as
        column = column.cast(pa.int64())
    return [to_json_value(value) for value in column.to_pylist()]


def _array(values: Sequence[Any]) -> Any:
    import pyarrow as pa

    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} and float in kinds:
        return pa.array(values, pa.float64())
    if len(kinds) > 1:
        return pa.array([None if value is None else str(value) for value in values])
    return pa.array(values)
