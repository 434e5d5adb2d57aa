"""The folder of a new project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auger_reconcile.config.load import load_desired_state, read_settings
from tests.cli.conftest import User


@pytest.fixture
def lightly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look without the reader of the hub, which takes a second to start."""
    monkeypatch.setattr("auger_reconcile.client.look.find_spec", lambda name: None)


DAYS = "day,size\n2020-01-01,1\n2020-01-02,2\n"


@pytest.mark.usefixtures("lightly")
@pytest.mark.parametrize("model_type", ["classification", "regression", "timeseries"])
def test_the_new_file_is_valid_and_says_what_was_asked(
    user: User, folder: Path, model_type: str
) -> None:
    (folder / "data.csv").write_text(DAYS)
    done = user.run(
        "new", "churn", "--source", "data.csv", "--target", "size", "--model-type", model_type
    )
    assert done.code == 0
    assert done.out.endswith("Made churn/auger.yaml. What comes next:\ncd churn && auger plan\n")
    settings = read_settings(Path("churn/auger.yaml"))
    assert settings["name"] == "churn"
    assert settings["source"] == "../data.csv"
    assert settings["model_type"] == model_type
    assert settings["target"] == "size"
    assert load_desired_state([Path("churn/auger.yaml")]).warnings == ()
    assert user.run("fmt", "--check", "churn/auger.yaml").code == 0


@pytest.mark.process
def test_what_the_data_suggests_is_proposed_with_reasons(user: User, folder: Path) -> None:
    rows = [f"{n},CH,{n % 7},{'yes' if n % 3 else 'no'}" for n in range(1000, 1030)]
    (folder / "data.csv").write_text("\n".join(["key,country,visits,churned", *rows]) + "\n")
    done = user.run("new", "churn", "--source", "data.csv")
    assert done.code == 0
    assert "  target: churned (targets are often called so, 2 classes)\n" in done.out
    assert "  exclude: country (the same in all rows)\n" in done.out
    assert "notice: `key` is different in every row" in done.err
    settings = read_settings(Path("churn/auger.yaml"))
    assert (settings["target"], settings["model_type"]) == ("churned", "classification")
    assert settings["exclude"] == ["key", "country"]
    text = Path("churn/auger.yaml").read_text()
    assert "  - key  # different in every row: it looks like an identifier\n" in text
    assert user.run("-f", "churn/auger.yaml", "validate").code == 0
    assert user.run("fmt", "--check", "churn/auger.yaml").code == 0


@pytest.mark.usefixtures("lightly")
def test_the_same_data_makes_the_same_file(user: User, folder: Path) -> None:
    (folder / "data.csv").write_text(DAYS)
    user.run("new", "one", "--source", "data.csv")
    first = Path("one/auger.yaml").read_bytes()
    Path("one").rename("before")
    user.run("new", "one", "--source", "data.csv")
    assert Path("one/auger.yaml").read_bytes() == first


@pytest.mark.usefixtures("lightly")
def test_names_of_columns_cannot_break_the_file(user: User, folder: Path) -> None:
    odd = ["a: b # c", "- x", "'q'", "{u}", "ünï 花", "true", "%", "@y", "x" * 150]
    head = ",".join(f'"{name}"' for name in odd)
    rows = [",".join([str(n)] * (len(odd) - 1) + [str(n % 2)]) for n in range(30)]
    (folder / "data.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    assert user.run("new", "odd", "--source", "data.csv").code == 0
    settings = read_settings(Path("odd/auger.yaml"))
    assert settings["target"] == odd[-1]
    assert user.run("-f", "odd/auger.yaml", "validate").code == 0
    assert user.run("fmt", "--check", "odd/auger.yaml").code == 0


@pytest.mark.usefixtures("lightly")
@pytest.mark.parametrize(
    ("options", "problem", "hint"),
    [
        (["--source", "dta.csv"], "there is no file `dta.csv`", "the nearest name is `data.csv`"),
        (["--source", "no/such.csv"], "there is no file `no/such.csv`", ""),
        (["--source", "."], "`.` is a folder", ""),
        (["--source", "empty.csv"], "`empty.csv` is empty", ""),
        (
            ["--source", "data.csv", "--target", "Size"],
            "`data.csv` has no column `Size`",
            "the nearest name is `size`",
        ),
        (
            ["--source", "data.csv", "--target", "zzzzzz"],
            "`data.csv` has no column `zzzzzz`",
            "its columns: `day`, `size`",
        ),
    ],
)
def test_what_is_not_in_the_data_is_refused_and_nothing_made(
    user: User, folder: Path, options: list[str], problem: str, hint: str
) -> None:
    (folder / "data.csv").write_text(DAYS)
    (folder / "empty.csv").write_text("")
    done = user.run("new", "churn", *options)
    assert (done.code, done.out) == (1, "")
    assert problem in done.err
    assert hint in done.err
    assert not (folder / "churn").exists()


def test_without_the_reader_of_the_hub_the_first_rows_are_looked_at_and_that_is_told(
    user: User, folder: Path, lightly: None
) -> None:
    (folder / "data.csv").write_text(DAYS)
    done = user.run("new", "churn", "--source", "data.csv")
    assert done.code == 0
    assert "  target: size (the last column, 2 classes)\n" in done.out
    assert "less closely than the hub" in done.err


@pytest.mark.usefixtures("lightly")
def test_a_format_that_only_the_hub_reads_is_told_and_the_file_made(
    user: User, folder: Path
) -> None:
    (folder / "data.xlsx").write_bytes(b"PK\x03\x04\x00\x00")
    done = user.run("new", "churn", "--source", "data.xlsx", "--target", "size")
    assert done.code == 0
    assert "The data was not looked at: `data.xlsx` cannot be looked at without" in done.out
    assert read_settings(Path("churn/auger.yaml"))["target"] == "size"


@pytest.mark.usefixtures("lightly")
def test_the_commented_model_is_valid_too(user: User, folder: Path) -> None:
    (folder / "data.csv").write_text(DAYS)
    user.run("new", "churn", "--source", "data.csv", "--target", "size")
    file = Path("churn/auger.yaml")
    before, mark, models = file.read_text().partition("# models:")
    file.write_text(before + (mark + models).replace("# ", ""))
    state = load_desired_state([file]).state
    assert "model.production" in map(str, state.resources)


def test_without_options_the_file_has_gaps_to_fill(user: User) -> None:
    assert user.run("new", "churn").code == 0
    text = Path("churn/auger.yaml").read_text()
    assert "\nsource:\n" in text
    assert "\ntarget:\n" in text
    assert " \n" not in text


@pytest.mark.parametrize("name", ["has space", "ünï花", "123", "true", "a: b #c", '"quoted"', "-x"])
def test_odd_names_are_kept_as_they_are(user: User, name: str) -> None:
    assert user.run("new", "--json", "--", name).code == 0
    assert read_settings(Path(name) / "auger.yaml")["name"] == name


@pytest.mark.parametrize("name", [" ", ".", "..", "a/b", "/abs", "a\\b", "a\nb", "x" * 300])
def test_names_that_the_hub_cannot_carry_are_refused(user: User, folder: Path, name: str) -> None:
    done = user.run("new", "--", name)
    assert (done.code, done.out) == (1, "")
    assert "cannot name a project" in done.err
    assert list(folder.iterdir()) == []


def test_an_existing_folder_is_left_alone(user: User, folder: Path) -> None:
    (folder / "churn").mkdir()
    done = user.run("new", "churn")
    assert done.code == 1
    assert "error: `churn` exists already" in done.err
    assert list((folder / "churn").iterdir()) == []


def test_a_project_is_not_made_inside_another(user: User, folder: Path) -> None:
    user.run("new", "outer")
    (folder / "outer" / "deep").mkdir()
    done = user.run("new", "inner", "-C", "outer/deep")
    assert done.code == 1
    assert "is a project already" in done.err


def test_a_repository_inside_another_project_has_projects_of_its_own(
    user: User, folder: Path
) -> None:
    user.run("new", "outer")
    (folder / "outer" / "other" / ".git").mkdir(parents=True)
    assert user.run("new", "inner", "-C", "outer/other").code == 0


def test_the_hub_is_written_down_and_a_url_is_a_source(user: User) -> None:
    source = "https://example.com/a%20b/churn.csv?v=1"
    done = user.run("new", "churn", "--hub", "local", "--source", source, "--json")
    why = "it is not on this machine"
    told = {"path": "churn/auger.yaml", "proposal": None, "notices": [], "not_looked": why}
    assert json.loads(done.out) == told
    settings = read_settings(Path("churn/auger.yaml"))
    assert (settings["hub"], settings["source"]) == ("local", source)
    assert settings["dataset"] == "churn.csv"
