/** The agenda: what is on, and for chair and secretary the step to another item. */

import { t } from "../text.js";
import { byId, keep, make, say } from "./element.js";
import { isOpen, may, nextItem } from "./state.js";

/** @typedef {import("./state.js").State} State */

/** @param {(type: string, fields?: object) => Promise<boolean>} act @returns {(state: State) => void} */
export function agendaPart(act) {
  const list = byId("agenda-list");
  const next = byId("agenda-next");
  /** @type {string | null} */
  let following = null;
  next.addEventListener("click", () => following && act("agenda.step", { item: following }));

  const create = (/** @type {any} */ item) =>
    make("li", { class: "agenda-item", "data-test": "agenda-item", "data-item": item.id },
      make("span", { class: "agenda-text" },
        make("span", { class: "agenda-title" }),
        make("span", { class: "agenda-by" })),
      make("button", { type: "button", class: "small", onclick: () => act("agenda.step", { item: item.id }) },
        t("Chuyển đến")));

  return (state) => {
    const steps = may(state, "agenda.step") && isOpen(state);
    following = nextItem(state)?.id ?? null;
    next.hidden = !steps || following === null;
    byId("agenda-empty").hidden = state.agenda.items.length > 0;
    keep(list, state.agenda.items, (item) => item.id, create, (element, item) => {
      const current = item.id === state.agenda.current;
      element.classList.toggle("current", current);
      if (current) element.setAttribute("aria-current", "step");
      else element.removeAttribute("aria-current");
      say(element.querySelector(".agenda-title"), item.title);
      const by = item.presenter ? t("Trình bày: %(name)s", { name: item.presenter }) : "";
      say(element.querySelector(".agenda-by"), by);
      const button = element.querySelector("button");
      button.hidden = !steps || current;
      button.setAttribute("aria-label", t("Chuyển đến nội dung: %(title)s", { title: item.title }));
    });
  };
}
