/** What goes over our two connections, as the browser counts it: octets, and which of the pictures still move. */

const STILL = 4; // looks, one a second, without a new frame: then it is no moving picture but its last frame
const HEADERS = 28; // octets of IPv4 and UDP around each packet

export class Traffic {
  /** @type {WeakMap<RTCPeerConnection, number>} octets so far */ #counted = new WeakMap();
  /** @type {Map<string, {frames: number, looks: number}>} by mid of "down" */ #pictures = new Map();

  /**
   * Look once a second.
   * @param {{up?: RTCPeerConnection, down?: RTCPeerConnection}} connections those that are there
   * @returns {Promise<number>} octets, both ways, since the last look
   */
  async look({ up, down }) {
    let octets = 0;
    for (const pc of [up, down]) {
      if (!pc) continue;
      const report = await pc.getStats();
      octets += this.#count(pc, report);
      if (pc === down) this.#watch(report);
    }
    return octets;
  }

  /** Has a picture come to a stop? @param {string} mid */
  still(mid) {
    return (this.#pictures.get(mid)?.looks ?? 0) >= STILL;
  }

  /** @param {RTCPeerConnection} pc @param {RTCStatsReport} report */
  #count(pc, report) {
    let all = 0;
    report.forEach((/** @type {any} */ s) => {
      if (s.type !== "candidate-pair") return;
      all += (s.bytesSent ?? 0) + (s.bytesReceived ?? 0);
      all += HEADERS * ((s.packetsSent ?? 0) + (s.packetsReceived ?? 0));
    });
    const before = this.#counted.get(pc) ?? 0;
    this.#counted.set(pc, all);
    return Math.max(0, all - before); // a way that was given up takes its count with it
  }

  /** @param {RTCStatsReport} report */
  #watch(report) {
    const before = this.#pictures;
    this.#pictures = new Map();
    report.forEach((/** @type {any} */ s) => {
      if (s.type !== "inbound-rtp" || s.kind !== "video") return;
      const frames = s.framesDecoded ?? 0;
      const known = before.get(s.mid);
      this.#pictures.set(s.mid, { frames, looks: known?.frames === frames ? known.looks + 1 : 0 });
    });
  }
}
