/** How pictures share the stage. Pure: numbers in, numbers out, so that a resize costs one calculation. */

const GAP = 6; // CSS pixels between tiles
const RATIO = 16 / 9;
const NARROWEST = 136; // CSS pixels: a name must be readable on a tile
const MOST = 25;
const STRIP = { least: 64, share: 0.19, most: 116 }; // its height, or what its width comes from
const NO_STRIP = 210; // CSS pixels of height under which the large picture needs all of it
const PAGER = { width: 80, height: 52 }; // CSS pixels at the strip's end, where its pages are turned; as in room.css
const SHARE = 0.45; // of the stage, where everybody is to be seen beside something large
const BESIDE = 1.9; // width to height from which on the strip stands beside the large picture

/**
 * @typedef {{kind: "grid" | "below" | "beside" | "single", columns: number, rows: number, per: number, strip: number}} Plan
 *   columns, rows: of the tiles without the large one; per: of them on one page; strip: height (below) or width (beside)
 *   of such a tile in CSS pixels
 */

/** @param {number} value @param {number} least @param {number} most */
const within = (value, least, most) => Math.max(least, Math.min(most, value));

/**
 * @param {{width: number, height: number, count: number, large: boolean, even?: boolean, most?: number, turns?: boolean}} given the stage in CSS pixels;
 *   count: tiles beside the large one; large: is there something large (a speaker, a paper); even: a grid of the others beside
 *   it rather than a strip, if the stage is no higher than wide; turns: can the pages of a strip be turned here
 * @returns {Plan}
 */
export function arrange({ width, height, count, large, even = false, most = MOST, turns = true }) {
  if (!large) return grid(width, height, count, most);
  if (count === 0 || height < NO_STRIP) return { kind: "single", columns: 1, rows: 1, per: 0, strip: 0 };
  if (even && width >= height) return shared(width, height, count, most, turns);
  if (width > BESIDE * height) {
    const strip = Math.round(within(width * STRIP.share, 120, 200));
    const rows = strung(height, strip / RATIO + GAP, count, turns ? PAGER.height + GAP : 0, 1);
    return { kind: "beside", columns: 1, rows, per: Math.min(rows, most), strip };
  }
  const strip = Math.round(within(height * STRIP.share, STRIP.least, STRIP.most));
  const columns = strung(width, strip * 1.45 + GAP, count, turns ? PAGER.width + GAP : 0, 2);
  return { kind: "below", columns, rows: 1, per: Math.min(columns, most), strip };
}

/** How many tiles a strip of `length` takes: all, or as many as leave a place for the pager beside them.
 * @param {number} length @param {number} tile with its gap @param {number} count @param {number} pager with its gap @param {number} least */
function strung(length, tile, count, pager, least) {
  const all = Math.max(least, Math.floor(length / tile));
  return count <= all ? all : Math.max(least, Math.floor((length - pager) / tile));
}

/** The large one and a grid beside it.
 * @param {number} width @param {number} height @param {number} count @param {number} most @param {boolean} turns @returns {Plan} */
function shared(width, height, count, most, turns) {
  const part = Math.round(width * SHARE) - GAP;
  const whole = grid(part, height, count, most);
  const plan = turns && whole.per < count ? grid(part, height - PAGER.height - GAP, count, most) : whole;
  return { ...plan, kind: "beside", strip: Math.floor((part - GAP * (plan.columns - 1)) / plan.columns) };
}

/** The most tiles that are still wide enough, and of all ways to lay them the one with the largest.
 * @param {number} width @param {number} height @param {number} count @param {number} most @returns {Plan} */
function grid(width, height, count, most) {
  for (let per = within(count, 1, most); ; per -= 1) {
    const best = widest(width, height, per);
    if (best.tile >= NARROWEST || per === 1) {
      return { kind: "grid", columns: best.columns, rows: Math.ceil(per / best.columns), per, strip: 0 };
    }
  }
}

/** @param {number} width @param {number} height @param {number} count */
function widest(width, height, count) {
  let best = { columns: 1, tile: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const tile = Math.min((width - GAP * (columns - 1)) / columns, ((height - GAP * (rows - 1)) / rows) * RATIO);
    if (tile > best.tile) best = { columns, tile };
  }
  return best;
}

/** Which of `count` tiles page number `page` shows; a page that is not there any more becomes the last.
 * @param {number} count @param {number} per @param {number} page from 0 @returns {{page: number, pages: number, from: number, to: number}} */
export function paged(count, per, page) {
  const pages = per > 0 ? Math.max(1, Math.ceil(count / per)) : 1;
  const at = within(page, 0, pages - 1);
  return { page: at, pages, from: at * per, to: Math.min(count, (at + 1) * per) };
}
