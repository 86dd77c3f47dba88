"""What every method has in common, and the pieces that their fields are made of."""

import json
from functools import cache
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
)

from bot.telegram.types import InlineKeyboardMarkup

T = TypeVar("T")

UPLOAD_PART = "file"
"""The part of a multipart request that carries the file; a method has at most one."""


class InputFile(BaseModel):
    """A file to upload. Once sent it has a `file_id`, which is sent in its place ever after."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    content: bytes = Field(repr=False)
    filename: Annotated[str, Field(min_length=1)]


class Method(BaseModel, Generic[T]):
    """A request to the Bot API whose result is a `T`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    repeatable: ClassVar[bool]
    """True if a request whose answer was lost may be sent again: twice is as good as once."""

    @property
    def upload(self) -> InputFile | None:
        """The file that goes along; such a method is sent by the client, never in a response."""
        return None

    @property
    def has_upload(self) -> bool:
        """True if a webhook response can't carry this: it is JSON, and a file isn't."""
        return self.upload is not None

    def parameters(self) -> dict[str, Any]:
        """Return the fields that are set, ready for JSON; a file to upload is only named."""
        return self.model_dump(mode="json", exclude_none=True, by_alias=True)

    def as_webhook_reply(self) -> bytes:
        """Return the body of a webhook response that makes Telegram carry this out.

        Bot API: "Making requests when getting updates"; the result is never known. Raises
        TypeError if there is a file to upload.
        """
        if self.has_upload:
            raise TypeError(f"{self.name} uploads a file: a webhook response can't carry it")
        return json.dumps({"method": self.name} | self.parameters(), ensure_ascii=False).encode()

    @classmethod
    @cache
    def result(cls) -> TypeAdapter[Any]:
        """Return the reader of what Telegram answers."""
        for base in cls.__mro__:
            origin = getattr(base, "__pydantic_generic_metadata__", {})
            if origin.get("origin") is Method and origin.get("args"):
                return TypeAdapter(origin["args"][0])
        raise TypeError(f"{cls.__name__} must say what it returns: Method[…]")


def _checked(markup: InlineKeyboardMarkup) -> InlineKeyboardMarkup:
    buttons = [button for row in markup.inline_keyboard for button in row]
    if len(buttons) > 100:
        raise ValueError("at most 100 buttons")
    for button in buttons:
        # Bot API: InlineKeyboardButton, "exactly one of the fields other than text".
        uses = (button.url, button.callback_data, button.copy_text, button.pay or None)
        if sum(use is not None for use in uses) != 1:
            raise ValueError(f"a button does exactly one thing: {button.text}")
        # Bot API: InlineKeyboardButton, callback_data.
        if button.callback_data is not None and not 1 <= len(button.callback_data.encode()) <= 64:
            raise ValueError("callback_data is 1-64 bytes")
        # Bot API: CopyTextButton, text.
        if button.copy_text is not None and not 1 <= len(button.copy_text.text) <= 256:
            raise ValueError("copy_text is 1-256 characters")
    return markup


def _reference(file: InputFile | str) -> str:
    # Bot API: "Sending files": attach://<part> names a part of the multipart request.
    return file if isinstance(file, str) else f"attach://{UPLOAD_PART}"


File = Annotated[InputFile | Annotated[str, Field(min_length=1)], PlainSerializer(_reference)]
"""Bytes to upload, or the file_id of what was sent before."""
ReplyMarkup = Annotated[InlineKeyboardMarkup, AfterValidator(_checked)]
ChatId = int | str
Text = Annotated[str, Field(min_length=1)]
ParseMode = Annotated[str, Field(pattern="^(HTML|MarkdownV2)$")]
