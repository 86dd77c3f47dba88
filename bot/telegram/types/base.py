"""What the objects of the Bot API have in common."""

from pydantic import BaseModel, ConfigDict


class TelegramObject(BaseModel):
    """Root of what Telegram sends, and of the objects that requests are made of."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class User(TelegramObject):
    """A person or a bot."""

    id: int
    is_bot: bool
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
