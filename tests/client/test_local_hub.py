import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from auger_reconcile.client import local_hub
from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.client.local_hub import ensure_local_hub, find_hub_home
from auger_reconcile.errors import AugerError, Unavailable
from tests.client.scripted_hub import hang_up, reply

HEALTHY = reply(body=b'{"status": "ok"}')


@pytest.fixture
def place(tmp_path):
    """Where a hub of the test's own lives, as every function of the module wants it."""
    return {"environ": {**os.environ, "AUGER_HUB_HOME": str(tmp_path / "hub")}, "home": tmp_path}


@pytest.fixture
def real(place):
    """A real hub, ended with the test."""
    yield place
    local_hub.stop(**place)


def describe(folder, url, token="0123456789"):
    folder.mkdir(exist_ok=True)
    (folder / "hub.json").write_text(f'{{"url": "{url}", "pid": 1}}')
    (folder / "auger.json").write_text(
        f'{{"username": "local", "api_url": "http://old", "token": "{token}", "organization": "o"}}'
    )


@pytest.fixture
def started(place, tmp_path, monkeypatch):
    """Replace starting by noting it, for tests of when a hub is started."""
    noted = []
    monkeypatch.setattr(local_hub, "start", lambda **given: noted.append(given) or {})
    return noted


def test_the_hub_lives_in_the_users_home(tmp_path):
    assert find_hub_home(environ={}, home=tmp_path) == tmp_path / ".augerai" / "hub"


def test_a_hub_that_runs_is_only_asked_for_its_health(hub, place, tmp_path, started):
    describe(tmp_path / "hub", hub.url)
    hub.play(HEALTHY)
    found = ensure_local_hub(**place)
    assert (found.api_url, found.token, found.organization) == (hub.url, "0123456789", "o")
    assert [item.path for item in hub.requests] == ["/health"]
    assert started == []


@pytest.mark.parametrize(
    "answer",
    [
        hang_up,
        reply(status="404 Not Found", body=b"a web server of another program"),
        reply(body=b'{"status": "starting"}'),
        reply(body=b"[]"),
    ],
)
def test_another_program_on_its_port_does_not_pass_for_the_hub(
    hub, place, tmp_path, started, answer
):
    describe(tmp_path / "hub", hub.url)
    hub.play(answer, HEALTHY)
    assert ensure_local_hub(**place).api_url == hub.url
    assert len(started) == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"url": 3}', "{"])
def test_a_broken_note_of_the_hub_starts_it(place, tmp_path, started, text):
    describe(tmp_path / "hub", "http://127.0.0.1:9")
    (tmp_path / "hub" / "hub.json").write_text(text)
    with pytest.raises(Unavailable, match="started but does not answer"):
        ensure_local_hub(**place)
    assert len(started) == 1


def test_the_end_of_the_log_is_the_hint_and_holds_no_secret(place, tmp_path, started):
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "hub.log").write_text("one\ndatabase is locked, password=S3CRET\n\n")
    with pytest.raises(Unavailable) as caught:
        ensure_local_hub(**place)
    assert caught.value.hint == "its log ends with: database is locked, password=[hidden]"


def test_the_log_is_read_from_its_end(place, tmp_path):
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "hub.log").write_bytes(b"one\ntwo\n\xff\n")
    assert local_hub.tail_log(**place, lines=2) == ["two", "\ufffd"]


def test_without_a_log_there_are_no_lines(place):
    assert local_hub.tail_log(**place) == []


def test_a_log_that_cannot_be_read_is_an_error(place, tmp_path):
    (tmp_path / "hub" / "hub.log").mkdir(parents=True)
    with pytest.raises(AugerError, match=r"cannot read `.*hub\.log`"):
        local_hub.tail_log(**place)


def test_without_the_extra_the_command_to_install_it_is_shown(place, monkeypatch):
    monkeypatch.setattr(local_hub, "_NEEDED", ("no_such_library",))
    with pytest.raises(AugerError, match="needs no_such_library") as caught:
        ensure_local_hub(**place)
    assert caught.value.hint.endswith('\npip install "auger-reconcile[hub]"')


def test_a_hub_that_cannot_start_says_why(tmp_path):
    (tmp_path / "file").write_text("")
    place = {"environ": {**os.environ, "AUGER_HUB_HOME": str(tmp_path / "file")}, "home": tmp_path}
    with pytest.raises(Unavailable, match=r"the local hub did not start: .+"):
        ensure_local_hub(**place)


def test_a_start_that_takes_too_long_is_given_up(place, monkeypatch):
    monkeypatch.setattr(local_hub, "START_TIMEOUT", 0.01)
    with pytest.raises(Unavailable, match=r"took longer than 0\.01 s to say how it is"):
        local_hub.status(**place)


@pytest.mark.parametrize(
    ("program", "sentence"),
    [("print('no JSON')", "with JSON"), ("print('[]')", "with an object"), ("", "with JSON")],
)
def test_an_answer_of_another_shape_is_an_error(place, monkeypatch, tmp_path, program, sentence):
    (tmp_path / "strange_hub.py").write_text(program)
    monkeypatch.setattr(local_hub, "_MODULE", "strange_hub")
    place["environ"]["PYTHONPATH"] = str(tmp_path)
    with pytest.raises(Unavailable, match=sentence):
        local_hub.status(**place)


def test_modules_among_the_users_files_do_not_get_into_the_hub(place, tmp_path, monkeypatch):
    (tmp_path / "argparse.py").write_text("raise SystemExit('imported by chance')")
    monkeypatch.chdir(tmp_path)
    assert local_hub.status(**place)["running"] is False


def test_the_command_to_serve_can_be_run():
    command = local_hub.serve_command(["--help"])
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "foreground" in done.stdout or "--port" in done.stdout


@pytest.mark.hub
def test_the_first_touch_starts_a_hub_that_can_be_used(real):
    found = ensure_local_hub(**real)
    with HubClient(found.api_url, found.token) as client:
        names = [item["name"] for item in client.list_all("organizations")]
    assert found.organization in names
    assert ensure_local_hub(**real) == found


@pytest.mark.slow
@pytest.mark.hub
def test_two_that_touch_it_at_once_get_the_same_hub(real):
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda _: ensure_local_hub(**real), range(2)))
    assert found[0] == found[1]


@pytest.mark.slow
@pytest.mark.hub
def test_a_hub_that_was_killed_is_started_again(real):
    before = ensure_local_hub(**real)
    os.kill(local_hub.status(**real)["pid"], signal.SIGKILL)
    after = ensure_local_hub(**real)
    assert after.token == before.token
    assert local_hub.status(**real)["running"] is True


@pytest.mark.slow
@pytest.mark.hub
def test_users_are_managed_and_log_in(real):
    hub = local_hub.start(**real)
    added = local_hub.run_user_command(["add", "ann"], **real)
    assert {"ann"} < {user["name"] for user in local_hub.run_user_command(["list"], **real)}
    with HubClient(hub["url"], added["token"]) as client:
        assert client.list_all("projects") == []


@pytest.mark.hub
def test_stopping_ends_it(place):
    local_hub.start(**place)
    assert local_hub.stop(**place)["stopped"] is True
    assert local_hub.status(**place)["running"] is False
    assert local_hub.stop(**place)["stopped"] is False
