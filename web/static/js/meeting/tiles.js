/** One participant's tile: picture, sound, name with unit and role, and what is to be seen of them. */

import { t } from "../text.js";
import { changeIcon, icon, make, say } from "./element.js";
import { playOn } from "./loudness.js";
import { initials, roleName } from "./names.js";
import { interpretsInto, isLost } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Participant} Participant */
/** @typedef {{audio: MediaStreamTrack | null, video: MediaStreamTrack | null, screen?: MediaStreamTrack | null}} Pair */

/** @param {HTMLElement} tile @param {string} part @returns {any} */
const part = (tile, part) => tile.querySelector(part);

/** @param {Participant} p @param {boolean} bare without sound and without anything to press: for a second screen */
export function createTile(p, bare) {
  return make(
    "article",
    { class: "tile", "data-test": "tile", "data-participant": p.id },
    make("div", { class: "face", "aria-hidden": "true" }, initials(p.name)),
    make("video", { playsinline: true, autoplay: true, muted: true, "aria-hidden": "true", tabindex: "-1" }),
    bare ? null : make("audio", { autoplay: true }),
    make("p", { class: "marks" }, make("span", { class: "mark-floor" }, t("Đang phát biểu")),
      make("span", { class: "mark-speaks" }, t("Đang nói")),
      make("span", { class: "mark-hand" }, icon("hand"), make("span", { class: "words" }, t("Giơ tay"))),
      make("span", { class: "mark-interprets", "data-test": "mark-interprets" }, icon("languages"),
        make("span", { class: "what" }, `${t("Phiên dịch:")} `), make("span", { class: "into" })),
      make("span", { class: "mark-lost" }, t("Mất kết nối"))),
    make("p", { class: "mark-mic" }, icon("mic"), make("span", { class: "unseen" })),
    make("p", { class: "caption" }, make("strong", { class: "name" }), make("span", { class: "unit" })),
    bare ? null : make("button", { type: "button", class: "pin", "aria-pressed": "false", tabindex: "-1" }, icon("pin")),
  );
}

/** Role, title and unit, as far as they say something. @param {Participant} p @returns {string} */
export function capacity(p) {
  const words = p.role === "delegate" ? [p.unit?.name, p.title] : [roleName(p.role), p.unit?.name];
  return [...new Set(words.filter(Boolean))].join(" · "); // a guest of no unit is called so once
}

/**
 * @param {HTMLElement} tile @param {Participant} p @param {State} state
 * @param {{large: boolean, seen: boolean, pinned: boolean, own: boolean}} how
 */
export function dressTile(tile, p, state, { large, seen, pinned, own }) {
  const lost = isLost(state, p);
  const open = p.audio && !lost; // nobody hears a microphone whose line is lost
  const into = interpretsInto(state, p.id);
  const marks = {
    interprets: into !== "",
    large,
    seen,
    own,
    pinned,
    floor: state.floor.holder === p.id,
    speaking: state.speaker === p.id && open,
    hand: p.hand,
    lost,
    quiet: !open,
  };
  for (const [name, set] of Object.entries(marks)) tile.classList.toggle(name, set);
  say(part(tile, ".mark-interprets .into"), into);
  say(part(tile, ".name"), own ? t("%(name)s (tôi)", { name: p.name }) : p.name);
  say(part(tile, ".unit"), capacity(p));
  changeIcon(part(tile, ".mark-mic svg"), open ? "mic" : "mic-off");
  say(part(tile, ".mark-mic span"), open ? t("Mic bật.") : t("Mic tắt."));
  const pin = part(tile, ".pin");
  if (!pin) return;
  pin.setAttribute("aria-pressed", String(pinned));
  pin.setAttribute("aria-label", t("Ghim %(name)s lên hình lớn", { name: p.name }));
}

/**
 * @param {HTMLElement} tile @param {Pair} tracks @param {string} speaker device id
 * @param {() => void} silenced called when the browser refuses to play sound
 * @param {number} volume from 0 to 1
 */
export function attachTile(tile, tracks, speaker, silenced, volume = 1) {
  attach(part(tile, "video"), tracks.video, silenced);
  const audio = part(tile, "audio");
  if (!audio) return;
  attach(audio, tracks.audio, silenced);
  playOn(audio, speaker);
  if (/** @type {HTMLAudioElement} */ (audio).volume !== volume) /** @type {HTMLAudioElement} */ (audio).volume = volume;
}

/** @param {HTMLMediaElement} media @param {MediaStreamTrack | null} track @param {() => void} silenced */
function attach(media, track, silenced) {
  const stream = /** @type {MediaStream | null} */ (media.srcObject);
  if ((stream?.getTracks()[0] ?? null) === track) return;
  media.srcObject = track ? new MediaStream([track]) : null;
  if (track) play(media, silenced);
}

/** @param {HTMLMediaElement} media @param {() => void} silenced */
export function play(media, silenced) {
  if (!media.srcObject) return;
  if (media.tagName === "VIDEO") media.muted = true; // the attribute alone has no effect on a made element
  media.play().catch((error) => {
    if (error.name === "NotAllowedError") silenced();
  });
}
