"""What has to hold between settings and between resources."""

from unicodedata import normalize

import pytest

from auger_reconcile.config.declarations.validate import UNASKED
from auger_reconcile.errors import ConfigError
from tests.config.conftest import Codes, Load

SERIES = """\
name: sales
source: https://x.org/sales.csv
model_type: timeseries
target: amount
"""


def test_a_gate_below_zero_makes_sense_for_an_error(load: Load) -> None:
    text = SERIES + "experiment: {time_series: t, metric: neg_rmse}\nmodels: {m: {min_score: -12}}"
    assert load(text).warnings == ()


def test_a_gate_above_an_error_never_opens(codes: Codes) -> None:
    text = SERIES + "experiment: {time_series: t, metric: neg_rmse}\nmodels: {m: {min_score: 1}}"
    assert codes(text) == ["out-of-range 6:25"]


def test_a_time_series_without_its_column_is_a_warning(load: Load) -> None:
    assert [item.code for item in load(SERIES).warnings] == ["time-column"]


def test_a_time_column_that_is_excluded_is_an_error(codes: Codes) -> None:
    assert codes(SERIES + "exclude: t\nexperiment: {time_series: t}") == ["time-column 6:27"]


def test_a_time_column_without_a_time_series_is_a_warning(load: Load) -> None:
    text = SERIES.replace("timeseries", "regression") + "experiment: {time_series: t}"
    assert [item.code for item in load(text).warnings] == ["unused-field"]


def test_the_one_excluded_column_may_not_be_the_target(codes: Codes) -> None:
    assert codes(SERIES + "exclude: amount") == ["excluded-target 5:10"]


def test_a_model_of_a_trial_needs_no_experiment(load: Load) -> None:
    assert len(load("name: a\nmodels: {m: {trial: 7246e12}}").state.resources) == 2


def test_an_absent_model_needs_no_experiment(load: Load) -> None:
    assert len(load("name: a\nmodels: {m: {state: absent}}").state.resources) == 2


def test_what_is_absent_may_refer_to_what_is_absent(load: Load) -> None:
    text = (
        "name: a\ndatasets: {d: {state: absent}}\nexperiments:\n"
        "  e: {state: absent, model_type: regression, target: t}\n"
    )
    assert len(load(text).state.resources) == 3


def test_only_known_fields_can_be_ignored(codes: Codes) -> None:
    text = "name: a\ndatasets: {d: {lifecycle: {ignore_changes: [max_n_trials]}}}"
    assert codes(text) == ["unknown-field 2:45"]


def test_a_url_of_two_data_sets_is_a_warning(load: Load) -> None:
    url = "https://example.com/1.csv"
    sets = {
        "a.csv": url,
        "gone.csv": url,
        "b.csv": url,
        "c.csv": "https://example.com/2.csv",
    }
    lines = [
        f"  {name}: {{source: {source}{', state: absent' if name == 'gone.csv' else ''}}}\n"
        for name, source in sets.items()
    ]
    [found] = load("name: shop\ndatasets:\n" + "".join(lines)).warnings
    assert (found.code, found.address, found.label) == ("same-url", "dataset.b.csv", f"`{url}`")
    assert found.hint == "a hub keeps one data set of a URL: this one and `a.csv` will be the same"


def two_models(left: str, right: str) -> str:
    return (
        "name: shop\ndatasets:\n  d.csv: {source: https://example.com/1.csv}\n"
        "experiments:\n  e: {dataset: d.csv, target: t, model_type: regression}\n"
        f"models:\n  one: {{experiment: e, {left}}}\n  two: {{experiment: e, {right}}}\n"
    )


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("monitor: {missing: 0.1}", "min_score: 0.1"),
        ("monitor: {missing: 0.1}", "monitor: {missing: 0.2}"),
        ("rollout: {shadow: 1d}", "min_score: 0.1"),
    ],
)
def test_one_trial_is_not_watched_in_two_ways(codes: Codes, left: str, right: str) -> None:
    assert [one.split()[0] for one in codes(two_models(left, right))] == ["same-model"]


@pytest.mark.parametrize(
    "right",
    [
        "monitor: {missing: 0.1}",
        "lifecycle: {ignore_changes: [monitor]}",
        "locally: true",
        "state: absent",
        "trial: A1",
    ],
)
def test_another_trial_may_be_watched_in_another_way(load: Load, right: str) -> None:
    assert load(two_models("monitor: {missing: 0.1}", right)).state.resources


ONE_GONE = """\
name: shop
datasets:
  old.csv: {source: https://example.com/old.csv, state: absent}
  new.csv: {source: https://example.com/new.csv}
experiments:
  exp: {model_type: regression, target: y}
"""


def test_what_is_to_be_absent_is_not_meant_by_what_is_to_be_there(load: Load) -> None:
    told = {str(at): one.spec for at, one in load(ONE_GONE).state.resources.items()}
    assert vars(told["experiment.exp"])["dataset"] == "new.csv"


SEARCH = "name: shop\nsource: https://example.com/a.csv\nmodel_type: classification\ntarget: y\n"


def test_a_metric_that_boards_show_may_be_asked_for(load: Load) -> None:
    assert load(SEARCH + "experiment: {metric: gini}").warnings == ()


def test_a_mistake_in_what_a_column_holds_is_told_at_its_place(codes: Codes) -> None:
    text = "name: a\ndatasets: {d: {columns: {zip: {type: txt}, day: {fromat: x}}}}"
    assert codes(text) == ["wrong-value 2:38", "unknown-field 2:50"]


@pytest.mark.parametrize("setting", ["series: [shop]", "horizon: 14", "past_only: [stock]"])
def test_settings_of_time_series_without_one_are_warned_of(load: Load, setting: str) -> None:
    text = SERIES.replace("timeseries", "regression") + f"experiment: {{{setting}}}"
    (warning,) = load(text).warnings
    assert warning.code == "unused-field"
    assert warning.hint == f"`{setting.partition(':')[0]}` has no effect for `regression`"


@pytest.mark.parametrize("role", ["series", "past_only"])
@pytest.mark.parametrize("column", ["t", "amount", "out"])
def test_a_column_of_series_has_no_other_role(codes: Codes, role: str, column: str) -> None:
    text = SERIES + f"exclude: [out]\nexperiment: {{time_series: t, {role}: [shop, {column}]}}"
    assert [code.partition(" ")[0] for code in codes(text)] == ["series-column"]


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("weight", "`experiment` has a field `sample_weight`"),
        ("monotonic", "`experiment` has a field `monotonic_cst`"),
        ("calibration", UNASKED["calibration"]),
    ],
)
def test_a_field_that_is_called_otherwise_elsewhere_is_hinted_at(
    load: Load, written: str, hint: str
) -> None:
    text = "name: a\nexperiments: {e: {dataset: d, model_type: regression, target: t, %s: x}}\n"
    with pytest.raises(ConfigError) as caught:
        load(text % written)
    hints = [one.hint for one in caught.value.diagnostics if one.code == "unknown-field"]
    assert hints == [hint]


@pytest.mark.parametrize("kind", ["datasets", "experiments", "models"])
def test_one_name_in_two_unicode_forms_is_declared_twice(codes: Codes, kind: str) -> None:
    names = [normalize(form, "café") for form in ("NFC", "NFD")]
    settings = {
        "datasets": "source: https://x.org/{0}.csv",
        "experiments": "dataset: d, model_type: regression, target: y",
        "models": "experiment: e",
    }
    text = "name: p\ndatasets: {d: {source: 'https://x.org/d.csv'}}\n"
    if kind == "datasets":
        text = "name: p\n\n"
    if kind == "models":
        text += "experiments: {e: {dataset: d, model_type: regression, target: y}}\n"
    text += f"{kind}:\n" + "".join(
        f"  {name}: {{{settings[kind].format(number)}}}\n" for number, name in enumerate(names)
    )
    line = text.count("\n")
    assert codes(text) == [f"declared-twice {line}:3"]


def test_one_project_in_two_unicode_forms_is_declared_twice(codes: Codes) -> None:
    names = [normalize(form, "café") for form in ("NFC", "NFD")]
    assert codes("\n---\n".join(f"name: {name}" for name in names)) == ["declared-twice 3:7"]
