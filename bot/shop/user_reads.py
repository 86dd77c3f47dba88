"""Reading people, merged: however many updates ask at once, it is one query.

Every update begins with the person it came from. While one query is on its way, the next askers
pile up, and the next query takes them all; nothing is written while nothing changed.
"""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field

import trio

from bot.db import Lane, Row
from bot.db.errors import DatabaseError, UnavailableError
from bot.shop.users import Profile, User

_BATCH = 200

# seen_at is for people who look at statistics: once an hour is often enough.
_READ = """
    select id, first_name, last_name, username, language_code, language, start_payload,
           blocked_at, banned_at, awaiting, expires_at as access_until,
           seen_at > now() - interval '1 hour' as seen_lately
      from users
      left join subscriptions on user_id = id  -- subscriptions_pkey
     where id = any($1::bigint[])  -- users_pkey
"""

# In the order of the key, so that two of these never wait for each other in a circle.
_WRITE = """
    insert into users as u (id, first_name, last_name, username, language_code)
    select *
      from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[])
           as p (id, first_name, last_name, username, language_code)
     order by id
    on conflict (id) do update
       set first_name = excluded.first_name,
           last_name = excluded.last_name,
           username = excluded.username,
           language_code = excluded.language_code,
           seen_at = now()
    returning id, first_name, last_name, username, language_code, language, start_payload,
              blocked_at, banned_at, awaiting,
              (select expires_at from subscriptions where user_id = u.id) as access_until
"""


@dataclass(slots=True, eq=False)
class _Asker:
    """One waiting update; it may be cancelled at any time, and then nobody reads its answer."""

    profile: Profile
    answered: trio.Event = field(default_factory=trio.Event)
    user: User | None = None
    failure: DatabaseError | None = None


class UserReads:
    """Where an update learns who its person is; `run` is a child of the one nursery."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._waiting: list[_Asker] = []
        self._asked = trio.Event()
        self._running = False

    async def seen(self, profile: Profile) -> User:
        """Return the person, known from now on if they weren't, with what Telegram says now.

        Raises errors of `bot.db.errors`. Cancelled: the read goes on for the others.
        """
        if not self._running:
            raise UnavailableError("people can't be read: the process is starting or stopping")
        asker = _Asker(profile)
        self._waiting.append(asker)
        self._asked.set()
        await asker.answered.wait()
        if asker.failure is not None:
            # Each asker raises its own: a shared exception would collect everybody's traceback.
            raise copy(asker.failure) from asker.failure
        assert asker.user is not None  # noqa: S101 - typing: answered means one or the other
        return asker.user

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Answer askers, batch by batch, until cancelled; who still waits then is refused."""
        self._running = True
        task_status.started()
        batch: list[_Asker] = []
        try:
            while True:
                await self._asked.wait()
                batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
                if not self._waiting:
                    self._asked = trio.Event()
                await self._answer(batch)
        finally:
            self._running = False
            stopped = UnavailableError("people can't be read: the process is stopping")
            for asker in (*batch, *self._waiting):
                if not asker.answered.is_set():
                    asker.failure = stopped
                    asker.answered.set()

    async def _answer(self, batch: list[_Asker]) -> None:
        # Of two updates of one person the later asker knows better.
        profiles = {asker.profile.id: asker.profile for asker in batch}
        failure: DatabaseError | None = None
        users: dict[int, User] = {}
        try:
            users = await self._read(profiles)
        except UnavailableError as error:
            failure = error
        except DatabaseError as error:
            if len(batch) > 1:
                # One of them can't be written; it must not be the fault of the others.
                for asker in batch:
                    await self._answer([asker])
                return
            failure = error
        for asker in batch:
            asker.user, asker.failure = users.get(asker.profile.id), failure
            asker.answered.set()

    async def _read(self, profiles: dict[int, Profile]) -> dict[int, User]:
        rows = await self._lane.fetch(_READ, list(profiles))
        users = {row["id"]: _user(row) for row in rows}
        fresh = {row["id"] for row in rows if row["seen_lately"]}
        stale = [
            profile
            for profile in profiles.values()
            if profile.id not in fresh or _differs(profile, users[profile.id])
        ]
        if stale:
            written = await self._lane.fetch(_WRITE, *_columns(stale))
            users |= {row["id"]: _user(row) for row in written}
        return users


def _columns(profiles: Iterable[Profile]) -> tuple[list[object], ...]:
    rows = [(p.id, p.first_name, p.last_name, p.username, p.language_code) for p in profiles]
    return tuple(list(column) for column in zip(*rows, strict=True))


def _differs(profile: Profile, user: User) -> bool:
    return (profile.first_name, profile.last_name, profile.username, profile.language_code) != (
        user.first_name,
        user.last_name,
        user.username,
        user.language_code,
    )


def _user(row: Row) -> User:
    return User(
        id=row["id"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        username=row["username"],
        language_code=row["language_code"],
        language=row["language"],
        start_payload=row["start_payload"],
        blocked_at=row["blocked_at"],
        banned_at=row["banned_at"],
        awaiting=row["awaiting"],
        access_until=row["access_until"],
    )
