"""The gauges of what waits too long, and what brings them back to nothing."""

from datetime import datetime, timedelta

import pytest

from bot.db import Database
from bot.metrics import REGISTRY
from bot.money import Money
from bot.shop.reviews import grant_review
from bot.shop.vpn_jobs import claim_jobs, jobs_done
from bot.workers.backlog import OLDER_THAN, make_backlog
from tests.integration.shop.conftest import ADMIN, BASIC, DAY, NOW, TERMS, Shop

ANNA = 1001
SECOND = timedelta(seconds=1)


@pytest.fixture
async def shop(database: Database) -> Shop:
    opened = Shop(database)
    opened.basic = await opened.plan(BASIC)
    await opened.person(ANNA)
    return opened


async def counted(shop: Shop, now: datetime) -> tuple[float | None, float | None]:
    """Let the worker count; return access that isn't there and payments to look at."""
    await make_backlog(shop.lane, lambda: now)()
    return (
        REGISTRY.get_sample_value("warren_unprovisioned"),
        REGISTRY.get_sample_value("warren_payments_to_look_at"),
    )


async def test_access_that_waits_for_its_host_is_counted_once_it_waits_too_long(shop: Shop) -> None:
    await shop.host()
    await shop.pay(await shop.access(ANNA))
    assert await counted(shop, NOW + OLDER_THAN - SECOND) == (0, 0)
    assert await counted(shop, NOW + OLDER_THAN) == (1, 0)
    jobs = await claim_jobs(shop.lane, NOW + OLDER_THAN, limit=5, lease=DAY)
    await jobs_done(shop.lane, jobs, NOW + OLDER_THAN)
    assert await counted(shop, NOW + OLDER_THAN) == (0, 0)


async def test_access_that_found_no_host_with_room_is_counted_too(shop: Shop) -> None:
    await shop.pay(await shop.access(ANNA))
    assert await counted(shop, NOW) == (0, 0)
    assert await counted(shop, NOW + OLDER_THAN) == (1, 0)
    assert await counted(shop, NOW + 31 * DAY) == (0, 0)


async def test_a_payment_in_review_is_counted_until_somebody_decides(shop: Shop) -> None:
    await shop.host()
    paid = await shop.pay(await shop.access(ANNA), amount=Money(1, "XTR"))
    assert await counted(shop, NOW) == (0, 1)
    assert paid.payment_id is not None
    await grant_review(shop.lane, paid.payment_id, ADMIN, now=NOW, terms=TERMS)
    assert await counted(shop, NOW) == (0, 0)
