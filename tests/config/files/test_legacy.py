"""What older clients wrote declares the same as ever."""

from pathlib import Path

from auger_reconcile.address import Address
from auger_reconcile.state import DesiredState
from tests.config.conftest import Codes, Load

SECOND = """\
---
name: churn
providers: auger
use_auger_cloud: true
source: https://example.com/churn.csv
exclude:
target: churned
model_type: classification
experiment:
  cross_validation_folds: 3
  max_n_trials: 10
"""
FIRST = """\
---
org_name: acme
dataset: churn
experiment:
  name: churn-experiment
  max_n_trials: 20
  metric: f1_macro
"""
SEARCH = "name: a\nsource: https://x.org/a.csv\nmodel_type: regression\ntarget: t\nexperiment:\n"


def options(state: DesiredState) -> dict[str, object]:
    return dict(state.resources[Address("a", "experiment", "a.csv-experiment")].spec.options)


def test_old_names_are_read_with_a_warning(load: Load) -> None:
    loaded = load("project: churn\norg_name: acme\n")
    assert (loaded.state.projects, loaded.state.organization) == (("churn",), "acme")
    assert [(item.code, item.label) for item in loaded.warnings] == [
        ("old-name", "`project`"),
        ("old-name", "`org_name`"),
    ]


def test_names_of_2019_are_read_too(load: Load) -> None:
    old = "project_name: churn\ndata_source: https://x.org/a.csv\ndata_set_name: b.csv\n"
    loaded = load(old + "cluster: {worker_nodes_count: 3, instance_type: c5.2xlarge}\n")
    found = loaded.state.resources[Address("churn", "dataset", "b.csv")].spec
    assert found.source == "https://x.org/a.csv"
    assert [item.label for item in loaded.warnings] == [
        "`project_name`",
        "`data_source`",
        "`data_set_name`",
        "`worker_nodes_count`",
        "`instance_type`",
    ]


def test_todays_name_wins_over_the_old_one(load: Load) -> None:
    assert load("project: old\nname: new\n").state.projects == ("new",)


def test_an_empty_new_name_leaves_the_old_one(load: Load) -> None:
    assert load("name:\nproject: old\n").state.projects == ("old",)


def test_two_files_are_read_as_one_with_auger_yaml_winning(load: Load) -> None:
    state = load(FIRST, files={"config.yaml": SECOND}).state
    spec = state.resources[Address("churn", "experiment", "churn-experiment")].spec
    assert (spec.target, spec.dataset) == ("churned", "churn")
    assert (spec.max_n_trials, spec.cross_validation_folds) == (20, 3)


def test_a_problem_in_the_second_file_is_placed_there(load: Load, codes: Codes) -> None:
    files = {"config.yaml": SECOND.replace("classification", "clasification")}
    assert codes(FIRST, files=files) == ["wrong-value 8:13"]


def test_foreign_fields_of_the_second_file_are_only_warnings(load: Load) -> None:
    files = {"config.yaml": SECOND + "something: else\n"}
    told = load(FIRST, files=files).warnings
    labels = [item.label for item in told if item.code == "ignored-field"]
    assert labels == ["`providers`", "`use_auger_cloud`", "`something`"]


def test_the_oldest_cluster_settings_mean_what_they_meant(load: Load) -> None:
    text = "name: a\ncluster: {worker_type_id: 2, workers_count: 3, kubernetes_stack: stable}\n"
    cluster = load(text).state.resources[Address("a", "project", "a")].spec.cluster
    assert (cluster.type.value, cluster.max_nodes, cluster.stack_version) == (
        "high_memory",
        3,
        "stable",
    )


def test_settings_of_other_clients_travel_under_their_wire_names(load: Load) -> None:
    text = SEARCH + "  allowed_models: [xgboost]\n  blocked_models: svm\n  exit_score: 0.9\n"
    assert options(load(text).state) == {
        "allowed_algorithms": ["xgboost"],
        "algorithms_to_exlude": ["svm"],
        "exit_score": 0.9,
    }


def test_of_two_settings_for_one_member_the_later_client_wins(load: Load) -> None:
    text = SEARCH + "  max_concurrent_trials: 4\n  trials_per_worker: 2\n  max_cores_per_trial: 1\n"
    assert options(load(text).state) == {"trials_per_worker": 4, "cpu_per_mt_algorithm": 1}


def test_validation_settings_become_split_options(load: Load) -> None:
    text = SEARCH + "  validation_size: 0.2\n  shuffle: false\n  groups_col: g\n"
    expected = {"trainRatio": 0.8, "shuffleData": False, "groups_col": "g"}
    assert options(load(text).state) == {"splitOptions": expected}


def test_review_settings_are_passed_on(load: Load) -> None:
    text = SEARCH + (
        "  class_weight: balanced\n"
        "  validation_source: https://x.org/v.csv\n"
        "review:\n"
        "  alert: {retrain_policy: {type: feature_average_range, value: 5}}\n"
        "  roi: {filter: a > 1, revenue: 100, investment: }\n"
    )
    assert options(load(text).state) == {
        "algorithm_params_common": {"class_weight": "balanced"},
        "test_data_path": "https://x.org/v.csv",
        "retrain_policy_type": "feature_average_range",
        "retrain_policy_value": 5,
        "roi_metric": {"filter": "a > 1", "revenue": "100"},
    }


def test_a_local_validation_source_is_ignored_with_a_warning(load: Load) -> None:
    loaded = load(SEARCH + "  validation_source: v.csv\n")
    assert options(loaded.state) == {}
    assert [item.code for item in loaded.warnings] == ["ignored-field"]


def test_column_roles_are_declared_as_other_clients_declare_them(load: Load) -> None:
    loaded = load(SEARCH + "  categoricals: [a]\n  date_time: b\n")
    spec = next(one.spec for at, one in loaded.state.resources.items() if at.kind == "experiment")
    assert (spec.categoricals, spec.date_time) == (("a",), ("b",))
    assert loaded.warnings == ()


def test_settings_without_effect_are_warnings(load: Load) -> None:
    told = load(SEARCH + "  validation_data: a.csv\n").warnings
    assert [item.label for item in told] == ["`validation_data`"]


def test_a_file_of_the_first_client_declares_a_complete_state(load: Load, tmp_path: Path) -> None:
    text = (
        "---\ndebug: true\nproject: iris\nsource: iris.csv\ndataset: iris-1.csv\n"
        "model_type: classification\ntarget: class\nexclude:\nexperiment:\n"
        "  name: iris-1.csv-experiment\n  experiment_session_id: 7246e12\n  time_series:\n"
        "  label_encoded: []\n  cross_validation_folds: 3\n  metric: f1_macro\ncluster:\n"
        "  type: standard\n  min_nodes: 2\n  max_nodes: 2\n  stack_version: experimental\n"
    )
    state = load(text, files={"iris.csv": "a,class\n1,x\n"}).state
    spec = state.resources[Address("iris", "experiment", "iris-1.csv-experiment")].spec
    assert (spec.dataset, spec.experiment_session_id) == ("iris-1.csv", "7246e12")
