"""One item that fails is nobody else's trouble, and isn't forgotten."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest
import trio

from bot.cashier import Cashier
from bot.db import Database
from bot.db.errors import QueryError
from bot.payments.provider import Charge, PaymentState, PaymentStatus, Provider, ProviderName
from bot.payments.registry import Payments
from bot.settings import Settings
from bot.shop.purchases import attach_invoice
from bot.shop.refunds import request_refund
from bot.shop.subscriptions import set_auto_renew
from bot.supervise import Wakes
from bot.telegram.client import TelegramClient
from bot.telegram.errors import BadRequestError
from bot.telegram.methods import RefundStarPayment
from bot.telegram.types import StarTransaction, TransactionPartner, User
from bot.workers.payment_watcher import PaymentWatcher
from tests.integration.shop.conftest import ADMIN, BASIC, DAY, NOW, TERMS, charge_for
from tests.integration.workers.back_office import BackOffice, back_office, office_settings

PEOPLE = (11, 12, 13)
BAD = 12


@dataclass
class Till:
    """A provider that knows of payments, and a cashier who can't take one person's."""

    back: BackOffice
    states: list[PaymentState] = field(default_factory=list)
    jammed: bool = True

    async def find(self, references: Sequence[str]) -> list[PaymentState]:
        await trio.lowlevel.checkpoint()
        return [state for state in self.states if state.reference in references]

    async def paid(self, charge: Charge) -> bool:
        if charge.user_id == BAD and self.jammed:
            raise QueryError("a row that the database refuses")
        cashier = Cashier(self.back.shop.lane, TERMS, Wakes(), clock=self.back.clock)
        return await cashier.paid(charge)

    def watcher(self) -> PaymentWatcher:
        name = ProviderName.CRYPTOPAY
        return PaymentWatcher(
            self.back.shop.lane,
            payments=Payments((name,), {name: cast("Provider", self)}),
            telegram=cast("TelegramClient", self.back.post),
            paid=self.paid,
            refunded=self.paid,
            clock=self.back.clock,
        )

    async def served(self) -> set[int]:
        rows = await self.back.shop.lane.fetch("select user_id from subscriptions")
        return {row["user_id"] for row in rows}


@pytest.fixture
async def back(
    database: Database, make_settings: Callable[..., Settings]
) -> AsyncIterator[BackOffice]:
    async with back_office(database, office_settings(make_settings)) as office:
        await office.add_the_host()
        office.shop.basic = await office.shop.plan(BASIC)
        for person in PEOPLE:
            await office.shop.person(person)
        yield office


async def test_a_payment_that_can_not_be_taken_keeps_no_other_from_being_found(
    back: BackOffice,
) -> None:
    till = Till(back)
    for person in PEOPLE:
        purchase = await back.shop.access(person, provider=ProviderName.CRYPTOPAY)
        await attach_invoice(back.shop.lane, purchase.id, f"invoice-{person}", "https://pay")
        charge = replace(charge_for(purchase), reference=f"invoice-{person}")
        till.states.append(PaymentState(f"invoice-{person}", PaymentStatus.PAID, charge))
    watcher = till.watcher()
    with pytest.RaisesGroup(QueryError):
        await watcher.ask_providers()
    assert await till.served() == set(PEOPLE) - {BAD}
    till.jammed = False
    await watcher.ask_providers()
    assert await till.served() == set(PEOPLE)


async def test_stars_that_can_not_be_taken_are_read_again_and_hold_up_nobody(
    back: BackOffice,
) -> None:
    till = Till(back)
    for person in PEOPLE:
        purchase = await back.shop.access(person)
        back.post.transactions.append(
            StarTransaction(
                id=f"star-{person}",
                amount=purchase.amount.amount_minor,
                date=int(NOW.timestamp()),
                source=TransactionPartner(
                    type="user",
                    transaction_type="invoice_payment",
                    user=User(id=person, is_bot=False, first_name="P"),
                    invoice_payload=str(purchase.id),
                ),
            )
        )
    watcher = till.watcher()
    with pytest.RaisesGroup(QueryError):
        await watcher.read_star_transactions()
    assert await till.served() == set(PEOPLE) - {BAD}
    till.jammed = False
    await watcher.read_star_transactions()
    assert await till.served() == set(PEOPLE)
    assert await back.shop.count("watermarks", "value = '3'") == 1


async def test_a_refund_that_is_refused_holds_up_no_other(
    back: BackOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in PEOPLE:
        done = await back.shop.pay(await back.shop.access(person))
        await request_refund(back.shop.lane, done.payment_id or 0, ADMIN, NOW)
    post = type(back.post).__call__

    async def refuse_one(self: Any, method: Any) -> Any:
        if isinstance(method, RefundStarPayment) and method.user_id == BAD:
            raise BadRequestError(400, "Bad Request: CHARGE_ID_INVALID")
        return await post(self, method)

    monkeypatch.setattr(type(back.post), "__call__", refuse_one)
    await back.tick("refunds")
    assert await back.shop.count("payments", "state = 'refunded'") == 2
    assert await back.shop.notices(None) == ["admin-refund-impossible"]


async def test_a_person_whose_renewal_fails_holds_up_no_other(
    back: BackOffice, expected_errors: list[str]
) -> None:
    expected_errors.append("renewal.failed")
    for person in PEOPLE:
        bought_at = NOW - 29 * DAY - timedelta(hours=12)
        await back.shop.pay(await back.shop.access(person, now=bought_at), now=bought_at)
        await back.shop.fund(person, 100_000)
        await set_auto_renew(back.shop.lane, person, True, NOW)
    await back.shop.lane.execute(
        f"alter table ledger add constraint refused check (user_id <> {BAD} or amount_minor > 0)"
    )
    await back.tick("auto_renewal")
    assert await back.shop.count("ledger", "kind = 'purchase'") == 2
    assert await back.shop.balance(BAD) == 100_000
    await back.shop.assert_sound()
