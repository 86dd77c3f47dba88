"""Reminders: each once a period, the most urgent that applies, to those who need it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.db import Database, Lane
from bot.shop.reminders import write_reminders, write_trial_steps
from tests.integration.shop.rows import add_grant, add_person, add_subscription

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
async def lane(database: Database) -> Lane:
    await add_person(database.workers, 1)
    return database.workers


async def told(lane: Lane) -> list[str]:
    rows = await lane.fetch("select kind from notifications order by id")
    return [row["kind"] for row in rows]


async def test_a_period_ends_with_three_notices_each_once(lane: Lane) -> None:
    await add_subscription(lane, 1, NOW + 30 * DAY, began_at=NOW)
    at = NOW
    while at < NOW + 32 * DAY:
        await write_reminders(lane, at)
        await write_trial_steps(lane, at)
        at += HOUR
    assert await told(lane) == ["expires-in-3-days", "expires-in-a-day", "expires-in-3-hours"]


async def test_the_next_period_has_notices_of_its_own(lane: Lane) -> None:
    await add_subscription(lane, 1, NOW + 2 * DAY, began_at=NOW - 28 * DAY)
    await write_reminders(lane, NOW)
    await lane.execute("update subscriptions set expires_at = $1", NOW + 32 * DAY)
    await add_grant(lane, 1, NOW + 32 * DAY, at=NOW)
    await write_reminders(lane, NOW)
    await write_reminders(lane, NOW + 30 * DAY)
    assert await told(lane) == ["expires-in-3-days"] * 2


async def test_after_a_long_stop_only_the_most_urgent_notice_is_written(lane: Lane) -> None:
    await add_subscription(lane, 1, NOW + HOUR, began_at=NOW - 30 * DAY)
    await write_reminders(lane, NOW)
    assert await told(lane) == ["expires-in-3-hours"]


async def test_who_has_just_bought_a_short_period_isnt_reminded_at_once(lane: Lane) -> None:
    await add_subscription(lane, 1, NOW + DAY, began_at=NOW)
    await write_reminders(lane, NOW)
    assert await told(lane) == []
    await write_reminders(lane, NOW + 22 * HOUR)
    assert await told(lane) == ["expires-in-3-hours"]


async def test_who_left_or_is_renewed_by_itself_isnt_reminded(lane: Lane) -> None:
    plan = await lane.fetchval(
        "insert into plans (title_ru, title_en, duration_days, price_minor, currency, price_stars)"
        " values ('Plan', 'Plan', 30, 19900, 'RUB', 150) returning id"
    )
    expires_at, began_at = NOW + 2 * DAY, NOW - 28 * DAY
    left = await add_person(lane, 2, blocked_at=NOW)
    rich, poor, starry = [await add_person(lane, user) for user in (3, 4, 5)]
    await lane.execute(
        "insert into balances (user_id, amount_minor, currency)"
        " values ($1, 19900, 'RUB'), ($2, 19899, 'RUB')",
        rich,
        poor,
    )
    await add_subscription(lane, left, expires_at, began_at=began_at)
    for user in (rich, poor):
        await add_subscription(
            lane, user, expires_at, began_at=began_at, auto_renew=True, plan_id=plan
        )
    await add_subscription(lane, starry, expires_at, began_at=began_at, stars_charge_id="c")
    await write_reminders(lane, NOW)
    rows = await lane.fetch("select chat_id from notifications")
    assert [row["chat_id"] for row in rows] == [poor]


async def test_a_trial_has_its_steps(lane: Lane) -> None:
    await add_subscription(lane, 1, NOW + 3 * DAY, began_at=NOW, is_trial=True)
    at = NOW
    while at < NOW + 10 * DAY:
        await write_reminders(lane, at)
        await write_trial_steps(lane, at)
        at += HOUR
    assert await told(lane) == [
        "trial-started",
        "trial-ends-in-a-day",
        "trial-ends-in-3-hours",
        "trial-ended",
        "trial-missed",
    ]


async def test_a_batch_is_bounded_and_the_next_one_goes_on(lane: Lane) -> None:
    for user in range(10, 15):
        await add_person(lane, user)
        await add_subscription(lane, user, NOW + 2 * DAY, began_at=NOW - 28 * DAY)
    assert [await write_reminders(lane, NOW, limit=2) for _ in range(4)] == [2, 2, 1, 0]
