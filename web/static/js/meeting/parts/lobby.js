/** The lobby as chair and secretary see it: who knocks, and whether there is one at all. */

import { t } from "../../text.js";
import { about, byId, keep, make, say } from "../element.js";
import { isClosed, may } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "lobby";

/** @param {State} before @param {State} after @returns {string[]} */
export function news(before, after) {
  const known = new Set(before.lobby.waiting.map((one) => one.id));
  const come = after.lobby.waiting.filter((one) => !known.has(one.id));
  return come.map(({ name }) => t("%(name)s đang đợi ở phòng chờ.", { name }));
}

/** @param {HTMLElement} _root @param {Actions} actions @returns {Part} */
export function mount(_root, { act, ask }) {
  byId("lobby-on").addEventListener("change", () => act("lobby.switch", { on: byId("lobby-on").checked }));
  byId("lobby-all").addEventListener("click", () => act("lobby.admit_all"));
  // The first button of a form answers Enter, and that is "no".
  byId("reject-text").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      byId("reject-yes").click();
    }
  });
  const reject = async (/** @type {string} */ participant) => {
    byId("reject-text").value = "";
    if ((await ask("reject")) !== "yes") return;
    const text = byId("reject-text").value.trim();
    act("lobby.reject", text ? { participant, text } : { participant });
  };
  const create = (/** @type {any} */ one) =>
    make("li", { class: "line", "data-waiting": one.id },
      make("span", { class: "line-text" }, make("strong", { class: "line-name" }), make("span", { class: "line-more" })),
      make("span", { class: "line-acts" },
        make("button", { type: "button", class: "small primary", "data-test": "admit",
          onclick: () => act("lobby.admit", { participant: one.id }) }, t("Cho vào")),
        make("button", { type: "button", class: "small", "data-test": "reject", "aria-haspopup": "dialog",
          onclick: () => reject(one.id) }, t("Từ chối"))));

  const render = (/** @type {State} */ state) => {
    const { waiting, on } = state.lobby;
    byId("lobby-on").checked = on;
    byId("lobby-empty").hidden = waiting.length > 0;
    byId("lobby-all").hidden = waiting.length < 2;
    keep(byId("lobby-list"), waiting, (one) => one.id, create, (element, one) => {
      say(element.querySelector(".line-name"), one.name);
      const out = one.removed ? t("đã bị mời ra trước đó") : "";
      say(element.querySelector(".line-more"), [one.title, one.unit?.name, out].filter(Boolean).join(" · "));
      const [admit, refuse] = element.querySelectorAll("button");
      about(admit, one.name);
      about(refuse, one.name);
    });
    return { shown: may(state, "lobby.admit") && !isClosed(state), count: waiting.length, marked: waiting.length > 0 };
  };
  return { render };
}
