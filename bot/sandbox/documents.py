"""What a stand-in remembers over a restart: JSON documents by key, in SQLite.

It is the memory of a demo, not a bank: a write is not waited for by the disk.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Documents:
    """The file; keys are `kind:name`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(
            "pragma journal_mode = wal; pragma synchronous = off;"
            "create table if not exists documents (key text primary key, body text not null);"
        )

    def put(self, key: str, body: Any) -> None:
        """Keep `body` under `key`."""
        self._db.execute(
            "insert or replace into documents values (?, ?)",
            [key, json.dumps(body, ensure_ascii=False)],
        )

    def drop(self, key: str) -> None:
        """Forget a document."""
        self._db.execute("delete from documents where key = ?", [key])

    def kept(self, kind: str) -> Iterator[tuple[str, Any]]:
        """Yield name and body of every document of a kind, in the order of their names."""
        rows = self._db.execute(
            "select key, body from documents where key >= ? and key < ? order by key",
            [f"{kind}:", f"{kind};"],  # a semicolon follows the colon
        )
        for key, body in rows.fetchall():
            yield key.partition(":")[2], json.loads(body)

    def close(self) -> None:
        """Close the file."""
        self._db.close()
