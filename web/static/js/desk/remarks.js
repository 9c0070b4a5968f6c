/** Remarks in the margin of blocks: written, read, and settled. */

import { keep, make, officeTime, say } from "../meeting/element.js";
import { t } from "../text.js";
import { tool } from "./blocks.js";

/** @typedef {{id: string, block: string, text: string, name: string, at: string, settled: string}} Remark */

/** @param {Element} list of one block @param {Remark[]} remarks @param {(id: string) => void} resolve */
export function drawRemarks(list, remarks, resolve) {
  const shown = remarks.filter((one) => !one.settled);
  /** @type {HTMLElement} */ (list).hidden = shown.length === 0;
  keep(list, shown, ({ id }) => id, ({ id }) => make("li", {}, make("b"), make("span", { class: "words" }), tool("✓", "resolve", () => resolve(id), t("Đã xử lý ghi chú này"))), (element, one) => {
    say(element.querySelector("b"), t("%(name)s, %(clock)s:", { name: one.name, clock: officeTime(one.at) }));
    say(element.querySelector(".words"), ` ${one.text} `);
  });
}
