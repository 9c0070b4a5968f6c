/** The lobby as who waits in it sees it: what there is to know, and oneself. Nothing of the meeting is here. */

import { t } from "../text.js";
import { byId, officeTime, say } from "./element.js";

/** @typedef {{since: string, meeting: {title: string, state: string, starts_at: string}}} Waiting */

/** @param {Waiting} waiting */
function standing({ meeting }) {
  if (meeting.state === "open") return t("Cuộc họp đang diễn ra. Đang chờ chủ trì hoặc thư ký cho vào.");
  if (meeting.state === "adjourned") return t("Cuộc họp đang tạm nghỉ. Đang chờ chủ trì hoặc thư ký cho vào.");
  return t("Cuộc họp chưa khai mạc (dự kiến %(time)s). Đang chờ chủ trì hoặc thư ký cho vào.", { time: officeTime(meeting.starts_at) });
}

/** @param {import("./parts.js").Local} local */
export function showWaiting(local) {
  const preview = byId("waiting-preview");
  if (local.phase !== "lobby" || !local.waiting) {
    if (preview.srcObject) preview.srcObject = null;
    return;
  }
  const lost = t("Mất kết nối, đang nối lại…");
  say(byId("waiting-status"), local.line === "open" ? standing(local.waiting) : lost);
  say(byId("waiting-since"), t("Đợi từ %(time)s.", { time: officeTime(local.waiting.since) }));
}

/** @param {MediaStreamTrack | null} track our own picture */
export function showPreview(track) {
  const preview = byId("waiting-preview");
  if ((preview.srcObject?.getTracks()[0] ?? null) === track) return;
  preview.srcObject = track ? new MediaStream([track]) : null;
  byId("waiting-dark").hidden = track !== null;
}
