"""Telling Telegram where updates go: the webhook is set and kept, or taken away for polling."""

import structlog

from bot.settings import Settings
from bot.telegram.client import TelegramClient
from bot.telegram.errors import BadRequestError, WebhookRefusedError
from bot.telegram.methods import DeleteWebhook, GetWebhookInfo, SetWebhook
from bot.telegram.types import ALLOWED_UPDATES, WebhookInfo

log = structlog.get_logger(__name__)


def desired_webhook(settings: Settings) -> SetWebhook:
    """Return the registration that this configuration wants."""
    return SetWebhook(
        url=settings.webhook_url,
        secret_token=settings.webhook_secret_token,
        # More deliveries than update slots: what waits for its chat's turn takes no slot, and a
        # pre_checkout_query must find a connection while every slot is taken.
        # Bot API: setWebhook, max_connections 1-100.
        max_connections=min(100, 2 * settings.max_concurrent_updates),
        allowed_updates=ALLOWED_UPDATES,
    )


async def set_webhook(client: TelegramClient, settings: Settings) -> None:
    """Register the webhook; updates that wait at Telegram are kept. Safe to repeat.

    Raises WebhookRefusedError when Telegram doesn't take the address.
    """
    try:
        await client(desired_webhook(settings))
    except BadRequestError as error:
        raise WebhookRefusedError(
            f"Telegram refuses the webhook {settings.webhook_url}: {error.description}. Check "
            "PUBLIC_URL: it must lead here from the Internet, by HTTPS, with a valid certificate."
        ) from error
    log.info("webhook.set", url=settings.webhook_url)


async def delete_webhook(client: TelegramClient) -> None:
    """Take the webhook away, so that polling may start; updates that wait are kept."""
    await client(DeleteWebhook(drop_pending_updates=False))
    log.info("webhook.deleted")


async def look_at_webhook(
    client: TelegramClient, settings: Settings
) -> tuple[WebhookInfo, list[str]]:
    """Return what Telegram says of the webhook, and the names of what isn't as we set it.

    The secret is not part of what Telegram tells; a wrong one shows in the errors of deliveries.
    """
    info = await client(GetWebhookInfo())
    wanted = desired_webhook(settings)
    as_set = {
        "url": info.url == wanted.url,
        "max_connections": info.max_connections == wanted.max_connections,
        "allowed_updates": set(info.allowed_updates or ()) == set(ALLOWED_UPDATES),
        "certificate": not info.has_custom_certificate,
    }
    return info, [name for name, kept in as_set.items() if not kept]
