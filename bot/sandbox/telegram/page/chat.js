"use strict";
// A chat page: what a person does goes to the stand-in, what changed there is drawn anew.
// Texts of people and of the bot are only ever set as text nodes.

const WORDS = {
  ru: { online: "бот", typing: "печатает…", waits: "ждут доставки", block: "Заблокировать", unblock: "Разблокировать",
        write: "Сообщение", people: "Кем вы пишете", admin: "админ", edited: "изменено", empty: "Здесь пока пусто", start: "НАЧАТЬ" },
  en: { online: "bot", typing: "typing…", waits: "waiting for delivery", block: "Block", unblock: "Unblock",
        write: "Message", people: "Write as", admin: "admin", edited: "edited", empty: "No messages here yet", start: "START" },
};
const COLORS = ["#e17076", "#7bc862", "#65aadd", "#a695e7", "#ee7aae", "#6ec9cb", "#faa774"];
const $ = (id) => document.getElementById(id);
const state = { me: Number(location.hash.slice(1)) || null, people: [], seen: {}, messages: [], version: -1 };

const words = () => WORDS[person()?.language_code === "ru" ? "ru" : "en"];
const person = () => state.people.find((p) => p.id === state.me);
const post = (path, body) =>
  fetch(`/sandbox/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
    .then((answer) => answer.json());

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

function formatted(text, entities = []) {
  // Entities count UTF-16 units, and so do JavaScript's strings.
  const out = document.createDocumentFragment();
  const tags = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "blockquote" };
  const render = (from, to, list) => {
    const parts = [];
    let at = from;
    for (let i = 0; i < list.length; i++) {
      const e = list[i], end = e.offset + e.length;
      if (e.offset < at) continue;
      parts.push(text.slice(at, e.offset));
      const inner = render(e.offset, end, list.slice(i + 1).filter((x) => x.offset + x.length <= end));
      if (e.type === "bot_command") parts.push(make("span", { class: "command", onclick: () => say(text.slice(e.offset, end)) }, ...inner));
      else if (e.type === "text_link" && /^https?:/.test(e.url)) parts.push(make("a", { href: e.url, target: "_blank", rel: "noreferrer" }, ...inner));
      else parts.push(make(tags[e.type] || "span", {}, ...inner));
      at = end;
    }
    parts.push(text.slice(at, to));
    return parts;
  };
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  // Telegram marks commands in the bot's texts by itself.
  const links = [...text.matchAll(/(?<!\S)\/[a-z0-9_]{1,32}/gi)].map((m) => ({ type: "bot_command", offset: m.index, length: m[0].length }));
  out.append(...render(0, text.length, [...sorted, ...links.filter((l) => !sorted.some((s) => s.offset === l.offset))].sort((a, b) => a.offset - b.offset)));
  return out;
}

function drawPeople() {
  const box = $("people");
  box.replaceChildren(make("h1", {}, words().people));
  for (const p of state.people) {
    const unread = p.last && p.id !== state.me ? Math.max(0, p.last.message_id - (state.seen[p.id] ?? p.last.message_id)) : 0;
    box.append(make("button", { "data-testid": `person-${p.id}`, "aria-current": p.id === state.me, onclick: () => become(p.id) },
      make("div", { class: "avatar", style: `background:${COLORS[p.id % COLORS.length]}` }, p.first_name[0]),
      make("div", { class: "who" },
        make("b", {}, p.first_name, p.last_name ? ` ${p.last_name}` : ""), p.is_admin ? make("span", { class: "tag" }, words().admin) : null,
        make("small", {}, p.last ? p.last.text || "" : "—")),
      unread ? make("span", { class: "badge" }, "•") : null));
  }
}

function drawMessage(message) {
  const mine = message.from.id === state.me;
  const time = new Date(message.date * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const rows = (message.reply_markup?.inline_keyboard || []).map((row) =>
    make("div", { class: "row" }, ...row.map((button) => make("button", { onclick: (event) => press(event.target, message, button) }, button.text))));
  return make("div", { class: mine ? "message mine" : "message", "data-testid": "message", "data-id": message.message_id },
    make("div", { class: "bubble" }, formatted(message.text || "", message.entities),
      make("time", {}, (message.edit_date ? `${words().edited} ` : "") + time)), ...rows);
}

function drawChat() {
  const box = $("chat"), atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  const old = new Map([...box.querySelectorAll(".message")].map((e) => [e.dataset.key, e]));
  const parts = [];
  let day = "";
  for (const message of state.messages) {
    const today = new Date(message.date * 1000).toLocaleDateString(words() === WORDS.ru ? "ru" : "en", { day: "numeric", month: "long" });
    if (today !== day) parts.push(make("div", { class: "day" }, (day = today)));
    // What did not change stays the same element: nothing flickers, and a pressed button stays so.
    const key = `${state.me} ${JSON.stringify(message)}`;
    const element = old.get(key) || drawMessage(message);
    element.dataset.key = key;
    parts.push(element);
  }
  if (!parts.length) parts.push(make("div", { class: "empty" }, words().empty));
  box.replaceChildren(...parts);
  if (atEnd) box.scrollTop = box.scrollHeight;
}

function drawFrame() {
  const me = person(), w = words(), hook = state.webhook;
  const typing = me && me.typing * 1000 > Date.now();
  $("state").textContent = typing ? w.typing : w.online + (hook?.pending_update_count ? ` · ${w.waits}: ${hook.pending_update_count}` : "")
    + (hook?.pending_update_count && hook.last_error_message ? ` · ${hook.last_error_message}` : "");
  $("block").textContent = me?.blocked ? w.unblock : w.block;
  $("input").placeholder = w.write;
  $("start").textContent = w.start;
  const fresh = state.messages.length === 0;
  $("start").hidden = !fresh;
  $("input").hidden = $("send").hidden = fresh;
}

function drawCommands() {
  const typed = $("input").value, box = $("commands");
  const found = typed.startsWith("/") && !typed.includes(" ") ? (person()?.commands || []).filter((c) => `/${c.command}`.startsWith(typed)) : [];
  box.hidden = !found.length;
  box.replaceChildren(...found.map((c) => make("button", { type: "button", onclick: () => say(`/${c.command}`) }, `/${c.command}`, make("small", {}, c.description))));
}

async function refresh() {
  const world = await fetch("/sandbox/people").then((answer) => answer.json());
  Object.assign(state, { people: world.people, webhook: world.webhook, version: world.version });
  state.me ??= world.people[0].id;
  for (const p of world.people) if (p.last) state.seen[p.id] ??= p.last.message_id;
  if (person()?.last) state.seen[state.me] = person().last.message_id;
  state.messages = await fetch(`/sandbox/chat/${state.me}`).then((answer) => answer.json());
  drawPeople(); drawChat(); drawFrame();
}

async function become(id) {
  state.me = id;
  location.hash = id;
  $("people").classList.remove("open");
  await refresh();
  $("chat").scrollTop = $("chat").scrollHeight;
  $("input").focus();
}

async function say(text) {
  $("input").value = "";
  drawCommands();
  if (text.trim()) await post("text", { person: state.me, text });
}

async function press(element, message, button) {
  if (button.url) return window.open(button.url, "_blank", "noreferrer");
  element.classList.add("busy");
  const answer = await post("press", { person: state.me, message_id: message.message_id, data: button.callback_data });
  element.classList.remove("busy");
  if (!answer?.text) return;
  if (answer.show_alert) { $("alert").querySelector("p").textContent = answer.text; $("alert").showModal(); return; }
  $("toast").textContent = answer.text;
  $("toast").hidden = false;
  setTimeout(() => ($("toast").hidden = true), 2500);
}

async function watch() {
  for (;;) {
    try {
      await fetch(`/sandbox/changes?since=${state.version}`).then((answer) => answer.json());
      await refresh();
    } catch {
      $("state").textContent = "…";
      await new Promise((wake) => setTimeout(wake, 1000));
    }
  }
}

$("compose").addEventListener("submit", (event) => { event.preventDefault(); say($("input").value); });
$("input").addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); say($("input").value); } });
$("input").addEventListener("input", drawCommands);
$("start").addEventListener("click", () => say("/start"));
$("block").addEventListener("click", () => post("block", { person: state.me, blocked: !person().blocked }));
$("toggle").addEventListener("click", () => $("people").classList.toggle("open"));
refresh().then(watch);
