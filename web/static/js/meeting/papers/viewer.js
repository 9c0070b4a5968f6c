/** One paper, one page at a time: drawn, turned, enlarged, pointed at. It knows nothing of who may what. */

import { t } from "../../text.js";
import { say } from "../element.js";
import { Pages, widthFor } from "./pages.js";
import { Zoom } from "./zoom.js";

const LOW = 240; // CSS pixels, and all below: the page alone, as under a phone's open panel
const POINTS = 150; // ms between two places of the pointer
const TURNS = Object.freeze({ ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 });

/** @typedef {{id: string, name: string, pages: number}} Paper */
/**
 * @typedef {{meeting: string, paper: Paper, page: number, pointer: {x: number, y: number} | null, leads: boolean,
 *   follows: boolean | null, screen: string, line: import("./pages.js").Declared}} Look
 *   follows: null where there is nobody to follow; screen: who shares one that is not shown for the sake of this paper
 */
/**
 * @typedef {{turn: (page: number) => void, follow: () => void, close: () => void,
 *   point: (place: {x: number, y: number} | null) => void}} Asked
 */

export class Viewer {
  /** @type {Look | null} */ #look = null;
  #pointing = false;
  #pointed = 0;
  #width = 0;

  /** @param {Asked} asked what the reader wants */
  constructor(asked) {
    const template = /** @type {HTMLTemplateElement} */ (document.getElementById("paper-template"));
    this.element = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
    this.asked = asked;
    this.frame = this._part(".paper-frame");
    this.sheet = this._part(".paper-sheet");
    this.image = /** @type {HTMLImageElement} */ (this._part("img"));
    this.pages = new Pages(this.image, (there) => this.frame.setAttribute("aria-busy", String(!there)));
    this.zoom = new Zoom(this.frame, this.sheet, this.image, { turn: (step) => this._step(step), changed: () => this._draw() });
    this._listen();
  }

  /** @param {Look} look */
  show(look) {
    const before = this.#look;
    this.#look = look;
    if (before?.paper.id !== look.paper.id || before.page !== look.page) {
      if (before) this.zoom.reset();
      if (before && before.paper.id !== look.paper.id) this._forget();
      const words = /** @type {HTMLDetailsElement} */ (this._part(".paper-words"));
      words.open = false;
      say(this._part(".paper-words p"), "");
    }
    if (!look.leads) this.#pointing = false;
    this._draw();
  }

  hide() {
    this.#look = null;
    this.#pointing = false;
    this._forget();
  }

  _forget() {
    this.#width = 0;
    this.pages.forget();
  }

  _draw() {
    const look = this.#look;
    if (look === null) return;
    const { paper, page, pointer } = look;
    const place = t("Trang %(page)s trong %(count)s", { page, count: paper.pages });
    say(this._part(".paper-name"), paper.name);
    say(this._part(".paper-place"), `${page}/${paper.pages}`);
    say(this._part(".paper-said"), place);
    this.image.alt = place;
    this._able("before", page > 1);
    this._able("after", page < paper.pages);
    this._able("smaller", this.zoom.scale > 1);
    const follow = this._part("[data-do=follow]");
    follow.hidden = look.follows !== false;
    say(follow, look.screen ? t("Xem màn hình của %(name)s", { name: look.screen }) : t("Theo người trình bày"));
    this._part("[data-do=close]").hidden = !look.leads && look.follows === true;
    say(this._part("[data-do=close] .words"), look.leads ? t("Thôi chiếu") : t("Thôi đọc riêng"));
    const point = this._part("[data-do=point]");
    point.hidden = !look.leads;
    point.setAttribute("aria-pressed", String(this.#pointing));
    this.frame.classList.toggle("pointing", this.#pointing);
    const dot = this._part(".paper-pointer");
    dot.hidden = pointer === null;
    if (pointer) {
      dot.style.left = `${pointer.x / 10}%`;
      dot.style.top = `${pointer.y / 10}%`;
    }
    this.element.classList.toggle("low", this.element.clientHeight < LOW);
    if (this.frame.clientWidth === 0) return; // not on the stage yet; we are called again when it has its size
    const pixels = this.frame.clientWidth * devicePixelRatio * this.zoom.scale;
    const width = widthFor(look.line, pixels, this.zoom.scale);
    this.#width = Math.max(this.#width, width); // what has come large is not fetched again small
    this.pages.show(look.meeting, paper, page, this.#width, look.line);
  }

  /** @param {string} selector @returns {HTMLElement} */
  _part(selector) {
    return /** @type {HTMLElement} */ (this.element.querySelector(selector));
  }

  /** @param {string} name @param {boolean} able */
  _able(name, able) {
    /** @type {HTMLButtonElement} */ (this._part(`[data-do=${name}]`)).disabled = !able;
  }

  /** @param {number} step */
  _step(step) {
    if (this.#look) this._turn(this.#look.page + step);
  }

  /** @param {number} page */
  _turn(page) {
    const look = this.#look;
    if (look && page >= 1 && page <= look.paper.pages && page !== look.page) this.asked.turn(page);
  }

  _listen() {
    /** @type {Record<string, () => void>} */
    const acts = {
      before: () => this._step(-1),
      after: () => this._step(1),
      larger: () => this.zoom.larger(),
      smaller: () => this.zoom.smaller(),
      follow: () => this.asked.follow(),
      close: () => this.asked.close(),
      point: () => this._point(!this.#pointing),
    };
    this.element.addEventListener("click", (event) => {
      const button = /** @type {HTMLElement} */ (event.target).closest("[data-do]");
      if (button) acts[/** @type {HTMLElement} */ (button).dataset.do ?? ""]?.();
    });
    this.frame.addEventListener("keydown", (event) => this._key(event));
    this.sheet.addEventListener("pointermove", (event) => this._moved(event));
    this.sheet.addEventListener("pointerdown", (event) => this._moved(event));
    this._part(".paper-words").addEventListener("toggle", () => this._words());
  }

  /** @param {KeyboardEvent} event */
  _key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || this.#look === null) return;
    const step = TURNS[/** @type {keyof typeof TURNS} */ (event.key)];
    const enlarged = this.zoom.scale > 1 && event.key.startsWith("Arrow"); // then the arrows move it about
    if (step !== undefined && !enlarged) this._step(step);
    else if (event.key === "Home") this._turn(1);
    else if (event.key === "End") this._turn(this.#look.paper.pages);
    else if (event.key === "+" || event.key === "=") this.zoom.larger();
    else if (event.key === "-") this.zoom.smaller();
    else if (event.key === "0") this.zoom.reset();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {boolean} on */
  _point(on) {
    this.#pointing = on;
    if (!on) this.asked.point(null);
    this._draw();
  }

  /** @param {PointerEvent} event */
  _moved(event) {
    if (!this.#pointing || event.timeStamp - this.#pointed < POINTS) return;
    this.#pointed = event.timeStamp;
    const { left, top, width, height } = this.sheet.getBoundingClientRect();
    const thousandth = (/** @type {number} */ share) => Math.min(1000, Math.max(1, Math.round(share * 1000)));
    this.asked.point({ x: thousandth((event.clientX - left) / width), y: thousandth((event.clientY - top) / height) });
  }

  /** The words of the page, for those who do not see it, when they ask for them. */
  async _words() {
    const look = this.#look;
    if (!look || !(/** @type {HTMLDetailsElement} */ (this._part(".paper-words")).open)) return;
    let text = "";
    try {
      const answer = await fetch(`/meetings/${encodeURIComponent(look.meeting)}/papers/${look.paper.id}/${look.page}.txt`);
      text = answer.ok ? await answer.text() : "";
    } catch {
      // The network is away.
    }
    if (this.#look?.page === look.page) say(this._part(".paper-words p"), text || t("Trang này không có chữ đọc được."));
  }
}
