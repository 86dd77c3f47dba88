"""A YooKassa of our own: its API, its webhooks, and a page to pay on."""

from bot.sandbox.yookassa.payments import YooKassaConfig
from bot.sandbox.yookassa.server import serve_yookassa

__all__ = ["YooKassaConfig", "serve_yookassa"]
