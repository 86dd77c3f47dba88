"""What the agent says to Xray, and what it makes of the answers."""

import threading
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
import trio

from tests.agent_harness import serving_agent
from tests.core_harness import free_port
from tests.fake_xray import MARK, FakeXray, serving_xray

VISION = "xtls-rprx-vision"


@pytest.fixture
def xray() -> FakeXray:
    return FakeXray()


@pytest.fixture
async def agent(xray: FakeXray) -> AsyncIterator[httpx.AsyncClient]:
    with serving_xray(xray) as address:
        async with serving_agent(address) as client:
            yield client


def body(uuid: UUID, flow: str = VISION) -> dict[str, str]:
    return {"uuid": str(uuid), "label": f"label of {uuid}", "flow": flow}


async def happened(event: threading.Event) -> None:
    assert await trio.to_thread.run_sync(event.wait, 5)


async def test_an_added_client_is_in_the_core_by_its_uuid_with_its_flow(
    xray: FakeXray, agent: httpx.AsyncClient
) -> None:
    someone = uuid4()
    added = await agent.post("/v1/users", json=body(someone))
    assert (added.status_code, added.json()) == (201, body(someone))
    assert xray.clients == {str(someone)}
    assert xray.flow_of(someone) == VISION
    assert (await agent.get("/v1/health")).json()["core"] == "xray"


async def test_adding_again_touches_nothing_but_another_flow_takes_effect(
    xray: FakeXray, agent: httpx.AsyncClient
) -> None:
    someone = uuid4()
    await agent.post("/v1/users", json=body(someone))

    assert (await agent.post("/v1/users", json=body(someone))).status_code == 200
    assert xray.operations == ["AddUserOperation"]

    assert (await agent.post("/v1/users", json=body(someone, flow=""))).status_code == 200
    assert xray.flow_of(someone) == ""


async def test_a_change_sets_what_is_named_and_leaves_the_rest(
    xray: FakeXray, agent: httpx.AsyncClient
) -> None:
    someone = uuid4()
    await agent.post("/v1/users", json=body(someone))

    named = await agent.patch(f"/v1/users/{someone}", json={"label": "Ann"})
    assert named.json() == {"uuid": str(someone), "label": "Ann", "flow": VISION}
    assert xray.operations == ["AddUserOperation"]

    flowing = await agent.patch(f"/v1/users/{someone}", json={"flow": ""})
    assert flowing.json() == {"uuid": str(someone), "label": "Ann", "flow": ""}
    assert xray.flow_of(someone) == ""


async def test_a_client_that_the_core_lacks_is_404_whatever_is_remembered(
    xray: FakeXray, agent: httpx.AsyncClient
) -> None:
    someone = uuid4()
    await agent.post("/v1/users", json=body(someone))
    del xray.users[str(someone)]
    for answer in (
        await agent.patch(f"/v1/users/{someone}", json={"label": "Ann"}),
        await agent.delete(f"/v1/users/{someone}"),
    ):
        assert (answer.status_code, answer.json()) == (404, {"detail": "Client not found"})
    assert xray.clients == set()


async def test_the_list_is_the_cores_own_and_survives_the_agent(
    xray: FakeXray, agent: httpx.AsyncClient
) -> None:
    here, before = uuid4(), uuid4()
    xray.fill([before])
    xray.users["admin@host"] = xray.users[str(before)].__class__(email="admin@host")
    await agent.post("/v1/users", json=body(here))

    answer = (await agent.get("/v1/users")).json()
    assert sorted(answer["users"], key=lambda user: user["uuid"]) == sorted(
        [body(here), {"uuid": str(before), "label": "", "flow": ""}], key=lambda user: user["uuid"]
    )
    assert (answer["next"], answer["complete"]) == (None, True)


async def test_pages_are_walked_in_order_and_nobody_is_missed_while_others_come_and_go(
    xray: FakeXray, agent: httpx.AsyncClient
) -> None:
    stay = [uuid4() for _ in range(25)]
    xray.fill(stay)
    seen, after = [], None
    while True:
        query = {"limit": 10} | ({"after": after} if after else {})
        page = (await agent.get("/v1/users", params=query)).json()
        seen += [UUID(user["uuid"]) for user in page["users"]]
        xray.fill([uuid4()])
        after = page["next"]
        if after is None:
            break
        assert len(page["users"]) == 10
        assert after == page["users"][-1]["uuid"]
    assert seen == sorted(stay)


async def test_a_walk_through_the_pages_does_not_outlive_the_core(
    xray: FakeXray, agent: httpx.AsyncClient
) -> None:
    xray.fill([uuid4() for _ in range(5)])
    first = (await agent.get("/v1/users", params={"limit": 2})).json()
    xray.restart()
    second = await agent.get("/v1/users", params={"limit": 2, "after": first["next"]})
    assert second.json() == {"users": [], "next": None, "complete": True}


async def test_an_xray_that_cannot_list_is_remembered_for() -> None:
    xray, someone = FakeXray(lists_users=False), uuid4()
    with serving_xray(xray) as address:
        async with serving_agent(address) as agent:
            await agent.post("/v1/users", json=body(someone))
            assert (await agent.get("/v1/users")).json()["users"] == [body(someone)]


async def test_what_is_remembered_ends_with_the_run_of_the_core_however_short_it_was() -> None:
    xray, someone = FakeXray(lists_users=False), uuid4()
    with serving_xray(xray) as address:
        async with serving_agent(address) as agent:
            for _ in range(3):
                assert (await agent.post("/v1/users", json=body(someone))).status_code == 201
                xray.restart()
                answer = await agent.patch(f"/v1/users/{someone}", json={"label": "Ann"})
                assert answer.status_code == 404
                listed = (await agent.get("/v1/users")).json()
                assert (listed["users"], listed["complete"]) == ([], True)


async def test_where_the_mark_may_be_of_another_run_nothing_is_claimed() -> None:
    xray, someone = FakeXray(lists_users=False), uuid4()
    with serving_xray(xray) as address:
        async with serving_agent(address, core_timeout="0.5") as agent:
            await agent.post("/v1/users", json=body(someone))
            # The core starts again, and marks the new run too late for anybody to be told.
            xray.stalled = {"mark"}
            assert (await agent.get("/v1/users")).status_code == 504
            xray.users = {MARK: xray.users[MARK]}
            xray.stalled = set()
            listed = (await agent.get("/v1/users")).json()
            assert (listed["users"], listed["complete"]) == ([], False)


async def test_traffic_has_both_directions_of_clients_and_nothing_else(
    xray: FakeXray, agent: httpx.AsyncClient
) -> None:
    someone = uuid4()
    xray.counters = {
        f"user>>>{someone}>>>traffic>>>uplink": 3_000_000_000_000,
        f"user>>>{someone}>>>traffic>>>downlink": 7,
        f"user>>>{someone}>>>online": 1,
        "user>>>admin@host>>>traffic>>>downlink": 11,
        "inbound>>>vless>>>traffic>>>downlink": 13,
    }
    assert (await agent.get("/v1/traffic")).json() == {
        "traffic": [{"uuid": str(someone), "up": 3_000_000_000_000, "down": 7}]
    }


@pytest.mark.parametrize(
    ("services", "named"),
    [
        ({"stats_service": False}, "no StatsService: add it to api.services"),
        ({"handler_service": False}, "no HandlerService: add it to api.services"),
    ],
)
async def test_a_core_whose_api_lacks_a_service_is_told_to_the_operator(
    xray: FakeXray, services: dict[str, bool], named: str
) -> None:
    with serving_xray(xray, **services) as address:
        async with serving_agent(address) as agent:
            for answer in (
                await agent.get("/v1/health"),
                await agent.get("/v1/users"),
                await agent.post("/v1/users", json=body(uuid4())),
            ):
                assert answer.status_code == 502
                assert named in answer.json()["detail"]


async def test_a_core_that_is_slow_is_504_in_time_and_the_call_is_cancelled_in_it(
    xray: FakeXray,
) -> None:
    xray.stalled = {"AddUserOperation"}
    with serving_xray(xray) as address:
        async with serving_agent(address, core_timeout="0.3") as agent:
            started = trio.current_time()
            slow = await agent.post("/v1/users", json=body(uuid4()))
            assert slow.status_code == 504
            assert 0.2 < trio.current_time() - started < 2
            await happened(xray.cancelled)
            # And the next one is served: nothing is left waiting.
            xray.stalled = set()
            assert (await agent.post("/v1/users", json=body(uuid4()))).status_code == 201


async def test_after_an_unknown_outcome_the_same_request_finds_out(xray: FakeXray) -> None:
    someone = uuid4()
    with serving_xray(xray) as address:
        async with serving_agent(address, core_timeout="0.3") as agent:
            xray.stalled = {"AddUserOperation"}
            assert (await agent.post("/v1/users", json=body(someone))).status_code == 504
            xray.fill([someone])  # the core did it all the same
            xray.stalled = set()
            assert (await agent.post("/v1/users", json=body(someone))).status_code == 200
            assert xray.flow_of(someone) == VISION


async def test_a_caller_that_hangs_up_takes_its_call_with_it(xray: FakeXray) -> None:
    xray.stalled = {"AddUserOperation"}
    with serving_xray(xray) as address:
        async with serving_agent(address, core_timeout="60") as agent:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(lambda: agent.post("/v1/users", json=body(uuid4())))
                await happened(xray.stalling)
                nursery.cancel_scope.cancel()
            await happened(xray.cancelled)
            xray.stalled = set()
            assert (await agent.post("/v1/users", json=body(uuid4()))).status_code == 201


async def test_a_client_that_was_taken_out_to_be_changed_is_put_in_again_without_its_caller(
    xray: FakeXray, agent: httpx.AsyncClient
) -> None:
    someone = uuid4()
    await agent.post("/v1/users", json=body(someone))
    xray.stalled = {"RemoveUserOperation"}
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: agent.patch(f"/v1/users/{someone}", json={"flow": ""}))
        await happened(xray.stalling)
        nursery.cancel_scope.cancel()
    xray.release.set()
    # The next request waits for the change that was begun.
    assert (await agent.get("/v1/users")).json()["users"][0]["flow"] == ""
    assert xray.operations == ["AddUserOperation", "RemoveUserOperation", "AddUserOperation"]


async def test_a_core_that_is_away_is_503_at_once_and_found_again(xray: FakeXray) -> None:
    port = free_port()
    async with serving_agent(f"127.0.0.1:{port}") as agent:
        for method, path, sent in (
            ("GET", "/v1/health", None),
            ("GET", "/v1/users", None),
            ("GET", "/v1/users?limit=10", None),
            ("GET", "/v1/traffic", None),
            ("POST", "/v1/users", body(uuid4())),
            ("PATCH", f"/v1/users/{uuid4()}", {}),
            ("DELETE", f"/v1/users/{uuid4()}", None),
        ):
            started = trio.current_time()
            assert (await agent.request(method, path, json=sent)).status_code == 503
            assert trio.current_time() - started < 1.5  # the core's deadline is 2 s
        with serving_xray(xray, port=port), trio.fail_after(3):
            while (await agent.get("/v1/health")).status_code != 200:
                pass
            assert (await agent.post("/v1/users", json=body(uuid4()))).status_code == 201
