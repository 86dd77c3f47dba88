"""The notifier between a real outbox and the stand-in for Telegram."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trio

from bot.db import Database, Lane
from bot.handlers.notices import make_render
from bot.sandbox.telegram import SandboxConfig
from bot.shop import outbox
from bot.texts import load_texts
from bot.workers.notifier import Notifier
from tests.integration.shop.rows import add_person
from tests.integration.telegram.conftest import ANNA, TOKEN, StandIn, running
from tests.integration.workers.provisioning import Clock

BORIS, ADMIN = 1002, 1003


@dataclass
class Post:
    """An outbox, the stand-in where its notices arrive, and the notifier in between."""

    lane: Lane
    stand_in: StandIn
    notifier: Notifier
    clock: Clock = field(default_factory=Clock)

    async def write(self, chat_id: int | None, key: str, kind: str = "access-ready") -> None:
        given: dict[str, Any] = {"kind": kind, "key": key, "params": {}, "now": self.clock()}
        async with self.lane.transaction() as tx:
            if chat_id is None:
                await outbox.notify_admins(tx, **given)
            else:
                await outbox.notify(tx, chat_id=chat_id, **given)

    async def received(self, person: int) -> int:
        return sum(message["from"]["is_bot"] for message in await self.stand_in.chat(person))

    async def waiting(self) -> int:
        sql = "select count(*) from notifications where sent_at is null and failed_at is null"
        count: int = await self.lane.fetchval(sql)
        return count


@pytest.fixture
async def post(database: Database, tmp_path: Path) -> AsyncIterator[Post]:
    lane, clock = database.workers, Clock()
    config = SandboxConfig(data_dir=tmp_path / "telegram", token=TOKEN)
    async with running(config) as stand_in:
        for person in (ANNA, BORIS, ADMIN):
            await add_person(lane, person)
            await stand_in.started(person)
        notifier = Notifier(
            lane,
            stand_in.bot,
            render=make_render(load_texts()),
            admin_ids=[ADMIN],
            clock=clock,
        )
        yield Post(lane, stand_in, notifier, clock)


async def test_each_notice_arrives_once_however_often_the_tick_runs(post: Post) -> None:
    await post.write(ANNA, "a")
    await post.write(BORIS, "a")
    for _ in range(3):
        await post.notifier.tick()
    assert (await post.received(ANNA), await post.received(BORIS)) == (1, 1)
    assert await post.waiting() == 0


async def test_what_is_for_administrators_reaches_each_of_them(post: Post) -> None:
    await post.write(None, "x", "vpn-host-stuck")
    await post.lane.execute("""update notifications set params = '{"host": 1}'""")
    await post.notifier.tick()
    assert await post.received(ADMIN) == 1


async def test_who_blocked_the_bot_is_marked_and_the_others_get_theirs(post: Post) -> None:
    await post.stand_in.post("block", person=ANNA, blocked=True)
    for key in ("a", "b"):
        await post.write(ANNA, key)
        await post.write(BORIS, key)
    await post.notifier.tick()
    assert await post.received(BORIS) == 2
    assert await post.lane.fetchval("select blocked_at from users where id = $1", ANNA)
    assert await post.waiting() == 0


async def test_a_notice_without_words_doesnt_stop_the_others(
    post: Post, expected_errors: list[str]
) -> None:
    expected_errors.append("notice.unreadable")
    await post.write(ANNA, "a", "of-a-later-version")
    await post.write(BORIS, "a")
    await post.notifier.tick()
    assert await post.received(BORIS) == 1
    assert await post.waiting() == 0


async def test_a_stop_in_the_middle_loses_nothing_and_repeats_nothing(
    post: Post, database: Database
) -> None:
    for number in range(12):
        await post.write(ANNA if number % 2 else BORIS, f"n{number}")
    round_ = 0
    while await post.waiting():
        round_ += 1
        with trio.move_on_after(0.1 * round_):
            await post.notifier.tick()
        assert database.workers.limiter.borrowed_tokens == 0
        post.clock.pass_(minutes=2)
        assert round_ < 40
    sent = "select count(*) from notifications where sent_at is not null"
    assert await post.lane.fetchval(sent) == 12
    # Cut off between Telegram's taking and its answer, a notice can arrive again; after its
    # success was recorded it can't, and none is lost.
    assert await post.received(ANNA) + await post.received(BORIS) >= 12
