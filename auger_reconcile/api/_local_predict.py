"""Predict with a downloaded model: its export runs in a process of its own."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from auger_reconcile.client.predict import predicted_path
from auger_reconcile.client.rows import copy_unpacked, is_packed
from auger_reconcile.errors import AugerError, NotFound

NoticesTold = Callable[[list[dict[str, Any]]], None]
IMAGE = "deeplearninc/auger-ml-worker:stable"
MOUNT = "/var/src/auger-ml-worker/exported_model"  # wire contract §2.14
DONE = ".complete"
_NOTICE = "notice: "


def predict_locally(
    archive: Path, source: Path, threshold: float | None, on_notices: NoticesTold | None = None
) -> Path:
    """Predict every row of a file with a downloaded export; return the result's path.

    The result appears when it is complete, or not at all.

    Args:
        archive: `models/model-<id>.zip`.
        source: the file to predict, compressed or not.
        threshold: of the positive class, or None.
        on_notices: told what the model could not read, and what was guessed about the file.

    Raises:
        NotFound: the model has not been downloaded.
        AugerError: the export does not run.
    """
    if not archive.is_file():
        model_id = _id_of(archive)
        raise NotFound(
            f"model {model_id} has not been downloaded",
            hint=_command_to_deploy(archive),
        )
    folder = unpack(archive)
    result = predicted_path(source)
    arguments = [f"--threshold={threshold}"] if threshold is not None else []
    try:
        with tempfile.TemporaryDirectory(dir=source.parent, prefix=".predict-") as room:
            copied = _bring(source, Path(room))
            command = _command(folder, copied, arguments)
            said = _run(command, folder)
            if not predicted_path(copied).exists():
                raise AugerError("the downloaded model wrote no predictions")
            predicted_path(copied).replace(result)
            if on_notices:
                on_notices(_notices_in(said))
    except OSError as error:
        raise AugerError(f"`{source}` cannot be predicted: {error.strerror}") from None
    return result


def _bring(source: Path, room: Path) -> Path:
    """Put the file into a folder of its own, unpacked: an export writes beside its input."""
    copied = room / f"data{_extension(source)}"
    if is_packed(source):
        copy_unpacked(source, copied)
        return copied
    try:
        copied.hardlink_to(source.resolve(strict=True))
    except FileNotFoundError:
        raise
    except OSError:  # the file system has no hard links, or the file is somebody else's
        shutil.copyfile(source, copied)
    return copied


def _extension(source: Path) -> str:
    inner = source.with_suffix("") if is_packed(source) else source
    return inner.suffix or ".csv"


def _command(folder: Path, source: Path, arguments: list[str]) -> list[str]:
    if not (folder / "requirements.txt").exists():  # an export of the Auger Cloud
        return _in_container(folder, source, arguments)
    client = str(folder.resolve() / "client.py")
    return [sys.executable, client, f"--path_to_predict={source.resolve()}", *arguments]


def _notices_in(said: str) -> list[dict[str, Any]]:
    """Return the notices that an export has written on its standard error."""
    lines = [line.removeprefix(_NOTICE) for line in said.splitlines() if line.startswith(_NOTICE)]
    return [{"code": "prediction", "column": None, "count": None, "text": line} for line in lines]


def _run(command: list[str], folder: Path) -> str:
    """Run an export, which gets to know no credentials; return what it says on standard error.

    Raises:
        AugerError: it failed.
    """
    hidden = ("AUGER_CREDENTIALS", "PYTHONSAFEPATH")  # the second hides the export's own package
    environ = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    if done.returncode == 0:
        return done.stderr
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    last = said[-1].removeprefix("error: ") if said else "it said nothing"
    hint = None
    if last.startswith("ModuleNotFoundError"):
        listed = shlex.quote(str(folder / "requirements.txt"))
        hint = f"its packages are listed\npip install -r {listed}"
    raise AugerError(f"the downloaded model failed: {last}", hint=hint)


def unpack(archive: Path) -> Path:
    """Unpack an export beside itself, once; return the folder.

    Raises:
        AugerError: the archive is damaged, or wants to write outside its folder.
    """
    folder = archive.with_suffix("")
    if (folder / DONE).exists() and (folder / DONE).stat().st_mtime >= archive.stat().st_mtime:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with zipfile.ZipFile(archive) as file:
            for name in file.namelist():
                if not (folder / name).resolve().is_relative_to(folder.resolve()):
                    raise AugerError(f"`{archive}` holds a path that leaves its folder")
            file.extractall(folder)
    except (zipfile.BadZipFile, OSError) as error:
        hint = _command_to_deploy(archive)
        raise AugerError(f"`{archive}` cannot be unpacked: {error}", hint=hint) from None
    (folder / DONE).touch()
    return folder


def _id_of(archive: Path) -> str:
    return archive.stem.removeprefix("model-")


def _command_to_deploy(archive: Path) -> str:
    return f"auger model deploy {shlex.quote(_id_of(archive))} --locally"


def _in_container(folder: Path, source: Path, arguments: list[str]) -> list[str]:
    docker = shutil.which("docker")
    if docker is None:
        raise AugerError(
            "this export was made by the Auger Cloud and runs in its container",
            hint="Docker has to be installed; `auger model predict` without `--locally` needs none",
        )
    data = source.resolve().parent
    return [
        docker, "run", "--rm", "-v", f"{folder.resolve()}:{MOUNT}", "-v", f"{data}:/data", IMAGE,
        "python", f"{MOUNT}/client.py", f"--path_to_predict=/data/{source.name}", *arguments,
    ]  # fmt: skip
