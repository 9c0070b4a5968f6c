"""One document of every type, as an office would write it."""

from datetime import date

from minutes import draft, invitation
from minutes.blocks import Block, ConclusionLine, Heading, Paragraph, Table
from minutes.content import Content
from minutes.document import Kind, Signer
from minutes.register import symbol
from minutes.text import Annex, TextContent
from minutes.typeset import Heading as Head
from tests.minutes.sample_meeting import AUTHORITY, CHAIR, MEETING, PROVINCE, held

ID = "7" * 32
ISSUED = date(2026, 2, 5)
URL = "http://127.0.0.1:8080/verify?code=7KQM-2XPD-9RTA"
LEADER = Signer("leader", CHAIR.id, CHAIR.name, ("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"), CHAIR.title)
SEAL = Signer("seal", PROVINCE.id, PROVINCE.name, ())
LONG = (
    "Thực hiện Chương trình công tác năm 2026, để chủ động ứng phó với thiên tai và hạn chế thấp nhất thiệt hại về "
    "người và tài sản, các đơn vị rà soát phương án, kiểm tra lực lượng, phương tiện, vật tư và báo cáo kết quả."
)

ARTICLES: tuple[Block, ...] = (
    Heading("article", ""),
    Paragraph(0, "Ban hành kèm theo Quyết định này Quy chế làm việc của Ủy ban nhân dân tỉnh."),
    Heading("article", "Trách nhiệm thi hành"),
    Paragraph(1, LONG),
    Paragraph(2, "Các sở, ban, ngành;"),
    Paragraph(2, "Ủy ban nhân dân các xã, phường."),
)
SECTIONS: tuple[Block, ...] = (
    Heading("section", "MỤC ĐÍCH, YÊU CẦU"),
    Paragraph(1, LONG),
    Heading("section", "TỔ CHỨC THỰC HIỆN"),
    ConclusionLine("Rà soát các hộ ở vùng sạt lở", "Sở Nông nghiệp và Môi trường", date(2026, 3, 1), ("Công an tỉnh",)),
    Table(("TT", "Nội dung", "Thời hạn"), (("1", "Kiểm tra hồ chứa", "01/3/2026"), ("2", "Diễn tập", "15/3/2026"))),
)
CHAPTERS: tuple[Block, ...] = (
    Heading("chapter", "Quy định chung"),
    Heading("section", "Phạm vi"),
    Heading("article", "Phạm vi điều chỉnh"),
    Paragraph(1, LONG),
)
BASES = ("Căn cứ Luật Tổ chức chính quyền địa phương ngày 16 tháng 6 năm 2025;", "Theo đề nghị của Chánh Văn phòng.")
CONTACT = ("Số 4 đường Trần Hưng Đạo, phường Lâm Sơn", "ĐT: 0263.3822000 - ubnd@lamson.example")
RECIPIENTS = ("Như trên", "Thường trực Tỉnh ủy", "Lưu: VT, VP")


def text_of(kind: Kind) -> TextContent:
    """A document of any type but minutes and invitations, with the parts that its type has."""
    body, bases, competence, closing = SECTIONS, (), "", "Trân trọng./."
    addressees: tuple[str, ...] = ()
    annexes: tuple[Annex, ...] = ()
    match kind:
        case Kind.RESOLUTION | Kind.DECISION:
            body, bases, competence, closing = ARTICLES, BASES, PROVINCE.name, ""
            regulation = Annex("Quy chế", "Làm việc của Ủy ban nhân dân tỉnh", CHAPTERS * 6)
            annexes = (
                Annex("", "Danh mục nhiệm vụ", SECTIONS[-1:]),
                Annex("", "Mẫu báo cáo", SECTIONS[1:2]),
                regulation,
            )
        case Kind.REGULATION | Kind.RULES | Kind.CONTRACT:
            body = CHAPTERS
        case Kind.LETTER | Kind.TELEGRAM | Kind.SUBMISSION | Kind.REPORT:
            addressees = ("Ủy ban nhân dân các xã, phường", "Sở Nông nghiệp và Môi trường")
            competence = "Chủ tịch Ủy ban nhân dân tỉnh" if kind is Kind.TELEGRAM else ""
    letter = kind is Kind.LETTER
    return TextContent(
        document_id=ID,
        kind=kind,
        subject="Kết luận của đồng chí Chủ tịch Ủy ban nhân dân tỉnh\ntại cuộc họp giao ban tháng 02 năm 2026"
        if kind is Kind.NOTICE
        else "Về việc tăng cường công tác phòng, chống thiên tai trong mùa mưa lũ năm 2026",
        place_name="Lâm Sơn",
        body=body,
        closing=closing,
        recipients=RECIPIENTS,
        competence=competence,
        addressees=addressees,
        bases=bases,
        intro=(LONG,),
        annexes=annexes,
        urgency="very_urgent" if kind is Kind.TELEGRAM else None,
        circulation="internal" if kind is Kind.REPORT else None,
        drafting_unit="VP" if letter else "",
        drafter="NVA" if letter else "",
        copies=15 if letter else None,
        contact=("Số 4 đường Trần Hưng Đạo, phường Lâm Sơn", "ĐT: 0263.3822000 - ubnd@lamson.example")
        if letter
        else (),
    )


def sample(kind: Kind) -> tuple[Content, Head]:
    """The content and what stands around it, issued as number 09."""
    signers: tuple[Signer, ...] = (LEADER, SEAL)
    content: Content
    if kind is Kind.MINUTES:
        content = draft.minutes(held(), ID, AUTHORITY)
        signers = draft.minutes_signers(held(), lambda _account: True)
    elif kind is Kind.INVITATION:
        content = invitation.draft(MEETING, ID, AUTHORITY)
    else:
        content = text_of(kind)
    number = f"09/{symbol(kind, AUTHORITY.abbreviation, 'VP')}"
    return content, Head(AUTHORITY, ID, signers, number, ISSUED, URL, "7KQM-2XPD-9RTA")
