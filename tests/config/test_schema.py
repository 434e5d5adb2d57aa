"""The JSON Schema says what the loader takes."""

from typing import Any

from auger_reconcile.config.declarations.declaration import known_fields
from auger_reconcile.config.schema import json_schema


def forms(schema: dict[str, Any], *path: str) -> list[dict[str, Any]]:
    """Return the forms that the property at a path may have."""
    model = schema
    for name in path[:-1]:
        reference = next(
            form["$ref"] for form in model["properties"][name]["anyOf"] if "$ref" in form
        )
        model = schema["$defs"][reference.rpartition("/")[2]]
    found: list[dict[str, Any]] = model["properties"][path[-1]]["anyOf"]
    return found


def test_every_field_of_the_file_is_in_the_schema() -> None:
    assert set(json_schema()["properties"]) == set(known_fields())


def test_every_property_is_described() -> None:
    schema = json_schema()
    models = (schema, *schema["$defs"].values())
    silent = [
        name
        for model in models
        for name, value in model.get("properties", {}).items()
        if not value.get("description")
    ]
    assert silent == []


def test_unknown_fields_are_forbidden_everywhere() -> None:
    schema = json_schema()
    models = [schema, *(item for item in schema["$defs"].values() if "properties" in item)]
    assert [model["additionalProperties"] for model in models] == [False] * len(models)


def test_only_the_name_is_needed() -> None:
    schema = json_schema()
    assert "required" not in schema
    of_lists = {"Move", "Removal"}  # an overlay replaces a list, and adds nothing to its items
    others = {name: model for name, model in schema["$defs"].items() if name not in of_lists}
    assert all("required" not in model for model in others.values())


def test_limits_and_choices_are_those_of_the_models() -> None:
    schema = json_schema()
    folds = {"maximum": 100, "minimum": 2, "type": "integer"}
    assert folds in forms(schema, "experiment", "cross_validation_folds")
    assert {"enum": ["running", "stopped", "absent"]} in forms(schema, "state")


def test_values_may_be_empty_or_variables() -> None:
    found = forms(json_schema(), "cluster", "max_nodes")
    assert found[1:] == [{"type": "string", "pattern": r"\$\{"}, {"type": "null"}]


def test_one_name_may_stand_for_a_list() -> None:
    assert {"type": "string"} in forms(json_schema(), "exclude")


def test_computed_settings_are_no_part_of_the_file() -> None:
    assert "sha256" not in json_schema()["$defs"]["Dataset"]["properties"]
