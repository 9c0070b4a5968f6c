"""The structure that all types but minutes and invitations share: to JSON and back, its numbers, and its old forms."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutes.blocks import BLOCKS, Block, ConclusionLine, Heading, Paragraph, Table, labelled
from minutes.content import from_json, kind_of, read_stored, texts, to_json
from minutes.document import Kind
from minutes.errors import InvalidContent, SecretContent
from minutes.printed import printed, printed_annexes
from minutes.text import Annex, Relation, TextContent

TASK = ConclusionLine(
    "Rà soát các hộ ở vùng có nguy cơ sạt lở", "Ủy ban nhân dân xã Hòa Phước", date(2026, 2, 10),
    ("Công an xã", "Ban Chỉ huy quân sự xã"), "Phòng, chống thiên tai",
)  # fmt: skip
DECISION = TextContent(
    document_id="4" * 32,
    kind=Kind.DECISION,
    subject="Về việc ban hành Quy chế làm việc",
    place_name="Lâm Sơn",
    competence="Ủy ban nhân dân tỉnh Lâm Sơn",
    bases=("Căn cứ Luật Tổ chức chính quyền địa phương ngày 16 tháng 6 năm 2025", "Theo đề nghị của Chánh Văn phòng;"),
    body=(
        Heading("article", ""),
        Paragraph(0, "Ban hành kèm theo Quyết định này Quy chế làm việc."),
        Heading("article", "Hiệu lực thi hành"),
        Paragraph(1, "Quyết định này có hiệu lực từ ngày ký."),
        Paragraph(1, "Bãi bỏ:"),
        Paragraph(2, "Quyết định số 01/QĐ-UBND;"),
        Paragraph(2, "Quyết định số 02/QĐ-UBND."),
        TASK,
    ),
    closing="",
    recipients=("Như Điều 3", "Lưu: VT, VP"),
    annexes=(
        Annex("", "Danh mục", (Table(("TT", "Tên"), (("1", "Một"), ("2", ""))),)),
        Annex("", "Mẫu", (Paragraph(0, "Mẫu số 1"),)),
        Annex("Quy chế", "Làm việc của Ủy ban nhân dân", (Heading("chapter", "Quy định chung"),)),
    ),
    urgency="express",
    circulation="internal",
    drafter="NVA",
    copies=15,
    contact=("Số 1 đường Trần Phú", "Điện thoại: 0263 000 000"),
    minutes_id="0" * 32,
    relation=Relation("replaces", "5" * 32, "07/QĐ-UBND", date(2025, 12, 31)),
)


def data(**changes: object) -> dict[str, Any]:
    return json.loads(json.dumps(to_json(DECISION))) | changes


def test_a_text_with_everything_survives_the_way_through_json() -> None:
    assert from_json(Kind.DECISION, data()) == DECISION
    assert kind_of(DECISION) is Kind.DECISION


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "TB"}, "kind"),
        ({"body": [{"block": "surprise"}]}, "body[0].block"),
        ({"body": [{"block": ["heading"]}]}, "body[0].block"),
        ({"body": [{"block": "heading", "level": "book", "text": "x"}]}, "body[0].level"),
        ({"body": [{"block": "heading", "level": "chapter", "text": ""}]}, "body[0].text"),
        ({"body": [{"block": "paragraph", "level": 3, "text": "x"}]}, "body[0].level"),
        ({"body": [{"block": "paragraph", "level": 1, "text": "x", "number": 7}]}, "body[0].number"),
        ({"body": [{"block": "table", "header": [], "rows": []}]}, "body[0].header"),
        ({"body": [{"block": "table", "header": ["a"] * 21, "rows": []}]}, "body[0].header"),
        ({"body": [{"block": "table", "header": ["a", "b"], "rows": [["1"]]}]}, "body[0].rows[0]"),
        ({"body": [{"block": "table", "header": ["a"], "rows": [[7]]}]}, "body[0].rows[0][0]"),
        ({"body": [{"block": "conclusion", "text": "x", "owner_unit": None, "deadline": "mai"}]}, "body[0].deadline"),
        ({"body": [{"block": "paragraph", "level": 0, "text": "x"}] * (BLOCKS + 1)}, "body"),
        ({"urgency": "at once"}, "urgency"),
        ({"circulation": ["internal"]}, "circulation"),
        ({"copies": -1}, "copies"),
        ({"drafting_unit": "VP/TH"}, "drafting_unit"),
        ({"annexes": [{"name": "", "title": "", "body": []}]}, "annexes[0].title"),
        ({"relation": {"act": "eats", "document_id": "1", "number_symbol": "1/A", "issued_on": "2026-01-01"}},
         "relation.act"),
        ({"relation": {"act": "amends", "document_id": "1", "number_symbol": "1/A", "issued_on": None}},
         "relation.issued_on"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_refused_with_the_name_of_the_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidContent) as refusal:
        from_json(Kind.DECISION, data(**changes))
    assert refusal.value.field == field


def test_a_mark_of_secrecy_is_refused_in_a_cell_of_an_annex() -> None:
    table = {"block": "table", "header": ["a"], "rows": [["TUYỆT MẬT"]]}
    with pytest.raises(SecretContent) as refusal:
        from_json(Kind.DECISION, data(annexes=[{"name": "", "title": "Danh mục", "body": [table]}]))
    assert refusal.value.field == "annexes[0].body[0].rows[0][0]"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
hostile = st.dictionaries(
    st.sampled_from(["block", "level", "text", "header", "rows", "owner_unit", "co_units", "deadline", "item", "x"]),
    values | st.sampled_from(["heading", "paragraph", "table", "conclusion", "article", "section", "2026-02-30"]),
)


@given(st.lists(hostile, max_size=4), st.sampled_from(["body", "conclusions", "paragraphs"]))
def test_any_body_old_or_new_is_read_or_refused(rows: list[dict[str, Any]], name: str) -> None:
    old = {key: value for key, value in data().items() if key != "body"} if name != "body" else data()
    try:
        content = read_stored(Kind.DECISION, old | {name: rows})
    except InvalidContent:
        return
    assert read_stored(Kind.DECISION, to_json(content)) == content
    assert isinstance(content, TextContent)
    assert len(printed(content)) >= len(content.body) - 1


def labels(*body: Block) -> list[str]:
    return [label for label, _block in labelled(body)]


def test_articles_run_through_paragraphs_begin_anew_in_each_and_points_in_each_paragraph() -> None:
    chapter, article = Heading("chapter", "C"), Heading("article", "A")
    one, point = Paragraph(1, "x"), Paragraph(2, "x")
    assert labels(chapter, article, one, point, point, one, point, article, one, chapter, article) == [
        "Chương I", "Điều 1.", "1.", "a)", "b)", "2.", "a)", "Điều 2.", "1.", "Chương II", "Điều 3."
    ]  # fmt: skip


def test_sections_have_roman_numbers_in_a_plan_and_count_within_a_chapter_in_a_regulation() -> None:
    part, chapter, section = Heading("part", "P"), Heading("chapter", "C"), Heading("section", "S")
    assert labels(section, Paragraph(1, "x"), section) == ["I.", "1.", "II."]
    assert labels(part, chapter, section, section, chapter, section) == [
        "Phần I", "Chương I", "Mục 1", "Mục 2", "Chương II", "Mục 1"
    ]  # fmt: skip


def test_conclusions_and_paragraphs_count_together_and_points_follow_the_vietnamese_alphabet() -> None:
    assert labels(TASK, Paragraph(0, "x"), Paragraph(1, "x"), TASK) == ["1.", "", "2.", "3."]
    points = labels(*[Paragraph(2, "x")] * 25)
    assert points[3:6] == ["d)", "đ)", "e)"]
    assert points[22:] == ["y)", "aa)", "bb)"]


def test_a_decision_is_printed_as_the_law_has_it() -> None:
    lines = [(line.style, str(line)) for line in printed(DECISION)]
    assert lines == [
        ("competence", "ỦY BAN NHÂN DÂN TỈNH LÂM SƠN"),
        ("basis", "Căn cứ Luật Tổ chức chính quyền địa phương ngày 16 tháng 6 năm 2025;"),
        ("basis", "Theo đề nghị của Chánh Văn phòng."),
        ("order", "QUYẾT ĐỊNH:"),
        ("article", "Điều 1. Ban hành kèm theo Quyết định này Quy chế làm việc."),
        ("titled_article", "Điều 2. Hiệu lực thi hành"),
        ("clause", "1. Quyết định này có hiệu lực từ ngày ký."),
        ("clause", "2. Bãi bỏ:"),
        ("point", "a) Quyết định số 01/QĐ-UBND;"),
        ("point", "b) Quyết định số 02/QĐ-UBND."),
        (
            "clause",
            "3. Rà soát các hộ ở vùng có nguy cơ sạt lở. Đơn vị chủ trì: Ủy ban nhân dân xã Hòa Phước; "
            "đơn vị phối hợp: Công an xã, Ban Chỉ huy quân sự xã; chậm nhất ngày 10 tháng 02 năm 2026./.",
        ),
    ]
    annexes = printed_annexes(DECISION, "09/QĐ-UBND", "ngày 05 tháng 02 năm 2026")
    assert [annex.name for annex in annexes] == ["Phụ lục I", "Phụ lục II", "QUY CHẾ"]
    assert annexes[0].goes_with == "(Kèm theo Quyết định số 09/QĐ-UBND ngày 05 tháng 02 năm 2026)"
    assert str(annexes[0].lines[0]) == "TT | Tên\n1 | Một\n2 | "


def test_an_article_before_something_else_than_plain_text_stands_alone() -> None:
    body = (Heading("article", ""), Paragraph(1, "Một"), Heading("article", ""), Heading("article", ""))
    lines = printed(TextContent("4" * 32, Kind.PLAN, "Kế hoạch", "Lâm Sơn", body, "Hết", ()))
    assert [str(line) for line in lines] == ["Điều 1.", "1. Một", "Điều 2.", "Điều 3.", "Hết./."]


def test_one_addressee_stands_on_the_line_and_several_below_it() -> None:
    letter = TextContent("4" * 32, Kind.LETTER, "Về việc họp", "Lâm Sơn", (), "Trân trọng", (), addressees=("Sở A;",))
    assert [str(line) for line in printed(letter)] == ["Kính gửi: Sở A.", "Trân trọng./."]
    several = TextContent("4" * 32, Kind.LETTER, "Về việc họp", "Lâm Sơn", (), "Hết", (), addressees=("Sở A", "Sở B"))
    assert [str(line) for line in printed(several)][:3] == ["Kính gửi:", "- Sở A;", "- Sở B."]


OLD_NOTICE = {
    "document_id": "1" * 32,
    "minutes_id": "0" * 32,
    "subject": "Kết luận của đồng chí Chủ tịch",
    "place_name": "Lâm Sơn",
    "intro": ["Kết luận như sau:"],
    "conclusions": [
        {"text": "Rà soát", "owner_unit": "Xã A", "deadline": "2026-02-10"},
        {"text": "Báo cáo", "owner_unit": None, "deadline": None},
    ],
    "closing": "Thông báo để biết, thực hiện",
    "recipients": ["Lưu: VT, HS"],
}
OLD_DIRECTIVE = {
    "document_id": "2" * 32,
    "subject": "Về việc phòng cháy",
    "place_name": "Lâm Sơn",
    "bases": ["Căn cứ Luật;"],
    "intro": ["Yêu cầu:"],
    "paragraphs": ["Rà soát.", "Báo cáo."],
    "closing": "Nghiêm túc thực hiện",
    "recipients": ["Lưu: VT"],
}


def test_a_notice_signed_before_all_types_shared_one_structure_is_still_read() -> None:
    notice = from_json(Kind.NOTICE, OLD_NOTICE)
    assert isinstance(notice, TextContent)
    assert notice.minutes_id == "0" * 32
    assert notice.body == (
        ConclusionLine("Rà soát", "Xã A", date(2026, 2, 10)),
        ConclusionLine("Báo cáo", None, None),
    )
    assert from_json(Kind.NOTICE, to_json(notice)) == notice


def test_an_old_directive_is_still_read() -> None:
    directive = from_json(Kind.DIRECTIVE, OLD_DIRECTIVE)
    assert isinstance(directive, TextContent)
    assert [str(line) for line in printed(directive)] == [
        "Căn cứ Luật.", "Yêu cầu:", "1. Rà soát.", "2. Báo cáo.", "Nghiêm túc thực hiện./."
    ]  # fmt: skip


@pytest.mark.parametrize("rows", ["x", None, {"0": 1}, [7], [{"text": "x", "surprise": 1}], [{"block": "table"}]])
def test_an_old_notice_that_is_none_is_refused(rows: object) -> None:
    with pytest.raises(InvalidContent):
        from_json(Kind.NOTICE, OLD_NOTICE | {"conclusions": rows})


def test_every_string_of_a_text_is_looked_at_for_marks() -> None:
    found = {text for _path, text in texts(to_json(DECISION))}
    assert {"Danh mục", "Một", "Công an xã", "Phòng, chống thiên tai", "07/QĐ-UBND", "NVA"} <= found


@pytest.mark.parametrize("last", ["Báo cáo kết quả;", "Báo cáo kết quả.", "Báo cáo kết quả./.", "Báo cáo kết quả;./."])
def test_the_last_point_ends_the_document_and_with_nothing_else(last: str) -> None:
    text = from_json(Kind.PLAN, data(kind="KH", closing="", body=[{"block": "paragraph", "level": 2, "text": last}]))
    assert isinstance(text, TextContent)
    assert printed(text)[-1].text == "Báo cáo kết quả./."
