"""From the text that was sent to the text that is shown and its entities."""

from typing import Any

from bot.sandbox.telegram.markup.detected import detected
from bot.sandbox.telegram.markup.html import parse_html
from bot.sandbox.telegram.markup.markdown import parse_markdown
from bot.sandbox.telegram.markup.text import CantParseError, units
from bot.sandbox.telegram.refusals import bad

__all__ = ["formatted", "units"]

_PARSERS = {"html": parse_html, "markdownv2": parse_markdown}


def formatted(source: str, parse_mode: str | None) -> tuple[str, list[dict[str, Any]]]:
    """Return the text and its entities, the ones that Telegram finds by itself among them.

    Raises RefusalError.
    """
    text = source
    entities: list[dict[str, Any]] = []
    if parse_mode:
        parse = _PARSERS.get(parse_mode.lower())
        if parse is None:
            raise bad("unsupported parse_mode")
        try:
            text, entities = parse(source)
        except CantParseError as error:
            raise bad(f"can't parse entities: {error}") from None
    return text, sorted(
        [*entities, *detected(text, entities)], key=lambda e: (e["offset"], -e["length"])
    )
