"""The JSON Schema says what the loader takes."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from auger_reconcile.config.declarations.declaration import known_fields
from auger_reconcile.config.schema import catalog_entry, json_schema
from auger_reconcile.config.syntax.compose import compose
from auger_reconcile.config.syntax.nodes import to_plain
from auger_reconcile.config.syntax.text import read_text

ROOT = Path(__file__).parents[2]
FILES = sorted(
    [*(ROOT / "docs" / "auger-yaml").glob("*.yaml"), *(ROOT / "examples").rglob("auger*.yaml")]
)


def forms(schema: dict[str, Any], *path: str) -> list[dict[str, Any]]:
    """Return the forms that the property at a path may have."""
    model = schema
    for name in path[:-1]:
        reference = next(
            form["$ref"] for form in model["properties"][name]["anyOf"] if "$ref" in form
        )
        model = schema["definitions"][reference.rpartition("/")[2]]
    found: list[dict[str, Any]] = model["properties"][path[-1]]["anyOf"]
    return found


def test_every_field_of_the_file_is_in_the_schema() -> None:
    assert set(json_schema()["properties"]) == set(known_fields())


def test_every_property_is_described() -> None:
    schema = json_schema()
    models = (schema, *schema["definitions"].values())
    silent = [
        name
        for model in models
        for name, value in model.get("properties", {}).items()
        if not value.get("description")
    ]
    assert silent == []


def test_unknown_fields_are_forbidden_everywhere() -> None:
    schema = json_schema()
    models = [schema, *(item for item in schema["definitions"].values() if "properties" in item)]
    assert [model["additionalProperties"] for model in models] == [False] * len(models)


def test_only_the_name_is_needed() -> None:
    schema = json_schema()
    assert "required" not in schema
    of_lists = {"Move", "Removal"}  # an overlay replaces a list, and adds nothing to its items
    others = {name: model for name, model in schema["definitions"].items() if name not in of_lists}
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
    for path in (["exclude"], ["lifecycle", "ignore_changes"]):
        assert {"type": "string"} in forms(json_schema(), *path)


def test_computed_settings_are_no_part_of_the_file() -> None:
    assert "sha256" not in json_schema()["definitions"]["Dataset"]["properties"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_overlays_are_valid_by_the_schema(path: Path) -> None:
    validator = import_module("jsonschema").Draft7Validator(json_schema())
    text, _ = read_text(path)
    assert text
    for document in compose(text).documents:  # YAML 1.2, in which `on` is a text
        assert document.root
        assert list(validator.iter_errors(to_plain(document.root))) == []


def test_a_mistake_is_none_by_the_schema() -> None:
    validator = import_module("jsonschema").Draft7Validator(json_schema())
    assert not validator.is_valid({"name": "a", "experiment": {"metrics": "f1"}})


def test_the_schema_is_one_that_schemastore_takes() -> None:
    import_module("jsonschema").Draft7Validator.check_schema(json_schema())
    published = ROOT / "docs" / "schemastore"
    assert json.loads((published / "auger.json").read_text()) == json_schema()
    entry = json.loads((published / "catalog-entry.json").read_text())
    assert entry == catalog_entry()
    assert entry["url"] == json_schema()["$id"]
    assert "auger.lock.yaml" not in entry["fileMatch"]
