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
const SCREEN = 1_500_000; // bit/s, at most
const OVERHEAD = 22_000; // bit/s of headers around fifty packets of sound a second
const SHARE = 0.85; // of the declared line: the rest is for reports, resending, and the web

/**
 * Opus by the declared line in kbit/s: [line, bit/s, milliseconds a packet]. Speech is clear at 16 and full at 32 kbit/s;
 * fifty headers a second weigh more than the words of a thin voice.
 */
const VOICE = [[100, 16_000, 60], [500, 24_000, 20], [Infinity, 32_000, 20]];

/** The voice that is sent unless the server asks for another. */
export const FULL = Object.freeze({ kbps: 32, ptime: 20 });

/** @typedef {{rid: string, active: boolean, maxBitrate: number, scaleResolutionDownBy: number}} Encoding */

/**
 * The ceilings of all encodings and which of them are sent.
 * @param {{height: number, kbps: number | null, wanted: string[], asked?: {kbps: number, ptime: number},
 *   screen?: boolean}} given height: lines of the picture taken; kbps: the declared line; wanted: the encodings that
 *   somebody watches; asked: the voice that others' lines bear; screen: one is shared
 * @returns {{voice: number, ptime: number, picture: Encoding[], screen: number}} in bit/s; ptime: milliseconds of sound
 *   in a packet
 */
export function plan({ height, kbps, wanted, asked = FULL, screen = false }) {
  const own = VOICE.find(([line]) => (kbps ?? Infinity) <= line) ?? VOICE[2];
  const voice = Math.min(own[1], 1000 * asked.kbps);
  const ptime = Math.max(own[2], asked.ptime);
  const sizes = SIZES.find((known) => height >= known.height) ?? SIZES[2];
  let left = (kbps ?? Infinity) * 1000 * SHARE - voice - OVERHEAD;
  // What is on a screen is to be read: it goes before our own face, but leaves it a thumbnail.
  const shared = Math.max(1, Math.min(SCREEN, Math.floor(left * 0.8)));
  if (screen) left -= shared;
  const picture = RIDS.map((rid) => {
    const [scaleResolutionDownBy, ceiling] = sizes[/** @type {"q" | "h" | "f"} */ (rid)];
    const maxBitrate = ceiling || 1; // none may be 0
    // The small ones first: the others' thumbnails need little, and the line decides how far up we come.
    const fits = ceiling > 0 && maxBitrate <= left;
    if (fits) left -= maxBitrate;
    else left = 0;
    return { rid, active: fits && wanted.includes(rid), maxBitrate, scaleResolutionDownBy };
  });
  return { voice, ptime, picture, screen: shared };
}

/** The m-lines of the up connection: sound, picture, and a screen that may be shared some time.
 * @param {RTCPeerConnection} pc
 * @param {{audio: MediaStreamTrack | null, video: MediaStreamTrack | null, screen: MediaStreamTrack | null}} tracks
 * @param {ReturnType<typeof plan>} limits */
export function addSenders(pc, tracks, { voice, picture, screen }) {
  pc.addTransceiver(tracks.audio ?? "audio", { direction: "sendonly", sendEncodings: [{ maxBitrate: voice }] });
  pc.addTransceiver(tracks.video ?? "video", { direction: "sendonly", sendEncodings: picture });
  pc.addTransceiver(tracks.screen ?? "video", { direction: "sendonly", sendEncodings: [{ maxBitrate: screen }] });
}

/**
 * Our offer, with the third m-line marked as a screen (RFC 4796): browsers cannot say so themselves.
 * @param {string} sdp
 */
export function withSlides(sdp) {
  let place = 0;
  return sdp.replace(/^m=.*\r\n/gm, (line) => {
    place += 1;
    return place === 3 ? `${line}a=content:slides\r\n` : line;
  });
}

/**
 * Change what is sent on a negotiated connection; no new negotiation follows. Where the server took only one encoding,
 * that one carries the largest picture that may be sent.
 * @param {RTCPeerConnection} pc @param {ReturnType<typeof plan>} limits @param {boolean} carries does anything get
 *   through? Otherwise the voice rests: browsers keep what is said meanwhile, and send all of it before what is said then
 */
export async function limit(pc, { voice, picture, screen }, carries = true) {
  const [sound, sight, slides] = pc.getTransceivers().map((transceiver) => transceiver.sender);
  await change(sound, () => ({ active: carries, maxBitrate: voice }));
  await change(slides, () => ({ maxBitrate: screen }));
  const sent = picture.filter((encoding) => encoding.active);
  await change(sight, (encoding, among) => {
    if (among > 1) return picture.find((planned) => planned.rid === encoding.rid) ?? {};
    const best = sent[sent.length - 1] ?? picture[0];
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
