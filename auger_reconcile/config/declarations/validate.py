"""Settings as written -> a frozen model; what pydantic refuses becomes diagnostics in plain words.

The one place that knows pydantic's errors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from collections.abc import Mapping as Map
from copy import deepcopy
from functools import cache
from typing import Any, NamedTuple, TypeVar, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from auger_reconcile.config.syntax.lists import to_list
from auger_reconcile.config.syntax.nodes import (
    Entry,
    Mapping,
    Node,
    Scalar,
    Sequence,
    is_absent,
    is_empty_text,
    is_null,
    to_plain,
)
from auger_reconcile.config.syntax.report import Report, describe
from auger_reconcile.diagnostics import MOST_FINDINGS, nearest, quote_all, quote_some
from auger_reconcile.resources._spec import Trait, has_trait
from auger_reconcile.resources.gates.rollout import PERCENT_PATTERN
from auger_reconcile.schedule import SPAN_PATTERN

M = TypeVar("M", bound=BaseModel)
_EXPECTED = {
    "int": "expected an integer",
    "float": "expected a number",
    "bool": "expected true or false",
    "string": "expected a text",
    "tuple": "expected a list",
    "list": "expected a list",
    "dict": "expected a map",
    "mapping": "expected a map",
    "model": "expected a map",
    "finite": "expected a finite number",
}
_FORMS = {
    SPAN_PATTERN: "a span of time is a number with m, h, d or w: `90m`, `6h`, `7d`",
    PERCENT_PATTERN: "a share is a whole number of percent, less than 100: `10%`",
}
_UNKNOWN = "extra_forbidden"
_LIMITS = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")
_NAMED = re.compile(r"`(\w+)`")  # fields, in the words of a rule
CHOICES = re.compile(r"\^\(([\w|]+)\)\$")


class Place(NamedTuple):
    """Where settings stand.

    Attributes:
        node: the key or value that stands for the whole, for what is missing.
        owner: the word for hints: `experiment` has a field ...
        also: names that are settings too, though no fields of the model.
    """

    node: Node
    owner: str
    also: Collection[str] = ()


@cache
def setting_names(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the fields that a file may set: neither the name nor what is computed."""
    return tuple(
        info.alias or name
        for name, info in model.model_fields.items()
        if name != "name" and not has_trait(model, name, Trait.COMPUTED)
    )


@cache
def _is_list_by_name(model: type[BaseModel]) -> Map[str, bool]:
    """Return setting name to whether it is a list."""
    fields = {info.alias or name: info.annotation for name, info in model.model_fields.items()}
    return {name: get_origin(fields[name]) is tuple for name in setting_names(model)}


@cache
def inner_models(model: type[BaseModel]) -> Map[str, type[BaseModel]]:
    """Return field name to the model in it, where there is one."""
    inner = {name: _model_in(info.annotation) for name, info in model.model_fields.items()}
    return {name: found for name, found in inner.items() if found}


def _is_named(model: type[BaseModel], name: str) -> bool:
    """Say whether a field holds models by name, and not one model."""
    return get_origin(model.model_fields[name].annotation) is Map


def _maps_at(model: type[BaseModel], name: str, node: Mapping) -> Map[str, Mapping]:
    """Return the maps in which models are written, by what owns them: the field, or each name."""
    if not _is_named(model, name):
        return {name: node}
    return {own: one for own, (_, one) in node.entries.items() if isinstance(one, Mapping)}


@cache
def _rails(model: type[BaseModel]) -> frozenset[str]:
    """Return the fields that no empty text may take away."""
    return frozenset(name for name in model.model_fields if has_trait(model, name, Trait.RAIL))


def validate(
    model: type[M], settings: Mapping, place: Place, report: Report, **given: Any
) -> M | None:
    """Return the model of some settings, or None when the report tells why there is none.

    Args:
        model: what to make.
        settings: the fields as written.
        place: where they stand.
        report: takes every problem.
        given: fields that are not written there.
    """
    known = _is_list_by_name(model)
    check_fields(settings, known, place, report)
    _check_empty_fields(model, settings, report)
    _check_rails(model, settings, report)
    settings = with_lists(model, (), settings, report)
    data = {
        name: to_plain(node)
        for name, (_, node) in settings.entries.items()
        if name in known and not is_absent(node)
    }
    return _validate_plain(model, data | given, settings, place, report)


def with_lists(
    model: type[BaseModel], options: Collection[str], settings: Mapping, report: Report
) -> Mapping:
    """Return settings in which every list is one, also where one text is written in its place.

    Args:
        model: of the settings.
        options: further names that are lists.
        settings: as written.
        report: takes a warning of each text that is divided at its commas.
    """
    changed: dict[str, Entry] = {}
    lists, inner = _is_list_by_name(model), inner_models(model)
    for name, (key, node) in settings.entries.items():
        if isinstance(node, Scalar) and (name in options or lists.get(name)):
            if not is_absent(node):
                changed[name] = Entry(key, to_list(node, report))
        elif name in inner and isinstance(node, Mapping):
            found = {
                own: with_lists(inner[name], (), one, report)
                for own, one in _maps_at(model, name, node).items()
            }
            if _is_named(model, name):
                items = {own: node.entries[own]._replace(value=one) for own, one in found.items()}
                changed[name] = Entry(key, node._replace(entries=node.entries | items))
            elif found[name] is not node:
                changed[name] = Entry(key, found[name])
    return settings._replace(entries=settings.entries | changed) if changed else settings


def _check_rails(model: type[BaseModel], settings: Mapping, report: Report) -> None:
    """Report every gate, limit or protection that an empty text would take away."""
    rails, inner = _rails(model), inner_models(model)
    for name, (_, node) in settings.entries.items():
        if name in rails and is_empty_text(node):
            hint = f"an empty text would take `{name}` away; without its key it is not declared"
            summary = "an empty text for a gate, a limit or a protection"
            report.error("empty-rail", summary, node, hint=hint)
        elif name in rails and is_null(node) and not model.model_fields[name].get_default():
            hint = f"`{name}` is not declared by this: give it a value, or take the key away"
            summary = "a gate, a limit or a protection without a value"
            report.warn("empty-rail", summary, node, hint=hint)
        elif name in inner and isinstance(node, Mapping):
            for one in _maps_at(model, name, node).values():
                _check_rails(inner[name], one, report)


def check_fields(settings: Mapping, known: Collection[str], place: Place, report: Report) -> None:
    """Report every key that is no field, with the nearest one that is; of very many, one tells.

    An overlay that takes a key out names one that there is, as everything else does.
    """
    told = (*known, *place.also)
    keys = {key.text: key for key in settings.removed}
    keys |= {name: entry.key for name, entry in settings.entries.items()}
    unknown = [name for name in keys if name not in known and name not in place.also]
    for name in unknown if len(unknown) <= MOST_FINDINGS else ():
        hint = advise_field(name, told, place.owner)
        report.error("unknown-field", "unknown field", keys[name], hint=hint)
    if len(unknown) > MOST_FINDINGS:
        some = f"{len(unknown):,} of {len(keys):,}: {quote_some(unknown, 5)}"
        hint = f"{some}; {_list_fields(told, place.owner)}"
        report.error("unknown-field", "unknown fields", keys[unknown[0]], hint=hint)


def _check_empty_fields(model: type[BaseModel], settings: Mapping, report: Report) -> None:
    """Report every key without a value that is no field of the model within a setting.

    What has a value is told when it is validated; an empty one is as if it were absent there.
    """
    for name, inner in inner_models(model).items():
        node = settings.value(name)
        if not isinstance(node, Mapping):
            continue
        for owner, within in _maps_at(model, name, node).items():
            empty = {key: one for key, one in within.entries.items() if is_absent(one.value)}
            place = Place(within, owner)
            check_fields(within._replace(entries=empty), setting_names(inner), place, report)
            _check_empty_fields(inner, within, report)


# What is called so elsewhere, and is nearer to another field by its letters.
_MEANT = {
    **dict.fromkeys(("weight", "weights", "row_weight", "row_weights"), "sample_weight"),
    **dict.fromkeys(("monotone_constraints", "monotonic", "monotonicity"), "monotonic_cst"),
}


UNASKED = dict.fromkeys(
    ("calibrate", "calibrated", "calibration"),
    "by the metrics `neg_log_loss` and `neg_brier`, probabilities are calibrated unasked",
)


def advise_field(name: str, known: Collection[str], owner: str) -> str:
    """Return the hint for an unknown field: the nearest one, or the choice."""
    if name in UNASKED and name not in known:
        return UNASKED[name]
    meant = _MEANT.get(name.lower())
    if near := meant if meant in known else nearest(name, known):
        return f"`{owner}` has a field `{near}`"
    return _list_fields(known, owner)


def _list_fields(known: Collection[str], owner: str) -> str:
    return f"the fields of `{owner}` are {quote_some(sorted(known))}"


def _validate_plain(
    model: type[M], data: dict[str, Any], settings: Mapping, place: Place, report: Report
) -> M | None:
    """Validate as strict JSON: no text passes for a number, while lists and enums are at home."""
    try:
        return model.model_validate_json(_to_json(data), strict=True)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    numbers = [
        e["loc"] for e in errors if e["type"] == "string_type" and _is_number(settings, e["loc"])
    ]
    whole = [
        e["loc"] for e in errors if e["type"].startswith("int_") and _is_whole(settings, e["loc"])
    ]
    if numbers or whole:
        for loc in numbers:  # a name written as a number is the text as written
            _put(data, loc, _scalar_at(settings, loc).text)
        for loc in whole:  # `2.0` is an integer, as it is for a JSON Schema
            _put(data, loc, int(_scalar_at(settings, loc).value))
        return _validate_plain(model, data, settings, place, report)
    for loc in dict.fromkeys(item["loc"][:-1] for item in errors if item["type"] == _UNKNOWN):
        _check_fields_at(model, loc, settings, place, report)
    for item in [*errors, *_find_broken_rules(model, data, errors)]:
        if item["type"] != _UNKNOWN:
            _translate(model, item, settings, place, report)
    return None


def _check_fields_at(
    model: type[BaseModel],
    loc: tuple[int | str, ...],
    settings: Mapping,
    place: Place,
    report: Report,
) -> None:
    """Report every key of the map at a path that is no field there."""
    within = node_at(settings, loc)
    if isinstance(within, Mapping):
        owner = next((part for part in reversed(loc) if isinstance(part, str)), place.owner)
        check_fields(within, _fields_at(model, loc), Place(within, owner), report)


def _find_broken_rules(model: type[BaseModel], data: Any, errors: list[Any]) -> list[Any]:
    """Return what rules over several fields say of those that are right each by itself.

    A rule is not asked while any field of its model is wrong; here the wrong ones are left out.
    """
    if not all(item["loc"] for item in errors):
        return []
    rest, wrong = deepcopy(data), set()
    for item in errors:
        wrong.add(str(item["loc"][-1]))
        _leave_out(rest, item["loc"])
    try:
        model.model_validate_json(_to_json(rest), strict=True)
    except ValidationError as error:
        broken = [item for item in error.errors(include_url=False) if item["type"] == "value_error"]
        return [item for item in broken if wrong.isdisjoint(_NAMED.findall(item["msg"]))]
    return []


def _leave_out(data: Any, loc: tuple[int | str, ...]) -> None:
    """Take away the value at a path, or the list that it is in."""
    inner = data.get(loc[0])
    if len(loc) > 1 and isinstance(inner, dict):
        _leave_out(inner, loc[1:])
    else:
        data.pop(loc[0], None)


def _to_json(data: dict[str, Any]) -> str | bytes:
    try:
        return to_json(data)
    except PydanticSerializationError:  # half a character, which JSON can only escape
        return json.dumps(data)


def _is_number(settings: Mapping, loc: tuple[int | str, ...]) -> bool:
    node = node_at(settings, loc)
    return isinstance(node, Scalar) and node.is_number


def _is_whole(settings: Mapping, loc: tuple[int | str, ...]) -> bool:
    node = node_at(settings, loc)
    value = node.value if isinstance(node, Scalar) else None
    return isinstance(value, float) and value.is_integer()


def _scalar_at(settings: Mapping, loc: tuple[int | str, ...]) -> Scalar:
    node = node_at(settings, loc)
    assert isinstance(node, Scalar)
    return node


def _put(data: Any, loc: tuple[int | str, ...], value: Any) -> None:
    for part in loc[:-1]:
        data = data[part]
    data[loc[-1]] = value


def node_at(node: Node, loc: tuple[int | str, ...]) -> Node | None:
    """Return the value at a path of keys, and of positions or texts in lists."""
    for part in loc:
        match node:
            case Mapping() if str(part) in node.entries:
                node = node.entries[str(part)].value
            case Sequence(items) if isinstance(part, int):
                node = items[part]
            case Sequence(items):
                same = [one for one in items if isinstance(one, Scalar) and one.text == part]
                if not same:
                    return None
                node = same[0]
            case _:
                return None
    return node


def _translate(
    model: type[BaseModel], item: Any, settings: Mapping, place: Place, report: Report
) -> None:
    """Turn one of pydantic's errors into a diagnostic."""
    kind, loc, ctx = item["type"], item["loc"], item.get("ctx") or {}
    node = node_at(settings, loc) or place.node
    owner = next((part for part in reversed(loc[:-1]) if isinstance(part, str)), place.owner)
    if kind == "missing":
        within = node_at(settings, loc[:-1])
        entries = within.entries if isinstance(within, Mapping) else {}
        whole = within if within and len(loc) > 1 else place.node
        removal = within.removal_of(str(loc[-1])) if isinstance(within, Mapping) else None
        report.error(
            "missing-field",
            "a field is missing",
            entries[str(loc[-1])].key if str(loc[-1]) in entries else removal or whole,
            label=f"`{loc[-1]}`",
            hint=f"`{owner}` needs `{loc[-1]}`",
        )
        return
    code, summary, advice = _explain(kind, ctx, _field_at(model, loc), node)
    if kind == "value_error":
        node = _blamed(node, summary)
    report.error(code, summary, node, hint=advice)


def _explain(kind: str, ctx: dict[str, Any], info: Any, node: Node) -> tuple[str, str, str | None]:
    """Return code, summary and hint for what pydantic calls `kind`."""
    if kind == "value_error":
        return "wrong-value", str(ctx["error"]), None
    if choices := _choices(ctx):
        text = node.text if isinstance(node, Scalar) else describe(node)
        near = nearest(text, choices)
        start = f"`{near}` is near; allowed are " if near else "allowed are "
        return "wrong-value", "a value that is not allowed", start + quote_all(choices)
    if kind in _LIMITS:
        return "out-of-range", "a number out of range", _describe_range(info)
    if kind == "string_too_short":
        return "wrong-value", "an empty text", None
    if kind == "string_pattern_mismatch":
        return "wrong-value", "a text of another form", _FORMS.get(str(ctx.get("pattern")))
    summary = _EXPECTED.get(kind.partition("_")[0], "a value that is not allowed")
    hint: str | None = None
    if kind == "string_type" and isinstance(node, Scalar) and isinstance(node.value, bool):
        hint = f'a text that looks like that is written in quotes: `"{node.text}"`'
    return "wrong-type", summary, hint


def _choices(ctx: dict[str, Any]) -> list[str]:
    """Return the allowed texts, of an enum or of a pattern that lists them."""
    if found := CHOICES.fullmatch(str(ctx.get("pattern", ""))):
        return found[1].split("|")
    return re.findall(r"'([^']*)'", str(ctx.get("expected", "")))


def _describe_range(info: Any) -> str | None:
    limits = {
        n: getattr(m, n) for m in info.metadata for n in ("ge", "le", "gt", "lt") if hasattr(m, n)
    }
    if "ge" in limits and "le" in limits:
        return f"allowed is {limits['ge']} to {limits['le']}"
    words = {"ge": "at least", "le": "at most", "gt": "more than", "lt": "less than"}
    return " and ".join(f"{words[name]} {limit}" for name, limit in limits.items()) or None


def _fields_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[str, ...]:
    """Return the settings of the model at a path."""
    inner = _models_along(model, loc)[-1][1]
    return setting_names(inner) if inner else ()


def _field_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> Any:
    """Return pydantic's description of the field at a path, None for the model itself."""
    return _models_along(model, loc)[-1][0]


def _models_along(
    model: type[BaseModel], loc: tuple[int | str, ...]
) -> list[tuple[Any, type[BaseModel] | None]]:
    """Return each field on a path with the model in it; keys of a map of models are none."""
    found: list[tuple[Any, type[BaseModel] | None]] = [(None, model)]
    for part in loc:
        info, inner = found[-1]
        if inner is None:
            break
        if part in inner.model_fields:
            field_info = inner.model_fields[str(part)]
            found.append((field_info, _model_in(field_info.annotation)))
        elif info is None or get_origin(info.annotation) is not Map:
            break
    return found


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for candidate in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _blamed(node: Node, told: str) -> Node:
    """Return the value that a rule over several fields names first."""
    for name in _NAMED.findall(told):
        if isinstance(node, Mapping) and name in node.entries:
            return node.entries[name].value
    return node
