"""Generate the OpenAPI document from what the routes declare, and a page to read it.

Nothing is described twice: parameters are the ones that are checked, answers the types that the
routes' functions return.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from html import escape
from typing import Any, TypedDict

from auger_hub.http.contract import LOGIN, LOGIN_BY_CODE, Route
from auger_hub.http.params import Param
from auger_hub.program.json_schema import schema_of
from auger_reconcile import __version__

_ABOUT = (
    "Every member can be sent in a JSON body with any method, as clients of the cloud do, or in "
    "the query. The token is a member of the body too: `token`. Null stands for absent."
)
_ERRORS = {
    "400": "A parameter is refused; malformed JSON is answered with an empty page",
    "401": "No token, a wrong one or an expired one",
    "403": "The role of the user, or the scope of the token, does not allow it",
    "404": "There is no such object in the caller's organization",
    "409": "Something else has come first",
    "429": "Too many requests within a minute; nothing was changed",
    "503": "The database of the hub does not answer; nothing was changed",
    "507": "The disk of the hub is full or failing; nothing was changed",
}


class ErrorItem(TypedDict, total=False):
    """One thing that is wrong."""

    error_type: str
    error_param: str
    message: str


class _Login(TypedDict):
    token: str
    confirmation_required: bool


class TokenObject(_Login, total=False):
    """A login; by a code also whose it is, and until when in Unix seconds."""

    username: str
    organization: str
    expires_at: int


@functools.cache
def openapi_document() -> dict[str, Any]:
    """Return the document of all routes."""
    from auger_hub.program.route_table import ROUTES

    named: dict[str, Any] = {}
    login = Route("POST", "/tokens", _unused, "Log in", LOGIN, TokenObject)
    paths: dict[str, dict[str, Any]] = {}
    for route in (login, *ROUTES):
        operation = _operation(route, named)
        if route is login:
            operation["security"] = []
            operation["requestBody"] = _one_of(LOGIN, LOGIN_BY_CODE)
        methods = paths.setdefault("/api/v1" + route.path, {})
        methods[route.method.lower()] = operation
        if route.method == "PATCH":  # §1.1: the hub takes PUT like PATCH
            name = operation["operationId"].replace("patch", "put", 1)
            methods["put"] = operation | {"operationId": name}
    return {
        "openapi": "3.1.0",
        "info": {"title": "auger hub", "version": __version__, "description": _ABOUT},
        "paths": paths,
        "security": [{"token": []}],
        "components": {
            "schemas": named,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _unused(_call: object) -> str:
    raise AssertionError("logins are answered before there is a call")


def _operation(route: Route, named: dict[str, Any]) -> dict[str, Any]:
    in_path = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    resource = route.path.split("/")[1]
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in in_path
    ]
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}{route.path.replace('/', '_')}".replace(
            "{", ""
        ).replace("}", ""),
        "summary": route.about,
        "tags": [resource],
        "responses": {
            "200": _success(route, named),
            **{status: _error(text, named) for status, text in _ERRORS.items()},
        },
    }
    operation["responses"]["400"]["content"]["text/html"] = {"schema": {"type": "string"}}
    if route.method in ("GET", "DELETE"):
        parameters += [_in_query(param) for param in route.params]
    elif route.params:
        operation["requestBody"] = _body(route.params)
    if parameters:
        operation["parameters"] = parameters
    return operation


def _in_query(param: Param) -> dict[str, Any]:
    schema = param.schema()
    return {
        "name": param.name,
        "in": "query",
        "required": param.is_required,
        "schema": schema,
        **({"description": param.about} if param.about else {}),
    }


def _body(params: Iterable[Param]) -> dict[str, Any]:
    members = {}
    for param in params:
        schema = param.schema()
        if not param.is_required and schema:
            schema = {"anyOf": [schema, {"type": "null"}]}
        members[param.name] = schema | ({"description": param.about} if param.about else {})
    required = [param.name for param in params if param.is_required]
    schema = {"type": "object", "properties": members}
    if required:
        schema["required"] = required
    return {"required": bool(required), "content": {"application/json": {"schema": schema}}}


def _one_of(*forms: tuple[Param, ...]) -> dict[str, Any]:
    """Return a body that has all of one of several forms."""
    members = {param.name: param for form in forms for param in form}
    body = _body(members.values())
    schema = body["content"]["application/json"]["schema"]
    del schema["required"]
    schema["anyOf"] = [{"required": [param.name for param in form]} for form in forms]
    return body


def _success(route: Route, named: dict[str, Any]) -> dict[str, Any]:
    if route.answers is None:
        content = {"text/plain": {"schema": {"type": "string"}}}
        return {"description": "The text itself", "content": content}
    data = schema_of(route.answers, named)
    meta = schema_of(_Paged if route.is_list else _Meta, named)
    if route.is_list:
        data = {"type": "array", "items": data}
    return _json(route.about, {"data": data, "meta": meta})


def _error(about: str, named: dict[str, Any]) -> dict[str, Any]:
    errors = {"type": "array", "minItems": 1, "items": schema_of(ErrorItem, named)}
    meta = {
        "type": "object",
        "properties": {"status": {"type": "integer"}, "errors": errors, "request_params": {}},
        "required": ["status", "errors"],
    }
    return _json(about, {"meta": meta})


def _json(about: str, members: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": members, "required": list(members)}
    return {"description": about, "content": {"application/json": {"schema": schema}}}


class _Meta(TypedDict):
    status: int


class _Pagination(TypedDict):
    limit: int
    offset: int
    count: int
    total: int


class _Paged(_Meta):
    pagination: _Pagination


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:52rem;padding:0 1rem}"
    "code{font-family:ui-monospace,monospace}summary{cursor:pointer;padding:.3rem 0}"
    "td,th{padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:top}"
)


@functools.cache
def docs_page() -> str:
    """Return the document as one page that needs nothing else."""
    document = openapi_document()
    by_tag: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            by_tag.setdefault(operation["tags"][0], []).append(_entry(path, method, operation))
    sections = "".join(
        f"<h2>{escape(tag)}</h2>{''.join(entries)}" for tag, entries in sorted(by_tag.items())
    )
    about = escape(document["info"]["description"])
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>auger hub</title>'
        f"<style>{_STYLE}</style></head><body><h1>auger hub {escape(__version__)}</h1>"
        f"<p>{about}</p><p>The same for programs: <code>/api/v1/openapi.json</code></p>"
        f"{sections}</body></html>"
    )


def _entry(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = [
        (parameter["name"], parameter["required"], parameter.get("description", ""))
        for parameter in operation.get("parameters", ())
    ]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = body.get("schema", {})
    rows += [
        (name, name in schema.get("required", ()), member.get("description", ""))
        for name, member in schema.get("properties", {}).items()
    ]
    table = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{'required' if needed else ''}</td>"
        f"<td>{escape(about)}</td></tr>"
        for name, needed, about in rows
    )
    return (
        f"<details><summary><code>{method.upper()} {escape(path)}</code> "
        f"{escape(operation['summary'])}</summary><table>{table}</table></details>"
    )
