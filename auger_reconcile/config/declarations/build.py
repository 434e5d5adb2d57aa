"""Declarations -> resources, each validated against its kind, with the place of every setting."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Map
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from unicodedata import normalize

from auger_reconcile.address import Address
from auger_reconcile.config.declarations.declaration import Declaration, ProjectFile
from auger_reconcile.config.declarations.line_ends import hashes_with_other_ends
from auger_reconcile.config.declarations.source import (
    MISSING_SOURCE,
    ContentReader,
    NoRows,
    has_known_extension,
    is_url,
    local_path,
    scheme_of,
)
from auger_reconcile.config.declarations.validate import Place, node_at, setting_names, validate
from auger_reconcile.config.files import legacy
from auger_reconcile.config.syntax.nodes import Entry, Mapping, Node, Scalar, span_of
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.diagnostics import SourceSpan
from auger_reconcile.errors import AugerError
from auger_reconcile.object_store import SCHEME
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.resources._spec import UNPROTECTED, Lifecycle, Spec, Trait, has_trait
from auger_reconcile.resources.names.vocabulary import Option
from auger_reconcile.state import Declared


class Spans(Map[str, SourceSpan]):
    """The places of a resource's settings, worked out when somebody asks.

    "" is the place of the resource; `cluster.max_nodes` that of a setting within a setting. Of what
    an overlay takes out it is the place where it does.
    """

    def __init__(self, place: Node, settings: Mapping) -> None:
        self._place = place
        self._settings = settings

    def __getitem__(self, path: str) -> SourceSpan:
        if not path:
            return span_of(self._place)
        node = node_at(self._settings, tuple(path.split("."))) or self._settings.removal_of(path)
        if node is None:
            raise KeyError(path)
        return span_of(node)

    def __iter__(self) -> Iterator[str]:
        return iter(("", *self._settings.entries))

    def __len__(self) -> int:
        return len(self._settings.entries) + 1


class Builder(NamedTuple):
    """Builds the resources of one document.

    Attributes:
        contents: reads the sources that the hub is sent; None leaves them alone.
        formerly: `kind.name` to the names that a resource had before.
    """

    document: ProjectFile
    report: Report
    contents: ContentReader | None
    formerly: Map[str, tuple[str, ...]] = MappingProxyType({})

    def build(self, item: Declaration) -> Declared | None:
        """Return the resource, or None when the report tells why there is none."""
        report = self.report.about(item.known_address)
        settings = self._inherit_lifecycle(item.settings)
        given: dict[str, Any] = {"name": item.name}
        if names := self.formerly.get(item.address):
            given["formerly"] = names
        kind = kind_of(item.kind)
        if kind.options:
            settings, options = self._split_options(settings, kind.options, report)
            given |= {"options": options} if options else {}
        for name in _content_names(kind.spec):
            given |= self._read_source(item.settings, name, report)
        owner = "auger.yaml" if kind.is_home else item.kind
        place = Place(item.place, owner, also=kind.options)
        spec = validate(kind.spec, settings, place, report, **given)
        if spec is None:
            return None
        address = Address(self.document.name, item.kind, item.name)
        return Declared(address, spec, Spans(item.place, settings))

    def _inherit_lifecycle(self, settings: Mapping) -> Mapping:
        """Let the lifecycle of the file hold for every resource, key by key."""
        of_file = self.document.root.entries.get("lifecycle")
        if of_file is None or not isinstance(of_file.value, Mapping):
            return settings
        fields = of_file.value.only(Lifecycle.model_fields)  # the others are told, once
        if self.document.head.lifecycle == UNPROTECTED:
            return settings
        own = settings.value("lifecycle")
        if isinstance(own, Mapping):
            fields = own._replace(entries=fields.entries | own.entries)
        elif own is not None:
            return settings
        told = Entry(of_file.key, fields)
        return settings._replace(entries={**settings.entries, "lifecycle": told})

    def _split_options(
        self, settings: Mapping, options: Map[str, Option], report: Report
    ) -> tuple[Mapping, dict[str, Any]]:
        """Divide settings from those that are only passed on."""
        foreign = {
            name for name in settings.entries if name in options or name in legacy.IGNORED_SETTINGS
        }
        review = self.document.root.value("review")
        if not foreign and review is None:
            return settings, {}
        summary = "a setting of another client, which has no effect"
        for name in sorted(foreign & legacy.IGNORED_SETTINGS):
            if settings.value(name) is not None:
                report.warn("ignored-field", summary, settings.entries[name].key)
        passed_on = legacy.options_of(settings, options, review, report)
        return settings.without(*foreign), passed_on

    def _read_source(self, settings: Mapping, name: str, report: Report) -> dict[str, Any]:
        """Return what is computed of a source that the hub is sent: where it lies, its content."""
        node = settings.value(name)
        if not isinstance(node, Scalar) or report.is_settled(node):
            return {}
        scheme = scheme_of(node.text)
        fault = _fault_of_source(node.text, scheme)
        if fault:
            code, summary, hint = fault
            report.error(code, summary, node, hint=hint)
        if fault or scheme in ("http", "https"):
            return {}
        path = node.text if scheme else str(local_path(node.text, node.file.path.parent))
        state = settings.value("state")
        if self.contents is None or (isinstance(state, Scalar) and state.text == "absent"):
            return {"path": path}
        content = _read_content(self.contents, path, node, report)
        ignored = settings.value("ignore_line_ends")
        if content and isinstance(ignored, Scalar) and ignored.value is True and not scheme:
            content["same_text"] = sorted(hashes_with_other_ends(Path(content["path"])))
        return {"path": path} | content


@cache
def _content_names(spec: type[Spec]) -> tuple[str, ...]:
    return tuple(name for name in setting_names(spec) if has_trait(spec, name, Trait.CONTENT))


def _fault_of_source(source: str, scheme: str) -> tuple[str, str, str] | None:
    """Return code, summary and hint of what is wrong with a source as it is written."""
    if scheme not in ("", "http", "https", SCHEME):
        hint = "a source is a local path, an http(s) URL or s3://bucket/key"
        return "source-scheme", "an unknown kind of URL", hint
    if scheme and not is_url(source):
        hint = "such as https://example.com/data.csv or s3://bucket/data.csv"
        return "wrong-value", "no URL of data", hint
    if scheme in ("", SCHEME) and not has_known_extension(source):
        hint = "such as .csv, .json, .xlsx, .parquet or .csv.gz"
        return "source-format", "an unknown format of data", hint
    return None


def _present_form(path: Path) -> Path | None:
    """Return a file that is there, be its name in another Unicode form: macOS writes NFD."""
    forms = (path, *(path.with_name(normalize(form, path.name)) for form in ("NFC", "NFD")))
    return next((one for one in forms if one.is_file()), None)


def _read_content(
    contents: ContentReader, path: str, node: Scalar, report: Report
) -> dict[str, Any]:
    try:
        if scheme_of(path) == SCHEME:
            return contents.read_object(path)._asdict()
        if file := _present_form(Path(path)):
            return {"path": str(file), **contents.read(file)._asdict()}
        hint = "it is not a file" if Path(path).exists() else "there is no such file"
    except NoRows as error:
        report.error("empty-source", "a source without data", node, hint=str(error))
        return {}
    except (OSError, ValueError) as error:
        hint = getattr(error, "strerror", None) or str(error)
    except AugerError as error:
        hint = f"{error}; {error.hint}" if error.hint else str(error)
    report.error(MISSING_SOURCE, "a source that cannot be read", node, hint=hint)
    return {}
