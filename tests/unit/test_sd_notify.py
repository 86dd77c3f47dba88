"""What a service manager hears, on real datagram sockets."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from structlog.testing import LogCapture
from trio.testing import MockClock

from bot.sd_notify import ServiceManager, from_environment


class Manager:
    """The listening side, as systemd has it."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)

    def heard(self) -> list[str]:
        messages = []
        while True:
            try:
                messages.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return messages

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "notify") if request.param == "path" else f"@warren-{os.getpid()}"


@pytest.fixture
def manager(address: str) -> Iterator[Manager]:
    listening = Manager(address)
    yield listening
    listening.close()


def told_by(address: str, **environ: str) -> ServiceManager:
    return from_environment({"NOTIFY_SOCKET": address} | environ)


def test_facts_arrive_as_lines_of_one_datagram(address: str, manager: Manager) -> None:
    told_by(address).tell(READY="1", STATUS="ready")
    assert manager.heard() == ["READY=1\nSTATUS=ready"]


def test_a_status_of_several_lines_cannot_add_a_fact(address: str, manager: Manager) -> None:
    told_by(address).tell(STATUS="away:\nREADY=1")
    assert manager.heard() == ["STATUS=away: READY=1"]


def test_without_a_service_manager_nothing_is_said(logged: LogCapture) -> None:
    from_environment({}).tell(READY="1")
    from_environment({"NOTIFY_SOCKET": "vsock:2:1234"}).tell(READY="1")
    assert logged.entries == []


def test_a_service_manager_that_is_gone_disturbs_nothing(
    tmp_path: Path, logged: LogCapture
) -> None:
    told_by(str(tmp_path / "nobody")).tell(READY="1")
    assert [entry["event"] for entry in logged.entries] == ["service_manager.not_told"]


def test_a_service_manager_that_does_not_read_is_not_waited_for(
    address: str, manager: Manager, logged: LogCapture
) -> None:
    service_manager = told_by(address)
    for _ in range(2000):
        service_manager.tell(WATCHDOG="1")
    assert "service_manager.not_told" in {entry["event"] for entry in logged.entries}


def test_what_we_start_does_not_inherit_the_service_manager(address: str) -> None:
    environ = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "PATH": "/"}
    from_environment(environ)
    assert environ == {"PATH": "/"}


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_managers_patience_is_read_if_it_is_meant_for_us(
    environ: dict[str, str], seconds: float | None
) -> None:
    assert told_by("/run/notify", **environ).watchdog_seconds == seconds


async def test_signs_of_life_come_twice_in_the_managers_patience_while_we_live(
    address: str, manager: Manager, autojump_clock: MockClock, expected_errors: list[str]
) -> None:
    expected_errors.append("service_manager.no_sign_of_life_given")
    lively = True
    service_manager = told_by(address, WATCHDOG_USEC="30000000")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(service_manager.keep_alive, lambda: lively)
        await trio.sleep(59)
        assert manager.heard() == ["WATCHDOG=1"] * 4
        lively = False
        await trio.sleep(60)
        assert manager.heard() == []
        nursery.cancel_scope.cancel()


async def test_a_manager_that_does_not_watch_is_not_kept_informed(
    address: str, manager: Manager
) -> None:
    await told_by(address).keep_alive(lambda: True)
    assert manager.heard() == []
