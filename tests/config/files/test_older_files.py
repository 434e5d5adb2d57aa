"""Files of the kinds that the public repositories of older clients hold: docs/older-files.md."""

from __future__ import annotations

from typing import Any

import pytest

from auger_reconcile.address import Address
from auger_reconcile.errors import ConfigError
from tests.config.conftest import Codes, Load

URL = "https://example.com/games.csv"
SEARCH = "experiment: {name: '', experiment_session_id: '', metric: r2, max_eval_time: 1}\n"
# auger.yaml, config.yaml, and what is declared: project, data set, exclude, node type.
READ = {
    "one file of today's form": (
        f"name: g\nsource: {URL}\ntarget: RS\nmodel_type: regression\n{SEARCH}",
        None,
        ("g", "games.csv", (), None),
    ),
    "a template, filled in, with all its empty texts": (
        (
            f"name: 'g'\nsource: '{URL}'\ndataset: ''\nmodel_type: 'regression'\ntarget: 'RS'\n"
            f"exclude: ''\n{SEARCH}cluster: {{type: '', min_nodes: 2, max_nodes: 2}}\n"
        ),
        None,
        ("g", "games.csv", (), "standard"),
    ),
    "a project and a data set selected in one file, data and search in the other": (
        f"project: chosen\ndataset: games-3.csv\n{SEARCH}cluster: {{type: high-memory}}\n",
        (
            f"name: g\nproviders: auger\nsource: {URL}\nexclude: Team,League\ntarget: RS\n"
            "model_type: regression\nexperiment: {max_n_trials: 10, iteration_timeout_minutes: 1}\n"
        ),
        ("chosen", "games-3.csv", ("Team", "League"), "high_memory"),
    ),
    "data below a key, the name of 2019 of the project": (
        (
            f"org_name: acme\nproject_name: g\ndata_source:\n  name: games-1.csv\n{SEARCH}"
            "cluster: {worker_type_id: 2, workers_count: 2, kubernetes_stack: experimental}\n"
        ),
        (
            f"providers: google,azure\nsource: {URL}\nexclude: Team\ntarget: RS\n"
            "model_type: regression\nbudget: 3600\n"
        ),
        ("g", "games-1.csv", ("Team",), "high_memory"),
    ),
    "all of the data below a key, and the type below the search": (
        (
            f"project: g\ndata_source:\n  file: {URL}\n  features: [{{RS: REAL}}]\n  target: RS\n"
            "experiment: {type: regression, metric: r2, max_eval_time: 1}\n"
            "cluster: {worker_nodes_count: 2, instance_type: c5.large}\n"
        ),
        None,
        ("g", "games.csv", (), "standard"),
    ),
    "an empty map of data, and the target below the search": (
        (
            "debug: true\nproject: g\nmodel_type: regression\n"
            f"data_set:\n  source: {URL}\n  name:\n"
            "experiment: {target: RS, metric: r2, max_eval_time: 1}\n"
        ),
        None,
        ("g", "games.csv", (), None),
    ),
}


@pytest.mark.parametrize("kind", READ)
def test_a_complete_file_of_an_older_client_declares_what_it_declared(
    kind: str, load: Load
) -> None:
    text, second, (project, dataset, exclude, node) = READ[kind]
    state = load(text, files={"config.yaml": second} if second else None).state
    of: dict[str, Any] = {at.kind: one.spec for at, one in state.resources.items()}
    assert state.projects == (project,)
    assert (of["dataset"].name, of["dataset"].source) == (dataset, URL)
    search = of["experiment"]
    assert (search.target, search.model_type.value, search.metric) == ("RS", "regression", "r2")
    assert (search.exclude, search.max_eval_time) == (exclude, 1)
    cluster = of["project"].cluster
    assert (cluster.type.value if cluster else None) == node


def test_every_word_of_before_is_told(load: Load) -> None:
    text, second, _ = READ[
        "a project and a data set selected in one file, data and search in the other"
    ]
    loaded = load(text, files={"config.yaml": second})
    told = {(item.code, item.label) for item in loaded.warnings}
    assert {
        ("old-name", "`project`"),
        ("old-name", "`high-memory`"),
        ("old-name", "`iteration_timeout_minutes`"),
        ("list-as-text", "`Team,League`"),
        ("ignored-field", "`providers`"),
    } <= told


WHOLE = f"name: g\nsource: {URL}\ntarget: RS\nmodel_type: regression\n"
OF_OTHERS = ["- a\n- b\n", "{{ range .Values }}\na: {{ .b }}\n{{ end }}\n", "port: 80\n", "text\n"]


@pytest.mark.parametrize("second", [*OF_OTHERS, "a: [\n", "a: 1\na: 2\n"])
@pytest.mark.parametrize(
    "text", [WHOLE, "name: g\n", f"name: g\ndatasets: {{d: {{source: '{URL}'}}}}\n"]
)
def test_a_config_of_something_else_is_left_alone_and_told(
    load: Load, text: str, second: str
) -> None:
    (told,) = load(text, files={"config.yaml": second}).warnings
    assert (told.code, told.span and told.span.path[-11:]) == ("ignored-file", "config.yaml")
    assert told.hint is not None
    assert "older client" in told.hint


@pytest.mark.parametrize(
    ("text", "second", "expected"),
    [
        ("name: g\ntarget: RS\n", "- a\n", "wrong-type 1:1"),
        (WHOLE, f"source: {URL}\nexclude: [a\n", "yaml-bracket 2:10"),
        ("target: RS\n", "{{ a }}\n", None),
    ],
)
def test_a_config_that_is_needed_and_cannot_be_read_says_why_it_is(
    load: Load, text: str, second: str, expected: str | None
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text, files={"config.yaml": second})
    [told] = [
        one
        for one in caught.value.diagnostics
        if one.span and one.span.path.endswith("config.yaml")
    ]
    assert told.hint is not None
    assert told.hint.endswith(
        "config.yaml is read with the auger.yaml beside it, as settings of an older client"
    )
    if expected:
        assert told.span is not None
        assert f"{told.code} {told.span.line}:{told.span.column}" == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            (
                "organization: acme\nproject: fast\ncluster: {worker_count: 2}\n"
                "evaluation_options: {data_path: a.csv, targetFeature: y, featureColumns: [a]}\n"
            ),
            "old-name 4:1",
        ),
        (
            "name: g\nsource: gs://bucket/games.csv\ntarget: RS\nmodel_type: regression\n",
            "source-scheme 2:9",
        ),
        (
            (
                f"name: g\nsource: {URL}\ntarget: RS\nmodel_type: regression\n"
                "experiment: {metric: f1_macro}\n"
            ),
            "unfit-metric 5:22",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_place(
    text: str, expected: str, codes: Codes
) -> None:
    assert codes(text) == [expected]


def test_a_renamed_file_selects_under_todays_names(load: Load) -> None:
    text, _, _ = READ["all of the data below a key, and the type below the search"]
    resources = load(text).state.resources
    assert Address("g", "experiment", "games.csv-experiment") in resources
