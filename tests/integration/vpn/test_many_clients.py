"""A host with 100,000 clients: listed page by page, compared in bounded memory, in seconds."""

import tracemalloc
from itertools import pairwise
from uuid import UUID

import pytest
import trio

from bot.vpn.gateway import PAGE_SIZE, Pages
from bot.vpn.hosts import open_vpn
from tests.integration.vpn.conftest import RunningHost, vpn_settings

COUNT = 100_000

pytestmark = pytest.mark.slow


async def test_all_of_them_are_seen_once_and_in_order(host: RunningHost) -> None:
    await host.tell("fill", count=COUNT)
    async with open_vpn(vpn_settings()) as vpn:
        started = trio.current_time()
        ends: list[UUID] = []
        count = 0
        async for users in Pages(vpn.host(host.address())):
            assert all(one.uuid < other.uuid for one, other in pairwise(users))
            ends += [users[0].uuid, users[-1].uuid]
            count += len(users)
        seconds = trio.current_time() - started

    assert count == COUNT
    assert ends == sorted(ends)
    assert (await host.state())["calls"] == {"list": COUNT // PAGE_SIZE + 1}
    print(f"{COUNT} clients in {seconds:.1f} s")


async def test_the_memory_it_takes_does_not_grow_with_their_number(host: RunningHost) -> None:
    async def peak_of(count: int) -> int:
        await host.tell("lose")
        await host.tell("fill", count=count)
        tracemalloc.start()
        try:
            async with open_vpn(vpn_settings()) as vpn:
                async for _users in Pages(vpn.host(host.address()), limit=1000):
                    pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    some, many = await peak_of(5_000), await peak_of(COUNT)

    assert many < some * 5  # for twenty times the clients; collection of garbage isn't punctual
    assert many < 10_000_000  # bytes, the stand-in's own included
