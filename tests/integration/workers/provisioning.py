"""The workers that face VPN hosts, between a real database and the stand-in of a host."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from bot.db import Database, Lane
from bot.shop.hosts import HostState, ensure_host, hosts_in_use
from bot.shop.vpn_clients import want
from bot.supervise import Wake
from bot.vpn.hosts import open_vpn
from bot.workers.activation import Activation
from bot.workers.reconciliation import Reconciliation
from bot.workers.xray_sync import XraySync
from tests.integration.shop.rows import SHARE_LINK, add_person
from tests.integration.vpn.conftest import KEY, RunningHost, running_host, vpn_settings

PERSON = 7


@dataclass
class Clock:
    """The time of day of a test; it goes on when it is told to."""

    now: datetime = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **given: Any) -> None:
        self.now += timedelta(**given)


@dataclass
class Provisioning:
    """One VPN host, what the database wants of it, and the workers in between."""

    lane: Lane
    stand_in: RunningHost
    host_id: int
    activation: Activation
    sync: XraySync
    reconciliation: Reconciliation
    woken: Wake
    clock: Clock = field(default_factory=Clock)

    async def want(self, uuid: UUID | None = None, *, present: bool = True) -> UUID:
        uuid = uuid or uuid4()
        async with self.lane.transaction() as tx:
            await want(
                tx,
                uuid=uuid,
                host_id=self.host_id,
                user_id=PERSON,
                desired="present" if present else "absent",
                now=self.clock(),
            )
        return uuid

    async def on_host(self) -> set[UUID]:
        bearer = {"authorization": f"Bearer {KEY}"}
        users = (await self.stand_in.control.get("/v1/users", headers=bearer)).json()["users"]
        return {UUID(user["uuid"]) for user in users}

    async def count(self, what: str) -> int:
        found: int = await self.lane.fetchval(f"select count(*) from {what}")  # noqa: S608 - tests
        return found

    async def told(self) -> list[str]:
        rows = await self.lane.fetch("select kind from notifications order by id")
        return [row["kind"] for row in rows]


@asynccontextmanager
async def provisioning(database: Database, **settings: Any) -> AsyncIterator[Provisioning]:
    lane, clock, woken = database.workers, Clock(), Wake()
    quick = {"vpn_breaker_pause": 3600} | settings
    async with running_host() as stand_in, open_vpn(vpn_settings(**quick)) as hosts:
        await add_person(lane, PERSON)
        await ensure_host(
            lane,
            name="main",
            api_url=stand_in.url,
            api_key=KEY,
            share_link=SHARE_LINK,
            now=clock(),
        )
        [host] = await hosts_in_use(lane)
        assert host.state is HostState.ACTIVE
        yield Provisioning(
            lane=lane,
            stand_in=stand_in,
            host_id=host.id,
            activation=Activation(lane, hosts, clock=clock),
            sync=XraySync(lane, hosts, activation=woken, each_seconds=20, clock=clock),
            reconciliation=Reconciliation(
                lane, hosts, activation=woken, each_seconds=20, clock=clock
            ),
            woken=woken,
            clock=clock,
        )
