"""Changes of keys that lead from one declaration to another."""

from __future__ import annotations

import pytest
from laws.declared import declare

from auger_reconcile.config.edit.diff_declarations import changes_between
from auger_reconcile.errors import AugerError


def test_what_a_loop_declares_is_not_changed_by_itself() -> None:
    settings = {"experiments": {"e-${each}": {"for_each": ["a", "b"]}}}
    state = declare(
        {"name": "shop", "experiments": {"e-a": {"dataset": "d"}, "e-b": {"dataset": "d"}}}
    )
    before = {at: one for at, one in state.resources.items() if at.kind == "experiment"}
    assert changes_between(settings, before, before) == {}
    with pytest.raises(AugerError, match=r"`experiment\.e-b` differs, and is declared together"):
        changes_between(settings, before, dict(list(before.items())[:1]))
