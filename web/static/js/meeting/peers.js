/**
 * The two peer connections to the server: "up" carries our microphone and camera (we offer), "down" carries
 * everybody else (the server offers). No page here; RTCPeerConnection only.
 *
 * The server is ICE-lite and puts its addresses into its SDP, so nothing is trickled and no STUN or TURN server is
 * asked. Microphone and camera are exchanged by replaceTrack: the up connection is negotiated once.
 */

const CONFIG = Object.freeze({ iceServers: [], bundlePolicy: "max-bundle" });
const DISCONNECTED_LIMIT = 3000;
const CONNECT_LIMIT = 10000;
const MISSING_LIMIT = 5000;
const RETRY = [500, 2000, 5000, 10000];
const VIDEO_CEILING = 900000; // bit/s: enough for 640x360 at 15 frames a second, kind to a thin line

/** @typedef {{audio: MediaStreamTrack | null, video: MediaStreamTrack | null}} Pair */
/** @typedef {"none" | "connecting" | "connected" | "failed"} Health */

/** ICE alone proves nothing: the server answers its checks for a transport whose keys were never agreed.
 * @param {RTCPeerConnection} pc @returns {Health} */
function health(pc) {
  const ice = pc.iceConnectionState;
  if (["failed", "closed"].includes(pc.connectionState)) return "failed";
  if (["failed", "disconnected", "closed"].includes(ice)) return "failed";
  return pc.connectionState === "connected" ? "connected" : "connecting";
}

/** The one m-line each sender needs. @param {RTCPeerConnection} pc @param {Pair} tracks */
function addSenders(pc, tracks) {
  pc.addTransceiver(tracks.audio ?? "audio", { direction: "sendonly" });
  pc.addTransceiver(tracks.video ?? "video", { direction: "sendonly", sendEncodings: [{ maxBitrate: VIDEO_CEILING }] });
}

export class Peers {
  /** @type {{pc: RTCPeerConnection, answered: boolean} | null} */ #up = null;
  /** @type {{pc: RTCPeerConnection, ufrag: string | undefined, answered: boolean} | null} */ #down = null;
  /** @type {Pair} */ #tracks = { audio: null, video: null };
  /** @type {{mid: string, participant: string, kind: "audio" | "video"}[]} */ #carried = [];
  /** @type {Promise<any>} offers are applied one after the other */ #work = Promise.resolve();
  /** @type {{up?: () => void, down?: () => void}} ends the wait for a step of a closed connection */ #interrupt = {};
  #joined = false;
  #publish = false;
  #retries = { up: 0, down: 0 };
  /** @type {{up?: number, down?: number}} */ #timers = {};
  /** @type {string[]} */ #expected = [];
  /** @type {Set<string>} */ #asked = new Set();
  /** @type {number | undefined} */ #missing;

  /**
   * @param {{send: (type: string, fields: object) => Promise<void>, changed: () => void,
   *          connect?: (config: RTCConfiguration) => RTCPeerConnection}} given
   *   `changed` is called when `streams()` or `connection()` may have new values.
   */
  constructor({ send, changed, connect = (config) => new RTCPeerConnection(config) }) {
    this.send = send;
    this.changed = changed;
    this.connect = connect;
  }

  /** After each welcome: make what is not connected. @param {boolean} publish may we send at all? */
  join(publish) {
    this.#joined = true;
    this.#publish = publish;
    this.#asked.clear();
    // An answer that the server has not confirmed may have been lost with the line.
    if (!this.#down?.answered || health(this.#down.pc) === "failed") this.#subscribe();
    if (publish && (!this.#up || !this.#up.answered || health(this.#up.pc) === "failed")) this.#offer();
  }

  /** @param {any} message media.answer, media.offer or media.closed */
  hear(message) {
    if (message.type === "media.answer") this.#queue("up", () => this.#answered(message.sdp));
    if (message.type === "media.offer") this.#queue("down", () => this.#accept(message.sdp, message.tracks));
    // "replaced" is our own newer transport taking the place of the old one.
    const ended = message.type === "media.closed" && message.reason !== "replaced";
    if (ended && (message.direction === "up" || message.direction === "down")) this.#remake(message.direction);
  }

  /** What our side sends from now on. @param {"audio" | "video"} kind @param {MediaStreamTrack | null} track */
  setTrack(kind, track) {
    if (this.#tracks[kind] === track) return;
    this.#tracks[kind] = track;
    const sender = this.#up?.pc.getTransceivers()[kind === "audio" ? 0 : 1]?.sender;
    sender?.replaceTrack(track).catch(() => this.#remake("up"));
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
      if (still.length > 0) this.#subscribe();
    }, MISSING_LIMIT);
  }

  /** Who arrives here, and on which tracks. @returns {Record<string, Pair>} */
  streams() {
    /** @type {Record<string, Pair>} */
    const found = {};
    for (const { mid, participant, kind } of this.#carried) {
      const track = this.#down?.pc.getTransceivers().find((tr) => tr.mid === mid)?.receiver.track ?? null;
      found[participant] ??= { audio: null, video: null };
      found[participant][kind] = track;
    }
    return found;
  }

  /** @returns {{up: Health, down: Health}} "failed" is said only after a first retry failed as well */
  connection() {
    const judge = (/** @type {"up" | "down"} */ direction, /** @type {any} */ peer) => {
      if (this.#retries[direction] > 1) return "failed";
      return peer ? health(peer.pc) : "none";
    };
    return { up: judge("up", this.#up), down: judge("down", this.#down) };
  }

  /** What has been received from each participant and sent by us, as counted by the browser. */
  async stats() {
    /** @type {Record<string, any>} */
    const counted = { up: { framesEncoded: 0, audioPackets: 0 } };
    const by = new Map(this.#carried.map((c) => [c.mid, c.participant]));
    const received = this.#down ? await this.#down.pc.getStats() : new Map();
    received.forEach((/** @type {any} */ s) => {
      const id = s.type === "inbound-rtp" ? by.get(s.mid) : undefined;
      if (id === undefined) return;
      const entry = (counted[id] ??= { framesDecoded: 0, totalAudioEnergy: 0, audioPackets: 0 });
      if (s.kind === "video") entry.framesDecoded += s.framesDecoded ?? 0;
      if (s.kind === "audio") entry.totalAudioEnergy += s.totalAudioEnergy ?? 0;
      if (s.kind === "audio") entry.audioPackets += s.packetsReceived ?? 0;
    });
    const sent = this.#up ? await this.#up.pc.getStats() : new Map();
    sent.forEach((/** @type {any} */ s) => {
      if (s.type === "outbound-rtp" && s.kind === "video") counted.up.framesEncoded += s.framesEncoded ?? 0;
      if (s.type === "outbound-rtp" && s.kind === "audio") counted.up.audioPackets += s.packetsSent ?? 0;
    });
    return counted;
  }

  /** End both connections; `join` starts anew. */
  close() {
    this.#joined = false;
    this.#close("up");
    this.#close("down");
    clearTimeout(this.#missing);
    this.#missing = undefined;
    this.#asked.clear();
    this.#retries = { up: 0, down: 0 };
    this.changed();
  }

  /** @param {"up" | "down"} direction @param {() => Promise<void>} step */
  #queue(direction, step) {
    const work = this.#work.then(() => {
      if (!this.#joined) return undefined;
      // What is under way when a connection is closed never settles (WebRTC, 4.4.1.2): do not wait for it.
      const closed = new Promise((resolve) => (this.#interrupt[direction] = () => resolve(undefined)));
      return Promise.race([step(), closed]);
    });
    this.#work = work.catch(() => this.#remake(direction));
  }

  #subscribe() {
    this.#arm("down", CONNECT_LIMIT, () => {
      // Nobody publishes yet: the server has nothing to offer, and that is no fault.
      if (this.#expected.length > 0 && (!this.#down || health(this.#down.pc) !== "connected")) this.#remake("down");
    });
    this.send("media.subscribe", {}).catch((error) => this.#refused("down", error));
  }

  #offer() {
    this.#close("up");
    const pc = this.connect(CONFIG);
    this.#up = { pc, answered: false };
    addSenders(pc, this.#tracks);
    this.#watch("up", pc);
    this.#arm("up", CONNECT_LIMIT, () => this.#remake("up"));
    this.#queue("up", async () => {
      if (this.#up?.pc !== pc) return;
      await pc.setLocalDescription(await pc.createOffer());
      this.send("media.offer", { sdp: pc.localDescription?.sdp }).catch((error) => this.#refused("up", error));
    });
  }

  /** @param {string} sdp */
  async #answered(sdp) {
    const up = this.#up;
    if (!up || up.pc.signalingState !== "have-local-offer") return;
    await up.pc.setRemoteDescription({ type: "answer", sdp });
    up.answered = true;
  }

  /**
   * Apply an offer. A new ice-ufrag means a new transport at the server: the old connection plays on until then.
   * @param {string} sdp @param {{mid: string, participant: string, kind: "audio" | "video"}[]} tracks
   */
  async #accept(sdp, tracks) {
    const ufrag = /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1];
    if (!this.#down || this.#down.ufrag !== ufrag) {
      this.#down?.pc.close();
      const pc = this.connect(CONFIG);
      this.#down = { pc, ufrag, answered: false };
      this.#carried = [];
      this.#watch("down", pc);
      if (tracks.length > 0) this.#arm("down", CONNECT_LIMIT, () => this.#remake("down"));
    }
    const down = this.#down;
    const { pc } = down;
    down.answered = false;
    await pc.setRemoteDescription({ type: "offer", sdp });
    await pc.setLocalDescription(await pc.createAnswer());
    if (this.#down?.pc !== pc) return;
    this.#carried = tracks;
    this.send("media.answer", { sdp: pc.localDescription?.sdp })
      .then(() => (down.answered = true))
      .catch((error) => this.#refused("down", error));
    this.changed();
  }

  /** @param {"up" | "down"} direction @param {RTCPeerConnection} pc */
  #watch(direction, pc) {
    const look = () => {
      if (pc !== (direction === "up" ? this.#up : this.#down)?.pc) return;
      const state = health(pc);
      if (state === "connected") {
        this.#retries[direction] = 0;
        clearTimeout(this.#timers[direction]);
      }
      if (pc.iceConnectionState === "disconnected") {
        this.#arm(direction, DISCONNECTED_LIMIT, () => this.#remake(direction));
      } else if (state === "failed") this.#remake(direction);
      this.changed();
    };
    pc.addEventListener("iceconnectionstatechange", look);
    pc.addEventListener("connectionstatechange", look);
  }

  /** Make a direction anew, after a wait that grows with each failure. @param {"up" | "down"} direction */
  #remake(direction) {
    if (!this.#joined) return;
    const wait = RETRY[Math.min(this.#retries[direction], RETRY.length - 1)];
    this.#retries[direction] += 1;
    this.#close(direction);
    this.#arm(direction, wait, () => {
      if (direction === "down") this.#subscribe();
      else if (this.#publish) this.#offer();
    });
    this.changed();
  }

  /** A lost line heals by the next welcome, a refusal by waiting.
   * @param {"up" | "down"} direction @param {any} error */
  #refused(direction, error) {
    if (error.code !== "line_lost") this.#remake(direction);
  }

  /** @param {"up" | "down"} direction */
  #close(direction) {
    clearTimeout(this.#timers[direction]);
    this.#interrupt[direction]?.();
    if (direction === "up") {
      this.#up?.pc.close();
      this.#up = null;
    } else {
      this.#down?.pc.close();
      this.#down = null;
      this.#carried = [];
    }
  }

  /** One timer a direction: a newer one replaces it.
   * @param {"up" | "down"} direction @param {number} wait @param {() => void} act */
  #arm(direction, wait, act) {
    clearTimeout(this.#timers[direction]);
    this.#timers[direction] = setTimeout(act, wait);
  }
}
