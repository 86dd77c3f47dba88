"""A Telegram of our own: the Bot API over HTTP, webhooks with its manners, and a chat page."""

from bot.sandbox.telegram.config import PEOPLE, Person, SandboxConfig
from bot.sandbox.telegram.server import serve_telegram

__all__ = ["PEOPLE", "Person", "SandboxConfig", "serve_telegram"]
