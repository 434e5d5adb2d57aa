"""Read and write plans in files: whole or not at all, refused when damaged, newer or stale."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any

from auger_reconcile.api.hubs.session import LOCAL
from auger_reconcile.api.plans.made_of import (
    STANDARD,
    files_of,
    how_to_plan_anew,
    with_files_of_now,
)
from auger_reconcile.errors import AugerError, StalePlan
from auger_reconcile.web_url import is_loopback

if TYPE_CHECKING:
    from auger_reconcile.api.workspace import Workspace
    from auger_reconcile.planner.build import PlanOptions
    from auger_reconcile.planner.plan import Plan
    from auger_reconcile.state import ObservedState

_FOR_APPLY = (
    "declaration",
    "files",
    "hub_id",
    "needed",
    "options",
    "refresh_sources",
    "refused",
    "seal",
)
_HEAD = 256  # bytes; a saved plan begins with its version
LARGEST = 256 * 1024 * 1024  # bytes; ten thousand actions take about ten million


@dataclass(frozen=True)
class SavedPlan:
    """A plan that was read from a file.

    Attributes:
        path: the file.
        document: its content, checked.
    """

    path: Path
    document: dict[str, Any]

    @property
    def plan(self) -> Plan:
        """The plan as it can be shown; it cannot be carried out."""
        from auger_reconcile.planner.saved.document import plan_of

        return plan_of(self.document)

    @property
    def shown(self) -> dict[str, Any]:
        """Its JSON form, without what only an apply needs."""
        return {name: value for name, value in self.document.items() if name not in _FOR_APPLY}


def save_plan(
    path: Path, plan: Plan, workspace: Workspace, options: PlanOptions | None = None
) -> None:
    """Write a plan into a file, whole or not at all; `-` is the standard output.

    Raises:
        AugerError: the file cannot be written, or the declaration holds a secret.
    """
    text = to_text(plan, workspace, options)
    if path == STANDARD:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    _refuse_to_replace(path)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise AugerError(f"`{path}` cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def to_text(plan: Plan, workspace: Workspace, options: PlanOptions | None = None) -> str:
    """Return a plan with all that a later apply needs.

    Raises:
        AugerError: the declaration holds a secret.
    """
    from auger_reconcile.planner.build import PlanOptions
    from auger_reconcile.planner.saved.document import to_saved
    from auger_reconcile.redact import redact

    document = to_saved(
        plan,
        workspace.desired,
        options or PlanOptions(),
        files=files_of(workspace),
        refresh_sources=workspace.refresh_sources,
    )
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    for declared in workspace.desired.resources.values():
        source = getattr(declared.spec, "source", None)
        if source and "://" in source and redact(source) != source:
            raise AugerError(
                f"{declared.address}: its source carries a secret, which no saved plan may hold"
            )
    return text


def _refuse_to_replace(path: Path) -> None:
    """Let a plan take the place of another plan, or of an empty file, and of nothing else.

    Raises:
        AugerError: there is something else.
    """
    try:
        is_free = not path.exists() or (path.is_file() and not path.stat().st_size)
        if is_free:
            return
        if path.is_file():
            with path.open("rb") as file:
                if b'"format_version"' in file.read(_HEAD):
                    return
    except OSError as error:
        raise AugerError(f"`{path}` cannot be written: {error.strerror}") from None
    raise AugerError(
        f"`{path}` is there and is no saved plan", hint="it was left as it is; name another file"
    )


def read_plan(path: Path) -> SavedPlan:
    """Read a saved plan.

    Raises:
        AugerError: the file is no saved plan, is damaged, or was made by a newer format.
    """
    from auger_reconcile.planner.saved.document import FORMAT_VERSION, plan_of, seal_of
    from auger_reconcile.planner.saved.saved_plan_schema import check_saved_plan

    try:
        if path != STANDARD:
            _check_file(path)
        document = json.loads(sys.stdin.buffer.read() if path == STANDARD else path.read_bytes())
    except OSError as error:
        raise AugerError(f"`{path}` cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        is_declaring = path.suffix in (".yaml", ".yml")
        hint = f"`-f {path}` names it as a file that declares resources" if is_declaring else None
        raise AugerError(f"`{path}` is no saved plan: it is no JSON", hint=hint) from None
    version = document.get("format_version") if isinstance(document, dict) else None
    if not isinstance(version, str) or "seal" not in document:
        raise AugerError(f"`{path}` is no saved plan", hint="auger plan --out FILE makes one")
    if version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise AugerError(
            f"`{path}` has format {version}; this auger reads {FORMAT_VERSION}",
            hint="apply it with the version of auger that made it",
        )
    try:
        if seal_of(document) != document["seal"]:
            raise AugerError(f"`{path}` is damaged: its content does not fit its seal")
        check_saved_plan(document)
        plan_of(document)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise AugerError(f"`{path}` is damaged: something is missing in it") from None
    return SavedPlan(path, document)


def _check_file(path: Path) -> None:
    """Check that a path is a file of a size that a plan may have.

    Raises:
        OSError: it is not there.
        AugerError: it is something else.
    """
    from auger_reconcile.config.syntax.text import kind_of_file

    told = path.stat()
    if not S_ISREG(told.st_mode):
        what = kind_of_file(told.st_mode)
        raise AugerError(f"`{path}` is no saved plan: it is {what}", hint="`-` is standard input")
    if told.st_size > LARGEST:
        raise AugerError(f"`{path}` is too large for a saved plan")


def _check_hub(document: Mapping[str, Any], observed: ObservedState, *, is_local: bool) -> None:
    """Check that the hub is the one that a plan was made for; the port of a local one may change.

    Raises:
        StalePlan: it is another one.
    """
    made_for, here = document["hub"], observed.hub
    known, told = document.get("hub_id"), observed.hub_id
    if known and told and known != told:
        hint = "AUGER_HUB_HOME names the folder of a local hub" if is_local else None
        raise StalePlan(f"the plan is for another hub than the one at {here}", hint=hint)
    is_same = is_local or (known and told)
    if here != made_for and not (is_same and is_loopback(made_for) and is_loopback(here)):
        raise StalePlan(f"the plan is for {made_for}, not for {here}")


def refresh_plan(saved: SavedPlan, workspace: Workspace) -> tuple[Plan, Workspace]:
    """Return the plan that carries out a saved one now, and the workspace to apply it in.

    Args:
        saved: the plan.
        workspace: reads the hub; its files must be those of the plan.

    Raises:
        StalePlan: the files or an object that the plan touches have changed.
        PlanRefused: it was saved although a guard forbids it.
    """
    from auger_reconcile.api.plans.policies import with_saved_objections
    from auger_reconcile.planner.build import build_plan
    from auger_reconcile.planner.saved.document import declaration_of, options_of
    from auger_reconcile.planner.saved.stale import still_fitting

    document = saved.document
    try:
        desired, options = declaration_of(document), options_of(document)
    except (KeyError, TypeError, ValueError):
        raise AugerError(f"`{saved.path}` is damaged: its declaration cannot be read") from None
    # What was approved, not what the files became.
    workspace = with_files_of_now(saved.path, document, desired, workspace)
    observed = workspace.observe()
    is_local = (workspace.hub or desired.hub or LOCAL) == LOCAL
    _check_hub(document, observed, is_local=is_local)
    try:
        plan = still_fitting(document, build_plan(workspace.desired, observed, options), observed)
        environment = document.get("environment")
        plan = replace(plan, coverage=plan.coverage._replace(environment=environment))
    except StalePlan as error:
        told = f"the hub has changed since the plan was made: {error}"
        hint = how_to_plan_anew(saved.path, document, workspace)
        raise StalePlan(told, hint=hint) from None
    plan = with_saved_objections(workspace.judge(plan), document, workspace.approved)
    return plan, workspace
