"""The one current access of a person: what it is now, and what they may change about it.

Time comes and goes in `bot.shop.access` alone.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from bot.db import Lane, Row
from bot.shop import vpn_clients
from bot.shop.errors import NoAccessError
from bot.shop.locks import lock_person
from bot.shop.time_left import Limits, Rate, seconds_between

COLUMNS = """
    s.user_id as s_user_id, s.vpn_uuid as s_vpn_uuid, s.link_token as s_link_token,
    s.host_id as s_host_id, s.plan_id as s_plan_id, s.expires_at as s_expires_at,
    s.ended_at as s_ended_at, s.is_trial as s_is_trial, s.auto_renew as s_auto_renew,
    s.device_limit as s_device_limit, s.traffic_limit_bytes as s_traffic_limit_bytes,
    s.rate_minor as s_rate_minor, s.rate_seconds as s_rate_seconds,
    s.stars_charge_id as s_stars_charge_id, s.stars_until as s_stars_until,
    s.stars_canceled as s_stars_canceled
"""
"""What `subscription_from` reads, of `subscriptions s`; other tables may stand beside it."""

_OF_PERSON = f"select {COLUMNS} from subscriptions s where s.user_id = $1"  # noqa: S608 - ours
# subscriptions_link_token_key
_OF_TOKEN = f"select {COLUMNS} from subscriptions s where s.link_token = $1"  # noqa: S608 - ours

_SET_AUTO_RENEW = """
    update subscriptions set auto_renew = $2, updated_at = $3 where user_id = $1 returning user_id
"""
_REISSUE = """
    update subscriptions
       set vpn_uuid = $2, link_token = $3, host_id = coalesce(host_id, host_with_room()),
           updated_at = $4
     where user_id = $1
    returning host_id
"""
# payments_of_purchase: Telegram names a subscription by the purchase that began it.
_NOTE_STARS_OF_PURCHASE = """
    update subscriptions s
       set stars_canceled = $3, updated_at = $4
      from payments p
     where s.user_id = $1 and p.purchase_id = $2 and p.provider = 'stars'
       and p.charge_id = s.stars_charge_id
    returning s.expires_at
"""
_NOTE_STARS = """
    update subscriptions
       set stars_canceled = $3, updated_at = $4
     where user_id = $1 and stars_charge_id = $2
    returning user_id
"""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A person's access; `host_id` is None while no host has room for them."""

    user_id: int
    vpn_uuid: UUID
    link_token: str
    host_id: int | None
    plan_id: int | None  # None: trial, promo code, by hand
    expires_at: datetime
    ended_at: datetime | None
    is_trial: bool
    auto_renew: bool
    limits: Limits
    rate: Rate | None  # None: the time that is left was given
    stars_charge_id: str | None = None
    stars_until: datetime | None = None
    stars_canceled: bool = False

    def is_active(self, now: datetime) -> bool:
        """Say whether the person has access."""
        return now < self.expires_at

    def seconds_left(self, now: datetime) -> int:
        """Return the whole seconds until access is over."""
        return seconds_between(now.replace(microsecond=0), self.expires_at)

    def pays_by_stars(self, now: datetime) -> bool:
        """Say whether a Stars subscription runs and will charge again."""
        return self.stars_until is not None and now < self.stars_until and not self.stars_canceled


def subscription_from(row: Row) -> Subscription | None:
    """Return what the columns of `COLUMNS` say; None if an outer join found nothing."""
    if row["s_user_id"] is None:
        return None
    minor, seconds = row["s_rate_minor"], row["s_rate_seconds"]
    return Subscription(
        user_id=row["s_user_id"],
        vpn_uuid=row["s_vpn_uuid"],
        link_token=row["s_link_token"],
        host_id=row["s_host_id"],
        plan_id=row["s_plan_id"],
        expires_at=row["s_expires_at"],
        ended_at=row["s_ended_at"],
        is_trial=row["s_is_trial"],
        auto_renew=row["s_auto_renew"],
        limits=Limits(row["s_device_limit"], row["s_traffic_limit_bytes"]),
        rate=None if minor is None else Rate(minor, seconds),
        stars_charge_id=row["s_stars_charge_id"],
        stars_until=row["s_stars_until"],
        stars_canceled=row["s_stars_canceled"],
    )


async def subscription_of(lane: Lane, user_id: int) -> Subscription | None:
    """Return a person's access, running or over; None if they never had any."""
    row = await lane.fetchrow(_OF_PERSON, user_id)
    return None if row is None else subscription_from(row)


async def by_link_token(lane: Lane, token: str) -> Subscription | None:
    """Return the access behind a subscription link."""
    row = await lane.fetchrow(_OF_TOKEN, token)
    return None if row is None else subscription_from(row)


async def set_auto_renew(lane: Lane, user_id: int, on: bool, now: datetime) -> None:
    """Renew from the balance before the end, or don't; raises NoAccessError."""
    if await lane.fetchval(_SET_AUTO_RENEW, user_id, on, now) is None:
        raise NoAccessError(f"user {user_id} never had access")


async def note_stars_subscription(
    lane: Lane, user_id: int, charge_id: str, *, canceled: bool, now: datetime
) -> bool:
    """Note that the person canceled or resumed a Stars subscription; False if it is another one."""
    return await lane.fetchval(_NOTE_STARS, user_id, charge_id, canceled, now) is not None


async def note_stars_change(
    lane: Lane, user_id: int, purchase_id: int, *, canceled: bool, now: datetime
) -> bool:
    """Note what Telegram says of the Stars subscription that a purchase began; False if unknown.

    A subscription that failed to renew counts as canceled: it charges no more.
    """
    noted = await lane.fetchval(_NOTE_STARS_OF_PURCHASE, user_id, purchase_id, canceled, now)
    return noted is not None


async def reissue_vpn_key(lane: Lane, user_id: int, now: datetime) -> Subscription:
    """Give the person a new key and a new link; the old key goes once the new one is there.

    Raises NoAccessError for somebody whose access is over.
    """
    async with lane.transaction() as tx:
        await lock_person(tx, user_id)
        row = await tx.fetchrow(_OF_PERSON, user_id)
        current = None if row is None else subscription_from(row)
        if current is None or not current.is_active(now):
            raise NoAccessError(f"user {user_id} has no access")
        uuid, token = new_key()
        host_id = await tx.fetchval(_REISSUE, user_id, uuid, token, now)
        if host_id is not None:
            await vpn_clients.want(
                tx,
                uuid=uuid,
                host_id=host_id,
                user_id=user_id,
                desired="present",
                expires_at=current.expires_at,
                traffic_limit_bytes=current.limits.traffic_limit_bytes,
                replaces=current.vpn_uuid if current.host_id is not None else None,
                now=now,
            )
        renewed = await tx.fetchrow(_OF_PERSON, user_id)
    assert renewed is not None  # noqa: S101 - typing: the person is locked
    changed = subscription_from(renewed)
    assert changed is not None  # noqa: S101 - typing: no outer join
    return changed


def new_key() -> tuple[UUID, str]:
    """Return a UUID for a VPN host, and a token for the subscription link: both secrets."""
    return uuid4(), secrets.token_urlsafe(24)
