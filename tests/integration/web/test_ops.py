"""The pages of operation: what a probe, a dashboard and a person are told."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest
import trio
from prometheus_client.parser import text_string_to_metric_families
from trio.testing import wait_all_tasks_blocked

from bot.db import Database
from bot.readiness import Phase, Readiness
from bot.setting_types import Bind
from bot.supervise import Bounds, Supervisor, Wake, Worker
from bot.telegram.types import WebhookInfo
from bot.web.ops import OpsFacts, make_ops_app
from bot.web.server import serve
from tests.integration.web.webhook_server import until


@dataclass
class Ops:
    """A running ops server, and what it tells of."""

    http: httpx.AsyncClient
    database: Database
    readiness: Readiness
    supervisor: Supervisor
    nursery: trio.Nursery
    peers: dict[str, str | None] = field(default_factory=dict)
    last_update_at: float | None = None
    webhook: WebhookInfo | None = None

    async def get(self, path: str) -> httpx.Response:
        with trio.fail_after(5):
            return await self.http.get(path)

    async def json(self, path: str) -> Any:
        answer = await self.get(path)
        assert answer.headers["content-type"] == "application/json"
        return answer.json()


@asynccontextmanager
async def serving(database: Database, *table: Worker) -> AsyncIterator[Ops]:
    readiness = Readiness()
    bounds = Bounds(connections=4, acquire_seconds=10, notice_seconds=10)
    supervisor = Supervisor(table, bounds, holders=database.holders)
    ops: Ops
    facts = OpsFacts(
        readiness=readiness,
        pool=database.stats,
        workers=supervisor.statuses,
        peers=lambda: ops.peers,
        last_update_at=lambda: ops.last_update_at,
        webhook=lambda: ops.webhook,
    )
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        bind, grace = Bind(("127.0.0.1", 0)), timedelta(seconds=1)
        address = await nursery.start(
            partial(serve, make_ops_app(facts), bind, name="ops", stop=stop, grace=grace)
        )
        async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
            ops = Ops(http, database, readiness, supervisor, nursery)
            yield ops
        nursery.cancel_scope.cancel()


@pytest.fixture
async def ops(database: Database) -> AsyncIterator[Ops]:
    async with serving(database) as running:
        yield running


async def test_a_process_is_live_before_it_is_ready(ops: Ops) -> None:
    assert (await ops.get("/health/live")).json() == {"live": True}
    answer = await ops.get("/health/ready")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "reason": "starting"})


async def test_ready_follows_the_phases_and_gives_the_reason(ops: Ops) -> None:
    ops.readiness.enter(Phase.STANDBY, "standby: another process holds the advisory lock")
    answer = await ops.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["reason"] == "standby: another process holds the advisory lock"
    ops.readiness.enter(Phase.READY)
    answer = await ops.get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "reason": None})
    ops.readiness.enter(Phase.STOPPING, "shutting down")
    answer = await ops.get("/health/ready")
    assert (answer.status_code, answer.json()["reason"]) == (503, "shutting down")


async def test_nothing_of_operation_is_kept_or_framed(ops: Ops) -> None:
    for path in ("/health", "/health/live", "/health/ready", "/metrics", "/tasks", "/tasks.json"):
        headers = (await ops.get(path)).headers
        assert headers["cache-control"] == "no-store", path
        assert "default-src 'none'" in headers["content-security-policy"], path


async def test_the_summary_is_ok_until_a_peer_or_a_worker_is_unwell(
    database: Database, expected_errors: list[str]
) -> None:
    expected_errors.append("worker.tick_failed")

    async def fail() -> None:
        raise ConnectionError("the peer is away")

    async with serving(database, worker("broken", fail)) as ops:
        ops.supervisor.start_all(ops.nursery)
        ops.readiness.enter(Phase.READY)
        ops.peers["telegram"] = None
        assert (await ops.json("/health"))["status"] == "ok"

        ops.peers["telegram"] = "no answer within 10 s"
        summary = await ops.json("/health")
        assert summary["status"] == "degraded"
        assert summary["peers"] == {"telegram": "no answer within 10 s"}

        ops.peers["telegram"] = None
        for ticks in (1, 2, 3):
            ops.supervisor.run_now("broken")
            await until(lambda: ops.supervisor.ticks(["broken"]) == ticks)  # noqa: B023 - at once
        summary = await ops.json("/health")
        assert summary["status"] == "degraded"
        (row,) = summary["workers"]
        assert (row["degraded"], row["failures_in_a_row"]) == (True, 3)
        assert row["last_error"] == "ConnectionError: the peer is away"


async def test_a_running_worker_shows_since_when_and_what_it_holds(database: Database) -> None:
    hold, held = trio.Event(), trio.Event()

    async def tick() -> None:
        async with database.workers.transaction():
            held.set()
            await hold.wait()

    async with serving(database, worker("busy", tick), worker("idle", trio.sleep_forever)) as ops:
        ops.supervisor.start_all(ops.nursery)
        (before, _) = (await ops.json("/health"))["workers"]
        assert (before["running"], before["last_ended_seconds_ago"]) == (False, None)
        assert 0 < before["next_in_seconds"] <= before["interval_seconds"]

        ops.supervisor.run_now("busy")
        await held.wait()
        busy, idle = (await ops.json("/health"))["workers"]
        assert (busy["running"], busy["connections_held"], idle["connections_held"]) == (True, 1, 0)
        assert busy["running_for_seconds"] >= 0
        page = (await ops.get("/tasks")).text
        assert "<b>running</b>" in page

        hold.set()
        await until(lambda: ops.supervisor.ticks(["busy"]) == 1)
        busy, _ = (await ops.json("/health"))["workers"]
        assert (busy["running"], busy["connections_held"], busy["ticks"]) == (False, 0, 1)
        assert 0 <= busy["last_duration_seconds"] < busy["deadline_seconds"]


async def test_the_summary_says_what_telegram_said_of_the_webhook(ops: Ops) -> None:
    assert (await ops.json("/health"))["webhook"] is None
    ops.webhook = WebhookInfo(
        url="https://bot.example.org/telegram/webhook",
        has_custom_certificate=False,
        pending_update_count=3,
        last_error_message="Connection refused",
        last_error_date=1_795_564_800,
    )
    webhook = (await ops.json("/health"))["webhook"]
    assert (webhook["pending"], webhook["last_error"]) == (3, "Connection refused")
    assert "3 waiting at Telegram" in (await ops.get("/tasks")).text


async def test_the_summary_says_how_long_ago_an_update_came(ops: Ops) -> None:
    assert (await ops.json("/health"))["last_update_seconds_ago"] is None
    ops.last_update_at = trio.current_time() - 60
    assert (await ops.json("/health"))["last_update_seconds_ago"] >= 60


async def test_metrics_are_what_prometheus_reads(ops: Ops) -> None:
    async with ops.database.updates.transaction() as transaction:
        await transaction.fetchval("select 1")
        answer = await ops.get("/metrics")
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["warren_lane_borrowed", "updates"] == 1
    assert samples["warren_lane_borrowed", "workers"] == 0
    assert samples["warren_pool_size",] >= 1
    assert samples["warren_lane_wait_seconds_count", "updates"] >= 1
    assert ("warren_ready",) in samples


async def test_a_lane_shows_who_holds_it_and_who_waits(ops: Ops) -> None:
    hold, held = trio.Event(), trio.Event()

    async def one_update() -> None:
        async with ops.database.health.transaction():
            held.set()
            await hold.wait()

    ops.nursery.start_soon(one_update, name="update 17 (message)")
    await held.wait()
    ops.nursery.start_soon(ops.database.health.fetchval, "select 1", name="update 18 (message)")
    await wait_all_tasks_blocked()

    lanes = {lane["name"]: lane for lane in (await ops.json("/health"))["database"]["lanes"]}
    assert (lanes["health"]["slots"], lanes["health"]["borrowed"]) == (1, 1)
    assert lanes["health"]["waiting"] == 1
    assert [holder["task"] for holder in lanes["health"]["holders"]] == ["update 17 (message)"]
    assert lanes["updates"]["holders"] == []
    assert sum(lane["slots"] for lane in lanes.values()) == 14
    page = (await ops.get("/tasks")).text
    assert re.search(r"<td>health(<td[^>]*>1){3}\s*<td>update 17 \(message\)", page)
    hold.set()


def tasks_of(node: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {node["name"]: node}
    for nursery in node["nurseries"]:
        for task in nursery:
            found |= tasks_of(task)
    return found


async def test_the_tree_shows_tasks_with_their_deadlines_and_what_they_wait_in(
    database: Database,
) -> None:
    never = Wake()

    async def wait_for_a_wake() -> None:
        await never.wait()

    async with serving(database, worker("patient", wait_for_a_wake)) as ops:
        ops.supervisor.start_all(ops.nursery)
        ops.supervisor.run_now("patient")
        await wait_all_tasks_blocked()

        tree = tasks_of((await ops.json("/tasks.json"))["tasks"])
        task = tree["worker patient"]
        assert task["at"][0].startswith("Wake.wait (bot/supervise.py:")
        assert any(place.startswith("Supervisor._tick (bot/supervise.py:") for place in task["at"])
        assert task["waits_in"] == "trio.Event.wait"
        assert 0 < task["deadline_seconds"] <= 30
        assert any(name.startswith("connection to the ops server") for name in tree)

        page = (await ops.get("/tasks")).text
        assert "<b>worker patient</b>" in page
        assert "→ trio.Event.wait" in page
        assert re.search(r"\d+\.\d s left", page)


async def test_names_and_reasons_are_data_and_not_markup(ops: Ops) -> None:
    ops.readiness.enter(Phase.STANDBY, "<script>alert(1)</script>")
    ops.nursery.start_soon(trio.sleep_forever, name="<img src=x>")
    await wait_all_tasks_blocked()
    page = (await ops.get("/tasks")).text
    assert "<script>" not in page
    assert "<img" not in page
    assert "&lt;img src=x&gt;" in page


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/nothing", 404), ("POST", "/health", 405), ("PUT", "/tasks", 405)],
)
async def test_what_is_not_there_is_refused(ops: Ops, method: str, path: str, status: int) -> None:
    assert (await ops.http.request(method, path)).status_code == status


def worker(name: str, tick: Callable[[], Awaitable[None]]) -> Worker:
    return Worker(
        name=name,
        purpose="a test",
        tick=tick,
        interval=timedelta(hours=1),
        deadline=timedelta(seconds=30),
    )
