"""A leader that stood still while another took its place can't write any more when it wakes."""

import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.e2e.conftest import TestDatabase
from tests.e2e.harness import BotProcess, bot_process, settings_for, stand_in
from tests.e2e.test_process_stop import PATIENT
from tests.faults.two_instances import LOST_LEADERSHIP

NEWCOMER = 6001
_STATEMENTS_THAT_WAIT = """
    select count(*)
      from pg_stat_activity
     where datname = current_database() and application_name = 'warren'
       and wait_event_type = 'Lock'
"""
_PEOPLE = "select count(*) from users"


@pytest.mark.slow
async def test_a_frozen_leader_that_wakes_commits_nothing_and_ends_with_70(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with stand_in(tmp_path) as telegram, AsyncExitStack() as processes:

        async def waits() -> bool:
            return database.psql(_STATEMENTS_THAT_WAIT) != "0"

        async def start(name: str) -> BotProcess:
            settings = settings_for(telegram.address, database.dsn, **PATIENT)
            folder = tmp_path / name
            folder.mkdir()
            return await processes.enter_async_context(bot_process("run", folder, settings))

        leader = await start("leader")
        await leader.until_ready()
        standby = await start("standby")
        await standby.until(lambda _, body: "standby" in body["reason"])

        with database.locked("users"):
            # A statement that waits in the server is carried out when the lock is gone, whether
            # or not its process lives: only the end of its session stops it.
            await telegram.post("text", person=NEWCOMER, text="/start")
            await telegram.until(waits)
            leader.send(signal.SIGSTOP)
            database.cut_lock()
            await standby.until_ready()
            assert not await waits()
        assert database.psql(_PEOPLE) == "0"

        leader.send(signal.SIGCONT)
        ended = await leader.ended()
        assert ended.code == LOST_LEADERSHIP, leader.output
        assert ended.seconds < 5
        # Telegram had no answer for it, and the new leader is who greets the newcomer, once.
        await telegram.until_delivered()
        assert database.psql(_PEOPLE) == "1"
        assert len(await telegram.answers(NEWCOMER)) == 1
        assert (await standby.stop()).code == 0
    assert database.traces() == ("0", "0")
