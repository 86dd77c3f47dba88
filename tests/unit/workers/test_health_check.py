from datetime import timedelta

import trio
from trio.testing import MockClock

from bot.workers.health_check import WITHIN, HealthCheck
from tests.unit.workers.rows import every_worker


async def well() -> None:
    await trio.lowlevel.checkpoint()


async def unwell() -> None:
    raise ConnectionError("refused")


async def test_a_peer_that_hangs_hides_no_other_and_the_whole_is_bounded(
    autojump_clock: MockClock,
) -> None:
    hanging = {f"hanging {number}": trio.sleep_forever for number in range(5)}
    health = HealthCheck({"well": well, "unwell": unwell} | hanging)
    started = trio.current_time()

    await health.tick()

    assert trio.current_time() - started == WITHIN.total_seconds()
    assert health.answers["well"] is None
    assert health.answers["unwell"] == "ConnectionError: refused"
    assert health.answers["hanging 0"] == "no answer within 25 s"


def test_the_bound_of_all_checks_is_within_the_tick_of_thirty_seconds() -> None:
    [row] = [row for row in every_worker() if row.name == "health_check"]
    assert timedelta(0) < WITHIN < row.deadline == timedelta(seconds=30)


async def test_only_a_check_in_which_everybody_was_well_is_a_success() -> None:
    checks = {"one": well, "two": unwell}
    health = HealthCheck(checks)
    await health.tick()
    assert health.successes == 0

    checks["two"] = well
    await health.tick()

    assert health.successes == 1
    assert health.answers == {"one": None, "two": None}
