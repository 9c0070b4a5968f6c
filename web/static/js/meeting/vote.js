/** The vote: the question, the three choices, the count, who chose what, and the result in words. */

import { t } from "../text.js";
import { resultSentence } from "./announce.js";
import { byId, keep, make, say } from "./element.js";
import { isOpen, may, myChoice, roster } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Vote} Vote */

const CHOICES = /** @type {const} */ (["for", "against", "abstain"]);

/** @param {string | null} choice */
function choiceName(choice) {
  if (choice === "for") return t("Tán thành");
  if (choice === "against") return t("Không tán thành");
  return choice === "abstain" ? t("Không có ý kiến") : t("Chưa biểu quyết");
}

/** Who may vote and what they chose; who has left since then keeps his line. @param {State} state @param {Vote} vote */
function rollCall(state, vote) {
  const choices = new Map(vote.ballots.map((b) => [b.participant, b.choice]));
  const voters = roster(state).filter((p) => choices.has(p.id) ||
    (vote.state === "open" && p.present && (p.role === "chair" || p.role === "delegate")));
  return voters.map((p) => ({ id: p.id, name: p.name, choice: choices.get(p.id) ?? null }));
}

/** @param {State} state @param {Vote} vote */
function showCount(state, vote) {
  for (const choice of CHOICES) say(byId(`count-${choice}`), String(vote.tally[choice]));
  say(byId("count-none"), String(vote.tally.none));
  const create = () =>
    make("li", { class: "line" }, make("span", { class: "line-text" }), make("span", { class: "ballot" }));
  keep(byId("vote-ballots"), rollCall(state, vote), (b) => b.id, create, (element, b) => {
    say(element.querySelector(".line-text"), b.name);
    say(element.querySelector(".ballot"), choiceName(b.choice));
    element.dataset.choice = b.choice ?? "none";
  });
}

/** @param {State} state @param {Vote} vote */
function showChoice(state, vote) {
  const mine = myChoice(state, vote);
  const votes = vote.state === "open" && may(state, "vote.cast") && isOpen(state);
  byId("vote-choices").hidden = !votes;
  for (const choice of CHOICES) byId(`vote-${choice}`).setAttribute("aria-pressed", String(mine === choice));
  const own = byId("vote-mine");
  own.hidden = !may(state, "vote.cast") || (vote.state === "closed" && mine === null);
  const words = { choice: choiceName(mine) };
  if (mine === null) say(own, t("Chưa biểu quyết: chọn một trong ba ý kiến."));
  else if (votes) say(own, t("Ý kiến đã ghi: %(choice)s. Được đổi cho đến khi kết thúc biểu quyết.", words));
  else say(own, t("Ý kiến đã ghi: %(choice)s.", words));
}

/** @param {Vote[]} votes */
function showPast(votes) {
  byId("vote-past").hidden = votes.length === 0;
  const create = () => make("li", {}, make("strong", {}), make("span", {}));
  keep(byId("vote-past-list"), votes, (v) => v.id, create, (element, v) => {
    say(element.querySelector("strong"), v.text);
    say(element.querySelector("span"), resultSentence(v));
  });
}

/** @param {(type: string, fields?: object) => Promise<boolean>} act @returns {(state: State) => void} */
export function votePart(act) {
  /** @type {Vote | null} */
  let vote = null;
  for (const choice of CHOICES) {
    byId(`vote-${choice}`).addEventListener("click", () => vote && act("vote.cast", { vote: vote.id, choice }));
  }
  byId("vote-close").addEventListener("click", () => vote && act("vote.close", { vote: vote.id }));
  byId("vote-form").addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    const field = byId("vote-text");
    if (await act("vote.open", { text: field.value })) field.value = "";
  });

  return (state) => {
    vote = state.vote;
    const running = vote?.state === "open";
    const puts = may(state, "vote.open") && isOpen(state) && !running;
    byId("vote").hidden = vote === null && !puts;
    byId("vote").classList.toggle("running", running);
    byId("tab-vote").hidden = byId("vote").hidden;
    byId("tab-vote").classList.toggle("running", running);
    byId("vote-form").hidden = !puts;
    byId("vote-card").hidden = vote === null;
    showPast(state.votes.filter((v) => v.id !== vote?.id && v.state === "closed"));
    if (vote === null) return say(byId("vote-state"), "");
    say(byId("vote-question"), vote.text);
    say(byId("vote-state"), running ? t("Đang biểu quyết") : t("Đã kết thúc biểu quyết"));
    byId("vote-close").hidden = !running || !may(state, "vote.close");
    byId("vote-result").hidden = vote.result === null;
    if (vote.result !== null) say(byId("vote-result"), resultSentence(vote));
    byId("vote-result").dataset.result = vote.result ?? "";
    showChoice(state, vote);
    showCount(state, vote);
  };
}
