/** Making and keeping page elements. */

const SVG = "http://www.w3.org/2000/svg";

/** @param {string} id @returns {any} the element that room.html promises */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`room.html lacks #${id}`);
  return found;
}

/**
 * A new element. Properties beginning with "on" are listeners, others attributes; null and false are left out.
 * @param {string} tag @param {Record<string, any>} properties @param {...(Node | string | null)} children
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A symbol of room.html. Decoration only: the text beside it says the same. @param {string} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** @param {Element} svg @param {string} name */
export function changeIcon(svg, name) {
  const use = svg.firstElementChild;
  if (use && use.getAttribute("href") !== `#i-${name}`) use.setAttribute("href", `#i-${name}`);
}

/** Set a text only when it is another one: a screen reader reads what is touched.
 * @param {Element} element @param {string} text */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A button of many that say the same: its name begins with what is to be seen on it, for those who speak to the machine
 * (WCAG 2.5.3), and ends with whom or what it is about. @param {Element} button @param {string} what */
export function about(button, what) {
  const name = `${button.textContent}: ${what}`;
  if (button.getAttribute("aria-label") !== name) button.setAttribute("aria-label", name);
}

/**
 * Make the children of `parent` one per item, in order. Elements are kept by key, so that focus, video and what is
 * being typed survive a change elsewhere in the list.
 * @template T
 * @param {Element} parent @param {T[]} items @param {(item: T) => string} key
 * @param {(item: T) => HTMLElement} create @param {(element: any, item: T) => void} update
 */
export function keep(parent, items, key, create, update) {
  const wanted = new Set(items.map(key));
  /** @type {Map<string | undefined, Element>} */
  const known = new Map();
  for (const child of [...parent.children]) {
    const id = /** @type {HTMLElement} */ (child).dataset.key;
    if (id !== undefined && wanted.has(id)) known.set(id, child);
    else child.remove();
  }
  let place = parent.firstElementChild;
  for (const item of items) {
    const id = key(item);
    const element = known.get(id) ?? create(item);
    /** @type {HTMLElement} */ (element).dataset.key = id;
    update(element, item);
    // Inserting an element where it already stands would stop its video and take its focus.
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
}

/** @param {string | null} date YYYY-MM-DD @returns {string} as an office writes it: 30/11/2026 */
export function officeDate(date) {
  return date ? date.split("-").reverse().join("/") : "";
}

/** The time of day in Viet Nam, whatever the machine's zone. @param {string | number} moment @returns {string} */
export function officeTime(moment) {
  return new Date(moment).toLocaleTimeString("en-GB", { timeZone: "Asia/Ho_Chi_Minh", hour: "2-digit", minute: "2-digit" });
}

/** Make the options of a select these, [value, words] each, with `value` chosen; nothing is touched that is so already.
 * @param {HTMLSelectElement} select @param {[string, string][]} wanted @param {string} value */
export function offer(select, wanted, value) {
  const known = [...select.options].map((one) => `${one.value} ${one.text}`).join("|");
  if (known !== wanted.map((one) => one.join(" ")).join("|")) {
    select.textContent = "";
    select.append(...wanted.map(([id, words]) => new Option(words, id)));
  }
  if (select.value !== value) select.value = value;
}
