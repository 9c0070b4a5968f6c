/** The recording: that there is one, who is in it, one's own answer, and the chair's switch. */

import { t } from "../../text.js";
import { byId, say } from "../element.js";
import { isOpen, may, myConsent, onStage, seated, sitsAtSite } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../parts.js").Local} Local */

/** Of those present who can be recorded, how many have agreed. @param {State} state */
function agreed(state) {
  const here = onStage(state).filter((p) => p.role !== "gateway");
  const willing = new Set(state.recording.consents.filter((c) => c.agreed).map((c) => c.participant));
  return { agreed: here.filter((p) => willing.has(p.id)).length, all: here.length };
}

/** Who has one device for a hall answers for all who sit there; who has checked in by a phone may refuse for the hall.
 * @param {State} state @param {boolean | null} answer @returns {string} "" for whoever is alone before the device */
function hallSentence(state, answer) {
  const count = seated(state);
  if (count > 0) {
    const values = { count };
    if (answer === null) return t("Cuộc họp đang được ghi hình, ghi âm. Điểm cầu này có %(count)s người cùng ngồi: đồng chí hãy hỏi từng người. Mọi người có đồng ý không?", values);
    if (answer) return t("Hình và tiếng của điểm cầu, gồm %(count)s người cùng ngồi, đang được ghi. Hỏi cả người vào sau; có người không đồng ý thì thôi ghi.", values);
    return t("Hình và tiếng của điểm cầu không được ghi.");
  }
  if (!sitsAtSite(state)) return "";
  if (answer === null) return t("Cuộc họp đang được ghi hình, ghi âm. Đồng chí có đồng ý cho ghi ở điểm cầu mình đang ngồi không?");
  if (answer) return t("Đồng chí đã đồng ý cho ghi ở điểm cầu mình đang ngồi.");
  return t("Đồng chí không đồng ý: điểm cầu đồng chí đang ngồi không được ghi.");
}

/** @param {State} state @param {boolean | null} answer @returns {string} */
function ownSentence(state, answer) {
  const hall = hallSentence(state, answer);
  if (hall) return hall;
  if (answer === null) {
    return t("Cuộc họp đang được ghi hình, ghi âm. Đồng chí có đồng ý cho ghi hình và tiếng của mình không?");
  }
  if (answer) return t("Hình và tiếng của đồng chí đang được ghi.");
  return t("Hình và tiếng của đồng chí không được ghi.");
}

/** @param {State} before @param {State} after @returns {string[]} */
export function news(before, after) {
  if (before.recording.running === after.recording.running) return [];
  if (!after.recording.running) return [t("Đã dừng ghi hình, ghi âm.")];
  const said = [t("Cuộc họp bắt đầu được ghi hình, ghi âm.")];
  if (may(after, "recording.consent") && myConsent(after) === null) {
    said.push(t("Xin trả lời ở đầu trang: đồng chí có đồng ý cho ghi không?"));
  }
  return said;
}

/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "consent";

/** @param {HTMLElement} root @param {Actions} actions @returns {Part} */
export function mount(root, { act, ask, dismiss }) {
  const yes = byId("consent-yes");
  const no = byId("consent-no");
  byId("record-start").addEventListener("click", async () => {
    if ((await ask("record")) === "yes") act("recording.start");
  });
  byId("record-stop").addEventListener("click", () => act("recording.stop"));
  yes.addEventListener("click", () => act("recording.consent", { agreed: true }));
  no.addEventListener("click", () => act("recording.consent", { agreed: false }));

  const render = (/** @type {State} */ state, /** @type {State} */ _before, /** @type {Local} */ local) => {
    const connected = local.line === "open"; // who has lost the line is not told what he cannot know
    const { running } = state.recording;
    const open = isOpen(state);
    byId("record-start").hidden = !open || running || !may(state, "recording.start");
    byId("record-stop").hidden = !open || !running || !may(state, "recording.stop");
    byId("recording-badge").hidden = !running || !connected;
    say(byId("recording-count"), running ? t("%(agreed)s/%(all)s người đồng ý", agreed(state)) : "");
    if (running) dismiss("record");
    const asked = running && connected && may(state, "recording.consent");
    const answer = myConsent(state);
    root.hidden = !asked;
    root.classList.toggle("waiting", answer === null);
    say(byId("consent-text"), asked ? ownSentence(state, answer) : "");
    // Whoever has just pressed one of the two must not lose the keyboard's place with it.
    const held = document.activeElement;
    yes.hidden = answer === true;
    no.hidden = answer === false;
    if (held === yes && yes.hidden) no.focus();
    if (held === no && no.hidden) yes.focus();
    say(no, answer ? t("Không ghi tôi nữa") : t("Không đồng ý"));
    say(yes, answer === false ? t("Đồng ý cho ghi") : t("Đồng ý"));
  };
  return { render };
}
