"""Access: how time comes, is converted, and ends; what hosts are to have because of it."""

from datetime import timedelta

import pytest
import trio

from bot.shop.access import (
    Grant,
    Source,
    end_expired,
    grant_access,
    place_without_host,
    start_trial,
)
from bot.shop.access_by_hand import change_access, revoke
from bot.shop.errors import NoAccessError, TrialUsedError
from bot.shop.locks import lock_person
from bot.shop.subscriptions import Subscription, by_link_token, reissue_vpn_key, subscription_of
from bot.shop.time_left import Limits, Rate
from tests.integration.shop.conftest import ADMIN, DAY, DAY_SECONDS, NOW, TERMS, Shop

BASIC = Limits(3, None)
FAMILY = Limits(10, None)


async def give(shop: Shop, grant: Grant, now=NOW) -> Subscription:
    async with shop.lane.transaction() as tx:
        await lock_person(tx, grant.user_id)
        return await grant_access(tx, grant, now)


def bought(key: str, limits: Limits, value: int, days: int = 30) -> Grant:
    seconds = days * DAY_SECONDS
    return Grant(
        1, Source.PURCHASE, key, seconds, limits=limits, value_minor=value, list_minor=value
    )


async def test_a_renewal_extends_from_the_end_and_keeps_the_key(shop: Shop) -> None:
    await shop.person(1)
    first = await give(shop, bought("a", BASIC, 30_000))
    second = await give(shop, bought("b", BASIC, 30_000), NOW + 10 * DAY)
    assert second.expires_at == NOW + 60 * DAY
    assert (second.vpn_uuid, second.link_token) == (first.vpn_uuid, first.link_token)
    assert await subscription_of(shop.lane, 1) == second
    assert await by_link_token(shop.lane, first.link_token) == second


async def test_access_that_is_over_starts_again_from_now_with_the_same_key(shop: Shop) -> None:
    await shop.person(1)
    first = await give(shop, bought("a", BASIC, 30_000))
    later = NOW + 40 * DAY
    assert await end_expired(shop.lane, later, 10) == 1
    second = await give(shop, bought("b", BASIC, 30_000), later)
    assert second.expires_at == later + 30 * DAY
    assert second.vpn_uuid == first.vpn_uuid
    assert second.ended_at is None
    assert await shop.count("vpn_clients", "desired = 'present' and version = 3") == 1


async def test_an_upgrade_keeps_what_was_paid_for_by_value(shop: Shop) -> None:
    await shop.person(1)
    await give(shop, bought("a", BASIC, 30_000))
    # 20 days are left at 1000 a day: worth 10 days at 2000.
    upgraded = await give(shop, bought("b", FAMILY, 60_000), NOW + 10 * DAY)
    assert upgraded.expires_at == NOW + 10 * DAY + 10 * DAY + 30 * DAY
    assert upgraded.limits == FAMILY
    assert upgraded.rate == Rate(20_000 + 60_000, 40 * DAY_SECONDS)
    grants = await shop.lane.fetch("select source, seconds from access_grants order by id")
    assert [tuple(row) for row in grants] == [
        ("purchase", 30 * DAY_SECONDS),
        ("conversion", -10 * DAY_SECONDS),
        ("purchase", 30 * DAY_SECONDS),
    ]


async def test_the_trial_is_given_once_under_parallel_taps(shop: Shop) -> None:
    await shop.person(1)
    outcomes: list[str] = []

    async def tap() -> None:
        try:
            await start_trial(shop.lane, 1, NOW, TERMS)
            outcomes.append("given")
        except TrialUsedError:
            outcomes.append("refused")

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(tap)
    assert sorted(outcomes) == ["given"] + ["refused"] * 4
    subscription = await subscription_of(shop.lane, 1)
    assert subscription is not None
    assert subscription.is_trial
    assert subscription.expires_at == NOW + 3 * DAY


async def test_there_is_no_trial_for_who_had_access(shop: Shop) -> None:
    await shop.person(1)
    await give(shop, bought("a", BASIC, 30_000))
    with pytest.raises(TrialUsedError):
        await start_trial(shop.lane, 1, NOW + 90 * DAY, TERMS)


async def test_days_of_a_trial_just_add_to_what_is_bought(shop: Shop) -> None:
    await shop.person(1)
    await start_trial(shop.lane, 1, NOW, TERMS)
    subscription = await give(shop, bought("a", FAMILY, 60_000), NOW + DAY)
    assert subscription.expires_at == NOW + 33 * DAY
    assert not subscription.is_trial


async def test_only_access_that_is_over_is_ended(shop: Shop) -> None:
    for user_id in (1, 2, 3):
        await shop.person(user_id)
        await give(shop, Grant(user_id, Source.PROMO, f"p{user_id}", user_id * DAY_SECONDS))
    now = NOW + 2 * DAY + timedelta(seconds=1)
    assert await end_expired(shop.lane, now, 1) == 1
    assert await end_expired(shop.lane, now, 10) == 1
    assert await end_expired(shop.lane, now, 10) == 0
    assert await shop.count("vpn_clients", "desired = 'absent' and applied_version < version") == 2


async def test_who_found_every_host_full_gets_one_when_there_is_room(shop: Shop) -> None:
    await shop.person(1)
    await shop.lane.execute("update vpn_hosts set clients = capacity")
    subscription = await give(shop, bought("a", BASIC, 30_000))
    assert subscription.host_id is None
    assert await shop.count("vpn_clients") == 0
    assert await place_without_host(shop.lane, NOW, 10) == 0
    await shop.host("two")
    assert await place_without_host(shop.lane, NOW, 10) == 1
    assert await shop.count("vpn_clients", "desired = 'present'") == 1


async def test_a_new_key_replaces_the_old_one_and_keeps_the_time(shop: Shop) -> None:
    await shop.person(1)
    first = await give(shop, bought("a", BASIC, 30_000))
    second = await reissue_vpn_key(shop.lane, 1, NOW + DAY)
    assert second.vpn_uuid != first.vpn_uuid
    assert second.link_token != first.link_token
    assert second.expires_at == first.expires_at
    rows = await shop.lane.fetch(
        "select uuid, desired, replaces from vpn_clients order by wanted_at"
    )
    assert [(row["uuid"], row["desired"], row["replaces"]) for row in rows] == [
        (first.vpn_uuid, "present", None),
        (second.vpn_uuid, "present", first.vpn_uuid),
    ]


async def test_nobody_without_access_gets_a_new_key(shop: Shop) -> None:
    await shop.person(1)
    with pytest.raises(NoAccessError):
        await reissue_vpn_key(shop.lane, 1, NOW)
    await give(shop, bought("a", BASIC, 30_000))
    with pytest.raises(NoAccessError):
        await reissue_vpn_key(shop.lane, 1, NOW + 31 * DAY)


async def test_time_given_by_hand_is_given_once_per_form_and_audited(shop: Shop) -> None:
    await shop.person(1)

    async def tap() -> None:
        await change_access(
            shop.lane,
            admin_id=ADMIN,
            user_id=1,
            seconds=5 * DAY_SECONDS,
            key="form-1",
            note="sorry",
            now=NOW,
        )

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(tap)
    subscription = await subscription_of(shop.lane, 1)
    assert subscription is not None
    assert subscription.expires_at == NOW + 5 * DAY
    assert await shop.count("audit_log", "action = 'access.give' and user_id = 1") == 1
    assert await shop.count("notifications", "chat_id = 1 and kind = 'access-given'") == 1


async def test_revoking_ends_access_and_wants_the_key_off_the_host(shop: Shop) -> None:
    await shop.person(1)
    await give(shop, bought("a", BASIC, 30_000))
    ended = await revoke(shop.lane, admin_id=ADMIN, user_id=1, note="abuse", key="f", now=NOW + DAY)
    assert not ended.is_active(NOW + DAY)
    assert await shop.count("vpn_clients", "desired = 'absent'") == 1
    with pytest.raises(NoAccessError):
        await revoke(shop.lane, admin_id=ADMIN, user_id=1, note="abuse", key="g", now=NOW + DAY)
