"""Watchers, refunds and renewals against the stand-ins: no payment depends on a webhook."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import trio

from bot.cashier import Cashier
from bot.payments.provider import Order, ProviderName
from bot.payments.registry import Payments, open_payments
from bot.payments.stars import invoice
from bot.sandbox.telegram import SandboxConfig
from bot.shop.purchases import Purchase, attach_invoice
from bot.shop.refunds import request_refund
from bot.shop.subscriptions import subscription_of
from bot.supervise import Wakes
from bot.telegram.methods import AnswerPreCheckoutQuery
from bot.workers.payment_watcher import PaymentWatcher
from bot.workers.refunds import Refunds
from tests.integration.payments import providers
from tests.integration.shop.conftest import ADMIN, TERMS, Shop
from tests.integration.telegram.conftest import ANNA, TOKEN, StandIn, running

WAY_TO_PAY = {
    ProviderName.CRYPTOPAY: providers.cryptopay,
    ProviderName.YOOKASSA: providers.yookassa,
}


def now() -> datetime:
    """Providers date what they do by the real clock."""
    return datetime.now(UTC)


@dataclass
class Till:
    """A shop, Telegram, and the workers that look after money."""

    shop: Shop
    telegram: StandIn

    def watcher(self, payments: Payments) -> PaymentWatcher:
        cashier = Cashier(self.shop.lane, TERMS, Wakes(), clock=now)
        return PaymentWatcher(
            self.shop.lane,
            payments=payments,
            telegram=self.telegram.bot,
            paid=cashier.paid,
            refunded=cashier.refunded,
            clock=now,
        )

    def refunds(self, payments: Payments) -> Refunds:
        return Refunds(
            self.shop.lane,
            payments=payments,
            telegram=self.telegram.bot,
            notifier=Wakes().notifier,
            clock=now,
        )

    def order(self, purchase: Purchase) -> Order:
        return providers.order(
            purchase.amount,
            purchase_id=purchase.id,
            user_id=purchase.user_id,
            key=f"purchase-{purchase.id}",
        )

    async def days(self) -> int:
        sql = "select coalesce(sum(seconds), 0) from access_grants"
        seconds = await self.shop.lane.fetchval(sql)
        return int(seconds) // 86_400

    async def payment(self) -> tuple[int, str]:
        row = await self.shop.lane.fetchrow("select id, state from payments")
        assert row is not None
        return row["id"], row["state"]


@pytest.fixture
async def till(shop: Shop, tmp_path: Path) -> AsyncIterator[Till]:
    config = SandboxConfig(data_dir=tmp_path / "telegram", token=TOKEN)
    async with running(config) as stand_in:
        await shop.person(ANNA)
        await stand_in.started(ANNA)
        yield Till(shop, stand_in)


@pytest.mark.parametrize("name", WAY_TO_PAY)
async def test_a_paid_invoice_whose_webhook_was_lost_is_found_once(
    till: Till, name: ProviderName, tmp_path: Path
) -> None:
    async with WAY_TO_PAY[name](tmp_path) as rig, open_payments(rig.settings) as payments:
        purchase = await till.shop.access(ANNA, provider=name, now=now())
        page = await payments.provider(name).create(till.order(purchase))
        await attach_invoice(till.shop.lane, purchase.id, page.reference, page.url)
        watcher = till.watcher(payments)
        await watcher.ask_providers()
        assert await till.days() == 0
        await rig.do("pay", reference=page.reference)
        for _ in range(3):
            await watcher.ask_providers()
        assert await till.days() == 30


async def test_a_payment_in_stars_whose_update_was_lost_is_found_once(till: Till) -> None:
    async with open_payments(providers.settings()) as payments:
        purchase = await till.shop.access(ANNA, now=now())
        await pay_in_stars(till, purchase)
        watcher = till.watcher(payments)
        for _ in range(3):
            await watcher.read_star_transactions()
        assert await till.days() == 30


async def test_a_refund_in_stars_reaches_the_person_once(till: Till) -> None:
    async with open_payments(providers.settings()) as payments:
        purchase = await till.shop.access(ANNA, now=now())
        await pay_in_stars(till, purchase)
        watcher, refunds = till.watcher(payments), till.refunds(payments)
        await watcher.read_star_transactions()
        payment_id, _ = await till.payment()
        await request_refund(till.shop.lane, payment_id, ADMIN, now())
        subscription = await subscription_of(till.shop.lane, ANNA)
        assert subscription is not None
        assert not subscription.is_active(now())
        for _ in range(2):
            await refunds.tick()
        assert await till.payment() == (payment_id, "refunded")
        # Telegram's list has the refund as well by now: that is no news.
        await watcher.read_star_transactions()
        assert await till.payment() == (payment_id, "refunded")
        told = await till.shop.lane.fetch("select kind from notifications order by id")
        assert [row["kind"] for row in told].count("payment-refunded") == 1


async def test_a_refund_at_a_provider_that_has_none_is_flagged_for_a_person(
    till: Till, tmp_path: Path
) -> None:
    name = ProviderName.CRYPTOPAY
    async with providers.cryptopay(tmp_path) as rig, open_payments(rig.settings) as payments:
        purchase = await till.shop.access(ANNA, provider=name, now=now())
        page = await payments.provider(name).create(till.order(purchase))
        await attach_invoice(till.shop.lane, purchase.id, page.reference, page.url)
        await rig.do("pay", reference=page.reference)
        await till.watcher(payments).ask_providers()
        payment_id, _ = await till.payment()
        await request_refund(till.shop.lane, payment_id, ADMIN, now())
        for _ in range(2):
            await till.refunds(payments).tick()
        assert await till.payment() == (payment_id, "refunding")
        told = await till.shop.lane.fetch("select kind from notifications where chat_id is null")
        assert [row["kind"] for row in told] == ["admin-refund-impossible"]


async def pay_in_stars(till: Till, purchase: Purchase) -> None:
    """Let Anna pay an invoice; the bot agrees to it, and then misses the update."""
    stand_in = till.telegram
    message = await stand_in.bot(invoice(till.order(purchase)))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(
            partial(stand_in.post, "pay", person=ANNA, message_id=message.message_id)
        )
        query = (await stand_in.update()).pre_checkout_query
        assert query is not None
        await stand_in.bot(AnswerPreCheckoutQuery(pre_checkout_query_id=query.id, ok=True))
