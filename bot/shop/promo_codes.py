"""Promo codes: days, a discount on the next purchase, or money on the balance.

Two limits hold at any rate of entering: in total by a CHECK on the code's own counter, and per
person by a unique number of the use. What a code gives is given in the same transaction.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from bot.db import Lane, Row, Transaction
from bot.money import Money
from bot.shop import audit
from bot.shop.access import Grant, Source, grant_access
from bot.shop.errors import (
    PromoExpiredError,
    PromoNotYetError,
    PromoUsedByPersonError,
    PromoUsedUpError,
    UnknownPromoError,
)
from bot.shop.ledger import LedgerKind, Movement, credit
from bot.shop.locks import lock_person
from bot.shop.terms import Terms

PromoId = NewType("PromoId", int)

_DAY_SECONDS = 86_400
_CODE = re.compile(r"[A-Z0-9_-]{3,32}")


class PromoKind(StrEnum):
    """What a code gives."""

    DAYS = "days"
    PERCENT = "percent"
    BALANCE = "balance"


@dataclass(frozen=True, slots=True)
class PromoCode:
    """A code; `value` is days, percent, or minor units of the shop's currency."""

    id: PromoId
    code: str
    kind: PromoKind
    value: int
    max_uses: int | None
    per_person: int
    uses: int
    valid_from: datetime
    valid_until: datetime | None
    active: bool


@dataclass(frozen=True, slots=True)
class Given:
    """What entering a code gave: `value` as in the code; of days also until when access is."""

    kind: PromoKind
    value: int
    expires_at: datetime | None = None


_COLUMNS = """
    id, code, kind, value, max_uses, per_person, uses, valid_from, valid_until, active
"""
_SELECT = f"select {_COLUMNS} from promo_codes"  # noqa: S608 - columns of ours
_FIND = f"{_SELECT} where code = $1 for update"  # promo_codes_code_key
_LIST = f"{_SELECT} order by active desc, id desc limit $1"
_ONE = f"{_SELECT} where id = $1"

_USES_OF_PERSON = """
    select count(*) from promo_uses where promo_code_id = $1 and user_id = $2
"""
_COUNT_USE = "update promo_codes set uses = uses + 1 where id = $1"
_RECORD_USE = """
    insert into promo_uses (promo_code_id, user_id, number, key, used_at)
    values ($1, $2, $3, $4, $5)
    returning id
"""
# promo_uses_key_key, promo_codes_pkey, subscriptions_pkey
_USED_BEFORE = """
    select kind, value, case when kind = 'days' then expires_at end as expires_at
      from promo_uses u
      join promo_codes c on c.id = u.promo_code_id
      left join subscriptions s on s.user_id = u.user_id
     where u.key = $1
"""

# A second percent code takes the place of the first: a purchase has one discount.
_KEEP_DISCOUNT = """
    insert into discounts (user_id, promo_code_id, percent, entered_at)
    values ($1, $2, $3, $4)
    on conflict (user_id) do update
       set promo_code_id = excluded.promo_code_id,
           percent = excluded.percent,
           entered_at = excluded.entered_at
"""
_DISCOUNT = "select percent from discounts where user_id = $1"

_CREATE = f"""
    insert into promo_codes
           (code, kind, value, max_uses, per_person, valid_from, valid_until, created_by)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    returning {_COLUMNS}
"""  # noqa: S608 - columns of ours
_SET_ACTIVE = "update promo_codes set active = $2 where id = $1 and active <> $2 returning code"


def normalized(words: str) -> str | None:
    """Return the code that somebody may have meant; None if no code looks like this."""
    code = words.strip().upper()
    return code if _CODE.fullmatch(code) else None


async def enter_code(
    lane: Lane, *, user_id: int, code: str, key: str, now: datetime, terms: Terms
) -> Given:
    """Give a person what a code is good for; `code` is normalized.

    `key` is of the update that brought the code: its redelivery gets the same answer and nothing
    else, also of a code that a person may use several times. Raises UnknownPromoError,
    PromoNotYetError, PromoExpiredError, PromoUsedUpError and PromoUsedByPersonError; nothing is
    used up then.
    """
    async with lane.transaction() as tx:
        await lock_person(tx, user_id)
        if (before := await tx.fetchrow(_USED_BEFORE, key)) is not None:
            return Given(PromoKind(before["kind"]), before["value"], before["expires_at"])
        row = await tx.fetchrow(_FIND, code)
        promo = _usable(row, now)
        number = 1 + await tx.fetchval(_USES_OF_PERSON, promo.id, user_id)
        if number > promo.per_person:
            raise PromoUsedByPersonError(code)
        await tx.execute(_COUNT_USE, promo.id)
        use_id = await tx.fetchval(_RECORD_USE, promo.id, user_id, number, key, now)
        return await _give(tx, promo, use_id, user_id=user_id, now=now, terms=terms)


async def discount_of(lane: Lane, user_id: int) -> int | None:
    """Return the percent that the person's next purchase is cheaper by."""
    percent: int | None = await lane.fetchval(_DISCOUNT, user_id)
    return percent


async def create_promo_code(
    lane: Lane,
    *,
    admin_id: int,
    code: str,
    kind: PromoKind,
    value: int,
    now: datetime,
    max_uses: int | None = None,
    per_person: int = 1,
    valid_until: datetime | None = None,
) -> PromoCode:
    """Make a code that is good from now on; raises UniqueError if it is there already."""
    async with lane.transaction() as tx:
        row = await tx.fetchrow(
            _CREATE, code, kind.value, value, max_uses, per_person, now, valid_until, admin_id
        )
        assert row is not None  # noqa: S101 - typing: an insert that returns
        await audit.record(
            tx,
            admin_id=admin_id,
            action="promo.create",
            details={"code": code, "kind": kind.value, "value": value, "max_uses": max_uses},
            now=now,
        )
    return _promo(row)


async def set_promo_active(
    lane: Lane, promo_id: PromoId, *, active: bool, admin_id: int, now: datetime
) -> None:
    """Switch a code on or off; what it gave stays given."""
    async with lane.transaction() as tx:
        code = await tx.fetchval(_SET_ACTIVE, promo_id, active)
        if code is not None:
            action = "promo.activate" if active else "promo.deactivate"
            await audit.record(
                tx, admin_id=admin_id, action=action, details={"code": code}, now=now
            )


async def promo_codes(lane: Lane, limit: int = 30) -> list[PromoCode]:
    """Return the codes, those that are on first, the newest first."""
    return [_promo(row) for row in await lane.fetch(_LIST, limit)]


async def promo_code(lane: Lane, promo_id: PromoId) -> PromoCode | None:
    """Return one code."""
    row = await lane.fetchrow(_ONE, promo_id)
    return None if row is None else _promo(row)


async def _give(
    tx: Transaction, promo: PromoCode, use_id: int, *, user_id: int, now: datetime, terms: Terms
) -> Given:
    match promo.kind:
        case PromoKind.PERCENT:
            await tx.execute(_KEEP_DISCOUNT, user_id, promo.id, promo.value, now)
            return Given(promo.kind, promo.value)
        case PromoKind.BALANCE:
            movement = Movement(
                user_id=user_id,
                amount=Money(promo.value, terms.currency),
                kind=LedgerKind.PROMO,
                key=f"promo:{use_id}",
                note=promo.code,
            )
            await credit(tx, movement, now)
            return Given(promo.kind, promo.value)
        case PromoKind.DAYS:
            grant = Grant(
                user_id,
                Source.PROMO,
                f"promo:{use_id}",
                promo.value * _DAY_SECONDS,
                note=promo.code,
            )
            subscription = await grant_access(tx, grant, now)
            return Given(promo.kind, promo.value, subscription.expires_at)


def _usable(row: Row | None, now: datetime) -> PromoCode:
    if row is None or not row["active"]:
        raise UnknownPromoError
    promo = _promo(row)
    if now < promo.valid_from:
        raise PromoNotYetError(promo.code)
    if promo.valid_until is not None and now >= promo.valid_until:
        raise PromoExpiredError(promo.code)
    if promo.max_uses is not None and promo.uses >= promo.max_uses:
        raise PromoUsedUpError(promo.code)
    return promo


def _promo(row: Row) -> PromoCode:
    return PromoCode(
        id=PromoId(row["id"]),
        code=row["code"],
        kind=PromoKind(row["kind"]),
        value=row["value"],
        max_uses=row["max_uses"],
        per_person=row["per_person"],
        uses=row["uses"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        active=row["active"],
    )
