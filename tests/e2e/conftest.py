"""One PostgreSQL for the end-to-end tests of a session, and a database for each test."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from tests.cluster import Cluster


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


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with closing(Cluster(tmp_path_factory.mktemp("cluster"))) as running:
        yield running


@pytest.fixture
def database(cluster: Cluster) -> Iterator[TestDatabase]:
    """An empty database of this test's own."""
    name = cluster.create_database()
    yield TestDatabase(cluster, name)
    cluster.drop_database(name)
