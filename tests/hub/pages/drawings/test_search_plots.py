"""Where the dots and lines of a search lie."""

from auger_hub.pages.drawings.search_plots import draw_parallel, draw_strips

TRIED = [("a.Best", 0.9), ("a.Best", 0.8), ("b.Other", 0.7)]


def test_each_algorithm_has_a_row_the_best_at_the_top() -> None:
    strips = draw_strips(TRIED)
    assert [name.label for name in strips.names] == ["Best", "Other"]
    assert [dot.y for dot in strips.dots] == [22.0, 22.0, 46.0]
    assert strips.dots[0].x > strips.dots[1].x > strips.dots[2].x
    assert strips.summary == "best of each algorithm: Best 0.9000, Other 0.7000"


def test_a_very_bad_trial_does_not_flatten_the_others() -> None:
    strips = draw_strips([*[("a.A", 0.9 - n / 1000) for n in range(20)], ("b.Bad", -1000.0)])
    assert strips.dots[-1].is_outside
    assert strips.dots[0].x - strips.dots[-2].x > 100


def test_scores_that_are_all_the_same_lie_in_the_middle() -> None:
    assert {dot.x for dot in draw_strips([("a.A", 0.5), ("b.B", 0.5)]).dots} == {347.0}


def test_a_trial_is_a_line_through_its_hyperparameters() -> None:
    rows = [
        ({"depth": 10, "kind": "x", "same": 1}, 0.9),
        ({"depth": 1, "kind": "y", "same": 1}, 0.8),
    ]
    drawn = draw_parallel("Trees", rows)
    assert drawn is not None
    assert [axis.label for axis in drawn.axes] == ["depth", "kind", "score"]
    assert drawn.strands[-1] == ("50.0,34.0 260.0,216.0 470.0,34.0", True)
    assert drawn.strands[0] == ("50.0,216.0 260.0,34.0 470.0,216.0", False)


def test_hyperparameters_over_powers_are_spread_by_their_logarithm() -> None:
    rows = [({"c": value}, value) for value in (0.01, 1.0, 100.0)]
    drawn = draw_parallel("Linear", rows)
    assert drawn is not None
    middle = drawn.strands[1][0]
    assert middle.startswith("50.0,125.0 ")


def test_without_a_hyperparameter_that_differs_nothing_is_drawn() -> None:
    assert draw_parallel("Dummy", [({"a": 1}, 0.5), ({"a": 1}, 0.6)]) is None
