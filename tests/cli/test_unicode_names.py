"""A name is one name, whether its accents are letters of their own or not (NFC and NFD)."""

from __future__ import annotations

import hashlib
import json
from itertools import product
from pathlib import Path
from unicodedata import normalize

import pytest

from .conftest import User
from .static_hub import serve

WORD = "größe"
FORMS = ("NFC", "NFD")
FILE = """\
name: {0}
datasets: {{{0}.csv: {{source: {0}.csv}}}}
experiments:
  {0}: {{dataset: {0}.csv, model_type: regression, target: y, state: created}}
models: {{{0}: {{trial: T1}}}}
"""
CONTENT = "x,y\n1,2\n"
COLUMNS = [{"column_name": name, "datatype": "integer"} for name in ("x", "y")]


def hub_of(name: str) -> dict[str, list[dict[str, object]]]:
    sha256 = hashlib.sha256(CONTENT.encode()).hexdigest()
    url = f"s3://bucket/files/sha256-{sha256}-x.csv"
    return {
        "projects": [{"id": 7, "name": name, "organization_id": 1, "status": "running"}],
        "project_files": [
            {
                "id": 11,
                "name": f"{name}.csv",
                "project_id": 7,
                "status": "processed",
                "url": url,
                "statistics": {"stat_data": COLUMNS},
            }
        ],
        "experiments": [{"id": "E1", "name": name, "project_id": 7, "project_file_id": 11}],
        "pipelines": [
            {"id": "T1", "name": name, "status": "ready", "project_id": 7, "trial": {"id": "T1"}}
        ],
    }


@pytest.mark.parametrize(("written", "on_hub", "on_disk"), [*product(FORMS, repeat=3)])
def test_the_form_of_a_name_is_no_change(  # noqa: PLR0917 - by pytest
    user: User,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: str,
    on_hub: str,
    on_disk: str,
) -> None:
    name = normalize(written, WORD)
    (folder / f"{normalize(on_disk, WORD)}.csv").write_text(CONTENT)
    (folder / "auger.yaml").write_text(FILE.format(name))
    with serve(hub_of(normalize(on_hub, WORD))) as hub:
        monkeypatch.setenv("AUGER_CREDENTIALS", hub.credentials)
        for command in ("plan", "drift", f"plan --target dataset.{normalize(on_hub, WORD)}.csv"):
            answer = user.run(*command.split(), "--json")
            assert answer.code == 0, answer
            document = json.loads(answer.out)
            assert document.get("actions", document.get("drift")) in ([], None)
        assert user.run("plan", "--prune", "--detailed-exitcode").code == 0
        for kind in ("dataset", "experiment", "project"):
            given = f"{name}.csv" if kind == "dataset" else name
            assert user.run(kind, "delete", given, "--plan").code == 0
        assert user.run("dataset", "show").code == 0


def test_two_that_are_there_are_two(
    user: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    composed, apart = (normalize(form, WORD) for form in FORMS)
    both = [{"id": 7, "name": composed}, {"id": 8, "name": apart}]
    objects = [{**one, "organization_id": 1, "status": "running"} for one in both]
    with serve({"projects": objects}) as hub:
        monkeypatch.setenv("AUGER_CREDENTIALS", hub.credentials)
        for name in (composed, apart):
            (folder / "auger.yaml").write_text(f"name: {name}\n")
            shown = json.loads(user.run("plan", "--destroy", "--json").out)
            assert [one["name"] for one in shown["actions"]] == [name]
