"""Collect the declarations that a resource refers to, and those that these refer to."""

from __future__ import annotations

from collections.abc import Callable

from auger_reconcile.resources._registry import kind_of
from auger_reconcile.resources._spec import Spec


def referred_specs(
    kind: str, spec: Spec, find: Callable[[str, str], Spec | None]
) -> dict[str, Spec]:
    """Return role to declaration: `experiment`, and `experiment.dataset` for what that names.

    Args:
        kind: of the resource.
        spec: its declaration.
        find: returns the declaration of a kind and a name, where there is a valid one.
    """
    refs: dict[str, Spec] = {}
    for role, (of, name) in kind_of(kind).references(spec).items():
        if (one := find(of, name)) is None:
            continue
        refs[role] = one
        for inner, (inner_kind, inner_name) in kind_of(of).references(one).items():
            if (other := find(inner_kind, inner_name)) is not None:
                refs[f"{role}.{inner}"] = other
    return refs
