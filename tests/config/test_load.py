"""The first arrow: files of either form become one desired state."""

import hashlib
from pathlib import Path

import pytest

from auger_reconcile.address import Address
from auger_reconcile.config.load import load_desired_state, read_settings
from auger_reconcile.errors import ConfigError
from auger_reconcile.resources._spec import Lifecycle

from .conftest import Codes, Load

SHORT = """\
name: churn
source: files/churn.csv
model_type: classification
target: churned
exclude: customer_id
experiment:
  name:
  max_n_trials: 10
cluster: {type: high_memory, min_nodes: 2, max_nodes: 4}
"""
DATA = {"files/churn.csv": "customer_id,age,churned\n1,30,0\n"}
LONG = """\
hub: local
organization: acme
name: churn
state: running
datasets:
  churn.csv: {source: https://example.com/churn.csv}
experiments:
  baseline: {model_type: classification, target: churned, metric: roc_auc}
models:
  production: {min_score: 0.85}
revision_history: 3
"""


def test_the_short_form_declares_project_data_set_and_experiment(load: Load) -> None:
    state = load(SHORT, files=DATA).state
    assert [str(address) for address in state.resources] == [
        "project.churn",
        "dataset.churn.csv",
        "experiment.churn.csv-experiment",
    ]


def test_a_local_source_is_identified_by_its_content(load: Load) -> None:
    spec = load(SHORT, files=DATA).state.resources[Address("churn", "dataset", "churn.csv")].spec
    content = DATA["files/churn.csv"].encode()
    assert spec.sha256 == hashlib.sha256(content).hexdigest()
    assert spec.size == len(content)


def test_without_looking_at_sources_there_is_no_hash(load: Load) -> None:
    state = load(SHORT, check_sources=False).state
    assert state.resources[Address("churn", "dataset", "churn.csv")].spec.sha256 is None


def test_settings_that_are_not_written_have_the_defaults_of_existing_clients(load: Load) -> None:
    state = load("name: a\nsource: https://x.org/a.csv\nmodel_type: regression\ntarget: t\n").state
    spec = state.resources[Address("a", "experiment", "a.csv-experiment")].spec
    settings = (spec.scoring, spec.max_n_trials, spec.max_total_time, spec.max_eval_time)
    assert settings == ("r2", 1000, 60, 6)
    assert (spec.cross_validation_folds, spec.use_ensemble) == (5, True)


def test_one_excluded_column_needs_no_list(load: Load) -> None:
    state = load(SHORT, files=DATA).state
    spec = state.resources[Address("churn", "experiment", "churn.csv-experiment")].spec
    assert spec.exclude == ("customer_id",)


def test_the_long_form_fills_in_the_only_data_set_and_experiment(load: Load) -> None:
    state = load(LONG).state
    assert state.resources[Address("churn", "experiment", "baseline")].spec.dataset == "churn.csv"
    assert state.resources[Address("churn", "model", "production")].spec.experiment == "baseline"


def test_the_head_of_a_file_is_part_of_the_state(load: Load) -> None:
    state = load(LONG).state
    assert (state.hub, state.organization) == ("local", "acme")
    assert state.revision_history == {"churn": 3}


@pytest.mark.parametrize("empty", ["", " {}", " ~"])
def test_an_empty_section_is_no_order_to_prune_everything(load: Load, empty: str) -> None:
    state = load(f"name: a\ndatasets:{empty}\nexperiments: {{}}\n").state
    assert state.spared == {("a", "dataset"), ("a", "experiment")}
    assert load(LONG).state.spared == frozenset()


def test_both_forms_declare_different_things_side_by_side(load: Load) -> None:
    text = SHORT.replace("cluster", "datasets: {b.csv: {source: https://x.org/b.csv}}\ncluster")
    assert len(load(text, files=DATA).state.resources) == 4


def test_a_selected_data_set_may_be_one_of_the_long_form(load: Load) -> None:
    assert len(load(LONG + "dataset: churn.csv\n").state.resources) == 4


def test_a_selected_experiment_may_be_one_of_the_long_form(load: Load) -> None:
    assert len(load(LONG + "experiment: {name: baseline}\n").state.resources) == 4


def test_a_data_set_without_source_is_one_of_the_hub(load: Load) -> None:
    state = load("name: a\ndataset: b.csv\n").state
    assert state.resources[Address("a", "dataset", "b.csv")].spec.source is None


def test_names_written_as_numbers_are_their_text(load: Load) -> None:
    state = load(
        "name: 0123\nsource: https://x.org/a.csv\ndataset: 1e5\nmodel_type: regression\n"
        "target: 2020\nexclude: [1.50, no]\n"
    ).state
    spec = state.resources[Address("0123", "experiment", "1e5-experiment")].spec
    assert (spec.target, spec.exclude, spec.dataset) == ("2020", ("1.50", "no"), "1e5")


def test_several_documents_declare_several_projects(load: Load) -> None:
    assert load("---\nname: a\n---\nname: b\n---\n").state.projects == ("a", "b")


def test_every_file_below_a_folder_is_read(load: Load) -> None:
    files = {"sub/auger.yaml": "name: b", ".hidden/auger.yaml": "name: c"}
    assert load("name: a", files=files).state.projects == ("a", "b")


def test_problems_of_all_files_are_told_at_once(codes: Codes) -> None:
    files = {"sub/auger.yaml": "name: b\nfoo: 1"}
    assert codes("name: a\nbar: 1", files=files) == ["unknown-field 2:1", "unknown-field 2:1"]


def test_a_place_is_known_for_every_setting(load: Load) -> None:
    spans = load(LONG).state.resources[Address("churn", "experiment", "baseline")].spans
    assert (spans[""].line, spans[""].column) == (8, 3)
    assert (spans["metric"].line, spans["metric"].column) == (8, 67)
    assert "metric" in spans
    assert "folds" not in spans


def test_the_lifecycle_of_the_file_holds_unless_a_resource_says_otherwise(load: Load) -> None:
    state = load(
        "name: a\nlifecycle: {prevent_destroy: true, ignore_changes: [max_total_time]}\ndatasets:\n"
        "  b.csv: {source: https://x.org/b.csv, lifecycle: {prevent_destroy: false}}\n"
    ).state
    protected = Lifecycle(prevent_destroy=True, ignore_changes=("max_total_time",))
    assert state.resources[Address("a", "project", "a")].spec.lifecycle == protected
    own = Lifecycle(prevent_destroy=False, ignore_changes=("max_total_time",))
    assert state.resources[Address("a", "dataset", "b.csv")].spec.lifecycle == own


def test_the_digest_ignores_comments_order_and_quotes(load: Load) -> None:
    first = load("name: a\norganization: b\n").state.digest
    assert load("# c\norganization: 'b'  # d\n\nname: \"a\"\n").state.digest == first


def test_the_digest_follows_every_declared_value(load: Load) -> None:
    first = load(SHORT, files=DATA).state.digest
    assert load(SHORT.replace("10", "11"), files=DATA).state.digest != first


def test_the_digest_follows_the_content_of_a_source(load: Load) -> None:
    first = load(SHORT, files=DATA).state.digest
    assert (
        load(SHORT, files={name: text + "changed\n" for name, text in DATA.items()}).state.digest
        != first
    )


def test_an_overlay_merges_maps_replaces_values_and_removes_with_null(load: Load) -> None:
    over = "cluster: {max_nodes: 8}\nexclude: [a, b]\nexperiment: {max_n_trials: null}\n"
    state = load(SHORT, files={**DATA, "auger.prod.yaml": over}, env="prod").state
    cluster = state.resources[Address("churn", "project", "churn")].spec.cluster
    assert (cluster.type.value, cluster.min_nodes, cluster.max_nodes) == ("high_memory", 2, 8)
    spec = state.resources[Address("churn", "experiment", "churn.csv-experiment")].spec
    assert (spec.exclude, spec.max_n_trials) == (("a", "b"), 1000)


@pytest.mark.parametrize("empty", ['""', "null", ""])
def test_the_place_of_what_an_overlay_takes_out_is_there(load: Load, empty: str) -> None:
    over = {"auger.prod.yaml": f"\ndatasets: {{d.csv: {{source: {empty}}}}}\n"}
    text = "name: a\ndatasets: {d.csv: {source: d.csv}}\n"
    declared = load(text, files=over, env="prod").state.resources[Address("a", "dataset", "d.csv")]
    assert vars(declared.spec)["source"] is None
    assert (Path(declared.spans["source"].path).name, declared.spans["source"].line) == (
        "auger.prod.yaml",
        2,
    )


def test_a_problem_in_an_overlay_is_placed_in_the_overlay(load: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load("name: a", files={"auger.prod.yaml": "# c\ncluster: {min_nodes: x}"}, env="prod")
    span = caught.value.diagnostics[0].span
    assert span is not None
    assert (Path(span.path).name, span.line, span.column) == ("auger.prod.yaml", 2, 22)


@pytest.mark.parametrize(
    ("over", "line"),
    [
        ("name:", 1),
        ("# c\ntarget: null", 2),
        ("experiment: {seed: 1}\nmodel_type: ~", 2),
        ("source:", 1),
    ],
)
def test_what_an_overlay_takes_out_is_missed_there(load: Load, over: str, line: int) -> None:
    with pytest.raises(ConfigError) as caught:
        load(f"# c\n\n\n{SHORT}", files={**DATA, "auger.prod.yaml": over}, env="prod")
    spans = [one.span for one in caught.value.diagnostics if one.code == "missing-field"]
    assert [(Path(s.path).name, s.line) for s in spans if s] == [("auger.prod.yaml", line)]


def test_what_an_overlay_takes_out_of_a_long_form_is_missed_there(load: Load) -> None:
    text = "name: a\nexperiments: {e: {dataset: d, model_type: regression, target: t}}\n"
    over = {"auger.prod.yaml": "\nexperiments: {e: {target: }}\n"}
    with pytest.raises(ConfigError) as caught:
        load(text, files=over, env="prod")
    (span,) = [one.span for one in caught.value.diagnostics if one.code == "missing-field"]
    assert span is not None
    assert (Path(span.path).name, span.line, span.column) == ("auger.prod.yaml", 2, 19)


@pytest.mark.parametrize("content", ["", "# nothing yet\n"])
def test_an_empty_overlay_is_not_asked_for_a_name(load: Load, content: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load("name: a", files={"auger.prod.yaml": content}, env="prod")
    (problem,) = caught.value.diagnostics
    assert problem.code == "empty-file"
    assert problem.hint == "write what differs in this environment, or remove the file"


def test_an_overlay_finds_its_document_by_name(load: Load) -> None:
    over = {"auger.prod.yaml": "name: b\nstate: stopped"}
    state = load("name: a\n---\nname: b\n", files=over, env="prod").state
    assert state.resources[Address("b", "project", "b")].spec.state == "stopped"


def test_an_overlay_of_no_document_is_an_error(codes: Codes) -> None:
    over = {"auger.prod.yaml": "name: c\nstate: stopped"}
    assert codes("name: a\n---\nname: b\n", files=over, env="prod") == ["no-overlay 1:1"]


def test_an_overlay_of_several_documents_finds_each_by_its_name(codes: Codes) -> None:
    over = {"auger.prod.yaml": "name: a\nstate: stopped\n---\nname: b\n"}
    assert codes("name: a\n", files=over, env="prod") == ["no-overlay 4:1"]


def test_an_overlay_that_no_file_has_is_an_error(codes: Codes) -> None:
    assert codes("name: a", env="prod") == ["no-overlay"]


def test_a_variable_that_no_file_has_is_a_warning(load: Load) -> None:
    told = load("name: a", variables={"szie": "8"}).warnings
    assert [(item.code, item.label) for item in told] == [("unused-variable", "`szie`")]


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_desired_state([tmp_path / "auger.yaml"], environ={})
    assert [item.code for item in caught.value.diagnostics] == ["no-config"]


def test_a_folder_without_a_file_tells_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_desired_state([tmp_path], environ={})
    assert caught.value.diagnostics[0].hint == "auger new NAME"


def test_settings_of_an_incomplete_file_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "auger.yaml"
    path.write_text("project: a\nsource:\nmodel_type: classification\nexperiment: {metric: r2}\n")
    assert read_settings(path, environ={}) == {
        "name": "a",
        "model_type": "classification",
        "experiment": {"metric": "r2"},
    }


def test_names_among_the_settings_of_a_file_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "auger.yaml"
    path.write_text("name: 0123\nexperiment: {experiment_session_id: 7246e12, max_n_trials: 5}\n")
    assert read_settings(path, environ={}) == {
        "name": "0123",
        "experiment": {"experiment_session_id": "7246e12", "max_n_trials": 5},
    }


def test_settings_of_a_file_that_is_no_yaml_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "auger.yaml"
    path.write_text("name: [")
    with pytest.raises(ConfigError):
        read_settings(path, environ={})


def test_one_file_meant_twice_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "auger.yaml"
    path.write_text("name: a")
    assert load_desired_state([path, tmp_path], environ={}).state.projects == ("a",)


def test_ten_thousand_broken_references_are_told_in_reasonable_time(codes: Codes) -> None:
    lines = [f"  e{i}: {{dataset: d{i}, model_type: regression, target: t}}" for i in range(2000)]
    text = "name: a\ndatasets: {x.csv: {source: https://x.org/x.csv}}\nexperiments:\n"
    assert len(codes(text + "\n".join(lines))) == 2000


def test_a_name_no_overlay_can_have_is_an_error(codes: Codes) -> None:
    assert codes("name: a", env="../prod") == ["no-overlay"]


def test_a_default_name_too_long_for_the_hub_is_an_error(codes: Codes) -> None:
    text = f"name: a\ndataset: {'d' * 250}\nmodel_type: regression\ntarget: t\n"
    assert codes(text) == ["bad-name 2:10"]


def test_places_within_a_setting_are_known_too(load: Load) -> None:
    spans = load(SHORT, files=DATA).state.resources[Address("churn", "project", "churn")].spans
    assert (spans["cluster.max_nodes"].line, spans["cluster.max_nodes"].column) == (9, 55)
    assert set(spans) == {"", "cluster"}
    assert len(spans) == 2
    with pytest.raises(KeyError):
        spans["cluster.max_nodes.more"]


def test_a_folder_is_no_source(codes: Codes, tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    assert codes("name: a\nsource: a.csv") == ["missing-source 2:9"]


def test_the_source_of_an_absent_data_set_may_be_gone(load: Load) -> None:
    text = "name: a\ndatasets: {d: {source: gone.csv, state: absent}}\n"
    assert len(load(text).state.resources) == 2


def test_credentials_lie_relative_to_their_file(load: Load, tmp_path: Path) -> None:
    state = load("name: a\npath_to_credentials: keys\n").state
    assert state.credentials == str(tmp_path / "keys")


def test_an_empty_document_declares_nothing(load: Load) -> None:
    assert load("name: a\n---\n# nothing\n").state.projects == ("a",)


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff \r\n", "a,b\n", "a,b\n\n"])
def test_a_table_without_rows_is_an_error_before_anything_is_made(
    codes: Codes, content: str
) -> None:
    text = "name: a\nsource: d.csv\nmodel_type: regression\ntarget: b\n"
    assert codes(text, files={"d.csv": content}) == ["empty-source 2:9"]


def test_a_file_of_any_format_without_a_byte_is_an_error(codes: Codes) -> None:
    text = "name: a\nsource: d.parquet\n"
    assert codes(text, files={"d.parquet": ""}) == ["empty-source 2:9"]


def test_a_table_that_is_a_line_of_json_has_rows(load: Load) -> None:
    load("name: a\nsource: d.json\n", files={"d.json": '[{"a": 1}]'})


MOVED = """\
name: shop
datasets: {d.csv: {source: https://example.com/d.csv}}
experiments: {new: {model_type: classification, target: y}}
moved:
  - {from: experiment.old, to: experiment.mid}
  - {from: shop/experiment.mid, to: experiment.new}
removed: [{address: model.pilot, keep: true}]
"""


def test_earlier_names_follow_a_chain_of_moves_the_last_one_first(load: Load) -> None:
    state = load(MOVED).state
    assert state.resources[Address("shop", "experiment", "new")].spec.formerly == ("mid", "old")
    assert state.forgotten == {Address("shop", "model", "pilot")}


def test_moves_and_removals_are_part_of_the_digest(load: Load) -> None:
    whole = str(load(MOVED).state.digest)
    others = {str(load(MOVED.partition(cut)[0]).state.digest) for cut in ("moved:", "removed:")}
    assert len({whole, *others}) == 3


def test_moves_of_a_wrong_shape_are_told_where_they_stand(codes: Codes) -> None:
    wrong = "name: shop\nmoved: [{from: model.a}, x]\nremoved: {address: model.b}\n"
    assert codes(wrong) == ["missing-field 2:9", "wrong-type 2:26", "wrong-type 3:10"]
    assert codes("name: shop\nmoved: {from: model.a, to: model.b}\n") == ["wrong-type 2:8"]


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ("bogus: null", "unknown-field 1:1"),
        ("metric: null", "unknown-field 1:1"),
        ("lifecycle: {bogus: null}", "unknown-field 1:13"),
        ("cluster: {bogus: null}", "unknown-field 1:11"),
        ("experiment: {bogus: null}", "unknown-field 1:14"),
        ("models: {m: {bogus: null}}", "unknown-field 1:14"),
    ],
)
def test_an_unknown_field_that_an_overlay_takes_out_is_told_once(
    codes: Codes, over: str, told: str
) -> None:
    base = "name: a\nsource: https://example.com/d.csv\nmodel_type: regression\ntarget: y\n"
    base += "lifecycle: {prevent_destroy: true}\n"
    assert codes(base, files={"auger.prod.yaml": over}, env="prod") == [told]


def test_a_field_that_an_overlay_takes_out_need_not_be_there(load: Load) -> None:
    over = "exclude: null\ncluster: null\nmodels: {old: null}\nx-a: null\nvariables: {q: null}\n"
    load("name: a\n", files={"auger.prod.yaml": over}, env="prod")
