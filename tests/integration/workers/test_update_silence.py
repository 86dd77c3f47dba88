"""The watch over the webhook, against a Telegram that delivers for real and says why it can't."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trio

from bot.alerts import Alerts
from bot.setting_types import Bind
from bot.settings import Settings, load
from bot.telegram.client import TelegramClient, open_telegram
from bot.telegram.methods import DeleteWebhook, GetWebhookInfo, SetWebhook
from bot.telegram.registration import look_at_webhook, set_webhook
from bot.texts import load_texts
from bot.web.server import serve
from bot.workers.update_silence import Cause, Event, UpdateSilence, WebhookAlert, cause_of
from tests.e2e.harness import TOKEN, StandIn, free_port, stand_in

ADMIN, PERSON = 1001, 1002


@dataclass
class Receiver:
    """Where the webhook leads: refuses what comes without the secret, and notes when one comes."""

    secret: str
    status: int = 200
    last_update_at: float = field(default_factory=trio.current_time)
    arrived: trio.Event = field(default_factory=trio.Event)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for _ in ("startup", "shutdown"):
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-telegram-bot-api-secret-token", b"").decode()
        status = self.status if given == self.secret else 401
        if status == 200:
            self.last_update_at = trio.current_time()
            self.arrived.set()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@dataclass
class Watched:
    """The watch, and everything around it."""

    telegram: StandIn
    client: TelegramClient
    settings: Settings
    receiver: Receiver
    silence: UpdateSilence
    told: list[WebhookAlert]

    async def write(self) -> None:
        await self.telegram.post("text", person=PERSON, text="hello")

    async def until_failed(self) -> None:
        """Return once Telegram has tried in vain."""

        async def failed() -> bool:
            return (await self.client(GetWebhookInfo())).last_error_message is not None

        await self.telegram.until(failed)

    async def url(self) -> str:
        return (await self.client(GetWebhookInfo())).url


@asynccontextmanager
async def watching(folder: Path, threshold: float = 0) -> AsyncIterator[Watched]:
    port = free_port()
    async with stand_in(folder) as telegram:
        settings = load(
            _env_file=None,
            bot_token=TOKEN,
            telegram_api_url=telegram.address,
            public_url=f"http://127.0.0.1:{port}",
        )
        receiver = Receiver(settings.webhook_secret_token)
        told: list[WebhookAlert] = []

        async def tell(alert: WebhookAlert) -> None:
            told.append(alert)

        stop = trio.Event()
        async with open_telegram(settings) as client, trio.open_nursery() as nursery:
            silence = UpdateSilence(
                look=lambda: look_at_webhook(client, settings),
                register=lambda: set_webhook(client, settings),
                tell=tell,
                last_update_at=lambda: receiver.last_update_at,
                now=lambda: datetime.now(UTC),
                threshold=timedelta(seconds=threshold),
            )

            async def listen() -> None:
                await serve(
                    receiver,
                    Bind(("127.0.0.1", port)),
                    name="public",
                    stop=stop,
                    grace=timedelta(seconds=1),
                )

            nursery.start_soon(listen)
            await set_webhook(client, settings)
            yield Watched(telegram, client, settings, receiver, silence, told)
            stop.set()
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({"url": "https://somebody.example.org/hook"}, "url"),
        ({"max_connections": 1}, "max_connections"),
        ({"allowed_updates": ["message"]}, "allowed_updates"),
    ],
)
async def test_a_webhook_that_somebody_changed_is_set_again_and_administrators_are_told(
    tmp_path: Path, change: dict[str, Any], changed: str
) -> None:
    async with watching(tmp_path) as watched:
        wanted = {
            "url": watched.settings.webhook_url,
            "max_connections": 40,
            "allowed_updates": ["message"],
        }
        await watched.client(SetWebhook(**wanted | change))
        _, seen = await look_at_webhook(watched.client, watched.settings)
        assert changed in seen

        await watched.silence.tick()

        _, seen = await look_at_webhook(watched.client, watched.settings)
        assert seen == []
        assert [alert.event for alert in watched.told] == [Event.REPAIRED]
        await watched.write()
        with trio.fail_after(10):
            await watched.receiver.arrived.wait()


async def test_a_webhook_that_somebody_deleted_is_set_again(tmp_path: Path) -> None:
    async with watching(tmp_path, threshold=900) as watched:
        await watched.client(DeleteWebhook(drop_pending_updates=False))
        await watched.silence.tick()
        assert await watched.url() == watched.settings.webhook_url


async def test_a_secret_that_somebody_changed_shows_in_the_silence_and_is_put_back(
    tmp_path: Path,
) -> None:
    async with watching(tmp_path) as watched:
        await set_webhook(watched.client, _with_secret(watched.settings, "somebody-elses"))
        _, seen = await look_at_webhook(watched.client, watched.settings)
        assert seen == []  # Telegram shows no secret
        await watched.write()
        await watched.until_failed()

        await watched.silence.tick()

        [alert] = watched.told
        assert (alert.event, alert.cause, alert.pending) == (Event.SILENT, Cause.SECRET, 1)
        with trio.fail_after(10):
            await watched.receiver.arrived.wait()


async def test_a_quiet_night_disturbs_nobody(tmp_path: Path) -> None:
    async with watching(tmp_path) as watched:
        calls = (await watched.telegram.queue())["calls"]["setWebhook"]

        await watched.silence.tick()
        await watched.silence.tick()

        assert watched.told == []
        assert (await watched.telegram.queue())["calls"]["setWebhook"] == calls


async def test_one_spell_of_silence_is_one_alert_and_the_return_another(tmp_path: Path) -> None:
    async with watching(tmp_path, threshold=0.5) as watched:
        watched.receiver.status = 502
        await watched.write()
        await watched.until_failed()
        await trio.sleep_until(watched.receiver.last_update_at + 0.5)
        await watched.silence.tick()
        await watched.silence.tick()
        assert [(alert.event, alert.cause) for alert in watched.told] == [
            (Event.SILENT, Cause.OTHER_SERVER)
        ]
        assert str(watched.told[0].error).startswith("Wrong response from the webhook: 502")

        watched.receiver.status = 200
        with trio.fail_after(10):
            await watched.receiver.arrived.wait()
        await watched.silence.tick()
        await watched.silence.tick()

        assert [alert.event for alert in watched.told] == [Event.SILENT, Event.BACK]


async def test_administrators_who_were_not_reached_are_told_at_the_next_tick(
    tmp_path: Path,
) -> None:
    async with watching(tmp_path) as watched:
        reached = watched.silence.tell

        async def nobody_reached(_alert: WebhookAlert) -> None:
            raise ConnectionError("nobody")

        watched.receiver.status = 503
        await watched.write()
        await watched.until_failed()
        watched.silence.tell = nobody_reached
        with pytest.raises(ConnectionError):
            await watched.silence.tick()
        watched.silence.tell = reached
        await watched.silence.tick()

        assert [alert.cause for alert in watched.told] == [Cause.NOT_READY]


async def test_the_words_to_the_administrators_arrive(tmp_path: Path) -> None:
    async with watching(tmp_path) as watched:
        # Whoever is told has written to the bot before.
        await watched.telegram.post("text", person=ADMIN, text="/start")
        alerts = Alerts(watched.client, frozenset({ADMIN}), load_texts()["ru"])
        for event in Event:
            await alerts.webhook(
                WebhookAlert(event, timedelta(minutes=16), 2, Cause.UNREACHABLE, "refused")
            )
        said = [message["text"] for message in await watched.telegram.answers(ADMIN)]

    assert len(said) == 3
    assert any("16 минут" in text and "файрвол" in text for text in said)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (None, Cause.UNKNOWN),
        ("Wrong response from the webhook: 401 Unauthorized", Cause.SECRET),
        ("Wrong response from the webhook: 503 Service Unavailable", Cause.NOT_READY),
        ("Wrong response from the webhook: 404 Not Found", Cause.OTHER_SERVER),
        ("SSL error {error:0A000086:SSL routines::certificate verify failed}", Cause.CERTIFICATE),
        ("Connection refused", Cause.UNREACHABLE),
        ("Can't connect to the webhook", Cause.UNREACHABLE),
    ],
)
def test_the_last_error_is_read_as_telegram_means_it(error: str | None, cause: Cause) -> None:
    assert cause_of(error) is cause


def _with_secret(settings: Settings, secret: str) -> Settings:
    return load(
        _env_file=None,
        bot_token=TOKEN,
        telegram_api_url=settings.telegram_api_url,
        public_url=settings.public_url,
        webhook_secret=secret,
    )
