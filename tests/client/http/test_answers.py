import json

import pytest

from auger_reconcile.client.http.answers import read_envelope
from auger_reconcile.client.http.transport import Answer
from auger_reconcile.errors import (
    Conflict,
    HubError,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    Unavailable,
)


def answer(status, body=b"", content_type="application/json", **headers):
    return Answer(status, {"Content-Type": content_type, **headers}, body)


def refusal(status, *errors, **meta):
    return answer(
        status, json.dumps({"meta": {"status": status, "errors": errors, **meta}}).encode()
    )


def read(given, request="GET /api/v1/projects", secrets=()):
    return read_envelope(given, request=request, secrets=secrets)


def fail(given, kind=HubError, **options):
    with pytest.raises(kind) as caught:
        read(given, **options)
    assert type(caught.value) is kind
    return caught.value


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("data", [{}, [], {"id": 1}, "text", 0])
def test_success_is_the_data_and_the_meta(status, data):
    body = json.dumps({"data": data, "meta": {"status": status}}).encode()
    assert read(answer(status, body)) == (data, {"status": status})


@pytest.mark.parametrize("meta", ["null", "3", "[]"])
def test_a_meta_that_is_no_object_counts_as_absent(meta):
    assert read(answer(200, f'{{"data": 1, "meta": {meta}}}'.encode())) == (1, {})


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "the hub answered an empty body instead of JSON (200 OK)"),
        (b"<!DOCTYPE html>", "the hub answered HTML instead of JSON (200 OK)"),
        (b"<?xml?>", "the hub answered XML instead of JSON (200 OK)"),
        (b'{"data": ', "the hub answered broken JSON (200 OK)"),
        (b"[]", "the hub answered a bare value instead of an object with `data`"),
        (b"{}", "the hub answered without `data`"),
        (b'{"data": null}', "the hub answered without `data`"),
    ],
)
def test_a_success_of_the_wrong_shape_is_an_error(body, sentence):
    assert str(fail(answer(200, body))) == sentence


def test_a_write_with_a_broken_answer_may_have_been_carried_out():
    error = fail(answer(200, b"{"), request="POST /api/v1/projects")
    assert (
        str(error) == "the hub answered broken JSON (200 OK); the request may have been carried out"
    )


def test_plain_text_is_said_to_be_text():
    assert "text instead of JSON" in str(fail(answer(200, b"OK", content_type="text/plain")))


@pytest.mark.parametrize("status", [202, 204, 206])
def test_only_200_and_201_are_success(status):
    fail(answer(status, b'{"data": {}}'))


def test_refused_credentials_say_how_to_get_new_ones():
    error = fail(refusal(401, {"message": "User should be logged in"}), NotAuthenticated)
    assert str(error) == "the hub refused the credentials: User should be logged in"
    assert error.hint.endswith("\nauger auth login")


def test_what_a_user_may_not_do_is_told_in_the_words_of_the_hub():
    error = fail(refusal(403, {"message": "only owners do this"}), NotAllowed)
    assert str(error) == "the hub does not allow it: only owners do this"
    assert error.hint is None


@pytest.mark.parametrize("role", ["member", "admin"])
def test_who_gives_a_role_that_is_missing_is_told(role):
    error = fail(refusal(403, {"message": f"this needs the role {role}"}), NotAllowed)
    assert error.hint.startswith("an admin of the organization gives the role")
    assert error.hint.endswith(f"\nauger hub user role NAME {role}")


def test_a_refusal_without_words_shows_the_status():
    assert str(fail(answer(403), NotAllowed)).endswith("403 Forbidden")


def test_an_unknown_object_is_not_found():
    error = fail(
        refusal(404, {"error_type": "not_found", "message": "Couldn't find Experiment"}), NotFound
    )
    assert str(error) == "the hub answered 404 Not Found: Couldn't find Experiment"
    assert error.details == ("Couldn't find Experiment",)
    assert (error.status, error.request) == (404, "GET /api/v1/projects")


@pytest.mark.parametrize(
    "message",
    [
        "has already been taken",
        "en.errors.project_file.url_not_uniq",
        "Event 'interrupted' cannot transition from 'completed'",
        "transition to this status impossible",
    ],
)
def test_what_exists_or_is_in_another_state_is_a_conflict(message):
    fail(refusal(400, {"error_param": "name", "message": message}), Conflict)


def test_a_name_that_is_taken_may_have_been_taken_by_another_apply():
    taken = fail(
        refusal(400, {"error_param": "name", "message": "has already been taken"}), Conflict
    )
    assert "another command may just have made it" in taken.hint


def test_status_409_is_a_conflict():
    fail(refusal(409), Conflict)


def test_every_message_is_kept_with_its_parameter():
    error = fail(
        refusal(
            400,
            {"error_param": "id", "message": "is required"},
            {"message": "is wrong"},
            {"error_type": "invalid_param"},
            "plain text",
            {},
            None,
        )
    )
    assert error.details == ("id: is required", "is wrong", "invalid_param", "plain text")


@pytest.mark.parametrize("errors", [None, "text", 3, {"message": "x"}])
def test_errors_of_another_shape_are_passed_over(errors):
    body = json.dumps({"meta": {"errors": errors}}).encode()
    assert str(fail(answer(400, body))) == "the hub answered 400 Bad Request"


@pytest.mark.parametrize("body", [b"{}", b"[]", b'"x"', b'{"meta": null}'])
def test_an_error_without_an_envelope_shows_the_status(body):
    assert str(fail(answer(400, body))) == "the hub answered 400 Bad Request"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 599])
def test_a_failure_of_the_hub_makes_it_unavailable(status):
    fail(refusal(status), Unavailable)


def test_a_page_of_html_is_said_in_one_sentence():
    error = fail(answer(502, b" <html><body>long page</body></html>"), Unavailable)
    assert str(error) == "the hub answered HTML instead of JSON (502 Bad Gateway)"


def test_a_failed_write_may_have_been_carried_out():
    error = fail(refusal(500), Unavailable, request="POST /api/v1/projects")
    assert str(error).endswith("; the request may have been carried out")


def test_a_write_that_was_too_much_was_not_carried_out():
    error = fail(refusal(429), Unavailable, request="POST /api/v1/projects")
    assert str(error) == "the hub answered 429 Too Many Requests"


def test_a_redirect_names_its_place_without_the_query():
    error = fail(answer(302, Location="https://login.example/?token=S3CRET"))
    assert "https://login.example/" in error.hint
    assert "S3CRET" not in error.hint


def test_the_request_that_the_hub_echoes_is_not_repeated():
    error = fail(refusal(400, {"message": "bad"}, request_params={"password": "S3CRET"}))
    assert "S3CRET" not in str(error)


def test_a_secret_in_the_hubs_words_is_removed():
    error = fail(refusal(400, {"message": "token 0123456789abc is bad"}), secrets=["0123456789abc"])
    assert error.details == ("token [hidden] is bad",)


def test_a_flood_of_messages_is_cut():
    error = fail(refusal(400, *[{"message": "x" * 5000}] * 500))
    assert len(str(error)) < 20_000
    assert len(error.details) == 20
