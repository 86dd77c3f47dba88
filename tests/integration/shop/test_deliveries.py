"""The outbox on its way out: claimed once, in the order of urgency, given up for good."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.db import Database, Lane
from bot.shop import outbox
from bot.shop.deliveries import (
    Notice,
    address_admins,
    claim_notices,
    give_up,
    notices_sent,
    person_left,
    put_off,
    release_leases,
)
from tests.integration.shop.rows import add_person

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=90)


@pytest.fixture
async def lane(database: Database) -> Lane:
    await add_person(database.workers, 1, language="ru")
    await add_person(database.workers, 2, language_code="de")
    return database.workers


async def write(lane: Lane, chat_id: int, key: str, priority: int = outbox.REMINDER) -> None:
    async with lane.transaction() as tx:
        await outbox.notify(
            tx, chat_id=chat_id, kind="k", key=key, params={"n": 1}, now=NOW, priority=priority
        )


async def claim(lane: Lane, at: datetime = NOW, limit: int = 10) -> list[Notice]:
    return await claim_notices(lane, at, limit=limit, lease=LEASE)


async def test_answers_come_before_reminders_and_those_before_broadcasts(lane: Lane) -> None:
    await write(lane, 1, "c", outbox.BROADCAST)
    await write(lane, 1, "b", outbox.REMINDER)
    await write(lane, 2, "a", outbox.ANSWER)
    claimed = await claim(lane)
    assert [notice.chat_id for notice in claimed] == [2, 1, 1]
    assert [notice.locale for notice in claimed] == ["en", "ru", "ru"]
    assert claimed[0].params == {"n": 1}


async def test_the_same_event_is_told_once(lane: Lane) -> None:
    await write(lane, 1, "paid:5")
    await write(lane, 1, "paid:5")
    assert len(await claim(lane)) == 1


async def test_a_notice_is_claimed_once_and_again_after_its_lease(lane: Lane) -> None:
    await write(lane, 1, "a")
    assert len(await claim(lane)) == 1
    assert await claim(lane) == []
    assert [notice.attempts for notice in await claim(lane, NOW + LEASE)] == [2]
    await release_leases(lane)
    assert len(await claim(lane)) == 1


async def test_what_was_sent_is_never_claimed_again(lane: Lane) -> None:
    await write(lane, 1, "a")
    await notices_sent(lane, [notice.id for notice in await claim(lane)], NOW)
    await release_leases(lane)
    assert await claim(lane, NOW + timedelta(days=1)) == []


async def test_a_flood_puts_off_without_counting_an_attempt(lane: Lane) -> None:
    await write(lane, 1, "a")
    ids = [notice.id for notice in await claim(lane)]
    later = NOW + timedelta(seconds=17)
    await put_off(lane, ids, until=later, error="flood", blameless=True)
    assert await claim(lane, later - timedelta(seconds=1)) == []
    assert [notice.attempts for notice in await claim(lane, later)] == [1]


async def test_a_person_who_left_is_marked_and_gets_nothing_of_what_waits(lane: Lane) -> None:
    await write(lane, 1, "a")
    await write(lane, 1, "b")
    await write(lane, 2, "a")
    await person_left(lane, 1, error="403 blocked", now=NOW)
    assert [notice.chat_id for notice in await claim(lane)] == [2]
    assert await lane.fetchval("select blocked_at from users where id = 1") == NOW


async def test_a_refused_notice_doesnt_stop_the_others_of_its_person(lane: Lane) -> None:
    await write(lane, 1, "a")
    (first,) = await claim(lane)
    await give_up(lane, first, error="400", now=NOW)
    await write(lane, 1, "b")
    assert len(await claim(lane)) == 1


async def test_a_notice_to_administrators_becomes_one_to_each_of_them(lane: Lane) -> None:
    async with lane.transaction() as tx:
        await outbox.notify_admins(tx, kind="k", key="x", params={}, now=NOW)
    for _ in range(2):
        await address_admins(lane, [11, 12], NOW)
    assert sorted(notice.chat_id for notice in await claim(lane)) == [11, 12]
