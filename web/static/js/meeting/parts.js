/**
 * What the room is made of. A part is one module with its own place in room.html (the element with the id NAME):
 *
 *   export const NAME = "chat";
 *   export function mount(root, actions) { …listeners…; return { render(state, before, local) { … } }; }
 *   export function news(before, after) { return [t(…)]; }   // optional: what is said aloud, and shown for a moment
 *   export function heard(before, after) { return [t(…)]; }  // optional: what is said aloud only, for it stays to be read
 *
 * `render` runs once a turn of the event loop after any change, while one is in the room; it reads values and writes
 * to its own elements only. What it wants of the room it returns (`Wish`). The order below is that of the stage: of
 * several parts that want it the first has it.
 */

import * as absence from "./parts/absence.js";
import * as agenda from "./parts/agenda.js";
import * as asking from "./parts/asking.js";
import * as captions from "./parts/captions.js";
import * as chairing from "./parts/chairing.js";
import * as chat from "./parts/chat.js";
import * as conclusions from "./parts/conclusions.js";
import * as controls from "./parts/controls.js";
import * as floor from "./parts/floor.js";
import * as groups from "./parts/groups.js";
import * as head from "./parts/head.js";
import * as lobby from "./parts/lobby.js";
import * as interpreting from "./parts/interpreting.js";
import * as late from "./parts/late.js";
import * as papers from "./parts/papers.js";
import * as pause from "./parts/pause.js";
import * as notes from "./parts/notes.js";
import * as people from "./parts/people.js";
import * as proxies from "./parts/proxies.js";
import * as recording from "./parts/recording.js";
import * as result from "./parts/result.js";
import * as sharing from "./parts/sharing.js";
import * as sites from "./parts/sites.js";
import * as vote from "./parts/vote.js";

/** @typedef {import("./state.js").State} State */
/**
 * What is the page's own, not the meeting's.
 * @typedef {{phase: "check" | "lobby" | "room" | "ended", reason: string, line: import("./protocol.js").LineState,
 *   media: {up: string, down: string}, streams: Record<string, import("./tiles.js").Pair>,
 *   mine: import("./tiles.js").Pair, on: Record<"audio" | "video", boolean>, speaker: string,
 *   waiting: import("./waiting.js").Waiting | null, said: string,
 *   declared: import("./declared.js").Declared, screen: boolean,
 *   quality: {level: import("./quality.js").Level, sentence: string}}} Local
 *   waiting: what we know in the lobby; said: the sentence that we were sent away with
 *   on: microphone and camera really are; mine: their tracks; speaker: the device where the sound comes out; declared: the
 *   line in force; screen: we are sharing ours; quality: how the line fares
 */
/**
 * What a part may do beside writing to its own elements.
 * @typedef {{
 *   act: (type: string, fields?: object, refused?: (sentence: string) => void) => Promise<boolean>,
 *   ask: (dialog: string) => Promise<string>, dismiss: (dialog: string) => void,
 *   notice: (sentence: string) => void, show: (panel: string) => void, now: () => number,
 *   turn: (kind: "audio" | "video", on?: boolean) => void, leave: () => void, tell: (type: string, fields: object) => void,
 *   share: (on: boolean) => void,
 *   redraw: () => void,
 * }} Actions
 *   act: ask the server, a refusal becomes the notice, false; ask: open dialogs/NAME.html, resolves with the value of
 *   the button pressed, "" if it was dismissed; show: bring a panel to the front; now: ms by the server's clock;
 *   tell: say something that may be lost; redraw: what the part wants of the room has changed by itself
 */
/**
 * What a part wants of the room. Of a panel: is it there at all, the number on its tab, and does it want one's
 * attention now (it comes to the front while that lasts, unless one is writing elsewhere), or is only its tab marked.
 * Of the stage: an element of the part to stand in place of the large picture. Of the hall: the vote whose result is to be
 * read.
 * @typedef {{shown?: boolean, count?: number, urgent?: boolean, marked?: boolean, stage?: HTMLElement | null,
 *   result?: import("./state.js").Vote | null}} Wish
 */
/** @typedef {{render: (state: State, before: State, local: Local) => Wish | void, tick?: () => void}} Part */
/**
 * @typedef {{NAME: string, mount: (root: HTMLElement, actions: Actions) => Part,
 *   news?: (before: State, after: State) => string[], heard?: (before: State, after: State) => string[]}} PartModule
 */

/** @type {readonly PartModule[]} */
export const PARTS = Object.freeze([
  head,
  pause,
  absence,
  chairing,
  recording,
  captions,
  vote,
  result,
  proxies,
  agenda,
  floor,
  asking,
  late,
  conclusions,
  papers,
  sharing,
  notes,
  people,
  sites,
  lobby,
  chat,
  groups,
  interpreting,
  controls,
]);
