from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import pytest
import requests

from auger_hub.database.engine import Database
from auger_hub.processes import daemon
from auger_hub.settings import BadSettings, HubSettings
from tests.hub.client import Client, connect, wait_until

HUB = [sys.executable, "-m", "auger_hub"]


def run(settings: HubSettings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*HUB, *arguments, "--home", str(settings.home)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def kill(settings: HubSettings) -> None:
    running = daemon.find_running(settings)
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    assert wait_until(lambda: daemon.find_running(settings) is None)


def mode_of(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_start_prints_one_json_line_and_a_second_start_finds_the_same_hub(
    own_hub: HubSettings,
) -> None:
    first = json.loads(run(own_hub, "start").stdout)
    second = json.loads(run(own_hub, "start").stdout)
    assert first["started"] is True
    assert first["home"] == str(own_hub.home)
    assert second == {**first, "started": False}


def test_two_starts_at_once_start_one_hub(own_hub: HubSettings) -> None:
    command = [*HUB, "start", "--home", str(own_hub.home)]
    starts = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [json.loads(start.communicate(timeout=60)[0]) for start in starts]
    assert {answer["pid"] for answer in answers} == {answers[0]["pid"]}
    assert sorted(answer["started"] for answer in answers) == [False, True]


def test_a_start_beside_another_that_was_not_seen_yet_finds_the_hub_of_that(
    own_hub: HubSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = daemon.start(own_hub)
    asked = {"find_running": 0, "is_serving": 0}

    def blind_at_first(name: str, unseen: object) -> None:
        seeing = getattr(daemon, name)

        def look(settings: HubSettings) -> object:
            asked[name] += 1
            return unseen if asked[name] == 1 else seeing(settings)

        monkeypatch.setattr(daemon, name, look)

    blind_at_first("find_running", None)
    blind_at_first("is_serving", False)
    second, _ = daemon.start(own_hub)
    assert second == first
    assert min(asked.values()) > 1


def test_the_health_check_needs_no_token(own_hub: HubSettings) -> None:
    running, _ = daemon.start(own_hub)
    answer = requests.get(f"{running.url}/health", timeout=10)
    assert answer.json() == {"status": "ok", "version": running.version}


def test_secrets_are_readable_by_their_owner_only(own_hub: HubSettings) -> None:
    daemon.start(own_hub)
    assert mode_of(own_hub.home) == "0o700"
    assert mode_of(own_hub.credentials_path) == "0o600"
    assert mode_of(own_hub.state_path) == "0o600"
    assert mode_of(own_hub.log_path) == "0o600"
    folders = (own_hub.files_folder, own_hub.models_folder, own_hub.work_folder)
    assert {mode_of(folder) for folder in folders} == {"0o700"}


def test_a_storage_elsewhere_is_for_its_owner_only(own_hub: HubSettings) -> None:
    elsewhere = own_hub.home.parent / "elsewhere"
    run(own_hub, "start", "--storage", str(elsewhere))
    assert mode_of(elsewhere) == "0o700"


def test_no_secret_is_in_the_list_of_processes(own_hub: HubSettings) -> None:
    if not Path("/proc").is_dir():
        pytest.skip("there is no list of processes to read here")
    daemon.start(own_hub)
    token = json.loads(own_hub.credentials_path.read_text())["token"]
    shown = b""
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            shown += command.read_bytes()
    assert b"auger_hub" in shown
    assert token.encode() not in shown


def test_first_start_writes_credentials_that_work(own_hub: HubSettings) -> None:
    running, _ = daemon.start(own_hub)
    credentials = json.loads(own_hub.credentials_path.read_text())
    assert credentials["username"] == "local"
    assert credentials["organization"] == "local"
    assert credentials["api_url"] == running.url
    assert connect(own_hub).get("/organizations", name="local")[0]["name"] == "local"


def test_credentials_and_port_stay_the_same_over_a_restart(own_hub: HubSettings) -> None:
    daemon.start(own_hub)
    before = own_hub.credentials_path.read_text()
    daemon.stop(own_hub)
    daemon.start(own_hub)
    assert own_hub.credentials_path.read_text() == before


def test_a_taken_port_is_replaced_and_the_credentials_follow(
    own_hub: HubSettings, tmp_path: Path
) -> None:
    first, _ = daemon.start(own_hub)
    daemon.stop(own_hub)
    other = HubSettings(home=tmp_path / "other", port=int(first.url.rpartition(":")[2]))
    try:
        daemon.start(other)
        second, _ = daemon.start(own_hub)
    finally:
        daemon.stop(other)
    assert second.url != first.url
    assert connect(own_hub).url == second.url


def test_lost_credentials_are_made_anew_at_the_next_start(own_hub: HubSettings) -> None:
    daemon.start(own_hub)
    daemon.stop(own_hub)
    own_hub.credentials_path.unlink()
    daemon.start(own_hub)
    assert connect(own_hub).get("/organizations")


def test_a_killed_hub_is_not_believed_to_run_and_starts_again(own_hub: HubSettings) -> None:
    first, _ = daemon.start(own_hub)
    kill(own_hub)
    assert own_hub.state_path.exists()
    assert json.loads(run(own_hub, "status", "--json").stdout)["running"] is False
    second, was_started = daemon.start(own_hub)
    assert was_started
    assert second.pid != first.pid


def test_stop_ends_the_hub_and_a_second_stop_has_nothing_to_do(own_hub: HubSettings) -> None:
    daemon.start(own_hub)
    assert json.loads(run(own_hub, "stop").stdout)["stopped"] is True
    assert json.loads(run(own_hub, "stop").stdout)["stopped"] is False
    assert not own_hub.state_path.exists()


def test_status_counts_projects_and_runs(own_hub: HubSettings) -> None:
    running, _ = daemon.start(own_hub)
    connect(own_hub).post("/projects", name="one")
    status = json.loads(run(own_hub, "status", "--json").stdout)
    assert status["running"] is True
    assert status["url"] == running.url
    assert status["pid"] == running.pid
    assert (status["projects"], status["runs"], status["active_runs"]) == (1, 0, 0)
    assert status["uptime_seconds"] >= 0


def imported_by(arguments: Sequence[str], suspects: Sequence[str]) -> list[str]:
    code = (
        "import sys; from auger_hub.__main__ import main; "
        f"main({list(arguments)!r}); print([m for m in {list(suspects)!r} if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return list(json.loads(answer.stdout.splitlines()[-1].replace("'", '"')))


def test_status_of_a_hub_that_does_not_run_imports_no_server(own_hub: HubSettings) -> None:
    suspects = ["starlette", "uvicorn", "sqlalchemy", "alembic"]
    assert imported_by(["status", "--home", str(own_hub.home)], suspects) == []


def test_a_hub_that_cannot_listen_says_why(own_hub: HubSettings) -> None:
    answer = run(own_hub, "start", "--host", "203.0.113.1")
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: the hub did not start: cannot listen on 203.0.113.1")


def test_serve_refuses_a_home_that_is_served_already(own_hub: HubSettings) -> None:
    daemon.start(own_hub)
    answer = run(own_hub, "serve")
    assert answer.returncode == 1
    assert answer.stderr == f"error: a hub already serves {own_hub.home}\n"
    answer = run(own_hub, "serve", "--json")
    told = {"kind": "HubFailed", "message": f"a hub already serves {own_hub.home}"}
    assert (answer.returncode, answer.stderr) == (1, "")
    assert json.loads(answer.stdout) == {"error": told}


def test_logs_prints_the_last_lines(own_hub: HubSettings) -> None:
    daemon.start(own_hub)
    connect(own_hub).get("/organizations")
    assert "GET /api/v1/organizations 200" in run(own_hub, "logs", "-n", "1").stdout


def test_an_added_user_logs_in_until_revoked(own_hub: HubSettings) -> None:
    running, _ = daemon.start(own_hub)
    user = json.loads(run(own_hub, "user", "add", "ann").stdout)
    login = {"email": "ann", "password": user["password"]}
    url = f"{running.url}/api/v1"
    token = requests.post(f"{url}/tokens", json=login, timeout=10).json()["data"]["token"]

    def status_of(secret: str) -> int:
        answer = requests.get(f"{url}/organizations", json={"token": secret}, timeout=10)
        return answer.status_code

    assert (status_of(token), status_of(user["token"])) == (200, 200)
    assert json.loads(run(own_hub, "user", "revoke", "ann").stdout) == {"revoked": True}
    assert (status_of(token), status_of(user["token"])) == (401, 401)
    assert requests.post(f"{url}/tokens", json=login, timeout=10).status_code == 401
    listed = json.loads(run(own_hub, "user", "list").stdout)
    revoked = {"name": "ann", "organization": "local", "role": "member", "active": False}
    assert {**revoked, "sso": False} in listed


def test_a_name_that_no_user_can_have_is_refused(own_hub: HubSettings) -> None:
    answer = run(own_hub, "user", "add", "a b/c")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "letters, digits" in answer.stderr


def test_who_revokes_the_own_user_of_the_hub_is_not_locked_out(own_hub: HubSettings) -> None:
    running, _ = daemon.start(own_hub)
    before = json.loads(own_hub.credentials_path.read_text())
    answer = json.loads(run(own_hub, "user", "revoke", "local").stdout)
    after = json.loads(own_hub.credentials_path.read_text())
    assert answer == {"revoked": True, "renewed": True}
    assert {**after, "token": before["token"]} == before

    def status_of(secret: str) -> int:
        url = f"{running.url}/api/v1/organizations"
        return requests.get(url, json={"token": secret}, timeout=10).status_code

    assert (status_of(before["token"]), status_of(after["token"])) == (401, 200)


def test_neither_password_nor_token_is_in_the_database(own_hub: HubSettings) -> None:
    daemon.start(own_hub)
    user = json.loads(run(own_hub, "user", "add", "ann").stdout)
    daemon.stop(own_hub)
    content = (own_hub.home / "hub.db").read_bytes()
    assert user["password"].encode() not in content
    assert user["token"].encode() not in content


def test_commands_meet_the_rows_of_the_hub_wherever_they_are(
    own_hub: HubSettings, tmp_path: Path
) -> None:
    """Paths are told once, relative to where one is; no later command is told again."""
    start = [sys.executable, "-m", "auger_hub", "start", "--home", str(own_hub.home)]
    place = ["--storage", "elsewhere", "--database", "sqlite:///elsewhere.db"]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    subprocess.run(
        [*start, *place], cwd=tmp_path, env=environ, check=True, capture_output=True, timeout=60
    )
    hub = connect(own_hub)
    file = hub.add_file(hub.post("/projects", name="p")["id"])
    added = json.loads(run(own_hub, "user", "add", "anna").stdout)
    login = {"email": "anna", "password": added["password"]}
    assert requests.post(f"{hub.url}/api/v1/tokens", json=login, timeout=10).status_code == 200
    assert json.loads(run(own_hub, "status", "--json").stdout)["projects"] == 1
    daemon.stop(own_hub)

    archive = tmp_path / "hub.tar.gz"
    assert json.loads(run(own_hub, "backup", str(archive)).stdout)["missing"] == 0
    with tarfile.open(archive) as members:
        assert [name for name in members.getnames() if name.endswith(".csv")]
    (stored,) = (tmp_path / "elsewhere").rglob(file["url"].rpartition("/")[2])
    stored.unlink()
    none = run(own_hub, "backup", str(archive))
    assert none.returncode == 1
    assert "none of the 1 files of this hub is where it should be" in none.stderr
    assert not (own_hub.home / "hub.db").exists()
    assert stat.S_IMODE(own_hub.place_path.stat().st_mode) == 0o600

    daemon.start(own_hub)
    assert [project["name"] for project in connect(own_hub).get("/projects")] == ["p"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("hub.db", "has to be a SQLAlchemy URL, as sqlite:////file.db"),
        ("mysql://u:secret@h/d", "cannot be mysql: only sqlite or postgresql"),
        ("sqlite://", "cannot be in memory: processes of the hub share it"),
        ("postgresql://u:secret@h:abc/d", "has to be a SQLAlchemy URL, as sqlite:////file.db"),
        ("postgresql+psycopg2://h/d", "needs the package psycopg2"),
        (
            "postgresql://127.0.0.1:1/d?password=secret",
            "postgresql+psycopg://127.0.0.1:1/d cannot be used: connection",
        ),
        ("postgresql+none://h/d", "has no driver postgresql+none"),
        (
            "postgresql://u:secret@127.0.0.1:1/d",
            "postgresql+psycopg://u:***@127.0.0.1:1/d cannot be used: connection",
        ),
        (
            "sqlite:////nowhere/hub.db",
            "sqlite:////nowhere/hub.db cannot be used: unable to open database file",
        ),
    ],
)
def test_a_database_the_hub_cannot_use_is_told_in_a_sentence(url: str, reason: str) -> None:
    with pytest.raises(BadSettings) as caught, closing(Database(url)) as database:
        database.migrate()
    assert str(caught.value).startswith(f"the database {reason}")
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("command", ["serve", "backup", "restore", "user list"])
def test_every_command_refuses_a_database_it_cannot_use(
    own_hub: HubSettings, tmp_path: Path, command: str
) -> None:
    own_hub.home.mkdir()
    (tmp_path / "x.tar.gz").touch()
    file = [str(tmp_path / "x.tar.gz")] if command in ("backup", "restore") else []
    answer = run(own_hub, *command.split(), *file, "--database", "mysql://u:secret@h/d")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == "error: the database cannot be mysql: only sqlite or postgresql\n"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("memory://x", "`memory://` ends with its process: give a folder or a store"),
        ("nonsense://x", "nonsense://x cannot be used: Protocol not known: nonsense"),
    ],
)
@pytest.mark.parametrize(
    ("command", "before"), [("start", "the hub did not start: "), ("serve", "")]
)
def test_a_storage_the_hub_cannot_use_is_refused_in_a_sentence(
    own_hub: HubSettings, command: str, before: str, url: str, reason: str
) -> None:
    answer = run(own_hub, command, "--storage", url)
    assert answer.returncode == 1
    assert answer.stderr == f"error: {before}storage {reason}\n"


def test_a_hub_whose_rows_are_lost_does_not_start_and_says_the_way_out(
    own_hub: HubSettings,
) -> None:
    daemon.start(own_hub)
    daemon.stop(own_hub)
    model = own_hub.models_folder / "0123456789ABCDE"
    model.mkdir()
    for path in own_hub.home.glob("hub.db*"):
        path.unlink()
    refused = run(own_hub, "start")
    assert refused.returncode == 1
    assert "has no rows of them: nothing was changed" in refused.stderr
    assert "--new" in refused.stderr
    assert model.is_dir()
    assert json.loads(run(own_hub, "start", "--new").stdout)["started"] is True
    assert wait_until(lambda: not model.exists())
    assert list(own_hub.trash_folder.glob("*/models/0123456789ABCDE"))
    assert wait_until(lambda: f"moved {model} to " in own_hub.log_path.read_text())


def test_nobody_else_may_read_the_rows_wherever_they_are(own_hub: HubSettings) -> None:
    elsewhere = own_hub.home.parent / "elsewhere.db"
    elsewhere.touch(mode=0o644)
    elsewhere.chmod(0o644)
    run(own_hub, "start", "--database", f"sqlite:///{elsewhere}")
    connect(own_hub).post("/projects", name="one")
    assert {mode_of(path) for path in elsewhere.parent.glob("elsewhere.db*")} == {"0o600"}
    assert {mode_of(path) for path in own_hub.home.iterdir() if path.is_file()} == {"0o600"}


def test_a_new_password_ends_tokens_and_what_was_signed(own_hub: HubSettings) -> None:
    daemon.start(own_hub)
    user = json.loads(run(own_hub, "user", "add", "ann").stdout)
    hub = Client(connect(own_hub).url, user["token"], own_hub.home)
    project = hub.post("/projects", name="p")
    cluster = hub.post("/clusters", project_id=project["id"])
    service = hub.get(f"/clusters/{cluster['id']}")["file_uploader_service"]
    file = hub.add_file(project["id"])
    form = hub.post("/project_file_urls", project_id=project["id"], file_path="x.csv")
    link = hub.get(
        "/project_file_urls", project_id=project["id"], file_path=file["url"].rpartition("/")[2]
    )["url"]

    def statuses() -> list[int]:
        sent = {"file": b"a\n1\n"}
        return [
            hub.call("GET", "/projects").status,
            requests.post(
                service["url"], params=service["params"], data=b"a", timeout=10
            ).status_code,
            requests.post(form["url"], data=form["fields"], files=sent, timeout=10).status_code,
            requests.get(link, timeout=10).status_code,
        ]

    assert statuses() == [200, 200, 200, 200]
    run(own_hub, "user", "add", "ann")
    assert statuses() == [401, 403, 403, 403]


def test_who_gives_the_own_user_a_new_password_is_not_locked_out(own_hub: HubSettings) -> None:
    daemon.start(own_hub)
    before = connect(own_hub)
    added = json.loads(run(own_hub, "user", "add", "local").stdout)
    assert added["renewed"] is True
    assert before.call("GET", "/projects").status == 401
    assert connect(own_hub).call("GET", "/projects").status == 200
    login = {"email": "local", "password": added["password"]}
    assert requests.post(f"{before.url}/api/v1/tokens", json=login, timeout=10).status_code == 200


def test_a_token_is_made_listed_and_ended(own_hub: HubSettings) -> None:
    daemon.start(own_hub)
    made = json.loads(run(own_hub, "token", "add", "local", "--name", "ci", "--days", "9").stdout)
    hub = Client(connect(own_hub).url, made["token"], own_hub.home)
    assert hub.call("GET", "/projects").status == 200
    listed = json.loads(run(own_hub, "token", "list").stdout)
    assert made["id"] in [row["id"] for row in listed if row["name"] == "ci"]
    assert json.loads(run(own_hub, "token", "end", made["id"]).stdout) == {"ended": True}
    assert hub.call("GET", "/projects").status == 401
    assert run(own_hub, "token", "add", "nobody").returncode == 1
