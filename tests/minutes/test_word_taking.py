"""A Word file that was written here comes back as what it was; all else goes by its look."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import docx
import pytest
from docx.document import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from minutes.blocks import ConclusionLine, Heading, Paragraph, Table
from minutes.content import Content, InvitationContent, MinutesContent, from_json, to_json
from minutes.document import Kind
from minutes.text import Annex, TextContent
from minutes.typeset import Heading as Head
from minutes.word.taking import Taken, taken
from minutes.word.writing import word_file
from server import read_docx
from tests.minutes.sample_meeting import AUTHORITY
from tests.minutes.samples import LEADER, SEAL, sample, text_of

AGENCY = AUTHORITY.unit.name
KEPT = ("document_id", "kind", "place_name", "minutes_id", "relation", "files", "starts_at")
"""Of a content, what no Word file changes."""


def through_word(kind: Kind, content: Content, change: Callable[[Document], None] | None = None) -> Taken:
    """Written, changed in Word, read."""
    data = word_file(kind, content, Head(AUTHORITY, "d1", (LEADER, SEAL)))
    if change is not None:
        word, out = docx.Document(BytesIO(data)), BytesIO()
        change(word)
        word.save(out)
        data = out.getvalue()
    return read(kind, data)


def read(kind: Kind, data: bytes) -> Taken:
    return taken(kind, read_docx.read(docx.Document(BytesIO(data))), AGENCY)


def parts_of(content: Content) -> dict[str, Any]:
    known = {
        MinutesContent: ("title", "venue", "course", "conclusions", "recipients"),
        InvitationContent: (
            "subject",
            "invitees",
            "chair_line",
            "venue",
            "agenda",
            "notes",
            "closing",
            "recipients",
            "urgency",
        ),
    }.get(type(content))
    whole = to_json(content)
    return {name: whole[name] for name in known or whole if name not in KEPT}


@pytest.mark.parametrize("kind", Kind)
def test_every_type_comes_back_as_it_was(kind: Kind) -> None:
    content, _head = sample(kind)
    found = through_word(kind, content)
    assert found.ours
    assert found.parts == parts_of(content)
    assert to_json(from_json(kind, {**to_json(content), **found.parts})) == to_json(content)


# What an office types, and what would mean something else were it not known for what it is.
PIECES = st.sampled_from(
    ["Nơi nhận:", "Điều 1. Tên", "QUYẾT ĐỊNH:", "Căn cứ Luật;", "Kính gửi: Xã A", "- Xã B;", "xong./.", "I. Một",
     "Phụ lục", "(Kèm theo", "a) Điểm", "V/v họp", "1. Khoản", "KHẨN", "Kết luận:", "x\ny", "Ngày 05 tháng 02"]
)  # fmt: skip
LINE = st.text("abđệ 1;.)", min_size=1, max_size=12).filter(lambda text: bool(text.strip())) | PIECES.filter(
    lambda text: "\n" not in text
)
TEXT = LINE | PIECES
LINES = st.lists(LINE, max_size=3).map(tuple)
PARAGRAPHS = st.builds(Paragraph, st.integers(0, 2), TEXT)
ARTICLES = st.builds(Heading, st.just("article"), st.just("") | LINE)
HEADINGS = st.builds(Heading, st.sampled_from(["part", "chapter", "section"]), LINE)
UNITS = st.none() | LINE
CONCLUSIONS = st.builds(ConclusionLine, TEXT, UNITS, st.none() | st.dates(), LINES, UNITS)
TABLES = st.integers(1, 3).flatmap(
    lambda width: st.builds(
        Table,
        st.tuples(*[LINE] * width),
        st.lists(st.tuples(*[TEXT | st.just("")] * width), max_size=3).map(tuple),
    )
)
BODIES = st.lists(PARAGRAPHS | ARTICLES | HEADINGS | CONCLUSIONS | TABLES, max_size=6).map(tuple)
KINDS = [kind for kind in Kind if kind not in (Kind.MINUTES, Kind.INVITATION)]


@st.composite
def texts(draw: st.DrawFn) -> TextContent:
    kind = draw(st.sampled_from(KINDS))
    return replace(
        text_of(kind),
        subject=draw(TEXT),
        body=draw(BODIES),
        bases=draw(LINES),
        intro=tuple(draw(st.lists(TEXT, max_size=2))),
        closing=draw(st.just("") | LINE),
        recipients=draw(LINES),
        addressees=draw(LINES),
        competence=draw(st.just("") | LINE),
        annexes=tuple(draw(st.lists(st.builds(Annex, st.just("") | LINE, LINE, BODIES), max_size=2))),
        urgency=draw(st.sampled_from([None, "urgent", "express"])),
        circulation=draw(st.sampled_from([None, "return"])),
        copies=draw(st.none() | st.integers(1, 99)),
    )


@given(texts())
@settings(max_examples=60)
def test_whatever_a_text_says_comes_back_as_it_was(content: TextContent) -> None:
    assert through_word(content.kind, content).parts == parts_of(content)


# --- changed in Word ------------------------------------------------------------------------------------------


def line_of(word: Document, begins: str) -> Any:
    return next(one for one in word.paragraphs if one.text.startswith(begins))


def insert_after(word: Document, begins: str, text: str, *, bold_until: int = 0) -> None:
    """A paragraph as somebody types it below another one, the beginning of it bold."""
    place = line_of(word, begins)
    made = place.insert_paragraph_before("")
    place._p.addnext(made._p)
    made.add_run(text[:bold_until]).bold = True
    made.add_run(text[bold_until:])


def test_an_article_that_was_added_in_word_leaves_all_others_as_they_were() -> None:
    content = text_of(Kind.DECISION)

    def change(word: Document) -> None:
        insert_after(word, "Điều 1.", "Điều 2. Giao Chánh Văn phòng theo dõi.", bold_until=7)
        heading = line_of(word, "Điều 2. Trách nhiệm")
        heading.runs[0].text = heading.text.replace("Điều 2.", "Điều 3.")

    parts = through_word(Kind.DECISION, content, change).parts
    before = parts_of(content)
    assert parts["body"] == [
        *before["body"][:2],
        {"block": "heading", "level": "article", "text": ""},
        {"block": "paragraph", "level": 0, "text": "Giao Chánh Văn phòng theo dõi."},
        *before["body"][2:],
    ]
    assert {**parts, "body": None} == {**before, "body": None}


def test_a_task_keeps_its_unit_and_day_whatever_was_changed_around_it() -> None:
    content = text_of(Kind.PLAN)

    def change(word: Document) -> None:
        insert_after(
            word, "1. Rà soát", "2. Báo cáo kết quả. Đơn vị chủ trì: Văn phòng; chậm nhất ngày 05 tháng 3 năm 2026."
        )
        line_of(word, "I. MỤC ĐÍCH").runs[0].text = "I. MỤC TIÊU"

    body = through_word(Kind.PLAN, content, change).parts["body"]
    task = next(at for at, one in enumerate(body) if one["block"] == "conclusion")
    assert body[task] == parts_of(content)["body"][3]
    assert body[task + 1] == {
        "block": "conclusion", "text": "Báo cáo kết quả", "owner_unit": "Văn phòng", "co_units": [],
        "deadline": "2026-03-05", "item": None,
    }  # fmt: skip
    assert body[0]["text"] == "MỤC TIÊU"


def test_a_line_that_was_taken_out_in_word_is_gone() -> None:
    content = text_of(Kind.LETTER)

    def change(word: Document) -> None:
        for cell in word.tables[-1]._cells:
            for one in cell.paragraphs:
                if one.text.startswith(("- Thường trực", "NVA")):
                    one._p.getparent().remove(one._p)
        line = line_of(word, "- Sở Nông nghiệp")
        line._p.getparent().remove(line._p)

    parts = through_word(Kind.LETTER, content, change).parts
    assert parts["recipients"] == ["Như trên", "Lưu: VT, VP"]
    assert (parts["drafter"], parts["copies"]) == ("", None)
    assert parts["addressees"] == ["Ủy ban nhân dân các xã, phường"]


def test_a_part_of_the_course_that_was_written_on_is_kept_whole() -> None:
    content, _head = sample(Kind.MINUTES)
    assert isinstance(content, MinutesContent)
    first = content.course[0]

    def change(word: Document) -> None:
        insert_after(word, first.paragraphs[-1].split("\n")[-1], "Ông Dũng bổ sung số liệu.")

    parts = through_word(Kind.MINUTES, content, change).parts
    assert parts["course"][0]["heading"] == first.heading
    assert parts["course"][0]["paragraphs"][-1] == "Ông Dũng bổ sung số liệu."
    assert parts["course"][1:] == parts_of(content)["course"][1:]
    assert parts["conclusions"] == parts_of(content)["conclusions"]


def test_a_file_of_another_type_goes_by_its_look() -> None:
    data = word_file(Kind.PLAN, text_of(Kind.PLAN), Head(AUTHORITY, "d1", (LEADER, SEAL)))
    found = read(Kind.REPORT, data)
    assert not found.ours
    assert found.parts["body"][0] == {"block": "heading", "level": "section", "text": "MỤC ĐÍCH, YÊU CẦU"}


# --- from elsewhere -------------------------------------------------------------------------------------------


def stranger(*rows: str) -> bytes:
    """Typed by hand: "**Điều 1.** …" is bold so far; a row of "|" is the letterhead's table."""
    word = docx.Document()
    for row in rows:
        if row.startswith("|"):
            cells = row.strip("|").split("|")
            table = word.add_table(rows=1, cols=len(cells))
            for cell, text in zip(table.rows[0].cells, cells, strict=True):
                cell.text = text.replace("/n", "\n")
            continue
        paragraph = word.add_paragraph()
        for at, text in enumerate(row.split("**")):
            paragraph.add_run(text).bold = at % 2 == 1
    out = BytesIO()
    word.save(out)
    return out.getvalue()


DECISION = (
    "|ỦY BAN NHÂN DÂN/nXÃ HÒA PHƯỚC/nSố: 12/QĐ-UBND|CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM/nĐộc lập - Tự do - Hạnh phúc"
    "/nHòa Phước, ngày 05 tháng 02 năm 2026|",
    "**QUYẾT ĐỊNH**",
    "**Về việc thành lập Tổ công tác**",
    "**CHỦ TỊCH ỦY BAN NHÂN DÂN XÃ HÒA PHƯỚC**",
    "Căn cứ Luật Tổ chức chính quyền địa phương;",
    "Theo đề nghị của Chánh Văn phòng.",
    "**QUYẾT ĐỊNH:**",
    "**Điều 1.** Thành lập Tổ công tác gồm:",
    "1. Ông Lò Văn Dũng, Tổ trưởng;",
    "a) Phụ trách chung;",
    "**Điều 2. Trách nhiệm thi hành**",
    "1. Chánh Văn phòng chịu trách nhiệm thi hành Quyết định này./.",
    "|Nơi nhận:/n- Như Điều 2;/n- Lưu: VT.|CHỦ TỊCH/nNguyễn Thị Hạnh|",
    "**PHỤ LỤC**",
    "**DANH SÁCH TỔ CÔNG TÁC**",
    "(Kèm theo Quyết định số 12/QĐ-UBND ngày 05 tháng 02 năm 2026)",
    "1. Ông Lò Văn Dũng",
)


def test_a_decision_from_elsewhere_is_told_apart() -> None:
    found = read(Kind.DECISION, stranger(*DECISION))
    assert not found.ours
    article = {"block": "heading", "level": "article", "text": ""}
    assert found.parts == {
        "subject": "Về việc thành lập Tổ công tác",
        "competence": "CHỦ TỊCH ỦY BAN NHÂN DÂN XÃ HÒA PHƯỚC",
        "bases": ["Căn cứ Luật Tổ chức chính quyền địa phương", "Theo đề nghị của Chánh Văn phòng"],
        "body": [
            article,
            {"block": "paragraph", "level": 0, "text": "Thành lập Tổ công tác gồm:"},
            {"block": "paragraph", "level": 1, "text": "Ông Lò Văn Dũng, Tổ trưởng;"},
            {"block": "paragraph", "level": 2, "text": "Phụ trách chung;"},
            {**article, "text": "Trách nhiệm thi hành"},
            {"block": "paragraph", "level": 1, "text": "Chánh Văn phòng chịu trách nhiệm thi hành Quyết định này."},
        ],
        "recipients": ["Như Điều 2", "Lưu: VT"],
        "annexes": [
            {
                "name": "",
                "title": "DANH SÁCH TỔ CÔNG TÁC",
                "body": [{"block": "paragraph", "level": 1, "text": "Ông Lò Văn Dũng"}],
            }
        ],
    }


def test_a_letter_from_elsewhere_has_its_subject_addressees_and_close() -> None:
    found = read(
        Kind.LETTER,
        stranger(
            "|UBND XÃ HÒA PHƯỚC/nSố: 12/UBND-VP/nV/v tăng cường phòng, chống/nthiên tai|"
            "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM/nHòa Phước, ngày 05 tháng 02 năm 2026|",
            "Kính gửi:",
            "- Trưởng các thôn;",
            "- Trạm Y tế xã.",
            "Ủy ban nhân dân xã yêu cầu:",
            "1. Trực ban 24/24 giờ.",
            "Trân trọng./.",
            "|Nơi nhận:/n- Như trên;/n- Lưu: VT.|CHỦ TỊCH|",
        ),
    )
    assert found.parts == {
        "subject": "tăng cường phòng, chống thiên tai",
        "addressees": ["Trưởng các thôn", "Trạm Y tế xã"],
        "intro": ["Ủy ban nhân dân xã yêu cầu:"],
        "body": [{"block": "paragraph", "level": 1, "text": "Trực ban 24/24 giờ."}],
        "closing": "Trân trọng",
        "recipients": ["Như trên", "Lưu: VT"],
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "rows", "level"]), inner),
    max_leaves=8,
)


@given(st.lists(JSON, max_size=4) | JSON, st.sampled_from(["KH", "BB", "x", None]), JSON)
@settings(max_examples=80)
def test_whatever_the_reader_of_files_says_is_read_or_refused(lines: Any, kind: str | None, source: Any) -> None:
    """It has read what strangers wrote, so it is not believed either."""
    for wanted in (Kind.PLAN, Kind.MINUTES):
        try:
            found = taken(wanted, {"lines": lines, "kind": kind, "source": source}, AGENCY)
        except ValueError:
            continue
        assert isinstance(found.parts, dict)


def test_the_stamp_of_an_invitation_comes_back_and_another_one_is_taken() -> None:
    content, _head = sample(Kind.INVITATION)
    assert isinstance(content, InvitationContent)
    urgent = replace(content, urgency="urgent")
    assert through_word(Kind.INVITATION, urgent).parts["urgency"] == "urgent"

    def pressing(word: Document) -> None:
        [stamp] = [
            one for table in word.tables for cell in table._cells for one in cell.paragraphs if one.text == "KHẨN"
        ]
        stamp.runs[0].text = "HỎA TỐC"

    assert through_word(Kind.INVITATION, urgent, pressing).parts["urgency"] == "express"
