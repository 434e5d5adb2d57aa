"""The JSON Schema of auger.yaml, for completion in editors: made from the models, never written.

Editors get what the loader takes: empty values, one name for a list, `${name}` for a number.
"""

from __future__ import annotations

from collections.abc import Iterable
from sys import float_info
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo

from auger_reconcile.config.declarations.channel import SECTION, Channel
from auger_reconcile.config.declarations.declaration import (
    DATA,
    HOME,
    LONG_FORM,
    PROJECT_FIELDS,
    SEARCH,
    Head,
)
from auger_reconcile.config.declarations.names import NAME_PATTERN
from auger_reconcile.config.declarations.validate import CHOICES, setting_names
from auger_reconcile.config.files.for_each import KEY
from auger_reconcile.config.files.interpolation import VARIABLE_PATTERN
from auger_reconcile.resources._base import Kind
from auger_reconcile.resources._registry import all_kinds, kind_of
from auger_reconcile.resources._spec import Trait
from auger_reconcile.resources.names.vocabulary import Value

DIALECT = "http://json-schema.org/draft-07/schema#"  # what SchemaStore takes, and every editor
HOME_OF_SCHEMA = "https://www.schemastore.org/auger.json"
_CLOSED = ConfigDict(extra="forbid")
_VARIABLE = {"type": "string", "pattern": r"\$\{"}
_NAME_OR_VARIABLE = rf"{NAME_PATTERN}|\$\{{"
_KINDS = "|".join(sorted(name for name, kind in all_kinds().items() if not kind.is_home))
_ADDRESS = rf"^([^./]+/)?({_KINDS})\..|\$\{{"
_LARGEST = float_info.max  # beyond is `.inf`, which is no number in JSON
_SHORT = f"Short{SEARCH.name.capitalize()}"
_NULL = {"type": "null"}
_TEXTS = ["string", "number"]  # a name that looks like a number is the text as written
_EMPTY = {"type": "string", "maxLength": 0}
_NOT_OF_A_FORM = frozenset({"title", "description", "default", "traits"})
_ONE = {"anyOf": [{"type": "string", "minLength": 1}, {"type": ["number", "boolean"]}]}
_LIST = {"type": "array", "items": _ONE}
_LOOP = {
    "anyOf": [
        _LIST,
        {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"anyOf": [_LIST, _ONE]},
        },
        {"type": "string", "minLength": 1},
    ],
    "description": (
        "One resource for each value, `${each}`, or for each combination, `${each.name}`."
    ),
}
_PASSED_ON = "A setting of other clients, passed on as it is."
_OF_OPTION: dict[Value, Any] = {
    Value.COUNT: {"type": "integer", "minimum": 1},
    Value.FLAG: {"type": "boolean"},
    Value.AMOUNT: {"type": "number", "exclusiveMinimum": 0},
    Value.SHARE: {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    Value.NAMES: {"type": ["array", *_TEXTS, "boolean"]},
    Value.COLUMN: {"type": "string", "pattern": "."},
    Value.SIGNS: {"type": "object", "additionalProperties": {"enum": [-1, 0, 1, None]}},
}


def json_schema() -> dict[str, Any]:
    """Return the schema of one document."""
    schema = _document().model_json_schema(ref_template="#/definitions/{model}")
    schema["definitions"] = schema.pop("$defs")  # as draft 7 calls it
    _name_what_is_ignored(schema)
    _loosen(schema)
    _restrict(schema)
    schema.pop("title", None)
    schema.pop("required", None)  # an overlay leaves `name` out
    schema["patternProperties"] = {"^x-": {"description": "Of your own, for anchors."}}
    return {"$schema": DIALECT, "$id": HOME_OF_SCHEMA, "title": "auger.yaml", **schema}


def catalog_entry() -> dict[str, Any]:
    """Return what SchemaStore's catalog lists: which files the schema is for.

    A pattern for every overlay would be one for lock files as well.
    """
    environments = ("dev", "test", "staging", "prod")
    return {
        "name": "auger",
        "description": "Machine-learning projects as code: data, experiments, deployed models",
        "fileMatch": ["auger.yaml", *(f"auger.{name}.yaml" for name in environments)],
        "url": HOME_OF_SCHEMA,
    }


def _document() -> type[BaseModel]:
    data, search = DATA.name, SEARCH.name
    fields: dict[str, Any] = {
        "name": (str, Field(description=f"The {HOME.name}.")),
        **_fields(Head, Head.model_fields),
        **_fields(HOME.spec, PROJECT_FIELDS),
        **_fields(DATA.spec, DATA.at_top),
        data: (str, Field(None, description="The data set; base name of source by default.")),
        **_fields(SEARCH.spec, SEARCH.at_top),
        search: (
            _settings(f"Short{search.capitalize()}", SEARCH, name=True),
            Field(None, description=f"The {search}; `<{data}>-{search}` by default."),
        ),
        "variables": (
            dict[str, str | int | float | bool | None],
            Field(
                None,
                description="Values for `${name}` anywhere in the file.",
                json_schema_extra={"propertyNames": {"pattern": VARIABLE_PATTERN}},
            ),
        ),
        SECTION: (list[Channel], Field(None, description="Who is notified of what.")),
        "review": (Any, Field(None, description="Review settings of other clients.")),
    }
    for section, name in LONG_FORM.items():
        kind = kind_of(name)
        model = _settings(name.capitalize(), kind, name=False)
        description = f"{kind.plural.capitalize()} by name."
        fields[section] = (dict[str, model], Field(None, description=description))  # type: ignore[valid-type]
    return create_model("Document", __config__=_CLOSED, **fields)


def _settings(title: str, kind: Kind[Any, Any], *, name: bool) -> type[BaseModel]:
    """Return a model of what may be written about one resource."""
    fields = _fields(kind.spec, (*(["name"] if name else []), *setting_names(kind.spec)))
    for option, one in sorted(kind.options.items()):
        form = _OF_OPTION.get(one.value)
        fields[option] = (Any, Field(None, description=_PASSED_ON, json_schema_extra=form))
    if not name:
        fields[KEY] = (Any, None)
    return create_model(title, __config__=_CLOSED, **fields)


def _fields(model: type[BaseModel], names: Iterable[str]) -> dict[str, Any]:
    """Return fields of a model, none of them required."""
    return {name: _optional(model.model_fields[name]) for name in names}


def _optional(info: FieldInfo) -> tuple[Any, Any]:
    annotation: Any = info.annotation
    default = None if info.is_required() else info.default
    return annotation, FieldInfo.merge_field_infos(info, annotation=annotation, default=default)


def _name_what_is_ignored(schema: dict[str, Any]) -> None:
    """Give each kind a lifecycle of its own, whose `ignore_changes` lists the kind's settings."""
    models = schema["definitions"]
    common = models.pop("Lifecycle")
    known = {name: setting_names(kind.spec) for name, kind in all_kinds().items()}
    kinds = {name.capitalize(): name for name in LONG_FORM.values()} | {_SHORT: SEARCH.name}
    owners = [(title, models[title], known[name]) for title, name in kinds.items()]
    every = sorted({name for names in known.values() for name in names})
    for title, model, names in [*owners, ("File", schema, every)]:
        items = {"enum": list(names)}
        ignored = {**common["properties"]["ignore_changes"], "items": items}
        properties = {**common["properties"], "ignore_changes": ignored}
        models[f"{title}Lifecycle"] = {**common, "properties": properties}
        model["properties"]["lifecycle"]["$ref"] = f"#/definitions/{title}Lifecycle"


def _restrict(schema: dict[str, Any]) -> None:
    """Say what names, addresses and channels look like."""
    models, top = schema["definitions"], schema["properties"]
    short = models[_SHORT]["properties"]
    moves = (*models["Move"]["properties"].values(), models["Removal"]["properties"]["address"])
    named = (top["name"], top[DATA.name], short["name"])
    patterns = [(one, _NAME_OR_VARIABLE) for one in named] + [(one, _ADDRESS) for one in moves]
    for value, pattern in patterns:
        for form in value["anyOf"]:
            if form.get("type") == _TEXTS:
                form["pattern"] = pattern
    for section in LONG_FORM:
        top[section]["anyOf"][0]["propertyNames"] = {"pattern": _NAME_OR_VARIABLE}
    models["Channel"]["oneOf"] = [_given("webhook"), _given("mail", "smtp"), _given("github")]


def _given(*names: str) -> dict[str, Any]:
    """Return the condition that properties are there and not empty."""
    is_told: dict[str, Any] = {"not": {"enum": [None, "", []]}}
    return {"required": list(names), "properties": dict.fromkeys(names, is_told)}


def _loosen(schema: dict[str, Any]) -> None:
    """Let every property be empty or a variable, and every list of texts one text.

    Patterns that list words become choices. A mapping needs no key: a file and its overlay may
    each give some of them. Items of lists do. An empty text counts as absent, but takes no gate,
    limit or protection away.
    """
    models: dict[str, Any] = schema["definitions"]
    for name in models.keys() - _of_lists(schema):
        models[name].pop("required", None)
    for model in (schema, *models.values()):
        for name, value in model.get("properties", {}).items():
            if name == KEY:
                model["properties"][name] = _LOOP
                continue
            told = {key: value[key] for key in ("description", "default") if value.get(key)}
            beside = {key: value[key] for key in ("pattern",) if key in value}
            forms = [{**one, **beside} for one in value.get("anyOf", [value]) if one != _NULL]
            kept = [_tidy(choice) for choice in forms]
            kept += [text for one in kept if (text := _one_text(one, models))]
            is_needed = name in model.get("required", ())
            if is_needed or Trait.RAIL.value in value.get("traits", ()):
                kept = [_not_empty(one) for one in kept]
            else:
                kept.append(_EMPTY)
            empty = [] if is_needed else [_NULL]
            model["properties"][name] = {"anyOf": [*kept, _VARIABLE, *empty], **told}


def _not_empty(form: dict[str, Any]) -> dict[str, Any]:
    return {**form, "minLength": 1} if form.get("type") in ("string", _TEXTS) else form


def _one_text(choice: dict[str, Any], models: dict[str, Any]) -> dict[str, Any] | None:
    """Return the form of one text in the place of a list of texts, divided at its commas."""
    item = choice.get("items")
    if choice.get("type") != "array" or not isinstance(item, dict):
        return None
    named = models.get(item.get("$ref", "").rpartition("/")[2], item)
    if words := named.get("enum"):
        one = rf"\s*({'|'.join(words)})\s*"
        return {"type": "string", "pattern": f"^{one}(,{one})*,?$"}
    return {"type": _TEXTS} if named.get("type", "string") in ("string", _TEXTS) else None


def _of_lists(value: Any) -> set[str]:
    """Return the names of the models that are items of a list somewhere in a schema."""
    if isinstance(value, list):
        return set().union(*map(_of_lists, value))
    if not isinstance(value, dict):
        return set()
    item = value.get("items")
    named = {item["$ref"].rpartition("/")[2]} if isinstance(item, dict) and "$ref" in item else ()
    return set(named).union(*map(_of_lists, value.values()))


def _tidy(choice: dict[str, Any]) -> dict[str, Any]:
    """Return one form of a value, without what only this package understands."""
    tidy = {key: value for key, value in choice.items() if key not in _NOT_OF_A_FORM}
    if isinstance(items := tidy.get("items"), dict):
        tidy["items"] = _tidy(items)
    if tidy.get("type") == "string" and not tidy.keys() & {"enum", "pattern"}:
        tidy["type"] = _TEXTS
    if tidy.get("type") == "number":
        tidy |= {} if "exclusiveMinimum" in tidy else {"minimum": tidy.get("minimum", -_LARGEST)}
        tidy |= {} if "exclusiveMaximum" in tidy else {"maximum": tidy.get("maximum", _LARGEST)}
    if words := CHOICES.fullmatch(str(tidy.get("pattern"))):
        tidy = {"enum": words[1].split("|")}
    values = tidy.get("additionalProperties")
    if isinstance(values, dict) and "$ref" in values:
        tidy["additionalProperties"] = {"anyOf": [values, _NULL]}
    return tidy
