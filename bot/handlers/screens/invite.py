"""The link by which a person invites others, and what it came to."""

from urllib.parse import quote

from bot.handlers.screens.screen import Screen, back, button, copying, link, rows
from bot.shop.referrals import ReferralSummary
from bot.texts import Texts


def invite(texts: Texts, url: str, summary: ReferralSummary, *, percent: int) -> Screen:
    """The link and its counters; of earnings only where there are any to be had."""
    earns = percent > 0
    about = texts("invite-earns", percent=percent) if earns else texts("invite-about")
    counters = [
        texts("invite-invited", count=summary.invited),
        texts("invite-paid", count=summary.paid),
    ]
    if earns or summary.earned:
        counters.append(texts("invite-earned", earned=texts.money(summary.earned)))
    text = "\n\n".join(
        [
            texts("invite"),
            about,
            texts("invite-link", link=url),
            "\n".join(counters),
        ]
    )
    balance = [button(texts("menu-balance"), "balance")] if earns else []
    keyboard = rows(
        link(texts("invite-share"), share_address(url, texts("invite-words"))),
        copying(texts("invite-copy"), url),
        [*balance, back(texts)],
    )
    return Screen(text, keyboard)


def share_address(url: str, words: str) -> str:
    """Return the address that lets a person choose a chat and send `words` with a link there.

    Telegram: "Deep links", share links: `https://t.me/share?url=<url>&text=<text>`.
    """
    return f"https://t.me/share?url={quote(url, safe='')}&text={quote(words, safe='')}"
