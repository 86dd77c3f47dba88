// Elements, icons, amounts. Texts of people and of the bot are only ever set as text nodes.

import { locale } from "./words.js";

export const $ = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

export function icon(name, kind = "") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("class", kind || name);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

export const number = (value) => value.toLocaleString(locale());

export function price(amount, currency) {
  if (currency === "XTR") return make("span", { class: "price", "aria-label": `${amount} stars` }, icon("star"), number(amount));
  const style = { style: "currency", currency };
  // The currency's smallest unit, as Intl knows it: two digits for most, none for the yen.
  const digits = new Intl.NumberFormat("en", style).resolvedOptions().maximumFractionDigits;
  const whole = amount / 10 ** digits;
  const shown = Number.isInteger(whole) ? { ...style, minimumFractionDigits: 0 } : style;
  return make("span", { class: "price" }, new Intl.NumberFormat(locale(), shown).format(whole));
}

export const moment = (seconds) =>
  new Date(seconds * 1000).toLocaleString(locale(), { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" });
export const day = (seconds) =>
  new Date(seconds * 1000).toLocaleDateString(locale(), { day: "numeric", month: "long", year: "numeric" });

export const ask = (path) => fetch(`/sandbox/${path}`).then((answer) => answer.json());
export const post = (path, body) =>
  fetch(`/sandbox/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
    .then((answer) => answer.json());

let rest;
export function toast(text) {
  clearTimeout(rest);
  // A popover of its own, so that it lies above an open dialog.
  const open = document.querySelector("dialog[open]");
  (open || document.body).append($("toast"));
  $("toast").textContent = text;
  $("toast").hidden = false;
  rest = setTimeout(() => ($("toast").hidden = true), 2500);
}

export async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without permission, or on a page that isn't secure: the old way.
    const area = make("textarea", { style: "position:fixed;opacity:0" }, text);
    (document.querySelector("dialog[open]") || document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast(done);
}
