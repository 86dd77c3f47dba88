"""What PostgreSQL refuses arrives as our own errors, and takes nobody's data with it."""

import traceback

import pytest

from bot.db import Database
from bot.db.errors import (
    CheckError,
    ConstraintError,
    DatabaseError,
    QueryError,
    UnavailableError,
    UniqueError,
)

INSERT = "insert into users (id, first_name, language) values ($1, $2, $3)"


async def refusal(database: Database, sql: str, *args: object) -> DatabaseError:
    with pytest.raises(DatabaseError) as raised:
        await database.updates.execute(sql, *args)
    return raised.value


async def test_a_constraint_says_which_it_is(database: Database) -> None:
    await database.updates.execute(INSERT, 7, "Anna", "en")
    unique = await refusal(database, INSERT, 7, "Anna", "en")
    check = await refusal(database, INSERT, 8, "Anna", "xx")
    missing = await refusal(database, INSERT, 9, None, "en")
    assert isinstance(unique, UniqueError)
    assert unique.constraint == "users_pkey"
    assert isinstance(check, CheckError)
    assert check.constraint == "users_language_check"
    assert isinstance(missing, ConstraintError)


async def test_a_bug_of_ours_is_a_query_error(database: Database) -> None:
    assert isinstance(await refusal(database, "select from nowhere"), QueryError)
    assert isinstance(await refusal(database, INSERT, 7, "a zero \0 byte", "en"), QueryError)


async def test_no_traceback_shows_the_row_that_was_refused(database: Database) -> None:
    """PostgreSQL quotes it ("Failing row contains …"), and asyncpg's error repeats that."""
    name = "Anna " + "Petrova"  # in two: the traceback quotes this file as well
    for arguments in ((8, name, "xx"), (8, name, None), (8, name, None)):
        try:
            await database.updates.execute(INSERT, *arguments)
        except DatabaseError as error:
            shown = "".join(traceback.format_exception(error))
            assert "users_" in shown
            assert name not in shown
            assert "(8)" not in shown


async def test_a_server_that_cannot_write_now_is_away_and_not_our_bug(database: Database) -> None:
    """Or an update with a payment in it would end as a dead letter after three tries."""
    async with database.updates.transaction() as tx:
        await tx.execute("set transaction read only")
        with pytest.raises(UnavailableError, match="25006"):
            await tx.execute(INSERT, 7, "Anna", "en")
        await tx.execute("rollback; begin")
    for state in ("53100", "58030", "58P01"):  # disk_full, io_error, undefined_file
        raising = f"do $$ begin raise 'no' using errcode = '{state}'; end $$"
        assert isinstance(await refusal(database, raising), UnavailableError)
