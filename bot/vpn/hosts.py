"""The gateways of all VPN hosts over one HTTP client.

Hosts are data: who they are, where and with which key comes from the caller at each use. What
lives here is what must outlast a call: each host's breaker and bulkhead.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress

import trio

from bot import metrics
from bot.http import HttpClient, open_http_client
from bot.settings import Settings
from bot.vpn.agent_client import AgentClient
from bot.vpn.breaker import Breaker, BreakerState
from bot.vpn.gateway import Gateway
from bot.vpn.line import HostLine
from bot.vpn.types import HostAddress, HostId, HostKind

ADAPTERS: Mapping[HostKind, Callable[[HostLine], Gateway]] = {HostKind.AGENT: AgentClient}
"""How each kind of host is spoken to: a new kind is a module and a row."""

_LONGEST_ANSWER = 32 * 2**20
"""Bytes: 100,000 users of an agent that can't page, thrice. A VPN host is rented and exposed; one
that was taken over must not fill our memory."""


class Hosts:
    """Every VPN host that was asked for. Made by `open_vpn`."""

    def __init__(self, http: HttpClient, settings: Settings) -> None:
        self._http = http
        self._settings = settings
        self._shared = trio.CapacityLimiter(settings.vpn_connections)
        self._known: dict[HostId, tuple[HostLine, Gateway]] = {}

    def host(self, address: HostAddress) -> Gateway:
        """Return the gateway of a host; the same one as long as its address is the same.

        A host that moved, or has a new key, begins with a breaker that knows nothing.
        """
        if (known := self._known.get(address.id)) and known[0].address == address:
            return known[1]
        line = HostLine(
            self._http,
            address,
            breaker=Breaker(
                address.id,
                failures=self._settings.vpn_breaker_failures,
                pause_seconds=self._settings.vpn_breaker_pause.total_seconds(),
            ),
            calls=self._settings.vpn_host_calls,
            shared=self._shared,
            seconds=self._settings.vpn_http_timeout.total_seconds(),
        )
        gateway = ADAPTERS[address.kind](line)
        self._known[address.id] = (line, gateway)
        return gateway

    def states(self) -> dict[HostId, BreakerState]:
        """Return the breaker of every known host: a host that isn't CLOSED gets no new client."""
        return {host: line.breaker.state for host, (line, _) in self._known.items()}

    def retain(self, hosts: Collection[HostId]) -> None:
        """Forget every host but these, and its metric. Calls on their way end as they would."""
        for host in [host for host in self._known if host not in hosts]:
            del self._known[host]
            with suppress(KeyError):
                metrics.VPN_BREAKER.remove(str(host))


@asynccontextmanager
async def open_vpn(settings: Settings) -> AsyncIterator[Hosts]:
    """Yield the hosts' gateways; the connections to all of them are closed on the way out."""
    async with open_http_client(
        connections=settings.vpn_connections,
        phase_seconds=settings.vpn_http_timeout.total_seconds(),
        most_bytes=_LONGEST_ANSWER,
    ) as http:
        yield Hosts(http, settings)
