"""The stand-in's HTTP side: the Crypto Pay API, the pay page, and the ways for tests to act.

Under /sandbox/, in JSON:
    GET  invoices                           every invoice, the newest first
    POST pay     {reference, asset?, notices?, delay_seconds?, amount?, currency?}
    POST expire  {reference}
    POST resend  {reference}                the webhook of a paid invoice, once more
    POST webhook {url}                      where webhooks go
    GET  notices                            webhooks that wait, were taken, were given up
    POST faults  {call, status, count?, effect?, delay_seconds?}
"""

import hmac
from collections.abc import Callable
from pathlib import Path
from typing import Any

import trio
from quart import Response, redirect, render_template, request
from quart.typing import ResponseReturnValue
from quart_trio import QuartTrio

from bot.sandbox.cryptopay.invoices import (
    CryptoPayConfig,
    Invoices,
    RefusalError,
    accepted,
    in_asset,
)
from bot.sandbox.cryptopay.words import WORDS
from bot.sandbox.faults import Faults
from bot.sandbox.serving import language, leads_to, reply, serve_app, shown


async def serve_cryptopay(
    config: CryptoPayConfig, *, task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED
) -> None:
    """Be a Crypto Pay until cancelled; reports its address once it listens."""
    invoices = Invoices(config)
    try:
        async with trio.open_nursery() as nursery:
            stand_in = _StandIn(invoices)
            url = await nursery.start(serve_app, stand_in.app, config.host, config.port)
            invoices.base_url = url
            nursery.start_soon(invoices.notices.run, name="Crypto Pay webhooks")
            task_status.started(url)
    finally:
        invoices.close()


class _StandIn:
    def __init__(self, invoices: Invoices) -> None:
        self.invoices = invoices
        self.faults = Faults()
        self.methods: dict[str, Callable[[dict[str, Any]], Any]] = {
            "getMe": lambda _: {
                "app_id": int(invoices.config.token.partition(":")[0]),
                "name": invoices.config.app_name,
                "payment_processing_bot_username": "CryptoTestnetBot",
            },
            "createInvoice": invoices.create,
            "deleteInvoice": invoices.delete,
            "getInvoices": invoices.found,
        }
        self.app = QuartTrio(__name__, template_folder=str(Path(__file__).parent / "page"))
        add = self.app.add_url_rule
        add("/api/<method>", "api", self._api, methods=["GET", "POST"])
        add("/", "all", self._all)
        add("/invoice/<name>", "page", self._page)
        add("/invoice/<name>", "form", self._form, methods=["POST"])
        for name in ("pay", "expire", "resend", "webhook", "faults"):
            add(f"/sandbox/{name}", name, getattr(self, f"_{name}"), methods=["POST"])
        for name in ("invoices", "notices"):
            add(f"/sandbox/{name}", name, getattr(self, f"_{name}"))
        self.app.register_error_handler(RefusalError, _refused)

    # ---- the API ----

    async def _api(self, method: str) -> Response:
        given = request.headers.get("Crypto-Pay-API-Token", "")
        if not hmac.compare_digest(given.encode(), self.invoices.config.token.encode()):
            raise RefusalError(401, "UNAUTHORIZED")
        if method not in self.methods:
            raise RefusalError(405, "METHOD_NOT_FOUND")
        parameters: dict[str, Any] = dict(request.args)
        if request.is_json:
            parameters |= await request.get_json() or {}
        else:
            parameters |= dict(await request.form)
        result: Response = await self.faults.meet(
            method,
            lambda: reply({"ok": True, "result": self.methods[method](parameters)}),
            lambda status: _refused(RefusalError(status, "TOLD_TO_FAIL")),
        )
        return result

    # ---- people ----

    async def _all(self) -> str:
        locale = language()
        rows = self.invoices.found({"count": 1000})["items"]
        return await render_template(
            "invoices.html",
            locale=locale,
            words=WORDS[locale],
            app=self.invoices.config.app_name,
            rows=[(row, self._price(row, locale)) for row in rows],
        )

    async def _page(self, name: str) -> ResponseReturnValue:
        locale = language()
        invoice = self.invoices.by_hash(name)
        if invoice is None:
            return await render_template("missing.html", locale=locale, words=WORDS[locale]), 404
        return await render_template(
            "invoice.html",
            locale=locale,
            words=WORDS[locale],
            app=self.invoices.config.app_name,
            invoice=invoice,
            price=self._price(invoice, locale),
            assets=[(asset, in_asset(invoice, asset)) for asset in accepted(invoice)],
            back=leads_to(invoice.get("paid_btn_url", "/"), self.invoices.config.telegram_url),
        )

    async def _form(self, name: str) -> ResponseReturnValue:
        invoice = self.invoices.by_hash(name)
        if invoice is None:
            return redirect("/", 303)
        form = await request.form
        if invoice["status"] == "active":  # else a second tap: the page shows what is
            self.invoices.pay(
                invoice["invoice_id"],
                asset=form.get("asset", "USDT"),
                notices=int(form.get("notices", 1)),
                delay_seconds=float(form.get("delay_seconds") or 0),
                amount=form.get("amount") or None,
                currency=form.get("currency") or None,
            )
        return redirect(f"/invoice/{name}?lang={language()}", 303)

    def _price(self, invoice: dict[str, Any], locale: str) -> str:
        return shown(invoice["amount"], invoice.get("fiat") or invoice["asset"], locale)

    # ---- tests ----

    async def _pay(self) -> Response:
        given = await request.get_json()
        return reply(self.invoices.pay(int(given.pop("reference")), **given))

    async def _expire(self) -> Response:
        return reply(self.invoices.expire(int((await request.get_json())["reference"])))

    async def _resend(self) -> Response:
        self.invoices.tell(int((await request.get_json())["reference"]))
        return reply(True)

    async def _webhook(self) -> Response:
        self.invoices.notices.url = (await request.get_json())["url"]
        return reply(True)

    async def _faults(self) -> Response:
        given = await request.get_json()
        self.faults.set(given.pop("call"), **given)
        return reply(True)

    async def _invoices(self) -> Response:
        return reply(self.invoices.found({"count": 1000})["items"])

    async def _notices(self) -> Response:
        return reply(self.invoices.notices.report())


def _refused(refusal: RefusalError) -> Response:
    body = {"ok": False, "error": {"code": refusal.code, "name": refusal.name}}
    return reply(body, refusal.code)
