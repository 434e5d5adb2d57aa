"""Ask a downloaded model: its export runs in a process of its own, beside the file to predict."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from auger_reconcile.client.predict import predicted_path
from auger_reconcile.errors import AugerError, NotFound

IMAGE = "deeplearninc/auger-ml-worker:stable"
MOUNT = "/var/src/auger-ml-worker/exported_model"  # wire contract §2.14
DONE = ".complete"


def predict_locally(archive: Path, source: Path, threshold: float | None) -> Path:
    """Predict every row of a file with a downloaded export; return the result's path.

    Args:
        archive: `models/model-<id>.zip`.
        source: the file to predict.
        threshold: of the positive class, or None.

    Raises:
        NotFound: the model has not been downloaded.
        AugerError: the export does not run.
    """
    if not archive.is_file():
        model_id = archive.stem.removeprefix("model-")
        raise NotFound(
            f"model {model_id} has not been downloaded",
            hint=f"auger model deploy {model_id} --locally",
        )
    if not source.is_file():
        raise AugerError(f"`{source}` cannot be read: there is no such file")
    folder = unpack(archive)
    arguments = [f"--threshold={threshold}"] if threshold is not None else []
    if (folder / "requirements.txt").exists():
        command = [
            sys.executable,
            str(folder.resolve() / "client.py"),
            f"--path_to_predict={source.resolve()}",
            *arguments,
        ]
    else:  # made by the Auger Cloud, whose exports need its container
        command = _in_container(folder, source, arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    result = predicted_path(source)
    if done.returncode != 0 or not result.exists():
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise AugerError(f"the downloaded model failed: {''.join(last) or 'it said nothing'}")
    return result


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
        raise AugerError(f"`{archive}` cannot be unpacked: {error}") from None
    (folder / DONE).touch()
    return folder


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
