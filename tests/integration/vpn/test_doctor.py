"""What `python -m bot doctor` says of the VPN host."""

import pytest

from bot.doctor import Finding, examine_share_link, examine_vpn_host
from tests.integration.vpn.conftest import KEY, RunningHost, vpn_settings
from tests.unit.vpn.test_share_link import LINKS


async def finding(**changes: str) -> Finding:
    return await examine_vpn_host(vpn_settings(**changes))


async def test_a_host_that_is_well_is_named_with_its_core(host: RunningHost) -> None:
    found = await finding(vpn_api_url=host.url, vpn_api_key=KEY)

    assert found.advice is None
    assert found.seen == f"{host.url}, core sandbox"


async def test_a_wrong_key_is_told_from_a_host_that_is_away(host: RunningHost) -> None:
    refused = await finding(vpn_api_url=host.url, vpn_api_key="another")
    assert refused.advice == "VPN_API_KEY is another than the agent's: make them one"

    await host.tell("fault", kind="status", status=503)
    away = await finding(vpn_api_url=host.url, vpn_api_key=KEY)
    assert away.advice == "see that the agent and its core run"
    assert "HTTP 503" in away.seen


async def test_what_is_not_set_is_said_and_a_missing_key_is_asked_for(host: RunningHost) -> None:
    assert (await finding()).seen == "VPN_API_URL is not set"
    assert "VPN_API_KEY" in str((await finding(vpn_api_url=host.url)).advice)


@pytest.mark.parametrize("link", ["vless://x@vpn.example.org", "https://vpn.example.org"])
def test_a_share_link_that_cannot_be_used_comes_with_what_to_do(link: str) -> None:
    found = examine_share_link(vpn_settings(vpn_share_link=link))

    assert found.advice is not None
    assert link not in str(found)


def test_a_share_link_is_summed_up() -> None:
    found = examine_share_link(vpn_settings(vpn_share_link=LINKS["reality"]))

    assert found.advice is None
    assert found.seen == "vpn.example.org:443, tcp with reality"
