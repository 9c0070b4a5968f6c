/** The bar: one's own microphone, camera and hand, and the way out. */

import { t } from "../../text.js";
import { byId, changeIcon, say } from "../element.js";
import { levelName } from "../quality.js";
import { interpretsInto, isClosed, may, me } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../parts.js").Local} Local */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "bar";

/** @param {HTMLElement} root @param {Actions} actions @returns {Part} */
export function mount(root, { act, turn, leave }) {
  let raised = false;
  byId("mic").addEventListener("click", () => turn("audio"));
  byId("camera").addEventListener("click", () => turn("video"));
  byId("hand").addEventListener("click", () => act(raised ? "hand.lower" : "hand.raise"));
  for (const id of ["leave", "waiting-leave"]) byId(id).addEventListener("click", leave);

  const render = (/** @type {State} */ state, /** @type {State} */ _before, /** @type {Local} */ local) => {
    root.hidden = isClosed(state);
    const sends = may(state, "media.state") && !isClosed(state);
    const interprets = interpretsInto(state, state.you) !== ""; // whose microphone goes to no one but a channel
    const kinds = /** @type {const} */ ([
      interprets ? ["mic", "audio", t("Tắt mic dịch"), t("Bật mic dịch")] : ["mic", "audio", t("Tắt mic"), t("Bật mic")],
      ["camera", "video", t("Tắt camera"), t("Bật camera")],
    ]);
    for (const [id, kind, off, on] of kinds) {
      const button = byId(id);
      button.hidden = !sends;
      button.dataset.on = String(local.on[kind]);
      changeIcon(button.querySelector("svg"), local.on[kind] ? id : `${id}-off`);
      say(button.querySelector(".label"), local.on[kind] ? off : on);
    }
    byId("mic").classList.toggle("interprets", interprets);
    byId("line").dataset.level = local.quality.level;
    say(byId("line").querySelector(".label"), levelName(local.quality.level));
    byId("quality-word").hidden = local.quality.sentence === "";
    say(byId("quality-text"), local.quality.sentence);
    const hand = byId("hand");
    raised = me(state)?.hand ?? false;
    hand.hidden = !may(state, "hand.raise") || isClosed(state);
    hand.dataset.on = String(raised);
    say(hand.querySelector(".label"), raised ? t("Hạ tay") : t("Giơ tay"));
    byId("listener").hidden = isClosed(state) || may(state, "media.state");
  };
  return { render };
}
