import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trio
from structlog.testing import LogCapture

from bot import holding
from bot.holding import ConnectionHeldError
from bot.money import Money
from bot.payments.errors import (
    BadNoticeError,
    CredentialsRefusedError,
    ForgedNoticeError,
    ProviderAwayError,
    ProviderRefusedError,
    RefundPendingError,
)
from bot.payments.provider import PaymentStatus, ProviderName
from tests.integration.payments.providers import (
    SECRET_KEY,
    SHOP_ID,
    Rig,
    order,
    utc_now,
    yookassa,
)


async def test_a_payment_is_for_what_was_ordered(tmp_path: Path) -> None:
    async with yookassa(tmp_path) as rig:
        page = await rig.provider.create(order(Money(129950, "RUB")))

        [payment] = await rig.look("payments")
        assert page.reference == payment["id"]
        assert page.url == payment["confirmation"]["confirmation_url"]
        assert payment["amount"] == {"value": "1299.50", "currency": "RUB"}
        assert payment["metadata"] == {"purchase_id": "77"}
        assert payment["description"] == "Доступ на 30 дней"
        assert (await rig.sandbox.get(page.url)).status_code == 200


async def test_the_same_order_again_is_the_same_payment(tmp_path: Path) -> None:
    async with yookassa(tmp_path) as rig:
        first = await rig.provider.create(order())
        assert await rig.provider.create(order()) == first
        assert await rig.provider.create(order(key="purchase-78")) != first
        with pytest.raises(ProviderRefusedError) as refused:
            await rig.provider.create(order(Money(1, "RUB")))
        assert refused.value.code == "invalid_request"


async def test_an_answer_that_was_lost_is_asked_for_again_and_one_payment_is_made(
    tmp_path: Path,
) -> None:
    async with yookassa(tmp_path) as rig:
        await rig.do("faults", call="create", status=500, count=2, effect=True)
        page = await rig.provider.create(order())
        [payment] = await rig.look("payments")
        assert payment["id"] == page.reference


async def test_a_payment_that_was_cancelled_in_the_middle_is_found_again_by_its_key(
    tmp_path: Path,
) -> None:
    async with yookassa(tmp_path) as rig:
        await rig.do("faults", call="create", status=0, effect=True, delay_seconds=5)
        with trio.move_on_after(0.3) as scope:
            await rig.provider.create(order())
        assert scope.cancelled_caught
        await rig.provider.create(order())
        assert len(await rig.look("payments")) == 1


async def test_a_key_whose_payment_has_ended_makes_no_page(tmp_path: Path) -> None:
    async with yookassa(tmp_path) as rig:
        page = await rig.provider.create(order())
        await rig.do("pay", reference=page.reference)
        with pytest.raises(ProviderRefusedError) as refused:
            await rig.provider.create(order())
        assert refused.value.code == "succeeded"


async def paid(rig: Rig, **how: Any) -> tuple[str, bytes, dict[str, str]]:
    page = await rig.provider.create(order())
    await rig.do("pay", reference=page.reference, **how)
    [(raw, headers)] = await rig.receiver.wait(1)
    return page.reference, raw, headers


async def test_a_notice_leads_to_the_charge_that_yookassa_tells_when_asked(tmp_path: Path) -> None:
    async with yookassa(tmp_path) as rig:
        reference, raw, headers = await paid(rig, method="sbp")

        state = await rig.provider.notice(raw, headers, utc_now())

        assert state is not None
        assert (state.reference, state.status) == (reference, PaymentStatus.PAID)
        charge = state.charge
        assert charge is not None
        assert (charge.provider, charge.charge_id) == (ProviderName.YOOKASSA, reference)
        assert (charge.purchase_id, charge.user_id) == (77, None)
        assert charge.amount == Money(19900, "RUB")
        assert charge.note == "sbp"
        assert abs(charge.paid_at - utc_now()) < timedelta(minutes=1)
        assert await rig.provider.find([reference]) == [state]


async def test_what_a_notice_claims_counts_for_nothing(tmp_path: Path) -> None:
    async with yookassa(tmp_path) as rig:
        page = await rig.provider.create(order())
        claim = {
            "id": page.reference,
            "status": "succeeded",
            "paid": True,
            "amount": {"value": "1.00", "currency": "RUB"},
            "metadata": {"purchase_id": "1"},
        }
        forged = notice("payment.succeeded", claim)
        state = await rig.provider.notice(forged, {}, utc_now())
        assert state is not None
        assert (state.status, state.charge) == (PaymentStatus.ACTIVE, None)

        await rig.do("pay", reference=page.reference)
        state = await rig.provider.notice(forged, {}, utc_now())
        assert state is not None
        assert state.charge is not None
        assert (state.charge.purchase_id, state.charge.amount) == (77, Money(19900, "RUB"))


def notice(event: str, subject: Any) -> bytes:
    return json.dumps({"type": "notification", "event": event, "object": subject}).encode()


async def test_a_notice_about_a_payment_that_yookassa_does_not_know_is_forged(
    tmp_path: Path,
) -> None:
    async with yookassa(tmp_path) as rig:
        forged = notice("payment.succeeded", {"id": "2f3b588d-000f-5000-8000-1d6e87c7fbde"})
        with pytest.raises(ForgedNoticeError):
            await rig.provider.notice(forged, {}, utc_now())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b"[]",
        notice("payment.succeeded", {}),
        notice("payment.succeeded", {"id": "../refunds/1"}),
        notice("payment.succeeded", {"id": "a" * 65}),
        notice("refund.succeeded", {"id": "r1"}),
    ],
)
async def test_what_is_no_notice_is_bad_and_asks_nobody(tmp_path: Path, raw: bytes) -> None:
    async with yookassa(tmp_path) as rig:
        await rig.do("faults", call="payment", status=418, count=1)
        with pytest.raises(BadNoticeError):
            await rig.provider.notice(raw, {}, utc_now())
        payout = notice("payout.succeeded", {"id": "p1"})
        assert await rig.provider.notice(payout, {}, utc_now()) is None


async def test_a_notice_while_yookassa_is_away_comes_again(tmp_path: Path) -> None:
    async with yookassa(tmp_path) as rig:
        _, raw, headers = await paid(rig)
        await rig.do("faults", call="payment", status=500, count=3)
        with pytest.raises(ProviderAwayError):
            await rig.provider.notice(raw, headers, utc_now())
        assert await rig.provider.notice(raw, headers, utc_now()) is not None


async def test_payments_that_ended_otherwise_are_told_apart(tmp_path: Path) -> None:
    async with yookassa(tmp_path) as rig:
        pages = [await rig.provider.create(order(key=f"purchase-{n}")) for n in range(4)]
        references = [page.reference for page in pages]
        await rig.do("pay", reference=references[0], notices=0)
        await rig.do("cancel", reference=references[1])
        await rig.do("expire", reference=references[2])
        states = await rig.provider.find([*references, "2f3b-unknown", "../me"])
        assert [state.status for state in states] == [
            PaymentStatus.PAID,
            PaymentStatus.CANCELLED,
            PaymentStatus.EXPIRED,
            PaymentStatus.ACTIVE,
        ]
        [cancelled, _] = sorted(await rig.receiver.wait(2))
        assert await rig.provider.notice(*cancelled, utc_now()) in states


async def test_a_payment_in_another_amount_is_told_as_it_is(tmp_path: Path) -> None:
    async with yookassa(tmp_path) as rig:
        _, raw, headers = await paid(rig, amount="1.00")
        state = await rig.provider.notice(raw, headers, utc_now())
        assert state is not None
        assert state.charge is not None
        assert state.charge.amount == Money(100, "RUB")


async def test_a_payment_that_waits_for_capture_is_not_paid(tmp_path: Path) -> None:
    async with yookassa(tmp_path) as rig:
        made = await rig.sandbox.post(
            "/v3/payments",
            json={
                "amount": {"value": "5.00", "currency": "RUB"},
                "confirmation": {"type": "redirect", "return_url": "https://t.me/x"},
            },
            headers={"Idempotence-Key": "k"},
            auth=(SHOP_ID, SECRET_KEY),
        )
        await rig.do("pay", reference=made.json()["id"])
        [state] = await rig.provider.find([made.json()["id"]])
        assert state.status is PaymentStatus.ACTIVE


async def test_a_refund_with_the_same_key_gives_back_once(tmp_path: Path) -> None:
    async with yookassa(tmp_path) as rig:
        reference, _, _ = await paid(rig)
        await rig.do("faults", call="refund", status=500, count=1, effect=True)
        await rig.provider.refund(reference, Money(19900, "RUB"), "refund-1")
        await rig.provider.refund(reference, Money(19900, "RUB"), "refund-1")

        requests = await rig.receiver.wait(2)
        assert len(requests) == 2
        state = await rig.provider.notice(*requests[1], utc_now())
        assert state is not None
        assert (state.reference, state.status) == (reference, PaymentStatus.REFUNDED)
        assert state.charge is not None
        assert state.charge.amount == Money(19900, "RUB")
        with pytest.raises(ProviderRefusedError):
            await rig.provider.refund(reference, Money(1, "RUB"), "refund-2")


async def test_a_part_given_back_leaves_the_payment_paid(tmp_path: Path) -> None:
    async with yookassa(tmp_path) as rig:
        reference, _, _ = await paid(rig)
        await rig.provider.refund(reference, Money(900, "RUB"), "refund-1")
        [state] = await rig.provider.find([reference])
        assert state.status is PaymentStatus.PAID
        await rig.provider.refund(reference, Money(19000, "RUB"), "refund-2")
        [state] = await rig.provider.find([reference])
        assert state.status is PaymentStatus.REFUNDED


async def test_a_refund_in_yookassas_own_panel_is_noticed(tmp_path: Path) -> None:
    async with yookassa(tmp_path) as rig:
        reference, _, _ = await paid(rig)
        await rig.do("refund", reference=reference)
        requests = await rig.receiver.wait(2)
        state = await rig.provider.notice(*requests[1], utc_now())
        assert state is not None
        assert state.status is PaymentStatus.REFUNDED


async def test_a_refund_is_pending_until_it_is_done_and_may_be_refused(tmp_path: Path) -> None:
    async with yookassa(tmp_path) as rig:
        reference, _, _ = await paid(rig)
        await rig.do("next_refund", status="pending")
        for _ in range(2):
            with pytest.raises(RefundPendingError) as pending:
                await rig.provider.refund(reference, Money(100, "RUB"), "refund-1")
        refund_id = str(pending.value).split()[3]
        await rig.do("finish_refund", refund=refund_id)
        await rig.provider.refund(reference, Money(100, "RUB"), "refund-1")

        await rig.do("next_refund", status="canceled")
        with pytest.raises(ProviderRefusedError) as refused:
            await rig.provider.refund(reference, Money(100, "RUB"), "refund-2")
        assert refused.value.code == "rejected_by_payee"


async def test_a_receipt_names_what_was_sold_and_adds_up(tmp_path: Path) -> None:
    changes = {"yookassa_receipt_email": "receipts@example.org", "yookassa_vat_code": 4}
    async with yookassa(tmp_path, **changes) as rig:
        await rig.provider.create(order())
        [payment] = await rig.look("payments")
        assert payment["receipt"] == {
            "customer": {"email": "receipts@example.org"},
            "items": [
                {
                    "description": "Доступ на 30 дней",
                    "quantity": "1",
                    "amount": {"value": "199.00", "currency": "RUB"},
                    "vat_code": 4,
                    "payment_mode": "full_payment",
                    "payment_subject": "service",
                }
            ],
        }


async def test_a_wrong_key_is_told_apart_from_a_wrong_order(tmp_path: Path) -> None:
    async with yookassa(tmp_path, yookassa_secret_key="another") as rig:
        for call in (
            lambda: rig.provider.create(order()),
            lambda: rig.provider.find(["2f3b"]),
            lambda: rig.provider.refund("2f3b", Money(1, "RUB"), "k"),
        ):
            with pytest.raises(CredentialsRefusedError) as refused:
                await call()
            assert refused.value.code == "invalid_credentials"
    async with yookassa(tmp_path) as rig:
        with pytest.raises(ProviderRefusedError) as refused:
            await rig.provider.create(order(Money(0, "RUB")))
        assert refused.value.code == "invalid_request"
        with pytest.raises(ProviderRefusedError):
            await rig.provider.create(order(key="k" * 65))


async def test_no_call_is_made_while_a_connection_is_held(tmp_path: Path) -> None:
    async with yookassa(tmp_path) as rig:
        with holding.holding("updates"), pytest.raises(ConnectionHeldError):
            await rig.provider.create(order())


async def test_secrets_are_in_no_error_and_no_log(tmp_path: Path, logged: LogCapture) -> None:
    async with yookassa(tmp_path, payment_http_timeout=0.5) as rig:
        await rig.do("faults", call="create", status=500, count=3)
        with pytest.raises(ProviderAwayError) as away:
            await rig.provider.create(order())
        assert len([e for e in logged.entries if e["event"] == "payments.retry"]) == 2
        shown = repr([logged.entries, away.value, rig.provider, rig.settings])
        assert SECRET_KEY not in shown
        assert "Basic" not in shown


async def test_the_pay_page_pays_or_gives_up_and_leads_back(tmp_path: Path) -> None:
    async with yookassa(tmp_path) as rig:
        first = await rig.provider.create(order())
        second = await rig.provider.create(order(key="another"))
        for lang, word in (("ru", "Заплатить"), ("en", "Pay 199")):
            assert word in (await rig.sandbox.get(f"{first.url}&lang={lang}")).text
        answer = await rig.sandbox.post(first.url, data={"action": "pay"})
        assert answer.status_code == 303
        assert answer.headers["location"] == "https://t.me/warren_demo_bot"
        await rig.sandbox.post(second.url, data={"action": "cancel"})
        states = await rig.provider.find([first.reference, second.reference])
        assert [state.status for state in states] == [PaymentStatus.PAID, PaymentStatus.CANCELLED]
        again = await rig.sandbox.post(first.url, data={"action": "cancel"})
        assert again.status_code == 303
        assert (await rig.provider.find([first.reference]))[0].status is PaymentStatus.PAID
        missing = await rig.sandbox.get("/checkout/payments/v2/contract?orderId=x")
        assert missing.status_code == 404
        assert (await rig.sandbox.get("/")).status_code == 200


async def test_payments_and_keys_survive_a_restart(tmp_path: Path) -> None:
    async with yookassa(tmp_path) as rig:
        page = await rig.provider.create(order())
        await rig.do("pay", reference=page.reference, notices=0)
    async with yookassa(tmp_path) as rig:
        [state] = await rig.provider.find([page.reference])
        assert state.status is PaymentStatus.PAID
        with pytest.raises(ProviderRefusedError):
            await rig.provider.create(order())
        assert len(await rig.look("payments")) == 1


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"amount": {"value": "1.001", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "1.00", "currency": "XXX"}}, "amount.currency"),
        ({"confirmation": {"type": "qr"}}, "confirmation.type"),
        ({"description": "d" * 129}, "description"),
        ({"receipt": {"items": []}}, "receipt.customer"),
        ({"receipt": {"customer": {"email": "a@b"}, "items": []}}, "receipt.items"),
    ],
)
async def test_the_stand_in_refuses_as_yookassa_does(
    tmp_path: Path, changes: dict[str, Any], parameter: str
) -> None:
    async with yookassa(tmp_path) as rig:
        body = {
            "amount": {"value": "5.00", "currency": "RUB"},
            "confirmation": {"type": "redirect", "return_url": "https://t.me/x"},
        }
        answer = await rig.sandbox.post(
            "/v3/payments",
            json=body | changes,
            headers={"Idempotence-Key": "k"},
            auth=(SHOP_ID, SECRET_KEY),
        )
        assert answer.status_code == 400
        error = answer.json()
        assert (error["type"], error["code"]) == ("error", "invalid_request")
        assert error["parameter"] == parameter
        unauthorized = await rig.sandbox.get("/v3/payments/1", auth=(SHOP_ID, "x"))
        assert unauthorized.status_code == 401
        assert unauthorized.json()["code"] == "invalid_credentials"
