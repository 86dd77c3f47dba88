"""The lock that everything about one person's money and access begins with.

Rows are locked in one order: people by their ids, then what is theirs, then the balance of a
referrer, who came before the person. So no two units of work wait for each other in a circle.
"""

from dataclasses import dataclass

from bot.db import Transaction
from bot.shop.errors import UnknownPersonError

# NO KEY UPDATE excludes another lock of this kind, and lets others refer to the person meanwhile:
# a reward or a gift inserts rows that point at somebody whose own lock is held.
_LOCK = """
    select id, referrer_id
      from users
     where id = $1  -- users_pkey
       for no key update
"""
_LOCK_SEVERAL = """
    select id
      from users
     where id = any($1::bigint[])  -- users_pkey
     order by id
       for no key update
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose money and access are locked until the transaction ends."""

    id: int
    referrer_id: int | None


async def lock_person(tx: Transaction, user_id: int) -> Person:
    """Lock the person until the end of `tx`; read what is theirs after this, not with it.

    A row that was read before the lock may be older than it. Raises UnknownPersonError.
    """
    row = await tx.fetchrow(_LOCK, user_id)
    if row is None:
        raise UnknownPersonError(f"user {user_id} never wrote to the bot")
    return Person(row["id"], row["referrer_id"])


async def lock_people(tx: Transaction, user_ids: set[int]) -> None:
    """Lock several people at once, in the order of their ids."""
    await tx.fetch(_LOCK_SEVERAL, list(user_ids))
