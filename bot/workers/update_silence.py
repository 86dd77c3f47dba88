"""When no update comes: asks Telegram why, repairs the webhook, tells the administrators.

It cancels nothing: silence is either a quiet night or a fault outside this process.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
import trio

from bot.telegram.types import WebhookInfo

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class UpdateSilence:
    """The watch over the webhook's registration; one alert for each spell of silence.

    `keep` returns what Telegram says of the webhook and whether it had to be set again;
    `silent_since` is Trio's clock; `alert` takes (title, details) for administrators.
    """

    keep: Callable[[], Awaitable[tuple[WebhookInfo, bool]]]
    silent_since: Callable[[], float]
    alert: Callable[[str, dict[str, object]], Awaitable[None]]
    threshold: timedelta
    webhook: WebhookInfo | None = None
    _alerted_at_silence: float | None = None

    async def tick(self) -> None:
        """Compare the registration with ours; explain a silence that has updates behind it."""
        info, repaired = await self.keep()
        self.webhook = info
        since = self.silent_since()
        silent_for = trio.current_time() - since
        facts: dict[str, object] = {
            "silent_seconds": round(silent_for),
            "pending_update_count": info.pending_update_count,
            "last_error_message": info.last_error_message,
        }
        if repaired:
            log.warning("webhook.repaired", found_url=info.url, **facts)
            await self.alert("admin-webhook-repaired", facts)
            return
        if silent_for < self.threshold.total_seconds():
            return
        log.info("updates.silent", **facts)
        # Nobody writing is no fault. Updates that wait at Telegram and don't come are one.
        if info.pending_update_count and self._alerted_at_silence != since:
            await self.alert("admin-updates-silent", facts)
            self._alerted_at_silence = since
