"""Figures for administrators: people, access, money by day and provider, conversion and churn."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.db import Lane
from bot.money import Money

_PERIOD = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class People:
    """How many people there are, and how many have access now."""

    total: int
    new_in_a_day: int
    new_in_a_period: int
    blocked_the_bot: int
    active_paid: int
    active_trials: int


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many; `percent` is a whole number, None of nothing."""

    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        """Return the share in percent, rounded half up."""
        return (self.part * 200 + self.whole) // (self.whole * 2) if self.whole else None


@dataclass(frozen=True, slots=True)
class Takings:
    """What one provider brought on one day (UTC), refunds already taken off."""

    day: date
    provider: str
    amount: Money
    payments: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of the last 30 days at one moment."""

    people: People
    conversion: Share
    """Of those whose trial began in the period: who paid since."""
    churn: Share
    """Of those whose paid access ran in the period: whose ended and was not renewed."""
    takings: tuple[Takings, ...]
    """By day, then provider; money from outside only: what is paid from balances came in before."""
    to_look_at: int
    """Payments in review or whose refund is on its way."""


_PEOPLE = """
    select count(*)                                              as total,
           count(*) filter (where created_at > $1::timestamptz - interval '1 day') as new_in_a_day,
           count(*) filter (where created_at > $2)               as new_in_a_period,
           count(*) filter (where blocked_at is not null)        as blocked_the_bot
      from users
"""

_ACCESS = """
    select count(*) filter (where expires_at > $1 and not is_trial) as active_paid,
           count(*) filter (where expires_at > $1 and is_trial)     as active_trials,
           count(*) filter (where expires_at between $2 and $1 and not is_trial) as ended
      from subscriptions
"""

_CONVERSION = """
    select count(*) as whole,
           count(*) filter (where exists (
               select 1
                 from payments
                where payments.user_id = access_grants.user_id  -- payments_of_user
                  and payments.paid_at >= access_grants.created_at
                  and payments.state = 'applied'
           )) as part
      from access_grants
     where source = 'trial' and created_at > $1
"""

_TAKINGS = """
    select (paid_at at time zone 'UTC')::date as day, provider, currency,
           sum(amount_minor)::bigint as amount_minor, count(*) as payments
      from payments
     where paid_at > $1  -- payments_by_day
       and provider <> 'balance'
       and state in ('applied', 'review')
     group by day, provider, currency
     order by day, provider, currency
"""

_TO_LOOK_AT = """
    select count(*)
      from payments
     where state in ('review', 'refunding')  -- payments_to_look_at
"""


async def statistics(lane: Lane, now: datetime) -> Statistics:
    """Return the figures; five statements, each a snapshot of its own."""
    since = now - _PERIOD
    people = await lane.fetch(_PEOPLE, now, since)
    access = await lane.fetch(_ACCESS, now, since)
    conversion = await lane.fetch(_CONVERSION, since)
    takings = await lane.fetch(_TAKINGS, since)
    counted, ran = people[0], access[0]
    return Statistics(
        people=People(
            total=counted["total"],
            new_in_a_day=counted["new_in_a_day"],
            new_in_a_period=counted["new_in_a_period"],
            blocked_the_bot=counted["blocked_the_bot"],
            active_paid=ran["active_paid"],
            active_trials=ran["active_trials"],
        ),
        conversion=Share(conversion[0]["part"], conversion[0]["whole"]),
        churn=Share(ran["ended"], ran["ended"] + ran["active_paid"]),
        takings=tuple(
            Takings(
                day=row["day"],
                provider=row["provider"],
                amount=Money(row["amount_minor"], row["currency"]),
                payments=row["payments"],
            )
            for row in takings
        ),
        to_look_at=await payments_to_look_at(lane),
    )


async def payments_to_look_at(lane: Lane) -> int:
    """Return how many payments are in review or on their way back."""
    count: int = await lane.fetchval(_TO_LOOK_AT)
    return count
