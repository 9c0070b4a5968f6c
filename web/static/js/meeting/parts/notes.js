/** Live minutes: what the desk writes down of each agenda item, several hands in one text, and conclusions in one line. */

import { t } from "../../text.js";
import { moved, points } from "../delta.js";
import { byId, offer, officeTime, say } from "../element.js";
import { Pad } from "../pad.js";
import { isClosed, isOpen, may, participant } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../parts.js").Local} Local */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "notes";

const GENERAL = "general";
const PAUSE = 400; // ms between two changes that are told

/** @param {string} meeting */
const place = (meeting) => `giaoban-pads-${meeting}`;

/** What was typed and not yet told when the page went away. @param {string} meeting @returns {Record<string, any>} */
function stored(meeting) {
  try {
    return JSON.parse(sessionStorage.getItem(place(meeting)) ?? "{}");
  } catch (_) {
    return {};
  }
}

/** @param {HTMLElement} _root @param {Actions} actions @returns {Part} */
export function mount(_root, { act, now }) {
  const field = /** @type {HTMLTextAreaElement} */ (byId("notes-text"));
  /** @type {Map<string, Pad>} */
  const pads = new Map();
  let shown = /** @type {State | null} */ (null);
  let open = ""; // the pad on the page
  let chosen = false; // by hand: the agenda's step does not take the text away from who writes
  let page = "";
  let heard = /** @type {any} */ (null);
  let told = 0;
  let connected = false;

  const pad = (/** @type {string} */ id) => {
    let found = pads.get(id);
    if (!found) pads.set(id, (found = new Pad(id, page)));
    return found;
  };
  const keepStored = () => {
    if (!shown?.meeting) return;
    const waiting = [...pads.values()].filter((one) => one.pending).map((one) => [one.id, one.toJson()]);
    sessionStorage.setItem(place(shown.meeting.id), JSON.stringify({ page, pads: Object.fromEntries(waiting) }));
  };
  const send = (/** @type {Pad} */ one, /** @type {any} */ message) => {
    if (!message) return;
    told = now();
    keepStored();
    act("pad.edit", message).then((taken) => {
      // Refused, with the line still there: what the server has counts. (Lost with the line: it goes again.)
      if (!taken && connected && one.sent !== null && one.number === message.number) {
        one.refused();
        draw(one, []);
      }
    });
  };
  const draw = (/** @type {Pad} */ one, /** @type {import("../delta.js").Delta[]} */ deltas) => {
    if (one.id !== open || field.value === one.text) return;
    const ends = [field.selectionStart, field.selectionEnd].map((at) => points(field.value.slice(0, at)).length);
    const place = ends.map((at) => deltas.reduce((was, delta) => moved(was, delta), at));
    const top = field.scrollTop;
    field.value = one.text;
    const letters = points(one.text);
    const [from, to] = place.map((at) => letters.slice(0, at).join("").length);
    if (document.activeElement === field) field.setSelectionRange(from, to);
    field.scrollTop = top;
  };
  const status = (/** @type {Pad} */ one) => {
    say(byId("notes-status"), one.pending ? (connected ? t("Đang lưu…") : t("Mất kết nối; phần vừa gõ sẽ được lưu khi nối lại.")) : t("Đã lưu."));
  };

  field.addEventListener("input", () => {
    pad(open).type(field.value);
    draw(pad(open), []);
    keepStored();
    status(pad(open));
  });
  byId("notes-item").addEventListener("change", (/** @type {any} */ event) => {
    chosen = true;
    show(event.target.value);
  });
  byId("notes-speaker").addEventListener("click", () => {
    const holder = shown && participant(shown, shown.floor.holder ?? shown.speaker);
    if (!holder) return;
    const line = t("%(clock)s, đồng chí %(name)s: ", { clock: officeTime(now()), name: holder.name });
    const one = pad(open);
    one.type(`${one.text}${one.text && !one.text.endsWith("\n") ? "\n" : ""}${line}`);
    field.value = one.text;
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  });
  byId("notes-conclusion").addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!shown) return;
    const [text, unit, deadline] = ["notes-what", "notes-who", "notes-when"].map((id) => byId(id).value.trim());
    const owner = shown.units.find((one) => one.name === unit);
    if (!text) return;
    if (unit && !owner) {
      say(byId("notes-hint"), t("Không có đơn vị tên “%(unit)s” trong cuộc họp; hãy chọn trong danh sách gợi ý.", { unit }));
      byId("notes-who").focus();
      return;
    }
    const fields = { text, owner: owner?.id ?? null, deadline: deadline || null, item: open === GENERAL ? null : open };
    if (!(await act("conclusion.put", fields))) return;
    for (const id of ["notes-what", "notes-who", "notes-when"]) byId(id).value = "";
    say(byId("notes-hint"), t("Đã ghi kết luận."));
    byId("notes-what").focus();
  });

  const show = (/** @type {string} */ id) => {
    if (open === id) return;
    open = id;
    field.value = pad(id).text;
    status(pad(id));
  };
  const begin = (/** @type {State} */ state) => {
    const kept = stored(state.meeting.id);
    page = kept.page ?? `${state.you}-${Math.random().toString(36).slice(2, 10)}`;
    for (const [id, one] of Object.entries(kept.pads ?? {})) pads.set(id, new Pad(id, page, one));
  };

  const render = (/** @type {State} */ state, /** @type {State} */ before, /** @type {Local} */ local) => {
    const writes = may(state, "pad.edit") && !isClosed(state);
    shown = state;
    connected = local.line === "open";
    if (!writes || !state.meeting) return { shown: false };
    if (!page) begin(state);
    if (heard !== state.padsTold) {
      for (const news of state.padsTold.slice(heard && heard[0] === state.padsTold[0] ? heard.length : 0)) {
        const one = pad(news.id);
        const whole = news.text !== undefined;
        draw(one, one.hear(news));
        if (whole && one.sent !== null) send(one, one.again());
        if (one.id === open) status(one);
      }
      heard = state.padsTold;
      keepStored();
    }
    const items = /** @type {[string, string][]} */ ([[GENERAL, t("Ghi chung")], ...state.agenda.items.map((item) => [item.id, item.title])]);
    if (!open || (!chosen && before.agenda.current !== state.agenda.current && document.activeElement !== field)) {
      show(state.agenda.current ?? GENERAL);
    }
    if (before.agenda.current !== state.agenda.current) chosen = false;
    offer(/** @type {any} */ (byId("notes-item")), items, open);
    const holder = participant(state, state.floor.holder ?? state.speaker);
    byId("notes-speaker").hidden = !holder;
    say(byId("notes-speaker"), holder ? t("Ghi ý kiến của %(name)s", { name: holder.name }) : "");
    byId("notes-conclusion").hidden = !isOpen(state) || !may(state, "conclusion.put");
    const list = byId("notes-units");
    if (list.children.length !== state.units.length) {
      list.textContent = "";
      list.append(...state.units.map((unit) => new Option("", unit.name)));
    }
    return { shown: true };
  };
  const tick = () => {
    if (!connected || now() - told < PAUSE) return;
    for (const one of pads.values()) send(one, one.next());
  };
  window.setInterval(tick, PAUSE);
  return { render };
}
