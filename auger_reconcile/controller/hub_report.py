"""Report to each hub how the targets on it stand, for its page of controllers.

One small request a hub and beat: the targets where one of them changed, else only that somebody
keeps them. Nothing depends on it: a hub that does not take it is asked no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.controller.hubs import HubKey, Hubs
from auger_reconcile.controller.status import TargetStatus
from auger_reconcile.errors import AugerError, NotAllowed, NotAuthenticated, NotFound

_SECONDS = 5.0


class HubReport:
    """Tells hubs how the targets stand.

    Args:
        hubs: where the targets are.
        name: of the controller; hubs know it by this.
        beat: seconds after which the next report comes.
    """

    def __init__(self, hubs: Hubs, name: str, beat: float) -> None:
        self._hubs, self._name, self._beat = hubs, name, beat
        self._sent: dict[HubKey, Any] = {}
        self._refused: set[HubKey] = set()

    def send(self, statuses: Mapping[str, TargetStatus]) -> None:
        """Report to every hub that has targets."""
        for hub, names in self._hubs.targets().items():
            if hub not in self._refused:
                self._send_to(hub, [one for name, one in statuses.items() if name in names])

    def _send_to(self, hub: HubKey, statuses: Sequence[TargetStatus]) -> None:
        body: dict[str, Any] = {"name": self._name, "beat_seconds": self._beat}
        told = [one.to_json() for one in statuses]
        news = [{**one, "looked_at": None} for one in told]
        if self._sent.get(hub) != news:
            body["targets"] = told
        client = HubClient(*hub, timeout=_SECONDS, retries=0)
        try:
            client.call("POST", "controllers", body)
        except (
            NotAllowed,
            NotAuthenticated,
            NotFound,
        ):  # another hub, or one that only lets this user look
            self._refused.add(hub)
        except AugerError:
            self._sent.pop(hub, None)  # what it knows by now is not known
        else:
            self._sent[hub] = news
        finally:
            client.close()
