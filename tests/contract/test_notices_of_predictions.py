"""What is told of a prediction is told alike whoever asks: command, Python, page, hub and export.

Each case is a file to predict or to score, and the notices that tell of it, and no other.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from auger_reconcile.api import DataSet, Model
from auger_reconcile.cli.main import main
from auger_reconcile.client.predict import wait_for
from tests.contract.places import Place, declare, is_shown
from tests.hub.pages.conftest import Browser, texts_of, wait_for_text

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
WITHOUT_TOWN = ("x,day\n1.5,2023-01-01\n", "does not have: `town`")


SCORED = [
    Case("with the truth", rows(head="x,day,town,y", more=",1.5")),
    Case("without a number", rows(head="x,day,town,y", more=",1.5").replace(",1.5", ",no", 2),
         [("rows-without-target", "y", 2)]),
    Case("without a number, and a new name", "x,day,town,y\n1.5,2023-01-01,Rom,2\n2,,,\n3,,,1\n",
         [("rows-without-target", "y", 1), ("unknown-categories", "town", 1)]),
]  # fmt: skip


def sales(*asked: tuple[str, int], truth: str | None = None) -> str:
    """Write rows of shops on days from the first one on."""
    end = "" if truth is None else f",{truth}"
    days = [(shop, date(2023, 1, 2) + timedelta(day)) for shop, day in asked]
    return "\n".join(["day,shop" + ",y" * bool(end), *(f"{d},{s}{end}" for s, d in days), ""])


KNOWN = [(shop, day) for day in range(42) for shop in "ab"]
SERIES_LEARNED = "day,shop,y\n" + "".join(
    f"{line},{3 + n % 7 + _RNG.random():.3f}\n" for n, line in enumerate(sales(*KNOWN).split()[1:])
)
NEXT = [(shop, day) for day in range(42, 47) for shop in "ab"]
SERIES_CASES = [
    Case("the next days", sales(*NEXT)),
    Case("after a gap", sales(("a", 70), ("b", 44))),
    Case("an unknown shop", sales(*NEXT, ("c", 42), ("c", 43)), [("unknown-series", "shop", 2)]),
    Case("days that are known", sales(*NEXT, ("a", 41), ("b", 3)), [("past-rows", "day", 2)]),
    Case("all of it", sales(*NEXT, ("c", 42), ("a", 1)),
         [("unknown-series", "shop", 1), ("past-rows", "day", 1)]),
]  # fmt: skip
WITHOUT_DAY = (sales(*NEXT).replace("2023-02-14", "soon", 1), "A row has no time in `day`")
SERIES_SCORED = [
    Case("the next days", sales(*NEXT, truth="5")),
    Case("and days that are known", sales(*NEXT, ("a", 41), truth="5"), [("past-rows", None, 1)]),
    Case("and an unknown shop", sales(*NEXT, ("c", 42), truth="5"),
         [("unknown-series", "shop", 1)]),
]  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """What a model learns from, and what it is asked."""

    learned: str
    settings: Mapping[str, Any]
    cases: Sequence[Case]
    scored: Sequence[Case]
    refused: tuple[str, str]


KINDS = {
    "rows": Kind(LEARNED, {"model_type": "regression"}, CASES, SCORED, WITHOUT_TOWN),
    "series": Kind(
        SERIES_LEARNED,
        {"model_type": "timeseries", "time_series": "day", "series": ["shop"]},
        SERIES_CASES,
        SERIES_SCORED,
        WITHOUT_DAY,
    ),
}


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


def triples(notices: Iterable[Any]) -> set[Told]:
    return {(one["code"], one["column"], one["count"]) for one in notices}


def told_by(shown: str) -> set[str]:
    lines = map(str.strip, shown.splitlines())
    return {line.removeprefix("notice: ") for line in lines if line.startswith("notice: ")}


@pytest.fixture
def model(place: Place, kind: Kind) -> str:
    """Deploy a model, and download it; the cases lie beside it and on the hub."""
    files: dict[str, str | bytes] = {f"c{n}.csv": case.content for n, case in enumerate(kind.cases)}
    run = {"dataset": "learned.csv", "target": "y", **kind.settings}
    declare(place, {"learned.csv": kind.learned, **files}, {"e": run})
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
    place: Place, browser: Browser, model: str, kind: Kind
) -> None:
    for n, case in enumerate(kind.cases):
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

    for case in kind.scored:
        assert_scored(place, model, case)
    told = assert_health_is_told(place, browser, model)
    assert_refused(place, model, *kind.refused)
    if kind is KINDS["rows"]:
        assert told
        assert_shown(browser, model)


def assert_scored(place: Place, model: str, case: Case) -> None:
    """The command, its JSON and Python tell the same of rows that a model is scored on."""
    (path := place.folder / "scored.csv").write_text(str(case.content), encoding="utf-8")
    undefined = "undefined-metrics"  # of so few rows
    told = json.loads(place.run("model", "evaluate", str(path), "-m", model, "--json"))["notices"]
    assert triples(one for one in told if one["code"] != undefined) == set(case.told), case.name
    texts = {one["text"] for one in told}
    assert told_by(place.run("model", "evaluate", str(path), "-m", model)) == texts, case.name
    with place.open() as context:
        found = Model(context).evaluate(path, model)
    assert {one["text"] for one in found.notices} == texts, case.name


def assert_health_is_told(place: Place, browser: Browser, model: str) -> set[str]:
    """The command, its JSON, Python and the page tell the same of what is not known."""
    told = {
        one["text"]
        for one in json.loads(place.run("model", "health", model, "--json"))["notices"]
        if one["code"] != "no-reference"  # which is told while it is measured
    }
    assert told <= told_by(place.run("model", "health", model))
    with place.open() as context:
        assert told <= {one["text"] for one in Model(context).health(model).notices}
    page = texts_of(browser.get(f"/models/{model}").text)
    assert all(is_shown(text, page) for text in told)
    return told


def assert_refused(place: Place, model: str, content: str, why: str) -> None:
    """A file without what the model needs is refused, with what that is."""
    (place.folder / "without.csv").write_text(content, encoding="utf-8")
    for how in ([], ["--locally"]):
        place.capsys.readouterr()
        assert main(["model", "predict", "without.csv", "-m", model, *how]) == 1
        assert why in place.capsys.readouterr().err
        assert not (place.folder / "without_predicted.csv").exists()


def assert_shown(browser: Browser, model: str) -> None:
    """The page tells what the model never met."""
    sent = browser.post(f"/models/{model}", {"f0": "1.5", "f1": "2023-05-05", "f2": "Rom"})
    text = wait_for_text(browser, sent.url.removeprefix(browser.url), "Answered in")
    assert is_shown("1 row of `town` with a value that the model never met.", text)
