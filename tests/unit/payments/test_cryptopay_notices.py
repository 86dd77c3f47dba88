"""Crypto Pay's signed notices, by the hundred: only the token's own say that money came."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Never

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.money import EXPONENTS, MAX_MINOR, STARS, Money
from bot.payments.cryptopay import SIGNATURE_HEADER, CryptoPay
from bot.payments.errors import ForgedNoticeError, PaymentError
from bot.payments.exchange import Call

TOKEN = "12345:AAcryptopaytokencryptopaytokencry"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

amounts = st.builds(
    Money, st.integers(1, MAX_MINOR), st.sampled_from(sorted(EXPONENTS.keys() - {STARS}))
)


async def nobody(call: Call) -> Never:
    raise AssertionError(f"a notice asks nobody: {call}")


def provider() -> CryptoPay:
    return CryptoPay(
        nobody,  # type: ignore[arg-type]
        token=TOKEN,
        accepted_assets=frozenset(),
        replay_window=timedelta(days=4),
    )


def notice(amount: str, currency: str, **changes: Any) -> bytes:
    invoice = {
        "invoice_id": 528890,
        "status": "paid",
        "currency_type": "fiat",
        "fiat": currency,
        "amount": amount,
        "payload": "77",
        "bot_invoice_url": "https://t.me/CryptoBot?start=IV",
        "paid_asset": "USDT",
        "paid_amount": "2.44",
        "paid_at": NOW.isoformat(),
    }
    body = {
        "update_id": 1,
        "update_type": "invoice_paid",
        "request_date": NOW.isoformat(),
        "payload": invoice | changes,
    }
    return json.dumps(body).encode()


def signed(raw: bytes, token: str = TOKEN) -> dict[str, str]:
    key = hashlib.sha256(token.encode()).digest()
    return {SIGNATURE_HEADER: hmac.new(key, raw, hashlib.sha256).hexdigest()}


@given(amounts)
async def test_every_amount_arrives_as_it_was_asked_for(amount: Money) -> None:
    raw = notice(amount.decimal(), amount.currency)
    state = await provider().notice(raw, signed(raw), NOW)
    assert state is not None
    assert state.charge is not None
    assert state.charge.amount == amount


@given(st.integers(0, 10_000), st.integers(1, 255))
async def test_a_notice_with_any_byte_changed_is_forged(place: int, change: int) -> None:
    raw = notice("199.00", "RUB")
    changed = bytearray(raw)
    changed[place % len(raw)] ^= change
    with pytest.raises(ForgedNoticeError):
        await provider().notice(bytes(changed), signed(raw), NOW)


@given(st.binary(max_size=200), st.text(max_size=80))
async def test_bytes_of_a_stranger_never_pass(raw: bytes, signature: str) -> None:
    with pytest.raises(ForgedNoticeError):
        await provider().notice(raw, {SIGNATURE_HEADER: signature}, NOW)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=8,
    )
)
async def test_a_signed_body_of_any_shape_is_read_or_refused(body: Any) -> None:
    raw = json.dumps(body).encode()
    with pytest.raises(PaymentError):
        await provider().notice(raw, signed(raw), NOW)


@pytest.mark.parametrize("amount", ["199", "199.0", "199.00", "199.00000000", 199, 199.0])
async def test_an_amount_is_the_same_however_it_is_written(amount: Any) -> None:
    raw = notice(amount, "RUB")
    state = await provider().notice(raw, signed(raw), NOW)
    assert state is not None
    assert state.charge is not None
    assert state.charge.amount == Money(19900, "RUB")


async def test_an_invoice_of_another_app_code_has_no_purchase() -> None:
    for payload in (None, "", "order-1", "-1", "0", "9" * 30):
        raw = notice("199.00", "RUB", payload=payload)
        state = await provider().notice(raw, signed(raw), NOW)
        assert state is not None
        assert state.charge is not None
        assert state.charge.purchase_id is None


async def test_a_paid_invoice_without_its_time_can_not_be_taken() -> None:
    raw = notice("199.00", "RUB", paid_at=None)
    with pytest.raises(PaymentError):
        await provider().notice(raw, signed(raw), NOW)
