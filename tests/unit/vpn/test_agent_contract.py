"""Answers that an agent, an old agent or something else may give, over a transport in memory."""

import json
from typing import Any
from uuid import UUID

import httpx
import pytest
import trio

from bot.http import HttpClient
from bot.vpn.agent_client import AgentClient
from bot.vpn.breaker import Breaker
from bot.vpn.errors import ProtocolError
from bot.vpn.gateway import Pages
from bot.vpn.line import HostLine
from bot.vpn.types import VISION, ClientSpec, HostAddress, HostId

ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))


def agent(*answers: Any, seen: list[httpx.Request] | None = None, status: int = 200) -> AgentClient:
    """An agent that gives these answers, one after the other, as JSON or as they are."""
    script = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        step = script.pop(0)
        return (
            httpx.Response(status, text=step)
            if isinstance(step, str)
            else httpx.Response(status, json=step)
        )

    http = HttpClient(
        httpx.AsyncClient(transport=httpx.MockTransport(answer)), trio.CapacityLimiter(1)
    )
    host = HostId(3)
    return AgentClient(
        HostLine(
            http,
            HostAddress(host, "http://agent:8443/base", "k3y"),
            breaker=Breaker(host, failures=5, pause_seconds=30),
            calls=1,
            shared=trio.CapacityLimiter(1),
            seconds=5,
        )
    )


def users(*uuids: UUID) -> list[dict[str, str]]:
    return [{"uuid": str(uuid), "label": f"u{uuid.int}"} for uuid in uuids]


async def test_pages_are_asked_for_with_the_key_and_from_where_the_last_one_ended() -> None:
    seen: list[httpx.Request] = []
    client = agent(
        {"users": users(ONE, TWO), "next": str(TWO)},
        {"users": users(THREE), "next": None},
        seen=seen,
    )

    found = [user.uuid for page in [p async for p in Pages(client, 2)] for user in page]

    assert found == [ONE, TWO, THREE]
    assert [str(request.url) for request in seen] == [
        "http://agent:8443/base/v1/users?limit=2",
        f"http://agent:8443/base/v1/users?limit=2&after={TWO}",
    ]
    assert {request.headers["authorization"] for request in seen} == {"Bearer k3y"}


async def test_an_agent_that_cannot_page_gives_all_at_once_and_in_order() -> None:
    whole = {"users": users(THREE, ONE, TWO)}

    page = await agent(whole).list_page()
    assert [user.uuid for user in page.users] == [ONE, TWO, THREE]
    assert page.next_after is None

    rest = await agent(whole).list_page(after=ONE)
    assert [user.uuid for user in rest.users] == [TWO, THREE]


@pytest.mark.parametrize(
    "page",
    [
        {"users": users(TWO, ONE), "next": None},
        {"users": users(ONE, ONE), "next": None},
        {"users": users(TWO, THREE), "next": str(TWO)},
        {"users": [], "next": str(THREE)},
    ],
    ids=["unsorted", "twice", "next before the last", "empty and not the end"],
)
async def test_a_page_that_would_lead_in_a_circle_is_refused(page: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="out of order"):
        await agent(page).list_page()


async def test_a_page_that_ignores_where_to_begin_is_refused() -> None:
    with pytest.raises(ProtocolError, match="out of order"):
        await agent({"users": users(ONE, TWO), "next": str(TWO)}).list_page(after=TWO)


@pytest.mark.parametrize(
    "text", ["", "<html>", "[]", "{}", '{"users": [{"uuid": "somebody"}], "next": null}']
)
async def test_what_is_no_list_of_users_is_named_as_such(text: str) -> None:
    with pytest.raises(ProtocolError, match="can't be read"):
        await agent(text).list_page()


async def test_what_an_agent_objects_to_is_passed_on_in_its_words() -> None:
    with pytest.raises(ProtocolError, match=r"HTTP 422.*label: too long"):
        await agent({"detail": "label: too long"}, status=422).update(ClientSpec(ONE, "u" * 999))


async def test_health_takes_what_the_agent_says_and_leaves_open_what_it_does_not() -> None:
    full = await agent({"status": "ok", "core": "xray", "uptime_seconds": 9}).health()
    assert (full.core, full.uptime_seconds) == ("xray", 9)

    bare = await agent({}).health()
    assert (bare.core, bare.uptime_seconds) == (None, None)


async def test_no_flow_is_none_however_the_agent_puts_it() -> None:
    listed = [{"uuid": str(uuid), "label": "u"} for uuid in (ONE, TWO, THREE)]
    listed[0] |= {"flow": ""}
    listed[1] |= {"flow": VISION}

    page = await agent({"users": listed, "next": None}).list_page()

    assert [user.flow for user in page.users] == [None, VISION, None]


async def test_a_list_that_may_lack_somebody_says_so() -> None:
    page = await agent({"users": [], "next": None, "complete": False}).list_page()
    assert not page.complete


async def test_a_client_without_flow_loses_the_one_it_had() -> None:
    seen: list[httpx.Request] = []
    await agent({}, seen=seen).update(ClientSpec(ONE, "u1"))

    assert json.loads(seen[0].content) == {"label": "u1", "flow": ""}
