"""What a document declares, as written: data between reading a file and building resources."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from pydantic import BaseModel, Field

from auger_reconcile.config.declarations.validate import setting_names
from auger_reconcile.config.syntax.nodes import Mapping, Node, Scalar, is_bare
from auger_reconcile.resources._registry import all_kinds
from auger_reconcile.resources._spec import CLOSED, UNPROTECTED, Lifecycle, Trait, setting

# The kind of the project, which the file as a whole declares.
HOME = next(kind for kind in all_kinds().values() if kind.is_home)
# Sections of the long form, and the kind that each declares.
LONG_FORM = {
    kind.section or f"{kind.name}s": kind.name for kind in all_kinds().values() if not kind.is_home
}
# The short form declares one search (below the key of its kind) and the data that it refers to.
SHORT_FORM = {kind.name: kind for kind in all_kinds().values() if kind.at_top}
SEARCH, DATA = next(
    (kind, SHORT_FORM[reference.kind])
    for kind in SHORT_FORM.values()
    for reference in kind.refers_to
    if reference.kind in SHORT_FORM
)
AT_TOP = tuple(name for kind in SHORT_FORM.values() for name in (*kind.at_top, kind.name))
PROJECT_FIELDS = tuple(name for name in setting_names(HOME.spec) if name != "lifecycle")
NAMELESS = "?"  # stands for a missing name, so that the rest is checked all the same


class Move(BaseModel):
    """A resource with another name than before."""

    model_config = CLOSED

    former: str = Field(alias="from", description="The address before, such as `experiment.old`.")
    to: str = Field(description="The address under which it is declared now.")


class Removal(BaseModel):
    """A resource that is not declared any more, and stays on the hub."""

    model_config = CLOSED

    address: str = Field(description="The address that it had, such as `model.old`.")
    keep: bool = Field(
        default=True,
        description="Leave it on the hub; `state: absent` deletes.",
        json_schema_extra={"const": True},
    )


HUB_PATTERN = r"^(local|https?://[^\s/@]+[^\s@]*)$"


class Head(BaseModel):
    """What a file says about itself."""

    model_config = CLOSED

    hub: str | None = Field(
        None,
        description="`local`, or the hub's URL; by default that of the credentials.",
        min_length=1,
        json_schema_extra={"pattern": HUB_PATTERN},
    )
    organization: str | None = Field(
        None, description="The organization; by default that of the credentials.", min_length=1
    )
    path_to_credentials: str | None = Field(
        None, description="Folder with auger.json.", min_length=1
    )
    lifecycle: Lifecycle = setting(
        default=UNPROTECTED,
        description="Protection of every resource of the file.",
        traits=[Trait.RAIL],
    )
    revision_history: int | None = Field(
        None,
        description="How many superseded data sets and experiments a prune keeps.",
        ge=0,
        le=10_000,
    )
    protected_branch: str | None = setting(
        default=None,
        description=(
            "The branch of the repository that plans are made from; a plan from another one is "
            "refused. In the overlay of an environment it is the rule of that environment."
        ),
        traits=[Trait.RAIL],
        min_length=1,
    )
    moved: tuple[Move, ...] = Field(
        (),
        description="Resources with another name than before: they are renamed, not made anew.",
    )
    removed: tuple[Removal, ...] = setting(
        default=(),
        description="Resources that the file forgets: they stay on the hub.",
        traits=[Trait.RAIL],
    )


class Declaration(NamedTuple):
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

    @property
    def is_absent(self) -> bool:
        """Whether it is declared that this is not to be there."""
        state = self.settings.value("state")
        return isinstance(state, Scalar) and state.text == "absent"

    @property
    def known_address(self) -> str | None:
        """The address, or None when the resource has no name to speak of."""
        return None if self.name == NAMELESS else self.address


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

    @property
    def emptied(self) -> tuple[str, ...]:
        """The kinds of the sections that are there with nothing in them."""
        there = self.root.entries
        return tuple(
            k for name, k in LONG_FORM.items() if name in there and is_bare(there[name].value)
        )


def known_fields() -> tuple[str, ...]:
    """Return every key that a document may have."""
    own = ("name", *Head.model_fields, *PROJECT_FIELDS)
    return (*own, *AT_TOP, *LONG_FORM, "variables", "review", "notify")
