"""The stand-in for Telegram over real HTTP, and the bot's own client connected to it."""

import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from aiogram.types import Update as IndependentUpdate

from bot.sandbox.telegram import SandboxConfig, serve_telegram
from bot.settings import load
from bot.telegram.client import TelegramClient, open_telegram
from bot.telegram.methods import InputFile, SendInvoice
from bot.telegram.polling import GetRawUpdates
from bot.telegram.types import ALLOWED_UPDATES, LabeledPrice, Message, Update

TOKEN = "123456789:" + "A" * 35
ANNA = 1001


def png(width: int = 8, height: int = 5) -> InputFile:
    """A real PNG, all of one grey."""
    rows = (b"\0" + b"\x80" * width) * height

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    content = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    return InputFile(content=content, filename="grey.png")


class StandIn:
    """What a test does with the stand-in: as the bot (`bot`), and as people (`post`, `get`)."""

    token = TOKEN

    def __init__(self, page: str, http: httpx.AsyncClient, bot: TelegramClient) -> None:
        self.page = page
        self.http = http
        self.bot = bot
        self._offset = 0

    async def get(self, path: str) -> Any:
        return (await self.http.get(f"/sandbox/{path}")).json()

    async def post(self, path: str, **given: Any) -> Any:
        return (await self.http.post(f"/sandbox/{path}", json=given)).json()

    async def api(self, method: str, **fields: Any) -> Any:
        """Call a method past the client and its checks; returns the whole answer."""
        return (await self.http.post(f"/bot{TOKEN}/{method}", json=fields)).json()

    async def updates(self, *, seconds: int = 0) -> list[Update]:
        """Take the updates that wait; each must be one for an independent reading as well."""
        raw = await self.bot(
            GetRawUpdates(
                offset=self._offset, limit=100, timeout=seconds, allowed_updates=ALLOWED_UPDATES
            )
        )
        updates = [Update.model_validate(each) for each in raw]
        for update, each in zip(updates, raw, strict=True):
            assert IndependentUpdate.model_validate(each).event_type == update.kind
            self._offset = update.update_id + 1
        return updates

    async def update(self) -> Update:
        """Wait for exactly one update."""
        [update] = await self.updates(seconds=5)
        return update

    async def started(self, person: int = ANNA) -> None:
        """Let somebody begin a chat with the bot."""
        await self.post("text", person=person, text="/start")
        await self.updates()

    async def chat(self, person: int = ANNA) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = await self.get(f"chat/{person}")
        return messages

    async def invoice(self, stars: int = 150, **changes: Any) -> Message:
        """Let the bot send an invoice to Anna."""
        about: dict[str, Any] = {
            "chat_id": ANNA,
            "title": "30 days",
            "description": "Access for 30 days",
            "payload": "purchase:1",
            "currency": "XTR",
            "prices": [LabeledPrice(label="30 days", amount=stars)],
        }
        return await self.bot(SendInvoice(**about | changes))


@pytest.fixture
def config(tmp_path: Path) -> SandboxConfig:
    return SandboxConfig(data_dir=tmp_path / "telegram", token=TOKEN)


@asynccontextmanager
async def running(config: SandboxConfig) -> AsyncIterator[StandIn]:
    """Run a stand-in for the length of the block, with the bot's client connected."""
    async with trio.open_nursery() as nursery:
        page = await nursery.start(serve_telegram, config)
        settings = load(_env_file=None, bot_token=TOKEN, mode="polling", telegram_api_url=page)
        async with (
            httpx.AsyncClient(base_url=page, timeout=15) as http,
            open_telegram(settings) as bot,
        ):
            yield StandIn(page, http, bot)
        nursery.cancel_scope.cancel()


@pytest.fixture
async def stand_in(config: SandboxConfig) -> AsyncIterator[StandIn]:
    async with running(config) as opened:
        yield opened
