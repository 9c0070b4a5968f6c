/** One's own notes on the pages of a paper: kept by the server for this account, shown to nobody else. */

import { t } from "../../text.js";
import { say } from "../element.js";

const WAIT = 1000; // ms after the last key
const AGAIN = 5000;

export class Notes {
  /** @type {Map<string, string>} "paper page" -> text */ #texts = new Map();
  /** @type {Map<string, string>} addresses with what is not kept yet */ #unkept = new Map();
  /** @type {Set<string>} papers whose notes are here */ #read = new Set();
  #place = { meeting: "", paper: "", page: 0 };
  #timer = 0;

  /** @param {HTMLTextAreaElement} field @param {Element} word where it says whether it is kept */
  constructor(field, word) {
    this.field = field;
    this.word = word;
    field.addEventListener("input", () => {
      const { meeting, paper, page } = this.#place;
      this.#texts.set(`${paper} ${page}`, field.value);
      this.#unkept.set(`/meetings/${encodeURIComponent(meeting)}/papers/${paper}/notes/${page}`, field.value);
      say(word, "");
      this._soon(WAIT);
    });
    field.addEventListener("change", () => this._keep());
  }

  /** @param {string} meeting @param {string} paper @param {number} page */
  async turn(meeting, paper, page) {
    const { paper: before, page: was } = this.#place;
    if (before === paper && was === page) return;
    this.#place = { meeting, paper, page };
    say(this.word, "");
    this.field.value = this.#texts.get(`${paper} ${page}`) ?? "";
    if (this.#read.has(paper)) return;
    this.#read.add(paper);
    await this._fetch(meeting, paper);
  }

  /** @param {string} meeting @param {string} paper */
  async _fetch(meeting, paper) {
    try {
      const answer = await fetch(`/meetings/${encodeURIComponent(meeting)}/papers/${paper}/notes`);
      if (!answer.ok) return;
      const { notes } = await answer.json();
      for (const [page, text] of Object.entries(notes)) {
        if (!this.#texts.has(`${paper} ${page}`)) this.#texts.set(`${paper} ${page}`, String(text));
      }
    } catch {
      this.#read.delete(paper); // the network is away: at the next page again
      return;
    }
    const { paper: now, page } = this.#place;
    if (document.activeElement !== this.field) this.field.value = this.#texts.get(`${now} ${page}`) ?? "";
  }

  /** @param {number} ms */
  _soon(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this._keep(), ms);
  }

  async _keep() {
    clearTimeout(this.#timer);
    for (const [url, text] of [...this.#unkept]) {
      const form = new FormData();
      form.set("csrf", /** @type {HTMLInputElement} */ (document.querySelector("input[name=csrf]")).value);
      form.set("text", text);
      let kept = false;
      try {
        kept = (await fetch(url, { method: "POST", body: form, headers: { Accept: "application/json" } })).ok;
      } catch {
        // The network is away.
      }
      if (!kept) {
        say(this.word, t("Chưa lưu được ghi chú; hệ thống sẽ tự lưu lại."));
        return this._soon(AGAIN);
      }
      if (this.#unkept.get(url) === text) this.#unkept.delete(url); // or more was written meanwhile
    }
    say(this.word, this.#unkept.size > 0 ? "" : t("Đã lưu ghi chú."));
    if (this.#unkept.size > 0) this._soon(WAIT);
  }
}
