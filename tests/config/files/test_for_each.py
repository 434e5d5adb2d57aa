"""Loops over declarations: one resource for each value."""

from __future__ import annotations

import pytest

from auger_reconcile.address import Address
from auger_reconcile.config.schema import json_schema
from auger_reconcile.errors import ConfigError
from tests.config.conftest import Codes, Load

HEAD = """\
name: shop
variables: {best: roc_auc}
datasets: {d.csv: {source: https://example.com/d.csv}}
"""
COMMON = "model_type: classification, target: y, dataset: d.csv"


def made(load: Load, text: str) -> dict[str, object]:
    """Return name to metric and trials of the experiments."""
    resources = load(HEAD + text).state.resources
    return {
        at.name: (vars(one.spec)["metric"], vars(one.spec)["max_n_trials"])
        for at, one in resources.items()
        if at.kind == "experiment"
    }


def test_a_list_makes_one_resource_of_each_value(load: Load) -> None:
    text = (
        "experiments:\n"
        '  "e-${each}":\n'
        f'    {{for_each: [accuracy, "${{best}}"], {COMMON}, metric: "${{each}}"}}\n'
    )
    assert made(load, text) == {"e-accuracy": ("accuracy", 1000), "e-roc_auc": ("roc_auc", 1000)}


def test_a_matrix_makes_one_of_each_combination_and_numbers_stay_numbers(load: Load) -> None:
    text = (
        f"experiments: {{e: {{for_each: {{m: [accuracy], n: [3, 5]}}, {COMMON},"
        ' metric: "${each.m}", max_n_trials: "${each.n}"}}\n'
    )
    assert made(load, text) == {"e-accuracy-3": ("accuracy", 3), "e-accuracy-5": ("accuracy", 5)}


def test_loops_refer_to_each_other_by_name(load: Load) -> None:
    text = (
        f"experiments: {{e: {{for_each: [a, b], {COMMON}}}}}\n"
        'models: {"m-${each}": {for_each: [a, b], experiment: "e-${each}"}}\n'
    )
    resources = load(HEAD + text).state.resources
    assert vars(resources[Address("shop", "model", "m-b")].spec)["experiment"] == "e-b"


def test_an_escaped_reference_is_a_text(load: Load) -> None:
    text = (
        f'experiments: {{e: {{for_each: [a], {COMMON}, exclude: ["$${{each}}", "${{each}}"]}}}}\n'
    )
    resources = load(HEAD + text).state.resources
    (spec,) = (one.spec for at, one in resources.items() if at.kind == "experiment")
    assert vars(spec)["exclude"] == ("${each}", "a")


def test_an_overlay_changes_the_loop(load: Load) -> None:
    files = {"auger.prod.yaml": "experiments: {e: {for_each: [c], max_n_trials: 7}}\n"}
    text = f"{HEAD}experiments: {{e: {{for_each: [a, b], {COMMON}}}}}\n"
    resources = load(text, files=files, env="prod").state.resources
    found = {at.name: vars(one.spec) for at, one in resources.items() if at.kind == "experiment"}
    assert {name: spec["max_n_trials"] for name, spec in found.items()} == {"e-c": 7}


@pytest.mark.parametrize(
    ("loop", "expected"),
    [
        ("e: {for_each: 3}", ["wrong-type 4:29"]),
        ("e: {for_each: {}}", ["wrong-type 4:29"]),
        ("e: {for_each: [a, [b]]}", ["wrong-type 4:33"]),
        ("e: {for_each: {x: [a, '']}}", ["wrong-type 4:37"]),
        ('"e${each.x}": {for_each: {x: [a, a]}}', ["declared-twice 4:15"]),
        ('e-a: {}, "e-${each}": {for_each: [a]}', ["declared-twice 4:24"]),
        ('e: {for_each: {colour: [a]}, target: "${each.color}"}', ["unset-variable 4:52"]),
        ('e: {for_each: [a], target: "${each.x}"}', ["unset-variable 4:42"]),
    ],
)
def test_what_is_wrong_with_a_loop_is_told_at_its_place(
    codes: Codes, loop: str, expected: list[str]
) -> None:
    found = codes(f"{HEAD}experiments: {{{loop}}}\n")
    assert [one for one in found if not one.startswith("missing-field")] == expected


def test_a_loop_has_an_end(codes: Codes) -> None:
    many = list(range(100))
    found = codes(f"{HEAD}experiments: {{e: {{for_each: {{a: {many}, b: {many}}}}}}}\n")
    assert found == ["out-of-range 4:29"]


@pytest.mark.parametrize("values", ["[]", "{x: [a], y: []}"])
def test_a_loop_over_nothing_is_told_and_lets_no_prune_delete_what_it_declared_before(
    load: Load, values: str
) -> None:
    loaded = load(f"{HEAD}experiments: {{e: {{for_each: {values}, {COMMON}}}}}\n")
    assert [item.code for item in loaded.warnings] == ["empty-loop"]
    assert loaded.state.spared == {("shop", "experiment")}


def test_editors_know_of_loops() -> None:
    assert "for_each" in json_schema()["definitions"]["Experiment"]["properties"]


def test_outside_of_a_loop_its_value_is_no_variable_to_set(load: Load) -> None:
    loop = f"experiments: {{'a-${{each}}': {{for_each: [x], {COMMON}}}}}\n"
    moved = "moved: [{from: experiment.a, to: 'experiment.a-${each}'}]\n"
    with pytest.raises(ConfigError) as caught:
        load(HEAD + loop + moved)
    (unset,) = (one for one in caught.value.diagnostics if one.code == "unset-variable")
    assert unset.hint == "`${each}` has a value within a resource with `for_each`"
