"""`python -m bot demo`: one command to a chat, Ctrl-C to nothing, and everything found again."""

import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import trio

from tests.e2e.harness import HOST, BotProcess, bot_process, free_port

ANNA = 1001


async def address(demo: BotProcess) -> str:
    """Return the one address that the demo prints, once it does."""
    printed = await demo.until_printed(
        r"Chat with the bot: +(http://\S+)", seconds=120
    )  # a slow disk: initdb
    return printed[1]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


async def answers(telegram: httpx.AsyncClient) -> list[str]:
    chat = (await telegram.get(f"/sandbox/chat/{ANNA}")).json()
    return [message["text"] for message in chat if message["from"]["is_bot"]]


async def say(telegram: httpx.AsyncClient, text: str) -> None:
    """Write as Anna, and wait for the bot's answer to it."""
    before = len(await answers(telegram))
    await telegram.post("/sandbox/text", json={"person": ANNA, "text": text})
    with trio.fail_after(20):
        while len(await answers(telegram)) == before:  # noqa: ASYNC110 - another process
            await trio.sleep(0.05)


@pytest.mark.slow
async def test_the_demo_answers_leaves_nothing_running_and_is_found_again(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    port, state = free_port(), tmp_path / "state"
    command = f"demo --port {port} --data-dir {state}"

    async with bot_process(command, tmp_path, {}, new_session=True) as demo:
        page = await address(demo)
        figure(f"first start, with initdb: ready after {demo.age:.2f} s")
        assert page == f"http://{HOST}:{port}"
        assert str(state) in demo.output
        ops = int((await demo.until_printed(r"http://127\.0\.0\.1:(\d+)/tasks"))[1])
        async with httpx.AsyncClient(base_url=page, trust_env=False) as telegram:
            assert "<html" in (await telegram.get("/")).text
            await say(telegram, "/start")
            first_chat = await answers(telegram)
        demo.press_ctrl_c()
        ended = await demo.ended()
    assert ended.code == 0
    assert ended.seconds < 10
    assert "Traceback" not in demo.output
    assert not listens(port)
    assert not listens(ops)
    # That no PostgreSQL is left, or anything else, is seen by the guard in conftest.

    async with bot_process(command, tmp_path, {}, new_session=True) as demo:
        again = demo.output.count("Chat with the bot")
        await demo.until_printed(r"(?s)(Chat with the bot.*){" + str(again + 1) + "}")
        figure(f"second start: ready after {demo.age:.1f} s, {demo.cpu_seconds:.1f} s of CPU")
        assert demo.cpu_seconds < 5  # which is its time alone on a machine
        async with httpx.AsyncClient(base_url=page, trust_env=False) as telegram:
            assert await answers(telegram) == first_chat
            await say(telegram, "/menu")
        demo.press_ctrl_c()
        assert (await demo.ended()).code == 0
    assert not listens(port)


async def test_ctrl_c_in_the_middle_of_the_first_start_leaves_nothing(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    port, state = free_port(), tmp_path / "state"
    command = f"demo --port {port} --data-dir {state}"
    async with bot_process(command, tmp_path, {}, new_session=True) as demo:
        with trio.fail_after(30):
            while not (state / "postgres").exists():  # noqa: ASYNC110 - another process
                await trio.sleep(0.01)
        demo.press_ctrl_c()
        ended = await demo.ended(seconds=120)  # initdb is let finish, or has heard it, too
        figure(f"Ctrl-C in the first start: {ended}")
    assert "Traceback" not in demo.output
    assert not listens(port)

    async with bot_process(command, tmp_path, {}, new_session=True) as demo:
        await address(demo)
        demo.press_ctrl_c()
        assert (await demo.ended()).code == 0


async def test_a_port_that_is_taken_is_named_with_another_one_to_try(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        command = f"demo --port {port} --data-dir {tmp_path / 'state'}"
        async with bot_process(command, tmp_path, {}) as demo:
            assert (await demo.ended()).code == 78
    assert f"--port {port + 10}" in demo.output
    assert "Traceback" not in demo.output
