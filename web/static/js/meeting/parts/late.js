/** What comes late: the chair's window, and what those who had lost their line file in it. Never shown as live. */

import { listed, t } from "../../text.js";
import { byId, keep, make, officeTime, say } from "../element.js";
import { inTab, keepInTab } from "../memory.js";
import { nameOf } from "../names.js";
import { isClosed, isUnderWay, may } from "../state.js";
import { CHOICES, choiceName } from "../votes.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../state.js").Vote} Vote */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "late";

const STORE = "giaoban.late";
const OFFERED = 30_000; // ms

/** @param {State} before @param {State} after @returns {string[]} */
export function news(before, after) {
  const said = [];
  const { until } = after.late;
  if (until !== null && until !== before.late.until) {
    said.push(t("Nhận ý kiến gửi muộn đến %(time)s.", { time: officeTime(until) }));
  }
  if (until === null && before.late.until !== null) said.push(t("Hết thời gian nhận ý kiến gửi muộn."));
  for (const one of after.statements) {
    if (!before.statements.some((known) => known.id === one.id)) {
      said.push(t("%(name)s gửi ý kiến muộn.", { name: nameOf(after, one.participant) }));
    }
  }
  return said;
}

/** The votes that we missed, secret ones too. @param {State} state */
function missedVotes(state) {
  const ids = state.missed.find((one) => one.id === state.you)?.votes ?? [];
  return state.votes.filter((vote) => ids.includes(vote.id));
}

/** What we have filed in a vote. @param {State} state @param {Vote} vote */
const filed = (state, vote) => state.late.ballots.find((one) => one.vote === vote.id && one.participant === state.you) ?? null;

/** The missed votes that we may answer and have not. @param {State} state */
const unanswered = (state) =>
  may(state, "late.vote") ? missedVotes(state).filter((vote) => !vote.rule.secret && filed(state, vote) === null) : [];

/** What somebody who had lost the line may still file while the window is open: the number on the panel's tab, 0 if
 * nothing. @param {State} state */
export function toFile(state) {
  const cut = state.missed.find((one) => one.id === state.you);
  if (!cut || state.late.until === null || isClosed(state)) return 0;
  const said = !may(state, "late.file") || state.statements.some((one) => one.participant === state.you);
  return unanswered(state).length + (said ? 0 : 1);
}

/** Who had no line when a vote was closed and has not answered since, in words; "" if nobody, or it is not closed.
 * @param {State} state @param {Vote} vote */
export function unheardSentence(state, vote) {
  if (vote.state === "open") return "";
  const filed = state.late.ballots.filter((one) => one.vote === vote.id).map((one) => one.participant);
  const names = listed(vote.unheard.filter((id) => !filed.includes(id)).map((id) => nameOf(state, id)));
  return names && t("Chưa nhận được tín hiệu khi kết thúc biểu quyết, nên chưa có ý kiến: %(names)s.", { names });
}

/** Whether we are the one who lets them answer, and have not yet. @param {State} state @param {Vote} vote */
export const mayAskLate = (state, vote) => may(state, "late.open") && isUnderWay(state) && state.late.until === null
  && !vote.rule.secret && unheardSentence(state, vote) !== "";

/** @param {State} state */
function offerSentence(state) {
  const words = { time: officeTime(state.late.until), count: unanswered(state).length };
  return words.count
    ? t("Đồng chí đã bị mất kết nối: còn gửi được ý kiến và trả lời %(count)s lần biểu quyết đã lỡ, đến %(time)s.", words)
    : t("Đồng chí đã bị mất kết nối: còn gửi được ý kiến, đến %(time)s.", words);
}

/** How it stands with our answer to a missed vote. @param {State} state @param {Vote} vote */
function answerSentence(state, vote) {
  if (vote.rule.secret) {
    return t("Bỏ phiếu kín không nhận phiếu muộn: phiếu đến sau khi kiểm phiếu thì ai cũng biết là của người gửi muộn.");
  }
  const known = filed(state, vote);
  if (known === null) return t("Chưa gửi phiếu muộn.");
  const sent = t("Đã gửi phiếu muộn: %(choice)s, lúc %(time)s.", { choice: choiceName(known.choice), time: officeTime(known.at) });
  if (state.late.until === null) return sent;
  return `${sent} ${t("Đổi được đến %(time)s.", { time: officeTime(state.late.until) })}`;
}

/** @param {HTMLElement} root @param {Actions} actions @returns {Part} */
export function mount(root, { act, ask, now, redraw, show }) {
  /** @type {string | null} until when the window is, whose offer has become a sign in the head */ let folded = inTab(STORE).folded ?? null;
  let until = /** @type {string | null} */ (null);
  let since = 0; // ms: since when it is offered at full width
  const fold = () => {
    folded = until;
    keepInTab(STORE, { folded });
    redraw();
  };
  const go = () => {
    show("floor");
    fold();
    const first = byId("late-vote-list").querySelector("button") ?? byId("late-text");
    first.scrollIntoView({ block: "center" });
    first.focus();
  };
  for (const id of ["late-offer-go", "late-sign"]) byId(id).addEventListener("click", go);
  byId("late-offer-not").addEventListener("click", fold);
  for (const id of ["vote-late-open", "result-late"]) {
    byId(id).addEventListener("click", () => {
      show("floor");
      byId("late-open").scrollIntoView({ block: "center" });
      byId("late-open").focus();
    });
  }
  byId("late-open").addEventListener("click", () => act("late.open", { minutes: Number(byId("late-minutes").value) }));
  byId("late-close").addEventListener("click", () => act("late.close"));
  byId("late-form").addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    const [text, item] = [byId("late-text"), byId("late-item").value];
    if (await act("late.file", { text: text.value, item: item || null })) text.value = "";
  });
  // What was pressed by mistake is no ballot yet: the question says once more what would be sent.
  const answer = async (/** @type {Vote} */ vote, /** @type {string} */ choice) => {
    const words = { choice: choiceName(choice), text: vote.text };
    say(byId("late-vote-question"), t("Đồng chí gửi phiếu muộn “%(choice)s” về nội dung “%(text)s”.", words));
    if ((await ask("late-vote")) === "yes") act("late.vote", { vote: vote.id, choice });
  };
  const voteLine = (/** @type {Vote} */ vote) =>
    make("li", { class: "line late-vote" },
      make("span", { class: "line-text" }, make("span", { class: "line-name" }, vote.text), make("span", { class: "line-about" })),
      make("div", { class: "choices", role: "group", "aria-label": vote.text },
        ...CHOICES.map((choice) => make("button", { type: "button", class: "choice", "data-test": `late-${choice}`,
          "data-choice": choice, onclick: () => answer(vote, choice) }, choiceName(choice)))));
  const statementLine = () =>
    make("li", { class: "line" },
      make("span", { class: "line-text" }, make("strong", { class: "line-name" }), make("span", { class: "line-more" }),
        make("span", { class: "line-about" })));

  const render = (/** @type {State} */ state) => {
    const open = state.late.until !== null;
    until = state.late.until;
    const due = toFile(state) > 0;
    // Who leads, or is asked to take the chair back, does that first: the sign in the head is enough.
    const leads = [state.chairing.chair, state.chairing.offered].includes(state.you);
    const offered = due && folded !== until && !leads;
    if (offered && byId("late-offer").hidden) since = now();
    byId("late-offer").hidden = !offered;
    say(byId("late-offer-text"), offered ? offerSentence(state) : "");
    byId("late-sign").hidden = !due || offered;
    say(byId("late-sign"), due ? t("Gửi ý kiến muộn, đến %(time)s", { time: officeTime(until) }) : "");
    const chairs = may(state, "late.open") && !isClosed(state);
    const votes = missedVotes(state).filter((vote) => open || filed(state, vote) !== null);
    root.hidden = !open && !chairs && state.statements.length + votes.length === 0;
    say(byId("late-state"), state.late.until !== null ? t("Nhận ý kiến gửi muộn đến %(time)s.", { time: officeTime(state.late.until) }) : "");
    byId("late-chair").hidden = !chairs;
    byId("late-close").hidden = !open;
    byId("late-form").hidden = !open || !may(state, "late.file") || isClosed(state);
    const items = [{ id: "", title: t("Nội dung bất kỳ") }, ...state.agenda.items];
    keep(byId("late-item"), items, (one) => one.id, (one) => make("option", { value: one.id }), (element, one) =>
      say(element, one.title));
    byId("late-votes").hidden = votes.length === 0;
    keep(byId("late-vote-list"), votes, (vote) => vote.id, voteLine, (element, vote) => {
      say(element.querySelector(".line-about"), answerSentence(state, vote));
      element.querySelector(".choices").hidden = !open || vote.rule.secret || !may(state, "late.vote") || isClosed(state);
      for (const button of element.querySelectorAll("[data-choice]")) {
        button.setAttribute("aria-pressed", String(filed(state, vote)?.choice === button.dataset.choice));
      }
    });
    keep(byId("late-list"), state.statements, (one) => one.id, statementLine, (element, one) => {
      say(element.querySelector(".line-name"), nameOf(state, one.participant));
      say(element.querySelector(".line-more"), t("Gửi muộn lúc %(time)s", { time: officeTime(one.at) }));
      say(element.querySelector(".line-about"), one.text);
    });
  };
  const tick = () => {
    const offer = byId("late-offer"); // whoever has come to its buttons is not to lose them
    if (!offer.hidden && now() - since > OFFERED && !offer.contains(document.activeElement)) fold();
  };
  return { render, tick };
}
