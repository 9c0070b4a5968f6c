/** The vote as a hall reads it on its second screen: the question, the clock, the count, the result. Nobody's own ballot. */

import { t } from "../text.js";
import { keep, make, say } from "./element.js";
import { lasting } from "./names.js";
import { CHOICES, choiceName, notVoted, resultSentence, ruleOf } from "./votes.js";

/** @typedef {import("./state.js").Vote} Vote */

export class Board {
  /** @type {Vote | null} */ #vote = null;

  /** @param {HTMLElement} root empty, in the other window @param {() => number} now ms by the server's clock */
  constructor(root, now) {
    this.root = root;
    this.now = now;
    const part = (/** @type {string} */ tag, /** @type {string} */ name) => make(tag, { class: name });
    this.parts = {
      question: part("h2", "hall-question"),
      time: part("p", "hall-time"),
      rule: part("p", "hall-rule"),
      counts: part("dl", "hall-counts"),
      cast: part("p", "hall-cast"),
      result: part("p", "hall-result"),
    };
    root.append(...Object.values(this.parts));
  }

  /** @param {Vote | null} vote that is open, or whose result whoever drives the hall's screen has not put away */
  render(vote) {
    this.#vote = vote;
    this.tick();
    this.root.hidden = vote === null;
    if (!vote) return;
    const { question, rule, counts, cast, result } = this.parts;
    say(question, vote.text);
    say(rule, ruleOf(vote));
    const { tally } = vote;
    const rows = tally === null ? [] : [...CHOICES.map((one) => [choiceName(one), tally[one]]), [choiceName(null), notVoted(vote)]];
    keep(counts, rows, ([name]) => String(name), ([name]) => make("div", {}, make("dt", {}, String(name)), make("dd")),
      (row, [, number]) => say(row.lastChild, String(number)));
    const values = { cast: vote.cast, present: vote.cast + notVoted(vote) };
    say(cast, tally === null ? t("Đã bỏ phiếu: %(cast)s/%(present)s người có mặt.", values) : "");
    say(result, resultSentence(vote));
    result.dataset.result = vote.outcome?.result ?? "";
  }

  /** Once a second. */
  tick() {
    const vote = this.#vote;
    const ends = vote?.state === "open" ? vote.closes_at : null;
    say(this.parts.time, ends ? t("Còn %(time)s", { time: lasting(Date.parse(ends) - this.now()) }) : "");
  }
}
