"""The Word file says what the PDF says, in the look of Decree 30/2020."""

import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import docx
from docx.document import Document
from docx.shared import Mm, Pt
from docx.table import Table

from minutes import draft
from minutes.blocks import ConclusionLine, Paragraph
from minutes.blocks import Heading as Title
from minutes.blocks import Table as Grid
from minutes.document import Kind, Signer
from minutes.text import Annex, TextContent
from minutes.typeset import Heading
from minutes.word.writing import word_file
from tests.minutes.sample_meeting import AUTHORITY, held

LEADER = Signer("leader", "hanh", "Nguyễn Thị Hạnh", ("CHỦ TỊCH",))
SEAL = Signer("seal", "lam-son", "Ủy ban nhân dân tỉnh Lâm Sơn", ())
PLAN = TextContent(
    document_id="d1",
    kind=Kind.PLAN,
    subject="Phòng, chống thiên tai năm 2027",
    place_name="Lâm Sơn",
    bases=("Căn cứ Luật Phòng, chống thiên tai", "Theo đề nghị của Sở Nông nghiệp và Môi trường"),
    intro=("Ủy ban nhân dân tỉnh ban hành kế hoạch như sau:",),
    body=(
        Title("section", "MỤC ĐÍCH, YÊU CẦU"),
        Paragraph(1, "Chủ động phòng ngừa."),
        Paragraph(2, "Rà soát phương án;"),
        Paragraph(2, "Trực ban 24/24 giờ."),
        Title("section", "PHÂN CÔNG"),
        Grid(("Xã", "Số hộ"), (("Tà Năng", "12"), ("Hòa Phước", "7"))),
        ConclusionLine("Lập danh sách hộ phải di dời", "UBND xã Tà Năng", None),
    ),
    closing="Trên đây là kế hoạch, yêu cầu các đơn vị thực hiện",
    recipients=("Các sở, ngành", "Lưu: VT"),
)


def made(kind: Kind = Kind.PLAN) -> bytes:
    if kind is Kind.MINUTES:
        content = draft.minutes(held(), "d1", AUTHORITY)
        secretary = Signer("secretary", "b", "Trần Văn Bình", ("THƯ KÝ",))
        signers = (secretary, Signer("chair", "a", "Nguyễn Thị Hạnh", ("CHỦ TỌA",)))
        return word_file(kind, content, Heading(AUTHORITY, content.document_id, (*signers, SEAL)))
    return word_file(kind, PLAN, Heading(AUTHORITY, "d1", (LEADER, SEAL)))


def opened(data: bytes) -> Document:
    return docx.Document(BytesIO(data))


def lines(document: Document) -> list[str]:
    found: list[str] = []
    for one in document.iter_inner_content():
        if isinstance(one, Table):
            found += [cell.text for row in one.rows for cell in row.cells]
        else:
            found.append(one.text)
    return [line for text in found for line in text.split("\n") if line.strip()]


def test_the_page_is_that_of_the_decree() -> None:
    document = opened(made())
    (section,) = document.sections
    sizes = (section.page_width, section.page_height, section.left_margin, section.right_margin, section.top_margin)
    wanted = (Mm(210), Mm(297), Mm(30), Mm(15), Mm(20))
    assert [abs(size - mm) < 700 for size, mm in zip(sizes, wanted, strict=True)] == [True] * 5, "within a twip"
    assert section.different_first_page_header_footer
    assert not section.first_page_header.paragraphs[0].runs, "no number on the first page"
    assert "PAGE" in section.header.paragraphs[0]._p.xml
    style = document.styles["Normal"]
    assert (style.font.name, style.font.size) == ("Times New Roman", Pt(13))


def test_it_says_everything_in_order_with_its_numbers() -> None:
    said = lines(opened(made()))
    wanted = [
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "KẾ HOẠCH", "Phòng, chống thiên tai năm 2027",
        "Căn cứ Luật Phòng, chống thiên tai;", "Theo đề nghị của Sở Nông nghiệp và Môi trường.",
        "Ủy ban nhân dân tỉnh ban hành kế hoạch như sau:", "I. MỤC ĐÍCH, YÊU CẦU", "1. Chủ động phòng ngừa.",
        "a) Rà soát phương án;", "b) Trực ban 24/24 giờ.", "II. PHÂN CÔNG", "Xã", "Số hộ", "Tà Năng", "12",
        "Nơi nhận:", "- Các sở, ngành;", "- Lưu: VT.", "CHỦ TỊCH", "Nguyễn Thị Hạnh",
    ]  # fmt: skip
    places = [said.index(line) for line in wanted]
    assert places == sorted(places)
    assert any(line.endswith("./.") for line in said)


def test_a_letter_has_its_subject_below_its_number_and_annexes_follow() -> None:
    annex = Annex("", "Danh sách hộ", (Grid(("Xã",), (("Tà Năng",),)),))
    letter = replace(
        PLAN, kind=Kind.LETTER, urgency="urgent", circulation="internal", annexes=(annex,), addressees=("UBND các xã",),
        bases=(), drafter="THB", copies=12, contact=("Số 1 đường A",),
    )  # fmt: skip
    document = opened(word_file(Kind.LETTER, letter, Heading(AUTHORITY, "d1", (LEADER, SEAL))))
    said = lines(document)
    own, of_annex = document.sections
    assert 'w:pgNumType w:start="1"' in of_annex._sectPr.xml, "an annex counts its own pages"
    assert 'w:pgNumType w:start="1"' not in own._sectPr.xml
    assert of_annex.different_first_page_header_footer
    assert not of_annex.first_page_footer.paragraphs[0].text, "the contact is the document's"
    wanted = [
        "V/v Phòng, chống thiên tai năm 2027", "KHẨN", "LƯU HÀNH NỘI BỘ", "Kính gửi: UBND các xã.", "THB.12",
        "Phụ lục", "DANH SÁCH HỘ", "Tà Năng",
    ]  # fmt: skip
    places = [len(said) - 1 - said[::-1].index(line) for line in wanted]
    assert places == sorted(places)
    assert "CÔNG VĂN" not in said
    assert document.sections[0].first_page_footer.paragraphs[0].text == "Số 1 đường A"


def test_minutes_have_attendance_course_and_both_signers() -> None:
    said = lines(opened(made(Kind.MINUTES)))
    for wanted in ("BIÊN BẢN", "Họ và tên", "Kết luận:", "THƯ KÝ", "CHỦ TỌA", "Trần Văn Bình"):
        assert wanted in said
    assert any(line.startswith("Cuộc họp kết thúc vào") for line in said)


def test_another_program_opens_it(tmp_path: Path) -> None:
    files = {"plan.docx": made(), "minutes.docx": made(Kind.MINUTES)}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    command = ["soffice", "--headless", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"]
    command += ["--convert-to", "pdf", "--outdir", str(tmp_path), *(str(tmp_path / name) for name in files)]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    for name, last in (("plan.pdf", "II. PHÂN CÔNG"), ("minutes.pdf", "THƯ KÝ")):
        tool = ["pdftotext", "-layout", str(tmp_path / name), "-"]
        text = subprocess.run(tool, check=True, capture_output=True, text=True).stdout
        assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in text, "in one line"
        assert last in text


def test_the_column_of_ordinals_is_narrow() -> None:
    plan = replace(PLAN, body=(Grid(("STT", "Họ tên", "Chức vụ"), (("1", "Lò Văn Dũng", "Chủ tịch"),)),))
    document = opened(word_file(Kind.PLAN, plan, Heading(AUTHORITY, "d1", (LEADER, SEAL))))
    table = next(one for one in document.tables if one.rows[0].cells[0].text == "STT")
    assert [round(cell.width.mm) for cell in table.rows[1].cells if cell.width] == [12, 76, 76]
