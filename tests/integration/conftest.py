"""A real PostgreSQL: one cluster for the session, one database for each test."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import trio

from bot.db import Database, open_database
from bot.db.migrate import migrate
from bot.settings import Settings, load
from tests.cluster import Cluster

TOKEN = "123456789:" + "A" * 35


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with closing(Cluster(tmp_path_factory.mktemp("cluster"))) as running:
        yield running


@pytest.fixture(scope="session")
def migrated(cluster: Cluster) -> str:
    """The name of a database with the schema of this version, which others are copied from."""
    name = cluster.create_database()
    settings = load(_env_file=None, bot_token=TOKEN, mode="polling", database_url=cluster.dsn(name))

    async def run() -> None:
        async with open_database(settings) as database:
            await database.connect()
            await migrate(database)

    trio.run(run)
    return name


@pytest.fixture
def dsn(cluster: Cluster, migrated: str) -> Iterator[str]:
    """A database of this test's own, with the schema of this version and no row."""
    name = cluster.create_database(template=migrated)
    yield cluster.dsn(name)
    cluster.drop_database(name)


@pytest.fixture
def make_settings(dsn: str, tmp_path: Path) -> Callable[..., Settings]:
    """Settings on this test's database; durations are plain seconds."""

    def make(**changes: Any) -> Settings:
        given = {
            "bot_token": TOKEN,
            "mode": "polling",
            "database_url": dsn,
            "data_dir": tmp_path,
            "bind": "127.0.0.1:0",
            "ops_bind": "127.0.0.1:0",
        }
        return load(_env_file=None, **given | changes)

    return make


@pytest.fixture
async def database(make_settings: Callable[..., Settings]) -> AsyncIterator[Database]:
    """The database of this test, connected."""
    async with open_database(make_settings()) as opened:
        await opened.connect()
        yield opened


@pytest.fixture
def autojump_clock() -> trio.abc.Clock:
    """Refuse: an autojump clock doesn't wait for sockets, it sees "everybody sleeps"."""
    raise RuntimeError("no autojump clock where there is I/O: it would jump past an answer")
