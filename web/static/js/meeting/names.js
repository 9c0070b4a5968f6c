/** What people are called on the page. */

import { t } from "../text.js";
import { participant } from "./state.js";

/** @typedef {import("./state.js").State} State */

/** @param {string} role */
export function roleName(role) {
  const names = {
    chair: t("Chủ trì"),
    deputy: t("Phó chủ trì"),
    secretary: t("Thư ký"),
    clerk: t("Văn thư"),
    delegate: t("Đại biểu"),
    guest: t("Khách mời"),
    technician: t("Kỹ thuật"),
    viewer: t("Dự thính"),
    gateway: t("Điểm cầu"),
  };
  return names[/** @type {keyof typeof names} */ (role)] ?? role;
}

/** @param {number} ms @returns {string} m:ss */
export function lasting(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** First letters of family and given name. @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/);
  const ends = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return ends.map((word) => (word[0] ?? "").toUpperCase()).join("");
}

/** @param {State} state @param {string | null} id */
export function nameOf(state, id) {
  return participant(state, id)?.name ?? t("Một người dự họp");
}
