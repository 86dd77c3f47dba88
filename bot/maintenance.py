"""What an operator does by hand: migrate the schema, look at and change the webhook."""

from collections.abc import Callable
from typing import TypeAlias

import trio

from bot.db import open_database
from bot.db.errors import LockedElsewhereError
from bot.db.lock import leadership
from bot.db.migrate import migrate
from bot.process_settings import InvalidSettingsError
from bot.settings import Mode, Settings
from bot.telegram.client import open_telegram
from bot.telegram.methods import GetWebhookInfo
from bot.telegram.registration import delete_webhook, set_webhook

Echo: TypeAlias = Callable[[str], None]


async def migrate_database(settings: Settings, applied: list[str]) -> None:
    """Apply what is missing, under the leader's lock, and add the names to `applied`.

    Raises LockedElsewhereError while another process leads, UnavailableError without a database.
    """
    async with open_database(settings) as database, leadership(settings, database.dsn) as leader:
        await database.connect()
        with trio.CancelScope() as patience:
            await leader.acquire(waiting=lambda reason: patience.cancel(reason=reason))
        if not leader.held:
            raise LockedElsewhereError(
                "A Warren process is running on this database. It migrates by itself when it "
                "starts: stop it first, or just restart it with this version."
            )
        applied += await migrate(database)


async def show_webhook(settings: Settings, echo: Echo) -> None:
    """Print what Telegram says of the webhook, a line each."""
    async with open_telegram(settings) as telegram:
        info = await telegram(GetWebhookInfo())
    for name, value in info.model_dump(exclude_none=True).items():
        echo(f"{name}: {value}")


async def register_webhook(settings: Settings, echo: Echo) -> None:
    """Set the webhook of this configuration, then print it."""
    if settings.mode is not Mode.WEBHOOK:
        raise InvalidSettingsError("MODE is polling: a webhook would stop it. Set MODE=webhook.")
    async with open_telegram(settings) as telegram:
        await set_webhook(telegram, settings)
    await show_webhook(settings, echo)


async def remove_webhook(settings: Settings, echo: Echo) -> None:
    """Delete the webhook; updates that wait at Telegram are kept for 24 hours."""
    async with open_telegram(settings) as telegram:
        await delete_webhook(telegram)
    echo("The webhook is deleted; updates that wait are kept.")
