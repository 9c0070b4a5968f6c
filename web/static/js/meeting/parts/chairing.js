/** Whose the chair is: offered to a deputy while the chair's line is lost, and to the chair who is back. */

import { t } from "../../text.js";
import { byId, say } from "../element.js";
import { nameOf } from "../names.js";
import { me } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "chairing";

/** @param {State} state */
const chairName = (state) => nameOf(state, state.chairing.chair);

/** @param {State} state @returns {{text: string, act: string}} */
function offer(state) {
  const name = chairName(state);
  const offers = {
    lost: {
      text: t("Người chủ trì, đồng chí %(name)s, đang vắng. Đồng chí là phó chủ trì.", { name }),
      act: t("Nhận chủ trì"),
    },
    returned: { text: t("Đồng chí %(name)s đang chủ trì thay đồng chí.", { name }), act: t("Chủ trì trở lại") },
    lent: { text: t("Đồng chí %(name)s đang chủ trì theo ủy quyền của đồng chí.", { name }), act: t("Chủ trì trở lại") },
  };
  return offers[/** @type {keyof typeof offers} */ (state.chairing.why)] ?? offers.lost;
}

/** @param {State} before @param {State} after @returns {string[]} */
export function news(before, after) {
  const said = [];
  if (before.chairing.chair !== after.chairing.chair) {
    const own = after.chairing.chair === after.you;
    said.push(own ? t("Đồng chí đang chủ trì cuộc họp.") : t("%(name)s chủ trì cuộc họp.", { name: chairName(after) }));
  }
  const role = me(after)?.role;
  if (role === "deputy" && before.chairing.why !== "lost" && after.chairing.why === "lost") {
    const deputy = nameOf(after, after.chairing.offered);
    said.push(t("Người chủ trì đang vắng; đồng chí %(deputy)s được mời chủ trì thay.", { deputy }));
  }
  return said;
}

/** @param {HTMLElement} root @param {Actions} actions @returns {Part} */
export function mount(root, { act }) {
  byId("chair-take").addEventListener("click", () => act("chair.take"));
  const render = (/** @type {State} */ state) => {
    const mine = state.chairing.offered !== null && state.chairing.offered === state.you;
    root.hidden = !mine;
    root.classList.toggle("waiting", mine && state.chairing.why !== "lent");
    const { text, act: label } = offer(state);
    say(byId("chairing-text"), mine ? text : "");
    say(byId("chair-take"), label);
  };
  return { render };
}
