"""Broadcasts: everybody of a segment once, whatever is repeated, paused or restarted."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.db import Database, Lane
from bot.shop.broadcasts import (
    BroadcastId,
    Segment,
    audience,
    broadcast,
    cancel_broadcast,
    draft_broadcast,
    feed,
    latest_broadcasts,
    pause_broadcast,
    start_broadcast,
)
from bot.shop.deliveries import claim_notices, notices_sent
from bot.shop.errors import BroadcastStateError
from tests.integration.shop.rows import add_person, add_subscription

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
ADMIN = 99
LEASE = timedelta(seconds=60)
PEOPLE = 450
AHEAD = 200


@pytest.fixture
async def lane(database: Database) -> Lane:
    lane = database.workers
    await lane.execute(
        "insert into users (id, first_name) select n, 'P' from generate_series(1, $1) as n",
        PEOPLE - 2,
    )
    await add_person(lane, 1001, blocked_at=NOW)
    await add_person(lane, 1002, banned_at=NOW)
    await add_person(lane, 1003, language="ru")
    await add_person(lane, 1004, language_code="uk")
    return lane


async def draft(lane: Lane, segment: Segment = Segment.EVERYBODY) -> BroadcastId:
    return await draft_broadcast(
        lane, admin_id=ADMIN, segment=segment, from_chat_id=ADMIN, message_id=5, now=NOW
    )


async def send_what_waits(lane: Lane) -> list[int]:
    claimed = await claim_notices(lane, NOW, limit=1000, lease=LEASE)
    assert {(n.kind, n.params["message_id"]) for n in claimed} <= {("broadcast", 5)}
    await notices_sent(lane, [notice.id for notice in claimed], NOW)
    return [notice.chat_id for notice in claimed]


async def test_everybody_who_can_be_reached_gets_it_once(lane: Lane) -> None:
    ident = await draft(lane)
    await start_broadcast(lane, ident, admin_id=ADMIN, now=NOW)
    reached: list[int] = []
    while True:
        await feed(lane, NOW, AHEAD)
        await feed(lane, NOW, AHEAD)  # fed ahead already: nothing more until some are sent
        sent = await send_what_waits(lane)
        assert len(sent) <= AHEAD
        if not sent:
            break
        reached += sent
    assert sorted(reached) == [*range(1, PEOPLE - 1), 1003, 1004]
    shown = await broadcast(lane, ident)
    assert shown is not None
    assert (shown.state, shown.total, shown.sent) == ("done", PEOPLE, PEOPLE)
    assert [row.id for row in await latest_broadcasts(lane)] == [ident]


async def test_a_pause_is_felt_at_once_and_going_on_repeats_nobody(lane: Lane) -> None:
    ident = await draft(lane)
    await start_broadcast(lane, ident, admin_id=ADMIN, now=NOW)
    await feed(lane, NOW, AHEAD)
    first = [notice.chat_id for notice in await claim_notices(lane, NOW, limit=50, lease=LEASE)]
    await pause_broadcast(lane, ident, admin_id=ADMIN, now=NOW)
    assert await send_what_waits(lane) == []
    assert await feed(lane, NOW, AHEAD) == 0
    await start_broadcast(lane, ident, admin_id=ADMIN, now=NOW)
    await feed(lane, NOW, AHEAD)
    assert not set(first) & set(await send_what_waits(lane))


async def test_what_waits_of_a_canceled_broadcast_isnt_sent(lane: Lane) -> None:
    ident = await draft(lane)
    await start_broadcast(lane, ident, admin_id=ADMIN, now=NOW)
    await feed(lane, NOW, AHEAD)
    await cancel_broadcast(lane, ident, admin_id=ADMIN, now=NOW)
    assert await send_what_waits(lane) == []
    with pytest.raises(BroadcastStateError):
        await start_broadcast(lane, ident, admin_id=ADMIN, now=NOW)


async def test_a_segment_is_whom_it_names(lane: Lane) -> None:
    day = timedelta(days=1)
    await add_subscription(lane, 1, NOW + day, began_at=NOW)
    await add_subscription(lane, 2, NOW + day, began_at=NOW, is_trial=True)
    await add_subscription(lane, 3, NOW - day, began_at=NOW - day)
    counts = {segment: await audience(lane, segment, NOW) for segment in Segment}
    assert counts == {
        Segment.EVERYBODY: PEOPLE,
        Segment.ACTIVE: 1,
        Segment.TRIAL: 1,
        Segment.ENDED: 1,
        Segment.NEVER: PEOPLE - 3,
        Segment.RUSSIAN: 2,
        Segment.ENGLISH: PEOPLE - 2,
    }


async def test_what_administrators_did_with_it_is_in_the_audit_log(lane: Lane) -> None:
    ident = await draft(lane)
    await start_broadcast(lane, ident, admin_id=ADMIN, now=NOW)
    await pause_broadcast(lane, ident, admin_id=ADMIN, now=NOW)
    rows = await lane.fetch("select action from audit_log order by id")
    assert [row["action"] for row in rows] == ["broadcast.start", "broadcast.pause"]
