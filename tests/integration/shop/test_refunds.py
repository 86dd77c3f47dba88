"""Refunds: what a payment gave is taken back with it, once, whoever asks."""

import pytest
import trio

from bot.money import Money
from bot.payments.provider import ProviderName
from bot.shop.errors import AlreadySettledError, NotRefundableError
from bot.shop.finalize import Outcome
from bot.shop.purchases import PurchaseKind, purchase
from bot.shop.refund_jobs import refund_by_hand, refund_done, refund_failed, refunds_due
from bot.shop.refunds import Refunded, refund_arrived
from bot.shop.subscriptions import subscription_of
from tests.integration.shop.conftest import ADMIN, DAY, NOW, Shop

STARS = ProviderName.STARS


async def due(shop: Shop, now=NOW):
    return await refunds_due(shop.lane, now, limit=10, lease=DAY)


async def test_a_refund_takes_the_time_and_keeps_the_key(shop: Shop) -> None:
    await shop.person(1)
    await shop.pay(await shop.access(1))
    before = await subscription_of(shop.lane, 1)
    second = await shop.pay(await shop.access(1, shop.year))
    await shop.refund(second.payment_id, NOW + DAY)
    after = await subscription_of(shop.lane, 1)
    assert before is not None
    assert after is not None
    assert (after.expires_at, after.vpn_uuid) == (before.expires_at, before.vpn_uuid)
    assert await shop.state(second.payment_id) == "refunding"
    assert (await purchase(shop.lane, second.purchase_id or 0)).state == "refunded"
    assert await shop.count("audit_log", "action = 'payment.refund'") == 1
    await shop.assert_sound()


async def test_a_refund_of_all_the_time_there_is_ends_access(shop: Shop) -> None:
    await shop.person(1)
    done = await shop.pay(await shop.access(1))
    taken = await shop.refund(done.payment_id, NOW + 10 * DAY)
    assert taken.seconds == 20 * 86_400
    subscription = await subscription_of(shop.lane, 1)
    assert subscription is not None
    assert subscription.ended_at == NOW + 10 * DAY
    assert await shop.count("vpn_clients", "desired = 'absent'") == 1
    await shop.assert_sound()


async def test_time_that_an_upgrade_converted_is_taken_as_what_became_of_it(shop: Shop) -> None:
    await shop.person(1)
    basic = await shop.pay(await shop.access(1))
    await shop.pay(await shop.access(1, shop.family), now=NOW)
    assert await shop.days(1) == 15 + 30
    taken = await shop.refund(basic.payment_id)
    assert taken.seconds == 15 * 86_400
    assert await shop.days(1) == 30


async def test_parallel_refunds_of_a_payment_take_effect_once(shop: Shop) -> None:
    await shop.person(1)
    await shop.person(2, referrer=1)
    await shop.pay(await shop.access(2, shop.year))
    done = await shop.pay(await shop.access(2))
    outcomes = []

    async def tap() -> None:
        try:
            await shop.refund(done.payment_id)
            outcomes.append("refunded")
        except AlreadySettledError:
            outcomes.append("settled")

    async def hear() -> None:
        await refund_arrived(shop.lane, STARS, "charge-2", Money(200, "XTR"), NOW)

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(tap)
            nursery.start_soon(hear)
    assert outcomes.count("refunded") <= 1
    assert await shop.state(done.payment_id) == "refunded"
    assert await shop.days(2) == 365
    assert await shop.balance(1) == 24_000
    assert await shop.count("access_grants", "source = 'refund'") == 1
    await shop.assert_sound()


async def test_what_was_paid_from_the_balance_is_back_on_it_at_once(shop: Shop) -> None:
    await shop.person(1)
    await shop.fund(1, 30_000)
    done = await shop.pay_from_balance(await shop.access(1, provider=ProviderName.BALANCE))
    await shop.refund(done.payment_id)
    assert await shop.balance(1) == 30_000
    assert await shop.days(1) == 0
    assert await shop.state(done.payment_id) == "refunded"
    assert (await shop.notices(1))[-1] == "payment-refunded"
    assert await due(shop) == []
    await shop.assert_sound()


async def test_the_reward_goes_back_as_far_as_it_is_there(shop: Shop) -> None:
    await shop.person(1)
    await shop.person(2, referrer=1)
    first = await shop.pay(await shop.access(2))
    second = await shop.pay(await shop.access(2, shop.family))
    assert await shop.balance(1) == 9_000
    await shop.refund(first.payment_id)
    assert await shop.balance(1) == 6_000
    assert await shop.notices(None) == []
    await shop.lane.execute("update plans set price_minor = 4000 where id = $1", shop.basic)
    await shop.pay_from_balance(await shop.access(1, provider=ProviderName.BALANCE))
    taken = await shop.refund(second.payment_id)
    assert await shop.balance(1) == 0
    assert [(short.user_id, short.missing) for short in taken.missing] == [(1, Money(4_000, "RUB"))]
    assert await shop.notices(None) == ["admin-refund-shortfall"]
    await shop.assert_sound()


async def test_a_topup_is_refunded_only_while_it_is_there(shop: Shop) -> None:
    await shop.person(1)
    topup = await shop.pay(await shop.topup(1, 50_000), "top")
    bought = await shop.pay_from_balance(await shop.access(1, provider=ProviderName.BALANCE))
    with pytest.raises(NotRefundableError):
        await shop.refund(topup.payment_id)
    assert await shop.state(topup.payment_id) == "applied"
    await shop.refund(bought.payment_id)
    await shop.refund(topup.payment_id)
    assert await shop.balance(1) == 0
    await shop.assert_sound()


async def test_a_topup_that_was_taken_back_from_outside_takes_what_is_there(shop: Shop) -> None:
    await shop.person(1)
    await shop.pay(await shop.topup(1, 50_000), "top")
    await shop.pay_from_balance(await shop.access(1, provider=ProviderName.BALANCE))
    arrived = await refund_arrived(
        shop.lane, ProviderName.YOOKASSA, "top", Money(50_000, "RUB"), NOW
    )
    assert arrived is Refunded.APPLIED
    assert await shop.balance(1) == 0
    assert await shop.notices(None) == ["admin-refund-shortfall", "admin-refund-arrived"]
    await shop.assert_sound()


async def test_a_gift_that_nobody_took_is_canceled(shop: Shop) -> None:
    await shop.person(1)
    done = await shop.pay(await shop.access(1, kind=PurchaseKind.GIFT))
    await shop.refund(done.payment_id)
    assert await shop.count("gifts", "canceled_at is not null") == 1


async def test_a_refund_that_arrives_before_its_charge_keeps_it_from_taking_effect(
    shop: Shop,
) -> None:
    await shop.person(1)
    bought = await shop.access(1)
    arrived = await refund_arrived(shop.lane, STARS, "early", Money(200, "XTR"), NOW)
    assert arrived is Refunded.UNKNOWN
    assert (await shop.pay(bought, "early")).outcome is Outcome.REPEATED
    assert await shop.days(1) == 0
    assert await shop.notices(None) == ["admin-refund-unknown"]


async def test_a_part_that_was_refunded_is_left_to_administrators(shop: Shop) -> None:
    await shop.person(1)
    await shop.pay(await shop.access(1), "c")
    assert await refund_arrived(shop.lane, STARS, "c", Money(50, "XTR"), NOW) is Refunded.PARTIAL
    assert await shop.days(1) == 30
    assert await shop.notices(None) == ["admin-refund-partial"]


async def test_a_refund_is_sent_by_one_worker_until_the_provider_has_done_it(shop: Shop) -> None:
    await shop.person(1)
    done = await shop.pay(await shop.access(1), "c")
    await shop.refund(done.payment_id)
    [job] = await due(shop)
    assert (job.charge_id, job.amount, job.user_id) == ("c", Money(200, "XTR"), 1)
    assert await due(shop) == []  # somebody has it
    await refund_failed(shop.lane, job, "away", NOW, final=False)
    [job] = await due(shop, NOW + DAY)
    assert job.attempts == 2
    for _ in range(2):
        await refund_done(shop.lane, job.payment_id, NOW + DAY)
    assert await shop.state(done.payment_id) == "refunded"
    assert (await shop.notices(1)).count("payment-refunded") == 1
    assert await refund_arrived(shop.lane, STARS, "c", job.amount, NOW) is Refunded.REPEATED


async def test_a_refund_that_the_provider_refuses_is_left_to_an_administrator(shop: Shop) -> None:
    await shop.person(1)
    done = await shop.pay(await shop.access(1))
    await shop.refund(done.payment_id)
    [job] = await due(shop)
    await refund_failed(shop.lane, job, "no refunds", NOW, final=True)
    assert await due(shop, NOW + 100 * DAY) == []
    assert await shop.notices(None) == ["admin-refund-impossible"]
    await refund_by_hand(shop.lane, done.payment_id, ADMIN, NOW)
    assert await shop.state(done.payment_id) == "refunded"
    with pytest.raises(AlreadySettledError):
        await refund_by_hand(shop.lane, done.payment_id, ADMIN, NOW)
