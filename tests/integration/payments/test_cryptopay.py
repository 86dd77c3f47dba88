import hashlib
import hmac
import json
import traceback
from datetime import timedelta
from pathlib import Path

import pytest
import trio

from bot.money import Money
from bot.payments.errors import (
    BadNoticeError,
    CredentialsRefusedError,
    ForgedNoticeError,
    NotRefundableError,
    NotSentError,
    ProviderAwayError,
    ProviderRefusedError,
    StaleNoticeError,
)
from bot.payments.provider import PaymentStatus, ProviderName
from tests.integration.payments.providers import CRYPTO_PAY_TOKEN, cryptopay, order, utc_now

HEADER = "crypto-pay-api-signature"


async def test_an_invoice_is_for_what_was_ordered(tmp_path: Path) -> None:
    async with cryptopay(tmp_path, crypto_pay_accepted_assets="USDT,TON") as rig:
        page = await rig.provider.create(order(Money(129950, "RUB")))

        [invoice] = await rig.look("invoices")
        assert page.reference == str(invoice["invoice_id"])
        assert page.url == invoice["bot_invoice_url"]
        assert (invoice["currency_type"], invoice["fiat"]) == ("fiat", "RUB")
        assert invoice["amount"] == "1299.50"
        assert invoice["payload"] == "77"
        assert invoice["accepted_assets"] == ["TON", "USDT"]
        assert invoice["paid_btn_name"] == "openBot"
        assert (await rig.sandbox.get(page.url)).status_code == 200


async def test_a_paid_invoice_is_a_charge_in_the_currency_of_the_order(tmp_path: Path) -> None:
    async with cryptopay(tmp_path) as rig:
        page = await rig.provider.create(order())
        paid = await rig.do("pay", reference=page.reference, asset="TON")
        [(raw, headers)] = await rig.receiver.wait(1)

        state = await rig.provider.notice(raw, headers, utc_now())

        assert state is not None
        assert (state.reference, state.status) == (page.reference, PaymentStatus.PAID)
        charge = state.charge
        assert charge is not None
        assert (charge.provider, charge.charge_id) == (ProviderName.CRYPTOPAY, page.reference)
        assert (charge.purchase_id, charge.user_id) == (77, None)
        assert charge.amount == Money(19900, "RUB")
        assert charge.note == f"{paid['paid_amount']} TON"
        assert abs(charge.paid_at - utc_now()) < timedelta(minutes=1)
        assert await rig.provider.find([page.reference]) == [state]


async def test_the_second_notice_of_a_charge_says_the_same(tmp_path: Path) -> None:
    async with cryptopay(tmp_path) as rig:
        page = await rig.provider.create(order())
        await rig.do("pay", reference=page.reference, notices=2)
        requests = await rig.receiver.wait(2)
        first, second = [await rig.provider.notice(*request, utc_now()) for request in requests]
        assert first == second


async def test_a_lost_notice_is_made_good_by_asking(tmp_path: Path) -> None:
    async with cryptopay(tmp_path) as rig:
        pages = [await rig.provider.create(order(purchase_id=number)) for number in (1, 2, 3)]
        await rig.do("pay", reference=pages[0].reference, notices=0)
        await rig.do("expire", reference=pages[1].reference)

        states = await rig.provider.find(
            [*(page.reference for page in pages), "999999", "not-an-id"]
        )

        assert {state.reference: state.status for state in states} == {
            pages[0].reference: PaymentStatus.PAID,
            pages[1].reference: PaymentStatus.EXPIRED,
            pages[2].reference: PaymentStatus.ACTIVE,
        }
        assert rig.receiver.requests == []


async def test_invoices_are_asked_for_a_thousand_at_a_time(tmp_path: Path) -> None:
    async with cryptopay(tmp_path) as rig:
        page = await rig.provider.create(order())
        many = [str(number) for number in range(1_000_000, 1_000_000 + 1500)]
        assert len(await rig.provider.find([*many, page.reference])) == 1
        assert await rig.provider.find([]) == []


async def test_what_was_paid_in_another_amount_is_told_as_it_is(tmp_path: Path) -> None:
    async with cryptopay(tmp_path) as rig:
        page = await rig.provider.create(order())
        await rig.do("pay", reference=page.reference, amount="2.50", currency="USD")
        [(raw, headers)] = await rig.receiver.wait(1)
        state = await rig.provider.notice(raw, headers, utc_now())
        assert state is not None
        assert state.charge is not None
        assert state.charge.amount == Money(250, "USD")


async def test_a_notice_is_sent_again_until_it_is_taken(tmp_path: Path) -> None:
    async with cryptopay(tmp_path) as rig:
        rig.receiver.answers = [503, 500, 401]
        page = await rig.provider.create(order())
        await rig.do("pay", reference=page.reference)
        requests = await rig.receiver.wait(4)
        for raw, headers in requests:
            assert await rig.provider.notice(raw, headers, utc_now()) is not None
        report = await rig.until("notices", lambda report: report["taken"])
        assert report["taken"][0]["statuses"] == [503, 500, 401, 200]
        assert report["waiting"] == []


@pytest.mark.parametrize("forgery", ["no signature", "another key", "another body", "not ascii"])
async def test_a_notice_without_the_tokens_signature_is_forged(
    tmp_path: Path, forgery: str
) -> None:
    async with cryptopay(tmp_path) as rig:
        page = await rig.provider.create(order())
        await rig.do("pay", reference=page.reference)
        [(raw, headers)] = await rig.receiver.wait(1)
        match forgery:
            case "no signature":
                del headers[HEADER]
            case "another key":
                key = hashlib.sha256(b"another token").digest()
                headers[HEADER] = hmac.new(key, raw, hashlib.sha256).hexdigest()
            case "another body":
                raw = raw.replace(b"199.00", b"999.00")
            case _:
                headers[HEADER] = "\N{SNOWMAN}" * 64
        with pytest.raises(ForgedNoticeError):
            await rig.provider.notice(raw, headers, utc_now())


async def test_an_old_notice_is_refused_and_so_is_one_from_the_future(tmp_path: Path) -> None:
    async with cryptopay(tmp_path, crypto_pay_replay_window=3600) as rig:
        page = await rig.provider.create(order())
        await rig.do("pay", reference=page.reference)
        [(raw, headers)] = await rig.receiver.wait(1)
        for now in (utc_now() + timedelta(seconds=3610), utc_now() - timedelta(minutes=6)):
            with pytest.raises(StaleNoticeError):
                await rig.provider.notice(raw, headers, now)
        late = utc_now() + timedelta(seconds=3500)
        assert await rig.provider.notice(raw, headers, late) is not None


def signed(body: bytes) -> dict[str, str]:
    key = hashlib.sha256(CRYPTO_PAY_TOKEN.encode()).digest()
    return {HEADER: hmac.new(key, body, hashlib.sha256).hexdigest()}


async def test_a_signed_notice_that_is_none_is_bad_and_others_are_passed_over(
    tmp_path: Path,
) -> None:
    async with cryptopay(tmp_path) as rig:
        notice = {"update_id": 1, "request_date": utc_now().isoformat(), "payload": {}}
        for body in (b"", b"[]", json.dumps(notice | {"update_type": "invoice_paid"}).encode()):
            with pytest.raises(BadNoticeError):
                await rig.provider.notice(body, signed(body), utc_now())
        other = json.dumps(notice | {"update_type": "check_activated"}).encode()
        assert await rig.provider.notice(other, signed(other), utc_now()) is None


async def test_an_invoice_in_crypto_is_none_of_ours(tmp_path: Path) -> None:
    async with cryptopay(tmp_path) as rig:
        made = await rig.sandbox.post(
            "/api/createInvoice",
            json={"asset": "USDT", "amount": "5"},
            headers={"Crypto-Pay-API-Token": CRYPTO_PAY_TOKEN},
        )
        reference = str(made.json()["result"]["invoice_id"])
        await rig.do("pay", reference=reference)
        [(raw, headers)] = await rig.receiver.wait(1)
        assert await rig.provider.notice(raw, headers, utc_now()) is None
        assert await rig.provider.find([reference]) == []


async def test_a_wrong_token_is_told_apart_from_a_wrong_order(tmp_path: Path) -> None:
    async with cryptopay(tmp_path, crypto_pay_token="1:another") as rig:
        with pytest.raises(CredentialsRefusedError) as refused:
            await rig.provider.create(order())
        assert refused.value.code == "UNAUTHORIZED"
    async with cryptopay(tmp_path) as rig:
        with pytest.raises(ProviderRefusedError) as refused:
            await rig.provider.create(order(Money(0, "RUB")))
        assert refused.value.code == "AMOUNT_INVALID"
        assert not isinstance(refused.value, CredentialsRefusedError)


async def test_an_invoice_is_not_made_twice_when_the_answer_is_lost(tmp_path: Path) -> None:
    async with cryptopay(tmp_path) as rig:
        await rig.do("faults", call="createInvoice", status=502, count=5, effect=True)
        with pytest.raises(ProviderAwayError):
            await rig.provider.create(order())
        assert len(await rig.look("invoices")) == 1


async def test_asking_is_repeated_twice_and_no_more(tmp_path: Path) -> None:
    async with cryptopay(tmp_path) as rig:
        page = await rig.provider.create(order())
        await rig.do("faults", call="getInvoices", status=503, count=2)
        assert len(await rig.provider.find([page.reference])) == 1
        await rig.do("faults", call="getInvoices", status=429, count=3)
        with pytest.raises(ProviderAwayError, match="HTTP 429"):
            await rig.provider.find([page.reference])
        assert len(await rig.provider.find([page.reference])) == 1


async def test_silence_ends_with_the_deadline_and_leaves_the_client_whole(tmp_path: Path) -> None:
    async with cryptopay(tmp_path, payment_http_timeout=0.2) as rig:
        page = await rig.provider.create(order())
        await rig.do("faults", call="createInvoice", status=500, delay_seconds=30)
        with pytest.raises(ProviderAwayError, match="no answer in time"):
            await rig.provider.create(order())
        await rig.do("faults", call="getInvoices", status=500, count=9, delay_seconds=30)
        with trio.move_on_after(0.1) as scope:
            await rig.provider.find([page.reference])
        assert scope.cancelled_caught
        await rig.do("faults", call="getInvoices", status=500, count=0)
        assert len(await rig.provider.find([page.reference])) == 1


async def test_a_provider_that_is_not_there_was_never_asked(tmp_path: Path) -> None:
    async with cryptopay(tmp_path, crypto_pay_api_url="http://127.0.0.1:9") as rig:
        with pytest.raises(NotSentError):
            await rig.provider.create(order())


async def test_crypto_pay_gives_nothing_back(tmp_path: Path) -> None:
    async with cryptopay(tmp_path) as rig:
        with pytest.raises(NotRefundableError):
            await rig.provider.refund("1", Money(19900, "RUB"), "refund-1")


async def test_the_pay_page_pays_and_shows_each_state(tmp_path: Path) -> None:
    async with cryptopay(tmp_path) as rig:
        page = await rig.provider.create(order())
        for lang, word in (("ru", "Оплатить"), ("en", "Pay with")):
            shown = await rig.sandbox.get(page.url, params={"lang": lang})
            assert word in shown.text
        await rig.sandbox.post(page.url, data={"asset": "USDT", "notices": "1"})
        await rig.receiver.wait(1)
        shown = await rig.sandbox.get(page.url, params={"lang": "en"})
        assert "Back to the bot" in shown.text
        again = await rig.sandbox.post(page.url, data={"asset": "TON"})
        assert again.status_code == 303
        [invoice] = await rig.look("invoices")
        assert (invoice["status"], invoice["paid_asset"]) == ("paid", "USDT")
        missing = await rig.sandbox.get("/invoice/IVnothing")
        assert missing.status_code == 404
        assert (await rig.sandbox.get("/")).status_code == 200


async def test_invoices_and_waiting_notices_survive_a_restart(tmp_path: Path) -> None:
    async with cryptopay(tmp_path) as rig:
        page = await rig.provider.create(order())
        await rig.do("webhook", url="")
        await rig.do("pay", reference=page.reference, delay_seconds=0.5)
    async with cryptopay(tmp_path) as rig:
        [(raw, headers)] = await rig.receiver.wait(1)
        state = await rig.provider.notice(raw, headers, utc_now())
        assert state is not None
        assert state.reference == page.reference
        assert await rig.provider.find([page.reference]) == [state]


@pytest.mark.parametrize(
    ("call", "parameters", "status", "name"),
    [
        ("createInvoice", {}, 400, "AMOUNT_REQUIRED"),
        ("createInvoice", {"amount": "1", "asset": "DOGE"}, 400, "ASSET_INVALID"),
        ("createInvoice", {"amount": "1", "currency_type": "fiat"}, 400, "FIAT_INVALID"),
        (
            "createInvoice",
            {"amount": "1", "asset": "TON", "expires_in": 0},
            400,
            "EXPIRES_IN_INVALID",
        ),
        ("getInvoices", {"count": 1001}, 400, "COUNT_INVALID"),
        ("deleteInvoice", {"invoice_id": 1}, 400, "INVOICE_NOT_FOUND"),
        ("mintMoney", {}, 405, "METHOD_NOT_FOUND"),
    ],
)
async def test_the_stand_in_refuses_as_crypto_pay_does(
    tmp_path: Path, call: str, parameters: dict[str, object], status: int, name: str
) -> None:
    async with cryptopay(tmp_path) as rig:
        token = {"Crypto-Pay-API-Token": CRYPTO_PAY_TOKEN}
        answer = await rig.sandbox.post(f"/api/{call}", json=parameters, headers=token)
        assert answer.status_code == status
        assert answer.json() == {"ok": False, "error": {"code": status, "name": name}}


async def test_no_secret_is_shown_by_the_provider_or_its_errors(tmp_path: Path) -> None:
    async with cryptopay(tmp_path) as rig:
        await rig.do("faults", call="createInvoice", status=500)
        with pytest.raises(ProviderAwayError) as away:
            await rig.provider.create(order())
        shown = [repr(rig.provider), repr(rig.settings), *traceback.format_exception(away.value)]
        assert not any(CRYPTO_PAY_TOKEN in text for text in shown)
