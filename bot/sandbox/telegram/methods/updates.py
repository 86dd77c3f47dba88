"""How updates come: the webhook's settings, and getUpdates."""

from collections.abc import Callable
from typing import Any

import trio

from bot.sandbox.telegram.methods.parameters import Parameters
from bot.sandbox.telegram.refusals import RefusalError, bad
from bot.sandbox.telegram.world import World


class UpdateMethods:
    """The methods of "Getting updates"."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._poller = trio.CancelScope()
        self.last_error: Callable[[], tuple[int, str] | None] = lambda: None

    def set_webhook(self, p: Parameters) -> bool:
        """Remember where updates go; an empty address is deleteWebhook."""
        connections = p.number("max_connections") or 40
        if not 1 <= connections <= 100:
            raise bad("bad webhook: max_connections must be between 1 and 100")
        allowed = p.object("allowed_updates")
        self._drop_pending(p)
        self._world.set_webhook(
            {
                "url": p.text("url"),
                "secret_token": p.text("secret_token") or None,
                "max_connections": connections,
                # Left out, the kinds that were asked for before stay.
                "allowed_updates": self._world.webhook.get("allowed_updates")
                if allowed is None
                else allowed,
            }
        )
        return True

    def delete_webhook(self, p: Parameters) -> bool:
        """Let updates wait until they are polled."""
        self._drop_pending(p)
        allowed = self._world.webhook.get("allowed_updates")
        self._world.set_webhook({"url": "", "allowed_updates": allowed})
        return True

    def _drop_pending(self, p: Parameters) -> None:
        if p.flag("drop_pending_updates"):
            self._world.settle(list(self._world.pending))

    def get_webhook_info(self, _: Parameters) -> dict[str, Any]:
        """Return the webhook's state."""
        hook = self._world.webhook
        info: dict[str, Any] = {
            "url": hook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": len(self._world.pending),
        }
        if hook.get("url"):
            info["max_connections"] = hook["max_connections"]
        if hook.get("allowed_updates"):
            info["allowed_updates"] = hook["allowed_updates"]
        if (error := self.last_error()) is not None:
            info["last_error_date"], info["last_error_message"] = error
        return info

    async def get_updates(self, p: Parameters) -> list[dict[str, Any]]:
        """Wait for updates above the confirmed offset, as long as the bot wants to wait."""
        if self._world.webhook.get("url"):
            raise RefusalError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._poller.cancel(reason="another poller came")
        self._poller = poller = trio.CancelScope()
        if allowed := p.object("allowed_updates"):
            self._world.set_webhook({"url": "", "allowed_updates": allowed})
        offset = p.number("offset")
        self._world.settle([i for i in list(self._world.pending) if i < offset])
        with poller, trio.move_on_after(p.number("timeout")):
            self._world.drop_expired()
            while not self._world.pending:
                await self._world.arrived.wait()
        if poller.cancelled_caught:
            raise RefusalError(
                409,
                "Conflict: terminated by other getUpdates request; "
                "make sure that only one bot instance is running",
            )
        return list(self._world.pending.values())[: p.number("limit") or 100]
