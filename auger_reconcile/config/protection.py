"""What was protected stays so when it is removed from the file: `auger.lock.yaml` remembers it.

A protection that goes with the line that declares it protects from nothing but a typing error. The
file lies beside auger.yaml and belongs into version control, where a removed line is seen.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as Map
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from auger_reconcile.address import Address
from auger_reconcile.config.syntax.compose import compose
from auger_reconcile.config.syntax.nodes import Mapping, Node, Scalar, Sequence, span_of
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.config.syntax.text import file_error, read_text
from auger_reconcile.diagnostics import (
    MOST_FINDINGS,
    Severity,
    SourceSpan,
    nearest,
    quote_all,
)
from auger_reconcile.errors import AugerError, ConfigError
from auger_reconcile.resources._registry import all_kinds
from auger_reconcile.state import DesiredState, ProtectionChange

HEAD = """\
# Written by `auger apply`. What is listed here is deleted by no plan, declared or not. To release
# something: declare it without `prevent_destroy` and apply, or remove its line.
"""
KEY = "protected"
_LOCK_NAME = re.compile(r"auger(?:\.(.+))?\.lock\.yaml")
_LOCK_TEXT = re.compile(r"(?:\s*(?:#.*)?\n)*protected\s*:")
_LARGEST_LOOK = 1_000_000  # bytes
_SEVERAL = re.compile(rf",\s*(?:{'|'.join(map(re.escape, all_kinds()))})\.")


class Lock(NamedTuple):
    """One lock file: the projects that are declared beside it, and what it lists."""

    path: Path
    projects: frozenset[str]
    places: Map[Address, SourceSpan]

    @property
    def protected(self) -> frozenset[Address]:
        """What it lists."""
        return frozenset(self.places)

    def after_apply(self, change: ProtectionChange) -> frozenset[Address]:
        """Return what it has to list once a plan is applied; the planner decides what changes."""
        mine = {at for at in change.protects if at.project in self.projects}
        return frozenset((self.protected | mine) - set(change.releases))


def read_locks(folders: Map[str, Path], env: str | None, report: Report) -> tuple[Lock, ...]:
    """Return the lock files of projects, by the folders that they are declared in."""
    projects: dict[Path, set[str]] = {}
    for project, folder in folders.items():
        projects.setdefault(lock_path(folder, env), set()).add(project)
    for folder in dict.fromkeys(folders.values()):
        _find_unread(folder, report)
    return tuple(
        Lock(path, frozenset(names), read_protected(path, report))
        for path, names in projects.items()
    )


def with_locks(
    state: DesiredState, locks: Iterable[Lock], elsewhere: Map[Address, SourceSpan]
) -> DesiredState:
    """Return a desired state that protects what lock files list, of its projects.

    Args:
        state: what is declared.
        locks: the own ones.
        elsewhere: what those of other environments list.
    """
    listed = {at: place for lock in locks for at, place in lock.places.items()}
    others = {
        at: place
        for at, place in elsewhere.items()
        if at.project in state.projects and at not in listed
    }
    return replace(
        state,
        protected=frozenset(listed | others),
        locked_at=listed | others,
        locked_elsewhere=frozenset(others),
    )


def read_again(lock: Lock) -> Lock:
    """Return a lock file as it is by now.

    Raises:
        ConfigError: it cannot be read any more.
    """
    report = Report()
    places = read_protected(lock.path, report)
    if report.has_errors:
        raise ConfigError(report.diagnostics)
    return lock._replace(places=places)


def read_elsewhere(
    folder: Path,
    env: str | None,
    is_same_place: Callable[[str | None], bool],
    report: Report,
) -> dict[Address, SourceSpan]:
    """Return what the lock files of other environments list of the same objects.

    A project of one name on one hub is one project, whatever environment it is applied from. A lock
    file whose overlay is gone may be of any place, so that it protects here too.

    Args:
        folder: of the lock files.
        env: whose own lock file is left out.
        is_same_place: whether an environment means the same hub and organization.
        report: told what is wrong with a lock file.
    """
    found: dict[Address, SourceSpan] = {}
    for path in sorted(folder.glob("auger*.lock.yaml")):
        known = _LOCK_NAME.fullmatch(path.name)
        other = known and known[1]
        if not known or other == env:
            continue
        if is_same_place(other):
            found |= read_protected(path, report)
    return found


def lock_path(folder: Path, env: str | None) -> Path:
    """Return where the protections of a folder are remembered; environments have their own."""
    return folder / (f"auger.{env}.lock.yaml" if env else "auger.lock.yaml")


def _find_unread(folder: Path, report: Report) -> None:
    """Report lock files of a misspelt name, which nothing reads, or of no environment."""
    try:
        names = [one.name for one in folder.iterdir() if one.name.lower().startswith("auger")]
    except OSError:  # what is wrong with it is told by whoever reads auger.yaml
        return
    for name in sorted(names):
        path, known = folder / name, _LOCK_NAME.fullmatch(name)
        if known and (known[1] is None or f"auger.{known[1]}.yaml" in names):
            continue
        if known:
            hint = f"there is no `auger.{known[1]}.yaml`; what it lists is protected everywhere"
            told = file_error(path, "stray-lock", "a lock file of no environment", hint=hint)
            report.add(told._replace(severity=Severity.WARNING))
        elif _is_lock(path):
            hint = "its name is `auger.lock.yaml`, or `auger.ENV.lock.yaml`"
            summary = "a lock file that protects nothing"
            report.add(file_error(path, "unread-lock", summary, hint=hint))


def _is_lock(path: Path) -> bool:
    """Say whether a file is written as a lock file, whatever its name is."""
    with suppress(OSError, UnicodeDecodeError):
        if path.is_file() and path.stat().st_size <= _LARGEST_LOOK:
            return bool(_LOCK_TEXT.match(path.read_text(encoding="utf-8")))
    return False


def read_protected(path: Path, report: Report) -> dict[Address, SourceSpan]:
    """Return what a lock file protects, each with its place; where there is none, nothing."""
    if not path.exists() and not path.is_symlink():
        return {}
    text, problems = read_text(path)
    report.add(*problems)
    if text is None:
        return {}
    composed = compose(text)
    report.add(*composed.diagnostics)
    roots = [document.root for document in composed.documents if document.root is not None]
    if not roots and not composed.diagnostics:
        hint = "an empty one would protect nothing; version control has the one of before"
        report.add(file_error(path, "wrong-lock", "a lock file that lists nothing", hint=hint))
    return {at: span_of(node) for root in roots for at, node in _read_root(root, report)}


def _read_root(root: Node, report: Report) -> Iterator[tuple[Address, Node]]:
    others = [one for one in root.entries if one != KEY] if isinstance(root, Mapping) else []
    listed = root.value(KEY) if isinstance(root, Mapping) else None
    if isinstance(root, Mapping) and others:
        for name in others[:MOST_FINDINGS]:
            is_near = KEY not in root.entries and nearest(name, [KEY])
            hint = f"`{KEY}` is near" if is_near else f"a lock file holds `{KEY}`, and nothing else"
            _refuse(root.entries[name].key, report, "an unknown key in a lock file", hint)
        return
    if not isinstance(listed, Mapping):
        _refuse(root if listed is None else listed, report)
        return
    for project, (_, addresses) in listed.entries.items():
        if isinstance(addresses, Sequence) and not addresses.items:
            hint = "to release everything of a project, remove its line as well"
            _refuse(addresses, report, "a list that protects nothing", hint)
        for item in addresses.items if isinstance(addresses, Sequence) else [addresses]:
            address = _read_address(item, report)
            if address and address.project in ("", project):
                yield address._replace(project=project), item
            elif address:
                hint = f"it stands below `{project}`, and not below `{address.project}`"
                _refuse(item, report, "an address of another project", hint)


def _read_address(item: Node, report: Report) -> Address | None:
    text = item.text if isinstance(item, Scalar) else ""
    try:
        address = Address.parse(text)
    except ValueError:
        _refuse(item, report)
        return None
    if address.kind not in all_kinds():
        near = nearest(address.kind, all_kinds())
        hint = f"`{near}.{address.name}` is near" if near else f"kinds are {quote_all(all_kinds())}"
        _refuse(item, report, "a kind that there is not", hint)
    elif _SEVERAL.search(text):
        hint = "each address is an item of its own: it begins with `- `"
        _refuse(item, report, "several addresses in one text", hint)
    else:
        return address
    return None


def _refuse(
    node: Node,
    report: Report,
    summary: str = "no list of protected resources",
    hint: str = "`protected` holds a list of addresses for each project",
) -> None:
    report.error("wrong-lock", summary, node, hint=hint)


def write_protected(path: Path, protected: Iterable[Address]) -> None:
    """Write what is protected, whole or not at all; the same list is the same bytes.

    Raises:
        AugerError: the file cannot be written.
    """
    projects: dict[str, list[str]] = {}
    for address in sorted(protected):
        projects.setdefault(address.project, []).append(str(address))
    lines = ["protected:"]
    for project, addresses in projects.items():
        lines.append(f"  {_quote(project)}:")
        lines += (f"    - {_quote(address)}" for address in addresses)
    body = "\n".join(lines) if projects else "protected: {}"
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        draft.write_text(f"{HEAD}{body}\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise AugerError(f"`{path}` cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _quote(text: str) -> str:
    """Return a text in double quotes, which JSON and YAML read alike."""
    return json.dumps(text, ensure_ascii=False)
