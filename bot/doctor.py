"""Checks every setting and every peer: a line each, and what to do where something is wrong."""

import socket
from collections.abc import Callable
from dataclasses import dataclass

import trio

from bot.db import Database, open_database
from bot.db.embedded import EmbeddedPostgresError
from bot.db.errors import DatabaseError, MigrationTamperedError, SchemaTooNewError
from bot.db.migrate import pending
from bot.error_groups import leaves
from bot.setting_types import Bind
from bot.settings import Mode, Settings
from bot.telegram.client import TelegramClient, open_telegram
from bot.telegram.errors import TelegramError, UnauthorizedError
from bot.telegram.methods import GetMe, GetWebhookInfo
from bot.vpn.errors import HostError, HostRefusedError, InvalidShareLinkError
from bot.vpn.hosts import open_vpn
from bot.vpn.share_link import parse_share_link
from bot.vpn.types import HostAddress, HostId


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: `advice` is None when all is well."""

    what: str
    seen: str
    advice: str | None = None

    def __str__(self) -> str:
        mark = "ok  " if self.advice is None else "FAIL"
        return f"{mark}  {self.what:<10} {self.seen}" + (
            f"\n        → {self.advice}" if self.advice else ""
        )


async def examine(settings: Settings, echo: Callable[[str], None], well: list[bool]) -> None:
    """Print a finding for each thing that a running bot needs, and add its verdict to `well`."""

    def say(finding: Finding) -> None:
        echo(str(finding))
        well.append(finding.advice is None)

    say(
        Finding("settings", f"{settings.mode.value} mode, {len(settings.admin_ids)} administrators")
    )
    for name, bind in (("BIND", settings.bind), ("OPS_BIND", settings.ops_bind)):
        say(examine_port(name, bind))
    for finding in await examine_database(settings):
        say(finding)
    for finding in await examine_telegram(settings):
        say(finding)
    say(examine_share_link(settings))
    say(await examine_vpn_host(settings))


def examine_port(name: str, bind: Bind) -> Finding:
    """Say whether a server could listen there."""
    with socket.socket(socket.AF_INET6 if ":" in bind.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(bind)
        except OSError as error:
            return Finding(
                name,
                f"{bind}: {error.strerror}",
                "fine if Warren is running already; else end what listens there, or change it",
            )
    return Finding(name, f"{bind} is free")


async def examine_database(settings: Settings) -> list[Finding]:
    """Say whether the database answers, and what its schema lacks."""
    where = "DATABASE_URL" if settings.database_url else f"embedded in {settings.data_dir}"
    findings: list[Finding] = []
    try:
        async with open_database(settings) as database:
            await database.connect()
            findings.append(Finding("database", await _version(database, where)))
            findings.append(await _schema(database))
    except* (SchemaTooNewError, MigrationTamperedError) as group:
        findings.append(Finding("schema", "can't be used", _words(group)))
    except* EmbeddedPostgresError as group:
        findings.append(Finding("database", where, _words(group)))
    except* DatabaseError as group:
        advice = f"{_words(group)}. Check the server and DATABASE_URL"
        findings.append(Finding("database", where, advice))
    return findings


def _words(group: BaseExceptionGroup[Exception]) -> str:
    """Return what went wrong, out of the groups that trio-asyncio's loop wraps it in."""
    return "; ".join(str(error) for error in leaves(group))


async def _version(database: Database, where: str) -> str:
    started = trio.current_time()
    version = await database.health.fetchval("show server_version")
    milliseconds = (trio.current_time() - started) * 1000
    return f"PostgreSQL {version}, {milliseconds:.1f} ms, {where}"


async def _schema(database: Database) -> Finding:
    missing = await pending(database.health)
    if missing:
        return Finding("schema", f"{len(missing)} migrations to apply when the bot starts")
    return Finding("schema", "up to date")


async def examine_telegram(settings: Settings) -> list[Finding]:
    """Say whether Telegram knows the token, and what it thinks of the webhook."""
    findings: list[Finding] = []
    async with open_telegram(settings) as telegram:
        what = "telegram"
        try:
            me = await telegram(GetMe())
            findings.append(Finding("telegram", f"@{me.username}"))
            what = "webhook"
            findings.append(await _webhook(telegram, settings))
        except UnauthorizedError:
            advice = "take the token from @BotFather again"
            findings.append(Finding(what, "the token is refused", advice))
        except TelegramError as error:
            findings.append(Finding(what, str(error), "check the network and TELEGRAM_API_URL"))
    return findings


async def _webhook(telegram: TelegramClient, settings: Settings) -> Finding:
    info = await telegram(GetWebhookInfo())
    seen = f"{info.url or 'not set'}, {info.pending_update_count} waiting"
    if settings.mode is Mode.POLLING:
        if info.url:
            return Finding("webhook", seen, "polling takes it away at the start; is that meant?")
        return Finding("webhook", seen)
    if info.url != settings.webhook_url:
        return Finding("webhook", seen, "set by `run`, or now by: python -m bot webhook set")
    if info.last_error_message and info.pending_update_count:
        return Finding(
            "webhook",
            f"{seen}; last error: {info.last_error_message}",
            "see that the proxy forwards POST /telegram/webhook to BIND",
        )
    return Finding("webhook", seen)


def examine_share_link(settings: Settings) -> Finding:
    """Say whether VPN_SHARE_LINK can be a template; what is wrong with it is the advice."""
    if settings.vpn_share_link is None:
        return Finding("share link", "VPN_SHARE_LINK is not set")
    try:
        endpoint = parse_share_link(settings.vpn_share_link.get_secret_value())
    except InvalidShareLinkError as error:
        return Finding("share link", "VPN_SHARE_LINK can't be used", str(error))
    return Finding(
        "share link",
        f"{endpoint.host}:{endpoint.port}, {endpoint.transport} with {endpoint.security}",
    )


async def examine_vpn_host(settings: Settings) -> Finding:
    """Say whether the agent at VPN_API_URL answers to VPN_API_KEY, and its core runs."""
    url, key = settings.vpn_api_url, settings.vpn_api_key
    if url is None:
        return Finding("VPN host", "VPN_API_URL is not set")
    if key is None:
        return Finding("VPN host", url, "set VPN_API_KEY to the key that the agent has")
    async with open_vpn(settings) as vpn:
        try:
            health = await vpn.host(HostAddress(HostId(0), url, key.get_secret_value())).health()
        except HostRefusedError:
            return Finding(
                "VPN host", url, "VPN_API_KEY is another than the agent's: make them one"
            )
        except HostError as error:
            return Finding("VPN host", f"{url}: {error}", "see that the agent and its core run")
    return Finding("VPN host", f"{url}, core {health.core}")
