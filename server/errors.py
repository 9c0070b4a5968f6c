"""The one map from the packages' errors to HTTP statuses and sentences in the reader's language."""

from dataclasses import dataclass

from server.i18n import N_


class SetupError(Exception):
    """The installation cannot start; the text is one sentence for the person at the terminal (exit code 2)."""


class Problem(Exception):
    """A request cannot be served; `code` selects status and sentence."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True, slots=True)
class Answer:
    """HTTP status and sentence (a msgid) of an error code."""

    status: int
    text: str


ANSWERS: dict[str, Answer] = {
    # whoever is asking
    "sign_in": Answer(401, N_("Đồng chí cần đăng nhập để xem trang này.")),
    "not_allowed": Answer(403, N_("Tài khoản của đồng chí không có quyền làm việc này.")),
    "not_invited": Answer(403, N_("Đồng chí không có tên trong thành phần dự họp này.")),
    "bad_token": Answer(401, N_("Mã truy cập không đúng hoặc đã hết hạn.")),
    "bad_origin": Answer(403, N_("Yêu cầu đến từ một trang khác nên bị từ chối.")),
    "bad_csrf": Answer(403, N_("Biểu mẫu đã cũ. Xin tải lại trang rồi gửi lại.")),
    "not_found": Answer(404, N_("Không tìm thấy trang này.")),
    "unknown_room": Answer(404, N_("Không có phòng họp này.")),
    "bad_form": Answer(400, N_("Biểu mẫu gửi lên không đọc được.")),
    "bad_method": Answer(405, N_("Trang này không nhận thao tác vừa gửi.")),
    "bad_type": Answer(415, N_("Yêu cầu không đúng định dạng (cần application/sdp).")),
    "too_large": Answer(413, N_("Tệp quá lớn (tối đa 50 MB).")),
    "too_many": Answer(429, N_("Quá nhiều yêu cầu. Xin đợi một phút rồi thử lại.")),
    "damaged": Answer(500, N_("Tệp lưu trữ của văn bản này bị mất hoặc hỏng; xin báo cán bộ kỹ thuật.")),
    "internal": Answer(500, N_("Hệ thống gặp lỗi. Lỗi đã được ghi lại; xin thử lại sau.")),
    # the meeting (rooms.errors codes)
    "bad_message": Answer(400, N_("Thông điệp không hợp lệ.")),
    "not_open": Answer(409, N_("Cuộc họp chưa được khai mạc.")),
    "already_open": Answer(409, N_("Cuộc họp đã khai mạc.")),
    "closed": Answer(409, N_("Cuộc họp đã kết thúc.")),
    "unknown_item": Answer(404, N_("Không có nội dung này trong chương trình.")),
    "unknown_participant": Answer(404, N_("Không có đại biểu này trong cuộc họp.")),
    "unknown_vote": Answer(404, N_("Không có cuộc biểu quyết này.")),
    "vote_open": Answer(409, N_("Đang có một cuộc biểu quyết, xin kết thúc cuộc biểu quyết đó trước.")),
    "vote_closed": Answer(409, N_("Cuộc biểu quyết đã kết thúc.")),
    "not_eligible": Answer(403, N_("Đồng chí không thuộc thành phần biểu quyết.")),
    "unknown_conclusion": Answer(404, N_("Không có kết luận này.")),
    "unknown_unit": Answer(404, N_("Không có đơn vị này.")),
    "empty_text": Answer(400, N_("Nội dung còn để trống.")),
    "too_long": Answer(400, N_("Nội dung quá dài.")),
    "bad_deadline": Answer(400, N_("Thời hạn không hợp lệ.")),
    "secret_marking": Answer(
        400,
        N_(
            "Nội dung có dấu chỉ độ mật. Bí mật nhà nước không được đưa vào hệ thống này (Luật Bảo vệ bí mật nhà nước)."
        ),
    ),
    "recording_unavailable": Answer(
        503, N_("Máy chủ hiện không ghi được cuộc họp (hết chỗ lưu hoặc thư mục lưu bị lỗi); xin báo cán bộ kỹ thuật.")
    ),
    "export_busy": Answer(409, N_("Máy chủ đang ghép bản ghi của cuộc họp khác; xin thử lại sau.")),
    "busy": Answer(503, N_("Hệ thống đang bận, xin thử lại.")),
    # media (media.errors codes)
    "media_refused": Answer(400, N_("Trình duyệt gửi thông số hình và tiếng không hợp lệ.")),
    "bad_sdp": Answer(400, N_("Thông số hình và tiếng (SDP) không hợp lệ.")),
    "bad_answer": Answer(400, N_("Thông số hình và tiếng (SDP) không hợp lệ.")),
    "no_codec": Answer(406, N_("Thiết bị không có bộ mã hình hoặc tiếng mà hệ thống dùng (Opus, VP8, H.264).")),
    "unknown_session": Answer(404, N_("Không có phiên truyền này.")),
    "not_publishing": Answer(404, N_("Hiện chưa có ai phát hình hoặc tiếng ở đây.")),
}


def answer(code: str) -> Answer:
    """Status and sentence of `code`; an unknown code is our own fault and reads as one."""
    return ANSWERS.get(code, ANSWERS["internal"])
