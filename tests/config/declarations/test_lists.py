"""One rule for every list of a file: it may be written as one text, with commas between."""

from __future__ import annotations

from pathlib import Path

import pytest

from auger_reconcile.config.load import Loaded, load_desired_state
from auger_reconcile.errors import ConfigError

DATA = "datasets: {a.csv: {source: https://h/a.csv%s}}\n"
SEARCH = "experiments: {e: {dataset: a.csv, model_type: %s, target: t%s}}\n"
MODEL = "models: {m: {experiment: e%s}}\n"
NOTIFY = "notify: {mail: %s, smtp: 'smtp://h:25', from: x@h, on: %s}\n"


def file_of(data: str = "", search: str = "", model: str = "", head: str = "") -> str:
    kind = "timeseries" if "series" in search or "past_only" in search else "classification"
    return "name: shop\n" + head + DATA % data + SEARCH % (kind, search) + MODEL % model


LISTS = {
    "missing": (lambda told: file_of(data=f", missing: {told}"), "dataset", "missing"),
    "exclude": (lambda told: file_of(search=f", exclude: {told}"), "experiment", "exclude"),
    "label_encoded": (
        lambda told: file_of(search=f", label_encoded: {told}"),
        "experiment",
        "label_encoded",
    ),
    "categoricals": (
        lambda told: file_of(search=f", categoricals: {told}"),
        "experiment",
        "categoricals",
    ),
    "date_time": (lambda told: file_of(search=f", date_time: {told}"), "experiment", "date_time"),
    "series": (
        lambda told: file_of(search=f", time_series: d, series: {told}"),
        "experiment",
        "series",
    ),
    "segments": (
        lambda told: file_of(model=f", monitor: {{segments: {told}}}"),
        "model",
        "monitor.segments",
    ),
    "own lifecycle": (
        lambda told: file_of(search=f", lifecycle: {{ignore_changes: {told}}}"),
        "experiment",
        "lifecycle.ignore_changes",
    ),
    "lifecycle of the file": (
        lambda told: file_of(head=f"lifecycle: {{ignore_changes: {told}}}\n"),
        "experiment",
        "lifecycle.ignore_changes",
    ),
}
FORMS = {"list": '["max_total_time", "metric"]', "text": '"max_total_time, metric"'}


def load(folder: Path, text: str) -> Loaded:
    (folder / "auger.yaml").write_text(text)
    return load_desired_state([folder], environ={})


def value_of(loaded: Loaded, kind: str, path: str) -> object:
    [value] = [one.spec for at, one in loaded.state.resources.items() if at.kind == kind]
    for part in path.split("."):
        value = getattr(value, part)
    return value


@pytest.mark.parametrize("name", LISTS)
def test_a_list_may_be_one_text_with_commas(tmp_path: Path, name: str) -> None:
    written, kind, path = LISTS[name]
    loaded = load(tmp_path, written(FORMS["text"]))
    assert value_of(loaded, kind, path) == ("max_total_time", "metric")
    assert [told.code for told in loaded.warnings] == ["list-as-text"]
    assert value_of(load(tmp_path, written(FORMS["list"])), kind, path) == value_of(
        loaded, kind, path
    )


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_one_may_be_the_one(tmp_path: Path, name: str) -> None:
    written, kind, path = LISTS[name]
    loaded = load(tmp_path, written("metric"))
    assert value_of(loaded, kind, path) == ("metric",)
    assert loaded.warnings == ()


@pytest.mark.parametrize(
    ("on", "mail", "codes"),
    [
        ("[failure, drift]", "[a@h, b@h]", []),
        ("'failure, drift'", "[a@h, b@h]", ["list-as-text"]),
        ("[failure, drift]", "'a@h, b@h'", ["list-as-text"]),
    ],
)
def test_a_channel_is_told_in_lists_as_well(
    tmp_path: Path, on: str, mail: str, codes: list[str]
) -> None:
    loaded = load(tmp_path, file_of(head=NOTIFY % (mail, on)))
    [channel] = loaded.channels
    assert [one.value for one in channel.on] == ["failure", "drift"]
    assert channel.mail == ("a@h", "b@h")
    assert [told.code for told in loaded.warnings] == codes


def test_a_channel_may_be_told_of_one_thing(tmp_path: Path) -> None:
    [channel] = load(tmp_path, file_of(head=NOTIFY % ("a@h", "drift"))).channels
    assert ([one.value for one in channel.on], channel.mail) == (["drift"], ("a@h",))


def loop_over(values: str, name: str = "${each}") -> str:
    text = file_of(model="").replace(MODEL % "", "")
    return text.replace("e: {", f'"e-{name}": {{for_each: {values}, ')


@pytest.mark.parametrize(
    ("values", "names", "codes"),
    [
        ("[a, b]", ["e-a", "e-b"], []),
        ("'a, b'", ["e-a", "e-b"], ["list-as-text"]),
        ("a", ["e-a"], []),
    ],
)
def test_a_loop_is_over_a_list(
    tmp_path: Path, values: str, names: list[str], codes: list[str]
) -> None:
    loaded = load(tmp_path, loop_over(values))
    assert [at.name for at in loaded.state.resources if at.kind == "experiment"] == names
    assert [told.code for told in loaded.warnings] == codes


@pytest.mark.parametrize(
    ("values", "names", "codes"),
    [
        ("'${experiment.base.exclude}'", ["base", "e-x", "e-y"], []),
        ("{x: '${experiment.base.exclude}', y: [1]}", ["base", "e-x-1", "e-y-1"], []),
        ("'${listed}'", ["base", "e-m", "e-n"], ["list-as-text"]),
        ("'${experiment.base.metric}'", ["base", "e-f1"], []),
    ],
)
def test_a_list_of_another_resource_or_a_variable_may_be_looped_over(
    tmp_path: Path, values: str, names: list[str], codes: list[str]
) -> None:
    base = (
        "base: {dataset: a.csv, model_type: classification, target: t, metric: f1, exclude: [x, y]}"
    )
    text = loop_over(values, "${each.x}-${each.y}" if "y:" in values else "${each}")
    variables = "variables: {listed: 'm, n'}"
    text = text.replace("experiments: {", f"{variables}\nexperiments: {{{base}, ")
    loaded = load(tmp_path, text)
    assert [at.name for at in loaded.state.resources if at.kind == "experiment"] == names
    assert [told.code for told in loaded.warnings] == codes


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ("'${experiment.nothing.exclude}'", "unknown-reference"),
        ("'${nothing}'", "unset-variable"),
        ("{x: '${nothing}', y: [1]}", "unset-variable"),
    ],
)
def test_a_loop_over_nothing_known_is_told_once(tmp_path: Path, values: str, code: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, loop_over(values, "${each.x}" if "x:" in values else "${each}"))
    assert [told.code for told in caught.value.diagnostics] == [code]


def test_so_is_each_dimension_of_a_matrix(tmp_path: Path) -> None:
    loaded = load(tmp_path, loop_over("{x: 'a,b', y: [1, 2]}", "${each.x}-${each.y}"))
    names = [at.name for at in loaded.state.resources if at.kind == "experiment"]
    assert names == ["e-a-1", "e-a-2", "e-b-1", "e-b-2"]
    assert [told.code for told in loaded.warnings] == ["list-as-text"]


def test_a_text_of_commas_alone_is_an_empty_list(tmp_path: Path) -> None:
    (tmp_path / "auger.yaml").write_text(file_of(search=", exclude: ',,'"))
    [told] = load_desired_state([tmp_path], environ={}).warnings
    assert told.hint == "read as an empty list"
