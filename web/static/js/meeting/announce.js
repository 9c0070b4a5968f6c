/** What a screen reader says aloud when the meeting changes: sentences from two states. Pure but for the language. */

import { t } from "../text.js";
import { may, myConsent, participant, roster } from "./state.js";

/** @typedef {import("./state.js").State} State */

/** @param {State} state @param {string | null} id */
function nameOf(state, id) {
  return participant(state, id)?.name ?? t("Một người dự họp");
}

/** @param {State} before @param {State} after @returns {string[]} */
function comings(before, after) {
  const said = [];
  for (const p of roster(after)) {
    const was = participant(before, p.id);
    if (p.id === after.you) continue;
    if (p.present && !was?.present) said.push(t("%(name)s đã vào phòng họp.", { name: p.name }));
    if (!p.present && was?.present) said.push(t("%(name)s đã rời phòng họp.", { name: p.name }));
    if (p.present && was?.present && was.connected && !p.connected) {
      said.push(t("%(name)s bị mất kết nối.", { name: p.name }));
    }
  }
  return said;
}

/** @param {State} before @param {State} after @returns {string[]} */
function floorNews(before, after) {
  const said = [];
  const { holder, queue } = after.floor;
  if (holder !== before.floor.holder) {
    if (holder === null) said.push(t("Phần phát biểu đã kết thúc."));
    else if (holder === after.you) said.push(t("Chủ trì mời đồng chí phát biểu. Hãy kiểm tra micro đã bật."));
    else said.push(t("%(name)s đang phát biểu.", { name: nameOf(after, holder) }));
  }
  if (may(after, "floor.give")) {
    for (const id of queue.filter((waiting) => !before.floor.queue.includes(waiting))) {
      said.push(t("%(name)s giơ tay xin phát biểu.", { name: nameOf(after, id) }));
    }
  }
  return said;
}

/** @param {State} before @param {State} after @returns {string[]} */
function voteNews(before, after) {
  const said = [];
  for (const vote of after.votes) {
    const was = before.votes.find((v) => v.id === vote.id);
    if (vote.state === "open" && !was) said.push(t("Mở biểu quyết: %(text)s", { text: vote.text }));
    if (vote.result && !was?.result) said.push(resultSentence(vote));
  }
  return said;
}

/** @param {State} before @param {State} after @returns {string[]} */
function meetingNews(before, after) {
  if (before.meeting?.state === after.meeting?.state) return [];
  if (after.meeting?.state === "open") return [t("Chủ trì đã khai mạc cuộc họp.")];
  if (after.meeting?.state === "closed") return [t("Cuộc họp đã kết thúc.")];
  return [];
}

/** @param {State} before @param {State} after @returns {string[]} */
function recordingNews(before, after) {
  if (before.recording.running === after.recording.running) return [];
  if (!after.recording.running) return [t("Đã dừng ghi hình, ghi âm.")];
  const said = [t("Cuộc họp bắt đầu được ghi hình, ghi âm.")];
  if (may(after, "recording.consent") && myConsent(after) === null) {
    said.push(t("Xin trả lời ở đầu trang: đồng chí có đồng ý cho ghi không?"));
  }
  return said;
}

/** The result of a closed vote with its basis, in words.
 * @param {import("./state.js").Vote} vote @returns {string} */
export function resultSentence(vote) {
  const values = { for: vote.tally.for, present: vote.basis?.present ?? vote.eligible };
  if (vote.result === "passed") {
    return t("Tán thành %(for)s/%(present)s người có mặt, quá nửa: được thông qua.", values);
  }
  return t("Tán thành %(for)s/%(present)s người có mặt, không quá nửa: không được thông qua.", values);
}

/**
 * The sentences for the step from `before` to `after`. The first welcome says nothing: the page itself has just
 * been read out.
 * @param {State} before @param {State} after @returns {string[]}
 */
export function news(before, after) {
  if (!before.welcomed || before === after) return [];
  return [meetingNews, recordingNews, comings, floorNews, voteNews].flatMap((part) => part(before, after));
}
