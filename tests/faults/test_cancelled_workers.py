"""Every worker of the table: its tick is cut at every checkpoint, and the next one completes it.

Two ticks are one effect, whatever the first one was stopped in: `complete` lets the time of
every lease pass, and ticks again.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.db import Database
from bot.payments.provider import ProviderName
from bot.payments.registry import Payments, open_payments
from bot.settings import Settings
from bot.shop import outbox
from bot.shop.access import start_trial
from bot.shop.broadcasts import Segment, draft_broadcast, start_broadcast
from bot.shop.purchases import attach_invoice
from bot.shop.refunds import request_refund
from bot.shop.subscriptions import set_auto_renew
from bot.telegram.types import StarTransaction, TransactionPartner, User
from bot.workers.table import Ticks
from tests.faults.checkpoints import Experiment, cut_everywhere
from tests.faults.world import census, nothing_held, set_back
from tests.integration.payments import providers
from tests.integration.shop.conftest import ADMIN, BASIC, DAY, NOW, TERMS, Shop
from tests.integration.vpn.conftest import KEY
from tests.integration.workers.back_office import (
    BackOffice,
    Webhook,
    back_office,
    office_settings,
)

PEOPLE = (11, 12, 13)
LONGER_THAN_ANY_LEASE = timedelta(minutes=3)


@dataclass
class Office:
    """The back office, and the stand-in of a provider whose webhooks get lost."""

    back: BackOffice
    cryptopay: providers.Rig
    payments: Payments
    webhook: Webhook

    @property
    def shop(self) -> Shop:
        return self.back.shop

    async def open_shop(self) -> None:
        await set_back(self.shop.lane)
        await self.back.host.tell("well")
        await self.back.host.tell("lose")
        self.back.clock.now = NOW
        post = self.back.post
        post.sent.clear()
        post.refunded.clear()
        post.transactions.clear()
        self.webhook.registered, self.webhook.foreign = 0, False
        self.webhook.told.clear()
        await self.back.add_the_host()
        self.shop.basic = await self.shop.plan(BASIC)
        for person in PEOPLE:
            await self.shop.person(person)


@pytest.fixture
async def office(
    database: Database, make_settings: Callable[..., Settings], tmp_path: Path
) -> AsyncIterator[Office]:
    async with AsyncExitStack() as stack:
        rig = await stack.enter_async_context(providers.cryptopay(tmp_path, within=900))
        payments = await stack.enter_async_context(open_payments(rig.settings))
        webhook = Webhook()
        back = await stack.enter_async_context(
            back_office(
                database,
                office_settings(make_settings),
                payments=payments,
                webhook=webhook,
                within=900,
            )
        )
        office = Office(back, rig, payments, webhook)
        yield office


# ---- what each worker finds ----


async def nothing(office: Office) -> None:
    """Leave it as it is: some workers only look."""


async def keys_are_wanted(office: Office) -> None:
    for person in PEOPLE:
        await office.shop.pay(await office.shop.access(person))


async def notices_wait(office: Office) -> None:
    async with office.shop.lane.transaction() as tx:
        for person in PEOPLE:
            for key in ("one", "two"):
                await outbox.notify(
                    tx, chat_id=person, kind="access-ready", key=key, params={}, now=NOW
                )
        await outbox.notify_admins(
            tx, kind="vpn-host-stuck", key="stuck", params={"host": 1}, now=NOW
        )


async def _bought(office: Office, ago: timedelta) -> None:
    for person in PEOPLE:
        purchase = await office.shop.access(person, now=NOW - ago)
        await office.shop.pay(purchase, now=NOW - ago)
    await office.back.tick("activation")


async def time_is_over(office: Office) -> None:
    await _bought(office, 30 * DAY + timedelta(hours=1))


async def time_ends_soon(office: Office) -> None:
    await _bought(office, 28 * DAY)


async def trials_began(office: Office) -> None:
    for person in PEOPLE:
        await start_trial(office.shop.lane, person, NOW - timedelta(hours=3), TERMS)


async def a_broadcast_runs(office: Office) -> None:
    broadcast = await draft_broadcast(
        office.shop.lane,
        admin_id=ADMIN,
        segment=Segment.EVERYBODY,
        from_chat_id=ADMIN,
        message_id=5,
        now=NOW,
    )
    await start_broadcast(office.shop.lane, broadcast, admin_id=ADMIN, now=NOW)


async def nobody_paid(office: Office) -> None:
    for person in PEOPLE:
        await office.shop.access(person, now=NOW - 2 * TERMS.purchase_lifetime)


async def renewals_are_due(office: Office) -> None:
    await _bought(office, 29 * DAY + timedelta(hours=12))
    for person in PEOPLE:
        await set_auto_renew(office.shop.lane, person, True, NOW)
    await office.shop.fund(PEOPLE[0], 100_000)
    await office.shop.fund(PEOPLE[2], 100_000)


async def refunds_wait(office: Office) -> None:
    for person in PEOPLE:
        done = await office.shop.pay(await office.shop.access(person))
        assert done.payment_id is not None
        await request_refund(office.shop.lane, done.payment_id, ADMIN, NOW)


async def webhooks_were_lost(office: Office) -> None:
    provider = office.payments.provider(ProviderName.CRYPTOPAY)
    for person in PEOPLE:
        purchase = await office.shop.access(person, provider=ProviderName.CRYPTOPAY)
        page = await provider.create(
            providers.order(
                purchase.amount,
                purchase_id=purchase.id,
                user_id=person,
                key=f"purchase-{purchase.id}",
            )
        )
        await attach_invoice(office.shop.lane, purchase.id, page.reference, page.url)
        await office.cryptopay.do("pay", reference=page.reference)


async def stars_came_unseen(office: Office) -> None:
    for person in PEOPLE:
        purchase = await office.shop.access(person)
        office.back.post.transactions.append(
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


async def the_core_started_anew(office: Office) -> None:
    office.back.clock.now = NOW - timedelta(hours=1)
    await _bought(office, DAY)
    await office.back.tick("xray_sync")
    office.back.clock.now = NOW
    await office.back.host.tell("lose")


async def both_sides_differ(office: Office) -> None:
    """One key is gone from the host, and one is there that nobody knows, since a run ago."""
    await _bought(office, DAY)
    [lost, *_] = sorted(await office.back.on_host())
    await office.back.host.tell("fill", count=1)
    await office.back.tick("reconciliation")
    control = office.back.host.control
    bearer = {"authorization": f"Bearer {KEY}"}
    await control.delete(f"/v1/users/{lost}", headers=bearer)
    office.back.clock.pass_(minutes=10)


async def somebody_set_the_webhook(office: Office) -> None:
    office.webhook.foreign = True


@dataclass(frozen=True)
class Scene:
    """What a worker finds, and who completes what it began besides itself."""

    prepare: Callable[[Office], Awaitable[None]]
    then: tuple[str, ...] = ()
    shows: dict[str, Any] = field(default_factory=dict)  # of the outcome
    pause: timedelta = LONGER_THAN_ANY_LEASE  # before the next tick


THREE = len(PEOPLE)
SCENES = {
    "event_loop_heartbeat": Scene(nothing),
    "health_check": Scene(nothing),
    "commit_watch": Scene(nothing),
    "activation": Scene(keys_are_wanted, shows={"on host": THREE}),
    "notifier": Scene(notices_wait, shows={"sent": 2 * THREE + 1}),
    "fast_expiry_cleanup": Scene(time_is_over, ("activation",), {"on host": 0}),
    "reminders": Scene(time_ends_soon, ("notifier",), {"sent": 2 * THREE}),
    "trial_notifications": Scene(trials_began, ("notifier",), {"sent": THREE}),
    "broadcasts": Scene(a_broadcast_runs, ("notifier",), {"sent": THREE}),
    "purchase_expiry": Scene(nobody_paid, shows={"purchases": {"expired"}}),
    "auto_renewal": Scene(
        renewals_are_due, ("activation", "notifier"), {"on host": THREE, "sent": 2 * THREE + 2}
    ),
    "refunds": Scene(
        refunds_wait, ("activation", "notifier"), {"refunded": THREE, "payments": {"refunded"}}
    ),
    # Access that was paid for begins when the payment is found.
    "crypto_payment_watcher": Scene(
        webhooks_were_lost, ("activation",), {"on host": THREE}, pause=timedelta(0)
    ),
    "star_payment_watcher": Scene(
        stars_came_unseen, ("activation",), {"on host": THREE}, pause=timedelta(0)
    ),
    # The host counts its uptime by the real clock: no time may pass, or its core seems new again.
    "xray_sync": Scene(
        the_core_started_anew, ("activation",), {"on host": THREE}, pause=timedelta(0)
    ),
    "reconciliation": Scene(both_sides_differ, ("activation",), {"on host": THREE}),
    "backlog": Scene(nothing),
    "update_silence": Scene(somebody_set_the_webhook, shows={"registered": True}),
}


def test_every_worker_is_tried() -> None:
    assert list(SCENES) == [field.name for field in fields(Ticks)]


@pytest.mark.parametrize("name", SCENES)
async def test_a_tick_cut_anywhere_is_completed_by_the_next_once(
    office: Office, name: str, at_most: int | None
) -> None:
    scene, back = SCENES[name], office.back

    async def prepare() -> Office:
        await office.open_shop()
        await scene.prepare(office)
        return office

    async def tick(_: Office) -> None:
        await back.tick(name)

    async def sound(_: Office) -> None:
        await nothing_held(back.database)
        await office.shop.assert_sound()

    async def complete(_: Office) -> None:
        back.clock.pass_(seconds=scene.pause.total_seconds())
        await back.tick(name, *scene.then)

    async def outcome(_: Office) -> dict[str, Any]:
        owned = await census(office.shop.lane)
        return {
            "owned": owned,
            "leased": await leased(office),
            "on host": len(await back.on_host()),
            "sent": len(back.post.sent),
            "refunded": len(back.post.refunded),
            "purchases": {state for _, state in owned["purchases"]},
            "payments": {state for _, state in owned["payments"]},
            "registered": office.webhook.registered > 0,
        }

    async def to_the_end(world: Office) -> None:
        await complete(world)
        await complete(world)

    survey = await cut_everywhere(
        Experiment(prepare, tick, sound, to_the_end, outcome), at_most=at_most
    )
    print(f"{name}: {survey.cuts} cuts in {survey.steps} steps")
    assert survey.outcome["leased"] == 0
    assert survey.outcome | scene.shows == survey.outcome


async def leased(office: Office) -> int:
    """Return how much is reserved now for somebody who carries it out."""
    now = office.back.clock()
    counted: int = await office.shop.lane.fetchval(
        "select (select count(*) from notifications where leased_until > $1)"
        "     + (select count(*) from vpn_clients where leased_until > $1)",
        now,
    )
    return counted
