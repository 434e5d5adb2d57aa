import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.client.refresh import refresh
from auger_reconcile.errors import HubError, NotFound
from tests.client.scripted_hub import Received, ScriptedHub, Step, refuse, reply

ACME = {"id": 7, "name": "acme"}
FILTERS = ("project_id", "organization_id", "name")


def listing(*, spells: bool = False, wants_project: bool = False, **rows: Any) -> Step:
    """Answer lists as a hub does: filtered by what was asked for.

    Args:
        spells: the hub takes a name in a filter letter by letter.
        wants_project: lists of more than one project are refused.
        rows: collection to objects; there is always the organization.
    """
    found = {"organizations": [ACME], **rows}

    def send(connection: socket.socket, received: Received) -> None:
        collection, asked = received.path.rpartition("/")[2], received.json
        in_project = collection not in ("organizations", "projects")
        if wants_project and in_project and "project_id" not in asked:
            error = {"error_param": "project_id", "message": "is required"}
            refuse("400 Bad Request", error)(connection, received)
            return
        items = [row for row in found.get(collection, []) if fits(row, asked)]
        page = {"limit": 100, "offset": asked["offset"], "total": len(items)}
        items = items[asked["offset"] :]
        body = {"data": items, "meta": {"pagination": {**page, "count": len(items)}}}
        reply(body=json.dumps(body).encode())(connection, received)

    def fits(row: Any, asked: Any) -> bool:
        given = [name for name in FILTERS if name in asked and name in row]
        return all(same(row[name], asked[name]) for name in given)

    def same(one: Any, other: Any) -> bool:
        texts = [str(one), str(other)]
        return len({text if spells else text.replace("_", "-") for text in texts}) == 1

    return send


@pytest.fixture
def client(hub: ScriptedHub) -> Iterator[HubClient]:
    with HubClient(hub.url, "secret") as connected:
        yield connected


def project(number: int, name: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": name, "status": "running", "organization_id": 7, **more}


def data(number: int, project_id: Any) -> dict[str, Any]:
    return {"id": number, "name": f"d{number}.csv", "status": "processed", "project_id": project_id}


def asked(hub: ScriptedHub) -> list[tuple[str, dict[str, Any]]]:
    """Return the lists that were read, with their filters, in the order of the alphabet."""
    plain = ("token", "limit", "offset")
    return sorted(
        (
            (one.path.rpartition("/")[2], {k: v for k, v in one.json.items() if k not in plain})
            for one in hub.requests
        ),
        key=str,
    )


def test_a_project_is_read_with_everything_in_it(hub: ScriptedHub, client: HubClient) -> None:
    hub.play(
        listing(
            projects=[project(3, "shop"), project(4, "other")],
            project_files=[data(11, 3), data(12, 4)],
            experiments=[{"id": "E1", "name": "exp", "project_id": 3, "project_file_id": 11}],
            experiment_sessions=[
                {"id": "R1", "experiment_id": "E1", "project_id": 3, "status": "completed"}
            ],
            pipelines=[{"id": "T1", "project_id": 3, "status": "ready", "trial": None}],
        )
    )
    observed = refresh(client, ["shop"], "acme")
    assert (observed.organization_id, observed.hub) == (7, hub.url)
    assert [found.name for found in observed.of("shop", "project")] == ["shop"]
    assert [found.name for found in observed.of("shop", "dataset")] == ["d11.csv"]
    [experiment] = observed.of("shop", "experiment")
    assert [run.id for run in experiment.runs] == ["R1"]
    assert [found.id for found in observed.of("shop", "model")] == ["T1"]


def test_refresh_only_reads(hub: ScriptedHub, client: HubClient) -> None:
    hub.play(listing(projects=[project(3, "shop")]))
    refresh(client, ["shop"], "acme")
    assert {request.method for request in hub.requests} == {"GET"}


def test_each_list_is_read_once(hub: ScriptedHub, client: HubClient) -> None:
    hub.play(listing(projects=[project(3, "shop")]))
    refresh(client, ["shop"], "acme")
    assert asked(hub) == [
        ("experiment_sessions", {"project_id": 3}),
        ("experiments", {"project_id": 3}),
        ("organizations", {"name": "acme"}),
        ("pipelines", {"project_id": 3}),
        ("project_files", {"project_id": 3}),
        ("projects", {"name": "shop", "organization_id": 7}),
    ]


def test_a_project_that_is_not_there_needs_no_more_reading(
    hub: ScriptedHub, client: HubClient
) -> None:
    hub.play(listing(projects=[project(4, "other")]))
    observed = refresh(client, ["shop"], "acme")
    assert observed.of("shop", "project") == ()
    assert [name for name, _ in asked(hub)] == ["organizations", "projects"]


def test_a_project_that_is_being_deleted_is_gone_with_all_in_it(
    hub: ScriptedHub, client: HubClient
) -> None:
    going = project(3, "shop", deleting=True)
    hub.play(listing(projects=[going, project(5, "shop")], project_files=[data(11, 3)]))
    observed = refresh(client, ["shop"], "acme")
    assert [found.id for found in observed.of("shop", "project")] == [5]
    assert observed.of("shop", "dataset") == ()


def test_a_name_that_the_hub_spells_with_dashes_is_found(
    hub: ScriptedHub, client: HubClient
) -> None:
    hub.play(listing(spells=True, projects=[project(3, "a-b")], project_files=[data(11, 3)]))
    observed = refresh(client, ["a_b"], "acme")
    assert [found.name for found in observed.of("a_b", "project")] == ["a-b"]
    assert [found.id for found in observed.of("a_b", "dataset")] == [11]


@pytest.mark.parametrize("names", [["a_b", "a-b"], ["a-b", "a_b"]])
def test_an_exact_name_goes_before_a_spelling(
    hub: ScriptedHub, client: HubClient, names: list[str]
) -> None:
    hub.play(listing(projects=[project(3, "a-b"), project(4, "a_b")]))
    observed = refresh(client, names, "acme")
    assert [found.id for found in observed.of("a-b", "project")] == [3]
    assert [found.id for found in observed.of("a_b", "project")] == [4]


@pytest.mark.parametrize("rows", [[(3, "a-b"), (4, "a_b")], [(4, "a_b"), (3, "a-b")]])
def test_of_two_spellings_the_exact_one_is_meant(
    hub: ScriptedHub, client: HubClient, rows: list[tuple[int, str]]
) -> None:
    hub.play(listing(projects=[project(*row) for row in rows]))
    observed = refresh(client, ["a_b"], "acme")
    assert [found.id for found in observed.of("a_b", "project")] == [4]


@pytest.mark.parametrize("wants_project", [False, True])
def test_many_projects_are_read_together(
    hub: ScriptedHub, client: HubClient, wants_project: bool
) -> None:
    rows = [project(number, f"p{number}") for number in range(1, 7)]
    files = [data(11, 1), data(12, "2"), data(13, 99)]
    hub.play(listing(wants_project=wants_project, projects=rows, project_files=files))
    observed = refresh(client, [f"p{number}" for number in range(1, 6)], "acme")
    assert [found.id for found in observed.of("p1", "dataset")] == [11]
    assert [found.id for found in observed.of("p2", "dataset")] == [12]
    assert observed.of("p3", "dataset") == ()
    assert observed.of("p6", "project") == ()


def test_a_hub_that_ignores_the_project_in_a_filter_is_read_right(
    hub: ScriptedHub, client: HubClient
) -> None:
    rows = [project(3, "shop"), project(4, "toys"), project(5, "other")]
    files = [data(11, 3), data(12, 4), data(13, 5)]
    everything = listing(projects=rows, project_files=files)

    def ignoring(connection: socket.socket, received: Received) -> None:
        body = {name: value for name, value in received.json.items() if name != "project_id"}
        told = replace(received, body=json.dumps(body).encode())
        everything(connection, told)

    hub.play(ignoring)
    observed = refresh(client, ["shop", "toys"], "acme")
    assert [found.id for found in observed.of("shop", "dataset")] == [11]
    assert [found.id for found in observed.of("toys", "dataset")] == [12]


def test_an_unknown_organization_is_said(hub: ScriptedHub, client: HubClient) -> None:
    hub.play(listing())
    with pytest.raises(NotFound, match="there is no organization `nobody`"):
        refresh(client, ["shop"], "nobody")


def test_an_error_of_the_hub_is_not_taken_for_nothing(hub: ScriptedHub, client: HubClient) -> None:
    rows = [project(number, f"p{number}") for number in range(5)]
    good = listing(projects=rows)

    def failing(connection: socket.socket, received: Received) -> None:
        bad = received.path.endswith("pipelines")
        answer = refuse("404 Not Found", {"message": "Couldn't find Pipeline"}) if bad else good
        answer(connection, received)

    hub.play(failing)
    with pytest.raises(HubError):
        refresh(client, [f"p{number}" for number in range(5)], "acme")


EMPTY_ZIP = b"PK\x05\x06" + bytes(18)


def write_export(folder: Path, trial: str, note: str | None) -> None:
    (folder / "models").mkdir(exist_ok=True)
    (folder / "models" / f"model-{trial}.zip").write_bytes(EMPTY_ZIP)
    if note is not None:
        (folder / "models" / f"model-{trial}.json").write_text(note)


def test_downloads_are_read_with_their_notes(
    hub: ScriptedHub, client: HubClient, tmp_path: Path
) -> None:
    note = {"trial_id": "T1", "experiment_session_id": "R1", "score_value": 0.9}
    write_export(tmp_path, "T1", json.dumps(note))
    hub.play(listing(projects=[project(3, "shop")]))
    [found] = refresh(client, ["shop"], "acme", folder=tmp_path).of("shop", "model")
    assert (found.trial_id, found.run_id, found.score) == ("T1", "R1", 0.9)
    assert found.path == "models/model-T1.zip"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04half of an archive"])
def test_a_damaged_download_is_none(
    hub: ScriptedHub, client: HubClient, tmp_path: Path, content: bytes
) -> None:
    write_export(tmp_path, "T1", None)
    (tmp_path / "models" / "model-T1.zip").write_bytes(content)
    hub.play(listing(projects=[project(3, "shop")]))
    assert refresh(client, ["shop"], "acme", folder=tmp_path).of("shop", "model") == ()


@pytest.mark.parametrize("note", [None, "", "{", "[1]", "null", "\xff"])
def test_a_download_without_a_good_note_tells_its_trial(
    hub: ScriptedHub, client: HubClient, tmp_path: Path, note: str | None
) -> None:
    write_export(tmp_path, "T1", note)
    hub.play(listing(projects=[project(3, "shop")]))
    [found] = refresh(client, ["shop"], "acme", folder=tmp_path).of("shop", "model")
    assert (found.trial_id, found.run_id, found.score) == ("T1", None, None)


@pytest.mark.parametrize(
    ("told", "storage"),
    [
        ({}, None),
        ({"storage": {"used": 5, "most": 10}}, (5, 10)),
        ({"storage": {"used": 5, "most": None}}, None),
        ({"storage": {"used": "5", "most": 10}}, None),
        ({"storage": [5, 10]}, None),
    ],
)
def test_what_may_be_stored_is_read_where_the_hub_tells_it(
    hub: ScriptedHub, client: HubClient, told: dict[str, Any], storage: object
) -> None:
    hub.play(listing(organizations=[{**ACME, **told}]))
    assert refresh(client, ["churn"], "acme").storage == storage


@pytest.mark.parametrize(("told", "known"), [({}, None), ({"hub_id": "ab"}, "ab")])
def test_which_hub_it_is_is_known_where_it_tells(
    hub: ScriptedHub, client: HubClient, told: dict[str, Any], known: str | None
) -> None:
    hub.play(listing(organizations=[{**ACME, **told}]))
    assert refresh(client, ["churn"], "acme").hub_id == known
