"""Remove what deleted objects have left on the disk.

Looks at what is there and at what the database knows, so it does not matter how something was
deleted, or whether the hub was killed before its files were. What is not temporary goes to the
trash first: a database may have been the wrong one after all.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Collection
from collections.abc import Set as AbstractSet

from sqlalchemy import select
from sqlalchemy.orm import Session

from auger_hub.database.engine import Database
from auger_hub.database.tables import (
    PipelineFile,
    Prediction,
    Project,
    ProjectFile,
    Trial,
)
from auger_hub.processes.child_process import is_free
from auger_hub.serving.predictions import Predictions
from auger_hub.settings import HubSettings
from auger_hub.store.local import project_folder
from auger_hub.store.models import model_of
from auger_hub.store.trash import move_to_trash
from auger_hub.temporary import sweep_temporary

_JOB = re.compile(r"((?:profile|run|package|export|score)-\w+)(?:\.lock|\.pid)?")
_PACKAGING = ("package-", "export-")
_NO_DOWNLOAD_SECONDS = 24 * 3600  # none takes so long
_AT_ONCE = 500
KEYS = (
    (ProjectFile, ProjectFile.key),
    (PipelineFile, PipelineFile.key),
    (Prediction, Prediction.result_key),
)
"""Where the database holds keys of stored files."""


def sweep_models(database: Database, settings: HubSettings, predictions: Predictions) -> None:
    """Move the fitted models of trials that are no more to the trash."""
    settings.models_folder.mkdir(exist_ok=True, mode=0o700)  # it may be emptied at any time
    folders = [(model_of(path.name), path) for path in settings.models_folder.iterdir()]
    models = [(name, path) for name, path in folders if name is not None]
    for first in range(0, len(models), _AT_ONCE):
        some = models[first : first + _AT_ONCE]
        query = select(Trial.id).where(Trial.id.in_([name for name, _ in some]))
        with database.connect() as connection:
            known = set(connection.scalars(query))
        for name, path in some:
            if name not in known:
                predictions.forget(name)
                move_to_trash(settings, path, "no trial of this hub has this id")


def sweep_work(settings: HubSettings, busy: Collection[str]) -> None:
    """Remove what processes have left that ended or were killed: data, half models, locks.

    Args:
        settings: of the hub.
        busy: the names of all jobs that have a process, or will have one.
    """
    found = {_JOB.fullmatch(path.name) for path in settings.work_folder.iterdir()}
    for name in {match.group(1) for match in found if match} - set(busy):
        if is_free(settings, name):  # else a process of a killed hub has yet to notice its end
            shutil.rmtree(settings.work_folder / name, ignore_errors=True)
            for suffix in (".pid", ".lock"):
                (settings.work_folder / f"{name}{suffix}").unlink(missing_ok=True)
    sweep_temporary(settings)
    for folder in settings.work_folder.glob("source-*"):  # of a version before
        if time.time() - folder.stat().st_mtime > _NO_DOWNLOAD_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
    if not any(name.startswith(_PACKAGING) for name in busy):
        for folder in settings.models_folder.glob(".packaging-*"):
            shutil.rmtree(folder, ignore_errors=True)


def unnamed(session: Session, organization_id: int, keys: Collection[str]) -> set[str]:
    """Return those keys that no object of the organization names, of whatever kind."""
    left, ordered = set(keys), sorted(keys)
    for first in range(0, len(ordered), _AT_ONCE):
        some = ordered[first : first + _AT_ONCE]
        for table, key in KEYS:
            query = select(key).where(table.organization_id == organization_id, key.in_(some))
            left -= {str(name) for name in session.scalars(query)}
    return left


def files_of(session: Session, project: Project, found: AbstractSet[str]) -> set[str]:
    """Return the keys of a project's stored files, and of uploads that never became a data set.

    `found` are the keys in its folder, looked for before this session began.

    Its folder may hold files of another project: one that had this one's name before it was
    renamed, or one that has it now. The uploads of the latter are named by no row yet, so then all
    that no row names stays until that project goes too.
    """
    mine: set[str] = set()
    others: set[str] = set()
    for table, key in KEYS:
        query = select(table.project_id, key).where(
            table.organization_id == project.organization_id, key.is_not(None)
        )
        for owner, name in session.execute(query):
            (mine if owner == project.id else others).add(str(name))
    names = select(Project.name).where(
        Project.organization_id == project.organization_id, Project.id != project.id
    )
    if project_folder(project.name) not in map(project_folder, session.scalars(names)):
        mine |= found
    return mine - others
