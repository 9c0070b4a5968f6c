/** Whose voice everybody waits for and whose line is lost: the chair's, and that of who has the floor. */

import { t } from "../../text.js";
import { byId, say } from "../element.js";
import { nameOf } from "../names.js";
import { isLost, isUnderWay, missed } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../parts.js").Local} Local */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "absence";

/** @param {State} state @param {string} id */
function sentence(state, id) {
  const name = nameOf(state, id);
  return id === state.chairing.chair ? t("Mất kết nối với chủ trì %(name)s, đang chờ nối lại…", { name })
    : t("Mất kết nối với %(name)s đang phát biểu, đang chờ nối lại…", { name });
}

/** Whom everybody waits for, in words; "" while nobody is missed. @param {State} state */
export const waitedFor = (state) => (isUnderWay(state) ? missed(state) : []).map((id) => sentence(state, id)).join(" ");

/** That it is lost says the strip itself. @param {State} before @param {State} after @returns {string[]} */
export function news(before, after) {
  // Somebody else may preside or speak by now: then nobody waits any more, but nobody is back either.
  const here = (/** @type {string} */ id) => after.participants.some((p) => p.id === id && p.present && !isLost(after, p));
  const back = missed(before).filter(here);
  return back.map((id) => t("Đã nối lại với %(name)s.", { name: nameOf(after, id) }));
}

/** @param {HTMLElement} _root a live region that is always there @returns {Part} */
export function mount(_root) {
  const strip = byId("absence-text");
  const render = (/** @type {State} */ state, /** @type {State} */ _before, /** @type {Local} */ local) => {
    const words = local.line === "open" ? waitedFor(state) : "";
    strip.hidden = words === "";
    say(strip, words);
  };
  return { render };
}
