"""The balance of a person: what they have, and the append-only ledger of how it came to that.

Every movement is one row with a key; the row says what the balance was after it. The balance
never goes below zero: the schema would refuse it.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.db import Lane, Transaction
from bot.money import Money
from bot.shop import audit, outbox
from bot.shop.errors import InsufficientFundsError
from bot.shop.locks import lock_person
from bot.shop.terms import Terms

# balances_pkey. The row's lock is what orders two movements of the same balance.
CREDIT = """
    , moved as (
        insert into balances as b (user_id, amount_minor, currency)
        select user_id, amount_minor, currency from movement
        on conflict (user_id, currency) do update
           set amount_minor = b.amount_minor + excluded.amount_minor
        returning amount_minor
    ), credited as (
        insert into ledger (user_id, amount_minor, currency, balance_minor, kind, key,
                            purchase_id, admin_id, note, created_at)
        select user_id, movement.amount_minor, currency, moved.amount_minor, kind, key,
               purchase_id, admin_id, note, created_at
          from movement, moved
        returning balance_minor
    )
"""
"""Credits the row of a relation `movement`, if there is one; `credited` says the balance after."""

_CREDIT_ONE = f"""
    with movement as (
        select $1::bigint as user_id, $2::bigint as amount_minor, $3::text as currency,
               $4::text as kind, $5::text as key, $6::bigint as purchase_id,
               $7::bigint as admin_id, $8::text as note, $9::timestamptz as created_at
    )
    {CREDIT}
    select balance_minor from credited
"""  # noqa: S608 - a statement of ours
_DEBIT = """
    with moved as (
        update balances
           set amount_minor = amount_minor - $2
         where user_id = $1 and currency = $3 and amount_minor >= $2
        returning amount_minor
    )
    insert into ledger (user_id, amount_minor, currency, balance_minor, kind, key, purchase_id,
                        admin_id, note, created_at)
    select $1, -$2, $3, moved.amount_minor, $4, $5, $6, $7, $8, $9
      from moved
    returning balance_minor
"""
_BALANCE = "select amount_minor from balances where user_id = $1 and currency = $2"
_LOCK_BALANCE = """
    select amount_minor from balances where user_id = $1 and currency = $2 for update
"""
_KEY_USED = "select exists (select from ledger where key = $1)"  # ledger_key_key
# ledger_of_user
_HISTORY = """
    select id, amount_minor, balance_minor, currency, kind, note, purchase_id, created_at
      from ledger
     where user_id = $1 and id < coalesce($2, 9223372036854775807)
     order by id desc
     limit $3
"""


class LedgerKind(StrEnum):
    """What moved a balance."""

    TOPUP = "topup"
    PURCHASE = "purchase"
    REFERRAL = "referral"
    PROMO = "promo"
    ADJUSTMENT = "adjustment"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement of somebody's balance; `key` is what it is for, once for ever."""

    user_id: int
    amount: Money  # more than 0, whichever way it goes
    kind: LedgerKind
    key: str
    purchase_id: int | None = None
    admin_id: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What could not be taken from somebody's balance: it is no longer there."""

    user_id: int
    missing: Money


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the ledger; `amount` is below 0 for what was taken, `balance` is after it."""

    id: int
    amount: Money
    balance: Money
    kind: LedgerKind
    note: str | None
    purchase_id: int | None
    created_at: datetime


async def credit(tx: Transaction, movement: Movement, now: datetime) -> Money:
    """Add to a balance and return what it is now; raises UniqueError for a key that was used."""
    balance = await tx.fetchval(_CREDIT_ONE, *_arguments(movement, now))
    return Money(balance, movement.amount.currency)


async def debit(tx: Transaction, movement: Movement, now: datetime) -> Money:
    """Take from a balance and return what is left.

    Raises InsufficientFundsError, with which nothing was taken; UniqueError for a key that was
    used.
    """
    left = await tx.fetchval(_DEBIT, *_arguments(movement, now))
    if left is None:
        there = await balance_in(tx, movement.user_id, movement.amount.currency)
        raise InsufficientFundsError(movement.amount - there)
    return Money(left, movement.amount.currency)


async def debit_what_is_there(
    tx: Transaction, movement: Movement, now: datetime
) -> Shortfall | None:
    """Take up to `movement.amount`, and return what could not be taken, if anything."""
    there = await balance_in(tx, movement.user_id, movement.amount.currency)
    part = replace(movement, amount=min(movement.amount, there))
    if part.amount:
        await debit(tx, part, now)
    missing = movement.amount - part.amount
    return Shortfall(movement.user_id, missing) if missing else None


async def balance_of(lane: Lane, user_id: int, terms: Terms) -> Money:
    """Return a person's balance."""
    return Money(await lane.fetchval(_BALANCE, user_id, terms.currency) or 0, terms.currency)


async def balance_in(tx: Transaction, user_id: int, currency: str) -> Money:
    """Return a balance and lock it: nobody moves it until `tx` ends."""
    return Money(await tx.fetchval(_LOCK_BALANCE, user_id, currency) or 0, currency)


async def history(lane: Lane, user_id: int, before_id: int | None, limit: int) -> list[Entry]:
    """Return a page of a person's ledger, the latest first; `before_id` is the last one's id."""
    return [
        Entry(
            id=row["id"],
            amount=Money(row["amount_minor"], row["currency"]),
            balance=Money(row["balance_minor"], row["currency"]),
            kind=LedgerKind(row["kind"]),
            note=row["note"],
            purchase_id=row["purchase_id"],
            created_at=row["created_at"],
        )
        for row in await lane.fetch(_HISTORY, user_id, before_id, limit)
    ]


async def adjust_balance(
    lane: Lane,
    *,
    admin_id: int,
    user_id: int,
    amount: Money,
    key: str,
    note: str,
    now: datetime,
) -> Money:
    """Correct a balance by hand, up or down (`amount` below 0); the person is told. Audited.

    `key` is of the administrator's form, not of the tap: a second tap changes nothing. Returns
    the balance. Raises InsufficientFundsError, UnknownPersonError.
    """
    async with lane.transaction() as tx:
        await lock_person(tx, user_id)
        size = max(amount, -amount)
        movement = Movement(
            user_id, size, LedgerKind.ADJUSTMENT, f"admin:{key}", admin_id=admin_id, note=note
        )
        if not amount or await tx.fetchval(_KEY_USED, movement.key):
            return await balance_in(tx, user_id, amount.currency)
        move = credit if amount.amount_minor > 0 else debit
        balance = await move(tx, movement, now)
        details = {"amount_minor": amount.amount_minor, "currency": amount.currency, "note": note}
        await audit.record(
            tx,
            admin_id=admin_id,
            action="balance.adjust",
            user_id=user_id,
            details=details,
            now=now,
        )
        params = details | {"balance_minor": balance.amount_minor}
        await outbox.notify(
            tx,
            chat_id=user_id,
            kind="balance-adjusted",
            key=movement.key,
            params=params,
            now=now,
        )
    return balance


def _arguments(movement: Movement, now: datetime) -> tuple[object, ...]:
    return (
        movement.user_id,
        movement.amount.amount_minor,
        movement.amount.currency,
        movement.kind,
        movement.key,
        movement.purchase_id,
        movement.admin_id,
        movement.note,
        now,
    )
