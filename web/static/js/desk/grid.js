/** A table in a draft: cells, and rows and columns that are added, moved and taken out. */

import { keep, make } from "../meeting/element.js";
import { t } from "../text.js";
import { tool } from "./blocks.js";

/** @typedef {import("./blocks.js").Desk} Desk */

const HEAD = "head";
const CELL = 10000;

/** @param {Desk} desk @param {string} id of the table */
export function grid(desk, id) {
  const { draft } = desk;
  const add = (/** @type {string} */ what, /** @type {string} */ kind) => {
    const ids = draft.standing(`${id}/${what}`);
    const made = desk.add(`${id}/${what}`, ids[ids.length - 1] ?? null, kind);
    const first = draft.standing(`${id}/columns`)[0];
    desk.fields.focus(id, what === "rows" ? `${made}.${first}` : `${HEAD}.${made}`);
  };
  return make("div", { class: "body" },
    make("div", { class: "cells", role: "group", "aria-label": t("Bảng") }, make("table", {}, make("thead"), make("tbody"))),
    make("p", { class: "grid-tools" },
      tool(t("Thêm dòng"), "add-row", () => add("rows", "row")),
      tool(t("Thêm cột"), "add-column", () => add("columns", "column"))));
}

/** Draw the rows and columns that there are now. @param {Desk} desk @param {HTMLElement} element @param {string} id */
export function refreshGrid(desk, element, id) {
  const { draft } = desk;
  const columns = draft.standing(`${id}/columns`);
  const rows = draft.standing(`${id}/rows`);
  const thead = /** @type {Element} */ (element.querySelector("thead"));
  const tbody = /** @type {Element} */ (element.querySelector("tbody"));
  const numbered = rows.map((row, at) => ({ row, at: at + 1 }));
  keep(thead, [{ row: HEAD, at: 0 }], ({ row }) => row, () => make("tr"), (line) => cells(desk, line, id, HEAD, 0, columns));
  keep(tbody, numbered, ({ row }) => row, () => make("tr"), (line, { row, at }) => cells(desk, line, id, row, at, columns));
}

/** @param {Desk} desk @param {Element} line @param {string} id @param {string} row @param {number} at @param {string[]} columns */
function cells(desk, line, id, row, at, columns) {
  const all = [...columns.map((column, index) => ({ column, index: index + 1 })), { column: "tools", index: 0 }];
  keep(line, all, ({ column }) => column, ({ column, index }) => {
    if (column === "tools") {
      const drop = row === HEAD ? null : tool("✕", "drop-row", () => desk.drop(row), t("Xóa dòng"));
      return make("td", { class: "side" }, drop);
    }
    const label = row === HEAD ? t("Tiêu đề cột %(column)s", { column: index }) : t("Dòng %(row)s, cột %(column)s", { row: at, column: index });
    const box = desk.fields.box(id, `${row}.${column}`, { label, lines: true, most: CELL });
    if (row !== HEAD) return make("td", {}, box);
    return make("th", { scope: "col" }, box, tool("✕", "drop-column", () => desk.drop(column), t("Xóa cột")));
  }, (cell, { column, index }) => {
    const box = cell.querySelector("textarea");
    if (box && column !== "tools") {
      box.setAttribute("aria-label", row === HEAD ? t("Tiêu đề cột %(column)s", { column: index }) : t("Dòng %(row)s, cột %(column)s", { row: at, column: index }));
    }
  });
}
