"""Find the model that is meant: by its id, or by the name that auger.yaml or the hub gives it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from auger_reconcile.address import Address
from auger_reconcile.api._names import check_id
from auger_reconcile.api._resource import Resource
from auger_reconcile.diagnostics import quote_some
from auger_reconcile.errors import AugerError, ConfigError, NotFound

if TYPE_CHECKING:
    from auger_reconcile.resources._deployment import ModelObject


class DeclaredModel(Resource):
    """A model as the file has it; what is done to it is for `Model`."""

    kind = "model"

    def list(self) -> Iterator[dict[str, Any]]:
        """Yield the properties of every model deployed on the hub."""
        raise NotImplementedError

    def _stored_name(self) -> str | None:
        return None

    def _identify(self, model_id: str | None) -> tuple[str, bool]:
        """Return the id that an id or the name of a declared model means, and if it is downloaded.

        A declared model is the object that stands for it now, whatever the next apply would do.

        Raises:
            NotFound: nothing of the declared model is there.
            AugerError: no model is named, and there is not exactly one.
        """
        if model_id is None:
            model_id = self._only_one(self.context.setting("models"))
        address = self._declared(model_id)
        if address is None:
            return check_id(model_id, self.kind), False
        found = self._live(address)
        if found is None:
            if self.context.setting("models", address.name, "state") == "absent":
                raise NotFound(f"model `{address.name}` is declared to be absent, and is")
            told = f"model `{address.name}` is declared, but not there"
            raise NotFound(told, hint=f"auger apply --target {shlex.quote(str(address))}")
        return (found.trial_id, True) if found.path else (found.id, False)

    def _declared(self, name: str) -> Address | None:
        """Return the declared model that has a name, or had it before; None where there is none."""
        from auger_reconcile.api._selection import find_declared

        declared, home = self.context.setting("models"), self.context.name_of("name")
        if not (home and self._is_at_home and isinstance(declared, Mapping)):
            return None
        if name in declared:
            return Address(home, self.kind, name)
        with suppress(ConfigError):
            desired = self.context.load_desired(check_sources=False)
            found: Address | None = find_declared(desired, home, self.kind, name)
            return found
        return None

    @contextmanager
    def _explaining(self, model_id: str) -> Iterator[None]:
        """Say of a model that the hub does not find whether it could be deployed.

        Raises:
            NotFound: it is not deployed.
        """
        try:
            yield
        except NotFound as error:
            try:
                self.context.session.client.call("GET", f"trials/{model_id}")
            except NotFound:
                told, hint = f"there is no model `{model_id}`", "auger model list"
                if named := [one["id"] for one in self.list() if one.get("name") == model_id]:
                    told = f"no file declares a model `{model_id}`"
                    hint = f"one of that name is deployed, whose id is `{named[-1]}`"
                raise NotFound(told, hint=hint) from error
            told, hint = f"model `{model_id}` is not deployed", f"auger model deploy {model_id}"
            raise NotFound(told, hint=f"to deploy it:\n{hint}") from error

    def _only_one(self, declared: Any) -> str:
        """Return the model that is meant where none is named."""
        is_declared = self._is_at_home and isinstance(declared, Mapping) and declared
        names = list(declared) if is_declared else [str(one["id"]) for one in self.list()]
        if len(names) == 1:
            return str(names[0])
        where = "auger.yaml declares" if is_declared else "the project has deployed"
        if not names:
            raise AugerError(f"{where} no model", hint="auger model deploy MODEL_ID")
        listed = ", ".join(f"`{name}`" for name in names[:5])
        raise AugerError(
            f"{where} {len(names)} models: {listed}", hint="`--model-id` says which is meant"
        )

    def _live(self, address: Address) -> ModelObject | None:
        """Return what stands for a declared model, the best of present data if need be."""
        from auger_reconcile.planner.build import assess
        from auger_reconcile.planner.index import Index
        from auger_reconcile.resources._rolling import standing_of

        index = Index(self.context.observe(address.project))
        for check_sources in (False, True):  # mostly its name tells, and the data may be large
            desired = self.context.load_desired(check_sources=check_sources, needs=())
            assessment = assess(desired, index)[address].assessment
            every: list[ModelObject | None] = [*assessment.revisions, assessment.object]
            known = [found for found in every if found]
            if known:  # what stands beside it in a rollout bears its name as well
                return standing_of(known).live if any(x.rollout for x in known) else known[-1]
        return None

    def _deployed(self, objects: Iterable[ModelObject], given: str) -> ModelObject:
        """Return the deployed model of an id, else the one that answers under a name.

        A name that no file declares any more, or not in this environment, is still the hub's.

        Raises:
            NotFound: there is neither.
            AugerError: several models answer under the name.
        """
        from auger_reconcile.resources._rolling import standing_of
        from auger_reconcile.resources.names.revisions import is_named

        there = [found for found in objects if found.path is None]
        for found in there:
            if given in (found.id, found.trial_id):
                return found
        named = [found for found in there if found.name and is_named(found.name, given)]
        if any(found.rollout for found in named):
            named = [live] if (live := standing_of(named).live) else []
        if len(named) == 1:
            return named[0]
        if named:
            told = f"{len(named)} models of project `{self.project_name}` are called `{given}`"
            ids = quote_some([found.id for found in named])
            raise AugerError(told, hint=f"the id says which one is meant: {ids}")
        told = f"model `{given}` is not deployed in project `{self.project_name}`"
        raise NotFound(told, hint="auger model list")
