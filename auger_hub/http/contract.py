"""Define what every route speaks: calls, answers, pages and errors (wire contract §1.4-1.6)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from auger_hub.accounts.roles import READING, WRITING, describe_need
from auger_hub.accounts.users import Caller
from auger_hub.http.params import INTEGER, TEXT, Complaint, Param

if TYPE_CHECKING:
    from auger_hub.hub import Hub

Fields = dict[str, Any]
PAGE_LIMIT = 50
MOST_LIMIT = 1000
"""What a page has at most, whatever `limit` asks for; `meta.pagination` tells it."""
LOGIN = (Param("email", TEXT).needed, Param("password", TEXT).needed)
"""What the one request takes that comes without a token (§1.3)."""
LOGIN_BY_CODE = (
    Param("code", TEXT, "of the page that logs a command line in").needed,
    Param("code_verifier", TEXT, "what its challenge was made of").needed,
)
"""What it takes instead of a password from `auger auth login --sso` (§7)."""


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

    def flag(self, name: str) -> bool:
        """Return whether a flag is set; a query has texts only."""
        return self.params.get(name) in (True, "true")


@dataclass(frozen=True)
class Page:
    """A part of a list, with how many there are in all."""

    items: Sequence[Mapping[str, Any]]
    limit: int
    offset: int
    total: int


Answer = Mapping[str, Any] | Sequence[Mapping[str, Any]] | Page
"""What goes into the envelope."""
Handler = Callable[[Call], Answer | str]
"""A text is sent as it is, as the project's logs are (§2.4)."""


class NotNow(Exception):
    """What was asked cannot be answered at once; in turn it can."""


@dataclass(frozen=True)
class Asked:
    """An authenticated request that is answered without a transaction around it."""

    hub: Hub
    caller: Caller
    params: Mapping[str, Any]
    base_url: str

    def in_session(self, session: Session) -> Call:
        """Return the same request as a call within a transaction."""
        return Call(self.hub, self.caller, session, self.params, self.base_url)


PAGING = (
    Param("limit", INTEGER, "at most so many items; 50 by default, never more than 1000"),
    Param("offset", INTEGER, "so many items are left out before"),
)


@dataclass(frozen=True)
class Route:
    """One method and path below the API's prefix; ids in the path are parameters."""

    method: str
    path: str
    handler: Handler
    about: str
    takes: tuple[Param, ...] = ()
    answers: Any = None
    """Type of `data`; of one item when `is_list`; None stands for a plain text."""
    is_list: bool = False
    inline: bool = False
    """Quick enough to be answered without a thread of its own."""
    at_once: Callable[[Asked], Answer] | None = None
    """Answers a request with `wait: true` without its turn; raises NotNow when it cannot."""
    rank: int | None = None
    """What a caller has to be (`accounts.roles`): by default one who reads, or who writes."""
    is_audited: bool = True
    """Whether what it changes is noted in the audit trail; questions to models are not."""

    @property
    def needed_rank(self) -> int:
        """What a caller has to be for it."""
        if self.rank is not None:
            return self.rank
        return READING if self.method == "GET" else WRITING

    @property
    def params(self) -> tuple[Param, ...]:
        """All parameters but those of the path; lists are paged (§1.5)."""
        return (*self.takes, *PAGING) if self.is_list else self.takes


class ApiError(Exception):
    """An error with its place in the contract's table (§1.6)."""

    status = 500

    def __init__(self, *errors: Fields) -> None:
        super().__init__("; ".join(str(error["message"]) for error in errors))
        self.errors = errors


class InvalidParams(ApiError):
    """One or more parameters the hub refuses."""

    status = 400

    def __init__(self, *refused: Complaint) -> None:
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


class Forbidden(ApiError):
    """The caller may not do that, in the own organization."""

    status = 403

    def __init__(self, rank: int) -> None:
        message = f"this needs {describe_need(rank)}"
        super().__init__({"error_type": "forbidden", "message": message})


class QuotaExceeded(ApiError):
    """The organization may not store more; nothing was changed."""

    status = 403

    def __init__(self, message: str) -> None:
        super().__init__({"error_type": "quota_exceeded", "message": message})


class TooManyQuestions(ApiError):
    """The organization has asked its models as often as it may for now."""

    status = 429

    def __init__(self, most: int) -> None:
        message = f"the organization may ask its models {most} times a minute, try later"
        super().__init__({"error_type": "too_many_requests", "message": message})


class MethodNotAllowed(ApiError):
    """The path is there, but not for this method."""

    status = 405

    def __init__(self) -> None:
        super().__init__({"error_type": "method_not_allowed", "message": "Method not allowed"})


class Conflict(ApiError):
    """What is asked for cannot be done beside something that is under way, or is over."""

    status = 409

    def __init__(self, message: str) -> None:
        super().__init__({"error_type": "conflict", "message": message})


class StorageFull(ApiError):
    """The disk has no room left; nothing was changed."""

    status = 507

    def __init__(self) -> None:
        super().__init__(
            {
                "error_type": "storage_full",
                "message": "the hub's disk is full or failing, nothing was changed",
            }
        )


class Unavailable(ApiError):
    """What the hub needs does not answer; nothing was changed, the next try may succeed."""

    status = 503

    def __init__(self, what: str, state: str = "does not answer") -> None:
        super().__init__(
            {"error_type": "unavailable", "message": f"the hub's {what} {state}, try later"}
        )


class TooManyLogins(ApiError):
    """Somebody tries passwords."""

    status = 429

    def __init__(self) -> None:
        super().__init__(
            {"error_type": "too_many_requests", "message": "Too many logins failed, try later"}
        )


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
    """Wrap an error; the request is echoed without its secrets (§1.6), and no more than 8 kB."""
    meta: Fields = {"status": error.status, "errors": list(error.errors)}
    if params:
        meta["request_params"] = _echo(params)
    return {"meta": meta}


def _echo(params: Mapping[str, Any]) -> Fields:
    """Return the parameters, long ones by their beginning, as far as there is room."""
    left, echoed = MOST_ECHO, Fields()
    for name, value in params.items():
        shown = "****" if name in SECRET_PARAMS else value
        text = _beginning(shown, min(left, _MOST_ECHO_OF_ONE))
        left -= len(text) + len(name)
        if left <= 0:
            echoed["..."] = "more was sent"
            break
        echoed[name] = f"{text}..." if len(text) >= _MOST_ECHO_OF_ONE else shown
    return echoed


def _beginning(value: Any, most: int) -> str:
    """Return the first `most` characters of a value as JSON, without a look at the rest."""
    if isinstance(value, str):
        return value[:most]
    text = ""
    for part in _PIECES.iterencode(value):
        text += part[:most]
        if len(text) >= most:
            break
    return text[:most]


MOST_ECHO = 8 * 1024
_MOST_ECHO_OF_ONE = 2 * 1024
_PIECES = json.JSONEncoder(ensure_ascii=False, default=str)
TOKEN_PARAMS = ("project_api_token", "cluster_api_token", "token", "system_token")
SECRET_PARAMS = frozenset((*TOKEN_PARAMS, "password", "new_password", "code", "code_verifier"))
