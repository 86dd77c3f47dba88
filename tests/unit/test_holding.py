"""No connection is held across HTTP: raised in tests, told in production."""

import pytest
import trio
from structlog.testing import LogCapture

from bot import holding
from bot.holding import ConnectionHeldError, held_lane, require_nothing_held


async def test_who_holds_nothing_may_call() -> None:
    require_nothing_held("GET /health")
    with holding.holding("updates"):
        assert held_lane() == "updates"
    assert held_lane() is None
    require_nothing_held("GET /health")


async def test_who_holds_a_connection_is_stopped_and_told_what_to_do() -> None:
    with (
        holding.holding("workers"),
        pytest.raises(ConnectionHeldError, match=r"GET /health while holding.*'workers'.*release"),
    ):
        require_nothing_held("GET /health")
    require_nothing_held("GET /health")


async def test_in_production_it_is_an_error_in_the_log_and_the_call_goes_on(
    monkeypatch: pytest.MonkeyPatch, logged: LogCapture, expected_errors: list[str]
) -> None:
    expected_errors.append("db.connection_held_across_http")
    monkeypatch.setattr(holding, "strict", False)
    with holding.holding("workers"):
        require_nothing_held("GET /health")
    (entry,) = logged.entries
    assert (entry["event"], entry["lane"]) == ("db.connection_held_across_http", "workers")
    assert entry["log_level"] == "error"


async def test_another_task_is_not_concerned_and_a_child_is() -> None:
    held, seen = trio.Event(), trio.Event()
    found: dict[str, str | None] = {}

    async def look(name: str) -> None:
        await held.wait()
        found[name] = held_lane()
        if len(found) == 2:
            seen.set()

    async with trio.open_nursery() as outside:
        outside.start_soon(look, "another")
        with holding.holding("updates"):
            async with trio.open_nursery() as inside:
                inside.start_soon(look, "child")
                held.set()
                await seen.wait()
    assert found == {"another": None, "child": "updates"}
