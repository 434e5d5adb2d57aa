"""Compare the files that a saved plan was made of with those that are here, and say what to do.

A plan is carried out where its files are, and with what they protect by now: their content counts,
not where they lie. What was piped is not kept anywhere; of it the data and the lock files count.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auger_reconcile.errors import ActionFailed, ConfigError, StalePlan

if TYPE_CHECKING:
    from auger_reconcile.api.workspace import Workspace
    from auger_reconcile.state import DesiredState

STANDARD = Path("-")  # the standard input or output
_DEFAULT = "auger.yaml"
_FOR_LISTS = {"targets": "--target", "excludes": "--exclude", "repeats": "--replace"}


def files_of(workspace: Workspace) -> list[str]:
    """Return the files of a workspace as they are told in a saved plan."""
    return [path.as_posix() for path in workspace.files]


def with_files_of_now(
    path: Path, document: Mapping[str, Any], desired: DesiredState, workspace: Workspace
) -> Workspace:
    """Return a workspace of what a saved plan declares, with the lock files of now.

    Args:
        path: of the saved plan.
        document: its content.
        desired: what it declares.
        workspace: of the files here.

    Raises:
        StalePlan: the files or the data that it was made of are not here, or have changed.
        ConfigError: they are not valid.
    """
    if _is_piped(document) and not workspace.is_piped:
        _check_environment(document.get("environment"), workspace.env, path)
        _check_sources(path, document, desired, workspace)
        return _piped(desired, workspace)
    if not workspace.has_files:
        told = "the files that the plan was made of are not here"
        raise StalePlan(told, hint=_way_back(path, document, workspace))
    _check_environment(document.get("environment"), workspace.env, path)
    if workspace.desired.digest != document["config_digest"]:
        raise _changed(path, document, desired, workspace)
    read = workspace.loaded._replace(warnings=(), missing=())
    return workspace.holding(read._replace(state=_locked_now(desired, read.state)))


def how_to_plan_anew(path: Path, document: Mapping[str, Any], workspace: Workspace) -> str:
    """Return the hint at a new plan of the same; what the line says is said by who shows it."""
    asked = "".join(f"{one} " for one in _asked(document))
    out = "FILE" if path == STANDARD else shlex.quote(str(path))
    piped = [("-f", str(STANDARD)), ("--env", workspace.env), ("--hub", workspace.hub)]
    options = _in_line(piped) if _is_piped(document) else ""
    return f"a new plan is made by\nauger {options}plan {asked}--out {out}"


def _in_line(given: Iterable[tuple[str, str | None]]) -> str:
    """Return global options as they stand behind `auger`."""
    return "".join(f"{name} {shlex.quote(value)} " for name, value in given if value)


def _asked(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the options of `auger plan` that a plan was made with."""
    options = document["options"]
    yield from (f"--{name}" for name in ("destroy", "prune") if options[name])
    for name, option in _FOR_LISTS.items():
        yield from (f"{option} {shlex.quote(text.removeprefix('/'))}" for text in options[name])
    if options["max_deletes"] is not None:
        yield f"--max-deletes {options['max_deletes']}"
    if document.get("refresh_sources"):
        yield "--refresh-sources"


def _made_of(document: Mapping[str, Any]) -> list[str]:
    return list(document.get("files") or [_DEFAULT])


def _is_piped(document: Mapping[str, Any]) -> bool:
    return str(STANDARD) in _made_of(document)


def _changed(
    path: Path, document: Mapping[str, Any], desired: DesiredState, workspace: Workspace
) -> StalePlan:
    """Return that the files are others than those of the plan, and where those may be."""
    from auger_reconcile.resources.files.source import lacks_content

    if _home(path, document, workspace) is not None:
        told = "the files here are not those that the plan was made of"
        return StalePlan(told, hint=_way_back(path, document, workspace))
    read = (at for at, one in desired.resources.items() if not lacks_content(one.spec))
    workspace.loaded.require_sources(read)
    told = "the files have changed since the plan was made"
    return StalePlan(told, hint=how_to_plan_anew(path, document, workspace))


def _check_environment(made_for: str | None, env: str | None, path: Path) -> None:
    """Tell a plan for another environment from one for files that have changed.

    Raises:
        StalePlan: it is for another one.
    """
    if made_for == env:
        return
    was, now = (f"with `--env {one}`" if one else "without `--env`" for one in (made_for, env))
    hint = "it is applied without `--env`"
    if made_for:
        hint = f"to apply it:\nauger --env {shlex.quote(made_for)} apply {shlex.quote(str(path))}"
    raise StalePlan(f"the plan was made {was}, and this is {now}", hint=hint)


def _way_back(path: Path, document: Mapping[str, Any], workspace: Workspace) -> str:
    """Return the hint at the folder of the files, which is looked for around the plan."""
    home = _home(path, document, workspace)
    plan, folder = str(path if path == STANDARD else path.resolve()), "FOLDER"
    if home is not None:
        plan, folder = os.path.relpath(plan, home), str(home)
    made_of = _made_of(document)
    files = [("-f", file) for file in made_of if made_of != [_DEFAULT]]
    given = [("-C", folder), *files, ("--env", document.get("environment"))]
    given.append(("--hub", workspace.hub))
    told = "it is carried out in the folder of its files"
    return f"{told}\nauger {_in_line(given)}apply {shlex.quote(plan)}"


def _home(path: Path, document: Mapping[str, Any], workspace: Workspace) -> Path | None:
    """Return the folder around a plan, other than this one, from which its files are named so."""
    if path == STANDARD:
        return None
    here = {file.resolve() for file in workspace.files}
    folder = path.resolve().parent
    for home in (folder, *folder.parents):
        files = [home / file for file in _made_of(document)]
        if all(file.exists() for file in files):
            return None if here & {file.resolve() for file in files} else home
        if (home / ".git").exists():
            break
    return None


def _check_sources(
    path: Path, document: Mapping[str, Any], desired: DesiredState, workspace: Workspace
) -> None:
    """Check that the data which a plan of piped files uploads is what it was made of.

    Raises:
        StalePlan: it is not.
    """
    from auger_reconcile.applier.steps import hash_file
    from auger_reconcile.object_store import is_object_url

    made = {(one["project"], one["address"]) for one in document["actions"] if one["after"]}
    for at, declared in desired.resources.items():
        source = getattr(declared.spec, "path", None)
        if source is None or is_object_url(source) or (at.project, str(at)) not in made:
            continue
        try:
            is_same = hash_file(Path(source)) == getattr(declared.spec, "sha256", None)
        except ActionFailed as error:
            hint = how_to_plan_anew(path, document, workspace)
            raise StalePlan(
                str(error), hint=f"the plan is carried out where it was made; {hint}"
            ) from None
        if not is_same:
            told = f"`{source}` has changed since the plan was made"
            raise StalePlan(told, hint=how_to_plan_anew(path, document, workspace))


def _piped(desired: DesiredState, workspace: Workspace) -> Workspace:
    """Return a workspace of what was piped once, with the lock files of this folder.

    Raises:
        ConfigError: one of them is not valid.
    """
    from auger_reconcile.config.load import Loaded
    from auger_reconcile.config.protection import read_elsewhere, read_locks, with_locks
    from auger_reconcile.config.syntax.report import Report

    report = Report()
    locks = read_locks({name: Path() for name in desired.projects}, workspace.env, report)
    elsewhere = read_elsewhere(Path(), workspace.env, lambda _: True, report)
    if report.has_errors:
        raise ConfigError(report.diagnostics)
    read = Loaded(_locked_now(desired, with_locks(desired, locks, elsewhere)), (), locks)
    return replace(workspace, files=(STANDARD,)).holding(read)


def _locked_now(desired: DesiredState, files: DesiredState) -> DesiredState:
    """Return a desired state that protects what the lock files list by now as well."""
    return replace(
        desired,
        protected=desired.protected | files.protected,
        locked_at=files.locked_at,
        locked_elsewhere=(desired.locked_elsewhere - files.protected) | files.locked_elsewhere,
    )
