"""Whatever stands in a file, loading it ends with a state or with diagnostics."""

import re
from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from auger_reconcile.cli.views.diagnostic import render_diagnostics
from auger_reconcile.config.load import load_desired_state
from auger_reconcile.diagnostics import Diagnostic
from auger_reconcile.errors import ConfigError

RELAXED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
KEYS = st.sampled_from(
    re.findall(
        r"\S+",
        """
        name project hub organization state cluster type min_nodes max_nodes source dataset datasets
        experiments models experiment model_type target exclude metric time_series lifecycle
        ignore_changes prevent_destroy variables revision_history review alert roi a b <<
        """,
    )
)
VALUES = re.findall(
    r"\S+",
    """
    classification regression timeseries r2 f1 a b a.csv x.docx https://x.org/a.csv s3://a/b
    5 -1 0.5 .inf 1e999 true no ~ null 0123 '${a}' '${' '$${a}' running absent best {} []
    '' '..' 'a/b' &x *x !t 99999999999999999999 2020-01-01 worker
    """,
)
SCALARS = st.one_of(st.sampled_from(VALUES), st.text(max_size=5).map(repr))


def write_flow(node: object) -> str:
    if isinstance(node, dict):
        return "{" + ", ".join(f"{key}: {write_flow(value)}" for key, value in node.items()) + "}"
    if isinstance(node, list):
        return "[" + ", ".join(write_flow(value) for value in node) + "]"
    return str(node)


NODES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=25,
)
FILES = st.dictionaries(KEYS, NODES, max_size=8).map(
    lambda file: "\n".join(f"{key}: {write_flow(value)}" for key, value in file.items())
)


def load_raw(folder: Path, raw: bytes) -> None:
    """Load a file; anything but a ConfigError with diagnostics fails the test."""
    path = folder / "auger.yaml"
    path.write_bytes(raw)
    told: Sequence[Diagnostic] | None = None
    try:
        load_desired_state([path], environ={"AUGER_VAR_a": "x"})
    except ConfigError as error:
        told = error.diagnostics
    assert told is None or render_diagnostics(told, color=True)


@RELAXED
@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf")
@example(b"%YAML 1.1\n--- !!set {a}")
@example(b"a: \xc2\x85\xe2\x80\xa8 b")
def test_any_bytes_are_a_state_or_diagnostics(tmp_path: Path, raw: bytes) -> None:
    load_raw(tmp_path, raw)


@RELAXED
@given(st.text(st.sampled_from("ab:-?[]{},&*!|>'\"%@`#\n \t$~.0"), max_size=60))
def test_any_punctuation_is_a_state_or_diagnostics(tmp_path: Path, text: str) -> None:
    load_raw(tmp_path, text.encode())


@RELAXED
@given(FILES)
def test_any_arrangement_of_known_words_is_a_state_or_diagnostics(
    tmp_path: Path, text: str
) -> None:
    load_raw(tmp_path, text.encode("utf-8", "replace"))
