/**
 * What the server has to know of us for as long as the line lasts (devices on or off, sizes of the pictures shown, the
 * declared line): told when it changes, and again after each welcome. A server that does not know a message is not
 * asked again, and nobody is bothered with its refusal.
 */

export class Standing {
  /** @type {Map<string, string>} */ #wanted = new Map();
  /** @type {Map<string, string>} */ #told = new Map();
  /** @type {Set<string>} */ #unknown = new Set();
  #open = false;

  /** @param {(type: string, fields: object) => Promise<void>} send */
  constructor(send) {
    this.send = send;
  }

  /** @param {string} type @param {object} fields */
  set(type, fields) {
    this.#wanted.set(type, JSON.stringify(fields));
    this._tell(type);
  }

  /** A welcome: the server begins anew with us. */
  welcomed() {
    this.#open = true;
    this.#told.clear();
    for (const type of this.#wanted.keys()) this._tell(type);
  }

  /** Nothing can be told until the next welcome. */
  lost() {
    this.#open = false;
  }

  /** @param {string} type */
  _tell(type) {
    const fields = this.#wanted.get(type);
    if (!this.#open || fields === undefined || this.#unknown.has(type) || this.#told.get(type) === fields) return;
    this.#told.set(type, fields);
    this.send(type, JSON.parse(fields)).catch((error) => {
      if (error.code === "bad_message") this.#unknown.add(type);
      if (this.#told.get(type) === fields) this.#told.delete(type);
    });
  }
}
