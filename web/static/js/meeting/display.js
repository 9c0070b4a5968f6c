/**
 * The second screen of a hall: a window that only shows (hall.js). It has no connection of its own; this page draws in
 * it, with the pictures that it has anyway.
 */

import { t } from "../text.js";
import { Board } from "./board.js";
import { byId, say } from "./element.js";
import { Mirror } from "./mirror.js";
import { nameOf } from "./names.js";
import { waitedFor } from "./parts/absence.js";
import { Stage } from "./stage.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./parts.js").Local} Local */
/** @typedef {"speaker" | "grid" | "stage"} Shows "stage": what a part has put on the stage, e.g. a paper */

const NAME = "giaoban-display";

export class Display {
  /** @type {Shows} */ shows = "speaker";
  /** @type {(Window & typeof globalThis) | null} */ #window = null;
  /** @type {Stage | null} */ #stage = null;
  /** @type {import("./watch.js").Watch | null} */ #watch = null;
  /** @type {Mirror | null} */ #mirror = null;
  /** @type {Board | null} */ #board = null;
  /** @type {Mirror | null} */ #captions = null;

  /** @param {{watchIn: (view: Window & typeof globalThis) => import("./watch.js").Watch, changed: () => void,
   *   now: () => number}} given changed: the window has come or gone */
  constructor({ watchIn, changed, now }) {
    this.now = now;
    this.watchIn = watchIn;
    this.changed = changed;
    addEventListener(NAME, (event) => this._take(/** @type {CustomEvent} */ (event).detail));
  }

  /** @returns {boolean} false: the browser has not let it come */
  open() {
    return window.open(`${location.pathname}?display=1`, NAME, "popup,width=1280,height=720") !== null;
  }

  get there() {
    return this.#window !== null && !this.#window.closed;
  }

  /** Once a second: a window that is closed says nothing. */
  tick() {
    if (this.#window === null) return;
    if (this.there) {
      this.#board?.tick();
      return;
    }
    this._end();
    this.#window = this.#stage = this.#watch = this.#board = this.#captions = null;
    this.changed();
  }

  /** @param {State} state @param {Local} local @param {HTMLElement | null} claimed
   * @param {import("./state.js").Vote | null} result the vote whose result is still to be read */
  render(state, local, claimed, result) {
    if (!this.#window || !this.#stage || !this.there) return;
    const { document } = this.#window;
    const find = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
    const item = state.agenda.items.find((one) => one.id === state.agenda.current);
    say(find("hall-title"), state.meeting?.title ?? "");
    say(find("hall-item"), item?.title ?? "");
    say(find("hall-floor"), waitedFor(state) || (state.floor.holder ? t("Đang phát biểu: %(name)s", { name: nameOf(state, state.floor.holder) }) : ""));
    this.#board?.render(state.vote?.state === "open" ? state.vote : result);
    this._reflect(this.shows === "stage" ? claimed : null);
    this.#stage.mode = this.shows === "grid" ? "grid" : "speaker";
    this.#stage.render(state, local, this.#mirror?.root ?? null);
  }

  _end() {
    this.#watch?.end();
    this.#captions?.end();
    this._reflect(null);
  }

  /** @param {HTMLElement | null} claimed */
  _reflect(claimed) {
    if ((this.#mirror?.original ?? null) === claimed) return;
    if (this.#mirror) this.#mirror.end();
    this.#mirror = claimed && this.#window ? new Mirror(claimed, this.#window.document) : null;
  }

  /** @param {Window & typeof globalThis} view a window of ours that wants to be drawn in */
  _take(view) {
    if (view.location.origin !== location.origin) return;
    const root = view.document.getElementById("stage");
    const symbols = document.querySelector(".symbols");
    if (!root || !symbols) return;
    this._end();
    const find = (/** @type {string} */ id) => /** @type {HTMLElement} */ (view.document.getElementById(id));
    for (const drawn of [root, find("hall-vote"), find("hall-captions")]) drawn.textContent = "";
    this.#board = new Board(find("hall-vote"), this.now);
    this.#captions = new Mirror(byId("captions"), view.document);
    find("hall-captions").append(this.#captions.root);
    for (const old of view.document.querySelectorAll(".symbols")) old.remove();
    view.document.body.append(symbols.cloneNode(true));
    this.#window = view;
    this.#watch = this.watchIn(view);
    const watch = this.#watch;
    this.#stage = new Stage({ root, pager: null, mode: "speaker", bare: true, watch, silenced: () => undefined });
    this.changed();
  }
}

/**
 * The options: how the pictures stand, devices, the second screen, keys.
 * @param {{stage: Stage, display: Display, remember: (mode: import("./stage.js").Mode) => void,
 *   notice: (sentence: string) => void, changed: () => void}} given
 */
export function mountOptions({ stage, display, remember, notice, changed }) {
  const modes = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll("input[name=look]")]);
  const look = (/** @type {import("./stage.js").Mode} */ mode) => {
    stage.look(mode);
    remember(mode);
    for (const choice of modes) choice.checked = choice.value === mode;
    byId("layout").dataset.mode = mode;
    say(byId("layout").querySelector(".label"), mode === "grid" ? t("Người nói") : t("Lưới"));
  };
  for (const choice of modes) {
    choice.addEventListener("change", () => look(/** @type {import("./stage.js").Mode} */ (choice.value)));
  }
  byId("layout").addEventListener("click", () => look(stage.mode === "grid" ? "speaker" : "grid"));
  const shows = byId("display-shows");
  shows.addEventListener("change", () => {
    display.shows = shows.value;
    changed();
  });
  byId("display-open").addEventListener("click", () => {
    if (!display.open()) notice(t("Trình duyệt đã chặn cửa sổ mới: cho phép cửa sổ bật lên cho trang này rồi bấm lại."));
  });
  look(stage.mode);
}
