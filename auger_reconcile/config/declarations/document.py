"""Parse one document of auger.yaml, in its short or long form, into declarations.

Says what is declared, where, and with which settings; whether those are right is for `validate`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache

from auger_reconcile.config.declarations.declaration import (
    DATA,
    HOME,
    LONG_FORM,
    NAMELESS,
    PROJECT_FIELDS,
    SEARCH,
    Declaration,
    Head,
    ProjectFile,
    known_fields,
)
from auger_reconcile.config.declarations.names import check_name, fault_of_name, read_name
from auger_reconcile.config.declarations.source import base_name
from auger_reconcile.config.declarations.validate import (
    Place,
    check_fields,
    setting_names,
    validate,
    with_lists,
)
from auger_reconcile.config.syntax.nodes import Entry, Mapping, Node, Scalar, is_absent
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.resources.names.vocabulary import Value

FREE = "x-"  # begins the keys that are the user's own, for anchors
_SEARCHES = next(section for section, kind in LONG_FORM.items() if kind == SEARCH.name)
SELECTION = frozenset({"name", "experiment_session_id"})  # what `select` and runs write


def read_document(root: Mapping, report: Report) -> ProjectFile:
    """Return what a document declares, the project first."""
    _check_keys(root, report)
    in_head = with_lists(Head, (), root.only(Head.model_fields), report)
    head = validate(Head, in_head, Place(root, "auger.yaml"), report)
    root = root._replace(entries=root.entries | in_head.entries)
    node = _read_project_name(root, report)
    name = node.text if node else NAMELESS
    project = Declaration(HOME.name, name, node or root, root.only(PROJECT_FIELDS))
    declared = (project, *FormReader(root, report).read())
    return ProjectFile(name, head or Head(), root, tuple(_split(one, report) for one in declared))


def _split(item: Declaration, report: Report) -> Declaration:
    """Return a declaration whose lists are lists, none of them one text."""
    about = report.about(item.known_address)
    settings = with_lists(kind_of(item.kind).spec, _lists(item.kind), item.settings, about)
    return item if settings is item.settings else item._replace(settings=settings)


@cache
def _lists(kind: str) -> tuple[str, ...]:
    """Return the options of a kind that are lists of names."""
    options = kind_of(kind).options.items()
    return tuple(name for name, option in options if option.value is Value.NAMES)


def _check_keys(root: Mapping, report: Report) -> None:
    known = known_fields()
    elsewhere = (*setting_names(SEARCH.spec), *SEARCH.options)
    keys = {key.text: key for key in root.removed}
    keys |= {name: entry.key for name, entry in root.entries.items()}
    own = [name for name in keys if name.startswith(FREE)]
    misplaced = [name for name in keys if name in elsewhere and name not in known]
    for name in misplaced:
        hint = f"`{SEARCH.name}` has a field `{name}`"
        report.error("unknown-field", "unknown field", keys[name], hint=hint)
    check_fields(root.without(*misplaced, *own), known, Place(root, "auger.yaml"), report)


def _read_project_name(root: Mapping, report: Report) -> Scalar | None:
    node = root.value("name")
    if node is not None:
        return read_name(node, report)
    written = root.entries["name"].key if "name" in root.entries else root.removal_of("name")
    place = written or root._replace(end=root.start)
    hint = "`name` is the name of the project"
    report.error("missing-field", "a field is missing", place, label="`name`", hint=hint)
    return None


class FormReader:
    """Reads both forms of one document."""

    def __init__(self, root: Mapping, report: Report) -> None:
        self._root = root
        self._report = report
        self._found: dict[tuple[str, str], Declaration] = {}

    def read(self) -> tuple[Declaration, ...]:
        """Return the declarations by kind, references filled in where there is one choice."""
        for section, kind in LONG_FORM.items():
            self._read_section(section, kind)
        self._read_short_form()
        order = list(LONG_FORM.values())
        found = sorted(self._found.values(), key=lambda item: order.index(item.kind))
        only = _only_ones(found)
        only_present = _only_ones([item for item in found if not item.is_absent])
        return tuple(_complete(i, only if i.is_absent else only_present) for i in found)

    def _read_section(self, section: str, kind: str) -> None:
        node = self._root.value(section)
        if node is None:
            return
        if not isinstance(node, Mapping):
            hint = f"`{section}` is a map from name to settings"
            self._report.error("wrong-type", "expected a map", node, hint=hint)
            return
        for name, (key, value) in node.entries.items():
            about = self._report.about(f"{kind}.{name}")
            check_name(name, key, about)
            settings = value if isinstance(value, Mapping) else key_only(key)
            if settings is not value and not is_absent(value):
                about.error("wrong-type", "expected a map", value, hint=f"`{name}` has settings")
                about.settle(key)
            self._found[kind, name] = Declaration(kind, name, key, settings)

    def _read_short_form(self) -> None:
        dataset = self._read_short_dataset()
        search = [name for name in SEARCH.at_top if self._root.value(name) is not None]
        node = self._root.value(SEARCH.name)
        if node is not None and not isinstance(node, Mapping):
            self._report.error(
                "wrong-type", "expected a map", node, hint=f"`{SEARCH.name}` is a map"
            )
            return
        written = node.entries if node else {}
        told = {name for name, entry in written.items() if not is_absent(entry.value)}
        if not search and told <= SELECTION and self._is_selection(node):
            return
        is_long = self._root.value(_SEARCHES) is not None
        if search and told <= SELECTION and is_long:
            hint = f"with `{_SEARCHES}`, it is a setting of an {SEARCH.name}"
            for name in search:
                key = self._root.entries[name].key
                self._report.error("two-forms", "a field of the short form", key, hint=hint)
        elif search or told:
            self._declare_search(node, search, dataset)

    def _is_selection(self, node: Mapping | None) -> bool:
        """Say whether `experiment` only names one that is declared elsewhere, or nothing."""
        name = node.value("name") if node else None
        return not isinstance(name, Scalar) or (SEARCH.name, name.text) in self._found

    def _read_short_dataset(self) -> Scalar | None:
        """Return the name of the short form's data set, declared or selected."""
        source, named = self._root.value("source"), self._root.value(DATA.name)
        name = read_name(named, self._report) if named is not None else None
        if source is None:
            if name and (DATA.name, name.text) not in self._found:  # one that is on the hub
                self._declare(Declaration(DATA.name, name.text, name, key_only(name)))
            return name
        if named is None:
            if not isinstance(source, Scalar) or isinstance(source.value, bool):
                self._report.error("wrong-type", "expected a text", source)
                return None
            name = source._replace(text=base_name(source.text), plain=False)
            check_name(name.text, name, self._report)
        if name is not None:
            settings = self._root.only(["source"])
            self._declare(Declaration(DATA.name, name.text, name, settings))
        return name

    def _removed(self, node: Mapping | None) -> tuple[Scalar, ...]:
        """Return the keys that an overlay has taken from the search; its data is its source's."""
        source = self._root.removal_of("source")
        data = (source._replace(text=DATA.name),) if source else ()
        at_top = self._root.only(SEARCH.at_top).removed
        own = node.without(*SELECTION).removed if node else ()
        return (*at_top, *own, *data)

    def _declare_search(
        self, node: Mapping | None, search: list[str], dataset: Scalar | None
    ) -> None:
        """Declare the experiment, whose settings stand at the top and below `experiment`."""
        place: Node = self._root.entries[SEARCH.name if node else search[0]].key
        there = self._root.entries
        entries = {name: there[name] for name in SEARCH.at_top if name in there}
        if dataset is not None:
            entries[DATA.name] = Entry(dataset, dataset)
        for name, entry in (node.entries if node else {}).items():
            if name in search and not is_absent(entry.value):
                hint = f"`{name}` stands at the top of the file already"
                self._report.error("declared-twice", "declared twice", entry.key, hint=hint)
            elif name != "name" and not (name in search and is_absent(entry.value)):
                entries[name] = entry
        # Without data set or name it still gets one, for what there is to say about it.
        text = f"{dataset.text}-{SEARCH.name}" if dataset else SEARCH.name
        named = node.value("name") if node else None
        if named is not None:
            read = read_name(named, self._report)
            text, place = (read.text if read else text), named
        elif dataset is not None:
            self._check_derived_name(text, dataset)
        settings = (node or self._root)._replace(entries=entries, removed=self._removed(node))
        self._declare(Declaration(SEARCH.name, text, place, settings))

    def _check_derived_name(self, text: str, dataset: Scalar) -> None:
        """Report a name made of the data set's, unless that one is at fault itself."""
        fault = fault_of_name(text)
        if fault and fault_of_name(dataset.text) is None:
            hint = f"its experiment is named after it: {fault}"
            self._report.error("bad-name", "a name that the hub cannot carry", dataset, hint=hint)

    def _declare(self, item: Declaration) -> None:
        first = self._found.get((item.kind, item.name))
        if first is None:
            self._found[item.kind, item.name] = item
            return
        line = first.place.file.span(first.place.start).line
        hint = f"`{item.kind}s` in line {line} declares it already"
        about = self._report.about(item.address)
        about.error("declared-twice", "declared twice", item.place, hint=hint)


def _only_ones(items: Iterable[Declaration]) -> dict[str, str]:
    """Return kind to name, of the kinds that one resource alone has."""
    names: dict[str, list[str]] = defaultdict(list)
    for item in items:
        names[item.kind].append(item.name)
    return {kind: known[0] for kind, known in names.items() if len(known) == 1}


def key_only(key: Scalar) -> Mapping:
    """Return the settings of a resource that has none: an empty map in the place of its key."""
    return Mapping({}, key.file, key.start, key.end)


def _complete(item: Declaration, only: dict[str, str]) -> Declaration:
    """Fill in what a resource refers to, when there is only one that it can mean."""
    filled: dict[str, Entry] = {}
    for role, kind, is_implied in kind_of(item.kind).refers_to:
        if is_implied and kind in only and item.settings.value(role) is None:
            at = item.place
            meant = Scalar(only[kind], plain=False, file=at.file, start=at.start, end=at.end)
            filled[role] = Entry(meant, meant)
    if not filled:
        return item
    return item._replace(settings=item.settings._replace(entries=item.settings.entries | filled))
