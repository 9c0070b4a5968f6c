/** Interpreters' channels: which one I listen to, and the desk's list of languages and interpreters. */

import { listed, t } from "../../text.js";
import { about, byId, keep, make, offer, say } from "../element.js";
import { nameOf } from "../names.js";
import { interpretsInto, isClosed, language, may, participant, START } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Local} Local */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "interpreting";

/** @param {State} before @param {State} after @returns {string[]} */
export function news(before, after) {
  if (!before.welcomed) return [];
  const was = before.interpreting.interpreters[before.you ?? ""];
  const is = after.interpreting.interpreters[after.you ?? ""];
  if (is && is !== was) return [t("Đồng chí phiên dịch sang %(language)s: chỉ người nghe kênh này nghe tiếng của đồng chí.", { language: language(after, is) })];
  if (was && !is) return [t("Đồng chí thôi phiên dịch.")];
  if (before.interpreting.channels.length < after.interpreting.channels.length) return [t("Có thêm kênh phiên dịch.")];
  return [];
}

/** Who interprets into what, in one line: it stays in sight whichever panel is open and whoever is large.
 * @param {State} state @param {string} you @param {boolean} sends is our microphone on? */
function showSigns(state, you, sends) {
  const { channels, interpreters } = state.interpreting;
  const taken = channels.map(({ id, language }) => ({
    language, names: Object.keys(interpreters).filter((one) => interpreters[one] === id).map((one) => nameOf(state, one)),
  })).filter(({ names }) => names.length > 0);
  const badge = byId("interpreting-badge");
  badge.hidden = isClosed(state) || taken.length === 0;
  say(byId("interpreting-who"), taken.map((one) => t("%(language)s – %(names)s", { language: one.language, names: listed(one.names) })).join("; "));
  const mine = { language: interpretsInto(state, you) };
  byId("interprets").hidden = isClosed(state) || mine.language === "";
  say(byId("interprets"), sends ? t("Đồng chí đang phiên dịch: mic chỉ đến kênh %(language)s.", mine)
    : t("Đồng chí phiên dịch sang %(language)s: mic đang tắt, kênh chưa nghe thấy gì.", mine));
}

/** @param {HTMLElement} root @param {Actions} actions @returns {Part} */
export function mount(root, { act, show }) {
  byId("interpreting-badge").addEventListener("click", () => show(NAME));
  const listen = byId("channel-listen");
  listen.addEventListener("change", () => act("channel.listen", listen.value ? { channel: listen.value } : {}));
  byId("channel-form").addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    const field = byId("channel-language");
    if (field.value.trim() && (await act("channel.open", { language: field.value.trim() }))) field.value = "";
  });
  let shown = START;
  const named = (/** @type {string} */ channel) =>
    Object.keys(shown.interpreting.interpreters).filter((id) => shown.interpreting.interpreters[id] === channel);
  const create = (/** @type {{id: string}} */ channel) =>
    make("li", { class: "line", "data-channel": channel.id },
      make("span", { class: "line-text" }, make("strong", { class: "line-name" }), make("span", { class: "line-more" })),
      make("select", { class: "channel-interpreter", "data-test": "channel-interpreter",
        onchange: (/** @type {any} */ event) => {
          if (event.target.value) act("interpreter.name", { participant: event.target.value, channel: channel.id });
          event.target.value = "";
        } }),
      make("button", { type: "button", class: "small", "data-act": "end", "data-test": "interpreters-end",
        onclick: () => named(channel.id).forEach((participant) => act("interpreter.name", { participant })) }, t("Thôi dịch")),
      make("button", { type: "button", class: "small", "data-act": "close", "data-test": "channel-close",
        onclick: () => act("channel.close", { channel: channel.id }) }, t("Đóng kênh")));

  const render = (/** @type {State} */ state, /** @type {State} */ _before, /** @type {Local} */ local) => {
    shown = state;
    showSigns(state, state.you ?? "", local.on.audio);
    const { channels, interpreters } = state.interpreting;
    const desk = may(state, "channel.open");
    offer(listen, [["", t("Tiếng gốc (không nghe dịch)")], ...channels.map((one) => /** @type {[string, string]} */ ([one.id, one.language]))],
      state.listening[0]?.channel ?? "");
    byId("channel-listen-line").hidden = channels.length === 0;
    byId("channel-form").hidden = !desk;
    const people = state.participants.filter((p) => p.present && p.role !== "viewer" && p.role !== "gateway" && (!p.site || p.audio) &&
      p.id !== state.floor.holder);
    keep(byId("channels"), channels, (one) => one.id, create, (element, one) => {
      say(element.querySelector(".line-name"), one.language);
      const who = Object.keys(interpreters).filter((id) => interpreters[id] === one.id);
      say(element.querySelector(".line-more"), [
        listed(who.map((id) => participant(state, id)?.name ?? "")) || t("Chưa có người dịch"),
        t("%(count)s người nghe", { count: one.listeners }),
      ].join(" · "));
      const end = element.querySelector("[data-act=end]");
      end.hidden = !desk || who.length === 0;
      const select = element.querySelector("select");
      select.setAttribute("aria-label", t("Cử người dịch %(language)s", { language: one.language }));
      select.hidden = !desk;
      offer(select, [["", t("Cử người dịch…")], ...people.filter((p) => interpreters[p.id] !== one.id)
        .map((p) => /** @type {[string, string]} */ ([p.id, p.name]))], "");
      element.querySelector("[data-act=close]").hidden = !desk;
      for (const button of element.querySelectorAll("button")) about(button, one.language);
    });
    return { shown: !isClosed(state) && (channels.length > 0 || desk) };
  };
  return { render };
}
