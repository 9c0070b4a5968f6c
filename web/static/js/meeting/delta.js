/**
 * Changes of a text that several people write at once: rooms/delta.py does the same and says more. A delta is a list that
 * goes through the text: a positive number leaves so many characters, a negative one deletes, a string is put in.
 * Characters are code points, so texts are arrays of them here.
 *
 * @typedef {(number | string)[]} Delta
 */

/** @param {string} text */
export const points = (text) => Array.from(text);

/** Neighbours of one kind as one, and what is put in before what is deleted. @param {Delta} parts @returns {Delta} */
export function shortest(parts) {
  /** @type {Delta} */
  const found = [];
  for (const part of parts) {
    if (part === 0 || part === "") continue;
    const at = found.length - 1;
    const last = found[at];
    if (typeof part === "string") {
      if (typeof last === "string") found[at] = last + part;
      else if (typeof last === "number" && last < 0) {
        if (typeof found[at - 1] === "string") found[at - 1] += part;
        else found.splice(at, 0, part);
      } else found.push(part);
    } else if (typeof last === "number" && last > 0 === part > 0) found[at] = last + part;
    else found.push(part);
  }
  return found;
}

/** @param {Delta} delta how long the text is that it changes */
export function before(delta) {
  return delta.reduce((/** @type {number} */ sum, part) => sum + (typeof part === "number" ? Math.abs(part) : 0), 0);
}

/** @param {string} text @param {Delta} delta @returns {string} */
export function apply(text, delta) {
  const letters = points(text);
  if (before(delta) !== letters.length) throw new RangeError("the delta belongs to another text");
  const found = [];
  let at = 0;
  for (const part of delta) {
    if (typeof part === "string") found.push(part);
    else if (part > 0) found.push(letters.slice(at, (at += part)).join(""));
    else at -= part;
  }
  return found.join("");
}

/** A reader of parts, of which a piece can be taken. @param {Delta} delta */
function reader(delta) {
  let at = 0;
  let part = /** @type {number | string | undefined} */ (delta[0]);
  return {
    get part() { return part; },
    next() { part = delta[++at]; },
    /** @param {number} count */
    take(count) {
      const left = /** @type {number} */ (part) - Math.sign(/** @type {number} */ (part)) * count;
      if (left === 0) this.next();
      else part = left;
    },
  };
}

/** `a` for the text that `b` has changed; `first`: what both put in at one place, a's comes first.
 * @param {Delta} a @param {Delta} b @param {boolean} first @returns {Delta} */
export function transform(a, b, first) {
  if (before(a) !== before(b)) throw new RangeError("not two changes of one text");
  const mine = reader(a);
  const theirs = reader(b);
  /** @type {Delta} */
  const found = [];
  while (mine.part !== undefined || theirs.part !== undefined) {
    if (typeof mine.part === "string" && (first || typeof theirs.part !== "string")) {
      found.push(mine.part);
      mine.next();
    } else if (typeof theirs.part === "string") {
      found.push(points(theirs.part).length);
      theirs.next();
    } else {
      const [one, other] = [/** @type {number} */ (mine.part), /** @type {number} */ (theirs.part)];
      const count = Math.min(Math.abs(one), Math.abs(other));
      if (other > 0) found.push(one > 0 ? count : -count);
      mine.take(count);
      theirs.take(count);
    }
  }
  return shortest(found);
}

/** The change from one text to another, where they differ in one stretch. @param {string} from @param {string} to
 * @returns {Delta} */
export function difference(from, to) {
  const [old, now] = [points(from), points(to)];
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  return shortest([head, now.slice(head, now.length - tail).join(""), -(old.length - head - tail), tail]);
}

/** Where a place in the text is once `delta` has changed it. @param {number} place in code points @param {Delta} delta */
export function moved(place, delta) {
  let at = 0;
  let shift = 0;
  for (const part of delta) {
    if (at > place) break;
    if (typeof part === "string") { if (at < place) shift += points(part).length; }
    else if (part > 0) at += part;
    else { shift -= Math.min(-part, Math.max(0, place - at)); at -= part; }
  }
  return place + shift;
}
