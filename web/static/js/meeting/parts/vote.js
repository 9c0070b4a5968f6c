/** The vote: the question and its rule, the three choices, the count, who chose what, and the result in words. */

import { listed, t } from "../../text.js";
import { draw, fill, grouped, keepCode, keptCode } from "../codes.js";
import { byId, keep, make, say } from "../element.js";
import { lasting, nameOf } from "../names.js";
import { isOpen, may, me, myChoice, participant, representedBy } from "../state.js";
import { CHOICES, choiceName, notVoted, resultSentence, ruleOf, wayOf } from "../votes.js";
import { mayAskLate, unheardSentence } from "./late.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../state.js").Vote} Vote */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "vote";

/** @param {State} state @param {Vote} vote */
function showCount(state, vote) {
  const { tally } = vote;
  byId("vote-counts").hidden = tally === null;
  for (const choice of CHOICES) say(byId(`count-${choice}`), String(tally?.[choice] ?? ""));
  say(byId("count-none"), String(notVoted(vote)));
  byId("vote-cast").hidden = tally !== null;
  const words = { cast: vote.cast, all: vote.cast + notVoted(vote), present: vote.cast + notVoted(vote) };
  say(byId("vote-cast"), vote.rule.base === "members" || vote.rule.proxies
    ? t("Đã bỏ phiếu: %(cast)s/%(all)s đại biểu được tính. Số phiếu từng loại chỉ có khi kết thúc.", words)
    : t("Đã bỏ phiếu: %(cast)s/%(present)s người có mặt. Số phiếu từng loại chỉ có khi kết thúc.", words));
  const represented = representedSentence(state, vote);
  byId("vote-represented").hidden = represented === "";
  say(byId("vote-represented"), represented);
  byId("vote-roll").hidden = vote.ballots.length + vote.codes.length === 0;
  say(byId("vote-roll-name"), vote.rule.secret ? t("Các phiếu theo mã") : t("Ý kiến từng người"));
  const rows = vote.rule.secret
    ? vote.codes.map((one) => ({ id: one.code, name: grouped(one.code), choice: one.choice }))
    : vote.ballots.map((one) => ({ id: one.participant, name: ballotName(state, one), choice: one.choice }));
  const create = () =>
    make("li", { class: "line" }, make("span", { class: "line-text" }), make("span", { class: "ballot" }));
  keep(byId("vote-ballots"), rows, (row) => row.id, create, (element, row) => {
    say(element.querySelector(".line-text"), row.name);
    say(element.querySelector(".ballot"), choiceName(row.choice));
    element.dataset.choice = row.choice;
  });
}

/** @param {State} state @param {{participant: string, by: string}} ballot */
function ballotName(state, { participant: whose, by }) {
  if (whose === by) return nameOf(state, whose);
  return t("%(name)s (do %(by)s biểu quyết thay)", { name: nameOf(state, whose), by: nameOf(state, by) });
}

/** For whom somebody there votes in the open vote, where only who is there counts; "" if for nobody: they are among
 * those who have not voted. @param {State} state @param {Vote} vote */
function representedSentence(state, vote) {
  if (vote.state !== "open" || !vote.rule.proxies || vote.rule.base === "members") return "";
  const held = state.proxies.filter((one) => representedBy(state, one.holder) === one.id && hasPlace(participant(state, one.holder)));
  const names = listed(held.map((one) => nameOf(state, one.id)));
  return names && t("Tính cả người vắng mặt có người biểu quyết thay: %(names)s.", { names });
}

/** @param {import("../state.js").Participant | null} person */
const hasPlace = (person) => person !== null && person.present && !person.lost;

/** Whose line was lost since the vote was opened, and who has not voted; "" if nobody. @param {State} state @param {Vote} vote */
function cutSentence(state, vote) {
  if (vote.state !== "open" || vote.unheard.length === 0) return "";
  const words = { count: vote.unheard.length, names: listed(vote.unheard.map((id) => nameOf(state, id))) };
  return vote.rule.base === "present"
    ? t("%(count)s người mất kết nối, chưa được tính: %(names)s.", words)
    : t("%(count)s người mất kết nối, chưa biểu quyết: %(names)s.", words);
}

/** Who answered late: listed with the result, and not in it. @param {State} state @param {Vote} vote */
function lateSentence(state, vote) {
  const late = state.late.ballots.filter((one) => one.vote === vote.id);
  if (late.length === 0) return "";
  const names = listed(late.map((one) => `${nameOf(state, one.participant)} (${choiceName(one.choice)})`));
  return t("Gửi muộn, không tính vào kết quả: %(names)s.", { names });
}

/** What is said of one's own ballot. @param {State} state @param {Vote} vote */
function ownSentence(state, vote) {
  const choice = myChoice(state, vote);
  const kept = vote.rule.secret && state.you ? keptCode(state, vote, state.you) : null;
  if (vote.state === "open") {
    if (choice === null) return t("Chưa biểu quyết: chọn một trong ba ý kiến.");
    const words = { choice: choiceName(choice), code: grouped(kept?.code ?? "") };
    if (!vote.rule.secret) return t("Ý kiến đã ghi: %(choice)s. Được đổi cho đến khi kết thúc biểu quyết.", words);
    const inTheBox = t("Phiếu đã vào hòm phiếu: %(choice)s. Được đổi cho đến khi kết thúc biểu quyết.", words);
    return `${inTheBox} ${t("Mã phiếu %(code)s chỉ hiện ở đây, để tự kiểm tra khi có kết quả.", words)}`;
  }
  if (!vote.rule.secret) return choice === null ? "" : t("Ý kiến đã ghi: %(choice)s.", { choice: choiceName(choice) });
  return kept === null || vote.codes.length === 0 ? "" : checkedSentence(vote, kept);
}

/** @param {Vote} vote @param {{code: string, choice: string}} kept */
function checkedSentence(vote, kept) {
  const counted = vote.codes.some((one) => one.code === kept.code && one.choice === kept.choice);
  const words = { choice: choiceName(kept.choice), code: grouped(kept.code) };
  if (counted) return t("Phiếu mã %(code)s đã được tính đúng: %(choice)s.", words);
  return t("Phiếu mã %(code)s (%(choice)s) không có trong kết quả. Hãy báo chủ trì.", words);
}

/** Why there is nothing to press. @param {Vote} vote */
function withoutVote(vote) {
  return vote.state === "open" ? t("Đồng chí không có quyền biểu quyết trong phiên này.") : "";
}

/** Whether somebody's proxy may vote for them now, and if not when. @param {State} state @param {Vote} vote */
function proxySentence(state, vote) {
  const principal = state.proxies.find((one) => one.holder === state.you)?.id ?? null;
  const there = participant(state, principal);
  const name = nameOf(state, principal);
  if (principal === null) return "";
  if (!vote.rule.proxies) return t("Lần biểu quyết này không áp dụng ủy quyền: đồng chí không biểu quyết thay %(name)s.", { name });
  if (!there?.present) return t("%(name)s đang vắng mặt. Nếu trở lại và tự biểu quyết thì tính ý kiến của chính người đó.", { name });
  if (there.lost) return t("%(name)s đã mất kết nối. Nếu trở lại và tự biểu quyết thì tính ý kiến của chính người đó.", { name });
  if (!there.connected && there.site === null) {
    return t("%(name)s vừa mất kết nối: sau 10 giây chưa trở lại thì đồng chí biểu quyết thay được.", { name });
  }
  return t("%(name)s đang có mặt và tự biểu quyết. Khi người đó rời phòng hoặc mất kết nối quá 10 giây, đồng chí biểu quyết thay được.", { name });
}

/** @param {State} state @param {Vote} vote */
function showChoice(state, vote) {
  const votes = vote.state === "open" && may(state, "vote.cast") && isOpen(state);
  const mine = myChoice(state, vote);
  byId("vote-choices").hidden = !votes;
  for (const choice of CHOICES) byId(`vote-${choice}`).setAttribute("aria-pressed", String(mine === choice));
  const own = may(state, "vote.cast") ? ownSentence(state, vote) : withoutVote(vote);
  byId("vote-mine").hidden = own === "";
  say(byId("vote-mine"), own);
  const absent = votes && vote.rule.proxies ? representedBy(state, state.you) : null;
  const proxy = votes ? proxySentence(state, vote) : "";
  byId("vote-proxy-why").hidden = proxy === "";
  say(byId("vote-proxy-why"), proxy);
  byId("vote-proxy").hidden = absent === null;
  if (absent === null) return;
  const given = state.ballots.find((one) => one.id === absent)?.choice ?? null;
  say(byId("vote-proxy-who"), t("Biểu quyết thay %(name)s", { name: nameOf(state, absent) }));
  for (const choice of CHOICES) byId(`proxy-${choice}`).setAttribute("aria-pressed", String(given === choice));
}

/** @param {State} state @param {Vote[]} votes */
function showPast(state, votes) {
  byId("vote-past").hidden = votes.length === 0;
  const create = () => make("li", {}, make("strong", {}), make("span", {}));
  keep(byId("vote-past-list"), votes, (v) => v.id, create, (element, v) => {
    say(element.querySelector("strong"), v.text);
    say(element.querySelector("span"), [resultSentence(v), unheardSentence(state, v), lateSentence(state, v)].join(" "));
  });
}

/** @param {State} before @param {State} after @returns {string[]} */
export function news(before, after) {
  const said = [];
  for (const vote of after.votes) {
    const was = before.votes.find((v) => v.id === vote.id);
    if (vote.state === "open" && !was) {
      said.push(t("Mở biểu quyết: “%(text)s”. %(way)s.", { text: vote.text, way: wayOf(vote) }));
    }
    if (was && vote.round > was.round) {
      said.push(vote.rule.secret
        ? t("Máy chủ vừa khởi động lại: các phiếu kín đã bỏ không còn, mời mọi người bỏ phiếu lại.")
        : t("Máy chủ vừa khởi động lại: thời gian biểu quyết được tính lại từ đầu."));
    }
  }
  const [had, has] = [me(before)?.votes, me(after)?.votes];
  if (before.welcomed && had === !has) {
    said.push(has ? t("Đồng chí được quyền biểu quyết.") : t("Đồng chí không còn quyền biểu quyết."));
  }
  return said;
}

/** @param {HTMLElement} root @param {Actions} actions @returns {Part} */
export function mount(root, { act, now }) {
  /** @type {State | null} */
  let seen = null;

  const cast = (/** @type {string} */ choice, /** @type {string | null} */ absent) => {
    const vote = seen?.vote;
    if (!seen?.you || !vote) return;
    const principal = absent === null ? {} : { principal: absent };
    if (!vote.rule.secret) return act("vote.cast", { vote: vote.id, choice, ...principal });
    const whose = absent ?? seen.you;
    const code = keptCode(seen, vote, whose)?.code ?? draw();
    // Kept before it is sent: the answer may be lost with the line, and the ballot be in the box all the same.
    keepCode(seen, vote, whose, { code, choice });
    return act("vote.cast", { vote: vote.id, choice, code, fill: fill(choice), ...principal });
  };
  for (const choice of CHOICES) {
    byId(`vote-${choice}`).addEventListener("click", () => cast(choice, null));
    byId(`proxy-${choice}`).addEventListener("click", () => seen && cast(choice, representedBy(seen, seen.you)));
  }
  byId("vote-close").addEventListener("click", () => seen?.vote && act("vote.close", { vote: seen.vote.id }));
  byId("vote-form").addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    const [secret, majority, base, quorum] = ["way", "majority", "base", "quorum"].map((n) => byId(`vote-${n}`).value);
    const rule = { secret: secret === "secret", majority, base, quorum, proxies: byId("vote-proxies").checked };
    const seconds = Number(byId("vote-seconds").value);
    const field = byId("vote-text");
    if (await act("vote.open", { text: field.value, ...rule, seconds: seconds || null })) field.value = "";
  });

  const tick = () => {
    const until = seen?.vote?.closes_at ?? null;
    say(byId("vote-time"), until ? t("Còn %(time)s", { time: lasting(Date.parse(until) - now()) }) : "");
  };

  const render = (/** @type {State} */ state) => {
    // Who has named a proxy expects it to count.
    if (state.proxies.length > 0 && (seen?.proxies.length ?? 0) === 0) byId("vote-proxies").checked = true;
    seen = state;
    const { vote } = state;
    const running = vote?.state === "open";
    const puts = may(state, "vote.open") && isOpen(state) && !running;
    root.classList.toggle("running", running);
    byId("vote-form").hidden = !puts;
    byId("vote-card").hidden = vote === null;
    const lost = state.participants.filter((p) => p.votes && p.lost).length;
    say(byId("vote-turnout"), [t("Có mặt %(present)s/%(members)s đại biểu có quyền biểu quyết.", state.turnout),
      lost ? t("%(count)s người mất kết nối chưa được tính.", { count: lost }) : ""].filter(Boolean).join(" "));
    showPast(state, state.votes.filter((v) => v.id !== vote?.id && v.state === "closed"));
    if (vote !== null) showVote(state, vote);
    else say(byId("vote-state"), "");
    tick();
    return { shown: vote !== null || puts, urgent: running && may(state, "vote.cast"), marked: running };
  };

  const showVote = (/** @type {State} */ state, /** @type {Vote} */ vote) => {
    const running = vote.state === "open";
    // What another device of ours has cast, this one can check too.
    for (const one of state.ballots) if (one.code) keepCode(state, vote, one.id, { code: one.code, choice: one.choice });
    say(byId("vote-question"), vote.text);
    say(byId("vote-rule"), ruleOf(vote));
    say(byId("vote-state"), running ? t("Đang biểu quyết") : t("Đã kết thúc biểu quyết"));
    byId("vote-close").hidden = !running || !may(state, "vote.close");
    byId("vote-again").hidden = !running || vote.round === 1 || !vote.rule.secret;
    byId("vote-result").hidden = vote.outcome === null;
    if (vote.outcome !== null) say(byId("vote-result"), resultSentence(vote));
    byId("vote-result").dataset.result = vote.outcome?.result ?? "";
    const cut = cutSentence(state, vote);
    byId("vote-cut").hidden = cut === "";
    say(byId("vote-cut"), cut);
    const unheard = unheardSentence(state, vote);
    byId("vote-unheard").hidden = unheard === "";
    say(byId("vote-unheard"), unheard);
    byId("vote-late-open").hidden = !mayAskLate(state, vote);
    const late = lateSentence(state, vote);
    byId("vote-late").hidden = late === "";
    say(byId("vote-late"), late);
    showChoice(state, vote);
    showCount(state, vote);
  };
  return { render, tick };
}
