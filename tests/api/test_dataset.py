"""Data sets from every kind of source, and what auger.yaml says of them afterwards."""

from __future__ import annotations

import bz2
import gzip
import lzma
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from auger.api import AugerError, Context, DataSet, NotFound, Project
from tests.api.live_hub import LiveHub, write_flowers

from .conftest import OpenContext, Trained

ARFF = (
    "@relation t\n@attribute size numeric\n@attribute kind {a,b}\n@data\n1.5,a\n2.5,b\n3,a\n4.5,b\n"
)


def table() -> Any:
    """Return the table; pandas is imported only where it is written."""
    import pandas as pd

    return pd.DataFrame({"size": [1.5, 2.5, 3.0, 4.5], "kind": ["a", "b", "a", "b"]})


def write_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("t.csv", table().to_csv(index=False))


def write_hdf5(path: Path) -> None:
    import numpy as np

    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        rows = np.array([(1.5, b"a"), (2.5, b"b"), (3.0, b"a"), (4.5, b"b")], "f8,S1")
        rows.dtype.names = ("size", "kind")
        file["t"] = rows


WRITERS: dict[str, Callable[[Path], object]] = {
    "t.csv": lambda path: table().to_csv(path, index=False),
    "t.arff": lambda path: path.write_text(ARFF),
    "t.csv.gz": lambda path: path.write_bytes(gzip.compress(table().to_csv(index=False).encode())),
    "t.csv.bz2": lambda path: path.write_bytes(bz2.compress(table().to_csv(index=False).encode())),
    "t.csv.xz": lambda path: path.write_bytes(lzma.compress(table().to_csv(index=False).encode())),
    "t.zip": write_zip,
    "t.json": lambda path: table().to_json(path, orient="records"),
    "t.xlsx": lambda path: table().to_excel(path, index=False),
    "t.feather": lambda path: table().to_feather(path),
    "t.h5": write_hdf5,
    "t.parquet": lambda path: table().to_parquet(path),
}


SLOW = pytest.mark.slow
SOME = ("t.csv", "t.parquet")
REST = sorted(WRITERS.keys() - set(SOME))


@pytest.fixture(scope="module")
def home(hub: LiveHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose cluster runs."""
    folder = tmp_path_factory.mktemp("home")
    with Context(folder, environ=hub.environ, home=folder) as context:
        project = Project(context, f"data-{hub.home.parent.name}-{folder.name}").create()
        project.start()
        yield project


@pytest.mark.parametrize("file", [*SOME, *(pytest.param(one, marks=SLOW) for one in REST)])
def test_a_data_set_is_made_from_a_file_of_any_known_kind(
    home: Project, work: Path, file: str
) -> None:
    WRITERS[file](work / file)
    made = DataSet(home.context, home).create(str(work / file)).properties()
    assert made["status"] == "processed"
    assert made["name"] == file
    assert made["statistics"]["count"] == 4
    columns = [column["column_name"] for column in made["statistics"]["stat_data"]]
    assert columns == ["size", "kind"]


@pytest.fixture
def web(work: Path) -> Iterator[str]:
    """The URL of a web server that serves the working directory."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(work)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_data_set_is_made_from_a_url(home: Project, work: Path, web: str) -> None:
    table().to_csv(work / "from web.csv", index=False)
    made = DataSet(home.context, home).create(f"{web}/from%20web.csv?v=1")
    assert made.name == "from web.csv"
    assert made.properties()["statistics"]["count"] == 4


def test_a_url_that_answers_nothing_is_an_error_of_the_data(home: Project, web: str) -> None:
    with pytest.raises(AugerError, match="the hub could not read the data"):
        DataSet(home.context, home).create(f"{web}/missing.csv")


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("missing.csv", "`missing.csv` cannot be read: No such file or directory"),
        ("folder.csv", "`folder.csv` is a folder, not a file with rows"),
        (".", "`.` is a folder, not a file with rows"),
        ("notes.txt", "`notes.txt` is in an unknown format"),
        ("http://127.0.0.1:9/", "`` cannot name a data set"),
        ("bad\0name.csv", "cannot name a data set"),
    ],
)
def test_a_source_that_cannot_be_used_is_refused_before_anything_is_sent(
    home: Project, work: Path, source: str, problem: str
) -> None:
    (work / "folder.csv").mkdir()
    (work / "notes.txt").touch()
    with pytest.raises(AugerError, match=problem):
        DataSet(home.context, home).create(source)


def test_changed_content_makes_a_new_revision_and_auger_yaml_names_the_declared_one(
    open_context: OpenContext, name: str, work: Path
) -> None:
    flowers = write_flowers(work)
    (work / "auger.yaml").write_text(
        f"project: {name}   # the old word\nsource: flowers.csv\ndataset:\n"
        "experiment:\n  name: mine\n  experiment_session_id: 0123\n"
    )
    DataSet(open_context()).create(select=True)
    flowers.write_text(flowers.read_text().replace("4.8", "4.9"))
    made = DataSet(open_context()).create(select=True)
    assert made.name == "flowers-1.csv"
    flowers.write_text(flowers.read_text().replace("4.9", "4.7"))
    assert DataSet(open_context()).create(select=True).name == "flowers-2.csv"
    assert DataSet(open_context()).create(select=True).name == "flowers-2.csv"
    assert (work / "auger.yaml").read_text() == (
        f"project: {name}   # the old word\nsource: flowers.csv\ndataset: flowers.csv\n"
        "experiment:\n  name: mine\n  experiment_session_id:\n"
    )
    listed = {item["name"] for item in DataSet(open_context()).list()}
    assert listed == {"flowers.csv", "flowers-1.csv", "flowers-2.csv"}


def store_other(context: Context, work: Path, text: str, source: str) -> str:
    """Return auger.yaml after a data set was made of another source than the declared one."""
    (work / "auger.yaml").write_text(text)
    DataSet(context).create(source, select=True)
    assert DataSet(context).plan_create().is_empty  # name and source mean the same data
    return (work / "auger.yaml").read_text()


def test_another_source_is_stored_with_the_name_that_it_gave(
    open_context: OpenContext, name: str, work: Path
) -> None:
    (work / "more").mkdir()
    table().to_csv(work / "more" / "other.csv", index=False)
    before = f"name: {name}\nsource: flowers.csv   # the first\ndataset: flowers.csv\n"
    after = f"name: {name}\nsource: 'more/other.csv'   # the first\ndataset: other.csv\n"
    assert store_other(open_context(), work, before, "more/other.csv") == after
    full = str(work / "more" / "other.csv")
    assert store_other(open_context(), work, after, full) == after
    assert store_other(open_context(), work, f"name: {name}\n", full) == (
        f"name: {name}\nsource: '{full}'\ndataset: other.csv\n"
    )


def test_a_source_is_stored_as_seen_from_the_folder_of_auger_yaml(
    open_context: OpenContext, name: str, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (work / "sub").mkdir()
    table().to_csv(work / "sub" / "t.csv", index=False)
    monkeypatch.chdir(work / "sub")
    text = f"name: {name}\nsource:\ndataset:\n"
    assert store_other(open_context(), work, text, "t.csv") == (
        f"name: {name}\nsource: 'sub/t.csv'\ndataset: t.csv\n"
    )


def test_a_secret_in_a_source_is_not_stored(
    open_context: OpenContext, name: str, work: Path, web: str
) -> None:
    table().to_csv(work / "t.csv", index=False)
    (work / "auger.yaml").write_text(f"name: {name}\nsource: flowers.csv\ndataset:\n")
    DataSet(open_context()).create(f"{web}/t.csv?signature=5309", select=True)
    assert (work / "auger.yaml").read_text() == f"name: {name}\nsource:\ndataset: t.csv\n"


def test_where_data_sets_are_declared_by_name_each_keeps_its_source(
    open_context: OpenContext, name: str, work: Path
) -> None:
    table().to_csv(work / "t.csv", index=False)
    (work / "auger.yaml").write_text(f"name: {name}\ndatasets: {{a.csv: {{source: a.csv}}}}\n")
    DataSet(open_context()).create("t.csv", select=True)
    assert "\nsource" not in (work / "auger.yaml").read_text()


def test_a_data_set_has_the_name_it_was_given(home: Project, work: Path) -> None:
    table().to_csv(work / "t.csv", index=False)
    made = DataSet(home.context, home, "under another name").create("t.csv")
    assert made.properties()["name"] == "under another name"


def test_a_download_is_what_was_uploaded_and_replaces_no_file(home: Project, work: Path) -> None:
    (work / "ünï cödé.csv").write_text("a,b\n1,x\n2,y\n")
    made = DataSet(home.context, home).create("ünï cödé.csv")
    assert made.download("to/there") == Path("to/there/ünï cödé.csv")
    assert Path("to/there/ünï cödé.csv").read_bytes() == Path("ünï cödé.csv").read_bytes()
    with pytest.raises(AugerError, match="exists already"):
        made.download("to/there")


def test_what_does_not_exist_is_not_found(home: Project) -> None:
    ghost = DataSet(home.context, home, "ghost.csv")
    with pytest.raises(NotFound, match=r"dataset `ghost.csv` does not exist"):
        ghost.delete()
    with pytest.raises(NotFound, match=r"dataset `ghost.csv` does not exist"):
        ghost.properties()
    with pytest.raises(NotFound, match=r"dataset `ghost.csv` does not exist"):
        ghost.download()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("source: data/t.csv\n", "t.csv"),
        ("source: data/t.csv\ndataset: other.csv\n", "other.csv"),
        ("datasets: {long.csv: {source: data/t.csv}}\n", "long.csv"),
    ],
)
def test_the_data_set_of_the_file_is_the_default(tmp_path: Path, text: str, name: str) -> None:
    (tmp_path / "data").mkdir()
    table().to_csv(tmp_path / "data" / "t.csv", index=False)
    (tmp_path / "auger.yaml").write_text(f"name: shop\n{text}")
    data = DataSet(Context(tmp_path, environ={}, home=tmp_path))
    assert data.name == name
    assert data.spec().name == name
    assert data.spec().path == str(tmp_path / "data" / "t.csv")


def test_of_several_data_sets_none_is_the_default(tmp_path: Path) -> None:
    section = "datasets: {a.csv: {source: a.csv}, b.csv: {source: b.csv}}\n"
    (tmp_path / "auger.yaml").write_text(f"name: shop\n{section}")
    data = DataSet(Context(tmp_path, environ={}, home=tmp_path))
    with pytest.raises(AugerError, match="which data set is meant"):
        _ = data.name
    with pytest.raises(AugerError, match="which data set is meant"):
        data.spec()


def test_auger_yaml_is_left_alone_unless_it_is_to_be_selected(
    open_context: OpenContext, name: str, work: Path
) -> None:
    text = f"name: {name}\nsource: flowers.csv\ndataset: flowers.csv\n"
    (work / "auger.yaml").write_text(text)
    table().to_csv(work / "other.csv", index=False)
    made = DataSet(open_context()).create("other.csv")
    assert made.name == "other.csv"
    assert repr(made) == f"<DataSet 'other.csv', project '{name}'>"
    made.delete()
    assert (work / "auger.yaml").read_text() == text


def test_how_the_hub_reads_a_data_set_is_known(trained: Trained, hub: LiveHub, work: Path) -> None:
    with Context(trained.folder, environ=hub.environ, home=work) as context:
        data = DataSet(context)
        assert [one["name"] for one in data.schema["columns"]][-1] == "species"
        assert data.schema["delimiter"] == ","
        checked = data.check()
        assert data.notices == checked.notices
        assert checked.schema == data.schema


@pytest.mark.process
def test_a_check_reads_what_auger_yaml_says_of_columns_and_needs_no_hub(work: Path) -> None:
    (work / "t.csv").write_text("code,n\n007,1\n008,x\n009,-\n")
    declared = "columns: {code: {type: text}}, missing: ['-', x]"
    (work / "auger.yaml").write_text(f"name: p\ndatasets:\n  d: {{source: t.csv, {declared}}}\n")
    with Context(work, environ={}, home=work) as context:
        own, other = DataSet(context).check(), DataSet(context).check("t.csv")
    assert [one.type for one in own.columns] == ["text", "number"]
    assert [one.missing for one in own.columns] == [0, 2]
    assert [one.type for one in other.columns][1] != "number"


@pytest.mark.process
@pytest.mark.parametrize(
    "others",
    [pytest.param("{}", marks=SLOW), "{h: {source: h.csv, columns: {n: {type: text}}}}"],
)
def test_a_check_of_the_source_leaves_other_data_sets_alone(work: Path, others: str) -> None:
    (work / "t.csv").write_text("n\n1\n2\n")
    declared = "source: t.csv\ncolumns: {n: {type: category}}"
    (work / "auger.yaml").write_text(f"name: p\n{declared}\ndatasets: {others}\n")
    with Context(work, environ={}, home=work) as context:
        assert [one.type for one in DataSet(context).check().columns] == ["category"]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("nosuch.csv", "there is no file `nosuch.csv`"),
        ("https://example.com/t.csv", "is not on this machine"),
        (".", "is a folder"),
    ],
)
def test_what_cannot_be_checked_is_refused(work: Path, source: str, problem: str) -> None:
    with (
        Context(work, environ={}, home=work) as context,
        pytest.raises(AugerError, match=problem),
    ):
        DataSet(context).check(source)
