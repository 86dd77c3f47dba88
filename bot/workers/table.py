"""The table of all workers: one value that says when each ticks, for how long, and at what cost.

`interval` is how often a worker looks by itself; what a commit asks for is done at once, by its
wake-up. `connections` are slots of the workers' lane (bot.db.pool): a tick takes one at a time
and gives it back before it calls anybody.
"""

from dataclasses import dataclass
from datetime import timedelta

from bot.settings import Mode, Settings
from bot.supervise import Tick, Wakes, Worker
from bot.workers import activation, commit_watch, notifier, refunds, xray_sync


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticks:
    """What the rows run, by the names of the rows."""

    event_loop_heartbeat: Tick
    health_check: Tick
    commit_watch: Tick
    activation: Tick
    notifier: Tick
    fast_expiry_cleanup: Tick
    reminders: Tick
    trial_notifications: Tick
    broadcasts: Tick
    purchase_expiry: Tick
    auto_renewal: Tick
    refunds: Tick
    crypto_payment_watcher: Tick
    star_payment_watcher: Tick
    xray_sync: Tick
    reconciliation: Tick
    backlog: Tick
    update_silence: Tick


def table(settings: Settings, ticks: Ticks, wakes: Wakes) -> tuple[Worker, ...]:
    """Return the workers that a process of this configuration runs."""
    everywhere = (
        Worker(
            name="event_loop_heartbeat",
            purpose="measures how late the loop wakes its tasks; the watchdog listens to it",
            tick=ticks.event_loop_heartbeat,
            interval=timedelta(seconds=5),
            deadline=timedelta(seconds=5),
        ),
        Worker(
            name="health_check",
            purpose="asks every peer whether it is there: database, pool, leadership, Telegram",
            tick=ticks.health_check,
            # The watchdog can only be as quick as its slowest signal, and this is one of them.
            interval=timedelta(minutes=1),
            deadline=timedelta(seconds=30),
        ),
        Worker(
            name="commit_watch",
            purpose="commits a row of its own, so that readiness is true of writing as well",
            tick=ticks.commit_watch,
            interval=commit_watch.INTERVAL,
            deadline=commit_watch.INTERVAL,
        ),
        *_of_the_shop(ticks, wakes),
    )
    if settings.mode is Mode.POLLING:
        return everywhere
    return (
        *everywhere,
        Worker(
            name="update_silence",
            purpose="keeps the webhook registered, and explains why no update comes",
            tick=ticks.update_silence,
            interval=timedelta(minutes=5),
            deadline=timedelta(seconds=60),
        ),
    )


def _of_the_shop(ticks: Ticks, wakes: Wakes) -> tuple[Worker, ...]:
    return (
        Worker(
            name="activation",
            purpose="drains VPN jobs: makes hosts agree with what people have; woken by commits",
            tick=ticks.activation,
            interval=timedelta(seconds=10),
            deadline=activation.DEADLINE,
            connections=1,
            wake=wakes.activation,
            lease=activation.LEASE,
        ),
        Worker(
            name="notifier",
            purpose="sends what waits in the outbox, within Telegram's rates; woken by commits",
            tick=ticks.notifier,
            interval=timedelta(seconds=10),
            deadline=notifier.DEADLINE,
            connections=1,
            wake=wakes.notifier,
            lease=notifier.LEASE,
        ),
        Worker(
            name="fast_expiry_cleanup",
            purpose="ends access whose time is over, and wants its keys off the hosts",
            tick=ticks.fast_expiry_cleanup,
            interval=timedelta(minutes=1),
            deadline=timedelta(seconds=45),
            connections=1,
        ),
        Worker(
            name="reminders",
            purpose="writes the notices that access ends: 3 days, 1 day and 3 hours before",
            tick=ticks.reminders,
            interval=timedelta(minutes=5),
            deadline=timedelta(seconds=60),
            connections=1,
        ),
        Worker(
            name="trial_notifications",
            purpose="writes the notices of a trial's life, from the first hours to its end",
            tick=ticks.trial_notifications,
            interval=timedelta(minutes=5),
            deadline=timedelta(seconds=60),
            connections=1,
        ),
        Worker(
            name="broadcasts",
            purpose="feeds the running broadcast into the outbox, a few people ahead",
            tick=ticks.broadcasts,
            interval=timedelta(seconds=15),
            deadline=timedelta(seconds=15),
            connections=1,
            wake=wakes.broadcasts,
        ),
        Worker(
            name="purchase_expiry",
            purpose="lets purchases go that nobody paid in time; a late payment is still honoured",
            tick=ticks.purchase_expiry,
            interval=timedelta(minutes=5),
            deadline=timedelta(seconds=45),
            connections=1,
        ),
        Worker(
            name="auto_renewal",
            purpose="renews access from balances before it ends, once per period",
            tick=ticks.auto_renewal,
            interval=timedelta(minutes=10),
            deadline=timedelta(minutes=5),
            connections=1,
        ),
        Worker(
            name="refunds",
            purpose="sends money back through the provider of the payment, until it is back",
            tick=ticks.refunds,
            interval=timedelta(seconds=15),
            deadline=refunds.DEADLINE,
            connections=1,
            wake=wakes.refunds,
            lease=refunds.LEASE,
        ),
        Worker(
            name="crypto_payment_watcher",
            purpose="asks Crypto Pay and YooKassa for payments whose webhook never came",
            tick=ticks.crypto_payment_watcher,
            interval=timedelta(minutes=2),
            deadline=timedelta(minutes=2),
            connections=1,
        ),
        Worker(
            name="star_payment_watcher",
            purpose="reads Telegram's list of Star transactions for payments that were missed",
            tick=ticks.star_payment_watcher,
            interval=timedelta(minutes=5),
            deadline=timedelta(minutes=2),
            connections=1,
        ),
        Worker(
            name="xray_sync",
            purpose="pushes desired state to a VPN host that came back or whose core started anew",
            tick=ticks.xray_sync,
            interval=timedelta(minutes=1),
            deadline=timedelta(minutes=1),
            connections=xray_sync.SIDE_BY_SIDE,
        ),
        Worker(
            name="reconciliation",
            purpose="compares hosts with the database: re-adds the missing, removes orphans",
            tick=ticks.reconciliation,
            interval=timedelta(minutes=10),
            deadline=timedelta(minutes=5),
            connections=1,
        ),
        Worker(
            name="backlog",
            purpose="counts what waits too long: access not on its host, payments to look at",
            tick=ticks.backlog,
            interval=timedelta(minutes=1),
            deadline=timedelta(seconds=30),
            connections=1,
        ),
    )
