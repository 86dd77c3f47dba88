from pathlib import Path

import pytest
import trustme

from bot.agent.settings import AgentSettings, Flavor
from bot.process_settings import InvalidSettingsError, read


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # no .env
    for name in AgentSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_key_is_all_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPN_API_KEY", "k" * 16)
    monkeypatch.setenv("CORE_FLAVOR", "XRAY")
    settings = read(AgentSettings)
    assert str(settings.agent_bind) == "127.0.0.1:8443"
    assert settings.core_flavor is Flavor.XRAY


def test_everything_that_is_wrong_is_named_at_once_and_no_value_is_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = {
        "VPN_API_KEY": "tooshort",
        "AGENT_BIND": "everywhere",
        "CORE_API_ADDRESS": "thecore",
        "CORE_FLAVOR": "hysteria",
        "CORE_TIMEOUT": "-1",
        "AGENT_TLS_KEY": "/nowhere/key.pem",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettingsError) as caught:
        read(AgentSettings)
    text = str(caught.value)
    assert [name for name in wrong if f"{name}: " not in text] == []
    assert [value for value in wrong.values() if value in text] == []


def test_a_missing_key_is_explained() -> None:
    with pytest.raises(InvalidSettingsError, match="VPN_API_KEY: missing"):
        read(AgentSettings)


def test_half_a_certificate_and_one_that_does_not_fit_are_refused(tmp_path: Path) -> None:
    authority = trustme.CA()
    one, other = authority.issue_cert("one.test"), authority.issue_cert("other.test")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    one.cert_chain_pems[0].write_to_path(chain)
    other.private_key_pem.write_to_path(key)
    with pytest.raises(InvalidSettingsError, match="set both or neither"):
        read(AgentSettings, vpn_api_key="k" * 16, agent_tls_cert=chain)
    with pytest.raises(InvalidSettingsError, match="can't be used together"):
        read(AgentSettings, vpn_api_key="k" * 16, agent_tls_cert=chain, agent_tls_key=key)

    one.private_key_pem.write_to_path(key)
    read(AgentSettings, vpn_api_key="k" * 16, agent_tls_cert=chain, agent_tls_key=key)


@pytest.mark.parametrize("key", ["k" * 15, "k" * 15 + "é", "k" * 8 + " " + "k" * 8])
def test_a_key_that_is_guessed_or_that_no_header_carries_is_refused(key: str) -> None:
    with pytest.raises(InvalidSettingsError, match="openssl rand -hex 32"):
        read(AgentSettings, vpn_api_key=key)
