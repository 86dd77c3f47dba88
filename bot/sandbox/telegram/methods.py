"""The Bot API's methods, carried out on the world, with Telegram's refusals in its own words."""

import json
import time
from collections.abc import Callable
from typing import Any

import trio

from bot.sandbox.telegram.markup import CantParseError, parse_html, units
from bot.sandbox.telegram.world import World


class RefusalError(Exception):
    """What Telegram answers instead of a result."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def _bad(description: str) -> RefusalError:
    return RefusalError(400, f"Bad Request: {description}")


class Methods:
    """One method a method; `call` finds it by its name in the Bot API."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sent_overall: list[float] = []
        self._sent_to: dict[int, list[float]] = {}
        self.waiting: Callable[[], tuple[int, tuple[int, str] | None]] = lambda: (0, None)
        self._poller = trio.CancelScope()
        self._methods: dict[str, Callable[[dict[str, Any]], Any]] = {
            "getme": lambda _: world.config.bot,
            "setwebhook": self.set_webhook,
            "deletewebhook": self.delete_webhook,
            "getwebhookinfo": self.get_webhook_info,
            "sendmessage": self.send_message,
            "editmessagetext": self.edit_message_text,
            "editmessagereplymarkup": self.edit_message_reply_markup,
            "deletemessage": self.delete_message,
            "sendchataction": self.send_chat_action,
            "answercallbackquery": self.answer_callback_query,
            "setmycommands": self.set_my_commands,
            "getmycommands": lambda p: world.commands.get(p.get("language_code") or "", []),
            "setmydescription": lambda _: True,
            "setmyshortdescription": lambda _: True,
            "getchat": lambda p: world.chat(world.people[self._chat(p)]),
        }

    async def call(self, name: str, parameters: dict[str, Any]) -> Any:
        """Return the method's result; raises RefusalError."""
        if name.lower() == "getupdates":
            return await self.get_updates(parameters)
        method = self._methods.get(name.lower())
        if method is None:
            raise RefusalError(404, "Not Found")
        return method(parameters)

    # ---- updates ----

    def set_webhook(self, p: dict[str, Any]) -> bool:
        connections = int(p.get("max_connections") or 40)
        if not 1 <= connections <= 100:
            raise _bad("bad webhook: max_connections must be between 1 and 100")
        if p.get("drop_pending_updates"):
            self._world.settle(list(self._world.pending))
        self._world.set_webhook(
            {
                "url": p.get("url", ""),
                "secret_token": p.get("secret_token"),
                "max_connections": connections,
                "allowed_updates": _listed(p.get("allowed_updates")),
            }
        )
        return True

    def delete_webhook(self, p: dict[str, Any]) -> bool:
        if p.get("drop_pending_updates"):
            self._world.settle(list(self._world.pending))
        self._world.set_webhook({"url": ""})
        return True

    def get_webhook_info(self, _: dict[str, Any]) -> dict[str, Any]:
        hook = self._world.webhook
        _in_flight, error = self.waiting()
        info: dict[str, Any] = {
            "url": hook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": len(self._world.pending),
        }
        if hook.get("url"):
            info["max_connections"] = hook["max_connections"]
            if hook.get("allowed_updates"):
                info["allowed_updates"] = hook["allowed_updates"]
        if error is not None:
            info["last_error_date"], info["last_error_message"] = error
        return info

    async def get_updates(self, p: dict[str, Any]) -> list[dict[str, Any]]:
        if self._world.webhook.get("url"):
            raise RefusalError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._poller.cancel()
        self._poller = poller = trio.CancelScope()
        allowed = _listed(p.get("allowed_updates"))
        if allowed:
            self._world.webhook["allowed_updates"] = allowed
        offset = int(p.get("offset") or 0)
        self._world.settle([i for i in list(self._world.pending) if i < offset])
        with poller, trio.move_on_after(int(p.get("timeout") or 0)):
            while not self._world.pending:
                await self._world.arrived.wait()
        if poller.cancelled_caught:
            raise RefusalError(
                409,
                "Conflict: terminated by other getUpdates request; "
                "make sure that only one bot instance is running",
            )
        return list(self._world.pending.values())[: int(p.get("limit") or 100)]

    # ---- messages ----

    def send_message(self, p: dict[str, Any]) -> dict[str, Any]:
        chat_id = self._chat(p)
        self._within_rates(chat_id)
        message = self._world.message(
            chat_id, {"from": self._world.config.bot} | self._text(p) | _markup(p)
        )
        self._world.actions.pop(chat_id, None)
        self._world.save_message(chat_id, message)
        return message

    def edit_message_text(self, p: dict[str, Any]) -> dict[str, Any]:
        return self._edit(p, self._text(p) | _markup(p))

    def edit_message_reply_markup(self, p: dict[str, Any]) -> dict[str, Any]:
        return self._edit(p, _markup(p))

    def delete_message(self, p: dict[str, Any]) -> bool:
        chat_id = self._chat(p)
        if self._world.find(chat_id, int(p.get("message_id", 0))) is None:
            raise _bad("message to delete not found")
        self._world.drop_message(chat_id, int(p["message_id"]))
        return True

    def send_chat_action(self, p: dict[str, Any]) -> bool:
        self._world.actions[self._chat(p)] = time.time() + 5
        self._world.touch()
        return True

    def answer_callback_query(self, p: dict[str, Any]) -> bool:
        query_id = str(p.get("callback_query_id"))
        waiting = self._world.queries.get(query_id)
        if waiting is None or waiting.is_set():
            raise _bad("query is too old and response timeout expired or query ID is invalid")
        self._world.answers[query_id] = {
            "text": p.get("text"),
            "show_alert": bool(p.get("show_alert")),
        }
        waiting.set()
        return True

    def set_my_commands(self, p: dict[str, Any]) -> bool:
        self._world.set_commands(p.get("language_code") or "", _listed(p.get("commands")) or [])
        return True

    # ---- what Telegram checks ----

    def _chat(self, p: dict[str, Any]) -> int:
        try:
            chat_id = int(p.get("chat_id", ""))
        except ValueError:
            raise _bad("chat not found") from None
        if chat_id not in self._world.people:
            raise _bad("chat not found")
        if chat_id in self._world.blocked:
            raise RefusalError(403, "Forbidden: bot was blocked by the user")
        if not self._world.chats.get(chat_id):
            raise RefusalError(403, "Forbidden: bot can't initiate conversation with a user")
        return chat_id

    def _text(self, p: dict[str, Any]) -> dict[str, Any]:
        text = str(p.get("text") or "")
        entities: list[dict[str, Any]] = []
        if p.get("parse_mode") == "HTML":
            try:
                text, entities = parse_html(text)
            except CantParseError as error:
                raise _bad(str(error)) from None
        if not text.strip():
            raise _bad("message text is empty")
        if units(text) > 4096:
            raise _bad("message is too long")
        return {"text": text} | ({"entities": entities} if entities else {})

    def _edit(self, p: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
        chat_id = self._chat(p)
        message = self._world.find(chat_id, int(p.get("message_id", 0)))
        if message is None or message.get("from") != self._world.config.bot:
            raise _bad("message to edit not found")
        dropped = {"entities"} if "text" in changes else set()
        kept = {k: v for k, v in message.items() if k not in dropped | {"reply_markup"}}
        changed = kept | changes
        if changed == message:
            raise _bad(
                "message is not modified: specified new message content and reply markup are "
                "exactly the same as a current content and reply markup of the message"
            )
        changed["edit_date"] = int(time.time())
        self._world.save_message(chat_id, changed)
        return changed

    def _within_rates(self, chat_id: int) -> None:
        """About 30 messages a second in all, one a second to a chat, with a burst."""
        now, config = trio.current_time(), self._world.config
        here = self._sent_to[chat_id] = [
            at for at in self._sent_to.get(chat_id, []) if at > now - config.chat_burst
        ]
        self._sent_overall = [at for at in self._sent_overall if at > now - 1]
        if len(here) >= config.chat_burst or len(self._sent_overall) >= config.overall_per_second:
            raise RefusalError(429, "Too Many Requests: retry after 1", retry_after=1)
        here.append(now)
        self._sent_overall.append(now)


def _listed(value: Any) -> list[Any] | None:
    listed: list[Any] | None = json.loads(value) if isinstance(value, str) else value
    return listed


def _markup(p: dict[str, Any]) -> dict[str, Any]:
    markup = p.get("reply_markup")
    markup = json.loads(markup) if isinstance(markup, str) else markup
    if not markup:
        return {}
    buttons = [button for row in markup.get("inline_keyboard", []) for button in row]
    if len(buttons) > 100:
        raise _bad("reply markup is too long")
    for button in buttons:
        data = button.get("callback_data")
        if data is not None and not 1 <= len(data.encode()) <= 64:
            raise _bad("BUTTON_DATA_INVALID")
    return {"reply_markup": markup}
