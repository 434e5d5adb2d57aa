"""What is told of a prediction is told alike whoever asks: command, Python, page, hub and export.

Each case is a file to predict, and the notices that tell of it, and no other.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest

from auger_reconcile.api import DataSet, Model
from auger_reconcile.cli.main import main
from auger_reconcile.client.predict import wait_for
from tests.contract.places import Place, declare
from tests.hub.pages.conftest import Browser, wait_for_text

Told = tuple[str, str | None, int | None]
ROWS = 40
TOWNS = ("Ulm", "Bonn", "Kiel")
_RNG = random.Random(5)
TABLE = [
    (f"{_RNG.uniform(1, 9):.3f}", f"2023-{1 + n % 12:02}-{1 + n % 27:02}", TOWNS[n % 3])
    for n in range(ROWS)
]
LEARNED = "x,day,town,y\n" + "".join(
    f"{','.join(row)},{float(row[0]) * 2 + n % 3:.3f}\n" for n, row in enumerate(TABLE)
)


def rows(*changes: tuple[int, str, int], head: str = "x,day,town", more: str = "") -> str:
    """Write the table with `count` values of a column as another text: (place, text, count)."""
    table = [list(row) for row in TABLE]
    for place, text, count in changes:
        for row in table[:count]:
            row[place] = text
    return "\n".join([head, *(",".join(row) + more for row in table), ""])


def encoded(encoding: str) -> bytes:
    return rows((2, "Köln", 1)).replace("Bonn", "Gießen").encode(encoding)


@dataclass(frozen=True)
class Case:
    """A file to predict, and what is told of it."""

    name: str
    content: str | bytes
    told: Sequence[Told] = ()


TEXT = rows()
NEW = ("unknown-categories", "town", 1 + TEXT.count("Bonn"))  # `Köln` and `Gießen`
CASES = [
    Case("clean", TEXT),
    Case("more columns", rows(head="x,day,town,note", more=",n")),
    Case("with the target", rows(head="x,day,town,y", more=",1.5")),
    Case("no number", rows((0, "wide", 3)), [("unreadable-values", "x", 3)]),
    Case("an endless number", rows((0, "inf", 2)), [("unreadable-values", "x", 2)]),
    Case("no date", rows((1, "someday", 2)), [("unreadable-values", "day", 2)]),
    Case("no day of the calendar", rows((1, "2023-02-30", 1)), [("unreadable-values", "day", 1)]),
    Case("a new name", rows((2, "Rom", 4)), [("unknown-categories", "town", 4)]),
    Case("a gap", rows((0, "", 4), (1, "", 4), (2, "", 4))),
    Case("all of it", rows((0, "a lot", 3), (1, "soon", 2), (2, "Rom", 1)),
         [("unreadable-values", "x", 3), ("unreadable-values", "day", 2),
          ("unknown-categories", "town", 1)]),
    Case("a title", f"Towns of May\n\n{TEXT}", [("lines-skipped", None, 2)]),
    Case("a comment", TEXT.replace("\n", "\n# so\n", 1), [("comments-skipped", None, 1)]),
    Case("of Windows", encoded("cp1252"),
         [("encoding-guessed", None, None), ("written-in-utf-8", None, None), NEW]),
    Case("of Excel", encoded("utf-16"), [("written-in-utf-8", None, None), NEW]),
]  # fmt: skip
WITHOUT_TOWN = "x,day\n1.5,2023-01-01\n"


def triples(notices: Sequence[Any]) -> set[Told]:
    return {(one["code"], one["column"], one["count"]) for one in notices}


def told_by(shown: str) -> set[str]:
    lines = map(str.strip, shown.splitlines())
    return {line.removeprefix("notice: ") for line in lines if line.startswith("notice: ")}


@pytest.fixture
def model(place: Place) -> str:
    """Deploy a model, and download it; the cases lie beside it and on the hub."""
    files: dict[str, str | bytes] = {f"c{n}.csv": case.content for n, case in enumerate(CASES)}
    run = {"dataset": "learned.csv", "target": "y", "model_type": "regression"}
    declare(place, {"learned.csv": LEARNED, **files}, {"e": run})
    declared = json.loads((place.folder / "auger.yaml").read_text())
    declared["models"] = {
        "there": {"experiment": "e"},
        "here": {"experiment": "e", "locally": True},
    }
    (place.folder / "auger.yaml").write_text(json.dumps(declared), encoding="utf-8")
    place.run("apply", "--auto-approve", "--wait")
    with place.open() as context:
        (deployed,) = (one["id"] for one in Model(context).list())
    return str(deployed)


def ask_hub(place: Place, model: str, file: str) -> list[dict[str, Any]]:
    """Let the hub predict a file that it has."""
    with place.open() as context:
        url = DataSet(context, dataset_name=file).properties()["url"]
        client = context.session.client
        asked = client.call("POST", "predictions", {"pipeline_id": model, "file_url": url})
        return list(wait_for(client, "predictions", asked).get("notices", ()))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_is_told_of_a_prediction_is_told_whoever_asks(
    place: Place, browser: Browser, model: str
) -> None:
    for n, case in enumerate(CASES):
        file, wanted = f"c{n}.csv", set(case.told)
        told = json.loads(place.run("model", "predict", file, "-m", model, "--json"))["notices"]
        texts = {one["text"] for one in told}
        assert triples(told) == wanted, case.name
        assert told_by(place.run("model", "predict", file, "-m", model)) == texts, case.name
        assert triples(ask_hub(place, model, file)) == wanted, case.name
        here = json.loads(place.run("model", "predict", file, "-m", model, "--locally", "--json"))
        local = [one for one in here["notices"] if one["code"] != "runs-code"]
        assert (triples(local), {one["text"] for one in local}) == (wanted, texts), case.name
        if isinstance(case.content, str) and "skipped" not in str(wanted):
            with place.open() as context:
                frame = Model(context).predict(pd.read_csv(place.folder / file, dtype=str), model)
            assert triples(frame.attrs["notices"]) == wanted, case.name

    assert_refused(place, model)
    assert_shown(browser, model)


def assert_refused(place: Place, model: str) -> None:
    """A file without a column that the model needs is refused with its name."""
    (place.folder / "without.csv").write_text(WITHOUT_TOWN, encoding="utf-8")
    for how in ([], ["--locally"]):
        place.capsys.readouterr()
        assert main(["model", "predict", "without.csv", "-m", model, *how]) == 1
        assert "does not have: `town`" in place.capsys.readouterr().err
        assert not (place.folder / "without_predicted.csv").exists()


def assert_shown(browser: Browser, model: str) -> None:
    """The page tells what the model never met."""
    sent = browser.post(f"/models/{model}", {"f0": "1.5", "f1": "2023-05-05", "f2": "Rom"})
    text = wait_for_text(browser, sent.url.removeprefix(browser.url), "Answered in")
    assert "1 row of `town` have a value that the model never met." in text
