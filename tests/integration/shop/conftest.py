"""A shop with people, plans and a host, on a real database."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.db import Database
from bot.payments.provider import ProviderName
from bot.shop.plans import PlanDraft, save_plan
from bot.shop.purchases import Purchase, PurchaseKind, begin_purchase
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

_PERSON = "insert into users (id, first_name, created_at, referrer_id) values ($1, $2, $3, $4)"
_HOST = """
    insert into vpn_hosts (name, api_url, api_key, share_link, capacity)
    values ($1, 'http://host', 'key', 'vless://template', $2)
"""


class Shop:
    """What tests do with a shop besides calling the functions under test."""

    def __init__(self, database: Database) -> None:
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
