/**
 * The line to the server: one WebSocket that comes back by itself. It numbers what is sent, settles each
 * promise by the server's `ack` or `error`, and hands every other message to `heard`. It touches no page.
 */

const SHORTEST_WAIT = 250;
const LONGEST_WAIT = 5000;
const PING_EVERY = 2000; // also a sign of life: whose pings cease is shown to the others as cut off
const SILENCE_LIMIT = 8000;
/** How long a line in doubt has to answer: so long, or a few times as long as its usual round trip. */
const CHECK_LIMIT = 1500;
const ROUND_TRIPS = 6;
const WELCOME_LIMIT = 10000;
/** A dial that nobody answers is given up for a fresh one, for a lost SYN is repeated ever more rarely. Not sooner:
 * Chromium makes a page wait that has dialled in vain more than a dozen times in a few minutes. */
const DIAL_LIMIT = 4000;
const STALE_DIAL = 500;

/** After these the server wants no newer connection of ours. */
const FINAL = new Set(["replaced", "left", "removed", "rejected", "unseated"]);

/** A request the server refused, or (code "line_lost") one whose fate is unknown because the line dropped. */
export class Refused extends Error {
  /** @param {string} code @param {string} message a sentence for the reader, "" when there is none */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * Milliseconds to wait before retry number `attempt` (from 0): evenly spread between 0.25 s and a ceiling that
 * doubles up to 5 s, so that seven communes cut by one fault do not all return in the same instant.
 * @param {number} attempt
 * @param {() => number} random in [0, 1)
 */
export function backoff(attempt, random) {
  const ceiling = Math.min(LONGEST_WAIT, 2 * SHORTEST_WAIT * 2 ** attempt);
  return SHORTEST_WAIT + random() * (ceiling - SHORTEST_WAIT);
}

/** @typedef {"idle" | "connecting" | "open" | "lost" | "ended"} LineState */

export class Line {
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {Map<number, {resolve: () => void, reject: (error: Refused) => void}>} */ #pending = new Map();
  #next = 1;
  #attempt = 0;
  #wanted = false;
  #heardAt = 0;
  #dialledAt = 0;
  /** @type {number | undefined} when what was asked by `check` must be answered */ #deadline;
  #pingedAt = 0;
  #roundTrip = 0;
  /** @type {number | undefined} */ #retry;
  /** @type {number | undefined} */ #pulse;

  /**
   * @param {string} url ws:// or wss://
   * @param {{heard: (message: any) => void, changed: (state: LineState, detail: any) => void,
   *          connect?: (url: string) => WebSocket, random?: () => number}} given
   *   `changed` gets "lost" with the number of failed attempts, "ended" with the reason of the server's bye.
   */
  constructor(url, { heard, changed, connect = (address) => new WebSocket(address), random = Math.random }) {
    this.url = url;
    this.heard = heard;
    this.changed = changed;
    this.connect = connect;
    this.random = random;
  }

  /** Connect, and stay connected until `end`. */
  open() {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#attempt = 0;
    this._dial();
  }

  /** Stop for good. @param {string} reason */
  end(reason) {
    if (!this.#wanted) return;
    this.#wanted = false;
    this._drop();
    this.changed("ended", reason);
  }

  /** Something has happened to the network: find out now whether the line carries, and get it back at once. */
  check() {
    if (!this.#wanted) return;
    const socket = this.#socket;
    if (socket?.readyState === WebSocket.OPEN) {
      if (this.#deadline !== undefined) return;
      this.#deadline = performance.now() + Math.max(CHECK_LIMIT, ROUND_TRIPS * this.#roundTrip);
      this._ping(socket);
    } else if (this.#retry !== undefined || performance.now() - this.#dialledAt > STALE_DIAL) {
      this._dial();
    }
  }

  /**
   * Send one request.
   * @param {string} type @param {object} [fields]
   * @returns {Promise<void>} resolves when the effect is durable at the server; rejects with Refused
   */
  send(type, fields = {}) {
    const socket = this.#socket;
    if (!socket || socket.readyState !== WebSocket.OPEN) return Promise.reject(new Refused("line_lost", ""));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      socket.send(JSON.stringify({ ...fields, type, id }));
    });
  }

  /** This machine was off the network: what was dialled before does not carry any more. */
  redial() {
    if (this.#wanted) this._dial();
  }

  _dial() {
    this._drop();
    if (this.#attempt === 0) this.changed("connecting", null);
    const socket = this.connect(this.url);
    this.#socket = socket;
    this.#heardAt = this.#dialledAt = this.#pingedAt = performance.now();
    const mine = (/** @type {(event: any) => void} */ act) => (/** @type {any} */ event) => {
      if (this.#socket === socket) act(event);
    };
    let limit = DIAL_LIMIT;
    socket.addEventListener("open", mine(() => (limit = WELCOME_LIMIT)));
    socket.addEventListener("message", mine((event) => {
      limit = SILENCE_LIMIT;
      this._receive(event.data);
    }));
    socket.addEventListener("close", mine(() => this._lost()));
    // A radio link that dies says nothing: no close event comes for minutes, so silence is the sign.
    this.#pulse = setInterval(() => {
      const now = performance.now();
      if (now - this.#heardAt > limit || now > (this.#deadline ?? Infinity)) return this._lost();
      const due = now - this.#pingedAt >= PING_EVERY;
      if (socket.readyState === WebSocket.OPEN && due) this._ping(socket);
    }, 500);
  }

  /** @param {WebSocket} socket */
  _ping(socket) {
    this.#pingedAt = performance.now();
    socket.send(JSON.stringify({ type: "ping" }));
  }

  /** @param {unknown} data */
  _receive(data) {
    this.#heardAt = performance.now();
    this.#deadline = undefined;
    let message;
    try {
      message = JSON.parse(String(data));
    } catch {
      return; // the server's fault, and nothing the reader could do about it
    }
    if (message === null || typeof message !== "object") return;
    if (message.type === "ack" || (message.type === "error" && message.id != null)) return this._settle(message);
    if (message.type === "pong") {
      this.#roundTrip = this.#heardAt - this.#pingedAt;
      return;
    }
    if (message.type === "bye" && FINAL.has(message.reason)) {
      this.heard(message);
      return this.end(message.reason);
    }
    if (message.type === "welcome" || message.type === "waiting") {
      this.#attempt = 0;
      this.changed("open", null);
    }
    this.heard(message);
  }

  /** @param {any} message an ack or an error with the id of a request */
  _settle(message) {
    const waiting = this.#pending.get(message.id);
    if (!waiting) return;
    this.#pending.delete(message.id);
    if (message.type === "ack") waiting.resolve();
    else waiting.reject(new Refused(String(message.code), String(message.message)));
  }

  _lost() {
    this._drop();
    if (!this.#wanted) return;
    // Silence has taken its time already; a server that refuses is spared.
    const silent = performance.now() - this.#dialledAt >= DIAL_LIMIT;
    const wait = backoff(silent ? 0 : this.#attempt, this.random);
    this.#attempt += 1;
    this.#retry = setTimeout(() => this._dial(), wait);
    this.changed("lost", this.#attempt);
  }

  /** Forget the socket and its timers; whoever waits for an answer learns that the line was lost. */
  _drop() {
    clearTimeout(this.#retry);
    clearInterval(this.#pulse);
    this.#retry = this.#deadline = undefined;
    const socket = this.#socket;
    this.#socket = null;
    if (socket) socket.close();
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(new Refused("line_lost", ""));
  }
}
