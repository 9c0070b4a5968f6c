"""From the sheet to the people: invited, told of changes, told of a cancellation."""

import re

import pytest
from icalendar import Calendar

from minutes.document import State
from rooms import store
from server import outbox
from server.auth import utcnow
from server.keys import DATABASE, SITTINGS
from server.outbox import LINK, Mail
from server.records_drafting import authority_of
from tests.server.pages.conftest import Office, Page, Visitor
from tests.server.pages.test_schedule_meeting import sheet
from tests.server.test_mail import postman

GUESTS = "Hoàng Minh | Giám đốc HTX | HTX Sông Vàng | minh@htx.example\r\nBà Tư"


async def scheduled(office: Office, **changes: str) -> tuple[Visitor, str]:
    """Bình has put a meeting down: his browser, and the meeting's path."""
    binh = await office.sign_in("binh")
    page = await binh.post("/meetings/new", sheet(guests=GUESTS, **changes))
    assert page.status == 303, page.words
    return binh, page.location


async def entry_of(office: Office, path: str) -> store.MeetingEntry:
    async with office.server.app[DATABASE].read() as connection:
        found = await store.get_meeting(connection, path.removeprefix("/meetings/"))
    assert found is not None
    return found


async def mails(office: Office, path: str) -> list[Mail]:
    async with office.server.app[DATABASE].read() as connection:
        return await outbox.of_meeting(connection, path.removeprefix("/meetings/"))


def edited(page: Page, **changes: str) -> dict[str, str]:
    """The form as the browser would send it back."""
    fields = {"secrecy": "none"}
    fields |= dict(re.findall(r'<input type="checkbox" name="([^"]+)" value="([^"]*)"[^>]* checked', page.text))
    for name in ("title", "date", "time", "place", "previous"):
        fields[name] = page.value(name)
    for name in re.findall(r'name="((?:agenda|guest)\.[0-9]+\.[a-z]+|chair_wait|minutes)"', page.text):
        fields[name] = page.value(name)
    for name, select in re.findall(r'(?s)<select id="[^"]+" name="([^"]+)"(.*?)</select>', page.text):
        chosen = re.search(r'value="([^"]*)" selected', select) or re.search(r'value="([^"]*)"', select)
        assert chosen is not None
        fields[name] = chosen[1]
    return {**fields, **changes}


async def test_kind_minutes_guests_and_single_people_come_on_the_sheet(office: Office) -> None:
    assert (await (await office.sign_in("binh")).post("/meetings/council", {"person.hanh": "1"})).status == 303
    _, path = await scheduled(
        office,
        kind="council",
        minutes="90",
        agenda="Báo cáo | Sở Tài chính | 25\r\nThảo luận | | 40",
        deputy="khanh",
        **{"person.cuc": "1"},
    )
    meeting = (await entry_of(office, path)).meeting
    assert (meeting.kind, meeting.minutes, meeting.planned_minutes()) == ("council", 90, 90)
    assert meeting.quorum == "two_thirds", "two thirds of the council, unless another one is chosen"
    assert [(item.presenter, item.minutes) for item in meeting.agenda] == [("Sở Tài chính", 25), ("", 40)]
    assert meeting.authority.name.startswith("Hội đồng nhân dân "), "it calls its sessions, not the committee"
    async with office.server.app[DATABASE].read() as connection:
        assert (await authority_of(connection, meeting.authority)).abbreviation == "HĐND"
    guests = [person for person in meeting.invited if person.role == "guest"]
    assert [(one.name, one.title, one.unit.name) for one in guests] == [
        ("Hoàng Minh", "Giám đốc HTX", "HTX Sông Vàng"),
        ("Bà Tư", "", "Khách mời"),
    ]
    assert {"cuc", "khanh"} <= {person.id for person in meeting.invited}
    assert meeting.deputies == ("khanh",), "invited, for somebody must stand in for the chair"
    async with office.server.app[DATABASE].read() as connection:
        assert await outbox.guests(connection, meeting.id) == {guests[0].id: "minh@htx.example"}
    assert "minh@htx.example" not in str(meeting.to_json())


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("guests", "Minh | | | không phải thư", "Địa chỉ thư “không phải thư” không hợp lệ."),
        ("guests", "| | | minh@htx.example", "Dòng 1: Nội dung này còn để trống."),
        ("agenda", "Báo cáo | Sở | 2000", "Dòng 1: Số phút là một số không quá 1440."),
        ("kind", "party", "Chưa chọn loại cuộc họp."),
        ("deputy", "hanh", "Phó chủ trì phải khác người chủ trì và thư ký."),
    ],
)
async def test_what_cannot_be_right_is_said_in_its_place(office: Office, field: str, text: str, sentence: str) -> None:
    page = await (await office.sign_in("binh")).post("/meetings/new", sheet(**{field: text}))
    assert page.status == 422
    assert sentence in page.words


async def test_the_form_for_changes_shows_what_was_put_down_and_saves_it_unchanged(office: Office) -> None:
    binh, path = await scheduled(
        office, kind="training", minutes="45", deputy="lan", agenda="Báo cáo | Sở Tài chính | 25"
    )
    before = await entry_of(office, path)
    form = await binh.get(f"{path}/edit")
    assert (form.value("guest.0.unit"), form.value("guest.1.name")) == ("HTX Sông Vàng", "Bà Tư")
    saved = await binh.post(f"{path}/edit", edited(form))
    assert saved.location == path
    assert (await entry_of(office, path)).meeting == before.meeting


async def test_invitations_are_written_for_everybody_whom_mail_reaches(office: Office) -> None:
    binh, path = await scheduled(office)
    page = await binh.get(path)
    assert "Chưa có địa chỉ thư, cần báo bằng cách khác: Bà Tư." in page.words
    sent = await binh.post(f"{path}/invite")
    assert sent.location == f"{path}/mail"
    written = await mails(office, path)
    assert {mail.letter.person_id for mail in written} >= {"hanh", "binh", "dung", "lan"}
    assert "minh@htx.example" in {mail.letter.address for mail in written}
    assert {mail.state for mail in written} == {"held"}, "no mail server is configured"
    assert all(LINK in mail.letter.text for mail in written)
    assert (await entry_of(office, path)).state == "convened"
    shown = await binh.get(f"{path}/mail")
    assert "Chưa gửi (hệ thống chưa nối máy chủ thư)" in shown.words
    assert LINK in shown.words
    assert "sign-in#" not in shown.text


async def test_the_letters_that_would_go_out_are_shown_before_they_do(office: Office) -> None:
    binh, path = await scheduled(office)
    before = await binh.get(f"{path}/mail")
    assert await mails(office, path) == [], "looking sends nothing"
    await binh.post(f"{path}/invite")
    for mail in await mails(office, path):
        assert " ".join(mail.letter.text.split()) in before.words
        assert f"{mail.letter.name} <{mail.letter.address}>" in before.words
    assert not (await binh.get(f"{path}/mail")).has("letters")


async def test_the_invitation_is_signed_first_and_sending_without_it_is_the_way_aside(office: Office) -> None:
    binh, path = await scheduled(office)
    page = await binh.get(path)
    assert re.search(
        r'<button type="submit" data-test="draft-invitation"|<button\s+type="submit" data-test="draft', page.text
    )
    aside = page.text[page.text.index('data-test="send-without"') :]
    assert 'class="secondary" data-test="send-invitations"' in aside
    document = (await binh.post(f"{path}/invitation")).location.removeprefix("/desk/")
    assert re.search(r'class="button" data-test="invitation"', (await binh.get(path)).text)
    await office.advance(document, State.SEALED)
    ready = await binh.get(path)
    assert not ready.has("send-without")
    assert re.search(r'<button type="submit" data-test="send-invitations">Gửi giấy mời', ready.text)


async def test_an_emergency_needs_no_agenda_and_its_letters_go_out_as_it_is_put_down(office: Office) -> None:
    binh = await office.sign_in("binh")
    assert "gửi thư mời ngay" in (await binh.get("/meetings/new")).words
    page = await binh.post("/meetings/new", sheet(agenda="", guests=GUESTS, kind="emergency"))
    path = page.location.removesuffix("/mail")
    assert page.location == f"{path}/mail"
    assert (await entry_of(office, path)).state == "convened"
    told = await binh.get(page.location)
    assert told.has("mail-counts")
    assert "cần báo bằng cách khác: Bà Tư." in told.words
    assert (await binh.get(path)).has("urgent")
    letters = [mail.letter for mail in await mails(office, path)]
    assert {letter.subject.partition(":")[0] for letter in letters} == {"KHẨN"}
    assert all("Đây là cuộc họp khẩn" in text for letter in letters for text in (letter.text, letter.html))
    assert "Họp khẩn" in (await binh.get("/meetings")).words


async def test_a_sealed_invitation_goes_with_the_letters(office: Office) -> None:
    binh, path = await scheduled(office)
    drafted = await binh.post(f"{path}/invitation")
    document = drafted.location.removeprefix("/desk/")
    assert "Soạn lại giấy mời" in (await binh.get(path)).words
    await office.advance(document, State.SEALED)
    page = await binh.get(path)
    assert "Giấy mời số 01/GM-UBND" in page.words
    await binh.post(f"{path}/invite")
    written = await mails(office, path)
    assert {mail.letter.document_id for mail in written} == {document}
    assert "Kèm theo: Giấy mời số 01/GM-UBND." in written[0].letter.text


async def test_while_the_invitation_is_signed_it_is_not_drafted_anew(office: Office) -> None:
    binh, path = await scheduled(office)
    document = (await binh.post(f"{path}/invitation")).location.removeprefix("/desk/")
    await office.advance(document, State.REVIEW)
    assert not (await binh.get(path)).has("draft-invitation")
    refused = await binh.post(f"{path}/invitation")
    assert refused.status == 422
    assert "trước hết trả về dự thảo" in refused.words


async def test_a_change_is_told_to_who_stays_who_comes_and_who_goes(office: Office) -> None:
    binh, path = await scheduled(office)
    await binh.post(f"{path}/invite")
    form = await binh.get(f"{path}/edit")
    fields = edited(form, place="Hội trường lớn", **{"unit.dak-rong": "dak-rong"})
    del fields["unit.hoa-phuoc"]
    assert (await binh.post(f"{path}/edit", fields)).location == path
    entry = await entry_of(office, path)
    assert (entry.state, entry.sequence, entry.meeting.place) == ("convened", 1, "Hội trường lớn")
    told = {mail.letter.person_id: mail.letter for mail in await mails(office, path)}
    assert told["dung"].subject.startswith("Thay đổi lịch họp")
    assert told["hnga"].subject.startswith("Giấy mời")
    assert (told["lan"].subject[:18], told["lan"].method) == ("Điều chỉnh thành p", "CANCEL")
    (event,) = Calendar.from_ical(told["dung"].calendar).walk("VEVENT")
    assert (event["SEQUENCE"], event["LOCATION"]) == (1, "Hội trường lớn")


async def test_a_slip_of_the_pen_is_mended_without_mail(office: Office) -> None:
    binh, path = await scheduled(office)
    await binh.post(f"{path}/invite")
    fields = edited(await binh.get(f"{path}/edit"), title="Họp giao ban tháng 3")
    assert fields.pop("tell") == "1"
    await binh.post(f"{path}/edit", fields)
    entry = await entry_of(office, path)
    assert (entry.meeting.title, entry.sequence) == ("Họp giao ban tháng 3", 0)
    assert {mail.letter.subject[:8] for mail in await mails(office, path)} == {"Giấy mời"}


async def test_a_change_reaches_who_waits_in_the_room_already(office: Office) -> None:
    binh, path = await scheduled(office)
    meeting = (await entry_of(office, path)).meeting
    seat = await office.server.sit(office.server.person("dung"), meeting.room)
    await binh.post(f"{path}/edit", edited(await binh.get(f"{path}/edit"), title="Họp gấp"))
    heard = await seat.hears("meeting")
    assert heard["meeting"]["title"] == "Họp gấp"
    assert (await entry_of(office, path)).meeting.title == "Họp gấp"


async def test_a_guest_comes_by_the_personal_link_as_the_sheet_names_them(office: Office) -> None:
    binh, path = await scheduled(office)
    await binh.post(f"{path}/invite")
    (written,) = [mail for mail in await mails(office, path) if mail.letter.address == "minh@htx.example"]
    message = await postman(office.server, 25).message(written, utcnow())
    text = message.get_body(("plain",))
    assert text is not None
    found = re.search(r"/sign-in#(\S+)", text.get_content())
    assert found is not None
    minh = await office.with_token(found[1])
    meeting = (await entry_of(office, path)).meeting
    assert (await minh.get(f"/rooms/{meeting.room}")).status == 200
    assert (await minh.get("/rooms/giao-ban")).status == 403
    seat = await office.server.sit({"Authorization": f"Bearer {found[1]}"}, meeting.room)
    (me,) = [one for one in seat.welcome["participants"] if one["id"] == seat.welcome["you"]]
    assert (me["name"], me["title"], me["role"]) == ("Hoàng Minh", "Giám đốc HTX", "guest")
    await seat.say("leave")
    # Taken off the sheet again: the link is worth nothing any more.
    form = edited(await binh.get(f"{path}/edit"))
    fields = {name: text for name, text in form.items() if not name.startswith("guest.")}
    assert (await binh.post(f"{path}/edit", fields)).location == path
    assert (await minh.get(f"/rooms/{meeting.room}")).status == 403
    assert (await minh.get(f"{path}/papers")).status == 403


async def test_a_cancelled_meeting_says_why_everywhere(office: Office) -> None:
    binh, path = await scheduled(office)
    meeting = (await entry_of(office, path)).meeting
    await binh.post(f"{path}/invite")
    seat = await office.server.sit(office.server.person("dung"), meeting.room)
    done = await binh.post(f"{path}/cancel", {"reason": "Lãnh đạo đi chống bão"})
    assert done.location == path
    assert (await seat.hears("bye"))["reason"] == "cancelled"
    dung = await office.sign_in("dung")
    page = await dung.get(path)
    assert "Cuộc họp đã hủy. Lý do: Lãnh đạo đi chống bão" in page.words
    assert not page.has("enter-room")
    assert not page.has("cancel-mail")
    assert (await binh.get(path)).has("cancel-mail")
    assert "Đã hủy" in (await dung.get("/meetings")).words
    assert (await dung.get(f"/rooms/{meeting.room}")).location == path
    assert all("Lý do: Lãnh đạo đi chống bão" in mail.letter.text for mail in await mails(office, path))
    assert (await binh.post(f"{path}/cancel", {"reason": "nữa"})).status == 409
    assert (await binh.get(f"{path}/edit")).status == 409


async def test_cancelling_needs_a_reason(office: Office) -> None:
    binh, path = await scheduled(office)
    refused = await binh.post(f"{path}/cancel", {"reason": "  "})
    assert refused.status == 422
    assert (await entry_of(office, path)).state == "scheduled"


async def test_an_opened_meeting_is_changed_and_cancelled_no_more(office: Office) -> None:
    binh, path = await scheduled(office)
    form = await binh.get(f"{path}/edit")
    meeting = (await entry_of(office, path)).meeting
    seat = await office.server.sit(office.server.person("hanh"), meeting.room)
    assert (await seat.say("meeting.open"))["type"] == "ack"
    for act, fields in (("edit", edited(form)), ("cancel", {"reason": "x"}), ("invite", {}), ("invitation", {})):
        assert (await binh.post(f"{path}/{act}", fields)).status == 409, act
    assert (await seat.say("meeting.adjourn", minutes=10))["type"] == "ack"
    assert (await entry_of(office, path)).state == "adjourned"
    assert "Đang tạm nghỉ" in (await binh.get(path)).words
    assert office.server.app[SITTINGS].holding(meeting) is not None


async def test_only_the_office_prepares_a_meeting(office: Office) -> None:
    _, path = await scheduled(office)
    for who in ("hanh", "dung", "cuc"):
        visitor = await office.sign_in(who)
        assert not (await visitor.get(path)).has("manage") or who == "binh"
        assert (await visitor.get(f"{path}/edit")).status == 403
        assert (await visitor.get(f"{path}/mail")).status == 403
        for act in ("edit", "cancel", "invite", "invitation", "mail"):
            assert (await visitor.post(f"{path}/{act}")).status == 403, (who, act)
    binh = await office.sign_in("binh")
    for act in ("edit", "cancel", "invite", "invitation", "mail"):
        assert (await binh.post(f"{path}/{act}", csrf=False)).status == 403, act


async def test_the_calendar_file_is_for_who_may_read_the_sheet(office: Office) -> None:
    _, path = await scheduled(office)
    dung = await office.sign_in("dung")
    file = await dung.get(f"{path}/meeting.ics")
    assert file.headers["Content-Type"] == "text/calendar; charset=utf-8"
    (event,) = Calendar.from_ical(file.text).walk("VEVENT")
    assert str(event["SUMMARY"]) == "Họp giao ban tháng 02"
    assert "ATTENDEE" not in event
    assert (await (await office.sign_in("hnga")).get(f"{path}/meeting.ics")).status == 403


async def test_an_authority_names_who_chairs_its_permanent_room(office: Office) -> None:
    binh = await office.sign_in("binh")
    page = await binh.get("/meetings/rooms/giao-ban")
    assert page.value("title") == "Phòng giao ban trực tuyến"
    fields = {"title": "Phòng giao ban", "chair": "hanh", "secretary": "binh", "unit.ta-nang": "1"}
    assert (await binh.post("/meetings/rooms/giao-ban", fields)).location == "/meetings"
    found = await office.server.app[SITTINGS].meeting("giao-ban")
    assert found is not None
    assert (found.title, found.chair.id) == ("Phòng giao ban", "hanh")
    assert {person.id for person in found.invited} == {"cuc", "mai", "dung"}
    assert not (await (await office.sign_in("lan")).get("/meetings")).has("standing-room")
    for who in ("dung", "hanh"):
        assert (await (await office.sign_in(who)).post("/meetings/rooms/giao-ban", fields)).status == 403


async def test_a_room_of_another_authority_is_chaired_by_its_own(office: Office) -> None:
    async with office.server.app[DATABASE].begin() as connection:
        await store.add_room(connection, store.RoomEntry("xa", "Phòng xã", True, unit="ta-nang"))
    binh = await office.sign_in("binh")
    assert (await binh.get("/meetings/rooms/xa")).status == 403
    assert (await binh.get("/rooms/xa")).status == 404, "nobody of that commune may chair"
