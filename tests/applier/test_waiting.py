import pytest
from laws.driver import ShortPause

from auger_reconcile.applier.waiting import LONGEST_PAUSE, Patience
from auger_reconcile.errors import ActionFailed, Interrupted


class Pauses(ShortPause):
    """Notes every pause instead of taking it."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.taken.append(timeout or 0.0)
        return super().wait(timeout)


def test_looks_are_quick_at_first_and_slower_later() -> None:
    stop = Pauses()
    looks = Patience(timeout=1000, stop=stop, clock=lambda: stop.now).looks("runs/1")
    with pytest.raises(ActionFailed):
        list(looks)
    assert stop.taken[:5] == [0.1] * 5
    *pauses, rest = stop.taken
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
    assert 0 <= rest <= LONGEST_PAUSE
    assert stop.now == pytest.approx(1000)


def test_a_wait_ends_with_its_time() -> None:
    stop = ShortPause()
    looks = Patience(timeout=10, stop=stop, clock=lambda: stop.now).looks("runs/1")
    with pytest.raises(ActionFailed, match="runs/1 has not come to its end after 10 s"):
        list(looks)
    assert stop.now == pytest.approx(10)


def test_there_is_one_look_even_without_any_time() -> None:
    looks = Patience(timeout=0, stop=ShortPause(), clock=lambda: 0.0).looks("runs/1")
    assert next(looks) is None
    with pytest.raises(ActionFailed):
        next(looks)


def test_a_wait_ends_with_the_stop_signal() -> None:
    stop = ShortPause()
    looks = Patience(stop=stop, clock=lambda: stop.now).looks("runs/1")
    next(looks)
    stop.set()
    with pytest.raises(Interrupted):
        next(looks)
