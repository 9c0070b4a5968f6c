/**
 * The panels and their tabs: beside the pictures on a wide screen, below them on a narrow one; one panel at a time.
 * A tab opens and closes its panel; a panel that wants one's attention comes to the front and afterwards gives way to
 * the one that was open before; on a narrow screen the open one goes when something is shown on the stage.
 */

import { byId, say } from "./element.js";
import { inTab, keepInTab } from "./memory.js";

/** @typedef {import("./parts.js").Wish} Wish */

const WIDE = "(min-width: 64rem), (min-width: 40rem) and (max-height: 30rem)"; // as in room.css
const ROOMY = 52; // px that a tab of the rail needs with its icon and two lines
const FIRST = "floor";
const STORE = "giaoban.panel";

export class Sheet {
  /** @type {Map<string, HTMLElement>} panel -> its tab */ #tabs = new Map();
  /** @type {Record<string, Wish>} */ #wishes = {};
  /** @type {string} "" for none */ #open;
  /** @type {string | null} what was open before a panel came to the front by itself */ #before = null;
  #all = false;

  /** @param {() => void} changed another panel is open: what its parts show may be another, too */
  constructor(changed) {
    this.changed = changed;
    for (const tab of /** @type {NodeListOf<HTMLElement>} */ (byId("tabs").querySelectorAll("[data-panel]"))) {
      const name = tab.dataset.panel ?? "";
      this.#tabs.set(name, tab);
      tab.addEventListener("click", () => this._choose(this.#open === name ? "" : name));
    }
    this.#open = inTab(STORE).open ?? (matchMedia(WIDE).matches ? FIRST : "");
    byId("panels-close").addEventListener("click", () => this.close());
    new ResizeObserver(() => this._fit()).observe(byId("tabs"));
    document.addEventListener("keydown", (event) => this._escape(event));
  }

  /** @param {Record<string, Wish>} wishes by panel @param {boolean} all everything one below the other: it is over */
  render(wishes, all) {
    const risen = Object.keys(wishes).find((name) => wishes[name].urgent && !this.#wishes[name]?.urgent);
    const entering = Object.keys(this.#wishes).length === 0;
    const staged = !entering && Object.keys(wishes).some((name) => wishes[name].stage && !this.#wishes[name]?.stage);
    this.#wishes = wishes;
    this.#all = all;
    const over = this.#before !== null && !wishes[this.#open]?.urgent;
    if (!writing()) {
      if (risen) this._rise(risen);
      else if (staged && !matchMedia(WIDE).matches) this._take(""); // what is shown is not to lie under it
      else if (over) this._take(this.#before ?? "");
    }
    this._draw();
  }

  /** @param {string} name */
  show(name) {
    if (this.#wishes[name]?.shown) this._choose(name);
  }

  /** The panel of the tab that is the nth to be seen; the focus goes along. @param {number} place from 0 */
  focus(place) {
    const name = [...this.#tabs.keys()].filter((known) => this.#wishes[known]?.shown)[place];
    if (name === undefined) return;
    this._choose(name);
    byId(name).focus();
  }

  close() {
    const tab = this.#tabs.get(this.#open);
    this._choose("");
    tab?.focus();
  }

  /** Not out of a question, nor where Escape closes a list of choices. @param {KeyboardEvent} event */
  _escape(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || document.body.dataset.phase !== "room") return;
    if (document.querySelector("dialog[open]") || target.closest("select, input[type=date]")) return;
    if (!byId("panels").hidden) this.close();
  }

  /** Where banners leave the rail too little room its tabs go without their icons, so that the last one is seen. */
  _fit() {
    const shown = [...this.#tabs.values()].filter((tab) => !tab.hidden).length;
    const rail = byId("tabs");
    rail.classList.toggle("tight", rail.clientHeight < shown * ROOMY);
  }

  /** To the front until its moment is over, or until one chooses. @param {string} name */
  _rise(name) {
    if (name === this.#open) return;
    this.#before = this.#before ?? this.#open;
    this.#open = name;
  }

  /** @param {string} name */
  _take(name) {
    this.#open = name;
    this.#before = null;
  }

  /** @param {string} name */
  _choose(name) {
    this._take(name);
    keepInTab(STORE, { open: name });
    this._draw();
    this.changed();
  }

  _draw() {
    let any = false;
    for (const [name, tab] of this.#tabs) {
      const wish = this.#wishes[name] ?? {};
      const open = Boolean(wish.shown) && (this.#all || this.#open === name);
      any = any || open;
      byId(name).hidden = !open;
      tab.hidden = !wish.shown;
      const urgent = Boolean(wish.urgent || wish.marked);
      // Of many tabs a phone shows some: the open one, and one that has just been marked, are among them.
      const news = (open && tab.getAttribute("aria-expanded") !== "true") || (urgent && !tab.classList.contains("urgent"));
      tab.classList.toggle("urgent", urgent);
      if (news) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
      tab.setAttribute("aria-expanded", String(open));
      say(/** @type {Element} */ (tab.querySelector(".count")), wish.count ? String(wish.count) : "");
    }
    byId("panels").hidden = !any;
    byId("room").dataset.panel = any && !this.#all ? this.#open : "";
    byId("panels").dataset.open = this.#all ? "" : this.#open; // some need more room than others
    this._fit();
  }
}

/** Is somebody writing? He must not lose his field. */
function writing() {
  const field = /** @type {HTMLInputElement | null} */ (document.activeElement?.closest("#panels textarea, #panels input"));
  return Boolean(field?.value);
}
