"""Write what the hub has of a project as an auger.yaml of which the plan is empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auger_reconcile.errors import AugerError, ConfigError, NotFound

if TYPE_CHECKING:
    from auger_reconcile.address import Address
    from auger_reconcile.api.context import Context
    from auger_reconcile.planner.adopt import Adopted
    from auger_reconcile.resources._base import Spec
    from auger_reconcile.state import DesiredState, ObservedState

KeyPath = tuple[str, ...]


@dataclass(frozen=True)
class Pulled:
    """What was found, and what came of it.

    Attributes:
        text: an auger.yaml; of an existing file that was changed, the text it has now.
        left_out: what the hub has and the text does not say.
        differs: what the plan of an existing file would still do.
        is_written: whether a file was changed.
    """

    project: str
    text: str
    left_out: tuple[str, ...]
    differs: tuple[str, ...] = ()
    is_written: bool = False


def pull(context: Context, project: str, *, everything: bool = False) -> Pulled:
    """Return an auger.yaml that describes a project; nothing is written.

    Args:
        context: connected to the hub.
        project: its name.
        everything: older revisions of data sets and experiments too.

    Raises:
        NotFound: there is no such project.
    """
    from auger_reconcile.config.render import render_state

    adopted, _ = _adopt(context, project, everything=everything)
    organization, hub = context.session.organization, context.name_of("hub")
    rendered = render_state(replace(adopted.state, organization=organization, hub=hub))
    return Pulled(project, rendered.text, (*adopted.left_out, *rendered.left_out))


def pull_into(context: Context, file: Path, project: str) -> Pulled:
    """Change the values of an existing auger.yaml that differ from the hub, and no byte besides.

    Raises:
        AugerError: the file declares another project.
        ConfigError: the file is not valid.
    """
    from auger_reconcile.config.edit import set_values
    from auger_reconcile.config.load import load_desired_state, read_settings

    desired = load_desired_state([file], environ=context.environ).state
    if desired.projects != (project,):
        raise AugerError(
            f"`{file}` declares {', '.join(desired.projects)}, not {project}",
            hint="`--force` replaces the file, `--out FILE` writes another one",
        )
    adopted, observed = _adopt(context, project, everything=True)
    before = file.read_bytes()
    settings = read_settings(file, environ=context.environ)
    for keys, value in _edits(desired, adopted, observed, settings):
        with suppress(ConfigError):  # what cannot be changed is told as what still differs
            set_values(file, {keys: value})
    now = load_desired_state([file], environ=context.environ).state
    text = file.read_text(encoding="utf-8")
    differs = tuple(_differences(now, observed))
    return Pulled(project, text, (), differs, is_written=file.read_bytes() != before)


def _adopt(context: Context, project: str, *, everything: bool) -> tuple[Adopted, ObservedState]:
    from auger_reconcile.planner.adopt import adopt

    observed = context.observe(project)
    if not observed.of(project, "project"):
        raise NotFound(f"project `{project}` does not exist", hint="auger project list")
    adopted = adopt(observed, project, everything=everything, is_allowed=_may_be_written)
    return adopted, observed


def _may_be_written(spec: Spec) -> bool:
    """Say whether a file may hold a declaration: no secret of a URL, no name no file can have."""
    from auger_reconcile.client.redact import redact
    from auger_reconcile.config.names import fault_of_name

    source = getattr(spec, "source", None) or ""
    return fault_of_name(spec.name) is None and redact(source) == source


def write(file: Path, pulled: Pulled) -> Pulled:
    """Write what was pulled into a file, whole or not at all.

    Raises:
        AugerError: it cannot be written.
    """
    from auger_reconcile.config.write import replace_file

    try:
        replace_file(file, pulled.text)
    except OSError as error:
        raise AugerError(f"`{file}` cannot be written: {error.strerror}") from None
    return replace(pulled, is_written=True)


def _edits(
    desired: DesiredState,
    adopted: Adopted,
    observed: ObservedState,
    settings: Mapping[str, Any],
) -> Iterator[tuple[KeyPath, Any]]:
    """Yield the values that the file says otherwise than the hub, with their places."""
    from auger_reconcile.planner.build import assess
    from auger_reconcile.planner.drift import find_drift
    from auger_reconcile.planner.index import Index

    found = {(at.kind, item.id): at for at, item in adopted.objects.items()}
    standings = assess(desired, Index(observed))
    for difference in find_drift(desired, observed).differences:
        address = difference.address
        for change in difference.changes:
            keys = _place(address, change.path, settings)
            if keys and isinstance(change.before, (str, int, float)):
                yield keys, change.before
        one = standings.get(address)
        if one is None or difference.changes:
            continue
        for live in one.assessment.revisions[-1:]:
            there = found.get((address.kind, live.id))
            trial = getattr(adopted.state.resources[there].spec, "trial", None) if there else None
            if trial is not None and trial != getattr(one.declared.spec, "trial", None):
                yield _place(address, "trial", settings), trial


def _place(address: Address, name: str, settings: Mapping[str, Any]) -> KeyPath:
    """Return where a file says a setting, in its long or its short form; () where it has none."""
    from auger_reconcile.config.declaration import LONG_FORM, SHORT_SEARCH
    from auger_reconcile.resources._registry import kind_of

    kind = kind_of(address.kind)
    if kind.is_home:
        return ("cluster", name)
    if name not in kind.spec.model_fields:
        return ()
    for section, named in LONG_FORM.items():
        if named == address.kind and address.name in (settings.get(section) or {}):
            return section, address.name, name
    return (name,) if name in SHORT_SEARCH else (address.kind, name)


def _differences(desired: DesiredState, observed: ObservedState) -> Iterator[str]:
    from auger_reconcile.planner.drift import find_drift

    for one in find_drift(desired, observed).differences:
        changes = ", ".join(f"{change.path} is {change.before!r}" for change in one.changes)
        yield f"{one.address} {one.divergence.value}: {changes or one.reason}"
