/** What the signing page tells: sentences come from the server, in data attributes of the place where they are told. */

export const form = /** @type {HTMLFormElement | null} */ (document.getElementById("signing"));
const told = document.getElementById("told");
const text = document.getElementById("told-text");
const bar = /** @type {HTMLProgressElement | null} */ (document.getElementById("told-bar"));
const results = document.getElementById("told-results");

/** What went wrong, as a sentence for the official. */
export class Refusal extends Error {}

/** @param {string} name of a data attribute */
export const sentence = (name) => told?.dataset[name] ?? "";

/** From now on it is told in this part of the page: below the button that was pressed. @param {HTMLElement} part */
export function at(part) {
  if (told.parentElement !== part) part.append(told);
}

/** Nothing moves where the sentence can be seen already. @param {string} what @param {boolean} [bad] */
export function tell(what, bad = false) {
  told.setAttribute("role", bad ? "alert" : "status");
  told.hidden = false;
  told.className = bad ? "notice bad" : "notice";
  text.textContent = what;
  if (bad) told.scrollIntoView({ block: "nearest" });
}

/** How it ended. @param {number} signed @param {number} of */
export function over(signed, of) {
  tell(sentence(signed === of ? "done" : signed ? "some" : "failed"), signed < of);
}

/** @param {number | null} done @param {number} [of] */
export function progress(done, of = 1) {
  bar.hidden = done === null;
  bar.max = of;
  bar.value = done ?? 0;
}

/**
 * Asks our server.
 * @param {string} path @param {Record<string, string>} fields @returns {Promise<any>} raises Refusal
 */
export async function ask(path, fields) {
  const body = new URLSearchParams({ csrf: form.dataset.csrf, ...fields });
  let answer = null;
  try {
    answer = await fetch(path, { method: "POST", body, headers: { Accept: "application/json" } });
  } catch {
    throw new Refusal(sentence("line"));
  }
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(found.message || sentence("line"));
  return found;
}

/** @returns {{ id: string, name: string }[]} the ticked documents */
export function ticked() {
  return [...form.querySelectorAll("input[type=checkbox]:checked")].map((box) => ({
    id: /** @type {HTMLInputElement} */ (box).name.replace("document.", ""),
    name: box.closest("label")?.querySelector("a")?.textContent ?? "",
  }));
}

/**
 * Does `work` for one after the other; one that fails stops none of the others.
 * @template T, R
 * @param {T[]} all @param {(one: T) => { id: string, name: string }} of @param {(one: T) => Promise<R>} work
 * @returns {Promise<{ one: T, made: R }[]>}
 */
export async function each(all, of, work) {
  const made = [];
  for (const [index, one] of all.entries()) {
    progress(index, all.length);
    try {
      made.push({ one, made: await work(one) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      result(of(one), error.message, false);
    }
  }
  progress(null);
  return made;
}

/** @param {{ id: string, name: string }} document_ @param {string} what @param {boolean} done */
export function result(document_, what, done) {
  const line = document.createElement("li");
  const link = document.createElement("a");
  link.href = `/desk/${document_.id}`;
  link.textContent = document_.name;
  line.dataset.state = done ? "done" : "failed";
  line.append(link, `: ${what}`);
  results.hidden = false;
  results.append(line);
}

/** @param {string | null} address of the page where the official looks and signs */
export function offer(address) {
  const link = /** @type {HTMLAnchorElement} */ (document.getElementById("told-page"));
  link.hidden = address === null;
  if (address !== null) {
    link.href = address;
    link.focus();
  }
}

/** No results yet. */
export function clear() {
  results.textContent = "";
  results.hidden = true;
}
