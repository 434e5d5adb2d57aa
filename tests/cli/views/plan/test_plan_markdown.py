"""The plan as a comment on a pull request: small, worst first, and nothing in it is markup."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from auger_reconcile.address import Address
from auger_reconcile.cli.views.plan.plan_markdown import LARGEST, MARKER, render_markdown
from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.client.refresh import refresh
from auger_reconcile.config.load import load_desired_state
from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.estimate import Estimate
from auger_reconcile.planner.plan import Action, Plan, Replacement
from auger_reconcile.resources._base import FieldChange, Loss, Verb
from auger_reconcile.resources._deployment import ModelObject
from auger_reconcile.resources.model import ModelSpec
from auger_reconcile.resources.search.runs import ExperimentObject, Run
from tests.cli.drawn_plans import NASTY, TEXTS, plans
from tests.cli.static_hub import TOKEN, serve

GOLDEN = Path(__file__).parents[2] / "golden" / "too_many_deletes"

MARKDOWN = MarkdownIt("commonmark").enable("table").enable("strikethrough")
OURS = {
    *("h3", "h4", "p", "code", "strong", "br", "ul", "li", "blockquote"),
    *("table", "thead", "tbody", "tr", "th", "td", "details", "summary"),
}


class Reader(HTMLParser):
    """Reads the rendered page: its tags, their attributes, the cells of each row, the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.rows: list[list[str]] = []
        self.text = ""
        self._in_cell = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_cell:
            self.rows[-1][-1] += data


def read(text: str) -> Reader:
    return Reader(MARKDOWN.render(text))


def delete(name: str, loss: Loss = Loss.ARTIFACTS, kind: str = "dataset", **more: object) -> Action:
    given = {
        "id": name,
        "address": Address("shop", kind, name),
        "verb": Verb.DELETE,
        "name": name,
        "reason": "not declared",
        "loss": loss,
        **more,
    }
    return Action(**given)  # type: ignore[arg-type]


def plan_of(*actions: Action) -> Plan:
    return Plan("https://app.auger.ai", "acme", 1, "digest", actions)


@settings(deadline=None, max_examples=40)
@given(plans())
def test_no_plan_is_too_large_for_a_comment(plan: Plan) -> None:
    assert len(render_markdown(plan).encode()) < LARGEST


@settings(deadline=None, max_examples=40)
@given(plans())
def test_nothing_that_comes_from_outside_is_markup(plan: Plan) -> None:
    page = read(render_markdown(plan))
    assert page.tags <= OURS
    assert page.attributes == set()
    assert {len(row) for row in page.rows} <= {4, 5}


@given(TEXTS)
def test_a_name_calls_nobody_and_links_nowhere(name: str) -> None:
    text = render_markdown(plan_of(delete(name)))
    assert "@" not in text
    assert "www." not in text
    assert "://" not in text


@pytest.mark.parametrize("name", [name for name in NASTY if name.isprintable()])
def test_a_name_is_read_as_it_is(name: str) -> None:
    cells = read(render_markdown(plan_of(delete(name)))).rows[-1]
    assert cells[1].replace("⁠", "") == f"dataset.{name}"


def test_ten_thousand_actions_show_counts_and_the_worst_first() -> None:
    many = [delete(f"d{n}", Loss.NONE, verb=Verb.CREATE) for n in range(10_000)]
    text = render_markdown(plan_of(*many, delete("prod", Loss.TRAFFIC, "model")))
    assert len(text.encode()) < LARGEST
    assert "### Auger plan: 10,000 to create, 1 to delete" in text
    page = read(text)
    assert page.rows[1][1] == "model.prod"
    shown = len(page.rows) - 1
    assert f"{10_001 - shown:,} more: {10_001 - shown:,} to create" in page.text


def test_traffic_comes_before_artifacts_and_those_before_the_rest() -> None:
    page = read(
        render_markdown(
            plan_of(
                delete("a", Loss.NONE),
                delete("b", Loss.ARTIFACTS),
                delete("c", Loss.TRAFFIC, "model"),
            )
        )
    )
    assert [row[1] for row in page.rows[1:]] == ["model.c", "dataset.b", "dataset.a"]


def test_the_warning_tells_what_goes_without_a_successor() -> None:
    text = read(render_markdown(plan_of(delete("p", Loss.TRAFFIC, "model"), delete("d")))).text
    assert "1 live model stops answering, with nothing in its place" in text
    assert "what was made is lost: 1 dataset" in text


def test_a_resource_has_one_line_whatever_happens_to_it() -> None:
    new = delete("d", Loss.NONE, verb=Verb.CREATE)
    rows = read(render_markdown(plan_of(new, delete("d", reason="superseded")))).rows
    assert [row[2] for row in rows[1:]] == ["create, delete"]


def test_a_model_that_changes_shows_champion_and_challenger() -> None:
    champion = "trial t1, LGBMClassifier, roc_auc 0.9100"
    old = delete("p", Loss.TRAFFIC, "model", detail=champion, replacement=Replacement.NEW_FIRST)
    new = delete(
        "p",
        Loss.NONE,
        "model",
        verb=Verb.CREATE,
        detail="best trial of experiment.e, 0.9345",
        replacement=Replacement.NEW_FIRST,
    )
    row = read(render_markdown(plan_of(new, old))).rows[1]
    assert row == ["model.p", champion, "best trial of experiment.e, 0.9345", "the challenger"]


CHAMPION = ModelObject("t1", "t1", "p", "ready", "r1", 0.91, metric="roc_auc")
RUNS = (Run("r1", "completed", {}, 0.91, "2026-01-01"),)
EXPERIMENT = Address("shop", "experiment", "e")


def verdict_on(gate: float | None, *others: Action, runs: tuple[Run, ...] = RUNS) -> str:
    """Return who wins, of a live model and the best trial of a run to come."""
    old = delete("p", Loss.TRAFFIC, "model", object=CHAMPION, replacement=Replacement.NEW_FIRST)
    spec = ModelSpec(name="p", experiment="e", min_score=gate)
    told = {"spec": spec, "unknown": ("trial", "score"), "replacement": Replacement.NEW_FIRST}
    new = delete("p", Loss.NONE, "model", verb=Verb.CREATE, **told)
    plan = replace(
        plan_of(*others, new, old),
        references={new.address: {"experiment": EXPERIMENT}},
        bindings={EXPERIMENT: ExperimentObject("e1", "e", 1, runs)},
    )
    return read(render_markdown(plan)).rows[1][3]


def test_a_new_run_of_the_same_search_is_won_by_the_better_score() -> None:
    assert verdict_on(None) == "the better score"
    assert verdict_on(0.85) == "the better score, the challenger only with a score of 0.85 or more"


NOT_COMPARED = "; their scores are not compared"


def test_a_challenger_of_other_data_wins_whatever_its_score() -> None:
    new = delete("e", Loss.NONE, "experiment", verb=Verb.CREATE)
    assert verdict_on(None, new) == f"the challenger, whatever its score{NOT_COMPARED}"
    gated = "the challenger with a score of 0.85 or more, otherwise the champion stays"
    assert verdict_on(0.85, new) == gated + NOT_COMPARED
    assert verdict_on(0.85, runs=()) == gated + NOT_COMPARED


def test_a_challenger_of_another_metric_is_not_compared() -> None:
    changes = (FieldChange("metric", "roc_auc", "f1_macro"),)
    run = delete("e", Loss.NONE, "experiment", verb=Verb.START, changes=changes)
    assert verdict_on(None, run).endswith(NOT_COMPARED)


def test_a_replaced_model_goes_on_answering_and_a_removed_one_does_not() -> None:
    old = delete("p", Loss.TRAFFIC, "model", replacement=Replacement.NEW_FIRST)
    gone = delete("q", Loss.TRAFFIC, "model")
    stopped = delete("shop", Loss.COMPUTE, "project", verb=Verb.STOP)
    rows = read(render_markdown(plan_of(old, gone, stopped))).rows
    assert [(row[1], row[4]) for row in rows[1:]] == [
        ("model.p", "another model answers"),
        ("model.q", "a live model stops answering"),
        ("project.shop", "what runs has to be repeated"),
    ]


def test_a_plan_says_how_long_its_runs_take() -> None:
    run = delete("e", Loss.NONE, verb=Verb.START, estimate=Estimate(720, 480, 900, runs=3))
    assert (
        "Runs will take: about 12 min (8-15), from 3 past runs."
        in read(render_markdown(plan_of(run))).text
    )


def test_changed_settings_are_folded() -> None:
    changed = delete("e", verb=Verb.START, changes=(FieldChange("max_n_trials", 10, 50),))
    page = read(render_markdown(plan_of(changed)))
    assert "details" in page.tags
    assert "dataset.e max_n_trials: 10 -> 50" in page.text


def test_an_empty_plan_says_so_in_three_lines() -> None:
    text = render_markdown(plan_of())
    assert text.startswith(f"{MARKER}\n### Auger plan: No changes\n")
    assert len(text.splitlines()) == 4


@given(st.lists(st.text(), min_size=5, max_size=5))
def test_many_texts_about_one_resource_are_counted(reasons: list[str]) -> None:
    named = [f"{n} {text}" for n, text in enumerate(reasons)]
    text = render_markdown(plan_of(*(delete("d", reason=reason) for reason in named)))
    assert "and 1 more" in text


def test_a_reviewer_sees_that_eleven_of_twelve_data_sets_are_too_many() -> None:
    hub = json.loads((GOLDEN / "hub.json").read_text(encoding="utf-8"))
    desired = load_desired_state([GOLDEN / "auger.yaml"], environ={}).state
    with serve(hub) as static, HubClient(static.url, TOKEN) as client:
        observed = refresh(client, desired.projects, "acme")
    prune = PlanOptions(prune=True)
    text = render_markdown(build_plan(desired, observed, prune))
    assert "#### This plan cannot be applied" in text
    assert "11 of 12 data sets of &#96;churn&#96;" in text
    assert "what was made is lost: 11 datasets" in text
    allowed = render_markdown(build_plan(desired, observed, prune._replace(max_deletes=11)))
    assert "cannot be applied" not in allowed
    assert "what was made is lost: 11 datasets" in allowed
