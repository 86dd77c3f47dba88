"""The stand-in's HTTP side: the YooKassa API, the pay page, and the ways for tests to act.

Under /sandbox/, in JSON:
    GET  payments                           every payment, the newest first
    POST pay     {reference, method?, notices?, delay_seconds?, amount?, currency?}
    POST cancel  {reference, reason?}
    POST expire  {reference}
    POST refund  {reference, amount?}       by the merchant, in YooKassa's own panel
    POST next_refund   {status}             what the next refund comes to: pending, canceled
    POST finish_refund {refund}             a pending refund succeeds
    POST resend  {reference}                the webhook about a payment, once more
    POST webhook {url}                      where webhooks go
    GET  notices                            webhooks that wait, were taken, were given up
    POST faults  {call, status, count?, effect?, delay_seconds?}
                 of create, refund, payment
"""

import base64
import hmac
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import trio
from quart import Response, redirect, render_template, request
from quart.typing import ResponseReturnValue
from quart_trio import QuartTrio

from bot.sandbox.faults import Faults
from bot.sandbox.serving import language, leads_to, reply, serve_app, shown
from bot.sandbox.yookassa.payments import Payments, RefusalError, YooKassaConfig, visible
from bot.sandbox.yookassa.words import WORDS

_CODES = {429: "too_many_requests", 403: "forbidden", 400: "invalid_request"}


async def serve_yookassa(
    config: YooKassaConfig, *, task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED
) -> None:
    """Be a YooKassa until cancelled; reports its address once it listens."""
    payments = Payments(config)
    try:
        async with trio.open_nursery() as nursery:
            stand_in = _StandIn(payments)
            url = await nursery.start(serve_app, stand_in.app, config.host, config.port)
            payments.base_url = url
            nursery.start_soon(payments.notices.run, name="YooKassa webhooks")
            task_status.started(url)
    finally:
        payments.close()


class _StandIn:
    def __init__(self, payments: Payments) -> None:
        self.payments = payments
        self.faults = Faults()
        self.app = QuartTrio(__name__, template_folder=str(Path(__file__).parent / "page"))
        add = self.app.add_url_rule
        add("/v3/payments", "create", self._create, methods=["POST"])
        add("/v3/payments/<payment_id>", "payment", self._payment)
        add("/v3/refunds", "make_refund", self._make_refund, methods=["POST"])
        add("/v3/refunds/<refund_id>", "refund_object", self._refund_object)
        add("/v3/me", "me", self._me)
        add("/", "all", self._all)
        add("/checkout/payments/v2/contract", "page", self._page)
        add("/checkout/payments/v2/contract", "form", self._form, methods=["POST"])
        for name in (
            "pay", "cancel", "expire", "refund", "next_refund", "finish_refund", "resend",
            "webhook", "faults",
        ):  # fmt: skip
            add(f"/sandbox/{name}", name, getattr(self, f"_{name}"), methods=["POST"])
        add("/sandbox/payments", "payments", self._payments)
        add("/sandbox/notices", "notices", self._notices)
        self.app.register_error_handler(RefusalError, _refused)

    # ---- the API ----

    async def _create(self) -> Response:
        body = await self._admitted_body()
        key = request.headers.get("Idempotence-Key", "")
        return await self._meet("create", lambda: self.payments.create(key, body))

    async def _payment(self, payment_id: str) -> Response:
        self._admit()
        return await self._meet("payment", lambda: self.payments.payment(payment_id))

    async def _make_refund(self) -> Response:
        body = await self._admitted_body()
        key = request.headers.get("Idempotence-Key", "")
        return await self._meet("refund", lambda: self.payments.refund(key, body))

    async def _refund_object(self, refund_id: str) -> Response:
        self._admit()
        return reply(self.payments.refund_object(refund_id))

    async def _me(self) -> Response:
        self._admit()
        return reply(
            {"account_id": self.payments.config.shop_id, "status": "enabled", "test": True}
        )

    async def _meet(self, call: str, act: Callable[[], dict[str, Any]]) -> Response:
        def fail(status: int) -> Response:
            code = _CODES.get(status, "internal_server_error")
            return _refused(RefusalError(status, code, "Told to fail"))

        return await self.faults.meet(call, lambda: reply(visible(act())), fail)

    async def _admitted_body(self) -> dict[str, Any]:
        self._admit()
        if request.mimetype != "application/json":
            raise RefusalError(415, "invalid_request", "Unsupported content type")
        try:
            body = json.loads(await request.get_data())
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise RefusalError(400, "invalid_request", "JSON is expected")
        return body

    def _admit(self) -> None:
        config = self.payments.config
        pair = base64.b64encode(f"{config.shop_id}:{config.secret_key}".encode()).decode()
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Basic {pair}".encode()):
            raise RefusalError(
                401, "invalid_credentials", "Error in shopId or secret key. Check their validity."
            )

    # ---- people ----

    async def _all(self) -> str:
        locale = language()
        return await render_template(
            "payments.html",
            locale=locale,
            words=WORDS[locale],
            shop=self.payments.config.shop_name,
            rows=[(payment, self._price(payment, locale)) for payment in self.payments.all()],
        )

    async def _page(self) -> ResponseReturnValue:
        locale = language()
        try:
            payment = self.payments.payment(request.args.get("orderId", ""))
        except RefusalError:
            return await render_template("missing.html", locale=locale, words=WORDS[locale]), 404
        return await render_template(
            "payment.html",
            locale=locale,
            words=WORDS[locale],
            shop=self.payments.config.shop_name,
            payment=payment,
            price=self._price(payment, locale),
            back=self._back(payment),
        )

    async def _form(self) -> ResponseReturnValue:
        """Pay or give up, then lead back to the shop, as YooKassa does in either case."""
        payment = self.payments.payment(request.args.get("orderId", ""))
        form = await request.form
        if payment["status"] == "pending":
            if form.get("action") == "cancel":
                self.payments.cancel(payment["id"])
            else:
                self.payments.pay(
                    payment["id"],
                    method=form.get("method", "bank_card"),
                    notices=int(form.get("notices", 1)),
                    delay_seconds=float(form.get("delay_seconds") or 0),
                    amount=form.get("amount") or None,
                    currency=form.get("currency") or None,
                )
        return redirect(self._back(payment), 303)

    def _back(self, payment: dict[str, Any]) -> str:
        return leads_to(payment["_return_url"], self.payments.config.telegram_url)

    def _price(self, payment: dict[str, Any], locale: str) -> str:
        return shown(payment["amount"]["value"], payment["amount"]["currency"], locale)

    # ---- tests ----

    async def _pay(self) -> Response:
        given = await request.get_json()
        return reply(visible(self.payments.pay(given.pop("reference"), **given)))

    async def _cancel(self) -> Response:
        given = await request.get_json()
        return reply(visible(self.payments.cancel(given.pop("reference"), **given)))

    async def _expire(self) -> Response:
        reference = (await request.get_json())["reference"]
        return reply(visible(self.payments.cancel(reference, "expired_on_confirmation")))

    async def _refund(self) -> Response:
        given = await request.get_json()
        payment = self.payments.payment(given["reference"])
        amount = payment["amount"]
        if "amount" in given:
            amount = amount | {"value": given["amount"]}
        body = {"payment_id": payment["id"], "amount": amount}
        return reply(self.payments.refund(str(uuid.uuid4()), body))

    async def _next_refund(self) -> Response:
        self.payments.next_refund_status = (await request.get_json())["status"]
        return reply(True)

    async def _finish_refund(self) -> Response:
        return reply(self.payments.finish_refund((await request.get_json())["refund"]))

    async def _resend(self) -> Response:
        self.payments.tell((await request.get_json())["reference"])
        return reply(True)

    async def _webhook(self) -> Response:
        self.payments.notices.url = (await request.get_json())["url"]
        return reply(True)

    async def _faults(self) -> Response:
        given = await request.get_json()
        self.faults.set(given.pop("call"), **given)
        return reply(True)

    async def _payments(self) -> Response:
        payments = self.payments.all()
        return reply([visible(p) | {"receipt": p["_receipt"]} for p in payments])

    async def _notices(self) -> Response:
        return reply(self.payments.notices.report())


def _refused(refusal: RefusalError) -> Response:
    return reply(refusal.body(), refusal.status)
