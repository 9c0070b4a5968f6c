"""The page as a clerk measures it (Decree 30/2020, Appendix I), and the data inside it."""

import io
import json
import re
from dataclasses import replace
from datetime import date

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from minutes import notice
from minutes.blocks import Paragraph, Table
from minutes.content import MinutesContent, from_json, to_json
from minutes.document import Kind, Signer
from minutes.errors import InvalidContent
from minutes.signing import prepare
from minutes.text import TextContent
from minutes.typeset import Heading, Typeset, Typesetter, source_json
from minutes.verification import marked_ids
from tests.minutes.conftest import CODE, DOCUMENT_ID, URL
from tests.minutes.pages import MM, Pages
from tests.minutes.sample_meeting import AUTHORITY, CHAIR, PROVINCE, START

LEADER = Signer("leader", CHAIR.id, CHAIR.name, ("CHỦ TỊCH",), CHAIR.title)
SEAL = Signer("seal", PROVINCE.id, PROVINCE.name, ())

DIRECTIVE = TextContent(
    document_id="2" * 32,
    kind=Kind.DIRECTIVE,
    subject="Về việc tăng cường phòng cháy, chữa cháy rừng mùa khô năm 2026",
    place_name="Lâm Sơn",
    bases=("Căn cứ Luật Tổ chức chính quyền địa phương ngày 16 tháng 6 năm 2025;",),
    intro=("Để chủ động phòng ngừa, Chủ tịch Ủy ban nhân dân tỉnh yêu cầu:",),
    body=(
        Paragraph(1, "Các xã, phường rà soát phương án chữa cháy."),
        Paragraph(1, "Công an tỉnh kiểm tra, báo cáo trước ngày 28/02/2026."),
    ),
    closing="Yêu cầu các cơ quan, đơn vị nghiêm túc thực hiện",
    recipients=("Ủy ban nhân dân các xã, phường", "Lưu: VT"),
)


@pytest.fixture(scope="module")
def pages(page: Typeset) -> Pages:
    return Pages(page.pdf)


def test_every_page_is_a4_and_keeps_the_margins(pages: Pages) -> None:
    assert len(pages.sizes) == 3
    for number, (width, height) in enumerate(pages.sizes):
        assert (round(width, 1), round(height, 1)) == (210.0, 297.0)
        inked = [glyph for glyph in pages.glyphs[number] if glyph.char.strip()]
        body = [glyph for glyph in inked if glyph.top > 19]
        assert min(glyph.left for glyph in body) >= 29.8
        assert max(glyph.right for glyph in body) <= 195.2
        assert max(glyph.bottom for glyph in body) <= 277.5


def test_the_page_number_stands_in_the_top_margin_from_the_second_page_on(pages: Pages) -> None:
    above = [[glyph for glyph in page if glyph.char.strip() and glyph.bottom < 19] for page in pages.glyphs]
    assert above[0] == []
    assert [glyph.char for glyph in above[1]] == ["2"]
    assert (above[1][0].left + above[1][0].right) / 2 == pytest.approx(30 + 165 / 2, abs=1)
    assert 13 <= above[1][0].size <= 14


@pytest.mark.parametrize(
    ("text", "smallest", "largest", "bold", "italic"),
    [
        ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 12, 13, True, False),
        ("Độc lập - Tự do - Hạnh phúc", 13, 14, True, False),
        ("ỦY BAN NHÂN DÂN TỈNH LÂM SƠN", 12, 13, True, False),
        ("Số: 07/BB-UBND", 13, 13, False, False),
        ("Lâm Sơn, ngày 05 tháng 02 năm 2026", 13, 14, False, True),
        ("BIÊN BẢN", 13, 14, True, False),
        ("Họp giao ban trực tuyến tháng 02 năm 2026", 13, 14, True, False),
        ("Thời gian bắt đầu: 08 giờ 00 phút, ngày 05 tháng 02 năm 2026.", 13, 14, False, False),
        ("THƯ KÝ", 13, 14, True, False),
        ("CHỦ TỌA", 13, 14, True, False),
        ("Nơi nhận:", 12, 12, True, True),
        ("- Lưu: VT, Hồ sơ.", 11, 11, False, False),
    ],
)
def test_each_component_has_its_size_and_style(
    pages: Pages, text: str, smallest: float, largest: float, bold: bool, italic: bool
) -> None:
    line = pages.find(pages.page_of(text), text)
    assert all(smallest <= size <= largest for size in line.sizes)
    assert all(("Bold" in font) == bold and ("Italic" in font) == italic for font in line.fonts), line.fonts


def test_the_state_and_the_authority_stand_side_by_side(pages: Pages) -> None:
    state, authority = pages.find(0, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"), pages.find(0, "ỦY BAN NHÂN DÂN")
    assert authority.right < state.left
    assert authority.top == pytest.approx(state.top, abs=1)
    number, day = pages.find(0, "Số: 07/BB-UBND"), pages.find(0, "Lâm Sơn, ngày 05 tháng 02 năm 2026")
    assert number.glyphs[0].bottom == pytest.approx(day.glyphs[0].bottom, abs=0.3)


def test_the_secretary_signs_on_the_left_and_the_chair_on_the_right(pages: Pages) -> None:
    page = pages.page_of("CHỦ TỌA")
    secretary, chair = pages.find(page, "THƯ KÝ"), pages.find(page, "CHỦ TỌA")
    assert secretary.centre == pytest.approx(30 + 165 / 4, abs=1)
    assert chair.centre == pytest.approx(30 + 165 * 3 / 4, abs=1)
    assert pages.text(page).count("Nguyễn Văn Đường") >= 1


def test_the_fields_lie_between_position_and_name_and_the_seal_covers_a_third(page: Typeset, pages: Pages) -> None:
    secretary, chair, seal = page.fields
    for field, title in ((secretary, "THƯ KÝ"), (chair, "CHỦ TỌA")):
        line = pages.find(field.page, title)
        left, bottom, right, top = (edge / MM for edge in field.box)
        assert (left + right) / 2 == pytest.approx(line.centre, abs=1)
        assert 297 - top >= line.glyphs[0].bottom
        name = pages.find(field.page, "Trần Thị Quỳnh Như" if field is secretary else "Nguyễn Văn Đường", last=True)
        assert 297 - bottom <= name.top + 0.5
    covered = seal.box[2] - chair.box[0]
    assert covered == pytest.approx((chair.box[2] - chair.box[0]) / 3, abs=0.5)
    assert (seal.box[2] - seal.box[0]) / MM == pytest.approx(36, abs=0.1)
    assert seal.box[0] > secretary.box[2]
    assert secretary.box[1:4:2] == chair.box[1:4:2], "side by side"
    assert 297 - seal.box[3] / MM >= pages.find(seal.page, "CHỦ TỌA").glyphs[0].bottom, "it runs into no position"
    assert 297 - seal.box[1] / MM <= pages.find(seal.page, "Nguyễn Văn Đường", last=True).top + 0.5, "nor into a name"


def test_the_closing_line_stands_on_the_page_of_the_signatures(pages: Pages) -> None:
    assert pages.page_of("Cuộc họp kết thúc vào 10 giờ 30 phút") == pages.page_of("CHỦ TỌA")


def test_a_course_that_nothing_was_written_of_leaves_no_heading(
    typesetter: Typesetter, content: MinutesContent, heading: Heading
) -> None:
    def text(of: MinutesContent) -> str:
        pages = Pages(typesetter.typeset(Kind.MINUTES, of, heading, at=START).pdf)
        return "".join((pages.text(0) + pages.text(1)).split())

    assert "theodiễnbiếncuộchọp" in text(content)
    assert "theodiễnbiếncuộchọp" not in text(replace(content, course=()))


def test_wherever_the_text_ends_signatures_recipients_and_check_mark_share_a_page(
    typesetter: Typesetter, content: MinutesContent, heading: Heading
) -> None:
    for paragraphs in range(0, 40, 2):
        part = {"heading": "Ý kiến của các đơn vị", "paragraphs": ["Đề nghị bổ sung kinh phí."] * paragraphs}
        longer = from_json(Kind.MINUTES, {**to_json(content), "course": [part]})
        pages = Pages(typesetter.typeset(Kind.MINUTES, longer, heading, at=START).pdf)
        assert pages.page_of("CHỦ TỌA") == pages.page_of("Nơi nhận:") == pages.page_of("Quét mã"), paragraphs


def test_a_directive_keeps_its_check_mark_beside_the_signature_wherever_the_text_ends(typesetter: Typesetter) -> None:
    heading = Heading(AUTHORITY, "2" * 32, (LEADER, SEAL), "03/CT-UBND", date(2026, 2, 6), URL, CODE)
    for paragraphs in range(8, 48, 2):
        longer = replace(DIRECTIVE, body=(Paragraph(1, "Các xã, phường rà soát phương án."),) * paragraphs)
        pages = Pages(typesetter.typeset(Kind.DIRECTIVE, longer, heading, at=START).pdf)
        assert pages.page_of(LEADER.name) == pages.page_of("Quét mã"), paragraphs


def test_more_recipients_than_a_page_carries_go_on_to_the_next_page(typesetter: Typesetter) -> None:
    heading = Heading(AUTHORITY, "2" * 32, (LEADER, SEAL), "03/CT-UBND", date(2026, 2, 6), URL, CODE)
    many = replace(DIRECTIVE, recipients=tuple(f"Ủy ban nhân dân xã thứ {n}" for n in range(90)))
    pages = Pages(typesetter.typeset(Kind.DIRECTIVE, many, heading, at=START).pdf)
    assert pages.page_of("xã thứ 89") > pages.page_of("xã thứ 0;")
    assert all(glyph.bottom <= 277.5 for page in pages.glyphs for glyph in page if glyph.char.strip())


def test_the_printed_minutes_hold_attendance_tally_and_conclusions(pages: Pages) -> None:
    everything = "".join("".join(map(pages.text, range(3))).split())
    for text in (
        "07/08 đại biểu có mặt, thuộc 07/08 đơn vị; ngoài ra có 01 thư ký",
        "08:41 - 10:30",
        "Vắng mặt",
        "04/07 đại biểu tán thành (đạt 57,1%)",
        "Đơn vị chủ trì: Ủy ban nhân dân xã Hòa Phước; chậm nhất ngày 10 tháng 02 năm 2026.",
        CODE,
        URL,
    ):
        assert "".join(text.split()) in everything, text


def embedded(pdf: bytes) -> dict[str, bytes]:
    names = PdfFileReader(io.BytesIO(pdf)).root["/Names"]["/EmbeddedFiles"]["/Names"]
    return {str(names[i]): names[i + 1].get_object()["/EF"]["/F"].data for i in range(0, len(names), 2)}


def test_the_content_is_embedded_as_json(page: Typeset, content: MinutesContent) -> None:
    files = embedded(page.pdf)
    assert files == {"bienban.json": source_json(content)}
    assert from_json(Kind.MINUTES, json.loads(files["bienban.json"])) == content


def test_the_metadata_carry_the_documents_id(page: Typeset) -> None:
    assert marked_ids(page.pdf) == (DOCUMENT_ID,)


def test_the_same_input_gives_the_same_bytes(
    typesetter: Typesetter, content: MinutesContent, heading: Heading, page: Typeset
) -> None:
    assert typesetter.typeset(Kind.MINUTES, content, heading, at=START) == page


def test_the_file_ends_with_a_line_end_for_later_updates(page: Typeset) -> None:
    assert page.pdf.endswith(b"%%EOF\n")


def test_text_is_never_markup(typesetter: Typesetter, content: MinutesContent, heading: Heading) -> None:
    hostile = '#emph[x] $1+1$ *dậm* "#sys.version \\u{41} `mã` <field> #metadata("x") <field> @ref'
    data = {**to_json(content), "title": hostile, "venue": hostile, "recipients": [hostile]}
    pages = Pages(typesetter.typeset(Kind.MINUTES, from_json(Kind.MINUTES, data), heading, at=START).pdf)
    assert "".join(hostile.split()) in "".join(pages.text(0).split())


def test_a_draft_says_that_it_is_one_and_has_no_code(
    typesetter: Typesetter, content: MinutesContent, signers: tuple[Signer, ...]
) -> None:
    draft_page = typesetter.typeset(Kind.MINUTES, content, Heading(AUTHORITY, DOCUMENT_ID, signers), at=START)
    pages = Pages(draft_page.pdf)
    assert "DỰ THẢO" in pages.text(0)
    assert "Quét mã" not in pages.text(len(pages.sizes) - 1)
    assert re.search(r"Số:\s+/BB-UBND", pages.text(0))


def test_minutes_of_a_long_meeting_run_over_many_pages(
    typesetter: Typesetter, content: MinutesContent, heading: Heading
) -> None:
    part = {"heading": "Ý kiến của các đơn vị", "paragraphs": ["Đề nghị bổ sung kinh phí cho các thôn. " * 20] * 60}
    people = [{"name": f"Đại biểu thứ {n}", "title": "", "intervals": [], "present": True} for n in range(300)]
    data = {**to_json(content), "course": [part], "attendance": [{"unit": "Xã Mỹ Lộc", "people": people}]}
    long = typesetter.typeset(Kind.MINUTES, from_json(Kind.MINUTES, data), heading, at=START)
    assert long.fields[0].page == len(Pages(long.pdf).sizes) - 1 > 10
    assert prepare(long.pdf, long.fields).startswith(long.pdf)


@pytest.mark.parametrize("sign", ["👍", "會", "\ue000"])
def test_a_sign_that_cannot_be_printed_is_named_with_its_field(
    typesetter: Typesetter, content: MinutesContent, heading: Heading, sign: str
) -> None:
    data = {**to_json(content), "venue": f"Phòng họp {sign}"}
    with pytest.raises(InvalidContent) as refusal:
        typesetter.typeset(Kind.MINUTES, from_json(Kind.MINUTES, data), heading, at=START)
    assert refusal.value.field == "venue"
    assert sign in refusal.value.reason


def test_the_notice_has_recipients_left_and_the_leader_right(typesetter: Typesetter, content: MinutesContent) -> None:
    chair = Signer("chair", CHAIR.id, CHAIR.name, ("CHỦ TỌA",), CHAIR.title)
    made = notice.draft(content, "1" * 32, number_symbol="07/BB-UBND", issued_on=date(2026, 2, 5), chair=chair)
    heading = Heading(AUTHORITY, "1" * 32, (LEADER, SEAL), "12/TB-UBND", date(2026, 2, 5), URL, CODE)
    pages = Pages(typesetter.typeset(Kind.NOTICE, made, heading, at=START).pdf)
    page = pages.page_of("Nơi nhận:")
    assert pages.find(page, "Nơi nhận:").left == pytest.approx(30, abs=0.5)
    assert pages.find(page, "Lưu: VT, Hồ sơ.").top > pages.find(page, "Nơi nhận:").top
    assert pages.find(0, "THÔNG BÁO").centre == pytest.approx(30 + 165 / 2, abs=1)
    assert "kết luận như sau:" in " ".join(pages.text(0).split())


def test_of_several_who_sign_each_has_a_place_and_the_seal_covers_the_last(typesetter: Typesetter) -> None:
    others = [replace(LEADER, name=f"Người ký {nth}", nth=nth) for nth in (2, 3)]
    heading = Heading(AUTHORITY, "2" * 32, (LEADER, *others, SEAL), "03/CT-UBND", date(2026, 2, 6), URL, CODE)
    typeset = typesetter.typeset(Kind.DIRECTIVE, DIRECTIVE, heading, at=START)
    *people, seal = typeset.fields
    assert [field.name for field in people] == [f"ChuKyNguoiCoThamQuyen{nth}" for nth in ("", "2", "3")]
    assert len({field.box for field in people}) == 3
    pages = Pages(typeset.pdf)
    for field, name in zip(people, (LEADER.name, "Người ký 2", "Người ký 3"), strict=True):
        line = pages.find(field.page, name, last=True)
        left, bottom, right, _top = (edge / MM for edge in field.box)
        assert (left + right) / 2 == pytest.approx(line.centre, abs=1)
        assert 297 - bottom <= line.top + 0.5
    assert seal.box[2] - people[-1].box[0] == pytest.approx((people[-1].box[2] - people[-1].box[0]) / 3, abs=0.5)


def test_the_seal_lies_on_the_heads_signature_wherever_it_stands(typesetter: Typesetter) -> None:
    head, deputy = replace(LEADER, title_lines=("CHỦ TỊCH",)), ("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH")
    others = [replace(LEADER, name=f"Người ký {nth}", title_lines=deputy, nth=nth) for nth in (2, 3)]
    heading = Heading(AUTHORITY, "2" * 32, (head, *others, SEAL), "03/CT-UBND", date(2026, 2, 6), URL, CODE)
    typeset = typesetter.typeset(Kind.DIRECTIVE, DIRECTIVE, heading, at=START)
    first, *_others, seal = typeset.fields
    assert seal.page == first.page
    assert seal.box[2] - first.box[0] == pytest.approx((first.box[2] - first.box[0]) / 3, abs=0.5)
    pages = Pages(typeset.pdf)
    assert seal.box[0] / MM > 15, "it stays on the paper"
    assert 297 - seal.box[3] / MM >= pages.find(seal.page, "CHỦ TỊCH").glyphs[0].bottom, "it runs into no position"
    assert 297 - seal.box[1] / MM <= pages.find(seal.page, LEADER.name, last=True).top + 0.5, "nor into a name"


def test_names_stand_at_one_height_whatever_the_positions_take(typesetter: Typesetter) -> None:
    deputy = replace(LEADER, name="Người ký hai", title_lines=("TL. CHỦ TỊCH", "CHÁNH VĂN PHÒNG", "Lê Thị"), nth=2)
    heading = Heading(AUTHORITY, "2" * 32, (LEADER, deputy, SEAL), "03/CT-UBND", date(2026, 2, 6), URL, CODE)
    pages = Pages(typesetter.typeset(Kind.DIRECTIVE, DIRECTIVE, heading, at=START).pdf)
    page = pages.page_of("Người ký hai")
    first, second = (pages.find(page, name, last=True).glyphs[0] for name in (LEADER.name, "Người ký hai"))
    assert (first.char, second.char) == ("N", "N")
    assert first.top == pytest.approx(second.top, abs=0.05)


def test_a_draft_breaks_into_pages_as_the_issued_document_does(typesetter: Typesetter) -> None:
    for paragraphs in range(16, 40, 2):
        longer = replace(DIRECTIVE, body=(Paragraph(1, "Các xã, phường rà soát phương án."),) * paragraphs)
        draft = Heading(AUTHORITY, "2" * 32, (LEADER, SEAL))
        issued = replace(draft, number_symbol="03/CT-UBND", issued_on=date(2026, 2, 6), check_url=URL, code=CODE)
        made = (Pages(typesetter.typeset(Kind.DIRECTIVE, longer, one, at=START).pdf) for one in (draft, issued))
        assert len({len(one.sizes) for one in made}) == 1, paragraphs


def test_ordinals_of_a_table_are_centred_and_numbers_stand_to_the_right(typesetter: Typesetter) -> None:
    table = Table(("STT", "Nội dung", "Kinh phí"), (("1", "Mua máy bơm", "1.250.000 đồng"), ("2", "Sửa đê", "8%")))
    heading = Heading(AUTHORITY, "2" * 32, (LEADER, SEAL), "03/CT-UBND", date(2026, 2, 6), URL, CODE)
    text = replace(DIRECTIVE, body=(*DIRECTIVE.body, table))
    pages = Pages(typesetter.typeset(Kind.DIRECTIVE, text, heading, at=START).pdf)
    money, share = pages.find(0, "1.250.000 đồng"), pages.find(0, "8%")
    assert money.right == pytest.approx(share.right, abs=0.3)
    assert pages.find(0, "Mua máy bơm").left == pytest.approx(pages.find(0, "Sửa đê").left, abs=0.3)


def test_a_directive_numbers_its_paragraphs(typesetter: Typesetter) -> None:
    heading = Heading(AUTHORITY, "2" * 32, (LEADER, SEAL), "03/CT-UBND", date(2026, 2, 6), URL, CODE)
    typeset = typesetter.typeset(Kind.DIRECTIVE, DIRECTIVE, heading, at=START)
    pages = Pages(typeset.pdf)
    assert "2. Công an tỉnh kiểm tra" in pages.text(0)
    assert all("Italic" in font for font in pages.find(0, "Căn cứ Luật Tổ chức").fonts)
    assert "thực hiện./." in pages.text(0)
    assert list(embedded(typeset.pdf)) == ["chithi.json"]
    assert [field.name for field in typeset.fields] == ["ChuKyNguoiCoThamQuyen", "DauCoQuan"]


def test_one_of_the_preferred_typefaces_with_all_vietnamese_letters_is_used(
    typesetter: Typesetter, pages: Pages
) -> None:
    assert typesetter.fonts
    used = {glyph.font for page in pages.glyphs for glyph in page if glyph.char.strip()}
    assert all(typesetter.fonts[0].replace(" ", "") in font.replace(" ", "") for font in used), used
