"""A text in the making: characters, entities that are open, and how Telegram counts both."""

from dataclasses import dataclass, field
from typing import Any


class CantParseError(ValueError):
    """The markup is wrong; the text is TDLib's (MessageEntity.cpp)."""


def units(text: str) -> int:
    """Return the length of `text` as Telegram counts it: in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def byte_offset(source: str, at: int) -> int:
    """Return where the character `at` stands, as Telegram's errors count: in bytes of UTF-8."""
    return len(source[:at].encode("utf-8", "surrogatepass"))


@dataclass(slots=True)
class Opened:
    """An entity whose end is not found yet; `at` is where it stands in the source."""

    type: str
    offset: int
    at: int
    name: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Draft:
    """Grows by `add`; entities are opened and closed like brackets."""

    text: str = ""
    length: int = 0
    entities: list[dict[str, Any]] = field(default_factory=list)
    open: list[Opened] = field(default_factory=list)

    def add(self, piece: str) -> None:
        """Append characters that are shown."""
        self.text += piece
        self.length += units(piece)

    def begin(self, type_: str, at: int, name: str = "", **extra: Any) -> None:
        """Open an entity here."""
        self.open.append(Opened(type_, self.length, at, name, extra))

    def end(self, *, less: int = 0, **extra: Any) -> None:
        """Close the entity that was opened last, `less` units before here; none stays empty."""
        opened = self.open.pop()
        if (length := self.length - opened.offset - less) > 0:
            entity = {"type": opened.type, "offset": opened.offset, "length": length}
            self.entities.append(entity | opened.extra | extra)

    def since_begin(self) -> str:
        """Return what was added since the innermost entity was opened."""
        return self.text.encode("utf-16-le")[2 * self.open[-1].offset :].decode("utf-16-le")

    @property
    def innermost(self) -> str | None:
        """The type of the entity that is open and would be closed next."""
        return self.open[-1].type if self.open else None
