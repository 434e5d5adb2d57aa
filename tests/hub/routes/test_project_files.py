from __future__ import annotations

import base64
import filecmp
import gzip
import http.server
import json
import os
import re
import secrets
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.hub.client import IRIS, Client, wait_until


def ask_upload(hub: Client, project: dict[str, Any], path: str = "iris.csv") -> dict[str, Any]:
    return dict(hub.post("/project_file_urls", project_id=project["id"], file_path=path))


def send_form(target: dict[str, Any], content: bytes, **fields: str) -> requests.Response:
    data = {**target["fields"], **fields}
    return requests.post(target["url"], data=data, files={"file": ("f", content)}, timeout=30)


def code_of(answer: requests.Response) -> str:
    found = re.search(r"<Code>(.*)</Code>", answer.text)
    assert found, answer.text
    return found.group(1)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a web server that serves iris.csv."""
    folder = tmp_path_factory.mktemp("web")
    (folder / "iris.csv").write_bytes(IRIS.read_bytes())
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("iris.csv", r"iris-[0-9a-f]{6}\.csv"),
        ("a/b/x.csv.gz", r"x-[0-9a-f]{6}\.csv\.gz"),
        ("plain", r"plain-[0-9a-f]{6}"),
        ("..", r"\.\.-[0-9a-f]{6}"),
    ],
)
def test_the_hub_adds_six_digits_before_the_extension(
    hub: Client, project: dict[str, Any], path: str, pattern: str
) -> None:
    key = ask_upload(hub, project, path)["fields"]["key"]
    assert re.fullmatch(pattern, key.rpartition("/")[2])


def test_a_bare_name_goes_into_the_projects_folder(hub: Client, project: dict[str, Any]) -> None:
    key = ask_upload(hub, project)["fields"]["key"]
    assert key.startswith(f"workspace/projects/{project['name']}/files/iris-")


def test_a_path_keeps_its_folder(hub: Client, project: dict[str, Any]) -> None:
    folder = f"workspace/projects/{project['name']}/files"
    assert ask_upload(hub, project, f"{folder}/u-iris.csv")["fields"]["key"].startswith(folder)


@pytest.mark.parametrize("path", ["../../hub.db", "/etc/passwd", "a/../../x.csv", "a\0b/c"])
def test_a_path_that_leaves_the_folder_is_refused(
    hub: Client, project: dict[str, Any], path: str
) -> None:
    answer = hub.call("POST", "/project_file_urls", project_id=project["id"], file_path=path)
    assert answer.errors == [("invalid_param", "file_path", "is invalid")]


def test_async_answers_a_task_whose_result_is_the_upload(
    hub: Client, project: dict[str, Any]
) -> None:
    task = hub.post(
        "/project_file_urls",
        project_id=project["id"],
        file_path="iris.csv",
        file_size=100,
        **{"async": True},
    )
    assert (task["object"], task["status"]) == ("cluster_task", "pending")
    hub.wait("ClusterTask", task["id"], "success")
    result = hub.get(f"/cluster_tasks/{task['id']}")["result"]
    assert result["bucket"] == hub.get("/organizations")[0]["main_bucket"]
    assert send_form(result, b"a,b\n1,2\n").status_code == 200


def test_what_was_uploaded_is_downloaded(hub: Client, project: dict[str, Any]) -> None:
    content = os.urandom(3_000_000)
    target = ask_upload(hub, project, "noise.bin")
    assert send_form(target, content).status_code == 200
    name = target["fields"]["key"].rpartition("/")[2]
    link = hub.get("/project_file_urls", project_id=project["id"], file_path=name)["url"]
    assert requests.get(link, timeout=30).content == content


def test_the_success_status_the_form_asks_for_is_answered(
    hub: Client, project: dict[str, Any]
) -> None:
    answer = send_form(ask_upload(hub, project), b"x", success_action_status="201")
    assert answer.status_code == 201


def test_an_upload_under_another_key_is_refused(hub: Client, project: dict[str, Any]) -> None:
    answer = send_form(ask_upload(hub, project), b"x", key="workspace/other.csv")
    assert (answer.status_code, code_of(answer)) == (403, "AccessDenied")


def test_an_upload_with_a_changed_policy_is_refused(hub: Client, project: dict[str, Any]) -> None:
    target = ask_upload(hub, project)
    policy = json.loads(base64.b64decode(target["fields"]["policy"])) | {"expiration": 10**12}
    changed = base64.b64encode(json.dumps(policy).encode()).decode()
    assert send_form(target, b"x", policy=changed).status_code == 403


def test_an_upload_without_signature_is_refused(hub: Client, project: dict[str, Any]) -> None:
    answer = send_form(ask_upload(hub, project), b"x", **{"x-amz-signature": ""})
    assert answer.status_code == 403


def test_a_form_without_file_is_refused(hub: Client, project: dict[str, Any]) -> None:
    target = ask_upload(hub, project)
    answer = requests.post(
        target["url"], files={k: (None, v) for k, v in target["fields"].items()}, timeout=10
    )
    assert (answer.status_code, code_of(answer)) == (400, "MalformedPOSTRequest")


def test_a_body_that_is_no_form_is_refused(hub: Client, project: dict[str, Any]) -> None:
    answer = requests.post(ask_upload(hub, project)["url"], data=b"bytes", timeout=10)
    assert (answer.status_code, code_of(answer)) == (400, "MalformedPOSTRequest")


def test_a_refused_upload_leaves_nothing_behind(hub: Client, project: dict[str, Any]) -> None:
    target = ask_upload(hub, project)
    send_form(target, b"x", key="workspace/other.csv")
    name = target["fields"]["key"].rpartition("/")[2]
    link = hub.call("GET", "/project_file_urls", project_id=project["id"], file_path=name)
    assert link.errors == [("not_found", None, "Couldn't find ProjectFile")]


def test_a_download_needs_its_signature(hub: Client, iris_project: dict[str, Any]) -> None:
    file = iris_project["file"]
    link = hub.get(
        "/project_file_urls",
        project_id=file["project_id"],
        file_path=file["url"].rpartition("/")[2],
    )["url"]
    assert requests.get(link, timeout=10).content == IRIS.read_bytes()
    for wrong in (link.partition("?")[0], link[:-1], link.replace("iris", "other")):
        assert requests.get(wrong, timeout=10).status_code == 403


@pytest.mark.slow
def test_an_upload_needs_no_memory_for_its_size(
    hub: Client, project: dict[str, Any], tmp_path: Path
) -> None:
    running = json.loads((hub.home / "hub.json").read_text())
    big = tmp_path / "big.csv"
    with big.open("wb") as file:
        file.truncate(300 * 1024**2)
    before = resident_mb(running["pid"])
    url = hub.upload(project["id"], big)
    after = resident_mb(running["pid"])
    assert after - before < 30
    stored = next((hub.home / "files").rglob(url.rpartition("/")[2]))
    assert stored.stat().st_size == big.stat().st_size
    assert filecmp.cmp(stored, big, shallow=False)
    stored.unlink()


def resident_mb(pid: int) -> float:
    """The most memory the process ever had."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found.group(1)) / 1024


def test_a_data_set_is_processed_into_column_statistics(
    hub: Client, iris_project: dict[str, Any]
) -> None:
    file = iris_project["file"]
    assert (file["object"], file["status"], file["error_message"]) == (
        "project_file",
        "processed",
        None,
    )
    statistics = file["statistics"]
    columns = [column["column_name"] for column in statistics["stat_data"]]
    assert (statistics["count"], statistics["columns_count"]) == (120, 5)
    assert columns == IRIS.read_text().splitlines()[0].split(",")
    assert all(column["use"] and not column["isTarget"] for column in statistics["stat_data"])


def test_a_name_is_taken_once_in_a_project(hub: Client, iris_project: dict[str, Any]) -> None:
    project_id = iris_project["project"]["id"]
    url = hub.upload(project_id, IRIS)
    answer = hub.call("POST", "/project_files", name="iris", project_id=project_id, url=url)
    assert answer.errors == [("invalid_param", "name", "has already been taken")]


def test_a_url_is_used_once_in_a_project_whatever_the_bucket(
    hub: Client, iris_project: dict[str, Any]
) -> None:
    file = iris_project["file"]
    other_bucket = file["url"].replace("s3://127/", "s3://localhost:5000/")
    for url in (file["url"], other_bucket):
        answer = hub.call(
            "POST", "/project_files", name="other", project_id=file["project_id"], url=url
        )
        assert answer.status == 400
        assert answer.errors[0][:2] == ("invalid_param", "url")
        assert "en.errors.project_file.url_not_uniq" in answer.errors[0][2]


def test_urls_that_differ_in_their_query_are_different_data(
    hub: Client, project: dict[str, Any], web: str
) -> None:
    urls = [f"{web}/iris.csv", f"{web}/iris.csv?part=1", f"{web}/iris.csv?part=2"]
    made = [
        hub.post("/project_files", name=f"part {n}", project_id=project["id"], url=url)
        for n, url in enumerate(urls)
    ]
    hub.call("DELETE", f"/project_files/{made[1]['id']}")
    for one in (made[0], made[2]):
        hub.wait("ProjectFile", one["id"], "processed")


def test_a_data_set_needs_name_project_and_url(hub: Client) -> None:
    assert hub.call("POST", "/project_files").errors == [
        ("invalid_param", name, "is required") for name in ("name", "project_id", "url")
    ]


def test_a_url_that_leaves_the_storage_is_refused(hub: Client, project: dict[str, Any]) -> None:
    for url in ("s3://b/../../hub.db", "files/../../../../../hub.db", "s3://b"):
        answer = hub.call("POST", "/project_files", name="x", project_id=project["id"], url=url)
        assert answer.errors == [("invalid_param", "url", "is invalid")]


def test_a_data_set_without_upload_ends_with_an_error(hub: Client, project: dict[str, Any]) -> None:
    file = hub.post("/project_files", name="x", project_id=project["id"], url="s3://b/no.csv")
    assert file["status"] == "processing"
    hub.wait("ProjectFile", file["id"], "processed_with_error")
    shown = hub.get(f"/project_files/{file['id']}")
    assert shown["error_message"] == "there is no uploaded file at `no.csv`"
    assert shown["statistics"] is None


def test_a_file_that_is_no_table_ends_with_an_error(
    hub: Client, project: dict[str, Any], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"no parquet at all")
    url = hub.upload(project["id"], broken)
    file = hub.post("/project_files", name="x", project_id=project["id"], url=url)
    hub.wait("ProjectFile", file["id"], "processed_with_error")
    assert hub.get(f"/project_files/{file['id']}")["error_message"]


def test_a_remote_data_set_is_downloaded_by_the_hub(
    hub: Client, project: dict[str, Any], web: str
) -> None:
    file = hub.post("/project_files", name="web", project_id=project["id"], url=f"{web}/iris.csv")
    hub.wait("ProjectFile", file["id"], "processed")
    assert hub.get(f"/project_files/{file['id']}")["statistics"]["count"] == 120


def test_a_remote_data_set_that_is_not_there_ends_with_an_error(
    hub: Client, project: dict[str, Any], web: str
) -> None:
    url = f"{web}/missing.csv"
    file = hub.post("/project_files", name="web", project_id=project["id"], url=url)
    hub.wait("ProjectFile", file["id"], "processed_with_error")
    message = hub.get(f"/project_files/{file['id']}")["error_message"]
    assert message.startswith(f"`{url}` cannot be downloaded")


def test_data_sets_are_listed_newest_first_and_by_name(
    hub: Client, project: dict[str, Any]
) -> None:
    for name in ("a_b", "c"):
        hub.post("/project_files", name=name, project_id=project["id"], url=f"s3://b/{name}.csv")
    listed = hub.get("/project_files", project_id=project["id"])
    assert [file["name"] for file in listed] == ["c", "a_b"]
    named = hub.get("/project_files", project_id=project["id"], name="a-b")
    assert [file["name"] for file in named] == ["a_b"]
    assert hub.get(f"/projects/{project['id']}/files") == listed


def test_a_deleted_data_set_takes_its_bytes_along(hub: Client, project: dict[str, Any]) -> None:
    file = hub.add_file(project["id"])
    stored = next((hub.home / "files").rglob(file["url"].rpartition("/")[2]))
    assert hub.call("DELETE", f"/project_files/{file['id']}").data["deleted"] is True
    answer = hub.call("GET", f"/project_files/{file['id']}")
    assert answer.errors == [("not_found", None, "Couldn't find ProjectFile")]
    assert wait_until(lambda: not stored.exists())


@pytest.mark.slow
def test_a_small_upload_that_unpacks_to_a_gigabyte_ends_with_an_error(
    hub: Client, project: dict[str, Any], tmp_path: Path
) -> None:
    bomb = tmp_path / "bomb.csv.gz"
    part = gzip.compress(b"1,2\n" * 4_000_000)
    bomb.write_bytes(gzip.compress(b"a,b\n") + part * 64)
    assert bomb.stat().st_size < 1 << 20
    url = hub.upload(project["id"], bomb)
    file = hub.post("/project_files", name="bomb", project_id=project["id"], url=url)
    hub.wait("ProjectFile", file["id"], "processed_with_error")
    assert "which is refused" in hub.get(f"/project_files/{file['id']}")["error_message"]


def test_a_web_address_of_the_clouds_own_secrets_ends_with_an_error(
    hub: Client, project: dict[str, Any]
) -> None:
    url = "http://169.254.169.254/latest/meta-data/iam"
    file = hub.post("/project_files", name="cloud", project_id=project["id"], url=url)
    hub.wait("ProjectFile", file["id"], "processed_with_error")
    assert "no such address" in hub.get(f"/project_files/{file['id']}")["error_message"]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://x/../../y"])
def test_what_is_neither_upload_nor_web_is_refused(
    hub: Client, project: dict[str, Any], url: str
) -> None:
    answer = hub.call("POST", "/project_files", name="x", project_id=project["id"], url=url)
    assert answer.errors == [("invalid_param", "url", "is invalid")]


def test_a_project_with_a_very_long_name_takes_files(hub: Client) -> None:
    project = hub.post("/projects", name="long " * 200 + secrets.token_hex(4))
    assert hub.add_file(project["id"])["status"] == "processed"
    hub.call("DELETE", f"/projects/{project['id']}")
