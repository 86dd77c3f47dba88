"""The parts of a process, put together: objects only, nothing here starts or waits.

`bot.app` gives them their lives; this page says what is made of what.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

import structlog

from bot.alerts import Alerts
from bot.cashier import Cashier
from bot.db import Database
from bot.db.errors import UnavailableError
from bot.db.lock import Leadership
from bot.handlers import introduction, make_router
from bot.handlers.checkout import make_answer_in_time
from bot.handlers.gate import make_gate
from bot.handlers.notices import make_render
from bot.handlers.people import make_people
from bot.handlers.questions import forget_question
from bot.handlers.services import Me, Services, make_provide
from bot.handlers.support_answers import go_on_by_reply
from bot.money import EXPONENTS
from bot.payments.registry import Payments
from bot.readiness import Readiness
from bot.settings import Settings
from bot.shop import dead_letters
from bot.shop.deliveries import release_leases
from bot.shop.hosts import ensure_host
from bot.shop.plans import ensure_sample_plans
from bot.shop.switches import Switches
from bot.shop.terms import Terms
from bot.shop.user_reads import UserReads
from bot.shop.users import locale_of
from bot.shop.vpn_jobs import release_jobs
from bot.supervise import Bounds, Supervisor, Wakes
from bot.telegram.client import TelegramClient
from bot.telegram.dead_letters import DeadLetters
from bot.telegram.dispatcher import Dispatcher
from bot.telegram.methods import Method
from bot.telegram.notices import Notices
from bot.telegram.registration import look_at_webhook, set_webhook
from bot.telegram.types import User
from bot.texts import Texts, load_texts
from bot.vpn.hosts import Hosts
from bot.web.ops import OpsFacts, make_ops_app
from bot.web.payment_notices import PaymentNotices
from bot.web.public import make_public_app
from bot.web.subscriptions import Subscriptions
from bot.web.webhook import Application, Webhook
from bot.workers import health_check
from bot.workers.commit_watch import CommitWatch
from bot.workers.table import table
from bot.workers.ticks import Peers, make_ticks
from bot.workers.update_silence import UpdateSilence
from bot.workers.watchdog import Watchdog, signs_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What `bot.app` starts."""

    dispatcher: Dispatcher
    user_reads: UserReads
    public_app: Webhook
    ops_app: Any
    supervisor: Supervisor
    watchdog: Watchdog
    introduction: list[Method[Any]]
    take_over: Callable[[], Awaitable[None]]
    """What a new leader does before anything else starts."""


def assemble(
    settings: Settings,
    readiness: Readiness,
    *,
    telegram: TelegramClient,
    database: Database,
    leader: Leadership,
    payments: Payments,
    hosts: Hosts,
) -> Parts:
    """Return the parts of one process."""
    texts = load_texts(settings.time_zone)
    user_reads = UserReads(database.updates)
    me = Me()
    alerts = Alerts(telegram, settings.admin_ids, texts["ru"])
    health = health_check.HealthCheck(
        {
            "database": health_check.database_answers(database),
            "connections": health_check.connections_flow(
                database, settings.update_timeout + settings.db_pool_command_timeout
            ),
            "leadership": health_check.leader_leads(leader),
            "telegram": health_check.telegram_answers(telegram, me.heard),
        }
    )
    silence = UpdateSilence(
        look=lambda: look_at_webhook(telegram, settings),
        register=lambda: set_webhook(telegram, settings),
        tell=alerts.webhook,
        last_update_at=lambda: dispatcher.last_update.at,
        now=_now,
        threshold=settings.update_silence,
    )
    wakes, terms = Wakes(), terms_of(settings)
    watching = Cashier(database.workers, terms, wakes, clock=_now)
    ticks = make_ticks(
        Peers(
            settings=settings,
            database=database,
            telegram=telegram,
            hosts=hosts,
            payments=payments,
            terms=terms,
            wakes=wakes,
            paid=watching.paid,
            refunded=watching.refunded,
            render=make_render(texts),
            clock=_now,
        ),
        health_check=health.tick,
        commit_watch=CommitWatch(database.health, readiness, clock=_now).tick,
        update_silence=silence.tick,
    )
    supervisor = Supervisor(
        table(settings, ticks, wakes),
        Bounds(
            connections=int(database.workers.limiter.total_tokens),
            acquire_seconds=settings.db_pool_acquire_timeout.total_seconds(),
            notice_seconds=settings.telegram_http_timeout.total_seconds(),
        ),
        notice=alerts.worker,
        holders=database.holders,
    )
    watchdog = Watchdog(signs_of(supervisor, lambda: health.successes, settings.watchdog_stale))
    services = Services(
        settings=settings,
        terms=terms,
        payments=payments,
        wakes=wakes,
        switches=Switches(),
        supervisor=supervisor,
        texts=texts,
        me=me,
    )
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
        middlewares=[
            make_answer_in_time(texts, settings.pre_checkout_timeout.total_seconds()),
            make_people(user_reads, texts),
            forget_question,
            make_provide(services),
            go_on_by_reply,
            make_gate(services),
        ],
        unavailable=(UnavailableError,),
    )
    cashier = Cashier(database.updates, terms, wakes, clock=_now)
    notices = PaymentNotices(
        payments,
        paid=cashier.paid,
        refunded=cashier.refunded,
        ready=readiness.why_not,
        clock=_now,
        timeout_seconds=settings.update_timeout.total_seconds(),
    )
    subscriptions = Subscriptions(
        database.updates,
        texts,
        public_url=settings.public_url,
        support_url=lambda: me.address,
        clock=_now,
    )
    public_app = Webhook(
        cast("Application", make_public_app([notices, subscriptions])),
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
            webhook=lambda: silence.webhook,
        )
    )
    return Parts(
        dispatcher,
        user_reads,
        public_app,
        ops_app,
        supervisor,
        watchdog,
        introduction(texts),
        take_over=partial(_take_over, settings, database, services.switches),
    )


def terms_of(settings: Settings) -> Terms:
    """Return the terms of trade that the operator has set; amounts in minor units from here on."""
    unit = 10 ** EXPONENTS[settings.currency]
    return Terms(
        currency=settings.currency,
        star_price_minor=settings.star_price_minor,
        trial_duration=timedelta(days=settings.trial_days),
        purchase_lifetime=settings.purchase_lifetime,
        renew_before=settings.renew_before,
        referral_percent=settings.referral_percent,
        topup_amounts=tuple(amount * unit for amount in settings.topup_amounts),
        topup_max_minor=settings.topup_max * unit,
    )


async def _take_over(settings: Settings, database: Database, switches: Switches) -> None:
    """Free what the leader before had taken in hand, and read what was set and switched."""
    if settings.vpn_api_url and settings.vpn_api_key and settings.vpn_share_link:
        await ensure_host(
            database.workers,
            name="main",
            api_url=settings.vpn_api_url,
            api_key=settings.vpn_api_key.get_secret_value(),
            share_link=settings.vpn_share_link.get_secret_value(),
            now=_now(),
        )
    if settings.sample_plans:
        await ensure_sample_plans(database.workers, now=_now(), terms=terms_of(settings))
    await release_jobs(database.workers)
    await release_leases(database.workers)
    await switches.load(database.workers)


def _now() -> datetime:
    return datetime.now(UTC)


def _words(texts: Mapping[str, Texts], message_id: str) -> Callable[[User], str]:
    return lambda user: texts[locale_of(user.language_code)](message_id)


def _recorder(database: Database) -> Any:
    async def record(*, body: bytes, **letter: Any) -> None:
        await dead_letters.record(database.updates, body=body.decode(), **letter)

    return record
