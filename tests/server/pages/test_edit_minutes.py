"""The secretary corrects the draft; a second secretary at the same time loses nothing."""

import contextlib
import html
import json
import re

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from minutes.content import from_json, to_json
from minutes.document import Kind, State
from minutes.errors import InvalidContent
from minutes.tables import version_table
from server.i18n import Reader
from server.keys import DATABASE
from server.pages import desk_form
from tests.minutes.test_text import DECISION
from tests.server.pages.conftest import EVIL, Office, Page, Refuses

CONTENT = {
    "title": "Họp",
    "venue": "Trụ sở",
    "course": [{"heading": "Mở đầu", "paragraphs": ["Một.", "Hai\nba."]}],
    "conclusions": [
        {"text": "Việc", "owner_unit": "Xã A", "co_units": ["Xã B", "Xã C"], "deadline": "2028-01-14", "item": "Lũ"}
    ],
    "recipients": ["Lưu: VT"],
}


def fields_of(page: Page) -> dict[str, str]:
    """What a browser would send back without a change."""
    found = {}
    for tag in re.findall(r"<input\b[^>]*>", page.text.partition('id="main"')[2]):
        name, value = (re.search(rf'\b{part}="([^"]*)"', tag) for part in ("name", "value"))
        chosen = 'type="radio"' not in tag or " checked" in tag
        if name and chosen and 'type="checkbox"' not in tag and name[1] not in ("csrf", "back"):
            found[name[1]] = html.unescape(value[1]) if value else ""
    for name, text in re.findall(r'(?s)<textarea\b[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', page.text):
        found[name] = html.unescape(text).replace("\n", "\r\n")
    return found


async def test_saving_what_the_form_shows_changes_nothing(office: Office) -> None:
    minutes = await office.minutes()
    secretary = await office.sign_in("binh")
    before = await office.records.content_json(minutes)
    page = await secretary.post(f"/desk/{minutes}/edit", fields_of(await secretary.get(f"/desk/{minutes}/edit")))
    assert (page.status, page.location) == (303, f"/desk/{minutes}")
    assert await office.records.content_json(minutes) == before


async def test_texts_rows_and_recipients_are_saved(office: Office) -> None:
    minutes = await office.minutes()
    secretary = await office.sign_in("binh")
    fields = fields_of(await secretary.get(f"/desk/{minutes}/edit")) | {
        "title": "Họp giao ban tháng 3",
        "course.0.text": "Đoạn một.\r\n\r\nĐoạn hai.",
        "conclusions.2.text": "Trực ban 24/24 giờ",
        "conclusions.2.unit": "UBND xã Hòa Phước",
        "conclusions.2.deadline": "2028-02-01",
        "recipients": "Các xã\r\nLưu: VT",
    }
    assert (await secretary.post(f"/desk/{minutes}/edit", fields)).status == 303
    content = await office.records.content_json(minutes)
    assert content["title"] == "Họp giao ban tháng 3"
    assert content["course"][0]["paragraphs"] == ["Đoạn một.", "Đoạn hai."]
    assert content["conclusions"][1] == {
        "text": "Trực ban 24/24 giờ",
        "owner_unit": "UBND xã Hòa Phước",
        "deadline": "2028-02-01",
        "co_units": [],
        "item": None,
    }
    assert content["recipients"] == ["Các xã", "Lưu: VT"]
    assert (await office.records.get(minutes)).title == "Họp giao ban tháng 3"


async def test_a_ticked_row_is_dropped(office: Office) -> None:
    minutes = await office.minutes()
    secretary = await office.sign_in("binh")
    fields = fields_of(await secretary.get(f"/desk/{minutes}/edit")) | {"conclusions.0.drop": "on"}
    await secretary.post(f"/desk/{minutes}/edit", fields)
    assert (await office.records.content_json(minutes))["conclusions"] == []


async def test_what_the_meeting_proves_cannot_be_edited(office: Office) -> None:
    minutes = await office.minutes()
    secretary = await office.sign_in("binh")
    before = await office.records.content_json(minutes)
    forged = {"attendance": "[]", "proceedings_root": "0" * 64, "votes": "[]", "document_id": "x"}
    fields = fields_of(await secretary.get(f"/desk/{minutes}/edit")) | forged
    await secretary.post(f"/desk/{minutes}/edit", fields)
    after = await office.records.content_json(minutes)
    assert {name: after[name] for name in forged} == {name: before[name] for name in forged}


async def test_the_second_to_save_sees_both_texts_and_loses_neither(office: Office) -> None:
    minutes = await office.minutes()
    first, second = await office.sign_in("binh"), await office.sign_in("binh")
    mine = fields_of(await second.get(f"/desk/{minutes}/edit")) | {
        "title": "Tên tôi gõ",
        "conclusions.3.text": "Việc tôi thêm",
    }
    theirs = fields_of(await first.get(f"/desk/{minutes}/edit")) | {"title": "Tên người kia gõ", "venue": "Nơi khác"}
    assert (await first.post(f"/desk/{minutes}/edit", theirs)).status == 303
    page = await second.post(f"/desk/{minutes}/edit", mine)
    assert page.status == 409
    assert page.value("title") == "Tên tôi gõ"
    assert page.area("conclusions.3.text") == "Việc tôi thêm"
    assert "Tên người kia gõ" in page.words
    assert "Nơi khác" in page.words
    assert (await office.records.content_json(minutes))["title"] == "Tên người kia gõ", "nothing was overwritten"
    merged = fields_of(page) | {"venue": "Nơi khác"}
    assert (await second.post(f"/desk/{minutes}/edit", merged)).status == 303
    content = await office.records.content_json(minutes)
    assert (content["title"], content["venue"]) == ("Tên tôi gõ", "Nơi khác")
    assert content["conclusions"][-1]["text"] == "Việc tôi thêm"


async def test_a_wrong_deadline_is_named_and_the_text_is_kept(office: Office) -> None:
    minutes = await office.minutes()
    secretary = await office.sign_in("binh")
    fields = fields_of(await secretary.get(f"/desk/{minutes}/edit"))
    page = await secretary.post(
        f"/desk/{minutes}/edit", fields | {"conclusions.0.deadline": "ngày mai", "venue": "Nơi vừa gõ"}
    )
    assert page.status == 422
    assert "Kết luận 1, thời hạn" in page.words
    assert page.value("venue") == "Nơi vừa gõ"
    assert page.value("expected_version") == fields["expected_version"]


async def test_a_mark_of_secrecy_is_refused_and_nothing_is_saved(office: Office) -> None:
    minutes = await office.minutes()
    secretary = await office.sign_in("binh")
    fields = fields_of(await secretary.get(f"/desk/{minutes}/edit")) | {"venue": "TỐI MẬT"}
    page = await secretary.post(f"/desk/{minutes}/edit", fields)
    assert page.status == 422
    assert "độ mật" in page.words
    assert (await office.records.get(minutes)).version == 1


async def test_html_in_the_text_comes_out_as_text(office: Office) -> None:
    minutes = await office.minutes()
    secretary = await office.sign_in("binh")
    evil = {"title": EVIL, "venue": EVIL, "course.0.heading": EVIL, "course.0.text": EVIL, "recipients": EVIL}
    fields = fields_of(await secretary.get(f"/desk/{minutes}/edit")) | evil | {"conclusions.0.text": EVIL}
    assert (await secretary.post(f"/desk/{minutes}/edit", fields)).status == 303
    for path in (f"/desk/{minutes}", f"/desk/{minutes}/edit", "/desk"):
        text = (await secretary.get(path)).text
        assert "&lt;script&gt;" in text
        assert "<script>alert" not in text
        assert "<img src=x" not in text


async def test_only_a_secretary_of_the_unit_edits(office: Office, refuses: Refuses) -> None:
    minutes = await office.minutes()
    await refuses(office, f"/desk/{minutes}/edit", who="binh", others=("hanh", "cuc", "dung"))
    assert (await (await office.sign_in("hanh")).get(f"/desk/{minutes}/edit")).status == 403


async def test_a_submitted_text_is_no_longer_editable(office: Office) -> None:
    minutes = await office.minutes(State.REVIEW)
    secretary = await office.sign_in("binh")
    assert not (await secretary.get(f"/desk/{minutes}")).has("edit")
    assert (await secretary.get(f"/desk/{minutes}/edit")).status == 303
    fields = desk_form.typed_of(Kind.MINUTES, await office.records.content_json(minutes)) | {"expected_version": "1"}
    page = await secretary.post(f"/desk/{minutes}/edit", fields | {"venue": "Nơi vừa gõ"})
    assert page.status == 422
    assert page.value("venue") == "Nơi vừa gõ"
    assert (await office.records.get(minutes)).version == 1


def test_the_form_gives_back_the_text_it_was_made_from() -> None:
    assert desk_form.read(Kind.MINUTES, CONTENT, desk_form.typed_of(Kind.MINUTES, CONTENT)) == CONTENT


def test_the_form_gives_back_a_text_with_every_kind_of_block() -> None:
    content = to_json(DECISION)
    assert desk_form.read(Kind.DECISION, content, desk_form.typed_of(Kind.DECISION, content)) == content


@given(
    st.dictionaries(
        st.from_regex(r"body\.\d{1,5}\.(text|block|co|deadline|drop)")
        | st.sampled_from(["copies", "urgency", "bases"]),
        st.text() | st.sampled_from([*desk_form.BLOCKS, "|", "a|b\nc"]),
    )
)
def test_no_posted_text_breaks_the_reader_of_forms(typed: dict[str, str]) -> None:
    content = desk_form.read(Kind.DECISION, to_json(DECISION), typed)
    with contextlib.suppress(InvalidContent):
        from_json(Kind.DECISION, content)


@given(st.dictionaries(st.text(max_size=12) | st.from_regex(r"(course|conclusions)\.\d{1,5}\.(text|drop)"), st.text()))
def test_no_posted_form_breaks_the_reader_of_forms(typed: dict[str, str]) -> None:
    content = desk_form.read(Kind.MINUTES, CONTENT, typed)
    assert len(content["course"]) <= desk_form.MOST_ROWS
    assert len(content["conclusions"]) <= desk_form.MOST_ROWS
    assert desk_form.differences(Kind.MINUTES, typed, desk_form.typed_of(Kind.MINUTES, CONTENT)) is not None


def test_a_place_in_what_the_meeting_gave_is_named_in_words() -> None:
    assert desk_form.where(Kind.MINUTES, "votes[0].text", Reader("vi")) == "Biểu quyết 1, nội dung"
    assert desk_form.where(Kind.MINUTES, "chair_line", Reader("en")) == "Chair"


async def test_who_drafts_is_told_that_nothing_of_the_course_is_written(office: Office) -> None:
    minutes = await office.minutes()
    binh = await office.sign_in("binh")
    for course, told in ((CONTENT["course"], False), ([], True)):
        text = json.dumps({**await office.records.content_json(minutes), "course": course})
        async with office.server.app[DATABASE].begin() as connection:
            mine = version_table.c.document_id == minutes
            await connection.execute(update(version_table).where(mine).values(content=text))
        assert (await binh.get(f"/desk/{minutes}")).has("no-course") is told
