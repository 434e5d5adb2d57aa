"""Remember on which hub each target is, and by whose token: found out when they are planned."""

from __future__ import annotations

import threading
from collections import defaultdict

HubKey = tuple[str, str | None]
"""URL and token."""


class Hubs:
    """The hubs that the targets of a controller are on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._targets: dict[HubKey, set[str]] = defaultdict(set)

    def follow(self, target: str, url: str, token: str | None) -> None:
        """Note on which hub a target is, and by whose token."""
        with self._lock:
            for names in self._targets.values():
                names.discard(target)
            self._targets[url, token].add(target)

    def targets(self) -> dict[HubKey, set[str]]:
        """Return the names of the targets of each hub that has any."""
        with self._lock:
            return {hub: set(names) for hub, names in self._targets.items() if names}
