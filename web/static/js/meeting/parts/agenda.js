/** The agenda: what is on and for how long; chair and secretary step through it and amend it. */

import { t } from "../../text.js";
import { about, byId, keep, make, say } from "../element.js";
import { isOpen, isUnderWay, may, nextItem, START } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */
/** @typedef {{id: string, title: string, presenter: string, minutes: number}} Item */

export const NAME = "agenda";

const MINUTE = 60_000;
const LONG = 5; // minutes over the plan of an item after which another is probably meant

/** Minutes that the current item has taken. @param {State} state @param {number} now */
const taken = (state, now) =>
  state.agenda.since ? Math.max(0, Math.floor((now - Date.parse(state.agenda.since)) / MINUTE)) : 0;

/** @param {Item} item */
function details(item) {
  const by = item.presenter ? t("Trình bày: %(name)s", { name: item.presenter }) : "";
  const time = item.minutes ? t("%(count)s phút", { count: item.minutes }) : "";
  return [by, time].filter(Boolean).join(" · ");
}

/** How long the current item has taken against its plan, for those who lead. @param {Item} item @param {number} minutes */
function clock(item, minutes) {
  if (!item.minutes) return t("Đã bàn %(count)s phút", { count: minutes });
  const left = item.minutes - minutes;
  return left >= 0 ? t("Đã bàn %(count)s phút, còn %(left)s phút", { count: minutes, left })
    : t("Đã bàn %(count)s phút, quá %(over)s phút", { count: minutes, over: -left });
}

/** What the chair is to know who gives the floor: the minutes put a speech under the item that is on. "" when all is well.
 * @param {State} state @param {number} now */
function astray(state, now) {
  if (state.floor.holder === null || !isOpen(state) || !may(state, "floor.give") || nextItem(state) === null) return "";
  const item = state.agenda.items.find((/** @type {Item} */ one) => one.id === state.agenda.current);
  if (!item) return t("Chưa chuyển vào nội dung nào của chương trình: biên bản chưa biết phát biểu này thuộc nội dung nào.");
  const over = item.minutes ? taken(state, now) - item.minutes : 0;
  return over < LONG ? "" : t("“%(item)s” đã quá %(over)s phút: biên bản vẫn ghi phát biểu này vào nội dung đó.", { item: item.title, over });
}

/** The fields of dialogs/item.html. */
const typed = () => ({
  title: byId("item-title").value.trim(),
  presenter: byId("item-presenter").value.trim(),
  minutes: Math.min(1440, Math.max(0, Math.floor(Number(byId("item-minutes").value) || 0))),
});

/** As the server takes it: what is empty is left out. @param {ReturnType<typeof typed>} item */
const told = ({ title, presenter, minutes }) => ({ title, ...(presenter && { presenter }), ...(minutes && { minutes }) });

/** @param {HTMLElement} _root @param {Actions} actions @returns {Part} */
export function mount(_root, { act, ask, now }) {
  const list = byId("agenda-list");
  const next = byId("agenda-next");
  const add = byId("agenda-add");
  /** @type {State} */
  let shown = START;
  /** @type {string | null} */
  let following = null;
  for (const button of [next, byId("astray-next")]) {
    button.addEventListener("click", () => following && act("agenda.step", { item: following }));
  }

  /** @param {Item | null} item null: a new one */
  async function edit(item) {
    const items = shown.agenda.items;
    const place = items.findIndex((/** @type {Item} */ one) => one.id === item?.id);
    say(byId("item-head"), item ? t("Điều chỉnh nội dung") : t("Thêm nội dung"));
    byId("item-title").value = item?.title ?? "";
    byId("item-presenter").value = item?.presenter ?? "";
    byId("item-minutes").value = item?.minutes || "";
    byId("item-up").hidden = place <= 0;
    byId("item-down").hidden = !item || place === items.length - 1;
    byId("item-drop").hidden = !item || item.id === shown.agenda.current;
    const answer = await ask("item");
    const before = (/** @type {number} */ at) => (items[at] ? { before: items[at].id } : {});
    if (answer === "save" && typed().title) {
      act(item ? "agenda.edit" : "agenda.add", { ...(item && { item: item.id }), ...told(typed()) });
    } else if (item && answer === "up") act("agenda.move", { item: item.id, ...before(place - 1) });
    else if (item && answer === "down") act("agenda.move", { item: item.id, ...before(place + 2) });
    else if (item && answer === "drop") act("agenda.drop", { item: item.id });
  }
  add.addEventListener("click", () => edit(null));
  const item = (/** @type {string} */ id) => shown.agenda.items.find((/** @type {Item} */ one) => one.id === id);

  const create = (/** @type {Item} */ { id }) =>
    make("li", { class: "agenda-item", "data-test": "agenda-item", "data-item": id },
      make("span", { class: "agenda-text" },
        make("span", { class: "agenda-title" }),
        make("span", { class: "agenda-by" }),
        make("span", { class: "agenda-clock", "data-test": "agenda-clock" })),
      make("button", { type: "button", class: "small step", onclick: () => act("agenda.step", { item: id }) },
        t("Chuyển đến")),
      make("button", { type: "button", class: "small amend", "data-test": "agenda-edit", "aria-haspopup": "dialog",
        onclick: () => edit(item(id)) }, t("Sửa")));

  const tick = () => {
    const word = astray(shown, now());
    byId("astray").hidden = word === "";
    say(byId("astray-text"), word);
    say(byId("astray-next"), word && t("Sang “%(item)s”", { item: nextItem(shown)?.title ?? "" }));
    const leads = may(shown, "agenda.step") && isOpen(shown);
    for (const element of list.children) {
      const one = leads && element.dataset.item === shown.agenda.current ? item(element.dataset.item) : null;
      const minutes = one ? taken(shown, now()) : 0;
      const place = element.querySelector(".agenda-clock");
      say(place, one ? clock(one, minutes) : "");
      place.classList.toggle("over", Boolean(one?.minutes && minutes > one.minutes));
    }
  };

  const render = (/** @type {State} */ state) => {
    shown = state;
    const steps = may(state, "agenda.step") && isOpen(state);
    const amends = may(state, "agenda.edit") && isUnderWay(state);
    following = nextItem(state)?.id ?? null;
    next.hidden = !steps || following === null;
    add.hidden = !amends;
    byId("agenda-empty").hidden = state.agenda.items.length > 0;
    keep(list, state.agenda.items, (one) => one.id, create, (element, one) => {
      const current = one.id === state.agenda.current;
      element.classList.toggle("current", current);
      if (current) element.setAttribute("aria-current", "step");
      else element.removeAttribute("aria-current");
      say(element.querySelector(".agenda-title"), one.title);
      say(element.querySelector(".agenda-by"), details(one));
      const step = element.querySelector("button.step");
      step.hidden = !steps || current;
      about(step, one.title);
      const amend = element.querySelector("button.amend");
      amend.hidden = !amends;
      about(amend, one.title);
    });
    tick();
    return { shown: true };
  };
  return { render, tick };
}

/** @param {State} before @param {State} after @returns {string[]} */
export function news(before, after) {
  const titles = (/** @type {State} */ state) => state.agenda.items.map((/** @type {Item} */ one) => one.title).join("\n");
  return titles(before) === titles(after) ? [] : [t("Chương trình họp vừa được điều chỉnh.")];
}
