/** The check before joining: see oneself, hear and be heard, choose devices, and look at the line. */

import { t } from "../text.js";
import { remember, rememberEntering, troubleSentence } from "./devices.js";
import { byId, make, say } from "./element.js";
import { figures, grade, gradeSentence, measure } from "./linecheck.js";
import { chime, choosesSpeaker, Level } from "./loudness.js";

/** @typedef {import("./capture.js").Capture} Capture */
/** @typedef {import("./capture.js").Kind} Kind */

const KINDS = /** @type {const} */ (["audio", "video"]);

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
  select.textContent = "";
  select.append(...options);
  select.disabled = devices.length === 0;
  if (devices.length === 0) select.append(make("option", {}, t("Không có")));
  if (devices.some((device) => device.deviceId === chosen)) select.value = chosen;
}

export class DeviceCheck {
  #line = new AbortController();

  /**
   * @param {Capture} capture
   * @param {{speaker: string, changed: () => void, address: string, join: () => void, spare: () => void,
   *   thrifty: boolean, first: boolean}} given speaker: the remembered one; first: nobody has joined from here yet;
   *   changed: another speaker is chosen; address: of the server's line check; spare: choose sound only; thrifty: a line of
   *   which little is to be used is not looked at unasked
   */
  constructor(capture, { speaker, first, changed, address, join, spare, thrifty }) {
    this.capture = capture;
    this.heard = false;
    this.speaker = speaker;
    this.address = address;
    this.level = new Level(byId("check-level"), () => this._heard());
    byId("join").addEventListener("click", join);
    byId("check-retry").addEventListener("click", () => capture.start());
    byId("check-chime").addEventListener("click", () => this._chime());
    byId("check-line").addEventListener("click", () => this._measure());
    byId("check-spare").addEventListener("click", () => {
      spare();
      byId("check-spare").hidden = true;
      byId("line-rate").focus();
    });
    for (const kind of KINDS) {
      const toggle = byId(`check-${kind}`);
      toggle.checked = capture.wanted[kind];
      toggle.addEventListener("change", () => {
        rememberEntering(kind, toggle.checked);
        capture.turn(kind, toggle.checked);
      });
      const select = byId(`check-${kind}-device`);
      select.addEventListener("change", () => capture.choose(kind, select.value));
    }
    const sink = byId("check-speaker-device");
    sink.addEventListener("change", () => {
      this.speaker = sink.value;
      remember(capture, this.speaker);
      changed();
      if (!byId("check").hidden) this._chime();
    });
    byId("check-speaker-choice").hidden = !choosesSpeaker();
    byId("check-guide").open = first && matchMedia("(min-width: 48rem)").matches;
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this._list());
    this._list();
    if (!thrifty) this._measure();
    byId("join").disabled = false; // until now nobody would have heard it pressed
    byId("check-loading").hidden = true;
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
    if (this.heard) this._heard();
    this.level.listen(capture.tracks.audio);
    const sentence = capture.asking ? "" : troubleSentence(capture);
    byId("check-trouble").hidden = sentence === "";
    say(byId("check-trouble-text"), sentence);
    remember(capture, this.speaker);
    if (!capture.asking) this._list();
  }

  /** The microphone works; whether the others are to hear it is another question. */
  _heard() {
    this.heard = true;
    const off = t("Micro nghe rõ, nhưng đang để tắt khi vào họp.");
    say(byId("check-heard"), this.capture.wanted.audio ? t("Micro nghe rõ.") : off);
  }

  /** Free the preview, the meter and the line: the meeting needs them. */
  close() {
    this.#line.abort();
    byId("check-preview").srcObject = null;
    this.level.listen(null);
    byId("options-devices").append(byId("check-devices"), byId("check-speaker"));
  }

  async _chime() {
    const said = byId("check-chimed");
    say(said, t("Đang phát ba tiếng chuông…"));
    try {
      await chime(this.speaker);
      say(said, t("Không nghe thấy chuông thì kiểm tra loa, tai nghe và âm lượng."));
    } catch {
      say(said, t("Trình duyệt không phát được âm thanh."));
    }
  }

  async _measure() {
    const button = byId("check-line");
    if (button.disabled) return;
    button.disabled = true;
    byId("check-spare").hidden = true;
    say(byId("check-figures"), "");
    say(byId("check-verdict"), t("Đang đo đường truyền…"));
    byId("check-verdict").dataset.grade = "";
    try {
      const measured = await measure(this.address, this.#line.signal);
      const verdict = grade(measured);
      say(byId("check-verdict"), gradeSentence(verdict));
      byId("check-verdict").dataset.grade = verdict;
      say(byId("check-figures"), measured ? figures(measured) : "");
      byId("check-spare").hidden = verdict !== "voice" || byId("line-rate").value === "64";
    } catch {
      return; // joined meanwhile
    } finally {
      button.disabled = false;
    }
  }

  async _list() {
    const devices = await this.capture.devices();
    const named = (/** @type {string} */ kind) => devices.filter((d) => d.kind === kind && d.deviceId !== "");
    const { tracks, chosen } = this.capture;
    const used = (/** @type {Kind} */ kind) => tracks[kind]?.getSettings().deviceId ?? chosen[kind];
    showChoices(byId("check-audio-device"), named("audioinput"), used("audio"), t("Micro"));
    showChoices(byId("check-video-device"), named("videoinput"), used("video"), t("Camera"));
    showChoices(byId("check-speaker-device"), named("audiooutput"), this.speaker, t("Loa"));
  }
}
