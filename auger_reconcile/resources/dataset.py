"""Data set: a file of the project, identified by its content.

The content's SHA-256 travels in the upload key, and the hub keeps the key in the file's `url`; so
any machine can tell which content a data set was made from, with no state file.
Wire contract §2.8 (project_file), §2.9 (upload form) and §3.5 (flows).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from auger_reconcile.errors import ActionFailed
from auger_reconcile.resources._base import (
    AGAIN,
    NO_EXPERIMENT,
    Assessment,
    Finding,
    Kind,
    Loss,
    Scene,
    Verb,
    Wanted,
    Work,
)
from auger_reconcile.resources._steps import Steps, delete
from auger_reconcile.resources.files.columns import find_unknown
from auger_reconcile.resources.files.contract import (
    REFUSE,
    breaks,
    compare_header,
    compare_tables,
    last_accepted,
    say_breach,
)
from auger_reconcile.resources.files.project_file import (
    PROCESSING,
    USABLE,
    DatasetObject,
    find_learned_from,
    from_wire,
    register,
    wait_processed,
    with_notices,
)
from auger_reconcile.resources.files.source import (
    NOT_HERE,
    NOT_READ_AGAIN,
    NOT_TOLD,
    DatasetSpec,
    address_of,
    bare_address,
    declared_schema,
    describe_source,
    holds_content,
    is_foreign,
    is_read_as_declared,
    is_usable_from,
    lacks_content,
    say_why_new,
    upload,
)
from auger_reconcile.resources.names.revisions import (
    in_series,
    next_revision,
    place_in_series,
    series_keys,
    split_extension,
)
from auger_reconcile.resources.search.account import Notice
from auger_reconcile.web_url import is_web_url, without_fragment


class Dataset(Kind[DatasetSpec, DatasetObject]):
    """The data set kind."""

    name = "dataset"
    plural = "data sets"
    at_top = ("source",)
    spec = DatasetSpec
    object = DatasetObject
    reads = ("project_files", "experiments", "experiment_sessions")
    states: ClassVar = {"present": Wanted.PRESENT, "absent": Wanted.ABSENT}
    losses: ClassVar = {Verb.DELETE: Loss.ARTIFACTS}
    needs_active: ClassVar = {Verb.CREATE: ("project",)}

    def observe(
        self, answers: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> tuple[DatasetObject, ...]:
        """Translate project files; what the hub itself has made of others is declared by nobody."""
        learned_from = find_learned_from(answers)
        return tuple(
            from_wire(item, learned_from)
            for item in answers["project_files"]
            if not item.get("deleted") and not item.get("made_of")
        )

    def check(self, spec: DatasetSpec, refs: Mapping[str, Any]) -> Iterator[Finding]:
        """Look for the declared columns in the header of a local source."""
        if spec.header is not None:
            is_error = spec.on_schema_change == REFUSE
            yield from find_unknown(("columns",), spec.columns, spec.header, is_error=is_error)

    def informed(self, spec: DatasetSpec, found: DatasetObject) -> DatasetSpec:
        """With the columns that the hub has read, where no local source tells them."""
        if spec.header is not None or not found.columns:
            return spec
        return spec.model_copy(update={"header": tuple(name for name, _ in found.columns)})

    def check_all(self, specs: Iterable[DatasetSpec]) -> Iterator[tuple[str, Finding]]:
        """Warn of a URL that a data set before has: a hub refuses the second one (§2.8)."""
        first: dict[str, str] = {}
        for spec in specs:
            if not spec.is_remote or spec.state == "absent":
                continue
            other = first.setdefault(str(spec.source), spec.name)
            if other != spec.name:
                summary = "a URL that another data set has"
                hint = f"a hub keeps one data set of a URL: this one and `{other}` will be the same"
                yield spec.name, Finding("same-url", summary, ("source",), hint, is_error=False)

    def index_keys(self, found: DatasetObject) -> Iterable[str]:
        """By name, as a revision, and by URL."""
        return (
            *series_keys(found.name, split_extension(found.name)[1]),
            f"url:{bare_address(found.url)}",
        )

    def lookup(self, spec: DatasetSpec, refs: Mapping[str, Assessment]) -> Iterable[str]:
        """By name; and by URL, of which a project has each only once (wire contract §1.6)."""
        return (*super().lookup(spec, refs), f"url:{bare_address(spec.source or '')}")

    def assess(self, spec: DatasetSpec, scene: Scene) -> Assessment:
        """Find the revision with the declared content; other content is a new revision."""
        base, extension = split_extension(spec.name)
        revisions = in_series(scene.objects, scene.names, base, extension)
        usable = _usable(revisions)
        known = [item for item in usable if holds_content(item, spec)]
        if not known and spec.is_remote:  # another name, which once was a revision of this one
            known = [found for found in scene.objects if is_usable_from(found, spec)]
        previous = last_accepted(usable)
        unread = None
        if spec.is_remote:
            previous = last_accepted(known) or previous
            known, unread = _compare_newest(known, spec)
        if not known and lacks_content(spec):
            known, unread = usable, NOT_HERE  # the newest is taken for it, until it can be read
        if known and (spec.unread or unread == NOT_TOLD):  # it was asked for to compare it
            bound = _bind(spec, known[-1], revisions, uncompared=unread)
            return bound._replace(refusal=unread, refusal_at="source")
        as_declared = [item for item in known if is_read_as_declared(item, spec)]
        if known and not as_declared and unread != NOT_HERE:
            return self._read_again(spec, known[-1], revisions, scene)
        if known:
            return _bind(spec, (as_declared or known)[-1], revisions, uncompared=unread)
        foreign = next((item for item in usable if is_foreign(item, spec)), None)
        if foreign and not spec.is_remote and not any(item.content for item in usable):
            caution = "made by another client: its content cannot be compared with the source"
            return Assessment(foreign.name, object=foreign, revisions=revisions, caution=caution)
        if spec.source is None:
            refusal = "it is not on the hub, and no source to make it from is declared"
            return Assessment(spec.name, refusal=refusal, refusal_at="source")
        return _add_revision(spec, revisions, scene, previous)

    def _read_again(
        self,
        spec: DatasetSpec,
        found: DatasetObject,
        revisions: tuple[DatasetObject, ...],
        scene: Scene,
    ) -> Assessment:
        """The same content, with other columns declared: a new revision."""
        why = f"`columns` or `missing` have changed since `{found.name}`"
        if spec.source is None:
            caution = f"{why}, and no source to make it from again is declared"
            return Assessment(found.name, object=found, revisions=revisions, caution=caution)
        here = Assessment(found.name, object=found, revisions=revisions)
        before = _accepted_before(revisions, found)
        accepted = last_accepted([before, found] if before else [found])
        return self.renew(spec, here, scene)._replace(create=why, previous=accepted)

    def renew(self, spec: DatasetSpec, assessment: Assessment, scene: Scene) -> Assessment:
        """A new revision; but a hub takes a URL only once, so that the old one goes first."""
        found: DatasetObject | None = assessment.object
        if found is None:
            return assessment
        if spec.source is None:
            refusal = "no source to make it from again is declared"
            return assessment._replace(refusal=refusal, refusal_at="source")
        base, extension = split_extension(spec.name)
        taken = [item.name for item in assessment.revisions]
        name = next_revision(base, extension, taken, scene.names)
        return assessment._replace(
            name=found.name if spec.is_remote else name,
            object=None,
            create=AGAIN,
            broken=(found,) if spec.is_remote else (),
            previous=found if spec.is_remote else assessment.previous,
            caution=None,
            uncompared=None,
            refusal=None,
            detail={Verb.CREATE: describe_source(spec)},
        )

    def facts(self, spec: DatasetSpec | None, found: DatasetObject | None) -> Mapping[str, str]:
        """Where the data comes from, its content, and its size as a table."""
        facts = {"source": describe_source(spec)} if spec and spec.source else {}
        if spec and found and spec.source and not spec.sha256:
            why = (spec.unread or NOT_READ_AGAIN) if spec.is_remote else NOT_HERE
            facts["content"] = f"not compared: {why}"
        if spec and spec.sha256:
            facts["declared content"] = f"sha256 {spec.sha256}"
        if found:
            facts["data set"] = f"{found.name}, id {found.id}, {found.status}"
            made_of = f"sha256 {found.content}" if found.content else found.url
            facts["made of"] = made_of
        if found and found.columns:
            rows = (found.statistics or {}).get("count")
            counted = f"{rows} rows, " if rows is not None else ""
            facts["table"] = f"{counted}{len(found.columns)} columns"
        return facts

    def notices(self, found: DatasetObject) -> tuple[Notice, ...]:
        """What was guessed about its file, and what is odd in it."""
        return found.notices

    def declarations(
        self, found: DatasetObject, among: Mapping[str, Sequence[Any]]
    ) -> Iterator[DatasetSpec]:
        """By its URL, or by its name alone: where a local source lies no hub can tell."""
        if found.status in USABLE:
            if is_web_url(found.url):
                yield DatasetSpec(name=found.name, source=without_fragment(found.url))
            yield DatasetSpec(name=found.name)

    def series(self, found: DatasetObject) -> tuple[str, int]:
        """By its name: `churn-1.csv` may be a revision of `churn.csv`."""
        return place_in_series(found.name, split_extension(found.name)[1])

    def follow(self, found: DatasetObject) -> Steps | None:
        """Wait until the hub has read the data."""
        return wait_processed(found) if found.status == PROCESSING else None

    def uploads(self, spec: DatasetSpec) -> int:
        """Return the size of a local source."""
        return 0 if spec.is_remote else spec.size or 0

    def create(self, work: Work) -> Steps:
        """Upload, register, wait until processed.

        A cut before the registration leaves an unused upload, which costs nothing but its bytes.
        """
        spec: DatasetSpec = work.spec
        if spec.is_remote:
            place = {"url": address_of(spec, work.name, work.previous)}
        else:
            place = yield from upload(work)
        body = {
            "name": work.name,
            "project_id": work.project.id,
            "file_name": work.name,
            **place,
            **({"schema": schema} if (schema := declared_schema(spec)) else {}),
        }
        item, is_new = yield from register(body)
        made = yield from wait_processed(from_wire(item))
        if spec.is_remote and spec.sha256 is not None:
            made = yield from _as_planned(made, spec.sha256, is_new=is_new)
        return _compared(made, work)

    def delete(self, work: Work) -> Steps:
        """One request."""
        yield from delete(f"project_files/{work.object.id}")

    def needed_by(self, found: DatasetObject) -> Iterable[tuple[str, str]]:
        """The experiments that are bound to it."""
        return [("experiment", f"data:{found.id}")]

    def selection(self, name: str | None) -> Mapping[tuple[str, ...], str | None]:
        """Another data set has other experiments."""
        return {("dataset",): name, **NO_EXPERIMENT}


def _compare_newest(
    known: list[DatasetObject], spec: DatasetSpec
) -> tuple[list[DatasetObject], str | None]:
    """Return what was made of a URL as it is now, and why that is not known where it is not.

    Only the newest counts: a URL that serves what it once did gets another revision, so that a
    plan that does not read it again comes to the same.
    """
    if spec.sha256 is None or not known:
        return known, spec.unread or NOT_READ_AGAIN
    if known[-1].content is None:
        return known, NOT_TOLD
    return (known, None) if known[-1].content == spec.sha256 else ([], None)


def _breach(spec: DatasetSpec, changes: Sequence[Notice]) -> str | None:
    """Return why nothing may be trained on the data, where that is declared."""
    is_broken = spec.on_schema_change == REFUSE and breaks(changes)
    return say_breach(changes) if is_broken else None


def _as_planned(made: DatasetObject, sha256: str, *, is_new: bool) -> Steps:
    """Return what was made of a URL; of other content than that of the plan nothing is kept.

    Raises:
        ActionFailed: the URL serves other content by now; nothing is trained on it.
    """
    if made.fetched is None:
        return with_notices(made, [Notice("not-compared", f"{NOT_TOLD}: it may be other content")])
    if made.fetched == sha256:
        return made
    if is_new:
        yield from delete(f"project_files/{made.id}")
    kept = "the data set made of it was deleted again" if is_new else f"`{made.name}` was there"
    raise ActionFailed(
        f"the URL serves other content by now, sha256 {made.fetched[:6]}, than the plan was made "
        f"of, sha256 {sha256[:6]}; {kept}",
        hint="a plan of what it serves now is made by\nauger plan --refresh-sources",
    )


def _compared(made: DatasetObject, work: Work) -> DatasetObject:
    """Return a data set with what differs from the revision before among its notices.

    Raises:
        ActionFailed: that is not allowed; nothing is trained on it.
    """
    changes = compare_tables(work.previous, made) if work.previous is not None else ()
    if breaks(changes) and work.spec.on_schema_change == REFUSE:
        raise ActionFailed(say_breach(changes))
    if not changes:
        return made
    return with_notices(made, changes)


def _usable(revisions: Sequence[DatasetObject]) -> list[DatasetObject]:
    return [item for item in revisions if item.status in USABLE]


def _bind(
    spec: DatasetSpec,
    bound: DatasetObject,
    revisions: tuple[DatasetObject, ...],
    *,
    uncompared: str | None,
) -> Assessment:
    """Return that a revision is what is declared, and how its columns differ from those before."""
    older = _accepted_before(revisions, bound)
    changes = compare_tables(older, bound) if older else ()
    return Assessment(
        bound.name,
        object=bound,
        revisions=revisions,
        uncompared=uncompared,
        schema_changes=tuple(change.text for change in changes),
        breach=_breach(spec, changes),
    )


def _add_revision(
    spec: DatasetSpec,
    revisions: tuple[DatasetObject, ...],
    scene: Scene,
    previous: DatasetObject | None,
) -> Assessment:
    """Return that another revision has to be made, under the next name that is free."""
    base, extension = split_extension(spec.name)
    usable = _usable(revisions)
    broken = tuple(item for item in revisions if item not in usable and holds_content(item, spec))
    failed = {item.name for item in broken}
    taken = [item.name for item in revisions if item.name not in failed]
    changes = compare_header(previous, spec.header) if previous else ()
    return Assessment(
        next_revision(base, extension, taken, scene.names),
        create=say_why_new(spec, usable, broken),
        broken=broken,
        revisions=revisions,
        detail={Verb.CREATE: describe_source(spec)},
        previous=previous,
        schema_changes=tuple(change.text for change in changes),
        fault=_breach(spec, changes),
    )


def _accepted_before(
    revisions: Sequence[DatasetObject], found: DatasetObject
) -> DatasetObject | None:
    """Return the last revision before another one that was not refused."""
    usable = _usable(revisions)
    return last_accepted(usable[: usable.index(found)] if found in usable else ())


KIND = Dataset()
