/** What this machine remembers. Storage may be forbidden, full, or hold anything: then it is asked for again. */

/** @param {() => Storage} storage e.g. () => localStorage: even to look at it may be forbidden
 * @param {string} key @returns {any} an object, empty when nothing is known */
function recall(storage, key) {
  try {
    const kept = JSON.parse(storage().getItem(key) ?? "{}");
    return kept !== null && typeof kept === "object" ? kept : {};
  } catch {
    return {};
  }
}

/** @param {() => Storage} storage @param {string} key @param {object} value */
function keep(storage, key, value) {
  try {
    storage().setItem(key, JSON.stringify(value));
  } catch {
    // Private windows may refuse to store.
  }
}

/** The keys on this machine that begin so. @param {string} prefix @returns {string[]} */
export function knownOnMachine(prefix) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}

/** @param {string} key */
export function forgetOnMachine(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // Then nothing was kept there either.
  }
}

const machine = () => localStorage;
const tab = () => sessionStorage;

/** For all windows, until it is cleared. @param {string} key */
export const onMachine = (key) => recall(machine, key);
/** @param {string} key @param {object} value */
export const keepOnMachine = (key, value) => keep(machine, key, value);
/** For this window, through reloads and crashes. @param {string} key */
export const inTab = (key) => recall(tab, key);
/** @param {string} key @param {object} value */
export const keepInTab = (key, value) => keep(tab, key, value);
