"""The life of an agent's process: one core, one server, and the signals that end it."""

import ipaddress
import os
import signal
from dataclasses import dataclass

import structlog
import trio

from bot import sd_notify
from bot.agent.app import make_agent_app
from bot.agent.clients import Clients
from bot.agent.core import Core
from bot.agent.dialect import V2RAY, XRAY, Dialect
from bot.agent.rpc import open_rpc
from bot.agent.settings import AgentSettings, Flavor
from bot.web.server import Certificate, serve

log = structlog.get_logger(__name__)

_DIALECTS: dict[Flavor, list[Dialect]] = {
    Flavor.AUTO: [XRAY, V2RAY],
    Flavor.XRAY: [XRAY],
    Flavor.V2RAY: [V2RAY],
}


async def run(
    settings: AgentSettings, *, task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED
) -> None:
    """Serve until a signal ends it; reports its address. The core need not be there yet.

    SIGTERM or SIGINT: running requests end first, as long as their calls to the core may take.
    A second one ends at once. Raises BindError, inside exception groups, if it can't listen.
    """
    stop = trio.Event()
    manager = sd_notify.from_environment(os.environ)
    with open_rpc(str(settings.core_api_address)) as rpc:
        core = Core(rpc, settings.core_inbound_tag, _DIALECTS[settings.core_flavor])
        app = make_agent_app(
            core,
            Clients(core, settings.core_timeout),
            key=settings.vpn_api_key.get_secret_value(),
            core_timeout=settings.core_timeout,
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(_stop_on_signals, stop, nursery.cancel_scope, name="signals")
            nursery.start_soon(manager.keep_alive, lambda: True, name="service manager")
            nursery.start_soon(_say_farewell, stop, manager, name="farewell")
            _warn_of_plain_http(settings)
            await serve(
                app,
                settings.agent_bind,
                name="agent",
                stop=stop,
                # Taking a client out and putting it in again has a second deadline of this length.
                grace=2 * settings.core_timeout,
                tls=_certificate(settings),
                task_status=_Listening(manager, task_status),
            )
            nursery.cancel_scope.cancel(reason="the agent is stopping")
    log.info("agent.stopped")


@dataclass(frozen=True, slots=True)
class _Listening:
    """Passes on that the agent listens: to the service manager, and to who started the task."""

    manager: sd_notify.ServiceManager
    task_status: trio.TaskStatus[str]

    def started(self, value: str | None = None) -> None:
        """Take the address."""
        assert value is not None  # noqa: S101 - typing: a server always says where it listens
        self.manager.tell(READY="1", STATUS=f"listening on {value}")
        self.task_status.started(value)


async def _say_farewell(stop: trio.Event, manager: sd_notify.ServiceManager) -> None:
    await stop.wait()
    manager.tell(STOPPING="1", STATUS="stopping")


async def _stop_on_signals(
    stop: trio.Event,
    everything: trio.CancelScope,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Set `stop` on the first SIGTERM or SIGINT, cancel `everything` on the second."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        task_status.started()
        async for number in signals:
            log.info("agent.signal", signal=signal.Signals(number).name, again=stop.is_set())
            if stop.is_set():
                everything.cancel(reason="a second signal")
            stop.set()


def _certificate(settings: AgentSettings) -> Certificate | None:
    if settings.agent_tls_cert is None or settings.agent_tls_key is None:
        return None
    return Certificate(settings.agent_tls_cert, settings.agent_tls_key)


def _warn_of_plain_http(settings: AgentSettings) -> None:
    """Say so when whoever is on the way could read the key."""
    host = settings.agent_bind.host
    try:
        is_local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_local = host == "localhost"
    if settings.agent_tls_cert is None and not is_local:
        log.warning("agent.plain_http", bind=str(settings.agent_bind), advice="set AGENT_TLS_CERT")
