"""The whole way, from the invitation to the posted document, on each of the two databases."""

from datetime import date

from minutes.content import MinutesContent
from minutes.document import Kind, State
from rooms import store
from server.keys import DATABASE
from tests.postgresql import ON_BOTH
from tests.server.pages.conftest import Office
from tests.server.pages.test_schedule_meeting import sheet

pytestmark = ON_BOTH


async def test_a_meeting_is_scheduled_held_written_down_signed_and_posted(office: Office) -> None:
    server, secretary = office.server, await office.sign_in("binh")
    location = (await secretary.post("/meetings/new", sheet())).location
    meeting_id = location.removeprefix("/meetings/")
    async with server.app[DATABASE].read() as connection:
        entry = await store.get_meeting(connection, meeting_id)
        assert entry is not None
    room = entry.meeting.room
    chair, writer, dung, lan = [
        await server.sit(server.person(one), room=room) for one in ("hanh", "binh", "dung", "lan")
    ]
    assert (await chair.say("meeting.open"))["type"] == "ack"
    assert (await dung.say("hand.raise"))["type"] == "ack"
    assert (await chair.say("vote.open", text="Thông qua phương án sơ tán?"))["type"] == "ack"
    vote = (await dung.hears("vote"))["vote"]["id"]
    for seat, choice in ((chair, "for"), (dung, "for"), (lan, "against")):
        assert (await seat.say("vote.cast", vote=vote, choice=choice))["type"] == "ack"
    assert (await chair.say("vote.close", vote=vote))["type"] == "ack"
    put = {"text": "Rà soát các hộ ở vùng sạt lở", "owner": "ta-nang", "deadline": "2036-03-15"}
    assert (await writer.say("conclusion.put", **put))["type"] == "ack"
    assert (await chair.say("meeting.close"))["type"] == "ack"

    minutes_id = await office.records.document_of(meeting_id)
    assert minutes_id is not None
    content = await office.records.content(minutes_id)
    assert isinstance(content, MinutesContent)
    assert (content.votes[0].in_favour, content.votes[0].against) == (2, 1)
    assert [(one.text, one.deadline) for one in content.conclusions] == [(put["text"], date(2036, 3, 15))]

    await office.advance(minutes_id, State.SEALED)
    notice = await office.records.draft_notice(minutes_id, await office.actor("binh"))
    await office.advance(notice, State.SEALED)
    await office.records.publish(notice, by=await office.actor("cuc"), reason="Liên quan đến người dân")
    sealed = await office.records.get(notice)
    assert (sealed.kind, sealed.number_symbol) == (Kind.NOTICE, "01/TB-UBND")
    page = await office.stranger().get(f"/documents/lam-son/{sealed.year}/{sealed.number_symbol}")
    assert page.status == 200
    assert "Rà soát các hộ ở vùng sạt lở" in page.words
    assert " ".join(sealed.title.split()) in (await office.stranger().get("/documents?q=ket+luan")).words
