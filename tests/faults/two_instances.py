"""A leader and a standby while people buy: the leader is killed, or frozen and cut off."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import trio

from tests.e2e.conftest import TestDatabase
from tests.e2e.harness import HOST, BotProcess, bot_process, free_port, stopped
from tests.e2e.market import Surroundings
from tests.faults.load import Size, under_load
from tests.faults.verdict import Figures

LEADS_WITHIN_SECONDS = 5.0
"""From the moment at which the lock was free to the moment at which the standby is ready."""

LOST_LEADERSHIP = 70

_WITHIN_SECONDS = 900.0
_SHORT = Size(faults=2, payments=40, people=16, together=8)
_LONG = Size(faults=10, payments=500, people=100, together=16)


class Pair:
    """Two processes on one database; `lead` is the one that leads."""

    def __init__(
        self, place: Surroundings, database: TestDatabase, folder: Path, stack: AsyncExitStack
    ) -> None:
        self.slowest_takeover = 0.0
        self.lead: BotProcess
        self.standby: BotProcess
        self._place = place
        self._database = database
        self._folder = folder
        self._stack = stack
        self._count = 0

    async def begin(self) -> None:
        """Start both."""
        self.lead = await self._start()
        await self.lead.until_ready()
        await self.stand_by()

    async def stand_by(self) -> None:
        """Start the one that waits."""
        self.standby = await self._start()
        await self.standby.until(lambda _, body: "standby" in body["reason"])

    async def kill(self) -> None:
        """Kill the leader, and see the standby lead."""
        await self.lead.kill()
        await self._taken_over(trio.current_time())

    async def freeze(self) -> None:
        """Stop the leader, end the session of its lock, see the standby lead; then wake it.

        It has lost its lock, and ends with the code that says so.
        """
        frozen = self.lead
        with stopped(frozen.pid):
            await trio.to_thread.run_sync(self._database.cut_lock)
            await self._taken_over(trio.current_time())
        ended = await frozen.ended()
        assert ended.code == LOST_LEADERSHIP, frozen.output

    async def _taken_over(self, free_at: float) -> None:
        self.lead = self.standby
        await self.lead.until_ready()
        took = trio.current_time() - free_at
        self.slowest_takeover = max(self.slowest_takeover, took)
        assert took < LEADS_WITHIN_SECONDS, f"the standby led after {took:.1f} s"
        # As the proxy in front of both does: what comes goes to the one that is ready.
        for name in ("cryptopay", "yookassa"):
            await self._place.providers[name].post(
                "/sandbox/webhook", json={"url": f"{self.lead.public}/{name}/webhook"}
            )

    async def _start(self) -> BotProcess:
        self._count += 1
        own = self._folder / str(self._count)
        own.mkdir()
        addresses = {}
        if self._count > 1:
            public = f"{HOST}:{free_port()}"
            addresses = {
                "BIND": public,
                "PUBLIC_URL": f"http://{public}",
                "OPS_BIND": f"{HOST}:{free_port()}",
            }
        settings = self._place.settings | addresses
        return await self._stack.enter_async_context(bot_process("run", own, settings))


@asynccontextmanager
async def pair(place: Surroundings, database: TestDatabase, folder: Path) -> AsyncIterator[Pair]:
    """Yield a leader and its standby."""
    async with AsyncExitStack() as stack:
        both = Pair(place, database, folder, stack)
        await both.begin()
        yield both


async def leader_killed(database: TestDatabase, folder: Path, seed: int, *, long: bool) -> Figures:
    """Kill the leader at random moments; each time the standby leads, and a new one waits."""
    return await _two_instances("leader killed", Pair.kill, database, folder, seed, long=long)


async def leader_frozen(database: TestDatabase, folder: Path, seed: int, *, long: bool) -> Figures:
    """Freeze the leader at random moments until another leads: it ends with 70 when it wakes."""
    return await _two_instances("leader frozen", Pair.freeze, database, folder, seed, long=long)


async def _two_instances(
    name: str,
    fault: Callable[[Pair], Awaitable[None]],
    database: TestDatabase,
    folder: Path,
    seed: int,
    *,
    long: bool,
) -> Figures:
    size = _LONG if long else _SHORT
    async with under_load(database, folder, seed, size, within_seconds=_WITHIN_SECONDS) as load:
        async with pair(load.place, database, folder) as both:
            moments = load.moments(size.faults)
            load.begin()
            for moment in moments:
                await load.reach(moment)
                await fault(both)
                await both.stand_by()
            await load.end()
            print(f"{name}: the slowest takeover took {both.slowest_takeover:.1f} s")
            for bot in (both.standby, both.lead):
                ended = await bot.stop()
                assert ended.code == 0, bot.output
        return await load.judge(name)
