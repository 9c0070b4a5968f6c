/** The recording: that there is one, who is in it, one's own answer, and the chair's switch. */

import { t } from "../text.js";
import { byId, say } from "./element.js";
import { isOpen, may, myConsent, onStage } from "./state.js";

/** @typedef {import("./state.js").State} State */

/** Of those present who can be recorded, how many have agreed. @param {State} state */
function agreed(state) {
  const here = onStage(state).filter((p) => p.role !== "gateway");
  const willing = new Set(state.recording.consents.filter((c) => c.agreed).map((c) => c.participant));
  return { agreed: here.filter((p) => willing.has(p.id)).length, all: here.length };
}

/** @param {boolean | null} answer @returns {string} */
function ownSentence(answer) {
  if (answer === null) {
    return t("Cuộc họp đang được ghi hình, ghi âm. Đồng chí có đồng ý cho ghi hình và tiếng của mình không?");
  }
  if (answer) return t("Hình và tiếng của đồng chí đang được ghi.");
  return t("Hình và tiếng của đồng chí không được ghi.");
}

/** @param {(type: string, fields?: object) => Promise<boolean>} act 
 * @returns {(state: State, connected: boolean) => void} who has lost the line is not told what he cannot know */
export function recordingPart(act) {
  const dialog = byId("record-dialog");
  const yes = byId("consent-yes");
  const no = byId("consent-no");
  byId("record-start").addEventListener("click", () => dialog.showModal());
  byId("record-no").addEventListener("click", () => dialog.close());
  byId("record-yes").addEventListener("click", () => {
    dialog.close();
    act("recording.start");
  });
  byId("record-stop").addEventListener("click", () => act("recording.stop"));
  yes.addEventListener("click", () => act("recording.consent", { agreed: true }));
  no.addEventListener("click", () => act("recording.consent", { agreed: false }));

  return (state, connected) => {
    const { running } = state.recording;
    const open = isOpen(state);
    byId("record-start").hidden = !open || running || !may(state, "recording.start");
    byId("record-stop").hidden = !open || !running || !may(state, "recording.stop");
    byId("recording-badge").hidden = !running || !connected;
    say(byId("recording-count"), running ? t("%(agreed)s/%(all)s người đồng ý", agreed(state)) : "");
    if (running && dialog.open) dialog.close();
    const asked = running && connected && may(state, "recording.consent");
    const answer = myConsent(state);
    byId("consent").hidden = !asked;
    byId("consent").classList.toggle("waiting", answer === null);
    say(byId("consent-text"), asked ? ownSentence(answer) : "");
    // Whoever has just pressed one of the two must not lose the keyboard's place with it.
    const held = document.activeElement;
    yes.hidden = answer === true;
    no.hidden = answer === false;
    if (held === yes && yes.hidden) no.focus();
    if (held === no && no.hidden) yes.focus();
    say(no, answer ? t("Không ghi tôi nữa") : t("Không đồng ý"));
    say(yes, answer === false ? t("Đồng ý cho ghi") : t("Đồng ý"));
  };
}
