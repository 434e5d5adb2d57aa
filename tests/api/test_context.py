"""Where credentials and settings come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auger.api import (
    AugerError,
    ConfigError,
    Context,
    DataSet,
    Experiment,
    NotAuthenticated,
    Project,
)
from auger_reconcile.client.credentials import Credentials
from auger_reconcile.client.http.transport import Answer


def text(user: str) -> str:
    return json.dumps({"username": user, "token": f"token-of-{user}", "organization": "shop"})


@pytest.fixture
def sources(tmp_path: Path, work: Path) -> dict[str, str]:
    """Credentials in all four places; return the environment that names the first two."""
    for user in ("named", "declared"):
        (tmp_path / user).mkdir()
        (tmp_path / user / "auger.json").write_text(text(user))
    (tmp_path / ".augerai").mkdir()
    (tmp_path / ".augerai" / "auger.json").write_text(text("stored"))
    (work / "auger.yaml").write_text("path_to_credentials: ../declared\n")
    return {"AUGER_CREDENTIALS": text("given"), "AUGER_CREDENTIALS_PATH": str(tmp_path / "named")}


def test_a_folder_in_the_place_of_the_file_is_called_one(work: Path) -> None:
    (work / "auger.yaml").mkdir()
    for given in (None, work, work / "auger.yaml"):
        context = Context(given, environ={}, home=work)
        with pytest.raises(ConfigError, match="it is no file") as caught:
            Experiment(context).board()
        assert caught.value.diagnostics[0].label == "a folder"


def user_of(environ: dict[str, str], home: Path) -> str:
    return Context(environ=environ, home=home).credentials.username


def test_credentials_are_taken_from_the_first_source_there_is(
    sources: dict[str, str], tmp_path: Path, work: Path
) -> None:
    assert user_of(sources, tmp_path) == "given"
    del sources["AUGER_CREDENTIALS"]
    assert user_of(sources, tmp_path) == "named"
    del sources["AUGER_CREDENTIALS_PATH"]
    assert user_of(sources, tmp_path) == "declared"
    (work / "auger.yaml").unlink()
    assert user_of(sources, tmp_path) == "stored"


def test_a_broken_source_is_named_and_the_next_one_is_not_taken(
    sources: dict[str, str], tmp_path: Path
) -> None:
    sources["AUGER_CREDENTIALS"] = "{broken"
    with pytest.raises(NotAuthenticated, match="AUGER_CREDENTIALS") as caught:
        user_of(sources, tmp_path)
    assert "{broken" not in str(caught.value)
    del sources["AUGER_CREDENTIALS"]
    (tmp_path / "named" / "auger.json").write_text("[]")
    with pytest.raises(NotAuthenticated, match=r"named/auger.json"):
        user_of(sources, tmp_path)
    del sources["AUGER_CREDENTIALS_PATH"]
    (tmp_path / "declared" / "auger.json").unlink()
    with pytest.raises(NotAuthenticated, match="path_to_credentials"):
        user_of(sources, tmp_path)


def test_settings_are_those_of_the_path(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    file = tmp_path / "elsewhere" / "auger.yaml"
    file.write_text("project: old\nexperiment: {metric: r2}\n")
    for path in (file, tmp_path / "elsewhere", str(file)):
        context = Context(path, environ={}, home=tmp_path)
        assert context.name_of("name") == "old"
        assert context.setting("experiment", "metric") == "r2"
        assert context.setting("experiment", "nothing", "below") is None


def test_of_several_projects_in_one_file_the_first_is_meant_and_that_is_told(work: Path) -> None:
    (work / "auger.yaml").write_text("name: churn\n---\nname: fraud\n")
    told: list[str] = []
    context = Context(work, on_note=told.append)
    assert (context.name_of("name"), context.name_of("name")) == ("churn", "churn")
    assert told == ["auger.yaml holds 2 projects; this is about the first, `churn`."]


def test_without_a_file_there_are_no_settings() -> None:
    assert Context(environ={}).settings == {}


def test_a_broken_file_is_a_config_error(work: Path) -> None:
    (work / "auger.yaml").write_text("name: [\n")
    with pytest.raises(ConfigError):
        _ = Context(environ={}).settings


def test_a_token_never_goes_to_a_hub_that_its_credentials_do_not_name(
    work: Path, tmp_path: Path
) -> None:
    (work / "auger.yaml").write_text("hub: https://elsewhere.example.com\n")
    with pytest.raises(NotAuthenticated, match="not for https://elsewhere"):
        _ = Context(environ={"AUGER_CREDENTIALS": text("anna")}, home=tmp_path).session


def test_an_empty_name_does_not_mean_the_one_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "auger.yaml").write_text("name: kept\ndataset: a.csv\n")
    context = Context(tmp_path, environ={}, home=tmp_path)
    project = Project(context)
    assert project.project_name == "kept"
    for make in (
        lambda: Project(context, ""),
        lambda: DataSet(context, project, ""),
        lambda: Experiment(context, DataSet(context, project), ""),
    ):
        with pytest.raises(AugerError, match="is empty"):
            make()


def test_credentials_that_the_local_hub_refuses_come_anew_from_the_local_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Credentials("local", "http://127.0.0.1:9", "old", "local", source="auger.json")
    monkeypatch.setattr("auger_reconcile.client.local_hub.ensure_local_hub", lambda **_: refused)
    answer = Answer(401, {}, b"")
    monkeypatch.setattr(
        "auger_reconcile.client.http.transport.Transport.exchange", lambda *_args: answer
    )
    with (
        Context(environ={}, home=tmp_path, hub="local") as context,
        pytest.raises(NotAuthenticated) as caught,
    ):
        context.session.client.call("GET", "organizations")
    assert str(caught.value.hint).endswith("\nauger hub stop")


def test_a_path_that_names_nothing_is_told(tmp_path: Path) -> None:
    for path, told in (("sub/auger.yaml", "no file"), ("none", "no folder"), ("a.yml", "no file")):
        with pytest.raises(AugerError, match=f"there is {told} `"):
            Context(tmp_path / path)
    assert Context(tmp_path).settings == {}


def test_which_of_several_experiments_is_meant_is_asked_in_words_of_python(tmp_path: Path) -> None:
    several = "experiments: {a: &a {model_type: classification, target: y}, b: *a}\n"
    (tmp_path / "auger.yaml").write_text(f"name: shop\nsource: a.csv\n{several}")
    with pytest.raises(AugerError, match="which experiment") as caught:
        _ = Experiment(Context(tmp_path)).name
    assert str(caught.value.hint).endswith("`experiment_name` names one")


def test_what_cannot_name_an_experiment_is_told_with_its_article(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    settings = "source: a.csv\nmodel_type: classification\ntarget: y\n"
    (tmp_path / "auger.yaml").write_text(f"name: shop\n{settings}")
    context = Context(tmp_path)
    with pytest.raises(AugerError, match="cannot name an experiment"):
        Experiment(context, None, "a/b")._declared()


def test_without_a_file_it_is_the_experiment_that_is_not_named(tmp_path: Path) -> None:
    context = Context(tmp_path)
    data = DataSet(context, Project(context, "shop"), "iris.csv")
    with pytest.raises(AugerError, match="no experiment is named"):
        _ = Experiment(context, data).name
