/** Live captions: what the recogniser hears, one's own answer whether it may hear oneself, and the chair's switch. */

import { t } from "../../text.js";
import { byId, keep, make, say } from "../element.js";
import { isOpen, may, participant, seated, sitsAtSite } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../parts.js").Local} Local */
/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "captions";

const STAYS = 10_000; // ms that words stay after the last ones

/** @param {State} state @returns {boolean | null} */
function mine(state) {
  const answer = state.captions.consents.find((c) => c.participant === state.you);
  return answer ? answer.agreed : null;
}

/** Who has one device for a hall answers for all who sit there; who has checked in by a phone may refuse for the hall.
 * @param {State} state @param {boolean | null} answer @returns {string} */
function ownSentence(state, answer) {
  const count = seated(state);
  if (count > 0) {
    if (answer === null) return t("Phụ đề đang bật. Điểm cầu này có %(count)s người cùng ngồi: đồng chí hãy hỏi từng người. Mọi người có đồng ý cho máy nghe để viết phụ đề không?", { count });
    if (answer) return t("Lời nói ở điểm cầu, gồm %(count)s người cùng ngồi, được viết thành phụ đề. Hỏi cả người vào sau; có người không đồng ý thì thôi viết.", { count });
    return t("Lời nói ở điểm cầu không được viết thành phụ đề.");
  }
  if (sitsAtSite(state)) {
    if (answer === null) return t("Phụ đề đang bật. Đồng chí có đồng ý cho máy nghe lời nói ở điểm cầu mình đang ngồi không?");
    if (answer) return t("Đồng chí đã đồng ý viết phụ đề ở điểm cầu mình đang ngồi.");
    return t("Đồng chí không đồng ý: lời nói ở điểm cầu đồng chí đang ngồi không được viết thành phụ đề.");
  }
  if (answer === null) return t("Phụ đề đang bật. Đồng chí có đồng ý cho máy nghe lời mình để viết phụ đề không?");
  return answer ? t("Lời của đồng chí được viết thành phụ đề.") : t("Lời của đồng chí không được viết thành phụ đề.");
}

/** @param {State} before @param {State} after @returns {string[]} */
export function news(before, after) {
  if (before.captions.running === after.captions.running) return [];
  return [after.captions.running ? t("Đã bật phụ đề.") : t("Đã tắt phụ đề.")];
}

/** @param {HTMLElement} root @param {Actions} actions @returns {Part} */
export function mount(root, { act, ask, now }) {
  const consent = byId("captions-consent");
  const yes = byId("captions-yes");
  const no = byId("captions-no");
  let last = 0; // when words came last
  byId("captions-start").addEventListener("click", async () => {
    if ((await ask("captions")) === "yes") act("captions.start");
  });
  byId("captions-stop").addEventListener("click", () => act("captions.stop"));
  yes.addEventListener("click", () => act("captions.consent", { agreed: true }));
  no.addEventListener("click", () => act("captions.consent", { agreed: false }));

  const render = (/** @type {State} */ state, /** @type {State} */ before, /** @type {Local} */ local) => {
    const { running } = state.captions;
    const connected = local.line === "open";
    byId("captions-start").hidden = !isOpen(state) || running || !may(state, "captions.start");
    byId("captions-stop").hidden = !isOpen(state) || !running || !may(state, "captions.stop");
    if (state.spoken !== before.spoken) last = now();
    root.hidden = !running || state.spoken.length === 0 || now() - last > STAYS;
    keep(
      root,
      state.spoken,
      (line) => line.id,
      () => make("p", {}, make("strong"), make("span")),
      (element, line) => {
        say(element.firstChild, `${participant(state, line.participant)?.name ?? ""}: `);
        say(element.lastChild, line.text);
      },
    );
    const asked = running && connected && may(state, "captions.consent");
    const answer = mine(state);
    consent.hidden = !asked;
    consent.classList.toggle("waiting", answer === null);
    say(byId("captions-text"), asked ? ownSentence(state, answer) : "");
    const held = document.activeElement; // the keyboard's place must not vanish with a button
    yes.hidden = answer === true;
    no.hidden = answer === false;
    if (held === yes && yes.hidden) no.focus();
    if (held === no && no.hidden) yes.focus();
  };
  const tick = () => {
    if (now() - last > STAYS) root.hidden = true;
  };
  return { render, tick };
}
