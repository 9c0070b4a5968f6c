"""The lobby: who knocks, who is let in, sent away and sent out, and that nobody is locked out who belongs there."""

from dataclasses import replace

import pytest

from rooms import (
    Admit,
    AdmitAll,
    Drop,
    Join,
    Knock,
    Leave,
    OpenMeeting,
    Person,
    Refused,
    Reject,
    Resume,
    Role,
    SendOut,
    SwitchLobby,
    Tell,
    TurnAway,
)
from rooms.proceedings import Unit
from rooms.topics import lobby
from rooms.topics.lobby import LOBBY, MAX_WAITING, waits


def guest(number=1):
    return Person(f"guest-{number}", f"Khách {number}", "", Unit("guest", "Khách mời"), Role.GUEST)


def refusal(hall, person, command):
    with pytest.raises(Refused) as caught:
        hall.do(person, command)
    return caught.value.code


def come(hall, person):
    """As the server does with somebody whom nobody expects."""
    if waits(hall.room.state, person.id, False):
        return hall.do(person, Knock(person))
    return hall.do(person, Join(person, vouched=False))


def test_who_is_not_expected_waits_and_has_no_part_in_the_meeting(open_hall):
    effects = come(open_hall, guest())
    assert {effect.to for effect in effects if isinstance(effect, Tell)} == {"hanh", "binh"}, "nobody else is told"
    assert open_hall.kept == list(open_hall.room.facts)
    assert refusal(open_hall, guest(), Join(guest(), vouched=False)) == "not_allowed"
    assert refusal(open_hall, guest(), AdmitAll()) == "not_allowed"
    with pytest.raises(Refused):
        open_hall.room.welcome(guest().id, open_hall.now)
    assert open_hall.room.welcome("dung", open_hall.now)["lobby"] is None
    [waiting] = open_hall.room.welcome("hanh", open_hall.now)["lobby"]["waiting"]
    assert (waiting["name"], waiting["removed"]) == ("Khách 1", False)


def test_who_knocks_before_anybody_has_come_is_still_there_when_they_come(hall):
    come(hall, guest())
    hall.join(hall.hanh)
    assert guest().id in LOBBY.of(hall.room.state).waiting


def test_the_invited_pass_although_there_is_a_lobby(hall):
    hall.join(hall.lan)
    assert hall.room.state.present("lan")


def test_who_was_let_in_is_never_locked_out_again(open_hall):
    come(open_hall, guest())
    open_hall.do("binh", Admit(guest().id))
    come(open_hall, guest())
    assert open_hall.of(guest()).role is Role.GUEST
    open_hall.do(guest(), Drop())
    open_hall.wait(minutes=10)
    open_hall.tick()
    again = open_hall.again()
    again.do("system", Resume(again.now))
    come(again, guest())
    assert again.room.state.present(guest().id)
    again.do(guest(), Leave())
    come(again, guest())
    assert again.room.state.present(guest().id)


def test_who_was_let_in_may_come_although_the_page_was_closed_at_that_moment(open_hall):
    come(open_hall, guest())
    open_hall.do("hanh", Admit(guest().id))
    again = open_hall.again()
    come(again, guest())
    assert again.room.state.present(guest().id)


def test_all_are_let_in_at_once(open_hall):
    for number in range(3):
        come(open_hall, guest(number))
    open_hall.do("hanh", AdmitAll())
    assert open_hall.kinds()[-3:] == ["admitted"] * 3
    assert not LOBBY.of(open_hall.room.state).waiting


def test_who_is_sent_away_hears_why_and_is_not_heard_knocking_for_ever(open_hall):
    for _ in range(3):
        come(open_hall, guest())
        open_hall.do("binh", Reject(guest().id, "Xin gặp văn phòng."))
        assert LOBBY.of(open_hall.room.state).words[guest().id] == "Xin gặp văn phòng."
    assert refusal(open_hall, guest(), Knock(guest())) == "not_allowed"


def test_the_door_is_opened_and_shut_before_and_during_the_meeting(hall):
    hall.join(hall.hanh)
    hall.do("hanh", SwitchLobby(False))
    come(hall, guest(1))
    assert hall.room.state.present("guest-1")
    hall.do("hanh", OpenMeeting())
    hall.do("hanh", SwitchLobby(True))
    come(hall, guest(2))
    assert not hall.room.state.present("guest-2")
    hall.do("guest-1", Drop())
    hall.wait(minutes=2)
    come(hall, guest(1))
    assert hall.room.state.present("guest-1"), "who was in before the door was shut stays expected"
    hall.do("hanh", SwitchLobby(False))
    assert "guest-2" in hall.room.state.people


def test_who_was_sent_out_does_not_pass_an_open_door_by_the_same_link_as_somebody_else(new_hall):
    hall = new_hall(lobby=False)
    hall.join(hall.hanh)
    first, again, other = guest("a1-1"), guest("a1-2"), guest("b2-1")
    come(hall, first)
    hall.do("hanh", SendOut(first.id))
    assert waits(hall.room.state, again.id, False)
    assert not waits(hall.room.state, other.id, False)
    hall.do(again.id, Knock(again))
    hall.do("hanh", Admit(again.id))
    assert not waits(hall.room.state, again.id, False)


def test_a_sheet_without_a_lobby_begins_with_the_door_open(new_hall):
    hall = new_hall(lobby=False)
    come(hall, guest())
    assert hall.room.state.present(guest().id)


def test_who_is_sent_out_comes_in_again_only_if_let_in(open_hall):
    open_hall.do("hanh", SwitchLobby(False))
    open_hall.do("binh", SendOut("lan", "Gây rối trật tự."))
    assert not open_hall.room.state.present("lan")
    assert refusal(open_hall, open_hall.lan, Join(open_hall.lan)) == "not_allowed"
    come(open_hall, open_hall.lan)
    [waiting] = open_hall.room.welcome("hanh", open_hall.now)["lobby"]["waiting"]
    assert waiting["removed"]
    again = open_hall.again()
    assert waits(again.room.state, "lan", True)
    open_hall.do("hanh", SwitchLobby(True))
    open_hall.do("hanh", SwitchLobby(False))
    assert waits(open_hall.room.state, "lan", True), "the open door is not for who was sent out"
    come(open_hall, open_hall.lan)
    open_hall.do("hanh", Admit("lan"))
    open_hall.join(open_hall.lan)
    assert open_hall.of(open_hall.lan).role is Role.DELEGATE


def test_the_meeting_keeps_whom_it_needs(open_hall):
    assert refusal(open_hall, "binh", SendOut("hanh")) == "wrong_person"
    assert refusal(open_hall, "hanh", SendOut("binh")) == "wrong_person"


def test_the_lobby_has_room_for_so_many(open_hall):
    for number in range(MAX_WAITING):
        come(open_hall, guest(number))
    assert refusal(open_hall, guest(MAX_WAITING), Knock(guest(MAX_WAITING))) == "busy"
    come(open_hall, guest(3))  # who waits may come again
    open_hall.do("guest-0", TurnAway())
    come(open_hall, guest(MAX_WAITING))


def test_a_guest_does_not_choose_a_role(open_hall):
    chair = replace(guest(), role=Role.CHAIR)
    come(open_hall, chair)
    open_hall.do("hanh", Admit(chair.id))
    come(open_hall, chair)
    assert open_hall.of(chair).role is Role.DELEGATE
    assert open_hall.room.meeting.chair.id == "hanh"


def test_an_open_door_does_not_let_in_any_number_of_strangers(open_hall, monkeypatch):
    monkeypatch.setattr(lobby, "MAX_INSIDE", 2)
    open_hall.do("hanh", SwitchLobby(False))
    come(open_hall, guest(1))
    come(open_hall, guest(2))
    assert refusal(open_hall, guest(3), Join(guest(3), vouched=False)) == "limit_reached"
    open_hall.do(guest(1), Leave())
    come(open_hall, guest(1))
    assert open_hall.room.state.present("guest-1"), "who has been in comes back"
