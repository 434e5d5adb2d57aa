"""Rank what users and tokens may do: one number is compared, in one place, for every request.

| may | users of the role | tokens of the scope |
|---|---|---|
| read what the organization has | viewer | read |
| ask its models, too | | predict |
| create, change and delete objects, too | member | write |
| manage its users, and read its audit trail, too | admin | that of their user |
"""

from __future__ import annotations

READING, ASKING, WRITING, MANAGING = range(4)
VIEWER, MEMBER, ADMIN = ROLES = ("viewer", "member", "admin")
SCOPES = ("read", "predict", "write")
_OF_ROLE = {VIEWER: READING, MEMBER: WRITING, ADMIN: MANAGING}
_OF_SCOPE = {"read": READING, "predict": ASKING, "write": WRITING}
_NEEDS = (
    "a user who may log in",
    "the role member, or a token of the scope predict of one who has it",
    "the role member",
    "the role admin",
)


def rank_of(role: str, scope: str | None) -> int:
    """Return what a token may do: as much as its user, and no more than its scope."""
    rank = _OF_ROLE.get(role, READING)
    return rank if scope is None else min(rank, _OF_SCOPE.get(scope, READING))


def describe_need(rank: int) -> str:
    """Say what it takes to have a rank."""
    return _NEEDS[rank]
