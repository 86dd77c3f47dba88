// The chat page: what a person does goes to the stand-in, what changed there is drawn anew.

import { $, ask, make, number, post, toast } from "./dom.js";
import { drawMessage, preview } from "./messages.js";
import { pay, receipt, wallet } from "./payments.js";
import { formatted } from "./text.js";
import { locale, speak, words } from "./words.js";

const COLORS = ["#e17076", "#7bc862", "#65aadd", "#a695e7", "#ee7aae", "#6ec9cb", "#faa774"];
const asked = new URLSearchParams(location.hash.slice(1));
const state = {
  me: Number(asked.get("person")) || Number(location.hash.slice(1)) || null,
  people: [], seen: {}, messages: [], titles: {}, version: -1, bot: { first_name: "", username: "" },
};

const person = () => state.people.find((each) => each.id === state.me);
const context = () => ({
  me: state.me, say, press, follow, reply,
  pay: (what, bill) => pay(state.me, state.bot.first_name, what, bill),
  receipt: (charge) => receipt(state.me, charge),
  titleOf: (charge) => state.titles[charge] || "",
});

// ---- drawing ----

function drawPeople() {
  $("people").replaceChildren(make("h1", {}, words().people), ...state.people.map((each) => {
    const unread = each.last && each.id !== state.me && each.last.message_id > (state.seen[each.id] ?? each.last.message_id);
    return make("button", { class: "person", "data-testid": `person-${each.id}`, "aria-current": String(each.id === state.me), onclick: () => become(each.id) },
      make("div", { class: "avatar", style: `background:${COLORS[each.id % COLORS.length]}` }, each.first_name[0]),
      make("div", { class: "who" },
        make("div", {}, make("b", {}, each.first_name, each.last_name ? ` ${each.last_name}` : ""), each.is_admin && make("span", { class: "tag" }, words().admin)),
        make("small", {}, preview(each.last, each.id) || "—")),
      unread && make("span", { class: "badge" }, "•"));
  }));
}

function dayOf(seconds) {
  const date = new Date(seconds * 1000), now = new Date();
  const apart = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86400000);
  if (apart < 2) return apart ? words().yesterday : words().today;
  return date.toLocaleDateString(locale(), { day: "numeric", month: "long" });
}

// Who reads the end stays there, whatever grows: a new message, a photo that has loaded, the keyboard.
let atEnd = true;
const toEnd = () => { $("chat").scrollTop = $("chat").scrollHeight; };
const stay = () => atEnd && toEnd();

function drawChat() {
  const box = $("chat");
  const old = new Map([...box.children].map((element) => [element.dataset.key, element]));
  const parts = [];
  let day = "";
  for (const message of state.messages) {
    if (dayOf(message.date) !== day) parts.push(make("div", { class: "day" }, (day = dayOf(message.date))));
    // What did not change stays the same element: nothing flickers, and a pressed button stays so.
    const key = `${state.me} ${locale()} ${JSON.stringify(message)}`;
    const element = old.get(key) || drawMessage(message, context());
    element.dataset.key = key;
    parts.push(element);
  }
  if (!parts.length) parts.push(drawEmpty());
  box.replaceChildren(...parts);
  stay();
}

function drawEmpty() {
  const about = person()?.description;
  if (!about) return make("div", { class: "empty" }, words().empty);
  return make("div", { class: "empty about" }, make("b", {}, words().about), formatted(about, [], context()));
}

function drawFrame() {
  const me = person(), hook = state.webhook, waiting = hook?.pending_update_count;
  const typing = me && me.typing * 1000 > Date.now();
  $("state").textContent = typing ? words().typing
    : words().online + (waiting ? ` · ${words().waits}: ${waiting}` : "") + (waiting && hook.last_error_message ? ` · ${hook.last_error_message}` : "");
  $("state").classList.toggle("typing", Boolean(typing));
  if (typing) setTimeout(drawFrame, me.typing * 1000 - Date.now() + 50);
  $("bot-name").textContent = state.bot.first_name;
  const block = me?.blocked ? words().unblock : words().block;
  $("block").querySelector("span").textContent = $("block").title = block;
  $("block").setAttribute("aria-pressed", String(Boolean(me?.blocked)));
  $("purse").querySelector("span").textContent = number(me?.stars ?? 0);
  $("purse").title = words().wallet;
  $("input").placeholder = words().write;
  for (const [id, label] of [["toggle", words().people], ["attach", words().attach], ["send", words().send]]) $(id).setAttribute("aria-label", label);
  $("start").textContent = words().start;
  const fresh = state.messages.length === 0;
  $("start").hidden = !fresh;
  for (const id of ["input", "send", "attach"]) $(id).hidden = fresh;
}

function drawCommands() {
  const typed = $("input").value, box = $("commands");
  const found = typed.startsWith("/") && !/\s/.test(typed) ? (person()?.commands || []).filter((each) => `/${each.command}`.startsWith(typed)) : [];
  box.hidden = !found.length;
  box.replaceChildren(...found.map((each) => make("button", { type: "button", onclick: () => say(`/${each.command}`) }, make("b", {}, `/${each.command}`), make("small", {}, each.description))));
}

// ---- looking ----

async function refresh() {
  const world = await ask("people");
  Object.assign(state, { people: world.people, webhook: world.webhook, version: world.version, bot: world.bot });
  if (!person()) state.me = world.people[0].id;
  const me = state.me;
  for (const each of world.people) if (each.last) state.seen[each.id] ??= each.last.message_id;
  if (person().last) state.seen[me] = person().last.message_id;
  const [messages, purse] = await Promise.all([ask(`chat/${me}`), ask(`wallet/${me}`)]);
  if (state.me !== me) return; // somebody else writes by now
  state.messages = messages;
  for (const payment of purse.payments) state.titles[payment.charge_id] = payment.title;
  speak(person().language_code);
  drawPeople(); drawChat(); drawFrame();
}

async function watch() {
  for (;;) {
    try {
      await ask(`changes?since=${state.version}`);
      await refresh();
    } catch {
      $("state").textContent = words().offline;
      await new Promise((wake) => setTimeout(wake, 1000));
    }
  }
}

// ---- doing ----

async function become(id) {
  state.me = id;
  reply(null);
  history.replaceState(null, "", `#${id}`);
  document.body.classList.remove("listing");
  await refresh();
  toEnd();
  if (matchMedia("(hover: hover)").matches) $("input").focus();
}

async function say(text) {
  $("input").value = "";
  grow();
  drawCommands();
  toEnd();
  const reply_to = state.replyTo?.message_id;
  reply(null);
  if (text.trim()) await post("text", { person: state.me, text, reply_to });
}

function reply(message) {
  state.replyTo = message;
  $("replying").hidden = !message;
  if (!message) return;
  $("replying").querySelector("span").textContent = `${words().replyTo}: ${preview(message, state.me)}`;
  $("input").focus();
}

async function press(element, message, button) {
  element.classList.add("busy");
  const answer = await post("press", { person: state.me, message_id: message.message_id, data: button.callback_data });
  element.classList.remove("busy");
  if (!answer?.text) return;
  if (!answer.show_alert) return toast(answer.text);
  $("alert").querySelector("p").textContent = answer.text;
  $("alert").showModal();
}

function follow(event, url, isButton = false) {
  const ours = new RegExp(`^(?:https?://)?t\\.me/(?:\\$([\\w-]+)|${state.bot.username}(?:\\?start=([\\w-]*))?)$`, "i").exec(url);
  if (ours) {
    event.preventDefault();
    if (ours[1]) return context().pay({ slug: ours[1] });
    return say(`/start${ours[2] ? ` ${ours[2]}` : ""}`);
  }
  if (isButton && /^https?:/.test(url)) window.open(url, "_blank", "noreferrer");
}

async function sendPicture(file) {
  const form = new FormData();
  form.append("person", state.me);
  form.append("caption", $("input").value);
  form.append("file", file);
  if (state.replyTo) form.append("reply_to", state.replyTo.message_id);
  reply(null);
  const answer = await fetch("/sandbox/photo", { method: "POST", body: form }).then((response) => response.json());
  if (answer.error) return toast(answer.error);
  $("input").value = "";
}

function grow() {
  $("input").style.height = "auto";
  $("input").style.height = `${Math.min($("input").scrollHeight, innerHeight * 0.3)}px`;
}

$("compose").addEventListener("submit", (event) => { event.preventDefault(); say($("input").value); });
$("input").addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); say($("input").value); } });
$("input").addEventListener("input", () => { grow(); drawCommands(); });
$("start").addEventListener("click", () => say("/start"));
$("replying").addEventListener("click", () => reply(null));
$("attach").addEventListener("click", () => $("picture").click());
$("picture").addEventListener("change", (event) => { const [file] = event.target.files; event.target.value = ""; if (file) sendPicture(file); });
$("block").addEventListener("click", () => post("block", { person: state.me, blocked: !person().blocked }));
$("purse").addEventListener("click", () => wallet(state.me));
$("chat").addEventListener("scroll", () => { atEnd = $("chat").scrollHeight - $("chat").scrollTop - $("chat").clientHeight < 80; });
$("chat").addEventListener("load", stay, true);
new ResizeObserver(stay).observe($("chat"));
$("toggle").addEventListener("click", () => document.body.classList.toggle("listing"));
$("curtain").addEventListener("click", () => document.body.classList.remove("listing"));
for (const id of ["viewer", "sheet"]) $(id).addEventListener("click", (event) => { if (event.target === $(id) || id === "viewer") $(id).close(); });

refresh().then(() => {
  toEnd();
  if (asked.get("pay")) { history.replaceState(null, "", `#${state.me}`); context().pay({ slug: asked.get("pay") }); }
  watch();
});
