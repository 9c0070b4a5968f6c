/**
 * The result of a vote over the pictures, for everybody to read until they have, or the next question is put: the vote's
 * panel may have given way to another one by then.
 */

import { t } from "../../text.js";
import { byId, say } from "../element.js";
import { inTab, keepInTab } from "../memory.js";
import { isClosed } from "../state.js";
import { basisSentence, resultSentence, verdictOf } from "../votes.js";
import { mayAskLate, unheardSentence } from "./late.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../state.js").Vote} Vote */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "result";
const STORE = "giaoban.result";

/** The last vote, if it has been decided since. @param {State} before @param {State} after @returns {Vote | null} */
function decided(before, after) {
  const { vote } = after;
  if (!before.welcomed || !vote?.outcome) return null;
  return before.votes.some((was) => was.id === vote.id && was.outcome) ? null : vote;
}

/** It stays to be read, so it is heard only. @param {State} before @param {State} after @returns {string[]} */
export function heard(before, after) {
  const vote = decided(before, after);
  const words = vote && { text: vote.text, result: resultSentence(vote) };
  const said = words ? [t("Kết quả biểu quyết “%(text)s”: %(result)s", words)] : [];
  const known = (/** @type {Vote} */ one) => before.votes.some((was) => was.id === one.id && unheardSentence(before, was) !== "");
  const missing = before.welcomed ? after.votes.filter((one) => mayAskLate(after, one) && !known(one)) : [];
  return [...said, ...missing.map((one) => unheardSentence(after, one))];
}

/** @param {HTMLElement} root @param {Actions} actions @returns {Part} */
export function mount(root, { redraw, show }) {
  /** @type {string | null} the vote, of which meeting, whose result is to be read */
  let unread = inTab(STORE).unread ?? null;
  const remember = (/** @type {string | null} */ key) => {
    unread = key;
    keepInTab(STORE, { unread });
  };
  const away = () => {
    remember(null);
    redraw();
  };
  byId("result-close").addEventListener("click", () => {
    away();
    byId("tab-vote").focus(); // where it can be read again
  });
  byId("result-more").addEventListener("click", () => {
    away();
    show("vote");
    byId("vote").focus();
  });

  const render = (/** @type {State} */ state, /** @type {State} */ before) => {
    const { vote } = state;
    const key = vote && `${state.meeting?.id} ${vote.id}`;
    if (decided(before, state)) remember(key);
    const read = vote?.outcome && unread === key && !isClosed(state) ? vote : null;
    root.hidden = read === null;
    if (read) showResult(state, read);
    return { result: read };
  };

  const showResult = (/** @type {State} */ state, /** @type {Vote} */ vote) => {
    root.dataset.result = vote.outcome?.result ?? "";
    say(byId("result-question"), vote.text);
    say(byId("result-verdict"), verdictOf(vote));
    say(byId("result-basis"), basisSentence(vote));
    const asks = mayAskLate(state, vote);
    byId("result-late").hidden = !asks;
    byId("result-unheard").hidden = !asks;
    say(byId("result-unheard"), asks ? unheardSentence(state, vote) : "");
  };
  return { render };
}
