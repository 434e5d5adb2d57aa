"""One document -> its declarations, of either form.

Says what is declared, where, and with which settings; whether those are right is for `validate`.
"""

from __future__ import annotations

from auger_reconcile.config.declaration import (
    NAMELESS,
    PROJECT_FIELDS,
    Declaration,
    Head,
    ProjectFile,
    known_fields,
)
from auger_reconcile.config.forms import FormReader
from auger_reconcile.config.legacy import EXPERIMENT_KEYS
from auger_reconcile.config.names import read_name
from auger_reconcile.config.nodes import Mapping, Scalar
from auger_reconcile.config.report import Report
from auger_reconcile.config.validate import Place, check_fields, setting_names, validate
from auger_reconcile.resources._registry import kind_of


def read_document(root: Mapping, report: Report) -> ProjectFile:
    """Return what a document declares, the project first."""
    _check_keys(root, report)
    in_head = {name: entry for name, entry in root.entries.items() if name in Head.model_fields}
    head = validate(Head, root._replace(entries=in_head), Place(root, "auger.yaml"), report)
    node = _read_project_name(root, report)
    name = node.text if node else NAMELESS
    about = {name: root.entries[name] for name in PROJECT_FIELDS if name in root.entries}
    project = Declaration("project", name, node or root, root._replace(entries=about))
    return ProjectFile(name, head or Head(), root, (project, *FormReader(root, report).read()))


def _check_keys(root: Mapping, report: Report) -> None:
    known = known_fields()
    elsewhere = (*setting_names(kind_of("experiment").spec), *EXPERIMENT_KEYS)
    misplaced = [name for name in root.entries if name in elsewhere and name not in known]
    for name in misplaced:
        hint = f"`experiment` has a field `{name}`"
        report.error("unknown-field", "unknown field", root.entries[name].key, hint=hint)
    check_fields(root.without(*misplaced), known, Place(root, "auger.yaml"), report)


def _read_project_name(root: Mapping, report: Report) -> Scalar | None:
    node = root.value("name")
    if node is not None:
        return read_name(node, report)
    place = root.entries["name"].key if "name" in root.entries else root._replace(end=root.start)
    hint = "`name` is the name of the project"
    report.error("missing-field", "a field is missing", place, label="`name`", hint=hint)
    return None
