/**
 * The room's questions: dialogs/NAME.html is `<dialog id="NAME-dialog"><form method="dialog">` with buttons that have
 * values. The browser keeps the focus within, gives it back, and closes on Escape.
 */

import { byId } from "./element.js";

/** @param {string} name @returns {HTMLDialogElement} */
const find = (name) => byId(`${name}-dialog`);

/** @param {string} name @returns {Promise<string>} the value of the button pressed; "" when it was dismissed */
export function ask(name) {
  const dialog = find(name);
  if (dialog.open) return Promise.resolve("");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}

/** Its question has lost its sense. @param {string} name */
export function dismiss(name) {
  if (find(name).open) find(name).close();
}

export function dismissAll() {
  for (const dialog of document.querySelectorAll("dialog[open]")) /** @type {HTMLDialogElement} */ (dialog).close();
}
