"""Who brought whom: the first link at first contact, once, and never in a circle."""

from datetime import datetime, timedelta

import pytest

from bot.payments.provider import ProviderName
from bot.shop.referrals import note_referrer, payload_of, summary
from tests.integration.shop.conftest import NOW, TERMS, Shop


async def newcomer(shop: Shop, user_id: int, created_at: datetime = NOW) -> None:
    sql = "insert into users (id, first_name, created_at) values ($1, 'New', $2)"
    await shop.lane.execute(sql, user_id, created_at)


async def note(shop: Shop, user_id: int, payload: str, minutes: int = 1) -> bool:
    return await note_referrer(shop.lane, user_id, payload, NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize("user_id", [1, 35, 36, 7_000_000_001])
async def test_a_link_names_who_made_it(shop: Shop, user_id: int) -> None:
    await newcomer(shop, user_id, NOW - timedelta(days=1))
    await newcomer(shop, 2)
    assert await note(shop, 2, payload_of(user_id))
    found = await shop.lane.fetchval("select referrer_id from users where id = 2")
    assert found == user_id


@pytest.mark.parametrize(
    "payload", ["ref_", "ref_!", "ref_zzzzzzzzzzzzz", "gift_x", "ref_2", "ref_9"]
)
async def test_a_link_that_names_nobody_or_oneself_brings_nobody(shop: Shop, payload: str) -> None:
    await newcomer(shop, 2)
    assert not await note(shop, 2, payload)


async def test_only_the_first_link_at_first_contact_counts(shop: Shop) -> None:
    for user_id in (1, 3):
        await shop.person(user_id)
    await newcomer(shop, 10)
    assert await note(shop, 10, payload_of(1))
    assert not await note(shop, 10, payload_of(3))
    await newcomer(shop, 11)
    assert not await note(shop, 11, payload_of(1), minutes=90)


async def test_who_was_here_before_cannot_be_brought_by_who_came_later(shop: Shop) -> None:
    await newcomer(shop, 1)
    await newcomer(shop, 2, NOW + timedelta(seconds=1))
    assert not await note(shop, 1, payload_of(2))
    assert await note(shop, 2, payload_of(1))


async def test_the_summary_counts_friends_payers_and_what_stayed_earned(shop: Shop) -> None:
    await shop.person(1)
    for user_id in (2, 3, 4):
        await shop.person(user_id, referrer=1)
    kept = await shop.pay(await shop.access(2))
    gone = await shop.pay(await shop.access(3, provider=ProviderName.YOOKASSA))
    await shop.refund(gone.payment_id)
    seen = await summary(shop.lane, 1, TERMS)
    assert (seen.invited, seen.paid, seen.earned.amount_minor) == (3, 1, 3_000)
    assert kept.payment_id != gone.payment_id
