/**
 * What this page knows of the meeting: a value, and `reduce(state, message)` that makes the next value from a
 * message of the server. Pure: no page, no clock, no network. Shapes are those of PROTOCOL.md.
 *
 * @typedef {{id: string, name: string, title: string, unit: {id: string, name: string} | null, role: string,
 *   votes: boolean, present: boolean, connected: boolean, lost: boolean, audio: boolean, video: boolean, hand: boolean, site: string | null,
 *   stream: boolean}} Participant
 * @typedef {{id: string, text: string, state: "open" | "closed", round: number, closes_at: string | null, cast: number,
 *   rule: {secret: boolean, majority: string, base: string, quorum: string, proxies: boolean, seconds: number | null},
 *   waiting: number | null, tally: {for: number, against: number, abstain: number, none: number | null} | null,
 *   ballots: {participant: string, choice: string, by: string}[], codes: {code: string, choice: string}[], unheard: string[],
 *   outcome: {eligible: number, needed: number, present: number, members: number, quorum: number,
 *     represented: number, result: "passed" | "rejected" | "no_quorum"} | null}} Vote
 * @typedef {{until: string | null, ballots: {vote: string, participant: string, choice: string, at: string}[]}} Late
 * @typedef {{id: string, participant: string, text: string, item: string | null, at: string}} Statement
 * @typedef {{participant: string, since: string, item: string | null, text: string | null, order: boolean}} Request
 * @typedef {{id: string, vote: string, choice: string, code: string | null}} Ballot
 * @typedef {{id: string, text: string, owner: {id: string, name: string} | null, deadline: string | null,
 *   helpers?: {id: string, name: string}[], item: string | null, removed: boolean}} Conclusion
 * @typedef {{running: boolean, since: string | null, by: string | null,
 *   consents: {participant: string, agreed: boolean}[]}} Recording
 * @typedef {{id: string, participant: string, text: string, final: boolean}} Line  words of a caption
 * @typedef {{id: string, participant: string, text: string, at: string, readers: string[] | null, minuted: boolean,
 *   removed: boolean}} Message  readers: of a private note, its author too
 * @typedef {{id: string, name: string, pages: number, item: string | null, by: string}} Paper
 * @typedef {{paper: string | null, page: number | null, by: string | null, since: string | null,
 *   pointer: {x: number, y: number} | null}} Shown
 * @typedef {{welcomed: boolean, you: string | null, room: any, meeting: any, participants: Participant[],
 *   lobby: {on: boolean, waiting: {id: string, name: string, title: string, unit: {id: string, name: string},
 *   since: string, removed: boolean}[]}, order: {locked: boolean, spotlight: string | null},
 *   chairing: {chair: string | null, regular: string | null, offered: string | null, why: string | null},
 *   agenda: {items: {id: string, title: string, presenter: string, minutes: number}[], current: string | null,
 *     since: string | null},
 *   floor: {holder: string | null, since: string | null, until: string | null, order: boolean, timed_out: boolean,
 *     queue: Request[], seconds: number | null, ends: boolean}, vote: Vote | null, votes: Vote[],
 *   ballots: Ballot[], proxies: {id: string, holder: string}[], turnout: {present: number, members: number},
 *   late: Late, statements: Statement[], missed: {id: string, votes: string[]}[],
 *   conclusions: Conclusion[], papers: Paper[], shown: Shown,
 *   sharing: {by: string | null, since: string | null, sound: boolean}, recording: Recording, captions: Recording, spoken: Line[],
 *   groups: {groups: {id: string, name: string, members: string[]}[], inside: Record<string, string>, until: string | null},
 *   interpreting: {channels: {id: string, language: string, listeners: number}[], interpreters: Record<string, string>},
 *   listening: {id: string, channel: string}[],
 *   sites: {id: string, since: string, seats: {participant: string, since: string, how: string, by: string}[]}[],
 *   padsTold: import("./pad.js").News[],
 *   chat: {locked: boolean}, messages: Message[], reacted: {count: number, participant: string, reaction: string},
 *   units: {id: string, name: string}[], speaker: string | null, silent: string[], lines: Record<string, import("./lines.js").Line>, may: string[],
 *   now: string | null}} State
 */

/** @type {State} */
export const START = Object.freeze({
  welcomed: false,
  you: null,
  room: null,
  meeting: null,
  participants: [],
  chairing: { chair: null, regular: null, offered: null, why: null },
  lobby: Object.freeze({ on: false, waiting: [] }),
  order: Object.freeze({ locked: false, spotlight: null }),
  agenda: { items: [], current: null, since: null },
  floor: Object.freeze({
    holder: null, since: null, until: null, order: false, timed_out: false, queue: [], seconds: null, ends: false,
  }),
  vote: null,
  votes: [],
  ballots: [],
  proxies: [],
  turnout: Object.freeze({ present: 0, members: 0 }),
  late: Object.freeze({ until: null, ballots: [] }),
  statements: [],
  missed: [],
  conclusions: [],
  papers: [],
  shown: Object.freeze({ paper: null, page: null, by: null, since: null, pointer: null }),
  sharing: Object.freeze({ by: null, since: null, sound: false }),
  recording: Object.freeze({ running: false, since: null, by: null, consents: [] }),
  captions: Object.freeze({ running: false, since: null, by: null, consents: [] }),
  spoken: [],
  chat: Object.freeze({ locked: false }),
  messages: [],
  padsTold: [],
  groups: Object.freeze({ groups: [], inside: {}, until: null }),
  interpreting: Object.freeze({ channels: [], interpreters: {} }),
  listening: [],
  sites: [],
  reacted: Object.freeze({ count: 0, participant: "", reaction: "" }),
  units: [],
  speaker: null,
  silent: [],
  lines: {},
  may: [],
  now: null,
});

/**
 * `list` with `item` in the place of the one with its id, or at the end; without it if it is told to be gone.
 * @template {{id: string}} T
 * @param {T[]} list @param {T & {gone?: boolean}} item @returns {T[]}
 */
function placed(list, item) {
  if (item.gone) return list.filter((known) => known.id !== item.id);
  if (!list.some((known) => known.id === item.id)) return [...list, item];
  return list.map((known) => (known.id === item.id ? item : known));
}

const LINES = 3; // of captions that are shown at once

/** Words of a caption take the place of the former guess of the same sentence, or begin a new line.
 * @param {Line[]} lines @param {any} m @returns {Line[]} */
function heard(lines, m) {
  const line = { id: "", participant: m.participant, text: m.text, final: m.final };
  const open = lines.find((known) => known.participant === m.participant && !known.final);
  if (open) return lines.map((known) => (known === open ? { ...line, id: open.id } : known));
  const last = lines[lines.length - 1];
  return [...lines, { ...line, id: String(last ? Number(last.id) + 1 : 1) }].slice(-LINES);
}

/** @type {Record<string, (state: State, message: any) => State>} */
const HANDLERS = {
  welcome: (_, m) => ({
    ...START,
    welcomed: true,
    you: m.you,
    room: m.room,
    meeting: m.meeting ?? null,
    participants: m.participants ?? [],
    chairing: m.chairing ?? START.chairing,
    lobby: m.lobby ?? START.lobby,
    order: m.order ?? START.order,
    agenda: m.agenda ?? START.agenda,
    floor: m.floor ?? START.floor,
    vote: (m.votes ?? []).slice(-1)[0] ?? null,
    votes: m.votes ?? [],
    ballots: m.ballots ?? [],
    proxies: m.proxies ?? [],
    turnout: m.turnout ?? START.turnout,
    late: m.late ?? START.late,
    statements: m.statements ?? [],
    missed: m.missed ?? [],
    conclusions: m.conclusions ?? [],
    papers: m.papers ?? [],
    shown: m.shown ?? START.shown,
    sharing: m.sharing ?? START.sharing,
    recording: m.recording ?? START.recording,
    captions: m.captions ?? START.captions,
    chat: m.chat ?? START.chat,
    messages: m.messages ?? [],
    padsTold: m.pads ?? [],
    groups: m.groups ?? START.groups,
    interpreting: m.interpreting ?? START.interpreting,
    listening: m.listening ?? [],
    sites: m.sites ?? [],
    units: m.units ?? [],
    speaker: m.speaker ?? null,
    silent: m.silent ?? START.silent,
    lines: m.lines ?? START.lines,
    may: m.may ?? [],
    now: m.now ?? null,
  }),
  participant: (s, m) => ({ ...s, participants: placed(s.participants, m.participant) }),
  meeting: (s, m) => ({ ...s, meeting: m.meeting }),
  lobby: (s, m) => ({ ...s, lobby: m.lobby }),
  order: (s, m) => ({ ...s, order: m.order }),
  chairing: (s, m) => ({ ...s, chairing: m.chairing }),
  agenda: (s, m) => ({ ...s, agenda: m.agenda }),
  floor: (s, m) => ({ ...s, floor: m.floor }),
  vote: (s, m) => ({ ...s, vote: m.vote, votes: placed(s.votes, m.vote) }),
  ballot: (s, m) => ({ ...s, ballots: placed(s.ballots, m.ballot) }),
  proxy: (s, m) => ({ ...s, proxies: placed(s.proxies, m.proxy) }),
  turnout: (s, m) => ({ ...s, turnout: m.turnout }),
  late: (s, m) => ({ ...s, late: m.late }),
  statement: (s, m) => ({ ...s, statements: placed(s.statements, m.statement) }),
  missed: (s, m) => ({ ...s, missed: placed(s.missed, m.missed) }),
  conclusion: (s, m) => ({ ...s, conclusions: placed(s.conclusions, m.conclusion) }),
  paper: (s, m) => ({ ...s, papers: m.paper.gone ? s.papers.filter((p) => p.id !== m.paper.id) : placed(s.papers, m.paper) }),
  shown: (s, m) => ({ ...s, shown: m.shown }),
  sharing: (s, m) => ({ ...s, sharing: m.sharing }),
  recording: (s, m) => ({ ...s, recording: m.recording }),
  groups: (s, m) => ({ ...s, groups: m.groups }),
  interpreting: (s, m) => ({ ...s, interpreting: m.interpreting }),
  listening: (s, m) => ({ ...s, listening: placed(s.listening, m.listening) }),
  site: (s, m) => ({ ...s, sites: placed(s.sites, m.site) }),
  pad: (s, m) => ({ ...s, padsTold: [...s.padsTold, m.pad] }),
  chat: (s, m) => ({ ...s, chat: m.chat }),
  message: (s, m) => ({ ...s, messages: placed(s.messages, m.message) }),
  reaction: (s, m) => ({
    ...s, reacted: { count: s.reacted.count + 1, participant: m.participant, reaction: m.reaction },
  }),
  captions: (s, m) => ({ ...s, captions: m.captions, spoken: m.captions.running ? s.spoken : [] }),
  caption: (s, m) => ({ ...s, spoken: heard(s.spoken, m) }),
  speaker: (s, m) => ({ ...s, speaker: m.participant }),
  silent: (s, m) => ({ ...s, silent: m.participants }),
  lines: (s, m) => ({ ...s, lines: m.lines }),
};

/** The state after `message`; the very same object when the message does not concern it.
 * @param {State} state @param {any} message @returns {State} */
export function reduce(state, message) {
  const known = Object.prototype.hasOwnProperty.call(HANDLERS, message.type);
  return known ? HANDLERS[message.type](state, message) : state;
}

/** @param {State} state @param {string | null} id @returns {Participant | null} */
export function participant(state, id) {
  return state.participants.find((p) => p.id === id) ?? null;
}

/** @param {State} state @returns {Participant | null} */
export function me(state) {
  return participant(state, state.you);
}

/** Is somebody to be heard and seen again only when a lost line is back? Who sits before the device of a site needs none
 * of their own. @param {State} state @param {Participant} p @returns {boolean} */
export function isLost(state, p) {
  if (!p.present || (p.connected && !state.silent.includes(p.id))) return false;
  const device = participant(state, p.site);
  return !device?.present || isLost(state, device);
}

/** The chair and who has the floor, as far as their lines are lost: everybody waits for them. @param {State} state */
export function missed(state) {
  const waited = new Set([state.chairing.chair, state.floor.holder]);
  return state.participants.filter((p) => waited.has(p.id) && p.id !== state.you && isLost(state, p)).map((p) => p.id);
}

/** @param {State} state @param {string} type a client message */
export function may(state, type) {
  return state.may.includes(type);
}

/** The chair closes the meeting; the secretary only when the chair has gone. @param {State} state */
export function mayClose(state) {
  if (!isUnderWay(state) || !may(state, "meeting.close")) return false;
  return me(state)?.role === "chair" || !participant(state, state.meeting.chair)?.present;
}

/** @param {State} state */
export function isOpen(state) {
  return state.meeting?.state === "open";
}

/** Opened and not over: also in a break. @param {State} state */
export function isUnderWay(state) {
  return ["open", "adjourned"].includes(state.meeting?.state);
}

/** Over, or never held. @param {State} state */
export function isClosed(state) {
  return ["closed", "cancelled"].includes(state.meeting?.state);
}

const RANK = ["chair", "deputy", "secretary", "clerk", "delegate", "guest", "technician", "gateway", "viewer"];

/** Everybody, by role and then in the server's order. @param {State} state @returns {Participant[]} */
export function roster(state) {
  return [...state.participants].sort((a, b) => RANK.indexOf(a.role) - RANK.indexOf(b.role));
}

/** The group where somebody is now; "" for none. @param {State} state @param {string | null} id */
export function groupOf(state, id) {
  return state.groups.inside[id ?? ""] ?? "";
}

/** The language of a channel; "" for none. @param {State} state @param {string | undefined} channel */
export function language(state, channel) {
  return state.interpreting.channels.find((one) => one.id === channel)?.language ?? "";
}

/** The language into which somebody interprets; "" for none. @param {State} state @param {string | null} id */
export function interpretsInto(state, id) {
  return language(state, state.interpreting.interpreters[id ?? ""]);
}

const UNDER = 0.15; // of the loudness, while an interpreter speaks over it

/** How loud somebody is to be heard, from 0 to 1. @param {State} state @param {string} id */
export function loudness(state, id) {
  const { interpreters } = state.interpreting;
  const channel = state.listening[0]?.channel;
  const into = (/** @type {Participant} */ p) => interpreters[p.id] === channel && p.present && !isLost(state, p) && p.audio;
  return channel && interpreters[id] !== channel && state.participants.some(into) ? UNDER : 1;
}

/** Those who have a picture on the stage: present, allowed to be seen, and not only before a site's camera.
 * @param {State} state */
export function onStage(state) {
  const alone = (/** @type {Participant} */ p) => !p.site || p.audio || p.video;
  return roster(state).filter((p) => p.present && p.role !== "viewer" && alone(p) && groupOf(state, p.id) === groupOf(state, state.you));
}

/**
 * Whose picture is large: who is shown large to everybody, else who has the floor, else who is heard speaking, else whoever was large before, else the
 * chair. Nobody is shown to himself while there is somebody else to look at.
 * @param {State} state @param {string | null} before @param {string | null} self who looks; null: a whole hall
 * @returns {string | null}
 */
export function large(state, before, self = state.you) {
  const others = onStage(state).filter((p) => p.id !== self);
  const wanted = [state.order.spotlight, state.floor.holder, state.speaker, before];
  const found = wanted.find((id) => others.some((p) => p.id === id));
  return found ?? others[0]?.id ?? onStage(state)[0]?.id ?? null;
}

/** Those whose sound or picture must be arriving here. @param {State} state @returns {string[]} */
export function expected(state) {
  const sending = onStage(state).filter((p) => !isLost(state, p) && (p.audio || p.video) && p.id !== state.you);
  return sending.map((p) => p.id);
}

/** What we have chosen; null also of a secret vote that is over: the server does not know any more.
 * @param {State} state @param {Vote} vote @returns {string | null} for, against, abstain */
export function myChoice(state, vote) {
  if (vote.state === "open") return state.ballots.find((b) => b.id === state.you)?.choice ?? null;
  return vote.ballots.find((b) => b.participant === state.you)?.choice ?? null;
}

/** @param {Participant} person */
export function hasVote(person) {
  return person.votes;
}

/** For whom somebody votes now: the id of who has left or lost the line, or null.
 * @param {State} state @param {string | null} holder */
export function representedBy(state, holder) {
  const absent = state.proxies.find((one) => one.holder === holder)?.id ?? null;
  const there = participant(state, absent);
  return absent !== null && (!there?.present || there.lost) ? absent : null;
}

/** Whether we agreed to be recorded; null while we have not answered. @param {State} state @returns {boolean | null} */
export function myConsent(state) {
  return state.recording.consents.find((c) => c.participant === state.you)?.agreed ?? null;
}

/** How many sit at the site that this page is the device of. @param {State} state */
export function seated(state) {
  return state.sites.find((one) => one.id === state.you)?.seats.length ?? 0;
}

/** Does the reader sit before the device of another? @param {State} state */
export function sitsAtSite(state) {
  return state.sites.some((one) => one.seats.some((seat) => seat.participant === state.you));
}

/** The item after the current one; the first when none is current. @param {State} state */
export function nextItem(state) {
  const { items, current } = state.agenda;
  return items[items.findIndex((item) => item.id === current) + 1] ?? null;
}

/** Whether we may show a paper: chair and secretary always, others while they have the floor. @param {State} state */
export function mayPresent(state) {
  const desk = ["chair", "secretary"].includes(me(state)?.role ?? "");
  return isOpen(state) && may(state, "paper.show") && (desk || state.floor.holder === state.you);
}

/** Whether we lead through the paper that is shown: everybody turns pages with us. @param {State} state */
export function leads(state) {
  return state.shown.paper !== null && (mayPresent(state) || (isOpen(state) && state.shown.by === state.you));
}

/** The papers, those of the current agenda item first. @param {State} state @returns {Paper[]} */
export function onTable(state) {
  const now = state.papers.filter((p) => p.item !== null && p.item === state.agenda.current);
  return [...now, ...state.papers.filter((p) => !now.includes(p))];
}

/**
 * What is to be read here: what one has opened for oneself, else what is shown to everybody.
 * @param {State} state @param {{paper: string, page: number} | null} own
 * @returns {{paper: Paper, page: number, own: boolean} | null}
 */
export function reading(state, own) {
  const found = (/** @type {string | null} */ id) => state.papers.find((p) => p.id === id);
  const mine = found(own?.paper ?? null);
  if (mine && own) return { paper: mine, page: own.page, own: true };
  const theirs = found(state.shown.paper);
  return theirs ? { paper: theirs, page: state.shown.page ?? 1, own: false } : null;
}

/** Whose screen stands on the stage here: a paper that was shown later, or that one reads, stands before it; and it is
 * shared with those of the same group.
 * @param {State} state @param {boolean} own we read a paper for ourselves @returns {string | null} */
export function screenOf(state, own) {
  const { by, since } = state.sharing;
  const covered = own || (state.shown.since !== null && since !== null && state.shown.since > since);
  return by !== null && by !== state.you && !covered && groupOf(state, by) === groupOf(state, state.you) ? by : null;
}
