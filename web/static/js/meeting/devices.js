/** The check before joining: see oneself, hear that the microphone hears, choose devices. */

import { t } from "../text.js";
import { byId, make, say } from "./element.js";

/** @typedef {import("./capture.js").Capture} Capture */
/** @typedef {import("./capture.js").Kind} Kind */

const STORE = "giaoban.devices";
const KINDS = /** @type {const} */ (["audio", "video"]);

/** What was chosen the last time on this machine. Storage may be forbidden or hold anything. */
export function remembered() {
  let kept;
  try {
    kept = JSON.parse(localStorage.getItem(STORE) ?? "{}") ?? {};
  } catch {
    kept = {};
  }
  const word = (/** @type {unknown} */ value) => (typeof value === "string" ? value : "");
  return {
    wanted: { audio: kept.wanted?.audio !== false, video: kept.wanted?.video !== false },
    chosen: { audio: word(kept.chosen?.audio), video: word(kept.chosen?.video) },
  };
}

/** @param {Capture} capture */
export function remember(capture) {
  try {
    localStorage.setItem(STORE, JSON.stringify({ wanted: capture.wanted, chosen: capture.chosen }));
  } catch {
    // Private windows may refuse to store: then the choice is asked for again next time.
  }
}

/** Why there is no sound or picture of ours, and what to do; "" when all is well. @param {Capture} capture */
export function troubleSentence({ troubles, wanted }) {
  const both = troubles.audio !== null && troubles.video !== null;
  const cause = troubles.audio ?? (wanted.video ? troubles.video : null);
  if (cause === null) return "";
  if (cause === "insecure") {
    return t("Trình duyệt chỉ cho dùng micro và camera trên địa chỉ https. Vẫn vào họp để nghe và xem được.");
  }
  if (cause === "refused") {
    return t("Trình duyệt chưa được phép dùng micro, camera; cho phép ở biểu tượng cạnh địa chỉ trang. Vẫn vào họp được.");
  }
  if (cause === "busy") {
    return t("Micro hoặc camera đang được chương trình khác dùng: đóng rồi bấm thử lại. Vẫn vào họp được.");
  }
  if (both) return t("Không tìm thấy micro và camera trên máy này. Vẫn vào họp để nghe và xem được.");
  if (troubles.audio) return t("Không tìm thấy micro trên máy này. Vẫn vào họp được.");
  return t("Không tìm thấy camera trên máy này. Vẫn vào họp để nghe và nói được.");
}

/** What stands where the picture would be. @param {Capture} capture */
function darkness({ asking, troubles, wanted }) {
  if (asking) return t("Đang xin phép dùng micro và camera…");
  return wanted.video && troubles.video ? t("Không có hình") : t("Camera đang tắt");
}

/**
 * @param {HTMLSelectElement} select @param {MediaDeviceInfo[]} devices
 * @param {string} chosen @param {string} unnamed what to call a device without a name
 */
function showChoices(select, devices, chosen, unnamed) {
  const options = devices.map((device, at) =>
    make("option", { value: device.deviceId }, device.label || `${unnamed} ${at + 1}`));
  select.replaceChildren(...options);
  select.disabled = devices.length === 0;
  if (devices.length === 0) select.append(make("option", {}, t("Không có")));
  if (devices.some((device) => device.deviceId === chosen)) select.value = chosen;
}

/** The loudness of the microphone, shown in a <meter>, until stopped. */
class Level {
  /** @type {AudioContext | null} */ #context = null;
  /** @type {MediaStreamTrack | null} */ #track = null;
  /** @type {number | undefined} */ #timer;

  /** @param {HTMLMeterElement} meter */
  constructor(meter) {
    this.meter = meter;
  }

  /** @param {MediaStreamTrack | null} track null stops it */
  listen(track) {
    if (track === this.#track) return;
    this.#track = track;
    clearInterval(this.#timer);
    this.#context?.close();
    this.#context = null;
    this.meter.value = 0;
    if (!track || typeof AudioContext === "undefined") return;
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 1024;
    this.#context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      // -60 dB (a quiet room) to 0 dB on the whole width of the meter.
      this.meter.value = power > 0 ? Math.max(0, 1 + Math.log10(power) / 6) : 0;
    }, 100);
  }
}

export class DeviceCheck {
  /** @param {Capture} capture @param {() => void} joined */
  constructor(capture, joined) {
    this.capture = capture;
    this.level = new Level(byId("check-level"));
    byId("join").addEventListener("click", joined);
    byId("check-retry").addEventListener("click", () => capture.start());
    for (const kind of KINDS) {
      const toggle = byId(`check-${kind}`);
      toggle.checked = capture.wanted[kind];
      toggle.addEventListener("change", () => capture.turn(kind, toggle.checked));
      const select = byId(`check-${kind}-device`);
      select.addEventListener("change", () => capture.choose(kind, select.value));
    }
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.#list());
  }

  /** After each change of the capture. */
  show() {
    const { capture } = this;
    const preview = byId("check-preview");
    const track = capture.tracks.video;
    const shown = preview.srcObject?.getTracks()[0] ?? null;
    if (shown !== track) preview.srcObject = track ? new MediaStream([track]) : null;
    byId("check-dark").hidden = track !== null;
    say(byId("check-dark"), darkness(capture));
    for (const kind of KINDS) byId(`check-${kind}`).checked = capture.wanted[kind];
    this.level.listen(capture.wanted.audio ? capture.tracks.audio : null);
    const sentence = capture.asking ? "" : troubleSentence(capture);
    byId("check-trouble").hidden = sentence === "";
    say(byId("check-trouble-text"), sentence);
    remember(capture);
    if (!capture.asking) this.#list();
  }

  /** Free the preview and the meter: the meeting has its own picture. */
  close() {
    byId("check-preview").srcObject = null;
    this.level.listen(null);
  }

  async #list() {
    const devices = await this.capture.devices();
    const named = (/** @type {string} */ kind) => devices.filter((d) => d.kind === kind && d.deviceId !== "");
    const { tracks, chosen } = this.capture;
    const used = (/** @type {Kind} */ kind) => tracks[kind]?.getSettings().deviceId ?? chosen[kind];
    showChoices(byId("check-audio-device"), named("audioinput"), used("audio"), t("Micro"));
    showChoices(byId("check-video-device"), named("videoinput"), used("video"), t("Camera"));
  }
}
