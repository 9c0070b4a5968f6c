/** Who votes for whom: one names one's own proxy before going, the chair anybody's. */

import { t } from "../../text.js";
import { byId, keep, make, say } from "../element.js";
import { nameOf } from "../names.js";
import { hasVote, isOpen, may, me, roster } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "proxies";

/** @param {State} before @param {State} after @returns {string[]} */
export function news(before, after) {
  const named = after.proxies.filter((one) => !before.proxies.some((was) => was.id === one.id && was.holder === one.holder));
  return named.filter((one) => one.holder === after.you).map((one) =>
    t("Đồng chí được ủy quyền biểu quyết thay %(name)s khi người này vắng mặt.", { name: nameOf(after, one.id) }));
}

/** @param {HTMLSelectElement} select @param {import("../state.js").Participant[]} people */
function offer(select, people) {
  const create = (/** @type {any} */ p) => make("option", { value: p.id });
  keep(select, people, (p) => p.id, create, (element, p) => say(element, p.name));
}

/** Who may name a proxy, or be named as one: nobody gives or takes two. @param {State} state */
export function withoutProxy(state) {
  const bound = state.proxies.flatMap((one) => [one.id, one.holder]);
  return roster(state).filter((p) => hasVote(p) && !bound.includes(p.id));
}

/** @param {HTMLElement} root @param {Actions} actions @returns {Part} */
export function mount(root, { act, redraw }) {
  let chair = false;
  const refuse = (/** @type {string} */ sentence) => {
    byId("proxy-refused").hidden = sentence === "";
    say(byId("proxy-refused"), sentence);
  };
  byId("proxy-principal").addEventListener("change", redraw);
  byId("proxy-form").addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    const principal = chair ? { principal: byId("proxy-principal").value } : {};
    act("proxy.name", { participant: byId("proxy-holder").value, ...principal }, refuse);
  });
  const create = (/** @type {any} */ one) =>
    make("li", { class: "line" }, make("span", { class: "line-text" }),
      make("button", { type: "button", class: "small", onclick: () => act("proxy.end", chair ? { principal: one.id } : {}, refuse) },
        t("Bỏ ủy quyền")));

  const render = (/** @type {State} */ state) => {
    chair = me(state)?.role === "chair";
    root.hidden = !isOpen(state) || !may(state, "proxy.name");
    const free = withoutProxy(state);
    byId("proxy-who").hidden = !chair;
    offer(byId("proxy-principal"), free);
    const principal = chair ? byId("proxy-principal").value : state.you;
    const holders = free.filter((p) => p.id !== principal); // nobody votes in their own stead
    offer(byId("proxy-holder"), holders);
    byId("proxy-form").hidden = holders.length === 0 || !free.some((p) => p.id === principal);
    byId("proxy-none").hidden = state.proxies.length > 0;
    keep(byId("proxy-list"), state.proxies, (one) => one.id, create, (element, one) => {
      const names = { name: nameOf(state, one.id), holder: nameOf(state, one.holder) };
      say(element.querySelector(".line-text"), t("%(holder)s biểu quyết thay %(name)s khi vắng mặt", names));
      element.querySelector("button").hidden = !chair && one.id !== state.you;
    });
  };
  return { render };
}
