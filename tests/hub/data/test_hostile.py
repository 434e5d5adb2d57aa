"""Files made to harm: each is refused with a sentence, and neither disk nor memory fills up."""

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auger_hub.data.files import bounds
from auger_hub.data.profile import profile_file
from auger_hub.data.read import UnreadableData, read_table

MANY_ROWS = b"1,2\n" * 1_000_000
HIDDEN = "hidden-in-another-file"


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../t.csv", content)
    return file.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": zipped,
}


@pytest.fixture
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "RATIO_MATTERS_FROM", 1 << 20)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which all temporary files are made."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.usefixtures("small_bounds")
def test_a_bomb_is_refused_before_it_has_filled_the_disk(
    tmp_path: Path, scratch: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = tmp_path / f"t.csv.{kind}"
    bomb.write_bytes(PACKERS[kind](b"a,b\n" + MANY_ROWS))
    largest: list[int] = []
    remove = tempfile.TemporaryDirectory.cleanup

    def measure(folder: "tempfile.TemporaryDirectory[str]") -> None:
        largest.extend(path.stat().st_size for path in Path(folder.name).rglob("*"))
        remove(folder)

    monkeypatch.setattr(tempfile.TemporaryDirectory, "cleanup", measure)
    with pytest.raises(UnreadableData, match="which is refused"):
        profile_file(bomb)
    most = max(1 << 20, 250 * bomb.stat().st_size)
    assert 0 < max(largest) <= most < len(MANY_ROWS)
    assert not list(scratch.iterdir())


def test_a_bomb_in_a_bomb_is_no_table(tmp_path: Path) -> None:
    inner = gzip.compress(b"a,b\n" + MANY_ROWS)
    (tmp_path / "t.csv.gz.gz").write_bytes(gzip.compress(inner))
    with pytest.raises(UnreadableData, match=r"no table|not a table|cannot be read"):
        profile_file(tmp_path / "t.csv.gz.gz")


@pytest.mark.parametrize("kind", PACKERS)
def test_an_archive_of_garbage_is_damaged(tmp_path: Path, kind: str) -> None:
    content = PACKERS[kind](b"a,b\n" + np.random.default_rng(0).bytes(2000))
    torn = content[: len(content) // 3] + b"\xff" * 300 + content[len(content) // 3 + 300 :]
    (tmp_path / f"t.csv.{kind}").write_bytes(torn)
    with pytest.raises(UnreadableData, match=r"damaged|binary|cannot be read"):
        profile_file(tmp_path / f"t.csv.{kind}")


def test_a_name_inside_an_archive_leads_nowhere(tmp_path: Path, scratch: Path) -> None:
    (tmp_path / "t.zip").write_bytes(zipped(b"a,b\n1,2\n"))
    assert read_table(tmp_path / "t.zip").to_dict("list") == {"a": [1], "b": [2]}
    assert not list(tmp_path.rglob("t.csv"))
    assert not list(scratch.iterdir())


@pytest.mark.usefixtures("small_bounds", "scratch")
def test_a_parquet_file_of_endless_rows_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr("auger_hub.data.read.table_memory", lambda: 100 << 20)
    column = pa.array(np.zeros(10_000_000, dtype="int64"))
    with pq.ParquetWriter(tmp_path / "t.parquet", pa.schema([("a", pa.int64())])) as file:
        for _ in range(10):
            file.write_table(pa.table({"a": column}))
    assert (tmp_path / "t.parquet").stat().st_size < 1 << 20
    with pytest.raises(UnreadableData, match="more memory than the hub has"):
        profile_file(tmp_path / "t.parquet")


@pytest.mark.usefixtures("small_bounds")
def test_a_feather_file_that_unpacks_beyond_measure_is_refused(tmp_path: Path) -> None:
    pa, feather = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.feather")
    table = pa.table({"a": np.zeros(1_000_000)})
    feather.write_feather(table, tmp_path / "t.feather", compression="zstd")
    with pytest.raises(UnreadableData, match="unpacks to far more"):
        profile_file(tmp_path / "t.feather")


@pytest.mark.process
def test_a_process_that_reads_files_has_bounded_memory(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    pa, feather = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.feather")
    rows = 150_000_000  # 1.2 GB in one piece, which no look at its parts can foresee
    table = pa.table({"a": np.zeros(rows)})
    feather.write_feather(table, tmp_path / "t.feather", compression="zstd", chunksize=rows)
    program = """if True:
        import os, resource, sys
        from pathlib import Path
        from auger_hub.data.files import bounds
        from auger_hub.data.profile import profile_file
        bounds._READERS = 1 << 30
        bounds.bound_memory()
        try:
            profile_file(Path(sys.argv[1]))
        except Exception as error:
            print(error)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)
    """
    command = [sys.executable, "-c", program, str(tmp_path / "t.feather")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert "more memory than the hub has" in said[0]
    assert int(said[1]) < 1100


def h5(path: Path, write: Callable[[Any, Any], None]) -> Path:
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        write(h5py, file)
    return path


def elsewhere(h5py: Any, file: Any) -> None:
    place = Path(file.filename).with_name("secret.txt")
    file.create_dataset("x", (len(HIDDEN),), dtype="S1", external=[(str(place), 0, len(HIDDEN))])


def linked(h5py: Any, file: Any) -> None:
    file["x"] = h5py.ExternalLink(str(Path(file.file.filename).with_name("other.h5")), "x")


def linked_deep_inside(h5py: Any, file: Any) -> None:
    file["a"] = [1, 2]
    linked(h5py, file.create_group("group/inner"))


def virtual(h5py: Any, file: Any) -> None:
    layout = h5py.VirtualLayout((2,), "i8")
    other = Path(file.filename).with_name("other.h5")
    layout[:] = h5py.VirtualSource(str(other), "x", (2,))
    file.create_virtual_dataset("x", layout)


@pytest.mark.parametrize("write", [elsewhere, linked, linked_deep_inside, virtual])
def test_hdf5_never_shows_what_is_in_another_file(
    tmp_path: Path, write: Callable[[Any, Any], None]
) -> None:
    (tmp_path / "secret.txt").write_text(HIDDEN)

    def write_other(_: Any, file: Any) -> None:
        file["x"] = [1, 2]

    h5(tmp_path / "other.h5", write_other)
    with pytest.raises(UnreadableData, match=r"other files|has links"):
        profile_file(h5(tmp_path / "t.h5", write))


def test_hdf5_values_made_of_nothing_are_refused(tmp_path: Path) -> None:
    def write(_: Any, file: Any) -> None:
        file.create_dataset("x", (10**12,), dtype="i8", chunks=(2**20,), compression="gzip")

    with pytest.raises(UnreadableData, match="unpacks to far more"):
        profile_file(h5(tmp_path / "t.h5", write))


def test_hdf5_groups_in_a_circle_end(tmp_path: Path) -> None:
    def write(_: Any, file: Any) -> None:
        file.create_group("group")["itself"] = file["/"]

    with pytest.raises(UnreadableData):
        profile_file(h5(tmp_path / "t.h5", write))


@pytest.mark.parametrize(
    "content",
    ["123", '"x"', "null", "[" * 100_000, '{"a":' * 30_000, '{"a":[' + "[" * 5000, '[{"a":' * 9999],
    ids=["number", "text", "null", "lists", "objects", "columns", "records"],
)
def test_json_that_is_odd_or_deep_is_no_table(tmp_path: Path, content: str) -> None:
    (tmp_path / "t.json").write_text(content)
    with pytest.raises(UnreadableData):
        profile_file(tmp_path / "t.json")


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("name", ["t.pkl", "t.csv", "t.h5", "t.xls", "t.parquet", "t.feather"])
@pytest.mark.parametrize("protocol", [0, 5])
def test_a_pickle_under_whatever_name_is_never_opened(
    tmp_path: Path, name: str, protocol: int
) -> None:
    (tmp_path / name).write_bytes(pickle.dumps(Trap(tmp_path / "sprung"), protocol))
    with suppress(UnreadableData):  # the oldest protocol is text, and so a table of nonsense
        profile_file(tmp_path / name)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("kind", ["feather", "parquet"])
def test_a_pickled_type_in_arrow_metadata_is_never_opened(tmp_path: Path, kind: str) -> None:
    pa = pytest.importorskip("pyarrow")
    note = {
        b"ARROW:extension:name": b"arrow.py_extension_type",
        b"ARROW:extension:metadata": pickle.dumps(Trap(tmp_path / "sprung")),
    }
    table = pa.table([[1, 2]], schema=pa.schema([pa.field("a", pa.int64(), metadata=note)]))
    path = tmp_path / f"t.{kind}"
    if kind == "feather":
        pytest.importorskip("pyarrow.feather").write_feather(table, path)
    else:
        pytest.importorskip("pyarrow.parquet").write_table(table, path)
    assert read_table(path)["a"].tolist() == [1, 2]
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("end", ["", "\n", "\n3,4\n"])
def test_a_line_without_end_is_refused_wherever_it_stands(tmp_path: Path, end: str) -> None:
    (tmp_path / "t.csv").write_text("a,b\n5,6\n1," + "x" * 40_000_000 + end)
    with pytest.raises(UnreadableData):
        profile_file(tmp_path / "t.csv")


def test_a_header_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x" * 5_000_000)
    with pytest.raises(UnreadableData):
        profile_file(tmp_path / "t.csv")


def test_a_hundred_thousand_columns_are_refused_with_the_reason(tmp_path: Path) -> None:
    names, values = ",".join(f"c{n}" for n in range(100_000)), ",".join("1" * 100_000)
    (tmp_path / "t.csv").write_text(f"{names}\n{values}\n{values}\n")
    with pytest.raises(UnreadableData, match="more than 25,000 columns"):
        profile_file(tmp_path / "t.csv")


def test_a_table_of_very_many_columns_has_statistics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auger_hub.data.profile._FIGURES_AT_ONCE", 7)
    rows = [[str(n * row % 13) for n in range(30)] for row in range(40)]
    lines = [[f"c{n}" for n in range(30)], *rows]
    (tmp_path / "t.csv").write_text("\n".join(map(",".join, lines)))
    in_parts = profile_file(tmp_path / "t.csv")
    monkeypatch.undo()
    assert profile_file(tmp_path / "t.csv") == in_parts


def test_a_byte_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b\n1,\x00\n")
    with pytest.raises(UnreadableData, match="binary"):
        profile_file(tmp_path / "t.csv")


@pytest.mark.parametrize("name", ["*.csv", "data[1].csv", "?.csv", "[!x].csv", "a'b.csv"])
def test_a_name_is_no_pattern(tmp_path: Path, name: str) -> None:
    (tmp_path / "y.csv").write_text("a\n99\n")
    (tmp_path / name).write_text("a\n1\n")
    assert read_table(tmp_path / name)["a"].tolist() == [1]


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_a_folder_is_no_column(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "year=2024"
    folder.mkdir()
    path = folder / f"t.{kind}"
    if kind == "parquet":
        pytest.importorskip("pyarrow.parquet").write_table(
            pytest.importorskip("pyarrow").table({"a": [1]}), path
        )
    else:
        path.write_text("a\n1\n" if kind == "csv" else json.dumps([{"a": 1}]))
    assert read_table(path).to_dict("list") == {"a": [1]}
