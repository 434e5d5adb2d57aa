"""Nasty values for every parameter of every route, always the same ones.

No answer is a failure of the hub, and every answer is one that the document tells of.
"""

from __future__ import annotations

import json
import random
import zlib
from typing import Any

import pytest
import requests

from auger_hub.program.openapi import openapi_document
from tests.hub.client import Client

pytestmark = pytest.mark.slow

DOCUMENT = openapi_document()
OPERATIONS = [
    (path, method)
    for path, methods in DOCUMENT["paths"].items()
    for method in methods
    if path != "/api/v1/tokens"  # a wrong password too many would lock the other tests out
]
NASTY: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**63,
    10**400,
    1.5,
    -0.0,
    1e308,
    "",
    " ",
    "0",
    "-1",
    "true",
    "é\u202e\U0001f600",
    "a\0b",
    "../../etc/passwd",
    "http://[",
    "s3://",
    "s3://b/../../x",
    "x" * 5000,
    "2020-02-30",
    "9999-12-31",
    "'; DROP TABLE projects; --",
    [],
    [[]],
    [None],
    [[1], [1, 2]],
    [{"a": {"b": []}}],
    {},
    {"evaluation_options": None},
    {"a": "\u0000"},
]
PATHS = ["0", "-1", "1.5", "9" * 30, "x", "%00", "..", "%ff", "a%2fb", "None"]
CALLS = 12


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_no_value_breaks_a_route(hub: Client, path: str, method: str) -> None:
    chance = random.Random(zlib.crc32(f"{method} {path}".encode()))
    operation = DOCUMENT["paths"][path][method]
    names = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    names += list(body.get("schema", {}).get("properties", {}))
    for _ in range(CALLS):
        url = hub.url + "/".join(
            chance.choice(PATHS) if part.startswith("{") else part for part in path.split("/")
        )
        sent = {name: chance.choice(NASTY) for name in names if chance.random() < 0.8}
        answer = requests.request(method, url, json={**sent, "token": hub.token}, timeout=30)
        assert answer.status_code < 500, (url, sent, answer.text)
        assert is_documented(answer, operation), (url, sent, answer.text)


def is_documented(answer: requests.Response, operation: dict[str, Any]) -> bool:
    """Return whether an answer is one the document tells of."""
    if answer.status_code == 400 and not answer.text:
        return True  # malformed, as the cloud answers it
    if answer.status_code == 404 and "Resource" in answer.text:
        return True  # `..` leads to another path
    described = operation["responses"].get(str(answer.status_code))
    if described is None:
        return answer.status_code == 405
    content = described["content"]
    if "text/plain" in content:
        return True
    return fits(answer.json(), content["application/json"]["schema"])


def fits(value: Any, schema: dict[str, Any]) -> bool:  # noqa: PLR0911 - one for each keyword
    """Return whether a value fits, for the part of JSON Schema the document uses."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return fits(value, DOCUMENT["components"]["schemas"][name])
    if "anyOf" in schema:
        return any(fits(value, one) for one in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    if "type" in schema and not has_type(value, schema["type"]):
        return False
    if isinstance(value, list):
        return all(fits(one, schema.get("items", {})) for one in value)
    if not isinstance(value, dict):
        return True
    members = schema.get("properties", {})
    others = schema.get("additionalProperties", {})
    is_closed = others is False and not value.keys() <= members.keys()
    return (
        not is_closed
        and set(schema.get("required", ())) <= value.keys()
        and all(fits(value[name], members.get(name, others or {})) for name in value)
    )


def has_type(value: Any, name: str) -> bool:
    """Return whether a value has a type of JSON Schema."""
    kinds: dict[str, Any] = {
        "string": str,
        "number": int | float,
        "integer": int,
        "boolean": bool,
        "null": type(None),
        "array": list,
        "object": dict,
    }
    is_flag = isinstance(value, bool)
    return isinstance(value, kinds[name]) and (is_flag == (name == "boolean"))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 50_000,
        b'{"a":' * 10_000,
        b'{"x": 1e999}',
        b'{"x": "\\ud800"}',
        b'{"\\udfff": 1}',
        b"\xff\xfe",
        b'{"x": "\xed\xa0\x80"}',
        b'{"token": "\xed\xa0\x80"}',
        b'{"email": "\xed\xa0\x80", "password": "x"}',
        '{"x": 1}'.encode("utf-16"),
        b'{"x": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_no_client_sends_is_malformed(hub: Client, body: bytes) -> None:
    for path in ("projects", "tokens"):
        answer = requests.post(f"{hub.url}/api/v1/{path}", data=body, timeout=30)
        assert (answer.status_code, answer.text) == (400, "")


def test_the_document_is_served_as_it_is_tested(hub: Client) -> None:
    served = requests.get(f"{hub.url}/api/v1/openapi.json", timeout=30).json()
    assert served == json.loads(json.dumps(DOCUMENT))


def test_the_page_of_the_document_needs_nothing_else(hub: Client) -> None:
    answer = requests.get(f"{hub.url}/api/v1/docs", timeout=30)
    assert answer.headers["content-type"].startswith("text/html")
    assert "GET /api/v1/projects/{id}" in answer.text
    assert "src=" not in answer.text
    assert "href=" not in answer.text


def test_a_method_that_a_path_has_not_is_named_so(hub: Client) -> None:
    answer = requests.delete(f"{hub.url}/api/v1/status", json={"token": hub.token}, timeout=30)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"


def test_answers_may_not_be_guessed_framed_or_kept(hub: Client) -> None:
    headers = requests.get(f"{hub.url}/api/v1/docs", timeout=30).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
