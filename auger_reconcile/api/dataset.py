"""Manage a data set from Python: auger.api.DataSet."""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from auger_reconcile.api._names import check_given, check_new_name
from auger_reconcile.api._resource import Resource
from auger_reconcile.diagnostics import quote_all
from auger_reconcile.errors import AugerError
from auger_reconcile.resources.names.hub_tables import EXTENSIONS
from auger_reconcile.web_url import split_web_url

if TYPE_CHECKING:
    from auger_reconcile.api.context import Context
    from auger_reconcile.api.look import Look, Schema
    from auger_reconcile.api.project import Project
    from auger_reconcile.diagnostics import Diagnostic
    from auger_reconcile.planner.plan import Plan
    from auger_reconcile.resources.files.project_file import DatasetObject
    from auger_reconcile.resources.files.source import DatasetSpec


SOURCE, RUN = ("source",), ("experiment", "experiment_session_id")
FORMATS = f"known are {quote_all(sorted(EXTENSIONS))}, each compressed or not"


def _last_part(url: str) -> str:
    """Return the last part of a URL; what another store than the web keeps is no query."""
    parts = split_web_url(url)
    return (parts.path if parts else url).rpartition("/")[2]


def _is_same_file(path: str | None, other: str | None) -> bool:
    return bool(path and other) and os.path.realpath(str(path)) == os.path.realpath(str(other))


class DataSet(Resource):
    """A data set of a project.

    Args:
        context: credentials and settings.
        project: the project it is in; by default the one in auger.yaml.
        dataset_name: of an existing or new data set; by default the one in auger.yaml.
    """

    kind = "dataset"
    of_revisions = (
        "the content of its `source` says which one it is; `auger dataset download` fetches another"
    )

    def __init__(
        self, context: Context, project: Project | None = None, dataset_name: str | None = None
    ) -> None:
        super().__init__(context, project.project_name if project else None)
        self._name = check_given(dataset_name, "data set")

    @property
    def name(self) -> str:
        """The name: as given, as stored in auger.yaml, or what the file declares by default."""
        from auger_reconcile.api.context import require

        self._check_choice(self._stored_name())
        return require(self._stored_name(), "data set", ("dataset",))

    def _check_choice(
        self, found: str | None, way: str = "one is selected by\nauger dataset select NAME"
    ) -> None:
        """Refuse to guess where auger.yaml declares several data sets, and none was found.

        Args:
            found: the one that is meant, if any.
            way: how one of them is named.

        Raises:
            AugerError: with the names to choose from.
        """
        section = self.context.setting("datasets")
        if found is None and isinstance(section, Mapping) and section:
            names = quote_all(map(str, section))
            raise AugerError(
                "which data set is meant?",
                hint=f"{self.context.file} declares {names}; {way}",
            )

    def _stored_name(self) -> str | None:
        return self._name or self._own_name()

    def _own_name(self) -> str | None:
        from auger_reconcile.config.declarations.source import base_name

        only, source = self._declared()
        declared = only or (base_name(source) if source else None)
        return self.context.name_of("dataset") or declared

    def list(self) -> Iterator[dict[str, Any]]:
        """Yield the properties of every data set of the project.

        Raises:
            NotFound: the project does not exist.
        """
        for item in self._items("project_files"):
            if not item.get("deleted"):
                yield item

    def properties(self) -> dict[str, Any]:
        """Return the properties of the data set, its statistics included.

        Raises:
            NotFound: the data set does not exist.
        """
        name = self._name or self.selected_name() or self.name
        return self._item_meant("project_files", name)

    def tell_meaning(self, command: str) -> builtins.list[Diagnostic]:
        """Return a word where the name that was given is declared as well, for a later revision.

        Args:
            command: that takes the name of the later one.
        """
        from auger_reconcile.api._selection import find_declared, find_later, tell_later

        desired = self.context.try_desired() if self._name and self._is_at_home else None
        if not find_declared(desired, self.project_name, self.kind, self._name or ""):
            return []
        observed = self._observe_existing()
        found = self._find_current(observed, self._name, self.name)
        later = find_later(desired, observed, self.kind, found)
        return builtins.list(tell_later(desired, found, later, self._name, command))

    @property
    def schema(self) -> Schema:
        """How the hub reads the data set: `columns` with their types, and the file's dialect.

        Empty where the hub has not profiled it, or keeps no schemas.

        Raises:
            NotFound: the data set does not exist.
        """
        from auger_reconcile.api.look import Schema

        return Schema.of(self.properties().get("statistics") or {})

    @property
    def notices(self) -> builtins.list[dict[str, Any]]:
        """What the hub guessed and found odd when it read the data set.

        Each has `code`, `column`, `count` and `text`.

        Raises:
            NotFound: the data set does not exist.
        """
        return builtins.list((self.properties().get("statistics") or {}).get("notices") or [])

    def check(self, source: str | Path | None = None) -> Look:
        """Read a local file as the hub would, without one; return what a data set of it would say.

        Args:
            source: its path; by default `source` of auger.yaml, with what that says of its columns.

        Raises:
            AugerError: there is no such file, it is not on this machine, or it is no table.
        """
        from auger_reconcile.api.look import look_at
        from auger_reconcile.config.declarations.source import scheme_of

        told = str(source) if source else self._declared_source()
        if scheme_of(told):
            raise AugerError(
                f"`{told}` is not on this machine, where it could be checked",
                hint="`auger dataset show` says how the hub reads it",
            )
        return look_at(told, None if source else self._declared_schema())

    def _declared_schema(self) -> dict[str, Any]:
        """Return what auger.yaml says of the columns of the data set whose source it declares."""
        name = self._declared()[0]
        declared = self.context.settings if name is None else self.context.setting("datasets", name)
        schema: dict[str, Any] = {}
        if isinstance(declared.get("columns"), Mapping):
            schema["columns"] = declared["columns"]
        if isinstance(declared.get("missing"), Sequence) and declared["missing"]:
            marks = declared["missing"]
            schema["missing"] = ["", *([marks] if isinstance(marks, str) else map(str, marks))]
        return schema

    def create(self, source: str | Path | None = None, *, select: bool = False) -> DataSet:
        """Make the data set from a local file, an object or a URL.

        The project is created and its cluster started where that is needed. A data set that was
        made from the same content is taken as it is.

        Args:
            source: path, http(s) URL or `s3://bucket/key`; by default `source` of auger.yaml.
            select: store its name and source in auger.yaml, where there is one.

        Returns:
            The data set with the name that it has now.
        """
        plan = self.plan_create(source, select=select)
        result = self.context.apply_or_raise(plan)
        ended = [o.object for o in result.outcomes if o.action.address.kind == self.kind]
        bound = [found for at, found in plan.bindings.items() if at.kind == self.kind]
        self._name = next(found.name for found in (*ended, *bound) if found)
        return self

    def delete(self, *, select: bool = False) -> None:
        """Delete the data set; without a name, the revision that auger.yaml stands for.

        Args:
            select: clear its name from auger.yaml, where it was selected.

        Raises:
            NotFound: the data set does not exist.
        """
        self.context.apply_or_raise(self.plan_delete(select=select))

    def download(self, to: str | Path = ".") -> Path:
        """Fetch the file that the data set was made from; return where it lies.

        Args:
            to: an existing or new folder.

        Raises:
            NotFound: the data set does not exist.
            AugerError: a file of that name is there already.
        """
        from auger_reconcile.config.declarations.source import base_name
        from auger_reconcile.resources.names.revisions import split_extension

        item = self.properties()
        key = _last_part(str(item["url"]))
        stem, extension = split_extension(base_name(item["name"]))
        path = Path(to) / f"{stem}{split_extension(key)[1] or extension}"
        if path.exists():
            raise AugerError(f"`{path}` exists already", hint="`--to` names another folder")
        query = {"project_id": item["project_id"], "file_path": key}
        client = self.context.session.client
        url = client.call("GET", "project_file_urls", query)["url"]
        path.parent.mkdir(parents=True, exist_ok=True)
        client.download(url, path)
        return path

    def plan_create(self, source: str | Path | None = None, *, select: bool = True) -> Plan:
        """Return what `create` would do."""
        from auger_reconcile.api.project import Project

        check_new_name(self.project_name, "project")
        source = str(source) if source else None
        if source is None:
            self._check_choice(self._stored_name(), "one is made by\nauger dataset create SOURCE")
        observed = self._observe()
        home = Project(self.context, self.project_name).spec()
        spec = self._declared_spec(source) or self.spec(source)
        plan = self._build(observed, {"project": home, self.kind: spec}, self.kind)
        if not select:
            return plan
        also: dict[tuple[str, ...], str | None] = self._source_to_store(source) if source else {}
        if any(one.address.kind == self.kind for one in plan.actions):
            also[RUN] = None  # of the data before
        return self._select(plan, spec.name, spec.name, also=also)

    def _is_meant(self, name: str | None) -> bool:
        """A revision that an older command stored means the data set that it is one of."""
        from auger_reconcile.resources.names.revisions import revision_number, split_extension

        told = self._own_name()
        is_revision = name and told and revision_number(*split_extension(name), told) is not None
        return bool(is_revision) or super()._is_meant(name)

    def _source_to_store(self, source: str) -> dict[tuple[str, ...], str | None]:
        """Return where the data comes from, as auger.yaml is to say it.

        With the source of another data set beside it, the name would mean that one's content. Where
        data sets are declared by name, each has a source of its own.
        """
        from auger_reconcile.config.declarations.source import local_path, scheme_of
        from auger_reconcile.redact import redact

        before, folder = self.context.name_of("source"), self.context.folder
        after: str | None = source
        if scheme_of(source):
            after = source if redact(source) == source else None  # a secret has no place there
        elif before and os.path.realpath(local_path(before, folder)) == os.path.realpath(source):
            after = before
        elif not Path(source).is_absolute():
            after = os.path.relpath(source, folder).replace(os.sep, "/")
        return {} if self.context.setting("datasets") else {SOURCE: after}

    def plan_delete(self, *, select: bool = True) -> Plan:
        """Return what `delete` would do."""
        return self._plan_delete(self._name, self.name, ("dataset",), select=select)

    def plan_select(self) -> Plan:
        """Return the plan that stores the data set's name in auger.yaml.

        In the short form its source goes with it: that of another data set would be another content
        of the selected one.
        """
        from auger_reconcile.api._selection import check_columns
        from auger_reconcile.planner.one_resource import empty_plan

        observed = self._observe_to_select()
        name, found = self._selectable(observed, self.name)
        also = {} if self._is_meant(name) else self._source_of(found)
        hint = "declare it with what is learned from it, before"
        plan = self._select(empty_plan(observed), name, name, also=also, hint=hint)
        changes = [change for action in plan.actions for change in action.changes]
        check_columns(
            self.context, observed, changes, "auger.yaml has to name columns of this data, before"
        )
        return self._telling_what_is_meant(plan, self.name, found)

    def _source_of(self, found: DatasetObject) -> dict[tuple[str, ...], str | None]:
        """Return the source that auger.yaml has to say for a data set of the hub."""
        from auger_reconcile.resources.files.source import holds_content
        from auger_reconcile.web_url import is_web_url, without_fragment

        if not self.context.name_of(*SOURCE):
            return {}
        with suppress(AugerError):  # a source that cannot be read is not what it was made of
            if holds_content(found, self.spec()):
                return {}
        return {SOURCE: without_fragment(found.url) if is_web_url(found.url) else None}

    def spec(self, source: str | Path | None = None) -> DatasetSpec:
        """Return the declaration of a data set from a source, its content included.

        Args:
            source: path or URL; by default that of auger.yaml.

        Raises:
            AugerError: the source cannot be read, or is of no kind that the hub reads.
        """
        from auger_reconcile.config.declarations.source import (
            ContentReader,
            has_known_extension,
            scheme_of,
        )
        from auger_reconcile.object_store import SCHEME
        from auger_reconcile.resources.files.source import DatasetSpec

        source = str(source) if source else None
        told = source or self._declared_source()
        if source and not scheme_of(source) and Path(source).is_dir():
            raise AugerError(f"`{source}` is a folder, not a file with rows")
        name = check_new_name(self._new_name(told, source), "data set")
        spec = DatasetSpec(name=name, source=told)
        if spec.is_remote:
            return spec
        if not has_known_extension(told):
            raise AugerError(f"`{told}` is in an unknown format", hint=FORMATS)
        reader, is_object = ContentReader(), scheme_of(told) == SCHEME
        try:
            content = reader.read_object(told) if is_object else reader.read(Path(told))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise AugerError(f"`{told}` cannot be read: {reason}") from None
        except AugerError as error:
            raise AugerError(f"`{told}` cannot be read: {error}", hint=error.hint) from None
        known = {"path": told, "sha256": content.sha256, "size": content.size}
        return spec.model_copy(update=known)

    def _declared_spec(self, source: str | None) -> DatasetSpec | None:
        """Return what auger.yaml declares of a source, columns and former names included, or None.

        Args:
            source: path or URL; by default that of the data set that is meant.

        Raises:
            AugerError: it is declared absent.
        """
        from auger_reconcile.config.declarations.source import scheme_of

        desired = self.context.try_desired() if self._is_at_home else None
        wanted = self._name or (self._own_name() if source is None else None)
        for at, declared in (desired.resources if desired else {}).items():
            if (at.project, at.kind) != (self.project_name, self.kind):
                continue
            known = cast("DatasetSpec", declared.spec)
            is_here = source and not scheme_of(source)
            same = _is_same_file(source, known.path) if is_here else source == known.source
            if not (source is None or same) or wanted not in (None, at.name, *known.formerly):
                continue
            if known.state == "absent":
                told = f"auger.yaml declares data set `{at.name}` absent"
                raise AugerError(told, hint="the next apply would delete it")
            if known.source is not None and (known.is_remote or known.sha256):
                return known
        return None

    def _new_name(self, told: str, source: str | None) -> str:
        """Return the name to create: as given, as auger.yaml has it, or the file's own.

        What auger.yaml names may be a revision of the file by now; the series begins at the file.
        """
        from auger_reconcile.config.declarations.source import base_name
        from auger_reconcile.resources.names.revisions import revision_number, split_extension

        own = base_name(told)
        stored = self.context.name_of("dataset")
        if self._name or source or not stored:
            only = None if source else self._declared()[0]
            return self._name or only or own
        is_revision = revision_number(*split_extension(own), stored) is not None
        return own if is_revision else stored

    def _declared_source(self) -> str:
        """Return the source of auger.yaml, relative to the working directory."""
        from auger_reconcile.api.context import require
        from auger_reconcile.config.declarations.source import local_path, scheme_of

        self._check_choice(self._declared()[1])
        source = require(self._declared()[1], "source", ("source",))
        return source if scheme_of(source) else str(local_path(source, self.context.folder))

    def _declared(self) -> tuple[str | None, str | None]:
        """Return name and source of the data set of the long form that is selected or the only one.

        In the short form there is no name to it, and the source is the file's.
        """
        source, section = self.context.name_of("source"), self.context.setting("datasets")
        if source or not isinstance(section, Mapping):
            return None, source
        selected = self.context.name_of("dataset")
        name = selected if selected in section else next(iter(section)) if len(section) == 1 else ""
        return (name, self.context.name_of("datasets", name, "source")) if name else (None, None)
