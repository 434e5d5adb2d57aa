"""Downloaded exports, good and bad; small ones made by hand, in processes of their own."""

from __future__ import annotations

import hashlib
import json
import socket
import zipfile
from pathlib import Path
from typing import Any

import pytest

from auger_reconcile.api.exports.local_predict import (
    _cut_off,
    open_export,
    predict_locally,
    unpack,
)
from auger_reconcile.client.files.tables import predicted_path
from auger_reconcile.errors import AugerError

COPY = """\
import os, sys
from pathlib import Path
source = Path(sys.argv[1].partition("=")[2])
assert "AUGER_CREDENTIALS" not in os.environ
text = source.read_text() + " ".join(sys.argv[2:])
source.with_name(source.stem + "_predicted.csv").write_text(text)
"""


def export(folder: Path, program: str, **files: str) -> Path:
    """Write an export whose `client.py` is the program."""
    archive = folder / "model-M.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("client.py", program)
        file.writestr("requirements.txt", "")
        for name, content in files.items():
            file.writestr(name, content)
    return archive


def predict(archive: Path, source: Path, threshold: float | None = None) -> Path:
    model = open_export(archive, threshold=threshold)
    return predict_locally(model, source, predicted_path(source))


@pytest.fixture
def source(work: Path) -> Path:
    path = work / "new.data.csv"
    path.write_text("a\n1\n")
    return path


def test_the_export_is_given_the_file_and_the_threshold_but_no_credentials(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUGER_CREDENTIALS", "secret")
    result = predict(export(tmp_path, COPY), source, 0.25)
    assert result == source.with_name("new.data_predicted.csv")
    assert result.read_text() == "a\n1\n--threshold=0.25"


def test_the_work_is_done_beside_the_result_wherever_the_input_lies(
    tmp_path: Path, source: Path
) -> None:
    tell = COPY.replace("text = source.read_text()", "text = str(source.parents[2])")
    model = open_export(export(tmp_path, tell))
    there = tmp_path / "another disk"
    there.mkdir()
    assert predict_locally(model, source, there / "p.csv").read_text() == str(there)
    with pytest.raises(AugerError, match=r"`.*nowhere.p\.csv` cannot be written"):
        predict_locally(model, source, tmp_path / "nowhere" / "p.csv")


def test_an_export_is_unpacked_once_and_again_when_it_is_newer(tmp_path: Path) -> None:
    archive = export(tmp_path, "old")
    folder = unpack(archive)
    (folder / "client.py").write_text("mine")
    assert (unpack(archive) / "client.py").read_text() == "mine"
    (folder / ".complete").unlink()
    assert (unpack(archive) / "client.py").read_text() == "old"


@pytest.mark.parametrize("is_unpacked", [False, True])
def test_an_export_that_was_changed_since_its_download_is_not_run(
    is_unpacked: bool, tmp_path: Path, source: Path
) -> None:
    archive = export(tmp_path, COPY)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    archive.with_suffix(".json").write_text(json.dumps({"sha256": digest}))
    if is_unpacked:
        predict(archive, source)
    export(tmp_path, COPY, extra="by somebody")
    with pytest.raises(AugerError, match="is not what the hub has sent") as caught:
        predict(archive, source)
    assert caught.value.hint == "auger model deploy M --locally"


def test_a_failed_export_leaves_the_earlier_result(tmp_path: Path, source: Path) -> None:
    source.with_name("new.data_predicted.csv").write_text("old")
    archive = export(tmp_path, "import sys; sys.exit('error: no such column')")
    with pytest.raises(AugerError, match="the downloaded model failed: no such column"):
        predict(archive, source)
    assert source.with_name("new.data_predicted.csv").read_text() == "old"
    assert len(list(source.parent.iterdir())) == 2


def test_missing_packages_are_named_with_the_way_to_get_them(tmp_path: Path, source: Path) -> None:
    (tmp_path / "my models").mkdir()
    archive = export(tmp_path / "my models", "import no_such_package_here")
    with pytest.raises(AugerError, match="No module named 'no_such_package_here'") as caught:
        predict(archive, source)
    assert f"pip install -r '{tmp_path}/my models/" in str(caught.value.hint)


def test_an_export_that_writes_nothing_is_an_error(tmp_path: Path, source: Path) -> None:
    with pytest.raises(AugerError, match="wrote no predictions"):
        predict(export(tmp_path, "pass"), source)


def test_an_export_that_leaves_its_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AugerError, match="holds a path that leaves its folder"):
        unpack(export(tmp_path, "pass", **{"../evil.txt": "x"}))
    assert not (tmp_path / "evil.txt").exists()


def test_a_damaged_export_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "model-M.zip").write_bytes(b"PK\x03\x04broken")
    with pytest.raises(AugerError, match="cannot be unpacked") as caught:
        unpack(tmp_path / "model-M.zip")
    assert caught.value.hint == "auger model deploy M --locally"


def test_an_export_of_the_cloud_needs_docker(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "model-M.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("client.py", "pass")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(AugerError, match="made by the Auger Cloud") as caught:
        predict(archive, source)
    assert "Docker" in str(caught.value.hint)


LISTEN = """\
import os, socket, sys
from pathlib import Path
source = Path(sys.argv[1].partition("=")[2])
told = [os.environ["HOME"], str(os.environ.get("AWS_SECRET_ACCESS_KEY"))]
try:
    socket.create_connection(("127.0.0.1", PORT), timeout=5).close()
    told.append("connected")
except OSError:
    told.append("alone")
source.with_name(source.stem + "_predicted.csv").write_text("\\n".join(told))
"""


def test_an_export_knows_neither_the_users_folder_nor_other_secrets_and_says_that_it_ran(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    told: list[dict[str, Any]] = []
    model = open_export(export(tmp_path, LISTEN.replace("PORT", "9")))
    result = predict_locally(model, source, predicted_path(source), told.extend)
    home, secret, _ = result.read_text().splitlines()
    assert Path(home).parent == source.parent
    assert secret == "None"
    assert [notice["code"] for notice in told] == ["runs-code"]


@pytest.mark.skipif(not _cut_off(), reason="the system lets no user take a network away")
def test_rows_of_other_formats_tell_as_well_that_it_ran(tmp_path: Path) -> None:
    model = open_export(export(tmp_path, COPY))
    model.ask(["a"], [["1"]])
    assert [notice["code"] for notice in model.told] == ["runs-code"]


def test_an_export_has_no_network(tmp_path: Path, source: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        result = predict(export(tmp_path, LISTEN.replace("PORT", port)), source)
    assert result.read_text().splitlines()[-1] == "alone"
