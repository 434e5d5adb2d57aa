"""Whole blocks come, change and go; what is not meant keeps every byte."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auger_reconcile.config.edit.change_tree import GONE, CannotEdit
from auger_reconcile.config.edit.editor import edit_document
from auger_reconcile.config.syntax.compose import compose
from auger_reconcile.config.syntax.nodes import to_plain
from auger_reconcile.config.syntax.text import FileText

TEXT = """\
# about the file
name: shop   # the shop

datasets:
  # the first
  a.csv: {source: a.csv}   # at a

  # the second
  b.csv:   # at b
    source: b.csv   # where it lies
    # below b
experiments:
  e: {dataset: a.csv, exclude: [id, age]}
"""


def amended(text: str, changes: Mapping[Any, Any], number: int = 0) -> str:
    return edit_document(FileText(Path("auger.yaml"), text), number, changes).text


def test_a_value_is_changed_and_its_comment_stays() -> None:
    changed = amended(TEXT, {("datasets", "b.csv", "source"): "c d.csv"})
    assert changed == TEXT.replace("source: b.csv ", "source: c d.csv ")


def test_a_resource_goes_with_its_comments_and_no_others() -> None:
    gone = "  # the second\n  b.csv:   # at b\n    source: b.csv   # where it lies\n    # below b\n"
    assert amended(TEXT, {("datasets", "b.csv"): GONE}) == TEXT.replace(gone, "")


def test_the_first_resource_goes_with_the_blank_line_that_set_it_apart() -> None:
    gone = "  # the first\n  a.csv: {source: a.csv}   # at a\n"
    assert amended(TEXT, {("datasets", "a.csv"): GONE}) == TEXT.replace(gone, "")


def test_a_section_that_loses_all_goes_too() -> None:
    changed = amended(TEXT, {("datasets", "a.csv"): GONE, ("datasets", "b.csv"): GONE})
    assert changed == TEXT[: TEXT.index("datasets")] + TEXT[TEXT.index("experiments") :]


def test_a_resource_that_loses_its_settings_stays() -> None:
    changed = amended(TEXT, {("datasets", "b.csv", "source"): GONE})
    assert "  b.csv: {}   # at b\nexperiments:" in changed


def test_a_new_resource_comes_last_and_a_new_section_in_its_place() -> None:
    added = amended(
        TEXT,
        {
            ("datasets", "c.csv"): {},
            ("models", "m"): {"experiment": "e", "min_score": 0.5},
            ("cluster", "max_nodes"): 3,
        },
    )
    assert "    # below b\n  c.csv: {}\nexperiments:" in added
    assert added.endswith("\nmodels:\n  m:\n    experiment: e\n    min_score: 0.5\n")
    assert "# the shop\ncluster: {max_nodes: 3}\n\ndatasets:" in added


def test_in_braces_items_come_and_go() -> None:
    changes = {
        ("experiments", "e", "dataset"): GONE,
        ("experiments", "e", "exclude"): ["age", "x: y"],
        ("experiments", "e", "metric"): "r2",
    }
    assert "  e: {exclude: [age, 'x: y'], metric: r2}\n" in amended(TEXT, changes)


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("k:\n  - a  # A\n  - b\n", ["a", "c"], "k:\n  - a  # A\n  - c\n"),
        ("k:\n- a\n- b\n", ["b"], "k:\n- b\n"),
        ("k:  # K\n- a\n- b\n", ["b", "a"], "k: [b, a]  # K\n"),
        ("k: [a, b,]\n", ["b"], "k: [b,]\n"),
        ("k: [\n  a,  # A\n  b,  # B\n]\n", ["a"], "k: [\n  a,  # A\n    # B\n]\n"),
        ("k: [\n  a,  # A\n  b,  # B\n]\n", ["b"], "k: [\n    # A\n  b,  # B\n]\n"),
        ("k:\n", ["a"], "k: [a]\n"),
        ("k: a  # c\n", ["b", 1], "k: [b, 1]  # c\n"),
        ("k: [a]\n", "b", "k: b\n"),
        ("k:\n- a\n", "b", "k: b\n"),
        ("k: |\n  a\n  b\n", "c", "k: c\n"),
        ("k: 'a'\n", "b", "k: 'b'\n"),
        ("k: &x a\nl: *x\n", "b", None),
        ("k: &x [a]\n", ["b"], None),
    ],
)
def test_a_value_of_any_shape_is_put(before: str, value: Any, after: str | None) -> None:
    if after is None:
        with pytest.raises(CannotEdit):
            amended(before, {("k",): value})
    else:
        assert amended(before, {("k",): value}) == after


def test_an_alias_gives_way_to_a_value_of_its_own() -> None:
    assert amended("a: &x 1\nk: *x  # c\n", {("k",): 2}) == "a: &x 1\nk: 2  # c\n"


@pytest.mark.parametrize("text", ["", "# only a comment\n", "name: x", "name: x\r\n"])
def test_a_file_of_any_ending_takes_a_key(text: str) -> None:
    changed = amended(text, {("state",): "running"})
    assert changed.startswith(text)
    assert "state: running" in changed.splitlines()


def test_line_ends_are_those_of_the_file() -> None:
    changed = amended(TEXT.replace("\n", "\r\n"), {("datasets", "c.csv"): {"source": "c"}})
    assert changed.count("\n") == changed.count("\r\n")


def test_of_several_documents_only_the_one_is_changed() -> None:
    text = "name: a\n---\nname: b  # B\n---\nname: c\n"
    assert amended(text, {("state",): "running"}, 1) == (
        "name: a\n---\nname: b  # B\nstate: running\n---\nname: c\n"
    )


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("a: &x {b: 1}\nc: *x\n", {("a",): GONE}),
        ("a: &x {b: 1}\nc: {<<: *x}\n", {("c", "b"): GONE}),
        ("a: 1\n", {("a", "b"): 2}),
        ("{a: *x}", {("a",): 1}),
        ("- a\n", {("a",): 1}),
        ("? a\n: 1\n", {("b",): 1}),
    ],
)
def test_what_would_touch_something_else_is_refused(text: str, changes: Any) -> None:
    with pytest.raises(CannotEdit):
        amended(text, changes)


NAMES = st.sampled_from(["a.csv", "b", "c-1", "no", "0123", "x y", "${v}"])
LEAVES = st.sampled_from([1, 0.5, True, "x", "no", "a: b", "# no", "${v}", ["a", "b"], ["c"], []])
RESOURCES = st.dictionaries(st.sampled_from(["source", "metric", "exclude"]), LEAVES, max_size=3)
SECTIONS = st.dictionaries(NAMES, RESOURCES, max_size=3)
DOCUMENTS = st.fixed_dictionaries(
    {"name": st.just("shop")}, optional={"datasets": SECTIONS, "models": SECTIONS}
)
CHANGES = st.dictionaries(
    st.tuples(st.sampled_from(["datasets", "models"]), NAMES), RESOURCES | st.just(GONE), max_size=3
)


@settings(deadline=None, max_examples=50)
@given(before=DOCUMENTS, changes=CHANGES)
def test_a_file_says_what_was_wanted_and_keeps_its_comments(before: Any, changes: Any) -> None:
    put = {(key,): value for key, value in before.items()}
    text = "# kept\n" + amended("", put)
    wanted = {key: dict(value) for key, value in before.items() if key != "name"}
    for (section, name), value in changes.items():
        if value is GONE:
            wanted.get(section, {}).pop(name, None)
        else:
            wanted.setdefault(section, {})[name] = value
    changed = amended(text, changes)
    assert changed.startswith("# kept\nname: shop\n")
    assert said(changed) == {key: value for key, value in wanted.items() if value}


def said(text: str) -> Any:
    """Return what the sections of a text say, `$${` read as the `${` that it is."""
    (document,) = compose(FileText(Path("auger.yaml"), text.replace("$${", "${"))).documents
    assert document.root is not None
    plain = to_plain(document.root)
    return {key: value for key, value in plain.items() if key != "name" and value}
