/** Sound of this machine: how loud the microphone is, and a chime from the loudspeaker. */

const CHIME = Object.freeze([523.25, 659.25, 783.99]); // Hz: C5, E5, G5
const HEARD = 0.35; // of the meter: speech at a table, not the fan of the laptop

/** The loudness of the microphone, shown in a <meter>, until stopped. */
export class Level {
  /** @type {AudioContext | null} */ #context = null;
  /** @type {MediaStreamTrack | null} */ #track = null;
  /** @type {MediaStreamTrack | null} a twin that hears while the microphone is off for the meeting */ #ear = null;
  /** @type {number | undefined} */ #timer;

  /** @param {HTMLMeterElement} meter @param {() => void} heard called when something was heard for the first time */
  constructor(meter, heard) {
    this.meter = meter;
    this.heard = heard;
  }

  /** @param {MediaStreamTrack | null} track null stops it */
  listen(track) {
    if (track === this.#track) return;
    this.#track = track;
    clearInterval(this.#timer);
    if (this.#context) this.#context.close();
    this.#context = null;
    if (this.#ear) this.#ear.stop();
    this.#ear = null;
    this.meter.value = 0;
    if (!track || typeof AudioContext === "undefined") return;
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 1024;
    this.#ear = track.clone();
    this.#ear.enabled = true;
    this.#context.createMediaStreamSource(new MediaStream([this.#ear])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      // -60 dB (a quiet room) to 0 dB on the whole width of the meter.
      this.meter.value = power > 0 ? Math.max(0, 1 + Math.log10(power) / 6) : 0;
      if (this.meter.value > HEARD) this.heard();
    }, 100);
  }
}

/** Can a page choose where its sound comes out? Not on Android and not in Safari. */
export const choosesSpeaker = () => "setSinkId" in HTMLMediaElement.prototype;

/** @param {HTMLMediaElement} media @param {string} speaker device id, "" for that of the machine */
export async function playOn(media, speaker) {
  const chooser = /** @type {any} */ (media);
  if (!choosesSpeaker() || (chooser.sinkId ?? "") === speaker) return;
  try {
    await chooser.setSinkId(speaker);
  } catch {
    // It was unplugged: the machine's own goes on.
  }
}

/** Three tones, as the meeting's voices will come: through an <audio>. @param {string} speaker device id */
export async function chime(speaker) {
  const context = new AudioContext();
  const out = context.createMediaStreamDestination();
  CHIME.forEach((frequency, at) => {
    const from = context.currentTime + 0.1 + at * 0.28;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(0.25, from + 0.03);
    volume.gain.linearRampToValueAtTime(0, from + 0.45);
    tone.connect(volume).connect(out);
    tone.start(from);
    tone.stop(from + 0.5);
  });
  const audio = new Audio();
  audio.srcObject = out.stream;
  await playOn(audio, speaker);
  await audio.play();
  await new Promise((resolve) => setTimeout(resolve, 1300));
  audio.srcObject = null;
  context.close();
}
