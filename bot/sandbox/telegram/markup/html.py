"""HTML parse mode (Bot API: "HTML style")."""

import re
from typing import Any

from bot.sandbox.telegram.markup.text import CantParseError, Draft, byte_offset

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "blockquote": "blockquote",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_PIECE = re.compile(r"<|&(#x[0-9a-f]+|#[0-9]+|[a-z]+);", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-z0-9-]*)((?:\s+[^<>]*)?)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"([a-z-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?", re.IGNORECASE
)


def parse_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the text and its entities; raises CantParseError."""
    draft, at = Draft(), 0
    while found := _PIECE.search(source, at):
        draft.add(source[at : found.start()])
        if found.group(1) is not None:
            draft.add(_character(found))
            at = found.end()
            continue
        tag = _TAG.match(source, found.start())
        if tag is None:
            start = byte_offset(source, found.start())
            raise CantParseError(f'Unsupported start tag "" at byte offset {start}')
        (_close if tag.group(1) else _open)(draft, source, tag)
        at = tag.end()
    draft.add(source[at:])
    if draft.open:
        name = draft.open[-1].name
        raise CantParseError(f'Can\'t find end tag corresponding to start tag "{name}"')
    return draft.text, draft.entities


def _character(reference: re.Match[str]) -> str:
    name = reference.group(1).lower()
    if not name.startswith("#"):
        return _NAMED.get(name, reference.group())
    digits, base = (name[2:], 16) if name[1] == "x" else (name[1:], 10)
    code = int(digits, base)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else reference.group()


def _open(draft: Draft, source: str, tag: re.Match[str]) -> None:
    name, at = tag.group(2).lower(), tag.start()
    attributes = {
        key.lower(): _unescaped(a or b or c) for key, a, b, c in _ATTRIBUTE.findall(tag.group(3))
    }
    if name not in _TAGS:
        raise CantParseError(
            f'Unsupported start tag "{name}" at byte offset {byte_offset(source, at)}'
        )
    if name == "span" and attributes.get("class") != "tg-spoiler":
        start = byte_offset(source, at)
        raise CantParseError(f'Tag "span" must have class "tg-spoiler" at byte offset {start}')
    kind, extra = _TAGS[name], {}
    if name == "a":
        extra = {"url": attributes.get("href", "")}
    elif name == "blockquote" and "expandable" in attributes:
        kind = "expandable_blockquote"
    elif name == "code" and draft.innermost == "pre":
        language = attributes.get("class", "").removeprefix("language-")
        draft.open[-1].extra = {"language": language} if language else {}
    draft.begin(kind, at, name, **extra)


def _close(draft: Draft, source: str, tag: re.Match[str]) -> None:
    name, at = tag.group(2).lower(), byte_offset(source, tag.start())
    if not draft.open:
        raise CantParseError(f"Unexpected end tag at byte offset {at}")
    opened = draft.open[-1]
    if opened.name != name:
        raise CantParseError(
            f'Unmatched end tag at byte offset {at}, expected "</{opened.name}>", found "</{name}>"'
        )
    if name == "code" and len(draft.open) > 1 and draft.open[-2].type == "pre":
        draft.open.pop()  # <pre><code class=…> is one entity
    else:
        draft.end()


def _unescaped(text: str) -> str:
    return re.sub(_PIECE, lambda m: _character(m) if m.group(1) else m.group(), text)
