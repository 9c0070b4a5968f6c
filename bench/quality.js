/**
 * The two ends of a call that is judged: a picture that carries the time, a sound that beeps every second, and what
 * becomes of both. All browsers are on one machine, so `wall` is the same clock in each.
 */
(() => {
  const COLUMNS = 10;
  const ROWS = 4;
  const BITS = COLUMNS * ROWS; // 32 of the time in milliseconds, 8 to check them
  const [WIDTH, HEIGHT, RATE] = [640, 360, 15];
  const BEEP = 1000; // Hz; a tone of 440 Hz is always there, so that every gap is heard
  const wall = () => performance.timeOrigin + performance.now();
  const stamp = () => Number(BigInt(Math.floor(wall())) & 0xffffffffn);
  const check = (time) => ((time >>> 24) ^ (time >>> 16) ^ (time >>> 8) ^ time) & 255;
  const gathered = (pc) => new Promise((resolve) => {
    const look = () => pc.iceGatheringState === "complete" && resolve(pc.localDescription.sdp);
    pc.addEventListener("icegatheringstatechange", look);
    look();
  });
  const state = { frames: [], beeps: [], loudness: [] };
  let pc;

  /** Blocks of black and white above, grain below: nothing that an encoder gets for nothing. */
  function camera() {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [WIDTH, HEIGHT];
    const paint = canvas.getContext("2d", { alpha: false });
    const grain = document.createElement("canvas");
    [grain.width, grain.height] = [WIDTH / 4, HEIGHT / 8];
    const dust = grain.getContext("2d", { alpha: false });
    const points = dust.createImageData(grain.width, grain.height);
    const [w, h] = [WIDTH / COLUMNS, HEIGHT / 2 / ROWS];
    setInterval(() => {
      for (let i = 0; i < points.data.length; i += 4) {
        points.data.fill(90 + Math.random() * 70, i, i + 3);
        points.data[i + 3] = 255;
      }
      dust.putImageData(points, 0, 0);
      paint.drawImage(grain, 0, HEIGHT / 2, WIDTH, HEIGHT / 2);
      const time = stamp();
      for (let i = 0; i < BITS; i++) {
        const bit = i < 32 ? (time >>> i) & 1 : (check(time) >>> (i - 32)) & 1;
        paint.fillStyle = bit ? "#fff" : "#000";
        paint.fillRect((i % COLUMNS) * w, Math.floor(i / COLUMNS) * h, w, h);
      }
    }, 1000 / RATE);
    return canvas.captureStream(RATE).getVideoTracks()[0];
  }

  /** @returns {number | null} the time in the picture, null if it cannot be read */
  function timeIn(pixels, width, height) {
    const [w, h] = [width / COLUMNS, height / 2 / ROWS];
    let time = 0;
    let checked = 0;
    for (let i = 0; i < BITS; i++) {
      const x = Math.floor((i % COLUMNS + 0.5) * w);
      const y = Math.floor((Math.floor(i / COLUMNS) + 0.5) * h);
      const bit = pixels[(y * width + x) * 4 + 1] > 127 ? 1 : 0;
      if (i < 32) time += bit * 2 ** i;
      else checked |= bit << (i - 32);
    }
    return check(time >>> 0) === checked ? time : null;
  }

  async function microphone() {
    const context = new AudioContext({ sampleRate: 48000 });
    await context.resume();
    const out = context.createMediaStreamDestination();
    const tone = (frequency, volume) => {
      const [source, gain] = [context.createOscillator(), context.createGain()];
      source.frequency.value = frequency;
      gain.gain.value = volume;
      source.connect(gain).connect(out);
      source.start();
      return gain.gain;
    };
    tone(440, 0.1);
    const beep = tone(BEEP, 0);
    const next = () => {
      const now = wall();
      const second = Math.ceil(now / 1000 + 0.2) * 1000;
      const at = context.currentTime + (second - now) / 1000;
      beep.setValueAtTime(0.8, at);
      beep.setValueAtTime(0, at + 0.1);
      setTimeout(next, second - now + 200);
    };
    next();
    return out.stream.getAudioTracks()[0];
  }

  const EAR = `registerProcessor("ear", class extends AudioWorkletProcessor {
    constructor() { super(); this.n = this.energy = this.re = this.im = this.k = 0; this.on = false; this.part = []; }
    process([[samples]]) {
      for (let i = 0; i < (samples?.length ?? 128); i++) {
        const s = samples ? samples[i] : 0, angle = 2 * Math.PI * ${BEEP} * this.k++ / sampleRate;
        this.energy += s * s; this.re += s * Math.cos(angle); this.im += s * Math.sin(angle);
        if (++this.n < 480) continue;
        const on = 2 * Math.hypot(this.re, this.im) / 480 > 0.25;
        if (on && !this.on) this.port.postMessage({ beep: currentTime + i / sampleRate - 0.005 });
        this.on = on;
        this.part.push(Math.sqrt(this.energy / 480));
        this.n = this.energy = this.re = this.im = 0;
        if (this.part.length === 5) { this.port.postMessage({ loudness: Math.max(...this.part) }); this.part = []; }
      }
      return true;
    }
  });`;

  async function listen(track) {
    // Chromium decodes a remote sound only while an element plays it.
    const element = new Audio();
    Object.assign(element, { muted: true, autoplay: true, srcObject: new MediaStream([track]) });
    document.body.append(element);
    const context = new AudioContext({ sampleRate: 48000 });
    await context.resume();
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([EAR], { type: "text/javascript" })));
    const ear = new AudioWorkletNode(context, "ear");
    ear.port.onmessage = ({ data }) => {
      if (data.loudness !== undefined) return state.loudness.push([wall(), data.loudness]);
      const heard = wall() - (context.currentTime - data.beep) * 1000;
      state.beeps.push(heard % 1000);
    };
    context.createMediaStreamSource(new MediaStream([track])).connect(ear);
    ear.connect(context.destination);
  }

  function look(track) {
    const video = document.createElement("video");
    Object.assign(video, { muted: true, autoplay: true, playsInline: true, srcObject: new MediaStream([track]) });
    document.body.append(video);
    const [width, height] = [160, 90];
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height];
    const paint = canvas.getContext("2d", { willReadFrequently: true });
    const seen = () => {
      const now = stamp();
      paint.drawImage(video, 0, 0, width, height);
      const time = timeIn(paint.getImageData(0, 0, width, height).data, width, height);
      state.frames.push([wall(), time === null ? null : now - time]);
      video.requestVideoFrameCallback(seen);
    };
    video.requestVideoFrameCallback(seen);
  }

  function meet() {
    pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    pc.addEventListener("track", ({ track }) => (track.kind === "audio" ? listen(track) : look(track)));
  }

  window.quality = {
    /** @returns {Promise<string>} the offer of the speaking end: what the meeting's page sends at 640x360 */
    async speak() {
      meet();
      const sound = { direction: "sendonly", sendEncodings: [{ maxBitrate: 32_000 }] };
      const { codecs } = RTCRtpSender.getCapabilities("audio");
      const red = (/** @type {any} */ codec) => Number(codec.mimeType === "audio/red");
      // Each packet repeats the one before it, where the server takes that.
      pc.addTransceiver(await microphone(), sound).setCodecPreferences(codecs.sort((a, b) => red(b) - red(a)));
      pc.addTransceiver(camera(), { direction: "sendonly", sendEncodings: [
        { rid: "q", scaleResolutionDownBy: 2, maxBitrate: 150_000 },
        { rid: "h", scaleResolutionDownBy: 1, maxBitrate: 600_000 },
      ] });
      await pc.setLocalDescription();
      return gathered(pc);
    },
    /** @returns {Promise<string>} the offer of the listening end, where it is the one to offer */
    async attend() {
      meet();
      for (const kind of ["audio", "video"]) pc.addTransceiver(kind, { direction: "recvonly" });
      await pc.setLocalDescription();
      return gathered(pc);
    },
    state: () => pc.connectionState,
    /** Say that it is over: a server that has to find out goes on filling the line. */
    end: () => pc.close(),
    answered: (sdp) => pc.setRemoteDescription({ type: "answer", sdp }),
    /** @returns {Promise<string>} the answer of the listening end */
    async accept(sdp) {
      meet();
      await pc.setRemoteDescription({ type: "offer", sdp });
      await pc.setLocalDescription();
      return gathered(pc);
    },
    forget: () => Object.assign(state, { frames: [], beeps: [], loudness: [] }),
    async read() {
      const inbound = [...(await pc.getStats()).values()].filter((s) => s.type === "inbound-rtp" && s.kind === "audio");
      return { at: wall(), ...state, audio: inbound[0] ?? null };
    },
  };
})();
