"""auger.api.DataSet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from auger_reconcile.api._resource import Resource
from auger_reconcile.errors import AugerError

if TYPE_CHECKING:
    from auger_reconcile.api.context import Context
    from auger_reconcile.api.project import Project
    from auger_reconcile.planner.plan import Plan
    from auger_reconcile.resources.dataset import DatasetSpec


class DataSet(Resource):
    """A data set of a project.

    Args:
        context: credentials and settings.
        project: the project it is in; by default the one in auger.yaml.
        dataset_name: of an existing or new data set; by default the one in auger.yaml.
    """

    kind = "dataset"

    def __init__(
        self, context: Context, project: Project | None = None, dataset_name: str | None = None
    ) -> None:
        super().__init__(context, project.project_name if project else None)
        self._name = dataset_name or context.name_of("dataset")

    @property
    def name(self) -> str:
        """The name, as given or stored in auger.yaml."""
        from auger_reconcile.api.context import require

        return require(self._name, "data set", ("dataset",))

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
        return self._item("project_files", self.name)

    def create(self, source: str | None = None) -> DataSet:
        """Make the data set from a local file or URL, and store its name in auger.yaml.

        The project is created and its cluster started where that is needed. A data set that was
        made from the same content is taken as it is.

        Args:
            source: path or http(s) URL; by default `source` of auger.yaml.

        Returns:
            The data set with the name that it has now.
        """
        plan = self.plan_create(source)
        result = self.context.carry_out(plan)
        ended = [o.object for o in result.outcomes if o.action.address.kind == self.kind]
        bound = [found for at, found in plan.bindings.items() if at.kind == self.kind]
        self._name = next(found.name for found in (*ended, *bound) if found)
        return self

    def delete(self) -> None:
        """Delete the data set, and clear its name from auger.yaml when it was selected.

        Raises:
            NotFound: the data set does not exist.
        """
        self.context.carry_out(self.plan_delete())

    def download(self, to: str | Path = ".") -> Path:
        """Fetch the file that the data set was made from; return where it lies.

        Args:
            to: an existing or new folder.

        Raises:
            NotFound: the data set does not exist.
        """
        from auger_reconcile.resources._base import split_extension

        item = self.properties()
        key = urlsplit(str(item["url"])).path.rpartition("/")[2]
        query = {"project_id": item["project_id"], "file_path": key}
        client = self.context.session.client
        url = client.call("GET", "project_file_urls", query)["url"]
        path = Path(to) / f"{split_extension(str(item['name']))[0]}{split_extension(key)[1]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        client.download(url, path)
        return path

    def plan_create(self, source: str | None = None) -> Plan:
        """Return what `create` would do."""
        from auger_reconcile.api.project import Project

        observed = self._observe()
        home = Project(self.context, self.project_name).spec()
        spec = self.spec(source or self._declared_source())
        plan = self._build(observed, {"project": home, self.kind: spec}, self.kind)
        address = next(at for at in plan.bindings if at.kind == self.kind)
        bound = plan.bindings[address]
        made = next((a.name for a in plan.actions if a.address == address and not a.object), None)
        return self._select(plan, self.kind, spec.name, made or (bound and bound.name))

    def plan_delete(self) -> Plan:
        """Return what `delete` would do."""
        return self._plan_delete(self.name, ("dataset",))

    def plan_select(self) -> Plan:
        """Return the plan that stores the data set's name in auger.yaml."""
        return self._plan_select(self.name)

    def spec(self, source: str) -> DatasetSpec:
        """Return the declaration of a data set from a source, its content included.

        Raises:
            AugerError: a local source cannot be read.
        """
        from auger_reconcile.config.source import ContentReader, base_name
        from auger_reconcile.resources.dataset import DatasetSpec

        spec = DatasetSpec(name=base_name(source), source=source)
        if spec.is_remote:
            return spec
        path = Path(source)
        try:
            content = ContentReader().read(path)
        except OSError as error:
            raise AugerError(f"`{source}` cannot be read: {error.strerror}") from None
        known = {"path": str(path), "sha256": content.sha256, "size": content.size}
        return spec.model_copy(update=known)

    def _declared_source(self) -> str:
        """Return the source of auger.yaml, relative to the working directory."""
        from auger_reconcile.api.context import require

        source = require(self.context.name_of("source"), "source", ("source",))
        is_remote = urlsplit(source).scheme in ("http", "https")
        return source if is_remote else str(self.context.folder / source)
