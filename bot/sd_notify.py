"""What a service manager is told: ready, what is waited for, alive, stopping.

The protocol of sd_notify(3): datagrams of NAME=value lines to the socket in NOTIFY_SOCKET, whose
address is a path, or an abstract name written with a leading @. Without one, nothing is said.
"""

import os
import socket
from collections.abc import Callable, MutableMapping

import structlog
import trio

log = structlog.get_logger(__name__)


class ServiceManager:
    """The one that started us, if it listens. Made by `from_environment`."""

    def __init__(self, address: str | None, watchdog_seconds: float | None) -> None:
        self._address = address
        self.watchdog_seconds = watchdog_seconds

    def tell(self, **facts: str) -> None:
        """Send facts like READY="1" in one datagram; never waits, and never fails."""
        if self._address is None:
            return
        # A value ends with its line: an error's text must not be able to add a fact.
        lines = [f"{name}={' '.join(value.split())}" for name, value in facts.items()]
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as out:
                out.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            log.warning("service_manager.not_told", facts=sorted(facts), error=str(error))

    async def keep_alive(self, lively: Callable[[], bool]) -> None:
        """Say from the loop, twice in the manager's patience, that we live, while `lively()`.

        Returns at once if the manager doesn't watch; otherwise runs until cancelled.
        """
        if self._address is None or self.watchdog_seconds is None:
            return
        while True:
            if lively():
                self.tell(WATCHDOG="1")
            else:
                log.error("service_manager.no_sign_of_life_given")
            await trio.sleep(self.watchdog_seconds / 2)


def from_environment(environ: MutableMapping[str, str]) -> ServiceManager:
    """Return the service manager that `environ` names, and take it out of there.

    What we start (a PostgreSQL of our own) inherits the environment and must not speak for us.
    """
    address = environ.pop("NOTIFY_SOCKET", "")
    microseconds = environ.pop("WATCHDOG_USEC", "")
    # sd_watchdog_enabled(3): meant for another process if it names another process.
    for_us = environ.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    if address.startswith("@"):
        address = "\0" + address[1:]
    elif not address.startswith("/"):
        return ServiceManager(None, None)
    seconds = int(microseconds) / 1_000_000 if microseconds.isdigit() and for_us else 0
    return ServiceManager(address, seconds or None)
