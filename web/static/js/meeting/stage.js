/**
 * The stage: the speaker large with a strip of the others, or a grid in pages, or what a part has put there (a paper)
 * with the speaker first in the strip or grid beside it. The same class fills the second screen of a hall.
 */

import { t } from "../text.js";
import { keep, say } from "./element.js";
import { arrange, paged } from "./layout.js";
import { isLost, large, loudness, onStage } from "./state.js";
import { attachTile, createTile, dressTile, play } from "./tiles.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Participant} Participant */
/** @typedef {import("./parts.js").Local} Local */
/** @typedef {"speaker" | "grid"} Mode */

/** An old laptop shows no more moving pictures at once than it can. */
const MOST = (navigator.hardwareConcurrency ?? 0) >= 4 ? 25 : 9;
const LOW = 150; // px of a stage on which a word of who speaks elsewhere would hide what there is to see
const NOTHING = Object.freeze({ audio: null, video: null });

export class Stage {
  /** @type {string | null} */ #large = null;
  /** @type {string | null} who is to stay large on this screen */ #pinned = null;
  #page = 0;
  #pages = 1;
  /** @type {{state: State, local: Local, claimed: HTMLElement | null} | null} what was shown last */ #shown = null;
  #size = { width: 0, height: 0 };

  /**
   * @param {{root: HTMLElement, pager: HTMLElement | null, mode: Mode, bare?: boolean,
   *   watch: import("./watch.js").Watch, silenced: () => void}} given pager: its element with before, place, after and
   *   who speaks elsewhere; bare: for a hall: no sound,
   *   nothing to press, and nobody is the one who looks; silenced: the browser refuses to play sound
   */
  constructor({ root, pager, mode, bare = false, watch, silenced }) {
    this.root = root;
    this.pager = pager;
    this.mode = mode;
    this.bare = bare;
    this.watch = watch;
    this.silenced = silenced;
    const view = /** @type {Window & typeof globalThis} */ (root.ownerDocument.defaultView);
    new view.ResizeObserver(([entry]) => {
      this.#size = entry.contentRect;
      this._again();
    }).observe(root);
    if (bare) return;
    root.addEventListener("click", (event) => this._press(/** @type {HTMLElement} */ (event.target)));
    root.addEventListener("keydown", (event) => this._walk(event));
    if (!pager) return;
    const [before, after] = pager.querySelectorAll("button");
    before.addEventListener("click", () => this._turn(-1));
    after.addEventListener("click", () => this._turn(1));
  }

  /** @param {Mode} mode */
  look(mode) {
    this.mode = mode;
    this.#page = 0;
    this._again();
  }

  /** @param {State} state @param {Local} local @param {HTMLElement | null} claimed what a part has put here */
  render(state, local, claimed) {
    this.#shown = { state, local, claimed };
    const people = onStage(state);
    if (!people.some((p) => p.id === this.#pinned)) this.#pinned = null;
    this.#large = this.#pinned ?? large(state, this.#large, this.bare ? null : state.you);
    const big = claimed || (this.mode === "grid" && this.#pinned === null) ? null : this.#large;
    const small = this._ordered(people, big, claimed !== null, state);
    const { width, height } = this.#size;
    const hasLarge = claimed !== null || big !== null;
    const even = claimed !== null && this.mode === "grid";
    const plan = arrange({ width, height, count: small.length, large: hasLarge, even, most: MOST, turns: this.pager !== null });
    const { page, pages, from, to } = paged(small.length, plan.per, this.#page);
    this.#page = page;
    this.#pages = pages;
    const visible = new Set(small.slice(from, to).map((p) => p.id));
    if (big) visible.add(big);
    this._lay(plan, claimed);
    this._fill(people, small, state, local, visible, big);
    const heard = people.find((p) => p.id === state.speaker && p.audio && !isLost(state, p) && !visible.has(p.id));
    this._showPager(heard?.name ?? "", plan);
  }

  /** Try again after a click: now the browser lets us. */
  play() {
    const all = /** @type {NodeListOf<HTMLMediaElement>} */ (this.root.querySelectorAll("audio, video"));
    for (const media of all) play(media, this.silenced);
  }

  _again() {
    if (this.#shown) this.render(this.#shown.state, this.#shown.local, this.#shown.claimed);
  }

  /** Beside a paper, and where somebody else is pinned, whoever speaks comes first.
   * @param {Participant[]} people @param {string | null} big @param {boolean} claimed @param {State} state */
  _ordered(people, big, claimed, state) {
    const small = people.filter((p) => p.id !== big);
    const first = claimed ? this.#large : big !== null ? (state.floor.holder ?? state.speaker) : null;
    return first === null ? small : [...small.filter((p) => p.id === first), ...small.filter((p) => p.id !== first)];
  }

  /** @param {import("./layout.js").Plan} plan @param {HTMLElement | null} claimed */
  _lay(plan, claimed) {
    const { root } = this;
    const kind = this.#size.width === 0 ? "below" : plan.kind;
    if (root.dataset.kind !== kind) root.dataset.kind = kind;
    for (const [name, value] of /** @type {const} */ ([["columns", plan.columns], ["rows", plan.rows], ["strip", `${plan.strip}px`]])) {
      if (root.style.getPropertyValue(`--${name}`) !== String(value)) root.style.setProperty(`--${name}`, String(value));
    }
    const place = root.querySelector(".claimed");
    if (place !== claimed) {
      if (place) place.remove();
      if (claimed) {
        claimed.classList.add("claimed");
        claimed.dataset.key = "claimed"; // for `keep`
        root.prepend(claimed);
      }
    }
  }

  /** @param {Participant[]} people @param {Participant[]} small in the order shown @param {State} state
   * @param {Local} local @param {Set<string>} visible @param {string | null} big */
  _fill(people, small, state, local, visible, big) {
    const place = new Map(small.map((p, at) => [p.id, at]));
    const claimed = /** @type {HTMLElement | null} */ (this.root.querySelector(".claimed"));
    const items = [...(claimed ? [null] : []), ...people];
    keep(this.root, items, (p) => p?.id ?? "claimed", (p) => createTile(/** @type {Participant} */ (p), this.bare), (tile, p) => {
      if (!p) return;
      const there = visible.has(p.id);
      const own = p.id === state.you;
      const tracks = own ? { audio: null, video: local.mine.video } : (local.streams[p.id] ?? NOTHING);
      const seen = there && (own ? tracks.video !== null : p.video && !isLost(state, p) && tracks.video !== null);
      tile.classList.toggle("away", !there);
      const order = String(place.get(p.id) ?? -1);
      if (tile.style.order !== order) tile.style.order = order; // moving it would stop its sound
      dressTile(tile, p, state, { large: p.id === big, seen, pinned: p.id === this.#pinned, own: own && !this.bare });
      attachTile(tile, { audio: tracks.audio, video: there ? tracks.video : null }, local.speaker, this.silenced,
        loudness(state, p.id));
    });
    this._oneTabStop();
    const tiles = /** @type {HTMLElement[]} */ ([...this.root.querySelectorAll(".tile:not(.away)")]);
    const watched = tiles.map((tile) => /** @type {[Element, string]} */ ([tile, tile.dataset.participant ?? ""])).filter(([, id]) => id !== state.you);
    const large = /** @type {HTMLElement | null} */ (this.root.querySelector(".claimed[data-watch]"));
    if (large) watched.push([large, large.dataset.watch ?? ""]);
    this.watch.follow(new Map(watched));
  }

  /** @param {string} speaker who is heard and not seen here @param {import("./layout.js").Plan} plan */
  _showPager(speaker, plan) {
    if (!this.pager) return;
    this.root.classList.toggle("turned", plan.kind !== "grid" && this.#pages > 1);
    this.pager.dataset.kind = plan.kind;
    this.pager.style.setProperty("--columns", String(plan.columns));
    this.pager.style.setProperty("--strip", `${plan.strip}px`);
    const [before, after] = this.pager.querySelectorAll("button");
    say(/** @type {Element} */ (this.pager.querySelector(".speaks-elsewhere")), speaker && t("Đang nói: %(name)s", { name: speaker }));
    const low = plan.kind !== "grid" && this.root.clientHeight < LOW;
    this.pager.hidden = low || (this.#pages === 1 && speaker === "");
    /** @type {HTMLElement} */ (before.parentElement).hidden = this.#pages === 1;
    before.disabled = this.#page === 0;
    after.disabled = this.#page === this.#pages - 1;
    const words = this.#pages === 1 ? "" : t("Hình %(page)s/%(pages)s", { page: this.#page + 1, pages: this.#pages });
    say(/** @type {Element} */ (this.pager.querySelector(".page-place")), words);
  }

  /** @param {number} step */
  _turn(step) {
    this.#page += step;
    this._again();
  }

  /** @param {HTMLElement} target */
  _press(target) {
    const tile = /** @type {HTMLElement | null} */ (target.closest(".pin") && target.closest(".tile"));
    if (!tile) return;
    const id = tile.dataset.participant ?? null;
    this.#pinned = this.#pinned === id ? null : id;
    this._again();
  }

  /** Arrows go from tile to tile: one stop of the tabulator for all of them. @param {KeyboardEvent} event */
  _walk(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const here = /** @type {HTMLElement} */ (event.target).closest(".pin");
    if (!step || !here) return;
    const pins = this._pins();
    const next = pins[(pins.indexOf(/** @type {HTMLElement} */ (here)) + step + pins.length) % pins.length];
    event.preventDefault();
    this._oneTabStop(next);
    next.focus();
  }

  /** @returns {HTMLElement[]} in the order shown */
  _pins() {
    const order = (/** @type {HTMLElement} */ pin) => Number(/** @type {HTMLElement} */ (pin.parentElement).style.order);
    const pins = /** @type {HTMLElement[]} */ ([...this.root.querySelectorAll(".tile:not(.away) > .pin")]);
    return pins.sort((a, b) => order(a) - order(b));
  }

  /** @param {HTMLElement} [chosen] */
  _oneTabStop(chosen) {
    if (this.bare) return;
    const pins = this._pins();
    const one = chosen ?? pins.find((pin) => pin.tabIndex === 0) ?? pins[0];
    for (const pin of this.root.querySelectorAll(".pin")) {
      const stop = pin === one ? "0" : "-1";
      if (pin.getAttribute("tabindex") !== stop) pin.setAttribute("tabindex", stop);
    }
  }
}
