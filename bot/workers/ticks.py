"""What the rows of the table run, put together; the times and the costs are the table's."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.db import Database
from bot.payments.registry import Payments
from bot.settings import Settings
from bot.shop.access import end_expired
from bot.shop.broadcasts import feed
from bot.shop.purchases import expire_purchases
from bot.shop.reminders import write_reminders, write_trial_steps
from bot.shop.terms import Terms
from bot.supervise import Tick, Wakes
from bot.telegram.client import TelegramClient
from bot.vpn.hosts import Hosts
from bot.workers import event_loop_heartbeat
from bot.workers.activation import Activation
from bot.workers.auto_renewal import AutoRenewal
from bot.workers.backlog import make_backlog
from bot.workers.batches import in_batches
from bot.workers.notifier import Notifier, Render
from bot.workers.payment_watcher import PaymentWatcher, Take
from bot.workers.reconciliation import Reconciliation
from bot.workers.refunds import Refunds
from bot.workers.table import Ticks
from bot.workers.xray_sync import XraySync

# Each batch looks again at everybody who has their notice already: few and large ones are cheap.
NOTICES = 5000
_SYNC_SECONDS = 25.0
_RECONCILIATION_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """What ticks call and write to."""

    settings: Settings
    database: Database
    telegram: TelegramClient
    hosts: Hosts
    payments: Payments
    terms: Terms
    wakes: Wakes
    paid: Take
    refunded: Take
    render: Render
    clock: Callable[[], datetime]


def make_ticks(
    peers: Peers, *, health_check: Tick, commit_watch: Tick, update_silence: Tick
) -> Ticks:
    """Return the tick of every row."""
    lane, clock, wakes = peers.database.workers, peers.clock, peers.wakes
    notifier = Notifier(
        lane,
        peers.telegram,
        render=peers.render,
        admin_ids=peers.settings.admin_ids,
        clock=clock,
    )
    sync = XraySync(
        lane,
        peers.hosts,
        activation=wakes.activation,
        each_seconds=_SYNC_SECONDS,
        clock=clock,
    )
    reconciliation = Reconciliation(
        lane,
        peers.hosts,
        activation=wakes.activation,
        each_seconds=_RECONCILIATION_SECONDS,
        clock=clock,
    )
    watcher = PaymentWatcher(
        lane,
        payments=peers.payments,
        telegram=peers.telegram,
        paid=peers.paid,
        refunded=peers.refunded,
        clock=clock,
    )
    refunds = Refunds(
        lane,
        payments=peers.payments,
        telegram=peers.telegram,
        notifier=wakes.notifier,
        clock=clock,
    )
    return Ticks(
        event_loop_heartbeat=event_loop_heartbeat.tick,
        health_check=health_check,
        commit_watch=commit_watch,
        update_silence=update_silence,
        activation=Activation(lane, peers.hosts, clock=clock).tick,
        notifier=notifier.tick,
        fast_expiry_cleanup=in_batches(end_expired, lane, clock, then=wakes.activation.set),
        reminders=in_batches(write_reminders, lane, clock, rows=NOTICES, then=wakes.notifier.set),
        trial_notifications=in_batches(
            write_trial_steps, lane, clock, rows=NOTICES, then=wakes.notifier.set
        ),
        broadcasts=in_batches(feed, lane, clock, then=wakes.notifier.set),
        purchase_expiry=in_batches(expire_purchases, lane, clock),
        auto_renewal=AutoRenewal(lane, terms=peers.terms, wakes=wakes, clock=clock).tick,
        refunds=refunds.tick,
        crypto_payment_watcher=watcher.ask_providers,
        star_payment_watcher=watcher.read_star_transactions,
        xray_sync=sync.tick,
        reconciliation=reconciliation.tick,
        backlog=make_backlog(lane, clock),
    )
