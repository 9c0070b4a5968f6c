/** The blocks of a draft on the page: what each kind looks like, its tools and its keys. */

import { make, say } from "../meeting/element.js";
import { t } from "../text.js";

/** @typedef {import("./draft.js").Draft} Draft */
/** @typedef {import("./fields.js").Fields} Fields */

/** What a block may be, and how it is called. @returns {[string, string][]} */
export const levels = () => [
  ["0", t("Đoạn văn")], ["1", t("Khoản (1.)")], ["2", t("Điểm a)")],
  ["part", t("Phần")], ["chapter", t("Chương")], ["section", t("Mục")], ["article", t("Điều")],
];

const LINE = 500;
const PARAGRAPH = 10000;
/** @type {Record<string, number>} signs that a block of one short line takes */
const SHORT = { line: LINE, subject: LINE, code: 20, count: 6 };

/** @param {string} text @param {string} test @param {() => void} press @param {string} [words] that a screen reader says */
export const tool = (text, test, press, words) =>
  make("button", { type: "button", class: "tool", "data-test": test, title: words ?? null, "aria-label": words ?? null, onclick: press }, text);

/**
 * What the page does with blocks. `add`: a new one after another, of a kind, with a text that is there already.
 * @typedef {{draft: Draft, fields: Fields, changed: () => void, draw: () => void,
 *   add: (list: string, after: string | null, kind: string, given?: any) => string,
 *   drop: (block: string) => void, shift: (block: string, by: number) => void, say: (words: string) => void, remark: (block: string) => void,
 *   takeBack: (forward: boolean) => void, readonly shut: boolean}} Desk
 */

/** The body of a block, by its kind. @param {Desk} desk @param {string} id @param {string} kind @returns {HTMLElement} */
export function body(desk, id, kind) {
  const { fields } = desk;
  if (kind === "conclusion") return conclusion(desk, id);
  if (kind === "urgency" || kind === "circulation") return choice(desk, id, kind);
  if (kind === "course") {
    return make("div", { class: "body" },
      fields.box(id, "heading", { label: t("Đề mục"), most: LINE, hint: t("Đề mục") }),
      fields.box(id, "text", { label: t("Nội dung; cách một dòng trống giữa hai đoạn"), lines: true, most: 20 * PARAGRAPH }));
  }
  const most = SHORT[kind] ?? PARAGRAPH;
  const lines = kind === "subject" || !(kind in SHORT);
  return make("div", { class: "body" }, fields.box(id, "text", { label: t("Nội dung"), lines, most }));
}

/** @returns {Record<string, [string, string][]>} */
const choices = () => ({
  urgency: [["", t("Không")], ["urgent", t("Khẩn")], ["very_urgent", t("Thượng khẩn")], ["express", t("Hỏa tốc")]],
  circulation: [["", t("Không hạn chế")], ["return", t("Xem xong trả lại")], ["internal", t("Lưu hành nội bộ")]],
});

/** One of a few values. @param {Desk} desk @param {string} id @param {string} kind */
function choice({ draft, changed }, id, kind) {
  const select = make("select", { "data-value": "value", "data-test": kind, onchange: (/** @type {any} */ event) => {
    draft.set(id, "value", event.target.value);
    changed();
  } }, ...choices()[kind].map(([value, words]) => new Option(words, value)));
  return make("div", { class: "body" }, select);
}

/** @param {Desk} desk @param {string} id */
function conclusion({ draft, fields, changed }, id) {
  const deadline = /** @type {HTMLInputElement} */ (make("input", { type: "date", "data-value": "deadline", "data-test": "deadline", onchange: () => {
    draft.set(id, "deadline", deadline.value);
    changed();
  } }));
  const helper = /** @type {HTMLInputElement} */ (make("input", {
    list: "units", "aria-label": t("Thêm đơn vị phối hợp"), placeholder: t("Thêm đơn vị phối hợp"), "data-test": "co-unit", autocomplete: "off",
  }));
  const join = () => {
    const unit = helper.value.trim();
    if (!unit) return;
    const units = draft.text(id, "co_units").split("\n").filter((one) => one.trim());
    if (!units.includes(unit)) draft.type(id, "co_units", [...units, unit].join("\n"));
    helper.value = "";
    fields.draw(id, "co_units", []);
    changed();
  };
  helper.addEventListener("change", join);
  helper.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    join();
  });
  return make("div", { class: "body" },
    fields.box(id, "text", { label: t("Nội dung kết luận"), lines: true, most: PARAGRAPH, hint: t("Làm gì") }),
    make("div", { class: "facts-row" },
      make("label", {}, t("Đơn vị chủ trì"), fields.box(id, "owner_unit", { label: t("Đơn vị chủ trì"), most: LINE, list: "units" })),
      make("label", {}, t("Thời hạn"), deadline)),
    make("details", { class: "more" }, make("summary", {}, t("Phối hợp, nội dung họp")),
      make("label", {}, t("Đơn vị phối hợp (mỗi đơn vị một dòng)"), fields.box(id, "co_units", { label: t("Đơn vị phối hợp (mỗi đơn vị một dòng)"), lines: true, most: PARAGRAPH })),
      helper,
      make("label", {}, t("Từ nội dung họp"), fields.box(id, "item", { label: t("Từ nội dung họp"), most: LINE, list: "items" }))));
}

/** The frame of a block: its number, its body, its tools. @param {Desk} desk @param {string} id @param {HTMLElement} inside */
export function frame(desk, id, inside) {
  const { draft } = desk;
  const { kind } = draft.shape.items[id];
  const element = make("li", { class: `block ${kind}`, "data-test": "block", "data-block": id, draggable: false });
  const level = kind !== "prose" ? null : make("select", { "aria-label": t("Loại đoạn"), "data-value": "level", "data-test": "level", onchange: (/** @type {any} */ event) => {
    draft.set(id, "level", event.target.value);
    desk.changed();
    desk.draw();
  } }, ...levels().map(([value, words]) => new Option(words, value)));
  const grip = make("span", { class: "grip", title: t("Kéo để chuyển chỗ"), "aria-hidden": "true" }, "⠿");
  // Only by its grip: text in a box is to be marked by the mouse, not carried away.
  grip.addEventListener("pointerdown", () => { element.draggable = true; });
  element.addEventListener("dragend", () => { element.draggable = false; });
  element.append(
    make("div", { class: "margin" }, grip, make("span", { class: "label", "data-test": "label" })),
    inside,
    make("div", { class: "tools", role: "group", "aria-label": t("Việc với đoạn này") }, level,
      tool("↑", "up", () => desk.shift(id, -1), t("Chuyển lên")),
      tool("↓", "down", () => desk.shift(id, 1), t("Chuyển xuống")),
      tool("✕", "drop", () => desk.drop(id), t("Xóa")),
      tool(t("Ghi chú"), "remark", () => desk.remark(id)),
      make("span", { class: "here", "data-test": "here", hidden: true })));
  element.append(make("ul", { class: "remarks", hidden: true, "aria-label": t("Ghi chú bên lề"), "data-test": "remarks" }));
  return element;
}

/** What may have changed of a block that stands on the page.
 * @param {Desk} desk @param {HTMLElement} element @param {string} id @param {string} label its number
 * @param {string} name what a screen reader calls it, where that is more than its number */
export function refresh(desk, element, id, label, name) {
  const { draft } = desk;
  const { kind } = draft.shape.items[id];
  say(/** @type {Element} */ (element.querySelector(".label")), label);
  const level = draft.value(id, "level");
  if (kind === "prose") {
    element.dataset.level = level;
    element.querySelector("textarea")?.setAttribute("placeholder", level === "article" ? t("Tên điều, nếu có") : "");
  }
  refreshValues(desk, element, id);
  const text = element.querySelector("[data-field=text]");
  if (kind === "annex") element.querySelector("[data-field=title]")?.setAttribute("aria-label", `${t("Tên phụ lục")} ${label}`.trim());
  else if (text && kind !== "conclusion") text.setAttribute("aria-label", name || label ? name || t("Nội dung %(label)s", { label }) : t("Nội dung"));
}

/** The choices and dates of a block as they are now, but for the one in hand; those of an annex's own blocks are theirs.
 * @param {Desk} desk @param {HTMLElement} element @param {string} id */
export function refreshValues({ draft }, element, id) {
  for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (element.querySelectorAll("[data-value]"))) {
    if (/** @type {HTMLElement} */ (box.closest("[data-block]")).dataset.block !== id) continue;
    const value = draft.value(id, /** @type {string} */ (box.dataset.value));
    if (box.value !== value && document.activeElement !== box) box.value = value;
  }
}
