"""The commands against a model of the hub that changes: the world of the laws, without HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from laws.wire import Wire
from laws.world import World

from auger_reconcile.api.hubs.session import Session
from auger_reconcile.applier import waiting


class WorldClient(Wire):
    """Stands where a connected client stands."""

    def close(self) -> None:
        """Nothing was opened."""


def use_world(monkeypatch: pytest.MonkeyPatch, world: World) -> WorldClient:
    """Let every workspace and context open a session with a world; return its client."""
    client = WorldClient(world)
    session = Session(client, "acme", None)  # type: ignore[arg-type]

    def open_session(*_: Any, **__: Any) -> Session:
        return session

    monkeypatch.setattr(waiting, "FIRST_PAUSE", 0.001)  # this world moves when it is looked at
    monkeypatch.setattr("auger_reconcile.api.workspace.open_session", open_session)
    monkeypatch.setattr("auger_reconcile.api.context.open_session", open_session)
    return client
