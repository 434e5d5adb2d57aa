"""How much time of a run its explanations may take."""

from auger_hub.runs.explanations import seconds_for


def test_what_fitting_leaves_of_the_share_is_for_measuring() -> None:
    assert seconds_for(10.0, 4.0) == 6.0


def test_a_trial_whose_fitting_alone_takes_more_than_its_share_is_not_explained_unasked() -> None:
    assert seconds_for(10.0, 12.0) is None


def test_small_trials_are_explained_however_short_the_run_was() -> None:
    assert seconds_for(0.1, 2.0) == 0.0
