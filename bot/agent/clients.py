"""Who may connect: add, change, remove and list clients, so that doing it twice does no harm."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
import trio

from bot.agent.core import Core, CoreUser
from bot.agent.errors import NotServedError, UserExistsError, UserNotFoundError
from bot.agent.roster import Client, Roster

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Listing:
    """The clients of the core, to be read once; `complete` is False if there may be more."""

    clients: Iterable[Client]
    complete: bool


class Clients:
    """The clients of one inbound. Changes are made one after another.

    Every method may raise a CoreError. After a cancellation or a CoreTooSlowError the same call
    can be made again: it finds out what had happened.
    """

    def __init__(self, core: Core, core_timeout: timedelta) -> None:
        self._core = core
        self._core_timeout = core_timeout
        self._lock = trio.Lock()
        self._roster = Roster(complete=False)
        self._core_run = 0
        self._run_is_known = False

    async def add(self, client: Client) -> bool:
        """Let `client` in, with this flow; return False if it was in already."""
        async with self._lock:
            await self._observe()
            try:
                await self._core.add(CoreUser(client.uuid, client.flow))
                is_new = True
            except UserExistsError:
                is_new = False
                if await self._flow_of(client.uuid) != client.flow:
                    await self._replace(client, must_exist=False)
            self._roster.note(client)
        return is_new

    async def change(self, uuid: UUID, *, label: str | None, flow: str | None) -> Client:
        """Set what is not None and return the result; raises UserNotFoundError.

        Where the core can't tell a client's flow and the agent was started after it was added,
        a flow of None becomes none at all: say it each time.
        """
        async with self._lock:
            await self._observe()
            remembered = self._roster.get(uuid)
            flow_now = await self._flow_of(uuid)
            if label is None:
                label = remembered.label if remembered else ""
            client = Client(uuid, label, flow if flow is not None else flow_now or "")
            if flow_now != client.flow:
                await self._replace(client, must_exist=True)
            self._roster.note(client)
        return client

    async def remove(self, uuid: UUID) -> None:
        """Let `uuid` in no more; raises UserNotFoundError if it was not."""
        async with self._lock:
            await self._observe()
            # First: if the outcome stays unknown, a list must not claim that it is there.
            self._roster.forget(uuid)
            await self._core.remove(uuid)

    async def list(self) -> Listing:
        """Return the clients: the core's own list where it has one, else what is remembered."""
        async with self._lock:
            await self._observe()
        try:
            users = await self._core.users()
        except NotServedError:
            return Listing(self._roster.clients(), self._roster.complete)
        return Listing((self._labelled(user) for user in users), complete=True)

    async def core_run(self) -> int:
        """Return a number that changes when the core has started again."""
        async with self._lock:
            await self._observe()
        return self._core_run

    def _labelled(self, user: CoreUser) -> Client:
        remembered = self._roster.get(user.uuid)
        return Client(user.uuid, remembered.label if remembered else "", user.flow)

    async def _observe(self) -> None:
        """Forget everybody if the core is another run than at the last call."""
        await self._core.uptime_seconds()  # it is there, and this is how it is spoken to
        was_known, self._run_is_known = self._run_is_known, False
        is_new = await self._core.mark()
        self._run_is_known = True
        # A mark whose answer was never seen may be ours: then nobody can tell, and it may be new.
        if is_new or not was_known:
            self._roster = Roster(complete=is_new)
            self._core_run += 1
            log.info("agent.core_met", core=self._core.name, since_its_start=is_new)

    async def _flow_of(self, uuid: UUID) -> str | None:
        """Return the flow that the core has for `uuid`; None if it has none or nobody knows."""
        try:
            found: Client | CoreUser | None = await self._core.find(uuid)
        except NotServedError:
            found = self._roster.get(uuid)
        return found.flow if found else None

    async def _replace(self, client: Client, *, must_exist: bool) -> None:
        """Take the user out and put it in again, since no core can change one.

        `must_exist`: raises UserNotFoundError, and puts nobody in, if there was none to take out.
        Between the two the client is locked out of new connections, for a millisecond; so what
        was begun is ended, within a deadline of its own, also when the request is cancelled.
        """
        self._roster.forget(client.uuid)
        with trio.fail_after(self._core_timeout.total_seconds(), shield=True):
            try:
                await self._core.remove(client.uuid)
            except UserNotFoundError:
                if must_exist:
                    raise
            await self._core.add(CoreUser(client.uuid, client.flow))
