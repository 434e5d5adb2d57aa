import math
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from auger_reconcile.client.hub_client import HubClient, login
from auger_reconcile.errors import AugerError, HubError, NotAuthenticated, Unavailable
from tests.client.scripted_hub import pages, refuse, reply

TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def client(hub, stopped_time):
    with HubClient(hub.url, TOKEN, pace=stopped_time.pace) as client:
        yield client


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_the_token_is_a_member_of_every_body(hub, client, method):
    assert client.call(method, "projects/12", {"name": "churn"}) == {}
    assert hub.requests[0].json == {"name": "churn", "token": TOKEN}


def test_a_body_cannot_replace_the_token(hub, client):
    client.call("POST", "projects", {"token": "another"})
    assert hub.requests[0].json == {"token": TOKEN}


def test_without_a_token_none_is_sent(hub):
    with HubClient(hub.url, None) as client:
        client.call("POST", "tokens", {"email": "a@b.c"})
    assert hub.requests[0].json == {"email": "a@b.c"}


def test_null_is_sent_as_null(hub, client):
    client.call("POST", "predictions", {"threshold": None})
    assert hub.requests[0].json["threshold"] is None


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("projects", "/api/v1/projects"),
        ("projects/12/deploy", "/api/v1/projects/12/deploy"),
        ("pipelines/a?b#c d", "/api/v1/pipelines/a%3Fb%23c%20d"),
    ],
)
def test_the_path_is_below_the_prefix_of_the_api(hub, client, path, sent):
    client.call("GET", path)
    assert hub.requests[0].path == sent


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_cannot_express_is_never_sent(hub, client, number):
    with pytest.raises(ValueError, match=r"`records\[1\]\[0\]` is not a number that can be sent"):
        client.call("POST", "predictions", {"id": 1, "records": [[1.0], (number, 2)]})
    assert hub.requests == []


def test_the_place_of_such_a_number_may_be_deep_in_an_object(client):
    with pytest.raises(ValueError, match=r"`options\.limits\.score`"):
        client.call("POST", "x", {"options": {"limits": {"score": math.nan}}})


def test_an_error_names_the_request_without_its_body(hub, client):
    hub.play(refuse("400 Bad Request", {"error_param": "name", "message": "is too long"}))
    with pytest.raises(HubError) as caught:
        client.call("POST", "projects", {"name": "S3CRET"})
    assert caught.value.request == "POST /api/v1/projects"
    assert str(caught.value) == "the hub answered 400 Bad Request: name: is too long"


def test_a_token_that_the_hub_repeats_is_removed(hub, client):
    hub.play(refuse("401 Unauthorized", {"message": f"{TOKEN} has expired"}))
    with pytest.raises(NotAuthenticated) as caught:
        client.call("GET", "projects")
    assert TOKEN not in repr(caught.value)


def test_the_text_of_a_client_does_not_show_the_token(client, hub):
    assert f"{client!r} {client}" == f"HubClient('{hub.url}') HubClient('{hub.url}')"


@pytest.mark.parametrize(
    ("url", "is_readable"),
    [
        ("http://hub.example", True),
        ("https://hub.example", False),
        ("http://127.0.0.1:1", False),
        ("http://localhost:1", False),
    ],
)
def test_a_token_that_others_can_read_on_the_way_is_flagged(url, is_readable):
    with HubClient(url, TOKEN) as client:
        assert client.is_readable_on_the_way is is_readable


def test_a_url_with_a_path_is_refused():
    with pytest.raises(AugerError, match="more than a host"):
        HubClient("https://proxy.example/auger", TOKEN)


@pytest.mark.parametrize("count", [0, 3, 100, 101, 1234])
def test_a_list_is_whole_and_in_order(hub, client, count):
    hub.play(pages(count))
    assert [item["id"] for item in client.list_all("projects")] == list(range(count))


def test_filters_go_with_every_page(hub, client):
    hub.play(pages(2_500))
    client.list_all("trials", {"experiment_session_id": "ab"})
    assert {item.json["experiment_session_id"] for item in hub.requests} == {"ab"}
    assert sorted(item.json["offset"] for item in hub.requests) == [0, 100, 1_100, 2_100]


def test_the_pages_of_a_long_list_are_asked_for_at_once(hub, client):
    together = Barrier(5, timeout=10)
    page = pages(6_000)

    def meet(connection, received):
        together.wait()
        page(connection, received)

    hub.play(page, page, meet)
    assert len(client.list_all("projects")) == 6_000
    assert not together.broken


@pytest.mark.parametrize("status", [400, 422])
def test_a_hub_that_refuses_large_pages_is_asked_for_the_usual_ones(hub, client, status):
    hub.play(pages(450), reply({"errors": []}, status=status), pages(450))
    assert len(client.list_all("projects")) == 450
    asked = sorted((item.json["offset"], item.json["limit"]) for item in hub.requests)
    assert asked == [(0, 100), (100, 100), (100, 1_000), (200, 100), (300, 100), (400, 100)]


def test_a_hub_that_refuses_every_page_is_an_error(hub, client):
    hub.play(pages(450), *[reply({"errors": []}, status=400)] * 9)
    with pytest.raises(HubError, match="400"):
        client.list_all("projects")
    assert len(hub.requests) <= 2 + 4


def test_a_list_that_shrinks_while_it_is_read_is_read_again(hub, client):
    hub.play(pages(150), pages(149))
    assert [item["id"] for item in client.list_all("projects")] == list(range(149))


def test_a_list_that_never_stops_shrinking_is_an_error(hub, client):
    hub.play(*[pages(900 - number) for number in range(100)])
    with pytest.raises(Unavailable, match="the list of projects keeps changing"):
        client.list_all("projects")


def test_something_else_than_a_list_is_an_error(hub, client):
    hub.play(reply({"url": "https://x"}))
    with pytest.raises(HubError, match="something else than a list") as caught:
        client.list_all("project_file_urls")
    assert caught.value.request == "GET /api/v1/project_file_urls"


def test_iterating_asks_for_a_page_when_it_is_needed(hub, client):
    hub.play(pages(250))
    found = client.iter_all("projects")
    assert [next(found)["id"] for _ in range(100)] == list(range(100))
    assert len(hub.requests) == 1
    assert [item["id"] for item in found] == list(range(100, 250))


def test_iterating_over_a_list_that_shrinks_gives_nothing_twice(hub, client):
    hub.play(pages(150), pages(149))
    assert [item["id"] for item in client.iter_all("projects")] == list(range(149))


def test_iterating_over_a_list_that_never_stops_shrinking_is_an_error(hub, client):
    hub.play(*[pages(900 - number) for number in range(100)])
    with pytest.raises(Unavailable, match="keeps changing"):
        list(client.iter_all("projects"))


def test_a_status_is_asked_for_by_type_and_id(hub, client):
    hub.play(reply({"status": "running"}))
    assert client.status("Project", 12) == "running"
    assert hub.requests[0].path == "/api/v1/status"
    assert hub.requests[0].json == {"object": "Project", "id": 12, "token": TOKEN}


@pytest.mark.parametrize("data", [[], {}, {"status": None}])
def test_an_answer_without_a_status_is_an_error(hub, client, data):
    hub.play(reply(data))
    with pytest.raises(HubError, match="without a status"):
        client.status("Project", 12)


def test_many_threads_may_use_one_client(hub, client):
    hub.play(pages(230))
    with ThreadPoolExecutor(40) as threads:
        lists = list(threads.map(lambda _: client.list_all("projects"), range(120)))
    assert {len(found) for found in lists} == {230}
    assert len(hub.requests) == 120 * 2
    assert hub.connections <= 10


def test_every_request_is_reported(hub, stopped_time):
    seen = []
    with HubClient(hub.url, TOKEN, on_exchange=seen.append, pace=stopped_time.pace) as client:
        client.call("POST", "projects", {"name": "x"})
    assert [(item.method, item.path, item.status) for item in seen] == [
        ("POST", "/api/v1/projects", 200)
    ]


def test_logging_in_returns_the_token(hub):
    hub.play(reply({"token": TOKEN, "confirmation_required": False}))
    assert login(hub.url, "a@b.c", "pass") == TOKEN
    assert hub.requests[0].json == {"email": "a@b.c", "password": "pass"}


def test_a_wrong_password_is_refused_without_repeating_it(hub):
    hub.play(refuse("401 Unauthorized", {"message": "Email or password incorrect: hunter22"}))
    with pytest.raises(NotAuthenticated) as caught:
        login(hub.url, "a@b.c", "hunter22")
    assert str(caught.value).endswith("Email or password incorrect: [hidden]")
    assert caught.value.hint is None


@pytest.mark.parametrize("data", [{}, [], {"token": ""}, {"token": 3}])
def test_a_login_without_a_token_is_an_error(hub, data):
    hub.play(reply(data))
    with pytest.raises(HubError, match="without a token"):
        login(hub.url, "a@b.c", "pass")
