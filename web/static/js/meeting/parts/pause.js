/** A break: the chair adjourns the meeting and lets it go on; everybody sees until when. */

import { t } from "../../text.js";
import { byId, officeTime, say } from "../element.js";
import { isOpen, may } from "../state.js";

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

/** @param {HTMLElement} root @param {Actions} actions @returns {Part} */
export function mount(root, { act, ask }) {
  const rest = byId("pause-meeting");
  const goOn = byId("go-on");
  rest.addEventListener("click", async () => {
    const answer = await ask("pause");
    if (answer !== "") act("meeting.adjourn", answer === "open" ? {} : { minutes: Number(answer) });
  });
  goOn.addEventListener("click", () => act("meeting.go_on"));

  const render = (/** @type {State} */ state, /** @type {State} */ _before, /** @type {Local} */ local) => {
    const live = local.phase === "room" && local.line === "open";
    const adjourned = state.meeting?.state === "adjourned";
    rest.hidden = !(live && isOpen(state) && may(state, "meeting.adjourn"));
    root.hidden = !adjourned;
    goOn.hidden = !(live && adjourned && may(state, "meeting.go_on"));
    if (adjourned) say(byId("pause-text"), sentence(state));
  };
  return { render };
}
