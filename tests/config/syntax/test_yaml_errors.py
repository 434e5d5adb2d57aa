"""The same fault gets the same words from both parsers of PyYAML, whatever words they have."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from auger_reconcile.config.syntax import compose as composing
from auger_reconcile.config.syntax.text import FileText

PARSERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if yaml.__with_libyaml__ else [])]
FAULTS = {
    'a: "x\\q"': "yaml-escape: an unknown escape",
    'a: "x\\xzz"': "yaml-escape: an escape without its hexadecimal digits",
    'a: "b': "yaml-quote: a quoted text without its closing quote",
    "a: 'b\n---\nc": "yaml-quote: a quoted text without its closing quote",
    "a: b: c": "yaml-colon: a second `:` in one value",
    "a: 1\nb\nc: 2": "yaml-colon: a key without `:`",
    'a: 1\n"b"\nc: 2': "yaml-colon: a key without `:`",
    "a: 1\n*b\nc: 2": "yaml-colon: a key without `:`",
    "a: [1, 2\nb: 3": "yaml-bracket: a list without `,` or `]`",
    "{a: 1\nb: 3": "yaml-bracket: a map without `,` or `}`",
    "a: [${x}]": "yaml-bracket: a variable in a list or map in brackets",
    "a: ]": "yaml-bracket: a bracket that nothing opened",
    "- 1\na: 2": "yaml-indentation: a list followed by something else",
    "a:\n  b: 1\n c: 2": "yaml-indentation: no key of the map above",
    'a: "x" y': "yaml-syntax: something after the end of a value",
    "a: - b": "yaml-syntax: something after the end of a value",
    "a:\n\tb: 1": "yaml-tab: a tab in the indentation",
    "a: @x": "yaml-character: a value that starts with a reserved character",
    "a: & x": "yaml-alias: an anchor without a name",
    "a: * x": "yaml-alias: an alias without a name",
    "a: |x\n b": "yaml-block: something beside the `|` of a text of several lines",
    "a: !x!y z": "yaml-tag: a tag that has no meaning here",
    "%YAML 1.1\n%YAML 1.1\n---\na: 1": "yaml-directive: a directive that is there twice",
    "%YAML 2.0\n---\na: 1": "yaml-directive: another version of YAML",
    "{a: 1}\nb: 2": "yaml-document: something outside of a document",
    "[" * 1500: "yaml-too-deep: lists and maps are nested too deeply",
}


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.__name__)
@pytest.mark.parametrize("text", FAULTS, ids=lambda text: repr(text[:20]))
def test_a_fault_is_explained_by_the_text_and_not_by_the_parsers_words(
    text: str, parser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composing, "_PARSER", parser)
    found = composing.compose(FileText(Path("auger.yaml"), text)).diagnostics
    assert [f"{item.code}: {item.summary}" for item in found] == [FAULTS[text]]


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.__name__)
@pytest.mark.parametrize("text", ["a: [b\n", "b: 1\na: {c: 1\n\n# d\n\n", "a: [b"])
def test_what_is_open_to_the_end_is_told_where_it_begins(
    text: str, parser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composing, "_PARSER", parser)
    (found,) = composing.compose(FileText(Path("auger.yaml"), text)).diagnostics
    assert found.span is not None
    assert found.span.text.startswith("a: ")
    assert found.span.column == 4


@pytest.mark.parametrize("words", ["", "quelque chose", "could not find expected ':'"])
def test_other_words_of_the_parser_change_nothing(
    words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Reworded(yaml.SafeLoader):
        def get_event(self) -> Any:
            try:
                return super().get_event()
            except yaml.MarkedYAMLError as error:
                error.context = error.problem = words
                raise

    monkeypatch.setattr(composing, "_PARSER", Reworded)
    found = composing.compose(FileText(Path("auger.yaml"), "a: b: c")).diagnostics
    assert [item.summary for item in found] == ["a second `:` in one value"]
