"""Files over a real connection: what arrives is what was sent, on every try."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import Message
from functools import partial
from typing import Any

import trio

from bot.settings import load
from bot.telegram.client import TelegramClient, open_telegram
from bot.telegram.methods import EditMessageMedia, InputFile, InputMediaPhoto, SendPhoto
from bot.telegram.types import InlineKeyboardButton, InlineKeyboardMarkup

PHOTO = InputFile(content=bytes(range(256)) * 400, filename="карта.png")
SENT = b'{"ok":true,"result":{"message_id":1,"date":1,"chat":{"id":7,"type":"private"}}}'
AWAY = b'{"ok":false,"error_code":502,"description":"Bad Gateway"}'


class Telegram:
    """Answers from a list, and keeps the requests: their paths, heads and bodies."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, Message, bytes]] = []

    async def serve(self, stream: trio.SocketStream) -> None:
        received = bytearray()
        async for chunk in stream:
            received += chunk
            head, end, body = bytes(received).partition(b"\r\n\r\n")
            if not end:
                continue
            line, _, fields = head.partition(b"\r\n")
            headers = message_from_bytes(fields)
            if len(body) < int(headers["content-length"]):
                continue
            self.requests.append((line.split()[1].decode(), headers, body))
            received.clear()
            answer = self.answers.pop(0)
            await stream.send_all(
                b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(answer), answer)
            )


def form(headers: Message, body: bytes) -> dict[str, Message]:
    """Read multipart/form-data by the standard library's own reader of MIME."""
    head = f"Content-Type: {headers['content-type']}\r\n\r\n".encode()
    parts: Any = message_from_bytes(head + body).get_payload()
    return {part.get_param("name", header="content-disposition"): part for part in parts}


def text(part: Message) -> str:
    content: Any = part.get_payload(decode=True)
    return str(content, "utf-8")


@asynccontextmanager
async def connected_to(telegram: Telegram) -> AsyncIterator[TelegramClient]:
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_tcp, telegram.serve, 0, host="127.0.0.1")
        listeners = await nursery.start(serve)
        settings = load(
            _env_file=None,
            bot_token="123456789:" + "A" * 35,
            mode="polling",
            telegram_api_url=f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}",
        )
        async with open_telegram(settings) as client:
            yield client
        nursery.cancel_scope.cancel()


async def test_a_photo_arrives_byte_for_byte_beside_its_fields() -> None:
    telegram = Telegram(SENT)
    async with connected_to(telegram) as client:
        keyboard = InlineKeyboardMarkup(
            inline_keyboard=[[InlineKeyboardButton(text="Меню", callback_data="menu")]]
        )
        message = await client(
            SendPhoto(chat_id=7, photo=PHOTO, caption="Карта", reply_markup=keyboard)
        )
    assert message.message_id == 1
    [(path, headers, body)] = telegram.requests
    assert path.endswith("/sendPhoto")
    parts = form(headers, body)
    assert {name: text(part) for name, part in parts.items() if name != "file"} == {
        "chat_id": "7",
        "photo": "attach://file",
        "caption": "Карта",
        "reply_markup": json.dumps(keyboard.model_dump(exclude_none=True)),
    }
    assert parts["file"].get_payload(decode=True) == PHOTO.content
    assert 'filename="карта.png"'.encode() in body


async def test_a_file_is_sent_whole_again_after_a_failure() -> None:
    telegram = Telegram(AWAY, SENT)
    async with connected_to(telegram) as client:
        await client(EditMessageMedia(chat_id=7, message_id=1, media=InputMediaPhoto(media=PHOTO)))
    first, second = (form(headers, body) for _, headers, body in telegram.requests)
    assert text(second["media"]) == text(first["media"])
    assert json.loads(text(second["media"])) == {"type": "photo", "media": "attach://file"}
    assert second["file"].get_payload(decode=True) == PHOTO.content


async def test_a_photo_that_was_sent_before_travels_as_json() -> None:
    telegram = Telegram(SENT)
    async with connected_to(telegram) as client:
        await client(SendPhoto(chat_id=7, photo="AgAC"))
    [(_, headers, body)] = telegram.requests
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {"chat_id": 7, "photo": "AgAC"}
