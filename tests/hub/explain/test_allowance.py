"""What counts as the time of an explanation."""

import time

import pytest

from auger_hub.explain.allowance import Allowance
from auger_hub.search.trials.process_call import ProcessCall, ProcessDied
from tests.hub.search import work


def test_only_the_work_of_this_process_counts() -> None:
    allowance = Allowance(10)
    time.sleep(0.05)
    assert allowance.used < 0.05
    assert 8.9 < allowance.left() <= 9


def test_a_share_is_over_before_the_whole() -> None:
    allowance = Allowance(1e-4)
    assert allowance.left(0.5) < allowance.left() < allowance.left() + 1


@pytest.mark.slow
def test_a_process_that_does_not_look_at_the_time_is_ended_by_the_system() -> None:
    with pytest.raises(ProcessDied) as death:
        ProcessCall(work.work_for_ever).take()
    assert death.value.exit_code is not None
    assert death.value.exit_code < 0
