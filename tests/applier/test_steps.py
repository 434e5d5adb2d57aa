"""A list of the hub may tell of the past."""

from pathlib import Path
from typing import Any

import pytest
from laws.driver import impatient

from auger_reconcile.applier.steps import StepRunner
from auger_reconcile.errors import ActionFailed
from auger_reconcile.resources._steps import ReadAll, Steps


class Lists:
    """A client whose lists are answered one after the other, the last one for ever."""

    def __init__(self, *lists: list[dict[str, Any]]) -> None:
        self.left, self.asked = list(lists), 0

    def list_all(self, collection: str, filters: dict[str, Any]) -> list[dict[str, Any]]:
        assert (collection, filters) == ("experiment_sessions", {"experiment_id": "E1"})
        self.asked += 1
        return self.left.pop(0) if len(self.left) > 1 else self.left[0]


def read(naming: str | None) -> Steps:
    return (yield ReadAll("experiment_sessions", {"experiment_id": "E1"}, naming=naming))


def run(client: Lists, naming: str | None) -> Any:
    patience = impatient(timeout=None)
    runner = StepRunner(client, Path(), patience, lambda *_: None)  # type: ignore[arg-type]
    return runner.run(read(naming)), patience.clock()


def test_a_list_is_read_again_until_it_names_what_was_made() -> None:
    client = Lists([], [{"id": "R0"}], [{"id": "R0"}, {"id": "R1"}])
    found, seconds = run(client, "R1")
    assert [item["id"] for item in found] == ["R0", "R1"]
    assert client.asked == 3
    assert seconds < 1


def test_a_number_is_named_by_its_text() -> None:
    assert run(Lists([{"id": 7}]), "7")[0] == [{"id": 7}]


def test_a_list_that_has_to_name_nothing_is_read_once() -> None:
    client = Lists([])
    assert run(client, None) == ([], 0.0)
    assert client.asked == 1


def test_a_hub_that_never_lists_it_is_given_up() -> None:
    client = Lists([{"id": "R0"}])
    told = r"run R1 is not in the hub's list after 10 s"
    with pytest.raises(ActionFailed, match=told):
        run(client, "R1")
    assert client.asked > 10
