/**
 * What was typed into a draft and is not known to be on the server, kept on this machine: it outlives the page, its tab
 * and the browser. Whoever opens the draft next with the same account sends it. Signing out forgets all of it.
 */

import { forgetOnMachine, inTab, keepInTab, keepOnMachine, knownOnMachine, onMachine } from "../meeting/memory.js";

const PREFIX = "giaoban-draft-";
export const BEAT = 20000; // ms between two signs of life of a page that has something to keep
const DEAD = 90000; // ms without one: its page is gone (a page in the background wakes once a minute)

/** Nobody's lines stay on this machine. */
export function forgetDrafts() {
  for (const key of knownOnMachine(PREFIX)) forgetOnMachine(key);
}

export class Kept {
  /** @param {string} me the account @param {string} id of the document */
  constructor(me, id) {
    this.place = `${PREFIX}${me}-${id}`;
    for (const key of knownOnMachine(PREFIX)) if (!key.startsWith(`${PREFIX}${me}-`)) forgetOnMachine(key);
    const tab = inTab(this.place);
    const left = tab.source ? tab : this._left();
    /** @type {string} by which the changes of this page are known */
    this.source = left.source ?? `${me}-${Math.random().toString(36).slice(2, 12)}`;
    this.draft = left.draft;
  }

  /** What a page has left that is gone. @returns {{source?: string, draft?: any}} */
  _left() {
    for (const key of knownOnMachine(`${this.place}:`)) {
      const { at = 0, source, draft } = onMachine(key);
      if (source && Date.now() - at > DEAD) return { source, draft };
    }
    return {};
  }

  /** @param {any} draft of Draft.toJson @param {boolean} pending @param {boolean} [going] the page is being left */
  keep(draft, pending, going = false) {
    const { source, place } = this;
    keepInTab(place, { source, draft });
    if (pending) keepOnMachine(`${place}:${source}`, { at: going ? 0 : Date.now(), source, draft });
    else forgetOnMachine(`${place}:${source}`);
  }
}
