/**
 * This page's place in the room, through reloads and crashes of its tab: a name of its own, by which the server knows
 * that it is the same page again, and whether it was inside. Another window never takes the name, though a duplicated
 * tab remembers it, too: the one that lives holds a lock on it.
 */

import { inTab, keepInTab } from "./memory.js";

const STORE = "giaoban.seat";
const RELEASE = { reload: 4000, other: 500 }; // ms that the page which was here before may take to let go: a busy machine's takes its time

/** @typedef {{page: string, inside: boolean}} Seat */

/** @param {string} room @returns {Promise<Seat>} */
export async function takeSeat(room) {
  const kept = inTab(STORE);
  const known = kept.room === room && typeof kept.page === "string" && /^[0-9a-f]{24}$/.test(kept.page);
  // Who comes by a link is asked about microphone and camera; who comes back is not.
  const back = ["reload", "back_forward"].includes(arrival());
  if (known && (await hold(kept.page))) return { page: kept.page, inside: back && kept.inside === true };
  const page = draw();
  await hold(page);
  keepInTab(STORE, { room, page, inside: false });
  return { page, inside: false };
}

/** @param {string} room @param {Seat} seat */
export function keepSeat(room, { page, inside }) {
  keepInTab(STORE, { room, page, inside });
}

/** @param {string} page @returns {Promise<boolean>} whether no other window has it; where that cannot be known, whether
 *   this one was just loaded anew */
function hold(page) {
  const { locks } = /** @type {any} */ (navigator);
  if (!locks) return Promise.resolve(arrival() === "reload");
  return new Promise((resolve) => {
    const limit = new AbortController();
    setTimeout(() => limit.abort(), arrival() === "reload" ? RELEASE.reload : RELEASE.other);
    locks
      .request(`giaoban.${page}`, { signal: limit.signal }, () => {
        resolve(true);
        return new Promise(() => undefined); // until this page ends
      })
      .catch(() => resolve(false));
  });
}

/** @returns {string} how this page was come to: navigate, reload, back_forward */
function arrival() {
  const [entry] = /** @type {any[]} */ (performance.getEntriesByType("navigation"));
  return entry?.type ?? "navigate";
}

/** @returns {string} 24 hexadecimal digits */
function draw() {
  const drawn = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(drawn, (octet) => octet.toString(16).padStart(2, "0")).join("");
}
