"""What the stand-in remembers when it ends: documents and files in one SQLite database.

It is the demo's memory, not a bank: a write is not waited for by the disk. What belongs together
is written in one transaction.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
pragma journal_mode = wal;
pragma synchronous = off;
create table if not exists documents (key text primary key, body text not null);
create table if not exists files (id text primary key, content blob not null);
"""


class Store:
    """Documents by key, `kind:id` or `kind`, and the bytes of files."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def documents(self, *kinds: str) -> Iterator[tuple[str, str, Any]]:
        """Return kind, id and body of the documents of these kinds, the oldest first."""
        for kind in kinds:
            # ";" follows ":" in ASCII; the primary key serves the range.
            rows = self._db.execute(
                "select key, body from documents where key = ? or (key >= ? and key < ?) "
                "order by rowid",
                [kind, f"{kind}:", f"{kind};"],
            ).fetchall()
            for key, body in rows:
                yield kind, key.partition(":")[2], json.loads(body)

    def put(self, key: str, body: Any) -> None:
        """Keep a document, new or changed."""
        self._db.execute(
            "insert into documents values (?, ?) "
            "on conflict (key) do update set body = excluded.body",  # its place stays
            [key, json.dumps(body, ensure_ascii=False)],
        )

    def drop(self, key: str) -> None:
        """Forget a document."""
        self._db.execute("delete from documents where key = ?", [key])

    def put_file(self, file_id: str, content: bytes) -> None:
        """Keep the bytes of a file."""
        self._db.execute("insert into files values (?, ?)", [file_id, content])

    def file(self, file_id: str) -> bytes | None:
        """Return the bytes of a file; None if there is none."""
        row = self._db.execute("select content from files where id = ?", [file_id]).fetchone()
        return None if row is None else bytes(row[0])

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write all that is written in the block, or nothing. No waiting inside."""
        self._db.execute("begin")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")
