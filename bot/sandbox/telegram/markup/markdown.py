"""MarkdownV2 parse mode (Bot API: "MarkdownV2 style")."""

from typing import Any

from bot.sandbox.telegram.markup.text import CantParseError, Draft, byte_offset

_TOKENS = (
    ("```", "pre", "Pre"),
    ("`", "code", "Code"),
    ("__", "underline", "Underline"),
    ("_", "italic", "Italic"),
    ("*", "bold", "Bold"),
    ("~", "strikethrough", "Strikethrough"),
    ("||", "spoiler", "Spoiler"),
    ("[", "text_link", "TextUrl"),
)
_VERBATIM = {"pre": "```", "code": "`"}
_NAMES = {kind: name for _, kind, name in _TOKENS} | {"blockquote": "BlockQuote"}
_RESERVED = "_*[]()~`>#+-=|{}.!"


def parse_markdown(source: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the text and its entities; raises CantParseError."""
    parser = _Parser(source)
    parser.run()
    return parser.draft.text, parser.draft.entities


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.draft = Draft()

    def run(self) -> None:
        while self.at < len(self.source):
            if self._escaped() or self._verbatim() or self._quote():
                continue
            if not (self._link_end() or self._token()):
                self._plain()
        if self.draft.innermost == "blockquote":
            self.draft.end()
        if self.draft.open:
            self._fail_open()

    def _fail_open(self) -> None:
        opened = self.draft.open[-1]
        start = byte_offset(self.source, opened.at)
        name = "PreCode" if opened.extra.get("language") else _NAMES[opened.type]
        raise CantParseError(f"Can't find end of {name} entity at byte offset {start}")

    def _ahead(self, token: str) -> bool:
        return self.source.startswith(token, self.at)

    def _escaped(self) -> bool:
        """Take `\\` and the character after it, which stands for itself."""
        following = self.source[self.at + 1 : self.at + 2]
        if not self._ahead("\\") or not 0 < ord(following or "\0") <= 126:
            return False
        self.draft.add(following)
        self.at += 2
        return True

    def _verbatim(self) -> bool:
        """Take a character of a code or pre entity, or its end."""
        end = _VERBATIM.get(self.draft.innermost or "")
        if end is None:
            return False
        if self._ahead(end):
            self.draft.end()
            self.at += len(end)
        else:
            self.draft.add(self.source[self.at])
            self.at += 1
        return True

    def _quote(self) -> bool:
        """Take the beginning of a quoted line, or close a quotation that is over."""
        # An empty bold entity parts two quotations: **> begins a line as well.
        new_line = self.source[: self.at].removesuffix("**").endswith("\n") or (
            self.source[: self.at] in {"", "**"}
        )
        quoted = any(opened.type == "blockquote" for opened in self.draft.open)
        if new_line and self._ahead(">"):
            if not quoted:
                self.draft.begin("blockquote", self.at)
            self.at += 1
            return True
        over = new_line and quoted
        expandable = quoted and self._ahead("||") and self.source[self.at + 2 :][:1] in {"", "\n"}
        if not over and not (expandable and self.draft.innermost == "blockquote"):
            return False
        if self.draft.innermost != "blockquote":
            self._fail_open()
        if expandable:
            self.draft.open[-1].type = "expandable_blockquote"
            self.at += 2
        self.draft.end(less=int(over))  # the end of its last line is not quoted
        return True

    def _link_end(self) -> bool:
        if not self._ahead("]") or self.draft.innermost != "text_link":
            return False
        self.at += 1
        url = ""
        if self._ahead("("):
            start, self.at = self.at, self.at + 1
            while self.at < len(self.source) and not self._ahead(")"):
                self.at += self._ahead("\\")
                url += self.source[self.at : self.at + 1]
                self.at += 1
            if not self._ahead(")"):
                where = byte_offset(self.source, start)
                raise CantParseError(f"Can't find end of a URL at byte offset {where}")
            self.at += 1
        self.draft.end(url=url or self.draft.since_begin())
        return True

    def _token(self) -> bool:
        """Take the mark of an entity: its end if it is the innermost one, else its beginning."""
        for token, kind, _ in _TOKENS:
            if not self._ahead(token):
                continue
            if self.draft.innermost == kind and kind != "text_link":
                self.draft.end()
                self.at += len(token)
                return True
            self.draft.begin(kind, self.at)
            self.at += len(token)
            if kind == "pre":
                self._language()
            return True
        return False

    def _language(self) -> None:
        """Take the word after ``` and the end of its line."""
        end = self.source.find("\n", self.at)
        word = self.source[self.at : end] if end >= 0 else ""
        if word and not any(c.isspace() or c == "`" for c in word):
            self.draft.open[-1].extra = {"language": word}
            self.at = end
        if self._ahead("\n"):
            self.at += 1

    def _plain(self) -> None:
        character = self.source[self.at]
        if character in _RESERVED:
            raise CantParseError(
                f"Character '{character}' is reserved and must be escaped with the preceding '\\'"
            )
        self.draft.add(character)
        self.at += 1
