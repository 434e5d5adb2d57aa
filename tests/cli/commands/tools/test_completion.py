"""Completion in shells: what they are given to source, and what it asks for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import User

FILES = {
    "auger.yaml": (
        "name: shop\n"
        "datasets: {d.csv: {source: gone.csv}}\n"
        "experiments:\n"
        "  base: {model_type: classification, target: y}\n"
        "  other: {model_type: classification, target: y}\n"
    ),
    "auger.prod.yaml": "models: {live: {experiment: base}}\n",
    "auger.dev.yaml": "state: stopped\n",
    "auger.lock.yaml": "protected: {}\n",
    "auger.prod.lock.yaml": "protected: {}\n",
    "broken.yaml": "name: [",
}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_a_script_that_calls_auger(shell: str, user: User) -> None:
    answer = user.run("completion", shell)
    assert answer.code == 0
    assert f"_AUGER_COMPLETE={shell}_complete" in answer.out


def test_the_script_is_json_for_a_program_that_asks(user: User) -> None:
    told = json.loads(user.run("--json", "completion", "bash").out)
    assert told == {"shell": "bash", "script": user.run("completion", "bash").out}


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_the_script_is_good_bash(user: User) -> None:
    script = user.run("completion", "bash").out
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


@pytest.mark.process
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("auger pl", ["plan"]),
        ("auger hub st", ["start", "status", "stop"]),
        ("auger plan --det", ["--detailed-exitcode"]),
        ("auger completion z", ["zsh"]),
        ("auger explain exp", ["experiment.base", "experiment.other"]),
        ("auger plan --target experiment.b", ["experiment.base"]),
        ("auger -f broken.yaml plan --target e", []),
        ("auger --env prod wait model", ["model.live"]),
        ("auger plan --env ", ["dev", "prod"]),
        ("auger --env p", ["prod"]),
    ],
)
def test_words_are_completed(words: str, offered: list[str], folder: Path) -> None:
    for name, text in FILES.items():
        (folder / name).write_text(text)
    place = str(len(words.split(" ")) - 1)
    asked = {"_AUGER_COMPLETE": "zsh_complete", "COMP_WORDS": words, "COMP_CWORD": place}
    done = subprocess.run(
        [sys.executable, "-c", "from auger_reconcile.cli.main import main; main()"],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
    )
    # click's zsh answers are three lines each: type, value, help
    assert done.stdout.splitlines()[1::3] == offered
