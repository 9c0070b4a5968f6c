/**
 * One peer connection: whether packets get through, and the search for a way when they do not.
 *
 * The server is ICE-lite: it never asks us anything, it answers whoever knows its password. So we can begin ICE anew
 * without telling it (our own half of the credentials is of no use to it): new addresses are gathered and checked, and
 * the first check that is answered carries the same DTLS association and the same streams on. That needs no
 * WebSocket, no negotiation and nothing of the other participants, and it is over one round trip after the line is back.
 */

const UNREST = 500; // ms "disconnected" before the search begins: a few lost checks are no cut
const SEARCH = 6000; // ms before a search is begun anew; the browser asks ever more rarely

/** @typedef {"none" | "connecting" | "connected" | "failed"} Health */

export class Wire {
  /** @type {Promise<any>} what is negotiated, one after the other */ #work = Promise.resolve();
  /** @type {number | undefined} */ #timer;
  #closed = false;

  /** @param {RTCPeerConnection} pc @param {() => void} changed called when `health` may be another */
  constructor(pc, changed) {
    this.pc = pc;
    /** Has this connection ever carried packets? */
    this.carried = false;
    /** Does this browser refuse to look for another way with this connection? */
    this.stuck = false;
    const look = () => {
      if (this.#closed) return;
      if (this.health === "connected") this.carried = true;
      this._tend();
      changed();
    };
    pc.addEventListener("iceconnectionstatechange", look);
    pc.addEventListener("connectionstatechange", look);
  }

  /** ICE alone proves nothing: the server answers its checks for a transport whose keys were never agreed.
   * @returns {Health} */
  get health() {
    const { connectionState, iceConnectionState } = this.pc;
    if (["failed", "closed"].includes(connectionState)) return "failed";
    if (["failed", "disconnected", "closed"].includes(iceConnectionState)) return "failed";
    return connectionState === "connected" ? "connected" : "connecting";
  }

  /** Is there no way any more, where there was one? */
  get lost() {
    return this.carried && this.health !== "connected";
  }

  /**
   * Negotiate when what came before is done. What is under way when a connection is closed never settles (WebRTC
   * 4.4.1.2), and neither does this then.
   * @param {() => Promise<void>} act @returns {Promise<void>}
   */
  step(act) {
    const done = this.#work.then(() => (this.#closed ? undefined : act()));
    this.#work = done.catch(() => undefined);
    return done;
  }

  /** Look for the server now: the network has changed, or the server has answered elsewhere. */
  search() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#closed || !this.carried) return;
    this.#timer = setTimeout(() => this.search(), SEARCH);
    this.step(() => this._restart()).catch(() => (this.stuck = true));
  }

  /**
   * Go on by another reading of the server's answer; it needs not know.
   * @param {(answer: string) => string | null} change null: nothing is to be changed
   */
  async reread(change) {
    const { pc } = this;
    const answer = pc.signalingState === "stable" && pc.remoteDescription && change(pc.remoteDescription.sdp);
    if (!answer) return;
    await pc.setLocalDescription(await pc.createOffer());
    await pc.setRemoteDescription({ type: "answer", sdp: answer });
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.pc.close();
  }

  /** Search while there is no way; stop when there is one. */
  _tend() {
    if (!this.lost) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    } else if (this.pc.iceConnectionState === "failed") {
      this.search();
    } else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.search(), UNREST);
    }
  }

  /** The server's half of what was agreed stays as it is; only ours becomes new. */
  async _restart() {
    const { pc } = this;
    if (pc.signalingState !== "stable" || !pc.remoteDescription) return;
    const theirs = pc.remoteDescription.sdp.replace(/^a=setup:actpass/gm, "a=setup:passive");
    pc.restartIce();
    await pc.setLocalDescription(await pc.createOffer());
    try {
      await pc.setRemoteDescription({ type: "answer", sdp: theirs });
    } catch (error) {
      await pc.setLocalDescription({ type: "rollback" });
      throw error;
    }
  }
}
