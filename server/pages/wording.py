"""Words for kinds, states and acts of documents, marked for translation."""

from collections.abc import Mapping
from types import MappingProxyType

from minutes.document import Document, Kind, State
from minutes.errors import InvalidContent, RecordError, Refused, SecretContent, SigningFailed, WrongPin
from server.i18n import N_, Reader
from server.pages.desk_form import where

KINDS: Mapping[Kind, str] = MappingProxyType(
    {Kind.MINUTES: N_("Biên bản"), Kind.NOTICE: N_("Thông báo"), Kind.DIRECTIVE: N_("Chỉ thị")}
)

STATES: Mapping[State, str] = MappingProxyType(
    {
        State.DRAFT: N_("Dự thảo"),
        State.REVIEW: N_("Chờ duyệt"),
        State.APPROVED: N_("Đã duyệt, đang ký số"),
        State.SIGNED: N_("Đã ký, chờ đóng dấu"),
        State.SEALED: N_("Đã phát hành"),
    }
)

ACTS: Mapping[str, str] = MappingProxyType(
    {
        "draft": N_("Lập dự thảo"),
        "edit": N_("Sửa nội dung"),
        "submit": N_("Trình duyệt"),
        "return": N_("Trả lại để sửa"),
        "approve": N_("Duyệt, cấp số"),
        "sign": N_("Ký số"),
        "sign_last": N_("Ký số"),
        "seal": N_("Đóng dấu, vào sổ, lưu trữ"),
        "void": N_("Hủy số, đưa về dự thảo"),
        "publish": N_("Công khai"),
        "withdraw": N_("Rút khỏi trang công khai"),
    }
)

_REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "wrong_state": N_("Việc này không làm được ở trạng thái hiện tại của văn bản; xin tải lại trang."),
        "never_public": N_("Biên bản là tài liệu họp nội bộ, không công khai."),
        "not_sealed": N_("Chỉ công khai được văn bản đã phát hành."),
        "published": N_("Văn bản đã được công khai."),
        "not_published": N_("Văn bản không ở trạng thái công khai."),
        "not_your_turn": N_("Chưa đến lượt đồng chí ký văn bản này."),
        "changed_meanwhile": N_("Văn bản vừa được người khác xử lý; xin xem lại rồi làm tiếp."),
        "reason_needed": N_("Xin ghi lý do, không quá 500 ký tự."),
        "no_conclusions": N_("Biên bản không có kết luận nào để thông báo."),
    }
)


def sentence(error: RecordError, kind: Kind, reader: Reader) -> str:
    """What went wrong with a record, for the official who tried."""
    match error:
        case WrongPin():
            return reader.gettext(N_("Mã PIN không đúng. Văn bản chưa được ký; xin nhập lại mã PIN."))
        case SigningFailed():
            return reader.gettext(N_("Chưa ký được và văn bản giữ nguyên như trước: %(reason)s"), reason=error)
        case SecretContent():
            return reader.gettext(
                N_("Văn bản có dấu chỉ độ mật nên không được đưa vào hệ thống này (%(field)s)."),
                field=where(kind, error.field, reader),
            )
        case InvalidContent():
            return reader.gettext(
                N_("Chưa lưu được. %(field)s: %(reason)s."), field=where(kind, error.field, reader), reason=error.reason
            )
        case Refused() if error.code in _REFUSALS:
            return reader.gettext(_REFUSALS[error.code])
        case _:
            return str(error)


def next_step(document: Document, reader: Reader) -> str:
    """Who must act next, in one sentence."""
    signer = document.next_signer
    match document.state:
        case State.DRAFT:
            return reader.gettext(N_("Thư ký hoàn thiện dự thảo rồi trình duyệt."))
        case State.REVIEW:
            return reader.gettext(N_("Đang chờ lãnh đạo duyệt hoặc trả lại."))
        case State.APPROVED if signer is not None:
            return reader.gettext(N_("Đang chờ đồng chí %(name)s ký số."), name=signer.name)
        case State.SIGNED:
            return reader.gettext(N_("Đang chờ văn thư đóng dấu, vào sổ và lưu trữ."))
        case _ if document.published:
            return reader.gettext(N_("Văn bản đã phát hành, đã lưu trữ và đang được công khai."))
        case _:
            return reader.gettext(N_("Văn bản đã phát hành và lưu trữ."))
