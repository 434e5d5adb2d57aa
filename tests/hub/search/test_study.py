from collections import Counter

from auger_hub.search.algorithms.algorithm import Real, Space
from auger_hub.search.study import Race

NAMES = ("good", "fair", "poor")
WORTH = {"good": 0.9, "fair": 0.8, "poor": 0.5}


def race(seed: int = 1) -> Race:
    space = Space({"x": Real(0.0, 1.0)}, ({"x": 0.5},))
    return Race(dict.fromkeys(NAMES, space), seed)


def run(race: Race, trials: int, failing: str = "") -> list[tuple[str, float]]:
    tried = []
    for _ in range(trials):
        proposal = race.ask()
        if proposal is None:
            break
        name, x = proposal.algorithm_name, proposal.params["x"]
        tried.append((name, x))
        score = None if name == failing else WORTH[name] - 0.05 * (x - 0.3) ** 2
        race.tell(name, proposal.number, score)
    return tried


def test_every_algorithm_starts_at_its_starting_point() -> None:
    assert run(race(), 3) == [(name, 0.5) for name in NAMES]


def test_the_better_an_algorithm_the_more_often_it_is_tried() -> None:
    counts = Counter(name for name, _ in run(race(), 60))
    assert counts["good"] > counts["fair"] > counts["poor"] > 0


def test_the_search_comes_closer_to_the_best_point() -> None:
    points = [x for name, x in run(race(), 60) if name == "good"]
    assert min(abs(x - 0.3) for x in points) < 0.02


def test_the_same_seed_gives_the_same_sequence() -> None:
    assert run(race(), 30) == run(race(), 30)


def test_another_seed_gives_another_sequence() -> None:
    assert run(race(), 30) != run(race(2), 30)


def test_an_algorithm_that_keeps_failing_leaves_its_trials_to_the_others() -> None:
    counts = Counter(name for name, _ in run(race(), 40, failing="good"))
    assert counts["good"] == 2
    assert counts["fair"] + counts["poor"] == 38


def test_the_race_ends_when_all_fail() -> None:
    failing = race()
    for _ in range(6):
        proposal = failing.ask()
        assert proposal is not None
        failing.tell(proposal.algorithm_name, proposal.number, None)
    assert failing.ask() is None


def test_trials_of_before_a_restart_are_not_repeated() -> None:
    restarted = race()
    restarted.restore("good", {"x": 0.5}, 0.9)
    restarted.restore("gone", {"x": 0.5}, 0.9)
    assert [name for name, _ in run(restarted, 2)] == ["fair", "poor"]


def test_a_starting_point_that_was_tried_before_a_restart_is_not_tried_again() -> None:
    before = race()
    run(before, 3)
    after = race()
    after.restore("good", {"x": 0.5}, 0.9)
    assert [name for name, x in run(after, 6) if x == 0.5] == ["fair", "poor"]
