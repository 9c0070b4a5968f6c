/** The vote as a hall reads it on its second screen: the question, the clock, the count, the result. Nobody's own ballot. */

import { t } from "../text.js";
import { keep, make, say } from "./element.js";
import { lasting } from "./names.js";
import { CHOICES, choiceName, notVoted, resultSentence, ruleOf } from "./votes.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Vote} Vote */

const STAYS = 60_000; // ms that a result stays to be read

export class Board {
  /** @type {Vote | null} */ #vote = null;
  #running = "";
  #until = 0;

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

  /** @param {State} state */
  render(state) {
    const { vote } = state;
    if (vote?.state === "open") this.#running = vote.id;
    // Only a result whose vote was to be seen here: whoever opens the window later has missed nothing.
    if (vote?.outcome && this.#running === vote.id) {
      this.#running = "";
      this.#until = this.now() + STAYS;
    }
    this.#vote = vote;
    this.tick();
    if (!vote || this.root.hidden) return;
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
    this.root.hidden = vote === null || (vote.state !== "open" && this.now() >= this.#until);
    say(this.parts.time, ends ? t("Còn %(time)s", { time: lasting(Date.parse(ends) - this.now()) }) : "");
  }
}
