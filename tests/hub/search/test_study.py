from collections import Counter

from auger_hub.search.algorithms.algorithm import Real, Space
from auger_hub.search.sampling import ROWS
from auger_hub.search.study import Race, Room

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


def test_the_best_trial_of_a_part_climbs_to_all_rows_before_anything_new() -> None:
    climbing = race()
    for worth in WORTH.values():
        proposal = climbing.ask(lambda *_: Room(5_000))
        assert proposal is not None
        assert proposal.params[ROWS] == 5_000
        climbing.tell(proposal.algorithm_name, proposal.number, worth)
    seen = [climbing.ask() for _ in range(6)]
    first = {one.algorithm_name: one.params for one in reversed(seen) if one is not None}
    assert first["good"] == {"x": 0.5}


def test_an_algorithm_without_time_for_a_trial_is_left_out() -> None:
    proposal = race().ask(lambda name, _: None if name == "good" else Room())
    assert proposal is not None
    assert proposal.algorithm_name == "fair"


def test_a_race_without_time_has_no_proposal() -> None:
    assert race().ask(lambda *_: None) is None


def test_of_two_equals_the_cheaper_one_is_tried_more_often() -> None:
    space = Space({"x": Real(0.0, 1.0)}, ({"x": 0.5},))
    dear = Race(dict.fromkeys(NAMES, space), 1, {"good": 100.0, "fair": 1.0, "poor": 1.0})
    counts, before = (Counter(name for name, _ in run(one, 60)) for one in (dear, race()))
    assert counts["good"] < before["good"]


def test_the_first_look_at_a_dear_algorithm_comes_after_those_at_the_others() -> None:
    later = race()
    seen = [later.ask(lambda name, _: Room(is_dear=name == "good")) for _ in range(2)]
    assert [one.algorithm_name for one in seen if one is not None] == ["fair", "poor"]


def test_where_all_are_dear_the_cheapest_is_looked_at_first() -> None:
    space = Space({"x": Real(0.0, 1.0)}, ({"x": 0.5},))
    costs = {"good": 9.0, "fair": 3.0, "poor": 5.0}
    dear = Race(dict.fromkeys(NAMES, space), 1, costs)
    seen = [dear.ask(lambda *_: Room(is_dear=True)) for _ in NAMES]
    assert [one.algorithm_name for one in seen if one is not None] == ["fair", "poor", "good"]
