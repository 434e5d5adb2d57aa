import email
import os
import tracemalloc

import pytest

from auger_reconcile.client.http.upload import send_file
from auger_reconcile.errors import AugerError, HubError, NotFound, Unavailable
from tests.client.scripted_hub import drip, hang_up, reply, silence

KEY = "workspace/projects/churn/files/churn-e1af44.csv"
XML = "application/xml"
FORM_ENCODED = "application/x-www-form-urlencoded"


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "churn.csv"
    path.write_bytes(b"a,b\r\n1,2\n\xff\n")
    return path


@pytest.fixture
def form(hub):
    fields = {"key": KEY, "success_action_status": 200, "policy": "cG9s", "x-amz-signature": "5ig"}
    return {"url": f"{hub.url}/bucket", "fields": fields}


def send(form, source, **options):
    return send_file(form, source, timeout=5, **options)


def parts_of(received):
    """Return what a form held, as (name, file name, content type, bytes)."""
    kind = received.headers["content-type"].encode()
    message = email.message_from_bytes(b"Content-Type: " + kind + b"\r\n\r\n" + received.body)
    return [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get("content-type"),
            part.get_payload(decode=True),
        )
        for part in message.get_payload()
    ]


@pytest.fixture
def service(hub):
    return {"url": f"{hub.url}/file_uploader/3", "params": {"auger_token": "ab/c="}}


def test_a_cluster_takes_the_file_as_it_is_and_tells_its_key(hub, service, source):
    hub.play(reply(body=b"path=%2Fmnt%2Fshop%2Ffiles%2F8c1d&size=11", content_type=FORM_ENCODED))
    told = []
    stored = send(service, source, progress=lambda sent, total: told.append((sent, total)))
    assert (stored.status, stored.key) == (200, "/mnt/shop/files/8c1d")
    (request,) = hub.requests
    assert request.path == "/file_uploader/3?auger_token=ab%2Fc%3D"
    assert request.body == source.read_bytes()
    assert request.headers["content-length"] == "11"
    assert told[-1] == (11, 11)


@pytest.mark.parametrize("body", [b"", b"path=", b"path=elsewhere/8c1d", b"<html>", b'{"path":1}'])
def test_a_cluster_that_does_not_tell_the_key_is_an_error(hub, service, source, body):
    hub.play(reply(body=body, content_type=FORM_ENCODED))
    with pytest.raises(HubError, match="did not say where it stored the file"):
        send(service, source)


@pytest.mark.parametrize("fault", [hang_up, silence, reply(status="403 Forbidden", body=b"")])
def test_a_cluster_that_takes_no_file_is_an_error_without_its_token(hub, service, source, fault):
    hub.play(fault)
    with pytest.raises(HubError) as caught:
        send_file(service, source, timeout=0.05)
    shown = f"{caught.value} {caught.value.request} {caught.value.details}"
    assert "ab/c=" not in shown
    assert "ab%2Fc" not in shown


@pytest.mark.parametrize("status", ["200 OK", "201 Created"])
def test_the_fields_come_in_their_order_and_then_the_file(hub, form, source, status):
    hub.play(reply(status=status, body=b""))
    send(form, source)
    assert hub.requests[0].path == "/bucket"
    assert parts_of(hub.requests[0]) == [
        ("key", None, None, KEY.encode()),
        ("success_action_status", None, None, b"200"),
        ("policy", None, None, b"cG9s"),
        ("x-amz-signature", None, None, b"5ig"),
        ("file", KEY, None, source.read_bytes()),
    ]


def test_an_empty_file_is_sent_as_one(hub, form, source):
    source.write_bytes(b"")
    send(form, source)
    assert parts_of(hub.requests[0])[-1] == ("file", KEY, None, b"")


def test_progress_ends_with_all_bytes(form, source, hub):
    seen = []
    send(form, source, progress=lambda sent, total: seen.append((sent, total)))
    size = source.stat().st_size
    assert seen[-1] == (size, size)
    assert seen == sorted(seen)


def test_a_large_file_is_never_held_in_memory(hub, form, source):
    with source.open("wb") as file:
        file.truncate(40 * 2**20)
    send(form, source)  # what the libraries keep for themselves is not measured
    tracemalloc.start()
    try:
        send(form, source)
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()
    assert hub.requests[1].size > 40 * 2**20


def test_a_file_beyond_the_limit_is_refused_with_both_sizes(hub, form, source):
    body = b"<Error><Code>EntityTooLarge</Code><MaxSizeAllowed>10737418240</MaxSizeAllowed></Error>"
    hub.play(reply(status="400 Bad Request", body=body, content_type=XML))
    with pytest.raises(HubError) as caught:
        send(form, source)
    assert str(caught.value) == "the file has 0.0 MB and the storage takes 10,240 MB"
    assert caught.value.details == ("EntityTooLarge",)


def test_a_limit_without_a_number_is_still_understood(hub, form, source):
    hub.play(reply(status="400 Bad Request", body=b"<Code>EntityTooLarge</Code>"))
    with pytest.raises(HubError, match="the storage takes less"):
        send(form, source)


def test_a_link_that_has_ended_says_so(hub, form, source):
    body = b"<Code>AccessDenied</Code><Message>Policy expired, token=S3CRET</Message>"
    hub.play(reply(status="403 Forbidden", body=body, content_type=XML))
    with pytest.raises(HubError) as caught:
        send(form, source)
    assert str(caught.value) == (
        "the storage refused the file (403, AccessDenied: Policy expired, token=[hidden])"
    )
    assert caught.value.hint == "an upload link ends after 15 minutes"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("302 Found", HubError),
        ("404 Not Found", NotFound),
        ("500 Internal Server Error", Unavailable),
        ("503 Slow Down", Unavailable),
    ],
)
def test_other_refusals_show_the_status_alone(hub, form, source, status, kind):
    hub.play(reply(status=status, body=b"<html>" + b"x" * 200_000))
    with pytest.raises(kind) as caught:
        send(form, source)
    assert str(caught.value) == f"the storage refused the file ({status[:3]})"


@pytest.mark.parametrize("fault", [hang_up, silence])
def test_a_lost_connection_may_have_stored_the_file(hub, form, source, fault):
    hub.play(fault)
    with pytest.raises(Unavailable, match="may have been carried out") as caught:
        send_file(form, source, timeout=0.05)
    assert "5ig" not in str(caught.value)
    assert len(hub.requests) == 1


@pytest.mark.parametrize(
    "form", [{}, {"url": "http://x"}, {"url": "http://x", "fields": {}}, {"url": 3, "fields": 4}]
)
def test_a_form_that_lacks_something_is_an_error(form, source):
    with pytest.raises(HubError, match="upload form"):
        send(form, source)


def test_a_form_for_another_protocol_is_an_error(source):
    with pytest.raises(HubError, match="no http"):
        send({"url": "file:///etc", "fields": {"key": "a"}}, source)


def test_a_file_that_is_not_there_is_an_error(form, tmp_path):
    with pytest.raises(AugerError, match=r"cannot read `.*gone\.csv`: No such file"):
        send(form, tmp_path / "gone.csv")


def test_a_file_that_changes_meanwhile_is_an_error(form, source):
    with pytest.raises(AugerError, match=r"`.*churn\.csv` changed while it was uploaded"):
        send(form, source, progress=lambda sent, total: os.utime(source, (1, sent)))


def test_an_answer_that_drips_for_ever_is_not_waited_for(hub, form, source):
    hub.play(drip)
    with pytest.raises(Unavailable, match=r"took longer than 0.4 s to answer; .* carried out"):
        send_file(form, source, timeout=0.1)
