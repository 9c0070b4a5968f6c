"""A guest link from its making to the seat: the lobby on the way, and what a link opens and what not."""

import asyncio
import html
import json
import re
from datetime import timedelta

import pytest
from aiohttp import WSMsgType
from aiohttp.client_exceptions import WSServerHandshakeError

from server import auth, door, inviting, rights
from server.auth import utcnow
from server.database import Database
from server.keys import DATABASE, SITTINGS
from tests.server.conftest import Message, Seat
from tests.server.pages.conftest import Office, Visitor

ROOM = "/rooms/hop-abcd1234"


async def link_for(office: Office, *, role: str = "guest", name: str = "") -> str:
    """The secret of a new link to the meeting, made by its secretary."""
    secretary = await office.sign_in("binh")
    page = await secretary.post("/meetings/m-hop-abcd1234/guests", {"name": name, "role": role, "hours": "24"})
    assert page.status == 200, page.words
    found = re.search(r'data-test="guest-link"[^>]*value="([^"]*)"', page.text)
    assert found is not None
    link = html.unescape(found[1])
    assert link.partition("#")[0].endswith("/guest")
    return link.partition("#")[2]


async def come(office: Office, secret: str, name: str = "Hoàng Minh") -> Visitor:
    """Open the link, write a name, and stand at the room's door."""
    guest = office.stranger()
    asked = await guest.post("/guest", {"code": secret})
    assert asked.has("guest-name"), asked.words
    page = await guest.post("/guest", {"code": secret, "name": name})
    assert (page.status, page.location) == (303, ROOM), page.words
    return guest


async def knock(guest: Visitor, page: str = "p1") -> tuple[Seat, Message]:
    socket = await guest.session.ws_connect(f"{ROOM}/ws", params={"page": page})
    first: Message = await socket.receive_json(timeout=10)
    return Seat(socket, first), first


async def test_a_guest_waits_is_let_in_and_comes_back_after_a_drop_and_a_restart(office: Office) -> None:
    await office.meeting()
    guest = await come(office, await link_for(office))
    chair = await office.server.sit(office.server.person("hanh"), "hop-abcd1234")
    dung = await office.server.sit(office.server.person("dung"), "hop-abcd1234")
    seat, first = await knock(guest)
    assert (first["type"], first["waiting"]["meeting"]["title"]) == ("waiting", "Họp giao ban tháng 02")
    lobby = (await chair.until(lambda one: one["type"] == "lobby"))["lobby"]
    [waiting] = lobby["waiting"]
    assert (waiting["name"], waiting["unit"]["name"]) == ("Hoàng Minh", "Khách mời")

    for type_, fields in (("media.subscribe", {}), ("hand.raise", {}), ("lobby.admit", {"participant": waiting["id"]})):
        assert (await seat.say(type_, **fields))["code"] == "not_allowed"
    await chair.say("meeting.open")
    assert (await seat.hears("waiting"))["waiting"]["meeting"]["state"] == "open"
    assert (await dung.say("lobby.admit", participant=waiting["id"]))["code"] == "not_allowed"

    assert (await chair.say("lobby.admit", participant=waiting["id"]))["type"] == "ack"
    welcome = await seat.hears("welcome")
    assert (welcome["you"], welcome["meeting"]["state"]) == (waiting["id"], "open")
    assert [one["role"] for one in welcome["participants"] if one["id"] == waiting["id"]] == ["guest"]
    await seat.socket.close()
    _, back = await knock(guest)
    assert back["type"] == "welcome"

    sittings = office.server.app[SITTINGS]
    sittings.hang_up()
    sittings._open.clear()  # as after a stop: the room is read from the disk again
    _, restarted = await knock(guest, "p2")
    assert restarted["type"] == "welcome"


async def test_a_lobby_socket_hears_of_the_lobby_alone(office: Office) -> None:
    await office.meeting()
    guest = await come(office, await link_for(office))
    seat, _ = await knock(guest)
    chair = await office.server.sit(office.server.person("hanh"), "hop-abcd1234")
    await chair.say("meeting.open")
    await chair.say("vote.open", text="Thông qua?")
    await chair.say("meeting.close")
    heard = [frame.json() async for frame in seat.socket if frame.type is WSMsgType.TEXT]
    assert [message["type"] for message in heard] == ["waiting", "bye"]
    assert heard[-1]["reason"] == "closed"


async def test_who_is_sent_away_is_told_why(office: Office) -> None:
    await office.meeting()
    guest = await come(office, await link_for(office))
    seat, _ = await knock(guest)
    secretary = await office.server.sit(office.server.person("binh"), "hop-abcd1234")
    [waiting] = secretary.welcome["lobby"]["waiting"]
    await secretary.say("lobby.reject", participant=waiting["id"], text="Xin gặp văn phòng.")
    assert await seat.hears("bye") == {"type": "bye", "reason": "rejected", "text": "Xin gặp văn phòng."}
    assert (await secretary.say("lobby.reject", participant=waiting["id"], text="TUYỆT MẬT"))["code"] in (
        "secret_marking",
        "unknown_participant",
    )


async def test_who_is_sent_out_is_gone_and_comes_only_to_the_lobby(office: Office) -> None:
    await office.meeting()
    chair = await office.server.sit(office.server.person("hanh"), "hop-abcd1234")
    dung = await office.server.sit(office.server.person("dung"), "hop-abcd1234")
    await chair.say("participant.remove", participant="dung", text="Mất trật tự.")
    assert await dung.hears("bye") == {"type": "bye", "reason": "removed", "text": "Mất trật tự."}
    reader = await office.sign_in("dung")
    assert (await reader.get(ROOM)).status == 200
    _, first = await knock(reader)
    assert first["type"] == "waiting"


async def test_an_official_of_a_unit_that_takes_part_may_knock_and_others_may_not(office: Office) -> None:
    await office.meeting()
    clerk = await office.sign_in("cuc")  # of the authority, not on the sheet
    _, first = await knock(clerk)
    assert first["type"] == "waiting"
    stranger = await office.sign_in("lan")
    assert (await stranger.get(ROOM)).status == 403
    with pytest.raises(WSServerHandshakeError) as refused:
        await knock(stranger)
    assert refused.value.status == 403


async def test_a_link_opens_its_own_room_and_nothing_else(office: Office) -> None:
    await office.meeting()
    other = await office.meeting(room="hop-wxyz9876")
    guest = await come(office, await link_for(office))
    for path in ("/meetings/m-hop-abcd1234", "/rooms/giao-ban", f"/rooms/{other.room}", "/meetings", "/desk",
                 "/meetings/m-hop-abcd1234/guests"):  # fmt: skip
        assert (await guest.get(path)).status in (401, 403), path
    with pytest.raises(WSServerHandshakeError):
        await guest.session.ws_connect("/rooms/giao-ban/ws")


async def test_a_link_that_was_taken_back_or_has_expired_opens_nothing(office: Office) -> None:
    meeting = await office.meeting()
    secret = await link_for(office)
    guest = await come(office, secret)
    database: Database = office.server.app[DATABASE]
    async with database.read() as connection:
        [link] = await inviting.links(connection, meeting.id)
    assert not link.good(utcnow() + timedelta(hours=25))
    secretary = await office.sign_in("binh")
    assert (await secretary.post(f"/meetings/{meeting.id}/guests/{link.id}/revoke")).status == 303
    assert "Đã thu hồi" in (await secretary.get(f"/meetings/{meeting.id}/guests")).words
    page = await office.stranger().post("/guest", {"code": secret, "name": "Hoàng Minh"})
    assert page.status == 422
    with pytest.raises(WSServerHandshakeError):  # nor does the session that has not been let in
        await knock(guest)


async def test_who_waits_by_a_link_is_sent_away_when_it_is_taken_back(office: Office) -> None:
    meeting = await office.meeting()
    seat, _ = await knock(await come(office, await link_for(office)))
    clerk, _ = await knock(await office.sign_in("cuc"))
    chair = await office.server.sit(office.server.person("hanh"), "hop-abcd1234")
    database: Database = office.server.app[DATABASE]
    async with database.read() as connection:
        [link] = await inviting.links(connection, meeting.id)
    secretary = await office.sign_in("binh")
    assert (await secretary.post(f"/meetings/{meeting.id}/guests/{link.id}/revoke")).status == 303
    assert await seat.hears("bye") == {"type": "bye", "reason": "rejected", "text": ""}
    await chair.say("lobby.admit_all")
    assert (await clerk.hears("welcome"))["you"] == "cuc"
    names = [one.person.name for one in office.server.app[SITTINGS].holding(meeting).room.participants]
    assert "Hoàng Minh" not in names


async def test_one_link_does_not_fill_the_lobby(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "WAITING_BY_LINK", 2)
    await office.meeting()
    secret, other = await link_for(office), await link_for(office)
    waiting = [await knock(await come(office, secret, name)) for name in ("Một", "Hai")]
    assert [first["type"] for _, first in waiting] == ["waiting", "waiting"]
    _, third = await knock(await come(office, secret, "Ba"))
    assert (third["type"], third["code"]) == ("error", "busy")
    assert (await knock(await come(office, other, "Bốn")))[1]["type"] == "waiting"
    assert (await knock(await office.sign_in("cuc")))[1]["type"] == "waiting"


async def test_a_guest_is_addressed_as_one_and_an_official_as_an_official(office: Office) -> None:
    await office.meeting()
    guest = await come(office, await link_for(office))
    room = (await guest.get(ROOM)).text
    before, told, after = re.split(r'<script type="application/json" id="strings">(.*?)</script>', room, flags=re.S)
    assert "đồng chí" not in (before + after).lower()
    strings = json.loads(told)
    assert strings["Hình và tiếng của đồng chí đang được ghi."] == "Hình và tiếng của ông (bà) đang được ghi."
    assert not any("đồng chí" in said.lower() for said in strings.values())
    assert "ông (bà)" in (await guest.get("/desk")).words
    official = (await (await office.sign_in("dung")).get("/meetings/m-hop-abcd1234/edit")).words
    assert "Tài khoản của đồng chí không có quyền" in official


async def test_who_was_let_in_stays_although_the_link_is_taken_back(office: Office) -> None:
    meeting = await office.meeting()
    guest = await come(office, await link_for(office, role="viewer"))
    seat, _ = await knock(guest)
    chair = await office.server.sit(office.server.person("hanh"), "hop-abcd1234")
    await chair.say("lobby.admit_all")
    welcome = await seat.hears("welcome")
    assert "hand.raise" not in welcome["may"]
    database: Database = office.server.app[DATABASE]
    async with database.begin() as connection:
        [link] = await inviting.links(connection, meeting.id)
        await inviting.revoke(connection, meeting.id, link.id, utcnow())
    await seat.socket.close()
    _, back = await knock(guest)
    assert back["type"] == "welcome"


async def test_the_database_holds_no_secret(office: Office) -> None:
    await office.meeting()
    secret = await link_for(office, name="Bà Nguyễn Thị Sen")
    await come(office, secret, "Bà Nguyễn Thị Sen")
    await asyncio.to_thread(_not_in_files, office, secret)


def _not_in_files(office: Office, secret: str) -> None:
    for file in office.server.data.glob("giaoban.sqlite3*"):
        assert secret.encode() not in file.read_bytes()


@pytest.mark.parametrize("account", ["cuc", "dung", "lan"])
async def test_only_chair_and_secretary_make_links(office: Office, account: str) -> None:
    await office.meeting()
    reader = await office.sign_in(account)
    fields = {"name": "", "role": "guest", "hours": "24"}
    assert (await reader.get("/meetings/m-hop-abcd1234/guests")).status == 403
    assert (await reader.post("/meetings/m-hop-abcd1234/guests", fields)).status == 403


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"name": "", "role": "chair", "hours": "24"}, 400),
        ({"name": "", "role": "guest", "hours": "9999"}, 400),
        ({"name": "x" * 201, "role": "guest", "hours": "24"}, 422),
        ({"name": "TUYỆT MẬT", "role": "guest", "hours": "24"}, 422),
    ],
)
async def test_a_link_is_made_only_as_the_form_allows(office: Office, fields: dict[str, str], status: int) -> None:
    await office.meeting()
    secretary = await office.sign_in("binh")
    assert (await secretary.post("/meetings/m-hop-abcd1234/guests", fields)).status == status


def test_a_guest_of_a_link_is_nobody_elsewhere() -> None:
    claims = {"sub": "guest-1", "room": "r", "name": "M", "role": "guest", "link": "l1"}
    guest = auth.guest(claims)
    inside = rights.MeetingAccess("r", frozenset({"guest-1"}))
    assert rights.may(guest, "meeting.enter", inside)
    assert not rights.may(guest, "meeting.enter", rights.MeetingAccess("r", frozenset()))
    assert rights.may(guest, "meeting.knock", rights.Door("r", frozenset({"l1"}), frozenset()))
    assert not rights.may(guest, "meeting.knock", rights.Door("r", frozenset({"l2"}), frozenset({""})))
    assert not rights.may(guest, "meeting.knock", rights.Door("other", frozenset({"l1"}), frozenset()))
    assert not rights.may(guest, "meeting.invite", inside)
