// A text with its entities, as elements. Entities count UTF-16 units, and so do JavaScript's strings.

import { copy, make } from "./dom.js";
import { words } from "./words.js";

const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", blockquote: "blockquote", expandable_blockquote: "blockquote",
};

export function formatted(text, entities, { say, follow }) {
  const element = (entity, plain, inner) => {
    switch (entity.type) {
      case "bot_command": return make("a", { class: "command", role: "button", tabindex: 0, onclick: () => say(plain) }, inner);
      case "url": return link(plain, inner);
      case "text_link": return /^(https?|tg):/.test(entity.url) ? link(entity.url, inner) : make("span", {}, inner);
      case "mention": return make("a", {}, inner);
      case "code": return make("code", { title: words().copied, onclick: () => copy(plain, words().copied) }, inner);
      case "pre": return make("pre", { "data-language": entity.language, onclick: () => copy(plain, words().copied) }, make("code", {}, inner));
      case "spoiler": return make("span", { class: "spoiler", onclick: (event) => event.currentTarget.classList.add("seen") }, inner);
      case "expandable_blockquote": return make("blockquote", { class: "folded", onclick: (event) => event.currentTarget.classList.toggle("folded") }, inner);
      default: return make(TAGS[entity.type] || "span", {}, inner);
    }
  };
  const link = (url, inner) => make("a", { href: url, target: "_blank", rel: "noreferrer", onclick: (event) => follow(event, url) }, inner);
  const render = (from, to, list) => {
    const parts = [];
    let at = from;
    for (let i = 0; i < list.length; i++) {
      const entity = list[i], end = entity.offset + entity.length;
      if (entity.offset < at || end > to) continue;
      parts.push(text.slice(at, entity.offset));
      const inner = render(entity.offset, end, list.slice(i + 1).filter((x) => x.offset + x.length <= end));
      parts.push(element(entity, text.slice(entity.offset, end), inner));
      at = end;
    }
    parts.push(text.slice(at, to));
    return parts;
  };
  const sorted = [...(entities || [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return render(0, text.length, sorted);
}
