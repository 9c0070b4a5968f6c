/**
 * The codes of one's own secret ballots: drawn here, kept by this browser tab alone, so that a reload does not lose them
 * and nobody who opens the browser tomorrow finds them. With its code one finds one's ballot in the result.
 */

/** Crockford's base 32: no letter that is read for another. 32 divides 256: each is as likely as the others. */
const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 12;
const FILL = 8;

/** @typedef {{code: string, choice: string}} Kept */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Vote} Vote */

/** @param {State} state @param {Vote} vote @param {string} whose a person's id */
const place = (state, vote, whose) => ["ballot", state.meeting?.id, vote.id, vote.round, whose].join(" ");

/** @returns {string} */
export function draw() {
  return Array.from(crypto.getRandomValues(new Uint8Array(LENGTH)), (octet) => LETTERS[octet % 32]).join("");
}

/** In groups, to be read and copied. @param {string} code */
export function grouped(code) {
  return (code.match(/.{1,4}/g) ?? []).join("-");
}

/** What makes the ballot as long as any other, whose length is seen on the line. @param {string} choice */
export function fill(choice) {
  return " ".repeat(FILL - choice.length);
}

/** @param {State} state @param {Vote} vote @param {string} whose @param {Kept} kept */
export function keepCode(state, vote, whose, kept) {
  try {
    sessionStorage.setItem(place(state, vote, whose), JSON.stringify(kept));
  } catch {
    // Storage may be forbidden: the ballot counts all the same, only a reload loses its code.
  }
}

/** @param {State} state @param {Vote} vote @param {string} whose @returns {Kept | null} */
export function keptCode(state, vote, whose) {
  try {
    return JSON.parse(sessionStorage.getItem(place(state, vote, whose)) ?? "null");
  } catch {
    return null;
  }
}
