/** The devices of this machine: what was chosen the last time, and why there is no sound or picture, in words. */

import { t } from "../text.js";
import { inTab, keepInTab, keepOnMachine, onMachine } from "./memory.js";

/** @typedef {import("./capture.js").Capture} Capture */

const STORE = "giaoban.devices";

/**
 * What was chosen the last time: on this machine before joining, or in this window inside. Where nothing was, only who
 * chairs begins with an open microphone.
 * @param {{inside: boolean, chairs: boolean}} who inside: loaded anew in the room
 */
export function remembered({ inside, chairs }) {
  const { entering, chosen } = onMachine(STORE);
  const wanted = (inside ? inTab(STORE).wanted : null) ?? entering;
  const word = (/** @type {unknown} */ value) => (typeof value === "string" ? value : "");
  return {
    wanted: { audio: wanted?.audio ?? chairs, video: wanted?.video !== false },
    chosen: { audio: word(chosen?.audio), video: word(chosen?.video) },
    speaker: word(chosen?.speaker),
    first: chosen === undefined,
  };
}

/** @param {Capture} capture @param {string} speaker device id, "" for that of the machine */
export function remember(capture, speaker) {
  keepInTab(STORE, { wanted: capture.wanted });
  keepOnMachine(STORE, { ...onMachine(STORE), chosen: { ...capture.chosen, speaker } });
}

/** Whether it is on when one enters: chosen before joining. @param {"audio" | "video"} kind @param {boolean} on */
export function rememberEntering(kind, on) {
  const known = onMachine(STORE);
  keepOnMachine(STORE, { ...known, entering: { ...known.entering, [kind]: on } });
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
