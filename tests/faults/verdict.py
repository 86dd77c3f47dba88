"""What became of the payments: the payers' record against the database, and what people got.

await settle(place, database)
figures = await judge("kill -9", 50, place, traffic, database)
"""

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import astuple, dataclass, fields
from typing import Any

import trio

from bot.payments.provider import ProviderName
from tests.e2e.conftest import TestDatabase
from tests.e2e.market import Surroundings, words_of
from tests.faults.traffic import (
    DAYS,
    PRICE_MINOR,
    REFERRAL_PERCENT,
    TOPUP_MINOR,
    Paid,
    Traffic,
    is_notice,
)

_DAY_SECONDS = 86_400
# A message is dated to the second, and its success is recorded a little after it went out.
_RECORDED_WITHIN = 10

_WAITING = """
    select (select count(*) from notifications where chat_id is not null and sent_at is null
                                                 and failed_at is null)
         + (select count(*) from vpn_clients where applied_version < version)
"""
# What each payment brought about; a person's payment is known by its provider and its proof.
_PAYMENTS = """
    select p.provider, p.charge_id, p.user_id, p.purchase_id, p.state, x.kind, x.pay_url,
           (select count(*) from access_grants g where g.payment_id = p.id) as grants,
           (select count(*) from ledger l
             where l.purchase_id = p.purchase_id and l.kind = 'topup') as credits,
           (select count(*) from ledger l
             where l.purchase_id = p.purchase_id and l.kind = 'purchase') as debits
      from payments p
      left join purchases x on x.id = p.purchase_id
"""
_TIME = """
    select user_id, sum(seconds) as seconds,
           bool_and(expires_after = expires_before + make_interval(secs => seconds)
                    or expires_before is null) as unbroken
      from access_grants
     group by user_id
"""
_BALANCES = """
    select user_id, amount_minor, coalesce(total, 0) as total
      from balances
      full join (select user_id, currency, sum(amount_minor) as total
                   from ledger group by user_id, currency) as l
     using (user_id, currency)
"""
_KEYS = """
    select user_id, vpn_uuid from subscriptions where ended_at is null
"""
_UNSENT = """
    select count(*) as unsent from notifications where chat_id is not null and sent_at is null
"""
_SENT = """
    select chat_id, extract(epoch from sent_at) as sent_at
      from notifications
     where sent_at is not null and chat_id is not null
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What an experiment came to."""

    experiment: str
    faults: int
    payments: int
    lost: int
    """Paid, and without its effect."""
    doubled: int
    """Effects beyond what was paid, and notices sent once more after their success was noted."""
    unprovisioned: int
    unsent: int
    longest_outage_seconds: float

    @property
    def sound(self) -> bool:
        """True if nothing was lost, doubled, or not done."""
        return not (self.lost or self.doubled or self.unprovisioned or self.unsent)


async def settle(place: Surroundings, database: TestDatabase, seconds: float = 180) -> None:
    """Return once nothing is on its way: no update, no webhook, no notice, no key."""

    async def nothing_waits() -> bool:
        return await _psql(database, _WAITING) == "0"

    with trio.fail_after(seconds):
        await place.telegram.until_delivered(seconds)
        await place.until_told("cryptopay")
        await place.telegram.until(nothing_waits, seconds)


async def judge(
    experiment: str, faults: int, place: Surroundings, traffic: Traffic, database: TestDatabase
) -> Figures:
    """Return the figures of an experiment; prints whatever is wrong, a line each."""
    payments = await _rows(database, _PAYMENTS)
    lost = [*_without_effect(traffic.record, payments)]
    doubled = [*_beyond_record(traffic.record, payments)]
    for person, owed, has in [
        *_time(traffic, await _rows(database, _TIME)),
        *_money(traffic, await _rows(database, _BALANCES)),
    ]:
        (lost if has < owed else doubled).append(f"{person}: {has} instead of {owed}")
    doubled += [words async for words in _told_again(place, traffic, database)]
    on_host = set(await place.keys_on_host())
    keys = {row["user_id"]: row["vpn_uuid"] for row in await _rows(database, _KEYS)}
    with_access = {paid.person for paid in traffic.record if paid.what == "access"}
    unprovisioned = [person for person in with_access if keys.get(person) not in on_host]
    [row] = await _rows(database, _UNSENT)
    for name, wrong in (("lost", lost), ("doubled", doubled), ("no key", unprovisioned)):
        for each in wrong:
            print(f"{experiment}: {name}: {each}")
    return Figures(
        experiment,
        faults,
        len(traffic.record),
        len(lost),
        len(doubled),
        len(unprovisioned),
        row["unsent"],
        round(traffic.longest_outage, 1),
    )


def table(rows: list[Figures]) -> str:
    """Return the figures as a Markdown table that is as readable as it stands."""
    names = [field.name.replace("_", " ") for field in fields(Figures)]
    cells = [names, *([str(cell) for cell in astuple(row)] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in cells
    ]
    ruler = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], ruler, *lines[1:]])


# ---- payment by payment ----


def _proof(row: dict[str, Any]) -> tuple[str, str]:
    match row["provider"]:
        case ProviderName.CRYPTOPAY:
            return row["provider"], row["pay_url"]
        case ProviderName.BALANCE:
            return row["provider"], str(row["purchase_id"])
    return row["provider"], row["charge_id"]


def _without_effect(record: list[Paid], payments: list[dict[str, Any]]) -> Iterator[str]:
    found = {_proof(row): row for row in payments}
    for paid in record:
        row = found.get((paid.provider, paid.proof))
        effect = {"access": "grants", "topup": "credits"}[paid.what]
        if row is None or row["state"] != "applied" or not row[effect]:
            yield f"{paid}: {row}"


def _beyond_record(record: list[Paid], payments: list[dict[str, Any]]) -> Iterator[str]:
    known = {(paid.provider, paid.proof) for paid in record}
    for row in payments:
        if _proof(row) not in known or max(row["grants"], row["credits"], row["debits"]) > 1:
            yield str(row)


# ---- person by person ----


def _time(traffic: Traffic, rows: list[dict[str, Any]]) -> Iterator[tuple[int, str, str]]:
    times = Counter(paid.person for paid in traffic.record if paid.what == "access")
    has = {row["user_id"]: row for row in rows}
    for person in sorted(times | Counter(has.keys())):
        row = has.get(person, {"seconds": 0, "unbroken": True})
        owed = times[person] * DAYS * _DAY_SECONDS
        if row["seconds"] != owed or not row["unbroken"]:
            yield person, f"{owed:012} s of access", f"{row['seconds']:012} s of access"


def _money(traffic: Traffic, rows: list[dict[str, Any]]) -> Iterator[tuple[int, str, str]]:
    owed: defaultdict[int, int] = defaultdict(int)
    for paid in traffic.record:
        value = TOPUP_MINOR if paid.what == "topup" else PRICE_MINOR
        if paid.what == "topup":
            owed[paid.person] += value
        if paid.provider is ProviderName.BALANCE:
            owed[paid.person] -= value
        elif (referrer := traffic.invited_by.get(paid.person)) is not None:
            owed[referrer] += value * REFERRAL_PERCENT // 100
    has = {row["user_id"]: row for row in rows}
    for person in sorted(owed.keys() | has.keys()):
        row = has.get(person, {"amount_minor": 0, "total": 0})
        if not owed[person] == row["amount_minor"] == row["total"]:
            yield person, f"{owed[person]:012} on the balance", f"{row['amount_minor']:012}"


async def _told_again(
    place: Surroundings, traffic: Traffic, database: TestDatabase
) -> AsyncIterator[str]:
    """Yield the notices that went out once more although their success had been noted.

    A crash between the two may send one twice: then it is the last copy that is noted.
    """
    sent: defaultdict[int, list[float]] = defaultdict(list)
    for row in await _rows(database, _SENT):
        sent[row["chat_id"]].append(row["sent_at"])
    for person in traffic.people:
        copies: defaultdict[str, list[int]] = defaultdict(list)
        for message in await place.telegram.answers(person):
            if is_notice(message):
                copies[words_of(message)].append(message["date"])
        for words, dates in copies.items():
            last = max(dates)
            noted = [at for at in sent[person] if last - 1 <= at <= last + _RECORDED_WITHIN]
            if len(dates) > 1 and not noted:
                yield f"{person} was told at {dates}, noted at {sent[person]}: {words}"


async def _rows(database: TestDatabase, sql: str) -> list[dict[str, Any]]:
    answer = await _psql(
        database,
        f"select coalesce(json_agg(row_to_json(each)), '[]') from ({sql}) as each",  # noqa: S608
    )
    rows: list[dict[str, Any]] = json.loads(answer)
    return rows


async def _psql(database: TestDatabase, sql: str) -> str:
    return await trio.to_thread.run_sync(database.psql, sql)
