/** What is written in the meeting, reactions, and private notes to the desk or the secretaries. */

import { listed, t } from "../../text.js";
import { byId, keep, make, offer, officeTime, say } from "../element.js";
import { nameOf } from "../names.js";
import { isClosed, isOpen, may, participant } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "chat";

const SHOWN = 4000; // ms that a reaction is seen
const AT_ONCE = 6; // reactions that are seen at once

/** @param {string} reaction */
function words(reaction) {
  return { applause: t("Vỗ tay"), agree: t("Nhất trí"), thanks: t("Cảm ơn"), unclear: t("Chưa rõ") }[reaction] ?? "";
}

/** @param {State} state @param {{participant: string}} one */
const author = (state, one) => participant(state, one.participant)?.name ?? t("Người đã rời phòng");

/** Whom a private note was sent to, and who alone reads it. @param {State} state @param {import("../state.js").Message} one */
const recipients = (state, one) =>
  listed((one.readers ?? []).filter((id) => id !== one.participant).map((id) => nameOf(state, id)));

/** @param {State} before @param {State} after @returns {string[]} */
export function news(before, after) {
  const known = new Set(before.messages.map((one) => one.id));
  const fresh = after.messages.filter((one) => !known.has(one.id) && one.participant !== after.you);
  if (!before.welcomed || fresh.length === 0) return [];
  const last = fresh[fresh.length - 1];
  const words = { name: author(after, last), names: recipients(after, last) };
  return [last.readers ? t("%(name)s nhắn riêng cho %(names)s.", words) : t("%(name)s gửi tin nhắn.", words)];
}

/** Whom one may write to, and who would read it besides oneself; what says the same as one before is left out.
 * @param {State} state @returns {{to: string, words: string, ids: string[]}[]} ids: none for everybody */
function addressees(state) {
  const { chair = null, secretaries = [] } = state.meeting ?? {};
  const others = (/** @type {string[]} */ ids) => [...new Set(ids)].filter((id) => id !== state.you);
  const [desk, alone] = [others([chair, ...secretaries]), others(secretaries)];
  const found = [{ to: "all", words: t("Mọi người"), ids: [] }];
  if (alone.length > 0) found.push({ to: "secretary", words: t("Chỉ gửi thư ký"), ids: alone });
  if (desk.length > alone.length) found.push({ to: "desk", words: t("Chỉ gửi chủ trì và thư ký"), ids: desk });
  return found;
}

/** @param {HTMLElement} root @param {Actions} actions @returns {Part} */
export function mount(root, { act, now }) {
  const form = byId("chat-form");
  const field = byId("chat-text");
  const list = byId("chat-list");
  const to = /** @type {HTMLSelectElement} */ (byId("chat-to"));
  let shown = /** @type {State | null} */ (null);
  let read = ""; // the last message that was there while the panel was open
  /** @type {{id: number, name: string, reaction: string, until: number}[]} */
  let reactions = [];
  let counted = 0;

  form.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (text && (await act("chat.say", { text, to: to.value }))) field.value = "";
    field.focus();
  });
  field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  const showReaders = () => {
    const ids = shown ? (addressees(shown).find((one) => one.to === to.value)?.ids ?? []) : [];
    const names = listed(ids.map((id) => nameOf(/** @type {State} */ (shown), id)));
    say(byId("chat-readers"), names && t("Chỉ %(names)s đọc được; người nhận các vai trò này sau đó không đọc được.", { names }));
  };
  to.addEventListener("change", showReaders);
  let asked = false; // until the server has answered, what was ticked stays as it is seen
  byId("chat-lock").addEventListener("change", async (/** @type {any} */ event) => {
    const box = event.target;
    asked = true;
    if (!(await act("chat.lock", { locked: box.checked }))) box.checked = !box.checked;
    asked = false;
  });
  for (const button of root.querySelectorAll("[data-reaction]")) {
    button.addEventListener("click", () => act("react", { reaction: /** @type {HTMLElement} */ (button).dataset.reaction }));
  }

  const create = (/** @type {any} */ one) =>
    make("li", { class: "message", "data-test": "message" },
      make("p", { class: "message-head" }, make("strong"), make("span", { class: "message-mark" }), make("time")),
      make("p", { class: "message-text" }),
      make("p", { class: "message-acts" },
        make("button", { type: "button", class: "small", "data-act": "minute", "data-test": "minute-message",
          onclick: () => act("chat.minute", { message: one.id }) }, t("Đưa vào biên bản")),
        make("button", { type: "button", class: "small", "data-act": "remove", "data-test": "remove-message",
          onclick: () => act("chat.remove", { message: one.id }) }, t("Gỡ"))));

  const fill = (/** @type {State} */ state) => (/** @type {any} */ element, /** @type {any} */ one) => {
    say(element.querySelector("strong"), author(state, one));
    say(element.querySelector("time"), officeTime(one.at));
    say(element.querySelector(".message-mark"),
      one.readers ? t("riêng với %(names)s", { names: recipients(state, one) }) : one.minuted ? t("đã đưa vào biên bản") : "");
    element.classList.toggle("private", one.readers !== null);
    say(element.querySelector(".message-text"), one.removed ? t("Tin nhắn đã được gỡ.") : one.text);
    element.classList.toggle("removed", one.removed);
    const mine = one.participant === state.you;
    element.querySelector("[data-act=minute]").hidden =
      !isOpen(state) || !may(state, "chat.minute") || one.readers !== null || one.minuted || one.removed;
    element.querySelector("[data-act=remove]").hidden =
      isClosed(state) || one.removed || !(mine || may(state, "chat.lock"));
  };

  const drawReactions = () => {
    keep(byId("reactions"), reactions, (one) => String(one.id), () => make("li"), (element, one) =>
      say(element, `${words(one.reaction)} · ${one.name}`));
  };

  const render = (/** @type {State} */ state) => {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    keep(list, state.messages, (one) => one.id, create, fill(state));
    const desk = may(state, "chat.lock");
    const locked = state.chat.locked && !desk;
    byId("chat-lock-line").hidden = !desk;
    if (!asked) byId("chat-lock").checked = state.chat.locked;
    shown = state;
    const choices = addressees(state).filter((one) => one.to !== "all" || !locked);
    const chosen = choices.find((one) => one.to === to.value) ?? choices[locked ? choices.length - 1 : 0];
    offer(to, choices.map((one) => [one.to, one.words]), chosen?.to ?? "");
    showReaders();
    say(byId("chat-hint"), locked ? t("Chủ trì đang tạm khóa trao đổi chung; đồng chí vẫn nhắn riêng được.") : "");
    form.hidden = isClosed(state) || !may(state, "chat.say");
    const ids = state.messages.map((one) => one.id);
    const last = ids[ids.length - 1] ?? "";
    if (!root.hidden || !read) read = last || "m0";
    if (!root.hidden && atEnd) list.scrollTop = list.scrollHeight;
    if (state.reacted.count !== counted) {
      counted = state.reacted.count;
      const fresh = { id: counted, name: author(state, state.reacted), reaction: state.reacted.reaction, until: now() + SHOWN };
      reactions = [...reactions, fresh].slice(-AT_ONCE);
      drawReactions();
    }
    const place = ids.indexOf(read);
    return { shown: !isClosed(state) && may(state, "chat.say"), count: root.hidden ? ids.length - 1 - place : 0 };
  };
  const tick = () => {
    const left = reactions.filter((one) => one.until > now());
    if (left.length !== reactions.length) {
      reactions = left;
      drawReactions();
    }
  };
  return { render, tick };
}
