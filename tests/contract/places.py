"""A folder with data and auger.yaml on a hub, and what commands tell of them in every place."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from auger_reconcile.api import Context
from auger_reconcile.cli.main import main
from tests.api.live_hub import LiveHub

SEARCH = {"max_n_trials": 1, "cross_validation_folds": 2, "use_ensemble": False}
LINE = re.compile(r"^((?:dataset|experiment)\.\S+): notice: (.*)$", re.MULTILINE)

Texts = dict[str, Counter[str]]


@dataclass(frozen=True)
class Place:
    """A folder with data and auger.yaml on a hub."""

    folder: Path
    hub: LiveHub
    capsys: pytest.CaptureFixture[str]

    def run(self, *command: str) -> str:
        """Return what a command writes, the results and the rest."""
        self.capsys.readouterr()
        code = main(command)
        written = self.capsys.readouterr()
        assert code == 0, (command, written)
        return written.out if "--json" in command else written.out + written.err

    def open(self) -> Context:
        return Context(self.folder, environ=self.hub.environ, home=self.folder)


def declare(place: Place, data: dict[str, str | bytes], runs: dict[str, dict[str, Any]]) -> None:
    """Write files, and an auger.yaml with them and the experiments."""
    for name, content in data.items():
        written = content.encode() if isinstance(content, str) else content
        (place.folder / name).write_bytes(written)
    declared = {
        "name": f"n-{uuid4().hex[:8]}",
        "datasets": {name: {"source": name} for name in data},
        "experiments": {name: {**SEARCH, **settings} for name, settings in runs.items()},
    }
    (place.folder / "auger.yaml").write_text(json.dumps(declared), encoding="utf-8")


def told_in_text(text: str) -> Texts:
    """Return what was told of each address."""
    found: Texts = {}
    for address, told in LINE.findall(text):
        found.setdefault(address, Counter())[told] += 1
    return found


def is_shown(text: str, page: str) -> bool:
    """Tell whether a page has a sentence, whatever of it is set as code."""
    return "".join(text.replace("`", "").split()) in "".join(page.split())


def texts(notices: Sequence[Any]) -> Counter[str]:
    return Counter(one["text"] if isinstance(one, dict) else one.text for one in notices)


def in_apply(place: Place, half: Sequence[str]) -> Texts:
    """Apply, half of it as people do and half as programs do; return what both are told."""
    apply = ("apply", "--auto-approve", "--wait")
    told = told_in_text(place.run(*apply, *(f"--target={one}" for one in half)))
    events = place.run(*apply, "--json")
    for event in map(json.loads, events.splitlines()):
        if event.get("notices"):
            told.setdefault(event["address"], texts(event["notices"]))
    return told


def in_plan(place: Place) -> Texts:
    """Return what a plan that has nothing to do tells: as JSON, and in the terminal the same."""
    told: Texts = {}
    for one in json.loads(place.run("plan", "--json"))["notices"]:
        told.setdefault(one["address"], Counter())[one["text"]] += 1
    shown = told_in_text(place.run("plan"))
    assert all(told[address] >= found for address, found in shown.items())
    assert {at for at in told if at.startswith("dataset.")} <= shown.keys()
    return told
