"""The tour of the README and its Python, typed as they stand there, in a home that is new."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import auger.api
from examples.conftest import EXAMPLES

README = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
TOUR = README[README.index("## Five minutes") : README.index("## For teams")]
FIRST_PLAN = TOUR[: TOUR.index("**Apply.**")]
(PROGRAM,) = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(console|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
MODEL = re.compile(r"\b[0-9A-F]{15}\b")
NEXT = "--- the next one ---"
FIND_MODEL = "MODEL=$(auger --json model list | grep -oE '[0-9A-F]{15}' | head -n 1)"
# What the README says is different on every machine.
DIFFERENT = (
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1"),
    (MODEL, "ID"),
    (re.compile(r"about [\d.]+ (s|min)\b"), "about a while"),
    (re.compile(r"(0\.\d{4}) +\d+\.\d\b"), r"\1 seconds"),
    (re.compile(r"expect 0\.\d{4}, 0\.\d{4} to [01]\.\d{4}"), "expect about as much"),
    (re.compile(r" +"), " "),
)


def read_steps(tour: str) -> Iterator[tuple[str, str]]:
    """Yield what is typed in a part of the README, and what it is said to answer."""
    for kind, block in BLOCK.findall(tour):
        if kind == "sh":
            yield block, ""
            continue
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = step.splitlines()
            more = [line for line in lines[1:] if line.startswith("> ")]
            typed = "\n".join([lines[0], *(line.removeprefix("> ") for line in more)])
            yield typed, "\n".join(lines[1 + len(more) :])


def is_as_told(answer: str, told: str) -> bool:
    """Compare with what the README shows, where a line `...` stands for any lines."""
    parts = [re.escape(same_everywhere(part)) for part in re.split(r"^\.\.\.$", told, flags=re.M)]
    pattern = r"\n(?:.*\n)? *".join(parts)  # parts have lost the blanks that they began with
    return re.fullmatch(rf"\n*{pattern}\n*", f"\n{same_everywhere(answer)}\n", re.S) is not None


def same_everywhere(text: str) -> str:
    """Return the text without what is different on every machine."""
    for pattern, word in DIFFERENT:
        text = pattern.sub(word, text)
    return text.strip()


def type_all(tour: str, folder: Path, environ: Mapping[str, str]) -> list[str]:
    """Type a part of the README in a shell; return what each command answered."""
    shutil.copytree(EXAMPLES, folder / "examples")
    lines = []
    for typed, _ in read_steps(tour):
        if MODEL.search(typed):
            lines.append(FIND_MODEL)
        lines += [MODEL.sub("$MODEL", typed), f"echo '{NEXT}'"]
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join(lines)],
        cwd=folder,
        env={**environ, "PATH": f"{make_command(folder)}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split(f"{NEXT}\n")[:-1]


def make_command(folder: Path) -> Path:
    """Make a folder whose one program is `auger`; return it."""
    programs = folder / "bin"
    programs.mkdir()
    program = programs / "auger"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m auger_reconcile "$@"\n')
    program.chmod(0o755)
    return programs


@pytest.mark.hub
def test_the_first_plan_of_the_readme_is_what_auger_says(surroundings, tmp_path):
    answers = type_all(FIRST_PLAN, tmp_path, surroundings)
    told = [answer for _, answer in read_steps(FIRST_PLAN)]
    assert list(map(same_everywhere, answers)) == list(map(same_everywhere, told))


@pytest.fixture(scope="module")
def typed_tour(own_surroundings, tmp_path_factory) -> tuple[Path, list[str]]:
    """The folder in which the tour was typed, and what it answered."""
    folder = tmp_path_factory.mktemp("tour")
    return folder, type_all(TOUR, folder, own_surroundings)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_whole_tour_of_the_readme_is_what_auger_says(typed_tour):
    steps = zip(typed_tour[1], read_steps(TOUR), strict=True)
    wrong = [(typed, told, found) for found, (typed, told) in steps if not is_as_told(found, told)]
    assert not wrong, "\n\n".join("\n".join(one) for one in wrong)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_python_of_the_readme_goes_on_where_the_tour_ended(typed_tour, own_surroundings):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=typed_tour[0] / "tour" / "flowers",
        env=dict(own_surroundings),
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary, is_complete, board, predicted = done.stdout.splitlines()
    assert re.search("create.*3", summary)
    assert is_complete == "True"
    assert re.fullmatch(r"completed \w+ 0\.9\d+", board)
    assert Path(predicted).name == "holdout_predicted.csv"


def test_the_python_of_the_readme_uses_what_there_is():
    compile(PROGRAM, "README.md", "exec")
    (names,) = re.findall(r"^from auger\.api import (.+)$", PROGRAM, re.MULTILINE)
    assert set(names.split(", ")) <= set(auger.api.__all__)


def test_a_wrong_answer_of_the_readme_is_noticed():
    told = "one 0.9749 ID\n...\nlast"
    assert is_as_told("one 0.9749 8E69EE534536118\ntwo\nthree\nlast\n", told)
    assert is_as_told("one 0.9749 8E69EE534536118\ntwo\n", "one 0.9749 ID\n...")
    assert not is_as_told("one 0.9415 8E69EE534536118\ntwo\nlast\n", told)
    assert not is_as_told("one 0.9749 8E69EE534536118\ntwo\nlast\nmore\n", told)
