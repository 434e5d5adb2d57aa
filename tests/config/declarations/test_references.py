"""References to what another resource of the file declares."""

from __future__ import annotations

import pytest

from auger_reconcile.address import Address
from tests.config.conftest import Codes, Load

HEAD = """\
name: shop
cluster: {max_nodes: 4}
datasets: {d.csv: {source: https://example.com/d.csv, missing: "NA,-"}}
experiments:
  a: {model_type: classification, target: y, exclude: [id, when], metric: roc_auc}
"""


def declared(load: Load, text: str, name: str = "b", **options: object) -> dict[str, object]:
    """Return the settings of one experiment."""
    state = load(text, **options).state
    return vars(state.resources[Address("shop", "experiment", name)].spec)


@pytest.mark.parametrize(
    ("setting", "name", "expected"),
    [
        ("metric: ${experiment.a.metric}", "metric", "roc_auc"),
        ("metric: ${ experiment.a.metric }", "metric", "roc_auc"),
        ("exclude: ${experiment.a.exclude}", "exclude", ("id", "when")),
        ("exclude: ${dataset.d.csv.missing}", "exclude", ("NA", "-")),
        ('exclude: ["${experiment.a.target}", x]', "exclude", ("y", "x")),
        ("max_n_trials: ${project.shop.cluster.max_nodes}", "max_n_trials", 4),
        ("max_n_trials: ${project.cluster.max_nodes}", "max_n_trials", 4),
        ("max_n_trials: ${experiment.a.max_n_trials}", "max_n_trials", 1000),
        ("use_ensemble: ${experiment.a.use_ensemble}", "use_ensemble", True),
        ("label_encoded: ${experiment.a.categoricals}", "label_encoded", ()),
        ("series: ${project.name}_${experiment.a.name}", "series", ("shop_a",)),
        ("series: $${experiment.a.metric}", "series", ("${experiment.a.metric}",)),
    ],
)
def test_a_reference_stands_for_what_is_declared(
    setting: str, name: str, expected: object, load: Load
) -> None:
    text = f"{HEAD}  b:\n    model_type: classification\n    target: z\n    {setting}\n"
    assert declared(load, text)[name] == expected


def test_the_short_form_can_be_referred_to(load: Load) -> None:
    text = (
        "name: shop\nsource: https://example.com/d.csv\ntarget: y\nmodel_type: classification\n"
        "experiment: {metric: roc_auc}\n"
        "models: {m: {gate: {segments: {'${experiment.d.csv-experiment.target}': 0.5}}}}"
    )
    spec = load(text).state.resources[Address("shop", "model", "m")].spec
    assert vars(spec)["gate"].segments == {"y": 0.5}


def test_references_pass_through_variables_loops_overlays_and_each_other(load: Load) -> None:
    text = HEAD.replace("name: shop", 'name: shop\nvariables: {m: "${experiment.a.metric}"}') + (
        '  "b-${each}": {for_each: [u, v], model_type: classification, target: "${each}",\n'
        '    metric: "${m}"}\n'
        '  c: {model_type: classification, target: "${experiment.b-v.target}",\n'
        '    metric: "${experiment.b-u.metric}"}\n'
    )
    files = {"auger.prod.yaml": "experiments: {a: {metric: accuracy}}\n"}
    found = declared(load, text, "c", files=files, env="prod")
    assert (found["target"], found["metric"]) == ("v", "accuracy")


def test_a_value_from_outside_is_never_taken_for_a_reference(load: Load) -> None:
    text = HEAD.replace("target: y", 'target: "${t}"') + (
        '  b: {model_type: classification, target: "${experiment.a.target}"}\n'
    )
    found = declared(load, text, variables={"t": "${experiment.b.target}"})
    assert found["target"] == "${experiment.b.target}"


def test_a_reference_to_nothing_takes_no_gate_away(codes: Codes) -> None:
    text = (
        HEAD + 'models: {m: {experiment: a}, n: {experiment: a, min_score: "${model.m.min_score}"}}'
    )
    assert codes(text) == ["unset-variable 6:61"]


def test_a_value_that_does_not_fit_is_told_where_it_is_used(codes: Codes) -> None:
    text = (
        HEAD
        + '  b: {model_type: classification, target: z, max_n_trials: "${experiment.a.exclude}"}'
    )
    assert codes(text) == ["wrong-type 6:60"]
