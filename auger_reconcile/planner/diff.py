"""What differs between declared and observed settings. The home of deepdiff.

A setting that the hub does not tell is no difference: defaults that it fills in, and members that
only some hubs know, must not make a plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from auger_reconcile.resources._base import FieldChange
from auger_reconcile.resources._spec import Trait, has_trait

SIGNIFICANT_DIGITS = 12  # the hub rounds floats to 15 digits: wire contract §5.1


def diff_settings(
    spec: type[BaseModel], desired: Mapping[str, Any], observed: Mapping[str, Any]
) -> tuple[FieldChange, ...]:
    """Return the settings that differ, in the order of their names.

    Args:
        spec: declares which lists have no order.
        desired: declared settings; only these are compared.
        observed: settings of the object, in the same words; an absent one is unknown.
    """
    return tuple(
        FieldChange(name, observed[name], desired[name])
        for name in sorted(desired.keys() & observed.keys())
        if desired[name] != observed[name]  # most are equal, and quickly found so
        and not is_same(desired[name], observed[name], ignore_order=_is_unordered(spec, name))
    )


def is_same(desired: Any, observed: Any, *, ignore_order: bool = False) -> bool:
    """Say whether two values mean the same: numbers by value, empty and absent alike.

    Members of a mapping that only the observed one has are the hub's defaults, no difference.
    """
    if isinstance(desired, Mapping) and isinstance(observed, Mapping):
        observed = {name: value for name, value in observed.items() if name in desired}
    if desired == observed or (not desired and not observed and _is_void(desired, observed)):
        return True
    if isinstance(desired, str | int) and isinstance(observed, str | int):
        return False  # nothing in them to compare
    from deepdiff import DeepDiff  # imports pandas where there is one: only when it has to be asked

    return not DeepDiff(
        observed,
        desired,
        ignore_order=ignore_order,
        ignore_numeric_type_changes=True,
        significant_digits=SIGNIFICANT_DIGITS,
        number_format_notation="e",
    )


def _is_void(*values: Any) -> bool:
    return all(value is None or value in ("", [], {}, ()) for value in values)


def _is_unordered(spec: type[BaseModel], name: str) -> bool:
    return name in spec.model_fields and has_trait(spec, name, Trait.UNORDERED)
