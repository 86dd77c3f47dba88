"""Money that comes: applied once, honoured late, kept for review when it doesn't fit."""

import random

import pytest
import trio

from bot.money import Money
from bot.payments.provider import ProviderName
from bot.shop.errors import InsufficientFundsError, PlanGoneError, PurchaseGoneError
from bot.shop.finalize import Finalized, Outcome, finalize_purchase
from bot.shop.plans import set_active
from bot.shop.purchases import PurchaseKind, cancel_purchase, expire_purchases, purchase
from bot.shop.subscriptions import subscription_of
from tests.integration.shop.conftest import ADMIN, DAY, NOW, TERMS, Shop, charge_for


async def test_a_charge_pays_grants_and_tells_in_one_go(shop: Shop) -> None:
    await shop.person(1)
    bought = await shop.access(1)
    done = await shop.pay(bought)
    assert (done.outcome, done.purchase_id, done.user_id) == (Outcome.APPLIED, bought.id, 1)
    assert (await purchase(shop.lane, bought.id)).state == "paid"
    assert await shop.days(1) == 30
    assert await shop.notices(1) == ["access-paid"]
    await shop.assert_sound()


async def test_a_second_delivery_answers_the_same_and_changes_nothing(shop: Shop) -> None:
    await shop.person(1)
    bought = await shop.access(1)
    first = await shop.pay(bought)
    again = await shop.pay(bought, now=NOW + DAY)
    assert again == Finalized(Outcome.REPEATED, first.payment_id, first.purchase_id, first.user_id)
    assert await shop.days(1) == 30
    assert await shop.notices(1) == ["access-paid"]


async def test_parallel_deliveries_in_any_order_take_effect_once_each(shop: Shop) -> None:
    """500 deliveries of 100 charges, in parallel, each cancelled at a random moment or not."""
    dice = random.Random(7)
    people = [await shop.person(user_id) for user_id in range(1, 26)]
    kinds = [PurchaseKind.ACCESS, PurchaseKind.GIFT]
    charges = []
    for number in range(100):
        user_id = people[number % 25]
        plan_id = [shop.basic, shop.year][number // 25 % 2]
        if number < 50:
            bought = await shop.access(user_id, plan_id, kind=kinds[number // 25 % 2])
        else:
            bought = await shop.topup(user_id, 10_000 + number)
        charges.append(charge_for(bought, f"charge-{number}"))
    await shop.lane.execute("update users set referrer_id = 1 where id > 1")
    deliveries = charges * 5
    dice.shuffle(deliveries)
    cancelled = 0

    async def deliver(share: list) -> None:
        nonlocal cancelled
        for charge in share:
            with trio.CancelScope() as scope:
                scope.deadline = trio.current_time() + dice.choice([0.001, 0.01, 0.03, 60])
                await finalize_purchase(shop.lane, charge, now=NOW, terms=TERMS)
            cancelled += scope.cancelled_caught

    async with trio.open_nursery() as nursery:
        for worker in range(20):
            nursery.start_soon(deliver, deliveries[worker::20])
    assert cancelled > 20  # else nothing was shown
    for charge in charges:  # the provider delivers until it is answered
        await finalize_purchase(shop.lane, charge, now=NOW, terms=TERMS)

    assert await shop.count("payments", "state = 'applied'") == 100
    assert await shop.count("purchases", "state = 'paid'") == 100
    assert await shop.count("access_grants", "source = 'purchase'") == 25
    assert await shop.count("gifts") == 25
    assert await shop.count("ledger", "kind = 'topup'") == 50
    assert await shop.count("referral_rewards") == 96  # all but the four of the referrer
    assert await shop.count("notifications", "kind like '%-paid'") == 100
    for user_id in people:
        assert await shop.days(user_id) == 30
    await shop.assert_sound()


async def test_money_that_comes_late_is_honoured(shop: Shop) -> None:
    await shop.person(1)
    expired = await shop.access(1)
    late = NOW + DAY
    assert await expire_purchases(shop.lane, late, 10) == 1
    assert (await shop.pay(expired, now=late)).outcome is Outcome.APPLIED
    canceled = await shop.access(1, shop.year)
    assert await cancel_purchase(shop.lane, canceled.id, 1)
    assert (await shop.pay(canceled, now=late)).outcome is Outcome.APPLIED
    assert await shop.days(1, late) == 395
    await shop.assert_sound()


async def test_a_wrong_amount_or_currency_is_kept_for_review(shop: Shop) -> None:
    await shop.person(1)
    bought = await shop.access(1)
    less = await shop.pay(bought, "less", amount=Money(1, "XTR"))
    other = await shop.pay(bought, "other", amount=Money(200, "RUB"))
    assert less.outcome is other.outcome is Outcome.REVIEW
    assert (await purchase(shop.lane, bought.id)).state == "review"
    assert await shop.days(1) == 0
    assert await shop.notices(1) == ["payment-review"] * 2
    assert await shop.notices(None) == ["admin-payment-review"] * 2
    assert (await shop.pay(bought, "less", amount=Money(1, "XTR"))).outcome is Outcome.REPEATED
    # The right amount for it may still come, and is honoured.
    assert (await shop.pay(bought, "right")).outcome is Outcome.APPLIED
    assert await shop.days(1) == 30


async def test_money_for_nothing_known_is_kept_for_review(shop: Shop) -> None:
    await shop.person(1)
    bought = await shop.access(1)
    for number, (purchase_id, user_id) in enumerate(
        [(12345, 1), (None, 1), (None, 777), (None, None), (2**70, -(2**70))]
    ):
        done = await shop.pay(bought, f"stray-{number}", purchase_id=purchase_id, user_id=user_id)
        assert done.outcome is Outcome.REVIEW
    reasons = await shop.lane.fetch("select distinct review_reason from payments")
    assert [row[0] for row in reasons] == ["unknown_purchase"]
    assert len(await shop.notices(None)) == 5


async def test_a_purchase_paid_by_somebody_else_is_kept_for_review(shop: Shop) -> None:
    await shop.person(1)
    await shop.person(2)
    done = await shop.pay(await shop.access(1), user_id=2)
    assert (done.outcome, done.user_id) == (Outcome.REVIEW, 2)
    assert await shop.notices(2) == ["payment-review"]
    assert await shop.days(1) == await shop.days(2) == 0


async def test_a_purchase_paid_twice_gives_once_and_keeps_the_second(shop: Shop) -> None:
    await shop.person(1)
    bought = await shop.access(1)
    await shop.pay(bought, "one")
    assert (await shop.pay(bought, "two")).outcome is Outcome.REVIEW
    assert await shop.days(1) == 30
    await shop.assert_sound()


async def test_each_period_of_a_stars_subscription_extends_once(shop: Shop) -> None:
    await shop.person(1)
    bought = await shop.access(1, recurring=True)
    until = NOW + 30 * DAY
    await shop.pay(bought, "first", subscription_until=until)
    later = {"now": until, "paid_at": until, "subscription_until": until + 30 * DAY}
    for _ in range(2):
        await shop.pay(bought, "second", **later)
    assert await shop.count("purchases", "state = 'paid' and recurring") == 2
    subscription = await subscription_of(shop.lane, 1)
    assert subscription is not None
    assert subscription.expires_at == NOW + 60 * DAY
    assert (subscription.stars_charge_id, subscription.stars_until) == ("first", NOW + 60 * DAY)
    await shop.assert_sound()


async def test_a_period_after_a_refunded_one_is_paid_for_and_given(shop: Shop) -> None:
    await shop.person(1)
    bought = await shop.access(1, recurring=True)
    first = await shop.pay(bought, "first", subscription_until=NOW + 30 * DAY)
    await shop.refund(first.payment_id)
    later = NOW + 30 * DAY
    done = await shop.pay(bought, "second", now=later, subscription_until=later + 30 * DAY)
    assert done.outcome is Outcome.APPLIED
    assert await shop.days(1, later) == 30
    assert (await shop.pay(bought, "first")).outcome is Outcome.REPEATED
    await shop.assert_sound()


async def test_a_topup_credits_the_balance_in_the_shops_currency(shop: Shop) -> None:
    await shop.person(1)
    bought = await shop.topup(1, 10_000, ProviderName.STARS)
    assert bought.amount == Money(67, "XTR")
    await shop.pay(bought)
    assert await shop.balance(1) == 10_000
    assert await shop.notices(1) == ["topup-paid"]


async def test_a_gift_is_a_code_for_somebody_else(shop: Shop) -> None:
    await shop.person(1)
    await shop.pay(await shop.access(1, kind=PurchaseKind.GIFT))
    assert await shop.count("gifts", "buyer_id = 1 and claimed_by is null") == 1
    assert await shop.days(1) == 0
    assert await shop.notices(1) == ["gift-paid"]


async def test_parallel_taps_pay_from_the_balance_once(shop: Shop) -> None:
    await shop.person(1)
    await shop.fund(1, 100_000)
    bought = await shop.access(1, provider=ProviderName.BALANCE)
    outcomes = []

    async def tap() -> None:
        outcomes.append((await shop.pay_from_balance(bought)).outcome)

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(tap)
    assert sorted(outcomes) == ["applied"] + ["repeated"] * 4
    assert await shop.balance(1) == 70_000
    assert await shop.days(1) == 30
    await shop.assert_sound()


async def test_parallel_purchases_never_take_more_than_there_is(shop: Shop) -> None:
    await shop.person(1)
    await shop.fund(1, 70_000)
    wanted = [
        await shop.access(1, plan, kind=kind, provider=ProviderName.BALANCE)
        for plan in (shop.basic, shop.family)
        for kind in (PurchaseKind.ACCESS, PurchaseKind.GIFT)
    ]
    refused = []

    async def tap(bought) -> None:
        try:
            await shop.pay_from_balance(bought)
        except InsufficientFundsError as error:
            refused.append(error.missing)

    async with trio.open_nursery() as nursery:
        for bought in wanted:
            nursery.start_soon(tap, bought)
    assert refused
    assert await shop.balance(1) in {10_000, 40_000}
    await shop.assert_sound()


async def test_too_small_a_balance_says_what_is_missing(shop: Shop) -> None:
    await shop.person(1)
    await shop.fund(1, 10_000)
    bought = await shop.access(1, provider=ProviderName.BALANCE)
    with pytest.raises(InsufficientFundsError) as refused:
        await shop.pay_from_balance(bought)
    assert refused.value.missing == Money(20_000, "RUB")
    assert await shop.balance(1) == 10_000


async def test_the_balance_pays_only_for_what_is_pending_sold_and_ones_own(shop: Shop) -> None:
    await shop.person(1)
    await shop.person(2)
    await shop.fund(1, 100_000)
    bought = await shop.access(1, provider=ProviderName.BALANCE)
    with pytest.raises(PurchaseGoneError):
        await shop.pay_from_balance(bought, now=NOW + DAY)
    with pytest.raises(PurchaseGoneError):
        await shop.pay_from_balance(await shop.access(1, provider=ProviderName.STARS))
    await set_active(shop.lane, ADMIN, shop.basic, active=False, now=NOW)
    with pytest.raises(PlanGoneError):
        await shop.pay_from_balance(bought)
    assert await shop.balance(1) == 100_000


async def test_a_referrer_is_rewarded_for_money_from_outside_once(shop: Shop) -> None:
    await shop.person(1)
    await shop.person(2, referrer=1)
    bought = await shop.access(2)  # 300 RUB, whatever it is paid with
    for _ in range(2):
        await shop.pay(bought)
    assert await shop.balance(1) == 3_000
    topup = await shop.topup(2, 50_000)
    await shop.pay(topup)
    assert await shop.balance(1) == 8_000
    await shop.pay_from_balance(await shop.access(2, provider=ProviderName.BALANCE))
    assert await shop.balance(1) == 8_000  # it was rewarded when it came in
    assert await shop.notices(1) == ["referral-reward"] * 2
    await shop.assert_sound()
