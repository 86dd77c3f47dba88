"""What the agent answers to requests that are wrong, and over HTTPS."""

import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import trustme

from bot.agent.app import make_agent_app
from tests.agent_harness import KEY, serving_agent
from tests.fake_xray import FakeXray, serving_xray

SOMEONE = str(uuid4())


@pytest.fixture
def xray() -> FakeXray:
    return FakeXray()


@pytest.fixture
async def agent(xray: FakeXray) -> AsyncIterator[httpx.AsyncClient]:
    with serving_xray(xray) as address:
        async with serving_agent(address) as client:
            yield client


EVERYTHING = [
    ("GET", "/v1/health"),
    ("GET", "/v1/users"),
    ("POST", "/v1/users"),
    ("PATCH", f"/v1/users/{SOMEONE}"),
    ("DELETE", f"/v1/users/{SOMEONE}"),
    ("GET", "/v1/traffic"),
    ("GET", "/v1/nothing"),
]


def test_the_tests_know_every_address() -> None:
    app = make_agent_app(None, None, key=KEY, core_timeout=timedelta(seconds=1))  # type: ignore[arg-type]
    known = {
        (method, rule.rule.replace("<uuid>", SOMEONE))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in {"HEAD", "OPTIONS"} and rule.endpoint != "static"
    }
    assert known == set(EVERYTHING) - {("GET", "/v1/nothing")}


@pytest.mark.parametrize(
    "shown", [None, "", "Bearer", f"Bearer {KEY[:-1]}", f"Bearer {KEY}k", f"Basic {KEY}"]
)
async def test_without_the_key_nothing_is_answered(
    shown: str | None, xray: FakeXray, agent: httpx.AsyncClient
) -> None:
    del agent.headers["authorization"]
    headers = {} if shown is None else {"authorization": shown}
    for method, path in EVERYTHING:
        answer = await agent.request(method, path, headers=headers, json={"uuid": SOMEONE})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    assert xray.clients == set()


@pytest.mark.parametrize(
    ("sent", "status", "named"),
    [
        (("POST", "/v1/users", b"{"), 400, "JSON"),
        (("POST", "/v1/users", b"\xff"), 400, "JSON"),
        (("POST", "/v1/users", b""), 400, "JSON"),
        (("POST", "/v1/users", b"[]"), 422, "object"),
        (("POST", "/v1/users", b"{}"), 422, "uuid: "),
        (("POST", "/v1/users", b'{"uuid": "someone"}'), 422, "uuid: "),
        (("POST", "/v1/users", b'{"uuid": "%s", "label": 1}'), 422, "label: "),
        (("POST", "/v1/users", b'{"uuid": "%s", "flow": "a b"}'), 422, "flow: "),
        (("POST", "/v1/users", b'{"uuid": "%s", "lable": "x"}'), 422, "lable: "),
        (("POST", "/v1/users", b'{"uuid": "%s", "label": "' + b"x" * 201 + b'"}'), 422, "label: "),
        (("POST", "/v1/users", b" " * 5000), 413, ""),
        (("PATCH", "/v1/users/someone", b"{}"), 422, "uuid: "),
        (("PATCH", f"/v1/users/{SOMEONE}", b'{"uuid": "%s"}'), 422, "uuid: "),
        (("DELETE", "/v1/users/someone", b""), 422, "uuid: "),
        (("GET", "/v1/users?limit=0", b""), 422, "limit: "),
        (("GET", "/v1/users?limit=10001", b""), 422, "limit: "),
        (("GET", "/v1/users?after=someone", b""), 422, "after: "),
        (("GET", "/v1/nothing", b""), 404, ""),
        (("PUT", "/v1/users", b""), 405, ""),
    ],
)
async def test_a_wrong_request_is_told_what_is_wrong_and_changes_nothing(
    sent: tuple[str, str, bytes], status: int, named: str, xray: FakeXray, agent: httpx.AsyncClient
) -> None:
    method, path, content = sent
    answer = await agent.request(method, path, content=content.replace(b"%s", SOMEONE.encode()))
    assert answer.status_code == status
    assert named in answer.json()["detail"]
    assert answer.json()["detail"] != "Client not found"
    assert xray.operations == []


async def test_a_uuid_may_be_written_in_capitals(xray: FakeXray, agent: httpx.AsyncClient) -> None:
    await agent.post("/v1/users", json={"uuid": SOMEONE.upper()})
    assert xray.clients == {SOMEONE}
    assert (await agent.delete(f"/v1/users/{SOMEONE.upper()}")).status_code == 204


async def test_with_a_certificate_it_speaks_https_and_nothing_else(
    xray: FakeXray, tmp_path: Path
) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    certificate.cert_chain_pems[0].write_to_path(chain)
    certificate.private_key_pem.write_to_path(key)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with serving_xray(xray) as address:
        async with (
            serving_agent(address, agent_tls_cert=chain, agent_tls_key=key) as agent,
            httpx.AsyncClient(
                base_url=agent.base_url, headers=agent.headers, verify=trusting
            ) as trusted,
        ):
            assert agent.base_url.scheme == "https"
            for _ in range(2):
                assert (await trusted.get("/v1/health")).status_code == 200
            with pytest.raises(httpx.ConnectError):  # who is not told to trust it doesn't
                await agent.get("/v1/health")
            with pytest.raises(httpx.TransportError):
                await agent.get(str(agent.base_url).replace("https", "http") + "/v1/health")
