/**
 * What we send: our picture in up to three encodings ("q", "h" and "f": a quarter, half and all of its height) and our
 * voice, within the line that the site has declared and to what anybody watches.
 */

export const RIDS = Object.freeze(["q", "h", "f"]);

/**
 * What each encoding divides the height by, and its bit/s, by the height of the picture taken; measured for VP8 and a
 * head before a wall. Of a picture of less than 540 lines browsers send two encodings at most, the first two however
 * many are active (kSimulcastFormats in libwebrtc): there "f" is not to be had.
 */
const SIZES = [
  { height: 720, q: [4, 130_000], h: [2, 450_000], f: [1, 1_500_000] },
  { height: 540, q: [4, 90_000], h: [2, 300_000], f: [1, 1_000_000] },
  { height: 0, q: [2, 150_000], h: [1, 600_000], f: [1, 0] },
];
const OVERHEAD = 22_000; // bit/s of headers around fifty packets of sound a second
const SHARE = 0.85; // of the declared line: the rest is for reports, resending, and the web

/** Opus by the declared line in kbit/s: [line, bit/s]. Speech is clear at 16 and full at 32 kbit/s. */
const VOICE = [[100, 16_000], [500, 24_000], [Infinity, 32_000]];

/** @typedef {{rid: string, active: boolean, maxBitrate: number, scaleResolutionDownBy: number}} Encoding */

/**
 * The ceilings of all encodings and which of them are sent.
 * @param {{height: number, kbps: number | null, wanted: string[]}} given height: lines of the picture taken;
 *   kbps: the declared line; wanted: the encodings that somebody watches
 * @returns {{voice: number, picture: Encoding[]}} in bit/s
 */
export function plan({ height, kbps, wanted }) {
  const voice = VOICE.find(([line]) => (kbps ?? Infinity) <= line)?.[1] ?? 32_000;
  const sizes = SIZES.find((known) => height >= known.height) ?? SIZES[2];
  let left = (kbps ?? Infinity) * 1000 * SHARE - voice - OVERHEAD;
  const picture = RIDS.map((rid) => {
    const [scaleResolutionDownBy, ceiling] = sizes[/** @type {"q" | "h" | "f"} */ (rid)];
    const maxBitrate = ceiling || 1; // none may be 0
    // The small ones first: the others' thumbnails need little, and the line decides how far up we come.
    const fits = ceiling > 0 && maxBitrate <= left;
    if (fits) left -= maxBitrate;
    else left = 0;
    return { rid, active: fits && wanted.includes(rid), maxBitrate, scaleResolutionDownBy };
  });
  return { voice, picture };
}

/** The two m-lines of the up connection. @param {RTCPeerConnection} pc
 * @param {{audio: MediaStreamTrack | null, video: MediaStreamTrack | null}} tracks @param {ReturnType<typeof plan>} limits */
export function addSenders(pc, tracks, { voice, picture }) {
  pc.addTransceiver(tracks.audio ?? "audio", { direction: "sendonly", sendEncodings: [{ maxBitrate: voice }] });
  pc.addTransceiver(tracks.video ?? "video", { direction: "sendonly", sendEncodings: picture });
}

/**
 * Change what is sent on a negotiated connection; no new negotiation follows. Where the server took only one encoding,
 * that one carries the largest picture that may be sent.
 * @param {RTCPeerConnection} pc @param {ReturnType<typeof plan>} limits
 */
export async function limit(pc, { voice, picture }) {
  const [sound, sight] = pc.getTransceivers().map((transceiver) => transceiver.sender);
  await change(sound, () => ({ maxBitrate: voice }));
  const sent = picture.filter((encoding) => encoding.active);
  await change(sight, (encoding, among) => {
    if (among > 1) return picture.find((planned) => planned.rid === encoding.rid) ?? {};
    const best = sent.at(-1) ?? picture[0];
    return {
      active: sent.length > 0,
      maxBitrate: best.maxBitrate,
      scaleResolutionDownBy: best.scaleResolutionDownBy,
    };
  });
}

/**
 * @param {RTCRtpSender | undefined} sender
 * @param {(encoding: any, among: number) => object} wish what is to be changed in an encoding, one of so many
 */
async function change(sender, wish) {
  const parameters = sender?.getParameters();
  if (!sender || !parameters?.encodings?.length) return;
  let differs = false;
  for (const encoding of parameters.encodings) {
    for (const [name, value] of Object.entries(wish(encoding, parameters.encodings.length))) {
      const known = /** @type {any} */ (encoding);
      if (known[name] === value) continue;
      known[name] = value;
      differs = true;
    }
  }
  if (differs) await sender.setParameters(parameters);
}

/**
 * The server's answer, with Opus told to send nothing in silence (DTX) and to repeat a little of each packet in the
 * next (FEC): what an answer says of Opus is what its sender goes by (RFC 7587 section 6.1).
 * @param {string} sdp
 */
export function withThriftyVoice(sdp) {
  const payloadType = /^a=rtpmap:(\d+) opus\//im.exec(sdp)?.[1];
  if (payloadType === undefined) return sdp;
  const line = new RegExp(`^a=fmtp:${payloadType} (.*?)(\\r?)$`, "m");
  const added = (/** @type {string} */ known) =>
    [known, ...["useinbandfec=1", "usedtx=1"].filter((wish) => !known.includes(wish))].join(";");
  if (line.test(sdp)) {
    return sdp.replace(line, (_, known, end) => `a=fmtp:${payloadType} ${added(known)}${end}`);
  }
  return sdp.replace(/^(a=rtpmap:\d+ opus\/.*?)(\r?\n)/im, `$1$2a=fmtp:${payloadType} useinbandfec=1;usedtx=1$2`);
}
