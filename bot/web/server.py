"""A Hypercorn server that one bad request can't bring down.

Hypercorn 0.18 lets an error in its protocol code out of `serve()`: a WebSocket upgrade with a
trailing byte is enough (pgjones/hypercorn issue 225), and every other connection ends with it.
Two lines of defence: `_Connection` makes such an error the end of its own connection, and
`serve` starts a server again that ended for any other reason, on the same port.
"""

import errno
from datetime import timedelta
from typing import Any, cast

import hypercorn.trio
import hypercorn.trio.run
import structlog
import trio
from hypercorn.config import Config
from hypercorn.trio.tcp_server import TCPServer

from bot import metrics
from bot.error_groups import leaves
from bot.setting_types import Bind

log = structlog.get_logger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0


class BindError(Exception):
    """A server can't listen where it should; the text says what to do."""


class _Connection(TCPServer):
    """One accepted connection; what its protocol code raises ends it and nothing else."""

    async def run(self) -> None:
        """Serve the connection to its end."""
        try:
            await super().run()
        except* Exception as group:  # noqa: BLE001 - the edge between a connection and the server
            metrics.CONNECTION_ERRORS.labels(cast("_Config", self.config).name).inc()
            log.warning("server.connection_failed", error=repr(list(leaves(group))))


# Where worker_serve looks the class up; there is no parameter for it.
hypercorn.trio.run.TCPServer = _Connection  # type: ignore[attr-defined]


async def serve(
    app: Any,
    bind: Bind,
    *,
    name: str,
    stop: trio.Event,
    grace: timedelta,
    task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve `app` until `stop` is set; reports its address once it listens.

    On `stop` nothing is accepted any more, and running requests have `grace` to end. Cancelled:
    ends at once, answers are cut off. Raises BindError if the address can't be had at the start.
    """
    pause = _FIRST_PAUSE
    status = _ReportOnce(task_status)
    while True:
        try:
            await hypercorn.trio.serve(
                app,
                _config(bind, name, grace),
                shutdown_trigger=stop.wait,
                task_status=status,
            )
        except* Exception as group:
            if status.bind is None:
                raise _start_error(bind, group) from None
            log.exception("server.crashed", server=name)
        if stop.is_set():
            return
        metrics.SERVER_CRASHES.labels(name).inc()
        bind = status.bind or bind  # the port that was chosen for port 0 is kept
        log.error("server.restarting", server=name, pause_seconds=pause)
        await trio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


class _Config(Config):
    name = ""
    """The label under which a connection's errors are counted."""


class _ReportOnce:
    """Passes the first start on to whoever waits for it; later ones are restarts."""

    def __init__(self, outer: trio.TaskStatus[str]) -> None:
        self._outer = outer
        self.bind: Bind | None = None

    def started(self, value: list[str] | None = None) -> None:
        """Take the addresses that Hypercorn listens on."""
        if self.bind is None and value:
            self.bind = Bind.parse(value[0].removeprefix("http://"))
            self._outer.started(f"http://{self.bind}")


def _config(bind: Bind, name: str, grace: timedelta) -> Config:
    config = _Config()
    config.name = name
    config.bind = [str(bind)]
    config.accesslog = None
    config.errorlog = None
    config.include_server_header = False
    config.graceful_timeout = grace.total_seconds()
    config.shutdown_timeout = 5
    # Telegram keeps its connections; a proxy should close first, or it races with us.
    config.keep_alive_timeout = 75
    config.h11_max_incomplete_size = 16 * 1024
    config.backlog = 512
    return config


def _start_error(bind: Bind, group: BaseExceptionGroup[Exception]) -> Exception:
    """Return what kept the server from starting, out of the groups that Hypercorn wraps it in."""
    error = next(leaves(group))
    if not isinstance(error, OSError):
        return cast("Exception", error)
    if error.errno == errno.EADDRINUSE:
        advice = "another program listens there: end it, or set another BIND or OPS_BIND"
    elif error.errno in {errno.EACCES, errno.EADDRNOTAVAIL}:
        advice = "this address can't be had here: set BIND or OPS_BIND to one of this machine's"
    else:
        advice = str(error)
    return BindError(f"Can't listen on {bind}: {advice}.")
