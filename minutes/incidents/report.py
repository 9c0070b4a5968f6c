"""The report of an incident (báo cáo, Decree 30/2020, template 1.4), to be signed and sent to whom the law says.

It says who, when, by which door, which digests and what was done, and nothing of the secret itself.
"""

from collections.abc import Sequence
from datetime import datetime

from minutes.authority import Authority
from minutes.blocks import Block, Heading, Paragraph, Table
from minutes.document import Kind
from minutes.incidents.incident import DOORS, Incident, IncidentState, Level
from minutes.reading import VIETNAM
from minutes.secrecy import secrecy_mark
from minutes.starting import GAP
from minutes.text import TextContent
from minutes.wording import long_date

_LEVELS = {
    Level.UNKNOWN: "Chưa rõ",
    Level.FIRST: "Mức thấp nhất trong ba mức độ",
    Level.SECOND: "Mức thứ hai trong ba mức độ",
    Level.THIRD: "Mức cao nhất trong ba mức độ",
}
"""In words that are no mark themselves: the report is a document like others, and passes the same doors."""
_UNSAID = "(tên có dấu chỉ mức độ bí mật, không ghi lại)"


def report(incident: Incident, document_id: str, authority: Authority) -> TextContent:
    """The draft of the report; its author fills in to whom it goes."""
    return TextContent(
        document_id=document_id,
        kind=Kind.REPORT,
        subject=f"Sự cố số {incident.code} đưa nhầm bí mật nhà nước vào hệ thống họp và văn bản",
        place_name=authority.place_name,
        addressees=(),
        bases=("Căn cứ Luật Bảo vệ bí mật nhà nước số 117/2025/QH15",),
        intro=(f"{authority.unit.name} báo cáo về sự cố đưa nhầm bí mật nhà nước vào hệ thống như sau:",),
        body=(
            Heading("section", "SỰ VIỆC"),
            Table(("Nội dung", "Chi tiết"), tuple(_facts(incident))),
            Heading("section", "BIỆN PHÁP ĐÃ THỰC HIỆN"),
            *(Paragraph(1, text) for text in _done(incident)),
            Heading("section", "GIÁ TRỊ KIỂM TRA CỦA NỘI DUNG"),
            Paragraph(0, "Giá trị băm SHA-256 để đối chiếu nếu còn bản sao ở nơi khác; từ đó không suy ra nội dung:"),
            *_digests(incident.origin.digests),
            Heading("section", "VIỆC CÒN PHẢI LÀM"),
            *(Paragraph(1, text) for text in _left(incident)),
        ),
        closing=f"Trên đây là báo cáo của {authority.unit.name}, kính gửi {GAP} để xem xét, chỉ đạo",
        recipients=(GAP, "Lưu: VT"),
    )


def _facts(incident: Incident) -> Sequence[tuple[str, str]]:
    origin = incident.origin
    return (
        ("Tên tệp, tài liệu", _UNSAID if secrecy_mark(origin.name) else origin.name),
        ("Mức độ ghi trên tài liệu", _LEVELS[incident.level]),
        ("Đường vào hệ thống", DOORS[origin.thing]),
        ("Người đưa vào", origin.came_by),
        ("Thời điểm đưa vào", moment(origin.came_at)),
        ("Người phát hiện", ", ".join(part for part in (incident.found_by.name, incident.found_by.title) if part)),
        ("Thời điểm phát hiện", moment(incident.found_at)),
        ("Căn cứ nhận biết", incident.seen),
    )


def _done(incident: Incident) -> list[str]:
    found = [
        f"Cách ly ngay lúc {moment(incident.found_at)}: khóa giải mã được đưa ra khỏi tầm với, tài liệu được gỡ khỏi "
        "danh sách, kết quả tìm kiếm, ảnh trang và bản xem trước; từ đó không ai mở được, kể cả người xử lý sự cố."
    ]
    if incident.decided_by is not None and incident.decided_at is not None:
        who = ", ".join(part for part in (incident.decided_by.name, incident.decided_by.title) if part)
        when = moment(incident.decided_at)
        if incident.state is IncidentState.ERASED:
            found.append(
                f"Xóa vĩnh viễn theo quyết định của {who} lúc {when}: khóa giải mã bị hủy, tệp bị xóa, các dòng dữ "
                f"liệu bị xóa; bản ghi việc xóa được đưa vào nhật ký lưu trữ (SHA-256 {incident.record})."
            )
        else:
            found.append(f"Theo kết luận của {who} lúc {when}, tài liệu không phải là bí mật nhà nước, được trả lại.")
        found.append(f"Lý do: {incident.reason}")
    return found


def _left(incident: Incident) -> list[str]:
    came, found = incident.origin.came_at, incident.decided_at or incident.found_at
    return [
        f"Hủy các bản sao lưu cơ sở dữ liệu lập từ {day(came)} đến {day(found)}; hủy khóa ở mọi bản sao lưu khác.",
        f"Thu hồi, hủy các bản đã tải về, in ra hoặc gửi đi trước khi cách ly: {GAP}",
        f"Trách nhiệm của người có liên quan và biện pháp phòng ngừa: {GAP}",
    ]


def _digests(digests: Sequence[str]) -> list[Block]:
    if not digests:
        return [Paragraph(0, "Không có tệp; nội dung nằm trong cơ sở dữ liệu.")]
    return [Table(("TT", "SHA-256"), tuple((str(at), one) for at, one in enumerate(digests, 1)))]


def moment(at: datetime) -> str:
    """As in "09 giờ 30 phút, ngày 05 tháng 02 năm 2026"."""
    local = at.astimezone(VIETNAM)
    return f"{local.hour:02d} giờ {local.minute:02d} phút, {long_date(local.date())}"


def day(at: datetime) -> str:
    """As in "05/02/2026"."""
    return f"{at.astimezone(VIETNAM):%d/%m/%Y}"
