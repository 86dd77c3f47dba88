"""Money as administrators see it: what needs a look, one payment, and the two ways out of it."""

from collections.abc import Sequence
from html import escape

from bot.handlers.screens.admin_desk import provider, short, sure
from bot.handlers.screens.screen import Screen, back, button, rows
from bot.shop.payment_reads import Payment
from bot.shop.purchases import PurchaseKind
from bot.shop.reviews import Review
from bot.telegram.types import InlineKeyboardButton
from bot.texts import Texts

_LONGEST_ERROR = 300
_MOST_SHOWN = 20


def to_look_at(texts: Texts, reviews: Sequence[Review], refunds: Sequence[Payment]) -> Screen:
    """Payments that wait for a decision, and refunds whose money isn't back yet."""
    paragraphs = [texts("admin-payments")]
    paragraphs.append(
        texts("admin-reviews", count=len(reviews)) if reviews else texts("admin-reviews-none")
    )
    if refunds:
        paragraphs.append(texts("admin-refunds", count=len(refunds)))
    listed = [
        button(
            f"❓ {texts.money(each.amount)} · {provider(texts, each.provider)} · "
            f"{texts.day(each.paid_at)}",
            f"a-pay:{each.payment_id}",
        )
        for each in reviews[:_MOST_SHOWN]
    ] + [
        button(
            f"{'⚠️' if is_stuck(each) else '↩️'} {texts.money(each.amount)} · "
            f"{provider(texts, each.provider)}",
            f"a-pay:{each.id}",
        )
        for each in refunds[:_MOST_SHOWN]
    ]
    refresh = button(texts("admin-refresh"), "a-reviews")
    return Screen("\n\n".join(paragraphs), rows(*listed, refresh, back(texts, "a-desk")))


def of_person(texts: Texts, user_id: int, payments: Sequence[Payment]) -> Screen:
    """The payments of a person, the latest first."""
    listed = [
        button(
            f"{texts.day(each.paid_at)} · {texts.money(each.amount)} · {state(texts, each.state)}",
            f"a-pay:{each.id}",
        )
        for each in payments
    ]
    words = texts("admin-payments-of-person" if payments else "admin-payments-of-person-none")
    return Screen(words, rows(*listed, back(texts, f"a-person:{user_id}")))


def payment(texts: Texts, shown: Payment) -> Screen:
    """One payment, and what can be done with it in its state."""
    lines = [
        texts("admin-payment", id=str(shown.id), amount=texts.money(shown.amount)),
        "",
        texts(
            "admin-payment-came",
            provider=provider(texts, shown.provider),
            at=texts.moment(shown.paid_at),
        ),
        texts("admin-payment-charge", charge=escape(short(shown.charge_id, 100))),
        texts("admin-payment-for", what=_what_for(texts, shown)),
    ]
    if shown.asked is not None and shown.asked != shown.amount:
        lines.append(texts("admin-payment-asked", amount=texts.money(shown.asked)))
    lines.append(texts("admin-payment-state", state=state(texts, shown.state)))
    if shown.state == "review" and shown.reason is not None:
        lines += ["", texts(f"admin-review-{shown.reason.replace('_', '-')}")]
    if shown.state == "refunding":
        lines += ["", _refund_state(texts, shown)]
    person = (
        [button(texts("admin-payment-person"), f"a-person:{shown.user_id}")]
        if shown.user_id is not None
        else []
    )
    return Screen(
        "\n".join(lines), rows(*_ways_out(texts, shown), person, back(texts, "a-reviews"))
    )


def sure_to_refund(texts: Texts, shown: Payment) -> Screen:
    """What is asked before money goes back."""
    words = [texts("admin-refund-sure", id=str(shown.id), amount=texts.money(shown.amount))]
    if shown.state == "review":
        words.append(texts("admin-refund-takes-nothing"))
    elif shown.kind is not None:
        words.append(texts(f"admin-refund-takes-{shown.kind}"))
    return sure(
        texts,
        "\n\n".join(words),
        yes=texts("admin-refund-yes", amount=texts.money(shown.amount)),
        do=f"a-refund-yes:{shown.id}",
        cancel=f"a-pay:{shown.id}",
    )


def sure_by_hand(texts: Texts, shown: Payment) -> Screen:
    """What is asked before a refund is marked as sent in another way."""
    return sure(
        texts,
        texts("admin-by-hand-sure", id=str(shown.id), amount=texts.money(shown.amount)),
        yes=texts("admin-by-hand-yes"),
        do=f"a-by-hand-yes:{shown.id}",
        cancel=f"a-pay:{shown.id}",
    )


def state(texts: Texts, name: str) -> str:
    """Return how a payment stands, in words."""
    return texts(f"admin-state-{name}")


def is_stuck(shown: Payment) -> bool:
    """Say whether the provider refuses a refund for good: somebody has to send the money."""
    return shown.state == "refunding" and shown.next_try_at is None


def _ways_out(texts: Texts, shown: Payment) -> list[InlineKeyboardButton]:
    refund = button(texts("admin-refund"), f"a-refund:{shown.id}")
    match shown.state:
        case "review":
            return [button(texts("admin-grant"), f"a-grant:{shown.id}"), refund]
        case "applied":
            return [refund]
        case "refunding":
            return [button(texts("admin-by-hand"), f"a-by-hand:{shown.id}")]
        case _:
            return []


def _what_for(texts: Texts, shown: Payment) -> str:
    if shown.kind is None:
        return texts("admin-item-unknown")
    title = shown.title_ru if texts.locale == "ru" else shown.title_en
    item = texts(f"admin-item-{shown.kind}")
    if shown.kind is PurchaseKind.TOPUP or title is None:
        return item
    return f"{item}, {escape(title)}"


def _refund_state(texts: Texts, shown: Payment) -> str:
    error = escape(short(shown.last_error or "—", _LONGEST_ERROR))
    if shown.next_try_at is None:
        return texts("admin-refund-refused", error=error)
    if not shown.last_error:
        return texts("admin-refund-waits")
    at = texts.moment(shown.next_try_at)
    return texts("admin-refund-tried", attempts=shown.attempts, error=error, at=at)
