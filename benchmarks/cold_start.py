"""Measure short commands from start to exit, beside what people would type instead."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figure import Figure, Section
from benchmarks.loopback import ORGANIZATION, Lists, serve
from benchmarks.measure import Cost, run_alternating
from benchmarks.peers import install, oldest_python

IRIS = Path(__file__).parents[1] / "examples" / "iris"
AUGER = str(Path(sys.executable).with_name("auger"))
AUGERAI = ("auger.ai==0.2.5", "setuptools<58", "ruamel.yaml<0.17")  # with what it still needs
# What a peer has to say: auger.ai exits with 0 also when it reaches no hub.
PROOF = {"augerai project list": b"churn"}
CLICK = "import click"
# What a command needs of others before a line of its own: that, and one model.
READING = "import click, pydantic, yaml"
ASKING = "import click, pydantic, requests, yaml"
MODEL = "; pydantic.create_model('M', name=(str, ...))"
# What is compared: the command, what stands beside it, and the most times that it may take.
COMPARED = (
    ("auger --help", CLICK, 1.15),
    ("auger validate", CLICK, None),
    ("auger validate", "octodns-sync --help", 1.0),
    (READING, "octodns-sync --help", None),
    ("auger plan", CLICK, None),
    (ASKING, "augerai project list", None),
    ("auger plan", "augerai project list", 0.65),
)
SPOILS_COLD_STARTS = "PYTHONDONTWRITEBYTECODE"  # modules would be compiled at each start


def measure() -> Section:
    """Measure all commands in turns."""
    notes = [
        "`auger plan` is a plan without changes of examples/iris against the hub of its own, which",
        "runs already; `octodns-sync --help` reads no file. The peers are installed from the",
        "package index for the measurement. The imports, with one model built, are the least that",
        "a command can take that reads a file, or asks a hub, by these libraries.",
    ]
    with tempfile.TemporaryDirectory() as folder, _iris(Path(folder)) as (work, env):
        commands: dict[str, Sequence[str]] = {
            CLICK: [sys.executable, "-c", CLICK],
            READING: [sys.executable, "-c", READING + MODEL],
            ASKING: [sys.executable, "-c", ASKING + MODEL],
            "auger --help": [AUGER, "--help"],
            "auger validate": [AUGER, "validate"],
            "auger plan": [AUGER, "plan"],
        }
        with serve(Lists({"projects": [{"id": 1, "name": "churn"}]}).respond) as hub:
            logged_in = {**env, "AUGER_CREDENTIALS": to_credentials(hub.url)}
            for name, command in _peers(Path(folder) / "peers").items():
                done = subprocess.run(
                    command, cwd=work, env=logged_in, capture_output=True, check=False
                )
                if done.returncode or PROOF.get(name, b"") not in done.stdout + done.stderr:
                    notes.append(f"`{name}` does not run here, and is left out.")
                else:
                    commands[name] = command
            notes += [
                f"`{other}` cannot be installed here."
                for _, other, _ in COMPARED
                if other not in commands and not any(other in note for note in notes)
            ]
            found = run_alternating(commands, cwd=work, env=logged_in)
    figures = [_compare(found, *row) for row in COMPARED if row[1] in found]
    clock = ", ".join(
        f"{cost.seconds * 1000:.0f} ms `{name}`"
        for name, cost in found.items()
        if name in COMPARED[-1]
    )
    notes.append(f"From start to exit, by the clock: {clock}.")
    return Section("cold_start", "Cold start", figures, notes)


def _compare(found: Mapping[str, Cost], ours: str, other: str, limit: float | None) -> Figure:
    mine, beside = found[ours].cpu, found[other].cpu
    told = f"{beside * 1000:.0f} ms (`{other}`)"
    return Figure(f"`{ours}`", f"{mine * 1000:.0f} ms", told, mine / beside, limit)


@contextmanager
def _iris(folder: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """Apply the example to a hub of its own; a run of three trials is enough."""
    work = folder / "iris"
    shutil.copytree(IRIS, work)
    file = work / "auger.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()
    kept = [f"{line.partition(':')[0]}: 3" if "max_n_trials:" in line else line for line in lines]
    file.write_text("\n".join(kept) + "\n", encoding="utf-8")
    surroundings = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith("AUGER") and name != SPOILS_COLD_STARTS
    }
    env = {**surroundings, "HOME": str(folder), "AUGER_HUB_HOME": str(folder / "hub")}
    try:
        command = [AUGER, "apply", "--auto-approve", "--wait"]
        subprocess.run(command, cwd=work, env=env, check=True, capture_output=True)
        yield work, env
    finally:
        subprocess.run([AUGER, "hub", "stop"], env=env, check=False, capture_output=True)


def _peers(folder: Path) -> dict[str, Sequence[str]]:
    """Return the commands of the peers that can be installed, each in an environment of its own."""
    commands: dict[str, Sequence[str]] = {}
    octodns = install(folder / "octodns", sys.executable, "octodns")
    if octodns:
        commands["octodns-sync --help"] = [str(octodns / "octodns-sync"), "--help"]
    augerai = install(folder / "augerai", oldest_python(), *AUGERAI)
    if augerai:
        commands["augerai project list"] = [str(augerai / "augerai"), "project", "list"]
    return commands


def to_credentials(url: str) -> str:
    """Return AUGER_CREDENTIALS for a hub of this folder."""
    told = {"username": "anna", "api_url": url, "token": "token", "organization": ORGANIZATION}
    return json.dumps(told)
