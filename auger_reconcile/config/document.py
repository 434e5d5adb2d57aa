"""One document -> its declarations: the short form and the long form become the same thing.

Says what is declared, where, and with which settings; whether those are right is for `validate`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from auger_reconcile.config.legacy import EXPERIMENT_KEYS
from auger_reconcile.config.nodes import Entry, Mapping, Node, Scalar, is_null
from auger_reconcile.config.report import Report
from auger_reconcile.config.source import base_name
from auger_reconcile.config.validate import Place, check_fields, validate
from auger_reconcile.resources._base import Lifecycle
from auger_reconcile.resources._evaluation import SearchSettings
from auger_reconcile.resources._registry import kind_of

LONG_FORM = {"datasets": "dataset", "experiments": "experiment", "models": "model"}
PROJECT_FIELDS = ("state", "cluster")
SHORT_SEARCH = ("model_type", "target", "exclude")
SHORT_FORM = ("source", "dataset", *SHORT_SEARCH, "experiment")
SELECTION = frozenset({"name", "experiment_session_id"})  # what `select` and runs write
LONGEST_NAME = 255  # bytes


class Head(BaseModel):
    """What a file says about itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hub: str | None = Field(
        None,
        description="`local`, or the hub's URL; by default that of the credentials.",
        min_length=1,
    )
    organization: str | None = Field(
        None, description="The organization; by default that of the credentials.", min_length=1
    )
    path_to_credentials: str | None = Field(
        None, description="Folder with auger.json.", min_length=1
    )
    lifecycle: Lifecycle = Field(
        default=Lifecycle(), description="Protection of every resource of the file."
    )
    revision_history: int | None = Field(
        None,
        description="How many superseded data sets and experiments a prune keeps.",
        ge=0,
        le=10_000,
    )


@dataclass(frozen=True)
class Declaration:
    """One resource as written.

    Attributes:
        place: the key or value that names it.
        settings: what is said about it, its name excepted.
    """

    kind: str
    name: str
    place: Node
    settings: Mapping

    @property
    def address(self) -> str:
        """The address within the project: `experiment.churn`."""
        return f"{self.kind}.{self.name}"


@dataclass(frozen=True)
class ProjectFile:
    """One document: its head, and what it declares, the project first."""

    name: str
    head: Head
    root: Mapping
    declarations: tuple[Declaration, ...] = field(default=())

    @cached_property
    def by_name(self) -> dict[str, dict[str, Declaration]]:
        """The declarations by kind, then by name."""
        found: dict[str, dict[str, Declaration]] = {}
        for item in self.declarations:
            found.setdefault(item.kind, {})[item.name] = item
        return found


def known_fields() -> tuple[str, ...]:
    """Return every key that a document may have."""
    return (
        "name",
        *Head.model_fields,
        *PROJECT_FIELDS,
        *SHORT_FORM,
        *LONG_FORM,
        "variables",
        "review",
    )


def read_document(root: Mapping, report: Report) -> ProjectFile | None:
    """Return what a document declares; None without a usable name of the project."""
    _check_keys(root, report)
    in_head = {n: e for n, e in root.entries.items() if n in Head.model_fields}
    head = validate(Head, root._replace(entries=in_head), Place(root, "auger.yaml"), report)
    reader = _Reader(root, report)
    reader.read_long_form()
    reader.read_short_form()
    name = _read_project_name(root, report)
    if name is None:
        return None
    entry = root.entries.get("name")
    about = {n: e for n, e in root.entries.items() if n in PROJECT_FIELDS}
    project = Declaration(
        "project", name, entry.value if entry else root, root._replace(entries=about)
    )
    return ProjectFile(name, head or Head(), root, (project, *reader.completed()))


def check_name(text: str, place: Node, report: Report, address: str | None = None) -> bool:
    """Say whether the hub can carry a name; report at its place when it cannot."""
    hint: str | None = None
    if not text.strip():
        hint = "a name has at least one character"
    elif any(ord(character) < 32 or ord(character) == 127 for character in text):
        hint = "a name has no control characters"
    elif "/" in text or "\\" in text or text in (".", ".."):
        hint = "a name is no path: it has no `/`, and is not `..`"
    elif len(text.encode("utf-8", "replace")) > LONGEST_NAME:
        hint = f"a name has at most {LONGEST_NAME} bytes"
    if hint:
        report.error(
            "bad-name", "a name that the hub cannot carry", place, hint=hint, address=address
        )
    return hint is None


def _check_keys(root: Mapping, report: Report) -> None:
    known = known_fields()
    elsewhere = (*kind_of("experiment").spec.model_fields, *EXPERIMENT_KEYS)
    for name in root.entries:
        if name in elsewhere and name not in known:
            hint = f"`experiment` has a field `{name}`"
            key = root.entries[name].key
            report.error("unknown-field", "unknown field", key, hint=hint)
            report.settle(key)
    check_fields(root, known, Place(root, "auger.yaml"), report)


def _read_project_name(root: Mapping, report: Report) -> str | None:
    node = root.value("name")
    if node is None:
        place = root.entries["name"].key if "name" in root.entries else root
        hint = "`name` is the name of the project"
        report.error("missing-field", "a field is missing", place, label="`name`", hint=hint)
        return None
    return _read_text(node, report, "project")


def _read_text(node: Node, report: Report, kind: str) -> str | None:
    """Return a name as written; None when it is none."""
    if not isinstance(node, Scalar) or isinstance(node.value, bool):
        report.error("wrong-type", "expected a text", node)
        return None
    return node.text if check_name(node.text, node, report, f"{kind}.{node.text}") else None


class _Reader:
    """Reads both forms of one document."""

    def __init__(self, root: Mapping, report: Report) -> None:
        self._root = root
        self._report = report
        self._found: dict[tuple[str, str], Declaration] = {}

    def read_long_form(self) -> None:
        for section, kind in LONG_FORM.items():
            node = self._root.value(section)
            if node is None:
                continue
            if not isinstance(node, Mapping):
                hint = f"`{section}` is a map from name to settings"
                self._report.error("wrong-type", "expected a map", node, hint=hint)
                continue
            for name, (key, value) in node.entries.items():
                self._read_entry(kind, name, key, value)

    def _read_entry(self, kind: str, name: str, key: Scalar, value: Node) -> None:
        address = f"{kind}.{name}"
        if isinstance(value, Mapping):
            settings = value
        elif is_null(value):
            settings = Mapping({}, key.file, key.start, key.end)
        else:
            hint = f"`{name}` has settings, such as `{next(iter(_needed(kind)))}: ...`"
            self._report.error("wrong-type", "expected a map", value, hint=hint, address=address)
            return
        if check_name(name, key, self._report, address):
            self._found[kind, name] = Declaration(kind, name, key, settings)

    def read_short_form(self) -> None:
        dataset = self._read_short_dataset()
        search = [name for name in SHORT_SEARCH if self._root.value(name) is not None]
        node = self._root.value("experiment")
        if node is not None and not isinstance(node, Mapping):
            self._report.error("wrong-type", "expected a map", node, hint="`experiment` is a map")
            return
        written = node.entries if node else {}
        told = {name for name, entry in written.items() if not is_null(entry.value)}
        if not search and told <= SELECTION and self._is_selection(node):
            return
        if search and not told - SELECTION and self._root.value("experiments") is not None:
            hint = "with `experiments`, it is a setting of an experiment"
            for name in search:
                key = self._root.entries[name].key
                self._report.error("two-forms", "a field of the short form", key, hint=hint)
            return
        if search or told:
            self._declare_search(node, search, dataset)

    def _is_selection(self, node: Mapping | None) -> bool:
        """Say whether `experiment` only names one that is declared elsewhere, or nothing."""
        name = node.value("name") if node else None
        return not isinstance(name, Scalar) or ("experiment", name.text) in self._found

    def _read_short_dataset(self) -> Scalar | None:
        """Return the name of the short form's data set, declared or selected."""
        source, named = self._root.value("source"), self._root.value("dataset")
        name: Scalar | None = None
        if named is not None:
            if _read_text(named, self._report, "dataset") is None:
                return None
            assert isinstance(named, Scalar)
            name = named
        if source is None:
            if name and ("dataset", name.text) not in self._found:
                hint = "`source` says what the data set is made of"
                self._report.error(
                    "missing-field",
                    "a field is missing",
                    name,
                    label="`source`",
                    hint=hint,
                    address=f"dataset.{name.text}",
                )
            return name
        if name is None:
            if not isinstance(source, Scalar) or isinstance(source.value, bool):
                self._report.error("wrong-type", "expected a text", source)
                return None
            name = source._replace(text=base_name(source.text), plain=False)
            if not check_name(name.text, name, self._report):
                return None
        settings = self._root._replace(entries={"source": self._root.entries["source"]})
        self._declare(Declaration("dataset", name.text, name, settings))
        return name

    def _declare_search(
        self, node: Mapping | None, search: list[str], dataset: Scalar | None
    ) -> None:
        place: Node = self._root.entries["experiment" if node else search[0]].key
        entries = {name: self._root.entries[name] for name in search}
        if dataset is not None:
            entries["dataset"] = Entry(dataset, dataset)
        for name, entry in (node.entries if node else {}).items():
            if name in search and not is_null(entry.value):
                hint = f"`{name}` stands at the top of the file already"
                self._report.error("declared-twice", "declared twice", entry.key, hint=hint)
            elif name != "name" and not (name in entries and is_null(entry.value)):
                entries[name] = entry
        named = node.value("name") if node else None
        if named is not None:
            name_text, place = _read_text(named, self._report, "experiment"), named
        else:
            name_text = f"{dataset.text}-experiment" if dataset else None
            if name_text and not check_name(name_text, place, self._report):
                return
        settings = (node or self._root)._replace(entries=entries)
        if name_text is None and named is None:
            name_text = "experiment"  # for what is said about it: it lacks a data set
        if name_text is not None:
            self._declare(Declaration("experiment", name_text, place, settings))

    def _declare(self, item: Declaration) -> None:
        first = self._found.get((item.kind, item.name))
        if first is None:
            self._found[item.kind, item.name] = item
            return
        line = first.place.file.span(first.place.start).line
        hint = f"`{item.kind}s` in line {line} declares it already"
        self._report.error(
            "declared-twice", "declared twice", item.place, hint=hint, address=item.address
        )

    def completed(self) -> tuple[Declaration, ...]:
        """Return the declarations, references filled in where there is only one choice."""
        order = list(LONG_FORM.values())
        found = sorted(self._found.values(), key=lambda item: order.index(item.kind))
        only = {
            kind: names[0]
            for kind in ("dataset", "experiment")
            if len(names := [item.name for item in found if item.kind == kind]) == 1
        }
        wants = {"experiment": "dataset", "model": "experiment"}
        return tuple(self._complete(item, wants.get(item.kind), only) for item in found)

    def _complete(self, item: Declaration, role: str | None, only: dict[str, str]) -> Declaration:
        if role is None or role not in only or item.settings.value(role) is not None:
            return item
        place = item.place
        filled = Scalar(only[role], False, place.file, place.start, place.end)
        entries = {**item.settings.entries, role: Entry(filled, filled)}
        return Declaration(item.kind, item.name, place, item.settings._replace(entries=entries))


def _needed(kind: str) -> list[str]:
    spec: Any = kind_of(kind).spec
    fields = SearchSettings.model_fields if kind == "experiment" else spec.model_fields
    return [n for n, info in fields.items() if n != "name" and info.is_required()] or ["state"]
