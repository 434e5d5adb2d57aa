"""The declared settings of a resource: traits, limits and descriptions; its protection."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

# A model is built when it is first used: few of them are, by a short command.
CLOSED = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Trait(str, Enum):
    """A property of a setting that planner, editor and reference page need to know."""

    IDENTITY = "identity"  # another value means another object
    UNORDERED = "unordered"  # a list whose order has no meaning
    LOCAL = "local"  # for this tool alone, never sent to the hub nor compared with it
    COMPUTED = "computed"  # never written in a file: found out while it is read
    RAIL = "rail"  # a gate, limit or protection, which no empty text may take away
    CONTENT = "content"  # names data, of which `path`, `sha256`, `size` and `header` are computed


def setting(
    *, description: str, traits: Iterable[Trait] = (), known: Iterable[str] = (), **limits: Any
) -> Any:
    """Declare one setting: its description, its traits, its default and its limits.

    Args:
        description: a sentence.
        traits: what others need to know of it.
        known: the texts among which a rule of its kind looks for it.
        limits: what pydantic takes.
    """
    extra: dict[str, Any] = {"traits": [trait.value for trait in traits]}
    extra |= {"enum": sorted(known)} if known else {}
    return Field(description=description, json_schema_extra=extra, **limits)


class Lifecycle(BaseModel):
    """Protection of a resource against mistakes."""

    model_config = CLOSED

    prevent_destroy: bool = setting(
        default=False,
        traits=[Trait.RAIL],
        description=(
            "Refuse every plan that would delete or replace this resource, also when it has been "
            "removed from the file: `auger.lock.yaml` remembers it."
        ),
    )
    ignore_changes: tuple[str, ...] = setting(
        default=(),
        description="Settings whose changes start nothing and create nothing.",
        traits=[Trait.RAIL],
    )


# Nothing is to be validated here, and so no validator is built for it.
UNPROTECTED = Lifecycle.model_construct()


class Spec(BaseModel):
    """The declared settings of one resource, in the words of auger.yaml."""

    model_config = CLOSED

    name: str = Field(description="The name, unique among its kind in the project.")
    lifecycle: Lifecycle = setting(
        default=UNPROTECTED,
        description="Protection of this resource against mistakes.",
        traits=[Trait.RAIL],
    )
    formerly: tuple[str, ...] = setting(
        default=(),
        description="Names that it had before, from `moved`.",
        traits=[Trait.COMPUTED],
    )


def has_trait(spec: type[BaseModel], name: str, trait: Trait) -> bool:
    """Say whether a setting of a spec was declared with a trait."""
    extra = spec.model_fields[name].json_schema_extra
    return isinstance(extra, dict) and trait.value in extra.get("traits", ())  # type: ignore[operator]
