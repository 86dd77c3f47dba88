"""deploy/xray/config.json: it fits the agent's defaults, and its rules hold in a real core."""

import copy
import json
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trio

from bot.agent.settings import AgentSettings
from tests.agent_harness import serving_agent
from tests.core_harness import ServerCore, each_core, serving_page

CONFIG = json.loads((Path(__file__).parents[3] / "deploy/xray/config.json").read_text())


def inbound(tag: str) -> dict[str, Any]:
    [found] = [inbound for inbound in CONFIG["inbounds"] if inbound["tag"] == tag]
    return found


def test_the_agents_defaults_are_the_addresses_and_tags_of_the_example() -> None:
    defaults = AgentSettings(_env_file=None, vpn_api_key="k" * 32)
    api, address = inbound("api"), defaults.core_api_address
    assert (api["listen"], api["port"]) == (address.host, address.port)
    assert inbound(defaults.core_inbound_tag)["protocol"] == "vless"
    assert inbound(defaults.core_inbound_tag)["settings"]["clients"] == []
    assert set(CONFIG["api"]["services"]) == {"HandlerService", "StatsService"}


def test_the_first_rule_leads_the_api_inbound_to_the_api() -> None:
    first = CONFIG["routing"]["rules"][0]
    assert (first["inboundTag"], first["outboundTag"]) == (["api"], CONFIG["api"]["tag"])


@each_core
async def test_clients_do_not_get_back_into_the_host_through_the_tunnel(
    program: str, tmp_path: Path
) -> None:
    core, someone = ServerCore(program, tmp_path), uuid4()
    shared = {key: CONFIG[key] for key in ("outbounds", "routing", "policy")}
    open_to_loopback = copy.deepcopy(shared)
    del open_to_loopback["routing"]["rules"][1]
    async with serving_page() as page, serving_agent(core.api_address) as agent:
        by_name = page.replace("127.0.0.1", "localhost")
        # The test can fail: without the second rule the same client gets the page.
        for sections, gets_in in ((open_to_loopback, True), (shared, False)):
            async with core.running(**sections):
                answer = None
                while answer is None or answer.status_code == 503:
                    answer = await agent.post("/v1/users", json={"uuid": str(someone)})
                assert answer.status_code == 201
                assert await core.reaches(page, someone) is gets_in
                assert await core.reaches(by_name, someone) is gets_in


@pytest.mark.skipif(not shutil.which("xray"), reason="Xray is not installed: no REALITY to check")
async def test_xray_accepts_the_example(tmp_path: Path) -> None:
    keys = await trio.run_process(["xray", "x25519"], capture_stdout=True)
    # The label of the first line differs between versions, its value does not.
    private = keys.stdout.decode().splitlines()[0].split()[-1]
    filled = (
        json.dumps(CONFIG)
        .replace("REPLACE-WITH-A-SITE", "www.example.org")
        .replace("REPLACE-WITH-THE-PRIVATE-KEY", private)
        .replace("REPLACE-WITH-A-SHORT-ID", "0123456789abcdef")
    )
    path = tmp_path / "config.json"
    path.write_text(filled)
    await trio.run_process(["xray", "run", "-test", "-config", str(path)])
