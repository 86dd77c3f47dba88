"""An agent served in this process, and a client of it as the bot has one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import trio

from bot.agent import service
from bot.agent.settings import AgentSettings
from bot.process_settings import read

KEY = "k" * 32


def agent_settings(core_api_address: str, **changes: Any) -> AgentSettings:
    """Return the settings of an agent on a free port."""
    given = {
        "vpn_api_key": KEY,
        "agent_bind": "127.0.0.1:0",
        "core_api_address": core_api_address,
    }
    return read(AgentSettings, _env_file=None, **given | changes)


@asynccontextmanager
async def serving_agent(
    core_api_address: str, *, key: str = KEY, **changes: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """Run an agent; yields a client of it that shows `key`."""
    async with trio.open_nursery() as nursery:
        address = await nursery.start(service.run, agent_settings(core_api_address, **changes))
        headers = {"authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=10) as client:
            yield client
        nursery.cancel_scope.cancel()
