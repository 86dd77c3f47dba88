"""Updates on their way to the webhook, with Telegram's manners.

First tries go out in the order of the updates, at most `max_connections` at once; anything but
2xx, or no answer, is tried again after a growing pause, until the update is a day old.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import trio

from bot.sandbox.telegram.world import World

_CarryOut = Callable[[str, dict[str, Any]], Awaitable[Any]]


class Deliveries:
    """The sender; `run` delivers for ever, in a nursery of its caller's."""

    def __init__(self, world: World, carry_out: _CarryOut) -> None:
        self._world = world
        self._carry_out = carry_out
        self._in_flight: set[int] = set()
        self._not_before: dict[int, float] = {}
        self._tries: dict[int, int] = {}
        self.last_error: tuple[int, str] | None = None

    @property
    def in_flight(self) -> int:
        """Deliveries that wait for the bot's answer now."""
        return len(self._in_flight)

    async def run(self, nursery: trio.Nursery) -> None:
        """Start deliveries as children of `nursery` whenever there is something to deliver."""
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
        seconds = self._world.config.delivery_seconds
        async with httpx.AsyncClient(limits=limits, timeout=seconds, trust_env=False) as client:
            while True:
                arrived = self._world.arrived
                soonest = self._start_due(client, nursery)
                with trio.move_on_at(soonest):
                    await arrived.wait()

    def _start_due(self, client: httpx.AsyncClient, nursery: trio.Nursery) -> float:
        """Start what is due; return when the next retry is."""
        url = self._world.webhook.get("url")
        if not url:
            return float("inf")
        slots = self._world.webhook.get("max_connections", 40) - len(self._in_flight)
        now, soonest = trio.current_time(), float("inf")
        self._world.drop_expired()
        for update_id in list(self._world.pending):
            if slots <= 0:
                break
            if update_id in self._in_flight:
                continue
            due = self._not_before.get(update_id, 0.0)
            if due > now:
                soonest = min(soonest, due)
                continue
            slots -= 1
            self._in_flight.add(update_id)
            nursery.start_soon(self._deliver, client, url, update_id)
        return soonest

    async def _deliver(self, client: httpx.AsyncClient, url: str, update_id: int) -> None:
        update = self._world.pending.get(update_id)
        error: str | None = None
        reply: Any = None
        try:
            if update is not None:
                reply = await self._post(client, url, update)
        except (httpx.HTTPError, trio.TooSlowError) as failure:
            error = (
                "Connection refused"
                if isinstance(failure, httpx.ConnectError)
                else (str(failure) or "Read timeout expired")
            )
        finally:
            self._in_flight.discard(update_id)
            self._world.arrive()
        if error is None:
            self._world.settle([update_id])
            self._not_before.pop(update_id, None)
            self._tries.pop(update_id, None)
            if isinstance(reply, dict) and "method" in reply:
                await self._carry_out(reply.pop("method"), reply)
        else:
            self._note(update_id, error)

    async def _post(self, client: httpx.AsyncClient, url: str, update: dict[str, Any]) -> Any:
        headers = {"content-type": "application/json"}
        if secret := self._world.webhook.get("secret_token"):
            headers["x-telegram-bot-api-secret-token"] = secret
        with trio.fail_after(self._world.config.delivery_seconds):
            response = await client.post(url, content=json.dumps(update), headers=headers)
        if not response.is_success:
            raise httpx.HTTPError(
                f"Wrong response from the webhook: {response.status_code} {response.reason_phrase}"
            )
        try:
            return response.json()
        except ValueError:
            return None

    def _note(self, update_id: int, error: str) -> None:
        config = self._world.config
        tries = self._tries[update_id] = self._tries.get(update_id, 0) + 1
        pause = min(config.first_retry_seconds * 2 ** (tries - 1), config.longest_retry_seconds)
        self._not_before[update_id] = trio.current_time() + pause
        self.last_error = (self._world.now, error)
