"""Paying on a provider's page, with the stand-ins of the providers behind it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trio

from bot.money import Money
from bot.payments.provider import Charge, ProviderName
from bot.payments.registry import Payments
from bot.shop.finalize import finalize_purchase
from bot.supervise import Supervisor
from tests.integration.handlers.conftest import NOW, Answer, Bot, make_bot
from tests.integration.payments.providers import Rig, cryptopay, utc_now, yookassa
from tests.integration.shop.conftest import TERMS, Shop

ANNA, JOHN = 1001, 1002


@dataclass(slots=True)
class Counter:
    """A bot and the provider behind one of its ways to pay."""

    bot: Bot
    rig: Rig
    name: ProviderName

    async def page(self, user: int = ANNA) -> Answer:
        """Ask for the month's pay page."""
        return await self.bot.press(user, f"buy:by:{self.name}:{self.bot.shop.basic}")

    async def reference(self) -> str:
        """Return what the provider calls the last purchase."""
        sql = "select reference from purchases where reference is not null order by id desc"
        return str(await self.bot.shop.lane.fetchval(sql))

    async def pay(self, **given: Any) -> None:
        """Pay on the page; no webhook is sent, as if it were lost."""
        await self.rig.do("pay", reference=await self.reference(), notices=0, **given)

    async def charge(self) -> Charge:
        """Return what the provider says was paid."""
        [state] = await self.rig.provider.find([await self.reference()])
        assert state.charge is not None
        return state.charge


def rig_of(name: ProviderName, folder: Path) -> AbstractAsyncContextManager[Rig]:
    return yookassa(folder) if name is ProviderName.YOOKASSA else cryptopay(folder)


@pytest.fixture(params=[ProviderName.YOOKASSA, ProviderName.CRYPTOPAY])
async def counter(
    request: pytest.FixtureRequest, tmp_path: Path, shop: Shop, supervisor: Supervisor
) -> AsyncIterator[Counter]:
    name: ProviderName = request.param
    async with rig_of(name, tmp_path) as rig:
        ways = (ProviderName.STARS, name, ProviderName.BALANCE)
        async with make_bot(shop, Payments(ways, {name: rig.provider}), supervisor) as bot:
            yield Counter(bot, rig, name)


async def test_a_page_is_made_once_however_often_it_is_asked_for(counter: Counter) -> None:
    plan = await counter.bot.press(ANNA, f"buy:plan:{counter.bot.shop.basic}")
    first = await counter.bot.press(ANNA, plan.starting(f"buy:by:{counter.name}:"))
    second = await counter.page()
    assert first.urls == second.urls
    assert "₽300" in first.text
    assert "1 hour" in first.text


async def test_a_check_before_the_money_says_wait(counter: Counter) -> None:
    page = await counter.page()
    early = await counter.bot.press(ANNA, page.starting("pay:check:"))
    assert "not arrived yet" in (early.toast or "")
    assert await counter.bot.shop.days(ANNA) == 0


async def test_a_check_finds_money_whose_notice_was_lost(counter: Counter) -> None:
    page = await counter.page()
    await counter.pay()
    for _ in range(2):
        paid = await counter.bot.press(ANNA, page.starting("pay:check:"))
        assert "Paid" in paid.text
        assert "vless://" in paid.text
    assert await counter.bot.shop.days(ANNA) == 30
    assert await counter.bot.notices(ANNA) == []
    await counter.bot.shop.assert_sound()


async def test_a_check_after_the_notice_shows_the_key(counter: Counter) -> None:
    page = await counter.page()
    await counter.pay()
    await finalize_purchase(counter.bot.shop.lane, await counter.charge(), now=NOW, terms=TERMS)
    assert await counter.bot.notices(ANNA) == ["access-paid"]
    paid = await counter.bot.press(ANNA, page.starting("pay:check:"))
    assert "vless://" in paid.text
    assert await counter.bot.shop.days(ANNA) == 30


async def test_checks_and_notices_at_the_same_time_give_it_once(counter: Counter) -> None:
    page = await counter.page()
    await counter.pay()
    charge = await counter.charge()

    async def notice() -> None:
        await finalize_purchase(counter.bot.shop.lane, charge, now=NOW, terms=TERMS)

    async def check() -> None:
        await counter.bot.press(ANNA, page.starting("pay:check:"))

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(notice)
            nursery.start_soon(check)
    assert await counter.bot.shop.days(ANNA) == 30
    await counter.bot.shop.assert_sound()


async def test_a_canceled_purchase_that_is_paid_all_the_same_is_honoured(
    counter: Counter,
) -> None:
    page = await counter.page()
    canceled = await counter.bot.press(ANNA, page.starting("pay:cancel:"))
    assert "no money was taken" in canceled.text
    twice = await counter.bot.press(ANNA, page.starting("pay:cancel:"))
    assert "no longer good" in twice.text
    await counter.pay()
    late = await counter.bot.press(ANNA, page.starting("pay:check:"))
    assert "Paid" in late.text
    assert await counter.bot.shop.days(ANNA) == 30


async def test_to_cancel_what_is_paid_shows_the_key(counter: Counter) -> None:
    page = await counter.page()
    await counter.pay()
    await finalize_purchase(counter.bot.shop.lane, await counter.charge(), now=NOW, terms=TERMS)
    kept = await counter.bot.press(ANNA, page.starting("pay:cancel:"))
    assert "vless://" in kept.text
    assert await counter.bot.shop.days(ANNA) == 30


async def test_a_wrong_amount_waits_for_an_administrator_and_says_so(counter: Counter) -> None:
    page = await counter.page()
    await counter.pay(amount="1.00")
    for _ in range(2):
        kept = await counter.bot.press(ANNA, page.starting("pay:check:"))
        assert "being checked" in (kept.toast or "")
    assert await counter.bot.notices(ANNA) == ["payment-review"]
    assert await counter.bot.shop.days(ANNA) == 0


async def test_an_invoice_that_expired_says_how_to_begin_again(counter: Counter) -> None:
    page = await counter.page()
    await counter.rig.do("expire", reference=await counter.reference())
    gone = await counter.bot.press(ANNA, page.starting("pay:check:"))
    assert "no longer good" in gone.text
    assert "buy" in gone.data


async def test_a_page_is_nobody_elses(counter: Counter) -> None:
    page = await counter.page()
    await counter.pay()
    for action in ("pay:check:", "pay:cancel:"):
        refused = await counter.bot.press(JOHN, page.starting(action))
        assert "no longer good" in refused.text
    assert await counter.bot.shop.days(JOHN) == 0
    assert "Paid" in (await counter.bot.press(ANNA, page.starting("pay:check:"))).text


async def test_a_provider_that_is_away_takes_nothing_and_can_be_tried_again(
    counter: Counter,
) -> None:
    call = "create" if counter.name is ProviderName.YOOKASSA else "createInvoice"
    await counter.rig.do("faults", call=call, status=503, count=3)
    away = await counter.page()
    assert "not answering" in away.text
    again = away.starting("buy:by:")
    while "not answering" in (page := await counter.bot.press(ANNA, again)).text:
        pass
    assert page.urls
    assert await counter.bot.shop.count("purchases") == 1


async def test_a_check_while_the_provider_is_away_says_wait(counter: Counter) -> None:
    page = await counter.page()
    await counter.pay()
    call = "payment" if counter.name is ProviderName.YOOKASSA else "getInvoices"
    await counter.rig.do("faults", call=call, status=503, count=3)
    wait = await counter.bot.press(ANNA, page.starting("pay:check:"))
    assert "not arrived yet" in (wait.toast or "")
    assert "Paid" in (await counter.bot.press(ANNA, page.starting("pay:check:"))).text


async def test_a_provider_that_refuses_us_is_logged_and_said_as_away(
    counter: Counter, expected_errors: list[str]
) -> None:
    expected_errors.append("payment.no_page")
    call = "create" if counter.name is ProviderName.YOOKASSA else "createInvoice"
    await counter.rig.do("faults", call=call, status=400, count=1)
    refused = await counter.page()
    assert "not answering" in refused.text
    assert f"buy:plan:{counter.bot.shop.basic}" in refused.data


async def test_the_shops_currency_is_what_a_page_asks_for(counter: Counter) -> None:
    await counter.page()
    await counter.pay()
    charge = await counter.charge()
    assert charge.amount == Money(30_000, "RUB")
    assert charge.paid_at <= utc_now()
