"""Compares every VPN host with the database: the missing are added again, orphans removed.

An orphan, a client that the database doesn't know, goes only when two runs in a row saw it, and
never when either side looks wrong: a database restored from an old copy, or the wrong one, must
not cost people their access. Then nobody is removed and administrators are told.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
import trio

from bot import metrics
from bot.db import Lane
from bot.shop.host_comparison import (
    clients_wanted,
    orphans_removed,
    orphans_to_remove,
    sight_orphans,
)
from bot.shop.hosts import Host, hosts_in_use
from bot.shop.outbox import notify_admins
from bot.supervise import Wake
from bot.vpn.errors import VpnError
from bot.vpn.gateway import Gateway
from bot.vpn.hosts import Hosts
from bot.vpn.types import VpnUser
from bot.workers.host_walk import Walk, walk
from bot.workers.xray_sync import address_of

log = structlog.get_logger(__name__)

_FEW = 20
_LARGEST_SHARE = 10  # percent of a host that one run may find orphaned


class Reconciliation:
    """The tick that makes both sides agree."""

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
        """Compare the hosts one after the other, each within its bound."""
        for host in await hosts_in_use(self._lane):
            try:
                with trio.fail_after(self._each_seconds):
                    await self._compare(host)
            except (VpnError, trio.TooSlowError) as error:
                log.warning("reconciliation.cut_off", host=host.name, error=str(error))

    async def _compare(self, host: Host) -> None:
        started_at = self._clock()
        gateway = self._hosts.host(address_of(host))
        found = await walk(self._lane, gateway, host.id, self._clock)
        wanted = await clients_wanted(self._lane, host.id)
        metrics.RECONCILED.labels("wanted_again").inc(found.wanted_again)
        metrics.RECONCILED.labels("unknown").inc(found.unknown_count)
        if found.wanted_again:
            self._activation.set()
        if found.unknown_count and not _is_trusted(found, wanted):
            await self._stop_short(host, found, wanted)
            return
        orphans = {user.uuid: user for user in found.unknown}
        await sight_orphans(self._lane, host.id, list(orphans), started_at)
        due = await orphans_to_remove(self._lane, host.id, started_at)
        await self._remove(gateway, host, [orphans[uuid] for uuid in due if uuid in orphans])

    async def _remove(self, gateway: Gateway, host: Host, users: list[VpnUser]) -> None:
        for user in users:
            await gateway.remove(user)
            await orphans_removed(self._lane, host.id, [user.uuid])
            metrics.RECONCILED.labels("removed").inc()
            log.info("reconciliation.removed", host=host.name, uuid=str(user.uuid))

    async def _stop_short(self, host: Host, found: Walk, wanted: int) -> None:
        log.error(
            "reconciliation.stopped_short",
            host=host.name,
            on_host=found.on_host,
            wanted=wanted,
            unknown=found.unknown_count,
        )
        now = self._clock()
        async with self._lane.transaction() as tx:
            await notify_admins(
                tx,
                kind="reconciliation-stopped",
                key=f"reconciliation-stopped:{host.id}:{now:%Y-%m-%d}",
                params={
                    "host": host.name,
                    "on_host": found.on_host,
                    "wanted": wanted,
                    "unknown": found.unknown_count,
                },
                now=now,
            )


def _is_trusted(found: Walk, wanted: int) -> bool:
    """Say whether both sides look like the same shop: neither is suspiciously short."""
    if found.unknown_count <= _FEW and wanted > 0:
        return True
    alike = wanted * 2 >= found.on_host and found.on_host * 2 >= wanted
    return alike and found.unknown_count * 100 <= found.on_host * _LARGEST_SHARE
