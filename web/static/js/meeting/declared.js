/** The line that a site declares: how much it carries, and how much data the meeting may use. Kept on this machine. */

import { byId } from "./element.js";

const STORE = "giaoban.line";
const SOUND_ONLY = 64; // kbit/s, and all below
const MOST_MEGABYTES = 1_000_000;

/** @typedef {{kbps: number | null, megabytes: number | null}} Declared */

/** @param {unknown} value @param {number} most @returns {number | null} */
function bounded(value, most) {
  const number = Number(value);
  return value !== null && value !== "" && Number.isInteger(number) && number >= 1 && number <= most ? number : null;
}

/** What was declared the last time on this machine. Storage may be forbidden or hold anything. @returns {Declared} */
export function rememberedLine() {
  try {
    const kept = JSON.parse(localStorage.getItem(STORE) ?? "{}") ?? {};
    return { kbps: bounded(kept.kbps, 1_000_000), megabytes: bounded(kept.megabytes, MOST_MEGABYTES) };
  } catch {
    return { kbps: null, megabytes: null };
  }
}

/** No picture is sent or received on such a line. @param {Declared} declared */
export function soundOnly({ kbps }) {
  return kbps !== null && kbps <= SOUND_ONLY;
}

/** The fields, which stand in the device check first and in a dialog of the room later. */
export class DeclaredLine {
  /** @param {(declared: Declared) => void} changed */
  constructor(changed) {
    this.value = rememberedLine();
    const rate = byId("line-rate");
    const cap = byId("line-cap");
    rate.value = String(this.value.kbps ?? "");
    if (rate.selectedIndex < 0) rate.value = "";
    cap.value = String(this.value.megabytes ?? "");
    const dialog = byId("line-dialog");
    byId("line").addEventListener("click", () => dialog.showModal());
    byId("line-done").addEventListener("click", () => dialog.close());
    for (const field of [rate, cap]) {
      field.addEventListener("change", () => {
        if (!cap.reportValidity()) return;
        this.value = { kbps: bounded(rate.value, 1_000_000), megabytes: bounded(cap.value, MOST_MEGABYTES) };
        this.#remember();
        changed(this.value);
      });
    }
  }

  /** From the device check into the room. */
  enter() {
    byId("line-place").append(byId("declared"));
  }

  #remember() {
    try {
      localStorage.setItem(STORE, JSON.stringify(this.value));
    } catch {
      // Private windows may refuse to store: then it is declared again next time.
    }
  }
}
