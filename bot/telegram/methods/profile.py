"""What people see of the bot before they write to it."""

from typing import Annotated, ClassVar

from pydantic import Field

from bot.telegram.methods.method import Method
from bot.telegram.types import BotCommand


class SetMyCommands(Method[bool]):
    """The menu of commands, for one language or for all others."""

    name: ClassVar[str] = "setMyCommands"
    repeatable: ClassVar[bool] = True

    commands: list[BotCommand]
    language_code: str | None = None


class SetMyDescription(Method[bool]):
    """What an empty chat shows; at most 512 characters."""

    name: ClassVar[str] = "setMyDescription"
    repeatable: ClassVar[bool] = True

    description: Annotated[str, Field(max_length=512)]
    language_code: str | None = None


class SetMyShortDescription(Method[bool]):
    """What the bot's profile shows; at most 120 characters."""

    name: ClassVar[str] = "setMyShortDescription"
    repeatable: ClassVar[bool] = True

    short_description: Annotated[str, Field(max_length=120)]
    language_code: str | None = None
