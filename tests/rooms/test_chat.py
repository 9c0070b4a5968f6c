"""What is written in the meeting: read by everybody or by the desk alone, and on record where the desk wants it."""

from dataclasses import replace

import pytest

from rooms import BadMessage, CloseMeeting, HandChair, Keep, Refused, Role, Room, Tell, parse
from rooms.effects import Remembered
from rooms.topics.chat import AT_ONCE, CHAT, KEPT, LockChat, MinuteMessage, RemoveMessage, Say


def readers(effects):
    return {effect.to for effect in effects if isinstance(effect, Tell) and effect.message["type"] == "message"}


def seen(hall, person):
    return [one["text"] for one in hall.room.welcome(person, hall.now)["messages"]]


def refusal(hall, person, command):
    before = hall.room.state
    with pytest.raises(Refused) as caught:
        hall.do(person, command)
    assert hall.room.state is before
    return caught.value.code


def beside(effects):
    return [one for effect in effects if isinstance(effect, Keep) for one in effect.memories]


def test_everybody_reads_what_is_written_to_everybody(open_hall):
    effects = open_hall.do("lan", Say("Xã Tân Lập đã gửi số liệu."))
    assert readers(effects) == {None}
    assert open_hall.told(effects, "message") == [
        {
            "id": "m1",
            "participant": "lan",
            "text": "Xã Tân Lập đã gửi số liệu.",
            "at": "2026-11-23T01:00:00Z",
            "readers": None,
            "minuted": False,
            "removed": False,
        }
    ]
    assert seen(open_hall, "tam") == ["Xã Tân Lập đã gửi số liệu."]


def test_a_note_to_the_desk_is_read_by_its_author_and_the_desk_alone(open_hall):
    effects = open_hall.do("lan", Say("Xin vắng từ 10 giờ.", to="desk"))
    assert readers(effects) == {"lan", "hanh", "binh"}
    assert seen(open_hall, "binh") == seen(open_hall, "lan") == ["Xin vắng từ 10 giờ."]
    assert seen(open_hall, "dung") == []
    assert refusal(open_hall, "dung", RemoveMessage("m1")) == "unknown_message", "not even that there is one"
    assert refusal(open_hall, "binh", MinuteMessage("m1")) == "not_eligible"


def test_a_note_to_the_secretary_is_read_by_its_author_and_the_secretaries_alone(open_hall):
    effects = open_hall.do("lan", Say("Xin đính chính số liệu.", to="secretary"))
    assert readers(effects) == {"lan", "binh"}
    assert open_hall.told(effects, "message")[0]["readers"] == ["binh", "lan"]
    assert seen(open_hall, "hanh") == seen(open_hall, "dung") == []
    assert refusal(open_hall, "hanh", RemoveMessage("m1")) == "unknown_message", "not even that there is one"
    assert refusal(open_hall, "binh", MinuteMessage("m1")) == "not_eligible"
    kept = beside(effects)
    assert readers(open_hall.do("hanh", Say("Ghi giúp ý này.", to="secretary"))) == {"hanh", "binh"}
    open_hall.room = Room.replay(open_hall.sheet, open_hall.kept, kept)
    assert (seen(open_hall, "binh"), seen(open_hall, "hanh")) == (["Xin đính chính số liệu."], [])


def test_talk_is_no_fact_but_what_the_desk_puts_on_record_is(open_hall):
    known = len(open_hall.kept)
    open_hall.do("lan", Say("Đề nghị lùi hạn đến thứ Sáu."))
    open_hall.do("lan", Say("Xin gặp riêng.", to="desk"))
    assert len(open_hall.kept) == known
    effects = open_hall.do("binh", MinuteMessage("m1"))
    assert open_hall.told(effects, "message")[0]["minuted"]
    assert open_hall.do("binh", MinuteMessage("m1")) == []
    open_hall.do("hanh", CloseMeeting())
    (written,) = open_hall.room.proceedings.written()
    assert (written.person.id, written.text) == ("lan", "Đề nghị lùi hạn đến thứ Sáu.")
    assert "riêng" not in str(open_hall.room.proceedings.to_json())


def test_a_restart_of_the_server_loses_nothing(open_hall):
    effects = open_hall.do("lan", Say("Một."))
    effects += open_hall.do("dung", Say("Hai.", to="desk"))
    for number in range(3, 13):
        open_hall.wait(seconds=30)
        effects += open_hall.do("lan", Say(f"Thứ {number}."))
    effects += open_hall.do("binh", LockChat(True))
    effects += open_hall.do("binh", MinuteMessage("m1"))
    kept = {(one.topic, one.id): one for one in beside(effects)}
    again = Room.replay(open_hall.sheet, open_hall.kept, sorted(kept.values(), key=lambda one: one.id))
    assert CHAT.of(again.state) == CHAT.of(open_hall.room.state)
    assert list(CHAT.of(again.state).messages) == [f"m{number}" for number in range(1, 13)]


def test_a_removed_message_keeps_its_place_and_loses_its_words(open_hall):
    open_hall.do("lan", Say("Nhầm."))
    assert refusal(open_hall, "dung", RemoveMessage("m1")) == "not_allowed"
    effects = open_hall.do("lan", RemoveMessage("m1"))
    assert open_hall.told(effects, "message")[0] | {"at": ""} == {
        "id": "m1", "participant": "lan", "text": "", "at": "", "readers": None, "minuted": False,
        "removed": True,
    }  # fmt: skip
    assert beside(effects)[0].value["text"] == ""
    assert refusal(open_hall, "lan", RemoveMessage("m1")) == "unknown_message"
    assert refusal(open_hall, "binh", MinuteMessage("m1")) == "unknown_message"


def test_locked_only_the_desk_writes_to_everybody_and_everybody_to_the_desk(open_hall):
    open_hall.do("hanh", LockChat(True))
    assert refusal(open_hall, "lan", Say("Tôi có ý kiến.")) == "chat_locked"
    open_hall.do("lan", Say("Tôi có ý kiến.", to="desk"))
    open_hall.do("binh", Say("Mời các đồng chí xem tài liệu."))
    open_hall.do("hanh", LockChat(False))
    open_hall.do("lan", Say("Cảm ơn."))


def test_nobody_pours_it_full(open_hall):
    for number in range(AT_ONCE):
        open_hall.do("lan", Say(f"Tin {number}"))
    assert refusal(open_hall, "lan", Say("Nữa")) == "busy"
    open_hall.do("dung", Say("Người khác"))
    open_hall.wait(seconds=10)
    open_hall.do("lan", Say("Nữa"))


def test_the_oldest_messages_go_and_are_told_and_forgotten(open_hall):
    for number in range(KEPT):
        open_hall.wait(seconds=10)
        open_hall.do("lan", Say(f"Tin {number}"))
    open_hall.wait(seconds=10)
    effects = open_hall.do("dung", Say("Tin mới"))
    assert {"id": "m1", "gone": True} in open_hall.told(effects, "message")
    assert [(one.id, one.value is None) for one in beside(effects)] == [(f"m{KEPT + 1}", False), ("m1", True)]
    assert len(CHAT.of(open_hall.room.state).messages) == KEPT


def test_a_note_stays_with_those_who_held_the_roles_when_it_was_sent(open_hall):
    hall = open_hall
    effects = hall.do("lan", Say("Xin báo riêng.", to="desk"))
    assert hall.told(effects, "message")[0]["readers"] == ["binh", "hanh", "lan"]
    effects += hall.do("hanh", HandChair("dung"))
    assert seen(hall, "dung") == [], "neither in the news nor in a welcome"
    assert seen(hall, "hanh") == ["Xin báo riêng."]
    assert refusal(hall, "dung", RemoveMessage("m1")) == "unknown_message"
    effects += hall.do("lan", Say("Xin báo tiếp.", to="desk"))
    assert (seen(hall, "dung"), seen(hall, "hanh")) == (["Xin báo tiếp."], ["Xin báo riêng."])
    assert readers(effects) == {"lan", "hanh", "binh", "dung"}
    kept = {one.id: one for one in beside(effects)}
    hall.room = Room.replay(hall.sheet, hall.kept, kept.values())
    assert (seen(hall, "dung"), seen(hall, "hanh")) == (["Xin báo tiếp."], ["Xin báo riêng."])


def test_who_takes_the_secretarys_seat_reads_the_notes_from_then_on(hall):
    hall.join(hall.lan)
    hall.do("lan", Say("Xin gửi thư ký Bình.", to="desk"))
    assert readers(hall.join(replace(hall.minh, role=Role.SECRETARY))) == set()
    hall.do("lan", Say("Xin gửi thư ký.", to="desk"))
    assert seen(hall, "minh") == ["Xin gửi thư ký."]


def test_a_note_that_was_kept_without_its_readers_is_its_authors_alone(open_hall):
    old = {"id": "m1", "participant": "lan", "text": "Xin báo riêng.", "at": "2026-11-23T01:00:00Z", "desk": True}
    kept = Remembered("chat", "m1", old | {"minuted": False, "removed": False})
    open_hall.room = Room.replay(open_hall.sheet, open_hall.kept, [kept])
    assert [seen(open_hall, person) for person in ("hanh", "binh", "lan")] == [[], [], ["Xin báo riêng."]]


@pytest.mark.parametrize("text", ["", "  \n ", "\u202edảo", "x" * 2001])
def test_words_are_bounded_and_plain(text):
    with pytest.raises(BadMessage):
        parse({"type": "chat.say", "text": text})
