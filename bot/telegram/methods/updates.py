"""How updates come, and who the bot is."""

from typing import Annotated, ClassVar

from pydantic import Field

from bot.telegram.methods.method import Method
from bot.telegram.types import User, WebhookInfo


class GetMe(Method[User]):
    """Who the bot is."""

    name: ClassVar[str] = "getMe"
    repeatable: ClassVar[bool] = True


class SetWebhook(Method[bool]):
    """Where updates go."""

    name: ClassVar[str] = "setWebhook"
    repeatable: ClassVar[bool] = True

    url: str
    max_connections: Annotated[int, Field(ge=1, le=100)] | None = None
    allowed_updates: list[str] | None = None
    drop_pending_updates: bool | None = None
    secret_token: str | None = Field(None, pattern="^[A-Za-z0-9_-]{1,256}$", repr=False)


class DeleteWebhook(Method[bool]):
    """Updates go nowhere until they are polled."""

    name: ClassVar[str] = "deleteWebhook"
    repeatable: ClassVar[bool] = True

    drop_pending_updates: bool | None = None


class GetWebhookInfo(Method[WebhookInfo]):
    """What Telegram thinks of the webhook."""

    name: ClassVar[str] = "getWebhookInfo"
    repeatable: ClassVar[bool] = True
