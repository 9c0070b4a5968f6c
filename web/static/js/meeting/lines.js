/** How everybody's line is, as those who lead the meeting are told: a word for each person, and one for each commune. */

import { listed, t } from "../text.js";
import { isLost } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Participant} Participant */
/** @typedef {"good" | "fair" | "weak" | "lost"} Grade */
/** @typedef {{up: Grade | null, down: Grade | null, sound_only: boolean}} Line */

/** @type {readonly (Grade | null)[]} */
const WORST = ["lost", "weak", "fair", "good", null];

/** @param {(Grade | null)[]} grades @returns {Grade | null} */
function worst(grades) {
  return WORST.find((grade) => grades.includes(grade)) ?? null;
}

/** The worse direction; null: nothing is known, or nobody is there. @param {State} state @param {Participant} p */
export function gradeOf(state, p) {
  const line = state.lines[p.id];
  if (!line || !p.present) return null;
  return isLost(state, p) ? "lost" : worst([line.up, line.down]);
}

/** Whether `a` comes before `b` where the worst is first: a comparison for sort. @param {State} state */
export function worstFirst(state) {
  return (/** @type {Participant} */ a, /** @type {Participant} */ b) =>
    WORST.indexOf(gradeOf(state, a)) - WORST.indexOf(gradeOf(state, b));
}

/** @param {Grade} grade @returns {string} */
export function gradeName(grade) {
  return { good: t("tốt"), fair: t("vừa"), weak: t("yếu"), lost: t("mất kết nối") }[grade];
}

/** One person's line in a sentence; "" while nothing is known. @param {State} state @param {Participant} p */
export function lineSentence(state, p) {
  const grade = gradeOf(state, p);
  const line = state.lines[p.id];
  if (grade === null || grade === "good" || isLost(state, p)) return grade === "good" ? t("Đường truyền: tốt") : "";
  const words = [
    line.up ? t("gửi lên %(grade)s", { grade: gradeName(line.up) }) : "",
    line.down ? t("nhận về %(grade)s", { grade: gradeName(line.down) }) : "",
    line.sound_only ? t("chỉ còn tiếng") : "",
  ];
  return t("Đường truyền: %(what)s", { what: listed(words.filter(Boolean)) });
}

/**
 * Every commune with somebody whose line is known, by its worst line.
 * @param {State} state @param {boolean} sorted the worst first; else in the order of the sheet
 * @returns {{id: string, name: string, grade: Grade}[]}
 */
export function communes(state, sorted) {
  /** @type {Map<string, {id: string, name: string, grade: Grade}>} */
  const found = new Map();
  for (const p of state.participants) {
    const grade = gradeOf(state, p);
    if (grade === null || !p.unit) continue;
    const known = found.get(p.unit.id);
    found.set(p.unit.id, { ...p.unit, grade: /** @type {Grade} */ (known ? worst([known.grade, grade]) : grade) });
  }
  const all = [...found.values()];
  return sorted ? all.sort((a, b) => WORST.indexOf(a.grade) - WORST.indexOf(b.grade)) : all;
}
