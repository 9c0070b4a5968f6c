/** Everybody who is invited, present or not; the chair may call on anybody present, and finds the rest in a menu. */

import { t } from "../../text.js";
import { about, byId, keep, make, say } from "../element.js";
import { communes, gradeName, gradeOf, lineSentence, worstFirst } from "../lines.js";
import { roleName } from "../names.js";
import { hasMenu, PersonMenu } from "../person.js";
import { interpretsInto, isClosed, isLost, isOpen, may, roster, START } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "people";

/** @param {HTMLElement} _root @param {Actions} actions @returns {Part} */
export function mount(_root, actions) {
  const { act } = actions;
  const menu = new PersonMenu(actions);
  let shown = START;
  byId("hush-all").addEventListener("click", () => act("mic.hush"));
  byId("mic-lock").addEventListener("click", () => act("mic.lock", { on: !shown.order.locked }));
  const sorted = byId("lines-sorted");
  sorted.addEventListener("change", actions.redraw);
  const create = (/** @type {any} */ p) =>
    make("li", { class: "line", "data-person": p.id },
      make("span", { class: "line-text" },
        make("strong", { class: "line-name" }),
        make("span", { class: "line-more" }),
        make("span", { class: "presence" }),
        make("span", { class: "line-net", "data-test": "line-grade" })),
      make("span", { class: "line-acts" },
        make("button", { type: "button", class: "small", "data-test": "call-participant", "data-participant": p.id,
          onclick: () => act("floor.give", { participant: p.id }) }, t("Mời phát biểu")),
        make("button", { type: "button", class: "small more", "data-test": "person-menu", "data-participant": p.id,
          "aria-haspopup": "dialog", onclick: () => menu.open(shown, p.id) }, "⋯")));

  const render = (/** @type {State} */ state) => {
    shown = state;
    menu.render(state);
    byId("people-acts").hidden = !may(state, "mic.hush");
    byId("mic-lock").hidden = !may(state, "mic.lock");
    byId("mic-lock").setAttribute("aria-pressed", String(state.order.locked));
    meter(state, sorted.checked);
    const people = roster(state);
    if (sorted.checked) people.sort(worstFirst(state));
    const [here, lost] = [people.filter((p) => p.present && !p.lost).length, people.filter((p) => p.lost).length];
    const all = people.length;
    say(byId("people-count"), lost ? t("%(here)s/%(all)s có mặt, %(lost)s mất kết nối", { here, all, lost })
      : t("%(here)s/%(all)s có mặt", { here, all }));
    keep(byId("people-list"), people, (p) => p.id, create, (element, p) => {
      say(element.querySelector(".line-name"), p.id === state.you ? t("%(name)s (tôi)", { name: p.name }) : p.name);
      const into = interpretsInto(state, p.id);
      const words = [into && t("Phiên dịch: %(language)s", { language: into }), p.role === "delegate" ? "" : roleName(p.role), p.title, p.unit?.name];
      say(element.querySelector(".line-more"), [...new Set(words)].filter(Boolean).join(" · "));
      const net = element.querySelector(".line-net");
      say(net, lineSentence(state, p));
      net.dataset.grade = gradeOf(state, p) ?? "";
      const presence = !p.present ? "absent" : isLost(state, p) ? "lost" : "present";
      say(element.querySelector(".presence"), { absent: t("Vắng"), lost: t("Mất kết nối"), present: t("Có mặt") }[presence]);
      element.dataset.presence = presence;
      const call = element.querySelector("button");
      call.hidden = !isOpen(state) || !may(state, "floor.give") || !p.present || p.role === "viewer" || p.hand || into ||
        p.id === state.floor.holder || p.id === state.you;
      about(call, p.name);
      const more = element.querySelector(".more");
      more.hidden = !hasMenu(state, p);
      more.setAttribute("aria-label", t("Việc khác với %(name)s", { name: p.name }));
    });
    // Closing sends everybody away: that nobody is there any more says nothing of who was.
    return { shown: !isClosed(state) };
  };
  return { render };
}

/** One line a commune, at the head of the panel: how its worst line is. @param {State} state @param {boolean} sorted */
function meter(state, sorted) {
  const all = communes(state, sorted);
  const bad = all.filter((one) => one.grade !== "good").length;
  byId("lines-meter").hidden = all.length === 0;
  say(byId("lines-sum"), bad ? t("Đường truyền: %(bad)s/%(all)s đơn vị chưa tốt", { bad, all: all.length })
    : t("Đường truyền: %(all)s đơn vị đều tốt", { all: all.length }));
  const create = () => make("li", { class: "line-net" });
  keep(byId("lines-list"), all, (one) => one.id, create, (element, one) => {
    say(element, t("%(name)s: đường truyền %(grade)s", { name: one.name, grade: gradeName(one.grade) }));
    element.dataset.grade = one.grade;
  });
}
