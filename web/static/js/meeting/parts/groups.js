/** Groups that meet apart for a while: who is where, one's own way in and back, and the desk's arrangement. */

import { listed, t } from "../../text.js";
import { about, byId, keep, make, offer, say } from "../element.js";
import { groupOf, isOpen, may } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "groups";

/** @param {State} state @param {string} id */
const groupName = (state, id) => state.groups.groups.find((group) => group.id === id)?.name ?? "";

/** Where one belongs, whether or not one is there now. @param {State} state */
const own = (state) => state.groups.groups.find((group) => group.members.includes(state.you ?? "")) ?? null;

/** @param {State} before @param {State} after @returns {string[]} */
export function news(before, after) {
  if (!before.welcomed || before.groups === after.groups) return [];
  const began = before.groups.groups.length === 0 && after.groups.groups.length > 0;
  if (before.groups.groups.length > 0 && after.groups.groups.length === 0) return [t("Các tổ đã về phòng chung.")];
  const here = groupOf(after, after.you);
  if (here && here !== groupOf(before, before.you)) return [t("Đồng chí đang ở %(group)s.", { group: groupName(after, here) })];
  if (!here && groupOf(before, before.you)) return [t("Đồng chí đã về phòng chung.")];
  return began ? [t("Bắt đầu thảo luận tổ.")] : [];
}

/** Minutes and seconds that are left. @param {string} until @param {number} now */
function left(until, now) {
  const seconds = Math.max(0, Math.round((Date.parse(until) - now) / 1000));
  return t("Còn %(minutes)s phút %(seconds)s giây.", { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });
}

/** Those who can be sent: all who are there but the desk, and who sits before a site's device goes where it goes. @param {State} state */
function sendable(state) {
  const desk = [state.meeting?.chair, ...(state.meeting?.secretaries ?? [])];
  return state.participants.filter((p) => p.present && p.role !== "gateway" && !p.site && !desk.includes(p.id));
}

/** Somebody, and who sits before their device. @param {State} state @param {string} id */
function withDevice(state, id) {
  return [id, ...state.participants.filter((p) => p.present && p.site === id).map((p) => p.id)];
}

/** @param {HTMLElement} root @param {Actions} actions @returns {Part} */
export function mount(root, { act, now }) {
  /** @type {Map<string, number>} */
  const chosen = new Map(); // person -> number of the group, from 1; 0: stays
  let until = "";
  let shown = /** @type {State | null} */ (null);
  const count = () => Math.min(20, Math.max(1, Number(byId("groups-count").value) || 1));

  const draft = () => {
    if (!shown) return;
    const people = sendable(shown);
    keep(byId("groups-people"), people, (p) => p.id,
      (p) => make("li", { class: "line" },
        make("label", { class: "line-text", for: `group-of-${p.id}` }),
        make("select", { id: `group-of-${p.id}`, "data-test": "group-of", "data-participant": p.id,
          onchange: (/** @type {any} */ event) => chosen.set(p.id, Number(event.target.value)) })),
      (element, p) => {
        say(element.querySelector("label"), p.name);
        const select = element.querySelector("select");
        /** @type {[string, string][]} */
        const numbers = Array.from({ length: count() }, (_, at) => [String(at + 1), t("Tổ %(number)s", { number: at + 1 })]);
        offer(select, [["0", t("Ở lại phòng chung")], ...numbers], String(Math.min(chosen.get(p.id) ?? 0, count())));
      });
  };
  byId("groups-count").addEventListener("input", draft);
  byId("groups-even").addEventListener("click", () => {
    if (!shown) return;
    sendable(shown).forEach((p, at) => chosen.set(p.id, 1 + (at % count())));
    draft();
  });
  byId("groups-form").addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!shown) return;
    const state = shown, people = sendable(state);
    const groups = Array.from({ length: count() }, (_, at) => ({
      name: t("Tổ %(number)s", { number: at + 1 }),
      members: people.filter((p) => chosen.get(p.id) === at + 1).flatMap((p) => withDevice(state, p.id)),
    })).filter((group) => group.members.length > 0);
    const minutes = Number(byId("groups-minutes").value) || null;
    if (groups.length > 0) act("groups.start", { groups, minutes });
    else say(byId("groups-hint"), t("Hãy chọn tổ cho ít nhất một người."));
  });
  byId("groups-end").addEventListener("click", () => act("groups.end"));
  byId("groups-back").addEventListener("click", () => act("groups.enter"));
  byId("groups-enter").addEventListener("click", () => {
    const mine = shown && own(shown);
    if (mine) act("groups.enter", { group: mine.id });
  });

  /** Over the stage, whichever panel is open: where one is, how long still, and the way to one's group and back. */
  const whereabouts = (/** @type {State} */ state) => {
    const here = groupOf(state, state.you);
    const mine = own(state);
    byId("groups-word").classList.toggle("apart", here !== "");
    byId("groups-back").hidden = !here;
    byId("groups-enter").hidden = !mine || here === mine.id;
    say(byId("groups-enter"), mine ? t("Vào %(group)s", { group: mine.name }) : "");
    say(byId("groups-here"), here ? t("Đồng chí đang ở %(group)s.", { group: groupName(state, here) }) : t("Các tổ đang thảo luận. Đồng chí đang ở phòng chung."));
  };

  const list = (/** @type {State} */ state, /** @type {boolean} */ desk) => {
    const here = groupOf(state, state.you);
    byId("groups-end").hidden = !desk;
    keep(byId("groups-list"), state.groups.groups, (group) => group.id,
      (group) => make("li", { class: "line" }, make("span", { class: "line-text" },
        make("strong", { class: "line-name" }), make("span", { class: "line-more" })),
        make("button", { type: "button", class: "small", "data-test": "visit-group",
          onclick: () => act("groups.enter", { group: group.id }) }, t("Vào thăm"))),
      (element, group) => {
        say(element.querySelector(".line-name"), group.name);
        const inside = state.participants.filter((p) => state.groups.inside[p.id] === group.id && p.present);
        say(element.querySelector(".line-more"), listed(inside.map((p) => p.name)) || t("Chưa có ai"));
        const visit = element.querySelector("button");
        visit.hidden = !desk || here === group.id;
        about(visit, group.name);
      });
  };

  const render = (/** @type {State} */ state) => {
    shown = state;
    const meeting = state.groups.groups.length > 0;
    const desk = may(state, "groups.start");
    until = state.groups.until ?? "";
    byId("groups-running").hidden = !meeting;
    byId("groups-word").hidden = !meeting;
    byId("groups-form").hidden = meeting || !desk;
    if (meeting) {
      whereabouts(state);
      list(state, desk);
    } else if (desk && !root.hidden) draft();
    say(byId("groups-left"), until ? left(until, now()) : "");
    return { shown: isOpen(state) && (meeting || desk), urgent: false };
  };
  const tick = () => say(byId("groups-left"), until ? left(until, now()) : "");
  return { render, tick };
}
