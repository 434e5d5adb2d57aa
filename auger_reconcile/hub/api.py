"""What every route speaks: calls, answers, pages and errors (wire contract §1.4-1.6)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from auger_reconcile.hub.accounts import Caller

if TYPE_CHECKING:
    from auger_reconcile.hub.hub import Hub

Fields = dict[str, Any]
PAGE_LIMIT = 50


@dataclass(frozen=True)
class Call:
    """One authenticated request: parameters of body, query and path in one mapping."""

    hub: Hub
    caller: Caller
    session: Session
    params: Mapping[str, Any]
    base_url: str
    after_commit: list[Callable[[], None]] = field(default_factory=list)

    def given(self, name: str) -> Any:
        """Return a parameter or None; null counts as absent (§1.2)."""
        return self.params.get(name)

    def require(self, *names: str) -> None:
        """Raise InvalidParams naming every absent parameter."""
        missing = [(name, "is required") for name in names if self.params.get(name) is None]
        if missing:
            raise InvalidParams(*missing)


@dataclass(frozen=True)
class Page:
    """A part of a list, with how many there are in all."""

    items: Sequence[Fields]
    limit: int
    offset: int
    total: int


Answer = Fields | list[Fields] | Page
"""What goes into the envelope."""
Handler = Callable[[Call], Answer | str]
"""A text is sent as it is, as the project's logs are (§2.4)."""


@dataclass(frozen=True)
class Route:
    """One method and path below the API's prefix; ids in the path are parameters."""

    method: str
    path: str
    handler: Handler
    inline: bool = False
    """Quick enough to be answered without a thread of its own."""


class ApiError(Exception):
    """An error with its place in the contract's table (§1.6)."""

    status = 500

    def __init__(self, *errors: Fields) -> None:
        super().__init__("; ".join(str(error["message"]) for error in errors))
        self.errors = errors


class InvalidParams(ApiError):
    """One or more parameters the hub refuses."""

    status = 400

    def __init__(self, *refused: tuple[str, str]) -> None:
        super().__init__(
            *(
                {"error_type": "invalid_param", "error_param": name, "message": message}
                for name, message in refused
            )
        )


class Unauthenticated(ApiError):
    """No token, a wrong one, or a wrong password."""

    status = 401

    def __init__(self, message: str = "User should be logged in") -> None:
        super().__init__({"error_type": "unauthenticated", "message": message})


class NotFound(ApiError):
    """There is no such object in the caller's organization."""

    status = 404

    def __init__(self, kind: str) -> None:
        super().__init__({"error_type": "not_found", "message": f"Couldn't find {kind}"})


def envelope(answer: Answer, status: int = 200) -> Fields:
    """Wrap an answer as §1.4 and §1.5 say."""
    if not isinstance(answer, Page):
        return {"data": answer, "meta": {"status": status}}
    pagination = {
        "limit": answer.limit,
        "offset": answer.offset,
        "count": len(answer.items),
        "total": answer.total,
    }
    return {"data": list(answer.items), "meta": {"status": status, "pagination": pagination}}


def error_envelope(error: ApiError, params: Mapping[str, Any] | None) -> Fields:
    """Wrap an error; the request is echoed without its secrets (§1.6)."""
    meta: Fields = {"status": error.status, "errors": list(error.errors)}
    if params:
        meta["request_params"] = {
            name: "****" if name in SECRET_PARAMS else value for name, value in params.items()
        }
    return {"meta": meta}


TOKEN_PARAMS = ("project_api_token", "cluster_api_token", "token", "system_token")
SECRET_PARAMS = frozenset((*TOKEN_PARAMS, "password"))


def parse_body(body: bytes) -> Fields:
    """Return the JSON object of a request; NaN and Infinity are not JSON (§1.2)."""
    data = json.loads(body, parse_constant=_refuse_constant) if body.strip() else {}
    if not isinstance(data, dict):
        raise ValueError("the body is not a JSON object")
    return data


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def timestamp(value: datetime | None) -> str | None:
    """Format as ISO 8601 UTC with milliseconds (§1.4)."""
    return value.isoformat(timespec="milliseconds") + "Z" if value else None


def naive_timestamp(value: datetime) -> str:
    """Format as inside model_settings and raw_data: always with a fraction (§2.11)."""
    return value.strftime("%Y-%m-%d %H:%M:%S.%f")
