/**
 * What this page knows of the meeting: a value, and `reduce(state, message)` that makes the next value from a
 * message of the server. Pure: no page, no clock, no network. Shapes are those of PROTOCOL.md.
 *
 * @typedef {{id: string, name: string, title: string, unit: {id: string, name: string} | null, role: string,
 *   present: boolean, connected: boolean, audio: boolean, video: boolean, hand: boolean}} Participant
 * @typedef {{id: string, text: string, state: "open" | "closed", ballots: {participant: string, choice: string}[],
 *   eligible: number, tally: {for: number, against: number, abstain: number, none: number},
 *   result: null | "passed" | "rejected", basis: {rule: string, present: number} | null}} Vote
 * @typedef {{id: string, text: string, owner: {id: string, name: string} | null, deadline: string | null,
 *   item: string | null, removed: boolean}} Conclusion
 * @typedef {{running: boolean, since: string | null, by: string | null,
 *   consents: {participant: string, agreed: boolean}[]}} Recording
 * @typedef {{welcomed: boolean, you: string | null, room: any, meeting: any, participants: Participant[],
 *   agenda: {items: {id: string, title: string, presenter: string}[], current: string | null},
 *   floor: {holder: string | null, since: string | null, queue: string[]}, vote: Vote | null, votes: Vote[],
 *   conclusions: Conclusion[], recording: Recording, units: {id: string, name: string}[], speaker: string | null, may: string[],
 *   now: string | null}} State
 */

/** @type {State} */
export const START = Object.freeze({
  welcomed: false,
  you: null,
  room: null,
  meeting: null,
  participants: [],
  agenda: { items: [], current: null },
  floor: { holder: null, since: null, queue: [] },
  vote: null,
  votes: [],
  conclusions: [],
  recording: Object.freeze({ running: false, since: null, by: null, consents: [] }),
  units: [],
  speaker: null,
  may: [],
  now: null,
});

/**
 * `list` with `item` in the place of the one with its id, or at the end.
 * @template {{id: string}} T
 * @param {T[]} list @param {T} item @returns {T[]}
 */
function placed(list, item) {
  if (!list.some((known) => known.id === item.id)) return [...list, item];
  return list.map((known) => (known.id === item.id ? item : known));
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
    agenda: m.agenda ?? START.agenda,
    floor: m.floor ?? START.floor,
    vote: m.vote ?? null,
    votes: m.vote ? placed(m.votes ?? [], m.vote) : (m.votes ?? []),
    conclusions: m.conclusions ?? [],
    recording: m.recording ?? START.recording,
    units: m.units ?? [],
    speaker: m.speaker ?? null,
    may: m.may ?? [],
    now: m.now ?? null,
  }),
  participant: (s, m) => ({ ...s, participants: placed(s.participants, m.participant) }),
  meeting: (s, m) => ({ ...s, meeting: m.meeting }),
  agenda: (s, m) => ({ ...s, agenda: m.agenda }),
  floor: (s, m) => ({ ...s, floor: m.floor }),
  vote: (s, m) => ({ ...s, vote: m.vote, votes: placed(s.votes, m.vote) }),
  conclusion: (s, m) => ({ ...s, conclusions: placed(s.conclusions, m.conclusion) }),
  recording: (s, m) => ({ ...s, recording: m.recording }),
  speaker: (s, m) => ({ ...s, speaker: m.participant }),
};

/** The state after `message`; the very same object when the message does not concern it.
 * @param {State} state @param {any} message @returns {State} */
export function reduce(state, message) {
  return Object.hasOwn(HANDLERS, message.type) ? HANDLERS[message.type](state, message) : state;
}

/** @param {State} state @param {string | null} id @returns {Participant | null} */
export function participant(state, id) {
  return state.participants.find((p) => p.id === id) ?? null;
}

/** @param {State} state @returns {Participant | null} */
export function me(state) {
  return participant(state, state.you);
}

/** @param {State} state @param {string} type a client message */
export function may(state, type) {
  return state.may.includes(type);
}

/** The chair closes the meeting; the secretary only when the chair has gone. @param {State} state */
export function mayClose(state) {
  if (!isOpen(state) || !may(state, "meeting.close")) return false;
  return me(state)?.role === "chair" || !participant(state, state.meeting.chair)?.present;
}

/** @param {State} state */
export function isOpen(state) {
  return state.meeting?.state === "open";
}

const RANK = ["chair", "secretary", "delegate", "gateway", "viewer"];

/** Everybody, by role and then in the server's order. @param {State} state @returns {Participant[]} */
export function roster(state) {
  return [...state.participants].sort((a, b) => RANK.indexOf(a.role) - RANK.indexOf(b.role));
}

/** Those who have a picture on the stage: present, and allowed to be seen. @param {State} state */
export function onStage(state) {
  return roster(state).filter((p) => p.present && p.role !== "viewer");
}

/**
 * Whose picture is large: who has the floor, else who is heard speaking, else whoever was large before, else the
 * chair. Nobody is shown to himself while there is somebody else to look at.
 * @param {State} state @param {string | null} before @returns {string | null}
 */
export function large(state, before) {
  const others = onStage(state).filter((p) => p.id !== state.you);
  const wanted = [state.floor.holder, state.speaker, before];
  const found = wanted.find((id) => others.some((p) => p.id === id));
  return found ?? others[0]?.id ?? onStage(state)[0]?.id ?? null;
}

/** Those whose sound or picture must be arriving here. @param {State} state @returns {string[]} */
export function expected(state) {
  const sending = onStage(state).filter((p) => p.connected && (p.audio || p.video) && p.id !== state.you);
  return sending.map((p) => p.id);
}

/** @param {State} state @param {Vote} vote @returns {string | null} for, against, abstain */
export function myChoice(state, vote) {
  return vote.ballots.find((b) => b.participant === state.you)?.choice ?? null;
}

/** Whether we agreed to be recorded; null while we have not answered. @param {State} state @returns {boolean | null} */
export function myConsent(state) {
  return state.recording.consents.find((c) => c.participant === state.you)?.agreed ?? null;
}

/** The item after the current one; the first when none is current. @param {State} state */
export function nextItem(state) {
  const { items, current } = state.agenda;
  return items[items.findIndex((item) => item.id === current) + 1] ?? null;
}
