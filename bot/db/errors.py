"""What can go wrong with the database, told by what the caller can do about it.

`translate` is the one place that reads asyncpg's classes and SQLSTATEs
(PostgreSQL documentation, appendix A); nothing outside `bot.db` sees either.
"""

import asyncio
from typing import Self

import asyncpg


class DatabaseError(Exception):
    """Root of everything that `bot.db` raises."""


class UnavailableError(DatabaseError):
    """The server is away, too busy or unable to write; the same work may succeed later."""


class DeadlineError(UnavailableError):
    """A wait was over its bound: for a slot, a connection, a statement or a row's lock."""


class OutcomeUnknownError(UnavailableError):
    """COMMIT was sent and its answer never came: done or not, only a repetition can tell."""


class ConflictError(DatabaseError):
    """Another transaction was in the way; run the unit of work again from its start."""


class AccessRefusedError(DatabaseError):
    """The server refused the user, the password or the name of the database."""


class QueryError(DatabaseError):
    """The server refused a statement: a bug of ours."""


class ConstraintError(DatabaseError):
    """A constraint refused the data; `constraint` is its name."""

    def __init__(self, message: str, constraint: str | None) -> None:
        super().__init__(message)
        self.constraint = constraint

    def __reduce__(self) -> tuple[type[Self], tuple[str, str | None]]:
        return type(self), (str(self), self.constraint)


class UniqueError(ConstraintError):
    """The key is there already."""


class CheckError(ConstraintError):
    """A CHECK refused the row."""


class ForeignKeyError(ConstraintError):
    """The row that is referred to isn't there."""


class NestedConnectionError(DatabaseError):
    """A task that holds a connection asked for a second one: the way to a deadlock."""


class LeadershipLostError(DatabaseError):
    """The connection that held the advisory lock has ended."""


class LockedElsewhereError(DatabaseError):
    """Another Warren leads on this database; what needs the lock can't be done beside it."""


class SchemaTooNewError(DatabaseError):
    """The database was migrated by a later version of the code."""


class MigrationTamperedError(DatabaseError):
    """A migration that was applied is no longer the file it was."""


_CONSTRAINTS: dict[str, type[ConstraintError]] = {
    "23505": UniqueError,
    "23514": CheckError,
    "23503": ForeignKeyError,
}
_CONFLICTS = {"40001", "40P01"}  # serialization_failure, deadlock_detected
_DEADLINES = {"57014", "55P03"}  # query_canceled (statement_timeout), lock_not_available
_REFUSED = {"28000", "28P01", "3D000"}  # authorization, password, unknown database
# Connection exceptions; insufficient resources; operator intervention; idle_in_transaction; a
# server that is read-only now, which a failover and a managed server's full disk both leave
# behind (read_only_sql_transaction); and its disk or system failing it. None of these is the
# fault of what was asked, so it must not be given up for them.
_AWAY = ("08", "53", "57P", "25P03", "25006", "58")


def translate(error: BaseException) -> DatabaseError | None:
    """Return what `error` of asyncpg or of the network means to a caller; None if it is neither."""
    match error:
        case asyncpg.PostgresError():
            return _of_server(error)
        case asyncpg.InterfaceError() | asyncpg.InternalClientError():
            return UnavailableError(f"the connection can't be used: {error}")
        case TimeoutError():
            return DeadlineError("no answer from the database in time")
        case OSError():
            return UnavailableError(f"the database can't be reached: {error.strerror or error}")
        case asyncio.CancelledError():
            return UnavailableError("the call was interrupted inside the asyncio loop")
        case _:
            return None


def _of_server(error: asyncpg.PostgresError) -> DatabaseError:
    state = error.sqlstate or ""
    # PostgreSQL quotes the row there that a constraint refused, and a traceback would take people's
    # data into the log.
    error.detail = None
    message = f"{error.args[0] if error.args else type(error).__name__} [{state}]"
    if state in _CONFLICTS:
        return ConflictError(message)
    if state in _DEADLINES:
        return DeadlineError(message)
    if state in _REFUSED:
        return AccessRefusedError(message)
    if state.startswith(_AWAY):
        return UnavailableError(message)
    if state.startswith("23"):
        kind = _CONSTRAINTS.get(state, ConstraintError)
        return kind(message, error.constraint_name)
    return QueryError(message)
