"""A year of one person's life with the bot, in seconds: every message, and the key on its host.

The clock goes in steps of a week, and stops a minute after each moment at which something is
due. At each stop all workers of the shop tick, as they would have within minutes.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter

import pytest

from bot.db import Database
from bot.payments.provider import ProviderName
from bot.settings import Settings
from bot.shop.access import start_trial
from bot.shop.subscriptions import Subscription, set_auto_renew, subscription_of
from tests.integration.shop.conftest import BASIC, DAY, NOW, TERMS, YEAR
from tests.integration.workers.back_office import BackOffice, back_office, office_settings

ANNA = 7
STRIDE, MINUTE = 7 * DAY, timedelta(minutes=1)
# What may be due, by how long before the end of access it is (less than zero: after it).
DUE = tuple(
    timedelta(hours=hours) for hours in (3 * 24, 24, 3, 0, -2 * 24)
)  # a trial that ended two days ago is spoken of once more
SINCE_THE_BEGINNING = timedelta(hours=2)
WORKERS = (
    "trial_notifications",
    "reminders",
    "auto_renewal",
    "fast_expiry_cleanup",
    "purchase_expiry",
    "xray_sync",
    "activation",
    "refunds",
    "notifier",
    "reconciliation",
)


@dataclass
class Life:
    """Anna, and the time that goes by."""

    back: BackOffice

    @property
    def now(self) -> datetime:
        return self.back.clock.now

    async def access(self) -> Subscription | None:
        return await subscription_of(self.back.shop.lane, ANNA)

    async def reaches_host(self) -> bool:
        """Say whether the VPN host has her key, and nobody else's."""
        access, keys = await self.access(), await self.back.on_host()
        assert access is not None
        assert keys <= {access.vpn_uuid}
        return keys == {access.vpn_uuid}

    async def goes_on(self, **time: float) -> None:
        """Let time pass, with everything that workers do meanwhile."""
        until = self.now + timedelta(**time)
        while True:
            await self.back.tick(*WORKERS)
            if self.now == until:
                return
            self.back.clock.now = min(until, await self._next_stop())

    async def _next_stop(self) -> datetime:
        stops = [self.now + STRIDE]
        if (access := await self.access()) is not None:
            due = [access.expires_at - before for before in DUE]
            due.append(NOW + SINCE_THE_BEGINNING)
            stops += [moment + MINUTE for moment in due if moment + MINUTE > self.now]
        return min(stops)

    async def buys(self, plan_id: int) -> None:
        shop = self.back.shop
        purchase = await shop.access(ANNA, plan_id, ProviderName.STARS, self.now)
        await shop.pay(purchase, now=self.now)

    async def tops_up(self, minor: int) -> None:
        shop = self.back.shop
        await shop.pay(await shop.topup(ANNA, minor, now=self.now), now=self.now)

    @property
    def messages(self) -> list[tuple[str, str]]:
        """What she was sent: the time since the beginning, in days and hours, and the kind."""
        return [
            (_since(sent_at - NOW), kind)
            for sent_at, chat_id, kind in sorted(self.back.post.sent)  # some go out side by side
            if chat_id == ANNA
        ]


def _since(passed: timedelta) -> str:
    hours, rest = divmod(passed - passed.days * DAY, timedelta(hours=1))
    return f"day {passed.days} {hours:02}:{rest // MINUTE:02}"


@pytest.fixture
async def life(database: Database, make_settings: Callable[..., Settings]) -> AsyncIterator[Life]:
    async with back_office(database, office_settings(make_settings), within=300) as back:
        await back.add_the_host()
        back.shop.basic = await back.shop.plan(BASIC)
        back.shop.year = await back.shop.plan(YEAR)
        await back.shop.person(ANNA)
        yield Life(back)


async def test_a_year_of_one_life(life: Life) -> None:
    began = perf_counter()
    lane = life.back.shop.lane

    await start_trial(lane, ANNA, life.now, TERMS)
    await life.goes_on(days=1)
    assert await life.reaches_host()
    key = await life.access()
    assert key is not None
    await life.goes_on(days=6)
    assert not await life.reaches_host()

    await life.buys(life.back.shop.basic)
    await life.goes_on(days=28)
    assert await life.reaches_host()

    await life.tops_up(100_000)
    await set_auto_renew(lane, ANNA, True, life.now)
    await life.goes_on(days=4)
    assert await life.reaches_host()
    assert await life.back.shop.balance(ANNA) == 70_000

    await life.goes_on(days=80)  # two more renewals, and then the money is not enough
    assert await life.back.shop.balance(ANNA) == 10_000
    assert await life.reaches_host()
    await life.goes_on(days=30)
    assert not await life.reaches_host()

    await life.goes_on(days=100)  # she is away
    assert not await life.reaches_host()
    await life.buys(life.back.shop.year)
    await life.goes_on(days=116)
    assert await life.reaches_host()
    access = await life.access()
    assert access is not None
    assert access.vpn_uuid == key.vpn_uuid  # what is set up on her phone works again
    assert access.link_token == key.link_token

    print(f"a year in {perf_counter() - began:.1f} s")
    assert life.messages == [
        ("day 0 02:01", "trial-started"),
        ("day 2 00:01", "trial-ends-in-a-day"),
        ("day 2 21:01", "trial-ends-in-3-hours"),
        ("day 3 00:01", "trial-ended"),
        ("day 5 00:01", "trial-missed"),
        ("day 7 00:00", "access-paid"),
        ("day 34 00:01", "expires-in-3-days"),
        ("day 35 00:00", "topup-paid"),
        ("day 36 00:01", "access-renewed"),
        ("day 66 00:01", "access-renewed"),
        ("day 96 00:01", "access-renewed"),
        ("day 124 00:01", "expires-in-3-days"),
        ("day 126 00:01", "expires-in-a-day"),
        ("day 126 00:01", "renewal-no-funds"),
        ("day 126 21:01", "expires-in-3-hours"),
        ("day 249 00:00", "access-paid"),
    ]
    assert {chat_id for _, chat_id, _ in life.back.post.sent} == {ANNA}
    await life.back.shop.assert_sound()
