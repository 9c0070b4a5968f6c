/** The room as a whole: head, controls, status, and what stands in place of the pictures when there are none. */

import { t } from "../text.js";
import { agendaPart } from "./agenda.js";
import { byId, changeIcon, make, say } from "./element.js";
import { floorPart, peoplePart } from "./floor.js";
import { minutesPart } from "./minutes.js";
import { recordingPart } from "./recording.js";
import { isOpen, may, mayClose, me, roster } from "./state.js";
import { roleName, Tiles } from "./tiles.js";
import { votePart } from "./vote.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./capture.js").Capture} Capture */
/**
 * What is the page's own, not the meeting's.
 * @typedef {{phase: "check" | "room" | "ended", reason: string, line: import("./protocol.js").LineState,
 *   media: {up: string, down: string}, streams: Record<string, import("./tiles.js").Pair>}} Local
 */

const TOAST_TIME = 6000;

/** @param {State} state @param {Local} local @returns {string} */
function statusSentence(state, local) {
  if (local.line === "lost") return t("Mất kết nối, đang nối lại…");
  if (local.line === "connecting") return t("Đang kết nối…");
  if (local.line !== "open") return "";
  const failed = local.media.down === "failed" || local.media.up === "failed";
  if (failed && state.meeting?.state !== "closed") {
    return t("Đã kết nối, nhưng hình và tiếng chưa thông; đang thử lại. Vẫn giơ tay và biểu quyết được.");
  }
  return t("Đã kết nối");
}

/** @param {State} state */
function meetingState(state) {
  const names = { scheduled: t("Chưa khai mạc"), open: t("Đang họp"), closed: t("Đã kết thúc") };
  return names[/** @type {keyof typeof names} */ (state.meeting?.state)] ?? t("Chưa có cuộc họp");
}

/** Why the pictures are gone: heading, explanation, and the way back ("" where there is none).
 * @param {string} reason @returns {{title: string, text: string, back: string}} */
function ending(reason) {
  const endings = {
    replaced: {
      title: t("Đang dự họp ở nơi khác"),
      text: t("Tài khoản này vừa vào phòng họp từ một máy hoặc cửa sổ khác, nên nơi này đã dừng."),
      back: t("Chuyển về máy này"),
    },
    removed: {
      title: t("Không còn trong phòng họp"),
      text: t("Chủ trì đã cho tài khoản này rời phòng họp."),
      back: "",
    },
    signin: {
      title: t("Phiên đăng nhập đã hết"),
      text: t("Đăng nhập lại để vào tiếp phòng họp."),
      back: t("Đăng nhập lại"),
    },
    over: {
      title: t("Cuộc họp đã kết thúc"),
      text: t("Diễn biến và kết luận xem ở trang của cuộc họp."),
      back: t("Mở trang cuộc họp"),
    },
    forbidden: {
      title: t("Không vào được phòng họp"),
      text: t("Tài khoản này không có trong thành phần được mời."),
      back: "",
    },
    left: { title: t("Đã rời phòng họp"), text: t("Micro và camera đã tắt."), back: t("Vào lại phòng họp") },
  };
  return endings[/** @type {keyof typeof endings} */ (reason)] ?? endings.left;
}

/** What the minutes come to, for this reader. @param {boolean} writes @param {boolean} drafted */
function closingSentence(writes, drafted) {
  if (!writes) return t("Micro và camera đã tắt. Thư ký hoàn thiện biên bản và gửi đến các đại biểu.");
  if (drafted) return t("Micro và camera đã tắt. Dự thảo biên bản đã lập từ diễn biến cuộc họp.");
  return t("Micro và camera đã tắt. Dự thảo biên bản sẽ có trên bàn làm việc khi lập xong.");
}

export class View {
  /** @type {State | null} */ #state = null;
  #changed = false;

  /**
   * @param {{act: (type: string, fields?: object) => Promise<boolean>, turn: (kind: "audio" | "video") => void,
   *   leave: () => void, back: () => void, now: () => number, shown: (tiles: Map<Element, string>) => void,
   *   desk: string}} given
   */
  constructor({ act, turn, leave, back, now, shown, desk }) {
    this.desk = desk;
    this.act = act;
    this.turn = turn;
    this.tiles = new Tiles(byId("stage"), shown, () => (byId("sound").hidden = false));
    this.floor = floorPart(act, now);
    this.people = peoplePart(act, roleName);
    this.parts = [agendaPart(act), votePart(act), minutesPart(act)];
    this.recording = recordingPart(act);
    byId("mic").addEventListener("click", () => turn("audio"));
    byId("camera").addEventListener("click", () => turn("video"));
    byId("hand").addEventListener("click", () => this.#hand());
    byId("leave").addEventListener("click", leave);
    byId("ended-back").addEventListener("click", back);
    byId("open-meeting").addEventListener("click", () => act("meeting.open"));
    byId("notice-close").addEventListener("click", () => this.notice(""));
    byId("sound").addEventListener("click", () => {
      byId("sound").hidden = true;
      this.tiles.play();
    });
    this.#confirmClosing();
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {State} state @param {Local} local @param {Capture} capture */
  show(state, local, capture) {
    this.#state = state;
    const closed = state.meeting?.state === "closed";
    const inside = local.phase === "room";
    byId("check").hidden = local.phase !== "check";
    byId("room").hidden = local.phase === "check";
    this.#showPhase(inside && closed ? "closed" : local.phase);
    byId("stage").hidden = !inside || closed;
    byId("panels").hidden = !inside || !state.welcomed;
    byId("tabs").hidden = byId("panels").hidden;
    byId("bar").hidden = !inside || closed;
    byId("floor").hidden = closed;
    // Closing sends everybody away: that nobody is there any more says nothing of who was.
    byId("people").hidden = closed;
    for (const id of ["tab-floor", "tab-people"]) byId(id).hidden = closed;
    byId("ended").hidden = inside && !closed;
    if (!inside) this.#showEnding(local.reason);
    else if (closed) this.#showClosed(state);
    this.#showHead(state, local);
    this.#focusEnding();
    if (!state.welcomed || !inside) return;
    this.#showControls(state, capture, closed);
    this.tiles.show(closed ? { ...state, participants: [] } : state, local.streams, capture.tracks);
    this.floor.show(state);
    this.people(state, roster(state));
    for (const show of this.parts) show(state);
    this.recording(state, local.line === "open");
  }

  /** @param {string} phase check, room, closed (the meeting), ended (our part in it) */
  #showPhase(phase) {
    const root = byId("meeting");
    this.#changed = root.dataset.phase !== phase;
    root.dataset.phase = phase;
    for (const dialog of phase === "room" ? [] : [byId("close-dialog"), byId("record-dialog")]) {
      if (dialog.open) dialog.close();
    }
  }

  /** Whoever reads with the keyboard or by ear must not be left on a button that has gone. */
  #focusEnding() {
    if (this.#changed && !byId("ended").hidden) byId("ended-title").focus();
  }

  /** Once a second. */
  tick() {
    this.floor.tick();
  }

  /** An error, until it is read or something else succeeds. @param {string} sentence "" takes it away */
  notice(sentence) {
    byId("notice").hidden = sentence === "";
    say(byId("notice-text"), sentence);
  }

  /** News for everybody, aloud and for a moment on the screen. @param {string[]} sentences */
  announce(sentences) {
    for (const sentence of sentences) {
      const line = make("p", {}, sentence);
      byId("live").append(line);
      setTimeout(() => line.remove(), TOAST_TIME);
    }
  }

  /** @param {State} state @param {Local} local */
  #showHead(state, local) {
    if (state.meeting) {
      say(byId("meeting-title"), state.meeting.title);
      say(byId("meeting-place"), [state.room?.title, state.meeting.place].filter(Boolean).join(" · "));
    }
    const badge = byId("meeting-state");
    badge.hidden = !state.welcomed;
    say(badge, meetingState(state));
    badge.dataset.state = state.meeting?.state ?? "none";
    const status = byId("status");
    say(status, statusSentence(state, local));
    status.dataset.line = local.line;
    status.dataset.well = String(local.line === "open" && local.media.down !== "failed" && local.media.up !== "failed");
    const live = local.phase === "room" && local.line === "open";
    byId("open-meeting").hidden = !(live && state.meeting?.state === "scheduled" && may(state, "meeting.open"));
    byId("close-meeting").hidden = !(live && mayClose(state));
    byId("close-vote").hidden = state.vote?.state !== "open";
  }

  /** @param {State} state @param {Capture} capture @param {boolean} closed */
  #showControls(state, capture, closed) {
    const sends = may(state, "media.state") && !closed;
    const kinds = /** @type {const} */ ([
      ["mic", "audio", t("Tắt mic"), t("Bật mic")],
      ["camera", "video", t("Tắt camera"), t("Bật camera")],
    ]);
    for (const [id, kind, off, on] of kinds) {
      const button = byId(id);
      button.hidden = !sends;
      button.dataset.on = String(capture.on(kind));
      changeIcon(button.querySelector("svg"), capture.on(kind) ? id : `${id}-off`);
      say(button.querySelector(".label"), capture.on(kind) ? off : on);
    }
    const hand = byId("hand");
    const raised = me(state)?.hand ?? false;
    hand.hidden = !may(state, "hand.raise") || !isOpen(state);
    hand.dataset.on = String(raised);
    say(hand.querySelector(".label"), raised ? t("Hạ tay") : t("Giơ tay"));
    byId("listener").hidden = closed || may(state, "media.state");
    say(byId("tab-floor-count"), state.floor.queue.length > 0 ? String(state.floor.queue.length) : "");
  }

  /** @param {string} reason */
  #showEnding(reason) {
    const { title, text, back } = ending(reason);
    say(byId("ended-title"), title);
    say(byId("ended-text"), text);
    byId("ended-back").hidden = back === "";
    say(byId("ended-back"), back);
    byId("minutes-link").hidden = true;
  }

  /** @param {State} state */
  #showClosed(state) {
    const writes = ["chair", "secretary"].includes(me(state)?.role ?? "");
    const document = state.meeting.document;
    say(byId("ended-title"), t("Cuộc họp đã kết thúc"));
    say(byId("ended-text"), closingSentence(writes, Boolean(document)));
    byId("ended-back").hidden = true;
    const link = byId("minutes-link");
    link.hidden = !writes || !document;
    if (document) link.href = this.desk + encodeURIComponent(document);
  }

  #hand() {
    const state = this.#state;
    if (!state || byId("hand").hidden) return;
    this.act(me(state)?.hand ? "hand.lower" : "hand.raise");
  }

  #confirmClosing() {
    const dialog = byId("close-dialog");
    byId("close-meeting").addEventListener("click", () => dialog.showModal());
    byId("close-no").addEventListener("click", () => dialog.close());
    byId("close-yes").addEventListener("click", () => {
      dialog.close();
      this.act("meeting.close");
    });
  }

  /** M, V and H, but never while somebody writes. @param {KeyboardEvent} event */
  #key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
    if (target.closest("input, textarea, select, dialog, [contenteditable]") || byId("room").hidden) return;
    const key = event.key.toLowerCase();
    if (key === "m" && !byId("mic").hidden) this.turn("audio");
    if (key === "v" && !byId("camera").hidden) this.turn("video");
    if (key === "h") this.#hand();
  }
}
