"""The agent beside a real core: what is promised of access holds for packets, not for answers."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
import trio

from tests.agent_harness import serving_agent
from tests.core_harness import PAGE, ServerCore, each_core, serving_page

pytestmark = each_core


@pytest.fixture
def core(program: str, tmp_path: Path) -> ServerCore:
    return ServerCore(program, tmp_path)


@pytest.fixture
async def page() -> AsyncIterator[str]:
    async with serving_page() as address:
        yield address


@pytest.fixture
async def agent(core: ServerCore) -> AsyncIterator[httpx.AsyncClient]:
    async with serving_agent(core.api_address) as client:
        yield client


async def listed(agent: httpx.AsyncClient) -> dict[UUID, str]:
    answer = await agent.get("/v1/users")
    assert answer.status_code == 200
    return {UUID(user["uuid"]): user["label"] for user in answer.json()["users"]}


async def found(agent: httpx.AsyncClient) -> None:
    """Wait until the agent has found a core that was just started."""
    with trio.fail_after(10):
        while (await agent.get("/v1/health")).status_code == 503:
            pass


async def test_a_client_gets_through_from_its_addition_to_its_removal(
    core: ServerCore, page: str, agent: httpx.AsyncClient
) -> None:
    someone, nobody = uuid4(), uuid4()
    async with core.running():
        assert not await core.reaches(page, someone)

        added = await agent.post("/v1/users", json={"uuid": str(someone), "label": "Ann"})
        assert added.status_code == 201
        assert await core.reaches(page, someone)
        assert not await core.reaches(page, nobody)
        assert await listed(agent) == {someone: "Ann"}

        assert (await agent.delete(f"/v1/users/{someone}")).status_code == 204
        assert not await core.reaches(page, someone)
        assert await listed(agent) == {}


async def test_everything_may_be_done_twice(core: ServerCore, agent: httpx.AsyncClient) -> None:
    body = {"uuid": str(uuid4()), "label": "Ann"}
    async with core.running():
        added = [(await agent.post("/v1/users", json=body)).status_code for _ in range(2)]
        changed = [
            (await agent.patch(f"/v1/users/{body['uuid']}", json={"label": "Bob"})).json()
            for _ in range(2)
        ]
        removed = [(await agent.delete(f"/v1/users/{body['uuid']}")) for _ in range(2)]

    assert added == [201, 200]
    assert changed == [body | {"label": "Bob", "flow": ""}] * 2
    assert [answer.status_code for answer in removed] == [204, 404]
    assert removed[1].json() == {"detail": "Client not found"}


async def test_changing_an_unknown_client_is_404_and_lets_nobody_in(
    core: ServerCore, page: str, agent: httpx.AsyncClient
) -> None:
    someone = uuid4()
    async with core.running():
        answer = await agent.patch(f"/v1/users/{someone}", json={"label": "Ann"})
        assert (answer.status_code, answer.json()) == (404, {"detail": "Client not found"})
        assert not await core.reaches(page, someone)

        await agent.post("/v1/users", json={"uuid": str(someone), "label": "Ann"})
        assert (await agent.patch(f"/v1/users/{someone}", json={})).status_code == 200
        assert await core.reaches(page, someone)


async def test_after_a_restart_of_the_core_the_list_is_empty_and_adding_again_restores(
    core: ServerCore, page: str, agent: httpx.AsyncClient
) -> None:
    someone = uuid4()
    body = {"uuid": str(someone), "label": "Ann"}
    async with core.running():
        await agent.post("/v1/users", json=body)
        assert await listed(agent) == {someone: "Ann"}

    away = await agent.get("/v1/users")
    assert away.status_code == 503

    async with core.running():
        await found(agent)
        assert await listed(agent) == {}
        assert not await core.reaches(page, someone)
        assert (await agent.patch(f"/v1/users/{someone}", json={})).status_code == 404
        assert (await agent.post("/v1/users", json=body)).status_code == 201
        assert await core.reaches(page, someone)
        assert await listed(agent) == {someone: "Ann"}


async def test_an_agent_that_starts_beside_a_running_core_adopts_its_clients(
    core: ServerCore, page: str
) -> None:
    ann, bob, cid = uuid4(), uuid4(), uuid4()
    async with core.running():
        async with serving_agent(core.api_address) as former:
            for someone in (ann, bob, cid):
                await former.post("/v1/users", json={"uuid": str(someone), "label": "old"})
        async with serving_agent(core.api_address) as agent:
            # What the bot's sync does with a list in which somebody is missing.
            again = await agent.post("/v1/users", json={"uuid": str(ann), "label": "Ann"})
            changed = await agent.patch(f"/v1/users/{bob}", json={"label": "Bob"})
            removed = await agent.delete(f"/v1/users/{cid}")
            assert [a.status_code for a in (again, changed, removed)] == [200, 200, 204]
            assert await listed(agent) == {ann: "Ann", bob: "Bob"}
            assert [await core.reaches(page, who) for who in (ann, bob, cid)] == [True, True, False]


async def test_a_list_says_whether_somebody_may_be_missing_in_it(
    core: ServerCore, agent: httpx.AsyncClient
) -> None:
    async with core.running():
        await agent.post("/v1/users", json={"uuid": str(uuid4()), "label": "Ann"})
        assert (await agent.get("/v1/users")).json()["complete"]
        async with serving_agent(core.api_address) as late:
            answer = (await late.get("/v1/users")).json()
    assert answer["complete"] == (core.program == "xray")
    assert len(answer["users"]) == (1 if answer["complete"] else 0)


async def test_the_operators_own_clients_are_left_alone(
    core: ServerCore, page: str, agent: httpx.AsyncClient
) -> None:
    own = uuid4()
    async with core.running(clients=({"id": str(own), "email": "admin@host", "level": 0},)):
        assert await listed(agent) == {}
        assert (await agent.delete(f"/v1/users/{own}")).status_code == 404
        assert await core.reaches(page, own)


async def test_traffic_is_counted_for_each_client(
    core: ServerCore, page: str, agent: httpx.AsyncClient
) -> None:
    ann, bob = uuid4(), uuid4()
    async with core.running():
        for someone in (ann, bob):
            await agent.post("/v1/users", json={"uuid": str(someone), "label": ""})
        assert await core.reaches(page, ann)
        [used] = (await agent.get("/v1/traffic")).json()["traffic"]
    assert used["uuid"] == str(ann)
    assert used["down"] > len(PAGE)
    assert used["up"] > 0


async def test_health_tells_a_core_that_is_away_from_one_that_is_configured_otherwise(
    core: ServerCore, agent: httpx.AsyncClient
) -> None:
    async with serving_agent(core.api_address, core_inbound_tag="trojan") as misled:
        assert (await agent.get("/v1/health")).status_code == 503
        async with core.running():
            await found(agent)
            well = await agent.get("/v1/health")
            assert well.status_code == 200
            assert well.json() | {"uptime_seconds": 0} == {
                "status": "ok",
                "core": core.program,
                "uptime_seconds": 0,
            }
            await found(misled)
            for answer in (await misled.get("/v1/health"), await misled.get("/v1/users")):
                assert answer.status_code == 502
                assert "handler not found: trojan" in answer.json()["detail"]
        assert (await agent.get("/v1/health")).status_code == 503
