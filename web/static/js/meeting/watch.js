/** Which pictures are shown, and how large: so that the server sends no larger ones, and none that nobody sees. */

const DEBOUNCE = 200;
const HIDDEN_LIMIT = 5000; // ms: whoever only looks something up in another tab finds the pictures moving
const STEP = 10; // CSS pixels: smaller changes are not worth a message

export class Watch {
  /** @type {Map<Element, string>} tile -> participant */ #tiles = new Map();
  /** @type {Set<Element>} */ #visible = new Set();
  /** @type {number | undefined} */ #timer;

  /**
   * @param {(sizes: Record<string, number>) => void} changed height in CSS pixels by participant
   * @param {Window & typeof globalThis} view the window that shows the tiles
   */
  constructor(changed, view = window) {
    this.changed = changed;
    this.document = view.document;
    this.resized = new view.ResizeObserver(() => this._later(DEBOUNCE));
    this.seen = new view.IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) this.#visible.add(entry.target);
        else this.#visible.delete(entry.target);
      }
      this._later(DEBOUNCE);
    });
    const hides = () => this._later(this.document.hidden ? HIDDEN_LIMIT : 0);
    this.document.addEventListener("visibilitychange", hides);
  }

  /** The tiles on the stage now. @param {Map<Element, string>} tiles with the participants that they show */
  follow(tiles) {
    for (const tile of this.#tiles.keys()) {
      if (tiles.has(tile)) continue;
      this.resized.unobserve(tile);
      this.seen.unobserve(tile);
      this.#visible.delete(tile);
      this._later(DEBOUNCE);
    }
    for (const tile of tiles.keys()) {
      if (this.#tiles.has(tile)) continue;
      this.resized.observe(tile);
      this.seen.observe(tile);
    }
    this.#tiles = tiles;
  }

  /** The window is closed. */
  end() {
    this.follow(new Map());
  }

  /** @param {number} wait */
  _later(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.changed(this.sizes()), wait);
  }

  /** @returns {Record<string, number>} height in CSS pixels by participant */
  sizes() {
    /** @type {Record<string, number>} */
    const sizes = {};
    if (this.document.hidden) return sizes;
    for (const [tile, participant] of this.#tiles) {
      const height = Math.ceil(tile.clientHeight / STEP) * STEP;
      if (this.#visible.has(tile) && height > 0) sizes[participant] = height;
    }
    return sizes;
  }
}

/** What several windows show together. @param {Watch[]} watches @returns {Record<string, number>} */
export function largest(watches) {
  /** @type {Record<string, number>} */
  const sizes = {};
  for (const watch of watches) {
    for (const [id, height] of Object.entries(watch.sizes())) sizes[id] = Math.max(sizes[id] ?? 0, height);
  }
  return sizes;
}
