/**
 * Runs in a meeting's page before its own scripts: counts what its peer connections receive and send. Values only;
 * the page itself is not changed. `wall` is the machine's clock in milliseconds, the same in every browser on it.
 */
(() => {
  /** @type {RTCPeerConnection[]} */ const made = [];
  const wall = () => performance.timeOrigin + performance.now();

  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...given) {
      super(...given);
      made.push(this);
    }
  };

  const alive = () => made.filter((pc) => pc.connectionState !== "closed");
  const part = (participant, kind) => document.querySelector(`[data-participant="${participant}"] ${kind}`);
  const trackOf = (participant, kind) => part(participant, kind)?.srcObject?.getTracks()[0] ?? null;

  /** inbound-rtp of a participant's audio and video as the browser counts them; null for what does not arrive. */
  async function received(participant) {
    const found = { at: wall(), audio: null, video: null };
    for (const pc of alive()) {
      const stats = [...(await pc.getStats()).values()].filter((s) => s.type === "inbound-rtp");
      for (const kind of ["audio", "video"]) {
        const track = trackOf(participant, kind);
        found[kind] ??= stats.find((s) => track !== null && s.trackIdentifier === track.id) ?? null;
      }
    }
    return found;
  }

  /** outbound-rtp of every stream that this page sends. */
  async function sent() {
    const all = await Promise.all(alive().map((pc) => pc.getStats()));
    return all.flatMap((stats) => [...stats.values()].filter((s) => s.type === "outbound-rtp"));
  }

  /** What the nominated pairs know: estimates and round trip. */
  async function pairs() {
    const all = await Promise.all(alive().map((pc) => pc.getStats()));
    return all.flatMap((stats) => [...stats.values()].filter((s) => s.type === "candidate-pair" && s.nominated));
  }

  /** Times at which frames of a participant were shown, from now on. */
  function watch(participant) {
    const times = [];
    const look = () => {
      const video = part(participant, "video");
      if (video) video.requestVideoFrameCallback(() => (times.push(wall()), look()));
      else setTimeout(look, 20);
    };
    look();
    window.lab.shown[participant] = times;
  }

  /** Times at which packets with a participant's voice had arrived since the last look, every 50 ms from now on. */
  function listen(participant) {
    const times = [];
    let before = null;
    setInterval(async () => {
      const { audio } = await received(participant);
      const now = audio && `${audio.id} ${audio.packetsReceived}`;
      if (now && now !== before) times.push(wall());
      before = now;
    }, 50);
    window.lab.heard[participant] = times;
  }

  /** How many connections this page has ever made. */
  const connections = () => made.length;

  window.lab = { connections, received, sent, pairs, watch, listen, shown: {}, heard: {} };
})();
