"""Reading people: merged, never written without a change, and nobody pays for another's fault."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random
from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from bot.db import Database, Lane
from bot.db.errors import CheckError, DatabaseError, QueryError, UnavailableError
from bot.shop import user_reads
from bot.shop.user_reads import UserReads
from bot.shop.users import Profile, User, choose_language

ANNA = Profile(1001, "Анна", "Петрова", "anna_p", "ru")
JOHN = Profile(1002, "John", None, None, "en")


class WatchedLane:
    """The updates' lane; it keeps what was asked of it, and can be made to wait or to fail."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self.reads: list[list[int]] = []
        self.writes: list[list[int]] = []
        self.gate = trio.Event()
        self.gate.set()
        self.failure: DatabaseError | None = None

    async def fetch(self, sql: str, ids: list[int], *more: Any) -> Any:
        (self.writes if "insert" in sql else self.reads).append(list(ids))
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return await self._lane.fetch(sql, ids, *more)


@asynccontextmanager
async def running(database: Database) -> AsyncIterator[tuple[UserReads, WatchedLane]]:
    lane = WatchedLane(database.updates)
    reads = UserReads(lane)  # type: ignore[arg-type]
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            await nursery.start(reads.run)
            yield reads, lane
            nursery.cancel_scope.cancel()


async def ask_all(reads: UserReads, profiles: list[Profile]) -> list[User | DatabaseError]:
    """Ask for all of them at the same time; what each heard, in their order."""
    heard: dict[int, User | DatabaseError] = {}

    async def ask(place: int, profile: Profile) -> None:
        try:
            heard[place] = await reads.seen(profile)
        except DatabaseError as error:
            heard[place] = error

    async with trio.open_nursery() as nursery:
        for place, profile in enumerate(profiles):
            nursery.start_soon(ask, place, profile)
    return [heard[place] for place in range(len(profiles))]


async def row_version(database: Database, user_id: int) -> str:
    """What PostgreSQL changes with every write of a row."""
    version: str = await database.updates.fetchval(
        "select xmin::text || ' ' || ctid::text from users where id = $1", user_id
    )
    return version


async def test_a_person_is_known_from_the_first_word_on(database: Database) -> None:
    async with running(database) as (reads, _):
        anna = await reads.seen(ANNA)
        assert (anna.id, anna.first_name, anna.username, anna.locale) == (
            1001,
            "Анна",
            "anna_p",
            "ru",
        )
        assert (anna.language, anna.start_payload, anna.blocked_at) == (None, None, None)
        assert await reads.seen(ANNA) == anna


async def test_those_who_ask_at_the_same_time_share_one_query(database: Database) -> None:
    crowd = [Profile(2000 + i, f"P{i}", None, None, "en") for i in range(100)]
    async with running(database) as (reads, lane):
        first = await ask_all(reads, crowd)
        assert [user.id for user in first if isinstance(user, User)] == [p.id for p in crowd]
        assert (len(lane.reads), len(lane.writes)) == (1, 1)

        # While a query is on its way the next ones gather, and go together.
        lane.reads, lane.gate = [], trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(reads.seen, crowd[0])
            await wait_all_tasks_blocked()
            for profile in crowd[1:]:
                nursery.start_soon(reads.seen, profile)
            await wait_all_tasks_blocked()
            lane.gate.set()
        assert [len(ids) for ids in lane.reads] == [1, 99]


async def test_a_query_takes_so_many_people_and_no_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_reads, "_BATCH", 30)
    crowd = [Profile(3000 + i, f"P{i}", None, None, "en") for i in range(70)]
    async with running(database) as (reads, lane):
        users = await ask_all(reads, crowd)
        assert all(isinstance(user, User) for user in users)
        assert [len(ids) for ids in lane.reads] == [30, 30, 10]


async def test_nothing_is_written_while_nothing_changed(database: Database) -> None:
    async with running(database) as (reads, lane):
        await ask_all(reads, [ANNA, JOHN])
        lane.writes = []
        before = await row_version(database, ANNA.id)
        for _ in range(5):
            await ask_all(reads, [ANNA, JOHN] * 10)
        assert lane.writes == []
        assert await row_version(database, ANNA.id) == before


@pytest.mark.parametrize(
    "change",
    [
        {"first_name": "Аня"},
        {"last_name": None},
        {"username": "anna_new"},
        {"language_code": "de"},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_what_changed_is_written_once_and_only_for_that_person(
    database: Database, change: dict[str, Any]
) -> None:
    async with running(database) as (reads, lane):
        await ask_all(reads, [ANNA, JOHN])
        await choose_language(database.updates, ANNA.id, "en")
        lane.writes = []
        changed = replace(ANNA, **change)
        users = await ask_all(reads, [changed, JOHN, changed])
        assert lane.writes == [[ANNA.id]]
        for field, value in change.items():
            assert getattr(users[0], field) == value
        assert users[0] == users[2] == await reads.seen(changed)
        assert isinstance(users[0], User)
        assert users[0].language == "en"  # as they chose
        assert lane.writes == [[ANNA.id]]


async def test_somebody_not_seen_for_an_hour_is_noted_again(database: Database) -> None:
    async with running(database) as (reads, lane):
        await reads.seen(ANNA)
        await database.updates.execute("update users set seen_at = now() - interval '61 minutes'")
        lane.writes = []
        await ask_all(reads, [ANNA] * 5)
        await reads.seen(ANNA)
        assert lane.writes == [[ANNA.id]]
        assert await database.updates.fetchval(
            "select seen_at > now() - interval '1 minute' from users"
        )


async def test_one_who_gives_up_takes_nothing_from_the_others(database: Database) -> None:
    async with running(database) as (reads, lane):
        lane.gate = trio.Event()
        heard: list[User] = []

        async def ask() -> None:
            heard.append(await reads.seen(JOHN))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            with trio.CancelScope() as impatient:
                nursery.start_soon(ask)
                async with trio.open_nursery() as inner:
                    inner.start_soon(reads.seen, ANNA)
                    await wait_all_tasks_blocked()
                    impatient.cancel()
            assert impatient.cancelled_caught
            lane.gate.set()
        assert [user.id for user in heard] == [JOHN.id, JOHN.id]
        assert (await reads.seen(ANNA)).first_name == "Анна"


async def test_a_database_that_is_away_is_everybodys_failure_and_each_has_its_own(
    database: Database,
) -> None:
    async with running(database) as (reads, lane):
        lane.failure = UnavailableError("the server is away")
        heard = await ask_all(reads, [ANNA, JOHN, ANNA])
        assert [type(error) for error in heard] == [UnavailableError] * 3
        assert [str(error) for error in heard] == ["the server is away"] * 3
        assert len({id(error) for error in heard}) == 3
        assert len(lane.reads) == 1
        lane.failure = None
        assert isinstance((await ask_all(reads, [JOHN]))[0], User)


async def test_an_error_with_more_than_a_message_is_told_whole(database: Database) -> None:
    async with running(database) as (reads, lane):
        lane.failure = CheckError("refused", "users_language_check")
        (error,) = await ask_all(reads, [ANNA])
        assert isinstance(error, CheckError)
        assert (str(error), error.constraint) == ("refused", "users_language_check")


async def test_one_who_can_not_be_written_spoils_nobody_elses_read(database: Database) -> None:
    poison = Profile(1666, "a zero \0 byte", None, None, "en")
    async with running(database) as (reads, _):
        anna, failed, john = await ask_all(reads, [ANNA, poison, JOHN])
        assert isinstance(failed, QueryError)
        assert isinstance(anna, User)
        assert isinstance(john, User)


async def test_a_stop_refuses_those_who_wait_and_those_who_come(database: Database) -> None:
    heard: list[User | DatabaseError] = []
    async with trio.open_nursery() as nursery:
        async with running(database) as (reads, lane):
            lane.gate = trio.Event()

            async def ask() -> None:
                heard.extend(await ask_all(reads, [ANNA, JOHN]))

            nursery.start_soon(ask)
            await wait_all_tasks_blocked()
        await wait_all_tasks_blocked()
        assert [type(error) for error in heard] == [UnavailableError] * 2
        with pytest.raises(UnavailableError, match="starting or stopping"):
            await reads.seen(ANNA)


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_the_order_everybody_is_told_of_themselves_and_the_last_word_stays(
    database: Database, seed: int
) -> None:
    random = Random(seed)
    people = range(4000, 4006)
    latest: dict[int, Profile] = {}

    async with running(database) as (reads, lane):

        async def ask(profile: Profile) -> None:
            with trio.move_on_after(random.choice([0.0005, 5, 5])):
                user = await reads.seen(profile)
                assert user.id == profile.id
                assert user.first_name.startswith(f"P{profile.id} ")

        for _ in range(12):
            async with trio.open_nursery() as nursery:
                for _ in range(random.randrange(1, 25)):
                    person = random.choice(people)
                    name = f"P{person} {random.randrange(3)}"
                    profile = Profile(person, name, None, None, random.choice(["ru", "en"]))
                    nursery.start_soon(ask, profile)
            # One at a time the last word is known; so it is what stays, and is written once.
            for person in people:
                latest[person] = Profile(person, f"P{person} last", None, None, "ru")
                await reads.seen(latest[person])
            writes = len(lane.writes)
            await ask_all(reads, list(latest.values()))
            assert len(lane.writes) == writes
        rows = await database.updates.fetch("select id, first_name from users order by id")
        assert [tuple(row) for row in rows] == [(p, f"P{p} last") for p in people]
