"""People who buy all the while, whatever happens to the bot, and who remember what they paid.

Everybody goes round the same four payments: access by Stars, access by Crypto Pay, a top-up by
Stars, access from the balance; the first is their first, the others renew. The second of each two
was invited by the first, who earns a share. While the bot is down they wait like people: for what
they asked for, asking again after a while. What they paid is written down here when the provider
has taken it, or when they tapped what pays from the balance: the bot's database is not asked.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import trio

from bot.payments.provider import ProviderName
from bot.shop.referrals import payload_of
from tests.e2e.market import Surroundings, datas, words_of

T = TypeVar("T")

# The first of the sample plans (bot.shop.plans), and the shop's terms as they are by default.
PLAN, DAYS, PRICE_MINOR = 1, 30, 29_900
TOPUP_MINOR = 30_000
REFERRAL_PERCENT = 10

BUSY_TELEGRAM = {"overall_per_second": 10_000, "chat_burst": 10_000, "stars": 10**9}
"""A Telegram that counts nobody's messages: the bot keeps the limits by itself."""

_PLAN_TITLE = "One month"
_FIRST_PERSON = 20_001
_FIRST_LOOK, _LONGEST_LOOK = 0.05, 0.4
_ASKS_AGAIN_AFTER = 12.0
_CHECKS_AFTER = 4.0
_DONE = "✅"
"""How each message begins that tells of a payment, whether a screen or a notice."""


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment as the payer knows it.

    `proof` is Telegram's charge id, the address of the pay page, or the purchase that was paid
    from the balance.
    """

    person: int
    what: Literal["access", "topup"]
    provider: ProviderName
    proof: str


class Traffic:
    """The people, and their record; `run` lets them buy.

    `unnoticed` is the share of Crypto Pay's payments of which no webhook tells.
    """

    def __init__(
        self, place: Surroundings, *, people: int, together: int, seed: int, unnoticed: float = 0.1
    ) -> None:
        self.record: list[Paid] = []
        self.invited_by: dict[int, int] = {}
        self.longest_outage = 0.0
        """The longest that somebody waited for what a tap or a payment brings, in seconds."""
        self._place = place
        self._telegram = place.telegram
        self._rng = random.Random(seed)
        self._unnoticed = unnoticed
        self._groups = [
            range(_FIRST_PERSON + first, _FIRST_PERSON + people, together)
            for first in range(min(together, people))
        ]

    @property
    def people(self) -> list[int]:
        """Everybody who may have bought."""
        return sorted({paid.person for paid in self.record} | self.invited_by.keys())

    async def run(self, enough: Callable[[], bool]) -> None:
        """Let people buy, one of each group at a time, until `enough()`; returns when all ended."""
        async with trio.open_nursery() as nursery:
            for group in self._groups:
                nursery.start_soon(self._buy, group, enough)

    async def _buy(self, group: range, enough: Callable[[], bool]) -> None:
        for person in group:
            if enough():
                return
            await self._greet(person, group)
        while True:
            for payment in (self._stars, self._crypto_pay, self._topup, self._balance):
                for person in group:
                    if enough():
                        return
                    await payment(person)

    # ---- what people do ----

    async def _greet(self, person: int, group: range) -> None:
        place = group.index(person)
        start = "/start"
        if place % 2:
            self.invited_by[person] = group[place - 1]
            start = f"/start {payload_of(group[place - 1])}"

        async def write() -> None:
            await self._telegram.post("text", person=person, text=start)

        await self._get(person, write, lambda answers: answers or None)

    async def _stars(self, person: int) -> None:
        await self._pay_in_stars(person, "access", f"buy:by:stars:{PLAN}")

    async def _topup(self, person: int) -> None:
        await self._pay_in_stars(person, "topup", f"topup:by:stars:{TOPUP_MINOR}")

    async def _pay_in_stars(self, person: int, what: Literal["access", "topup"], data: str) -> None:
        while True:
            invoice = await self._tap(person, data, lambda answers: _unpaid(answers, what))
            answer = await self._telegram.post(
                "pay", person=person, message_id=invoice["message_id"]
            )
            if answer["ok"]:
                break
            # The bot didn't answer in ten seconds, or was too slow and said so: no money moved.
            await trio.sleep(_LONGEST_LOOK)
        charge = answer["telegram_payment_charge_id"]
        self.record.append(Paid(person, what, ProviderName.STARS, charge))
        await self._get(person, None, lambda answers: _told(answers, invoice["message_id"]))

    async def _crypto_pay(self, person: int) -> None:
        paid = {each.proof for each in self.record if each.person == person}
        page = await self._tap(
            person, f"buy:by:cryptopay:{PLAN}", lambda answers: _pay_page(answers, paid)
        )
        last = (await self._telegram.answers(person))[-1]["message_id"]
        url = _pay_url(page)
        is_unnoticed = self._rng.random() < self._unnoticed
        answer = await self._place.providers["cryptopay"].post(
            url, data={"notices": str(int(not is_unnoticed))}
        )
        assert answer.status_code == 303, answer.text
        self.record.append(Paid(person, "access", ProviderName.CRYPTOPAY, url))

        async def check() -> None:
            data = next(each for each in datas(page) if each.startswith("pay:check:"))
            await self._press(person, page["message_id"], data)

        def told(answers: list[dict[str, Any]]) -> dict[str, Any] | None:
            changed = [each for each in answers if each["message_id"] == page["message_id"]]
            return _told(answers, last) or _told(changed, 0)

        await self._get(person, check, told, first_after=_CHECKS_AFTER)

    async def _balance(self, person: int) -> None:
        paid = {each.proof for each in self.record if each.person == person}

        def offered(answers: list[dict[str, Any]]) -> tuple[int, str] | None:
            for message in reversed(answers):
                for data in datas(message):
                    purchase = data.removeprefix("pay:balance:")
                    if purchase != data and purchase not in paid:
                        return message["message_id"], purchase
            return None

        message_id, purchase = await self._tap(person, f"buy:plan:{PLAN}", offered)
        self.record.append(Paid(person, "access", ProviderName.BALANCE, purchase))

        async def pay() -> None:
            await self._press(person, message_id, f"pay:balance:{purchase}")

        await self._get(person, pay, lambda answers: _told(answers, message_id - 1))

    # ---- and how they wait for it ----

    async def _tap(
        self, person: int, data: str, found: Callable[[list[dict[str, Any]]], T | None]
    ) -> T:
        """Press a button of an old screen, and return what `found` in the chat because of it."""

        async def press() -> None:
            answers = await self._telegram.answers(person)
            # A button for an invoice takes its screen away: notices stay, to be counted.
            screens = _screens(answers)
            if screens is None:
                await self._telegram.post("text", person=person, text="/start")
                screens = await self._get(person, None, _screens)
            await self._press(person, screens[-1]["message_id"], data)

        return await self._get(person, press, found)

    async def _press(self, person: int, message_id: int, data: str) -> None:
        await self._telegram.post("press", person=person, message_id=message_id, data=data)

    async def _get(
        self,
        person: int,
        ask: Callable[[], Any] | None,
        found: Callable[[list[dict[str, Any]]], T | None],
        *,
        first_after: float = 0.0,
    ) -> T:
        """Return what `found` in the chat; `ask` for it, and again when it doesn't come."""
        began = trio.current_time()
        ask_at = began + first_after
        for pause in _pauses():
            if ask is not None and trio.current_time() >= ask_at:
                await ask()
                ask_at = trio.current_time() + _ASKS_AGAIN_AFTER
            result = found(await self._telegram.answers(person))
            if result is not None:
                self.longest_outage = max(self.longest_outage, trio.current_time() - began)
                return result
            await trio.sleep(pause)
        raise AssertionError("pauses never end")


def _pauses() -> Iterator[float]:
    pause = _FIRST_LOOK
    while True:
        yield pause
        pause = min(pause * 1.5, _LONGEST_LOOK)


def is_notice(message: dict[str, Any]) -> bool:
    """Return whether the outbox sent this message: a payment's notice, or an invitation's."""
    words = words_of(message)
    return words.startswith("✅ Paid: ") or "is on your balance. It is now" in words


def _screens(answers: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    return [each for each in answers if "invoice" not in each and not is_notice(each)] or None


def _unpaid(answers: list[dict[str, Any]], what: str) -> dict[str, Any] | None:
    """Return the last invoice for this that isn't paid: an earlier one may be of a double tap."""
    for message in reversed(answers):
        if "invoice" in message and not message["bill"]["paid"]:
            is_access = message["bill"]["title"] == _PLAN_TITLE
            if is_access == (what == "access"):
                return message
    return None


def _pay_page(answers: list[dict[str, Any]], paid: set[str]) -> dict[str, Any] | None:
    return next((each for each in answers if (url := _pay_url(each)) and url not in paid), None)


def _pay_url(message: dict[str, Any]) -> str:
    """Return the address of Crypto Pay's page that a message leads to; "" if it doesn't."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    urls = [each.get("url", "") for row in rows for each in row]
    return next((url for url in urls if "/invoice/" in url), "")


def _told(answers: list[dict[str, Any]], after: int) -> dict[str, Any] | None:
    """Return the message after that one which tells of a payment."""
    return next(
        (
            each
            for each in answers
            if each["message_id"] > after and words_of(each).startswith(_DONE)
        ),
        None,
    )
