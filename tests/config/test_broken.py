"""Broken files and what is said about them: one file and its expectation per fault."""

from pathlib import Path

import pytest

from auger_reconcile.config.load import load_desired_state
from auger_reconcile.diagnostics import Diagnostic
from auger_reconcile.errors import ConfigError

FOLDER = Path(__file__).parent / "broken"


def describe(item: Diagnostic) -> str:
    assert item.span is not None
    place = f"{item.span.line}:{item.span.column}+{item.span.length}"
    told = [f"{place} {item.severity.value}[{item.code}] {item.summary}: {item.label}"]
    told += [f"    {text}" for text in (item.address, item.hint) if text]
    return "\n".join(told)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_broken_file_yields_exactly_its_diagnostics(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FOLDER)  # paths are shown relative to the working directory
    with pytest.raises(ConfigError) as caught:
        load_desired_state([path], environ={})
    told = "\n".join(describe(item) for item in caught.value.diagnostics)
    assert told + "\n" == path.with_suffix(".txt").read_text("utf-8")


def test_six_mistakes_yield_six_diagnostics_at_their_places() -> None:
    with pytest.raises(ConfigError) as caught:
        load_desired_state([FOLDER / "six_mistakes.yaml"], environ={})
    places = [(item.span.line, item.span.column) for item in caught.value.diagnostics if item.span]
    assert places == [(3, 13), (6, 3), (7, 27), (8, 17), (9, 17), (11, 3)]
