"""The parts of a process, put together: objects only, nothing here starts or waits.

`bot.app` gives them their lives; this page says what is made of what.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import structlog
import trio

from bot.db import Database
from bot.db.errors import LeadershipLostError, UnavailableError
from bot.db.lock import Leadership
from bot.handlers import introduction, make_router
from bot.handlers.people import make_people
from bot.readiness import Readiness
from bot.settings import Mode, Settings
from bot.shop import dead_letters
from bot.shop.user_reads import UserReads
from bot.shop.users import locale_of
from bot.supervise import Supervisor, Worker
from bot.telegram.client import TelegramClient
from bot.telegram.dead_letters import DeadLetter, DeadLetters
from bot.telegram.dispatcher import Dispatcher
from bot.telegram.errors import TelegramError
from bot.telegram.methods import GetMe, Method, SendMessage
from bot.telegram.notices import Notices
from bot.telegram.registration import keep_webhook
from bot.telegram.types import User
from bot.texts import Texts, load_texts
from bot.web.ops import OpsFacts, make_ops_app
from bot.web.public import make_public_app
from bot.web.webhook import Application, Webhook
from bot.workers import event_loop_heartbeat
from bot.workers.health_check import HealthCheck
from bot.workers.update_silence import UpdateSilence

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What `bot.app` starts."""

    dispatcher: Dispatcher
    user_reads: UserReads
    public_app: Webhook
    ops_app: Any
    supervisor: Supervisor
    introduction: list[Method[Any]]


def assemble(
    settings: Settings,
    readiness: Readiness,
    telegram: TelegramClient,
    database: Database,
    leader: Leadership,
) -> Parts:
    """Return the parts of one process."""
    texts = load_texts()
    user_reads = UserReads(database.updates)
    alerts = _Alerts(telegram, settings.admin_ids, texts["ru"])
    dispatcher = Dispatcher(
        make_router(texts),
        settings=settings,
        client=telegram,
        lane=database.updates,
        clock=_now,
        dead_letters=DeadLetters(_recorder(database), alerts.dead_letter),
        notices=Notices(
            too_fast=_words(texts, "too-fast"),
            failed=_words(texts, "failed"),
        ),
        middlewares=[make_people(user_reads, texts)],
        unavailable=(UnavailableError,),
    )
    health = HealthCheck(
        {
            "database": _checking(database),
            "leadership": _leading(leader),
            "telegram": _asking(telegram),
        },
        each_seconds=settings.telegram_http_timeout.total_seconds(),
    )
    supervisor = Supervisor(
        _workers(settings, telegram, dispatcher, health, alerts),
        connections=int(database.workers.limiter.total_tokens),
    )
    public_app = Webhook(
        cast("Application", make_public_app()),
        dispatcher,
        client=telegram,
        secret=settings.webhook_secret_token,
        ready=readiness.why_not,
    )
    ops_app = make_ops_app(
        OpsFacts(
            readiness=readiness,
            pool=database.stats,
            workers=supervisor.statuses,
            peers=lambda: health.answers,
            last_update_at=lambda: dispatcher.last_update.at,
        )
    )
    return Parts(dispatcher, user_reads, public_app, ops_app, supervisor, introduction(texts))


def _workers(
    settings: Settings,
    telegram: TelegramClient,
    dispatcher: Dispatcher,
    health: HealthCheck,
    alerts: "_Alerts",
) -> list[Worker]:
    """Return the table of workers: when each ticks, how long it may take, what it may hold."""
    table = [
        Worker(
            name="event_loop_heartbeat",
            purpose="measures how late the loop wakes its tasks",
            tick=event_loop_heartbeat.tick,
            interval=timedelta(seconds=1),
            deadline=timedelta(seconds=5),
        ),
        Worker(
            name="health_check",
            purpose="asks the database and Telegram whether they are there",
            tick=health.tick,
            interval=timedelta(minutes=10),
            deadline=timedelta(seconds=30),
        ),
    ]
    if settings.mode is Mode.WEBHOOK:
        started_at = trio.current_time()
        silence = UpdateSilence(
            keep=lambda: keep_webhook(telegram, settings),
            silent_since=lambda: dispatcher.last_update.at or started_at,
            alert=alerts.webhook,
            threshold=settings.update_silence,
        )
        table.append(
            Worker(
                name="update_silence",
                purpose="keeps the webhook registered, and asks Telegram why no update comes",
                tick=silence.tick,
                interval=timedelta(minutes=5),
                deadline=timedelta(seconds=60),
            )
        )
    return table


class _Alerts:
    """Words to the administrators; one who can't be reached is logged and passed over."""

    def __init__(self, client: TelegramClient, admin_ids: frozenset[int], texts: Texts) -> None:
        self._client = client
        self._admin_ids = admin_ids
        self._texts = texts

    async def dead_letter(self, letter: DeadLetter) -> None:
        await self._tell(
            self._texts(
                "admin-dead-letter",
                update=str(letter.update_id),
                kind=letter.kind,
                tries=letter.tries,
            )
        )

    async def webhook(self, title: str, facts: Mapping[str, Any]) -> None:
        await self._tell(
            self._texts(
                title,
                pending=facts["pending_update_count"],
                minutes=facts["silent_seconds"] // 60,
                error=str(facts["last_error_message"] or "—"),
            )
        )

    async def _tell(self, words: str) -> None:
        for admin_id in self._admin_ids:
            try:
                await self._client(SendMessage(chat_id=admin_id, text=words))
            except TelegramError as error:
                log.warning("alert.not_delivered", admin_id=admin_id, error=str(error))


def _now() -> datetime:
    return datetime.now(UTC)


def _words(texts: Mapping[str, Texts], message_id: str) -> Callable[[User], str]:
    return lambda user: texts[locale_of(user.language_code)](message_id)


def _recorder(database: Database) -> Any:
    async def record(*, body: bytes, **letter: Any) -> None:
        await dead_letters.record(database.updates, body=body.decode(), **letter)

    return record


def _checking(database: Database) -> Callable[[], Any]:
    async def check() -> None:
        await database.health.fetchval("select 1")

    return check


def _leading(leader: Leadership) -> Callable[[], Any]:
    async def check() -> None:
        await trio.lowlevel.checkpoint()
        if not leader.held or leader.lost.is_set():
            raise LeadershipLostError("the advisory lock is not held")

    return check


def _asking(telegram: TelegramClient) -> Callable[[], Any]:
    async def check() -> None:
        await telegram(GetMe())

    return check
