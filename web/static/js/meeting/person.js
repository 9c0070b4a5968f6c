/** What the chair and the secretary can do with one person: the dialog that opens from the person's line. */

import { t } from "../text.js";
import { byId, say } from "./element.js";
import { roleName } from "./names.js";
import { isUnderWay, may, participant } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Participant} Participant */
/** @typedef {import("./parts.js").Actions} Actions */

/** @param {State} state @param {Participant} p */
function maySetRole(state, p) {
  const fixed = ["chair", "gateway"].includes(p.role) || [state.chairing.regular, state.meeting?.secretary].includes(p.id);
  return may(state, "role.set") && !fixed;
}

/** A right of its own, whatever the role; settled before a question is put. @param {State} state @param {Participant} p */
function maySetVote(state, p) {
  return may(state, "vote_right.set") && p.role !== "gateway" && !p.stream && state.vote?.state !== "open";
}

/** Another secretary may be the one who signs. @param {State} state @param {Participant} p */
function maySign(state, p) {
  return may(state, "minutes.signer") && p.role === "secretary" && p.id !== state.meeting?.secretary;
}

/** @param {State} state @param {Participant} p */
function mayTakeOver(state, p) {
  const able = p.connected && !["chair", "secretary", "viewer", "technician", "gateway"].includes(p.role);
  return isUnderWay(state) && may(state, "chair.hand") && able;
}

/** @param {State} state @param {Participant} p */
function mayOrder(state, p) {
  return may(state, "mic.hush") && p.present && p.id !== state.you && p.role !== "chair";
}

/** @param {State} state @param {Participant} p */
function maySendOut(state, p) {
  const needed = ["chair", "secretary", "gateway"].includes(p.role) || p.id === state.chairing.regular;
  return may(state, "participant.remove") && p.present && !needed;
}

/** Is there anything to be done? @param {State} state @param {Participant} p */
export function hasMenu(state, p) {
  return [maySetRole, maySetVote, maySign, mayTakeOver, mayOrder, maySendOut].some((allows) => allows(state, p));
}

export class PersonMenu {
  /** @type {string | null} */ #person = null;
  #lit = false;
  #votes = false;

  /** @param {Actions} actions */
  constructor({ act, ask, dismiss }) {
    this.act = act;
    this.ask = ask;
    this.dismiss = dismiss;
    // The first button of a form answers Enter: a reason is never an order.
    byId("person-reason").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter") event.preventDefault();
    });
  }

  /** @param {State} state @param {string} id */
  async open(state, id) {
    this.#person = id;
    const role = participant(state, id)?.role ?? "delegate";
    byId("person-role").value = role;
    byId("person-reason").value = "";
    this.render(state);
    const answer = await this.ask("person");
    this.#person = null;
    const fields = { participant: id };
    if (answer === "chair") this.act("chair.hand", fields);
    if (answer === "chair-good") this.act("chair.hand", { ...fields, for_good: true });
    if (answer === "hush") this.act("mic.hush", fields);
    if (answer === "open-mic") this.act("mic.open", fields);
    if (answer === "vote") this.act("vote_right.set", { ...fields, votes: !this.#votes });
    if (answer === "camera") this.act("camera.stop", fields);
    if (answer === "screen") this.act("share.stop");
    if (answer === "spotlight") this.act("spotlight", this.#lit ? {} : fields);
    const text = byId("person-reason").value.trim();
    if (answer === "remove") this.act("participant.remove", text ? { ...fields, text } : fields);
    if (answer === "signer") this.act("minutes.signer", fields);
    if (answer === "role") this.act("role.set", { ...fields, role: byId("person-role").value });
  }

  /** @param {State} state */
  render(state) {
    const p = participant(state, this.#person);
    if (!p) return;
    if (!hasMenu(state, p)) return this.dismiss("person");
    say(byId("person-title"), p.name);
    const signs = p.id === state.meeting?.secretary ? t("ký biên bản") : "";
    const vote = p.votes || p.role === "gateway" ? "" : t("không biểu quyết");
    say(byId("person-more"), [...new Set([roleName(p.role), signs, p.title, p.unit?.name, vote])].filter(Boolean).join(" · "));
    this.#lit = state.order.spotlight === p.id;
    byId("person-order").hidden = !mayOrder(state, p);
    byId("person-hush").disabled = !p.audio;
    // Who sends without a page of their own cannot open it by themselves again.
    byId("person-open-mic").hidden = !p.stream || p.audio || state.order.locked;
    byId("person-camera").disabled = !p.video;
    byId("person-camera").hidden = p.stream;
    byId("person-screen").hidden = state.sharing.by !== p.id;
    say(byId("person-spotlight"), this.#lit ? t("Thôi phóng to") : t("Phóng to cho mọi người"));
    byId("person-out").hidden = !maySendOut(state, p);
    byId("person-roles").hidden = !maySetRole(state, p);
    this.#votes = p.votes;
    byId("person-vote").hidden = !maySetVote(state, p);
    say(byId("person-vote-text"), p.votes ? t("Có quyền biểu quyết") : t("Không có quyền biểu quyết"));
    say(byId("person-vote-change"), p.votes ? t("Bỏ quyền biểu quyết") : t("Cho quyền biểu quyết"));
    byId("person-signer").hidden = !maySign(state, p);
    const takes = mayTakeOver(state, p);
    byId("person-chair").hidden = !takes;
    document.querySelector('[data-test="hand-chair-good"]').hidden = Boolean(state.chairing.regular);
  }
}
