"""What was found, as a report (báo cáo, Decree 30/2020, template 1.4) that somebody answers for by signing it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from minutes.authority import Authority
from minutes.blocks import Block, Heading, Paragraph, Table
from minutes.conformance.checklist import Checklist, Line, Verdict, counted
from minutes.document import Kind
from minutes.reading import VIETNAM
from minutes.text import TextContent
from minutes.wording import long_date

SUBJECT = "Kết quả tự kiểm tra Hệ thống quản lý tài liệu điện tử"
_NOTE = (
    "* Số thứ tự của điểm theo bản tóm lược, chưa đối chiếu với bản chính của Phụ lục; nội dung yêu cầu trong báo cáo "
    "này được diễn đạt ngắn gọn, không thay cho văn bản gốc."
)
_HOW = (
    "Cách kiểm tra: mỗi yêu cầu ghi “Đạt” hoặc “Không đạt” được thử bằng thao tác thật ngay khi lập báo cáo. Việc soạn "
    "thảo, duyệt, ký số, lưu trữ, thu hồi, sao lưu và phục hồi được thử trên một bản cài đặt tạm của cùng chương "
    "trình, "
    "có cơ sở dữ liệu và chứng thư số thử nghiệm riêng, được xóa sau khi thử; kho lưu trữ và sổ đăng ký của cơ quan "
    "được kiểm tra trực tiếp, không thay đổi. “Chưa có” là việc mà chương trình chưa làm được; “Không áp dụng” là việc "
    "không thuộc chương trình."
)


def report(
    found: Checklist, lines: Sequence[Line], document_id: str, authority: Authority, version: str, at: datetime
) -> TextContent:
    """The report of what was found at `at` in an installation of the program's `version`. `lines` are all of `found`,
    in order."""
    by_number = {line.requirement.number: line for line in lines}
    body: list[Block] = [
        Heading("section", "KẾT QUẢ CHUNG"),
        Paragraph(1, _summary(lines)),
        Paragraph(1, _HOW),
    ]
    for section in found.sections:
        rows = tuple(_row(by_number[line.number]) for line in section.lines)
        body += [Heading("section", section.title), Table(("TT", "Yêu cầu", "Kết quả"), rows)]
    if not all(line.compared for line in found.lines):
        body.append(Paragraph(0, _NOTE))
    local = at.astimezone(VIETNAM)
    return TextContent(
        document_id=document_id,
        kind=Kind.REPORT,
        subject=SUBJECT,
        place_name=authority.place_name,
        addressees=(),
        bases=(f"Căn cứ {found.source}",),
        intro=(
            f"{authority.unit.name} báo cáo kết quả tự kiểm tra phần mềm Giao ban (phiên bản {version}), thực hiện lúc "
            f"{local.hour:02d} giờ {local.minute:02d} phút, {long_date(local.date())}, như sau:",
        ),
        body=tuple(body),
        closing=f"Trên đây là kết quả tự kiểm tra của {authority.unit.name}",
        recipients=("Lãnh đạo cơ quan", "Lưu: VT"),
    )


def _summary(lines: Sequence[Line]) -> str:
    counts: Mapping[Verdict, int] = counted(lines)
    told = "; ".join(f"{verdict.value.lower()}: {count}" for verdict, count in counts.items())
    return f"Đã kiểm tra {len(lines)} yêu cầu; {told}."


def _row(line: Line) -> tuple[str, str, str]:
    mark = "" if line.requirement.compared else "*"
    return f"{line.requirement.number}{mark}", line.requirement.text, line.outcome.sentence
