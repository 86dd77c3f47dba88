"""HTML parse mode and commands: from a text to entities, counted in UTF-16 units."""

import re
from html.parser import HTMLParser
from typing import Any

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "s": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "tg-spoiler": "spoiler",
    "blockquote": "blockquote",
}


class CantParseError(ValueError):
    """The markup is wrong; the text is Telegram's."""


def units(text: str) -> int:
    """Return the length of `text` as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def parse_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the text and its entities; raises CantParseError."""
    parser = _Parser()
    parser.feed(source)
    parser.close()
    if parser.open:
        tag = parser.open[-1][0]
        raise CantParseError(f"can't parse entities: Can't find end tag corresponding to {tag}")
    return parser.text, parser.entities


def commands(text: str) -> list[dict[str, Any]]:
    """Return the bot_command entities of what a person typed."""
    return [
        {"type": "bot_command", "offset": units(text[: m.start()]), "length": units(m.group())}
        for m in re.finditer(r"(?<!\S)/[A-Za-z0-9_]{1,32}(@\w+)?", text)
    ]


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.entities: list[dict[str, Any]] = []
        self.open: list[tuple[str, int, dict[str, Any]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise CantParseError(f'can\'t parse entities: Unsupported start tag "{tag}"')
        extra = {"url": dict(attrs).get("href")} if tag == "a" else {}
        self.open.append((tag, units(self.text), extra))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            raise CantParseError(f'can\'t parse entities: Unexpected end tag "{tag}"')
        _, start, extra = self.open.pop()
        if length := units(self.text) - start:
            self.entities.append({"type": _TAGS[tag], "offset": start, "length": length} | extra)

    def handle_data(self, data: str) -> None:
        self.text += data
