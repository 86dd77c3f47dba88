"""How a payment provider's stand-in is served, and what its pages share."""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import hypercorn.trio
import trio
from hypercorn.config import Config
from quart import Response, request
from quart_trio import QuartTrio

_SYMBOLS = {"RUB": "₽", "USD": "$", "EUR": "€"}


async def serve_app(
    app: QuartTrio, host: str, port: int, *, task_status: trio.TaskStatus[str]
) -> None:
    """Serve `app` until cancelled; reports its address once it listens."""
    settings = Config()
    settings.bind = [f"{host}:{port}"]
    settings.accesslog = settings.errorlog = None
    settings.graceful_timeout = 1
    async with trio.open_nursery() as nursery:
        binds = await nursery.start(hypercorn.trio.serve, app, settings)
        task_status.started(binds[0])


def reply(body: Any, status: int = 200) -> Response:
    """Return an answer in JSON."""
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")


def language() -> str:
    """Return `ru` or `en`: what the address says, else what the browser asks for."""
    asked = request.args.get("lang") or request.accept_languages.best_match(["ru", "en"])
    return "ru" if asked == "ru" else "en"


def shown(amount: str, currency: str, locale: str) -> str:
    """Return an amount for people: "1 299,50 ₽", "1,299.50 RUB"."""
    number = f"{Decimal(amount):,}"
    if locale == "ru":
        number = number.replace(",", "\N{NO-BREAK SPACE}").replace(".", ",")
    symbol = _SYMBOLS.get(currency, currency) if locale == "ru" else currency
    return f"{number}\N{NO-BREAK SPACE}{symbol}"


def leads_to(url: str, telegram_url: str | None) -> str:
    """Return where a link goes: one to t.me opens Telegram, which here is a stand-in too."""
    return telegram_url if telegram_url and urlsplit(url).hostname == "t.me" else url
