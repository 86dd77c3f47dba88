"""Gifts: taken once by whoever comes first, also while their money goes back."""

from datetime import timedelta

import pytest
import trio

from bot.db.errors import ConflictError
from bot.shop.errors import AlreadySettledError, GiftGoneError
from bot.shop.gifts import Gift, claim_gift, gifts_of
from bot.shop.purchases import PurchaseKind
from tests.integration.shop.conftest import DAY, NOW, Shop

BUYER = 5


async def give(shop: Shop, plan_id: int | None = None) -> tuple[Gift, int]:
    """Let the buyer pay for a gift; returns it and the payment's id."""
    bought = await shop.access(BUYER, plan_id, kind=PurchaseKind.GIFT)
    done = await shop.pay(bought)
    [gift] = await gifts_of(shop.lane, BUYER, None, 1)
    return gift, done.payment_id


async def claim(shop: Shop, gift: Gift, user_id: int, at: timedelta = timedelta(0)) -> str:
    """Try to take a gift; returns "taken" or "gone"."""
    try:
        await claim_gift(shop.lane, code=gift.code, user_id=user_id, now=NOW + at)
    except GiftGoneError:
        return "gone"
    return "taken"


@pytest.fixture
async def shop(shop: Shop) -> Shop:
    for user_id in (1, 2, BUYER, 9):
        await shop.person(user_id)
    return shop


async def test_a_gift_is_access_for_whoever_has_its_link(shop: Shop) -> None:
    gift, _ = await give(shop, shop.family)
    assert gift.is_waiting
    assert len(gift.payload) <= 64
    subscription = await claim_gift(shop.lane, code=gift.code, user_id=1, now=NOW)
    assert subscription.expires_at == NOW + 30 * DAY
    assert subscription.limits.device_limit == 10
    assert await shop.days(BUYER) == 0
    [taken] = await gifts_of(shop.lane, BUYER, None, 5)
    assert (taken.claimed_at, taken.is_waiting) == (NOW, False)
    await shop.assert_sound()


async def test_the_buyer_is_told_once(shop: Shop) -> None:
    gift, _ = await give(shop)
    await claim(shop, gift, 1)
    await claim(shop, gift, 2)
    assert (await shop.notices(BUYER)) == ["gift-paid", "gift-claimed"]
    assert await shop.notices(1) == []


async def test_a_buyer_who_takes_their_own_gift_is_not_told_of_a_friend(shop: Shop) -> None:
    gift, _ = await give(shop)
    assert await claim(shop, gift, BUYER) == "taken"
    assert await shop.days(BUYER) == 30
    assert (await shop.notices(BUYER)) == ["gift-paid"]


async def test_a_gift_is_added_to_what_its_receiver_has(shop: Shop) -> None:
    gift, _ = await give(shop)
    await shop.pay(await shop.access(1))
    await claim(shop, gift, 1, DAY)
    assert await shop.days(1) == 60
    await shop.assert_sound()


async def test_parallel_taps_of_many_people_take_a_gift_once(shop: Shop) -> None:
    gift, _ = await give(shop)
    outcomes: dict[int, list[str]] = {1: [], 2: [], BUYER: [], 9: []}

    async def tap(user_id: int) -> None:
        outcomes[user_id].append(await claim(shop, gift, user_id))

    async with trio.open_nursery() as nursery:
        for user_id in outcomes:
            for _ in range(3):
                nursery.start_soon(tap, user_id)
    # Every tap of the one who was first gets the same answer, and no tap of another.
    assert sorted(outcomes.values()) == [["gone"] * 3] * 3 + [["taken"] * 3]
    assert await shop.count("access_grants", "source = 'gift'") == 1
    assert sum([await shop.days(user_id) for user_id in outcomes]) == 30
    await shop.assert_sound()


async def test_a_second_tap_gives_the_same_answer_and_no_days(shop: Shop) -> None:
    gift, _ = await give(shop)
    first = await claim_gift(shop.lane, code=gift.code, user_id=1, now=NOW)
    again = await claim_gift(shop.lane, code=gift.code, user_id=1, now=NOW + DAY)
    assert again.expires_at == first.expires_at
    assert again.vpn_uuid == first.vpn_uuid


@pytest.mark.parametrize("code", ["", "made-up", "' or true --", "x" * 64])
async def test_a_code_that_somebody_made_up_gives_nothing(shop: Shop, code: str) -> None:
    await give(shop)
    with pytest.raises(GiftGoneError):
        await claim_gift(shop.lane, code=code, user_id=1, now=NOW)


async def test_a_refunded_gift_is_gone(shop: Shop) -> None:
    gift, payment_id = await give(shop)
    await shop.refund(payment_id)
    assert await claim(shop, gift, 1) == "gone"
    [canceled] = await gifts_of(shop.lane, BUYER, None, 5)
    assert (canceled.is_waiting, canceled.canceled_at) == (False, NOW)
    assert await shop.days(1) == 0


async def test_a_refund_takes_the_days_back_from_who_took_the_gift(shop: Shop) -> None:
    gift, payment_id = await give(shop)
    await claim(shop, gift, 1)
    await shop.refund(payment_id)
    assert await shop.days(1) == 0
    assert await shop.notices(1) == ["gift-withdrawn"]
    # Their second tap doesn't bring the days back.
    assert await claim(shop, gift, 1) == "taken"
    assert await shop.days(1) == 0
    await shop.assert_sound()


@pytest.mark.parametrize("receiver", [2, 9])
async def test_a_gift_is_taken_or_refunded_when_both_come_at_once(
    shop: Shop, receiver: int
) -> None:
    """Whichever is first: in the end the money is back, and nobody has its days."""
    for _ in range(8):
        await shop.lane.execute("delete from notifications")
        gift, payment_id = await give(shop)
        outcomes: list[str] = []

        async def take(gift: Gift = gift, outcomes: list[str] = outcomes) -> None:
            outcomes.append(await claim(shop, gift, receiver))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(take)
            nursery.start_soon(_refund, shop, payment_id)
        assert await shop.state(payment_id) == "refunding"
        assert await shop.days(receiver) == 0
        told = ["gift-withdrawn"] if outcomes == ["taken"] else []
        assert await shop.notices(receiver) == told
        await shop.assert_sound()


async def _refund(shop: Shop, payment_id: int) -> None:
    """Refund; run again when the database had to end one of two, as its caller would."""
    while True:
        try:
            await shop.refund(payment_id)
        except ConflictError:
            continue
        except AlreadySettledError:
            pass
        return


async def test_gifts_are_listed_page_by_page_the_newest_first(shop: Shop) -> None:
    for _ in range(5):
        await give(shop)
    await shop.pay(await shop.access(9, kind=PurchaseKind.GIFT))
    first = await gifts_of(shop.lane, BUYER, None, 3)
    second = await gifts_of(shop.lane, BUYER, first[-1].id, 3)
    ids = [gift.id for gift in (*first, *second)]
    assert len(ids) == 5
    assert ids == sorted(ids, reverse=True)
    assert (first[0].title("ru"), first[0].title("en")) == ("Месяц", "Month")
