"""Words for kinds, states and acts of documents, marked for translation."""

from collections.abc import Mapping
from types import MappingProxyType

from minutes.document import Document, Kind, State
from minutes.errors import InvalidContent, Reason, RecordError, SecretContent, SigningFailed, WrongPin
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


def told(reason: str, reader: Reader) -> str:
    """A reason of the records in the reader's language."""
    if not isinstance(reason, Reason):
        return reason
    values = {name: told(one, reader) if isinstance(one, str) else one for name, one in reason.values.items()}
    return reader.gettext(reason.text, **values)


def sentence(error: RecordError, kind: Kind, reader: Reader) -> str:
    """What went wrong with a record, for the official who tried."""
    match error:
        case WrongPin():
            return reader.gettext(N_("Mã PIN không đúng. Văn bản chưa được ký; xin nhập lại mã PIN."))
        case SigningFailed():
            return reader.gettext(
                N_("Chưa ký được và văn bản giữ nguyên như trước: %(reason)s"), reason=told(error.reason, reader)
            )
        case SecretContent():
            return reader.gettext(
                N_(
                    "Văn bản có dấu chỉ độ mật nên không được duyệt hay lưu trong hệ thống này (%(field)s). Xin bỏ nội "
                    "dung đó; nếu dấu nằm ở phần ghi tự động từ cuộc họp, xin trả lại và không phát hành văn bản này."
                ),
                field=where(kind, error.field, reader),
            )
        case InvalidContent():
            return reader.gettext(
                N_("Chưa lưu được. %(field)s: %(reason)s."),
                field=where(kind, error.field, reader),
                reason=told(error.reason, reader),
            )
        case _:
            return told(error.reason, reader)


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
