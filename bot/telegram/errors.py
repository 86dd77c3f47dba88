"""What Telegram refuses, told by what the caller can do about it.

Telegram has few codes and many texts: `api_error` is the one place that reads the texts. They
are those of the Bot API server (tdlib/telegram-bot-api, Client.cpp) and are matched in part and
without case, since their ends vary.
"""

from bot.telegram.types import ResponseParameters


class TelegramError(Exception):
    """Root of everything that a call to the Bot API raises."""


class TransportError(TelegramError):
    """No answer that could be read; whether the call took effect is unknown."""


class ApiError(TelegramError):
    """Telegram answered and refused."""

    def __init__(
        self, code: int, description: str, parameters: ResponseParameters | None = None
    ) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.parameters = parameters or ResponseParameters()


class UnauthorizedError(ApiError):
    """The token is wrong or was revoked."""

    def __str__(self) -> str:
        """Say what to do: an operator reads this as the last line of a process."""
        return (
            f"Telegram refuses BOT_TOKEN ({self.code} {self.description}): it is mistyped or was "
            "revoked. Take the bot's token from @BotFather again."
        )


class ForbiddenError(ApiError):
    """The bot may not write to this person or chat."""


class BlockedByUserError(ForbiddenError):
    """The person has blocked the bot."""


class UserDeactivatedError(ForbiddenError):
    """The person's account is gone."""


class BadRequestError(ApiError):
    """The request can't be carried out as it is."""


class NotModifiedError(BadRequestError):
    """The message is already what it was to become."""


class MessageNotFoundError(BadRequestError):
    """The message to change is gone."""


class QueryTooOldError(BadRequestError):
    """The button's answer came too late to be shown."""


class ChatNotFoundError(BadRequestError):
    """No such chat, or the bot has never met the person."""


class CantParseEntitiesError(BadRequestError):
    """The markup of a text is wrong: a bug of ours."""


class AlreadyRefundedError(BadRequestError):
    """The stars of this payment went back before: as good as done."""


class MigratedError(BadRequestError):
    """The group became a supergroup: `parameters.migrate_to_chat_id`."""


class ConflictError(ApiError):
    """Two pollers, or a poller beside a webhook."""


class TooLargeError(ApiError):
    """The request is larger than Telegram takes."""


class WebhookRefusedError(TelegramError):
    """Telegram doesn't take the webhook of this configuration; the text says what to look at."""


class ServerError(ApiError):
    """A fault of Telegram's own."""


class RetryAfterError(ApiError):
    """Too many requests; not before `retry_after` seconds have passed."""

    @property
    def retry_after(self) -> int:
        """Seconds to wait, at least one."""
        return max(1, self.parameters.retry_after or 1)


_BY_CODE: dict[int, type[ApiError]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: UnauthorizedError,  # a token in a form that no bot has ("Not Found")
    409: ConflictError,
    413: TooLargeError,
    429: RetryAfterError,
}
_BY_TEXT: dict[int, tuple[tuple[str, type[ApiError]], ...]] = {
    400: (
        ("message is not modified", NotModifiedError),
        ("message to edit not found", MessageNotFoundError),
        ("message to delete not found", MessageNotFoundError),
        ("message can't be edited", MessageNotFoundError),
        ("message can't be deleted", MessageNotFoundError),
        ("query is too old", QueryTooOldError),
        ("query_id_invalid", QueryTooOldError),
        ("chat not found", ChatNotFoundError),
        ("can't parse entities", CantParseEntitiesError),
        ("charge_already_refunded", AlreadyRefundedError),
        ("upgraded to a supergroup", MigratedError),
    ),
    403: (
        ("blocked by the user", BlockedByUserError),
        ("user is deactivated", UserDeactivatedError),
    ),
}


def api_error(
    code: int, description: str, parameters: ResponseParameters | None = None
) -> ApiError:
    """Return the error that stands for a refusal."""
    text = description.lower()
    kind = next((kind for words, kind in _BY_TEXT.get(code, ()) if words in text), None)
    if kind is None:
        kind = _BY_CODE.get(code, ServerError if code >= 500 else ApiError)
    return kind(code, description, parameters)
