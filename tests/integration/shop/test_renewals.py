"""Renewal from the balance: once per period, whoever runs it; one word when it can't be."""

import trio

from bot.payments.provider import ProviderName
from bot.shop.plans import set_active
from bot.shop.renewals import Renewal, renew_from_balance, renewals_due
from bot.shop.subscriptions import set_auto_renew
from tests.integration.shop.conftest import ADMIN, DAY, NOW, TERMS, Shop

SOON = NOW + 29 * DAY + DAY / 2


async def renew(shop: Shop, now=SOON) -> Renewal:
    return await renew_from_balance(shop.lane, 1, now, TERMS)


async def due(shop: Shop, now=SOON) -> list[int]:
    return await renewals_due(shop.lane, now, TERMS, after_id=0, limit=10)


async def renewing(shop: Shop, minor: int) -> None:
    await shop.person(1)
    await shop.pay(await shop.access(1))
    await set_auto_renew(shop.lane, 1, True, NOW)
    await shop.fund(1, minor)


async def test_parallel_runs_renew_a_period_once(shop: Shop) -> None:
    await renewing(shop, 90_000)
    assert await due(shop) == [1]
    outcomes = []

    async def run() -> None:
        outcomes.append(await renew(shop))

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(run)
    assert sorted(outcomes) == ["not_due"] * 3 + ["renewed"]
    assert await shop.balance(1) == 60_000
    assert await shop.days(1, SOON) == 30
    assert (await shop.notices(1))[-1] == "access-renewed"
    assert await due(shop) == []
    assert await renew(shop, SOON + 30 * DAY) is Renewal.RENEWED
    await shop.assert_sound()


async def test_only_what_ends_soon_is_renewed(shop: Shop) -> None:
    await renewing(shop, 90_000)
    assert await due(shop, NOW + 10 * DAY) == []
    assert await renew(shop, NOW + 10 * DAY) is Renewal.NOT_DUE
    await set_auto_renew(shop.lane, 1, False, NOW)
    assert await due(shop) == []
    assert await renew(shop) is Renewal.NOT_DUE


async def test_too_little_money_is_said_once_per_period(shop: Shop) -> None:
    await renewing(shop, 10_000)
    for _ in range(3):
        assert await renew(shop) is Renewal.NO_FUNDS
    assert (await shop.notices(1)).count("renewal-no-funds") == 1
    assert await shop.balance(1) == 10_000
    # Money that comes soon after the end still renews.
    await shop.fund(1, 30_000)
    assert await renew(shop, NOW + 30 * DAY + DAY / 2) is Renewal.RENEWED
    assert await shop.days(1, NOW + 30 * DAY + DAY / 2) == 30
    await shop.assert_sound()


async def test_a_plan_that_is_no_longer_sold_is_not_renewed(shop: Shop) -> None:
    await renewing(shop, 90_000)
    await set_active(shop.lane, ADMIN, shop.basic, active=False, now=NOW)
    for _ in range(2):
        assert await renew(shop) is Renewal.PLAN_GONE
    assert (await shop.notices(1)).count("renewal-plan-gone") == 1
    assert await shop.balance(1) == 90_000


async def test_who_pays_by_a_stars_subscription_is_not_charged_here(shop: Shop) -> None:
    await shop.person(1)
    bought = await shop.access(1, recurring=True, provider=ProviderName.STARS)
    await shop.pay(bought, subscription_until=NOW + 30 * DAY)
    await set_auto_renew(shop.lane, 1, True, NOW)
    await shop.fund(1, 90_000)
    assert await due(shop) == []
    assert await renew(shop) is Renewal.NOT_DUE
