"""Let the cloud's public clients live against `auger hub serve`, and print what they say of it.

    python -m tests.hub.clients.drive [CLIENT...] [--environments FOLDER] [--python PYTHON3.8]

Each client is installed from the package index, unmodified, into an environment of its own; hubs,
homes and (unless a folder is given) environments are temporary. Exits with 1 when one of the
clients does not say what it says when all went well.
"""
# ruff: noqa: T201 - what it prints is for a person

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from auger_hub.processes import daemon
from auger_hub.settings import MULTI_TENANT, SINGLE_TENANT, HubSettings
from tests.hub.client import IRIS, wait_until
from tests.hub.clients import life_a2ml, life_auger_ai, life_auger_cli, life_hub_client
from tests.hub.clients.environments import PACKAGES, NoOldPython, make_environment
from tests.hub.clients.life import Life, StepFailed

LIVES: dict[str, tuple[str, str, Callable[[Life], None]]] = {
    "auger.ai": ("auger.ai", MULTI_TENANT, life_auger_ai.live),
    "auger.ai-single-tenant": ("auger.ai", SINGLE_TENANT, life_auger_ai.live),
    "auger-cli": ("auger-cli", MULTI_TENANT, life_auger_cli.live),
    "a2ml": ("a2ml", MULTI_TENANT, life_a2ml.live),
    "hub-client-0.6.8": ("hub-client-0.6.8", MULTI_TENANT, life_hub_client.live),
    "hub-client-0.7.4": ("hub-client-0.7.4", MULTI_TENANT, life_hub_client.live),
}


def main() -> int:
    """Drive the named clients, or all."""
    parser = argparse.ArgumentParser(description="Drive the cloud's public clients.")
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help=", ".join(LIVES))
    parser.add_argument("--environments", type=Path, help="folder that keeps the environments")
    parser.add_argument("--python", help="the Python of the clients, 3.8")
    options = parser.parse_args()
    if unknown := set(options.clients) - set(LIVES):
        parser.error(f"no such client: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="judges-") as folder:
        environments = (options.environments or Path(folder) / "environments").absolute()
        try:
            alive = [
                drive(name, environments, Path(folder) / name, options.python)
                for name in options.clients or LIVES
            ]
        except NoOldPython as error:
            print(error, file=sys.stderr)
            return 2
    return 0 if all(alive) else 1


def drive(name: str, environments: Path, folder: Path, python: str | None) -> bool:
    """Print the life of one client; return whether it was a whole one."""
    package, cluster_mode, live = LIVES[name]
    folder.mkdir()
    programs = make_environment(package, environments, python)
    home = folder / "home"
    home.mkdir()
    shutil.copy(IRIS, home)
    began = time.monotonic()
    with serve(HubSettings(home=folder / "hub", cluster_mode=cluster_mode)) as user:
        life = Life(programs, home, home, user)
        try:
            live(life)
            failure = ""
        except (StepFailed, subprocess.TimeoutExpired) as error:
            failure = str(error)
    seconds = time.monotonic() - began
    title = f"{PACKAGES[package].name}, {cluster_mode}: {len(life.steps)} steps, {seconds:.0f} s"
    rows = [f"| {step.name} | {step.words.replace('|', '/')} |" for step in life.steps]
    print("\n".join([f"\n## {title}\n", "| step | in its own words |", "|---|---|", *rows]))
    print(f"\nFAILED at {failure}" if failure else "\nA whole life.", flush=True)
    return not failure


@contextmanager
def serve(settings: HubSettings) -> Iterator[Mapping[str, str]]:
    """Run `auger hub serve`; yield a user of it with an organization of its own."""
    env = {**os.environ, **settings.to_environment()}
    auger = [sys.executable, "-m", "auger_reconcile", "hub"]
    with subprocess.Popen([*auger, "serve"], env=env, stdout=subprocess.DEVNULL) as hub:
        try:
            assert wait_until(lambda: daemon.find_running(settings) is not None, seconds=60)
            running = daemon.find_running(settings)
            assert running is not None
            add = [*auger, "user", "add", "judge@example.com", "--organization", "judges", "--json"]
            done = subprocess.run(add, env=env, capture_output=True, check=True, text=True)
            user = json.loads(done.stdout)
            yield {**user, "url": running.url, "cluster_mode": settings.cluster_mode}
        finally:
            daemon.stop(settings)
            hub.wait(timeout=60)


if __name__ == "__main__":
    sys.exit(main())
