import errno
import json
import os
import stat

import pytest

from auger_reconcile.client.credentials import (
    CLOUD_URL,
    Credentials,
    clear_credentials,
    find_readable_by_others,
    load_credentials,
    read_credentials,
    saving_credentials,
)
from auger_reconcile.errors import AugerError, NotAuthenticated

TOKEN = "S3CRET-0123456789abcdef"


def write(folder, **members):
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"username": "me", "organization": "acme", "token": TOKEN, **members})
    (folder / "auger.json").write_text(text)
    return text


def load(home, *, path_to_credentials=None, **environ):
    return load_credentials(environ=environ, path_to_credentials=path_to_credentials, home=home)


def test_the_home_folder_is_the_last_source(tmp_path):
    write(tmp_path / ".augerai", api_url="https://hub.example")
    assert load(tmp_path) == Credentials(
        username="me",
        api_url="https://hub.example",
        token=TOKEN,
        organization="acme",
        source=str(tmp_path / ".augerai" / "auger.json"),
    )


def test_the_folder_of_the_project_comes_before_it(tmp_path):
    write(tmp_path / ".augerai", username="home")
    write(tmp_path / "project", username="project")
    assert load(tmp_path, path_to_credentials=tmp_path / "project").username == "project"


def test_the_folder_of_the_environment_comes_before_both(tmp_path):
    write(tmp_path / "project", username="project")
    write(tmp_path / "environment", username="environment")
    found = load(
        tmp_path,
        path_to_credentials=tmp_path / "project",
        AUGER_CREDENTIALS_PATH=str(tmp_path / "environment"),
    )
    assert found.username == "environment"


def test_the_text_of_the_environment_comes_first(tmp_path):
    write(tmp_path / "environment", username="environment")
    found = load(
        tmp_path,
        AUGER_CREDENTIALS=json.dumps({"token": TOKEN, "username": "text"}),
        AUGER_CREDENTIALS_PATH=str(tmp_path / "environment"),
    )
    assert (found.username, found.source) == ("text", "AUGER_CREDENTIALS")


def test_empty_variables_count_as_unset(tmp_path):
    write(tmp_path / ".augerai")
    assert load(tmp_path, AUGER_CREDENTIALS="", AUGER_CREDENTIALS_PATH="").username == "me"


@pytest.mark.parametrize(
    ("members", "url"),
    [
        ({"api_url": "https://a.example", "url": "https://b.example"}, "https://a.example"),
        ({"api_url": "", "url": "https://b.example"}, "https://b.example"),
        ({"url": "https://b.example"}, "https://b.example"),
        ({"api_url": None}, CLOUD_URL),
        ({}, CLOUD_URL),
    ],
)
def test_the_url_has_two_names_and_a_default(tmp_path, members, url):
    write(tmp_path / ".augerai", **members)
    assert load(tmp_path).api_url == url


def test_nobody_logged_in_says_how_to(tmp_path):
    with pytest.raises(NotAuthenticated, match="not logged in") as caught:
        load(tmp_path)
    assert str(tmp_path / ".augerai" / "auger.json") in str(caught.value)
    assert caught.value.hint.endswith("\nauger auth login")


def test_a_named_folder_without_the_file_is_not_passed_over(tmp_path):
    write(tmp_path / ".augerai")
    with pytest.raises(NotAuthenticated, match=r"path_to_credentials names a folder without"):
        load(tmp_path, path_to_credentials=tmp_path / "gone")


def test_a_variable_with_an_absent_folder_is_named(tmp_path):
    with pytest.raises(NotAuthenticated, match="AUGER_CREDENTIALS_PATH names a folder without"):
        load(tmp_path, AUGER_CREDENTIALS_PATH=str(tmp_path / "gone"))


@pytest.mark.parametrize(
    "text", ['{"token": "S3CRET', "S3CRET", '["S3CRET"]', '"S3CRET"', "[" * 100_000]
)
def test_a_corrupt_text_is_never_shown(tmp_path, text):
    with pytest.raises(NotAuthenticated, match="AUGER_CREDENTIALS are no JSON object") as caught:
        load(tmp_path, AUGER_CREDENTIALS=text)
    assert "S3CRET" not in repr(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("token", ["", "  ", None, 12])
def test_credentials_without_a_token_are_refused(tmp_path, token):
    write(tmp_path / ".augerai", token=token)
    with pytest.raises(NotAuthenticated, match=r"auger\.json have no token"):
        load(tmp_path)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "auger.json"
    path.write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(NotAuthenticated, match="it is no text"):
        read_credentials(path)


def test_a_folder_in_place_of_the_file_is_refused(tmp_path):
    with pytest.raises(NotAuthenticated, match=r"cannot read `.*`: Is a directory"):
        read_credentials(tmp_path)


def test_the_token_is_not_part_of_the_text(tmp_path):
    write(tmp_path / ".augerai")
    assert "S3CRET" not in f"{load(tmp_path)} {load(tmp_path)!r}"


def test_what_is_saved_is_loaded_again(tmp_path):
    write(tmp_path / ".augerai")
    found = load(tmp_path)
    with saving_credentials(tmp_path / "new" / ".augerai") as save:
        save(found)
    again = load(tmp_path / "new")
    assert (again.username, again.api_url, again.token) == (found.username, found.api_url, TOKEN)
    assert again.organization == "acme"


def test_what_is_saved_can_be_read_by_the_user_alone(tmp_path):
    (tmp_path / ".augerai").mkdir(mode=0o755)
    with saving_credentials(tmp_path / ".augerai") as save:
        path = save(Credentials("me", CLOUD_URL, TOKEN, "acme", "login"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]
    assert "source" not in json.loads(path.read_text())


def test_a_place_that_cannot_be_written_is_an_error_before_the_hub_is_asked(tmp_path):
    (tmp_path / ".augerai").write_text("a file")
    with (
        pytest.raises(AugerError, match=r"cannot write `.*auger\.json`"),
        saving_credentials(tmp_path / ".augerai"),
    ):
        pytest.fail("the hub would have been asked")


def test_a_full_disk_is_an_error_before_the_hub_is_asked(tmp_path, monkeypatch):
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with (
        pytest.raises(AugerError, match="No space left"),
        saving_credentials(tmp_path / ".augerai"),
    ):
        pytest.fail("the hub would have been asked")
    assert list((tmp_path / ".augerai").iterdir()) == []


def test_what_fails_before_the_credentials_are_saved_leaves_the_old_ones(tmp_path):
    write(tmp_path / ".augerai")
    before = (tmp_path / ".augerai" / "auger.json").read_bytes()
    with pytest.raises(ZeroDivisionError), saving_credentials(tmp_path / ".augerai"):
        raise ZeroDivisionError
    (path,) = (tmp_path / ".augerai").iterdir()
    assert path.read_bytes() == before


def test_clearing_forgets_the_credentials(tmp_path):
    write(tmp_path / ".augerai")
    assert clear_credentials(tmp_path / ".augerai")
    assert not clear_credentials(tmp_path / ".augerai")


def test_credentials_that_cannot_be_removed_are_an_error(tmp_path):
    (tmp_path / ".augerai" / "auger.json").mkdir(parents=True)
    with pytest.raises(AugerError, match="cannot remove"):
        clear_credentials(tmp_path / ".augerai")


@pytest.mark.skipif(os.name != "posix", reason="files have no such modes here")
@pytest.mark.parametrize(
    ("of_folder", "of_file", "is_found"),
    [(0o755, 0o644, True), (0o755, 0o640, True), (0o700, 0o644, False), (0o755, 0o600, False)],
)
def test_credentials_that_others_can_read_are_found(tmp_path, of_folder, of_file, is_found):
    path = tmp_path / ".augerai" / "auger.json"
    path.parent.mkdir()
    path.write_text("{}")
    path.chmod(of_file)
    path.parent.chmod(of_folder)
    found = find_readable_by_others(environ={}, home=tmp_path)
    assert found == (path if is_found else None)
    assert find_readable_by_others(environ={"AUGER_CREDENTIALS": "{}"}, home=tmp_path) is None
    assert find_readable_by_others(environ={}, home=tmp_path / "none") is None
