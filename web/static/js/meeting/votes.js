/** Votes in words: their rules, their results. Pure but for the language. */

import { t } from "../text.js";

/** @typedef {import("./state.js").Vote} Vote */

export const CHOICES = /** @type {const} */ (["for", "against", "abstain"]);

/** @param {string | null} choice */
export function choiceName(choice) {
  if (choice === "for") return t("Tán thành");
  if (choice === "against") return t("Không tán thành");
  return choice === "abstain" ? t("Không có ý kiến") : t("Chưa biểu quyết");
}

/** @param {Vote} vote */
export function wayOf(vote) {
  return vote.rule.secret ? t("Bỏ phiếu kín") : t("Biểu quyết công khai");
}

/** How it is voted, and what it takes to pass. @param {Vote} vote */
export function ruleOf(vote) {
  return t("%(way)s. %(majority)s", { way: wayOf(vote), majority: majorityOf(vote) });
}

/** How many have not voted, of those who count; while the vote is open the server says it. @param {Vote} vote */
export function notVoted({ waiting, tally, outcome, cast }) {
  return waiting ?? Math.max(tally?.none ?? 0, (outcome?.present ?? 0) - cast);
}

/** What it takes to pass. @param {Vote} vote */
export function majorityOf(vote) {
  const sentences = {
    "half present": t("Cần quá nửa số đại biểu có mặt tán thành."),
    "half voting": t("Cần quá nửa số đại biểu đã biểu quyết tán thành."),
    "half members": t("Cần quá nửa tổng số đại biểu tán thành."),
    "two_thirds present": t("Cần ít nhất hai phần ba số đại biểu có mặt tán thành."),
    "two_thirds voting": t("Cần ít nhất hai phần ba số đại biểu đã biểu quyết tán thành."),
    "two_thirds members": t("Cần ít nhất hai phần ba tổng số đại biểu tán thành."),
  };
  return sentences[/** @type {keyof typeof sentences} */ (`${vote.rule.majority} ${vote.rule.base}`)] ?? "";
}

/** 75, or 66,7 as the reader writes it. @param {number} part @param {number} whole */
function percent(part, whole) {
  const share = whole === 0 ? 0 : (100 * part) / whole;
  return share.toLocaleString(document.documentElement.lang || "vi", { maximumFractionDigits: 1 });
}

/** @param {Vote} vote @returns {string} */
export function verdictOf({ outcome }) {
  if (outcome?.result === "no_quorum") return t("Biểu quyết không có giá trị");
  return outcome?.result === "passed" ? t("Được thông qua") : t("Không được thông qua");
}

/** Who counted though not there; "" if nobody. @param {Vote} vote */
function proxiesSentence({ rule, outcome }) {
  if (!outcome?.represented) return "";
  return rule.base === "present"
    ? t("Tính trên %(present)s đại biểu có mặt và %(represented)s đại biểu biểu quyết qua ủy quyền.", outcome)
    : t("Có %(represented)s đại biểu biểu quyết qua ủy quyền.", outcome);
}

/** By what a closed vote was decided as it was: all counts. @param {Vote} vote @returns {string} */
export function basisSentence(vote) {
  const { outcome, tally } = vote;
  if (!outcome || !tally) return "";
  if (outcome.result === "no_quorum") {
    return t("Có mặt %(present)s/%(members)s đại biểu, cần ít nhất %(quorum)s.", outcome);
  }
  const counts = t("Tán thành %(for)s, không tán thành %(against)s, không có ý kiến %(abstain)s, chưa biểu quyết %(none)s; cần ít nhất %(needed)s/%(eligible)s tán thành.",
    { ...outcome, ...tally, none: notVoted(vote) });
  return [counts, proxiesSentence(vote)].filter(Boolean).join(" ");
}

/** The result of a closed vote with its basis. @param {Vote} vote @returns {string} */
export function resultSentence(vote) {
  const { outcome, tally } = vote;
  if (!outcome || !tally) return "";
  if (outcome.result === "no_quorum") {
    return t("Có mặt %(present)s/%(members)s đại biểu, cần ít nhất %(quorum)s: biểu quyết không có giá trị.", outcome);
  }
  const values = { ...outcome, for: tally.for, percent: percent(tally.for, outcome.eligible) };
  const result = outcome.result === "passed"
    ? t("Có %(for)s/%(eligible)s đại biểu tán thành, đạt %(percent)s%, cần ít nhất %(needed)s: được thông qua.", values)
    : t("Có %(for)s/%(eligible)s đại biểu tán thành, đạt %(percent)s%, cần ít nhất %(needed)s: không được thông qua.",
        values);
  const quorum = outcome.quorum && t("Có mặt %(present)s/%(members)s đại biểu, cần ít nhất %(quorum)s.", outcome);
  return [result, proxiesSentence(vote), quorum].filter(Boolean).join(" ");
}
