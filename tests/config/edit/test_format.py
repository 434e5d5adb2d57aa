"""The canonical form: the same meaning, every comment, and nothing to do the second time."""

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auger_reconcile.config.edit.format import lay_out
from auger_reconcile.config.edit.select import shape_of_node
from auger_reconcile.config.load import load_desired_state
from auger_reconcile.config.syntax.compose import compose
from auger_reconcile.config.syntax.text import FileText
from auger_reconcile.errors import ConfigError

ROOT = Path(__file__).parents[3]
FILES = [
    path
    for folder in ("examples", "docs", "tests")
    for path in sorted((ROOT / folder).rglob("*.yaml"))
]


def laid_out(text: str) -> str:
    return lay_out(FileText(Path("auger.yaml"), text))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("# only a comment\n", "# only a comment\n"),
        ("name:   shop  \n", "name: shop\n"),
        ("name: shop", "name: shop\n"),
        ("\n\nname: shop\n\n\n", "name: shop\n"),
        ("source: a.csv\nname: shop\n", "name: shop\nsource: a.csv\n"),
        ("name: a # c\n", "name: a # c\n"),
        ("name:# c\n".replace(":#", ": #"), "name:  # c\n"),
        ("name: a\r\nhub: local\r\n", "hub: local\r\nname: a\r\n"),
        ("# of b\nsource: b\n# of a\nname: a\n", "# of a\nname: a\n# of b\nsource: b\n"),
        ("# heading\n\nsource: b\nname: a\n", "# heading\n\nname: a\nsource: b\n"),
        ("source: b\nname: a\n# the end\n", "name: a\nsource: b\n# the end\n"),
        ("a: 1\n\n\n\nb: 2\n", "a: 1\n\nb: 2\n"),
        ("exclude:\n- a\n- b\n", "exclude:\n  - a\n  - b\n"),
        ("exclude:\n    # first\n    - a\n", "exclude:\n  # first\n  - a\n"),
        (
            "cluster:\n    max_nodes: 2\n    type: standard\n",
            "cluster:\n  type: standard\n  max_nodes: 2\n",
        ),
        ("cluster:\n\n  type: standard\n", "cluster:\n  type: standard\n"),
        ("variables:\n   z: 1\n   a: 2\n", "variables:\n  z: 1\n  a: 2\n"),
        ("{name: a, hub: local}\n", "{name: a, hub: local}\n"),
        (
            "x: |\n   text\n     more  \n\n   end\nname: a\n",
            "name: a\nx: |\n   text\n     more  \n\n   end\n",
        ),
        ("a:\n    x: |\n        text\n", "a:\n  x: |\n      text\n"),
        ("a: long\n  text\n", "a: long\n  text\n"),
        ("a: [1,\n  2]\n", "a: [1,\n  2]\n"),
        ("name: a\n---\nname: b\nhub: local\n", "name: a\n---\nhub: local\nname: b\n"),
        ("--- # d\nsource: b\nname: a\n...\n", "--- # d\nname: a\nsource: b\n...\n"),
        ("source: &x a\nname: *x\n", "source: &x a\nname: *x\n"),
        (
            "# yaml-language-server: $schema=a.json\n# what\ntarget: t\nname: a\n",
            "# yaml-language-server: $schema=a.json\nname: a\n# what\ntarget: t\n",
        ),
        (
            "# Copyright A\n# SPDX-A: B\nb: t\nname: a\n",
            "# Copyright A\n# SPDX-A: B\nname: a\nb: t\n",
        ),
        ("x: &x {a: 1}\ny:\n  <<: *x\n  b: 2\n", "x: &x {a: 1}\ny:\n  <<: *x\n  b: 2\n"),
    ],
)
def test_the_canonical_form_of(before: str, after: str) -> None:
    assert laid_out(before) == after
    assert laid_out(after) == after


def test_the_keys_of_resources_are_ordered_and_their_names_are_not() -> None:
    before = (
        "experiments:\n  z:  # last\n    state: created\n    target: y\n    dataset: d\n"
        "  a:\n    metric: f1\n    model_type: regression\n"
    )
    assert laid_out(before) == (
        "experiments:\n  z:  # last\n    dataset: d\n    target: y\n    state: created\n"
        "  a:\n    model_type: regression\n    metric: f1\n"
    )


def test_a_key_of_older_clients_stands_where_its_name_of_today_does() -> None:
    text = "model_type: regression\nproject_name: shop\norg_name: acme\ndata_source: a.csv\n"
    text += "experiment:\n  metric: r2\n  type: x\n"
    assert list(yaml.safe_load(laid_out(text))) == [
        "org_name",
        "project_name",
        "data_source",
        "model_type",
        "experiment",
    ]
    assert "experiment:\n  type: x\n  metric: r2\n" in laid_out(text)


def test_a_comment_at_the_end_of_a_section_stays_in_it() -> None:
    text = "models:\n  prod:\n    trial: best\n    # gate\n  # more\n# end\nname: a\n"
    assert laid_out(text) == (
        "# end\nname: a\nmodels:\n  prod:\n    trial: best\n    # gate\n  # more\n"
    )


@pytest.mark.parametrize("head", ["# about it\n", "# about it\n# and more\n", "# about it\n\n"])
def test_a_comment_below_the_mark_of_a_document_is_about_the_document(head: str) -> None:
    text = f"hub: local\nname: a\n---\n{head}name: b\nhub: local\n---\n{head}name: c\n"
    assert laid_out(text) == (
        f"hub: local\nname: a\n---\n{head}hub: local\nname: b\n---\n{head}name: c\n"
    )


def test_a_comment_at_a_key_of_a_later_document_stays_with_the_key() -> None:
    text = "name: a\n---\nname: b\n# where\nhub: local\n---\n\n# who\nname: c\nhub: local\n"
    assert laid_out(text) == (
        "name: a\n---\n# where\nhub: local\nname: b\n---\nhub: local\n\n# who\nname: c\n"
    )


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2\n", "\ta: 1\n"])
def test_what_is_no_yaml_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        laid_out(text)


def meaning(text: str) -> list[object]:
    composed = compose(FileText(Path("auger.yaml"), text))
    assert not composed.diagnostics
    return [one.root and shape_of_node(one.root) for one in composed.documents]


def comments(text: str) -> Counter[str]:
    return Counter(re.findall(r"#c\d+", text))


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_every_file_of_this_repository_keeps_its_meaning(path: Path) -> None:
    try:
        once = laid_out(path.read_text(encoding="utf-8"))
    except (ConfigError, UnicodeDecodeError):
        return  # a broken one
    assert laid_out(once) == once


@pytest.mark.parametrize("name", ["short.yaml", "long.yaml", "team.yaml"])
def test_the_digest_of_a_file_stays(name: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "auger-yaml" / name).read_text(encoding="utf-8")

    def digest_of(content: str) -> str:
        path = tmp_path / "auger.yaml"
        path.write_text(content, encoding="utf-8")
        return load_desired_state([path], environ={}, check_sources=False).state.digest

    assert digest_of(laid_out(text)) == digest_of(text)


KEYS = st.sampled_from(["name", "hub", "cluster", "models", "prod", "trial", "type", "x", "'q'"])
VALUES = ["1", "a b", "'it''s'", '"q # no"', "[1, 2]", "{a: 1}", "", "~", "|\n{}  text\n\n{}  more"]


@st.composite
def blocks(draw: st.DrawFn, depth: int = 0, indent: str = "") -> str:
    """Return a map in block style, strewn with blanks and numbered comments."""
    lines = []
    for key in draw(st.lists(KEYS, unique=True, min_size=1, max_size=4)):
        lines += draw(st.lists(st.sampled_from(["", "COMMENT", indent + "COMMENT"]), max_size=3))
        gap = draw(st.sampled_from([" ", "   "]))
        end = draw(st.sampled_from(["", " COMMENT", "    COMMENT", "  "]))
        choice = draw(st.integers(0, 3 if depth < 2 else 1))
        deeper = indent + draw(st.sampled_from(["  ", "    "]))
        if choice == 2:
            lines += [f"{indent}{key}:{end}", *draw(blocks(depth + 1, deeper)).split("\n")]
        elif choice == 3:
            start = draw(st.sampled_from([indent, deeper]))
            items = [f"{start}- {draw(st.sampled_from(['a', 'b: 1', '[c]']))}" for _ in range(2)]
            lines += [f"{indent}{key}:{end}", *items]
        else:
            value = draw(st.sampled_from(VALUES))
            several = value.startswith("|")
            told = value.format(indent, indent) if several else value + end
            lines += f"{indent}{key}:{gap}{told}".split("\n")
    return "\n".join([*lines, *draw(st.lists(st.just(indent + "COMMENT"), max_size=1))])


def numbered(text: str) -> str:
    count = iter(range(10_000))
    return re.sub("COMMENT", lambda _: f"#c{next(count)}", text)


@given(blocks().map(numbered), st.sampled_from(["\n", "\r\n"]))
def test_any_block_keeps_meaning_and_comments_and_is_laid_out_once(text: str, end: str) -> None:
    text = text.replace("\n", end)
    once = laid_out(text)
    assert meaning(once) == meaning(text)
    assert comments(once) == comments(text)
    assert laid_out(once) == once
