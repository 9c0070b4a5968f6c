/** Keys and dragging: how blocks are split, joined, moved and taken out without their buttons. */

/** @typedef {import("./blocks.js").Desk} Desk */

const CARRIED = "text/x-giaoban";

/** @param {HTMLElement} editing @param {Desk} desk @param {any[]} parts of the document */
export function listen(editing, desk, parts) {
  editing.addEventListener("keydown", (event) => keys(desk, parts, event));
  editing.addEventListener("dragstart", (event) => {
    const dragged = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest?.("[data-block]"));
    if (!dragged || !event.dataTransfer) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData(CARRIED, dragged.dataset.block ?? "");
  });
  editing.addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes(CARRIED)) event.preventDefault();
  });
  editing.addEventListener("drop", (event) => {
    const block = event.dataTransfer?.getData(CARRIED) ?? "";
    const onto = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("li[data-block]"));
    if (onto && dropped(desk, block, onto, event.clientY)) event.preventDefault();
  });
}

/** @param {Desk} desk @param {string} block @param {HTMLElement} onto @param {number} y @returns {boolean} */
function dropped({ draft, draw, changed }, block, onto, y) {
  const target = onto.dataset.block ?? "";
  const { items } = draft.shape;
  if (!items[block] || items[block].home !== items[target]?.home) return false;
  const { top, height } = onto.getBoundingClientRect();
  const ids = draft.standing(items[block].home).filter((id) => id !== block);
  const at = ids.indexOf(target) + (y > top + height / 2 ? 1 : 0);
  if (block !== target) draft.move(block, ids[at - 1] ?? null);
  draw();
  changed();
  return true;
}

/** Enter in a paragraph: what stands behind the caret becomes a block of its own.
 * @param {Desk} desk @param {HTMLTextAreaElement} box @param {string} block */
function split(desk, box, block) {
  const { draft, fields } = desk;
  const { home, kind } = draft.shape.items[block];
  const [head, tail] = [box.value.slice(0, box.selectionStart), box.value.slice(box.selectionEnd)];
  const level = draft.value(block, "level");
  const values = kind === "prose" ? { level: /^\d$/.test(level) ? level : "0" } : {};
  const made = draft.together(() => {
    draft.type(block, "text", head);
    return desk.add(home, block, kind, { values, ...(tail ? { texts: { text: tail } } : {}) });
  });
  fields.drawAll();
  fields.focus(made, "text", 0);
}

/** Backspace at the beginning: the block is joined to the one before it. @param {Desk} desk @param {string} block @returns {boolean} */
function join(desk, block) {
  const { draft, fields } = desk;
  const { home, kind } = draft.shape.items[block];
  const ids = draft.standing(home);
  const before = ids[ids.indexOf(block) - 1];
  const text = draft.text(block, "text");
  if (!before || draft.shape.items[before].kind !== kind) {
    if (text !== "" || ids.length < 2) return false;
    desk.drop(block);
    return true;
  }
  const at = draft.text(before, "text").length;
  draft.together(() => {
    draft.type(before, "text", draft.text(before, "text") + text);
    draft.remove(block);
  });
  desk.draw();
  fields.drawAll();
  desk.changed();
  fields.focus(before, "text", at);
  return true;
}

/** @param {Desk} desk @param {any[]} parts @param {KeyboardEvent} event */
function keys(desk, parts, event) {
  const { draft } = desk;
  if (event.isComposing || desk.shut) return;
  const command = event.ctrlKey || event.metaKey;
  if (command && !event.altKey && (event.key === "z" || event.key === "Z" || event.key === "y")) {
    event.preventDefault();
    desk.takeBack(event.key === "y" || event.shiftKey);
    return;
  }
  const box = /** @type {HTMLTextAreaElement} */ (event.target);
  const block = /** @type {HTMLElement | null} */ (box.closest?.("[data-block]"))?.dataset.block;
  if (!block || !draft.shape.items[block]) return;
  const single = parts.some((/** @type {any} */ part) => part.single && part.name === draft.shape.items[block].home);
  const cell = box.dataset?.field?.includes(".") ? /** @type {string} */ (box.dataset.field).split(".")[0] : "";
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown") && !single) {
    event.preventDefault();
    desk.shift(cell && draft.shape.items[cell] ? cell : block, event.key === "ArrowUp" ? -1 : 1);
    return;
  }
  if (command && event.key === "Delete" && !single) {
    event.preventDefault();
    desk.drop(block);
    return;
  }
  const { kind } = draft.shape.items[block];
  if (box.dataset?.field !== "text" || single || !["prose", "paragraph", "line"].includes(kind)) return;
  if (event.key === "Enter" && !event.shiftKey && !command) {
    event.preventDefault();
    split(desk, box, block);
  } else if (event.key === "Backspace" && box.selectionStart === 0 && box.selectionEnd === 0 && join(desk, block)) event.preventDefault();
}
