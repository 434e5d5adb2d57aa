"""Files as people leave them: empty texts, lists as text, marks of merges, letters like blanks."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from auger_reconcile.config.protection import read_protected
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.errors import ConfigError
from tests.config.conftest import Codes, Load

SEARCH = """\
name: shop
source: https://example.com/a.csv
model_type: classification
target: y
"""


def specs(load: Load, text: str, **options: Any) -> dict[str, Any]:
    return {str(at): one.spec for at, one in load(text, **options).state.resources.items()}


def warnings(load: Load, text: str, **options: Any) -> list[str]:
    return [item.code for item in load(text, **options).warnings]


@pytest.mark.parametrize("empty", ["", "~", "null", "''", '""'])
@pytest.mark.parametrize(
    "text",
    [
        "dataset: {}\n",
        "organization: {}\n",
        "path_to_credentials: {}\n",
        "exclude: {}\n",
        "experiment: {{name: {}, metric: r2}}\n",
        "experiment:\n  time_series: {}\n",
        "experiment:\n  label_encoded: {}\n",
        "cluster: {{stack_version: {}}}\n",
        "models:\n  m:\n    trial: {}\n",
    ],
)
def test_an_empty_text_is_as_absent_as_an_empty_value(load: Load, text: str, empty: str) -> None:
    base = SEARCH.replace("classification", "regression")
    loaded = load(base + text.format(empty))
    bare = load(base + ("models:\n  m:\n" if "models" in text else ""))
    told = {at: one.spec for at, one in loaded.state.resources.items() if at.kind != "project"}
    wanted = {at: one.spec for at, one in bare.state.resources.items() if at.kind != "project"}
    assert {at: vars(one)["lifecycle"] for at, one in told.items()}.keys() == wanted.keys()
    assert loaded.warnings == ()


RAILS = [
    "budget_minutes: {}\n",
    "lifecycle: {}\n",
    "lifecycle: {{prevent_destroy: {}}}\n",
    "lifecycle: {{ignore_changes: {}}}\n",
    "removed: {}\n",
    "datasets: {{b.csv: {{source: https://example.com/b.csv, on_schema_change: {}}}}}\n",
    "models: {{m: {{gate: {{min_score: 0.9, on: {}}}}}}}\n",
    "cluster: {{autoterminate_minutes: {}}}\n",
    "experiment: {{max_n_trials: {}}}\n",
    "experiment: {{holdout: {}}}\n",
    "experiment: {{max_total_time: {}}}\n",
    "experiment: {{max_eval_time: {}}}\n",
    "models: {{m: {{min_score: {}}}}}\n",
    "models: {{m: {{lifecycle: {{prevent_destroy: {}}}}}}}\n",
]


@pytest.mark.parametrize("text", RAILS)
def test_an_empty_text_takes_no_rail_down(codes: Codes, text: str) -> None:
    (code,) = codes(SEARCH + text.format("''"))
    assert code == f"empty-rail 5:{text.replace('{{', '{').index('{}') + 1}"


@pytest.mark.parametrize("text", RAILS)
def test_an_empty_variable_takes_no_rail_down(codes: Codes, text: str) -> None:
    found = codes(SEARCH + text.format('"${rail}"'), environ={"AUGER_VAR_rail": ""})
    assert [item.split()[0] for item in found] == ["empty-rail"]


@pytest.mark.parametrize("empty", ["", "~", "null"])
@pytest.mark.parametrize("name", ["gate", "min_score"])
def test_a_rail_without_a_value_is_told(load: Load, name: str, empty: str) -> None:
    (told,) = load(f"{SEARCH}models: {{m: {{{name}: {empty}}}}}\n").warnings
    assert (told.code, told.address) == ("empty-rail", "model.m")


def test_a_limit_without_a_value_is_the_default_one(load: Load) -> None:
    assert load(SEARCH + "experiment: {max_n_trials: }\n").warnings == ()


def test_a_quoted_text_of_many_lines_may_hold_what_looks_like_keys(codes: Codes) -> None:
    text = SEARCH + 'x-note: "one\n  two: three"\nbogus: 1\n'
    assert codes(text) == ["unknown-field 7:1"]
    assert codes(SEARCH + 'x-note: "one\n  two: three"\ntarget: ]\n') == ["yaml-bracket 7:9"]


def test_an_empty_text_of_an_overlay_takes_no_rail_down(codes: Codes) -> None:
    over = {"auger.prod.yaml": "models: {m: {min_score: ''}}\n"}
    text = SEARCH + "models: {m: {min_score: 0.9}}\n"
    assert codes(text, files=over, env="prod") == ["empty-rail 1:25"]


def test_an_empty_variable_is_told_where_it_counts_as_absent(load: Load) -> None:
    loaded = load(SEARCH + 'dataset: "${name}"\n', variables={"name": ""})
    assert [item.code for item in loaded.warnings] == ["empty-variable"]
    assert "dataset.a.csv" in {str(at) for at in loaded.state.resources}


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ('name: "p${g}"\n', ["1:9"]),
        ('name: p\nx-note: "${g} and ${g} and ${h}"\n', ["2:10", "2:28"]),
        ("name: p\nvariables: {v: 'a${g}'}\norganization: 'b${v}'\n", ["2:18"]),
        (SEARCH + 'exclude: "sepal_length,${g}"\n', ["5:24"]),
        ("name: p\nx-${g}: 1\n", ["2:3"]),
    ],
)
def test_an_empty_variable_within_a_text_is_told_once_at_its_place(
    load: Load, text: str, places: list[str]
) -> None:
    told = load(text, environ={"AUGER_VAR_g": "", "AUGER_VAR_h": ""}).warnings
    empty = [one.span for one in told if one.code == "empty-variable"]
    assert [f"{span.line}:{span.column}" for span in empty if span] == places


def test_an_empty_variable_is_told_once_for_all_that_a_loop_makes(load: Load) -> None:
    loop = "for_each: {a: ['${g}'], b: [1, 2]}, source: 'https://example.com/a.csv'"
    told = load(f"name: p\ndatasets: {{d: {{{loop}}}}}\n", environ={"AUGER_VAR_g": ""}).warnings
    assert [one.code for one in told].count("empty-variable") == 1


@pytest.mark.parametrize(
    ("text", "setting", "expected"),
    [
        ("exclude: a,b , c\n", "exclude", ("a", "b", "c")),
        ("exclude: 'a, b'\n", "exclude", ("a", "b")),
        ("experiment: {label_encoded: 'a,b'}\n", "label_encoded", ("a", "b")),
        ("experiment: {categoricals: 'a,b,'}\n", "categoricals", ("a", "b")),
        ("experiment: {date_time: 'a,b'}\n", "date_time", ("a", "b")),
        (
            "experiment: {blocked_models: 'A,B'}\n",
            "options",
            {"algorithms_to_exlude": ["A", "B"]},
        ),
    ],
)
def test_a_list_as_text_is_split_and_told(
    load: Load, text: str, setting: str, expected: Any
) -> None:
    assert warnings(load, SEARCH + text) == ["list-as-text"]
    assert vars(specs(load, SEARCH + text)["experiment.a.csv-experiment"])[setting] == expected


def test_a_list_that_is_ignored_is_split_too(load: Load) -> None:
    text = SEARCH + "experiment: {lifecycle: {ignore_changes: 'metric,exclude'}, metric: f1}\n"
    lifecycle = specs(load, text)["experiment.a.csv-experiment"].lifecycle
    assert lifecycle.ignore_changes == ("metric", "exclude")


def test_in_a_list_a_comma_is_part_of_a_name(load: Load) -> None:
    text = SEARCH + "exclude: ['a,b']\n"
    assert warnings(load, text) == []
    assert specs(load, text)["experiment.a.csv-experiment"].exclude == ("a,b",)


def test_keys_of_ones_own_hold_anchors_and_say_nothing(load: Load) -> None:
    text = "x-base: &base {target: y, model_type: regression}\nx-more: [1, {a: b}]\nname: shop\n"
    text += "datasets: {d: {source: https://example.com/a.csv}}\nexperiments:\n"
    text += "  a: {<<: *base}\n  b: {<<: *base, metric: r2}\n"
    assert warnings(load, text) == []
    assert specs(load, text)["experiment.b"].target == "y"


@pytest.mark.parametrize("place", ["top", "middle", "end"])
@pytest.mark.parametrize("text", ["name: a\n", "protected: {a: []}\n"])
def test_a_merge_that_nobody_finished_is_called_so(codes: Codes, place: str, text: str) -> None:
    marked = f"<<<<<<< HEAD\n{text}=======\n{text.replace('a', 'b')}>>>>>>> other\n"
    before = {"top": "", "middle": "hub: local\n", "end": "hub: local\nstate: running\n"}[place]
    after = "state: running\n" if place == "middle" else ""
    (code,) = codes(before + marked + after)
    assert code == f"yaml-conflict {before.count(chr(10)) + 1}:1"


@pytest.mark.parametrize("blank", ["\u00a0", "\u202f", "\u3000"])
def test_a_no_break_space_is_told(codes: Codes, load: Load, blank: str) -> None:
    assert codes(f"name:{blank}shop\nhub: local\n") == ["yaml-no-break-space 1:6"]
    assert warnings(load, f"name: shop{blank}\n") == ["no-break-space"]
    assert warnings(load, f"name: {blank}shop\n") == ["no-break-space"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("cluster:\n_ type: standard\n  min_nodes: 1\n", "3:1"),
        ("cluster:\n  type: standard\n__min_nodes: 1\n", "4:1"),
        ("cluster: {}\n_\nhub: local\n", "3:1"),
    ],
)
def test_a_no_break_space_is_told_where_it_is(load: Load, text: str, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load("name: shop\n" + text.replace("_", "\u00a0").replace("\u00a0nodes", "_nodes"))
    found = [one for one in caught.value.diagnostics if "no-break-space" in one.code]
    assert [f"{one.span.line}:{one.span.column}" for one in found if one.span] == [place]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("cluster: {tpye: }", "2:11"),
        ("cluster: {type:\u00a0standard}", "2:11"),
        ("models: {m: {trial: T, gate: {min_scroe: , min_score: 0.5}}}", "2:31"),
        ("datasets: {d: {columns: {age: {tpye: ''}}}}", "2:32"),
    ],
)
def test_an_unknown_field_is_told_without_a_value_too(codes: Codes, text: str, place: str) -> None:
    assert f"unknown-field {place}" in codes(f"name: shop\n{text}\n")


@pytest.mark.parametrize("quoted", ["“shop”", "‘shop’", "„shop“", "«shop»"])
def test_typographic_quotes_are_told(load: Load, quoted: str) -> None:
    assert warnings(load, f"name: {quoted}\n") == ["typographic-quotes"]
    assert warnings(load, f'name: "{quoted}"\n') == []


def test_an_empty_field_of_the_short_form_is_missed_at_its_line(codes: Codes) -> None:
    assert codes(SEARCH.replace("target: y", "target:")) == ["missing-field 4:1"]


def test_an_empty_field_of_the_long_form_is_missed_at_its_line(codes: Codes) -> None:
    text = (
        "name: a\ndatasets: {d: {}}\nexperiments:\n  e:\n    target: ''\n    model_type: regression"
    )
    assert codes(text) == ["missing-field 5:5"]


def test_many_unknown_columns_are_one_warning(load: Load) -> None:
    listed = ", ".join(f"c{number}" for number in range(20_000))
    text = f"name: a\nsource: a.csv\nmodel_type: regression\ntarget: y\nexclude: [{listed}]\n"
    (warning,) = load(text, files={"a.csv": "x,y\n1,2\n"}).warnings
    assert warning.hint == "20,000 of 20,000: `c0`, `c1`, `c2`, `c3`, `c4`, …"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_source_is_found_under_either_form_of_its_name(load: Load, form: Any) -> None:
    other = {"NFC": "NFD", "NFD": "NFC"}[form]
    text = f"name: a\ndatasets: {{d: {{source: {normalize(form, 'häuser.csv')}}}}}\n"
    loaded = specs(load, text, files={normalize(other, "häuser.csv"): "x,y\n1,2\n"})
    assert loaded["dataset.d"].size == 8


def test_a_column_of_another_form_is_said_to_look_the_same(load: Load, codes: Codes) -> None:
    name = "größe"
    text = f"name: a\nsource: a.csv\nmodel_type: regression\ntarget: {normalize('NFD', name)}\n"
    assert codes(text, files={"a.csv": f"x,{name}\n1,2\n"}) == ["unknown-column 4:9"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# a comment alone\n",
        "protected:\n",
        "protected: ''\n",
        "protect: {}\n",
        "protected: {}\nprotectd: {a: [dataset.x]}\n",
        "- dataset.x\n",
        "protected: {a: [datset.x]}\n",
        "protected: {a: [dataset]}\n",
        "protected: {a: {dataset.x: 1}}\n",
        "protected: {a: [dataset.x\n",
    ],
)
def test_a_damaged_lock_file_protects_by_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "auger.lock.yaml"
    path.write_text(text)
    report = Report()
    read_protected(path, report)
    assert report.has_errors
    assert all("auger.lock.yaml" in item.span.path for item in report.diagnostics if item.span)


def test_a_lock_file_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "auger.lock.yaml"
    path.symlink_to(tmp_path / "gone")
    report = Report()
    read_protected(path, report)
    assert report.has_errors


def test_a_folder_in_the_place_of_a_lock_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "auger.lock.yaml").mkdir()
    report = Report()
    read_protected(tmp_path / "auger.lock.yaml", report)
    assert report.has_errors


def test_a_lock_file_that_releases_all_is_none_of_these(tmp_path: Path) -> None:
    path = tmp_path / "auger.lock.yaml"
    path.write_text("protected: {}\n")
    report = Report()
    assert read_protected(path, report) == {}
    assert not report.diagnostics


@pytest.mark.parametrize("broken", ["name: a: b\n", "", "- a\n", "{\n"])
def test_of_a_broken_file_its_overlay_is_not_told(codes: Codes, broken: str) -> None:
    found = codes(broken, files={"auger.prod.yaml": "name: x\n"}, env="prod")
    assert len(found) == 1


@pytest.mark.parametrize("said", ["warn", "refuse"])
def test_what_changed_columns_do_is_declared(load: Load, said: str) -> None:
    text = f"datasets:\n  a.csv: {{source: https://a.example/a.csv, on_schema_change: {said}}}\n"
    assert load("name: shop\n" + text).warnings == ()


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_reference_in_another_unicode_form_says_what_is_the_matter(load: Load, form: Any) -> None:
    other: Any = {"NFC": "NFD", "NFD": "NFC"}[form]
    experiments = f"experiments: {{{normalize(form, 'café')}: {{dataset: d.csv}}}}\n"
    models = f"models: {{m: {{experiment: {normalize(other, 'café')}}}}}\n"
    head = "name: a\nmodel_type: regression\ntarget: x\n"
    with pytest.raises(ConfigError) as caught:
        load(f"{head}datasets: {{d.csv: {{source: https://h/d.csv}}}}\n{experiments}{models}")
    (told,) = (one for one in caught.value.diagnostics if one.code == "unknown-reference")
    assert "looks the same in another Unicode form" in str(told.hint)


@pytest.mark.parametrize("kind", ["classification", "timeseries"])
def test_a_list_or_map_in_the_place_of_a_column_is_told(codes: Codes, kind: str) -> None:
    text = f"name: shop\nsource: a.csv\nmodel_type: {kind}\ntarget: []\n"
    found = codes(f"{text}experiment: {{time_series: {{a: b}}}}\n")
    assert [code for code in found if code.startswith("wrong-type")] == [
        "wrong-type 4:9",
        "wrong-type 5:27",
    ]


@pytest.mark.parametrize("above", ["", "cluster:\n", "experiment:\n", "lifecycle:\n"])
def test_of_very_many_unknown_keys_one_tells_how_many_and_what_there_is(
    load: Load, above: str
) -> None:
    indent = "  " if above else ""
    keys = "".join(f"{indent}k{number}: 1\n" for number in range(3_000))
    with pytest.raises(ConfigError) as caught:
        load(f"name: a\n{above}{keys}")
    told = [one for one in caught.value.diagnostics if one.summary.startswith("unknown")]
    assert [one.summary for one in told] == ["unknown fields"]
    assert told[0].label == "`k0`"
    assert told[0].hint is not None
    assert told[0].hint.startswith("3,000 of 3,00")
    assert "; the fields of `" in told[0].hint
