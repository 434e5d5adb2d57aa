"""Leave threads of the server to others, however much one address asks at the same time.

Whoever waits for a place here waits without a thread: a client with slow questions fills its own
share, and what others ask is answered beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class _Share:
    """The places of one address, and how many of its requests have or want one."""

    places: asyncio.Semaphore
    users: int = 0


@dataclass
class ThreadShares:
    """Who has how many threads.

    Attributes:
        most: that one address may have at the same time; first come, first served.
    """

    most: int
    _shares: dict[str, _Share] = field(default_factory=dict)

    @asynccontextmanager
    async def take(self, address: str) -> AsyncIterator[None]:
        """Hold one place of an address during the block."""
        share = self._shares.setdefault(address, _Share(asyncio.Semaphore(self.most)))
        share.users += 1
        try:
            async with share.places:
                yield
        finally:
            share.users -= 1
            if not share.users:
                del self._shares[address]
