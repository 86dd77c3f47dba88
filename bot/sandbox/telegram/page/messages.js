// One message as a bubble: text, photo, file, invoice; or as a service line.

import { $, copy, icon, make, number, price } from "./dom.js";
import { formatted } from "./text.js";
import { locale, words } from "./words.js";

const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" });

export function preview(message, me) {
  if (!message) return "";
  const paid = message.successful_payment || message.refunded_payment;
  if (paid) return paid === message.refunded_payment ? words().refunded : words().paid;
  const own = message.from.id === me ? words().mine : "";
  const what = message.text ?? message.caption ?? message.document?.file_name ?? message.invoice?.title ?? (message.photo ? words().photo : "");
  const kind = message.photo ? "🖼 " : message.document ? "📎 " : "";
  return own + kind + what;
}

export function drawMessage(message, context) {
  const service = message.successful_payment || message.refunded_payment;
  return service ? drawService(message, context) : drawBubble(message, context);
}

function drawService(message, { receipt, titleOf }) {
  const paid = message.successful_payment, back = message.refunded_payment;
  const amount = price((paid || back).total_amount, (paid || back).currency);
  const title = titleOf((paid || back).telegram_payment_charge_id);
  const said = back ? words().back(amount) : paid.is_recurring && !paid.is_first_recurring ? words().renewed(amount, title) : words().sent(amount, title);
  const charge = (paid || back).telegram_payment_charge_id;
  return make("button", { class: "service", "data-testid": "service", "data-id": message.message_id, onclick: () => receipt(charge) }, said);
}

function drawBubble(message, context) {
  const mine = message.from.id === context.me;
  const time = make("time", {}, (message.edit_date ? `${words().edited} ` : "") + clock(message.date));
  const text = message.text ?? message.caption;
  const parts = [
    message.forward_origin && make("div", { class: "origin" }, `${words().forwarded} `, make("b", {}, message.forward_origin.sender_user.first_name)),
    message.reply_to_message && make("div", { class: "quote", "data-testid": "quote" }, preview(message.reply_to_message, context.me)),
    message.photo && drawPhoto(message.photo.at(-1)),
    message.document && drawDocument(message.document),
    message.invoice && drawInvoice(message),
    text && make("div", { class: "text" }, formatted(text, message.entities || message.caption_entities, context)),
    time,
  ];
  const kinds = ["message", mine && "mine", message.photo && "pictured", message.photo && !text && "bare", message.invoice && "billed"];
  return make("div", { class: kinds.filter(Boolean).join(" "), "data-testid": "message", "data-id": message.message_id },
    make("div", { class: "bubble", ondblclick: () => context.reply(message) }, parts),
    make("button", { class: "reply", title: words().reply, "aria-label": words().reply, "data-testid": "reply", onclick: () => context.reply(message) }, "↩"),
    drawKeyboard(message, context));
}

function drawPhoto(size) {
  const source = `/sandbox/file/${size.file_id}`;
  const image = make("img", { src: source, width: size.width, height: size.height, alt: words().photo, "data-testid": "photo" });
  return make("button", { class: "photo", onclick: () => view(source) }, image);
}

function view(source) {
  $("viewer").replaceChildren(make("img", { src: source, alt: words().photo }));
  $("viewer").showModal();
}

function drawDocument(file) {
  const kilobytes = file.file_size < 1024 * 1024 ? `${number(Math.max(1, Math.round(file.file_size / 1024)))} KB` : `${number(Math.round(file.file_size / 104857.6) / 10)} MB`;
  return make("a", { class: "file", href: `/sandbox/file/${file.file_id}`, download: file.file_name, "data-testid": "document" },
    make("span", { class: "circle" }, icon("file", "x")),
    make("span", {}, make("b", {}, file.file_name), make("small", {}, kilobytes)));
}

function drawInvoice(message) {
  const bill = message.bill || message.invoice;
  const image = bill.photo_url && make("img", { src: bill.photo_url, alt: "", onerror: (event) => event.target.remove() });
  return make("div", { class: "invoice", "data-testid": "invoice" }, image,
    make("b", {}, bill.title), make("div", {}, bill.description),
    make("div", { class: "amount" }, price(bill.total_amount, bill.currency)));
}

function drawKeyboard(message, context) {
  const rows = message.reply_markup?.inline_keyboard || [];
  // Bot API: sendInvoice: without a keyboard Telegram shows a Pay button of its own.
  const shown = message.invoice && !rows.length ? [[{ text: null, pay: true }]] : rows;
  return shown.map((row) => make("div", { class: "row" }, row.map((button) => drawButton(button, message, context))));
}

function drawButton(button, message, { press, follow, pay, receipt }) {
  if (button.pay) {
    const charge = message.bill?.paid;
    const label = charge ? words().receipt : button.text ?? [words().pay, " ", price(message.invoice.total_amount, message.invoice.currency)];
    const act = () => (charge ? receipt(charge) : pay({ message_id: message.message_id }, message.bill));
    return make("button", { class: "pay", "data-testid": charge ? "receipt" : "pay", onclick: act }, withStars(label), !charge && icon("card", "corner"));
  }
  if (button.url) return make("button", { title: button.url, onclick: (event) => follow(event, button.url, true) }, button.text, icon("link", "corner"));
  if (button.copy_text) return make("button", { onclick: () => copy(button.copy_text.text, words().copied) }, button.text, icon("copy", "corner"));
  return make("button", { "data-data": button.callback_data, onclick: (event) => press(event.currentTarget, message, button) }, button.text);
}

// Telegram shows a star of its own for ⭐ in a Pay button.
const withStars = (label) => (typeof label === "string" ? label.split(/⭐️?/).flatMap((part, i) => (i ? [icon("star"), part] : [part])) : label);
