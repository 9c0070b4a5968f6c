/** What stands in place of the pictures when there are none any more: why, and the way back. */

import { t } from "../text.js";
import { byId, say } from "./element.js";
import { me } from "./state.js";

/** @typedef {import("./state.js").State} State */

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
      text: t("Chủ trì hoặc thư ký đã mời đồng chí ra khỏi phòng họp."),
      back: t("Xin vào lại"),
    },
    unseated: {
      title: t("Điện thoại đã thôi điểm danh"),
      text: t("Điểm cầu đã bỏ chỗ của đồng chí. Quét lại mã trên màn hình của điểm cầu để điểm danh lại."),
      back: "",
    },
    rejected: {
      title: t("Chưa được vào phòng họp"),
      text: t("Chủ trì hoặc thư ký chưa cho đồng chí vào."),
      back: t("Xin vào lại"),
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

/** Our part in it is over. @param {string} reason @param {string} said what we were sent away with */
export function showEnding(reason, said) {
  const { title, text, back } = ending(reason);
  say(byId("ended-title"), title);
  say(byId("ended-text"), said ? `${text} “${said}”` : text);
  byId("ended-back").hidden = back === "";
  say(byId("ended-back"), back);
  byId("minutes-link").hidden = true;
}

/** The meeting is over, or will not be held. @param {State} state @param {string} desk address of the desk */
export function showClosed(state, desk) {
  const cancelled = state.meeting.state === "cancelled";
  const writes = ["chair", "secretary"].includes(me(state)?.role ?? "");
  const document = state.meeting.document;
  say(byId("ended-title"), cancelled ? t("Cuộc họp đã hủy.") : t("Cuộc họp đã kết thúc"));
  say(byId("ended-text"),
    cancelled ? t("Lý do xem ở trang của cuộc họp.") : closingSentence(writes, Boolean(document)));
  byId("ended-back").hidden = true;
  const link = byId("minutes-link");
  link.hidden = !writes || !document;
  if (document) link.href = desk + encodeURIComponent(document);
}
