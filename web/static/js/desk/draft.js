/**
 * A draft that several people write, as one page has it: what the server told, what was done here and is not known to be
 * there yet, and what of it can be undone. No page, no network: values in, values out. server/editing/sheet.py has the
 * rules; texts are Pads (../meeting/pad.js), everything else is operations that the server carries out in one order.
 */

import { difference, transform } from "../meeting/delta.js";
import { Pad } from "../meeting/pad.js";

/** @typedef {import("../meeting/delta.js").Delta} Delta */
/** @typedef {{kind: string, home: string, values: Record<string, string>}} Item */
/** @typedef {{lists: Record<string, string[]>, items: Record<string, Item>, removed: Set<string>}} Shape */
/** @typedef {{do: string, number: number, [name: string]: any}} Operation */
/** @typedef {{block: string, field: string, delta: Delta} | {operation: any}} Past */

const MERGED = 900; // ms within which what is typed is undone together
const REMEMBERED = 200; // things that can be undone

/** @param {string} block @param {string} field */
export const key = (block, field) => `${block} ${field}`;

/** @param {string[]} ids @param {string} id @param {string | null} after */
function placed(ids, id, after) {
  const rest = ids.filter((one) => one !== id);
  const found = after === null ? 0 : rest.indexOf(after) + 1;
  rest.splice(after !== null && found === 0 ? rest.length : found, 0, id);
  return rest;
}

/** What an operation makes of the lists. @param {Shape} shape @param {Operation} one @returns {Shape} */
function applied({ lists, items, removed }, one) {
  const gone = new Set(removed);
  for (const id of one.revived ?? []) gone.delete(id);
  if (one.do === "put") {
    const inner = Object.entries(one.inner ?? {}).map(([name, ids]) => [`${one.id}/${name}`, ids]);
    const made = Object.fromEntries(inner.flatMap(([home, ids]) => ids.map((/** @type {string} */ id) => [id, { kind: home.endsWith("rows") ? "row" : "column", home, values: {} }])));
    return {
      lists: { ...lists, ...Object.fromEntries(inner), [one.list]: placed(lists[one.list] ?? [], one.id, one.after) },
      items: { ...items, ...made, [one.id]: { kind: one.kind, home: one.list, values: one.values ?? {} } },
      removed: gone,
    };
  }
  const item = items[one.block];
  if (!item) return { lists, items, removed: gone };
  if (one.do === "remove") gone.add(one.block);
  if (one.do === "restore" || one.do === "set") gone.delete(one.block);
  if (one.do === "move") return { lists: { ...lists, [item.home]: placed(lists[item.home], one.block, one.after) }, items, removed: gone };
  if (one.do === "set") {
    const changed = { ...item, values: { ...item.values, [one.field]: one.value } };
    return { lists, items: { ...items, [one.block]: changed }, removed: gone };
  }
  return { lists, items, removed: gone };
}

export class Draft {
  /** @param {string} source of what is done here @param {any} [kept] of `toJson` */
  constructor(source, kept) {
    this.source = source;
    this.number = kept?.number ?? 0;
    /** @type {Shape} as the server has it */
    this.told = { lists: {}, items: {}, removed: new Set() };
    /** @type {Operation[]} done here, and not known to be done there */
    this.queue = kept?.queue ?? [];
    this.sent = 0; // the number of the last operation of the queue that is on its way
    /** @type {Map<string, Pad>} */
    this.pads = new Map();
    for (const [name, pad] of Object.entries(kept?.pads ?? {})) this.pads.set(name, new Pad(name, source, pad));
    /** @type {Shape} as the page shows it */
    this.shape = this.told;
    /** @type {Past[][]} */
    this.past = [];
    /** @type {Past[][]} */
    this.future = [];
    /** @type {Past[] | null} */
    this.open = null;
    this.typedAt = -Infinity;
  }

  /** What must outlive a reload. */
  toJson() {
    const pads = [...this.pads].filter(([, pad]) => pad.pending).map(([name, pad]) => [name, pad.toJson()]);
    return { number: this.number, queue: this.queue, pads: Object.fromEntries(pads) };
  }

  /** Something here is not yet known to be on the server. */
  get pending() {
    return this.queue.length > 0 || [...this.pads.values()].some((pad) => pad.pending);
  }

  /** The ids of a list that stand on the page. @param {string} name */
  standing(name) {
    return (this.shape.lists[name] ?? []).filter((id) => !this.shape.removed.has(id));
  }

  /** @param {string} block @param {string} field */
  text(block, field) {
    return this.pads.get(key(block, field))?.text ?? "";
  }

  /** @param {string} block @param {string} field */
  value(block, field) {
    return this.shape.items[block]?.values[field] ?? "";
  }

  // --- what is done here

  /** All that is done in `what` is undone together. @template T @param {() => T} what @returns {T} */
  together(what) {
    if (this.open) return what();
    this.open = [];
    try {
      return what();
    } finally {
      this._remember(this.open);
      this.open = null;
      this.typedAt = -Infinity;
    }
  }

  /** A text on the page is this now. @param {string} block @param {string} field @param {string} text @param {number} now */
  type(block, field, text, now = 0) {
    const pad = this._pad(block, field);
    const was = pad.text;
    pad.type(text);
    if (pad.text === was) return;
    const step = { block, field, delta: difference(pad.text, was) };
    const last = this.past[this.past.length - 1];
    if (!this.open && last && now - this.typedAt < MERGED && last.every((one) => "delta" in one && one.block === block && one.field === field)) {
      last.push(step);
      this.future = [];
    } else this._done(step);
    this.typedAt = now;
  }

  /** @param {string} list @param {string} id @param {string | null} after @param {string} kind
   * @param {{texts?: Record<string, string>, values?: Record<string, string>, inner?: Record<string, string[]>}} [given] */
  put(list, id, after, kind, given = {}) {
    for (const [field, text] of Object.entries(given.texts ?? {})) this._pad(id, field, text);
    this._operate({ do: "put", list, id, after, kind, ...given });
    this._done({ operation: { do: "remove", block: id } });
  }

  /** @param {string} block */
  remove(block) {
    this._operate({ do: "remove", block });
    this._done({ operation: { do: "restore", block } });
  }

  /** @param {string} block */
  restore(block) {
    this._operate({ do: "restore", block });
    this._done({ operation: { do: "remove", block } });
  }

  /** @param {string} block @param {string | null} after */
  move(block, after) {
    const ids = this.standing(this.shape.items[block].home);
    const was = ids[ids.indexOf(block) - 1] ?? null;
    if (was === after) return;
    this._operate({ do: "move", block, after });
    this._done({ operation: { do: "move", block, after: was } });
  }

  /** @param {string} block @param {string} field @param {string} value */
  set(block, field, value) {
    const was = this.value(block, field);
    if (was === value) return;
    this._operate({ do: "set", block, field, value });
    this._done({ operation: { do: "set", block, field, value: was } });
  }

  /** Take back what was done last; the block that it was in, or null if there is nothing. */
  undo() {
    return this._back(this.past, this.future);
  }

  redo() {
    return this._back(this.future, this.past);
  }

  /** @param {Past[][]} from @param {Past[][]} to */
  _back(from, to) {
    const entry = from.pop();
    if (!entry) return null;
    const kept = [this.past, this.future];
    this.open = [];
    let place = "";
    for (const step of entry.slice().reverse()) {
      if ("delta" in step) {
        const pad = this._pad(step.block, step.field);
        const was = pad.text;
        pad.type(changed(was, step.delta));
        this._done({ ...step, delta: difference(pad.text, was) });
        place = step.block;
      } else {
        const one = step.operation;
        place = one.block;
        if (one.do === "remove") this.remove(one.block);
        else if (one.do === "restore") this.restore(one.block);
        else if (one.do === "move") this.move(one.block, one.after);
        else this.set(one.block, one.field, one.value);
      }
    }
    const inverse = this.open;
    this.open = null;
    [this.past, this.future] = kept;
    to.push(inverse);
    this.typedAt = -Infinity;
    return place;
  }

  /** @param {Past} step */
  _done(step) {
    if (this.open) this.open.push(step);
    else this._remember([step]);
  }

  /** @param {Past[]} entry */
  _remember(entry) {
    if (entry.length === 0) return;
    this.past.push(entry);
    if (this.past.length > REMEMBERED) this.past.shift();
    this.future = [];
  }

  /** @param {any} one */
  _operate(one) {
    this.number += 1;
    const operation = { ...one, number: this.number };
    this.queue.push(operation);
    this.shape = applied(this.shape, operation);
  }

  /** @param {string} block @param {string} field @param {string} [text] that a new one begins with */
  _pad(block, field, text = "") {
    const name = key(block, field);
    let pad = this.pads.get(name);
    if (!pad) this.pads.set(name, (pad = new Pad(name, this.source, { shadow: text, text })));
    return pad;
  }

  // --- to and from the server

  /** What is to be sent now. @returns {Operation[]} */
  next() {
    const operations = this.queue.filter((one) => one.number > this.sent);
    this.sent = this.number;
    const coming = new Set(this.queue.filter((one) => one.do === "put").map((one) => one.id));
    for (const [name, pad] of this.pads) {
      const [block, field] = name.split(" ");
      if (coming.has(block) || field.split(".").some((id) => coming.has(id)) || pad.sent !== null) continue;
      pad.number = this.number;
      const message = pad.next();
      this.number = pad.number;
      if (message) operations.push({ do: "write", block, field, revision: message.revision, delta: message.delta, number: message.number });
    }
    this.sent = this.number;
    return operations;
  }

  /** What is on its way, once more: after a lost line. @returns {Operation[]} */
  again() {
    this.sent = 0;
    /** @type {Operation[]} */
    const writes = [];
    for (const [name, pad] of this.pads) {
      const [block, field] = name.split(" ");
      const message = pad.again();
      if (message) writes.push({ do: "write", block, field, revision: message.revision, delta: message.delta, number: message.number });
    }
    return [...writes, ...this.next()];
  }

  /** The server tells. Returns the texts that are others now: [block, field, deltas of the text on the page].
   * @param {any} message @returns {[string, string, Delta[]][]} */
  hear(message) {
    /** @type {[string, string, Delta[]][]} */
    const texts = [];
    if (message.type === "welcome") this._meet(message.sheet, texts);
    for (const change of message.changes ?? []) this._change(change, texts);
    this.shape = this.queue.reduce(applied, this.told);
    return texts;
  }

  /** An operation was not done: what the server has counts. Returns the block it was in. @param {number} number */
  refused(number) {
    const one = this.queue.find((operation) => operation.number === number);
    this.queue = this.queue.filter((operation) => operation !== one);
    for (const [name, pad] of this.pads) {
      if (pad.sent === null || pad.number !== number) continue;
      const [block] = name.split(" ");
      pad.refused();
      this._forget(name);
      return block;
    }
    if (one?.do === "put") for (const name of [...this.pads.keys()]) if (name.startsWith(`${one.id} `)) this.pads.delete(name);
    this.shape = this.queue.reduce(applied, this.told);
    return one ? one.block ?? one.id : "";
  }

  /** @param {any} sheet @param {[string, string, Delta[]][]} texts */
  _meet(sheet, texts) {
    const done = sheet.written[this.source] ?? 0;
    this.queue = this.queue.filter((one) => one.number > done);
    this.number = Math.max(this.number, done);
    this.told = { lists: sheet.lists, items: sheet.items, removed: new Set(sheet.removed) };
    for (const [block, item] of Object.entries(sheet.items)) {
      for (const [field, news] of Object.entries(/** @type {any} */ (item).texts)) this._hear(block, field, news, texts);
    }
    for (const [name, pad] of this.pads) {
      const [block, field] = name.split(" ");
      const item = sheet.items[block];
      if (item && !item.texts[field]) this._hear(block, field, { text: "", revision: 0, written: {} }, texts);
      if (!item && !this.queue.some((one) => one.id === block)) this.pads.delete(name);
      this.number = Math.max(this.number, pad.number);
    }
  }

  /** @param {any} change @param {[string, string, Delta[]][]} texts */
  _change(change, texts) {
    if (change.do !== "write") {
      if (change.source === this.source) this.queue = this.queue.filter((one) => one.number !== change.number);
      if (change.do === "put") {
        for (const [field, text] of Object.entries(change.texts)) this._pad(change.id, field, /** @type {string} */ (text));
      }
      this.told = applied(this.told, change);
      return;
    }
    this.told = applied(this.told, change);
    this._hear(change.block, change.field, { revision: change.revision, changes: [change] }, texts);
  }

  /** @param {string} block @param {string} field @param {any} news @param {[string, string, Delta[]][]} texts */
  _hear(block, field, news, texts) {
    const pad = this._pad(block, field);
    const deltas = pad.hear({ id: pad.id, ...news });
    if (deltas.length === 0) return;
    for (const delta of deltas) for (const stack of [this.past, this.future]) this._carry(stack, block, field, delta);
    texts.push([block, field, deltas]);
  }

  /** What can be undone is carried past what somebody else has changed.
   * @param {Past[][]} stack @param {string} block @param {string} field @param {Delta} delta */
  _carry(stack, block, field, delta) {
    let theirs = delta;
    try {
      for (const entry of stack.slice().reverse()) {
        for (let at = entry.length - 1; at >= 0; at -= 1) {
          const step = entry[at];
          if (!("delta" in step) || step.block !== block || step.field !== field) continue;
          const mine = transform(step.delta, theirs, true);
          theirs = transform(theirs, step.delta, false);
          entry[at] = { ...step, delta: mine };
        }
      }
    } catch (_) {
      this._forget(key(block, field));
    }
  }

  /** @param {string} name of a text whose changes cannot be undone any more */
  _forget(name) {
    const kept = (/** @type {Past} */ step) => !("delta" in step) || key(step.block, step.field) !== name;
    [this.past, this.future] = [this.past, this.future].map((stack) => stack.map((entry) => entry.filter(kept)).filter((entry) => entry.length > 0));
  }
}

/** The text after a delta that may be of another one. @param {string} text @param {Delta} delta */
function changed(text, delta) {
  const letters = Array.from(text);
  const found = [];
  let at = 0;
  for (const part of delta) {
    if (typeof part === "string") found.push(part);
    else if (part > 0) found.push(letters.slice(at, (at += part)).join(""));
    else at -= part;
  }
  return found.join("") + letters.slice(at).join("");
}
