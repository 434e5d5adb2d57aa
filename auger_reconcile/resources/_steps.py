"""The steps of an action: what a kind asks for, one request or transfer at a time.

A kind does no I/O. Its `create`, `start`, `stop` and `delete` are generators that yield these steps
and are sent the answers; the applier alone carries them out. So what an action does can be read in
one place, tested without a hub, and interrupted between any two steps.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from auger_reconcile.errors import NotFound


class Send(NamedTuple):
    """One request to the hub; the answer is its `data`.

    Attributes:
        path: below `/api/v1/`, such as `projects/12/deploy`.
    """

    method: str
    path: str
    body: Mapping[str, Any] = MappingProxyType({})


class ReadAll(NamedTuple):
    """Every item of a collection that fits the filters; the answer is a list.

    Attributes:
        naming: an id that has just been made; a list without it tells of the past, and is read
            again for some seconds.
    """

    collection: str
    filters: Mapping[str, Any]
    naming: str | None = None


class Upload(NamedTuple):
    """Send a file where the hub said; the answer is the key that a cluster gave it, or None.

    Attributes:
        target: a form, what a storage needs to take parts, or the service of a cluster.
        path: of a local file, or `s3://bucket/key`.
        sha256: what the file must still contain, or the action fails: the plan was made of it.
    """

    target: Mapping[str, Any]
    path: str
    sha256: str


class Await(NamedTuple):
    """Read an object until it leaves the waiting statuses; the answer is the object.

    Attributes:
        waiting: statuses that mean "not yet"; any other ends the wait.
        field: the member that holds the status.
        progress: turns the object into one line for people, such as `7 of 10 trials`.
    """

    collection: str
    id: str | int
    waiting: frozenset[str]
    field: str = "status"
    progress: Callable[[Mapping[str, Any]], str] | None = None


class Download(NamedTuple):
    """Fetch a signed URL into a file, with a note beside it; the answer is None.

    Attributes:
        note: what to remember of the file, written as JSON to `<path without suffix>.json`. Where
            it has a `sha256`, the file has to have it.
    """

    url: str
    path: str
    note: Mapping[str, Any]


class Remove(NamedTuple):
    """Delete a downloaded file and its note; the answer is None."""

    path: str


Call = Send  # as kinds of packages may still import it
Step: TypeAlias = Send | ReadAll | Upload | Await | Download | Remove
Steps: TypeAlias = Generator[Step, Any, Any]


def delete(path: str) -> Steps:
    """Yield the request that deletes an object; one that is gone already is deleted as well."""
    with suppress(NotFound):
        yield Send("DELETE", path)
