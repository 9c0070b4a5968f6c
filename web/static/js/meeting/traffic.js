/**
 * What goes over our line, as the browser counts it: octets of the two connections, and which of their pictures still
 * move; and what the page fetches beside them, as the images of papers.
 */

const STILL = 4; // looks, one a second, without a new frame: then it is no moving picture but its last frame
const HEADERS = 28; // octets of IPv4 and UDP around each packet

/** Octets that the page has fetched from now on; what comes out of the browser's own store is none. */
export class Fetched {
  #octets = 0;

  constructor() {
    if (typeof PerformanceObserver === "undefined") return;
    const observer = new PerformanceObserver((list) => {
      for (const entry of /** @type {PerformanceResourceTiming[]} */ (list.getEntries())) this.#octets += entry.transferSize ?? 0;
    });
    observer.observe({ entryTypes: ["resource"] });
  }

  /** @returns {number} octets since this was asked the last time */
  take() {
    const octets = this.#octets;
    this.#octets = 0;
    return octets;
  }
}

export class Traffic {
  /** @type {WeakMap<RTCPeerConnection, number>} octets so far */ #counted = new WeakMap();
  /** @type {Map<string, {frames: number, looks: number}>} by mid of "down" */ #pictures = new Map();
  /** @type {{lost: number, received: number}} voices so far */ #heard = { lost: 0, received: 0 };
  /** @type {import("./quality.js").Measures} as of the last look */
  measures = { available: null, delay: null, lostUp: 0, lostDown: 0 };

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
      octets += this._count(pc, report);
      if (pc === up) this._measureUp(report);
      if (pc === down) this._watch(report);
      if (pc === down) this._measureDown(report);
    }
    return octets;
  }

  /** Has a picture come to a stop? @param {string} mid */
  still(mid) {
    return (this.#pictures.get(mid)?.looks ?? 0) >= STILL;
  }

  /** @param {RTCPeerConnection} pc @param {RTCStatsReport} report */
  _count(pc, report) {
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
  _measureUp(report) {
    let [available, delay, lostUp] = [/** @type {number | null} */ (null), /** @type {number | null} */ (null), 0];
    report.forEach((/** @type {any} */ s) => {
      if (s.type === "candidate-pair" && s.nominated) {
        available = s.availableOutgoingBitrate ?? available;
        if (s.currentRoundTripTime !== undefined) delay = s.currentRoundTripTime * 1000;
      }
      if (s.type === "remote-inbound-rtp" && s.kind === "audio") lostUp = s.fractionLost ?? 0;
    });
    this.measures = { ...this.measures, available, delay, lostUp };
  }

  /** @param {RTCStatsReport} report */
  _measureDown(report) {
    const now = { lost: 0, received: 0 };
    report.forEach((/** @type {any} */ s) => {
      if (s.type !== "inbound-rtp" || s.kind !== "audio") return;
      now.lost += Math.max(0, s.packetsLost ?? 0);
      now.received += s.packetsReceived ?? 0;
    });
    const lost = Math.max(0, now.lost - this.#heard.lost);
    const received = Math.max(0, now.received - this.#heard.received);
    this.#heard = now;
    // Of a few packets nothing can be said: in silence hardly any are sent.
    this.measures = { ...this.measures, lostDown: lost + received > 20 ? lost / (lost + received) : 0 };
  }

  /** @param {RTCStatsReport} report */
  _watch(report) {
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
