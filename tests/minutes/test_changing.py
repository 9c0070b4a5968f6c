"""What changes an issued document is drafted in an office's words, where such a clause stands."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from minutes.addressees import astray, sent_to
from minutes.blocks import Block, Heading, Paragraph
from minutes.document import Document, Kind, State
from minutes.printed import letter_subject, printed
from minutes.starting import duty
from minutes.text import TextContent
from minutes.workflow.changing import changed, leaders
from minutes.workflow.relation import Deed
from rooms.proceedings import Unit
from tests.minutes.samples import LEADER, SEAL, text_of

NOW = datetime(2026, 2, 5, tzinfo=UTC)


def issued(kind: Kind) -> Document:
    return Document(
        "d1", kind, Unit("lam-son", "Ủy ban nhân dân tỉnh Lâm Sơn"), None, State.SEALED, "Về việc x", "Lâm Sơn", 1, "C",
        NOW, NOW, (LEADER, SEAL), year=2026, number=5, symbol=f"{kind.value}-UBND", issued_on=date(2026, 2, 1),
        digest="0" * 64,
    )  # fmt: skip


def replacing(kind: Kind, *body: Block, closing: str = "") -> TextContent:
    text = replace(text_of(kind), body=body, closing=closing)
    found = changed(issued(kind), text, Deed.REPLACES, "d2")
    assert sum(line.text.count("./.") for line in printed(found)) == 1, "the end of a text stands there once"
    return found


ARTICLE = Heading("article", "")
OLD = "Quyết định số 05/QĐ-UBND ngày 01 tháng 02 năm 2026"


@pytest.mark.parametrize(
    "said",
    [
        "Quyết định này có hiệu lực kể từ ngày ký.",
        "Quyết định này có hiệu lực kể từ ngày ký./.",
        "Quyết định này có hiệu lực kể từ ngày ký và thay thế Quyết định số 01/QĐ-UBND ngày 02/01/2026.",
    ],
)
def test_the_article_on_its_effect_says_what_a_decision_replaces(said: str) -> None:
    whole = (ARTICLE, Paragraph(0, "Thành lập tổ."), ARTICLE, Paragraph(0, said))
    duty = (ARTICLE, Paragraph(0, "Chánh Văn phòng thi hành Quyết định này./."))
    found = replacing(Kind.DECISION, *whole, *duty)
    assert found.body[3] == Paragraph(0, f"Quyết định này có hiệu lực kể từ ngày ký và thay thế {OLD}.")
    assert len(found.body) == 6


def test_without_such_an_article_it_is_one_of_its_own() -> None:
    found = replacing(Kind.DECISION, ARTICLE, Paragraph(0, "Chánh Văn phòng thi hành Quyết định này./."))
    assert found.body == (
        ARTICLE,
        Paragraph(0, "Chánh Văn phòng thi hành Quyết định này."),
        ARTICLE,
        Paragraph(0, f"Quyết định này thay thế {OLD}."),
    )


def test_where_articles_have_titles_it_has_one() -> None:
    found = replacing(Kind.REGULATION, Heading("article", "Phạm vi"), Paragraph(1, "Áp dụng trong xã."))
    assert [one.text for one in found.body[2:] if isinstance(one, Heading)] == ["Thay thế văn bản"]


def test_a_plan_goes_on_counting_its_paragraphs() -> None:
    found = replacing(Kind.PLAN, Heading("section", "NỘI DUNG"), Paragraph(1, "Rà soát."), closing="Trân trọng./.")
    assert found.body[-1] == Paragraph(1, "Kế hoạch này thay thế Kế hoạch số 05/KH-UBND ngày 01 tháng 02 năm 2026.")


def test_a_correction_is_numbered_as_the_office_numbers_its_letters() -> None:
    assert changed(issued(Kind.DECISION), text_of(Kind.DECISION), Deed.CORRECTS, "d2").drafting_unit == "VP"
    letter = replace(text_of(Kind.LETTER), drafting_unit="NV")
    assert changed(issued(Kind.LETTER), letter, Deed.CORRECTS, "d2").drafting_unit == "NV"


CHAIRS = replace(LEADER, title_lines=("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"))
FOR_ALL = ("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH")


def signed_by(kind: Kind, lines: tuple[str, ...]) -> Document:
    return replace(issued(kind), signers=(replace(CHAIRS, title_lines=lines), SEAL))


def recalled(old: Document) -> str:
    first = changed(old, text_of(old.kind), Deed.RECALLS, "d2").body[0]
    assert isinstance(first, Paragraph)
    return first.text


def test_who_has_issued_a_document_recalls_it_and_signs_as_then() -> None:
    chairs, committees = signed_by(Kind.DIRECTIVE, CHAIRS.title_lines), signed_by(Kind.PLAN, FOR_ALL)
    assert recalled(chairs).startswith(
        "Chủ tịch Ủy ban nhân dân tỉnh Lâm Sơn thu hồi Chỉ thị số 05/CT-UBND ngày 01 tháng"
    )
    assert recalled(committees).startswith("Ủy ban nhân dân tỉnh Lâm Sơn thu hồi Kế hoạch số 05/KH-UBND")
    assert leaders(chairs, Deed.RECALLS)[0].title_lines == CHAIRS.title_lines
    assert leaders(committees, Deed.RECALLS)[0].title_lines == FOR_ALL


def test_a_letter_that_corrects_is_signed_for_the_committee_unless_by_order() -> None:
    assert leaders(signed_by(Kind.DIRECTIVE, CHAIRS.title_lines), Deed.CORRECTS)[0].title_lines == FOR_ALL
    assert leaders(signed_by(Kind.PLAN, FOR_ALL), Deed.CORRECTS)[0].title_lines == FOR_ALL
    by_order = ("TL. CHỦ TỊCH", "CHÁNH VĂN PHÒNG")
    assert leaders(signed_by(Kind.NOTICE, by_order), Deed.CORRECTS)[0].title_lines == by_order


def test_the_old_documents_kind_is_a_name_and_written_as_one() -> None:
    old, text = issued(Kind.DIRECTIVE), text_of(Kind.DIRECTIVE)
    named = "Chỉ thị số 05/CT-UBND ngày 01 tháng 02 năm 2026"
    found = {deed: changed(old, text, deed, "d2").subject for deed in (Deed.AMENDS, Deed.RECALLS, Deed.CORRECTS)}
    assert found == {
        Deed.AMENDS: f"Sửa đổi, bổ sung {named}",
        Deed.RECALLS: f"Thu hồi {named}",
        Deed.CORRECTS: f"Về việc đính chính {named}",
    }
    letter = changed(old, text, Deed.CORRECTS, "d2")
    assert letter_subject(letter.subject) == f"V/v đính chính {named}"


def decided(*texts: str, to: tuple[str, ...] = ("Như Điều 3", "Lưu: VT")) -> TextContent:
    body = tuple(block for text in texts for block in (ARTICLE, Paragraph(0, text)))
    return replace(text_of(Kind.DECISION), body=body, recipients=to)


def amending(old: TextContent) -> TextContent:
    return changed(issued(old.kind), old, Deed.AMENDS, "d2")


SAYS = f"Sửa đổi, bổ sung … của {OLD} như sau:"
HOLDS = "Quyết định này có hiệu lực kể từ ngày ký."


def test_a_decision_is_amended_in_articles_and_carried_out_by_whom_the_old_one_charged() -> None:
    duty = "Chánh Văn phòng, Giám đốc Sở Tài chính chịu trách nhiệm thi hành Quyết định này."
    old = decided("Thành lập tổ.", "Tổ có 5 người.", HOLDS, f"{duty}/.", to=("Như Điều 4", "Sở Nội vụ", "Lưu: VT"))
    found = amending(old)
    lines = [str(line) for line in printed(found) if line.style == "article"]
    assert lines == [f"Điều 1. {SAYS}", f"Điều 2. {HOLDS}", f"Điều 3. {duty}/."]
    assert found.recipients == ("Như Điều 3", "Sở Nội vụ", "Lưu: VT")
    assert astray(found) == ()
    assert "Chánh Văn phòng, Giám đốc Sở Tài chính" in sent_to(found)


@pytest.mark.parametrize(
    "last", ["Phê duyệt.", "Quyết định này có hiệu lực kể từ ngày ký. Chánh Văn phòng chịu trách nhiệm thi hành."]
)
def test_where_the_old_decision_has_no_such_article_the_new_one_has_the_usual_one(last: str) -> None:
    found = amending(decided("Thành lập tổ.", last, to=("Như Điều 1, Điều 2", "Lưu: VT")))
    assert found.body[-1] == Paragraph(0, duty(Kind.DECISION))
    assert found.recipients == ("Như Điều 3", "Lưu: VT")


def test_articles_with_titles_are_amended_by_articles_with_titles() -> None:
    rules = replace(
        text_of(Kind.RULES), body=(Heading("article", "Phạm vi"), Paragraph(1, "Áp dụng trong xã.")),
        recipients=("Như Điều 9", "Lưu: VT"),
    )  # fmt: skip
    found = amending(rules)
    assert [one.text for one in found.body if isinstance(one, Heading)] == [
        "Nội dung sửa đổi, bổ sung",
        "Hiệu lực thi hành",
    ]
    assert found.recipients == ("Lưu: VT",), "nobody is charged by an article of it"


def test_a_plan_is_amended_in_numbered_paragraphs() -> None:
    found = amending(replace(text_of(Kind.PLAN), recipients=("Như Điều 3", "Lưu: VT")))
    assert [type(one) for one in found.body] == [Paragraph, Paragraph]
    assert found.recipients == ("Lưu: VT",)


@pytest.mark.parametrize("deed", [Deed.CORRECTS, Deed.RECALLS])
def test_whom_the_old_decision_charged_is_told_of_its_correction_and_recall_by_name(deed: Deed) -> None:
    old = decided("Thành lập tổ.", "Chánh Văn phòng chịu trách nhiệm thi hành Quyết định này.", to=("Như Điều 2",))
    found = changed(issued(Kind.DECISION), old, deed, "d2")
    assert (found.addressees or found.recipients)[0] == "Chánh Văn phòng"
    assert astray(found) == ()
