"""Which files to read: an auger.yaml, or every one below a folder."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from auger_reconcile.config.syntax.text import STDIN, file_error, show_path
from auger_reconcile.diagnostics import Diagnostic

FILE_NAME = "auger.yaml"
SECOND_FILE = "config.yaml"  # of the two-file layout of a later client
_SKIPPED = frozenset({"node_modules", "__pycache__"})
_FILES = (".yaml", ".yml")
_HINT = "auger new NAME"
# What the first clients call their file, and slips.
_FIRST = ("auger_experiment.yml", "auger_experiment.yaml")
_MISNAMED = ("auger.yml", "auger.yaml.txt", *_FIRST)


def find_files(paths: Sequence[Path]) -> tuple[tuple[Path, ...], tuple[Diagnostic, ...]]:
    """Return every file that is meant, each once: files as they are, folders searched.

    Hidden folders and virtual environments are left out.
    """
    found: dict[Path, Path] = {}
    problems: list[Diagnostic] = []
    for path in paths:
        files = list(_walk(path)) if path.is_dir() else [path]
        if not files:
            problems.append(_no_config(path))
        for file in files:
            if file != STDIN and not file.exists():
                problems.append(_no_file(file))
                continue
            found.setdefault(file.resolve(), file)
    return tuple(found.values()), tuple(problems)


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _SKIPPED
            and not Path(parent, name, "pyvenv.cfg").exists()
        )
        if FILE_NAME in files:
            yield Path(parent, FILE_NAME)


def _no_file(file: Path) -> Diagnostic:
    """Return that a file is not there, and which one beside it may be meant."""
    near = next((file.with_name(name) for name in _MISNAMED if file.with_name(name).exists()), None)
    hint = _HINT if file == Path(FILE_NAME) else None
    label = None
    if file.name == FILE_NAME and near:
        label, named = f"there is `{near}`", f"auger -f {shlex.quote(str(near))}"
        hint = f"{named} plan"
        if near.name in _FIRST:
            label += ", of the first clients"
            hint = f"`{named} validate` tells what its settings are called in an {FILE_NAME}"
    return file_error(file, "no-config", "there is no such file", label=label, hint=hint)


def _no_config(folder: Path) -> Diagnostic:
    for place in (folder, folder / FILE_NAME):
        if place.suffix in _FILES and place.is_dir():
            advice = f"move it away: a file `{FILE_NAME}` declares a project"
            return file_error(place, "unreadable", "it is no file", label="a folder", hint=advice)
    above = next((at for at in folder.resolve().parents if (at / FILE_NAME).is_file()), None)
    label = f"there is one above: {show_path(above / FILE_NAME)}" if above else None
    summary = f"there is no {FILE_NAME} here"
    return file_error(folder, "no-config", summary, label=label, hint=_HINT)
