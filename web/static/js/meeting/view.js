/** The room as a whole: mounts the parts, shows them what has changed, and gives them what they want of the room. */

import { ask, dismiss, dismissAll } from "./dialogs.js";
import { Display, mountOptions } from "./display.js";
import { byId, make, say } from "./element.js";
import { showClosed, showEnding } from "./ending.js";
import { listenToKeys } from "./keys.js";
import { keepOnMachine, onMachine } from "./memory.js";
import { PARTS } from "./parts.js";
import { Sheet } from "./sheet.js";
import { showWaiting } from "./waiting.js";
import { Stage } from "./stage.js";
import { isClosed, START } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./parts.js").Local} Local */

const TOAST_TIME = 6000;
const LOOK = "giaoban.look";

export class View {
  /** @type {State} */ #shown = START;
  #phase = "";

  /**
   * @param {{act: (type: string, fields?: object) => Promise<boolean>, turn: (kind: "audio" | "video", on?: boolean) => void,
   *   share: (on: boolean) => void, tell: (type: string, fields: object) => void, leave: () => void, back: () => void,
   *   now: () => number,
   *   watchIn: (view: Window & typeof globalThis) => import("./watch.js").Watch, changed: () => void, desk: string}} given
   *   watchIn: what is seen in a window; changed: show again
   */
  constructor({ act, tell, share, turn, leave, back, now, watchIn, changed, desk }) {
    this.desk = desk;
    this.sheet = new Sheet(changed);
    this.stage = new Stage({
      root: byId("stage"),
      pager: byId("pager"),
      mode: onMachine(LOOK).mode === "grid" ? "grid" : "speaker",
      watch: watchIn(window),
      silenced: () => (byId("sound").hidden = false),
    });
    this.display = new Display({ watchIn, changed, now });
    const notice = (/** @type {string} */ sentence) => this.notice(sentence);
    const show = (/** @type {string} */ panel) => this.sheet.show(panel);
    const actions = Object.freeze({ act, tell, share, redraw: changed, ask, dismiss, notice, show, now, turn, leave });
    this.parts = PARTS.map((module) => ({ name: module.NAME, ...module.mount(byId(module.NAME), actions) }));
    byId("ended-back").addEventListener("click", back);
    byId("notice-close").addEventListener("click", () => this.notice(""));
    byId("sound").addEventListener("click", () => {
      byId("sound").hidden = true;
      this.stage.play();
    });
    const remember = (/** @type {string} */ mode) => keepOnMachine(LOOK, { mode });
    mountOptions({ stage: this.stage, display: this.display, remember, notice, changed });
    byId("options").addEventListener("click", () => ask("options"));
    byId("help").addEventListener("click", () => {
      dismiss("options");
      ask("help");
    });
    listenToKeys(this.sheet, turn);
  }

  /** @param {State} state @param {Local} local */
  show(state, local) {
    const closed = isClosed(state);
    const inside = local.phase === "room";
    byId("check").hidden = local.phase !== "check";
    byId("waiting").hidden = local.phase !== "lobby";
    byId("room").hidden = local.phase === "check" || local.phase === "lobby";
    byId("stage").hidden = !inside || closed;
    for (const id of ["panels", "tabs", "bar"]) byId(id).hidden = !inside || !state.welcomed;
    byId("ended").hidden = inside && !closed;
    showWaiting(local);
    if (!inside) showEnding(local.reason, local.said);
    else if (closed) showClosed(state, this.desk);
    this._enter(inside && closed ? "closed" : local.phase);
    this._renderParts(state, local, inside && state.welcomed);
    this.#shown = state;
  }

  /** @param {State} state @param {Local} local @param {boolean} within the head is there before the welcome, too */
  _renderParts(state, local, within) {
    /** @type {Record<string, import("./parts.js").Wish>} */
    const wishes = {};
    for (const part of this.parts) {
      if (within || part.name === "head") wishes[part.name] = part.render(state, this.#shown, local) ?? {};
    }
    if (!within) return;
    const closed = isClosed(state);
    this.sheet.render(wishes, closed);
    const shown = closed ? { ...state, participants: [] } : state;
    const claimed = closed ? null : (PARTS.map(({ NAME }) => wishes[NAME].stage).find(Boolean) ?? null);
    this.display.render(shown, local, claimed, wishes.result.result ?? null);
    this.stage.render(shown, local, claimed);
  }

  /** @param {string} phase check, room, closed (the meeting), ended (our part in it) */
  _enter(phase) {
    if (phase === this.#phase) return;
    this.#phase = phase;
    document.body.dataset.phase = phase;
    if (phase === "room") return;
    dismissAll();
    // Whoever reads with the keyboard or by ear must not be left on a button that has gone.
    if (phase === "lobby") byId("waiting-title").focus();
    else if (phase === "check") byId("check-title").focus({ preventScroll: true }); // the way in is the next stop
    else if (!byId("ended").hidden) byId("ended-title").focus();
  }

  /** Once a second. */
  tick() {
    for (const part of this.parts) part.tick?.();
    this.display.tick();
  }

  /** An error, until it is read or something else succeeds. @param {string} sentence "" takes it away */
  notice(sentence) {
    byId("notice").hidden = sentence === "";
    say(byId("notice-text"), sentence);
  }

  /** News for everybody, aloud and, if `shown`, for a moment on the screen. @param {string[]} sentences */
  announce(sentences, { shown = true } = {}) {
    for (const sentence of sentences) {
      const line = make(shown ? "p" : "div", {}, sentence);
      byId("live").append(line);
      setTimeout(() => line.remove(), TOAST_TIME);
    }
  }
}
