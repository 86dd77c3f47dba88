"""A Hypercorn server that a bad request can't bring down, and that comes back if it falls.

`bot.web.connection` keeps the errors of a connection inside it. `serve` is the second line of
defence: a server that ended for any other reason is started again, on the same socket. The
socket is ours and stays open meanwhile, so clients wait for a moment and are not refused.
"""

import errno
import socket
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypercorn.trio
import structlog
import trio

from bot import metrics
from bot.setting_types import Bind
from bot.web import connection

log = structlog.get_logger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_BACKLOG = 512
_REBIND = "set another address (BIND and OPS_BIND; AGENT_BIND for the agent)"


class BindError(Exception):
    """A server can't listen where it should; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files that are known to fit: the certificate with its chain, and its private key."""

    chain: Path
    key: Path


async def serve(
    app: Any,
    bind: Bind,
    *,
    name: str,
    stop: trio.Event,
    grace: timedelta,
    tls: Certificate | None = None,
    task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve `app` until `stop` is set; reports its address once it listens. `tls`: by HTTPS only.

    On `stop` nothing is accepted any more, and running requests have `grace` to end. Cancelled:
    ends at once, answers are cut off. Raises BindError if the address can't be had.
    """
    with _listen(bind) as listening:

        async def stopped() -> None:
            await stop.wait()
            listening.close()

        scheme = "http" if tls is None else "https"
        task_status.started(f"{scheme}://{Bind(listening.getsockname()[:2])}")
        pause = _FIRST_PAUSE
        while not stop.is_set():
            failure: BaseExceptionGroup[Exception] | None = None
            started_at = trio.current_time()
            try:
                await hypercorn.trio.serve(
                    app, _config(listening, name, grace, tls), shutdown_trigger=stopped
                )
            except* Exception as group:  # noqa: BLE001 - whatever it was, the server comes back
                failure = group
            if not stop.is_set():
                metrics.SERVER_CRASHES.labels(name).inc()
                if trio.current_time() - started_at > _LONGEST_PAUSE:
                    pause = _FIRST_PAUSE
                log.error("server.crashed", server=name, restart_seconds=pause, exc_info=failure)
                with trio.move_on_after(pause):
                    await stop.wait()
                pause = min(pause * 2, _LONGEST_PAUSE)


def _listen(bind: Bind) -> socket.socket:
    """Return a listening socket; raises BindError."""
    family = socket.AF_INET6 if ":" in bind.host else socket.AF_INET
    try:
        return socket.create_server(
            bind,
            family=family,
            backlog=_BACKLOG,
            # [::] means every address, as for other servers.
            dualstack_ipv6=family is socket.AF_INET6 and socket.has_dualstack_ipv6(),
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            advice = f"another program listens there: end it, or {_REBIND}"
        elif error.errno in {errno.EACCES, errno.EADDRNOTAVAIL}:
            advice = f"this address can't be had here: {_REBIND}"
        else:
            advice = error.strerror or str(error)
        raise BindError(f"Can't listen on {bind}: {advice}.") from None


def _config(
    listening: socket.socket, name: str, grace: timedelta, tls: Certificate | None
) -> connection.NamedConfig:
    config = connection.NamedConfig()
    config.name = name
    # Hypercorn closes what it is given, at the latest with its end.
    config.bind = [f"fd://{listening.dup().detach()}"]
    if tls is not None:
        config.certfile, config.keyfile = str(tls.chain), str(tls.key)
        config.alpn_protocols = ["http/1.1"]
    config.accesslog = None
    config.errorlog = None
    config.include_server_header = False
    config.graceful_timeout = grace.total_seconds()
    config.shutdown_timeout = 5
    # Telegram keeps its connections; a proxy should close first, or it races with us.
    config.keep_alive_timeout = 75
    config.h11_max_incomplete_size = 16 * 1024
    config.backlog = _BACKLOG
    return config
