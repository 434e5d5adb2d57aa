"""The wire between client and world: every request is counted, written down, and may be cut."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from auger_reconcile.errors import Unavailable

from .rolling import PRESENT
from .world import World


class Killed(BaseException):
    """The process ends here; nothing catches this."""


class Fault(Enum):
    """What happens to the request at which the wire is cut."""

    KILLED_BEFORE = "killed before the hub acted"
    KILLED_AFTER = "killed after the hub acted"
    LOST_BEFORE = "no answer, the hub did not act"
    LOST_AFTER = "no answer, the hub acted"


@dataclass
class Wire:
    """Stands where `HubClient` stands.

    Attributes:
        cut_at: number of the request that meets the fault, counted from 0.
        sent: method and path of every request so far, with its body.
    """

    world: World
    fault: Fault | None = None
    cut_at: int = -1
    sent: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    present: str = PRESENT
    _dead: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return self.world.url

    @property
    def changes(self) -> list[tuple[str, str, Mapping[str, Any]]]:
        """The requests that change a project: no reads, and no record of the history."""
        return [one for one in self.sent if one[0] != "GET" and not one[1].startswith("applies")]

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self._send(method, path, body, lambda: self.world.call(method, path, body))

    def list_all(self, collection: str, filters: Mapping[str, Any] | None = None) -> Any:
        return self._send(
            "GET", collection, filters, lambda: self.world.list_all(collection, filters)
        )

    iter_all = list_all

    def upload(self, form: Mapping[str, Any], source: Path, *, progress: Any = None) -> None:
        self._send("UPLOAD", source.name, {}, lambda: self.world.upload(form, source))

    def download(
        self, url: str, to: Path, *, progress: Any = None, sha256: str | None = None
    ) -> None:
        self._send("GET", url, {}, lambda: self.world.download(url, to))

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None, act: Any) -> Any:
        with self._lock:
            if self._dead:
                raise Killed
            number = len(self.sent)
            self.sent.append((method, path, dict(body or {})))
            if self.fault is None or number != self.cut_at:
                return act()
            return self._cut(act)

    def _cut(self, act: Any) -> None:
        if self.fault in (Fault.KILLED_AFTER, Fault.LOST_AFTER):
            act()
        if self.fault in (Fault.KILLED_BEFORE, Fault.KILLED_AFTER):
            self._dead = True
            raise Killed
        raise Unavailable("the connection broke")
