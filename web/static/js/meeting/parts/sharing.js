/** A shared screen: one's own is shared and ended here; somebody else's stands on the stage. */

import { t } from "../../text.js";
import { make, say } from "../element.js";
import { nameOf } from "../names.js";
import { canShare } from "../sharing.js";
import { isOpen, may, screenOf } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../parts.js").Local} Local */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "share";

/** @param {State} before @param {State} after @returns {string[]} */
export function news(before, after) {
  const [was, now] = [before.sharing.by, after.sharing.by];
  if (!before.welcomed || was === now) return [];
  if (now === null) return [t("Đã dừng chia sẻ màn hình.")];
  return [now === after.you ? t("Mọi người đang thấy màn hình của đồng chí.") : t("%(name)s chia sẻ màn hình.", { name: nameOf(after, now) })];
}

/** @param {HTMLElement} button @param {Actions} actions @returns {Part} */
export function mount(button, { act, share }) {
  let shares = false;
  button.addEventListener("click", () => share(!shares));
  const video = /** @type {HTMLVideoElement} */ (make("video", { playsinline: true, autoplay: true, muted: true, "data-test": "screen-video" }));
  const name = make("span", { class: "screen-name" });
  const end = make("button", { type: "button", class: "small", "data-test": "screen-end", onclick: () => act("share.stop") },
    t("Dừng chia sẻ"));
  const full = make("button", { type: "button", class: "small", onclick: () => video.requestFullscreen?.() }, t("Toàn màn hình"));
  const view = make("section", { class: "screen-view", "data-test": "screen-view" }, video, make("p", { class: "screen-foot" }, name, full, end));

  const render = (/** @type {State} */ state, /** @type {State} */ _before, /** @type {Local} */ local) => {
    shares = local.screen;
    button.hidden = !canShare() || !may(state, "share.start") || !isOpen(state);
    button.dataset.on = String(shares);
    say(/** @type {Element} */ (button.querySelector(".label")), shares ? t("Dừng") : t("Chia sẻ"));
    button.setAttribute("aria-label", shares ? t("Dừng chia sẻ màn hình") : t("Chia sẻ màn hình"));
    const by = screenOf(state, false);
    const track = by === null ? null : (local.streams[by]?.screen ?? null);
    attach(track);
    if (by === null) return {};
    view.dataset.watch = `${by}:screen`;
    const words = { name: nameOf(state, by) };
    say(name, track ? t("Màn hình của %(name)s", words) : t("Đang chờ màn hình của %(name)s…", words));
    view.setAttribute("aria-label", t("Màn hình của %(name)s", words));
    end.hidden = !may(state, "mic.hush");
    return { stage: view };
  };

  const attach = (/** @type {MediaStreamTrack | null} */ track) => {
    const stream = /** @type {MediaStream | null} */ (video.srcObject);
    if ((stream?.getTracks()[0] ?? null) === track) return;
    video.srcObject = track ? new MediaStream([track]) : null;
    video.muted = true;
    if (track) video.play().catch(() => {});
  };
  return { render };
}
