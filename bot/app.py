"""The life of a Warren process. Read downwards for the order of start, upwards for that of stop.

Everything that lives as long as the process is a child of the one nursery in `run`, and every
resource is a block around it. What is opened first is closed last, on every path: a signal, a
lost lock, a crash. Nothing here keeps a list of tasks; the indentation remembers.

    signal 1   life ends: intake stops, running updates end (SHUTDOWN_GRACE), the nursery is
               cancelled, the lock is released, the pool is closed, the HTTP clients are closed
    signal 2   the nursery is cancelled at once; the blocks around it still close
    a hang     of the database: what it was asked has a second more after the nursery is cancelled
    lock lost  the pool is closed and the watch raises: the nursery is cancelled and the process
               ends with 70, since another process may be leading by now; nothing is drained
    frozen     all signs of life are missing: the watchdog's thread writes every stack to stderr
               and ends the process with 75
    database   away at the start: live, not ready (webhooks get 503, Telegram keeps its updates),
               and ready by itself once the database is there; away later: the lock is lost
"""

import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog
import trio

from bot import metrics, sd_notify
from bot.assembly import Parts, assemble
from bot.db import Database, open_database
from bot.db.errors import UnavailableError
from bot.db.lock import leadership
from bot.db.migrate import migrate
from bot.exits import ExitCode
from bot.payments.registry import open_payments
from bot.readiness import Phase, Readiness
from bot.settings import Mode, Settings
from bot.telegram.client import TelegramClient, open_telegram
from bot.telegram.errors import RetryAfterError, ServerError, TransportError
from bot.telegram.polling import poll
from bot.telegram.registration import set_webhook
from bot.vpn.hosts import open_vpn
from bot.web.server import serve

log = structlog.get_logger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 15.0
# A try a second is no load, and everybody waits for the one that succeeds.
_LONGEST_DATABASE_PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the two servers listen; what `run` reports once it is ready."""

    public: str
    ops: str


async def run(
    settings: Settings, *, task_status: trio.TaskStatus[Addresses] = trio.TASK_STATUS_IGNORED
) -> None:
    """Be a Warren process until a signal ends it.

    Returns after a clean stop. Raises, inside exception groups, what ended it otherwise:
    LeadershipLostError, UnauthorizedError, AccessRefusedError, SchemaTooNewError,
    MigrationTamperedError, BindError.
    """
    manager = sd_notify.from_environment(os.environ)
    readiness = Readiness(partial(_tell, manager))
    stop_intake, stop_ops = trio.Event(), trio.Event()
    async with (
        _signals() as signals,
        open_telegram(settings) as telegram,
        open_payments(settings) as payments,
        open_vpn(settings) as hosts,
        open_database(settings) as database,  # not connected yet
        # Not held yet; released here if held.
        leadership(settings, database.dsn, fence=database.fence) as leader,
        trio.open_nursery() as nursery,
    ):
        parts = assemble(
            settings,
            readiness,
            telegram=telegram,
            database=database,
            leader=leader,
            payments=payments,
            hosts=hosts,
        )
        webhooks_over, polling_over = trio.Event(), trio.Event()
        polling_over.set()  # until there is a poller

        # From the first signal on, `life` is cancelled: a start that waits for a peer is
        # abandoned where it waits, and a process that was ready goes on below the block.
        with trio.CancelScope() as life:
            await nursery.start(database.bound_last_statements, name="last statements")
            await nursery.start(_end_on, signals, life, nursery.cancel_scope, name="signals")
            nursery.start_soon(manager.keep_alive, parts.watchdog.lively, name="service manager")
            ops = await nursery.start(_serve_ops, parts, settings, stop_ops, name="ops server")
            public = await nursery.start(
                _take_webhooks, parts, settings, stop_intake, webhooks_over, name="public server"
            )
            await nursery.start(parts.user_reads.run, name="user reads")

            await _connect(database, readiness)
            await leader.acquire(waiting=partial(_stand_by, readiness))
            metrics.LEADER.set(1)
            nursery.start_soon(leader.watch, name="leadership watch")
            await database.end_other_sessions()  # a leader that stands still writes no more
            await migrate(database)
            await parts.take_over()
            parts.supervisor.start_all(nursery)
            parts.supervisor.run_now("health_check")  # /health knows its peers from the start
            nursery.start_soon(parts.watchdog.run, ExitCode.FROZEN, name="watchdog")

            # Ready comes before the webhook is set: the first delivery follows it at once.
            readiness.enter(Phase.READY)
            if settings.mode is Mode.WEBHOOK:
                await _until_telegram_answers(partial(set_webhook, telegram, settings))
            else:
                polling_over = trio.Event()
                nursery.start_soon(
                    _poll, telegram, parts, settings, stop_intake, polling_over, name="poller"
                )
            task_status.started(Addresses(public, ops))
            for method in parts.introduction:
                await _until_telegram_answers(partial(telegram, method))
            await trio.sleep_forever()

        readiness.enter(Phase.STOPPING, "shutting down")
        stop_intake.set()
        with trio.move_on_after(settings.shutdown_grace.total_seconds()) as drain:
            await webhooks_over.wait()
            await polling_over.wait()
        # An update that didn't end in time is rolled back below, and Telegram has no 200 for it.
        log.info("app.drained", in_time=not drain.cancelled_caught)
        stop_ops.set()
        nursery.cancel_scope.cancel(reason="the process is stopping")


@asynccontextmanager
async def _signals() -> AsyncIterator[AsyncIterator[int]]:
    """Yield the SIGTERMs and SIGINTs to come.

    One that comes while a resource is being opened (our own PostgreSQL takes seconds) waits for
    the nursery to hear it, and doesn't end us with the resource half open.
    """
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        yield signals


async def _end_on(
    signals: AsyncIterator[int],
    life: trio.CancelScope,
    everything: trio.CancelScope,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """End `life` on the first signal, and `everything` on the second."""
    task_status.started()
    async for number in signals:
        name = signal.Signals(number).name
        log.info("app.signal", signal=name, again=life.cancel_called)
        (everything if life.cancel_called else life).cancel(reason=name)


async def _take_webhooks(
    parts: Parts,
    settings: Settings,
    stop: trio.Event,
    over: trio.Event,
    *,
    task_status: trio.TaskStatus[str],
) -> None:
    """Serve the public address until `stop`; `over` is set when the last request has its answer."""
    try:
        await serve(
            parts.public_app,
            settings.bind,
            name="public",
            stop=stop,
            grace=settings.shutdown_grace,
            task_status=task_status,
        )
    finally:
        over.set()


async def _serve_ops(
    parts: Parts, settings: Settings, stop: trio.Event, *, task_status: trio.TaskStatus[str]
) -> None:
    """Serve health, metrics and tasks: first to come, and there until the drain is over."""
    await serve(
        parts.ops_app,
        settings.ops_bind,
        name="ops",
        stop=stop,
        grace=settings.telegram_http_timeout,
        task_status=task_status,
    )


async def _poll(
    telegram: TelegramClient, parts: Parts, settings: Settings, stop: trio.Event, over: trio.Event
) -> None:
    """Take updates by getUpdates until `stop`; `over` is set when those taken have ended."""
    try:
        await poll(telegram, parts.dispatcher, settings, stop=stop)
    finally:
        over.set()


def _tell(manager: sd_notify.ServiceManager, phase: Phase, reason: str | None) -> None:
    """Pass a change of phase on to the service manager."""
    signals = {Phase.READY: {"READY": "1"}, Phase.STOPPING: {"STOPPING": "1"}}.get(phase, {})
    manager.tell(**signals, STATUS=reason or phase.value)


def _stand_by(readiness: Readiness, reason: str) -> None:
    readiness.enter(Phase.STANDBY, f"standby: {reason}")


async def _connect(database: Database, readiness: Readiness) -> None:
    """Return once the database answers, however long it takes (the audit's db_retry)."""
    pause = _FIRST_PAUSE
    while True:
        try:
            await database.connect()
        except UnavailableError as error:
            readiness.enter(Phase.STARTING, f"waiting for the database: {error}")
            await trio.sleep(pause)
            pause = min(pause * 2, _LONGEST_DATABASE_PAUSE)
        else:
            return


async def _until_telegram_answers(call: Callable[[], Awaitable[object]]) -> None:
    """Return once `call` succeeds; what Telegram refuses for good is raised."""
    pause = _FIRST_PAUSE
    while True:
        try:
            await call()
        except (TransportError, ServerError, RetryAfterError) as error:
            log.warning("telegram.away", error=str(error), retry_seconds=pause)
            await trio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            return
