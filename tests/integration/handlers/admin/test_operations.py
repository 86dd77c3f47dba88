"""Administrators and the machinery: switches, hosts, what isn't provisioned, workers, the log."""

from datetime import timedelta

import pytest
import trio
import trio.testing

from bot.shop.hosts import HostState, all_hosts
from bot.shop.switches import Switch
from bot.shop.vpn_jobs import claim_jobs, jobs_done, jobs_failed
from bot.supervise import Bounds, Supervisor, Worker
from tests.integration.handlers.conftest import Bot
from tests.integration.shop.conftest import ADMIN, DAY

ANNA = 1001


@pytest.fixture
async def supervisor(nursery: trio.Nursery) -> Supervisor:
    """One worker that has failed once, and rests."""

    async def fail() -> None:
        await trio.lowlevel.checkpoint()
        raise OSError("no <route>")

    worker = Worker(
        name="activation",
        purpose="drains jobs",
        tick=fail,
        interval=timedelta(minutes=10),
        deadline=timedelta(seconds=20),
    )
    made = Supervisor([worker], Bounds(connections=1, acquire_seconds=1, notice_seconds=1))
    made.start_all(nursery)
    return made


async def test_maintenance_is_turned_on_and_off_and_a_second_tap_changes_nothing(bot: Bot) -> None:
    on = f"a-switch:1:{Switch.MAINTENANCE}"
    assert on in (await bot.press(ADMIN, "a-switches")).data
    await bot.press(ADMIN, on)
    await bot.press(ADMIN, on)
    assert "Maintenance is under way" in (await bot.say(ANNA, "/start")).text
    await bot.press(ADMIN, f"a-switch:0:{Switch.MAINTENANCE}")
    assert "Maintenance" not in (await bot.say(ANNA, "/start")).text
    assert (await bot.press(ADMIN, "a-switch:1:made-up")).is_answered
    assert await bot.shop.count("audit_log", "action = 'switch'") == 2


async def test_closed_sales_sell_nothing(bot: Bot) -> None:
    await bot.press(ADMIN, f"a-switch:1:{Switch.SALES_CLOSED}")
    assert "Sales are paused" in (await bot.press(ANNA, "buy")).text


async def test_a_host_rests_and_is_retired_only_after_a_second_thought(bot: Bot) -> None:
    [host] = await all_hosts(bot.shop.lane)
    card = await bot.press(ADMIN, (await bot.press(ADMIN, "a-hosts")).starting("a-host:"))
    assert "0/1000 (0%)" in card.text
    await bot.press(ADMIN, card.starting("a-host-to:maintenance:"))
    assert (await all_hosts(bot.shop.lane))[0].state is HostState.MAINTENANCE
    sure = await bot.press(ADMIN, f"a-host-retire:{host.id}")
    assert (await all_hosts(bot.shop.lane))[0].state is HostState.MAINTENANCE
    await bot.press(ADMIN, sure.starting("a-host-to:retired:"))
    await bot.press(ADMIN, sure.starting("a-host-to:retired:"))
    assert (await all_hosts(bot.shop.lane))[0].state is HostState.RETIRED
    assert await bot.shop.count("audit_log", "action = 'host.state'") == 2
    assert (await bot.press(ADMIN, "a-host-to:gone:1")).is_answered


async def test_what_is_not_provisioned_is_listed_until_its_host_has_it(bot: Bot) -> None:
    assert "All that was granted" in (await bot.press(ADMIN, "a-unprovisioned")).text
    await bot.shop.person(ANNA)
    await bot.shop.pay(await bot.shop.access(ANNA))
    jobs = await claim_jobs(bot.shop.lane, bot.now, limit=5, lease=DAY)
    await jobs_failed(bot.shop.lane, [(jobs[0], "no <route>")], bot.now)
    shown = await bot.press(ADMIN, "a-unprovisioned")
    assert "no &lt;route&gt;" in shown.text
    assert f"a-person:{ANNA}" in shown.data
    await jobs_done(bot.shop.lane, jobs, bot.now)
    assert "All that was granted" in (await bot.press(ADMIN, "a-unprovisioned")).text


async def test_a_worker_is_shown_and_run_now(bot: Bot, expected_errors: list[str]) -> None:
    expected_errors.append("worker.tick_failed")
    listed = await bot.press(ADMIN, "a-workers")
    card = await bot.press(ADMIN, listed.starting("a-worker:"))
    assert "drains jobs" in card.text
    before = bot.services.supervisor.ticks(["activation"])
    assert (await bot.press(ADMIN, "a-worker-run:activation")).toast == "It runs"
    await trio.testing.wait_all_tasks_blocked()
    assert bot.services.supervisor.ticks(["activation"]) > before
    shown = await bot.press(ADMIN, "a-worker:activation")
    assert "no &lt;route&gt;" in shown.text
    assert (await bot.press(ADMIN, "a-worker-run:nobody")).is_answered


async def test_the_log_turns_its_pages(bot: Bot) -> None:
    await bot.shop.person(ANNA)
    for number in range(1, 10):
        await bot.shop.fund(ANNA, number)
    first = await bot.press(ADMIN, "a-audit")
    assert "corrected a balance" in first.text
    assert str(ANNA) in first.text
    older = await bot.press(ADMIN, first.starting("a-audit:"))
    assert "added a plan" in older.text
    assert "a-audit" in older.data
