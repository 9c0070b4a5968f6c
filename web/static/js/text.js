/**
 * The reader's language. The server puts the catalogue (Vietnamese msgid -> translation) into
 * `<script type="application/json" id="strings">`; what is missing there is shown in Vietnamese.
 */

/** @type {Record<string, string>} */
const strings = readStrings();

function readStrings() {
  const block = typeof document === "undefined" ? null : document.getElementById("strings");
  if (!block) return {};
  try {
    const parsed = JSON.parse(block.textContent || "{}");
    return parsed && typeof parsed === "object" ? parsed : {};
  } catch {
    return {};
  }
}

/** @param {object} thing @param {string} name */
const own = (thing, name) => Object.prototype.hasOwnProperty.call(thing, name);

/**
 * The translation of `msgid`, with each `%(name)s` replaced by `values.name`.
 * @param {string} msgid
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function t(msgid, values = {}) {
  const text = own(strings, msgid) && strings[msgid] ? strings[msgid] : msgid;
  return text.replace(/%\((\w+)\)s/g, (whole, name) => (own(values, name) ? String(values[name]) : whole));
}

/** Words one after the other in a sentence, as the reader's language divides them. @param {string[]} words */
export function listed(words) {
  return words.join(t(", "));
}
