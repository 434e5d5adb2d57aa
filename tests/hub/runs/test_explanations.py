"""How much time of a run its explanations may take."""

from auger_hub.runs.explanations import seconds_for


def test_the_fitting_is_part_of_the_share() -> None:
    assert seconds_for(10.0, 4.0) == 10.0


def test_a_trial_whose_fitting_alone_takes_its_share_is_not_explained_unasked() -> None:
    assert seconds_for(10.0, 12.0) is None
