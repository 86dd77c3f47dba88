"""Which handler an update belongs to: the first one, in the order of writing, whose filters agree.

A filter is any predicate on a Context. `Command` and `CallbackData` also tell the router which
heads (`Context.head`) they can agree to, so that an update is compared with the handlers of its
own command or button and with the few that name none, however many handlers there are.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import structlog
import trio

from bot import metrics
from bot.telegram.context import Context, Handler, Middleware, Next, Reply

Filter: TypeAlias = Callable[[Context], bool]


class HeadFilter(ABC):
    """A filter that agrees only to updates with one of these heads."""

    heads: frozenset[str]

    @abstractmethod
    def __call__(self, ctx: Context) -> bool:
        """Say whether this filter agrees."""


class Command(HeadFilter):
    """Agrees to the commands named, written without the slash: `Command("start")`."""

    def __init__(self, *names: str) -> None:
        self.heads = frozenset(f"/{name}" for name in names)

    def __call__(self, ctx: Context) -> bool:
        """Say whether the update is one of these commands."""
        return ctx.update.message is not None and ctx.head in self.heads


class CallbackData(HeadFilter):
    """Agrees to buttons: all that begin with `lang:`, or the one whose data is exactly `menu`."""

    def __init__(self, data: str) -> None:
        head, colon, _ = data.partition(":")
        self.heads = frozenset({head + colon})
        self._data = data
        self._is_prefix = data.endswith(":")

    def __call__(self, ctx: Context) -> bool:
        """Say whether the update is such a button, pressed."""
        query = ctx.update.callback_query
        if query is None or query.data is None:
            return False
        return query.data.startswith(self._data) if self._is_prefix else query.data == self._data


class Has:
    """Agrees to messages that have one of these fields: `Has("successful_payment")`."""

    def __init__(self, *fields: str) -> None:
        self._fields = fields

    def __call__(self, ctx: Context) -> bool:
        """Say whether the message has such a field."""
        message = ctx.update.message
        return any(getattr(message, name, None) is not None for name in self._fields)


class ChatType:
    """Agrees to messages, and to changes of membership, in chats of these types."""

    def __init__(self, *types: str) -> None:
        self._types = frozenset(types)

    def __call__(self, ctx: Context) -> bool:
        """Say whether the chat is of such a type."""
        source = ctx.update.message or ctx.update.my_chat_member
        return source is not None and source.chat.type in self._types


@dataclass(frozen=True, slots=True)
class Route:
    """A handler with the filters that stand before it; `seconds` is its own metric."""

    kind: str
    filters: tuple[Filter, ...]
    handler: Handler
    name: str
    seconds: Any

    @property
    def heads(self) -> frozenset[str]:
        """The only heads that it can agree to; empty if its filters name none."""
        return next((f.heads for f in self.filters if isinstance(f, HeadFilter)), frozenset())


class Router:
    """A list of handlers, written with decorators, and of other routers."""

    def __init__(self) -> None:
        self._entries: list[Route | Router] = []

    def on(self, kind: str, *filters: Filter) -> Callable[[Handler], Handler]:
        """Let the decorated function handle updates of `kind` that all `filters` agree to."""

        def register(handler: Handler) -> Handler:
            name = _name(handler)
            seconds = metrics.HANDLER_SECONDS.labels(name)
            self._entries.append(Route(kind, filters, handler, name, seconds))
            return handler

        return register

    def message(self, *filters: Filter) -> Callable[[Handler], Handler]:
        """Decorate a handler of messages."""
        return self.on("message", *filters)

    def callback_query(self, *filters: Filter) -> Callable[[Handler], Handler]:
        """Decorate a handler of pressed inline buttons."""
        return self.on("callback_query", *filters)

    def pre_checkout_query(self, *filters: Filter) -> Callable[[Handler], Handler]:
        """Decorate a handler of the question that comes before each payment."""
        return self.on("pre_checkout_query", *filters)

    def my_chat_member(self, *filters: Filter) -> Callable[[Handler], Handler]:
        """Decorate a handler of people who block the bot or come back."""
        return self.on("my_chat_member", *filters)

    def include(self, router: "Router") -> None:
        """Put the handlers of `router` here in the order, also those it gets later."""
        self._entries.append(router)

    def routes(self) -> Iterator[Route]:
        """Yield every route, in the order in which they are asked."""
        for entry in self._entries:
            if isinstance(entry, Router):
                yield from entry.routes()
            else:
                yield entry


class RoutingTable:
    """The routes of a finished router, arranged for finding, with the middlewares around."""

    def __init__(self, routes: Iterable[Route], middlewares: Iterable[Middleware] = ()) -> None:
        by_kind: dict[str, list[Route]] = {}
        for route in routes:
            by_kind.setdefault(route.kind, []).append(route)
        self._by_kind = {kind: _Index(listed) for kind, listed in by_kind.items()}
        self._chain: Next = self._run
        for middleware in reversed(list(middlewares)):
            self._chain = _wrap(middleware, self._chain)

    async def __call__(self, ctx: Context) -> Reply:
        """Let the handler of `ctx` answer; `ctx.handler` stays None if there is none.

        Middlewares run before a handler is chosen, so that filters see what they add; they
        don't run for kinds of update that no handler asks for.
        """
        if ctx.update.kind not in self._by_kind:
            return None
        return await self._chain(ctx)

    async def _run(self, ctx: Context) -> Reply:
        route = self._by_kind[ctx.update.kind or ""].find(ctx)
        if route is None:
            return None
        ctx.handler = route.name
        structlog.contextvars.bind_contextvars(handler=route.name)
        started = trio.current_time()
        try:
            return await route.handler(ctx)
        finally:
            route.seconds.observe(trio.current_time() - started)


class _Index:
    """The routes of one kind: for each head those that may agree to it, in the order given."""

    def __init__(self, routes: list[Route]) -> None:
        heads = {head for route in routes for head in route.heads}
        self._by_head = {
            head: tuple(route for route in routes if not route.heads or head in route.heads)
            for head in heads
        }
        self._rest = tuple(route for route in routes if not route.heads)

    def find(self, ctx: Context) -> Route | None:
        for route in self._by_head.get(ctx.head, self._rest):
            if all(agrees(ctx) for agrees in route.filters):
                return route
        return None


def _wrap(middleware: Middleware, following: Next) -> Next:
    async def wrapped(ctx: Context) -> Reply:
        return await middleware(ctx, following)

    return wrapped


def _name(handler: Handler) -> str:
    """The module and the function: `start.welcome`, as metrics and logs show it."""
    module = str(getattr(handler, "__module__", "")).rpartition(".")[2]
    return f"{module}.{getattr(handler, '__qualname__', type(handler).__qualname__)}"
