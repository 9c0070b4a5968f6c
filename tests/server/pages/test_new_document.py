"""A secretary chooses a type, gets a draft in the words of its template, and brings it out into the world."""

import html
import re
from dataclasses import replace

import pytest

from minutes.blocks import Paragraph
from minutes.content import from_json, to_json
from minutes.document import PUBLISHABLE, Kind, State
from minutes.starting import STARTED
from minutes.text import Annex, TextContent
from tests.server.pages.conftest import EVIL, Office, Page, Refuses
from tests.server.pages.test_edit_minutes import fields_of
from tests.server.records_office import SECRETARY_ACTOR

SUBJECT = "Về việc tăng cường phòng, chống thiên tai"


def form_of(page: Page) -> dict[str, str]:
    """What a browser would send back without a change, selects included."""
    chosen = {}
    for name, options in re.findall(r'(?s)<select\b[^>]*name="([^"]*)"[^>]*>(.*?)</select>', page.text):
        values = re.findall(r'<option value="([^"]*)"( selected)?', options)
        chosen[name] = html.unescape(next((value for value, selected in values if selected), values[0][0]))
    return fields_of(page) | chosen


def asked(kind: Kind) -> dict[str, str]:
    return {"secrecy": "none", "kind": kind.value, "subject": SUBJECT, "leader": "hanh"}


async def begun(office: Office, kind: Kind) -> str:
    secretary = await office.sign_in("binh")
    page = await secretary.post(
        "/desk/new", {"secrecy": "none", "kind": kind.value, "subject": SUBJECT, "leader": "hanh"}
    )
    assert page.status == 303, page.words
    return page.location.split("/")[2]


async def test_the_secretary_finds_the_way_and_every_type_but_those_of_meetings(office: Office) -> None:
    secretary = await office.sign_in("binh")
    assert (await secretary.get("/desk")).has("new-document")
    page = await secretary.get("/desk/new")
    offered = set(re.findall(r'<option value="([^"]+)"', page.text.partition('name="leader"')[0]))
    assert offered == {kind.value for kind in Kind} - {"BB", "GM"}


async def test_every_type_is_begun_saved_in_the_form_and_approved(office: Office) -> None:
    secretary = await office.sign_in("binh")
    symbols = {Kind.LETTER: "01/UBND-VP", Kind.PERSONAL_LETTER: "01/UBND", Kind.DIRECTIVE: "02/CT-UBND"}
    for kind in STARTED:
        page = await secretary.post(
            "/desk/new", {"secrecy": "none", "kind": kind.value, "subject": SUBJECT, "leader": "hanh"}
        )
        assert page.status == 303, (kind, page.words)
        document_id = page.location.split("/")[2]
        before = await office.records.content_json(document_id)
        saved = await secretary.post(page.location, form_of(await secretary.get(page.location)))
        assert saved.status == 303, (kind, saved.words)
        assert await office.records.content_json(document_id) == before, kind
        assert isinstance(from_json(kind, before), TextContent)
        await office.advance(document_id, State.APPROVED)
        document = await office.records.get(document_id)
        assert document.number_symbol == symbols.get(kind, f"01/{kind.value}-UBND")
        assert SUBJECT in (await secretary.get(f"/desk/{document_id}")).words


async def test_what_the_template_leaves_open_is_not_submitted_and_the_sentence_names_it(office: Office) -> None:
    document_id = await begun(office, Kind.DECISION)
    secretary = await office.sign_in("binh")
    page = await secretary.post(f"/desk/{document_id}/submit", {})
    assert "Văn bản còn chỗ chưa điền" in page.words
    assert "Căn cứ 2: “Theo đề nghị của …”" in page.words, "and where it stands"
    assert (await office.records.get(document_id)).state is State.DRAFT


async def test_a_letter_is_signed_sealed_posted_and_read_by_a_citizen(office: Office) -> None:
    document_id = await begun(office, Kind.LETTER)
    assert Kind.LETTER in PUBLISHABLE
    await office.advance(document_id, State.SEALED)
    await office.records.publish(document_id, by=await office.actor("cuc"), reason="Liên quan đến người dân")
    document = await office.records.get(document_id)
    stranger = office.stranger()
    found = re.search(r'href="(/documents/[^"]+)"', (await stranger.get("/documents")).text)
    assert found is not None
    page = await stranger.get(found[1])
    assert page.status == 200
    assert "01/UBND-VP" in page.words
    assert "Kính gửi:" in page.words
    assert document.title == SUBJECT


async def test_the_head_signs_a_plan_for_the_committee_and_a_decision_in_their_own_right(office: Office) -> None:
    plan = await office.records.get(await begun(office, Kind.PLAN))
    decision = await office.records.get(await begun(office, Kind.DECISION))
    assert plan.signers[0].title_lines[0] == "TM. ỦY BAN NHÂN DÂN"
    assert not any(line.startswith("TM.") for line in decision.signers[0].title_lines)
    content = await office.records.content_json(decision.id)
    assert content["competence"].startswith("Chủ tịch Ủy ban nhân dân")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"kind": "XX", "subject": EVIL, "leader": "hanh"}, "Xin chọn loại văn bản."),
        ({"kind": "BB", "subject": EVIL, "leader": "hanh"}, "Xin chọn loại văn bản."),
        ({"kind": "CV", "subject": " \r\n", "leader": "hanh"}, "Xin ghi trích yếu nội dung."),
        ({"kind": "CV", "subject": EVIL, "leader": "dung"}, "Xin chọn người ký."),
        ({"kind": "CV", "subject": f"{EVIL} TỐI MẬT", "leader": "hanh"}, "độ mật"),
        ({"kind": "CV", "subject": EVIL * 40, "leader": "hanh"}, "dài quá 500 ký tự"),
    ],
)
async def test_what_is_missing_is_said_and_what_was_typed_stays(
    office: Office, fields: dict[str, str], sentence: str
) -> None:
    secretary = await office.sign_in("binh")
    page = await secretary.post("/desk/new", {"secrecy": "none", **fields})
    assert page.status == 422
    assert sentence in page.words
    assert "<script>alert" not in page.text
    assert page.area("subject") == fields["subject"]
    assert await office.records.documents(kind=Kind.LETTER) == ()


async def test_only_secretaries_begin_documents(office: Office, refuses: Refuses) -> None:
    await refuses(office, "/desk/new", who="binh", others=("hanh", "cuc", "dung"))
    assert not (await (await office.sign_in("hanh")).get("/desk")).has("new-document")


async def test_an_annex_is_shown_behind_the_recipients_as_it_is_printed(office: Office) -> None:
    document_id = await begun(office, Kind.DECISION)
    data = await office.records.content_json(document_id)
    annex = Annex("", "Danh mục thiết bị", (Paragraph(0, "Máy bơm."),))
    longer = to_json(replace(from_json(Kind.DECISION, data), annexes=(annex,)))
    await office.records.edit(document_id, longer, by=SECRETARY_ACTOR, expected_version=1)
    words = (await (await office.sign_in("binh")).get(f"/desk/{document_id}")).words
    assert words.index("Nơi nhận:") < words.index("Danh mục thiết bị") < words.index("Máy bơm.")
    assert "(Kèm theo Quyết định số … ngày … tháng … năm …)" in words
