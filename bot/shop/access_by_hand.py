"""What administrators do with a person's access: give time, take some, take all; all audited."""

from datetime import datetime

from bot.db import Lane, Transaction
from bot.shop import audit, outbox
from bot.shop.access import Grant, Source, current_of, extend, shorten
from bot.shop.errors import NoAccessError, PlanGoneError
from bot.shop.locks import lock_person
from bot.shop.subscriptions import Subscription
from bot.shop.time_left import Limits

_KEY_USED = "select exists (select from access_grants where key = $1)"  # access_grants_key_key
_LIMITS = "select device_limit, traffic_limit_bytes from plans where id = $1"


async def change_access(
    lane: Lane,
    *,
    admin_id: int,
    user_id: int,
    seconds: int,
    key: str,
    note: str,
    now: datetime,
    plan_id: int | None = None,
) -> Subscription:
    """Give a person time, or take some (`seconds` below 0) of what is left; the person is told.

    `key` is of the administrator's form, not of the tap: a second tap changes nothing. `plan_id`
    gives the limits of a plan with the time. Raises NoAccessError when there is nothing to take,
    PlanGoneError, UnknownPersonError.
    """
    async with lane.transaction() as tx:
        await lock_person(tx, user_id)
        current = await current_of(tx, user_id)
        had = current.subscription
        if had is not None and await tx.fetchval(_KEY_USED, f"admin:{key}"):
            return had
        if seconds < 0:
            left = had.seconds_left(now) if had else 0
            if had is None or not left:
                raise NoAccessError(f"user {user_id} has no access")
            seconds = max(seconds, -left)
        grant = Grant(
            user_id,
            Source.ADMIN,
            f"admin:{key}",
            seconds,
            plan_id=plan_id,
            limits=await _limits(tx, plan_id),
            admin_id=admin_id,
            note=note,
        )
        if had is not None and seconds < 0:
            changed = await shorten(tx, had, grant, now)
        else:
            changed = await extend(tx, current, grant, now)
        await _record(tx, grant, changed, key, now)
    return changed


async def revoke(
    lane: Lane, *, admin_id: int, user_id: int, note: str, key: str, now: datetime
) -> Subscription:
    """End a person's access at once; the person is told. Raises NoAccessError if it is over."""
    longest = -(10**11)  # more seconds than there can be
    return await change_access(
        lane, admin_id=admin_id, user_id=user_id, seconds=longest, key=key, note=note, now=now
    )


async def _limits(tx: Transaction, plan_id: int | None) -> Limits | None:
    if plan_id is None:
        return None
    row = await tx.fetchrow(_LIMITS, plan_id)
    if row is None:
        raise PlanGoneError(f"no plan {plan_id}")
    return Limits(row["device_limit"], row["traffic_limit_bytes"])


async def _record(
    tx: Transaction, grant: Grant, changed: Subscription, key: str, now: datetime
) -> None:
    assert grant.admin_id is not None  # noqa: S101 - typing
    await audit.record(
        tx,
        admin_id=grant.admin_id,
        action="access.give" if grant.seconds > 0 else "access.take",
        user_id=grant.user_id,
        details={"seconds": grant.seconds, "plan_id": grant.plan_id, "note": grant.note},
        now=now,
    )
    await outbox.notify(
        tx,
        chat_id=grant.user_id,
        kind="access-given" if grant.seconds > 0 else "access-taken",
        key=f"admin:{key}",
        params={"seconds": grant.seconds, "expires_at": changed.expires_at.isoformat()},
        now=now,
    )
