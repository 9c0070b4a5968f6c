/** The fields of a draft on the page: each shows one text, and what others write in it leaves the caret where it was. */

import { moved, points } from "../meeting/delta.js";
import { make } from "../meeting/element.js";
import { key } from "./draft.js";

/** @typedef {import("./draft.js").Draft} Draft */
/** @typedef {HTMLTextAreaElement | HTMLInputElement} Box */

export class Fields {
  /** @param {Draft} draft @param {() => void} changed after something was typed */
  constructor(draft, changed) {
    this.draft = draft;
    this.changed = changed;
    /** @type {Map<string, Box>} */
    this.boxes = new Map();
    /** @type {Box | null} in which an input method composes a sign: its text is not touched meanwhile */
    this.composing = null;
  }

  /** A box for a text. @param {string} block @param {string} field
   * @param {{label: string, lines?: boolean, most: number, list?: string, hint?: string}} how */
  box(block, field, { label, lines = false, most, list, hint }) {
    const box = /** @type {Box} */ (make(list ? "input" : "textarea", {
      "aria-label": label, "data-field": field, lang: "vi", autocomplete: "off", rows: list ? null : 1,
      maxlength: most, list: list ?? null, placeholder: hint ?? null,
    }));
    box.value = this.draft.text(block, field);
    this.boxes.set(key(block, field), box);
    box.addEventListener("compositionstart", () => { this.composing = box; });
    box.addEventListener("compositionend", () => {
      this.composing = null;
      this.draw(block, field, []);
    });
    box.addEventListener("input", () => {
      if (!lines && box.value.includes("\n")) box.value = box.value.replace(/\s*\n\s*/g, " ");
      this.draft.type(block, field, box.value, Date.now());
      if (this.composing !== box) this.draw(block, field, []);
      this.fit(box);
      this.changed();
    });
    window.requestAnimationFrame(() => this.fit(box));
    return box;
  }

  /** As high as its text. @param {Box} box */
  fit(box) {
    if (box.tagName !== "TEXTAREA" || box.offsetParent === null) return;
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight + 2}px`;
  }

  fitAll() {
    for (const box of this.boxes.values()) this.fit(box);
  }

  /** Show what the text is now. @param {string} block @param {string} field @param {import("../meeting/delta.js").Delta[]} deltas */
  draw(block, field, deltas) {
    const box = this.boxes.get(key(block, field));
    const text = this.draft.text(block, field);
    if (!box || box === this.composing || box.value === text) return;
    const ends = [box.selectionStart ?? 0, box.selectionEnd ?? 0].map((at) => points(box.value.slice(0, at)).length);
    const places = ends.map((at) => deltas.reduce((was, delta) => moved(was, delta), at));
    box.value = text;
    const letters = points(text);
    const [from, to] = places.map((at) => letters.slice(0, at).join("").length);
    if (document.activeElement === box) box.setSelectionRange(from, to);
    this.fit(box);
  }

  /** Every box that shows another text than there is: after something was undone. */
  drawAll() {
    for (const name of this.boxes.keys()) {
      const [block, field] = name.split(" ");
      this.draw(block, field, []);
    }
  }

  /** Put the caret into a box. @param {string} block @param {string} [field] @param {number} [at] */
  focus(block, field, at) {
    const name = field ? key(block, field) : [...this.boxes.keys()].find((one) => one.startsWith(`${block} `));
    const box = name ? this.boxes.get(name) : null;
    if (!box) return;
    box.focus();
    const place = at ?? box.value.length;
    box.setSelectionRange(place, place);
  }

  /** Boxes that stand on the page no more are forgotten. */
  tidy() {
    for (const [name, box] of this.boxes) if (!box.isConnected) this.boxes.delete(name);
  }
}
