"""How a person's access is reached: their key, their host, and whether the host has them yet."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.db import Lane, Row
from bot.shop.subscriptions import COLUMNS, Subscription, subscription_from
from bot.shop.users import Locale, locale_of

# users_pkey, vpn_hosts_pkey, vpn_clients_pkey, plans_pkey. A key that was applied once stays on
# its host while a later version of it (another end, other limits) is on its way.
_CONNECTION = f"""
    select {COLUMNS}, users.language, users.language_code,
           vpn_hosts.share_link as host_share_link,
           plans.title_ru, plans.title_en, plans.active as plan_active,
           c.applied_version > 0 as applied, c.flagged_at is not null as flagged
      from subscriptions s
      join users on users.id = s.user_id
      left join vpn_hosts on vpn_hosts.id = s.host_id
      left join vpn_clients c
             on c.host_id = s.host_id and c.uuid = s.vpn_uuid and c.desired = 'present'
      left join plans on plans.id = s.plan_id
"""  # noqa: S608 - columns of ours
_OF_PERSON = f"{_CONNECTION} where s.user_id = $1"
_OF_TOKEN = f"{_CONNECTION} where s.link_token = $1"  # subscriptions_link_token_key


class Reach(StrEnum):
    """Whether a key works now."""

    READY = "ready"
    SETTING_UP = "setting-up"  # the host will have it within seconds
    DELAYED = "delayed"  # the host doesn't answer; it is tried until it does
    NO_ROOM = "no-room"  # no host has a place yet
    OVER = "over"  # the time is


@dataclass(frozen=True, slots=True)
class Connection:
    """A person's access and the way to it; `host_share_link` None: there is no host for them."""

    subscription: Subscription
    locale: Locale
    title_ru: str | None
    title_en: str | None
    plan_active: bool
    host_share_link: str | None = field(repr=False)
    is_applied: bool
    is_flagged: bool

    def reach(self, now: datetime) -> Reach:
        """Say whether the key works at this moment."""
        if not self.subscription.is_active(now):
            return Reach.OVER
        if self.host_share_link is None:
            return Reach.NO_ROOM
        if self.is_applied:
            return Reach.READY
        return Reach.DELAYED if self.is_flagged else Reach.SETTING_UP

    def plan_title(self, locale: Locale) -> str | None:
        """Return the name of the plan that was bought; None if none was."""
        return self.title_ru if locale == "ru" else self.title_en


async def connection_of(lane: Lane, user_id: int) -> Connection | None:
    """Return a person's access and the way to it; None if they never had any. One query."""
    row = await lane.fetchrow(_OF_PERSON, user_id)
    return None if row is None else _connection(row)


async def connection_by_token(lane: Lane, token: str) -> Connection | None:
    """Return the access behind a subscription link; None if it is nobody's. One query."""
    row = await lane.fetchrow(_OF_TOKEN, token)
    return None if row is None else _connection(row)


def _connection(row: Row) -> Connection:
    subscription = subscription_from(row)
    assert subscription is not None  # noqa: S101 - typing: its own table is not outer-joined
    return Connection(
        subscription=subscription,
        locale=row["language"] or locale_of(row["language_code"]),
        title_ru=row["title_ru"],
        title_en=row["title_en"],
        plan_active=bool(row["plan_active"]),
        host_share_link=row["host_share_link"],
        is_applied=bool(row["applied"]),
        is_flagged=bool(row["flagged"]),
    )
