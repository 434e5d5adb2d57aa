"""The files for other programs: each command in them is one that auger has."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from house_rules.conftest import parse_command

from auger_reconcile import __version__
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.config.load import load_desired_state
from tests.cli.static_hub import serve

from .conftest import ACTION, GITOPS, ROOT, Checkout
from .finished import finished

WORKFLOWS = sorted((GITOPS / ".github" / "workflows").glob("*.yml"))
HOOKS = ROOT / ".pre-commit-hooks.yaml"
FILES = [*WORKFLOWS, GITOPS / ".gitlab-ci.yml", HOOKS, ACTION / "action.yml"]
SHELL = {">", ">>", "|", "||", "&&", ";"}


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a document."""
    if isinstance(value, str):
        yield value
    for item in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from texts(item)


def commands(path: Path) -> Iterator[str]:
    """Yield the command lines of auger, without what the shell does with them."""
    text = path.read_text(encoding="utf-8")
    lines = texts(yaml.safe_load(text)) if path.suffix != ".sh" else [text]
    for line in (line.strip() for text in lines for line in text.splitlines()):
        if line.startswith("auger "):
            words = shlex.split(line.replace('"${which[@]}"', "-f ."), comments=True)
            end = next((n for n, word in enumerate(words) if word in SHELL), len(words))
            yield shlex.join(words[:end])


TYPED = sorted({line for path in [*FILES, ACTION / "run.sh"] for line in commands(path)})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_yaml(path: Path) -> None:
    assert yaml.safe_load(path.read_text(encoding="utf-8"))


def test_there_are_commands_to_check() -> None:
    assert len(TYPED) > 8


@pytest.mark.parametrize("line", TYPED)
def test_a_command_can_be_typed(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plan.json").touch()
    monkeypatch.chdir(tmp_path)
    assert parse_command(line).command.callback is not None


@pytest.mark.process
def test_the_commands_of_the_gitlab_template_run_one_after_another(checkout: Checkout) -> None:
    desired = load_desired_state([GITOPS / "auger.yaml"], env="prod", environ={}).state
    with serve(finished(desired)) as hub:
        given = {"AUGER_CREDENTIALS": hub.credentials}
        for line in commands(GITOPS / ".gitlab-ci.yml"):
            done = checkout.run(*shlex.split(line), **given)
            assert done.returncode == ExitCode.DONE, (line, done.stderr)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_says_what_it_may_do(path: Path) -> None:
    flow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert flow["permissions"]["contents"] in ("read", "write")
    assert "pull_request_target" not in flow[True]  # `on`, as YAML 1.1 reads it


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_gives_the_action_inputs_that_it_has(path: Path) -> None:
    known = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))["inputs"]
    for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
        used = [step for step in job["steps"] if step.get("uses") == "./.github/actions/auger"]
        assert used
        assert all(step["with"].keys() <= known.keys() for step in used)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_the_scripts_of_a_workflow_are_valid_bash_without_pasted_values(path: Path) -> None:
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
    for script in [step["run"] for job in jobs for step in job["steps"] if "run" in step]:
        assert "${{" not in script
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_a_hook_fires_for_the_files_of_auger_and_no_others() -> None:
    for hook in yaml.safe_load(HOOKS.read_text(encoding="utf-8")):
        fires = re.compile(hook["files"]).search
        names = ["auger.yaml", "churn/auger.prod.yaml", "config.yaml", "bauger.yaml"]
        assert [name for name in names if fires(name)] == names[:2]


@pytest.mark.parametrize(
    "name", ["README.md", "auger", "auger_reconcile", "auger_hub", "pyproject.toml", "requirements"]
)
def test_what_the_image_copies_is_there_and_is_let_through(name: str) -> None:
    docker = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(rf"^COPY .*\b{re.escape(name)}\b", docker, re.M)
    assert (ROOT / name).exists()
    assert f"!{name}" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_the_image_is_small_and_runs_as_no_root() -> None:
    docker = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    build, auger, controller, default = re.split(r"^FROM ", docker, flags=re.M)[1:]
    assert build.startswith("python:3.12-slim AS build\n")
    assert auger.startswith("python:3.12-slim AS auger\n")
    assert 'ENTRYPOINT ["auger"]' in auger
    assert controller.startswith("auger AS controller\n")
    assert default == "auger\n"
    for stage in (auger, controller):
        assert re.fullmatch(r"(?!root|0\b)\S+", re.findall(r"^USER (.*)$", stage, re.M)[-1])
    assert not re.search(r"^ADD |:latest", docker, re.M)


def test_the_image_keeps_its_data_and_knows_whether_its_hub_answers(tmp_path: Path) -> None:
    docker = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "VOLUME /data" in docker
    assert "AUGER_HUB_HOME=/data" in docker
    check = json.loads(re.search(r"HEALTHCHECK.*?CMD (\[.*?\])\n", docker, re.S)[1])
    environ = {**os.environ, "AUGER_HUB_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, *check[1:]], env=environ, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, b"")


def test_the_image_installs_what_is_locked() -> None:
    docker = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes" in docker
    (locked,) = re.findall(r"^ARG WITH=(\w+)$", docker, re.M)
    assert (ROOT / "requirements" / f"{locked}.txt").exists()


def test_the_chart_is_of_this_version_and_sets_what_the_hub_reads() -> None:
    chart = ROOT / "deploy" / "chart"
    described = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    assert described["version"] == described["appVersion"] == __version__
    texts = [path.read_text(encoding="utf-8") for path in chart.rglob("*.yaml")]
    named = {name for text in texts for name in re.findall(r"\bAUGER_HUB_\w+", text)}
    source = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert named <= set(re.findall(r"\bAUGER_HUB_\w+", source))


@pytest.mark.process
@pytest.mark.parametrize(
    ("schema", "paths"),
    [
        ("github-workflows", [*(ROOT / ".github" / "workflows").glob("*.yml"), *WORKFLOWS]),
        ("github-actions", [ACTION / "action.yml"]),
        ("dependabot", [ROOT / ".github" / "dependabot.yml"]),
        ("gitlab-ci", [GITOPS / ".gitlab-ci.yml"]),
        ("compose-spec", [ROOT / "deploy" / "compose.yml"]),
    ],
)
def test_a_host_of_ci_reads_its_files(schema: str, paths: list[Path]) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    if schema == "gitlab-ci":
        command += ["--data-transform", "gitlab-ci"]
    done = subprocess.run([*command, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
