// The sheet that pays, the receipt, and the wallet.

import { $, ask, copy, day, icon, make, moment, number, post, price } from "./dom.js";
import { failure, words } from "./words.js";

const TEST_CARD = { number: "4242 4242 4242 4242", expiry: "12/40", cvc: "123" };

function show(title, ...content) {
  const close = make("button", { class: "round close", type: "button", "aria-label": words().close, onclick: () => $("sheet").close() }, icon("close", "x"));
  $("sheet").replaceChildren(make("div", { class: "top" }, make("b", {}, title), close), make("div", { class: "body" }, content));
  if (!$("sheet").open) $("sheet").showModal();
  $("sheet").querySelector("[autofocus]")?.focus({ preventScroll: true });
}

// ---- a payment ----

export async function pay(me, bot, what, bill) {
  const found = bill || (await ask(`invoice/${encodeURIComponent(what.slug)}`));
  if (!found) return show(words().checkout, problem({ error: "SLUG_INVALID" }));
  const { stars } = await ask(`wallet/${me}`);
  const form = found.currency === "XTR" ? starForm(me, bot, found, stars, again) : cardForm(found);
  form.addEventListener("submit", (event) => { event.preventDefault(); confirm(); });
  show(found.currency === "XTR" ? words().confirm : words().checkout, form);

  function again() { pay(me, bot, what, bill); }

  async function confirm() {
    const given = Object.fromEntries(new FormData(form));
    const order = { email: given.email, phone_number: given.phone };
    form.querySelector(".problem")?.remove();
    form.classList.add("waiting");
    form.inert = true;
    const answer = await post("pay", { person: me, ...what, card: given.number ? given : null, order }).catch(() => ({ error: words().offline }));
    form.classList.remove("waiting");
    form.inert = false;
    if (answer.ok) return done(found);
    form.querySelector("[type=submit]").before(problem(answer));
  }
}

const problem = (answer) => make("p", { class: "problem", role: "alert", "data-testid": "pay-error" }, failure(answer));

function done(bill) {
  show(words().checkout,
    make("div", { class: "paid", "data-testid": "pay-done" }, make("span", { class: "tick" }, icon("done")),
      make("b", {}, words().paid), make("div", {}, bill.title, " · ", price(bill.total_amount, bill.currency))),
    make("button", { class: "main", autofocus: true, onclick: () => $("sheet").close() }, words().ready));
}

function submit(...label) {
  return make("button", { class: "main", type: "submit", autofocus: true, "data-testid": "pay-confirm" },
    make("span", { class: "label" }, label), make("span", { class: "busy-label" }, words().waiting));
}

function starForm(me, bot, bill, stars, again) {
  const monthly = bill.subscription_period, amount = () => price(bill.total_amount, "XTR"), missing = bill.total_amount - stars;
  const question = (monthly ? words().askMonthly : words().ask)(bill.title, bot, amount());
  const parts = [
    make("div", { class: "hero" }, icon("star")),
    make("p", { class: "question" }, question),
    make("p", { class: "soft" }, bill.description),
    monthly && make("p", { class: "soft" }, words().monthly),
    make("p", { class: "soft purse" }, `${words().balance}: `, price(stars, "XTR")),
  ];
  if (missing <= 0) return make("form", {}, parts, submit(monthly ? words().subscribe : words().confirmPay, " ", amount()));
  const pack = [100, 500, 1000, 5000, 10000].find((size) => size >= missing) || missing;
  const fill = async () => { await post("stars", { person: me, amount: pack }); again(); };
  return make("form", {}, parts,
    make("p", { class: "problem", "data-testid": "pay-short" }, words().short(price(missing, "XTR"))),
    make("button", { class: "main", type: "button", autofocus: true, "data-testid": "fill", onclick: fill }, words().fill, " ", price(pack, "XTR")),
    make("p", { class: "soft small" }, words().filled));
}

function cardForm(bill) {
  const field = (name, label, extra = {}) => make("label", { class: name }, make("span", {}, label), make("input", { name, required: true, autocomplete: "off", ...extra }));
  const lines = bill.prices.map((part) => make("li", {}, make("span", {}, part.label), price(part.amount, bill.currency)));
  const fill = () => { for (const [name, value] of Object.entries(TEST_CARD)) form.elements[name].value = value; };
  const form = make("form", { class: "card" },
    make("p", { class: "question" }, make("b", {}, bill.title)),
    make("p", { class: "soft" }, bill.description),
    make("ul", { class: "lines" }, lines, make("li", { class: "sum" }, make("span", {}, words().total), price(bill.total_amount, bill.currency))),
    field("number", words().card, { inputmode: "numeric", placeholder: "0000 0000 0000 0000", maxlength: 23 }),
    make("div", { class: "pair" }, field("expiry", words().expiry, { placeholder: words().expiry, maxlength: 5, inputmode: "numeric" }),
      field("cvc", words().cvc, { placeholder: "000", maxlength: 4, inputmode: "numeric" })),
    bill.need_email && field("email", words().email, { type: "email" }),
    bill.need_phone_number && field("phone", words().phone, { type: "tel" }),
    make("button", { class: "plain", type: "button", "data-testid": "test-card", onclick: fill }, words().testCard),
    make("p", { class: "soft small" }, words().declined),
    submit(words().pay, " ", price(bill.total_amount, bill.currency)));
  form.elements.number.addEventListener("input", (event) => {
    event.target.value = event.target.value.replace(/\D/g, "").slice(0, 19).replace(/(\d{4})(?=\d)/g, "$1 ");
  });
  form.elements.expiry.addEventListener("input", (event) => {
    event.target.value = event.target.value.replace(/\D/g, "").slice(0, 4).replace(/^(\d\d)(\d)/, "$1/$2");
  });
  return form;
}

// ---- a receipt ----

export async function receipt(me, charge) {
  const { payments } = await ask(`wallet/${me}`);
  const payment = payments.find((each) => each.charge_id === charge);
  if (!payment) return;
  const line = (label, value) => make("li", {}, make("span", {}, label), value);
  show(words().receiptOf,
    make("div", { class: "hero" }, icon(payment.currency === "XTR" ? "star" : "card", payment.currency === "XTR" ? "star" : "card-hero")),
    make("p", { class: "question" }, make("b", {}, payment.title)),
    make("ul", { class: "lines", "data-testid": "receipt-lines" },
      line(words().total, price(payment.total, payment.currency)),
      line(words().date, make("span", {}, moment(payment.date))),
      line(words().charge, make("button", { class: "plain id", title: charge, onclick: () => copy(charge, words().copied) }, charge)),
      payment.refunded && make("li", { class: "refunded" }, words().refunded)),
    make("button", { class: "main", autofocus: true, onclick: () => $("sheet").close() }, words().ready));
}

// ---- the wallet ----

export async function wallet(me, error) {
  const { stars, payments, subscriptions } = await ask(`wallet/${me}`);
  const fill = (amount) => make("button", { class: "chip", onclick: async () => { await post("stars", { person: me, amount }); wallet(me); } }, "+", number(amount));
  show(words().wallet,
    make("div", { class: "hero" }, icon("star"), make("b", { "data-testid": "stars" }, number(stars))),
    make("div", { class: "chips" }, fill(100), fill(1000), fill(10000)),
    make("p", { class: "soft small" }, words().filled),
    error && problem(error),
    subscriptions.length > 0 && make("h3", {}, words().subscriptions),
    subscriptions.map((each) => drawSubscription(me, each)),
    make("h3", {}, words().payments),
    payments.length ? make("div", { class: "list" }, [...payments].reverse().map((payment) =>
      make("button", { class: "entry", onclick: () => receipt(me, payment.charge_id) },
        make("span", {}, make("b", {}, payment.title), make("small", {}, moment(payment.date))),
        make("span", { class: payment.refunded ? "sum undone" : "sum" }, price(payment.total, payment.currency)))))
      : make("p", { class: "soft" }, words().none));
}

function drawSubscription(me, each) {
  const charge = { person: me, telegram_payment_charge_id: each.charge_id };
  const act = (path, more) => async () => {
    const answer = await post(path, { ...charge, ...more });
    wallet(me, answer.ok ? null : answer);
  };
  const ended = each.is_canceled || each.is_canceled_by_bot;
  const state = each.is_canceled_by_bot ? words().endedByBot : `${ended ? words().ends : words().until} ${day(each.until)}`;
  return make("div", { class: "subscription", "data-testid": "subscription" },
    make("div", { class: "entry" }, make("span", {}, make("b", {}, each.title), make("small", {}, state)),
      make("span", { class: "sum" }, price(each.total_amount, "XTR"), make("small", {}, words().per))),
    make("div", { class: "chips" },
      make("button", { class: "chip", onclick: act("subscription", { canceled: !each.is_canceled }) }, each.is_canceled ? words().resume : words().stop),
      !ended && make("button", { class: "chip", onclick: act("renew") }, words().next)));
}
