"""Compare declared and observed settings. The home of deepdiff.

A setting that the hub does not tell is no difference: defaults that it fills in, and members that
only some hubs know, must not make a plan.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from auger_reconcile.resources._base import FieldChange
from auger_reconcile.resources._spec import Trait, has_trait

TOLERANCE = 1e-12  # of floats: the hub rounds them to 15 digits, wire contract §5.1


def diff_settings(
    spec: type[BaseModel], desired: Mapping[str, Any], observed: Mapping[str, Any]
) -> tuple[FieldChange, ...]:
    """Return the settings that differ, in the order of their names.

    Args:
        spec: declares which lists have no order.
        desired: declared settings; only these are compared.
        observed: settings of the object, in the same words; an absent one is unknown.
    """
    unequal = [name for name in desired if name in observed and desired[name] != observed[name]]
    return tuple(
        FieldChange(name, observed[name], desired[name])
        for name in sorted(unequal)
        if not is_same(desired[name], observed[name], ignore_order=_is_unordered(spec, name))
    )


def is_same(desired: Any, observed: Any, *, ignore_order: bool = False) -> bool:
    """Say whether two values mean the same: numbers by value, empty and absent alike.

    Members of a mapping that only the observed one has are the hub's defaults, no difference.
    """
    if isinstance(desired, Mapping) and isinstance(observed, Mapping):
        observed = {name: value for name, value in observed.items() if name in desired}
    if desired == observed or (not desired and not observed and _is_void(desired, observed)):
        return True
    if isinstance(desired, str | int | float) and isinstance(observed, str | int | float):
        return _is_close(desired, observed)  # nothing in them to compare
    from deepdiff import DeepDiff  # imports pandas where there is one: only when it has to be asked

    return not DeepDiff(
        observed,
        desired,
        ignore_order=ignore_order,
        ignore_numeric_type_changes=True,
        custom_operators=[_ByValue()],
    )


class _ByValue:
    """Lets deepdiff compare numbers as `is_same` does: by its own digits, 10**13 is 10**13 + 1."""

    def match(self, level: Any) -> bool:
        """Say whether both values at a place are numbers."""
        return isinstance(level.t1, int | float) and isinstance(level.t2, int | float)

    def normalize_value_for_hashing(self, _parent: Any, value: Any) -> Any:
        """Leave members of lists without order as they are."""
        return value

    def give_up_diffing(self, level: Any, diff_instance: Any) -> bool:
        """Report two numbers that differ; there is nothing more to compare in them."""
        if not _is_close(level.t1, level.t2):
            diff_instance.custom_report_result("values_changed", level)
        return True


def _is_close(one: Any, other: Any) -> bool:
    """Say whether two values are equal, or numbers that differ in digits that do not travel."""
    if isinstance(one, str) or isinstance(other, str) or not isinstance(one + other, float):
        return bool(one == other)
    return math.isclose(one, other, rel_tol=TOLERANCE)


def _is_void(*values: Any) -> bool:
    return all(value is None or value in ("", [], {}, ()) for value in values)


def _is_unordered(spec: type[BaseModel], name: str) -> bool:
    return name in spec.model_fields and has_trait(spec, name, Trait.UNORDERED)
