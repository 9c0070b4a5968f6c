/** An annex in a draft: what it is called, and blocks of its own. */

import { make } from "../meeting/element.js";
import { t } from "../text.js";
import { adders } from "./adders.js";

/** @typedef {import("./blocks.js").Desk} Desk */

const LINE = 500;

/** The body of an annex; its blocks are drawn into its list by whoever draws lists. @param {Desk} desk @param {string} id */
export function annex(desk, id) {
  const kind = t("Loại văn bản kèm theo, ví dụ: Quy chế");
  return make("div", { class: "body" },
    make("label", {}, t("Tên phụ lục"), desk.fields.box(id, "title", { label: t("Tên phụ lục"), most: LINE })),
    make("details", { class: "more" }, make("summary", {}, t("Không phải phụ lục: quy chế, mẫu biểu ban hành kèm theo")),
      desk.fields.box(id, "name", { label: kind, most: LINE, hint: kind })),
    make("ol", { class: "blocks", "data-test": "annex-body", "aria-label": t("Nội dung phụ lục") }),
    make("p", { class: "adder", "data-adder": `${id}/body` }, make("span", { class: "soft", "aria-hidden": "true" }, t("Thêm:")),
      ...adders(desk, `${id}/body`, "annex", t("Phụ lục"), ["prose", "table", "conclusion"])));
}
