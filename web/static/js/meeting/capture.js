/**
 * The microphone and camera of this machine: asked for, switched, exchanged. Knows no page; `changed` tells it.
 * A microphone that is off stays open and silent, so that it is on again at once; a camera that is off is stopped,
 * so that its light goes out.
 */

const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const MODEST = { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 15, max: 25 } };
const AMPLE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 25, max: 25 } };

/** An old laptop encodes no large picture; it has work enough with showing the others'. */
const wishes = () => ({ audio: AUDIO, video: (navigator.hardwareConcurrency ?? 0) >= 4 ? AMPLE : MODEST });

/** @typedef {"audio" | "video"} Kind */
/** @typedef {"refused" | "missing" | "busy" | "insecure"} Trouble */

/** @param {any} error @returns {Trouble} */
function trouble(error) {
  const name = error?.name;
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  return name === "NotFoundError" || name === "OverconstrainedError" ? "missing" : "busy";
}

export class Capture {
  /** @type {Promise<void>} devices are opened one after the other */ #work = Promise.resolve();

  /**
   * @param {{wanted: Record<Kind, boolean>, chosen: Record<Kind, string>, changed: () => void}} given
   *   wanted: on or off; chosen: device id or "".
   */
  constructor({ wanted, chosen, changed }) {
    this.wanted = { ...wanted };
    this.chosen = { ...chosen };
    this.changed = changed;
    /** @type {Record<Kind, MediaStreamTrack | null>} */ this.tracks = { audio: null, video: null };
    /** @type {Record<Kind, Trouble | null>} */ this.troubles = { audio: null, video: null };
    this.asking = false;
  }

  /** Is it really on: wanted, and there? @param {Kind} kind */
  on(kind) {
    return this.wanted[kind] && this.tracks[kind] !== null;
  }

  /** Ask for what is wanted; with one question where the browser allows it, else one at a time. */
  start() {
    return this._queue(async () => {
      const kinds = /** @type {Kind[]} */ (["audio", ...(this.wanted.video ? ["video"] : [])]);
      if (kinds.length === 2 && (await this._open(kinds))) return;
      for (const kind of kinds) await this._open([kind]);
    });
  }

  /** @param {Kind} kind @param {boolean} on */
  turn(kind, on) {
    this.wanted[kind] = on;
    return this._queue(async () => {
      if (on && !this.tracks[kind]) await this._open([kind]);
      else if (!on && kind === "video") this._release(kind);
      const track = this.tracks[kind];
      if (track) track.enabled = this.wanted[kind];
    });
  }

  /** Another device. @param {Kind} kind @param {string} device */
  choose(kind, device) {
    this.chosen[kind] = device;
    return this._queue(async () => {
      if (kind === "video" && !this.wanted.video) return;
      this._release(kind);
      await this._open([kind]);
    });
  }

  /** The devices to choose from; names are empty until the reader has allowed their use.
   * @returns {Promise<MediaDeviceInfo[]>} */
  async devices() {
    try {
      return (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    } catch {
      return [];
    }
  }

  /** Let go of everything; what is wanted is remembered. */
  stop() {
    return this._queue(async () => {
      this._release("audio");
      this._release("video");
    });
  }

  /** @param {() => Promise<void>} step */
  _queue(step) {
    this.#work = this.#work.then(step).then(() => this.changed());
    return this.#work;
  }

  /** @param {Kind[]} kinds @returns {Promise<boolean>} */
  async _open(kinds) {
    if (!navigator.mediaDevices?.getUserMedia) {
      for (const kind of kinds) this.troubles[kind] = "insecure";
      return true;
    }
    /** @type {MediaStreamConstraints} */
    const constraints = {};
    for (const kind of kinds) {
      const device = this.chosen[kind];
      constraints[kind] = { ...wishes()[kind], ...(device ? { deviceId: { ideal: device } } : {}) };
    }
    this.asking = true;
    this.changed();
    try {
      const stream = await navigator.mediaDevices.getUserMedia(constraints);
      for (const track of stream.getTracks()) this._keep(/** @type {Kind} */ (track.kind), track);
      return true;
    } catch (error) {
      for (const kind of kinds) this.troubles[kind] = trouble(error);
      return false;
    } finally {
      this.asking = false;
    }
  }

  /** @param {Kind} kind @param {MediaStreamTrack} track */
  _keep(kind, track) {
    this._release(kind);
    track.enabled = this.wanted[kind];
    if (kind === "audio") track.contentHint = "speech";
    this.tracks[kind] = track;
    this.troubles[kind] = null;
    track.addEventListener("ended", () => {
      if (this.tracks[kind] !== track) return;
      this.tracks[kind] = null;
      this.troubles[kind] = "missing"; // the cable was pulled out
      this.changed();
    });
  }

  /** @param {Kind} kind */
  _release(kind) {
    const track = this.tracks[kind];
    this.tracks[kind] = null;
    track?.stop();
  }
}
