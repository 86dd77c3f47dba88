"""What administrators look up and switch: people, statistics, switches, support."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.db import Database, Lane
from bot.money import Money
from bot.shop import people, support
from bot.shop.statistics import statistics
from bot.shop.switches import Switch, Switches
from tests.integration.shop.rows import add_person, add_subscription

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
ADMIN = 99
DAY = timedelta(days=1)


@pytest.fixture
async def lane(database: Database) -> Lane:
    lane = database.updates
    await add_person(lane, 1, first_name="Анна", last_name="Петрова", username="anna_p")
    await add_person(lane, 2, first_name="annabel", username="x100%")
    await add_person(lane, 3, first_name="Boris", created_at=NOW - 90 * DAY)
    return lane


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("1", [1]),
        ("@anna_p", [1]),
        ("ANNA_P", [1]),
        ("петр", [1]),
        ("anna p", []),
        ("Anna", [2]),
        ("%", []),
        ("_", []),
        ("", []),
        ("99999999999999999999999", []),
        ("4", []),
    ],
)
async def test_a_person_is_found_by_id_username_or_part_of_a_name(
    lane: Lane, words: str, found: list[int]
) -> None:
    assert [person.id for person in await people.find_people(lane, words)] == found


async def test_a_ban_is_noted_once_and_can_be_lifted(lane: Lane) -> None:
    ban = {"admin_id": ADMIN, "now": NOW}
    assert await people.set_banned(lane, 1, banned=True, **ban)
    assert not await people.set_banned(lane, 1, banned=True, **ban)
    banned = await people.person(lane, 1)
    assert banned is not None
    assert banned.banned_at == NOW
    assert await people.set_banned(lane, 1, banned=False, **ban)
    events = await people.history(lane, 1, limit=10)
    assert {event.details["action"] for event in events} == {"ban", "unban"}


async def test_the_history_of_a_person_has_money_days_and_deeds(lane: Lane) -> None:
    await lane.execute(
        "insert into payments (provider, charge_id, user_id, amount_minor, currency, state,"
        " paid_at, received_at) values ('stars', 'c', 1, 150, 'XTR', 'applied', $1, $1)",
        NOW - DAY,
    )
    await lane.execute(
        "insert into access_grants (user_id, source, key, seconds, expires_after, created_at)"
        " values (1, 'purchase', 'payment:1', 86400, $1, $1)",
        NOW,
    )
    events = await people.history(lane, 1, limit=10)
    assert [event.kind for event in events] == ["access", "payment"]
    assert events[1].details["charge_id"] == "c"
    assert await people.history(lane, 2, limit=10) == []


async def test_the_figures_count_people_access_and_money(lane: Lane) -> None:
    await add_subscription(lane, 1, NOW + DAY, began_at=NOW - DAY)
    await add_subscription(lane, 2, NOW + DAY, began_at=NOW - DAY, is_trial=True)
    await add_subscription(lane, 3, NOW - DAY, began_at=NOW - 31 * DAY)
    for user, converted in ((1, True), (2, False)):
        await lane.execute(
            "insert into access_grants (user_id, source, key, seconds, expires_after, created_at)"
            " values ($1, 'trial', 'trial:' || $1::bigint, 1, $2, $2)",
            user,
            NOW - 3 * DAY,
        )
        for number, state in enumerate(("applied", "refunded") if converted else ()):
            await lane.execute(
                "insert into payments (provider, charge_id, user_id, amount_minor, currency,"
                " state, paid_at, received_at) values ('stars', $1, $2, 150, 'XTR', $3, $4, $4)",
                f"c{number}",
                user,
                state,
                NOW - DAY,
            )
    seen = await statistics(lane, NOW)
    assert (seen.people.total, seen.people.active_paid, seen.people.active_trials) == (3, 1, 1)
    assert seen.people.new_in_a_period == 2
    assert (seen.conversion.part, seen.conversion.whole, seen.conversion.percent) == (1, 2, 50)
    assert (seen.churn.part, seen.churn.whole) == (1, 2)
    assert [(t.amount, t.payments) for t in seen.takings] == [(Money(150, "XTR"), 1)]


async def test_a_switch_survives_a_restart(lane: Lane) -> None:
    switches = Switches()
    await switches.load(lane)
    assert not switches.is_on(Switch.MAINTENANCE)
    for _ in range(2):
        await switches.turn(lane, Switch.MAINTENANCE, on=True, admin_id=ADMIN, now=NOW)
    assert switches.is_on(Switch.MAINTENANCE)
    after_restart = Switches()
    await after_restart.load(lane)
    assert after_restart.is_on(Switch.MAINTENANCE)
    assert await lane.fetchval("select count(*) from audit_log") == 1


async def test_a_reply_to_a_relayed_message_finds_its_author(lane: Lane) -> None:
    for _ in range(2):
        await support.remember(
            lane,
            admin_chat_id=ADMIN,
            admin_message_id=10,
            user_id=1,
            user_message_id=5,
            now=NOW,
        )
    assert await support.concerning(lane, ADMIN, 10) == support.Concern(1, 5, "en")
    assert await support.concerning(lane, ADMIN, 11) is None
    assert await support.concerning(lane, 1, 10) is None
    assert await support.is_of_support(lane, 1, 5)
    assert not await support.is_of_support(lane, 2, 5)


async def test_people_are_spoken_to_in_their_own_language(lane: Lane) -> None:
    await lane.execute("update users set language_code = 'ru' where id in (1, 2)")
    await lane.execute("update users set language = 'en' where id = 2")
    assert await support.locales_of(lane, {1, 2, 3, 404}) == {1: "ru", 2: "en", 3: "en"}
