"""Ask hubs now and then whether an alert has opened, so that a look need not wait for its interval.

One small request a hub, however many targets are on it. Nothing depends on it: what is missed is
found by the next look.
"""

from __future__ import annotations

from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.controller.hubs import HubKey, Hubs
from auger_reconcile.errors import AugerError

_SECONDS = 5.0
_ITEMS = "review_alert_items"


class AlertWatch:
    """Knows of each hub the newest alert that was opened.

    Args:
        hubs: which targets are on which.
    """

    def __init__(self, hubs: Hubs) -> None:
        self._hubs = hubs
        self._newest: dict[HubKey, int] = {}

    def hear(self) -> set[str]:
        """Return the targets on whose hub an alert has opened since this was asked last.

        At first that is not known, so that all of them are returned once.
        """
        heard: set[str] = set()
        for hub, names in self._hubs.targets().items():
            newest = _newest_alert(*hub)
            if newest is not None and self._newest.get(hub) != newest:
                self._newest[hub] = newest
                heard |= names
        return heard


def _newest_alert(url: str, token: str | None) -> int | None:
    """Return the id of the newest opened alert, 0 for none; None where the hub does not tell."""
    client = HubClient(url, token, timeout=_SECONDS, retries=0)
    try:
        items = client.call("GET", _ITEMS, {"limit": 1})
        return int(items[0]["id"]) if items else 0
    except (AugerError, KeyError, TypeError, ValueError, IndexError):
        return None
    finally:
        client.close()
