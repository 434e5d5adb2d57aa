"""What a kind must declare: settings with traits, references, wire translation, readiness, steps.

A kind is one file of this folder. Everything that differs between kinds is said there; planner and
applier ask the kind and never test for its name. No I/O, no clock, no environment in here.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Any, ClassVar, Generic, NamedTuple, TypeAlias, TypeVar

from pydantic import BaseModel

from auger_reconcile.diagnostics import with_article
from auger_reconcile.resources._spec import Spec
from auger_reconcile.resources._steps import Steps
from auger_reconcile.resources.gates.gate import Decision
from auger_reconcile.resources.names.revisions import DeclaredNames, canonical
from auger_reconcile.resources.names.vocabulary import Option
from auger_reconcile.resources.search.account import Notice

# Marks a field of an observed object that is no attribute of its own: derived, or too big to tell.
BULKY = "bulky"


class Verb(str, Enum):
    """What an action does; there are exactly five."""

    CREATE = "create"
    SELECT = "select"
    DELETE = "delete"
    START = "start"
    STOP = "stop"


class Loss(str, Enum):
    """What an action costs if it was a mistake: `traffic` is a live model that stops answering."""

    NONE = "none"
    COMPUTE = "compute"
    ARTIFACTS = "artifacts"
    TRAFFIC = "traffic"


class Wanted(Enum):
    """The generic meaning of a declared `state`."""

    ABSENT = "absent"
    PRESENT = "present"
    STARTED = "started"
    STOPPED = "stopped"


class FieldChange(NamedTuple):
    """One setting that differs: where, from what, to what, and why that matters."""

    path: str
    before: Any
    after: Any
    reason: str = ""


class Assessment(NamedTuple):
    """How one declared resource stands to the hub, as its kind sees it.

    The planner turns it into actions; dependents see it as their reference.

    Attributes:
        name: the name of the bound object, or the one that a create would give.
        object: what the resource is bound to now; None means that it has to be created.
        create: why it has to be created.
        start: why it is not active as it stands, or None when it is.
        restart: why it is active in the wrong way (a cluster of another size).
        unready: why work that needs it cannot begin yet, or None when it can.
        stop: why a stop would have an effect, or None when nothing is active.
        broken: objects in the way of a create, which failed and are of no use.
        superseded: objects that a successful create makes superfluous.
        revisions: every object that is or was this resource, the bound one included.
        changes: the settings that differ and led to `create`, `start` or `restart`.
        unknown: attributes that only applying will tell.
        pending: what it brings forth (a finished run) is not known yet.
        detail: one short text about what a create or start does.
        past: seconds that earlier starts like the one to come took.
        limit: seconds that a start takes at most; None where it is not a run.
        refusal: why this resource cannot be planned (a gate), a short sentence.
        refusal_at: the setting that it is about; "" is the resource as a whole.
        fault: why nothing of the plan may be applied: what is declared cannot work.
        caution: what the plan cannot know or will not change, a short sentence.
        caution_code: what kind of caution that is.
        uncompared: why its content was not compared with the hub's, a short sentence.
        previous: the revision before, which a create compares itself with.
        schema_changes: what is different in its columns from those before, sentences; told where it
            is created or started.
        breach: why nothing may be trained on it, where those changes are not allowed.
        gate: what its gate says, where it has one.
    """

    name: str
    object: Any = None
    create: str | None = None
    start: str | None = None
    restart: str | None = None
    unready: str | None = None
    stop: str | None = None
    broken: tuple[Any, ...] = ()
    superseded: tuple[Any, ...] = ()
    revisions: tuple[Any, ...] = ()
    changes: tuple[FieldChange, ...] = ()
    unknown: tuple[str, ...] = ()
    pending: bool = False
    detail: Mapping[Verb, str] = MappingProxyType({})
    past: tuple[float, ...] = ()
    limit: float | None = None
    refusal: str | None = None
    refusal_at: str = ""
    fault: str | None = None
    caution: str | None = None
    caution_code: str = "unknown-content"
    uncompared: str | None = None
    previous: Any = None
    schema_changes: tuple[str, ...] = ()
    breach: str | None = None
    gate: Decision | None = None


class Work(NamedTuple):
    """What the steps of an action have at hand.

    Attributes:
        object: the bound object, None for a create.
        refs: role to the object that the reference is bound to by now.
        organization_id: where a project is created.
        project: the bound project that everything else is in; None while there is none.
        superseded: objects that are deleted once the create has succeeded.
        previous: the revision before; None where there is none.
        wait: somebody needs the end of what is started.
    """

    spec: Any
    name: str
    object: Any
    refs: Mapping[str, Any]
    organization_id: int | None
    project: Any = None
    superseded: tuple[Any, ...] = ()
    previous: Any = None
    wait: bool = True


class Reference(NamedTuple):
    """A setting that names another declared resource of the project.

    Attributes:
        setting: the setting, which is the role of what it names as well.
        kind: of what it names.
        is_implied: left out, it means the only declared one.
    """

    setting: str
    kind: str
    is_implied: bool = True


class Finding(NamedTuple):
    """What a kind has to say of settings that are right each by itself.

    Attributes:
        path: of keys, and of positions or texts in lists, within the settings; () is the resource.
        label: what is shown at the place; by default what is written there.
        is_error: or a warning.
    """

    code: str
    summary: str
    path: tuple[int | str, ...] = ()
    hint: str | None = None
    label: str | None = None
    is_error: bool = True


Differ: TypeAlias = Callable[
    [type[BaseModel], Mapping[str, Any], Mapping[str, Any]], tuple[FieldChange, ...]
]


class Scene(NamedTuple):
    """What a resource is assessed against.

    Attributes:
        objects: those that its `lookup` found.
        refs: role to the assessment of what the resource refers to.
        names: those of all declared resources of the kind, its own included.
        differ: tells which settings differ.
        present: the hub's time, ISO 8601, where it tells.
    """

    objects: Sequence[Any]
    refs: Mapping[str, Assessment]
    names: DeclaredNames
    differ: Differ
    present: str | None = None


S = TypeVar("S", bound=Spec)
Obj = TypeVar("Obj")


AGAIN = "asked for again"  # why something is made anew that satisfies

# Clears the selected experiment, which belongs to one data set of one project.
NO_EXPERIMENT: Mapping[tuple[str, ...], None] = MappingProxyType(
    {("experiment", "name"): None, ("experiment", "experiment_session_id"): None}
)


class Kind(ABC, Generic[S, Obj]):
    """One kind of resource.

    Class attributes:
        name: the word in addresses; equals the file's name.
        spec: the model of its settings.
        object: the frozen dataclass of what the hub has.
        reads: the collections that `observe` needs, first the one of the kind itself.
        states: the meaning of each declared state; key None is "no state declared".
        losses: what each verb costs if it was a mistake; absent means `none`.
        plural: several of them in words.
        section: the key of auger.yaml that declares them by name; by default the name with an `s`.
        at_top: settings that stand at the top of auger.yaml where it is in its short form.
        refers_to: the settings that name other declared resources.
        options: settings that only other clients name, passed on as `options` of the spec.
        needs_active: verb to the roles of what has to be active for it, and is started if not.
        is_home: whether objects of other kinds live in it and go with it.
    """

    name: ClassVar[str]
    plural: ClassVar[str]
    section: ClassVar[str] = ""
    at_top: ClassVar[tuple[str, ...]] = ()
    refers_to: ClassVar[tuple[Reference, ...]] = ()
    options: ClassVar[Mapping[str, Option]] = MappingProxyType({})
    spec: ClassVar[type[Spec]]
    object: ClassVar[type]
    reads: ClassVar[tuple[str, ...]]
    states: ClassVar[Mapping[str | None, Wanted]]
    losses: ClassVar[Mapping[Verb, Loss]]
    needs_active: ClassVar[Mapping[Verb, tuple[str, ...]]] = MappingProxyType({})
    is_home: ClassVar[bool] = False

    @abstractmethod
    def observe(self, answers: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[Obj, ...]:
        """Translate the hub's answers, by collection, into objects."""

    def references(self, spec: S) -> Mapping[str, tuple[str, str]]:
        """Return role to (kind, name) of what the resource needs; "" names its own project.

        By default, of what is no home: its project, and what its settings name.
        """
        needed = {} if self.is_home else {"project": ("project", "")}
        for one in self.refers_to:
            if name := getattr(spec, one.setting):
                needed[one.setting] = (one.kind, name)
        return needed

    def check_written(self, settings: Mapping[str, Any]) -> Iterator[Finding]:
        """Yield what is wrong between settings as they are written; by default nothing.

        Other mistakes do not hide these: the settings need not be valid.

        Args:
            settings: texts, lists and maps of them; what is empty is left out.
        """
        yield from ()

    def check(self, spec: S, refs: Mapping[str, Any]) -> Iterator[Finding]:
        """Yield what is wrong with a valid declaration; by default nothing.

        Args:
            spec: the declared settings.
            refs: role to the valid declaration of what it refers to; what that one refers to is
                behind a dot, such as `experiment.dataset`.
        """
        yield from ()

    def informed(self, spec: S, found: Obj) -> S:
        """Return a declaration with what the object tells of its content; by default as it is.

        What `check` finds in it besides is told in the plan.
        """
        return spec

    def affected(self, spec: S, refs: Callable[[], Mapping[str, Any]]) -> Iterable[Finding]:
        """Return whom a declaration affects outside of the project, for the plan; by default none.

        Args:
            spec: the declared settings.
            refs: returns what it refers to, as for `check`, with what the hub tells of it.
        """
        return ()

    def check_all(self, specs: Iterable[S]) -> Iterator[tuple[str, Finding]]:
        """Yield what is wrong between declarations of the kind, with their names; by default none.

        Args:
            specs: every valid declaration of the kind in one project, in the order of the file.
        """
        yield from ()

    def index_keys(self, found: Obj) -> Iterable[str]:
        """Return the keys under which an object can be looked up; by default its name."""
        return (canonical(getattr(found, "name", "") or ""),)

    def lookup(self, spec: S, refs: Mapping[str, Assessment]) -> Iterable[str]:
        """Return the keys of the objects that matter to a resource; by default its name."""
        return (canonical(spec.name),)

    @abstractmethod
    def assess(self, spec: S, scene: Scene) -> Assessment:
        """Say how the declared resource stands to the objects of its project."""

    def renew(self, spec: S, assessment: Assessment, scene: Scene) -> Assessment:
        """Return the assessment of a resource to be made again though it satisfies; by default no.

        Args:
            spec: the declared settings.
            assessment: as it stands.
            scene: what it was assessed against.
        """
        return assessment._replace(refusal=f"{with_article(self.name)} cannot be made again")

    def facts(self, spec: S | None, found: Obj | None) -> Mapping[str, str]:
        """Return what tells people which resource and object this is, by name; by default none."""
        return {}

    def notices(self, found: Obj) -> tuple[Notice, ...]:
        """Return what the hub tells of an object that the user should know; by default nothing."""
        return ()

    def declarations(self, found: Obj, among: Mapping[str, Sequence[Any]]) -> Iterator[S]:
        """Yield the declarations that may stand for an object, the best first; by default none.

        Args:
            found: the object.
            among: the objects of its project that are to be declared, by kind.
        """
        yield from ()

    def bound_to(self, found: Obj) -> Iterable[tuple[str, str]]:
        """Return kind and id of the objects without which an object cannot be declared."""
        return ()

    def series(self, found: Obj) -> tuple[str, int] | None:
        """Return which series of revisions an object may be of, and its number there."""
        return None

    def follow(self, found: Obj) -> Steps | None:
        """Return the steps that only wait for the end of what is under way; None when nothing is.

        They raise what ended badly.
        """
        return None

    @abstractmethod
    def create(self, work: Work) -> Steps:
        """Yield the steps that make the object; return it."""

    @abstractmethod
    def delete(self, work: Work) -> Steps:
        """Yield the steps that remove the object; return None."""

    def start(self, work: Work) -> Steps:
        """Yield the steps that make it active; return the object."""
        raise NotImplementedError(f"{self.name} cannot be started: a bug in auger_reconcile")

    def stop(self, work: Work) -> Steps:
        """Yield the steps that make it idle; return the object."""
        raise NotImplementedError(f"{self.name} cannot be stopped: a bug in auger_reconcile")

    def loss(self, verb: Verb, found: Obj | None) -> Loss:
        """Return what the verb on this object costs if it was a mistake."""
        return self.losses.get(verb, Loss.NONE)

    def bears(self, found: Obj, name: str) -> bool:
        """Say whether an object may have been declared under a name, as whatever revision."""
        return canonical(name) in set(self.index_keys(found))

    def describe(self, found: Obj) -> str:
        """Return what is worth knowing of an object that goes, one short text; by default none."""
        return ""

    def takes_along(self, found: Obj) -> Iterable[tuple[str, str]]:
        """Return the (kind, key) of objects that the hub removes together with this one."""
        return ()

    def needed_by(self, found: Obj) -> Iterable[tuple[str, str]]:
        """Return the (kind, key) of objects for whose sake an old revision is kept."""
        return self.takes_along(found)

    def is_at_home(self, found: Obj) -> bool:
        """Say whether an object is in its project on the hub, and would go with it."""
        return True

    def selection(self, name: str | None) -> Mapping[tuple[str, ...], str | None]:
        """Return what a select writes into auger.yaml: path of keys to value, None clears it.

        The key of the name itself comes first; with name None everything is cleared. By default
        nothing is written: it cannot be selected.
        """
        return {}

    def uploads(self, spec: S) -> int:
        """Return how many bytes are uploaded when it is created."""
        return 0

    def wanted(self, spec: S) -> Wanted:
        """Return the generic meaning of the declared state."""
        return self.states[getattr(spec, "state", None)]


def comparable(value: Any) -> str:
    """Return a canonical text of JSON-like data, for equality of documents stored by the hub."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
