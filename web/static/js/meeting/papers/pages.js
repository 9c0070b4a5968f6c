/** The images of pages: which width, when they are there, and the next ones beforehand at a share of the line. */

const SMALL = 720; // pixels, as the server draws them
const LARGE = 1600;
const THIN = 512; // kbit/s, and all below: the small images
const SHARE = 0.25; // of the declared line, for what is not looked at yet
const AHEAD = 3; // pages, where data is dear
const FAR = 30; // pages, where it is not
const AGAIN = 3000; // ms after which a page that did not come is asked for again

/** @typedef {{kbps: number | null, megabytes: number | null}} Declared */
/** @typedef {{id: string, pages: number}} Paper */

/** @param {string} meeting @param {string} paper @param {number} page @param {number} width */
export function address(meeting, paper, page, width) {
  return `/meetings/${encodeURIComponent(meeting)}/papers/${paper}/${page}-${width}.webp`;
}

/** The width that fits a screen and a line; who looks closer wants to read, whatever the line.
 * @param {Declared} line @param {number} pixels of the screen, as shown @param {number} scale */
export function widthFor(line, pixels, scale) {
  const dear = (line.kbps !== null && line.kbps <= THIN) || sparing();
  return pixels <= SMALL * 1.25 || (dear && scale < 1.5) ? SMALL : LARGE;
}

/** Whether the reader has asked the browser to save data. */
function sparing() {
  return Boolean(/** @type {any} */ (navigator).connection?.saveData);
}

/** Which pages to fetch before they are asked for, the nearest first.
 * @param {Paper} paper @param {number} page the one looked at @param {Declared} line */
export function following(paper, page, line) {
  const dear = line.megabytes !== null || (line.kbps !== null && line.kbps <= THIN) || sparing();
  const many = dear ? AHEAD : FAR; // of a cap that is spent a thin line is left
  const found = [];
  for (let next = page + 1; next <= paper.pages && found.length < many; next += 1) found.push(next);
  if (page > 1) found.splice(1, 0, page - 1); // who turns back turns back by one
  return found;
}

/** Ms that a fetch must have taken so that it had no more than its share. @param {number} octets @param {number | null} kbps */
export function due(octets, kbps) {
  return kbps === null ? 0 : (octets * 8) / (kbps * SHARE);
}

/** Shows pages in an image: the page before stays until the next one can be drawn whole. */
export class Pages {
  #wanted = "";
  /** @type {AbortController | null} */ #fetching = null;
  /** @type {Set<string>} what has come already */ #come = new Set();

  /** @param {HTMLImageElement} image @param {(there: boolean) => void} changed the wanted page is there, or not yet */
  constructor(image, changed) {
    this.image = image;
    this.changed = changed;
  }

  /**
   * @param {string} meeting @param {Paper} paper @param {number} page @param {number} width @param {Declared} line
   */
  show(meeting, paper, page, width, line) {
    const url = address(meeting, paper.id, page, width);
    if (url === this.#wanted) return;
    this.#wanted = url;
    this.changed(false);
    this._load(url).then(() => this._ahead(url, meeting, paper, page, width, line));
  }

  forget() {
    this.#wanted = "";
    this.#fetching?.abort();
    this.image.removeAttribute("src");
  }

  /** @param {string} url */
  async _load(url) {
    this.#fetching?.abort(); // what is looked at comes first
    const next = new Image();
    while (url === this.#wanted) {
      next.src = url;
      try {
        await next.decode();
        break;
      } catch {
        await pause(AGAIN); // the network is away, or the paper was taken from the meeting
        next.removeAttribute("src");
      }
    }
    if (url !== this.#wanted) return;
    this.#come.add(url);
    this.image.src = url;
    this.changed(true);
  }

  /** @param {string} looked @param {string} meeting @param {Paper} paper @param {number} page @param {number} width
   * @param {Declared} line */
  async _ahead(looked, meeting, paper, page, width, line) {
    if (looked !== this.#wanted) return;
    const stop = new AbortController();
    this.#fetching = stop;
    for (const next of following(paper, page, line)) {
      const url = address(meeting, paper.id, next, width);
      if (this.#come.has(url)) continue;
      const began = performance.now();
      try {
        const options = /** @type {RequestInit} */ ({ signal: stop.signal, priority: "low" });
        const answer = await fetch(url, options);
        if (!answer.ok) return;
        const { size } = await answer.blob();
        this.#come.add(url);
        await pause(Math.max(0, due(size, line.kbps) - (performance.now() - began)));
      } catch {
        return; // turned on, or no network: the page itself is asked for when it is wanted
      }
      if (stop.signal.aborted) return;
    }
  }
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
