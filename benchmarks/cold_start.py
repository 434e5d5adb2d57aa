"""Short commands from start to exit, beside what people would type instead."""

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

IRIS = Path(__file__).parents[1] / "examples" / "iris"
AUGER = str(Path(sys.executable).with_name("auger"))
PEERS = ("auger.ai", "octodns")
OF_THEIR_TIME = ("setuptools", "ruamel.yaml<0.18")  # what auger.ai still needs
CLICK = "import click"
# What is compared: the command, what stands beside it, and the most times that it may take.
COMPARED = (
    ("auger --help", CLICK, 1.3),
    ("auger validate", CLICK, None),
    ("auger validate", "octodns-sync --help", 1.0),
    ("auger plan", CLICK, None),
    ("auger plan", "augerai project list", 1.0),
)


def measure() -> Section:
    """Measure all commands in turns."""
    notes = [
        "`auger plan` is a plan without changes of examples/iris against the hub of its own, which",
        "runs already. The peers are installed from the package index for the measurement.",
    ]
    with tempfile.TemporaryDirectory() as folder, _iris(Path(folder)) as (work, env):
        commands: dict[str, Sequence[str]] = {
            CLICK: [sys.executable, "-c", CLICK],
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
                if done.returncode:
                    notes.append(f"`{name}` does not run here, and is left out.")
                else:
                    commands[name] = command
            if len(commands) == 4:
                notes.append(f"{' and '.join(PEERS)} cannot be installed here.")
            found = run_alternating(commands, cwd=work, env=logged_in)
    figures = [_compare(found, *row) for row in COMPARED if row[1] in found]
    plan = found["auger plan"]
    notes.append(f"From start to exit that plan takes {plan.seconds * 1000:.0f} ms by the clock.")
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
    surroundings = {name: text for name, text in os.environ.items() if not name.startswith("AUGER")}
    env = {**surroundings, "HOME": str(folder), "AUGER_HUB_HOME": str(folder / "hub")}
    try:
        command = [AUGER, "apply", "--auto-approve", "--wait"]
        subprocess.run(command, cwd=work, env=env, check=True, capture_output=True)
        yield work, env
    finally:
        subprocess.run([AUGER, "hub", "stop"], env=env, check=False, capture_output=True)


def _peers(venv: Path) -> dict[str, Sequence[str]]:
    """Return the commands of the peers, in an environment of their own; none without a network."""
    scripts = venv / "bin"
    install = [scripts / "python", "-m", "pip", "install", "--quiet", *PEERS, *OF_THEIR_TIME]
    try:
        subprocess.run([sys.executable, "-m", "venv", venv], check=True, capture_output=True)
        subprocess.run(install, check=True, capture_output=True, timeout=300)
    except (OSError, subprocess.SubprocessError):
        return {}
    return {
        "octodns-sync --help": [str(scripts / "octodns-sync"), "--help"],
        "augerai project list": [str(scripts / "augerai"), "project", "list"],
    }


def to_credentials(url: str) -> str:
    """Return AUGER_CREDENTIALS for a hub of this folder."""
    told = {"username": "anna", "url": url, "token": "token", "organization": ORGANIZATION}
    return json.dumps(told)
