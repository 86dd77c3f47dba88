"""Random sequences of what people, providers and administrators do, against a plain model.

The real shop runs on the real database; every step is done with parallel taps where a person
could tap twice. After each step balances and access are what the model says.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
import trio
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from bot.money import Money
from bot.payments.provider import Charge, ProviderName
from bot.shop.access import end_expired, start_trial
from bot.shop.access_by_hand import change_access
from bot.shop.errors import (
    AlreadySettledError,
    GiftGoneError,
    InsufficientFundsError,
    NoAccessError,
    NotRefundableError,
    PurchaseGoneError,
    ShopError,
    TrialUsedError,
)
from bot.shop.finalize import Outcome
from bot.shop.gifts import claim_gift
from bot.shop.ledger import adjust_balance
from bot.shop.purchases import Purchase, cancel_purchase, expire_purchases
from bot.shop.refunds import refund_arrived
from bot.shop.renewals import Renewal, renew_from_balance
from bot.shop.reviews import grant_review
from bot.shop.subscriptions import set_auto_renew
from tests.integration.shop.conftest import (
    ADMIN,
    BASIC,
    DAY,
    DAY_SECONDS,
    FAMILY,
    NOW,
    TERMS,
    YEAR,
    Shop,
    charge_for,
)
from tests.integration.shop.model import Paid, Person

REFERRERS = {1: None, 2: 1, 3: 2, 4: None}
PLANS = {"basic": (BASIC, "small"), "year": (YEAR, "small"), "family": (FAMILY, "large")}
PERSON = st.sampled_from(sorted(REFERRERS))
PLAN = st.sampled_from(sorted(PLANS))
FROM_OUTSIDE = st.sampled_from([ProviderName.STARS, ProviderName.YOOKASSA])
PROVIDER = st.sampled_from(
    [ProviderName.STARS, ProviderName.YOOKASSA, ProviderName.BALANCE, ProviderName.BALANCE]
)
FUNDS = st.sampled_from([0, 30_000, 300_000])
PICK = st.integers(0, 10**6)

_RESET = """
    truncate users, purchases, payments, promo_codes, promo_uses, discounts, ledger, balances,
             referral_rewards, gifts, subscriptions, access_grants, vpn_clients, notifications,
             support_messages, audit_log
"""


@dataclass
class Bought:
    """A purchase that was begun, and what the model expects of it."""

    purchase: Purchase
    plan: str | None
    paid: bool = False
    refunded: bool = False
    canceled: bool = False
    in_review: bool = False


@contextmanager
def refused(*kinds: type[ShopError]) -> Iterator[list[ShopError]]:
    """Expect that one of these refusals may happen; says which did."""
    happened: list[ShopError] = []
    try:
        yield happened
    except kinds as error:
        happened.append(error)


async def twice(work: Callable[[], Awaitable[Any]]) -> list[Any]:
    """Do the same twice at the same time; return the answers, refusals among them."""
    answers: list[Any] = []

    async def once() -> None:
        try:
            answers.append(await work())
        except ShopError as error:
            answers.append(error)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(once)
        nursery.start_soon(once)
    return answers


class ShopMachine(RuleBasedStateMachine):
    """A shop and its model. Rules run in a thread; `self.run` takes them to the test's loop."""

    shop: Shop

    @initialize()
    def open(self) -> None:
        self.now = NOW
        self.people = {user_id: Person() for user_id in REFERRERS}
        self.auto_renew: set[int] = set()
        self.plan_of: dict[int, str] = {}
        self.bought: list[Bought] = []
        self.paid: list[Paid] = []
        self.reviews: list[tuple[int, Bought, Charge]] = []
        self.gifts: list[Paid] = []
        self.known: set[str] = set()  # charges that were delivered before
        self.plans: dict[int, str] = {}  # by the purchase that was paid
        self.forms = 0
        self.run(self._reset)

    async def _reset(self) -> None:
        await self.shop.lane.execute(_RESET)
        for user_id, referrer in REFERRERS.items():
            await self.shop.person(user_id, referrer=referrer)

    def run(self, work: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        return trio.from_thread.run(work, *args)

    # ---- people ----

    @rule(user_id=PERSON, plan=PLAN, provider=PROVIDER, gift=st.booleans())
    def begin(self, user_id: int, plan: str, provider: ProviderName, gift: bool) -> None:
        self._begin(user_id, plan, provider, gift)

    def _begin(self, user_id: int, plan: str, provider: ProviderName, gift: bool) -> Bought:
        begun = self.run(self._begin_twice, user_id, plan, provider, "gift" if gift else "access")
        assert begun[0] == begun[1]
        return self._begun(begun[0], plan)

    @rule(user_id=PERSON, plan=PLAN, provider=FROM_OUTSIDE)
    def buy_access(self, user_id: int, plan: str, provider: ProviderName) -> None:
        self._buy(user_id, plan, provider, gift=False)

    @rule(user_id=PERSON, plan=PLAN, funds=FUNDS)
    def buy_access_from_balance(self, user_id: int, plan: str, funds: int) -> None:
        if funds:
            self.adjust(user_id, funds)
        self._buy(user_id, plan, ProviderName.BALANCE, gift=False)

    @rule(user_id=PERSON, plan=PLAN, provider=PROVIDER)
    def buy_gift(self, user_id: int, plan: str, provider: ProviderName) -> None:
        self._buy(user_id, plan, provider, gift=True)

    def _buy(self, user_id: int, plan: str, provider: ProviderName, *, gift: bool) -> None:
        """Begin and pay at once, as most people do."""
        item = self._begin(user_id, plan, provider, gift)
        if provider is ProviderName.BALANCE:
            self._pay_from_balance(item)
        else:
            self._deliver(item, "a", wrong=False)

    def _begun(self, purchase: Purchase, plan: str | None) -> Bought:
        for item in self.bought:
            if item.purchase.id == purchase.id:
                return item
        self.bought.append(Bought(purchase, plan))
        return self.bought[-1]

    async def _begin_twice(self, user_id: int, plan: str, provider: ProviderName, kind: str) -> Any:
        plan_id = getattr(self.shop, plan)
        return await twice(
            lambda: self.shop.access(user_id, plan_id, provider, self.now, kind=kind)
        )

    @rule(user_id=PERSON, minor=st.integers(1, 90_000), provider=FROM_OUTSIDE, paid=st.booleans())
    def top_up(self, user_id: int, minor: int, provider: ProviderName, paid: bool) -> None:
        item = self._begun(self.run(self.shop.topup, user_id, minor, provider, self.now), None)
        if paid:
            self._deliver(item, "a", wrong=False)

    @precondition(lambda self: self.bought)
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        item = self._pick(self.bought, pick)
        done = self.run(cancel_purchase, self.shop.lane, item.purchase.id, item.purchase.user_id)
        if done:
            assert not item.paid
            item.canceled = True

    @precondition(lambda self: self.from_balance())
    @rule(pick=PICK)
    def pay_from_balance(self, pick: int) -> None:
        self._pay_from_balance(self._pick(self.from_balance(), pick))

    def _pay_from_balance(self, item: Bought) -> None:
        bought, person = item.purchase, self.people[item.purchase.user_id]
        pay = lambda: self.shop.pay_from_balance(bought, self.now)  # noqa: E731 - a tap
        answers = self.run(twice, pay)
        if item.paid:
            assert {answer.outcome for answer in answers} == {Outcome.REPEATED}
        elif item.canceled or self.now >= bought.expires_at:
            assert all(isinstance(answer, PurchaseGoneError) for answer in answers)
        elif person.balance < bought.amount.amount_minor:
            missing = bought.amount.amount_minor - person.balance
            for answer in answers:
                assert isinstance(answer, InsufficientFundsError)
                assert answer.missing.amount_minor == missing
        else:
            assert sorted(answer.outcome for answer in answers) == ["applied", "repeated"]
            person.balance -= bought.amount.amount_minor
            self._paid(item, bought, answers[0].payment_id, outside=False)

    @rule(user_id=PERSON)
    def trial(self, user_id: int) -> None:
        start = lambda: start_trial(self.shop.lane, user_id, self.now, TERMS)  # noqa: E731 - a tap
        answers = self.run(twice, start)
        given = [answer for answer in answers if not isinstance(answer, TrialUsedError)]
        person = self.people[user_id]
        assert len(given) == (0 if person.had_access else 1)
        if given:
            person.add(self.now, 3 * DAY_SECONDS, limits=None, value=0, price=0)

    @precondition(lambda self: self.gifts)
    @rule(user_id=PERSON, pick=PICK)
    def claim(self, user_id: int, pick: int) -> None:
        gift = self._pick(self.gifts, pick)
        code = self.run(self._code, gift.purchase_id)
        take = lambda: claim_gift(  # noqa: E731 - a tap
            self.shop.lane, code=code, user_id=user_id, now=self.now
        )
        answers = self.run(twice, take)
        gone = [answer for answer in answers if isinstance(answer, GiftGoneError)]
        if gift.state != "applied" and gift.receiver is None:
            assert len(gone) == 2
        elif gift.receiver is not None:
            assert len(gone) == (0 if gift.receiver == user_id else 2)
        else:
            assert not gone
            gift.receiver = user_id
            self._extend(user_id, self.plans[gift.purchase_id], gift.id, gift.value)

    async def _code(self, purchase_id: int) -> str:
        sql = "select code from gifts where purchase_id = $1"
        return str(await self.shop.lane.fetchval(sql, purchase_id))

    @rule(user_id=PERSON)
    def ask_for_renewal(self, user_id: int) -> None:
        with refused(NoAccessError) as no:
            self.run(set_auto_renew, self.shop.lane, user_id, True, self.now)
        assert bool(no) is not self.people[user_id].had_access
        if not no:
            self.auto_renew.add(user_id)

    # ---- providers ----

    @precondition(lambda self: self.from_outside())
    @rule(pick=PICK, charge=st.sampled_from("ab"), wrong=st.integers(0, 4))
    def deliver(self, pick: int, charge: str, wrong: int) -> None:
        """A charge: right or wrong, first or second, late or not."""
        self._deliver(self._pick(self.from_outside(), pick), charge, wrong=wrong == 0)

    def _deliver(self, item: Bought, charge: str, *, wrong: bool) -> None:
        bought = item.purchase
        sent = charge_for(bought, f"{bought.id}{charge}", paid_at=self.now)
        if wrong:
            sent = replace(sent, amount=Money(bought.amount.amount_minor + 1, sent.amount.currency))
        changes = {"paid_at": self.now, "amount": sent.amount}
        pay = lambda: self.shop.pay(bought, sent.charge_id, self.now, **changes)  # noqa: E731
        seen = sent.charge_id in self.known
        answers = self.run(twice, pay)
        outcomes = sorted(answer.outcome for answer in answers)
        if seen:
            assert outcomes == ["repeated", "repeated"]
        elif item.paid or item.refunded or wrong:
            assert outcomes == ["repeated", "review"]
            self.reviews.append((answers[0].payment_id, item, sent))
            self.known.add(sent.charge_id)
            item.in_review |= not (item.paid or item.refunded)
        else:
            assert outcomes == ["applied", "repeated"]
            self.known.add(sent.charge_id)
            self._paid(item, bought, answers[0].payment_id, outside=True)

    @precondition(lambda self: self.paid_outside())
    @rule(pick=PICK)
    def give_back_from_outside(self, pick: int) -> None:
        paid = self._pick(self.paid_outside(), pick)
        arrived = self.run(self._arrive, paid.id)
        if paid.state == "applied":
            self._roll_back(paid, forced=True)
        assert ("applied" in arrived) is (paid.state != "refunded")
        paid.state = "refunded"

    async def _arrive(self, payment_id: int) -> list[str]:
        row = await self.shop.lane.fetchrow("select * from payments where id = $1", payment_id)
        assert row is not None
        amount = Money(row["amount_minor"], row["currency"])
        provider = ProviderName(row["provider"])
        return await twice(
            lambda: refund_arrived(self.shop.lane, provider, row["charge_id"], amount, self.now)
        )

    # ---- administrators ----

    @precondition(lambda self: self.paid)
    @rule(pick=PICK)
    def refund(self, pick: int) -> None:
        paid = self._pick(self.paid, pick)
        answers = self.run(twice, lambda: self.shop.refund(paid.id, self.now))
        spent = paid.kind == "topup" and self.people[paid.buyer].balance < paid.value
        if paid.state != "applied":
            assert all(isinstance(answer, AlreadySettledError) for answer in answers)
        elif spent:
            assert all(isinstance(answer, NotRefundableError) for answer in answers)
        else:
            assert sum(isinstance(answer, AlreadySettledError) for answer in answers) == 1
            self._roll_back(paid, forced=False)
            if not paid.outside:
                self.people[paid.buyer].balance += paid.value
            paid.state = "refunding" if paid.outside else "refunded"

    @precondition(lambda self: self.reviews)
    @rule(pick=PICK, grant=st.booleans())
    def settle_review(self, pick: int, grant: bool) -> None:
        payment_id, item, charge = review = self._pick(self.reviews, pick)
        self.reviews.remove(review)
        if not grant:
            self.run(self.shop.refund, payment_id, self.now)
            item.refunded |= item.in_review and not item.paid
            item.in_review = False
            return
        answers = self.run(
            twice,
            lambda: grant_review(self.shop.lane, payment_id, ADMIN, now=self.now, terms=TERMS),
        )
        done = [answer for answer in answers if not isinstance(answer, AlreadySettledError)]
        assert len(done) == 1
        bought = item.purchase
        value = bought.value_minor * charge.amount.amount_minor // bought.amount.amount_minor
        granted = replace(bought, id=done[0].purchase_id, value_minor=value)
        if granted.id != bought.id:
            self._paid(Bought(granted, item.plan), granted, payment_id, outside=True)
            if bought.kind == "topup" and item.in_review and not item.paid:
                item.in_review, item.canceled = False, True
        else:
            item.in_review = False
            self._paid(item, granted, payment_id, outside=True)

    @rule(user_id=PERSON, days=st.integers(-20, 20).filter(bool))
    def change_access_by_hand(self, user_id: int, days: int) -> None:
        self.forms += 1
        person, form = self.people[user_id], f"form-{self.forms}"
        answers = self.run(
            twice,
            lambda: change_access(
                self.shop.lane,
                admin_id=ADMIN,
                user_id=user_id,
                seconds=days * DAY_SECONDS,
                key=form,
                note="",
                now=self.now,
            ),
        )
        if days > 0:
            person.add(self.now, days * DAY_SECONDS, limits=None, value=0, price=0)
        elif person.left(self.now):
            assert not any(isinstance(answer, NoAccessError) for answer in answers)
            person.shorten(self.now, -days * DAY_SECONDS)
        else:
            assert all(isinstance(answer, NoAccessError) for answer in answers)

    @rule(user_id=PERSON, minor=st.integers(-90_000, 90_000).filter(bool))
    def adjust(self, user_id: int, minor: int) -> None:
        self.forms += 1
        person, form = self.people[user_id], f"form-{self.forms}"
        answers = self.run(
            twice,
            lambda: adjust_balance(
                self.shop.lane,
                admin_id=ADMIN,
                user_id=user_id,
                amount=Money(minor, "RUB"),
                key=form,
                note="",
                now=self.now,
            ),
        )
        if person.balance + minor < 0:
            assert all(isinstance(answer, InsufficientFundsError) for answer in answers)
        else:
            person.balance += minor
            assert {answer.amount_minor for answer in answers} == {person.balance}

    # ---- time and workers ----

    @rule(hours=st.sampled_from([1, 2, 20, 24 * 3, 24 * 12, 24 * 29]), seconds=st.integers(0, 59))
    def wait(self, hours: int, seconds: int) -> None:
        self.now += timedelta(hours=hours, seconds=seconds)

    @rule()
    def work(self) -> None:
        self.run(expire_purchases, self.shop.lane, self.now, 100)
        self.run(end_expired, self.shop.lane, self.now, 100)

    @rule(user_id=PERSON, hours=st.integers(-30, 30), funds=FUNDS)
    def renew_around_the_end(self, user_id: int, hours: int, funds: int) -> None:
        end = self.people[user_id].expires_at
        if end is None:
            return
        self.now = max(self.now, end + timedelta(hours=hours))
        self.ask_for_renewal(user_id)
        if funds:
            self.adjust(user_id, funds)
        self.renew(user_id)

    @rule(user_id=PERSON)
    def renew(self, user_id: int) -> None:
        renew = lambda: renew_from_balance(  # noqa: E731 - a run of a worker
            self.shop.lane, user_id, self.now, TERMS
        )
        answers = self.run(twice, renew)
        person, plan = self.people[user_id], self.plan_of.get(user_id)
        due = (
            user_id in self.auto_renew
            and plan is not None
            and person.expires_at is not None
            and self.now - DAY < person.expires_at <= self.now + DAY
        )
        price = PLANS[plan][0].price_minor if plan else 0
        if not due:
            assert set(answers) == {Renewal.NOT_DUE}
        elif person.balance < price:
            assert set(answers) == {Renewal.NO_FUNDS}
        else:
            assert sorted(answers) == [Renewal.NOT_DUE, Renewal.RENEWED]
            person.balance -= price
            bought, payment_id = self.run(self._renewed, user_id)
            self._paid(Bought(bought, plan), bought, payment_id, outside=False)

    async def _renewed(self, user_id: int) -> tuple[Purchase, int]:
        sql = """
            select payments.id, purchase_id from payments join purchases p on p.id = purchase_id
             where p.user_id = $1 and p.key is not null order by payments.id desc limit 1
        """
        row = await self.shop.lane.fetchrow(sql, user_id)
        assert row is not None
        return await self.shop.purchase(row["purchase_id"]), row["id"]

    # ---- the model's side ----

    def from_balance(self) -> list[Bought]:
        return [b for b in self.bought if b.purchase.provider is ProviderName.BALANCE]

    def from_outside(self) -> list[Bought]:
        return [b for b in self.bought if b.purchase.provider is not ProviderName.BALANCE]

    def paid_outside(self) -> list[Paid]:
        return [paid for paid in self.paid if paid.outside]

    def _pick(self, items: list[Any], pick: int) -> Any:
        return items[pick % len(items)]

    def _paid(self, item: Bought, bought: Purchase, payment_id: int, *, outside: bool) -> None:
        item.paid, item.in_review = True, False
        buyer = bought.user_id
        paid = Paid(payment_id, bought.kind, buyer, bought.id, bought.value_minor, outside)
        self.paid.append(paid)
        if bought.kind == "topup":
            self.people[buyer].balance += bought.value_minor
        else:
            assert item.plan is not None
            self.plans[bought.id] = item.plan
            if bought.kind == "gift":
                self.gifts.append(paid)
            else:
                self._extend(buyer, item.plan, payment_id, bought.value_minor)
        referrer = REFERRERS[buyer]
        reward = bought.value_minor // 10
        if outside and referrer is not None and reward:
            paid.rewarded = (referrer, reward)
            self.people[referrer].balance += reward

    def _extend(self, user_id: int, plan: str, payment_id: int, value: int) -> None:
        draft, limits = PLANS[plan]
        person, seconds = self.people[user_id], draft.duration_days * DAY_SECONDS
        person.add(self.now, seconds, limits=limits, value=value, price=draft.price_minor)
        person.worth[payment_id] = seconds
        self.plan_of[user_id] = plan

    def _roll_back(self, paid: Paid, *, forced: bool) -> None:
        for item in self.bought:
            if item.purchase.id == paid.purchase_id:
                item.paid, item.refunded = False, True
        if paid.kind == "topup":
            person = self.people[paid.buyer]
            person.balance -= min(paid.value, person.balance) if forced else paid.value
        elif paid.kind == "access":
            self.people[paid.buyer].take_back(self.now, paid.id)
        elif paid.receiver is not None:
            self.people[paid.receiver].take_back(self.now, paid.id)
        if paid.rewarded:
            referrer, reward = paid.rewarded
            person = self.people[referrer]
            person.balance -= min(reward, person.balance)

    # ---- what must hold ----

    @invariant()
    def the_shop_is_as_the_model_says(self) -> None:
        self.run(self._compare)

    async def _compare(self) -> None:
        lane = self.shop.lane
        rows = await lane.fetch("select user_id, amount_minor from balances")
        balances = {row["user_id"]: row["amount_minor"] for row in rows}
        rows = await lane.fetch("select user_id, expires_at from subscriptions")
        ends = {row["user_id"]: row["expires_at"] for row in rows}
        for user_id, person in self.people.items():
            assert balances.get(user_id, 0) == person.balance
            assert ends.get(user_id) == person.expires_at
        rewards = await self.shop.count("referral_rewards")
        assert rewards == sum(paid.rewarded is not None for paid in self.paid)

    def teardown(self) -> None:
        self.run(self.shop.assert_sound)


@pytest.mark.slow
async def test_random_sequences_keep_money_and_access_as_the_model_says(shop: Shop) -> None:
    machine = type("Machine", (ShopMachine,), {"shop": shop})
    bounded = settings(
        max_examples=15,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    await trio.to_thread.run_sync(lambda: run_machine(machine, settings=bounded))
