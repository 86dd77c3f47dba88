"""Words to the administrators, sent at once: about the process itself, not about its business.

They go out without the database, which may be what is wrong.
"""

import structlog

from bot.supervise import WorkerStatus
from bot.telegram.client import TelegramClient
from bot.telegram.dead_letters import DeadLetter
from bot.telegram.errors import TelegramError
from bot.telegram.methods import SendMessage
from bot.texts import Texts
from bot.workers.update_silence import Event, WebhookAlert

log = structlog.get_logger(__name__)


class AlertNotDeliveredError(Exception):
    """Not one of the administrators could be told."""


class Alerts:
    """Tells every administrator; one who can't be reached is logged and passed over.

    Each method raises AlertNotDeliveredError if there are administrators and none was reached.
    Cancelled: some may have been told.
    """

    def __init__(self, client: TelegramClient, admin_ids: frozenset[int], texts: Texts) -> None:
        self._client = client
        self._admin_ids = admin_ids
        self._texts = texts

    async def dead_letter(self, letter: DeadLetter) -> None:
        """Tell of an update that was given up."""
        await self._tell(
            self._texts(
                "admin-dead-letter",
                update=str(letter.update_id),
                kind=letter.kind,
                tries=letter.tries,
            )
        )

    async def webhook(self, alert: WebhookAlert) -> None:
        """Tell of a webhook that was repaired, of updates that don't come, or come again."""
        match alert.event:
            case Event.REPAIRED:
                words = self._texts("admin-webhook-repaired", pending=alert.pending)
            case Event.SILENT:
                words = self._texts(
                    "admin-updates-silent",
                    minutes=int(alert.silent_for.total_seconds() // 60),
                    pending=alert.pending,
                    cause=alert.cause.value,
                    error=alert.error or "—",
                )
            case Event.BACK:
                words = self._texts("admin-updates-back", pending=alert.pending)
        await self._tell(words)

    async def worker(self, status: WorkerStatus) -> None:
        """Tell of a worker that keeps failing, or that works again."""
        if status.degraded:
            words = self._texts(
                "admin-worker-degraded",
                worker=status.name,
                failures=status.failures_in_a_row,
                error=status.last_error or "—",
            )
        else:
            words = self._texts("admin-worker-recovered", worker=status.name)
        await self._tell(words)

    async def _tell(self, words: str) -> None:
        told = False
        for admin_id in sorted(self._admin_ids):
            try:
                await self._client(SendMessage(chat_id=admin_id, text=words))
            except TelegramError as error:
                log.warning("alert.not_delivered", admin_id=admin_id, error=str(error))
            else:
                told = True
        if self._admin_ids and not told:
            raise AlertNotDeliveredError(f"none of {len(self._admin_ids)} administrators")
