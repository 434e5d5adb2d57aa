"""Check whether this hub can do its work: what load balancers ask before they send requests.

Nobody needs a token for it, so it tells no names and no places, and costs next to nothing however
often it is asked.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import text

from auger_hub.hub import Hub
from auger_hub.store.disk import look_at_disk
from auger_hub.store.local import OWN_BUCKET, AnotherStore

_KEPT_SECONDS = 2.0
_WAIT_SECONDS = 3.0
_QUIET_SECONDS = 60.0
"""Background work looks around at least every few seconds; a look may take long."""


class NotReady(Exception):
    """A part of the hub does not do its work; the text says which way."""


@dataclass
class Readiness:
    """The state of the parts of a hub, as last looked at."""

    hub: Hub
    _looks: dict[str, asyncio.Future[str]] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _seen: dict[str, str] = field(default_factory=dict)
    _seen_at: float = -_KEPT_SECONDS

    async def look(self) -> dict[str, str]:
        """Return what is wrong with each part; an empty text for one that is well."""
        async with self._lock:
            if time.monotonic() - self._seen_at < _KEPT_SECONDS:
                return self._seen
            for name, check in self._checks().items():
                if name not in self._looks:  # else one that hangs is still under way
                    self._looks[name] = _in_thread(check)
            await asyncio.wait(self._looks.values(), timeout=_WAIT_SECONDS)
            self._seen = {
                name: look.result() if look.done() else "does not answer"
                for name, look in self._looks.items()
            }
            self._looks = {name: look for name, look in self._looks.items() if not look.done()}
            self._seen_at = time.monotonic()
            return self._seen

    def _checks(self) -> dict[str, Callable[[], None]]:
        return {
            "database": self._ask_database,
            "store": self._ask_store,
            "work": self._ask_work,
            "disk": self._ask_disk,
        }

    def _ask_database(self) -> None:
        with self.hub.database.connect() as connection:
            connection.execute(text("SELECT 1"))

    def _ask_store(self) -> None:
        if not self.hub.settings.has_remote_storage and not self.hub.storage.folder.is_dir():
            raise NotReady("its folder is gone")
        try:
            self.hub.storage.has(OWN_BUCKET, "ready")  # whether or not it is there
        except AnotherStore:
            raise NotReady("empty or another one") from None

    def _ask_work(self) -> None:
        if self.hub.supervisor.quiet_seconds() > _QUIET_SECONDS:
            raise NotReady("background work stands still")
        if not self.hub.supervisor.membership.is_led():
            raise NotReady("no process leads the background work")

    def _ask_disk(self) -> None:
        if look_at_disk(self.hub.settings).is_full:
            raise NotReady("full")


def _in_thread(check: Callable[[], None]) -> asyncio.Future[str]:
    """Look in a thread that nobody waits for at the end: a part may hang for ever."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[str] = loop.create_future()

    def tell(said: str) -> None:
        if not future.done():
            future.set_result(said)

    def look() -> None:
        try:
            check()
            said = ""
        except NotReady as error:
            said = str(error)
        except Exception:  # noqa: BLE001 - whatever it says may hold names and places
            said = "fails"
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, said)

    threading.Thread(target=look, name="readiness", daemon=True).start()
    return future
