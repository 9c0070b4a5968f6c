/** Papers: those on the table, the one that is shown to everybody or that one reads for oneself, notes on its pages. */

import { t } from "../../text.js";
import { about, byId, keep, make, say } from "../element.js";
import { inTab, keepInTab } from "../memory.js";
import { nameOf } from "../names.js";
import { Bringing } from "../papers/bringing.js";
import { Notes } from "../papers/notes.js";
import { Viewer } from "../papers/viewer.js";
import { leads, mayPresent, onTable, reading, screenOf } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../state.js").Paper} Paper */

/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Local} Local */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "papers";

const STORE = "giaoban.papers";

/** @param {State} before @param {State} after @returns {string[]} */
export function news(before, after) {
  if (!before.welcomed || before.shown.paper === after.shown.paper) return [];
  const paper = after.papers.find((p) => p.id === after.shown.paper);
  if (!paper) return [t("Đã thôi chiếu tài liệu.")];
  const words = { name: nameOf(after, after.shown.by), paper: paper.name, page: after.shown.page ?? 1 };
  return [t("%(name)s chiếu tài liệu “%(paper)s”, trang %(page)s.", words)];
}

/** @param {HTMLElement} root @param {Actions} actions @returns {Part} */
export function mount(root, { act, tell, redraw }) {
  /** @type {State | null} */
  let state = null;
  /** @type {{paper: string, page: number} | null} what one reads for oneself */
  let own = null;
  /** @type {Local["declared"]} */
  let line = { kbps: null, megabytes: null };
  /** the page that we have turned to and that has not come back yet @type {number | null} */
  let turning = null;
  /** @type {Set<string>} papers that were there while the panel was open */
  const seen = new Set(inTab(STORE).seen ?? []);
  const look = (/** @type {State} */ { papers }) => {
    const fresh = papers.filter((paper) => !seen.has(paper.id));
    if (root.hidden || fresh.length === 0) return fresh.length;
    for (const paper of fresh) seen.add(paper.id);
    keepInTab(STORE, { seen: [...seen] });
    return 0;
  };
  const notes = new Notes(byId("paper-note"), byId("paper-note-word"));
  const bringing = new Bringing();
  const turn = async (/** @type {number} */ page) => {
    const now = state && reading(state, own);
    if (!state || !now) return;
    if (!now.own && leads(state)) {
      turning = page; // at once here: who turns quickly must not wait for each page
      redraw();
      await act("paper.turn", { page });
      if (turning === page) turning = null;
    } else own = { paper: now.paper.id, page };
    redraw();
  };
  const close = () => {
    const leading = state && leads(state) && !reading(state, own)?.own;
    own = null;
    if (leading) act("paper.close");
    redraw();
  };
  const follow = () => {
    own = null;
    redraw();
  };
  const point = (/** @type {{x: number, y: number} | null} */ place) => tell("paper.point", place ?? {});
  const viewer = new Viewer({ turn, follow, close, point });

  const read = (/** @type {string} */ paper) => {
    own = { paper, page: 1 };
    redraw();
    queueMicrotask(() => viewer.frame.focus());
  };
  const create = (/** @type {Paper} */ paper) =>
    make("li", { class: "paper-line", "data-test": "paper-line", "data-paper": paper.id },
      make("span", { class: "paper-title" }),
      make("span", { class: "paper-about" }),
      make("span", { class: "paper-acts" },
        make("button", { type: "button", class: "small paper-show", "data-test": "paper-show",
          onclick: () => { own = null; act("paper.show", { paper: paper.id }); } }, t("Chiếu")),
        make("button", { type: "button", class: "small paper-open", "data-test": "paper-open",
          onclick: () => read(paper.id) }, t("Đọc riêng"))));

  /** @param {State} state */
  const list = (state) => {
    byId("papers-empty").hidden = state.papers.length > 0;
    const items = new Map(state.agenda.items.map((item) => [item.id, item.title]));
    keep(byId("papers-list"), onTable(state), (paper) => paper.id, create, (element, paper) => {
      const shown = state.shown.paper === paper.id;
      element.classList.toggle("current", shown);
      say(element.querySelector(".paper-title"), paper.name);
      const facts = [t("Số trang: %(count)s", { count: paper.pages }), items.get(paper.item) ?? "", shown ? t("Đang chiếu") : ""];
      say(element.querySelector(".paper-about"), facts.filter(Boolean).join(" · "));
      const button = element.querySelector(".paper-show");
      button.hidden = shown || !mayPresent(state);
      about(button, paper.name);
      about(element.querySelector(".paper-open"), paper.name);
    });
  };

  /** @param {State} state @returns {HTMLElement | null} what is to stand on the stage */
  const draw = (state) => {
    const now = reading(state, own);
    if (own !== null && !now?.own) own = null; // it was taken away
    byId("paper-notes").hidden = now === null;
    if (now === null || state.meeting === null || screenOf(state, now.own) !== null) {
      viewer.hide();
      return null;
    }
    const page = now.own ? now.page : (turning ?? now.page);
    const { shown } = state;
    const screen = now.own ? screenOf(state, false) : null;
    const there = now.paper.id === shown.paper && page === shown.page;
    viewer.show({
      meeting: state.meeting.id,
      paper: now.paper,
      page,
      pointer: there ? shown.pointer : null,
      leads: leads(state) && !now.own,
      follows: shown.paper === null && screen === null ? null : !now.own,
      screen: screen === null ? "" : nameOf(state, screen),
      line,
    });
    say(byId("paper-note-page"), t("Ghi chú riêng, trang %(page)s", { page }));
    notes.turn(state.meeting.id, now.paper.id, page);
    return viewer.element;
  };

  const render = (/** @type {State} */ now, /** @type {State} */ _before, /** @type {Local} */ local) => {
    state = now;
    line = local.declared;
    list(now);
    bringing.render(now);
    const stage = draw(now);
    return { shown: true, count: look(now), stage };
  };
  return { render };
}
