"""Promo codes: what they give, and limits that hold under any number of taps at once."""

from datetime import timedelta
from itertools import count

import pytest
import trio

from bot.money import Money
from bot.shop.errors import (
    PromoError,
    PromoExpiredError,
    PromoNotYetError,
    PromoUsedByPersonError,
    PromoUsedUpError,
    UnknownPromoError,
)
from bot.shop.ledger import balance_of
from bot.shop.promo_codes import (
    Given,
    PromoKind,
    create_promo_code,
    discount_of,
    enter_code,
    normalized,
    promo_codes,
    set_promo_active,
)
from bot.shop.subscriptions import subscription_of
from tests.integration.shop.conftest import ADMIN, DAY, NOW, TERMS, Shop

_UPDATES = count(1)


async def make(shop: Shop, kind: PromoKind, value: int, **limits: object) -> None:
    given = {"admin_id": ADMIN, "code": "SPRING", "kind": kind, "value": value, "now": NOW}
    await create_promo_code(shop.lane, **given | limits)  # type: ignore[arg-type]


async def enter(
    shop: Shop, user_id: int = 1, at: timedelta = timedelta(0), key: str | None = None
) -> Given:
    """Enter the code; without a `key` each time is an update of its own."""
    return await enter_code(
        shop.lane,
        user_id=user_id,
        code="SPRING",
        key=key or f"update:{next(_UPDATES)}",
        now=NOW + at,
        terms=TERMS,
    )


@pytest.fixture
async def somebody(shop: Shop) -> int:
    return await shop.person(1)


@pytest.mark.parametrize(
    ("words", "code"),
    [(" spring ", "SPRING"), ("a-B_9", "A-B_9"), ("no code", None), ("ab", None), ("ж" * 5, None)],
)
def test_a_code_is_read_as_people_write_it(words: str, code: str | None) -> None:
    assert normalized(words) == code


async def test_days_are_access_and_an_extension(shop: Shop, somebody: int) -> None:
    await make(shop, PromoKind.DAYS, 7, per_person=2)
    first = await enter(shop)
    assert first.expires_at == NOW + 7 * DAY
    assert (await enter(shop)).expires_at == NOW + 14 * DAY
    subscription = await subscription_of(shop.lane, somebody)
    assert subscription is not None
    assert subscription.expires_at == NOW + 14 * DAY


@pytest.mark.parametrize("kind", list(PromoKind))
async def test_a_redelivered_update_uses_a_code_once_and_is_answered_the_same(
    shop: Shop, somebody: int, kind: PromoKind
) -> None:
    await make(shop, kind, 7, per_person=5)
    first = await enter(shop, key="update:1")
    assert await enter(shop, key="update:1") == first
    assert await enter(shop, key="update:1", at=DAY) == first
    assert [code.uses for code in await promo_codes(shop.lane)] == [1]
    assert await shop.balance(somebody) == (7 if kind is PromoKind.BALANCE else 0)
    await shop.assert_sound()


async def test_money_is_on_the_balance(shop: Shop, somebody: int) -> None:
    await make(shop, PromoKind.BALANCE, 5_000)
    await enter(shop)
    assert await balance_of(shop.lane, somebody, TERMS) == Money(5_000, "RUB")


async def test_a_percent_code_waits_for_the_next_purchase(shop: Shop, somebody: int) -> None:
    await make(shop, PromoKind.PERCENT, 20)
    await enter(shop)
    assert await discount_of(shop.lane, somebody) == 20


async def test_a_person_uses_a_code_as_often_as_it_allows(shop: Shop, somebody: int) -> None:
    await make(shop, PromoKind.BALANCE, 100)
    await enter(shop)
    with pytest.raises(PromoUsedByPersonError):
        await enter(shop)
    assert await balance_of(shop.lane, somebody, TERMS) == Money(100, "RUB")


async def test_a_flood_of_one_person_uses_a_code_once(shop: Shop, somebody: int) -> None:
    await make(shop, PromoKind.BALANCE, 100)
    refused: list[PromoError] = []

    async def tap() -> None:
        try:
            await enter(shop)
        except PromoError as error:
            refused.append(error)

    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(tap)
    assert len(refused) == 9
    assert await balance_of(shop.lane, somebody, TERMS) == Money(100, "RUB")


async def test_a_code_is_used_up_exactly_however_many_come_at_once(shop: Shop) -> None:
    for user in range(1, 13):
        await shop.person(user)
    await make(shop, PromoKind.BALANCE, 100, max_uses=5)
    refused: list[PromoUsedUpError] = []

    async def tap(user: int) -> None:
        try:
            await enter(shop, user)
        except PromoUsedUpError as error:
            refused.append(error)

    async with trio.open_nursery() as nursery:
        for user in range(1, 13):
            nursery.start_soon(tap, user)
    assert len(refused) == 7
    assert await shop.lane.fetchval("select sum(amount_minor) from balances") == 500
    assert [code.uses for code in await promo_codes(shop.lane)] == [5]


@pytest.mark.parametrize(
    ("limits", "at", "error"),
    [
        ({"valid_until": NOW + DAY}, DAY, PromoExpiredError),
        ({}, -DAY, PromoNotYetError),
    ],
)
async def test_a_code_is_good_only_in_its_time(
    shop: Shop, somebody: int, limits: dict[str, object], at: timedelta, error: type[PromoError]
) -> None:
    await make(shop, PromoKind.DAYS, 1, **limits)
    with pytest.raises(error):
        await enter(shop, at=at)


async def test_a_code_that_is_off_or_made_up_is_unknown(shop: Shop, somebody: int) -> None:
    with pytest.raises(UnknownPromoError):
        await enter(shop)
    await make(shop, PromoKind.DAYS, 1)
    (code,) = await promo_codes(shop.lane)
    for _ in range(2):
        await set_promo_active(shop.lane, code.id, active=False, admin_id=ADMIN, now=NOW)
    with pytest.raises(UnknownPromoError):
        await enter(shop)
    actions = await shop.lane.fetch(
        "select action from audit_log where action like 'promo%' order by id"
    )
    assert [row["action"] for row in actions] == ["promo.create", "promo.deactivate"]
