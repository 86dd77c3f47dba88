"""The bot as others meet it: a process with signals, exit codes and addresses, and a Telegram.

    async with stand_in(folder) as telegram, bot_process("run", folder, settings) as bot:
        await bot.until_ready()
        await telegram.post("text", person=1001, text="/start")
        assert (await bot.stop()).code == 0

Every process works in a folder of its own (no `.env` of a checkout reaches it), writes what it
prints into a file there, and is killed at the end of its block if it still lives.
"""

import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import psutil
import trio

from bot.sandbox.telegram import SandboxConfig, serve_telegram

TOKEN = "123456789:" + "A" * 35
HOST = "127.0.0.1"

# A busy machine is no failure: these bounds are for what never comes.
READY_SECONDS = 60.0
STOP_SECONDS = 40.0

Settings: TypeAlias = Mapping[str, str]


def free_port() -> int:
    """Return a port where nobody listens now.

    Below the range of which the kernel hands ports to clients (32768 and up, ip(7)), so that no
    connection of a neighbour takes it before its user does.
    """
    while True:
        port = random.randint(12_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port


def settings_for(telegram: str, dsn: str | None, **changes: str) -> dict[str, str]:
    """Return the environment of a bot on free ports; without `dsn` it brings its own PostgreSQL."""
    public, ops = f"{HOST}:{free_port()}", f"{HOST}:{free_port()}"
    given = {
        "BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": telegram,
        "PUBLIC_URL": f"http://{public}",
        "BIND": public,
        "OPS_BIND": ops,
    }
    return given | ({"DATABASE_URL": dsn} if dsn else {}) | changes


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended, and how long that took from the moment it was asked to."""

    code: int
    seconds: float


class BotProcess:
    """A `python -m bot …` that runs. Made by `bot_process`."""

    def __init__(self, process: trio.Process, settings: Settings, output: Path) -> None:
        self._process = process
        self._output = output
        self._started_at = trio.current_time()
        self.public = f"http://{settings.get('BIND')}"
        self.ops = f"http://{settings.get('OPS_BIND')}"

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> str:
        """What it printed so far, on both streams."""
        return self._output.read_text(errors="replace")

    @property
    def age(self) -> float:
        """Seconds since the process was started."""
        return trio.current_time() - self._started_at

    @property
    def cpu_seconds(self) -> float:
        """Processor time that it took so far: what a start costs, whoever else is at work."""
        spent = psutil.Process(self.pid).cpu_times()
        return float(spent.user + spent.system)

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    async def health(self, page: str = "") -> tuple[int, dict[str, Any]]:
        """Return status and body of /health, or of a page below it; raises httpx.TransportError."""
        async with httpx.AsyncClient(base_url=self.ops, timeout=10, trust_env=False) as client:
            answer = await client.get(f"/health/{page}".rstrip("/"))
        return answer.status_code, answer.json()

    async def metric(self, name: str) -> float:
        """Return the value of a metric without labels."""
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            text = (await client.get(f"{self.ops}/metrics")).text
        return float(next(line.split()[1] for line in text.splitlines() if line.startswith(name)))

    async def until(
        self, holds: Callable[[int, dict[str, Any]], object], seconds: float = READY_SECONDS
    ) -> dict[str, Any]:
        """Return the first answer of /health/ready for which `holds(status, body)`.

        Fails as soon as the process ends, with what it printed.
        """
        last: object = "no answer yet"
        try:
            with trio.fail_after(seconds):
                while True:
                    if not self.running:
                        raise AssertionError(
                            f"ended with {self._process.returncode}: {self.output}"
                        )
                    try:
                        status, body = last = await self.health("ready")
                    except httpx.TransportError as error:
                        last = error
                    else:
                        if holds(status, body):
                            return body
                    await trio.sleep(0.05)
        except trio.TooSlowError:
            raise AssertionError(f"after {seconds:g} s still {last!r}: {self.output}") from None

    async def until_ready(self, seconds: float = READY_SECONDS) -> None:
        """Return once webhooks are taken."""
        await self.until(lambda status, _: status == 200, seconds)

    async def until_printed(self, pattern: str, seconds: float = READY_SECONDS) -> re.Match[str]:
        """Return the first match of `pattern` in what it prints; fails as soon as it ends."""
        with trio.move_on_after(seconds):
            while True:
                if found := re.search(pattern, self.output):
                    return found
                if not self.running:
                    break
                await trio.sleep(0.05)
        raise AssertionError(f"it never printed {pattern!r}: {self.output}")

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def press_ctrl_c(self) -> None:
        """Send SIGINT as a terminal does: to the whole process group (`new_session=True`)."""
        os.killpg(self.pid, signal.SIGINT)

    async def ended(self, seconds: float = STOP_SECONDS) -> Ended:
        """Wait for the end; fails after `seconds`, with what the process printed."""
        asked_at = trio.current_time()
        with trio.move_on_after(seconds):
            await self._process.wait()
        code = self._process.returncode
        if code is None:
            raise AssertionError(f"still running after {seconds:g} s: {self.output}")
        return Ended(code, trio.current_time() - asked_at)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> Ended:
        """Send a signal and wait for the end."""
        self.send(number)
        return await self.ended()

    async def kill(self) -> None:
        """End it as a power cut would: nothing is released, nothing is stopped."""
        self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def bot_process(
    command: str,
    folder: Path,
    settings: Settings,
    *,
    new_session: bool = False,
    program: Sequence[str] = ("-m", "bot"),
) -> AsyncIterator[BotProcess]:
    """Yield `python -m bot COMMAND`, running in `folder`; killed at the end if it still runs.

    `program` is what Python runs instead, for a bot that a test has changed. With `new_session`
    it leads a process group of its own, like a command in a terminal.
    """
    output = folder / f"{command.split(maxsplit=1)[0]}.log"
    with output.open("ab") as sink:
        process = await trio.lowlevel.open_process(
            [sys.executable, *program, *command.split()],
            env=environment(settings),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=new_session,
        )
    bot = BotProcess(process, settings, output)
    try:
        yield bot
    finally:
        if bot.running:
            with trio.CancelScope(shield=True):
                await bot.kill()


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str


async def run_command(command: str, folder: Path, settings: Settings, seconds: float = 60) -> Done:
    """Run `python -m bot COMMAND` to its end."""
    with trio.fail_after(seconds):
        done = await trio.run_process(
            [sys.executable, "-m", "bot", *command.split()],
            env=environment(settings),
            cwd=folder,
            capture_stdout=True,
            capture_stderr=True,
            check=False,
        )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def environment(settings: Settings) -> dict[str, str]:
    """Return `settings` and nothing of ours that would change them."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | dict(settings)


class StandIn:
    """The Telegram of a test, and the ways for people to act there. Made by `stand_in`."""

    def __init__(self, address: str, client: httpx.AsyncClient) -> None:
        self.address = address
        self._client = client

    async def post(self, action: str, **given: Any) -> Any:
        """Let people act: text, press, block, batch, faults, pay … (people_api, payments_api)."""
        answer = await self._client.post(f"/sandbox/{action}", json=given)
        return answer.raise_for_status().json()

    async def queue(self) -> dict[str, Any]:
        """Return how many updates wait, how many are in flight, and the calls so far."""
        answer = await self._client.get("/sandbox/queue")
        return dict(answer.json())

    async def webhook(self) -> dict[str, Any]:
        """Return what getWebhookInfo would say."""
        answer = await self._client.get("/sandbox/people")
        return dict(answer.json()["webhook"])

    async def chat(self, person: int) -> list[dict[str, Any]]:
        answer = await self._client.get(f"/sandbox/chat/{person}")
        return list(answer.json())

    async def answers(self, person: int) -> list[dict[str, Any]]:
        """Return what the bot said to a person."""
        return [message for message in await self.chat(person) if message["from"]["is_bot"]]

    async def until(self, holds: Callable[[], Awaitable[object]], seconds: float = 30) -> None:
        """Return once `holds()`; the stand-in and the bot are looked at, for they can't call."""
        with trio.fail_after(seconds):
            while not await holds():  # noqa: ASYNC110 - another process
                await trio.sleep(0.05)

    async def until_delivered(self, seconds: float = 60) -> None:
        """Return once no update waits any more."""

        async def none_waits() -> bool:
            return not (await self.queue())["pending"]

        await self.until(none_waits, seconds)


@asynccontextmanager
async def stand_in(folder: Path, **changes: Any) -> AsyncIterator[StandIn]:
    """Yield a Telegram that redelivers within half a second and knows TOKEN."""
    config = SandboxConfig(
        data_dir=folder / "telegram",
        **{"token": TOKEN, "first_retry_seconds": 0.1, "longest_retry_seconds": 0.5} | changes,
    )
    async with trio.open_nursery() as nursery:
        address = await nursery.start(serve_telegram, config)
        async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False) as client:
            yield StandIn(address, client)
        nursery.cancel_scope.cancel()


@contextmanager
def stopped(*pids: int) -> Iterator[None]:
    """Stand the processes still (SIGSTOP) for the block: they are there and give no answer."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
