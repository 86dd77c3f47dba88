"""Bulkhead, retries and deadlines over a transport in memory: no socket, so time may jump."""

import math
from collections.abc import Iterable

import httpx
import pytest
import trio
from trio.testing import MockClock

from bot import metrics
from bot.http import HttpClient
from bot.vpn.breaker import Breaker, BreakerState
from bot.vpn.errors import BreakerOpenError, HostAwayError
from bot.vpn.line import HostLine
from bot.vpn.types import HostAddress, HostId


class Host:
    """A host in memory that plays its script, then answers 200, and notes when it was called.

    A step is a status (int), a pause before a 200 (float), or an error of the transport.
    """

    def __init__(self, *script: Exception | float) -> None:
        self.script = list(script)
        self.called_at: list[float] = []
        self.together = 0
        self.most_together = 0

    async def answer(self) -> httpx.Response:
        self.called_at.append(trio.current_time())
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        try:
            step = self.script.pop(0) if self.script else 200
            if isinstance(step, Exception):
                raise step
            if isinstance(step, float):
                await trio.sleep(step)
                return httpx.Response(200)
            return httpx.Response(step)
        finally:
            self.together -= 1


def lines(
    *hosts: Host, calls: int = 8, connections: int = 32, failures: int = 5, seconds: float = 5
) -> Iterable[HostLine]:
    """A line to each host, all over one client."""
    by_name = {f"h{number}": host for number, host in enumerate(hosts)}

    async def route(request: httpx.Request) -> httpx.Response:
        return await by_name[request.url.host].answer()

    client = httpx.AsyncClient(transport=httpx.MockTransport(route))
    http = HttpClient(client, trio.CapacityLimiter(connections))
    shared = trio.CapacityLimiter(connections)
    return [
        HostLine(
            http,
            HostAddress(HostId(number), f"http://h{number}", "k3y"),
            breaker=Breaker(HostId(number), failures=failures, pause_seconds=30),
            calls=calls,
            shared=shared,
            seconds=seconds,
        )
        for number in range(len(hosts))
    ]


def counted(result: str) -> float:
    labels = {"host": "0", "operation": "op", "result": result}
    return metrics.REGISTRY.get_sample_value("warren_vpn_calls_total", labels) or 0.0


async def ask(line: HostLine) -> httpx.Response:
    return await line.request("op", "GET", "/")


@pytest.mark.parametrize("fault", [httpx.ConnectError("no"), httpx.ReadError("cut"), 500, 503])
async def test_what_may_be_over_in_a_moment_is_tried_again_after_growing_pauses(
    autojump_clock: MockClock, fault: Exception | int
) -> None:
    host = Host(fault, fault, 200)
    [line] = lines(host)

    answer = await ask(line)

    assert answer.status_code == 200
    first, second, third = host.called_at
    assert second - first == pytest.approx(0.3)
    assert third - second == pytest.approx(0.6)


async def test_after_two_retries_it_gives_up(autojump_clock: MockClock) -> None:
    host = Host(*[500] * 10)
    [line] = lines(host)
    before = counted("away")

    with pytest.raises(HostAwayError, match="HTTP 500"):
        await ask(line)

    assert len(host.called_at) == 3
    assert counted("away") == before + 1


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 404, 409, 418])
async def test_no_other_answer_is_tried_again(autojump_clock: MockClock, status: int) -> None:
    host = Host(*[status] * 3)
    [line] = lines(host)

    assert (await ask(line)).status_code == status
    assert len(host.called_at) == 1


async def test_a_host_that_asks_for_fewer_calls_is_not_called_again(
    autojump_clock: MockClock,
) -> None:
    host = Host(429)
    [line] = lines(host)

    with pytest.raises(HostAwayError, match="fewer calls"):
        await ask(line)

    assert len(host.called_at) == 1


async def test_silence_ends_at_the_deadline_and_is_not_waited_for_again(
    autojump_clock: MockClock,
) -> None:
    host = Host(3600.0)
    [line] = lines(host, seconds=5)
    started = trio.current_time()

    with pytest.raises(HostAwayError, match="no answer within 5 s"):
        await ask(line)

    assert trio.current_time() - started == pytest.approx(5)
    assert len(host.called_at) == 1


async def test_a_host_that_is_away_is_left_alone_after_the_configured_failures(
    autojump_clock: MockClock,
) -> None:
    host = Host(*[httpx.ConnectError("no")] * 1000)
    [line] = lines(host, failures=5)

    for _ in range(100):
        with pytest.raises(HostAwayError):
            await ask(line)
    assert len(host.called_at) == 5

    await trio.sleep(30)
    for _ in range(100):
        with pytest.raises(BreakerOpenError):
            await ask(line)
    assert len(host.called_at) == 6  # the probe


async def test_one_host_gets_no_more_calls_at_once_than_its_bulkhead_holds(
    autojump_clock: MockClock,
) -> None:
    host = Host(*[1.0] * 40)
    [line] = lines(host, calls=8)
    started = trio.current_time()

    async with trio.open_nursery() as nursery:
        for _ in range(40):
            nursery.start_soon(ask, line)

    assert host.most_together == 8
    assert trio.current_time() - started == pytest.approx(5)


async def test_waiting_for_a_slot_does_not_count_as_the_hosts_silence(
    autojump_clock: MockClock,
) -> None:
    host = Host(*[4.0] * 6)
    [line] = lines(host, calls=1, seconds=5)

    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(ask, line)

    assert line.breaker.state is BreakerState.CLOSED
    assert len(host.called_at) == 6


async def test_hosts_that_are_silent_do_not_slow_the_others(autojump_clock: MockClock) -> None:
    silent, well = Host(*[math.inf] * 100), Host()
    to_silent, to_well = lines(silent, well, calls=8, connections=9)
    started = trio.current_time()

    async def give_up() -> None:
        with pytest.raises(HostAwayError):
            await ask(to_silent)

    async with trio.open_nursery() as nursery:
        for _ in range(50):
            nursery.start_soon(give_up)
        await trio.testing.wait_all_tasks_blocked()
        for _ in range(20):
            await ask(to_well)
        assert trio.current_time() == started
    assert trio.current_time() - started == pytest.approx(5)
    assert len(silent.called_at) == 8  # those on their way; the rest met an open breaker


async def test_cancelled_calls_give_back_every_slot(autojump_clock: MockClock) -> None:
    host = Host(*[math.inf] * 30)
    [line] = lines(host, calls=3)

    async with trio.open_nursery() as nursery:
        for _ in range(30):
            nursery.start_soon(ask, line)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    host.script.clear()

    for _ in range(3):
        assert (await ask(line)).status_code == 200
    assert line.breaker.state is BreakerState.CLOSED


async def test_no_error_shows_the_key(autojump_clock: MockClock) -> None:
    [line] = lines(Host(*[httpx.ConnectError("k3y in a message of httpx")] * 3))

    with pytest.raises(HostAwayError) as caught:
        await ask(line)

    assert "k3y" not in f"{caught.value} {caught.value!r} {line.address!r}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
