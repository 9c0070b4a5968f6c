/** Who has the floor, for how long still, and who waits for it. The floor opens the microphone of who asked for it. */

import { t } from "../../text.js";
import { about, byId, keep, make, say } from "../element.js";
import { lasting, nameOf } from "../names.js";
import { interpretsInto, isClosed, isLost, isOpen, may, me, participant } from "../state.js";
import { toFile } from "./late.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../state.js").Request} Request */
/** @typedef {import("../parts.js").Local} Local */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "floor";

const SOON = 30_000; // ms before the end at which it is said
const MORE = 60; // seconds that the chair adds at a time

/** @param {State} state @param {string | null} id @returns {Request | undefined} */
const requestOf = (state, id) => state.floor.queue.find((one) => one.participant === id);

/** @param {State} before @param {State} after @returns {string[]} */
export function news(before, after) {
  const said = [];
  const { holder } = after.floor;
  if (holder !== before.floor.holder) {
    if (holder === null && after.floor.timed_out) said.push(t("Đã hết giờ, phần phát biểu kết thúc."));
    else if (holder === null) said.push(t("Phần phát biểu đã kết thúc."));
    else if (holder === after.you) said.push(t("Chủ trì mời đồng chí phát biểu. Hãy kiểm tra micro đã bật."));
    else said.push(t("%(name)s đang phát biểu.", { name: nameOf(after, holder) }));
  }
  if (may(after, "floor.give")) {
    for (const { participant: id, order } of after.floor.queue) {
      const was = requestOf(before, id);
      if (order && !was?.order) said.push(t("%(name)s xin có ý kiến về thủ tục.", { name: nameOf(after, id) }));
      else if (!was) said.push(t("%(name)s giơ tay xin phát biểu.", { name: nameOf(after, id) }));
    }
  }
  return said;
}

/** How the holder's time stands: [on the clock, in words at the moments that count, whether it is over].
 * @param {State["floor"]} floor @param {number} now @returns {[string, string, boolean]} */
export function standing({ since, until }, now) {
  if (since === null) return ["", "", false];
  if (until === null) return [lasting(now - Date.parse(since)), "", false];
  const left = Date.parse(until) - now;
  if (left < 0) return [t("Quá %(time)s", { time: lasting(-left) }), t("Đã hết giờ phát biểu."), true];
  return [t("Còn %(time)s", { time: lasting(left) }), left <= SOON ? t("Sắp hết giờ phát biểu.") : "", false];
}

/** What somebody wants to speak about. @param {State} state @param {Request} request */
function subject(state, request) {
  const item = state.agenda.items.find((one) => one.id === request.item)?.title;
  return [item, request.text].filter(Boolean).join(": ");
}

/** @param {Actions["act"]} act @param {() => State} state */
function line(act, state) {
  const up = (/** @type {string} */ id) => {
    const ids = state().floor.queue.map((one) => one.participant);
    act("hand.move", { participant: id, before: ids[Math.max(0, ids.indexOf(id) - 1)] });
  };
  return (/** @type {Request} */ { participant: id }) =>
    make("li", { class: "line", "data-participant": id },
      make("span", { class: "line-text" },
        make("strong", { class: "line-name" }),
        make("span", { class: "order-mark" }, t("Thủ tục")),
        make("span", { class: "line-more" }),
        make("span", { class: "line-about" })),
      make("span", { class: "line-acts" },
        make("button", { type: "button", class: "small primary", "data-test": "give-floor", "data-participant": id,
          onclick: () => act("floor.give", { participant: id }) }, t("Mời phát biểu")),
        make("button", { type: "button", class: "small", "data-test": "move-up", onclick: () => up(id) }, t("Lên")),
        make("button", { type: "button", class: "small", onclick: () => act("hand.lower", { participant: id }) }, t("Bỏ"))));
}

/** @param {State} state @param {any} element @param {Request} request */
function showLine(state, element, request) {
  const p = participant(state, request.participant);
  const name = nameOf(state, request.participant);
  const chairs = may(state, "hand.move");
  element.classList.toggle("order", request.order);
  say(element.querySelector(".line-name"), name);
  const into = interpretsInto(state, request.participant);
  const words = [p?.unit?.name, p?.present ? "" : t("Vắng"), into && t("Phiên dịch: %(language)s", { language: into })];
  say(element.querySelector(".line-more"), words.filter(Boolean).join(" · "));
  say(element.querySelector(".line-about"), subject(state, request));
  const [give, up, lower] = element.querySelectorAll("button");
  give.hidden = !isOpen(state) || !may(state, "floor.give") || !p?.present || into !== "";
  up.hidden = !chairs || state.floor.queue.findIndex((one) => one.order === request.order) ===
    state.floor.queue.indexOf(request);
  lower.hidden = !chairs;
  for (const button of [give, up, lower]) about(button, name);
}

/** @param {HTMLElement} _root @param {Actions} actions @returns {Part} */
export function mount(_root, { act, now, turn }) {
  let seen = /** @type {State} */ (/** @type {any} */ ({ floor: { since: null, until: null, queue: [] } }));
  let opened = false; // the microphone, by the floor
  let heard = false; // it is on
  for (const id of ["floor-end", "turn-end"]) byId(id).addEventListener("click", () => act("floor.end"));
  byId("floor-more").addEventListener("click", () => {
    const { holder, until } = seen.floor;
    const left = until === null ? 0 : Math.max(0, Math.round((Date.parse(until) - now()) / 1000));
    act("floor.give", { participant: holder, seconds: left + MORE });
  });

  const tick = () => {
    const [clock, word, over] = standing(seen.floor, now());
    const own = seen.floor.holder !== null && seen.floor.holder === seen.you;
    say(byId("floor-time"), clock);
    say(byId("turn-time"), clock);
    say(byId("floor-word"), own ? "" : word); // not said twice
    say(byId("turn-word"), own ? word || (heard ? "" : t("Mic của đồng chí đang tắt.")) : "");
    for (const id of ["floor-card", "turn"]) byId(id).classList.toggle("over", over);
  };

  /** Who asked and is heard need not think of the button; who was called unasked is not overheard unawares. */
  const followFloor = (/** @type {State} */ state, /** @type {State} */ before, /** @type {Local} */ local) => {
    const { you } = state;
    if (before.floor.holder === state.floor.holder || you === null) return;
    if (state.floor.holder === you && requestOf(before, you) && !local.on.audio) {
      opened = true;
      turn("audio", true);
    } else if (before.floor.holder === you && opened) {
      opened = false;
      turn("audio", false);
    }
  };

  const create = line(act, () => seen);
  const render = (/** @type {State} */ state, /** @type {State} */ before, /** @type {Local} */ local) => {
    seen = state;
    heard = local.on.audio;
    const { holder, queue, order } = state.floor;
    const speaker = participant(state, holder);
    const open = isOpen(state);
    followFloor(state, before, local);
    say(byId("floor-holder"), speaker ? speaker.name : t("Chưa mời ai phát biểu."));
    say(byId("floor-unit"), [speaker?.unit?.name, speaker && isLost(state, speaker) ? t("Mất kết nối") : ""].filter(Boolean).join(" · "));
    byId("floor-order").hidden = !order;
    byId("floor-card").classList.toggle("busy", speaker !== null);
    byId("floor-end").hidden = !open || holder === null || !(holder === state.you || me(state)?.role === "chair");
    byId("turn").hidden = !open || holder === null || holder !== state.you;
    byId("floor-more").hidden = !open || state.floor.until === null || !may(state, "floor.give");
    tick();
    byId("floor-empty").hidden = queue.length > 0;
    keep(byId("floor-queue"), queue, (one) => one.participant, create, (element, one) => showLine(state, element, one));
    return { shown: !isClosed(state), count: queue.length + toFile(state) };
  };
  return { render, tick };
}
