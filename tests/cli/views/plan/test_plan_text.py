"""The plan as people read it: columns, marks and colours."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from auger_reconcile.address import Address
from auger_reconcile.cli.views.plan.plan_text import render_plan
from auger_reconcile.planner.plan import Action, Plan, Replacement
from auger_reconcile.resources._base import FieldChange, Loss, Verb


def action(declared: str, verb: Verb = Verb.CREATE, **more: object) -> Action:
    address = Address("shop", "dataset", declared)
    given = {
        "id": declared,
        "address": address,
        "verb": verb,
        "name": declared,
        "reason": "",
        **more,
    }
    return Action(**given)  # type: ignore[arg-type]


def plan_of(*actions: Action, hub: str = "https://app.auger.ai") -> Plan:
    return Plan(hub, "acme", 1, "digest", actions)


def rows(*actions: Action, color: bool = False) -> list[str]:
    return render_plan(plan_of(*actions), color=color).splitlines()[2:-2]


def test_a_hub_elsewhere_is_named_by_its_url() -> None:
    text = render_plan(plan_of(action("a.csv")), color=False)
    assert text.startswith(
        'Auger will do the following in organization "acme" at https://app.auger.ai:\n\n'
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_hub_on_this_machine_is_the_local_hub(host: str) -> None:
    text = render_plan(plan_of(action("a.csv"), hub=f"http://{host}:4321"), color=False)
    assert f"at the local hub (http://{host}:4321):" in text


def test_columns_are_as_wide_as_the_longest_address() -> None:
    found = rows(action("a" * 60), action("b"))
    assert [line.index("create") for line in found] == [74, 74]


def test_columns_count_cells_not_characters() -> None:
    wide, narrow = rows(action("データ" * 12), action("b"))
    assert cell_len(wide.partition("create")[0]) == cell_len(narrow.partition("create")[0])


def test_every_verb_has_its_symbol() -> None:
    symbols = [line.split()[0] for line in rows(*(action(verb, verb) for verb in Verb))]
    assert symbols == ["+", "=", "-", ">", "."]


def test_a_replacement_shows_which_comes_first() -> None:
    new_first = action("a", replacement=Replacement.NEW_FIRST)
    old_first = action("b", replacement=Replacement.OLD_FIRST)
    assert [line.split()[0] for line in rows(new_first, old_first)] == ["+/-", "-/+"]


def test_changed_settings_stand_below_their_line() -> None:
    changes = (
        FieldChange("max_n_trials", 10, 50),
        FieldChange("metric", None, "roc_auc"),
        FieldChange("exclude", ["id"], []),
    )
    below = rows(action("a", Verb.START, changes=changes))[1:]
    assert [line.strip() for line in below] == [
        "max_n_trials: 10 -> 50",
        "metric: (not set) -> roc_auc",
        'exclude: ["id"] -> []',
    ]


@pytest.mark.parametrize(
    ("loss", "words"), [(Loss.ARTIFACTS, "is lost"), (Loss.TRAFFIC, "stops answering")]
)
def test_what_cannot_be_undone_is_marked_in_words_and_in_red(loss: Loss, words: str) -> None:
    lost = action("a", Verb.DELETE, loss=loss, reason="declared absent")
    assert rows(lost)[0].endswith(words)
    assert "\x1b[31m! " in rows(lost, color=True)[0]


def test_nothing_is_coloured_unless_asked_for() -> None:
    assert "\x1b" not in render_plan(plan_of(action("a", Verb.DELETE)), color=False)


def test_a_reason_that_the_verb_tells_is_left_out() -> None:
    assert rows(action("a", reason="does not exist"))[0].endswith("create")
    assert rows(action("a", reason="the content has changed"))[0].endswith(
        "create     (the content has changed)"
    )


def test_a_revision_is_named_unlike_its_address() -> None:
    assert rows(action("a.csv", name="a-1.csv"))[0].endswith("create     as a-1.csv")
    assert rows(action("a.csv", Verb.DELETE, name="a-1.csv"))[0].endswith("delete     a-1.csv")


def test_a_name_that_the_hub_spells_differently_is_no_other_name() -> None:
    assert rows(action("my_data.csv", name="my-data.csv"))[0].endswith("create")


def test_names_cannot_steer_the_terminal() -> None:
    text = render_plan(plan_of(action("a\x1b[2Jb\nc")), color=False)
    assert "\x1b" not in text
    assert len(text.splitlines()) == 5


def test_a_large_plan_is_rendered_in_linear_time() -> None:
    text = render_plan(plan_of(*(action(f"{n}.csv") for n in range(20_000))), color=False)
    assert "Plan: 20000 to create," in text
