"""Read the URLs of data sets again, to compare them with what the hub has read from them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from auger_reconcile.client.http.web_source import read_content
from auger_reconcile.errors import AugerError
from auger_reconcile.resources._spec import Spec
from auger_reconcile.resources.files.project_file import USABLE
from auger_reconcile.resources.files.source import DatasetSpec, bare_address
from auger_reconcile.state import Declared, DesiredState, ObservedState

_AT_ONCE = 8


def read_remote_sources(desired: DesiredState, observed: ObservedState) -> DesiredState:
    """Return what is declared, with the content of each URL, or why it is not known.

    A URL that the hub has not read yet has nothing to be compared with and is left alone.
    """
    wanted = [one for one in desired.resources.values() if _is_read_by_hub(one.spec)]
    made = {
        (project, bare_address(found.url)): found
        for project, kind in {one.address[:2] for one in wanted}
        for found in sorted(observed.of(project, kind), key=lambda found: found.id)
        if found.status in USABLE
    }
    pairs = [
        (declared, found)
        for declared in wanted
        if (found := made.get(_place_of(declared))) is not None
    ]
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        read = {one.address: one for one in pool.map(_read, pairs)}
    return replace(desired, resources={**desired.resources, **read})


def _is_read_by_hub(spec: Spec) -> bool:
    return isinstance(spec, DatasetSpec) and spec.is_remote and spec.state == "present"


def _place_of(declared: Declared) -> tuple[str, str]:
    return declared.address.project, bare_address(str(getattr(declared.spec, "source", "")))


def _read(pair: tuple[Declared, Any]) -> Declared:
    """Return a declaration with the content of its URL, beside what was made of that."""
    declared, found = pair
    url = str(getattr(declared.spec, "source", ""))
    try:
        content = read_content(url, etag=found.etag if found.content else None)
    except AugerError as error:
        told: dict[str, Any] = {"unread": f"the URL cannot be read again from here: {error}"}
    else:
        sha256, size = content or (found.content, None)
        told = {"sha256": sha256, "size": size}
    return replace(declared, spec=declared.spec.model_copy(update=told))
