"""Predict with a downloaded model: its export runs in a process of its own."""

from __future__ import annotations

import csv
import functools
import json
import os
import shlex
import shutil
import site
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from auger_reconcile.client.files.rows import copy_unpacked, is_packed
from auger_reconcile.client.files.tables import Notice, predicted_path
from auger_reconcile.client.http.download import sha256_of
from auger_reconcile.client.predict import refuse_threshold
from auger_reconcile.errors import AugerError, NotFound

NoticesTold = Callable[[list[dict[str, Any]]], None]
IMAGE = "deeplearninc/auger-ml-worker:stable"
MOUNT = "/var/src/auger-ml-worker/exported_model"  # wire contract §2.14
DONE = ".complete"
_NOTICE = "notice: "
_NOTICES = "notices.json"
_RUNS_CODE = {
    "code": "runs-code",
    "column": None,
    "count": None,
    "text": "This ran the program of the export on this machine, as the hub sent it.",
}
_PASSED: tuple[str, ...] = (
    *("PATH", "LANG", "LC_", "TZ", "TMP", "TEMP", "SYSTEMROOT", "PYTHON", "VIRTUAL_ENV"),
    *("CONDA", "LD_", "DYLD_", "OMP_", "OPENBLAS_", "MKL_", "COV"),
)
"""How the variables begin that an export gets: what it takes to find Python and its packages."""
_WITHOUT_NETWORK = ("unshare", "--map-root-user", "--net", "--")


@dataclass
class ExportedModel:
    """A downloaded model, asked in a process of its own about all rows at once."""

    folder: Path
    arguments: list[str]
    told: list[Notice] = field(default_factory=list)
    size: int | None = None

    @property
    def target(self) -> str | None:
        """What it predicts, where the export says so."""
        return self._description.get("target")

    def ask(self, columns: list[str], records: list[list[Any]]) -> tuple[list[str], list[Any]]:
        """Write the rows as CSV for the export, and read what it has added."""
        with tempfile.TemporaryDirectory(prefix="auger-predict-") as room:
            source = Path(room) / "data.csv"
            with source.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([columns, *records])
            said = _run(_command(self.folder, source, self.arguments), self.folder, Path(room))
            self.told.extend([_RUNS_CODE, *_notices_in(Path(room), said)])
            with predicted_path(source).open(newline="", encoding="utf-8") as file:
                header, *rows = csv.reader(file)
        start = len(columns)
        return header[start:], [self._typed(row[start:]) for row in rows]

    def _typed(self, cells: list[str]) -> list[Any]:
        """Return labels as the model has them, and numbers; texts of what says neither."""
        if "classes" not in self._description:
            return list(cells)
        labels = {str(label): label for label in self.classes}
        first, *others = cells
        numbers = [float(cell) if cell else None for cell in others]
        if labels:
            return [labels.get(first, first), *numbers]
        return [float(first) if first else None, *numbers]

    @property
    def classes(self) -> list[Any]:
        """The classes that it tells apart, where the export says so."""
        return list(self._description.get("classes") or ())

    @property
    def predicts_numbers(self) -> bool:
        """Whether the export says that it knows no classes."""
        return "classes" in self._description and not self._description["classes"]

    @cached_property
    def _description(self) -> dict[str, Any]:
        try:
            described: dict[str, Any] = json.loads(
                (self.folder / "model" / "model.json").read_text(encoding="utf-8")
            )
        except (OSError, ValueError):  # an export of the Auger Cloud
            return {}
        return described


def open_export(
    archive: Path, *, threshold: float | None = None, proba: bool = False, explain: bool = False
) -> ExportedModel:
    """Return a downloaded model to ask.

    Args:
        archive: `models/model-<id>.zip`.
        threshold: of the positive class, or None.
        proba: add the probability of each class.
        explain: add what each column contributes.

    Raises:
        NotFound: the model has not been downloaded.
        AugerError: it predicts numbers where probabilities are wanted, or tells not two classes
            apart and is given a threshold.
    """
    if not archive.is_file():
        model_id = _id_of(archive)
        raise NotFound(
            f"model {model_id} has not been downloaded",
            hint=_command_to_deploy(archive),
        )
    arguments = [f"--threshold={threshold}"] if threshold is not None else []
    arguments += ["--proba"] if proba else []
    arguments += ["--explain"] if explain else []
    model = ExportedModel(unpack(archive), arguments)
    if threshold is not None:
        if model.predicts_numbers:
            told = f"model {_id_of(archive)} predicts numbers, which need no threshold"
            raise AugerError(told)
        refuse_threshold(len(model.classes))
    if proba and model.predicts_numbers:
        raise AugerError(f"model {_id_of(archive)} predicts numbers, which have no probabilities")
    return model


def predict_locally(
    model: ExportedModel, source: Path, result: Path, on_notices: NoticesTold | None = None
) -> Path:
    """Predict every row of a CSV file with a downloaded export; return the result's path.

    The export gets the file as it is. The result appears when it is complete, or not at all: it is
    made beside its place, since the input may lie on another disk, or where nothing may be written.

    Raises:
        AugerError: the export does not run.
    """
    folder, arguments = model.folder, model.arguments
    try:
        with _room_beside(result) as room:
            copied = _bring(source, room)
            command = _command(folder, copied, arguments)
            said = _run(command, folder, room)
            if not predicted_path(copied).exists():
                raise AugerError("the downloaded model wrote no predictions")
            predicted_path(copied).replace(result)
            if on_notices:
                on_notices([_RUNS_CODE, *_notices_in(room, said)])
    except OSError as error:
        raise AugerError(f"`{source}` cannot be predicted: {error.strerror}") from None
    return result


@contextmanager
def _room_beside(result: Path) -> Iterator[Path]:
    """Make a folder to work in; that it cannot be is no fault of the input."""
    with ExitStack() as stack:
        try:
            made = tempfile.TemporaryDirectory(dir=result.parent, prefix=".predict-")
            room = stack.enter_context(made)
        except OSError as error:
            raise AugerError(f"`{result}` cannot be written: {error.strerror}") from None
        yield Path(room)


def _bring(source: Path, room: Path) -> Path:
    """Put the file into a folder of its own, unpacked: an export writes beside its input.

    It keeps its name, which is how the export names it in an error.
    """
    inner = source.with_suffix("") if is_packed(source) else source
    (folder := room / "data").mkdir()
    copied = folder / f"{inner.stem}{inner.suffix or '.csv'}"
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


def _command(folder: Path, source: Path, arguments: list[str]) -> list[str]:
    if not (folder / "requirements.txt").exists():  # an export of the Auger Cloud
        return _in_container(folder, source, arguments)
    client = str(folder.resolve() / "client.py")
    return [sys.executable, client, f"--path_to_predict={source.resolve()}", *arguments]


def _notices_in(room: Path, said: str) -> list[dict[str, Any]]:
    """Return the notices of an export: older ones only write their texts on standard error."""
    if (room / _NOTICES).exists():
        told: list[dict[str, Any]] = json.loads((room / _NOTICES).read_text(encoding="utf-8"))
        return told
    lines = [line.removeprefix(_NOTICE) for line in said.splitlines() if line.startswith(_NOTICE)]
    return [{"code": "prediction", "column": None, "count": None, "text": line} for line in lines]


def _run(command: list[str], folder: Path, room: Path) -> str:
    """Run an export; return what it says on standard error.

    It is code that a hub has sent. So it gets to know neither credentials nor the user's folder,
    and has no network where the system lets a user take it away. In a container it has neither.

    Raises:
        AugerError: it failed.
    """
    environ = dict(os.environ)
    if command[0] == sys.executable:
        environ = _plain_environment(room)
        command = [*_cut_off(), *command]
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


def _plain_environment(room: Path) -> dict[str, str]:
    """Return what finds Python's packages, with a folder of no interest as the user's."""
    passed = {name: value for name, value in os.environ.items() if name.startswith(_PASSED)}
    passed.pop("PYTHONSAFEPATH", None)  # it hides the export's own package
    own = {"HOME": str(room), "AUGER_NOTICES": str(room / _NOTICES)}
    return {**passed, **own, "PYTHONUSERBASE": site.getuserbase()}


@functools.cache
def _cut_off() -> tuple[str, ...]:
    """Return what starts a program without network, nothing where that is not possible."""
    if shutil.which(_WITHOUT_NETWORK[0]) is None:
        return ()
    tried = subprocess.run([*_WITHOUT_NETWORK, "true"], capture_output=True, check=False)
    return _WITHOUT_NETWORK if tried.returncode == 0 else ()


def unpack(archive: Path) -> Path:
    """Unpack an export beside itself, once; return the folder.

    Raises:
        AugerError: the archive is damaged, not the one that the hub made, or wants to write outside
            its folder.
    """
    folder = archive.with_suffix("")
    _check_digest(archive)
    if (folder / DONE).exists() and (folder / DONE).stat().st_mtime >= archive.stat().st_mtime:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    unzip(archive, folder, hint=_command_to_deploy(archive))
    (folder / DONE).touch()
    return folder


def _check_digest(archive: Path) -> None:
    """Refuse an archive that is not what its hub sent; of some hubs no digest is known."""
    try:
        note = json.loads(archive.with_suffix(".json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    with archive.open("rb") as file:
        if note.get("sha256") not in (None, sha256_of(file)):
            told = f"`{archive}` is not what the hub has sent: its digest differs"
            raise AugerError(told, hint=_command_to_deploy(archive))


def unzip(archive: Path, folder: Path, *, hint: str | None = None) -> Path:
    """Unpack an export; return the folder.

    Raises:
        AugerError: the archive is damaged, or wants to write outside the folder.
    """
    try:
        with zipfile.ZipFile(archive) as file:
            for name in file.namelist():
                if not (folder / name).resolve().is_relative_to(folder.resolve()):
                    raise AugerError(f"`{archive}` holds a path that leaves its folder")
            file.extractall(folder)
    except (zipfile.BadZipFile, OSError) as error:
        raise AugerError(f"`{archive}` cannot be unpacked: {error}", hint=hint) from None
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
