"""Reminders of what ends: the notices before access expires, and the steps of a trial's life.

Each is one statement that writes a batch of notices straight into the outbox. A notice's key
holds the moment it is about, so one person gets one of each kind for each period, however often
the statements run; after a long stop only the most urgent one that still applies is written.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.db import Lane

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Stage:
    """A notice about the time between `from_left` and `to_left` before access ends.

    What lies behind the end is less than zero: -1 day is the day after it.
    """

    kind: str
    from_left: timedelta
    to_left: timedelta


REMINDERS = (
    Stage("expires-in-3-days", timedelta(days=3), timedelta(days=1)),
    Stage("expires-in-a-day", timedelta(days=1), timedelta(hours=3)),
    Stage("expires-in-3-hours", timedelta(hours=3), timedelta(0)),
)
TRIAL_STEPS = (
    Stage("trial-ends-in-a-day", timedelta(days=1), timedelta(hours=3)),
    Stage("trial-ends-in-3-hours", timedelta(hours=3), timedelta(0)),
    Stage("trial-ended", timedelta(0), timedelta(days=-1)),
    Stage("trial-missed", timedelta(days=-2), timedelta(days=-4)),
)
TRIAL_STARTED = "trial-started"
_STARTED_AFTER = timedelta(hours=2)
_STARTED_UNTIL = timedelta(hours=24)

# Who is renewed without doing anything needs no reminder; a balance that is too small is another
# matter. A period that began inside the stage needs none either: the person has just bought.
_WRITE = """
    with due as (
        select subscriptions.user_id, expires_at
          from subscriptions
          join users on users.id = subscriptions.user_id
          left join plans on plans.id = plan_id
          left join balances on balances.user_id = subscriptions.user_id
         where expires_at <= $1::timestamptz + $3::interval  -- subscriptions_by_expiry
           and expires_at > $1::timestamptz + $4::interval
           and is_trial = $5
           and not exists (
               select 1
                 from access_grants  -- access_grants_of_user
                where access_grants.user_id = subscriptions.user_id
                  and expires_after = expires_at
                  and access_grants.created_at >= expires_at - $3::interval
           )
           and users.blocked_at is null
           and (stars_charge_id is null or stars_canceled)
           and not (auto_renew and coalesce(balances.amount_minor >= plans.price_minor, false))
           and not exists (
               select 1
                 from notifications  -- unique (chat_id, key)
                where chat_id = subscriptions.user_id
                  and key = $2 || ':' || extract(epoch from expires_at)::bigint
           )
         limit $6
    )
    insert into notifications (chat_id, kind, params, key, created_at, run_at)
    select user_id, $2, jsonb_build_object('expires_at', expires_at),
           $2 || ':' || extract(epoch from expires_at)::bigint, $1, $1
      from due
    on conflict (chat_id, key) do nothing
"""

_WRITE_TRIAL_STARTED = """
    with due as (
        select user_id, expires_at
          from subscriptions
          join users on users.id = user_id
         where is_trial
           and ended_at is null  -- subscriptions_to_end
           and expires_at > $1
           and subscriptions.created_at
               between $1::timestamptz - $4::interval and $1::timestamptz - $3::interval
           and users.blocked_at is null
           and not exists (
               select 1 from notifications where chat_id = user_id and key = $2
           )
         limit $5
    )
    insert into notifications (chat_id, kind, params, key, created_at, run_at)
    select user_id, $2, jsonb_build_object('expires_at', expires_at), $2, $1, $1
      from due
    on conflict (chat_id, key) do nothing
"""


async def write_reminders(lane: Lane, now: datetime, limit: int = _BATCH) -> int:
    """Write the notices of paid access that ends; returns how many, at most `limit` a stage."""
    return sum([await _write(lane, stage, now, limit, trial=False) for stage in REMINDERS])


async def write_trial_steps(lane: Lane, now: datetime, limit: int = _BATCH) -> int:
    """Write the notices of trials: begun, ending, ended; returns how many were written."""
    tag = await lane.execute(
        _WRITE_TRIAL_STARTED, now, TRIAL_STARTED, _STARTED_AFTER, _STARTED_UNTIL, limit
    )
    return _count(tag) + sum(
        [await _write(lane, stage, now, limit, trial=True) for stage in TRIAL_STEPS]
    )


async def _write(lane: Lane, stage: Stage, now: datetime, limit: int, *, trial: bool) -> int:
    return _count(
        await lane.execute(_WRITE, now, stage.kind, stage.from_left, stage.to_left, trial, limit)
    )


def _count(tag: str) -> int:
    """Return the rows of a command tag, `INSERT 0 12` (PostgreSQL documentation, 55.7)."""
    return int(tag.rpartition(" ")[2])
