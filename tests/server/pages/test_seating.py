"""Check-in at a site by one's own phone: the code on the screen, the tick, and what no code opens."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from rooms import Person, Role, store
from rooms.proceedings import Meeting
from server import auth, directory, rights, sittings
from server.auth import utcnow
from server.keys import DATABASE, SEATING, SITTINGS, TOKENS
from server.sittings import person_of
from tests.server.conftest import Seat
from tests.server.pages.conftest import Office, Visitor

ROOM = "/rooms/hoi-truong"


async def hall(office: Office) -> tuple[Meeting, Seat, Visitor]:
    """Dũng's device is a site; Hai and Ba of his unit have no accounts here, Lan is of another unit."""
    base = await office.meeting()
    dung, lan = [person_of(await office.account(id), Role.DELEGATE) for id in ("dung", "lan")]
    others = tuple(
        Person(id, name, "Ủy viên", dung.unit, Role.DELEGATE) for id, name in (("hai", "Vũ Hai"), ("ba", "Đỗ Ba"))
    )
    meeting = replace(base, id="m-hall", room="hoi-truong", invited=(dung, lan, *others))
    async with office.server.app[DATABASE].begin() as connection:
        await store.add_room(connection, store.RoomEntry(meeting.room, meeting.title, permanent=False))
        await store.add_meeting(connection, meeting, created_by="binh", created_at=auth.utcnow())
    seat = await office.server.sit(office.server.person("dung"), meeting.room)
    assert (await seat.say("site.open"))["type"] == "ack"
    return meeting, seat, await office.sign_in("dung")


async def scanned(operator: Visitor) -> str:
    page = await operator.get(f"{ROOM}/sites/dung/code")
    assert page.status == 200, page.words
    found = re.search(r'/checkin#([^"]+)"', page.text)
    assert found is not None
    assert '"image": "data:image/svg+xml' in page.text
    return found[1]


async def pick(phone: Visitor, code: str, name: str) -> str:
    """Choose a name; what the waiting page keeps."""
    page = await phone.post("/checkin", {"code": code})
    value = re.search(rf'<option value="(\w+)">{name}', page.text)
    assert value is not None, page.words
    page = await phone.post("/checkin", {"code": code, "person": value[1]})
    assert page.has("checkin-number"), page.words
    return page.value("waits")


async def seats(office: Office) -> dict[str, str | None]:
    sitting = await office.server.app[SITTINGS].get("hoi-truong")
    return {one.id: one.seat for one in sitting.room.participants}


async def test_an_official_who_is_signed_in_scans_and_has_the_seat(office: Office) -> None:
    _meeting, _seat, operator = await hall(office)
    phone = await office.sign_in("lan")
    page = await phone.post("/checkin", {"code": await scanned(operator)})
    assert (page.status, page.location) == (303, f"{ROOM}?phone")
    assert (await seats(office))["lan"] == "dung"
    assert '"phone": true' in (await phone.get(f"{ROOM}?phone")).text


async def test_who_has_no_account_picks_a_name_and_waits_for_the_tick(office: Office) -> None:
    _meeting, _seat, operator = await hall(office)
    code, phone = await scanned(operator), office.stranger()
    names = (await phone.post("/checkin", {"code": code})).text
    assert "Vũ Hai" in names
    assert "Đỗ Ba" in names
    assert "Lan" not in names, "of another unit"
    assert not re.search(r'value="(hai|ba)"', names), "the name alone"
    waits = await pick(phone, code, "Vũ Hai")
    assert (await phone.post("/checkin", {"waits": waits})).has("checkin-number"), "still waiting"
    assert (await seats(office))["hai"] is None
    number = re.search(
        r'"number": "(\d{4})", "participant": "hai"', (await operator.get(f"{ROOM}/sites/dung/code")).text
    )
    assert number is not None
    assert (await operator.post(f"{ROOM}/sites/dung/phones", {"number": number[1]}, csrf=False)).status != 200
    assert (await operator.post(f"{ROOM}/sites/dung/phones", {"number": number[1]})).status == 200
    assert (await seats(office))["hai"] == "dung"
    page = await phone.post("/checkin", {"waits": waits})
    assert (page.status, page.location) == (303, f"{ROOM}?phone")
    socket = await phone.session.ws_connect(f"{ROOM}/ws", params={"page": "p1"})
    welcome = await socket.receive_json(timeout=10)
    assert (welcome["type"], welcome["you"]) == ("welcome", "hai")
    replay = await office.stranger().post("/checkin", {"waits": waits})
    assert replay.status == 422, "its secret opens nothing twice"


async def checked_in(office: Office, operator: Visitor) -> Visitor:
    """Hai's phone: it has the seat, and the room's page is open on it."""
    code, phone = await scanned(operator), office.stranger()
    waits = await pick(phone, code, "Vũ Hai")
    waiting = office.server.app[SEATING].find(waits, utcnow())
    assert waiting is not None
    assert (await operator.post(f"{ROOM}/sites/dung/phones", {"number": waiting.number})).status == 200
    assert (await phone.post("/checkin", {"waits": waits})).status == 303
    assert (await phone.get(f"{ROOM}?phone")).status == 200
    return phone


@pytest.mark.parametrize("how", ["unseat", "close_site", "remove", "close_meeting"])
async def test_a_phone_is_known_no_longer_than_its_person_has_the_seat(office: Office, how: str) -> None:
    _meeting, device, operator = await hall(office)
    chair = await office.server.sit(office.server.person("hanh"), "hoi-truong")
    assert (await chair.say("meeting.open"))["type"] == "ack"
    phone = await checked_in(office, operator)
    socket = await phone.session.ws_connect(f"{ROOM}/ws", params={"page": "p1"})
    seat = Seat(socket, await socket.receive_json(timeout=10))
    done = {
        "unseat": device.say("site.unseat", site="dung", participant="hai"),
        "close_site": device.say("site.close"),
        "remove": chair.say("participant.remove", participant="hai"),
        "close_meeting": chair.say("meeting.close"),
    }
    assert (await done.pop(how))["type"] == "ack"
    for other in done.values():
        other.close()
    reason = {"remove": "removed", "close_meeting": "closed"}.get(how, "unseated")
    assert (await seat.hears("bye"))["reason"] == reason
    sitting = office.server.app[SITTINGS].running("hoi-truong")
    assert sitting is None or not sitting.room.state.present("hai")
    assert (await phone.get(f"{ROOM}?phone")).status in (303, 401), "not signed in any more"


async def test_a_phone_goes_on_through_a_reload_a_move_and_the_chair(office: Office) -> None:
    _meeting, device, operator = await hall(office)
    chair = await office.server.sit(office.server.person("hanh"), "hoi-truong")
    await chair.say("meeting.open")
    phone = await checked_in(office, operator)
    await device.say("site.seat", site="dung", participant="ba")
    await device.say("site.unseat", site="dung", participant="ba")
    assert (await phone.get(f"{ROOM}?phone")).status == 200
    socket = await phone.session.ws_connect(f"{ROOM}/ws", params={"page": "p1"})
    seat = Seat(socket, await socket.receive_json(timeout=10))
    assert (await chair.say("chair.hand", participant="hai"))["type"] == "ack"
    welcome = await seat.hears("welcome")
    assert welcome["meeting"]["chair"] == "hai"
    assert (await phone.get(f"{ROOM}?phone")).status == 200, "who leads has it as the only line"


async def test_a_phone_is_good_for_its_meeting_alone(office: Office) -> None:
    """Hai is invited to the next meeting in the same room, but this phone was checked in at this one's site."""
    meeting, _device, operator = await hall(office)
    phone = await checked_in(office, operator)
    later = replace(meeting, id="m-later")
    account = auth.guest({"sub": "hai", "room": meeting.room, "name": "Hai", "role": "delegate", "meeting": meeting.id,
                          "link": f"site-{meeting.id}"})  # fmt: skip
    assert rights.may(account, "meeting.enter", sittings.seats(meeting))
    assert not rights.may(account, "meeting.enter", sittings.seats(later))
    assert not rights.may(account, "recording.read", rights.MeetingAccess(meeting.room, frozenset({"hai"})))
    assert not rights.may(account, "document.sign", rights.DocumentAccess("dung", frozenset({"hai"})))
    assert (await phone.get("/meetings")).status in (303, 403)
    assert (await phone.get("/desk")).status in (303, 403)


async def test_of_two_phones_for_one_name_the_ticked_one_comes_in(office: Office) -> None:
    _meeting, _seat, operator = await hall(office)
    code = await scanned(operator)
    one, other = office.stranger(), office.stranger()
    first, second = await pick(one, code, "Vũ Hai"), await pick(other, code, "Vũ Hai")
    phone = office.server.app[SEATING].find(second, utcnow())
    assert phone is not None
    await operator.post(f"{ROOM}/sites/dung/phones", {"number": phone.number})
    assert (await one.post("/checkin", {"waits": first})).status == 422
    assert (await other.post("/checkin", {"waits": second})).status == 303


async def test_a_code_that_is_old_altered_or_of_another_meeting_opens_nothing(office: Office) -> None:
    meeting, seat, operator = await hall(office)
    tokens, now, phone = office.server.app[TOKENS], utcnow(), await office.sign_in("lan")
    lifetime = timedelta(minutes=10)
    good = tokens.check_in(meeting.room, meeting.id, "dung", now, lifetime)
    for bad in (
        tokens.check_in(meeting.room, meeting.id, "dung", now - timedelta(minutes=11), lifetime),
        tokens.check_in(meeting.room, "m-hop-abcd1234", "dung", now, lifetime),
        tokens.check_in(meeting.room, meeting.id, "hanh", now, lifetime),
        tokens.sign_in("lan", now),
        good[:-3] + ("abc" if not good.endswith("abc") else "xyz"),
        "",
    ):
        assert (await phone.post("/checkin", {"code": bad})).status == 422
    assert (await seats(office))["lan"] is None
    assert (await office.stranger().post("/sign-in", {"code": good})).status != 303, "it signs nobody in"
    await seat.say("site.close")
    assert (await phone.post("/checkin", {"code": good})).status == 422, "no site any more"
    assert (await operator.get(f"{ROOM}/sites/dung/code")).status == 404


@pytest.mark.parametrize("who", ["lan", "cuc"])
async def test_only_the_sites_device_and_who_leads_see_its_code(office: Office, who: str) -> None:
    await hall(office)
    other = await office.sign_in(who)
    assert (await other.get(f"{ROOM}/sites/dung/code")).status == 403
    assert (await office.stranger().get(f"{ROOM}/sites/dung/code")).status in (303, 401, 403)


async def people_at(operator: Visitor) -> dict[str, str]:
    """Who may be added at Dũng's site: name -> id."""
    page = await operator.get(f"{ROOM}/sites/dung/people")
    assert page.status == 200, page.words
    return {one["name"]: one["participant"] for one in json.loads(page.text)["people"]}


async def colleague(office: Office) -> None:
    """Năm of Dũng's unit, whom the directory knows and nobody has invited; and Sáu of Lan's."""
    dung, lan = [await office.account(id) for id in ("dung", "lan")]
    async with office.server.app[DATABASE].begin() as connection:
        await directory.add_account(connection, "nam", "Lê Năm", "Trưởng phòng Kinh tế", dung.unit.id, ())
        await directory.add_account(connection, "sau", "Hồ Sáu", "Trưởng phòng Kinh tế", lan.unit.id, ())


async def test_the_operator_adds_an_official_of_the_unit_whom_nobody_invited(office: Office) -> None:
    _meeting, _seat, operator = await hall(office)
    await colleague(office)
    known = await people_at(operator)
    assert {"Lê Năm", "Vũ Hai"} <= known.keys()
    assert "Hồ Sáu" not in known, "of another unit"
    assert (await operator.post(f"{ROOM}/sites/dung/people", {"person": "nam"}, csrf=False)).status != 200
    assert (await operator.post(f"{ROOM}/sites/dung/people", {"person": "sau"})).status == 404
    assert (await operator.post(f"{ROOM}/sites/dung/people", {"person": "nam"})).status == 200
    sitting = await office.server.app[SITTINGS].get("hoi-truong")
    nam = sitting.room.state.people["nam"]
    assert (nam.seat, nam.present, nam.votes, nam.person.title) == ("dung", True, False, "Trưởng phòng Kinh tế")
    assert "Lê Năm" not in await people_at(operator)


async def test_the_operator_writes_down_who_is_on_no_list(office: Office) -> None:
    _meeting, _seat, operator = await hall(office)
    wrong = await operator.post(f"{ROOM}/sites/dung/people", {"name": " ", "title": "Trưởng thôn"})
    assert (wrong.status, "để trống" in json.loads(wrong.text)["sentence"]) == (422, True)
    for marked in ({"name": "Phương án TỐI MẬT"}, {"name": "Cao Bảy", "title": "Phương án TỐI MẬT"}):
        page = await operator.post(f"{ROOM}/sites/dung/people", marked)
        assert (page.status, "độ mật" in page.words) == (400, True)
    page = await operator.post(f"{ROOM}/sites/dung/people", {"name": "Cao Bảy", "title": "Trưởng thôn"})
    person = json.loads(page.text)["participant"]
    sitting = await office.server.app[SITTINGS].get("hoi-truong")
    one = sitting.room.state.people[person]
    assert (one.person.name, one.person.title, one.seat, one.votes) == ("Cao Bảy", "Trưởng thôn", "dung", False)
    lan = await office.sign_in("lan")
    assert (await lan.post(f"{ROOM}/sites/dung/people", {"name": "Cao Tám"})).status == 403


@pytest.mark.parametrize("listed", [True, False])
async def test_who_is_not_on_the_sheet_comes_in_by_their_phone_after_the_tick(office: Office, listed: bool) -> None:
    _meeting, _seat, operator = await hall(office)
    await colleague(office)
    code, phone = await scanned(operator), office.stranger()
    if listed:
        waits = await pick(phone, code, "Lê Năm")
    else:
        page = await phone.post("/checkin", {"code": code, "name": "", "title": "Trưởng thôn"})
        assert (page.status, 'value="Trưởng thôn"' in page.text) == (422, True), "nothing typed is lost"
        page = await phone.post("/checkin", {"code": code, "name": "Cao Bảy", "title": "Trưởng thôn"})
        waits = page.value("waits")
    [told] = json.loads((await operator.get(f"{ROOM}/sites/dung/code")).text)["phones"]
    assert (told["name"], told["expected"]) == ("Lê Năm" if listed else "Cao Bảy", False)
    assert (await operator.post(f"{ROOM}/sites/dung/phones", {"number": told["number"]})).status == 200
    page = await phone.post("/checkin", {"waits": waits})
    assert (page.status, page.location) == (303, f"{ROOM}?phone")
    socket = await phone.session.ws_connect(f"{ROOM}/ws", params={"page": "p1"})
    welcome = await socket.receive_json(timeout=10)
    assert (welcome["type"], welcome["you"]) == ("welcome", told["participant"])
