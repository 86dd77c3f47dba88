"""What every experiment needs: people who buy while something breaks, and the verdict at the end.

async with under_load(database, folder, seed, size, within_seconds=900) as load:
    load.begin()
    await load.reach(40)
    ...  # break something, and let it work again
    await load.end()
    return await load.judge("what broke")
"""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import trio

from tests.e2e.conftest import TestDatabase
from tests.e2e.market import Surroundings, surroundings
from tests.faults.traffic import BUSY_TELEGRAM, Traffic
from tests.faults.verdict import Figures, judge, settle


@dataclass(frozen=True, slots=True)
class Size:
    """How much is broken, and how much is bought meanwhile, by how many, how many at a time."""

    faults: int
    payments: int
    people: int
    together: int


class Load:
    """The sale. Made by `under_load`."""

    def __init__(
        self,
        place: Surroundings,
        database: TestDatabase,
        seed: int,
        size: Size,
        nursery: trio.Nursery,
    ) -> None:
        self.place = place
        self.rng = random.Random(seed)
        self._traffic = Traffic(place, people=size.people, together=size.together, seed=seed)
        self._database = database
        self._size = size
        self._nursery = nursery
        self._faults_over = False
        self._sold = trio.Event()

    def moments(self, count: int) -> list[int]:
        """Return random moments of the sale, in order: each is a number of payments made.

        So every fault falls among purchases, however fast they go.
        """
        return sorted(self.rng.randrange(self._size.payments) for _ in range(count))

    def begin(self) -> None:
        """Let people buy from now on."""
        self._nursery.start_soon(self._sell)

    async def reach(self, moment: int) -> None:
        """Return up to half a second after so many payments."""
        while len(self._traffic.record) < moment:  # noqa: ASYNC110 - people buy
            await trio.sleep(0.02)
        await trio.sleep(self.rng.uniform(0, 0.5))

    async def end(self) -> None:
        """Nothing breaks any more: return when enough was bought and nothing is on its way."""
        self._faults_over = True
        await self._sold.wait()
        await settle(self.place, self._database)

    async def judge(self, experiment: str) -> Figures:
        """Return what came of it, once every process has stopped."""
        return await judge(experiment, self._size.faults, self.place, self._traffic, self._database)

    async def _sell(self) -> None:
        await self._traffic.run(
            lambda: self._faults_over and len(self._traffic.record) >= self._size.payments
        )
        self._sold.set()


@asynccontextmanager
async def under_load(
    database: TestDatabase, folder: Path, seed: int, size: Size, *, within_seconds: float
) -> AsyncIterator[Load]:
    """Yield a sale that hasn't begun; raises trio.TooSlowError when it takes longer than that."""
    async with surroundings(folder, database, telegram=BUSY_TELEGRAM) as place:
        with trio.fail_after(within_seconds):
            async with trio.open_nursery() as nursery:
                yield Load(place, database, seed, size, nursery)
