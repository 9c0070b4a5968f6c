/** Who has the floor and who waits for it. */

import { t } from "../text.js";
import { byId, keep, make, say } from "./element.js";
import { isOpen, may, me, participant } from "./state.js";

/** @typedef {import("./state.js").State} State */

/** @param {number} ms @returns {string} m:ss */
function lasting(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/**
 * @param {(type: string, fields?: object) => Promise<boolean>} act
 * @param {() => number} now milliseconds by the server's clock
 * @returns {{show: (state: State) => void, tick: () => void}} `tick` once a second
 */
export function floorPart(act, now) {
  const end = byId("floor-end");
  /** @type {string | null} */
  let since = null;
  end.addEventListener("click", () => act("floor.end"));
  const tick = () => say(byId("floor-time"), since ? lasting(now() - Date.parse(since)) : "");

  const create = (/** @type {any} */ p) =>
    make("li", { class: "line" },
      make("span", { class: "line-text" },
        make("strong", { class: "line-name" }),
        make("span", { class: "line-more" })),
      make("button", { type: "button", class: "small primary", "data-test": "give-floor", "data-participant": p.id,
        onclick: () => act("floor.give", { participant: p.id }) }, t("Mời phát biểu")),
      make("button", { type: "button", class: "small", onclick: () => act("hand.lower", { participant: p.id }) },
        t("Bỏ")));

  const show = (/** @type {State} */ state) => {
    const { holder, queue } = state.floor;
    const open = isOpen(state);
    const speaker = participant(state, holder);
    since = state.floor.since;
    say(byId("floor-holder"), speaker ? speaker.name : t("Chưa mời ai phát biểu."));
    say(byId("floor-unit"), speaker?.unit?.name ?? "");
    byId("floor-card").classList.toggle("busy", speaker !== null);
    end.hidden = !open || holder === null || !(holder === state.you || me(state)?.role === "chair");
    tick();
    const waiting = queue.map((id) => participant(state, id)).filter((p) => p !== null);
    byId("floor-empty").hidden = waiting.length > 0;
    keep(byId("floor-queue"), waiting, (p) => p.id, create, (element, p) => {
      say(element.querySelector(".line-name"), p.name);
      say(element.querySelector(".line-more"), p.unit?.name ?? "");
      const [give, lower] = element.querySelectorAll("button");
      give.hidden = !open || !may(state, "floor.give");
      lower.hidden = !open || !(may(state, "hand.lower") && me(state)?.role === "chair");
      give.setAttribute("aria-label", t("Mời %(name)s phát biểu", { name: p.name }));
      lower.setAttribute("aria-label", t("Bỏ %(name)s khỏi danh sách", { name: p.name }));
    });
  };
  return { show, tick };
}

/**
 * Everybody who is invited, present or not; the chair may call on anybody present.
 * @param {(type: string, fields?: object) => Promise<boolean>} act @param {(role: string) => string} roleName
 * @returns {(state: State, people: import("./state.js").Participant[]) => void}
 */
export function peoplePart(act, roleName) {
  const create = (/** @type {any} */ p) =>
    make("li", { class: "line", "data-person": p.id },
      make("span", { class: "line-text" },
        make("strong", { class: "line-name" }),
        make("span", { class: "line-more" })),
      make("span", { class: "presence" }),
      make("button", { type: "button", class: "small", "data-test": "call-participant", "data-participant": p.id,
        onclick: () => act("floor.give", { participant: p.id }) }, t("Mời phát biểu")));

  return (state, people) => {
    const here = people.filter((p) => p.present).length;
    say(byId("people-count"), t("%(here)s/%(all)s có mặt", { here, all: people.length }));
    keep(byId("people-list"), people, (p) => p.id, create, (element, p) => {
      say(element.querySelector(".line-name"), p.id === state.you ? t("%(name)s (tôi)", { name: p.name }) : p.name);
      const words = [p.role === "delegate" ? "" : roleName(p.role), p.title, p.unit?.name];
      say(element.querySelector(".line-more"), words.filter(Boolean).join(" · "));
      const line = !p.present ? t("Vắng") : p.connected ? t("Có mặt") : t("Mất kết nối");
      say(element.querySelector(".presence"), line);
      element.dataset.presence = !p.present ? "absent" : p.connected ? "present" : "lost";
      const call = element.querySelector("button");
      call.hidden = !isOpen(state) || !may(state, "floor.give") || !p.present || p.role === "viewer" || p.hand ||
        p.id === state.floor.holder || p.id === state.you;
      call.setAttribute("aria-label", t("Mời %(name)s phát biểu", { name: p.name }));
    });
  };
}
