"""One address fills its own share of threads, and no more."""

from __future__ import annotations

import asyncio

from auger_hub.http.thread_shares import ThreadShares


def test_one_address_has_its_share_and_others_theirs() -> None:
    async def ask() -> tuple[list[str], int]:
        shares, end = ThreadShares(2), asyncio.Event()
        inside: list[str] = []

        async def work(address: str) -> None:
            async with shares.take(address):
                inside.append(address)
                await end.wait()

        tasks = [asyncio.create_task(work(address)) for address in "aaaab"]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        at_once = sorted(inside)
        end.set()
        await asyncio.gather(*tasks)
        assert sorted(inside) == [*"aaaab"]
        return at_once, len(shares._shares)

    assert asyncio.run(ask()) == ([*"aab"], 0)


def test_who_gives_up_leaves_no_place_taken() -> None:
    async def ask() -> int:
        shares = ThreadShares(1)
        async with shares.take("a"):
            waiting = asyncio.create_task(shares.take("a").__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with shares.take("a"):
            return len(shares._shares)

    assert asyncio.run(ask()) == 1
