"""One PostgreSQL for the end-to-end tests of a session, a database for each test, no leftovers."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass

import pytest

from tests.cluster import Cluster
from tests.e2e import leftovers

_ADVISORY_LOCKS = """
    select {what}
      from pg_locks
      join pg_database on pg_database.oid = pg_locks.database
     where locktype = 'advisory' and datname = current_database()
"""


@dataclass(frozen=True, slots=True)
class TestDatabase:
    """An empty database, and the operator's way to look into it."""

    __test__ = False

    cluster: Cluster
    name: str

    @property
    def dsn(self) -> str:
        return self.cluster.dsn(self.name)

    def psql(self, *statements: str) -> str:
        """Run statements there; returns what the last one printed."""
        return self.cluster.psql(*statements, database=self.name)

    def locked(self, table: str) -> AbstractContextManager[None]:
        """Lock a table for the block: whoever wants to read or write it waits."""
        return self.cluster.holding(self.name, f"lock table {table}")

    def backends(self, application_name: str) -> list[int]:
        """Return the server's processes that serve connections of a name (a `like` pattern)."""
        return [int(pid) for pid in self._of_sessions("pid", application_name).split()]

    def cut(self, application_name: str) -> None:
        """End the sessions of a name, as an administrator or a failing network would."""
        self.cluster.cut(application_name, database=self.name)

    def cut_lock(self) -> None:
        """End the session that holds the advisory lock: the one of the process that leads."""
        held = _ADVISORY_LOCKS.format(what="pg_terminate_backend(pid)")
        self.psql(f"{held} and granted")

    def traces(self) -> tuple[str, str]:
        """Return how many connections and advisory locks of ours there are: ("0", "0") is none."""
        return self._of_sessions("count(*)", "warren%"), self.psql(
            _ADVISORY_LOCKS.format(what="count(*)")
        )

    def _of_sessions(self, what: str, application_name: str) -> str:
        return self.psql(
            f"select {what} from pg_stat_activity "  # noqa: S608 - the words of the tests above
            f"where datname = current_database() and application_name like '{application_name}'"
        )


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if leftovers.AVAILABLE:
        leftovers.adopt_orphans()  # before the server daemonizes: it is a child of ours, too
    with closing(Cluster(tmp_path_factory.mktemp("cluster"))) as running:
        yield running


@pytest.fixture(autouse=True)
def _nothing_left(cluster: Cluster) -> Iterator[None]:
    """Fail a test after which a process or a listening socket is there that wasn't before."""
    if not leftovers.AVAILABLE:
        yield
        return
    running, listening = set(leftovers.children()), leftovers.listening()
    yield
    # A test may have restarted the server of the session: the new one is not its leftover.
    assert leftovers.children_besides(running, but=str(cluster.pgdata)) == {}
    assert leftovers.listening() - listening == set()


@pytest.fixture
def database(cluster: Cluster) -> Iterator[TestDatabase]:
    """An empty database of this test's own."""
    name = cluster.create_database()
    yield TestDatabase(cluster, name)
    cluster.drop_database(name)
