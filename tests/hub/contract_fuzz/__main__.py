"""`python -m tests.hub.contract_fuzz [--st PROGRAM] [ARGUMENTS OF st run]`: ask a hub everything.

Starts a hub of its own, fills it with objects of every kind, of two organizations, and lets
schemathesis send some 12,000 requests made from the document: none may be answered with 5xx, with
what the document does not tell, or with a name of the other organization. Without `--st`,
schemathesis is installed into a temporary environment. Exits as it does.
"""
# ruff: noqa: T201 - what it prints is for a person

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from auger_hub.processes import daemon
from auger_hub.settings import HubSettings
from tests.hub.client import add_stranger, connect
from tests.hub.contract_fuzz.world import count_objects, make_world

HERE = Path(__file__).parent
SCHEMATHESIS = "schemathesis>=4.32,<5"


def main() -> int:
    """Return the exit code of schemathesis; 1 too when the hub logged a failure of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--st", type=Path, help="the program, where it is installed already")
    options, rest = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="contract-fuzz-") as folder:
        program = options.st or _install(Path(folder) / "venv")
        settings = HubSettings(home=Path(folder) / "hub")
        daemon.start(settings)
        try:
            code = _ask(settings, program, Path(folder), rest)
        finally:
            daemon.stop(settings)
        return code or _count_failures(settings.log_path)


def _install(folder: Path) -> Path:
    print(f"Installing {SCHEMATHESIS} into a temporary environment ...", flush=True)
    venv.create(folder, with_pip=True)
    pip = [folder / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", SCHEMATHESIS], check=True)
    return folder / "bin" / "st"


def _ask(settings: HubSettings, program: Path, folder: Path, rest: list[str]) -> int:
    hub = connect(settings)
    world = folder / "world.json"
    stranger = add_stranger(hub)
    made = make_world(hub, stranger)
    world.write_text(json.dumps(made), encoding="utf-8")
    before = count_objects(stranger, made)
    config = ["--config-file", str(HERE / "schemathesis.toml")]
    command = [str(program.absolute()), *config, "run", f"{hub.url}/api/v1/openapi.json", *rest]
    env = {**os.environ, "AUGER_FUZZ_WORLD": str(world)}
    code = subprocess.run(command, cwd=HERE, env=env, check=False).returncode
    lost = before - count_objects(stranger, made)
    print(f"Of {before} objects of the other organization {lost} are gone.")
    return code or int(lost > 0)


def _count_failures(log: Path) -> int:
    """Return 1 when the hub noted an exception that it did not expect."""
    lines = log.read_text("utf-8").splitlines()
    failed = [line for line in lines if line.partition(" [")[0].endswith(" failed")]
    print("\n".join(failed) or "The hub logged no failure of its own.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
