/** What a screen reader says aloud when the meeting changes: sentences from two states. Pure but for the language. */

import { t } from "../text.js";
import { PARTS } from "./parts.js";
import { isClosed, isLost, missed, participant, roster } from "./state.js";

/** @typedef {import("./state.js").State} State */

/** @param {State} before @param {State} after @returns {string[]} */
function comings(before, after) {
  const said = [];
  for (const p of roster(after)) {
    const was = participant(before, p.id);
    if (p.id === after.you) continue;
    if (p.present && !was?.present) said.push(t("%(name)s đã vào phòng họp.", { name: p.name }));
    if (!p.present && was?.present) said.push(t("%(name)s đã rời phòng họp.", { name: p.name }));
    const lost = p.present && was?.present && !isLost(before, was) && isLost(after, p);
    if (lost && !missed(after).includes(p.id)) {
      said.push(t("%(name)s bị mất kết nối.", { name: p.name }));
    }
  }
  return said;
}

/** @param {State} before @param {State} after @returns {string[]} */
function meetingNews(before, after) {
  if (before.meeting?.state === after.meeting?.state) return [];
  if (before.meeting?.state === "adjourned" && after.meeting?.state === "open") return [t("Cuộc họp tiếp tục.")];
  if (after.meeting?.state === "open") return [t("Chủ trì đã khai mạc cuộc họp.")];
  if (after.meeting?.state === "adjourned") return [t("Cuộc họp tạm nghỉ.")];
  if (after.meeting?.state === "cancelled") return [t("Cuộc họp đã hủy.")];
  if (after.meeting?.state === "closed") return [t("Cuộc họp đã kết thúc.")];
  return [];
}

/**
 * The sentences for the step from `before` to `after`. The first welcome says nothing: the page itself has just
 * been read out. What ends with the meeting (people go, papers and windows close) is not told piece by piece.
 * @param {State} before @param {State} after @returns {string[]}
 */
export function news(before, after) {
  if (!before.welcomed || before === after) return [];
  if (isClosed(after)) return meetingNews(before, after);
  return [meetingNews, comings, ...PARTS.map((part) => part.news)].flatMap((tell) => tell?.(before, after) ?? []);
}

/** What is said aloud only, for it stays to be read. @param {State} before @param {State} after @returns {string[]} */
export function heard(before, after) {
  if (!before.welcomed || before === after || isClosed(after)) return [];
  return PARTS.flatMap((part) => part.heard?.(before, after) ?? []);
}
