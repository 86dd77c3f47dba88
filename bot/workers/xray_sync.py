"""Looks after every VPN host: is it there, did its core start anew, who waits for a place on it.

A core keeps its clients in memory. One that started anew has lost them, and what it must have is
pushed again at once; a host that came back gets what it missed without waiting out its pauses.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
import trio

from bot.db import Lane
from bot.shop.access import place_without_host
from bot.shop.hosts import Host, count_clients, has_lost_clients, hosts_in_use, note_away, note_well
from bot.shop.vpn_jobs import hasten_jobs
from bot.supervise import Wake
from bot.vpn.errors import VpnError
from bot.vpn.gateway import Gateway
from bot.vpn.hosts import Hosts
from bot.vpn.types import HostAddress, HostId
from bot.workers.host_walk import walk

log = structlog.get_logger(__name__)

SIDE_BY_SIDE = 2
_PLACES_AT_ONCE = 200


class XraySync:
    """The tick that pushes desired state to hosts that lost it."""

    def __init__(
        self,
        lane: Lane,
        hosts: Hosts,
        *,
        activation: Wake,
        each_seconds: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._lane = lane
        self._hosts = hosts
        self._activation = activation
        self._each_seconds = each_seconds
        self._clock = clock

    async def tick(self) -> None:
        """Look at every host, then give places to those who wait for one."""
        known = await hosts_in_use(self._lane)
        self._hosts.retain([HostId(host.id) for host in known])
        slots = trio.CapacityLimiter(SIDE_BY_SIDE)
        async with trio.open_nursery() as nursery:
            for host in known:
                nursery.start_soon(self._look_at, host, slots, name=f"sync of host {host.name}")
        await count_clients(self._lane)
        if await place_without_host(self._lane, self._clock(), _PLACES_AT_ONCE):
            self._activation.set()

    async def _look_at(self, host: Host, slots: trio.CapacityLimiter) -> None:
        gateway = self._hosts.host(address_of(host))
        try:
            async with slots:
                with trio.fail_after(self._each_seconds):
                    await self._bring_up_to_date(host, gateway)
        except (VpnError, trio.TooSlowError) as error:
            log.warning("vpn.host_away", host=host.name, error=str(error) or "no answer in time")
            await note_away(self._lane, host.id, self._clock())

    async def _bring_up_to_date(self, host: Host, gateway: Gateway) -> None:
        health = await gateway.health()
        now, uptime = self._clock(), health.uptime_seconds
        started_at = None if uptime is None else now - timedelta(seconds=uptime)
        if await has_lost_clients(self._lane, host.id, started_at):
            await hasten_jobs(self._lane, host.id, now)
            found = await walk(self._lane, gateway, host.id, self._clock)
            log.info("vpn.host_synced", host=host.name, wanted_again=found.wanted_again)
            self._activation.set()
        # Last: a tick that was cut off before this does it all again.
        await note_well(self._lane, host.id, started_at=started_at, now=now)


def address_of(host: Host) -> HostAddress:
    """Return where and how a host is called."""
    return HostAddress(HostId(host.id), host.api_url, host.api_key)
