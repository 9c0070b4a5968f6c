"""Words for kinds, states and acts of documents, marked for translation."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from minutes.document import Document, HistoryEntry, Kind, State
from minutes.errors import (
    InvalidContent,
    NoStatus,
    NoTimeStamp,
    Reason,
    RecordError,
    SecretContent,
    SigningFailed,
    UnfilledContent,
    WrongPin,
)
from minutes.text import Relation
from minutes.workflow.turns import TASKS, Task, Turn, days_over
from server.i18n import N_, Reader
from server.pages.desk_form import where

KINDS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.RESOLUTION: N_("Nghị quyết"),
        Kind.DECISION: N_("Quyết định"),
        Kind.DIRECTIVE: N_("Chỉ thị"),
        Kind.REGULATION: N_("Quy chế"),
        Kind.RULES: N_("Quy định"),
        Kind.COMMUNIQUE: N_("Thông cáo"),
        Kind.NOTICE: N_("Thông báo"),
        Kind.GUIDANCE: N_("Hướng dẫn"),
        Kind.PROGRAMME: N_("Chương trình"),
        Kind.PLAN: N_("Kế hoạch"),
        Kind.OPTION: N_("Phương án"),
        Kind.SCHEME: N_("Đề án"),
        Kind.PROJECT: N_("Dự án"),
        Kind.REPORT: N_("Báo cáo"),
        Kind.MINUTES: N_("Biên bản"),
        Kind.SUBMISSION: N_("Tờ trình"),
        Kind.CONTRACT: N_("Hợp đồng"),
        Kind.LETTER: N_("Công văn"),
        Kind.TELEGRAM: N_("Công điện"),
        Kind.MEMORANDUM: N_("Bản ghi nhớ"),
        Kind.AGREEMENT: N_("Bản thỏa thuận"),
        Kind.AUTHORISATION: N_("Giấy ủy quyền"),
        Kind.INVITATION: N_("Giấy mời"),
        Kind.INTRODUCTION: N_("Giấy giới thiệu"),
        Kind.LEAVE: N_("Giấy nghỉ phép"),
        Kind.SENDING_SLIP: N_("Phiếu gửi"),
        Kind.TRANSFER_SLIP: N_("Phiếu chuyển"),
        Kind.ADVICE_SLIP: N_("Phiếu báo"),
        Kind.PERSONAL_LETTER: N_("Thư công"),
    }
)

STATES: Mapping[State, str] = MappingProxyType(
    {
        State.DRAFT: N_("Dự thảo"),
        State.COMMENTS: N_("Đang lấy ý kiến"),
        State.REVISED: N_("Đang hoàn thiện"),
        State.CHECK: N_("Chờ kiểm tra"),
        State.REVIEW: N_("Chờ duyệt"),
        State.APPROVED: N_("Đã duyệt, đang ký số"),
        State.SIGNED: N_("Đã ký, chờ đóng dấu"),
        State.STAMPING: N_("Đã đóng dấu, chờ phát hành"),
        State.SEALED: N_("Đã phát hành"),
        State.DISCARDED: N_("Đã bỏ"),
    }
)

ACTS: Mapping[str, str] = MappingProxyType(
    {
        "draft": N_("Lập dự thảo"),
        "edit": N_("Sửa nội dung"),
        "signers": N_("Chọn người ký"),
        "consult": N_("Gửi lấy ý kiến"),
        "remark": N_("Góp ý"),
        "gather": N_("Tổng hợp ý kiến"),
        "answer": N_("Trả lời góp ý"),
        "submit": N_("Trình duyệt"),
        "take_back": N_("Rút lại để sửa"),
        "discard": N_("Bỏ dự thảo"),
        "restore": N_("Lấy lại dự thảo đã bỏ"),
        "checked": N_("Kiểm tra xong, chuyển duyệt"),
        "return": N_("Trả lại để sửa"),
        "approve": N_("Duyệt, cấp số"),
        "sign": N_("Ký số"),
        "sign_last": N_("Ký số"),
        "seal": N_("Đóng dấu, vào sổ, lưu trữ"),
        "seal_waiting": N_("Đóng dấu, chưa có dấu thời gian"),
        "stamp": N_("Lấy dấu thời gian, vào sổ, lưu trữ"),
        "renew": N_("Gia hạn dấu thời gian lưu trữ"),
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


def marked(error: SecretContent, reader: Reader) -> str:
    """That something bears a mark of secrecy and so did not come in, as a sentence of its own."""
    text = N_("Chưa ghi sổ và không lưu lại gì: văn bản %(reason)s.")
    return reader.gettext(text, reason=told(error.reason, reader))


_NAMED = re.compile(r"(?:^|, )([a-z_]+)=")


def issuer(name: str) -> str:
    """Who has issued a certificate, as its canonical name (minutes.trust.issuer_of) says it: "CA phục vụ A (Ban B)"."""
    parts = _NAMED.split(name)
    found = dict(zip(parts[1::2], parts[2::2], strict=False))
    called, within = found.get("common_name", ""), found.get("organization_name", "")
    if not called:
        return within or name
    return f"{called} ({within})" if within and within != called else called


def history_reason(entry: HistoryEntry, reader: Reader) -> str:
    """What stands below an act in the history: the reason that was given, or of whom the act speaks."""
    if not entry.reason:
        return ""
    words = _OF_WHOM.get(entry.act)
    return reader.gettext(words, names=entry.reason) if words else told(entry.reason, reader)


_OF_WHOM: Mapping[str, str] = MappingProxyType(
    {
        "consult": N_("Gửi: %(names)s"),
        "remark": N_("Thay mặt %(names)s"),
        "gather": N_("Chưa có ý kiến: %(names)s"),
        "answer": N_("Về góp ý của %(names)s"),
    }
)


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
        case UnfilledContent():
            return reader.gettext(
                N_("Văn bản còn chỗ chưa điền (dấu “…”). %(field)s: “%(line)s”. Xin điền hoặc bỏ rồi trình."),
                field=where(kind, error.field, reader),
                line=error.line,
            )
        case InvalidContent():
            return reader.gettext(
                N_("Chưa lưu được. %(field)s: %(reason)s."),
                field=where(kind, error.field, reader),
                reason=told(error.reason, reader),
            )
        case _:
            return told(error.reason, reader)


RELATIONS: Mapping[str, str] = MappingProxyType(
    {
        "amends": N_("Văn bản này sửa đổi, bổ sung văn bản số %(number)s ngày %(day)s."),
        "corrects": N_("Văn bản này đính chính văn bản số %(number)s ngày %(day)s."),
        "replaces": N_("Văn bản này thay thế văn bản số %(number)s ngày %(day)s."),
        "recalls": N_("Văn bản này thu hồi văn bản số %(number)s ngày %(day)s."),
    }
)


def relation(found: Relation, document: Document, reader: Reader) -> str:
    """What a document does to an earlier one, and that it does not yet before its seal."""
    day = reader.local_day(found.issued_on)
    said = reader.gettext(RELATIONS[found.act], number=found.number_symbol, day=day)
    if document.state is State.SEALED:
        return said
    not_yet = reader.gettext(N_("Có hiệu lực khi được đóng dấu."))
    return f"{said} {not_yet}"


ROLES: Mapping[str, str] = MappingProxyType(
    {
        "none": N_("Không có bước này"),
        "checker": N_("Người kiểm tra (pháp chế)"),
        "clerk": N_("Văn thư"),
        "secretary": N_("Thư ký"),
        "leader": N_("Lãnh đạo"),
    }
)


def tasks(waiting: Sequence[Task], reader: Reader) -> list[tuple[str, int]]:
    """(label, how many) of what waits, in the order of a document's way."""
    return [(reader.gettext(TASKS[task]), waiting.count(task)) for task in Task if task in waiting]


def due(moment: datetime | None, reader: Reader, now: datetime) -> str:
    """Until when, or by how much it is late; "" without a deadline."""
    if moment is None:
        return ""
    late = days_over(moment, now)
    if late:
        return reader.ngettext(N_("Quá hạn %(count)s ngày."), late)
    return reader.gettext(N_("Đến hạn %(moment)s."), moment=reader.local_time(moment))


def next_step(
    document: Document, turns: Sequence[Turn], reader: Reader, now: datetime, *,
    held: SigningFailed | None = None, in_force: bool = True,
) -> str:  # fmt: skip
    """Who must act next and until when, in one or two sentences. `held`: what keeps a sealed document from being
    issued, as far as was tried; `in_force`: whether no later document has recalled or replaced it."""
    if document.state is State.DISCARDED:
        return reader.gettext(N_("Dự thảo đã bỏ, không ai phải làm gì nữa."))
    if document.state is State.STAMPING:
        return reader.gettext(_held(held)[1], why=told(held.reason, reader) if held else "")
    if document.state is State.SEALED and not in_force:
        no_more = N_("Văn bản đã phát hành và lưu trữ, nay không còn hiệu lực.")
        posted = N_("Văn bản đã phát hành, đã lưu trữ, nay không còn hiệu lực; trang công khai ghi rõ điều đó.")
        return reader.gettext(posted if document.published else no_more)
    said = _waited_for(document, turns, reader)
    first = min((turn.due_at for turn in turns if turn.due_at is not None), default=None)
    return f"{said} {due(first, reader, now)}".strip()


def state(document: Document, held: SigningFailed | None = None) -> str:
    """The msgid of where a document stands; `held` as for next_step."""
    return _held(held)[0] if document.state is State.STAMPING else STATES[document.state]


def _held(error: SigningFailed | None) -> tuple[str, str]:
    """(state, sentence) of a sealed document that is not issued yet, as msgids."""
    match error:
        case NoTimeStamp():
            return N_("Đã đóng dấu, chờ dấu thời gian"), N_(
                "Dịch vụ cấp dấu thời gian chưa trả lời. Hệ thống tự lấy dấu thời gian khi dịch vụ trở lại, rồi "
                "vào sổ và lưu trữ; trước đó văn bản chưa được phát hành."
            )
        case NoStatus():
            return N_("Đã đóng dấu, chờ tổ chức chứng thực"), N_(
                "Tổ chức chứng thực chưa cho biết chứng thư số có bị thu hồi hay không. Hệ thống tự hỏi lại, rồi "
                "vào sổ và lưu trữ; trước đó văn bản chưa được phát hành."
            )
        case SigningFailed():
            return N_("Đã đóng dấu, không phát hành được"), N_(
                "Hệ thống không phát hành được văn bản: %(why)s. Nếu chữ ký không còn giá trị, cần hủy số, rồi ký lại."
            )
        case None:
            return STATES[State.STAMPING], N_(
                "Hệ thống đang kiểm tra chữ ký và lấy dấu thời gian, rồi vào sổ và lưu trữ; trước đó văn bản chưa "
                "được phát hành."
            )


def _waited_for(document: Document, turns: Sequence[Turn], reader: Reader) -> str:
    names = reader.gettext(N_(", ")).join(turn.name for turn in turns)
    match turns[0].task if turns else None:
        case Task.WRITE:
            return reader.gettext(N_("Thư ký hoàn thiện dự thảo rồi trình duyệt."))
        case Task.REMARK:
            return reader.gettext(N_("Đang chờ ý kiến của %(names)s."), names=names)
        case Task.GATHER:
            return reader.gettext(N_("Đã đủ ý kiến; thư ký tổng hợp và hoàn thiện."))
        case Task.CHECK:
            role = reader.gettext(ROLES[turns[0].role])
            return reader.gettext(N_("Đang chờ kiểm tra thể thức, pháp lý: %(role)s."), role=role)
        case Task.APPROVE:
            return reader.gettext(N_("Đang chờ lãnh đạo duyệt hoặc trả lại."))
        case Task.SIGN:
            return reader.gettext(N_("Đang chờ đồng chí %(name)s ký số."), name=names)
        case Task.SEAL:
            return reader.gettext(N_("Đang chờ văn thư đóng dấu, vào sổ và lưu trữ."))
        case _ if document.published:
            return reader.gettext(N_("Văn bản đã phát hành, đã lưu trữ và đang được công khai."))
        case _:
            return reader.gettext(N_("Văn bản đã phát hành và lưu trữ."))
