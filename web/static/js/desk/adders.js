/** The buttons that add a block at the end of a list. */

import { t } from "../text.js";
import { tool } from "./blocks.js";

/** @typedef {import("./blocks.js").Desk} Desk */

/** @param {number} count @returns {string[]} */
const ids = (count) => Array.from({ length: count }, () => `b${Math.random().toString(36).slice(2, 12)}`);

/** An article. Where others have titles so has this one; else it is run in before its paragraph (minutes/blocks.py).
 * @param {Desk} desk @param {string} list @param {string | null} after */
function article({ draft, fields, add }, list, after) {
  const titled = draft.standing(list).some((id) => draft.value(id, "level") === "article" && draft.text(id, "text").trim());
  const made = draft.together(() => {
    const heading = add(list, after, "prose", { values: { level: "article" } });
    return titled ? heading : add(list, heading, "prose", { values: { level: "0" } });
  });
  fields.focus(made);
}

/** What may be added to a list of blocks of these kinds: hook, words, what it does behind the last block.
 * @param {Desk} desk @param {string} list @param {string[]} kinds @returns {[string, string, (after: string | null) => void][]} */
function choices(desk, list, kinds) {
  const put = (/** @type {string} */ kind, /** @type {any} */ what) => (/** @type {string | null} */ after) =>
    desk.fields.focus(desk.add(list, after, kind, what));
  return kinds.flatMap((kind) => {
    switch (kind) {
      case "prose": return [
        [kind, t("Khoản (1.)"), put(kind, { values: { level: "1" } })],
        [kind, t("Đoạn văn"), put(kind, { values: { level: "0" } })],
        ["article", t("Điều"), (/** @type {string | null} */ after) => article(desk, list, after)],
        [kind, t("Mục"), put(kind, { values: { level: "section" } })],
      ];
      case "table": return [[kind, t("Bảng"), (/** @type {string | null} */ after) => put(kind, { values: {}, inner: { rows: ids(2), columns: ids(3) } })(after)]];
      case "annex": return [[kind, t("Phụ lục"), put(kind, { inner: { body: [] } })]];
      default: return [[kind, kind === "conclusion" ? t("Kết luận") : kind === "line" ? t("Dòng") : t("Đoạn"), put(kind, {})]];
    }
  });
}

/** @param {Desk} desk @param {string} list @param {string} part its name, for tests @param {string} label @param {string[]} kinds */
export function adders(desk, list, part, label, kinds) {
  return choices(desk, list, kinds).map(([hook, words, add]) => tool(words, `add-${part}-${hook}`, () => {
    const standing = desk.draft.standing(list);
    add(standing[standing.length - 1] ?? null);
  }, t("Thêm vào %(part)s: %(what)s", { part: label, what: words })));
}
