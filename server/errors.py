"""The one map from the packages' errors to HTTP statuses and sentences in the reader's language."""

from dataclasses import dataclass

from minutes.errors import CLOCK_BEHIND
from server.i18n import N_

NO_INSTALLATION = N_("Không có hệ thống nào ở %(place)s (dùng --data hoặc --config).")
"""Of a SetupError."""


class SetupError(Exception):
    """The installation cannot start, or a command cannot do what it should; one sentence for the person at the terminal
    (exit code 2): a msgid with its values, or a plain text."""

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text % values if values else text)
        self.text = text
        self.values = values


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
    "sign_in_lost": Answer(
        401,
        N_(
            "Đồng chí đã đăng xuất nên những gì vừa gửi chưa được lưu. Xin quay lại trang trước (nút Quay lại của "
            "trình duyệt) và chép những gì đã nhập nếu còn ở đó, rồi đăng nhập và gửi lại."
        ),
    ),
    "not_allowed": Answer(403, N_("Tài khoản của đồng chí không có quyền làm việc này.")),
    "not_invited": Answer(403, N_("Đồng chí không có tên trong thành phần dự họp này.")),
    "bad_token": Answer(401, N_("Mã truy cập không đúng hoặc đã hết hạn.")),
    "many_codes": Answer(
        429,
        N_(
            "Từ mạng này vừa có nhiều mã truy cập không đúng. Mã đúng vẫn dùng được; xin kiểm tra lại đường dẫn, hoặc "
            "đợi 15 phút rồi thử lại."
        ),
    ),
    "bad_origin": Answer(403, N_("Yêu cầu đến từ một trang khác nên bị từ chối.")),
    "bad_csrf": Answer(
        403,
        N_(
            "Biểu mẫu đã cũ nên những gì vừa gửi chưa được lưu. Xin quay lại trang trước (nút Quay lại của trình "
            "duyệt), chép những gì đã nhập, tải lại trang, rồi dán vào và gửi lại."
        ),
    ),
    "not_found": Answer(404, N_("Không tìm thấy trang này.")),
    "not_yours": Answer(403, N_("Không có văn bản này, hoặc tài khoản của đồng chí không được đọc.")),
    "unknown_room": Answer(404, N_("Không có phòng họp này.")),
    "unknown_series": Answer(404, N_("Không có lịch họp định kỳ này.")),
    "date_not_held": Answer(409, N_("Kỳ này không họp hoặc đã qua.")),
    "already_prepared": Answer(409, N_("Kỳ này đã lập cuộc họp; xin sửa hoặc hủy ở trang của cuộc họp.")),
    "bad_form": Answer(400, N_("Biểu mẫu gửi lên không đọc được.")),
    "bad_method": Answer(405, N_("Trang này không nhận thao tác vừa gửi.")),
    "bad_type": Answer(415, N_("Yêu cầu không đúng định dạng (cần application/sdp).")),
    "too_large": Answer(413, N_("Tệp quá lớn (tối đa 50 MB).")),
    "too_slow": Answer(408, N_("Đường truyền quá chậm nên chưa nhận đủ; xin gửi lại.")),
    "too_many": Answer(429, N_("Quá nhiều yêu cầu. Xin đợi một phút rồi thử lại.")),
    "historical_down": Answer(503, N_("Không ghi được vào nơi nhận của Lưu trữ lịch sử; xin báo cán bộ kỹ thuật.")),
    "clock_behind": Answer(503, CLOCK_BEHIND),
    "damaged": Answer(500, N_("Tệp lưu trữ của văn bản này bị mất hoặc hỏng; xin báo cán bộ kỹ thuật.")),
    "withheld": Answer(403, N_("Tài liệu này đang được cách ly chờ xử lý; hiện không ai mở được.")),
    "erased": Answer(410, N_("Nội dung của tài liệu này đã được xóa theo quy định; sổ sách vẫn ghi nhận tài liệu.")),
    "erased_return": Answer(
        409, N_("Tài liệu này trước đây bị xóa vì có bí mật nhà nước; không được đưa vào hệ thống lần nữa.")
    ),
    "last_administrator": Answer(
        409, N_("Đây là người quản trị cuối cùng của hệ thống; xin giao quyền quản trị cho người khác trước.")
    ),
    "directory_changed": Answer(
        409, N_("Trong lúc đồng chí xem, người khác đã thay đổi mục này. Xin xem lại giá trị hiện tại rồi làm lại.")
    ),
    "unit_over": Answer(409, N_("Đơn vị này đã thôi hoạt động, không nhận người và không thay đổi được nữa.")),
    "bad_end": Answer(422, N_("Ngày thôi không hợp lệ: xin chọn một ngày không quá một năm kể từ hôm nay.")),
    "already_begun": Answer(409, N_("Hệ thống đã có người quản trị. Xin đăng nhập bằng đường dẫn được cấp.")),
    "internal": Answer(500, N_("Hệ thống gặp lỗi. Lỗi đã được ghi lại; xin thử lại sau.")),
    # the meeting (rooms.errors codes)
    "bad_message": Answer(400, N_("Thông điệp không hợp lệ.")),
    "not_open": Answer(409, N_("Cuộc họp chưa được khai mạc.")),
    "already_open": Answer(409, N_("Cuộc họp đã khai mạc.")),
    "closed": Answer(409, N_("Cuộc họp đã kết thúc.")),
    "cancelled": Answer(409, N_("Cuộc họp đã hủy.")),
    "item_dealt_with": Answer(409, N_("Nội dung này đã hoặc đang được bàn, không bỏ được.")),
    "agenda_full": Answer(409, N_("Chương trình họp đã đủ số nội dung tối đa.")),
    "unknown_item": Answer(404, N_("Không có nội dung này trong chương trình.")),
    "unknown_participant": Answer(404, N_("Không có đại biểu này trong cuộc họp.")),
    "unknown_vote": Answer(404, N_("Không có cuộc biểu quyết này.")),
    "vote_open": Answer(409, N_("Đang có một cuộc biểu quyết, xin kết thúc cuộc biểu quyết đó trước.")),
    "vote_closed": Answer(409, N_("Cuộc biểu quyết đã kết thúc.")),
    "no_quorum": Answer(
        409,
        N_(
            "Chưa đủ số đại biểu có mặt để biểu quyết: có mặt %(present)s, cần ít nhất %(needed)s trong tổng số "
            "%(members)s đại biểu có quyền biểu quyết. Người mất kết nối chưa được tính."
        ),
    ),
    "unheard": Answer(409, N_("Chưa nhận được tín hiệu của %(names)s; nên chờ ít giây rồi kết thúc biểu quyết.")),
    "cut_off": Answer(409, N_("%(names)s đã mất kết nối từ khi mở biểu quyết và chưa biểu quyết.")),
    "limit_reached": Answer(409, N_("Đã đến số lần tối đa.")),
    "not_late": Answer(409, N_("Chủ trì chưa mở, hoặc đã đóng, thời gian nhận ý kiến gửi muộn.")),
    "not_missed": Answer(
        403,
        N_("Chỉ người vắng mặt khi kết thúc biểu quyết mới gửi được phiếu muộn."),
    ),
    "late_secret": Answer(
        403,
        N_("Bỏ phiếu kín không nhận phiếu muộn: phiếu đến sau khi kiểm phiếu thì ai cũng biết là của người gửi muộn."),
    ),
    "has_voted": Answer(
        409,
        N_(
            "Người này đã biểu quyết, nên tên và phiếu được giữ trong biên bản. Nếu ghi nhầm người, báo chủ trì để "
            "biểu quyết lại."
        ),
    ),
    "no_proxy": Answer(
        403,
        N_(
            "Chỉ biểu quyết thay được cho người đã ủy quyền, khi người đó vắng mặt hoặc mất kết nối quá 10 giây "
            "và chưa tự biểu quyết."
        ),
    ),
    "proxy_taken": Answer(409, N_("Mỗi người chỉ nhận ủy quyền của một người, và không ủy quyền lại.")),
    "not_eligible": Answer(403, N_("Đồng chí không thuộc thành phần biểu quyết.")),
    "no_microphone": Answer(
        409,
        N_(
            "Người này không có micro riêng trong phòng họp (vắng mặt, dự thính hoặc ngồi chung máy của điểm cầu), "
            "nên không phiên dịch được."
        ),
    ),
    "interprets": Answer(
        409,
        N_(
            "Người đang phiên dịch chỉ được nghe trong kênh của mình, nên không phát biểu cùng lúc: "
            "cho thôi phiên dịch rồi mời phát biểu, hoặc kết thúc phát biểu rồi cử phiên dịch."
        ),
    ),
    "wrong_person": Answer(409, N_("Không làm được việc này với người đã chọn.")),
    "not_offered": Answer(409, N_("Đồng chí chưa được đề nghị chủ trì cuộc họp.")),
    "unknown_conclusion": Answer(404, N_("Không có kết luận này.")),
    "unknown_unit": Answer(404, N_("Không có đơn vị này.")),
    "empty_text": Answer(400, N_("Nội dung còn để trống.")),
    "too_long": Answer(400, N_("Nội dung quá dài.")),
    "bad_deadline": Answer(400, N_("Thời hạn không hợp lệ.")),
    "past_deadline": Answer(409, N_("Thời hạn đã qua. Xin ghi từ ngày hôm nay trở đi.")),
    "secret_marking": Answer(
        400,
        N_(
            "Nội dung có dấu chỉ độ mật. Bí mật nhà nước không được đưa vào hệ thống này (Luật Bảo vệ bí mật nhà nước)."
        ),
    ),
    "secret_class": Answer(
        422, N_("Hệ thống này không được nhận bí mật nhà nước. Nội dung vừa gửi đã bị từ chối và không được lưu lại.")
    ),
    "class_unasked": Answer(422, N_("Xin trả lời trước: nội dung có chứa bí mật nhà nước không?")),
    "files_waiting": Answer(
        503, N_("Máy chủ đang xem xét nhiều tệp khác nên chưa nhận tệp này. Xin đợi ít phút rồi gửi lại.")
    ),
    "unseen_pages": Answer(
        503,
        N_("Chưa đọc được chữ trong các trang ảnh để tìm dấu chỉ độ mật, nên chưa nhận tệp; xin báo cán bộ kỹ thuật."),
    ),
    "recording_unavailable": Answer(
        503, N_("Máy chủ hiện không ghi được cuộc họp (hết chỗ lưu hoặc thư mục lưu bị lỗi); xin báo cán bộ kỹ thuật.")
    ),
    "paper_kind": Answer(415, N_("Chỉ nhận tệp PDF và tệp văn phòng (docx, odt, pptx, odp, xlsx, ods).")),
    "paper_office": Answer(415, N_("Máy chủ này chưa mở được tệp văn phòng; xin chuyển tệp sang PDF rồi gửi lại.")),
    "paper_locked": Answer(400, N_("Tệp có mật khẩu; xin bỏ mật khẩu rồi gửi lại.")),
    "paper_unreadable": Answer(400, N_("Tệp bị hỏng hoặc quá phức tạp nên không mở được.")),
    "paper_long": Answer(400, N_("Tài liệu dài quá 300 trang; xin chia thành nhiều tệp.")),
    "papers_full": Answer(409, N_("Cuộc họp đã có 100 tài liệu, không thêm được nữa.")),
    "unknown_paper": Answer(404, N_("Không có tài liệu này trong cuộc họp.")),
    "unknown_page": Answer(404, N_("Tài liệu không có trang này.")),
    "sharing_busy": Answer(409, N_("Đang có người khác chia sẻ màn hình.")),
    "no_file": Answer(400, N_("Chưa chọn tệp.")),
    "no_room": Answer(507, N_("Máy chủ hết chỗ lưu; xin báo cán bộ kỹ thuật.")),
    "groups_running": Answer(409, N_("Các nhóm đang họp; hãy gọi các nhóm về trước.")),
    "unknown_group": Answer(404, N_("Không có nhóm này.")),
    "unknown_site": Answer(404, N_("Không có điểm cầu này.")),
    "unknown_channel": Answer(404, N_("Không có kênh dịch này.")),
    "behind": Answer(409, N_("Phần ghi biên bản đã thay đổi quá nhiều; trang sẽ lấy lại bản mới nhất.")),
    "chat_locked": Answer(409, N_("Chủ trì đang tạm khóa trao đổi chung; đồng chí vẫn nhắn riêng cho thư ký được.")),
    "unknown_message": Answer(404, N_("Tin nhắn này không còn nữa.")),
    "unknown_block": Answer(404, N_("Phần này của dự thảo không còn nữa.")),
    "received_unreadable": Answer(400, N_("Chỉ nhận tệp PDF không có mật khẩu, không hỏng, dài không quá 500 trang.")),
    "attachment_kind": Answer(400, N_("Chỉ nhận tệp PDF và tệp văn phòng (.docx, .xlsx, .pptx, .odt, .ods).")),
    "word_unreadable": Answer(
        400,
        N_(
            "Chưa nhập được, dự thảo giữ nguyên: tệp không phải là tệp Word (.docx), có mật khẩu hoặc bị hỏng. Xin mở "
            "tệp bằng Word, bỏ mật khẩu, lưu lại thành .docx rồi chọn lại."
        ),
    ),
    "word_gone": Answer(409, N_("Tệp đã đọc không còn được giữ; xin chọn lại tệp.")),
    "word_long": Answer(
        413,
        N_(
            "Chưa nhập được, dự thảo giữ nguyên: tệp Word quá lớn (tối đa 10 MB) hoặc quá dài. Xin bỏ hình ảnh, tách "
            "phần dài thành tệp kèm theo rồi chọn lại."
        ),
    ),
    "word_slow": Answer(
        503,
        N_(
            "Chưa nhập được, dự thảo giữ nguyên: máy chủ chưa đọc xong tệp trong thời gian cho phép. Xin chọn lại tệp; "
            "nếu vẫn như vậy, xin bỏ hình ảnh trong tệp hoặc báo cán bộ kỹ thuật."
        ),
    ),
    "word_busy": Answer(
        503, N_("Máy chủ đang đọc một tệp Word khác. Dự thảo giữ nguyên; xin chọn lại tệp sau ít phút.")
    ),
    "draft_closed": Answer(409, N_("Văn bản đã được trình hoặc đang ký, không sửa được nữa.")),
    "captions_unavailable": Answer(
        503, N_("Máy chủ chưa có chương trình viết phụ đề, hoặc chương trình không chạy được; xin báo cán bộ kỹ thuật.")
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
