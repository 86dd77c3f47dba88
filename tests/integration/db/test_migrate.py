"""Migrations: once, in order, never backwards, never quietly changed."""

import dataclasses
from collections.abc import Callable

import pytest

from bot.db import Database, open_database
from bot.db.errors import MigrationTamperedError, QueryError, SchemaTooNewError
from bot.db.migrate import Migration, migrate, pending, shipped
from bot.settings import Settings
from tests.cluster import Cluster


async def test_an_empty_database_gets_every_migration_in_order(
    cluster: Cluster, make_settings: Callable[..., Settings]
) -> None:
    name = cluster.create_database()
    async with open_database(make_settings(database_url=cluster.dsn(name))) as database:
        await database.connect()
        assert await pending(database.health) == list(shipped())
        assert await migrate(database) == [migration.name for migration in shipped()]
        assert await pending(database.health) == []
    cluster.drop_database(name)


async def test_a_second_run_applies_nothing(database: Database) -> None:
    assert await migrate(database) == []
    names = await database.health.fetch("select name from schema_migrations order by version")
    assert [row["name"] for row in names] == [migration.name for migration in shipped()]


async def test_a_changed_file_is_refused_by_name(database: Database) -> None:
    changed = [dataclasses.replace(shipped()[0], sql="select 'something else'")]
    with pytest.raises(MigrationTamperedError, match=r"0001_spine\.sql"):
        await migrate(database, changed)


async def test_a_schema_of_a_later_version_is_refused(database: Database) -> None:
    later = Migration(len(shipped()) + 1, "0099_later.sql", "select 1")
    await migrate(database, [*shipped(), later])
    with pytest.raises(SchemaTooNewError, match=r"0099_later\.sql.*later version"):
        await pending(database.health)


async def test_a_failing_migration_leaves_nothing_behind(database: Database) -> None:
    broken = Migration(len(shipped()) + 1, "0099_broken.sql", "create table half (); select 1/0")
    with pytest.raises(QueryError):
        await migrate(database, [*shipped(), broken])
    assert await database.health.fetchval("select to_regclass('half')") is None
    assert [m.name for m in await pending(database.health, [*shipped(), broken])] == [broken.name]
