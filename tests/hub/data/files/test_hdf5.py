"""HDF5 files are read without running what is pickled inside."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from auger_hub.data.read import UnreadableData, read_table

h5py = pytest.importorskip("h5py")


def test_compound_data_set_is_a_table(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "t.h5", "w") as file:
        table = np.array([(1, 2.5, b"x"), (2, 3.5, b"")], "i8,f8,S3")
        table.dtype.names = ("a", "b", "c")
        file["group/table"] = table
    read = read_table(tmp_path / "t.h5")
    assert read["a"].tolist() == [1, 2]
    assert read["c"].notna().tolist() == [True, False]


def test_one_data_set_a_column_is_a_table(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "t.hdf5", "w") as file:
        file["a"], file["b"] = [1, 2], [0.5, np.nan]
    assert list(read_table(tmp_path / "t.hdf5").columns) == ["a", "b"]


def pandas_table(path: Path, names: object) -> Path:
    """Write what `to_hdf(format="table")` writes; PyTables itself is not needed to read it."""
    with h5py.File(path, "w") as file:
        group = file.create_group("df")
        group.attrs["pandas_type"] = b"frame_table"
        rows = np.zeros(2, [("index", "i8"), ("values_block_0", "f8", (2,))])
        rows["values_block_0"] = [[1.5, 2.5], [3.5, 4.5]]
        group["table"] = rows
        group["table"].attrs["values_block_0_kind"] = np.bytes_(pickle.dumps(names, protocol=0))
        group["table"].attrs["values_block_0_dtype"] = b"float64"
    return path


def test_pandas_table_is_a_table(tmp_path: Path) -> None:
    read = read_table(pandas_table(tmp_path / "t.h5", ["x", "y"]))
    assert read.to_dict("list") == {"x": [1.5, 3.5], "y": [2.5, 4.5]}


class Malicious:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


def test_pickled_code_is_refused_and_never_runs(tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    with pytest.raises(UnreadableData, match="pickled"):
        read_table(pandas_table(tmp_path / "t.h5", Malicious(trap)))
    assert not trap.exists()


def test_fixed_format_of_numbers_is_a_table(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "t.h5", "w") as file:
        group = file.create_group("df")
        group.attrs["nblocks"] = 1
        group["axis0"] = np.array([b"x", b"y"])
        group["block0_items"] = np.array([b"y", b"x"])
        group["block0_values"] = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert read_table(tmp_path / "t.h5").to_dict("list") == {"x": [2.0, 4.0], "y": [1.0, 3.0]}


def test_fixed_format_of_pickled_objects_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "t.h5", "w") as file:
        group = file.create_group("df")
        group.attrs["nblocks"] = 1
        group["axis0"] = group["block0_items"] = np.array([b"x"])
        group.create_dataset("block0_values", (1,), dtype=h5py.vlen_dtype(np.uint8))
    with pytest.raises(UnreadableData, match="pickled Python objects"):
        read_table(tmp_path / "t.h5")


def test_file_without_a_table_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file.create_group("nothing")
    with pytest.raises(UnreadableData, match="holds no table"):
        read_table(tmp_path / "t.h5")
