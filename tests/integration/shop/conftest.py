"""A shop with people, plans and a host, on a real database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.db import Database
from bot.money import Money
from bot.payments.provider import Charge, ProviderName
from bot.shop.finalize import Finalized, finalize_balance_purchase, finalize_purchase
from bot.shop.ledger import adjust_balance, balance_of
from bot.shop.plans import PlanDraft, save_plan
from bot.shop.purchases import Purchase, PurchaseKind, begin_purchase, purchase
from bot.shop.refunds import RolledBack, request_refund
from bot.shop.subscriptions import subscription_of
from bot.shop.terms import Terms

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
DAY = timedelta(days=1)
DAY_SECONDS = 86_400
ADMIN = 900

TERMS = Terms(
    currency="RUB",
    star_price_minor=150,
    trial_duration=timedelta(days=3),
    purchase_lifetime=timedelta(hours=1),
    renew_before=timedelta(days=1),
    referral_percent=10,
    topup_amounts=(10_000, 30_000),
    topup_max_minor=10_000_000,
)

BASIC = PlanDraft("Месяц", "Month", 30, 30_000, 200, device_limit=3)
YEAR = PlanDraft("Год", "Year", 365, 240_000, 1_600, device_limit=3)
FAMILY = PlanDraft("Семья", "Family", 30, 60_000, 400, device_limit=10)


def charge_for(purchase: Purchase, charge_id: str | None = None, **changes: Any) -> Charge:
    """Return the charge that a provider would prove for a purchase, or one that differs."""
    charge = Charge(
        provider=purchase.provider,
        charge_id=charge_id or f"charge-{purchase.id}",
        purchase_id=purchase.id,
        user_id=purchase.user_id,
        amount=purchase.amount,
        paid_at=NOW,
        recurring=purchase.recurring,
    )
    return replace(charge, **changes)


_PERSON = "insert into users (id, first_name, created_at, referrer_id) values ($1, $2, $3, $4)"
_HOST = """
    insert into vpn_hosts (name, api_url, api_key, share_link, capacity)
    values ($1, 'http://host', 'key', 'vless://template', $2)
"""
_UNSOUND = (
    # The ledger sums to the balances, and its last row says the same.
    """
    select user_id from balances
     full join (select user_id, currency, sum(amount_minor) as total from ledger group by 1, 2) l
    using (user_id, currency)
     where coalesce(amount_minor, 0) <> coalesce(total, 0)
    """,
    """
    select * from (select distinct on (user_id, currency) user_id, currency, balance_minor
                     from ledger order by user_id, currency, id desc) last
      join balances using (user_id, currency)
     where balances.amount_minor <> last.balance_minor
    """,
    # Time is a chain: each change begins where the one before ended, or at its own moment.
    """
    select id from (
        select *, lag(expires_after) over (partition by user_id order by id) as end_before
          from access_grants) g
     where expires_before is distinct from end_before
        or expires_after - make_interval(secs => seconds)
           <> case when seconds > 0 and source <> 'conversion'
                   then greatest(coalesce(expires_before, created_at),
                                 date_trunc('second', created_at))
                   else expires_before end
    """,
    """
    select user_id from subscriptions s
     where expires_at <> (select expires_after from access_grants g
                           where g.user_id = s.user_id order by id desc limit 1)
    """,
    # What runs is wanted on its host, and nothing else.
    """
    select s.user_id from subscriptions s
      left join vpn_clients c on c.user_id = s.user_id and c.uuid = s.vpn_uuid
     where s.host_id is not null and s.ended_at is null
       and (c.desired is distinct from 'present' or c.expires_at <> s.expires_at)
    """,
    """
    select s.user_id from subscriptions s
      join vpn_clients c on c.user_id = s.user_id and c.desired = 'present'
     where s.ended_at is not null
    """,
    # A purchase is paid if and only if a payment was applied to it.
    """
    select p.id from purchases p
     where (p.state = 'paid') <> exists (select from payments x
                                          where x.purchase_id = p.id and x.state = 'applied')
    """,
)


class Shop:
    """What tests do with a shop besides calling the functions under test."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.lane = database.updates
        self.basic = self.year = self.family = 0

    async def person(self, user_id: int, *, referrer: int | None = None) -> int:
        """Make a person known; the later, the higher the id."""
        created = NOW - 30 * DAY + timedelta(seconds=user_id)
        await self.lane.execute(_PERSON, user_id, f"Person {user_id}", created, referrer)
        return user_id

    async def host(self, name: str = "one", capacity: int = 1000) -> None:
        await self.lane.execute(_HOST, name, capacity)

    async def plan(self, draft: PlanDraft) -> int:
        return await save_plan(self.lane, ADMIN, draft, plan_id=None, now=NOW, terms=TERMS)

    async def access(
        self,
        user_id: int,
        plan_id: int | None = None,
        provider: ProviderName = ProviderName.STARS,
        now: datetime = NOW,
        *,
        recurring: bool = False,
        kind: PurchaseKind = PurchaseKind.ACCESS,
    ) -> Purchase:
        """Begin a purchase of a plan, the basic one if none is named."""
        return await begin_purchase(
            self.lane,
            user_id=user_id,
            kind=kind,
            plan_id=plan_id or self.basic,
            provider=provider,
            recurring=recurring,
            now=now,
            terms=TERMS,
        )

    async def topup(
        self,
        user_id: int,
        minor: int,
        provider: ProviderName = ProviderName.YOOKASSA,
        now: datetime = NOW,
    ) -> Purchase:
        return await begin_purchase(
            self.lane,
            user_id=user_id,
            kind=PurchaseKind.TOPUP,
            topup_minor=minor,
            provider=provider,
            now=now,
            terms=TERMS,
        )

    async def pay(
        self, purchase: Purchase, charge_id: str | None = None, now: datetime = NOW, **changes: Any
    ) -> Finalized:
        """Deliver the charge for a purchase, or one that differs from it by `changes`."""
        charge = charge_for(purchase, charge_id, **changes)
        return await finalize_purchase(self.lane, charge, now=now, terms=TERMS)

    async def pay_from_balance(self, purchase: Purchase, now: datetime = NOW) -> Finalized:
        return await finalize_balance_purchase(
            self.lane, user_id=purchase.user_id, purchase_id=purchase.id, now=now, terms=TERMS
        )

    async def refund(self, payment_id: int, now: datetime = NOW) -> RolledBack:
        return await request_refund(self.lane, payment_id, ADMIN, now)

    async def purchase(self, purchase_id: int) -> Purchase:
        return await purchase(self.lane, purchase_id)

    async def state(self, payment_id: int) -> str:
        sql = "select state from payments where id = $1"
        return str(await self.lane.fetchval(sql, payment_id))

    async def fund(self, user_id: int, minor: int) -> None:
        """Put money on a balance by hand."""
        await adjust_balance(
            self.lane,
            admin_id=ADMIN,
            user_id=user_id,
            amount=Money(minor, "RUB"),
            key=f"fund-{user_id}-{minor}",
            note="test",
            now=NOW,
        )

    async def balance(self, user_id: int) -> int:
        return (await balance_of(self.lane, user_id, TERMS)).amount_minor

    async def days(self, user_id: int, now: datetime = NOW) -> int:
        """Return the whole days of access that a person has left."""
        subscription = await subscription_of(self.lane, user_id)
        return subscription.seconds_left(now) // DAY_SECONDS if subscription else 0

    async def notices(self, chat_id: int | None) -> list[str]:
        """Return the kinds of what somebody (None: the administrators) is told, in order."""
        sql = "select kind from notifications where chat_id is not distinct from $1 order by id"
        return [row["kind"] for row in await self.lane.fetch(sql, chat_id)]

    async def assert_sound(self) -> None:
        """Check what must hold whatever happened."""
        for sql in _UNSOUND:
            assert await self.lane.fetch(sql) == []

    async def count(self, table: str, where: str = "true") -> int:
        sql = f"select count(*) from {table} where {where}"  # noqa: S608 - a test's own words
        return int(await self.lane.fetchval(sql))


@pytest.fixture
async def shop(database: Database) -> Shop:
    """A shop with three plans (basic, year with the same limits, family with more) and a host."""
    opened = Shop(database)
    await opened.host()
    opened.basic = await opened.plan(BASIC)
    opened.year = await opened.plan(YEAR)
    opened.family = await opened.plan(FAMILY)
    return opened
