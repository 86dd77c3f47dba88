"""A VPN host over real sockets, and the bot's side of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import trio

from bot.sandbox.vpn_host import VpnHostConfig, serve_vpn_host
from bot.settings import Settings, load
from bot.vpn.gateway import Gateway
from bot.vpn.hosts import open_vpn
from bot.vpn.types import HostAddress, HostId

KEY = "k3y-of-the-agent"


@dataclass(frozen=True)
class RunningHost:
    """The stand-in: where it is, and the way to tell it what to be."""

    url: str
    control: httpx.AsyncClient

    def address(self, host_id: int = 1, key: str = KEY) -> HostAddress:
        return HostAddress(HostId(host_id), self.url, key)

    async def tell(self, what: str, **given: Any) -> None:
        (await self.control.post(f"/sandbox/{what}", json=given)).raise_for_status()

    async def state(self) -> dict[str, Any]:
        state: dict[str, Any] = (await self.control.get("/sandbox/state")).json()
        return state

    async def calls(self) -> int:
        return sum((await self.state())["calls"].values())


@asynccontextmanager
async def running_host(*, within: float = 60, **config: Any) -> AsyncIterator[RunningHost]:
    """Run a stand-in until the block ends, which must be within so many seconds."""
    with trio.fail_after(within):
        async with trio.open_nursery() as nursery:
            url = await nursery.start(serve_vpn_host, VpnHostConfig(**{"key": KEY} | config))
            async with httpx.AsyncClient(base_url=url, timeout=30) as control:
                yield RunningHost(url, control)
            nursery.cancel_scope.cancel()


def vpn_settings(**changes: Any) -> Settings:
    given = {"bot_token": "123456789:" + "A" * 35, "mode": "polling"}
    return load(_env_file=None, **given | changes)


@pytest.fixture
async def host() -> AsyncIterator[RunningHost]:
    async with running_host() as running:
        yield running


@pytest.fixture
async def gateway(host: RunningHost) -> AsyncIterator[Gateway]:
    async with open_vpn(vpn_settings()) as vpn:
        yield vpn.host(host.address())
