"""Texts become nodes with places; hostile ones neither recurse nor grow."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from auger_reconcile.config.syntax import compose as compose_module
from auger_reconcile.config.syntax.compose import Composed, compose
from auger_reconcile.config.syntax.nodes import Mapping, to_plain
from auger_reconcile.config.syntax.text import FileText


def read(text: str) -> Composed:
    return compose(FileText(Path("auger.yaml"), text))


def plain(text: str) -> Any:
    (document,) = read(text).documents
    assert document.root is not None
    return to_plain(document.root)


def codes(text: str) -> list[str]:
    composed = read(text)
    assert composed.documents == ()
    return [item.code for item in composed.diagnostics]


def test_merge_keys_bring_in_what_a_map_does_not_say() -> None:
    text = "x: &x {a: 1, b: 2}\ny: {b: 3, <<: *x}\nz: {<<: [{a: 4}, *x]}"
    assert plain(text)["y"] == {"a": 1, "b": 3}
    assert plain(text)["z"] == {"a": 4, "b": 2}


def test_a_quoted_merge_key_is_a_key() -> None:
    assert plain("'<<': 1") == {"<<": 1}


def test_standard_tags_say_what_a_value_is() -> None:
    assert plain("a: !!str 12\nb: !!int '3'\nc: ! 4") == {"a": "12", "b": 3, "c": "4"}


def test_keys_are_texts() -> None:
    assert plain("1: a\ntrue: b") == {"1": "a", "true": "b"}


def test_an_anchor_is_known_within_its_document_only() -> None:
    assert codes("a: &x 1\n---\nb: *x\n") == ["yaml-alias"]


def test_a_value_by_alias_has_the_place_of_its_anchor() -> None:
    (document,) = read("a: &x 1\nb: *x\n").documents
    assert isinstance(document.root, Mapping)
    assert document.root.entries["b"].value.start == 3


def test_few_aliases_to_a_long_text_repeat_too_much() -> None:
    text = f"a: &x '{'x' * 200_000}'\nb: [{', '.join(['*x'] * 100)}]\n"
    assert codes(text) == ["yaml-alias"]


def test_nesting_within_aliases_counts() -> None:
    nested = "\n".join(
        f"a{i}: &a{i} {'[' * 40}{f'*a{i - 1}' if i else ''}{']' * 40}" for i in range(4)
    )
    assert codes(nested) == ["yaml-too-deep"]


def test_endless_brackets_are_no_recursion() -> None:
    assert codes("[" * 100_000) == ["yaml-too-deep"]
    assert codes("{a: " * 100_000) == ["yaml-too-deep"]
    assert codes("- " * 100_000) == ["yaml-too-deep"]


@pytest.fixture
def _own_parser_of_pyyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose_module, "_PARSER", yaml.SafeLoader)


@pytest.mark.usefixtures("_own_parser_of_pyyaml")
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: 'b", "yaml-quote"),
        ("a: [b", "yaml-bracket"),
        ("a: b: c", "yaml-colon"),
        ("a:\n\tb: c", "yaml-tab"),
        ("a: @b", "yaml-character"),
        ("a:\n    b: c\n  d: e\n", "yaml-indentation"),
        ("a: *b", "yaml-alias"),
        ('a: "\\q"', "yaml-escape"),
    ],
)
def test_without_the_c_library_faults_are_told_alike(text: str, code: str) -> None:
    assert codes(text) == [code]
