/** The numbers of blocks as they will be printed: minutes/blocks.py does the same and says more. */

const LETTERS = "abcdđeghiklmnopqrstuvxy";
const ROMAN = /** @type {[number, string][]} */ ([[1000, "M"], [900, "CM"], [500, "D"], [400, "CD"], [100, "C"], [90, "XC"], [50, "L"], [40, "XL"], [10, "X"], [9, "IX"], [5, "V"], [4, "IV"], [1, "I"]]);

/** @param {number} number */
export function roman(number) {
  let left = number;
  return ROMAN.map(([value, letters]) => {
    const times = Math.floor(left / value);
    left %= value;
    return letters.repeat(times);
  }).join("");
}

/** @param {number} number */
function letter(number) {
  const index = (number - 1) % LETTERS.length;
  return LETTERS[index].repeat(Math.floor((number - 1) / LETTERS.length) + 1);
}

/** @param {{kind: string, level?: string}[]} body @returns {string[]} "" where a block has no number */
export function labelled(body) {
  /** @type {Record<string, number>} */
  const counts = { part: 0, chapter: 0, section: 0, article: 0, 1: 0, 2: 0 };
  return body.map(({ kind, level = "" }) => {
    if (kind === "conclusion" || (kind === "prose" && level === "1")) {
      Object.assign(counts, { 1: counts[1] + 1, 2: 0 });
      return `${counts[1]}.`;
    }
    if (kind === "prose" && level === "2") {
      counts[2] += 1;
      return `${letter(counts[2])})`;
    }
    if (kind !== "prose" || level === "0" || level === "") return "";
    Object.assign(counts, { [level]: counts[level] + 1, 1: 0, 2: 0 });
    if (level === "part" || level === "chapter") counts.section = 0;
    if (level === "part") return `Phần ${roman(counts.part)}`;
    if (level === "chapter") return `Chương ${roman(counts.chapter)}`;
    if (level === "article") return `Điều ${counts.article}.`;
    return counts.part || counts.chapter ? `Mục ${counts.section}` : `${roman(counts.section)}.`;
  });
}

const ARTICLES = /^như (?:các )?điều\s+\d+(?:\s*(?:,|và)\s*(?:điều\s+)?\d+)*/iu;

/** The recipients that name an article which the text does not have: minutes/addressees.py does the same.
 * @param {string[]} recipients @param {string[]} labels of the text's blocks @returns {string[]} */
export function astray(recipients, labels) {
  return recipients
    .map((line) => line.normalize("NFC").trim().replace(/^-+/, "").replace(/[;.]+$/, "").trim())
    .filter((line) => (ARTICLES.exec(line)?.[0].match(/\d+/g) ?? []).some((number) => !labels.includes(`Điều ${number}.`)));
}
