/** The head of the room: which meeting, how it stands, whether the line holds, and its opening and closing. */

import { t } from "../../text.js";
import { byId, officeTime, say } from "../element.js";
import { isClosed, isOpen, may, mayClose } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../parts.js").Local} Local */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "head";

/** @param {State} state @param {Local} local @returns {string} */
function statusSentence(state, local) {
  if (local.line === "lost") return t("Mất kết nối, đang nối lại…");
  if (local.line === "connecting") return t("Đang kết nối…");
  if (local.line !== "open") return "";
  if (failed(local) && !isClosed(state)) {
    return t("Đã kết nối, nhưng hình và tiếng chưa thông; đang thử lại. Vẫn giơ tay và biểu quyết được.");
  }
  return t("Đã kết nối");
}

/** @param {Local} local */
const failed = ({ media }) => media.down === "failed" || media.up === "failed";

/** @param {State} state */
function meetingState(state) {
  const names = { scheduled: t("Chưa khai mạc"), open: t("Đang họp"), adjourned: t("Đang tạm nghỉ"),
    cancelled: t("Đã hủy"), closed: t("Đã kết thúc") };
  return names[/** @type {keyof typeof names} */ (state.meeting?.state)] ?? t("Chưa có cuộc họp");
}

const CONDUCT = ["recording.start", "captions.start", "meeting.adjourn"];

/** On a phone what leads the meeting stands in one menu; beside the title where there is room (room.css). */
function conductMenu() {
  const button = byId("conduct");
  const acts = byId("conduct-acts");
  const set = (/** @type {boolean} */ open) => {
    button.setAttribute("aria-expanded", String(open));
    acts.classList.toggle("open", open);
  };
  const close = () => set(false);
  button.addEventListener("click", () => set(button.getAttribute("aria-expanded") !== "true"));
  document.addEventListener("click", (event) => {
    if (!button.contains(/** @type {Node} */ (event.target))) close();
  });
  const escape = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || button.getAttribute("aria-expanded") !== "true") return;
    event.preventDefault(); // it is used up: the open panel stays
    close();
    button.focus();
  };
  for (const element of [button, acts]) element.addEventListener("keydown", escape);
  return { close };
}

/** @param {HTMLElement} _root @param {Actions} actions @returns {Part} */
export function mount(_root, { act, ask }) {
  byId("open-meeting").addEventListener("click", () => act("meeting.open"));
  byId("close-meeting").addEventListener("click", async () => {
    if ((await ask("close")) === "yes") act("meeting.close");
  });

  const conducts = conductMenu();

  const render = (/** @type {State} */ state, /** @type {State} */ _before, /** @type {Local} */ local) => {
    if (state.meeting) {
      say(byId("meeting-title"), state.meeting.title);
      const room = state.room?.title === state.meeting.title ? "" : state.room?.title; // not said twice
      say(byId("meeting-place"), [room, state.meeting.place].filter(Boolean).join(" · "));
    }
    const badge = byId("meeting-state");
    badge.hidden = !state.welcomed;
    say(badge, meetingState(state));
    badge.dataset.state = state.meeting?.state ?? "none";
    const status = byId("status");
    say(status, statusSentence(state, local));
    status.dataset.line = local.line;
    status.dataset.well = String(local.line === "open" && !failed(local));
    const live = local.phase === "room" && local.line === "open";
    byId("open-meeting").hidden = !(live && state.meeting?.state === "scheduled" && may(state, "meeting.open"));
    byId("close-meeting").hidden = !(live && mayClose(state));
    byId("conduct").hidden = !(live && (mayClose(state) || (isOpen(state) && CONDUCT.some((type) => may(state, type)))));
    if (byId("conduct").hidden) conducts.close();
    byId("close-vote").hidden = state.vote?.state !== "open";
    const { until } = state.late;
    byId("close-late").hidden = until === null;
    if (until !== null) {
      say(byId("close-late"), t("Đang nhận ý kiến gửi muộn đến %(time)s: kết thúc cuộc họp bây giờ là thôi nhận.", { time: officeTime(until) }));
    }
  };
  return { render };
}
