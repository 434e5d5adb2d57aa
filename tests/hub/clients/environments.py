"""Environments of the cloud's public clients: old programs, so old Pythons and old libraries."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLD_PYTHON = "3.8"
"""The newest one that most of them still run on: they use what pandas took away later."""


@dataclass(frozen=True)
class Package:
    """What is installed for one client."""

    name: str
    requirements: tuple[str, ...]
    python: str = OLD_PYTHON


PACKAGES = {
    "auger.ai": Package(
        "auger.ai 0.2.5", ("auger.ai==0.2.5", "pandas<1", "numpy<1.24", "ruamel.yaml<0.17")
    ),
    "auger-cli": Package("auger-cli 0.1.12", ("auger-cli==0.1.12", "ruamel.yaml<0.17"), "3.7"),
    "a2ml": Package("a2ml 1.1.0", ("a2ml==1.1.0",)),
    "hub-client-0.6.8": Package("auger-hub-api-client 0.6.8", ("auger-hub-api-client==0.6.8",)),
    "hub-client-0.7.4": Package("auger-hub-api-client 0.7.4", ("auger-hub-api-client==0.7.4",)),
}


class NoOldPython(Exception):
    """There is none on this machine, and no program that could get one."""


def make_environment(name: str, folder: Path, python: str | None) -> Path:
    """Return the programs' folder of a new environment; one that is there already is kept."""
    programs = folder / name / "bin"
    if not (programs / "installed").exists():
        version = PACKAGES[name].python
        given = python if version == OLD_PYTHON else None
        _create(folder / name, version, given)
        pip = [programs / "python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
        wanted = PACKAGES[name].requirements
        subprocess.run([*pip, "install", *wanted], check=True, stderr=subprocess.DEVNULL)
        (programs / "installed").touch()
    return programs


def _create(folder: Path, version: str, python: str | None) -> None:
    found = python or next(_old_pythons(version), None)
    if found:
        command = [found, "-m", "venv", folder]
    elif uv := shutil.which("uv"):
        command = [uv, "venv", "--quiet", "--seed", "--python", version, folder]
    else:
        raise NoOldPython(f"the clients need Python {version}: name one, or install `uv`")
    subprocess.run(command, check=True)


def _old_pythons(version: str) -> Iterator[str]:
    """Yield those that really start: a version manager may have put a stub on the path."""
    managed = sorted((Path.home() / ".pyenv/versions").glob(f"{version}.*/bin/python"))
    for program in (shutil.which(f"python{version}"), *managed):
        if program and not subprocess.run([program, "-c", ""], capture_output=True).returncode:  # noqa: PLW1510
            yield str(program)
