/** The pictures: one tile a participant, the speaker's large. */

import { t } from "../text.js";
import { changeIcon, icon, keep, make, say } from "./element.js";
import { large, onStage } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Participant} Participant */
/** @typedef {{audio: MediaStreamTrack | null, video: MediaStreamTrack | null}} Pair */

/** @param {string} role */
export function roleName(role) {
  const names = {
    chair: t("Chủ trì"),
    secretary: t("Thư ký"),
    delegate: t("Đại biểu"),
    viewer: t("Dự thính"),
    gateway: t("Điểm cầu"),
  };
  return names[/** @type {keyof typeof names} */ (role)] ?? role;
}

/** First letters of family and given name. @param {string} name */
function initials(name) {
  const words = name.trim().split(/\s+/);
  const ends = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return ends.map((word) => (word[0] ?? "").toUpperCase()).join("");
}

/** @param {Participant} p */
function createTile(p) {
  return make(
    "article",
    { class: "tile", "data-test": "tile", "data-participant": p.id },
    make("div", { class: "face", "aria-hidden": "true" }, initials(p.name)),
    make("video", { playsinline: true, autoplay: true, muted: true, "aria-hidden": "true", tabindex: "-1" }),
    make("audio", { autoplay: true }),
    make("p", { class: "marks" }, make("span", { class: "mark-floor" }, t("Đang phát biểu")),
      make("span", { class: "mark-hand" }, icon("hand"), make("span", { class: "words" }, t("Giơ tay"))),
      make("span", { class: "mark-lost" }, t("Mất kết nối"))),
    make("p", { class: "mark-mic" }, icon("mic"), make("span", { class: "unseen" })),
    make("p", { class: "caption" }, make("strong", { class: "name" }), make("span", { class: "unit" })),
  );
}

/** @param {HTMLElement} tile @param {string} part @returns {any} */
const part = (tile, part) => tile.querySelector(part);

export class Tiles {
  /** @type {string | null} */ #large = null;

  /**
   * @param {HTMLElement} stage @param {(tiles: Map<Element, string>) => void} shown called with the others' tiles
   * @param {() => void} silenced called when the browser refuses to play sound
   */
  constructor(stage, shown, silenced) {
    this.stage = stage;
    this.shown = shown;
    this.silenced = silenced;
  }

  /** @param {State} state @param {Record<string, Pair>} streams those who arrive @param {Pair} mine our own */
  show(state, streams, mine) {
    this.#large = large(state, this.#large);
    const update = (/** @type {HTMLElement} */ tile, /** @type {Participant} */ p) => {
      const own = p.id === state.you;
      const tracks = own ? { audio: null, video: mine.video } : (streams[p.id] ?? { audio: null, video: null });
      const seen = own ? mine.video !== null : p.video && p.connected && tracks.video !== null;
      this.#dress(tile, p, state, seen);
      this.#attach(part(tile, "video"), tracks.video);
      this.#attach(part(tile, "audio"), tracks.audio);
    };
    const people = onStage(state);
    this.stage.classList.toggle("alone", people.length === 1);
    keep(this.stage, people, (p) => p.id, createTile, update);
    const others = [...this.stage.children].filter((tile) => !tile.classList.contains("own"));
    this.shown(new Map(others.map((tile) => [tile, /** @type {HTMLElement} */ (tile).dataset.participant ?? ""])));
  }

  /** Try again after a click: now the browser lets us. */
  play() {
    const all = /** @type {NodeListOf<HTMLMediaElement>} */ (this.stage.querySelectorAll("audio, video"));
    for (const media of all) this.#play(media);
  }

  /** @param {HTMLElement} tile @param {Participant} p @param {State} state @param {boolean} seen */
  #dress(tile, p, state, seen) {
    const marks = {
      large: p.id === this.#large,
      seen,
      own: p.id === state.you,
      floor: state.floor.holder === p.id,
      speaking: state.speaker === p.id && p.audio,
      hand: p.hand,
      lost: !p.connected,
      quiet: !p.audio,
    };
    for (const [name, set] of Object.entries(marks)) tile.classList.toggle(name, set);
    const label = p.id === state.you ? t("%(name)s (tôi)", { name: p.name }) : p.name;
    say(part(tile, ".name"), label);
    const unit = p.unit?.name ?? "";
    const role = p.role === "delegate" ? p.title : roleName(p.role);
    const words = p.role === "delegate" ? [unit, role] : [role, unit];
    say(part(tile, ".unit"), words.filter(Boolean).join(" · "));
    changeIcon(part(tile, ".mark-mic svg"), p.audio ? "mic" : "mic-off");
    say(part(tile, ".mark-mic span"), p.audio ? t("Mic bật.") : t("Mic tắt."));
  }

  /** @param {HTMLMediaElement} media @param {MediaStreamTrack | null} track */
  #attach(media, track) {
    const stream = /** @type {MediaStream | null} */ (media.srcObject);
    if ((stream?.getTracks()[0] ?? null) === track) return;
    media.srcObject = track ? new MediaStream([track]) : null;
    if (track) this.#play(media);
  }

  /** @param {HTMLMediaElement} media */
  #play(media) {
    if (!media.srcObject) return;
    if (media instanceof HTMLVideoElement) media.muted = true; // the attribute alone has no effect on a made element
    media.play().catch((error) => {
      if (error.name === "NotAllowedError") this.silenced();
    });
  }
}
