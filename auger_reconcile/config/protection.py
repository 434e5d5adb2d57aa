"""What was protected stays so when it is removed from the file: `auger.lock.yaml` remembers it.

A protection that goes with the line that declares it protects from nothing but a typing error. The
file lies beside auger.yaml and belongs into version control, where a removed line is seen.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Map
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from auger_reconcile.address import Address
from auger_reconcile.config.syntax.compose import compose
from auger_reconcile.config.syntax.nodes import Mapping, Node, Scalar, Sequence
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.config.syntax.text import file_error, read_text
from auger_reconcile.errors import AugerError
from auger_reconcile.resources._registry import all_kinds
from auger_reconcile.state import DesiredState

HEAD = """\
# Written by `auger apply`. What is listed here is deleted by no plan, declared or not. To release
# something: declare it without `prevent_destroy` and apply, or remove its line.
"""


class Lock(NamedTuple):
    """One lock file: the projects that are declared beside it, and what it lists."""

    path: Path
    projects: frozenset[str]
    protected: frozenset[Address]

    def after_apply(self, desired: DesiredState) -> frozenset[Address]:
        """Return what it has to list once the declarations are applied.

        What is not declared any more stays protected, unless `removed` or `moved` says that it is
        known by no or another name; what is declared without protection is released.
        """
        declared = desired.resources
        asked = {at for at, one in declared.items() if one.spec.lifecycle.prevent_destroy}
        here = {at for at in asked if at.project in self.projects}
        moved = {
            Address(at.project, at.kind, name)
            for at, one in declared.items()
            for name in one.spec.formerly
        }
        return frozenset(here | (self.protected - declared.keys() - moved - desired.forgotten))


def read_locks(folders: Map[str, Path], env: str | None, report: Report) -> tuple[Lock, ...]:
    """Return the lock files of projects, by the folders that they are declared in."""
    projects: dict[Path, set[str]] = {}
    for project, folder in folders.items():
        projects.setdefault(lock_path(folder, env), set()).add(project)
    return tuple(
        Lock(path, frozenset(names), read_protected(path, report))
        for path, names in projects.items()
    )


def lock_path(folder: Path, env: str | None) -> Path:
    """Return where the protections of a folder are remembered; environments have their own."""
    return folder / (f"auger.{env}.lock.yaml" if env else "auger.lock.yaml")


def read_protected(path: Path, report: Report) -> frozenset[Address]:
    """Return what a lock file protects; where there is none, nothing."""
    if not path.exists() and not path.is_symlink():
        return frozenset()
    text, problems = read_text(path)
    report.add(*problems)
    if text is None:
        return frozenset()
    composed = compose(text)
    report.add(*composed.diagnostics)
    roots = [document.root for document in composed.documents if document.root is not None]
    if not roots and not composed.diagnostics:
        hint = "an empty one would protect nothing; version control has the one of before"
        report.add(file_error(path, "wrong-lock", "a lock file that lists nothing", hint=hint))
    return frozenset(address for root in roots for address in _read_root(root, report))


def _read_root(root: Node, report: Report) -> Iterator[Address]:
    listed = root.value("protected") if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or not isinstance(listed, Mapping) or len(root.entries) > 1:
        _refuse(root if listed is None else listed, report)
        return
    for project, (_, addresses) in listed.entries.items():
        for item in addresses.items if isinstance(addresses, Sequence) else [addresses]:
            if address := _read_address(item, report):
                yield Address(project, address.kind, address.name)


def _read_address(item: Node, report: Report) -> Address | None:
    with suppress(ValueError):
        address = Address.parse(item.text if isinstance(item, Scalar) else "")
        if address.kind in all_kinds():
            return address
    _refuse(item, report)
    return None


def _refuse(node: Node, report: Report) -> None:
    hint = "`protected` holds a list of addresses for each project"
    report.error("wrong-lock", "no list of protected resources", node, hint=hint)


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
