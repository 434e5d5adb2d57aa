"""What has to hold between settings and between resources, beyond the type of each."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Map
from functools import partial
from typing import Any
from unicodedata import normalize

from auger_reconcile.address import composed
from auger_reconcile.config.declarations.declaration import Declaration, ProjectFile
from auger_reconcile.config.declarations.validate import node_at, setting_names
from auger_reconcile.config.syntax.nodes import Mapping, Node, Scalar, Sequence, is_absent
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.diagnostics import quote_some
from auger_reconcile.resources._base import Finding
from auger_reconcile.resources._referring import referred_specs
from auger_reconcile.resources._registry import all_kinds, kind_of
from auger_reconcile.resources._spec import Spec
from auger_reconcile.state import Declared


def check_rules(document: ProjectFile, built: Map[str, Declared], report: Report) -> None:
    """Report everything in a document that no single setting can tell.

    Args:
        document: the declarations.
        built: the resources that could be made of them, by `kind.name`.
        report: takes the problems.
    """
    for item in document.declarations:
        kind, about = kind_of(item.kind), report.about(item.known_address)
        _check_references(item, document, about)
        if "lifecycle" in item.settings.entries:
            _check_lifecycle(item, about)
        _tell(kind.check_written(_texts_of(item.settings)), item, about)
        if declared := built.get(item.address):
            refs = referred_specs(item.kind, declared.spec, partial(_spec_of, built))
            _tell(kind.check(declared.spec, refs), item, about)
    for name, items in document.by_name.items():
        _check_alike(items.values(), report)
        specs = [built[item.address].spec for item in items.values() if item.address in built]
        for of, finding in kind_of(name).check_all(specs):
            _tell([finding], items[of], report.about(items[of].address))
    _check_file_lifecycle(document, report)


def _check_alike(items: Iterable[Declaration], report: Report) -> None:
    """Report a second name that looks the same by other code points: it is one name to a hub."""
    first: dict[str, Declaration] = {}
    for item in items:
        other = first.setdefault(composed(item.name), item)
        if other is not item:
            line = other.place.file.span(other.place.start).line
            hint = f"`{other.name}` in line {line} is the same name in another Unicode form"
            about = report.about(item.known_address)
            about.error("declared-twice", "declared twice", item.place, hint=hint)


def _spec_of(built: Map[str, Declared], kind: str, name: str) -> Spec | None:
    found = built.get(f"{kind}.{name}")
    return found.spec if found else None


def _tell(findings: Iterable[Finding], item: Declaration, report: Report) -> None:
    for code, summary, path, hint, label, is_error in findings:
        place = (_place_of(item.settings, path, label) if path else None) or item.place
        if is_error:
            report.error(code, summary, place, hint=hint, label=label)
        else:
            report.warn(code, summary, place, hint=hint)


def _place_of(settings: Mapping, path: tuple[str | int, ...], label: str | None) -> Node | None:
    """Return the value at a path; its key where that is what a finding is about."""
    within = node_at(settings, path[:-1])
    entry = within.entries.get(str(path[-1])) if isinstance(within, Mapping) else None
    if entry is None or label != f"`{path[-1]}`":
        return node_at(settings, path)
    is_both = isinstance(entry.value, Scalar) and entry.value.text == path[-1]
    return entry.value if is_both else entry.key  # `target: target` is about a column


def _texts_of(settings: Mapping) -> dict[str, Any]:
    """Return settings as they are written, as texts; what is empty is left out."""
    entries = settings.entries.items()
    return {key: _text_of(value) for key, (_, value) in entries if not is_absent(value)}


def _text_of(node: Node) -> Any:
    match node:
        case Scalar(text):
            return text
        case Sequence(items):
            return [_text_of(item) for item in items]
        case Mapping():
            return _texts_of(node)


def _check_references(item: Declaration, document: ProjectFile, report: Report) -> None:
    for role, kind, _ in kind_of(item.kind).refers_to:
        node = item.settings.value(role)
        if not isinstance(node, Scalar):
            continue
        names = document.by_name.get(kind, {})
        found = names.get(node.text)
        if found is None:
            near = report.nearest(node.text, names)
            known = quote_some(sorted(names))
            hint = f"declared are {known}" if names else f"no {kind} is declared"
            hint = f"there is `{kind}.{near}`" if near else hint
            if alike := [
                one for one in names if normalize("NFC", one) == normalize("NFC", node.text)
            ]:
                hint = f"`{alike[0]}` looks the same in another Unicode form: copy it from there"
            summary = f"a reference to an undeclared {kind}"
            report.error("unknown-reference", summary, node, hint=hint)
        elif found.is_absent and not item.is_absent:
            hint = f"`{found.address}` has `state: absent`"
            summary = f"a reference to an absent {kind}"
            report.error("absent-reference", summary, node, hint=hint)


def _check_lifecycle(item: Declaration, report: Report) -> None:
    known = setting_names(kind_of(item.kind).spec)
    _check_ignored(item.settings.value("lifecycle"), known, report, item.kind)


def _check_file_lifecycle(document: ProjectFile, report: Report) -> None:
    known = {name for kind in all_kinds().values() for name in setting_names(kind.spec)}
    node = document.root.value("lifecycle")
    _check_ignored(node, tuple(sorted(known)), report, "auger.yaml")


def _check_ignored(node: Node | None, known: tuple[str, ...], report: Report, owner: str) -> None:
    names = node.value("ignore_changes") if isinstance(node, Mapping) else None
    for item in names.items if isinstance(names, Sequence) else ():
        if isinstance(item, Scalar) and item.text not in known:
            near = report.nearest(item.text, known)
            hint = f"`{owner}` has a field `{near}`" if near else None
            summary = "an unknown field to ignore"
            report.error("unknown-field", summary, item, hint=hint)
