"""Entities that nobody marked: commands, mentions and addresses, which Telegram finds itself."""

import re
from typing import Any

from bot.sandbox.telegram.markup.text import units

_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"]*[^\s<>\".,;:!?)])"
    r"|(?<![\w/])(?P<bot_command>/[A-Za-z0-9_]{1,32}(?:@\w+)?)(?!\w|/)"
    r"|(?<![\w@])(?P<mention>@[A-Za-z]\w{3,31})(?!\w)"
)
_OPAQUE = {"code", "pre", "text_link"}


def detected(text: str, marked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is found outside of code and links that were marked."""
    opaque = [(e["offset"], e["offset"] + e["length"]) for e in marked if e["type"] in _OPAQUE]
    found = []
    for match in _FOUND.finditer(text):
        start, length = units(text[: match.start()]), units(match.group())
        if not any(begin < start + length and start < end for begin, end in opaque):
            found.append({"type": match.lastgroup, "offset": start, "length": length})
    return found
