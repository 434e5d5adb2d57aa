"""Declarations -> resources: each is validated against its kind, with the place of every setting."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass
from typing import Any

from auger_reconcile.address import Address
from auger_reconcile.config import legacy
from auger_reconcile.config.document import Declaration, ProjectFile
from auger_reconcile.config.nodes import Entry, Mapping, Node, Scalar, span_of
from auger_reconcile.config.report import Report
from auger_reconcile.config.source import (
    ContentReader,
    has_known_extension,
    local_path,
    scheme_of,
)
from auger_reconcile.config.validate import Place, validate
from auger_reconcile.diagnostics import SourceSpan
from auger_reconcile.resources._base import Spec
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.state import Declared


class Spans(Map[str, SourceSpan]):
    """The places of a resource's settings, worked out when somebody asks.

    "" is the place of the resource; `cluster.max_nodes` that of a setting within a setting.
    """

    def __init__(self, place: Node, settings: Mapping) -> None:
        self._place = place
        self._settings = settings

    def __getitem__(self, path: str) -> SourceSpan:
        node: Node = self._place if not path else self._settings
        for part in path.split(".") if path else ():
            if not isinstance(node, Mapping):
                raise KeyError(path)
            node = node.entries[part].value
        return span_of(node)

    def __iter__(self) -> Iterator[str]:
        return iter(("", *self._settings.entries))

    def __len__(self) -> int:
        return len(self._settings.entries) + 1


@dataclass(frozen=True)
class Builder:
    """Builds the resources of one document.

    Attributes:
        contents: reads local sources; None leaves them alone.
    """

    document: ProjectFile
    report: Report
    contents: ContentReader | None

    def build(self, item: Declaration) -> Declared | None:
        """Return the resource, or None when the report tells why there is none."""
        settings = self._inherit_lifecycle(item.settings)
        given: dict[str, Any] = {"name": item.name}
        also: frozenset[str] = frozenset()
        if item.kind == "experiment":
            settings, options = self._split_options(item, settings)
            given |= {"options": options} if options else {}
            also = legacy.EXPERIMENT_KEYS
        elif item.kind == "dataset":
            given |= self._read_source(item)
        owner = "auger.yaml" if item.kind == "project" else item.kind
        place = Place(item.place, owner, item.address, also)
        spec = validate(kind_of(item.kind).spec, settings, place, self.report, **given)
        if spec is None:
            return None
        address = Address(self.document.name, item.kind, item.name)
        return Declared(address, spec, Spans(item.place, settings))

    def _inherit_lifecycle(self, settings: Mapping) -> Mapping:
        """Let the lifecycle of the file hold for every resource, key by key."""
        of_file = self.document.root.entries.get("lifecycle")
        if of_file is None or not isinstance(of_file.value, Mapping):
            return settings
        own = settings.value("lifecycle")
        if isinstance(own, Mapping):
            merged = of_file.value.entries | own.entries
            of_file = Entry(of_file.key, own._replace(entries=merged))
        elif own is not None:
            return settings
        return settings._replace(entries={**settings.entries, "lifecycle": of_file})

    def _split_options(
        self, item: Declaration, settings: Mapping
    ) -> tuple[Mapping, dict[str, Any]]:
        """Divide the settings of an experiment from those that are only passed on."""
        entries = settings.entries
        foreign = entries.keys() & (legacy.EXPERIMENT_KEYS | legacy.IGNORED_IN_EXPERIMENT)
        review = self.document.root.value("review")
        if not foreign and review is None:
            return settings, {}
        summary = "a setting of another client, which has no effect"
        for name in sorted(foreign & legacy.IGNORED_IN_EXPERIMENT):
            if settings.value(name) is not None:
                key = entries[name].key
                self.report.warn("ignored-field", summary, key, address=item.address)
        options = legacy.options_of(settings, review, self.report, item.address)
        return settings.without(*foreign), options

    def _read_source(self, item: Declaration) -> dict[str, Any]:
        """Return what is computed of a local source: where it lies, and its content."""
        node = item.settings.value("source")
        if not isinstance(node, Scalar) or self.report.is_settled(node):
            return {}
        scheme = scheme_of(node.text)
        if scheme:
            if scheme not in ("http", "https"):
                hint = "a source is a local path or an http(s) URL"
                self._report_source(item, node, "source-scheme", "an unknown kind of URL", hint)
            return {}
        path = local_path(node.text, node.file.path.parent)
        if not has_known_extension(node.text):
            hint = "such as .csv, .json, .xlsx, .parquet or .csv.gz"
            self._report_source(item, node, "source-format", "an unknown format of data", hint)
            return {}
        state = item.settings.value("state")
        if self.contents is None or (isinstance(state, Scalar) and state.text == "absent"):
            return {"path": str(path)}
        try:
            if not path.is_file():
                hint = "it is not a file" if path.exists() else "there is no such file"
                self._report_source(
                    item, node, "missing-source", "a source that is not there", hint
                )
                return {}
            content = self.contents.read(path)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self._report_source(
                item, node, "missing-source", "a source that cannot be read", reason
            )
            return {}
        return {"path": str(path), "sha256": content.sha256, "size": content.size}

    def _report_source(
        self, item: Declaration, node: Scalar, code: str, summary: str, hint: str
    ) -> None:
        self.report.error(code, summary, node, hint=hint, address=item.address)


def settings_of(declared: Declared) -> Spec:
    """Return the settings of a resource."""
    return declared.spec
