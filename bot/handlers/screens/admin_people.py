"""People as administrators see them: who was found, one of them, and their whole history."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any

from bot.handlers.screens.admin_desk import provider, short
from bot.handlers.screens.admin_payments import state
from bot.handlers.screens.screen import Screen, back, button, rows
from bot.money import Money
from bot.shop.people import Event, Person
from bot.shop.subscriptions import Subscription
from bot.telegram.types import InlineKeyboardButton
from bot.texts import Texts

_LONGEST_NOTE = 120
GIVEN_DAYS = (1, 7, 30, 90)
TAKEN_DAYS = (1, 7)


def found(texts: Texts, words: str, people: Sequence[Person]) -> Screen:
    """Whom the words may mean."""
    again = button(texts("admin-find-again"), "a-find")
    if not people:
        said = texts("admin-nobody", words=escape(short(words)))
        return Screen(said, rows(again, back(texts, "a-desk")))
    listed = [button(short(_called(person)), f"a-person:{person.id}") for person in people]
    return Screen(texts("admin-found"), rows(*listed, again, back(texts, "a-desk")))


def person(
    texts: Texts, who: Person, balance: Money, access: Subscription | None, now: datetime
) -> Screen:
    """One person, how they stand with the shop, and what can be done for them."""
    lines = [
        f"👤 <b>{escape(_name(who))}</b>",
        f"@{escape(who.username)} · <code>{who.id}</code>"
        if who.username
        else f"<code>{who.id}</code>",
        "",
        _access(texts, access, now),
        texts("admin-person-balance", balance=texts.money(balance)),
        texts("admin-person-known", since=texts.day(who.created_at), seen=texts.day(who.seen_at)),
    ]
    if who.referrer_id is not None:
        lines.append(texts("admin-person-referrer", id=f"<code>{who.referrer_id}</code>"))
    if who.blocked_at is not None:
        lines.append(texts("admin-person-blocked", at=texts.day(who.blocked_at)))
    if who.banned_at is not None:
        lines.append(texts("admin-person-banned", at=texts.day(who.banned_at)))
    ban = 0 if who.banned_at is not None else 1
    return Screen(
        "\n".join(lines),
        rows(
            [
                button(texts("admin-person-access"), f"a-access:{who.id}"),
                button(texts("admin-person-adjust"), f"a-balance:{who.id}"),
            ],
            [
                button(texts("admin-person-payments"), f"a-payments:{who.id}"),
                button(texts("admin-person-history"), f"a-history:{who.id}:0"),
            ],
            button(texts("admin-ban" if ban else "admin-unban"), f"a-ban:{ban}:{who.id}"),
            [button(texts("admin-find-again"), "a-find"), back(texts, "a-desk")],
        ),
    )


def access(texts: Texts, who: Person, has: Subscription | None, now: datetime, form: str) -> Screen:
    """Time to give and to take; `form` makes each button of this screen happen once."""

    def by(days: int) -> InlineKeyboardButton:
        sign = "+" if days > 0 else "\N{MINUS SIGN}"
        label = f"{sign}{texts('duration-days', count=abs(days))}"
        return button(label, f"a-give:{who.id}:{days}:{form}")

    is_active = has is not None and has.is_active(now)
    given = [by(days) for days in GIVEN_DAYS]
    taken = [by(-days) for days in TAKEN_DAYS] if is_active else []
    end = [button(texts("admin-access-end"), f"a-end:{who.id}")] if is_active else []
    return Screen(
        "\n\n".join(
            [
                texts("admin-access", name=escape(_name(who))),
                _access(texts, has, now),
                texts("admin-access-choose"),
            ]
        ),
        rows(
            given[:2],
            given[2:],
            taken,
            button(texts("admin-access-other"), f"a-days:{who.id}"),
            end,
            back(texts, f"a-person:{who.id}"),
        ),
    )


def history(
    texts: Texts, who: Person, events: Sequence[Event], *, offset: int, page: int, more: bool
) -> Screen:
    """A page of what happened to a person, the latest first."""
    lines = [texts("admin-history", name=escape(_name(who)))]
    lines += [_event(texts, event) for event in events] or [texts("admin-history-empty")]
    turns = []
    if offset:
        newer = f"a-history:{who.id}:{max(offset - page, 0)}"
        turns.append(button(texts("admin-newer"), newer))
    if more:
        turns.append(button(texts("admin-older"), f"a-history:{who.id}:{offset + page}"))
    return Screen("\n\n".join(lines), rows(turns, back(texts, f"a-person:{who.id}")))


def reason_of_adjustment(texts: Texts, who: Person, by: Money) -> str:
    """Ask why a balance is corrected, and say by how much it will be."""
    words = "admin-balance-add" if by.amount_minor > 0 else "admin-balance-take"
    return texts(words, name=escape(_name(who)), amount=texts.money(max(by, -by)))


def _name(who: Person) -> str:
    return f"{who.first_name} {who.last_name or ''}".strip()


def _called(who: Person) -> str:
    return f"{_name(who)} · @{who.username}" if who.username else f"{_name(who)} · {who.id}"


def _access(texts: Texts, has: Subscription | None, now: datetime) -> str:
    if has is None:
        return texts("admin-access-none")
    until = texts.moment(has.expires_at)
    if not has.is_active(now):
        return texts("admin-access-over", until=until)
    words = "admin-access-trial" if has.is_trial else "admin-access-runs"
    return texts(words, until=until, left=texts.left(has.expires_at - now))


def _event(texts: Texts, event: Event) -> str:
    details = event.details
    said = {
        "payment": lambda: texts(
            "admin-event-payment",
            id=str(details["id"]),
            amount=_money(texts, details),
            provider=provider(texts, details["provider"]),
            state=state(texts, details["state"]),
        ),
        "purchase": lambda: texts(
            "admin-event-purchase",
            id=str(details["id"]),
            item=texts(f"admin-item-{details['item']}"),
            amount=_money(texts, details),
            state=texts(f"admin-purchase-{details['state']}"),
        ),
        "ledger": lambda: texts(
            "admin-event-ledger",
            amount=_money(texts, details),
            reason=texts(f"admin-ledger-{details['reason']}"),
            balance=texts.money(Money(details["balance_minor"], details["currency"])),
        ),
        "access": lambda: texts(
            "admin-event-access",
            time=_time(texts, details["seconds"]),
            source=texts(f"admin-source-{details['source']}"),
        ),
        "audit": lambda: texts(
            "admin-event-audit",
            action=deed(texts, details["action"]),
            admin=str(details["admin_id"]),
        ),
        "promo": lambda: texts("admin-event-promo", code=escape(details["code"])),
    }[event.kind]()
    if note := details.get("note"):
        said += f" — <i>{escape(short(str(note), _LONGEST_NOTE))}</i>"
    return f"<i>{texts.moment(event.at)}</i>\n{said}"


def deed(texts: Texts, action: str) -> str:
    """Return what an administrator did, of an action of the audit log: `payment.refund`."""
    name = action.replace(".", "-").replace("_", "-")
    return texts(f"admin-deed-{name}")


def _money(texts: Texts, details: Mapping[str, Any]) -> str:
    return texts.money(Money(details["amount_minor"], details["currency"]))


def _time(texts: Texts, seconds: int) -> str:
    sign = "+" if seconds >= 0 else "\N{MINUS SIGN}"
    return sign + texts.left(timedelta(seconds=abs(seconds)))
