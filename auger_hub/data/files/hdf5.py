"""Read HDF5 without its pickles and without other files.

PyTables, and with it `pandas.read_hdf`, unpickles attributes and object columns, so opening an
uploaded file with it runs whatever the file says. h5py never does. Column names that pandas stores
pickled are read by an unpickler that knows no class at all; columns of pickled Python objects are
refused.
"""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auger_hub.data.files.bounds import most_bytes
from auger_hub.data.files.plain import optional_module
from auger_hub.data.files.unreadable import UnreadableData


def read_hdf5(path: Path) -> pd.DataFrame:
    """Read the first table of a file.

    That is pandas' table or fixed format, a compound data set, or one data set a column.

    Raises:
        UnreadableData: There is no table in it, or its text columns are pickled objects.
    """
    h5py = optional_module("h5py", "h5py", path)
    with h5py.File(path, "r") as file:
        _refuse_what_is_elsewhere(h5py, file)
        frame = _find_table(h5py, file)
    if frame is None or frame.empty:
        raise UnreadableData(f"`{path.name}` holds no table.")
    return frame


def _refuse_what_is_elsewhere(h5py: Any, file: Any) -> None:
    """Refuse values of other files of this machine, and values made of nothing.

    A file may name others, by link or as the place of its values, and HDF5 would read them with
    the rights of the hub; and it may tell of a billion values without storing any.
    """
    size, waiting, seen = 0, [file], set()
    while waiting:
        group = waiting.pop()
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise UnreadableData("The HDF5 file has links, which a hub does not follow.")
            node = group[name]
            address = h5py.h5o.get_info(node.id).addr
            if address in seen:
                continue
            seen.add(address)
            if isinstance(node, h5py.Group):
                waiting.append(node)
            elif isinstance(node, h5py.Dataset):
                if node.external or node.is_virtual:
                    raise UnreadableData("The HDF5 file keeps its values in other files.")
                size += node.nbytes
    if size > most_bytes(Path(file.filename).stat().st_size):
        raise UnreadableData("The HDF5 file unpacks to far more than its size.")


def _find_table(h5py: Any, node: Any) -> pd.DataFrame | None:
    if isinstance(node, h5py.Dataset):
        return _compound(node) if node.dtype.names else None
    if "table" in node and "pandas_type" in node.attrs:
        return _pandas_table(node)
    if "axis0" in node and "block0_values" in node:
        return _pandas_fixed(node)
    children = list(node.values())
    flat = [child for child in children if isinstance(child, h5py.Dataset) and child.ndim == 1]
    if flat and len(flat) == len(children) and not any(child.dtype.names for child in flat):
        return pd.DataFrame({Path(child.name).name: _values(child[()]) for child in flat})
    for child in children:
        if (found := _find_table(h5py, child)) is not None:
            return found
    return None


def _compound(dataset: Any) -> pd.DataFrame:
    table = dataset[()]
    return pd.DataFrame({name: _values(table[name]) for name in table.dtype.names})


def _pandas_table(group: Any) -> pd.DataFrame:
    """Unfold the blocks of `to_hdf(format="table")`: one field for all columns of one type."""
    dataset = group["table"]
    table = dataset[()]
    columns: dict[str, Any] = {}
    for field in table.dtype.names:
        if field == "index":
            continue
        values = table[field]
        kind = _text(dataset.attrs.get(f"{field}_dtype", b""))
        names = _stored_names(dataset.attrs[f"{field}_kind"])
        block = values if values.ndim == 2 else values.reshape(-1, 1)
        for position, name in enumerate(names):
            columns[name] = _values(block[:, position], kind)
    order = _column_order(group.attrs.get("non_index_axes"))
    return pd.DataFrame({name: columns[name] for name in order or columns})


def _column_order(attribute: Any) -> list[str]:
    """Read pandas' `[(1, [names])]`; a file without it keeps the order of its blocks."""
    axes = _load_plain(attribute) if attribute is not None else []
    return [_text(name) for _, names in axes for name in names]


def _pandas_fixed(group: Any) -> pd.DataFrame:
    """Unfold the blocks of `to_hdf(format="fixed")`."""
    columns: dict[str, Any] = {}
    for number in range(int(group.attrs["nblocks"])):
        dataset = group[f"block{number}_values"]
        if dataset.dtype.kind == "O":
            raise UnreadableData(
                "The HDF5 file stores text as pickled Python objects, which a hub never loads;"
                " save it with format='table', or as CSV or Parquet."
            )
        kind = _text(dataset.attrs.get("value_type", b""))
        for position, name in enumerate(group[f"block{number}_items"][()]):
            columns[_text(name)] = _values(dataset[()][:, position], kind)
    order = [_text(name) for name in group["axis0"][()]]
    return pd.DataFrame({name: columns[name] for name in order})


def _values(values: Any, kind: str = "") -> Any:
    if kind.startswith("datetime64"):
        unit = kind[kind.find("[") + 1 : -1] if "[" in kind else "ns"
        return pd.Series(values.view("int64")).astype("int64").to_numpy().view(f"M8[{unit}]")
    if kind.startswith("bool"):
        return values.astype(bool)
    if values.dtype.kind in "SO":
        texts = [_text(value) for value in values]
        return np.array([None if text in {"", "nan"} else text for text in texts], dtype=object)
    return values


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


class _NoClasses(pickle.Unpickler):
    """Unpickles lists and texts; anything that would call code is refused."""

    def find_class(self, module: str, name: str) -> Any:
        raise UnreadableData(f"The HDF5 file stores a pickled `{module}.{name}`, which is refused.")


def _stored_names(attribute: Any) -> list[str]:
    names = attribute if isinstance(attribute, np.ndarray) else _load_plain(attribute)
    return [_text(name) for name in names]


def _load_plain(attribute: Any) -> Any:
    content = attribute if isinstance(attribute, bytes) else str(attribute).encode()
    try:
        return _NoClasses(io.BytesIO(content)).load()
    except pickle.UnpicklingError as error:
        raise UnreadableData("The HDF5 file names its columns in an unknown way.") from error
