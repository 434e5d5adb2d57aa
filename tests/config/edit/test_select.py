"""Values change, and not a byte besides."""

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auger_reconcile.config.edit.select import set_values
from auger_reconcile.config.syntax.compose import compose
from auger_reconcile.config.syntax.nodes import to_plain
from auger_reconcile.config.syntax.text import FileText
from auger_reconcile.errors import ConfigError

NAME = ("name",)
DATASET = ("dataset",)
EXPERIMENT = ("experiment", "name")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "auger.yaml"


def edited(file: Path, text: str, changes: dict[tuple[str, ...], Any]) -> str:
    file.write_bytes(text.encode())
    set_values(file, changes)
    return file.read_bytes().decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name: a  # c\n", "name: b  # c\n"),
        ("name: 'a'\r\nx: 1", "name: 'b'\r\nx: 1"),
        ('x: 1\nname:   "a" # c\n', 'x: 1\nname:   "b" # c\n'),
        ("name:\n", "name: b\n"),
        ("name:   # c\n", "name: b   # c\n"),
        ("name: ~\n", "name: b\n"),
        ("name: &x a\n", "name: &x b\n"),
        ("name: !!str a\n", "name: !!str b\n"),
        ("{name: a, x: 1}\n", "{name: b, x: 1}\n"),
        ("name: a long\n  text\nx: 1", "name: b\nx: 1"),
        ("name: |\n  text\n\nx: 1\n", "name: b\n\nx: 1\n"),
        ("\ufeffname: a", "\ufeffname: b"),
        ("--- # d\nname: a\n...\n", "--- # d\nname: b\n...\n"),
        ("project: a  # old\n", "project: b  # old\n"),
        ("", "name: b\n"),
        ("# only a comment\n", "# only a comment\nname: b\n"),
        ("x: 1", "name: b\nx: 1"),
        ("{}\n", "{name: b}\n"),
        ("name: b # same\n", "name: b # same\n"),
    ],
)
def test_a_name_is_set_and_nothing_else(file: Path, before: str, after: str) -> None:
    assert edited(file, before, {NAME: "b"}) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("dataset: a  # c\n", "dataset:  # c\n"),
        ("dataset: 'a'\r\n", "dataset:\r\n"),
        ("dataset:\n", "dataset:\n"),
        ("x: 1\n", "x: 1\n"),
        ("{dataset: a, x: 1}", "{dataset: , x: 1}"),
        ("experiment:\n", "experiment:\n"),
    ],
)
def test_a_value_is_cleared_and_its_key_stays(file: Path, before: str, after: str) -> None:
    assert edited(file, before, {DATASET: None, EXPERIMENT: None}) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name: a\n", "name: a\nexperiment:\n  name: e\n"),
        ("name: a\nexperiment: # c\n", "name: a\nexperiment: # c\n  name: e\n"),
        ("experiment:\n    metric: r2\n", "experiment:\n    name: e\n    metric: r2\n"),
        ("experiment: {metric: r2}\n", "experiment: {name: e, metric: r2}\n"),
        (
            "b: &b {name: x}\nexperiment:\n  <<: *b\n  metric: r2\n",
            "b: &b {name: x}\nexperiment:\n  <<: *b\n  name: e\n  metric: r2\n",
        ),
        ("name: a\ncluster: {}", "name: a\nexperiment:\n  name: e\ncluster: {}"),
        ("x: &x 1\ntarget: *x", "x: &x 1\ntarget: *x\nexperiment:\n  name: e"),
    ],
)
def test_a_missing_key_is_added_where_it_is_looked_for(file: Path, before: str, after: str) -> None:
    assert edited(file, before, {EXPERIMENT: "e"}) == after


def test_a_name_that_looks_like_something_else_is_quoted(file: Path) -> None:
    changes = {NAME: "no", DATASET: "0123", EXPERIMENT: "it's: #1"}
    text = edited(file, "name:\ndataset:\nexperiment:\n  name:\n", changes)
    assert text == "name: 'no'\ndataset: '0123'\nexperiment:\n  name: 'it''s: #1'\n"


def test_several_values_change_together(file: Path) -> None:
    text = "name: a\ndataset: d\nexperiment:\n  name: e\n  experiment_session_id: 7\n"
    session = ("experiment", "experiment_session_id")
    changes = {NAME: "b", DATASET: None, EXPERIMENT: None, session: None}
    after = "name: b\ndataset:\nexperiment:\n  name:\n  experiment_session_id:\n"
    assert edited(file, text, changes) == after


@pytest.mark.parametrize(
    "text",
    [
        "name: a\n---\nname: b\n",
        "name: &x a\norganization: *x\n",
        "organization: &x a\nname: *x\n",
        "name: [a]\n",
        "name: {a: b}\n",
        "- name: a\n",
        "name: a: b\n",
        "name: a\nname: b\n",
        "? name\n",
        "just text\n",
        "<<: {x: 1}\n",
    ],
)
def test_what_cannot_be_changed_safely_is_refused_and_untouched(file: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        edited(file, text, {NAME: "c"})
    assert file.read_text() == text


@pytest.mark.parametrize(
    "text", ["experiment: a\n", "{experiment: }\n", "experiment: ~\n", "{x: 1}\n"]
)
def test_a_map_is_put_only_where_there_is_room(file: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        edited(file, text, {EXPERIMENT: "c"})
    assert file.read_text() == text


def test_a_key_of_no_known_order_is_added_last(file: Path) -> None:
    assert edited(file, "name: a\n", {("extra",): 5}) == "name: a\nextra: 5\n"


def test_a_number_replaces_a_number(file: Path) -> None:
    key = ("cluster", "max_nodes")
    assert edited(file, "cluster: {max_nodes: 2}", {key: 4}) == "cluster: {max_nodes: 4}"


def test_a_value_no_yaml_can_carry_is_refused(file: Path) -> None:
    with pytest.raises(ConfigError):
        edited(file, "name: a\n", {NAME: "\ud800"})
    assert file.read_text() == "name: a\n"


@pytest.mark.parametrize(
    ("changes", "base", "over"),
    [
        ({NAME: "new"}, "name: dev\ndataset: d\n", "name: new  # P\n"),
        (
            {NAME: "new", DATASET: None},
            "name: dev\ndataset: d\n",
            "name: new  # P\ndataset: null\n",
        ),
        ({NAME: "new", EXPERIMENT: None}, "name: dev\ndataset: d\n", "name: new  # P\n"),
        ({DATASET: "e"}, "name: dev\ndataset: d\n", "name: prod  # P\ndataset: e\n"),
        (
            {EXPERIMENT: "e"},
            "name: dev\ndataset: d\n",
            "name: prod  # P\nexperiment:\n  name: e\n",
        ),
    ],
)
def test_a_value_is_set_in_the_overlay_whatever_that_supplies(
    file: Path, changes: dict[tuple[str, ...], Any], base: str, over: str
) -> None:
    file.write_text("name: dev\ndataset: d\n")
    overlay = file.with_name("auger.prod.yaml")
    overlay.write_text("name: prod  # P\n")
    set_values(file, changes, "prod")
    assert (file.read_text(), overlay.read_text()) == (base, over)


SESSION = ("experiment", "experiment_session_id")
BASE = "name: dev\ndataset: d\nexperiment:\n  name: e\n  experiment_session_id: '7'\n"


@pytest.mark.parametrize(
    ("changes", "before", "after"),
    [
        ({NAME: "dev"}, "hub: local\nname: prod\n", "hub: local\n"),
        ({NAME: "dev"}, "name: prod  # P\n", "name: dev  # P\n"),
        ({NAME: "dev"}, "{name: prod}\n", "{}\n"),
        ({NAME: "dev"}, "name: prod\ndataset:\nexperiment:\n  name: null\n", "name: dev\n"),
        (
            {NAME: "dev", DATASET: None, EXPERIMENT: None},
            "name: prod\ndataset: x\nexperiment:\n  name: y\n  metric: r2\n",
            "experiment:\n  metric: r2\n",
        ),
        ({DATASET: "d"}, "hub: local\nexperiment:\n  name: null\n", "hub: local\n"),
        ({EXPERIMENT: "e", SESSION: None}, "name: prod\nexperiment:\n  name: f\n", "name: prod\n"),
        ({SESSION: "7"}, "hub: local\n", "hub: local\n"),
    ],
)
def test_an_overlay_says_only_what_differs(
    file: Path, changes: dict[tuple[str, ...], Any], before: str, after: str
) -> None:
    file.write_text(BASE)
    overlay = file.with_name("auger.prod.yaml")
    overlay.write_text(before)
    set_values(file, changes, "prod")
    assert (file.read_text(), overlay.read_text()) == (BASE, after)


@pytest.mark.parametrize("before", ["cluster: {max_nodes: 3}\n", "experiment: {metric: r2}\n"])
def test_there_and_back_an_overlay_is_as_it_was(file: Path, before: str) -> None:
    file.write_text(BASE)
    overlay = file.with_name("auger.prod.yaml")
    overlay.write_text(before)
    set_values(file, {NAME: "prod", DATASET: None, EXPERIMENT: None, SESSION: None}, "prod")
    assert "name: prod\n" in overlay.read_text()
    set_values(file, {NAME: "dev"}, "prod")
    assert overlay.read_text() == before


def test_of_two_files_the_one_that_says_a_value_takes_the_new_one(file: Path) -> None:
    second = file.with_name("config.yaml")
    second.write_text("name: a  # here\n")
    assert edited(file, "dataset: d\n", {NAME: "b", DATASET: None}) == "dataset:\n"
    assert second.read_text() == "name: b  # here\n"


@pytest.mark.parametrize("above", ["name: a\n", "name:\n"])
def test_what_is_cleared_in_one_of_two_files_comes_back_from_neither(
    file: Path, above: str
) -> None:
    second = file.with_name("config.yaml")
    second.write_text("name: b  # here\ndataset:\n")
    assert edited(file, above, {NAME: None, DATASET: None}) == "name:\n"
    assert second.read_text() == "name:  # here\ndataset:\n"


@pytest.mark.parametrize("other", ["- a\n", "{{ a }}\n{{ b }}: [\n", "\x00"])
def test_a_config_of_something_else_is_not_looked_at(file: Path, other: str) -> None:
    file.with_name("config.yaml").write_text(other)
    assert edited(file, "name: a\n", {NAME: "b"}) == "name: b\n"


def test_mode_and_symbolic_link_stay(file: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    real.write_text("name: a\n")
    real.chmod(0o640)
    file.symlink_to(real)
    set_values(file, {NAME: "b"})
    assert file.is_symlink()
    assert real.read_text() == "name: b\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_no_other_file_is_left_behind(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "the disk is full")

    file.write_text("name: a\n")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="full"):
        set_values(file, {NAME: "b"})
    assert file.read_text() == "name: a\n"
    assert list(file.parent.iterdir()) == [file]


def test_a_missing_file_cannot_be_edited(file: Path) -> None:
    with pytest.raises(ConfigError):
        set_values(file, {NAME: "b"})


LONG = settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# Pieces of files as people write them: before the value, the value, after it.
_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1)
_OLD = st.sampled_from(["", "a", "'a b'", '"a\\tb"', "0123", "~", "&x a", "a.csv", "'it''s'"])
_ENDS = st.sampled_from(["\n", "\r\n"])
_AFTER = st.sampled_from(["", "  # comment", "   ", "\t# tab"])
_BEFORE = st.lists(
    st.sampled_from(["# comment", "", "hub: local", "organization: 'x'  # y"]), unique=True
)
_REST = st.lists(
    st.sampled_from(["", "# end", "exclude: [a,  b]", "cluster: {min_nodes: 2}"]), unique=True
)


@settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(_BEFORE, _OLD, _AFTER, _REST, _ENDS, st.booleans(), _TEXTS)
def test_only_the_bytes_of_the_value_change(  # noqa: PLR0917 - one strategy per part of a file
    tmp_path: Path,
    before: list[str],
    old: str,
    after: str,
    rest: list[str],
    end: str,
    final: bool,
    new: str,
) -> None:
    head = "".join(line + end for line in before) + "dataset:"
    value = f" {old}" if old else ""
    tail = after + "".join(end + line for line in rest) + (end if final else "")
    file = tmp_path / "auger.yaml"
    text = head + value + tail
    was = _read(text)
    result = edited(file, text, {DATASET: new})
    assert result.startswith(head)
    assert result.endswith(tail)
    assert _read(result) == {**was, "dataset": new.replace("${", "$${")}


_GAPS = st.sampled_from([" ", "", "  ", "\n  ", " # comment, with: {brackets}\n  "])
_FLOW_OLD = st.sampled_from(["a", "'a b'", '"a\\tb"', "0123", "~", "&x a", "a.csv", "'it''s'"])
_FLOW_REST = st.lists(
    st.sampled_from(["exclude: [a,  b]", "'name' : x", "hub: local", "cluster: {min_nodes: 2,}"]),
    unique=True,
)


@settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(_FLOW_REST, _FLOW_OLD, st.tuples(_GAPS, _GAPS, _GAPS), _FLOW_REST, _TEXTS)
def test_only_the_bytes_of_the_value_change_between_brackets(  # noqa: PLR0917 - as above
    tmp_path: Path,
    before: list[str],
    old: str,
    gaps: tuple[str, str, str],
    rest: list[str],
    new: str,
) -> None:
    first, middle, last = gaps
    rest = [item for item in rest if item not in before]
    head = "{" + first + "".join(f"{item}, {middle}" for item in before) + "dataset: "
    tail = last + "".join(f",{middle}{item}" for item in rest) + "}\n"
    was = _read(head + old + tail)
    result = edited(tmp_path / "auger.yaml", head + old + tail, {DATASET: new})
    assert result.startswith(head)
    assert result.endswith(tail)
    assert _read(result) == {**was, "dataset": new.replace("${", "$${")}


def _read(text: str) -> dict[str, Any]:
    (document,) = compose(FileText(Path("auger.yaml"), text)).documents
    plain = to_plain(document.root) if document.root else {}
    assert isinstance(plain, dict)
    return plain
