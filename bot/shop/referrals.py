"""Who brought whom, and what it earns them.

The reward is for money that comes from outside: whatever a friend pays through a provider, for
access, a gift or a top-up. What is bought from the balance earns nothing: its money was rewarded
when it came in, or it was a reward itself.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.db import Lane, Transaction
from bot.money import Money
from bot.shop import ledger
from bot.shop.ledger import LedgerKind, Movement, Shortfall
from bot.shop.outbox import Notice
from bot.shop.purchases import Purchase
from bot.shop.terms import Terms

_PAYLOAD = re.compile(r"ref_([0-9a-z]{1,13})")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_FIRST_CONTACT = timedelta(hours=1)

# users_pkey. The first link counts, at first contact, and only people who were here before: so
# nobody brings whom they were brought by, and locks have an order.
_NOTE = """
    update users as u
       set referrer_id = r.id
      from users as r
     where u.id = $1 and r.id = $2 and u.referrer_id is null
       and u.created_at > $3 and r.created_at < u.created_at
       and (u.start_payload is null or u.start_payload = $4)
       and not exists (select from access_grants g where g.user_id = u.id)
    returning u.id
"""
# referral_rewards_pkey: a purchase is rewarded once, and only what was rewarded is credited.
REWARD = f"""
    , rewarded as (
        insert into referral_rewards (purchase_id, referrer_id, referred_id, amount_minor,
                                      currency, created_at)
        select purchase_id, referrer_id, referred_id, amount_minor, currency, created_at
          from reward
        on conflict (purchase_id) do nothing
        returning *
    ), movement as (
        select referrer_id as user_id, amount_minor, currency, 'referral' as kind,
               'referral:' || purchase_id as key, purchase_id, null::bigint as admin_id,
               null::text as note, created_at
          from rewarded
    )
    {ledger.CREDIT}
"""  # noqa: S608 - a statement of ours
"""Gives the row of a relation `reward`, if there is one; `credited` says the balance after it."""

_REWARD_ONE = f"""
    with reward as (
        select $1::bigint as purchase_id, $2::bigint as referrer_id, $3::bigint as referred_id,
               $4::bigint as amount_minor, $5::text as currency, $6::timestamptz as created_at
    )
    {REWARD}
    select balance_minor from credited
"""  # noqa: S608 - a statement of ours
_REVERSE = """
    update referral_rewards
       set reversed_at = $2
     where purchase_id = $1 and reversed_at is null
    returning referrer_id, amount_minor, currency
"""
# users_referrer, referral_rewards_of_referrer
_SUMMARY = """
    select (select count(*) from users where referrer_id = $1) as invited,
           count(distinct referred_id) as paid,
           coalesce(sum(amount_minor), 0)::bigint as earned_minor
      from referral_rewards
     where referrer_id = $1 and reversed_at is null and currency = $2
"""


@dataclass(frozen=True, slots=True)
class ReferralSummary:
    """How many people somebody brought, how many of them paid, and what that earned."""

    invited: int
    paid: int
    earned: Money


def payload_of(user_id: int) -> str:
    """Return the payload of the link by which a person invites others."""
    digits = ""
    while user_id:
        user_id, digit = divmod(user_id, 36)
        digits = _DIGITS[digit] + digits
    return f"ref_{digits or '0'}"


async def note_referrer(lane: Lane, user_id: int, payload: str, now: datetime) -> bool:
    """Remember who brought a person, at their first contact only; True if this did it."""
    found = _PAYLOAD.fullmatch(payload)
    referrer_id = int(found[1], 36) if found else 0
    if not 0 < referrer_id < 2**63 or referrer_id == user_id:
        return False
    noted = await lane.fetchval(_NOTE, user_id, referrer_id, now - _FIRST_CONTACT, payload)
    return noted is not None


@dataclass(frozen=True, slots=True)
class Reward:
    """What a purchase earns who brought its buyer."""

    purchase_id: int
    referrer_id: int
    referred_id: int
    amount: Money

    def notice(self, balance_minor: int) -> Notice:
        """Return what the referrer is told, with their balance after it."""
        params = {
            "amount_minor": self.amount.amount_minor,
            "currency": self.amount.currency,
            "balance_minor": balance_minor,
        }
        return Notice(self.referrer_id, "referral-reward", f"referral:{self.purchase_id}", params)


def reward_for(purchase: Purchase, referrer_id: int | None, terms: Terms) -> Reward | None:
    """Return the share of what was paid from outside that goes to who brought the buyer."""
    amount = Money(purchase.value_minor * terms.referral_percent // 100, terms.currency)
    if referrer_id is None or not amount:
        return None
    return Reward(purchase.id, referrer_id, purchase.user_id, amount)


async def give(tx: Transaction, reward: Reward, now: datetime) -> Notice | None:
    """Credit a reward, once per purchase; return what the referrer is to be told."""
    balance = await tx.fetchval(
        _REWARD_ONE,
        reward.purchase_id,
        reward.referrer_id,
        reward.referred_id,
        reward.amount.amount_minor,
        reward.amount.currency,
        now,
    )
    return None if balance is None else reward.notice(balance)


async def reverse(
    tx: Transaction, purchase_id: int, *, admin_id: int | None, now: datetime
) -> Shortfall | None:
    """Take the reward of a refunded purchase back, as far as the balance has it.

    Returns what was missing, for administrators to know; None if nothing was.
    """
    row = await tx.fetchrow(_REVERSE, purchase_id, now)
    if row is None:
        return None
    movement = Movement(
        row["referrer_id"],
        Money(row["amount_minor"], row["currency"]),
        LedgerKind.REFERRAL,
        f"referral-reversed:{purchase_id}",
        purchase_id,
        admin_id,
    )
    return await ledger.debit_what_is_there(tx, movement, now)


async def summary(lane: Lane, user_id: int, terms: Terms) -> ReferralSummary:
    """Return what a person's invitations came to."""
    row = await lane.fetchrow(_SUMMARY, user_id, terms.currency)
    assert row is not None  # noqa: S101 - typing: an aggregate has a row
    earned = Money(row["earned_minor"], terms.currency)
    return ReferralSummary(row["invited"], row["paid"], earned)
