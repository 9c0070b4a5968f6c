/**
 * Brings a part of a page up to date. The page is not loaded anew for it: what stands beside the part, and what has been
 * opened, chosen or focused within, is as it was.
 */

/** @param {Element} details what tells it from others: the words on it */
const named = (details) => details.querySelector("summary")?.textContent?.trim() ?? "";

/** @param {Element} before @param {Element} after */
function carry(before, after) {
  const opened = new Set([...before.querySelectorAll("details[open]")].map(named));
  for (const details of after.querySelectorAll("details")) if (opened.has(named(details))) details.open = true;
  for (const field of /** @type {NodeListOf<HTMLSelectElement>} */ (before.querySelectorAll("select[id]"))) {
    const same = /** @type {HTMLSelectElement | null} */ (after.querySelector(`#${CSS.escape(field.id)}`));
    if (same) same.value = field.value;
  }
}

/** @param {Element} before @returns {(after: Element) => void} puts the focus where it was */
function focus(before) {
  const held = document.activeElement;
  if (!held || !before.contains(held)) return () => undefined;
  const alike = `${held.tagName.toLowerCase()}${held.id ? `#${CSS.escape(held.id)}` : ""}`;
  const words = held.textContent;
  return (after) => {
    const found = [...after.querySelectorAll(alike)].find((one) => one.textContent === words);
    /** @type {HTMLElement | undefined} */ (found)?.focus({ preventScroll: true });
  };
}

/**
 * @param {string} id of the part, in this page and in what the server makes of it now
 * @returns {Promise<boolean>} false when the line is away; whoever may no longer see the page is led on
 */
export async function renew(id) {
  let answer, text;
  try {
    answer = await fetch(location.href, { cache: "no-store" });
    text = await answer.text();
  } catch {
    return false;
  }
  const before = document.getElementById(id);
  const after = new DOMParser().parseFromString(text, "text/html").getElementById(id);
  if (!answer.ok || !before || !after) {
    location.reload();
    return true;
  }
  carry(before, after);
  const back = focus(before);
  before.replaceWith(after);
  back(after);
  return true;
}
