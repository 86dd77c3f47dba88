"""Which handler an update belongs to."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.telegram.context import Context, Next, Reply
from bot.telegram.routing import CallbackData, ChatType, Command, Has, Router, RoutingTable
from bot.telegram.types import Update
from tests.unit.dispatch.updates import button, membership, message, payment, unheard_of

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def context(update: Update) -> Context:
    client: Any = None
    return Context(update, NOW, client, lane=None)


async def chosen(router: Router, update: Update, middlewares: Any = ()) -> str | None:
    """The name of the handler that took it, without its module."""
    ctx = context(update)
    await RoutingTable(router.routes(), middlewares)(ctx)
    return ctx.handler.rpartition(".")[2] if ctx.handler else None


def shop() -> Router:
    menu = Router()

    @menu.callback_query(CallbackData("lang:"))
    async def language(ctx: Context) -> Reply: ...

    @menu.callback_query(CallbackData("menu"))
    async def main_menu(ctx: Context) -> Reply: ...

    @menu.callback_query(CallbackData("buy:year"))
    async def buy_a_year(ctx: Context) -> Reply: ...

    @menu.callback_query(CallbackData("buy:"))
    async def buy(ctx: Context) -> Reply: ...

    router = Router()

    @router.message(Has("successful_payment"))
    async def paid(ctx: Context) -> Reply: ...

    @router.message(Command("start"), ChatType("private"))
    async def start(ctx: Context) -> Reply: ...

    router.include(menu)

    @router.message(Command("help", "support"))
    async def helped(ctx: Context) -> Reply: ...

    @router.message()
    async def anything(ctx: Context) -> Reply: ...

    return router


@pytest.mark.parametrize(
    ("update", "handler"),
    [
        (message(1, "/start"), "start"),
        (message(1, "/start ref_42"), "start"),
        (message(1, "/START@WarrenBot"), "start"),
        (message(1, "/starts"), "anything"),
        (message(1, "start"), "anything"),
        (message(1, "/help"), "helped"),
        (message(1, "/support now"), "helped"),
        (message(1, "/"), "anything"),
        (payment(1), "paid"),
        (button(1, "lang:ru"), "language"),
        (button(1, "lang"), None),
        (button(1, "menu"), "main_menu"),
        (button(1, "menu:2"), None),
        (button(1, "buy:year"), "buy_a_year"),
        (button(1, "buy:month"), "buy"),
        (button(1, "nothing:of:ours"), None),
        (membership(1), None),
        (unheard_of(1), None),
    ],
)
async def test_the_first_handler_whose_filters_agree(update: Update, handler: str | None) -> None:
    found = await chosen(shop(), update)
    assert (found.rpartition(".")[2] if found else None) == handler


@pytest.mark.parametrize(
    ("update", "head", "args"),
    [
        (message(1, "/start  a b "), "/start", "a b "),
        (message(1, "/start"), "/start", ""),
        (message(1, "/start\nref"), "/start", "ref"),
        (message(1, "hello"), "", ""),
        (button(1, "lang:ru:x"), "lang:", "ru:x"),
        (button(1, "menu"), "menu", ""),
    ],
)
def test_a_context_splits_the_wish_from_its_arguments(update: Update, head: str, args: str) -> None:
    ctx = context(update)
    assert (ctx.head, ctx.args) == (head, args)


async def test_a_command_written_later_does_not_overtake_a_general_filter() -> None:
    router = Router()

    @router.message(lambda ctx: "now" in ctx.args)
    async def urgent(ctx: Context) -> Reply: ...

    @router.message(Command("help"))
    async def helped(ctx: Context) -> Reply: ...

    assert await chosen(router, message(1, "/help now")) == "urgent"
    assert await chosen(router, message(1, "/help")) == "helped"


async def test_a_router_that_is_included_may_get_handlers_later() -> None:
    router, late = Router(), Router()
    router.include(late)

    @late.my_chat_member(ChatType("private"))
    async def left(ctx: Context) -> Reply: ...

    assert await chosen(router, membership(1)) == "left"


async def test_middlewares_stand_around_filters_and_handler_in_their_order() -> None:
    seen: list[str] = []

    async def outer(ctx: Context, following: Next) -> Reply:
        seen.append("outer")
        ctx.user = "somebody"
        reply = await following(ctx)
        seen.append("outer again")
        return reply

    async def inner(ctx: Context, following: Next) -> Reply:
        seen.append(f"inner sees {ctx.user}")
        return await following(ctx)

    router = Router()

    @router.message(lambda ctx: ctx.user == "somebody")
    async def known(ctx: Context) -> Reply:
        seen.append("handler")
        return None

    assert await chosen(router, message(1), [outer, inner]) == "known"
    assert seen == ["outer", "inner sees somebody", "handler", "outer again"]


async def test_middlewares_are_spared_what_no_handler_asks_for() -> None:
    async def never(ctx: Context, following: Next) -> Reply:
        raise AssertionError("not for us")

    assert await chosen(shop(), unheard_of(1), [never]) is None


def test_a_handler_is_named_by_its_module_and_function() -> None:
    (first, *_) = shop().routes()
    assert first.name.startswith("test_routing.")
    assert first.name.endswith("paid")
