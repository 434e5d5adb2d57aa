"""Of the processes on one database one leads, and who led before writes nothing any more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from auger_hub.accounts.rates import Rates
from auger_hub.background import membership
from auger_hub.background.membership import Membership, member_id
from auger_hub.database.engine import Database, NotLeading
from auger_hub.database.tables import Organization, Pipeline, Prediction, Project, Secret
from auger_hub.settings import WEB, HubSettings
from auger_hub.store.disk import Disk
from tests.hub.client import wait_until


@pytest.fixture(autouse=True)
def quick_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beat often; who is slow on a loaded machine is not taken for dead."""
    monkeypatch.setattr(membership, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(membership, "STILL_SECONDS", 60.0)
    monkeypatch.setattr(membership, "_GONE_SECONDS", 60.0)
    monkeypatch.setattr(membership, "_NEWS_SECONDS", 0.0)


@pytest.fixture
def short_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membership, "STILL_SECONDS", 2.0)
    monkeypatch.setattr(membership, "_GONE_SECONDS", 2.0)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path / 'rows.db'}")) as database:
        database.migrate()
        yield database


class Members:
    """The processes of a test, each with a folder of its own."""

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder = folder
        self._database = database
        self._made: list[Membership] = []
        self.woken = threading.Event()

    def add(self, name: str, role: str = "all") -> Membership:
        settings = HubSettings(home=self._folder / name, role=role)
        settings.make_folders()
        made = Membership(settings, self._database, self.woken.set)
        self._made.append(made)
        return made

    def start(self, name: str, role: str = "all") -> Membership:
        made = self.add(name, role)
        made.start()
        return made

    def end(self) -> None:
        for one in self._made:
            one.stop()


@pytest.fixture
def members(tmp_path: Path, database: Database) -> Iterator[Members]:
    members = Members(tmp_path, database)
    yield members
    members.end()


def die(member: Membership) -> None:
    """End as by `kill -9`: nothing is given back."""
    member._stopping = True
    member._thread.join()


def test_the_first_leads_and_the_second_follows_once_it_ends(members: Members) -> None:
    first, second = members.start("first"), members.start("second")
    assert (first.is_leading(), second.is_leading(), second.is_led()) == (True, False, True)
    assert first.number() == 1
    first.stop()
    assert wait_until(second.is_leading)  # at once, not after a silence
    assert second.number() == 2


@pytest.mark.usefixtures("short_silence")
def test_who_dies_without_a_word_is_followed_after_its_silence(members: Members) -> None:
    first, second = members.start("first"), members.start("second")
    die(first)
    assert not second.is_leading()
    assert wait_until(second.is_leading)
    assert second.number() == 2


def test_the_next_process_of_the_same_folder_leads_at_once_under_the_same_number(
    members: Members,
) -> None:
    die(members.start("first"))
    again = members.add("first")
    again.start()
    assert (again.is_leading(), again.number()) == (True, 1)


def test_a_copy_of_a_folder_is_another_member(tmp_path: Path) -> None:
    first, second = HubSettings(home=tmp_path / "a"), HubSettings(home=tmp_path / "b")
    for settings in (first, second):
        settings.make_folders()
    own = member_id(first)
    second.member_path.write_bytes(first.member_path.read_bytes())
    assert member_id(second) != own == member_id(first)


def test_a_process_for_requests_never_leads(members: Members) -> None:
    alone = members.start("web", WEB)
    assert not alone.is_leading()
    assert not alone.is_led()
    assert members.start("work").is_leading()
    assert wait_until(alone.is_led)


@pytest.mark.usefixtures("short_silence")
def test_who_slept_through_its_lease_writes_nothing(members: Members, database: Database) -> None:
    first = members.add("first")
    first._beat()
    led = database.fenced(first.number)
    write(led, "before")
    second = members.start("second")
    assert wait_until(second.is_leading)
    assert first.number() == 1  # it does not know yet
    assert not first.is_leading()
    with pytest.raises(NotLeading):
        write(led, "after")
    write(database.fenced(second.number), "after")
    with database.read() as session:
        assert session.get_one(Secret, "after").value == "2"
    first._beat()
    assert first.number() is None
    with pytest.raises(NotLeading):
        write(led, "later")


def write(database: Database, name: str) -> None:
    with database.write() as session:
        session.add(Secret(name=name, value="2"))


def test_two_who_want_a_free_lease_do_not_both_get_it(members: Members) -> None:
    made = [members.add(f"m{number}") for number in range(6)]
    threads = [threading.Thread(target=one.start) for one in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.is_leading() for one in made].count(True) == 1


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The members whose disk is full, by the names of their folders."""
    found: set[str] = set()

    def look(settings: HubSettings) -> Disk:
        return Disk(2**40, 0 if settings.home.name in found else 2**40, 0)

    monkeypatch.setattr(membership, "look_at_disk", look)
    return found


def test_who_has_no_room_lets_another_lead(members: Members, full: set[str]) -> None:
    first, second = members.start("first"), members.start("second")
    full.add("first")
    assert wait_until(second.is_leading)
    assert (first.number(), second.number()) == (None, 2)
    full.clear()
    second.stop()
    assert wait_until(first.is_leading)


@pytest.mark.usefixtures("short_silence")
def test_where_nobody_has_room_somebody_leads_all_the_same(
    members: Members, full: set[str]
) -> None:
    first, second = members.start("first"), members.start("second")
    full.update({"first", "second"})
    assert wait_until(lambda: first.number() is None)
    assert wait_until(lambda: first.is_leading() or second.is_leading())


def test_who_is_alone_leads_without_room(members: Members, full: set[str]) -> None:
    first = members.start("first")
    full.add("first")
    assert wait_until(lambda: first._is_full)
    first._beat()
    assert first.is_leading()


def test_what_is_done_at_one_process_wakes_the_one_that_leads(members: Members) -> None:
    members.start("first")
    second = members.start("second")
    members.woken.clear()
    second.tell()
    assert members.woken.wait(5)


def test_what_one_process_counts_is_counted_by_the_other(members: Members) -> None:
    here, there = Rates(), Rates()
    first, second = members.add("first"), members.add("second")
    first.share(here)
    second.share(there)
    assert [here.take(7, 3) for _ in range(2)] == [True, True]
    first._beat()
    second._beat()
    assert [there.take(7, 3) for _ in range(2)] == [True, False]
    assert there.take(8, 1)


@pytest.mark.usefixtures("short_silence")
def test_questions_of_a_dead_process_are_for_the_one_that_leads(
    members: Members, database: Database
) -> None:
    first, dead, alive = (members.start(name) for name in ("first", "dead", "alive"))
    with database.write() as session:
        session.add(Organization(name="o", main_bucket="b"))
        session.flush()
        session.add(Project(organization_id=1, name="p"))
        session.flush()
        mine = {"organization_id": 1, "project_id": 1}
        session.add(Pipeline(id="m", status="ready", **mine))
        session.flush()
        for one in (dead, alive):
            session.add(Prediction(id=one.id, pipeline_id="m", member=one.id, **mine))
    die(dead)

    def owners() -> dict[str, str | None]:
        first.bury(database)
        with database.read() as session:
            return {one.id: session.get_one(Prediction, one.id).member for one in (dead, alive)}

    assert owners() == {dead.id: dead.id, alive.id: alive.id}
    assert wait_until(lambda: owners() == {dead.id: None, alive.id: alive.id})
