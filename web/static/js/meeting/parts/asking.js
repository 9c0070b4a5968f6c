/** Asking for the floor, before the meeting and in it; and the chair's rule for how long a turn is. */

import { t } from "../../text.js";
import { byId, keep, make, say } from "../element.js";
import { isClosed, isOpen, may, me } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "asking";

/** @param {HTMLElement} root @param {Actions} actions @returns {Part} */
export function mount(root, { act }) {
  const ask = async (/** @type {boolean} */ order) => {
    const [item, text] = [byId("ask-item").value, byId("ask-text").value.trim()];
    if (await act("hand.raise", { item: item || null, text: text || null, order })) byId("ask-text").value = "";
  };
  byId("ask-form").addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    ask(false);
  });
  byId("ask-order").addEventListener("click", () => ask(true));
  const limit = () => {
    const seconds = Number(byId("turn-seconds").value);
    act("floor.limit", { seconds: seconds || null, ends: seconds > 0 && byId("turn-ends").checked });
  };
  byId("turn-seconds").addEventListener("change", limit);
  byId("turn-ends").addEventListener("change", limit);

  const render = (/** @type {State} */ state) => {
    root.hidden = isClosed(state) || !may(state, "hand.raise");
    byId("ask-order").hidden = !isOpen(state);
    const raised = me(state)?.hand === true;
    say(byId("ask-send"), raised ? t("Sửa đăng ký") : t("Đăng ký phát biểu"));
    const items = [{ id: "", title: t("Nội dung bất kỳ") }, ...state.agenda.items];
    keep(byId("ask-item"), items, (one) => one.id, (one) => make("option", { value: one.id }), (element, one) =>
      say(element, one.title));
    byId("turn-rule").hidden = isClosed(state) || !may(state, "floor.limit");
    const { seconds, ends } = state.floor;
    if (document.activeElement !== byId("turn-seconds")) byId("turn-seconds").value = String(seconds ?? 0);
    byId("turn-ends").checked = ends;
    byId("turn-ends").disabled = seconds === null;
  };
  return { render };
}
