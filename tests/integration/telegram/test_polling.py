"""The poller against the stand-in, over sockets: webhooks set meanwhile, rivals, and bad hours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import trio
from structlog.testing import LogCapture

from bot.settings import load
from bot.telegram import client as client_module
from bot.telegram import polling
from bot.telegram.context import Context, Reply
from bot.telegram.dead_letters import DeadLetters
from bot.telegram.dispatcher import Dispatcher
from bot.telegram.errors import TelegramError
from bot.telegram.methods import GetWebhookInfo, SendMessage, SetWebhook
from bot.telegram.notices import Notices
from bot.telegram.polling import GetRawUpdates, poll
from bot.telegram.routing import Router
from bot.telegram.types import ALLOWED_UPDATES
from tests.integration.telegram.conftest import ANNA, TOKEN, StandIn

SETTINGS = load(_env_file=None, bot_token=TOKEN, mode="polling", telegram_http_timeout=4)
ELSEWHERE = SetWebhook(url="https://elsewhere.example.org/hook", drop_pending_updates=False)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(client_module, "_FIRST_PAUSE", 0.01)


async def echo(ctx: Context) -> Reply:
    assert ctx.update.message is not None
    return SendMessage(chat_id=ctx.update.message.chat.id, text=f"heard {ctx.update.message.text}")


def make_dispatcher(stand_in: StandIn) -> Dispatcher:
    router = Router()
    router.message()(echo)

    async def nobody(*_: Any, **__: Any) -> None:
        raise AssertionError("nothing fails here")

    return Dispatcher(
        router,
        settings=SETTINGS,
        client=stand_in.bot,
        lane=None,
        clock=lambda: datetime.now(UTC),
        dead_letters=DeadLetters(nobody, nobody),
        notices=Notices(too_fast=lambda _: "slower", failed=lambda _: "sorry"),
    )


@asynccontextmanager
async def running(stand_in: StandIn) -> AsyncIterator[None]:
    """Poll for the length of the block; stopped as the process stops it."""
    stop = trio.Event()
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(
                lambda: poll(stand_in.bot, make_dispatcher(stand_in), SETTINGS, stop=stop)
            )
            yield
            stop.set()


async def until_heard(stand_in: StandIn, *texts: str) -> None:
    """Return when the bot has answered these in Anna's chat, once each and nothing else."""
    wanted = [f"heard {text}" for text in texts]
    while True:
        said = [m["text"] for m in await stand_in.chat() if m["from"]["is_bot"]]
        assert len(said) <= len(wanted), said
        if said == wanted:
            return


async def until_logged(logged: LogCapture, event: str, *, times: int = 1) -> list[dict[str, Any]]:
    while len(found := logged_as(logged, event)) < times:
        await trio.lowlevel.checkpoint()
    return found


def logged_as(logged: LogCapture, event: str) -> list[dict[str, Any]]:
    return [dict(entry) for entry in logged.entries if entry["event"] == event]


async def test_a_webhook_goes_and_what_waited_stays(stand_in: StandIn) -> None:
    await stand_in.bot(ELSEWHERE)
    await stand_in.post("text", person=ANNA, text="before")
    async with running(stand_in):
        await until_heard(stand_in, "before")
        assert (await stand_in.bot(GetWebhookInfo())).url == ""
        await stand_in.post("text", person=ANNA, text="after")
        await until_heard(stand_in, "before", "after")
    # The last answer was confirmed: nothing is delivered again.
    assert (await stand_in.get("queue"))["pending"] == 0


async def test_a_webhook_set_meanwhile_is_explained_and_taken_away_again(
    stand_in: StandIn, logged: LogCapture
) -> None:
    async with running(stand_in):
        await stand_in.post("text", person=ANNA, text="one")
        await until_heard(stand_in, "one")
        await stand_in.bot(ELSEWHERE)
        await stand_in.post("text", person=ANNA, text="two")
        await until_heard(stand_in, "one", "two")
        (conflict, *_) = await until_logged(logged, "polling.conflict")
        assert "webhook is active" in conflict["error"]
        assert "one bot, one process" in conflict["hint"]
        await until_logged(logged, "webhook.deleted", times=2)
        assert (await stand_in.bot(GetWebhookInfo())).url == ""


async def test_a_rival_is_explained_and_nothing_is_lost_to_the_quarrel(
    stand_in: StandIn, logged: LogCapture
) -> None:
    async with running(stand_in):
        await stand_in.post("text", person=ANNA, text="one")
        await until_heard(stand_in, "one")
        rival = GetRawUpdates(limit=1, timeout=0, allowed_updates=ALLOWED_UPDATES)
        # It asks and confirms nothing; between two questions of the poller nobody is disturbed.
        while not (conflicts := logged_as(logged, "polling.conflict")):
            await stand_in.bot(rival)
        (conflict, *_) = conflicts
        assert "other getUpdates request" in conflict["error"]
        await stand_in.post("text", person=ANNA, text="two")
        await until_heard(stand_in, "one", "two")


@pytest.mark.parametrize("status", [500, 502, 429])
async def test_a_bad_hour_of_telegrams_is_waited_out_longer_each_time(
    stand_in: StandIn, logged: LogCapture, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    wait = polling.Poller._pause

    async def noting(poller: polling.Poller) -> None:
        pauses.append(poller._pause_seconds)
        await wait(poller)

    monkeypatch.setattr(polling.Poller, "_pause", noting)
    # A 429 is waited out inside the client; of a fault each call makes three attempts.
    await stand_in.post(
        "faults", method="getUpdates", status=status, count=1 if status == 429 else 9
    )
    async with running(stand_in):
        await stand_in.post("text", person=ANNA, text="patience")
        await until_heard(stand_in, "patience")
    assert pauses == ([] if status == 429 else [0.02, 0.04, 0.08])
    interrupted = [e for e in logged.entries if e["event"] == "polling.interrupted"]
    assert len(interrupted) == len(pauses)


async def test_a_reply_that_fails_is_sent_again_without_handling_again(stand_in: StandIn) -> None:
    await stand_in.post("faults", method="sendMessage", status=500, count=2)
    async with running(stand_in):
        await stand_in.post("text", person=ANNA, text="once")
        await until_heard(stand_in, "once")


async def test_a_refused_token_ends_the_poller(stand_in: StandIn) -> None:
    await stand_in.post("faults", method="deleteWebhook", status=401, count=1)
    with pytest.RaisesGroup(TelegramError, flatten_subgroups=True, allow_unwrapped=True):
        async with running(stand_in):
            await trio.sleep_forever()
