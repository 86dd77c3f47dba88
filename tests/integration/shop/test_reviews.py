"""Payments in review: granted or refunded, once, by whoever of the administrators is first."""

import pytest
import trio

from bot.money import Money
from bot.shop.errors import AlreadySettledError, NotGrantableError
from bot.shop.finalize import Outcome
from bot.shop.purchases import purchase
from bot.shop.reviews import grant_review, reviews
from tests.integration.shop.conftest import ADMIN, NOW, TERMS, Shop


async def grant(shop: Shop, payment_id: int):
    return await grant_review(shop.lane, payment_id, ADMIN, now=NOW, terms=TERMS)


async def test_granting_a_wrong_amount_gives_what_was_meant_at_what_came(shop: Shop) -> None:
    await shop.person(1)
    await shop.person(2, referrer=1)
    bought = await shop.access(2)
    kept = await shop.pay(bought, amount=Money(100, "XTR"))  # half of the price
    [review] = await reviews(shop.lane)
    assert (review.payment_id, review.reason) == (kept.payment_id, "amount")
    await grant(shop, kept.payment_id)
    assert await shop.days(2) == 30
    assert await shop.balance(1) == 1_500
    assert await reviews(shop.lane) == []
    assert (await purchase(shop.lane, bought.id)).state == "paid"
    assert (await shop.notices(2))[-1] == "access-paid"
    await shop.assert_sound()


async def test_granting_a_topup_credits_what_came(shop: Shop) -> None:
    await shop.person(1)
    kept = await shop.pay(await shop.topup(1, 50_000), amount=Money(20_000, "RUB"))
    await grant(shop, kept.payment_id)
    assert await shop.balance(1) == 20_000
    await shop.assert_sound()


async def test_granting_a_second_payment_gives_the_same_once_more(shop: Shop) -> None:
    await shop.person(1)
    bought = await shop.access(1)
    await shop.pay(bought, "one")
    kept = await shop.pay(bought, "two")
    await grant(shop, kept.payment_id)
    assert await shop.days(1) == 60
    await shop.assert_sound()


async def test_granting_what_somebody_else_paid_gives_it_to_the_payer(shop: Shop) -> None:
    await shop.person(1)
    await shop.person(2)
    bought = await shop.access(1)
    kept = await shop.pay(bought, user_id=2)
    await grant(shop, kept.payment_id)
    assert (await shop.days(1), await shop.days(2)) == (0, 30)
    assert (await purchase(shop.lane, bought.id)).state == "pending"
    await shop.assert_sound()


async def test_granting_money_for_nothing_known_credits_the_payer(shop: Shop) -> None:
    await shop.person(1)
    bought = await shop.access(1)
    stray = await shop.pay(bought, "a", purchase_id=None)
    await grant(shop, stray.payment_id)
    assert await shop.balance(1) == 200 * TERMS.star_price_minor
    foreign = await shop.pay(bought, "b", purchase_id=None, amount=Money(5, "USD"))
    with pytest.raises(NotGrantableError):
        await grant(shop, foreign.payment_id)
    nobodys = await shop.pay(bought, "c", purchase_id=None, user_id=None)
    with pytest.raises(NotGrantableError):
        await grant(shop, nobodys.payment_id)
    await shop.refund(nobodys.payment_id)
    assert await shop.state(nobodys.payment_id) == "refunding"


async def test_of_parallel_decisions_one_is_taken(shop: Shop) -> None:
    await shop.person(1)
    kept = await shop.pay(await shop.access(1), amount=Money(1, "XTR"))
    outcomes = []

    async def decide(action) -> None:
        try:
            await action(kept.payment_id)
            outcomes.append("done")
        except AlreadySettledError:
            outcomes.append("settled")

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(decide, lambda payment_id: grant(shop, payment_id))
    assert sorted(outcomes) == ["done", "settled", "settled"]
    assert await shop.days(1) == 30
    await shop.assert_sound()


async def test_a_refund_out_of_review_takes_nothing(shop: Shop) -> None:
    await shop.person(1)
    bought = await shop.access(1)
    await shop.pay(bought, "one")
    kept = await shop.pay(bought, "two")
    await shop.refund(kept.payment_id)
    assert await shop.days(1) == 30
    assert (await purchase(shop.lane, bought.id)).state == "paid"
    assert (await shop.pay(bought, "two")).outcome is Outcome.REPEATED
    await shop.assert_sound()
