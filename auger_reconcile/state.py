"""Desired and observed state: frozen maps from address, the two inputs of the planner."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from auger_reconcile.address import Address
from auger_reconcile.diagnostics import SourceSpan
from auger_reconcile.resources._spec import Spec


@dataclass(frozen=True)
class Declared:
    """One declared resource.

    Attributes:
        spans: setting name to the place of its value; "" is the place of the resource itself.
    """

    address: Address
    spec: Spec
    spans: Mapping[str, SourceSpan] = field(default_factory=dict, compare=False)


class Digest:
    """A digest that is worked out when somebody asks for it, and equals its text."""

    def __init__(self, work_out: Callable[[], str]) -> None:
        self._work_out = work_out

    @cached_property
    def _text(self) -> str:
        return self._work_out()

    def __str__(self) -> str:
        """Return the text, hexadecimal."""
        return self._text

    def __eq__(self, other: object) -> bool:
        """Compare the texts."""
        return str(self) == str(other) if isinstance(other, str | Digest) else NotImplemented

    def __hash__(self) -> int:
        """Return the hash of the text."""
        return hash(self._text)


class Branch(NamedTuple):
    """The branch that a file wants to be applied from.

    Attributes:
        here: that of the checkout; None where there is none, or none is told.
        span: where it is declared.
    """

    wanted: str
    here: str | None
    span: SourceSpan


@dataclass(frozen=True)
class DesiredState:
    """What the files ask for.

    Attributes:
        resources: in the order of the files; every project is a resource of its own.
        hub: `local` or a URL; None leaves it to the credentials.
        organization: None leaves it to the credentials.
        credentials: folder named by `path_to_credentials`.
        protected: what was protected when it was applied, whether it is declared or not.
        locked_at: where the lock file lists it.
        locked_elsewhere: of these, what the lock files of other environments list. They may be of
            another hub, so that it need not be on this one.
        keeps_lock: whether an apply writes what is protected into a lock file.
        revision_history: superseded data sets and experiments that a prune keeps, by project.
        spared: (project, kind) of sections that are there and empty: a prune leaves them alone.
        forgotten: what `removed` takes out of the files and leaves on the hub.
        forgotten_at: where `removed` lists it.
        branches: that the files want to be applied from.
        digest: of all declared values; comments, order and quotes do not change it.
    """

    resources: Mapping[Address, Declared]
    hub: str | None = None
    organization: str | None = None
    credentials: str | None = None
    protected: frozenset[Address] = frozenset()
    locked_at: Mapping[Address, SourceSpan] = field(default_factory=dict, compare=False)
    locked_elsewhere: frozenset[Address] = frozenset()
    keeps_lock: bool = False
    revision_history: Mapping[str, int] = field(default_factory=dict)
    spared: frozenset[tuple[str, str]] = frozenset()
    forgotten: frozenset[Address] = frozenset()
    forgotten_at: Mapping[Address, SourceSpan] = field(default_factory=dict, compare=False)
    branches: tuple[Branch, ...] = ()
    digest: str | Digest = ""

    @property
    def projects(self) -> tuple[str, ...]:
        """The names of the declared projects, in the order of the files."""
        return tuple(dict.fromkeys(address.project for address in self.resources))

    @property
    def named_projects(self) -> tuple[str, ...]:
        """The names of the declared projects, and of others that the lock files list after them."""
        locked = (address.project for address in sorted(self.protected))
        return tuple(dict.fromkeys((*self.projects, *locked)))


class ProtectionChange(NamedTuple):
    """What an apply writes into the lock files.

    Attributes:
        protects: what no plan deletes from then on, whether it is declared or not.
        releases: what may be deleted again.
    """

    protects: tuple[Address, ...] = ()
    releases: tuple[Address, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the lock files stay as they are."""
        return not self.protects and not self.releases

    def to_json(self) -> dict[str, list[str]]:
        """Return the JSON form used in plans: addresses with their project."""
        return {
            "protects": [at.qualified for at in self.protects],
            "releases": [at.qualified for at in self.releases],
        }

    @classmethod
    def from_json(cls, item: Mapping[str, Iterable[str]]) -> ProtectionChange:
        """Read the JSON form back."""
        protects, releases = (
            tuple(map(Address.parse, item[name])) for name in ("protects", "releases")
        )
        return cls(protects, releases)


UNCHANGED = ProtectionChange()


class Storage(NamedTuple):
    """What an organization stores, in bytes, and how much it may."""

    used: int
    most: int


@dataclass(frozen=True)
class ObservedState:
    """What the hub has.

    Attributes:
        objects: (project, kind) to the objects there; the projects themselves are under
            (project, "project").
        present: the hub's time, ISO 8601; None where it does not tell.
        storage: of the organization; None where there is no limit.
        hub_id: which hub it is, whatever its address; None where it does not tell.
    """

    hub: str
    organization: str
    organization_id: int | None
    objects: Mapping[tuple[str, str], tuple[Any, ...]]
    present: str | None = field(default=None, compare=False)
    storage: Storage | None = field(default=None, compare=False)
    hub_id: str | None = None

    def of(self, project: str, kind: str) -> tuple[Any, ...]:
        """Return the objects of a kind in a project."""
        return self.objects.get((project, kind), ())
