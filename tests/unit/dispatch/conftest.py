"""A dispatcher with everything around it in memory."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.settings import Settings, load
from bot.telegram.dead_letters import DeadLetter, DeadLetters
from bot.telegram.dispatcher import Dispatcher
from bot.telegram.errors import (
    ApiError,
    BlockedByUserError,
    ChatNotFoundError,
    ConflictError,
    NotModifiedError,
    QueryTooOldError,
    RetryAfterError,
    UnauthorizedError,
)
from bot.telegram.methods import Method
from bot.telegram.notices import Notices
from bot.telegram.routing import Router
from bot.telegram.types import ResponseParameters
from tests.unit.dispatch.updates import AwayError

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class FakeClient:
    """Keeps what is sent; `when(method)` runs first, and may raise or wait."""

    def __init__(self) -> None:
        self.sent: list[Method[Any]] = []
        self.noted: list[Method[Any]] = []
        self.when: Callable[[Method[Any]], Awaitable[Any]] | None = None

    async def __call__(self, method: Method[Any]) -> Any:
        result = await self.when(method) if self.when else None
        self.sent.append(method)
        return result

    def note_reply(self, method: Method[Any]) -> None:
        self.noted.append(method)


@dataclass
class Cemetery:
    """What was recorded as a dead letter, and who was told; `failure` makes recording fail."""

    recorded: list[dict[str, Any]] = field(default_factory=list)
    told: list[DeadLetter] = field(default_factory=list)
    failure: Exception | None = None

    async def record(self, **letter: Any) -> None:
        if self.failure is not None:
            raise self.failure
        self.recorded.append(letter)

    async def tell_admins(self, letter: DeadLetter) -> None:
        self.told.append(letter)


@pytest.fixture
def client() -> FakeClient:
    return FakeClient()


@pytest.fixture
def cemetery() -> Cemetery:
    return Cemetery()


@pytest.fixture
def make_settings() -> Callable[..., Settings]:
    def make(**changes: Any) -> Settings:
        given = {"bot_token": "123456789:" + "A" * 35, "mode": "polling"}
        return load(_env_file=None, **given | changes)

    return make


@pytest.fixture
def make_dispatcher(
    client: FakeClient, cemetery: Cemetery, make_settings: Callable[..., Settings]
) -> Callable[..., Dispatcher]:
    """Make a dispatcher for a router; other keywords are settings."""

    def make(router: Router, middlewares: Any = (), **changes: Any) -> Dispatcher:
        return Dispatcher(
            router,
            settings=make_settings(**changes),
            client=client,  # type: ignore[arg-type]
            lane=None,
            clock=lambda: NOW,
            dead_letters=DeadLetters(cemetery.record, cemetery.tell_admins),
            notices=Notices(
                too_fast=lambda user: f"Slower, {user.first_name}",
                failed=lambda user: f"Sorry, {user.first_name}",
            ),
            middlewares=middlewares,
            unavailable=(AwayError,),
        )

    return make


@pytest.fixture
def flood() -> RetryAfterError:
    text = "Too Many Requests: retry after 17"
    return RetryAfterError(429, text, ResponseParameters(retry_after=17))


@pytest.fixture(
    params=[
        BlockedByUserError(403, "Forbidden: bot was blocked by the user"),
        ChatNotFoundError(400, "Bad Request: chat not found"),
        NotModifiedError(400, "Bad Request: message is not modified"),
        QueryTooOldError(400, "Bad Request: query is too old"),
    ],
    ids=lambda error: type(error).__name__,
)
def moot(request: pytest.FixtureRequest) -> ApiError:
    """An error after which there is nothing left to do."""
    error: ApiError = request.param
    return error


@pytest.fixture
def conflict() -> ConflictError:
    return ConflictError(409, "Conflict: terminated by other getUpdates request")


@pytest.fixture
def unauthorized() -> UnauthorizedError:
    return UnauthorizedError(401, "Unauthorized")
