"""The JSON Schema says what the loader takes."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from auger_reconcile.config.declarations.declaration import known_fields
from auger_reconcile.config.schema import catalog_entry, json_schema
from auger_reconcile.config.syntax.compose import compose
from auger_reconcile.config.syntax.nodes import Mapping, Node, Sequence, to_plain
from auger_reconcile.config.syntax.text import FileText, read_text
from auger_reconcile.errors import ConfigError
from tests.config.conftest import Load

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
    variable, nothing = {"type": "string", "pattern": r"\$\{"}, {"type": "null"}
    found = forms(json_schema(), "cluster", "max_nodes")
    assert found[1:] == [{"type": "string", "maxLength": 0}, variable, nothing]
    assert forms(json_schema(), "protected_branch")[1:] == [variable, nothing]  # no empty text


def test_one_name_may_stand_for_a_list() -> None:
    assert {"type": ["string", "number"]} in forms(json_schema(), "exclude")
    assert {"type": ["string", "number"]} in forms(json_schema(), "experiment", "exclude")


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


LONG = """
name: p
datasets:
  d: {source: https://example.com/d.csv}
experiments:
  e:
    model_type: regression
    target: y
models:
  m: {experiment: e}
"""
BELOW = {"datasets": "  d: {", "experiments": "    target: y", "models": "  m: {"}


def _written(where: str, setting: str) -> str:
    """Return a valid file with one more setting in a resource of a section, or at its top."""
    line = BELOW.get(where)
    if line is None:
        return f"{LONG}{setting}\n"
    joined = f"{line}{setting}, " if line.endswith("{") else f"{line}\n    {setting}"
    return LONG.replace(line, joined)


@pytest.mark.parametrize(
    ("where", "right", "wrong"),
    [
        ("top", "organization: 12", "organization: [a]"),
        ("top", "hub: https://hub.example.com", "hub: hub.example.com"),
        ("top", "hub: ''", "protected_branch: ''"),
        ("top", "cluster: {max_nodes: 2.0}", "cluster: {max_nodes: 2.5}"),
        ("top", "variables: {a: null}", "variables: {a-b: 1}"),
        ("top", "removed: [{address: model.old}]", "removed: [{address: model.old, keep: false}]"),
        ("top", "removed: [{address: model.old, keep: true}]", "removed: [{address: ''}]"),
        ("datasets", "missing: [0, '-']", "missing: [{a: 1}]"),
        ("datasets", "missing: ''", "on_schema_change: ''"),
        ("experiments", "exclude: [1]", "exclude: {a: 1}"),
        ("experiments", "exclude: 1", "exclude: true"),
        ("experiments", "metric: r2", "metric: f3"),
        ("experiments", "metric: ''", "holdout: ''"),
        ("experiments", "sample_weight: w", "sample_weight: 3"),
        ("experiments", "monotonic_cst: {x: -1.0}", "monotonic_cst: {x: 2}"),
        ("experiments", "max_n_trials: 2.0", "max_n_trials: 2.5"),
        ("experiments", "trials_per_worker: 2.0", "trials_per_worker: 0"),
        ("experiments", "retrain: {'on': 'data, drift'}", "retrain: {'on': 'data, drifting'}"),
        ("top", "lifecycle: {ignore_changes: cluster}", "lifecycle: {ignore_changes: bogus}"),
        ("experiments", "lifecycle: {ignore_changes: [metric, max_n_trials]}",
         "lifecycle: {ignore_changes: [cluster]}"),
        ("models", "lifecycle: {ignore_changes: 'monitor, gate'}",
         "lifecycle: {ignore_changes: 'monitor, bogus'}"),
        ("top", "removed: [{address: p/model.old}]", "removed: [{address: project.old}]"),
        ("top", "moved: [{from: model.old, to: model.m}]", "moved: [{from: old, to: model.m}]"),
        ("top", "notify: [{webhook: '${HOOK}'}]", "notify: [{}]"),
        ("top", "notify: [{github: acme/shop, webhook: ''}]", "notify: [{github: shop}]"),
        ("top", "notify: [{mail: a@b.example, smtp: 'smtp://b.example'}]",
         "notify: [{mail: a@b.example}]"),
        ("top", "notify: [{webhook: https://b.example}]", "notify: [{webhook: b.example}]"),
        ("models", "gate: {min_score: 0.5, beats_live: true}", "gate: {min_score: .inf}"),
        ("models", "monitor: {drift: {alert: 0.5}}", "monitor: {drift: {alert: -.inf}}"),
        ("models", "trial: 123", "trial: {}"),
        ("models", "gate: {min_score: 0.5}", "gate: {}"),
        ("models", "rollout: {shadow: 1d}", "rollout: {}"),
        ("models", "for_each: [1, a, true]", "for_each: [null]"),
        ("models", "for_each: a", "for_each: ''"),
    ],
)  # fmt: skip
def test_the_schema_and_the_loader_agree(load: Load, where: str, right: str, wrong: str) -> None:
    validator = import_module("jsonschema").Draft7Validator(json_schema())
    for setting, is_right in ((right, True), (wrong, False)):
        text = _written(where, setting)
        assert validator.is_valid(_as_an_editor_reads(text)) is is_right, setting
        if is_right:
            load(text)
        else:
            with pytest.raises(ConfigError):
                load(text)


@pytest.mark.parametrize("name", ["''", "' '", "a/b", "'a\\b'", ".", "..", '"a\\tb"', "x" * 300])
def test_what_the_hub_cannot_carry_is_no_name(load: Load, name: str) -> None:
    validator = import_module("jsonschema").Draft7Validator(json_schema())
    search = "source: https://example.com/d.csv\nmodel_type: regression\ntarget: y\n"
    texts = [
        "name: NAME\n",
        "name: p\nmodels: {NAME: {trial: T}}\n",
        f"name: p\n{search}experiment: {{name: NAME}}\n",
    ]
    for text in texts[: 2 if name == "''" else 3]:  # an empty name of an experiment is none
        wrong = text.replace("NAME", name)
        assert not validator.is_valid(_as_an_editor_reads(wrong))
        with pytest.raises(ConfigError):
            load(wrong)
    for text in texts:
        assert validator.is_valid(_as_an_editor_reads(text.replace("NAME", "'a: é-1.${x}'")))


def _as_an_editor_reads(text: str) -> Any:
    (document,) = compose(FileText(Path("auger.yaml"), text)).documents
    assert document.root
    return _with_nulls(document.root)


def _with_nulls(node: Node) -> Any:
    match node:
        case Mapping(entries):
            return {key: _with_nulls(value) for key, (_, value) in entries.items()}
        case Sequence(items):
            return [_with_nulls(one) for one in items]
    return to_plain(node)


def test_an_empty_section_and_a_name_like_a_number_are_no_mistakes(load: Load) -> None:
    validator = import_module("jsonschema").Draft7Validator(json_schema())
    for text in ("name: 123\n", "name: a\nmodels: ''\n"):
        load(text)
        assert validator.is_valid(_as_an_editor_reads(text))


def test_a_whole_number_of_a_limit_is_an_integer(load: Load) -> None:
    text = _written("experiments", "max_n_trials: 2.0\n    monotonic_cst: {x: 1.0}")
    specs = {str(at): one.spec for at, one in load(text).state.resources.items()}
    spec: Any = specs["experiment.e"]
    assert repr(spec.max_n_trials) == "2"
    assert repr(spec.options["monotonic_cst"]["x"]) == "1"


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
