"""An update isn't cut off between its commit and its answer when the client goes away."""

import json

import trio

from bot.telegram.context import Context, Reply
from bot.telegram.methods import SendMessage
from tests.integration.web.webhook_server import (
    Server,
    head,
    message,
    post,
    read_answer,
    running,
    until,
)


async def test_a_client_that_leaves_in_the_middle_changes_nothing() -> None:
    started, go_on = trio.Event(), trio.Event()
    effects = []

    async def handler(ctx: Context) -> Reply:
        started.set()
        await go_on.wait()
        await trio.lowlevel.checkpoint()
        effects.append(ctx.update.update_id)
        await trio.lowlevel.checkpoint()
        return SendMessage(chat_id=7, text="done")

    async with running(handler) as server:
        stream = await server.connect()
        await stream.send_all(post(message(1)))
        await started.wait()
        await stream.aclose()
        # The server has seen the end of the first connection when it answers on a second.
        await server.send(head(method="GET"))
        go_on.set()
        again = await server.send(post(message(1)))
        assert effects == [1]
        assert again.status == 200
        assert json.loads(again.body)["text"] == "done"


async def test_a_client_that_resets_the_connection_changes_nothing() -> None:
    started, go_on = trio.Event(), trio.Event()
    effects = []

    async def handler(ctx: Context) -> Reply:
        started.set()
        await go_on.wait()
        effects.append(ctx.update.update_id)
        return SendMessage(chat_id=7, text="x" * 4000)

    async with running(handler) as server:
        stream = await server.connect()
        await stream.send_all(post(message(1)))
        await started.wait()
        linger_0 = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
        stream.socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, linger_0)
        await stream.aclose()
        await server.send(head(method="GET"))
        go_on.set()
        again = await server.send(post(message(1)))
        assert (effects, again.status) == ([1], 200)


async def test_a_client_that_leaves_in_the_middle_of_the_body_leaves_nothing() -> None:
    async def handler(ctx: Context) -> Reply:
        raise AssertionError("it was never whole")

    async with running(handler) as server:
        stream = await server.connect()
        await stream.send_all(post(message(1))[:-5])
        await until(lambda: server.webhook.in_flight == 1)
        await stream.aclose()
        await until(lambda: server.webhook.in_flight == 0)
        assert 1 not in server.dispatcher.recent


async def test_what_is_in_flight_is_counted_until_it_is_answered() -> None:
    started, go_on = trio.Event(), trio.Event()

    async def handler(ctx: Context) -> Reply:
        started.set()
        await go_on.wait()
        return None

    async with running(handler) as server, await server.connect() as stream:
        await stream.send_all(post(message(1)))
        await started.wait()
        assert server.webhook.in_flight == 1
        go_on.set()
        await stream.receive_some(1000)
        await until(lambda: server.webhook.in_flight == 0)


async def test_a_graceful_stop_lets_what_is_in_flight_end() -> None:
    started, go_on = trio.Event(), trio.Event()

    async def handler(ctx: Context) -> Reply:
        started.set()
        await go_on.wait()
        return SendMessage(chat_id=7, text="done")

    async with running(handler) as server, await server.connect() as stream:
        await stream.send_all(post(message(1)))
        await started.wait()
        server.stop.set()
        await _the_door_is_shut(server)
        go_on.set()
        assert json.loads((await read_answer(stream)).body)["text"] == "done"


async def _the_door_is_shut(server: Server) -> None:
    while True:
        try:
            await (await server.connect()).aclose()
        except OSError:
            return
