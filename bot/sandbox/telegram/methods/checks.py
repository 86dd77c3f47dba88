"""What Telegram checks in what is sent: texts, captions, keyboards, who may be written to."""

import re
from typing import Any

from bot.sandbox.telegram.markup import formatted, units
from bot.sandbox.telegram.methods.parameters import Parameters
from bot.sandbox.telegram.refusals import RefusalError, bad
from bot.sandbox.telegram.world import World

_BUTTON_KINDS = ("url", "callback_data", "copy_text", "pay", "web_app")


def chat_id(world: World, p: Parameters, name: str = "chat_id") -> int:
    """Return the person's private chat; raises RefusalError if the bot may not write there."""
    given = p.number(name)
    if not p.text(name):
        raise bad(f"{name} is empty")
    if given not in world.people:
        raise bad("chat not found")
    if given in world.blocked:
        raise RefusalError(403, "Forbidden: bot was blocked by the user")
    if given not in world.met:
        raise RefusalError(403, "Forbidden: bot can't initiate conversation with a user")
    return given


def text(p: Parameters) -> dict[str, Any]:
    """Return a message's `text`, its `entities` and what its links are shown with."""
    shown, entities = formatted(p.text("text"), p.text("parse_mode"))
    if not shown.strip():
        raise bad("message text is empty")
    if units(shown) > 4096:
        raise bad("message is too long")
    preview = p.object("link_preview_options")
    return (
        {"text": shown}
        | ({"entities": entities} if entities else {})
        | ({"link_preview_options": preview} if preview else {})
    )


def caption(p: Parameters) -> dict[str, Any]:
    """Return a message's `caption` and its `caption_entities`, if there is one."""
    shown, entities = formatted(p.text("caption"), p.text("parse_mode"))
    if units(shown) > 1024:
        raise bad("message caption is too long")
    if not shown:
        return {}
    return {"caption": shown} | ({"caption_entities": entities} if entities else {})


def markup(p: Parameters, *, invoice: bool = False) -> dict[str, Any]:
    """Return a message's `reply_markup`, if there is one."""
    given = p.object("reply_markup")
    rows = [row for row in (given or {}).get("inline_keyboard", []) if row]
    buttons = [button for row in rows for button in row]
    if not buttons:
        return {}
    if len(buttons) > 100:
        raise bad("reply markup is too long")
    for place, button in enumerate(buttons):
        _check(button, may_pay=invoice and place == 0)
    if invoice and not buttons[0].get("pay"):
        raise bad("REPLY_MARKUP_BUY_EMPTY")
    return {"reply_markup": {"inline_keyboard": rows}}


def _check(button: dict[str, Any], *, may_pay: bool) -> None:
    if not str(button.get("text") or "").strip():
        raise bad("can't parse inline keyboard button: text is empty")
    kinds = [kind for kind in _BUTTON_KINDS if button.get(kind)]
    if not kinds and button.get("callback_data") is None:
        raise bad(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if button.get("pay") and not may_pay:
        raise bad("BUTTON_TYPE_INVALID")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(data.encode()) <= 64:
        raise bad("BUTTON_DATA_INVALID")
    copied = button.get("copy_text")
    if copied is not None and not 1 <= units(str(copied.get("text") or "")) <= 256:
        raise bad("BUTTON_COPY_TEXT_INVALID")
    url = button.get("url")
    if url and not re.match(r"(https?://[^/\s]+\.[^\s]+|tg://\S+)$", url):
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
