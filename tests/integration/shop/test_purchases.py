"""Beginning a purchase, and the last question before it is paid."""

from datetime import timedelta

import pytest
import trio

from bot.money import Money
from bot.payments.provider import ProviderName
from bot.shop.errors import (
    AlreadySubscribedError,
    AmountNotOfferedError,
    NotRecurringError,
    PlanGoneError,
)
from bot.shop.plans import move, plans_on_sale, set_active
from bot.shop.pre_checkout import Refusal, why_not_pay
from bot.shop.purchases import (
    Purchase,
    PurchaseKind,
    attach_invoice,
    cancel_purchase,
    expire_purchases,
    unpaid,
)
from bot.shop.subscriptions import note_stars_subscription
from tests.integration.shop.conftest import ADMIN, DAY, NOW, Shop

STARS, BALANCE, YOOKASSA = ProviderName.STARS, ProviderName.BALANCE, ProviderName.YOOKASSA


async def discount(shop: Shop, user_id: int, percent: int) -> None:
    code = await shop.lane.fetchval(
        "insert into promo_codes (code, kind, value, valid_from, created_by)"
        " values ($1, 'percent', $2, $3, 900) returning id",
        f"CODE{percent}",
        percent,
        NOW,
    )
    await shop.lane.execute(
        "insert into discounts (user_id, promo_code_id, percent, entered_at)"
        " values ($1, $2, $3, $4)",
        user_id,
        code,
        percent,
        NOW,
    )


async def asked(shop: Shop, bought: Purchase, now=NOW, **changes) -> Refusal | None:
    user_id = changes.get("user_id", bought.user_id)
    return await why_not_pay(
        shop.lane, bought.id, user_id, changes.get("amount", bought.amount), now
    )


async def test_parallel_taps_begin_one_purchase(shop: Shop) -> None:
    await shop.person(1)
    begun = []

    async def tap() -> None:
        begun.append((await shop.access(1)).id)

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(tap)
    assert len(set(begun)) == 1
    later = await shop.access(1, now=NOW + timedelta(hours=2))
    assert later.id not in begun


async def test_a_price_is_in_stars_for_stars_and_in_the_shops_currency_otherwise(
    shop: Shop,
) -> None:
    await shop.person(1)
    stars, roubles = await shop.access(1), await shop.access(1, provider=YOOKASSA)
    assert (stars.amount, roubles.amount) == (Money(200, "XTR"), Money(30_000, "RUB"))
    assert stars.value_minor == roubles.value_minor == 30_000


async def test_a_discount_is_for_one_purchase_and_gone_with_its_payment(shop: Shop) -> None:
    await shop.person(1)
    await discount(shop, 1, 33)
    bought = await shop.access(1)
    assert (bought.amount, bought.value_minor, bought.list_minor) == (
        Money(134, "XTR"),
        20_100,
        30_000,
    )
    assert await shop.count("discounts") == 1
    assert await asked(shop, bought) is None
    await shop.pay(bought)
    assert await shop.count("discounts") == 0
    assert (await shop.access(1)).amount == Money(200, "XTR")


async def test_what_costs_nothing_is_paid_from_the_balance(shop: Shop) -> None:
    await shop.person(1)
    await discount(shop, 1, 100)
    bought = await shop.access(1, provider=STARS)
    assert bought.provider is BALANCE
    await shop.pay_from_balance(bought)
    assert await shop.days(1) == 30
    await shop.assert_sound()


async def test_a_plan_that_is_off_sale_is_not_begun(shop: Shop) -> None:
    await shop.person(1)
    await set_active(shop.lane, ADMIN, shop.basic, active=False, now=NOW)
    with pytest.raises(PlanGoneError):
        await shop.access(1)


@pytest.mark.parametrize("minor", [0, -1, 10_000_001])
async def test_a_topup_has_bounds(shop: Shop, minor: int) -> None:
    await shop.person(1)
    with pytest.raises(AmountNotOfferedError):
        await shop.topup(1, minor)


async def test_only_thirty_days_for_stars_can_be_a_subscription(shop: Shop) -> None:
    await shop.person(1)
    await discount(shop, 1, 50)
    with pytest.raises(NotRecurringError):
        await shop.access(1, shop.year, recurring=True)
    with pytest.raises(NotRecurringError):
        await shop.access(1, provider=YOOKASSA, recurring=True)
    # A discount would be for ever.
    bought = await shop.access(1, recurring=True)
    assert bought.amount == Money(200, "XTR")
    other = await shop.access(1, shop.family, recurring=True)
    await shop.pay(bought, "first", subscription_until=NOW + 30 * DAY)
    with pytest.raises(AlreadySubscribedError):
        await shop.access(1, shop.family, recurring=True)
    assert await asked(shop, other) is Refusal.ALREADY_SUBSCRIBED
    assert not await note_stars_subscription(shop.lane, 1, "other", canceled=True, now=NOW)
    assert await note_stars_subscription(shop.lane, 1, "first", canceled=True, now=NOW)
    assert await asked(shop, other) is None


async def test_of_two_invoices_for_a_purchase_everybody_sees_the_first(shop: Shop) -> None:
    await shop.person(1)
    bought = await shop.access(1, provider=YOOKASSA)
    await attach_invoice(shop.lane, bought.id, "first", "https://pay/first")
    kept = await attach_invoice(shop.lane, bought.id, "second", "https://pay/second")
    assert (kept.reference, kept.pay_url) == ("first", "https://pay/first")
    late = NOW + DAY
    await expire_purchases(shop.lane, late, 10)
    [listed] = await unpaid(shop.lane, YOOKASSA, after_id=0, since=NOW - DAY, limit=10)
    assert listed.reference == "first"  # the money may have come all the same
    await shop.pay(bought, now=late)
    assert await unpaid(shop.lane, YOOKASSA, after_id=0, since=NOW - DAY, limit=10) == []


async def test_only_ones_own_pending_purchase_can_be_canceled(shop: Shop) -> None:
    await shop.person(1)
    bought = await shop.access(1)
    assert not await cancel_purchase(shop.lane, bought.id, 2)
    assert await cancel_purchase(shop.lane, bought.id, 1)
    assert not await cancel_purchase(shop.lane, bought.id, 1)


@pytest.fixture
async def bought(shop: Shop) -> Purchase:
    await shop.person(1)
    await shop.person(2)
    return await shop.access(1)


async def test_a_purchase_may_be_paid_also_after_it_expired(shop: Shop, bought: Purchase) -> None:
    assert await asked(shop, bought) is None
    await expire_purchases(shop.lane, NOW + DAY, 10)
    assert await asked(shop, bought, now=NOW + DAY) is None


async def test_only_by_its_buyer_and_for_its_amount(shop: Shop, bought: Purchase) -> None:
    assert await why_not_pay(shop.lane, 0, 1, bought.amount, NOW) is Refusal.UNKNOWN
    assert await asked(shop, bought, user_id=2) is Refusal.ANOTHER_PERSON
    wrong = Money(199, "XTR")
    assert await asked(shop, bought, amount=wrong) is Refusal.PRICE_CHANGED


async def test_not_twice_and_not_once_it_was_canceled(shop: Shop, bought: Purchase) -> None:
    other = await shop.access(1, shop.year)
    await cancel_purchase(shop.lane, other.id, 1)
    assert await asked(shop, other) is Refusal.CANCELED
    await shop.pay(bought)
    assert await asked(shop, bought) is Refusal.ALREADY_PAID


async def test_not_when_the_plan_is_gone_or_costs_something_else(
    shop: Shop, bought: Purchase
) -> None:
    await shop.lane.execute("update plans set price_stars = 201 where id = $1", shop.basic)
    assert await asked(shop, bought) is Refusal.PRICE_CHANGED
    await set_active(shop.lane, ADMIN, shop.basic, active=False, now=NOW)
    assert await asked(shop, bought) is Refusal.PLAN_GONE


async def test_not_when_every_host_is_full_unless_one_has_the_person_already(
    shop: Shop, bought: Purchase
) -> None:
    topup = await shop.topup(1, 10_000, STARS)
    gift = await shop.access(1, kind=PurchaseKind.GIFT)
    await shop.lane.execute("update vpn_hosts set healthy = false")
    assert await asked(shop, bought) is Refusal.NO_ROOM
    assert await asked(shop, topup) is None
    assert await asked(shop, gift) is None
    await shop.lane.execute("update vpn_hosts set healthy = true")
    await shop.pay(bought)
    await shop.lane.execute("update vpn_hosts set clients = capacity")
    assert await asked(shop, await shop.access(1)) is None


async def test_plans_are_moved_in_the_shop_window(shop: Shop) -> None:
    await move(shop.lane, ADMIN, shop.family, to=0, now=NOW)
    assert [plan.id for plan in await plans_on_sale(shop.lane)] == [
        shop.family,
        shop.basic,
        shop.year,
    ]
