"""What people are given, tested by the programs that will run it, where they are installed."""

import json
import shutil
import subprocess
from pathlib import Path
from uuid import UUID

import pytest

from bot.vpn.keys import Key
from bot.vpn.share_link import parse_share_link, share_link
from bot.vpn.subscription import Format, Profile, notice, render
from tests.unit.vpn.test_share_link import LINKS, core_outbound

UUID_ = UUID("2cae91b3-f85c-433b-88ee-a002b9ed6d61")
V2RAY, SING_BOX = shutil.which("v2ray"), shutil.which("sing-box")


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(V2RAY is None, reason="v2ray isn't installed")
@pytest.mark.parametrize("name", ["bare", "ipv6", "ws"])  # V2Ray 4.34 has no REALITY, no gRPC
def test_the_core_accepts_an_outbound_made_from_a_share_link(name: str, tmp_path: Path) -> None:
    outbound = core_outbound(share_link(parse_share_link(LINKS[name]), UUID_, "server"))
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"outbounds": [outbound]}))

    run(str(V2RAY), "-test", "-config", str(config))


@pytest.mark.skipif(SING_BOX is None, reason="sing-box isn't installed")
def test_sing_box_accepts_its_document(tmp_path: Path) -> None:
    keys = [Key(parse_share_link(link), UUID_, f"{name} 🐇") for name, link in LINKS.items()]
    if "with_utls" not in run(str(SING_BOX), "version"):  # a build that can't have a fingerprint
        keys = [key for key in keys if key.endpoint.fingerprint is None]
    config = tmp_path / "config.json"
    config.write_bytes(render(Format.SING_BOX, Profile("VPN"), [*keys, notice("over")]).body)

    run(str(SING_BOX), "check", "-c", str(config))
