/** The keyboard: one key an act, never while somebody writes or is asked something, and not at all if one likes. */

import { byId } from "./element.js";
import { keepOnMachine, onMachine } from "./memory.js";

/** A key presses the button that says so (aria-keyshortcuts), if it is there to be pressed. */
const BUTTONS = Object.freeze({ m: "mic", v: "camera", h: "hand", l: "layout", o: "options", "?": "help" });
const STORE = "giaoban.keys";

/** @param {import("./sheet.js").Sheet} sheet digits open its panels
 * @param {(kind: "audio" | "video", on: boolean) => void} turn the space bar, held, opens the microphone */
export function listenToKeys(sheet, turn) {
  listenToSpace(turn);
  const wanted = byId("keys-wanted"); // whoever speaks to the machine must not press keys by it (WCAG 2.1.4)
  wanted.checked = onMachine(STORE).off !== true;
  wanted.addEventListener("change", () => keepOnMachine(STORE, { off: !wanted.checked }));
  document.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing || !wanted.checked) return;
    if (target.closest("input, textarea, select, dialog, [contenteditable]")) return;
    if (document.body.dataset.phase !== "room") return;
    const key = event.key.toLowerCase();
    if (/^[1-9]$/.test(key)) sheet.focus(Number(key) - 1);
    if (!(key in BUTTONS)) return;
    const button = byId(BUTTONS[/** @type {keyof typeof BUTTONS} */ (key)]);
    if (!button.hidden) button.click();
  });
}

/**
 * Push to talk: while the space bar is held the microphone is on. Not on what the space bar presses itself, nor where
 * one writes; and whoever turns to another window has let go.
 * @param {(kind: "audio" | "video", on: boolean) => void} turn
 */
function listenToSpace(turn) {
  let held = false;
  const release = () => {
    if (held) turn("audio", false);
    held = false;
  };
  document.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.key !== " " || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (target.closest("input, textarea, select, button, a, summary, dialog, [contenteditable]")) return;
    if (document.body.dataset.phase !== "room" || byId("mic").hidden) return;
    event.preventDefault(); // the page would scroll
    if (event.repeat || held || byId("mic").dataset.on === "true") return;
    held = true;
    turn("audio", true);
  });
  document.addEventListener("keyup", (event) => event.key === " " && release());
  addEventListener("blur", release);
  document.addEventListener("visibilitychange", release);
}
