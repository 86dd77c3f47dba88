"""Forward-only migrations: the `.sql` files beside this module, each applied once, in order.

The caller holds the leader's lock, so that no two processes migrate at the same time and none
migrates under a leader of another version.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import structlog

from bot.db.errors import MigrationTamperedError, SchemaTooNewError
from bot.db.lane import Lane
from bot.db.pool import Database

log = structlog.get_logger(__name__)

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")

_CREATE_TABLE = """
    create table if not exists schema_migrations (
        version    integer     primary key,
        name       text        not null,
        sha256     text        not null,
        applied_at timestamptz not null default now()
    )
"""
_APPLIED = "select version, name, sha256 from schema_migrations order by version"
_EXISTS = "select to_regclass('schema_migrations') is not null"
_RECORD = "insert into schema_migrations (version, name, sha256) values ($1, $2, $3)"


@dataclass(frozen=True, slots=True)
class Migration:
    """A step of the schema: its version, its file's name, and what it does."""

    version: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """The checksum by which a later change of the file is noticed."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def shipped() -> list[Migration]:
    """Return the migrations of this version of the code; raises ValueError on a gap in them."""
    found = [
        Migration(int(match[1]), file.name, file.read_text(encoding="utf-8"))
        for file in resources.files("bot.db").joinpath("sql").iterdir()
        if (match := _NAME.fullmatch(file.name))
    ]
    found.sort(key=lambda migration: migration.version)
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations must count 1, 2, 3 …: {[m.name for m in found]}")
    return found


async def pending(lane: Lane, migrations: Sequence[Migration] | None = None) -> list[Migration]:
    """Return what is not applied yet; changes nothing.

    Raises SchemaTooNewError and MigrationTamperedError.
    """
    known = {migration.version: migration for migration in migrations or shipped()}
    applied = await lane.fetch(_APPLIED) if await lane.fetchval(_EXISTS) else []
    for row in applied:
        ours = known.pop(row["version"], None)
        if ours is None:
            raise SchemaTooNewError(
                f"The database has migration {row['name']}, which this version of Warren does not "
                "know: it was migrated by a later version. Install that version or a newer one."
            )
        if ours.sha256 != row["sha256"]:
            raise MigrationTamperedError(
                f"Migration {ours.name} is not the file that was applied as {row['name']}. "
                "Restore it; changes to the schema go into a new migration."
            )
    return list(known.values())


async def migrate(database: Database, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Apply what is missing, one transaction each, and return the names.

    Cancelled: between two migrations, or before one is committed; the next start goes on there.
    Raises SchemaTooNewError, MigrationTamperedError, and what a migration's SQL raises.
    """
    lane = database.workers
    await lane.execute(_CREATE_TABLE)
    missing = await pending(lane, migrations)
    for migration in missing:
        async with lane.transaction(patient=True) as transaction:
            await transaction.execute(migration.sql)
            await transaction.execute(_RECORD, migration.version, migration.name, migration.sha256)
        log.info("db.migrated", name=migration.name)
    return [migration.name for migration in missing]
