"""The balance, how it came to that, and topping it up."""

from bot.handlers.screens.screen import Screen, back, button, rows
from bot.money import Money
from bot.payments.provider import ProviderName
from bot.shop.ledger import Entry, LedgerKind
from bot.shop.purchases import topup_price
from bot.shop.terms import Terms
from bot.telegram.types import InlineKeyboardButton
from bot.texts import Texts


def balance(
    texts: Texts,
    amount: Money,
    entries: list[Entry],
    *,
    earlier: int | None,
    latest: bool,
    headline: str | None = None,
) -> Screen:
    """What there is, and a page of movements.

    `earlier` is where the page before this one begins, None if there is none; `latest` says that
    none comes after it. `headline` says what has just happened.
    """
    paragraphs = [] if headline is None else [headline]
    paragraphs.append(texts("balance", amount=texts.money(amount)))
    if entries:
        paragraphs.append("\n".join([texts("balance-movements"), *_lines(texts, entries)]))
    else:
        paragraphs.append(texts("balance-empty"))
    pages: list[InlineKeyboardButton] = []
    if not latest:
        pages.append(button(texts("page-latest"), "balance"))
    if earlier is not None:
        pages.append(button(texts("page-earlier"), f"balance:before:{earlier}"))
    keyboard = rows(button(texts("balance-topup"), "topup"), pages, back(texts))
    return Screen("\n\n".join(paragraphs), keyboard)


def amounts(texts: Texts, terms: Terms) -> Screen:
    """The amounts that are offered, and one's own."""
    offered = [
        button(texts.money(Money(minor, terms.currency)), f"topup:{minor}")
        for minor in terms.topup_amounts
    ]
    by_two = [offered[i : i + 2] for i in range(0, len(offered), 2)]
    own = button(texts("topup-own"), "topup:own")
    return Screen(texts("topup"), rows(*by_two, own, back(texts, "balance")))


def own_amount(texts: Texts, least: Money, most: Money, *, wrong: bool = False) -> Screen:
    """The question for an amount; `wrong`: the one that was written can't be."""
    asked = texts("topup-write", least=texts.money(least), most=texts.money(most))
    text = f"{texts('topup-not-an-amount')}\n\n{asked}" if wrong else asked
    return Screen(text, rows(back(texts, "topup")))


def ways(texts: Texts, amount: Money, outside: tuple[ProviderName, ...], terms: Terms) -> Screen:
    """The ways to pay for a top-up, each with its price."""
    minor = amount.amount_minor
    buttons = [
        button(
            texts(f"way-{way}", price=texts.money(topup_price(minor, way, terms))),
            f"topup:by:{way}:{minor}",
        )
        for way in outside
    ]
    text = texts("topup-ways", amount=texts.money(amount))
    return Screen(text, rows(*buttons, back(texts, "topup")))


def _lines(texts: Texts, entries: list[Entry]) -> list[str]:
    return [
        texts(
            "balance-movement",
            amount=_signed(texts, entry.amount),
            what=texts(_WHAT[entry.kind, entry.amount.amount_minor > 0]),
            day=texts.day(entry.created_at),
        )
        for entry in entries
    ]


def _signed(texts: Texts, amount: Money) -> str:
    return f"+{texts.money(amount)}" if amount.amount_minor > 0 else texts.money(amount)


# A refund puts back what was bought from the balance, and takes what a refunded top-up put there.
_WHAT = {
    (LedgerKind.TOPUP, True): "movement-topup",
    (LedgerKind.TOPUP, False): "movement-topup",
    (LedgerKind.PURCHASE, True): "movement-purchase",
    (LedgerKind.PURCHASE, False): "movement-purchase",
    (LedgerKind.REFERRAL, True): "movement-referral",
    (LedgerKind.REFERRAL, False): "movement-referral-reversed",
    (LedgerKind.PROMO, True): "movement-promo",
    (LedgerKind.PROMO, False): "movement-promo",
    (LedgerKind.ADJUSTMENT, True): "movement-adjustment",
    (LedgerKind.ADJUSTMENT, False): "movement-adjustment",
    (LedgerKind.REFUND, True): "movement-refund",
    (LedgerKind.REFUND, False): "movement-topup-refunded",
}
