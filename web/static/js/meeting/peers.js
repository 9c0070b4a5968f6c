/**
 * The two peer connections to the server: "up" carries our microphone and camera (we offer), "down" carries
 * everybody else (the server offers). No page here; RTCPeerConnection only.
 *
 * The server is ICE-lite and puts its addresses into its SDP, so nothing is trickled; a relay is asked only where the
 * welcome names one. Microphone and camera are exchanged by replaceTrack: the up connection is negotiated once. A
 * connection that stops carrying looks for its way by itself (wire.js); it is made anew only when the server no longer
 * knows it, or when the server answers and it finds no way all the same.
 */

import { addSenders, FULL, limit, plan, RIDS, withSlides, withThriftyVoice } from "./sending.js";
import { Traffic } from "./traffic.js";
import { packed, Voice } from "./voice.js";
import { Wire } from "./wire.js";

const CONNECT_LIMIT = 10000;
const SEARCH_LIMIT = 4000;
const MISSING_LIMIT = 5000;
const SENDERS = /** @type {readonly Kind[]} */ (["audio", "video", "screen"]); // as in sending.js
const RETRY = [100, 1000, 2000, 5000, 10000];

/** @typedef {{audio: MediaStreamTrack | null, video: MediaStreamTrack | null, screen: MediaStreamTrack | null}} Pair */
/** @typedef {"audio" | "video" | "screen"} Kind */
/** @typedef {import("./wire.js").Health} Health */
/** @typedef {"up" | "down"} Direction */

export class Peers {
  /** @type {{up: Wire | null, down: Wire | null}} */ #wires = { up: null, down: null };
  /** @type {string | undefined} the server's transport that "down" belongs to */ #ufrag;
  #answered = false; // "up"
  /** @type {Pair} */ #tracks = { audio: null, video: null, screen: null };
  /** @type {{mid: string, participant: string, kind: Kind}[]} */ #carried = [];
  #joined = false;
  #publish = false;
  /** @type {RTCConfiguration} */ #config = { bundlePolicy: "max-bundle" };
  /** @type {string[]} encodings of ours that somebody watches */ #wanted = [...RIDS];
  /** @type {boolean | null} our voice rests, because nothing gets through; null: not known */ #resting = false;
  /** @type {{kbps: number, ptime: number}} what others' lines bear */ #fitting = FULL;
  /** @type {number | null} */ #kbps = null;
  #retries = { up: 0, down: 0 };
  /** @type {{up?: number, down?: number}} */ #timers = {};
  /** @type {string[]} */ #expected = [];
  /** @type {Set<string>} */ #asked = new Set();
  /** @type {number | undefined} */ #missing;
  #voice = new Voice();
  #traffic = new Traffic();
  #moved = "";

  /**
   * @param {{send: (type: string, fields: object) => Promise<void>, changed: () => void, stirred?: () => void,
   *          connect?: (config: RTCConfiguration) => RTCPeerConnection}} given
   *   `changed` is called when `streams()` or `connection()` may have new values; `stirred` when packets have ceased
   *   or begun again to get through, which says something about the line, too.
   */
  constructor({ send, changed, stirred = () => {}, connect = (config) => new RTCPeerConnection(config) }) {
    this.send = send;
    this.changed = changed;
    this.stirred = stirred;
    this.connect = connect;
  }

  /**
   * After each welcome: make what the server does not have, and look for the way of what it has.
   * @param {{publish: boolean, living?: string[], ice?: RTCIceServer[], relay?: boolean}} given publish: may we send at
   *   all; living: those of our transports that the server still has; ice: relays; relay: use nothing else
   */
  join({ publish, living = [], ice = [], relay = false }) {
    this.#joined = true;
    this.#publish = publish;
    this.#config.iceTransportPolicy = relay ? "relay" : "all";
    this._relays(ice);
    this.#asked.clear();
    const lives = (/** @type {Direction} */ direction) => living.includes(direction) && this.#wires[direction] !== null;
    if (lives("down")) this._resume("down");
    else this._subscribe();
    if (publish && lives("up") && this.#answered) this._resume("up");
    else if (publish) this._offer();
  }

  /** @param {any} message any that begins with "media." */
  hear(message) {
    if (message.type === "media.answer") this._accept(message.sdp);
    if (message.type === "media.offer") this._take(message.sdp, message.tracks);
    if (message.type === "media.ice") this._relays(message.ice);
    if (message.type === "media.wanted") {
      this.#wanted = RIDS.filter((rid) => message.rids?.includes(rid));
      this._limit();
    }
    if (message.type === "media.voice") {
      this.#fitting = { kbps: message.kbps, ptime: message.ptime };
      this._limit();
    }
    // "replaced" is our own newer transport taking the place of the old one.
    const ended = message.type === "media.closed" && message.reason !== "replaced";
    if (ended && (message.direction === "up" || message.direction === "down")) this._remake(message.direction);
  }

  /** What our side sends from now on. @param {Kind} kind @param {MediaStreamTrack | null} track */
  setTrack(kind, track) {
    if (this.#tracks[kind] === track) return;
    this.#tracks[kind] = track;
    const sender = this.#wires.up?.pc.getTransceivers()[SENDERS.indexOf(kind)]?.sender;
    sender?.replaceTrack(track).catch(() => this._remake("up"));
    this._limit();
  }

  /** What our line carries. @param {number | null} kbps kbit/s; null: not declared */
  declare(kbps) {
    this.#kbps = kbps;
    this._limit();
  }

  /** Once a second: look how the voice fares on its way, and what has gone over the line.
   * @returns {Promise<number>} octets since the last time */
  async tend() {
    const { up, down } = this.#wires;
    if (up && this.#resting !== up.lost) this._limit();
    if (up?.health === "connected" && this.#answered) up.step(() => this.#voice.tend(up)).catch(() => undefined);
    const octets = await this.#traffic.look({ up: up?.pc, down: down?.pc }).catch(() => 0);
    const moving = this._moving();
    if (moving !== this.#moved) this.changed();
    this.#moved = moving;
    return octets;
  }

  /** How the line fares, as of the last look. */
  get measures() {
    return this.#traffic.measures;
  }

  /** Which of the pictures move, as one word. */
  _moving() {
    return this.#carried.map(({ mid }) => (this.#traffic.still(mid) ? "" : mid)).join();
  }

  /** The network of this machine has changed: do not wait until packets are missed. */
  search() {
    this.#wires.up?.search();
    this.#wires.down?.search();
  }

  /**
   * Name those whose media must be arriving. Whoever is still missing after five seconds (an offer was lost with a
   * dropped line) leads to one new subscription; not to a second one, for he may simply not be sending.
   * @param {string[]} participants
   */
  expect(participants) {
    this.#expected = participants;
    const arrived = new Set(this.#carried.map((c) => c.participant));
    for (const id of [...this.#asked]) if (arrived.has(id) || !participants.includes(id)) this.#asked.delete(id);
    const lacking = () => this.#expected.filter((id) => !this.#asked.has(id) && !this.streams()[id]);
    if (this.#missing !== undefined || lacking().length === 0) return;
    this.#missing = setTimeout(() => {
      this.#missing = undefined;
      const still = lacking();
      for (const id of still) this.#asked.add(id);
      if (still.length > 0) this._subscribe();
    }, MISSING_LIMIT);
  }

  /** Who arrives here, and on which tracks; no picture where it has come to a stop. @returns {Record<string, Pair>} */
  streams() {
    /** @type {Record<string, Pair>} */
    const found = {};
    for (const { mid, participant, kind } of this.#carried) {
      const transceivers = this.#wires.down?.pc.getTransceivers() ?? [];
      found[participant] = found[participant] ?? { audio: null, video: null, screen: null };
      if (kind === "video" && this.#traffic.still(mid)) continue;
      found[participant][kind] = transceivers.find((tr) => tr.mid === mid)?.receiver.track ?? null;
    }
    return found;
  }

  /** @returns {{up: Health, down: Health}} "failed" is said only after a first retry failed as well */
  connection() {
    const judge = (/** @type {Direction} */ direction) =>
      this.#retries[direction] > 1 ? "failed" : (this.#wires[direction]?.health ?? "none");
    return { up: judge("up"), down: judge("down") };
  }

  /** What has been received from each participant and sent by us, as counted by the browser. */
  async stats() {
    /** @type {Record<string, any>} */
    const counted = { up: { framesEncoded: 0, audioPackets: 0, videoBytes: {}, path: null } };
    const by = new Map(this.#carried.map((c) => [c.mid, c]));
    const received = (await this.#wires.down?.pc.getStats()) ?? new Map();
    received.forEach((/** @type {any} */ s) => {
      const track = s.type === "inbound-rtp" ? by.get(s.mid) : undefined;
      if (track === undefined) return;
      const entry = counted[track.participant] ?? { framesDecoded: 0, totalAudioEnergy: 0, audioPackets: 0, screenFrames: 0 };
      counted[track.participant] = entry;
      if (track.kind === "screen") entry.screenFrames += s.framesDecoded ?? 0;
      if (track.kind === "video") entry.framesDecoded += s.framesDecoded ?? 0;
      if (s.kind === "audio") entry.totalAudioEnergy += s.totalAudioEnergy ?? 0;
      if (s.kind === "audio") entry.audioPackets += s.packetsReceived ?? 0;
    });
    const slides = this.#wires.up?.pc.getTransceivers()[SENDERS.indexOf("screen")]?.mid;
    const sent = (await this.#wires.up?.pc.getStats()) ?? new Map();
    sent.forEach((/** @type {any} */ s) => {
      const screen = s.type === "outbound-rtp" && s.mid === slides;
      if (s.type === "outbound-rtp" && s.kind === "video" && !screen) {
        counted.up.framesEncoded += s.framesEncoded ?? 0;
        counted.up.videoBytes[s.rid ?? ""] = s.bytesSent ?? 0;
      }
      if (s.type === "outbound-rtp" && s.kind === "audio") counted.up.audioPackets += s.packetsSent ?? 0;
      if (s.type !== "transport" || !s.selectedCandidatePairId) return;
      const ours = sent.get(sent.get(s.selectedCandidatePairId)?.localCandidateId);
      counted.up.path = ours ? { type: ours.candidateType, relay: ours.relayProtocol ?? null } : null;
    });
    return counted;
  }

  /** End both connections; `join` starts anew. */
  close() {
    this.#joined = false;
    this._close("up");
    this._close("down");
    clearTimeout(this.#missing);
    this.#missing = undefined;
    this.#asked.clear();
    this.#retries = { up: 0, down: 0 };
    this.changed();
  }

  /** New credentials also serve the connections that are there, when they look for a new way.
   * @param {RTCIceServer[]} iceServers */
  _relays(iceServers) {
    this.#config.iceServers = iceServers;
    for (const wire of Object.values(this.#wires)) wire?.pc.setConfiguration(this.#config);
  }

  _plan() {
    const height = this.#tracks.video?.getSettings?.().height ?? 0;
    const screen = this.#tracks.screen !== null;
    return plan({ height, kbps: this.#kbps, wanted: this.#wanted, asked: this.#fitting, screen });
  }

  /** Send no more than the line carries and anybody watches. */
  _limit() {
    const wire = this.#wires.up;
    if (!wire || !this.#answered) return; // the answer brings it about
    // A sender that is just being changed refuses: the next look, or the next connection, finds the newest plan.
    wire
      .step(async () => {
        const planned = this._plan();
        this.#resting = wire.lost;
        await limit(wire.pc, planned, !wire.lost);
        await wire.reread((answer) => packed(answer, planned.ptime));
      })
      .catch(() => (this.#resting = null));
  }

  _subscribe() {
    this._arm("down", CONNECT_LIMIT, () => {
      // Nobody publishes yet: the server has nothing to offer, and that is no fault.
      if (this.#expected.length > 0 && this.#wires.down?.health !== "connected") this._doubt("down");
    });
    this.send("media.subscribe", {}).catch((error) => this._refused("down", error));
  }

  _offer() {
    this._close("up");
    const wire = this._make("up");
    const { pc } = wire;
    this.#answered = false;
    this.#wanted = [...RIDS]; // until the server says what of this connection is watched
    this.#fitting = FULL;
    this.#resting = false;
    addSenders(pc, this.#tracks, this._plan());
    wire
      .step(async () => {
        await pc.setLocalDescription(await pc.createOffer());
        this.send("media.offer", { sdp: withSlides(pc.localDescription?.sdp ?? "") }).catch((error) => this._refused("up", error));
      })
      .catch(() => this._failed(wire, "up"));
  }

  /** @param {string} sdp */
  _accept(sdp) {
    const wire = this.#wires.up;
    if (!wire || this.#answered) return;
    wire
      .step(async () => {
        if (wire.pc.signalingState !== "have-local-offer") return;
        await wire.pc.setRemoteDescription({ type: "answer", sdp: withThriftyVoice(sdp) });
        if (this.#wires.up !== wire) return;
        this.#answered = true;
        this._limit();
      })
      .catch(() => this._failed(wire, "up"));
  }

  /**
   * Answer an offer. A new ice-ufrag means a new transport at the server: the old connection plays on until then.
   * @param {string} sdp @param {{mid: string, participant: string, kind: Kind}[]} tracks
   */
  _take(sdp, tracks) {
    const ufrag = /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1];
    if (!this.#joined) return;
    if (!this.#wires.down || this.#ufrag !== ufrag) {
      this._close("down");
      this._make("down");
      this.#ufrag = ufrag;
      if (tracks.length === 0) clearTimeout(this.#timers.down);
    }
    const wire = /** @type {Wire} */ (this.#wires.down);
    const { pc } = wire;
    wire
      .step(async () => {
        await pc.setRemoteDescription({ type: "offer", sdp });
        await pc.setLocalDescription(await pc.createAnswer());
        if (this.#wires.down !== wire) return;
        this.#carried = tracks;
        this.send("media.answer", { sdp: pc.localDescription?.sdp }).catch((error) => this._refused("down", error));
        this.changed();
      })
      .catch(() => this._failed(wire, "down"));
  }

  /** @param {Direction} direction @returns {Wire} */
  _make(direction) {
    let well = true;
    const wire = new Wire(this.connect(this.#config), () => {
      if (this.#wires[direction] !== wire) return;
      const carries = wire.health === "connected";
      if (carries) {
        this.#retries[direction] = 0;
        clearTimeout(this.#timers[direction]);
      } else if (well && wire.carried) this._arm(direction, SEARCH_LIMIT, () => this._doubt(direction));
      else if (!wire.carried && wire.health === "failed") this._doubt(direction);
      if (wire.carried && carries !== well) {
        this.stirred();
        if (direction === "up") this._limit();
      }
      well = carries || !wire.carried;
      this.changed();
    });
    this.#wires[direction] = wire;
    this._arm(direction, CONNECT_LIMIT, () => this._doubt(direction));
    return wire;
  }

  /** The server has this transport still. @param {Direction} direction */
  _resume(direction) {
    const wire = this.#wires[direction];
    if (!wire || wire.health === "connected") return;
    if (wire.stuck) return this._remake(direction);
    wire.search();
    this._arm(direction, SEARCH_LIMIT, () => this._doubt(direction));
  }

  /** There is no way yet: if the server can be reached at all, it is this connection's fault.
   * @param {Direction} direction */
  _doubt(direction) {
    const wire = this.#wires[direction];
    this.send("ping", {}).then(
      () => this.#wires[direction] === wire && wire?.health !== "connected" && this._remake(direction),
      () => undefined, // the next welcome leads on
    );
  }

  /** Make a direction anew, after a wait that grows with each failure. @param {Direction} direction */
  _remake(direction) {
    if (!this.#joined) return;
    const wait = RETRY[Math.min(this.#retries[direction], RETRY.length - 1)];
    this.#retries[direction] += 1;
    this._close(direction);
    this._arm(direction, wait, () => {
      if (direction === "down") this._subscribe();
      else if (this.#publish) this._offer();
    });
    this.changed();
  }

  /** @param {Wire} wire @param {Direction} direction */
  _failed(wire, direction) {
    if (this.#wires[direction] === wire) this._remake(direction);
  }

  /** A lost line heals by the next welcome, a refusal by waiting.
   * @param {Direction} direction @param {any} error */
  _refused(direction, error) {
    if (error.code !== "line_lost") this._remake(direction);
  }

  /** @param {Direction} direction */
  _close(direction) {
    clearTimeout(this.#timers[direction]);
    this.#wires[direction]?.close();
    this.#wires[direction] = null;
    if (direction === "down") this.#carried = [];
  }

  /** One timer a direction: a newer one replaces it.
   * @param {Direction} direction @param {number} wait @param {() => void} act */
  _arm(direction, wait, act) {
    clearTimeout(this.#timers[direction]);
    this.#timers[direction] = setTimeout(act, wait);
  }
}
