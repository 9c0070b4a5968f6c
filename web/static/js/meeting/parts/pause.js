/** A break: the chair adjourns the meeting and lets it go on; everybody sees until when. */

import { t } from "../../text.js";
import { byId, officeTime, say } from "../element.js";
import { isOpen, may } from "../state.js";

const KINDS = /** @type {const} */ (["audio", "video"]);

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */
/** @typedef {import("../parts.js").Local} Local */

export const NAME = "pause";

/** @param {State} state */
function sentence(state) {
  const until = state.meeting?.until;
  if (!until) return t("Cuộc họp đang tạm nghỉ. Thời gian nghỉ không tính vào thời gian dự họp.");
  return t("Cuộc họp đang tạm nghỉ, dự kiến họp lại lúc %(time)s. Thời gian nghỉ không tính vào thời gian dự họp.",
    { time: officeTime(until) });
}

/** Of what went off with the break, in words: the sentence and the button. @param {readonly string[]} kinds */
function silence(kinds) {
  if (kinds.length > 1) return [t("Mic và camera của đồng chí đã tắt."), t("Bật mic và camera")];
  return kinds[0] === "audio" ? [t("Mic của đồng chí đã tắt."), t("Bật mic")] : [t("Camera của đồng chí đã tắt."), t("Bật camera")];
}

/** @param {HTMLElement} root @param {Actions} actions @returns {Part} */
export function mount(root, { act, ask, turn, redraw }) {
  /** @type {("audio" | "video")[]} went off with the break, and still are */
  let off = [];
  let was = { audio: false, video: false }; // what was on when this was drawn last
  const rest = byId("pause-meeting");
  const goOn = byId("go-on");
  rest.addEventListener("click", async () => {
    const answer = await ask("pause");
    if (answer !== "") act("meeting.adjourn", answer === "open" ? {} : { minutes: Number(answer) });
  });
  goOn.addEventListener("click", () => act("meeting.go_on"));
  byId("pause-on").addEventListener("click", () => {
    for (const kind of off) turn(kind, true);
  });
  byId("pause-off").addEventListener("click", () => {
    off = [];
    redraw();
  });

  /** Nobody is overheard in a break: everything goes off, and is on again by a press when the meeting goes on. */
  const hush = (/** @type {State} */ state, /** @type {State} */ before, /** @type {Local} */ local) => {
    const begins = isOpen(before) && state.meeting?.state === "adjourned";
    const back = KINDS.filter((kind) => local.on[kind] && !was[kind]);
    was = local.on;
    if (!begins) return off.filter((kind) => !back.includes(kind));
    const live = KINDS.filter((kind) => local.on[kind]);
    for (const kind of live) turn(kind, false);
    return live;
  };

  const render = (/** @type {State} */ state, /** @type {State} */ before, /** @type {Local} */ local) => {
    const live = local.phase === "room" && local.line === "open";
    const adjourned = state.meeting?.state === "adjourned";
    rest.hidden = !(live && isOpen(state) && may(state, "meeting.adjourn"));
    off = hush(state, before, local);
    const quiet = isOpen(state) && off.length > 0;
    root.hidden = !adjourned && !quiet;
    goOn.hidden = !(live && adjourned && may(state, "meeting.go_on"));
    byId("pause-on").hidden = byId("pause-off").hidden = !quiet;
    const [word, button] = off.length > 0 ? silence(off) : ["", ""];
    if (quiet) say(byId("pause-on"), button);
    if (!root.hidden) say(byId("pause-text"), [adjourned ? sentence(state) : t("Cuộc họp tiếp tục."), word].filter(Boolean).join(" "));
  };
  return { render };
}
