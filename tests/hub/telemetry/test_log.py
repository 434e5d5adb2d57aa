"""What a line of the hub's log tells, as text and as JSON."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import pytest

from auger_hub.telemetry.log import JsonLines, TextLines
from auger_hub.telemetry.request import (
    RequestFacts,
    begin_request,
    current_request,
    note_caller,
    request_id,
)


@pytest.fixture
def request_of_anna() -> Iterator[None]:
    begin_request(RequestFacts(id="abc", address="10.0.0.7"))
    note_caller("anna", "shop")
    yield
    begin_request(None)  # type: ignore[arg-type]  # as before


def record(**fields: object) -> logging.LogRecord:
    told = {"name": "auger.hub.access", "msg": "GET %s", "args": ("/x",), "levelno": 20}
    return logging.makeLogRecord(
        {**told, "levelname": "INFO", "created": 0.0, "msecs": 0.0, **fields}
    )


def test_a_line_of_text_ends_with_who_asked(request_of_anna: None) -> None:
    assert TextLines().format(record()).endswith(" GET /x [anna@shop 10.0.0.7 abc]")


def test_a_line_of_background_work_is_as_it_was() -> None:
    assert current_request() is None
    assert TextLines().format(record()).endswith(" GET /x")


def test_a_line_of_json_has_every_fact_by_its_name(request_of_anna: None) -> None:
    told = json.loads(JsonLines().format(record(facts={"status": 200})))
    assert told == {
        "time": "1970-01-01T00:00:00.000Z",
        "level": "info",
        "logger": "auger.hub.access",
        "message": "GET /x",
        "request_id": "abc",
        "address": "10.0.0.7",
        "user": "anna",
        "organization": "shop",
        "status": 200,
    }


def test_a_failure_is_one_line_of_json_with_its_traceback() -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        line = JsonLines().format(record(exc_info=sys.exc_info()))
    assert "\n" not in line
    assert "ValueError: first\nsecond" in json.loads(line)["traceback"]


@pytest.mark.parametrize("given", ["a b", "x" * 65, "", "\x1b[31m", "é"])
def test_an_id_that_could_not_be_logged_is_replaced(given: str) -> None:
    assert request_id(given) != given
    assert len(request_id(given)) == 16


def test_an_id_of_a_proxy_is_kept() -> None:
    assert request_id("1-67891233-abcdef012345678912345678") == (
        "1-67891233-abcdef012345678912345678"
    )
