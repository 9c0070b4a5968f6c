/**
 * One text that several people write: what is typed here goes to the server as a change of the text it last told, one at
 * a time, and what others have typed is merged in. No page, no network: values in, values out.
 *
 * `shadow` is the text at `revision`, as the server has it; `sent` a change on its way (numbered, so that it is made once
 * whatever the line does), and `text` what is on the page: shadow, then sent, then what has been typed since.
 */

import { apply, difference, transform } from "./delta.js";

/** @typedef {import("./delta.js").Delta} Delta */
/** @typedef {{id: string, revision: number, text?: string, written?: Record<string, number>,
 *   changes?: {delta: Delta, by: string, source: string, number: number}[]}} News */

export class Pad {
  /** @param {string} id @param {string} source of the changes made here @param {any} [kept] of `toJson` */
  constructor(id, source, kept) {
    this.id = id;
    this.source = source;
    this.shadow = kept?.shadow ?? "";
    this.text = kept?.text ?? "";
    this.revision = kept?.revision ?? 0;
    this.number = kept?.number ?? 0;
    /** @type {Delta | null} */
    this.sent = kept?.sent ?? null;
  }

  /** What must outlive a reload. */
  toJson() {
    const { shadow, text, revision, number, sent } = this;
    return { shadow, text, revision, number, sent };
  }

  /** Something here is not yet known to be on the server. */
  get pending() {
    return this.sent !== null || this.text !== this.shadow;
  }

  /** The text on the page is this now, but for characters that no record takes: they come along when text is pasted.
   * @param {string} text */
  type(text) {
    this.text = text.replace(/[\v\f\u0085\u2028\u2029]/g, "\n").replace(/[^\P{C}\n\t]/gu, "");
  }

  /** The next message for the server, if there is one and none is on its way. */
  next() {
    if (this.sent !== null || this.text === this.shadow) return null;
    this.sent = difference(this.shadow, this.text);
    this.number += 1;
    return this.again();
  }

  /** What is on its way, once more: after a lost line. */
  again() {
    if (this.sent === null) return null;
    return { pad: this.id, revision: this.revision, delta: this.sent, source: this.source, number: this.number };
  }

  /** The server did not take what was on its way: what it has counts. */
  refused() {
    this.sent = null;
    this.text = this.shadow;
  }

  /** The server tells. Returns by which deltas the text on the page has changed. @param {News} news @returns {Delta[]} */
  hear(news) {
    if (news.text !== undefined) return this._meet(news.text, news.revision, news.written ?? {});
    const deltas = [];
    const from = news.revision - (news.changes ?? []).length;
    (news.changes ?? []).forEach((change, at) => {
      if (from + at !== this.revision) return; // known already
      this.revision += 1;
      if (change.source === this.source && change.number === this.number && this.sent !== null) {
        this.shadow = apply(this.shadow, change.delta);
        this.sent = null;
      } else deltas.push(this._merge(change.delta, change.source));
    });
    return deltas;
  }

  /** The whole text after a lost line: what was on its way has arrived, or goes again.
   * @param {string} text @param {number} revision @param {Record<string, number>} written @returns {Delta[]} */
  _meet(text, revision, written) {
    if (this.sent !== null && (written[this.source] ?? -1) >= this.number) {
      this.shadow = apply(this.shadow, this.sent);
      this.sent = null;
    }
    this.revision = revision;
    return text === this.shadow ? [] : [this._merge(difference(this.shadow, text), "")];
  }

  /** Somebody else's change of the shadow. @param {Delta} theirs @param {string} source
   * @returns {Delta} of the text on the page */
  _merge(theirs, source) {
    const first = source < this.source; // at one place, as the server does
    const after = this.sent === null ? this.shadow : apply(this.shadow, this.sent);
    let typed = difference(after, this.text);
    this.shadow = apply(this.shadow, theirs);
    let change = theirs;
    if (this.sent !== null) {
      change = transform(theirs, this.sent, first);
      this.sent = transform(this.sent, theirs, !first);
    }
    const shown = transform(change, typed, first);
    typed = transform(typed, change, !first);
    const base = this.sent === null ? this.shadow : apply(this.shadow, this.sent);
    this.text = apply(base, typed);
    return shown;
  }
}
