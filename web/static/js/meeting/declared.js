/** The line that a site declares: how much it carries, and how much data the meeting may use. Kept on this machine. */

import { t } from "../text.js";
import { ask } from "./dialogs.js";
import { byId, say } from "./element.js";
import { inTab, keepInTab, keepOnMachine, onMachine } from "./memory.js";

const STORE = "giaoban.line";
const USED = "giaoban.used";
const SOUND_ONLY = 64; // kbit/s, and all below
const MOST_MEGABYTES = 1_000_000;
const MEGABYTE = 1_000_000;

/** @typedef {{kbps: number | null, megabytes: number | null}} Declared */

/** @param {unknown} value @param {number} most @returns {number | null} */
function bounded(value, most) {
  const number = Number(value);
  return value !== null && value !== "" && Number.isInteger(number) && number >= 1 && number <= most ? number : null;
}

/** What was declared the last time on this machine. @returns {Declared} */
export function rememberedLine() {
  const kept = onMachine(STORE);
  return { kbps: bounded(kept.kbps, 1_000_000), megabytes: bounded(kept.megabytes, MOST_MEGABYTES) };
}

/** No picture is sent or received on such a line. @param {Declared} declared */
export function soundOnly({ kbps }) {
  return kbps !== null && kbps <= SOUND_ONLY;
}

/**
 * What holds once so much has been used: a cap that is spent leaves the voices, both ways.
 * @param {Declared} declared @param {number} used octets @returns {Declared}
 */
export function inForce(declared, used) {
  const { kbps, megabytes } = declared;
  if (megabytes === null || used < megabytes * MEGABYTE) return declared;
  return { kbps: Math.min(kbps ?? SOUND_ONLY, SOUND_ONLY), megabytes: null };
}

/** Why there is no picture, and the way back to it; "" while there are pictures.
 * @param {Declared} declared @param {number} used octets @returns {string} */
export function lineSentence(declared, used) {
  if (inForce(declared, used) !== declared) {
    return t("Đã dùng hết dung lượng đã khai: chỉ còn nghe và nói. Muốn có lại hình thì tăng giới hạn dữ liệu.");
  }
  if (!soundOnly(declared)) return "";
  return t("Đường truyền đã khai là chỉ nghe và nói, nên không gửi và không nhận hình. Muốn có hình thì chọn mức khác.");
}

/** The fields, which stand in the device check first and in a dialog of the room later. */
export class DeclaredLine {
  /** octets, of the meeting */ #used = 0;
  /** @type {string | undefined} */ #meeting;

  /** @param {(declared: Declared) => void} changed with what is in force */
  constructor(changed) {
    this.value = rememberedLine();
    this.changed = changed;
    const rate = byId("line-rate");
    const cap = byId("line-cap");
    rate.value = String(this.value.kbps ?? "");
    if (rate.selectedIndex < 0) rate.value = "";
    this._showCap();
    this._unfold(this.value.kbps !== null || this.value.megabytes !== null);
    for (const id of ["line", "line-change"]) {
      byId(id).addEventListener("click", async () => {
        await ask("line");
        if (!cap.validity.valid) this._showCap();
      });
    }
    for (const field of [rate, cap]) {
      field.addEventListener("change", () => {
        if (!this.valid()) return;
        this.value = { kbps: bounded(rate.value, 1_000_000), megabytes: bounded(cap.value, MOST_MEGABYTES) };
        keepOnMachine(STORE, this.value);
        this._tell();
      });
    }
  }

  /** Only voices from now on. */
  spare() {
    this._unfold(true);
    byId("line-rate").value = String(SOUND_ONLY);
    byId("line-rate").dispatchEvent(new Event("change"));
  }

  get inForce() {
    return inForce(this.value, this.#used);
  }

  /** Why there is no picture; "" while there are. */
  get sentence() {
    return lineSentence(this.value, this.#used);
  }

  /** Can what stands in the fields be meant? The browser says what cannot. @returns {boolean} */
  valid() {
    if (!byId("line-cap").validity.valid) this._unfold(true);
    return byId("line-cap").reportValidity();
  }

  /** From the device check into the room. */
  enter() {
    byId("line-place").append(byId("declared"));
    this._show();
  }

  /** So much has gone over the line. @param {string} meeting @param {number} octets */
  use(meeting, octets) {
    const before = soundOnly(this.inForce);
    if (meeting !== this.#meeting) this.#used = usedBefore(meeting);
    this.#meeting = meeting;
    this.#used += octets;
    keepInTab(USED, { meeting, octets: this.#used });
    if (soundOnly(this.inForce) !== before) this._tell();
    else this._show();
  }

  /** In the device check the fields are folded away until somebody wants them. @param {boolean} open */
  _unfold(open) {
    byId("declared-fold").open = open;
  }

  _tell() {
    this._show();
    this.changed(this.inForce);
  }

  _show() {
    const { sentence } = this;
    byId("line-word").hidden = sentence === "";
    say(byId("line-word-text"), sentence);
    const amount = (this.#used / MEGABYTE).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });
    say(byId("line-used"), t("Cuộc họp này đã dùng %(amount)s MB, cả gửi và nhận.", { amount }));
  }

  _showCap() {
    byId("line-cap").value = String(this.value.megabytes ?? "");
  }
}

/** What this window has used of the meeting before it was loaded again. @param {string} meeting @returns {number} octets */
function usedBefore(meeting) {
  const kept = inTab(USED);
  return kept.meeting === meeting && Number.isFinite(kept.octets) ? Math.max(0, kept.octets) : 0;
}
