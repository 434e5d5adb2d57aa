"""DesiredState -> the digest of all that is declared, by which a saved plan knows its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, get_origin

from pydantic_core import to_json

from auger_reconcile.resources._spec import Spec
from auger_reconcile.state import DesiredState


def digest_of(state: DesiredState) -> str:
    """Return the digest of everything declared; order and where the files lie do not count."""
    scope = [sorted(told) for told in (state.spared, state.forgotten) if told]
    head = [state.hub, state.organization, sorted(state.revision_history.items()), *scope]
    at = sorted(state.resources)
    specs = [_in_order(state.resources[address].spec) for address in at]
    names = ["/".join(address) for address in at]
    text = to_json([head, names, specs], exclude={2: {"__all__": {"path"}}})
    return hashlib.sha256(text).hexdigest()


@cache
def _names_of_maps(model: type[Spec]) -> tuple[str, ...]:
    fields = model.model_fields.items()
    return tuple(name for name, info in fields if get_origin(info.annotation) in (dict, Mapping))


def _in_order(spec: Spec) -> Any:
    """Return what is declared, in an order that does not depend on the file's."""
    if not any(getattr(spec, name) for name in _names_of_maps(type(spec))):
        return spec
    return json.loads(json.dumps(spec.model_dump(mode="json"), sort_keys=True))
