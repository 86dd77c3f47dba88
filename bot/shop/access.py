"""Access comes and goes here and nowhere else, by the second.

`access_grants` is the ledger of time: one row for each change. In the same transaction the
subscription moves, and what the VPN hosts are to have because of it. A renewal moves expires_at;
the UUID stays. How time adds up is in `bot.shop.time_left`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.db import Lane, Transaction
from bot.shop import vpn_clients
from bot.shop.errors import TrialUsedError
from bot.shop.locks import lock_person
from bot.shop.subscriptions import COLUMNS, Subscription, new_key, subscription_from
from bot.shop.terms import Terms
from bot.shop.time_left import Added, Left, Limits, add, seconds_between

# subscriptions_pkey; a person without a host is given one now.
_CURRENT = f"""
    select {COLUMNS}, coalesce(s.host_id, host_with_room()) as host_to_be
      from (select $1::bigint as id) as person
      left join subscriptions s on s.user_id = person.id
"""  # noqa: S608 - columns of ours
# One row for each change, in the order of the arrays; the subscription that comes of them; and
# what its host is to have.
_WRITE = f"""
    with granted as (
        insert into access_grants (user_id, payment_id, admin_id, note, created_at,
                                   source, key, seconds, expires_before, expires_after)
        select $1, $2, $3, $4, $5, changes.*
          from unnest($6::text[], $7::text[], $8::bigint[], $9::timestamptz[], $10::timestamptz[])
               as changes
    ), subscribed as (
        insert into subscriptions (user_id, created_at, updated_at, vpn_uuid, link_token, host_id,
                                   plan_id, expires_at, ended_at, is_trial, device_limit,
                                   traffic_limit_bytes, rate_minor, rate_seconds,
                                   stars_charge_id, stars_until, stars_canceled)
        values ($1, $5, $5, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
        on conflict (user_id) do update  -- subscriptions_pkey; the key and the link stay
           set updated_at = excluded.updated_at, host_id = excluded.host_id,
               plan_id = excluded.plan_id, expires_at = excluded.expires_at,
               ended_at = excluded.ended_at, is_trial = excluded.is_trial,
               device_limit = excluded.device_limit,
               traffic_limit_bytes = excluded.traffic_limit_bytes,
               rate_minor = excluded.rate_minor, rate_seconds = excluded.rate_seconds,
               stars_charge_id = excluded.stars_charge_id, stars_until = excluded.stars_until,
               stars_canceled = excluded.stars_canceled
        returning *
    ), wanted as (
        select vpn_uuid as uuid, host_id, user_id, 'present' as desired, null::uuid as replaces,
               expires_at, traffic_limit_bytes, updated_at as wanted_at
          from subscribed
         where ended_at is null and host_id is not null
    )
    {vpn_clients.WANT}
"""  # noqa: S608 - a statement of ours
# access_grants_of_payment, access_grants_of_user: what a payment gave, and every later change
# that made what was left at that moment longer or shorter as a whole.
_OF_PAYMENT = """
    select id, seconds
      from access_grants
     where payment_id = $1 and user_id = $2 and source in ('purchase', 'gift')
"""
_RESCALED = """
    select expires_before, expires_after, created_at
      from access_grants
     where user_id = $1 and id > $2
       and (source = 'conversion' or (source = 'admin' and seconds < 0))
     order by id
"""

# subscriptions_to_end, then users_pkey. Who is being changed by somebody else now is left to the
# next run; the condition is asked again under the lock.
_LOCK_ENDED = """
    select u.id
      from subscriptions s
      join users u on u.id = s.user_id
     where s.ended_at is null and s.expires_at <= $1
     order by s.expires_at
     limit $2
       for no key update of u skip locked
"""
_END = """
    update subscriptions
       set ended_at = $2, updated_at = $2
     where user_id = any($1::bigint[]) and ended_at is null and expires_at <= $2
    returning user_id
"""
# subscriptions_without_host
_LOCK_WITHOUT_HOST = """
    select u.id
      from subscriptions s
      join users u on u.id = s.user_id
     where s.host_id is null and s.ended_at is null and s.expires_at > $1
     order by s.expires_at
     limit $2
       for no key update of u skip locked
"""
_PLACE = """
    update subscriptions
       set host_id = host_with_room(), updated_at = $2
     where user_id = $1 and host_id is null and ended_at is null and host_with_room() is not null
    returning host_id, vpn_uuid, expires_at, traffic_limit_bytes
"""


class Source(StrEnum):
    """Where time comes from or goes to."""

    TRIAL = "trial"
    PURCHASE = "purchase"
    GIFT = "gift"
    PROMO = "promo"
    ADMIN = "admin"
    CONVERSION = "conversion"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class StarsPeriod:
    """A paid period of a recurring Stars subscription."""

    charge_id: str  # of its first charge: what editUserStarSubscription takes
    until: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """Time for a person. `key` is unique for ever: what it is given for.

    `limits` None keeps those that the person has. Bought time says what was paid
    (`value_minor`) and the list price, in the shop's currency; given time says neither.
    """

    user_id: int
    source: Source
    key: str
    seconds: int
    plan_id: int | None = None
    limits: Limits | None = None
    value_minor: int = 0
    list_minor: int = 0
    payment_id: int | None = None
    admin_id: int | None = None
    note: str | None = None
    stars: StarsPeriod | None = None


@dataclass(frozen=True, slots=True)
class Current:
    """What a person has before a grant, and the host where they are or would go."""

    subscription: Subscription | None
    host_id: int | None


@dataclass(frozen=True, slots=True)
class _Change:
    """A row of access_grants."""

    source: Source
    key: str
    seconds: int
    before: datetime | None
    after: datetime


async def grant_access(tx: Transaction, grant: Grant, now: datetime) -> Subscription:
    """Add time to a person's access, and want their key on a host. The person is locked by `tx`.

    Raises UniqueError if the grant's key was used: the caller looks first.
    """
    return await extend(tx, await current_of(tx, grant.user_id), grant, now)


async def extend(tx: Transaction, current: Current, grant: Grant, now: datetime) -> Subscription:
    """Do what `grant_access` does, for a caller who has read what the person has."""
    had = current.subscription
    left = Left(had.expires_at, had.limits, had.rate) if had else Left(None, None, None)
    added = Added(grant.seconds, grant.limits, grant.value_minor, grant.list_minor)
    total = add(left, added, now)
    before = left.expires_at
    changes = []
    if total.converted_seconds:
        key = f"conversion:{grant.key}"
        changes.append(
            _Change(Source.CONVERSION, key, total.converted_seconds, before, total.starts_at)
        )
        before = total.starts_at
    changes.append(_Change(grant.source, grant.key, grant.seconds, before, total.expires_at))
    new = replace(
        had or _nobody(grant),
        host_id=current.host_id,
        plan_id=grant.plan_id if grant.limits else (had.plan_id if had else None),
        expires_at=total.expires_at,
        ended_at=None,
        is_trial=_is_trial(had, grant, now),
        limits=total.limits or Limits(None, None),
        rate=total.rate,
    )
    if grant.stars:
        new = replace(
            new,
            stars_charge_id=grant.stars.charge_id,
            stars_until=grant.stars.until,
            stars_canceled=False,
        )
    await _write(tx, new, changes, grant, now)
    return new


async def take_back(
    tx: Transaction, user_id: int, payment_id: int, *, admin_id: int | None, now: datetime
) -> int:
    """Take back the seconds that a payment gave, as far as they are there; return how many.

    Seconds count as what became of them: an upgrade since made them fewer. What was used up is
    taken from what else is left: nobody keeps more time than was paid for. Access that ends by
    this is marked so, and its keys are wanted off the hosts. The person is locked by `tx`.
    """
    had = (await current_of(tx, user_id)).subscription
    if had is None:
        return 0
    given = await _worth_now(tx, user_id, payment_id)
    grant = Grant(
        user_id,
        Source.REFUND,
        f"refund:{payment_id}",
        -min(given, had.seconds_left(now)),
        payment_id=payment_id,
        admin_id=admin_id,
    )
    if grant.seconds:
        await shorten(tx, had, grant, now)
    return -grant.seconds


async def shorten(tx: Transaction, had: Subscription, grant: Grant, now: datetime) -> Subscription:
    """Take `-grant.seconds` of the time that is left; access ends if nothing is left."""
    expires_at = had.expires_at + timedelta(seconds=grant.seconds)
    over = expires_at <= now
    new = replace(had, expires_at=expires_at, ended_at=now if over else None)
    change = _Change(grant.source, grant.key, grant.seconds, had.expires_at, expires_at)
    await _write(tx, new, [change], grant, now)
    if over:
        await vpn_clients.want_none(tx, [had.user_id], now)
    return new


async def start_trial(lane: Lane, user_id: int, now: datetime, terms: Terms) -> Subscription:
    """Give the free trial, once per person; raises TrialUsedError, also where there is none.

    Who had access in another way before has no need of a trial.
    """
    seconds = terms.trial_duration // timedelta(seconds=1)
    async with lane.transaction() as tx:
        await lock_person(tx, user_id)
        current = await current_of(tx, user_id)
        if not seconds or current.subscription is not None:
            raise TrialUsedError(f"no trial for user {user_id}")
        grant = Grant(user_id, Source.TRIAL, f"trial:{user_id}", seconds)
        return await extend(tx, current, grant, now)


async def end_expired(lane: Lane, now: datetime, limit: int) -> int:
    """End up to `limit` accesses whose time is over; return how many, 0 when there are no more."""
    async with lane.transaction() as tx:
        people = [row["id"] for row in await tx.fetch(_LOCK_ENDED, now, limit)]
        if not people:
            return 0
        ended = [row["user_id"] for row in await tx.fetch(_END, people, now)]
        await vpn_clients.want_none(tx, ended, now)
    return len(ended)


async def place_without_host(lane: Lane, now: datetime, limit: int) -> int:
    """Give up to `limit` people who found every host full a host; return how many have one now."""
    placed = 0
    async with lane.transaction() as tx:
        for person in await tx.fetch(_LOCK_WITHOUT_HOST, now, limit):
            row = await tx.fetchrow(_PLACE, person["id"], now)
            if row is None:
                continue
            placed += 1
            await vpn_clients.want(
                tx,
                uuid=row["vpn_uuid"],
                host_id=row["host_id"],
                user_id=person["id"],
                desired="present",
                expires_at=row["expires_at"],
                traffic_limit_bytes=row["traffic_limit_bytes"],
                now=now,
            )
    return placed


async def current_of(tx: Transaction, user_id: int) -> Current:
    """Return what a locked person has."""
    row = await tx.fetchrow(_CURRENT, user_id)
    assert row is not None  # noqa: S101 - typing: the outer join always has a row
    return Current(subscription_from(row), row["host_to_be"])


def _nobody(grant: Grant) -> Subscription:
    """Return the beginnings of a first subscription; what matters is put in by the caller."""
    uuid, token = new_key()
    return Subscription(
        user_id=grant.user_id,
        vpn_uuid=uuid,
        link_token=token,
        host_id=None,
        plan_id=None,
        expires_at=datetime.min.replace(tzinfo=UTC),
        ended_at=None,
        is_trial=False,
        auto_renew=False,
        limits=Limits(None, None),
        rate=None,
    )


def _is_trial(had: Subscription | None, grant: Grant, now: datetime) -> bool:
    """A trial stays one while days are only given to it; what is bought ends it."""
    if grant.source is Source.TRIAL:
        return True
    bought = grant.source in {Source.PURCHASE, Source.GIFT}
    return had is not None and had.is_trial and had.is_active(now) and not bought


async def _worth_now(tx: Transaction, user_id: int, payment_id: int) -> int:
    """Return the seconds that a payment gave this person, counted as what became of them."""
    given = await tx.fetchrow(_OF_PAYMENT, payment_id, user_id)
    if given is None:
        return 0
    seconds = int(given["seconds"])
    for row in await tx.fetch(_RESCALED, user_id, given["id"]):
        moment = row["created_at"].replace(microsecond=0)
        before = seconds_between(moment, row["expires_before"])
        after = seconds_between(moment, row["expires_after"])
        seconds = seconds * after // before if before else seconds
    return seconds


async def _write(
    tx: Transaction, new: Subscription, changes: Sequence[_Change], grant: Grant, now: datetime
) -> None:
    await tx.execute(
        _WRITE,
        new.user_id,
        grant.payment_id,
        grant.admin_id,
        grant.note,
        now,
        [change.source.value for change in changes],
        [change.key for change in changes],
        [change.seconds for change in changes],
        [change.before for change in changes],
        [change.after for change in changes],
        new.vpn_uuid,
        new.link_token,
        new.host_id,
        new.plan_id,
        new.expires_at,
        new.ended_at,
        new.is_trial,
        new.limits.device_limit,
        new.limits.traffic_limit_bytes,
        new.rate.minor if new.rate else None,
        new.rate.seconds if new.rate else None,
        new.stars_charge_id,
        new.stars_until,
        new.stars_canceled,
    )
