/**
 * Our voice on a line that loses packets: each packet repeats the one before it (RED, RFC 2198). Browsers do not keep
 * sound for resending, nor is there time for it. It doubles what the voice takes, so only where packets are lost, and
 * not where the line is too thin for it: there the loss is its own.
 */

const LOSSY = 0.02; // share of lost packets from which on it is worth it
const CALM = 60; // looks without loss until it is left: the server does not count as lost what was repeated
const THIN = 150_000; // bit/s
const USUAL = 20; // milliseconds of sound in a packet, where nothing is said of it

/**
 * The server's answer with the sound sent as RED, or not: what it names first is sent (RFC 3264 section 6.1).
 * @param {string} sdp @param {boolean} wish @returns {string | null} null if nothing changes
 */
export function repeating(sdp, wish) {
  const number = (/** @type {string} */ name) => new RegExp(`^a=rtpmap:(\\d+) ${name}/48000`, "im").exec(sdp)?.[1];
  const [opus, red] = [number("opus"), number("red")];
  const line = /^m=audio (\d+ \S+) ([\d ]+)/m.exec(sdp);
  if (!opus || !red || !line) return null;
  const [first, second] = wish ? [red, opus] : [opus, red];
  const others = line[2].split(" ").filter((known) => known !== opus && known !== red);
  const wanted = `m=audio ${line[1]} ${[first, second, ...others].join(" ")}`;
  return wanted === line[0] ? null : sdp.replace(line[0], wanted);
}

/**
 * The server's answer with so much sound in a packet (RFC 8866 section 6.4).
 * @param {string} sdp @param {number} ptime milliseconds @returns {string | null} null if nothing changes
 */
export function packed(sdp, ptime) {
  const said = /^a=ptime:(\d+)/m.exec(sdp)?.[1];
  if (Number(said ?? USUAL) === ptime) return null;
  const bare = sdp.replace(/^a=ptime:.*\r?\n/gm, "");
  const changed = bare.replace(/^a=rtpmap:\d+ opus\/.*\r?\n/im, (line) => `${line}a=ptime:${ptime}\r\n`);
  return changed === sdp ? null : changed;
}

export class Voice {
  #calm = CALM;
  #lossy = false;

  /** Look once a second. @param {import("./wire.js").Wire} wire the connection that carries the voice */
  async tend(wire) {
    let lost = 0;
    let line = 0;
    (await wire.pc.getStats()).forEach((/** @type {any} */ s) => {
      if (s.type === "remote-inbound-rtp" && s.kind === "audio") lost = s.fractionLost ?? 0;
      if (s.type === "candidate-pair" && s.nominated) line = Math.max(line, s.availableOutgoingBitrate ?? 0);
    });
    this.#calm = lost >= LOSSY ? 0 : this.#calm + 1;
    this.#lossy = this.#calm === 0 || (this.#lossy && this.#calm < CALM);
    await wire.reread((answer) => repeating(answer, this.#lossy && line > THIN));
  }
}
