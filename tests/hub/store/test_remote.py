"""The hub's files in a store elsewhere: one that speaks S3, and one that fsspec has by itself."""

from __future__ import annotations

import io
import os
import shutil
import time
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from auger_hub.processes import daemon
from auger_hub.settings import BadSettings, HubSettings
from auger_hub.store.local import BadKey, Storage
from auger_hub.store.remote import RemoteStorage, StoreFailed, open_storage
from tests.hub.client import IRIS, Client, connect, wait_until
from tests.hub.program.test_backup import command
from tests.hub.routes.test_models import answered
from tests.object_store.store import BUCKET, Store, serve_store, surround

KEY = "workspace/projects/shop/files/x.csv"


def names(store: Store, top: str) -> list[str]:
    """Return the keys of users' files: not what ties the store to its hub."""
    found = store.client.list_objects_v2(Bucket=BUCKET, Prefix=f"{top}/").get("Contents", [])
    return [str(one["Key"]) for one in found if "/.auger-hub/" not in str(one["Key"])]


def local(tmp_path: Path) -> RemoteStorage:
    """A store with folders, which fsspec has without another package."""
    return RemoteStorage(f"local://{tmp_path}/store", tmp_path / "copies")


def put(storage: RemoteStorage, key: str = KEY, content: bytes = b"a,b\n") -> None:
    with storage.create("main", key) as file:
        file.write(content)


def age(folder: Path, seconds: float) -> None:
    for path in folder.rglob("*.csv"):
        os.utime(path, (time.time() - seconds,) * 2)


def test_a_stored_file_is_in_the_store_and_found_without_its_copy(tmp_path: Path) -> None:
    storage = local(tmp_path)
    storage.prepare()
    put(storage)
    assert (tmp_path / "store" / "main" / KEY).read_bytes() == b"a,b\n"
    shutil.rmtree(tmp_path / "copies")
    assert storage.has("main", KEY)
    found = storage.find("main", KEY)
    assert found is not None
    assert found.read_bytes() == b"a,b\n"
    assert list(storage.keys("main", "workspace/projects/shop")) == [KEY]
    assert list(storage.everything()) == [("main", KEY)]
    storage.delete("main", KEY)
    storage.delete("main", KEY)  # it is no error when there is none
    assert storage.find("main", KEY) is None
    assert not storage.has("main", KEY)
    assert list(storage.keys("main", "workspace/projects/shop")) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_broken_write_reaches_no_store(tmp_path: Path) -> None:
    storage = local(tmp_path)
    with suppress(RuntimeError), storage.create("main", KEY) as file:
        file.write(b"half")
        raise RuntimeError
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_that_the_store_refuses_does_not_appear(tmp_path: Path) -> None:
    storage = local(tmp_path)
    (tmp_path / "store").write_text("no folder")
    with pytest.raises(StoreFailed):
        put(storage)
    assert list((tmp_path / "copies").rglob("*.*")) == []


def test_what_has_files_below_it_is_no_file(tmp_path: Path) -> None:
    storage = local(tmp_path)
    put(storage)
    for _ in range(2):
        assert storage.find("main", "workspace") is None
        shutil.rmtree(tmp_path / "copies", ignore_errors=True)
    assert storage.find("main", "nowhere/x.csv") is None
    assert list((tmp_path / "copies").rglob("*")) == []  # nothing is made for what is not there
    assert storage.find("main", KEY) is not None


def test_what_is_lent_leaves_no_copy(tmp_path: Path) -> None:
    storage = local(tmp_path)
    put(storage)
    with storage.lend("main", KEY) as path:
        assert path == storage.path("main", KEY)
    shutil.rmtree(tmp_path / "copies")
    with storage.lend("main", KEY) as path:
        assert path is not None
        assert path.read_bytes() == b"a,b\n"
    with storage.lend("main", "nowhere/x.csv") as path:
        assert path is None
    assert [path for path in (tmp_path / "copies").rglob("*") if path.is_file()] == []


def test_names_that_no_store_takes_are_refused_before_it_is_asked(tmp_path: Path) -> None:
    storage = local(tmp_path)
    with pytest.raises(BadKey):
        storage.path("main", "a\tb.csv")
    assert list(storage.keys("main", "a\tb")) == []


def test_a_hub_with_files_of_its_own_is_not_given_a_store(tmp_path: Path) -> None:
    settings = HubSettings(tmp_path / "hub", storage=f"local://{tmp_path}/store")
    with Storage(HubSettings(tmp_path / "hub").files_folder).create("b", KEY) as file:
        file.write(b"a\n")
    with pytest.raises(BadSettings, match="this hub has files in"):
        open_storage(settings)
    assert Storage(HubSettings(tmp_path / "hub").files_folder).has("b", KEY)


def test_only_copies_that_nobody_asks_for_are_removed(tmp_path: Path) -> None:
    storage = local(tmp_path)
    put(storage, "files/old.csv")
    put(storage, "files/used.csv")
    age(tmp_path / "copies", 25 * 3600)
    assert storage.find("main", "files/used.csv") is not None
    storage.sweep()
    left = [path.name for path in (tmp_path / "copies").rglob("*.csv")]
    assert left == ["used.csv"]
    assert {key for _, key in storage.everything()} == {"files/old.csv", "files/used.csv"}


def test_a_store_is_named_without_what_is_secret(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("no folder")
    for url in ("nonsense://anna:secret@host/x?sig=secret", f"local://{tmp_path}/x/y?sig=secret"):
        with pytest.raises(BadSettings, match="cannot be used") as caught:
            RemoteStorage(url, tmp_path / "copies").prepare()
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("key", ["../x", "a//b", "", "/etc/passwd"])
def test_no_key_leads_out_of_the_store(tmp_path: Path, key: str) -> None:
    storage = local(tmp_path)
    for ask in (storage.find, storage.has, storage.delete):
        with pytest.raises(BadKey):
            ask("main", key)
    assert list(storage.keys("main", key)) == []


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("memory://x", "ends with its process"),
        ("local://", "has to name a bucket or folder"),
        ("nonsense://x", "Protocol not known"),
        ("s3://no-such-bucket/x", "s3://no-such-bucket/x is not there"),
    ],
)
def test_a_store_that_cannot_be_used_is_told_before_the_hub_serves(
    store: Store, own_hub: HubSettings, url: str, reason: str
) -> None:
    with pytest.raises(BadSettings, match=reason):
        open_storage(HubSettings(own_hub.home, storage=url)).prepare()


@pytest.mark.slow
def test_a_hub_lives_with_its_files_in_a_store(store: Store, tmp_path: Path) -> None:
    """Upload, profile, search, predict a file, export, back up, restore elsewhere, delete."""
    url = f"s3://{BUCKET}/hub"
    settings = HubSettings(tmp_path / "hub", storage=url)
    other = HubSettings(tmp_path / "other")
    daemon.start(settings)
    try:
        hub = connect(settings)
        project = hub.add_project()
        file = hub.add_file(project["id"])
        assert sum(name.endswith(".csv") for name in names(store, "hub")) == 1
        shutil.rmtree(settings.files_folder)
        model = deploy(hub, file)
        predicted = predict(hub, model, file)
        assert predicted.count("\n") == 121
        assert "client.py" in zipfile.ZipFile(io.BytesIO(export(hub, model))).namelist()
        assert len(names(store, "hub")) == 3
        shutil.rmtree(settings.files_folder)
        assert download(hub, project, file) == IRIS.read_bytes()

        archive = tmp_path / "hub.tar.gz"
        made = command("backup", archive, settings.home, "--storage", url)
        assert made.returncode == 0, made.stderr
        restored = command("restore", archive, other.home)
        assert restored.returncode == 0, restored.stderr
        daemon.start(other)
        twin = Client(connect(other).url, hub.token, other.home)
        assert download(twin, project, file) == IRIS.read_bytes()

        hub.call("DELETE", f"/projects/{project['id']}")
        assert wait_until(lambda: names(store, "hub") == [], seconds=60)
    finally:
        daemon.stop(settings)
        daemon.stop(other)


@pytest.mark.slow
def test_a_store_that_is_away_is_told_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("obstore")
    settings = HubSettings(tmp_path / "hub", storage=f"s3://{BUCKET}/away")
    with serve_store() as first:
        surround(monkeypatch, first, tmp_path)
        daemon.start(settings)
        hub = connect(settings)
        project = hub.post("/projects", name="p")
        url = hub.upload(project["id"], IRIS)
        file = hub.post("/project_files", name="d", project_id=project["id"], url=url)
        hub.wait("ProjectFile", file["id"], "processed")
        target = url_of(hub, project, file)
    try:
        shutil.rmtree(settings.files_folder)
        for refused in (send(hub, project), requests.get(target, timeout=60)):
            assert refused.status_code == 503
            assert b"<Code>ServiceUnavailable</Code>" in refused.content
        hub.call("DELETE", f"/project_files/{file['id']}")
        other = hub.post("/projects", name="other")
        late = hub.post("/project_files", name="late", project_id=other["id"], url=f"s3://b/{KEY}")
        hub.call("DELETE", f"/projects/{project['id']}")
        hub.patch(f"/projects/{other['id']}/deploy")
        hub.wait("Project", other["id"], "running")  # the hub goes on
        assert wait_until(lambda: "does not answer" in log_of(hub, other), seconds=30)
        assert first.url not in log_of(hub, other)
        with serve_store(int(first.url.rpartition(":")[2])) as again:
            hub.wait("ProjectFile", late["id"], "processed_with_error")
            shown = hub.get(f"/project_files/{late['id']}")
            assert shown["error_message"] == f"there is no uploaded file at `{KEY}`"
            assert wait_until(lambda: send(hub, other).status_code == 200, seconds=60)
            assert wait_until(lambda: len(names(again, "away")) == 1, seconds=60)
            assert "/projects/other/" in names(again, "away")[0]
    finally:
        daemon.stop(settings)


def log_of(hub: Client, project: dict[str, Any]) -> str:
    asked = {"token": hub.token}
    path = f"{hub.url}/api/v1/projects/{project['id']}/logs"
    return requests.get(path, params=asked, timeout=60).text


def send(hub: Client, project: dict[str, Any]) -> requests.Response:
    target = hub.post("/project_file_urls", project_id=project["id"], file_path="y.csv")
    return requests.post(target["url"], data=target["fields"], files={"file": b"a,b\n"}, timeout=60)


def url_of(hub: Client, project: dict[str, Any], file: dict[str, Any]) -> str:
    name = file["url"].rpartition("/")[2]
    asked = hub.get("/project_file_urls", project_id=project["id"], file_path=name)
    return str(asked["url"])


def download(hub: Client, project: dict[str, Any], file: dict[str, Any]) -> bytes:
    answer = requests.get(url_of(hub, project, file), timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.content


def deploy(hub: Client, file: dict[str, Any]) -> dict[str, Any]:
    run = hub.add_run(file, max_n_trials=1)
    hub.start_run(run["id"])
    hub.wait("ExperimentSession", run["id"], "completed")
    trial = hub.get("/trials", experiment_session_id=run["id"])[0]
    model = hub.post("/pipelines", trial_id=trial["id"])
    hub.wait("Pipeline", model["id"], "ready")
    return dict(model)


def predict(hub: Client, model: dict[str, Any], file: dict[str, Any]) -> str:
    asked = hub.post("/predictions", pipeline_id=model["id"], file_url=file["url"])
    answer = answered(hub, asked)
    assert answer["status"] == "done", answer["error_message"]
    return requests.get(answer["result"]["signed_prediction_url"], timeout=60).text


def export(hub: Client, model: dict[str, Any]) -> bytes:
    path = f"/pipeline_files/{hub.post('/pipeline_files', trial_id=model['trial_id'])['id']}"
    assert wait_until(lambda: hub.get(path)["s3_model_path_status"] == "success", seconds=60)
    return requests.get(hub.get(path)["signed_s3_model_path"], timeout=60).content
