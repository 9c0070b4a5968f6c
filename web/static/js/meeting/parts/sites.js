/** Sites: one device for many people. Everybody sees which there are and who sits there; the device itself has the QR code
 * for their phones; it and the desk tick who is there, and write down spoken ballots. */

import { t } from "../../text.js";
import { byId, keep, make, offer, say } from "../element.js";
import { nameOf } from "../names.js";
import { isClosed, may, me, participant, START } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "sites";

const ASK_EVERY = 4; // seconds: the code changes after minutes, and a phone waits for its tick
const LOOK_EVERY = 20; // seconds: whom the directory knows in the unit hardly changes

/** @typedef {{participant: string, name: string, title: string, expected: boolean}} Known  somebody who may be ticked */

/** @param {State} state @param {string} id */
const site = (state, id) => state.sites.find((one) => one.id === id);

/** By whose microphone the holder of the floor speaks; the same as the server's. @param {State} state */
const microphone = (state) => {
  const holder = participant(state, state.floor.holder);
  return holder && holder.site && !holder.audio ? holder.site : "";
};

/** @param {State} before @param {State} after @returns {string[]} */
export function news(before, after) {
  const mine = after.you ?? "";
  if (!before.welcomed || !site(after, mine)) return [];
  const known = new Set(site(before, mine)?.seats.map((one) => one.participant));
  return (site(after, mine)?.seats ?? []).filter((one) => !known.has(one.participant) && one.how === "qr")
    .map((one) => t("%(name)s đã điểm danh.", { name: participant(after, one.participant)?.name ?? "" }));
}

/** What a site is called: two of one unit are told apart by whose device it is. @param {State} state @param {string} id */
function siteName(state, id) {
  const device = participant(state, id);
  return device ? `${device.unit.name} (${device.name})` : id;
}

/** @param {State} state @param {State["sites"][number]} one */
function sitting(state, one) {
  if (one.seats.length === 0) return t("Chưa có ai điểm danh.");
  const names = one.seats.map((seat) => nameOf(state, seat.participant)).join(", ");
  return t("%(count)s người đã điểm danh: %(names)s.", { count: one.seats.length, names });
}

/** @param {State} state */
function listSites(state) {
  byId("sites-empty").hidden = state.sites.length > 0;
  const create = () => make("li", { class: "line" },
    make("span", { class: "line-text" }, make("strong", { class: "line-name" }), make("span", { class: "line-more" })));
  keep(byId("sites-list"), state.sites, (one) => one.id, create, (element, one) => {
    say(element.querySelector(".line-name"), siteName(state, one.id));
    say(element.querySelector(".line-more"), sitting(state, one));
  });
}

/** How somebody comes to be there, or would. @param {State} state
 * @param {{how: string, by: string} | undefined} seat @param {boolean} unexpected */
function howSentence(state, seat, unexpected) {
  if (seat?.how === "qr") return t("điểm danh bằng điện thoại");
  if (seat?.how === "added") return t("bổ sung tại điểm cầu, do %(name)s ghi tên", { name: nameOf(state, seat.by) });
  return !seat && unexpected ? t("chưa có trong danh sách dự họp") : "";
}

/** @param {HTMLElement} _root @param {Actions} actions @returns {Part} */
export function mount(_root, { act, ask: dialog, dismiss, turn, notice, redraw }) {
  let shown = START;
  let chosen = "";
  let seconds = 0;
  let runs = false; // this device is a site
  /** @type {(Known & {number: string})[]} */ let phones = [];
  /** @type {Known[]} */ let others = []; // of the unit of the site that is shown, on the sheet or not
  let looked = ""; // at which site
  const path = (/** @type {string | null} */ id) => `${location.pathname}/sites/${encodeURIComponent(id ?? "")}`;
  byId("site-open").addEventListener("click", () => act("site.open"));
  byId("site-code-large").addEventListener("click", () => dialog("code"));
  byId("site-close").addEventListener("click", () => act("site.close"));
  byId("site-which").addEventListener("change", () => { chosen = byId("site-which").value; redraw(); });

  const ask = async () => {
    try {
      const answer = await fetch(`${path(shown.you)}/code`, { headers: { Accept: "application/json" } });
      if (!answer.ok || !runs) return;
      const told = await answer.json();
      for (const id of ["site-code", "code-large"]) if (byId(id).src !== told.image) byId(id).src = told.image;
      byId("site-code").dataset.link = told.link;
      byId("site-code").hidden = false;
      phones = told.phones;
      redraw();
    } catch { /* no line now: the next question comes by itself */ }
  };
  const look = async () => {
    const asked = chosen;
    looked = asked;
    if (!asked) return;
    const answer = await fetch(`${path(asked)}/people`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok || asked !== chosen) return;
    others = (await answer.json()).people;
    redraw();
  };
  /** @param {string} where @param {Record<string, string>} fields @param {string} failed */
  const post = async (where, fields, failed) => {
    const body = new FormData();
    body.set("csrf", /** @type {HTMLInputElement} */ (document.querySelector("input[name=csrf]")).value);
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    const answer = await fetch(where, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.ok) return true;
    const told = await answer?.json().catch(() => null);
    notice(told?.sentence ?? failed);
    return false;
  };
  const tick = async (/** @type {string} */ number) => {
    await post(`${path(shown.you)}/phones`, { number }, t("Chưa xác nhận được. Xin thử lại."));
    ask();
  };
  /** Who is not on the sheet is added to it. @param {Record<string, string>} fields */
  const add = async (fields) => {
    const done = await post(`${path(chosen)}/people`, fields, t("Chưa thêm được người này. Xin thử lại."));
    look();
    return done;
  };
  byId("site-add").addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    const [name, title] = [byId("site-add-name"), byId("site-add-title")];
    if (!(await add({ name: name.value, title: title.value }))) return;
    name.value = title.value = "";
    name.focus();
  });

  const createPhone = (/** @type {Known & {number: string}} */ one) =>
    make("li", { class: "line" },
      make("span", { class: "line-text" }, make("strong", { class: "line-name" }), make("span", { class: "line-more" })),
      make("button", { type: "button", class: "small primary", "data-test": "site-tick-phone", onclick: () => tick(one.number) }, t("Xác nhận")));

  const spoken = (/** @type {string} */ person, /** @type {string} */ choice, /** @type {string} */ words) =>
    make("button", { type: "button", class: "small", "data-choice": choice, "data-test": `site-vote-${choice}`,
      onclick: () => act("site.vote", { vote: shown.vote?.id, participant: person, choice }) }, words);

  const createSeat = (/** @type {{id: string}} */ one) =>
    make("li", { class: "line", "data-seat": one.id },
      make("label", { class: "switch line-text" },
        make("input", { type: "checkbox", "data-test": "site-seat", onchange: async (/** @type {any} */ event) => {
          const box = event.target;
          box.dataset.busy = "yes"; // what is drawn meanwhile does not know of it yet
          const done = box.checked && !participant(shown, one.id) ? await add({ person: one.id })
            : await act(box.checked ? "site.seat" : "site.unseat", { site: chosen, participant: one.id });
          delete box.dataset.busy;
          if (!done) box.checked = !box.checked;
        } }),
        make("span", {}, make("strong", { class: "line-name" }), make("span", { class: "line-more" }))),
      make("span", { class: "site-votes" }, spoken(one.id, "for", t("Tán thành")), spoken(one.id, "against", t("Không tán thành")),
        spoken(one.id, "abstain", t("Không có ý kiến"))),
      make("button", { type: "button", class: "small", "data-test": "site-strike",
        onclick: () => act("site.strike", { site: chosen, participant: one.id }) }, t("Xóa")));

  const render = (/** @type {State} */ state, /** @type {State} */ before) => {
    shown = state;
    const you = me(state);
    const desk = may(state, "lobby.admit");
    const mine = site(state, state.you ?? "");
    const open = state.sites.filter((one) => desk || one.id === state.you);
    if (!open.some((one) => one.id === chosen)) chosen = (mine ?? open[0])?.id ?? "";
    listSites(state);
    if (mine && microphone(state) === state.you && microphone(before) !== state.you) turn("audio", true);
    const sits = you?.site ? participant(state, you.site)?.unit.name ?? "" : "";
    say(byId("sites-mine"), sits ? t("Đồng chí đang dự tại điểm cầu %(unit)s. Điện thoại này là màn hình thứ hai, không phát tiếng.", { unit: sits }) : "");
    byId("site-open").hidden = Boolean(mine) || Boolean(sits);
    byId("site-open-hint").hidden = byId("site-open").hidden;
    byId("site-own").hidden = !mine;
    byId("site-run").hidden = !chosen;
    offer(byId("site-which"), open.map((one) => /** @type {[string, string]} */ ([one.id, siteName(state, one.id)])), chosen);
    byId("site-which").parentElement.hidden = open.every((one) => one === mine);
    const unit = participant(state, chosen)?.unit.id;
    const seats = site(state, chosen)?.seats ?? [];
    const how = new Map(seats.map((one) => [one.participant, one.how]));
    const led = [state.meeting?.chair, ...(state.meeting?.secretaries ?? [])];
    if (looked !== chosen) {
      others = [];
      look();
    }
    const ofUnit = state.participants.filter((p) => how.has(p.id)
      || (p.unit.id === unit && p.role !== "gateway" && !site(state, p.id) && !led.includes(p.id)));
    const listed = new Set(ofUnit.map((p) => p.id));
    const more = others.filter((one) => !listed.has(one.participant) && !participant(state, one.participant)?.site);
    const people = [...ofUnit, ...more.map((one) => ({ id: one.participant, name: one.name, title: one.title, votes: false, expected: one.expected }))];
    const roll = state.vote?.state === "open" && !state.vote.rule.secret;
    keep(byId("site-phones"), phones, (one) => one.number, createPhone, (element, one) => {
      say(element.querySelector(".line-name"), one.name);
      say(element.querySelector(".line-more"), [one.title, one.expected ? "" : t("chưa có trong danh sách dự họp"),
        t("số trên điện thoại: %(number)s", { number: one.number })].filter(Boolean).join(" · "));
    });
    keep(byId("site-seats"), people, (one) => one.id, createSeat, (element, one) => {
      const box = element.querySelector("input");
      if (!box.dataset.busy) box.checked = how.has(one.id);
      say(element.querySelector(".line-name"), one.name);
      say(element.querySelector(".line-more"), [one.title, howSentence(state, seats.find((seat) => seat.participant === one.id),
        "expected" in one && !one.expected)].filter(Boolean).join(" · "));
      element.querySelector(".site-votes").hidden = !roll || !how.has(one.id) || !one.votes;
      const strike = element.querySelector("[data-test=site-strike]");
      strike.hidden = how.get(one.id) !== "added";
      strike.setAttribute("aria-label", t("Xóa %(name)s khỏi danh sách, vì ghi nhầm", { name: one.name }));
    });
    if (runs !== Boolean(mine)) {
      runs = Boolean(mine);
      phones = [];
      byId("site-code").hidden = true;
      if (runs) ask();
      else dismiss("code");
    }
    return { shown: !isClosed(state) && may(state, "site.open") && Boolean(you), count: phones.length };
  };
  return {
    render,
    tick: () => {
      seconds += 1;
      if (isClosed(shown)) return;
      if (runs && seconds % ASK_EVERY === 0) ask();
      if (chosen && seconds % LOOK_EVERY === 0) look();
    },
  };
}
