"""Webhooks of a payment provider: delivered until they are taken, with growing pauses."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import httpx
import trio

from bot.sandbox.documents import Documents


@dataclass(frozen=True, slots=True)
class NoticeTerms:
    """How long a provider tries; durations are seconds."""

    first_retry_seconds: float = 1.0
    longest_retry_seconds: float = 60.0
    delivery_seconds: float = 30.0
    attempts: int = 17


@dataclass(slots=True)
class Notice:
    """One webhook on its way; `body` is what it says, `reference` what it is about."""

    number: int
    reference: str
    body: dict[str, Any]
    due_at: float
    tries: int = 0
    statuses: tuple[int, ...] = ()
    """What was answered, 0 for no answer."""


Write = Callable[[dict[str, Any]], tuple[bytes, Mapping[str, str]]]
"""From what a notice says to the bytes and headers that are sent, anew at each try."""


class Notices:
    """The sender; `run` delivers for ever."""

    def __init__(self, documents: Documents, url: str, terms: NoticeTerms, write: Write) -> None:
        self.url = url
        self.taken: list[Notice] = []
        self.given_up: list[Notice] = []
        self.waiting: dict[int, Notice] = {}
        self._documents = documents
        self._terms = terms
        self._write = write
        self._send, self._receive = trio.open_memory_channel[Notice](10_000)
        for _, kept in documents.kept("notice"):
            self._queue(Notice(**kept | {"statuses": tuple(kept["statuses"])}))
        self._next = max(self.waiting, default=0) + 1

    def send(
        self, reference: str, body: dict[str, Any], *, copies: int = 1, delay_seconds: float = 0
    ) -> None:
        """Let `body` be delivered, `copies` times (0: it is lost), not before the delay."""
        for _ in range(copies):
            self._queue(Notice(self._next, reference, body, time.time() + delay_seconds))
            self._next += 1

    def report(self) -> dict[str, Any]:
        """Return what waits, what was taken, and what was given up."""
        return {
            "url": self.url,
            "waiting": [asdict(notice) for notice in self.waiting.values()],
            "taken": [asdict(notice) for notice in self.taken],
            "given_up": [asdict(notice) for notice in self.given_up],
        }

    async def run(self) -> None:
        """Deliver until cancelled; what waits then is kept for the next run."""
        seconds = self._terms.delivery_seconds
        async with (
            httpx.AsyncClient(timeout=seconds, trust_env=False) as client,
            trio.open_nursery() as nursery,
        ):
            async for notice in self._receive:
                nursery.start_soon(self._deliver, client, notice)

    def _queue(self, notice: Notice) -> None:
        self.waiting[notice.number] = notice
        self._keep(notice)
        self._send.send_nowait(notice)

    def _keep(self, notice: Notice) -> None:
        self._documents.put(f"notice:{notice.number:012}", asdict(notice))

    async def _deliver(self, client: httpx.AsyncClient, notice: Notice) -> None:
        terms = self._terms
        while notice.tries < terms.attempts:
            await trio.sleep(max(0.0, notice.due_at - time.time()))
            status = await self._post(client, notice)
            notice.tries += 1
            notice.statuses += (status,)
            if 200 <= status < 300:
                self.taken.append(notice)
                break
            pause = min(
                terms.first_retry_seconds * 2 ** (notice.tries - 1), terms.longest_retry_seconds
            )
            notice.due_at = time.time() + pause
            self._keep(notice)
        else:
            self.given_up.append(notice)
        del self.waiting[notice.number]
        self._documents.drop(f"notice:{notice.number:012}")

    async def _post(self, client: httpx.AsyncClient, notice: Notice) -> int:
        if not self.url:
            return 0
        content, headers = self._write(notice.body)
        try:
            with trio.fail_after(self._terms.delivery_seconds):
                response = await client.post(
                    self.url,
                    content=content,
                    headers={"content-type": "application/json", **headers},
                )
        except (httpx.HTTPError, httpx.InvalidURL, trio.TooSlowError):
            return 0
        return response.status_code
