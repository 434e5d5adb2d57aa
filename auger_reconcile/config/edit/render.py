"""DesiredState -> the text of an auger.yaml that says it, in the long form and canonical order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from auger_reconcile.address import Address
from auger_reconcile.config.declarations.declaration import LONG_FORM
from auger_reconcile.config.declarations.validate import setting_names
from auger_reconcile.config.edit.format import INDENT, key_order
from auger_reconcile.config.edit.quoting import to_yaml
from auger_reconcile.resources._spec import UNPROTECTED, Spec
from auger_reconcile.resources.names.vocabulary import OPTIONS, Option
from auger_reconcile.state import Declared, DesiredState

# Of two options with one member on the wire, the first one is written.
_NAMES = {option.wire: name for name, option in reversed([*OPTIONS.items()])}


@dataclass(frozen=True)
class Rendered:
    """The text of a file, and the settings that no key of the file can say."""

    text: str
    left_out: tuple[str, ...]


def render_state(state: DesiredState) -> Rendered:
    """Return the text that declares a state; several projects are several documents."""
    left_out: list[str] = []
    documents = []
    for project in state.projects:
        mine = {at: one for at, one in state.resources.items() if at.project == project}
        lines = _document(state, project, mine, left_out)
        documents.append("\n".join(lines) + "\n")
    return Rendered("---\n".join(documents), tuple(left_out))


def _document(
    state: DesiredState, project: str, mine: Mapping[Address, Declared], left_out: list[str]
) -> Iterator[str]:
    top: dict[str, Any] = {"hub": state.hub, "organization": state.organization, "name": project}
    for address, declared in mine.items():
        if address.kind not in LONG_FORM.values():
            top |= settings_of(declared.spec)
    top["revision_history"] = state.revision_history.get(project)
    top["moved"] = [one for declared in mine.values() for one in _moves(declared)] or None
    of_file = top.get("lifecycle", {})  # which holds for every resource that has none of its own
    sections = {
        section: _section(mine, kind, of_file, left_out) for section, kind in LONG_FORM.items()
    }
    for name in key_order(()):
        if sections.get(name):
            yield ""
            yield f"{name}:"
            yield from sections[name]
        elif top.get(name) is not None:
            yield f"{name}: {render_value(top[name])}"


def _moves(declared: Declared) -> Iterator[dict[str, str]]:
    """Yield the moves by which a resource came to its name, the last one first."""
    at = declared.address
    for former in declared.spec.formerly:
        source = at._replace(name=former)
        yield {"from": str(source), "to": str(at)}
        at = source


def _section(
    mine: Mapping[Address, Declared],
    kind: str,
    of_file: Mapping[str, Any],
    left_out: list[str],
) -> list[str]:
    lines = []
    for address, declared in mine.items():
        if address.kind != kind:
            continue
        settings = settings_of(declared.spec)
        if own := _own_lifecycle(declared.spec, of_file):
            settings["lifecycle"] = own
        else:
            settings.pop("lifecycle", None)
        told, unsaid = file_options(getattr(declared.spec, "options", {}))
        left_out += [f"{address}: {name}" for name in unsaid]
        body = list(_settings(settings | told, key_order((f"{kind}s", ""))))
        key = f"{INDENT}{render_value(address.name)}:"
        lines += [key, *body] if body else [key + " {}"]
    return lines


def _own_lifecycle(spec: Spec, of_file: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the lifecycle of a resource says otherwise than that of the file."""
    inherited = {**UNPROTECTED.model_dump(mode="json"), **of_file}
    own = spec.lifecycle.model_dump(mode="json")
    return {name: value for name, value in own.items() if value != inherited[name]}


def _settings(settings: Mapping[str, Any], order: Sequence[str]) -> Iterator[str]:
    place = {name: number for number, name in enumerate(order)}
    for name in sorted(settings, key=lambda name: place.get(name, len(place))):
        yield f"{INDENT * 2}{name}: {render_value(settings[name])}"


def settings_of(spec: Spec) -> dict[str, Any]:
    """Return the declared settings of a resource that differ from their defaults."""
    told = set(setting_names(type(spec)))
    dumped = spec.model_dump(mode="json", include=told, exclude_defaults=True)
    cluster = getattr(spec, "cluster", None)
    if cluster is not None:
        dumped["cluster"] = cluster.model_dump(mode="json", exclude_unset=True)
    return dumped


def file_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return settings under the names that a file has for them, and what it has no name for."""
    told: dict[str, Any] = {}
    unsaid: list[str] = []
    for wire, value in options.items():
        if value in (None, "", [], {}):
            continue
        is_map = isinstance(value, Mapping) and (wire,) not in _NAMES
        members = {(wire, key): one for key, one in value.items()} if is_map else {(wire,): value}
        named = {_NAMES.get(path, ""): one for path, one in members.items()}
        named = {name: _as_written(OPTIONS.get(name), one) for name, one in named.items()}
        if all(name and OPTIONS[name].value.fits(one) for name, one in named.items()):
            told |= named
        else:
            unsaid.append(wire)
    return told, tuple(unsaid)


def _as_written(option: Option | None, value: Any) -> Any:
    is_rest = option is not None and option.is_rest and isinstance(value, (int, float))
    return round(1 - value, 12) if is_rest else value


def render_value(value: Any) -> str:
    """Return a value as YAML in one line; `${` stands for itself."""
    match value:
        case Enum():
            return render_value(value.value)
        case str():
            return to_yaml(value.replace("${", "$${"))
        case list() | tuple():
            return f"[{', '.join(map(render_value, value))}]"
        case Mapping():
            inner = (
                f"{render_value(str(key))}: {render_value(item)}" for key, item in value.items()
            )
            return f"{{{', '.join(inner)}}}"
        case None | bool() | int() | float():
            return to_yaml(value)
    return json.dumps(value)
