"""A digest costs nothing until somebody asks for it."""

from auger_reconcile.state import DesiredState, Digest


def test_a_digest_is_worked_out_once_and_only_when_it_is_asked_for() -> None:
    asked: list[int] = []

    def work_out() -> str:
        asked.append(1)
        return "ab12"

    state = DesiredState({}, digest=Digest(work_out))
    assert not asked
    assert (str(state.digest), str(state.digest)) == ("ab12", "ab12")
    assert len(asked) == 1


def test_a_digest_is_as_good_as_its_text() -> None:
    digest = Digest(lambda: "ab12")
    assert digest == "ab12" == digest
    assert digest == Digest(lambda: "ab12")
    assert digest != "cd34"
    assert digest != 12
    assert {digest: 1} == {"ab12": 1}
