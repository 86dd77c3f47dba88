"""Money and access, cut at every checkpoint: all of it or nothing, and once in the end."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from bot.db import Database
from bot.payments.provider import ProviderName
from bot.shop.access import Grant, Source, grant_access
from bot.shop.errors import AlreadySettledError
from bot.shop.locks import lock_person
from bot.shop.purchases import PurchaseKind
from bot.shop.refunds import refund_arrived, request_refund
from bot.shop.renewals import renew_from_balance
from bot.shop.subscriptions import reissue_vpn_key, set_auto_renew
from tests.faults.checkpoints import Experiment, Survey, cut_everywhere
from tests.faults.world import census, nothing_held, set_back
from tests.integration.shop.conftest import ADMIN, BASIC, DAY, FAMILY, NOW, TERMS, YEAR, Shop

ANNA, BORIS, FRIEND = 7, 8, 9


@dataclass
class World:
    """A shop with three people: Boris brought Anna, a friend gets gifts."""

    shop: Shop
    database: Database
    purchase: Any = None
    payment_id: int = 0
    keys: int = 0


async def new_world(database: Database) -> World:
    await set_back(database.updates)
    shop = Shop(database)
    await shop.host()
    shop.basic = await shop.plan(BASIC)
    shop.year = await shop.plan(YEAR)
    shop.family = await shop.plan(FAMILY)
    await shop.person(BORIS)
    await shop.person(ANNA, referrer=BORIS)
    await shop.person(FRIEND)
    return World(shop, database)


async def sound(world: World) -> None:
    await nothing_held(world.database)
    await world.shop.assert_sound()


async def outcome(world: World) -> object:
    return await census(world.shop.lane)


Step = Callable[[World], Awaitable[object]]


@dataclass
class Money:
    """What is tried: `before` sets the scene, `act` is cut, `again` is what life does next."""

    database: Database
    at_most: int | None

    async def cut(
        self, act: Step, *, before: Step | None = None, again: Step | None = None
    ) -> None:
        async def prepare() -> World:
            world = await new_world(self.database)
            if before is not None:
                await before(world)
            return world

        experiment = Experiment(prepare, act, sound, again or act, outcome)
        report(await cut_everywhere(experiment, at_most=self.at_most))


def report(survey: Survey) -> None:
    print(f"{survey.steps} steps, {survey.cuts} cuts, {survey.unharmed} too late to stop it")
    assert survey.steps > 0
    assert survey.unharmed < survey.cuts


@pytest.fixture
def money(database: Database, at_most: int | None) -> Money:
    return Money(database, at_most)


async def buys(world: World) -> None:
    world.purchase = await world.shop.access(ANNA)


async def bought(world: World) -> None:
    await buys(world)
    world.payment_id = (await world.shop.pay(world.purchase)).payment_id or 0


async def pays(world: World) -> None:
    await world.shop.pay(world.purchase)


async def test_a_purchase_begins_once(money: Money) -> None:
    await money.cut(buys)


async def test_a_charge_is_finalized_once(money: Money) -> None:
    await money.cut(pays, before=buys)


async def test_an_upgrade_is_finalized_once(money: Money) -> None:
    async def upgrades(world: World) -> None:
        await bought(world)
        world.purchase = await world.shop.access(ANNA, world.shop.family)

    await money.cut(pays, before=upgrades)


async def test_a_top_up_is_credited_once(money: Money) -> None:
    async def tops_up(world: World) -> None:
        world.purchase = await world.shop.topup(ANNA, 50_000)

    await money.cut(pays, before=tops_up)


async def test_a_gift_is_made_once(money: Money) -> None:
    async def wants_a_gift(world: World) -> None:
        world.purchase = await world.shop.access(ANNA, kind=PurchaseKind.GIFT)

    await money.cut(pays, before=wants_a_gift)


async def test_a_charge_that_does_not_match_is_kept_for_review_once(money: Money) -> None:
    async def another_pays(world: World) -> None:
        await world.shop.pay(world.purchase, user_id=BORIS)

    await money.cut(another_pays, before=buys)


async def test_a_purchase_is_paid_from_the_balance_once(money: Money) -> None:
    async def has_money(world: World) -> None:
        await world.shop.fund(ANNA, 100_000)
        world.purchase = await world.shop.access(ANNA, provider=ProviderName.BALANCE)

    async def taps(world: World) -> None:
        await world.shop.pay_from_balance(world.purchase)

    await money.cut(taps, before=has_money)


async def test_time_is_granted_once_by_its_key(money: Money) -> None:
    async def grants(world: World) -> None:
        async with world.shop.lane.transaction() as tx:
            await lock_person(tx, ANNA)
            if await tx.fetchval("select count(*) from access_grants where key = 'present'"):
                return
            await grant_access(tx, Grant(ANNA, Source.ADMIN, "present", 86_400), NOW)

    await money.cut(grants)


async def test_access_is_renewed_once_for_a_period(money: Money) -> None:
    async def near_its_end(world: World) -> None:
        await bought(world)
        await world.shop.fund(ANNA, 100_000)
        await set_auto_renew(world.shop.lane, ANNA, True, NOW)

    async def renews(world: World) -> None:
        await renew_from_balance(world.shop.lane, ANNA, NOW + 30 * DAY - timedelta(hours=5), TERMS)

    await money.cut(renews, before=near_its_end)


async def test_a_reissued_key_is_whole_or_not_there(money: Money) -> None:
    """Asked again the person gets yet another key, so it is asked for until there is one."""

    async def reissues(world: World) -> None:
        await reissue_vpn_key(world.shop.lane, ANNA, NOW)

    async def asks_again(world: World) -> None:
        if await world.shop.count("vpn_clients", "desired = 'present'") < 2:
            await reissues(world)

    await money.cut(reissues, before=bought, again=asks_again)


async def test_a_refund_takes_back_once(money: Money) -> None:
    async def refunds(world: World) -> None:
        try:
            await request_refund(world.shop.lane, world.payment_id, ADMIN, NOW)
        except AlreadySettledError:
            assert await world.shop.state(world.payment_id) == "refunding"

    await money.cut(refunds, before=bought)


async def test_a_refund_that_arrives_takes_back_once(money: Money) -> None:
    async def arrives(world: World) -> None:
        purchase = world.purchase
        charge_id = f"charge-{purchase.id}"
        await refund_arrived(world.shop.lane, purchase.provider, charge_id, purchase.amount, NOW)

    await money.cut(arrives, before=bought)


async def test_a_transaction_of_a_lane_is_whole_or_not_there(money: Money) -> None:
    async def two_rows(world: World) -> None:
        async with world.shop.lane.transaction() as tx:
            for name in ("one", "two"):
                await tx.execute(
                    "insert into watermarks values ($1, '1') on conflict do nothing", name
                )

    await money.cut(two_rows)


async def test_a_unit_of_work_in_one_crossing_is_whole_or_not_there(money: Money) -> None:
    async def unit(world: World) -> None:
        async def work(tx: Any) -> None:
            for name in ("one", "two"):
                await tx.execute(
                    "insert into watermarks values ($1, '1') on conflict do nothing", name
                )

        await world.shop.lane.unit(work)

    await money.cut(unit)
