"""Endpoint: a name under which a project's models can be asked, whichever is behind it."""

# ruff: noqa: ARG002 - kinds share one interface; not each needs all of it
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from auger_reconcile.resources._base import Assessment, Kind, Loss, Scene, Verb, Wanted, Work
from auger_reconcile.resources._spec import Spec, Trait, setting
from auger_reconcile.resources._steps import Send, Steps, delete
from auger_reconcile.resources.names.revisions import is_named


class EndpointSpec(Spec):
    """What auger.yaml says about an endpoint."""

    state: str = setting(
        default="present",
        description="`present`, or `absent`.",
        traits=[Trait.LOCAL],
        pattern="^(present|absent)$",
    )


@dataclass(frozen=True)
class EndpointObject:
    """An endpoint on the hub."""

    id: str
    name: str


class Endpoint(Kind[EndpointSpec, EndpointObject]):
    """The endpoint kind."""

    name = "endpoint"
    plural = "endpoints"
    spec = EndpointSpec
    object = EndpointObject
    reads = ("endpoints",)
    states: ClassVar = {"present": Wanted.PRESENT, "absent": Wanted.ABSENT}
    losses: ClassVar = {Verb.DELETE: Loss.TRAFFIC}

    def observe(
        self, answers: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> tuple[EndpointObject, ...]:
        """Translate the hub's answers into objects."""
        return tuple(
            EndpointObject(str(item["id"]), str(item["name"]))
            for item in answers["endpoints"]
            if not item.get("deleted")
        )

    def assess(self, spec: EndpointSpec, scene: Scene) -> Assessment:
        """Compare what is declared with what is there."""
        found = next((item for item in scene.objects if is_named(item.name, spec.name)), None)
        if found is None:
            return Assessment(spec.name, create="does not exist")
        return Assessment(found.name, object=found, revisions=(found,))

    def renew(self, spec: EndpointSpec, assessment: Assessment, scene: Scene) -> Assessment:
        """Make it again, the old one first: two of one name cannot be there at once."""
        if assessment.object is None:
            return assessment
        old = (assessment.object,)
        return assessment._replace(object=None, create="asked for again", broken=old)

    def facts(self, spec: EndpointSpec | None, found: EndpointObject | None) -> Mapping[str, str]:
        """What `auger explain` tells."""
        return {"id": found.id} if found else {}

    def declarations(
        self, found: EndpointObject, among: Mapping[str, Sequence[Any]]
    ) -> Iterator[EndpointSpec]:
        """What `auger pull` writes."""
        yield EndpointSpec(name=found.name)

    def create(self, work: Work) -> Steps:
        """Yield requests; each answer is sent back."""
        body = {"name": work.name, "project_id": work.project.id}
        item = yield Send("POST", "endpoints", body)
        return EndpointObject(str(item["id"]), str(item["name"]))

    def delete(self, work: Work) -> Steps:
        """One request; what is gone already is deleted as well."""
        yield from delete(f"endpoints/{work.object.id}")


KIND = Endpoint()
