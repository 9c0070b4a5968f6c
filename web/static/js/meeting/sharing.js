/**
 * The screen of this machine: chosen in the browser's own dialog, with what the computer plays where the browser offers
 * it. That sound is mixed with the microphone's into one track, for the room hears one track of each person; a
 * microphone that is off is silent in it. Knows no page; `changed` tells it.
 */

const WISH = {
  video: { frameRate: { ideal: 10, max: 15 }, width: { max: 1920 }, height: { max: 1200 } },
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  systemAudio: "include",
  selfBrowserSurface: "exclude", // our own window in our own window has no end
};

export const canShare = () => Boolean(navigator.mediaDevices?.getDisplayMedia);

export class Sharing {
  /** @type {MediaStreamTrack | null} */ track = null;
  /** @type {MediaStreamTrack | null} */ #sound = null;
  /** @type {AudioContext | null} */ #context = null;
  /** @type {MediaStreamAudioDestinationNode | null} */ #out = null;
  /** @type {{track: MediaStreamTrack, node: MediaStreamAudioSourceNode} | null} */ #microphone = null;
  /** the meeting knows of it, so that it may also know that it is over */ settled = false;

  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
  }

  /** @returns {Promise<boolean | null>} with sound or without; null: nothing was chosen */
  async start() {
    let stream;
    try {
      stream = await navigator.mediaDevices.getDisplayMedia(/** @type {any} */ (WISH));
    } catch {
      return null;
    }
    this.stop();
    this.settled = false;
    [this.track] = stream.getVideoTracks();
    [this.#sound = null] = stream.getAudioTracks();
    this.track.contentHint = "detail"; // letters: sharp before smooth
    this.track.addEventListener("ended", () => this.stop());
    if (this.#sound) this._mix(this.#sound);
    this.changed();
    return this.#sound !== null;
  }

  /** Harmless when nothing is shared. */
  stop() {
    if (this.track === null) return;
    this.track.stop();
    this.#sound?.stop();
    this.#context?.close();
    this.track = this.#sound = this.#context = this.#out = this.#microphone = null;
    this.changed();
  }

  /** What is to be heard of us. @param {MediaStreamTrack | null} microphone @returns {MediaStreamTrack | null} */
  mixed(microphone) {
    const context = this.#context;
    if (context === null || this.#out === null) return microphone;
    if (this.#microphone?.track !== microphone) {
      this.#microphone?.node.disconnect();
      this.#microphone = null;
      if (microphone) {
        const node = context.createMediaStreamSource(new MediaStream([microphone]));
        node.connect(this.#out);
        this.#microphone = { track: microphone, node };
      }
    }
    return this.#out.stream.getAudioTracks()[0];
  }

  /** @param {MediaStreamTrack} sound */
  _mix(sound) {
    this.#context = new AudioContext({ sampleRate: 48000 });
    this.#out = this.#context.createMediaStreamDestination();
    this.#context.createMediaStreamSource(new MediaStream([sound])).connect(this.#out);
  }
}
