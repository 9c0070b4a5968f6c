"""One device in a hall and many people before it: each of them is there, counts once, and leaves with the device."""

from dataclasses import replace

import pytest

from rooms import (
    AnswerConsent,
    CastBallot,
    CloseMeeting,
    CloseVote,
    Drop,
    GiveFloor,
    Join,
    Leave,
    LockMicrophones,
    Media,
    MediaState,
    NameProxy,
    OpenMeeting,
    OpenVote,
    Person,
    Proceedings,
    Refused,
    Resume,
    Role,
    SetVote,
    StartRecording,
    Unit,
)
from rooms.topics.sites import (
    MAX_SEATS,
    AddToSite,
    CheckIn,
    FreeSeat,
    OpenSite,
    SpokenBallot,
    StrikeFromSite,
    TakeSeat,
)
from rooms.topics.voting.vote import turnout


@pytest.fixture
def site_hall(new_hall):
    """Hạnh has opened; Lan's device is a site, and eleven others of her unit are invited."""
    hall = new_hall()
    others = tuple(replace(hall.lan, id=f"l{n}", name=f"Đại biểu số {n}") for n in range(1, 12))
    hall = new_hall(invited=(hall.dung, hall.lan, *others))
    hall.others = [one.id for one in others]
    hall.join(hall.hanh, hall.binh, hall.dung, hall.lan)
    hall.do("hanh", OpenMeeting())
    hall.do("lan", OpenSite())
    return hall


def attendance(hall):
    return {one.person.id: one for one in Proceedings.from_facts(hall.kept).attendance()}


def refusal(hall, who, command):
    with pytest.raises(Refused) as caught:
        hall.do(who, command)
    return caught.value.code


def test_twelve_people_at_one_device_are_twelve_on_record(site_hall):
    for person in site_hall.others:
        site_hall.do("lan", TakeSeat("lan", person))
    assert turnout(site_hall.room.state.people) == (14, 14)
    site_hall.wait(minutes=30)
    site_hall.do("hanh", CloseMeeting())
    found = attendance(site_hall)
    for person in site_hall.others:
        assert found[person].intervals == ((site_hall.start, site_hall.now),)
        assert found[person].site.unit == site_hall.lan.unit
    assert found["lan"].site is None


def test_they_leave_with_the_device_when_its_line_was_lost_and_come_back_with_it(site_hall):
    site_hall.do("lan", TakeSeat("lan", "l1"))
    lost = site_hall.wait(minutes=5)
    site_hall.do("lan", Drop())
    site_hall.wait(seconds=59)
    site_hall.tick()
    assert site_hall.room.state.present("l1")
    site_hall.wait(seconds=1)
    site_hall.tick()
    assert not site_hall.room.state.present("l1")
    back = site_hall.wait(minutes=3)
    site_hall.join(site_hall.lan)
    assert site_hall.room.state.present("l1")
    site_hall.wait(minutes=5)
    site_hall.do("hanh", CloseMeeting())
    spans = ((site_hall.start, lost), (back, site_hall.now))
    assert attendance(site_hall)["l1"].intervals == attendance(site_hall)["lan"].intervals == spans


def test_the_phone_beside_the_seat_may_come_and_go(site_hall):
    phone = site_hall.room.state.people["l1"].person
    site_hall.do("l1", CheckIn("lan"))
    site_hall.do("l1", Join(phone))
    for gone in (Drop(), Leave()):
        site_hall.do("l1", gone)
        site_hall.wait(minutes=5)
        site_hall.tick()
        assert site_hall.room.state.present("l1")
        site_hall.do("l1", Join(phone))
    assert turnout(site_hall.room.state.people) == (4, 14)
    site_hall.do("lan", FreeSeat("lan", "l1"))
    assert site_hall.room.state.present("l1"), "by the phone"
    assert [fact.data["how"] for fact in site_hall.kept if fact.kind == "seated"] == ["qr"]


def test_who_gets_up_leaves(site_hall):
    site_hall.do("lan", TakeSeat("lan", "l1"))
    left = site_hall.wait(minutes=5)
    site_hall.do("lan", FreeSeat("lan", "l1"))
    assert not site_hall.room.state.present("l1")
    site_hall.wait(minutes=5)
    assert attendance(site_hall)["l1"].intervals == ((site_hall.start, left),)


def test_a_restart_costs_nobody_the_seat(site_hall):
    site_hall.do("lan", TakeSeat("lan", "l1"))
    crash = site_hall.wait(minutes=5)
    again = site_hall.again()
    again.wait(seconds=20)
    again.do("system", Resume(crash))
    again.join(again.lan)
    again.wait(minutes=5)
    again.tick()
    assert again.room.state.present("l1")
    third = again.again()
    third.do("system", Resume(third.now))
    third.wait(minutes=2)
    third.tick()
    assert not third.room.state.present("l1"), "the device did not come back"


def test_an_absent_device_ends_its_people_when_the_meeting_is_closed(site_hall):
    site_hall.do("lan", TakeSeat("lan", "l1"))
    lost = site_hall.wait(minutes=5)
    site_hall.do("lan", Drop())
    site_hall.wait(seconds=30)
    site_hall.do("hanh", CloseMeeting())
    assert attendance(site_hall)["l1"].intervals[-1][1] == lost
    assert [fact.data["person"] for fact in site_hall.kept if fact.kind == "left"].count("l1") == 1


def test_one_person_has_one_ballot_over_phone_and_site(site_hall):
    site_hall.do("lan", TakeSeat("lan", "l1"))
    site_hall.do("lan", TakeSeat("lan", "l2"))
    site_hall.do("hanh", OpenVote("Thông qua?"))
    site_hall.do("lan", SpokenBallot("v1", "l1", "for"))
    site_hall.do("lan", SpokenBallot("v1", "l2", "against"))
    site_hall.do("l1", Join(site_hall.room.state.people["l1"].person))
    site_hall.do("l1", CastBallot("v1", "abstain"))
    assert refusal(site_hall, "lan", SpokenBallot("v1", "l1", "for")) == "not_eligible"
    assert refusal(site_hall, "lan", SpokenBallot("v1", "dung", "for")) == "unknown_participant"
    site_hall.do("hanh", CloseVote("v1"))
    [vote] = Proceedings.from_facts(site_hall.kept).votes()
    found = {one.person.id: (one.choice, one.by and one.by.id, one.spoken) for one in vote.ballots}
    assert found == {"l1": ("abstain", None, False), "l2": ("against", "lan", True)}
    assert vote.outcome.present == 5
    closed = next(fact for fact in site_hall.kept if fact.kind == "vote_closed")
    assert not {"l1", "l2"} & set(closed.data["away"])


def test_nobody_speaks_anothers_secret_ballot(site_hall):
    site_hall.do("lan", TakeSeat("lan", "l1"))
    site_hall.do("hanh", OpenVote("Bầu?", secret=True))
    assert refusal(site_hall, "lan", SpokenBallot("v1", "l1", "for")) == "not_eligible"


def test_who_has_the_floor_at_a_site_speaks_by_its_microphone(site_hall):
    site_hall.do("lan", TakeSeat("lan", "l1"))
    site_hall.do("hanh", LockMicrophones(True))
    given = site_hall.do("hanh", GiveFloor("l1"))
    assert Media("floor", "lan") in given
    assert site_hall.told(given, "floor")[0]["holder"] == "l1"
    site_hall.do("lan", MediaState(True, True))
    assert site_hall.room.state.people["lan"].audio
    site_hall.do("hanh", GiveFloor("dung"))
    assert not site_hall.room.state.people["lan"].audio, "and no longer"


def test_whoever_sits_at_a_site_may_refuse_the_recording_of_the_whole_device(site_hall):
    def done(person, command):
        return [
            (one.action, one.participant)
            for one in site_hall.do(person, command)
            if isinstance(one, Media) and one.participant == "lan"
        ]

    first, second = site_hall.others[:2]
    site_hall.do("lan", TakeSeat("lan", first))
    site_hall.do("hanh", StartRecording())
    assert done("lan", AnswerConsent(True)) == [("record", "lan")]
    assert done(first, AnswerConsent(False)) == [("unrecord", "lan")]
    assert done(first, AnswerConsent(True)) == [("record", "lan")]
    site_hall.join(next(one for one in site_hall.room.meeting.invited if one.id == second))
    site_hall.do(second, AnswerConsent(False))
    assert done("lan", TakeSeat("lan", second)) == [("unrecord", "lan")]
    assert done("lan", FreeSeat("lan", second)) == [("record", "lan")]


def test_a_device_ticks_its_own_unit_and_the_desk_anybody(site_hall):
    assert refusal(site_hall, "lan", TakeSeat("lan", "dung")) == "not_allowed"
    assert refusal(site_hall, "dung", TakeSeat("lan", "l1")) == "not_allowed"
    assert refusal(site_hall, "lan", TakeSeat("lan", "minh")) == "unknown_participant"
    assert refusal(site_hall, "l1", CheckIn("dung")) == "unknown_site"
    assert refusal(site_hall, "minh", CheckIn("lan")) == "unknown_participant"
    assert refusal(site_hall, "hanh", CheckIn("lan")) == "wrong_person"
    site_hall.do("binh", TakeSeat("lan", "dung"))
    assert site_hall.room.state.people["dung"].seat == "lan"


def test_a_site_has_sixty_seats(new_hall):
    hall = new_hall()
    crowd = tuple(replace(hall.lan, id=f"l{n}") for n in range(MAX_SEATS + 1))
    hall = new_hall(invited=(hall.lan, *crowd))
    hall.join(hall.hanh, hall.lan)
    hall.do("lan", OpenSite())
    for one in crowd[:-1]:
        hall.do("lan", TakeSeat("lan", one.id))
    assert refusal(hall, "lan", TakeSeat("lan", crowd[-1].id)) == "limit_reached"


def test_who_only_watches_opens_no_site(open_hall):
    assert refusal(open_hall, "tam", OpenSite()) == "not_allowed"
    assert refusal(open_hall, "hanh", OpenSite("tam")) == "not_eligible"
    assert open_hall.room.state.people["tam"].role is Role.VIEWER


SAU = Person("s-1", "Đỗ Thị Sáu", "Trưởng phòng Kinh tế", Unit("", ""), Role.GUEST, True)


def test_who_is_on_no_sheet_is_added_by_the_sites_device_attends_and_has_no_vote(site_hall):
    before = turnout(site_hall.room.state.people)
    effects = site_hall.do("lan", AddToSite("lan", SAU))
    told = site_hall.told(effects, "participant")[-1]
    assert (told["unit"], told["role"], told["votes"], told["present"]) == (
        site_hall.lan.unit.to_json(), "delegate", False, True,
    )  # fmt: skip
    assert site_hall.told(effects, "site")[-1]["seats"][0]["how"] == "added"
    assert turnout(site_hall.room.state.people) == before, "members are those of the sheet"
    site_hall.wait(minutes=30)
    site_hall.do("hanh", CloseMeeting())
    found = attendance(site_hall)["s-1"]
    assert found.intervals == ((site_hall.start, site_hall.now),)
    assert (found.site.id, found.added_by.id) == ("lan", "lan")
    assert attendance(site_hall)["l1"].added_by is None


def test_nobodys_phone_is_taken_for_who_has_come_by_a_line_of_their_own(site_hall):
    site_hall.do("lan", AddToSite("lan", SAU))
    site_hall.do("lan", FreeSeat("lan", "s-1"))
    site_hall.join(site_hall.room.state.people["s-1"].person)
    with pytest.raises(Refused, match="wrong_person"):
        site_hall.do("lan", AddToSite("lan", SAU))
    site_hall.do("s-1", Drop())
    site_hall.do("lan", AddToSite("lan", SAU))
    assert site_hall.room.state.people["s-1"].seat == "lan"


def test_the_chair_may_give_a_vote_to_who_was_added(site_hall):
    site_hall.do("lan", AddToSite("lan", SAU))
    present, members = turnout(site_hall.room.state.people)
    site_hall.do("hanh", SetVote("s-1", True))
    assert turnout(site_hall.room.state.people) == (present + 1, members + 1)


@pytest.mark.parametrize("who", ["lan", "hanh", "binh"])
def test_who_was_written_down_by_mistake_is_struck(site_hall, who):
    site_hall.do("lan", AddToSite("lan", SAU))
    site_hall.wait(minutes=5)
    effects = site_hall.do(who, StrikeFromSite("lan", "s-1"))
    assert site_hall.told(effects, "participant")[-1] == {"id": "s-1", "gone": True}
    assert "s-1" not in {one.id for one in site_hall.room.meeting.invited}
    assert site_hall.again().room.state.people["s-1"].struck, "after a restart, too"
    site_hall.do("hanh", CloseMeeting())
    assert "s-1" not in attendance(site_hall)


@pytest.mark.parametrize("code", [None, "A" * 12], ids=["roll call", "secret"])
def test_who_has_voted_is_not_struck(site_hall, code):
    site_hall.do("lan", AddToSite("lan", SAU))
    site_hall.do("hanh", SetVote("s-1", True))
    site_hall.join(site_hall.room.state.people["s-1"].person)
    site_hall.do("hanh", OpenVote("Thông qua?", secret=code is not None))
    site_hall.do("s-1", CastBallot("v1", "for", code=code))
    assert refusal(site_hall, "lan", StrikeFromSite("lan", "s-1")) == "has_voted"
    site_hall.do("hanh", CloseVote("v1"))
    site_hall.do("hanh", SetVote("s-1", False))
    assert refusal(site_hall.again(), "lan", StrikeFromSite("lan", "s-1")) == "has_voted", "after a restart, too"


def test_a_hand_that_has_voted_for_another_is_not_struck(site_hall):
    site_hall.do("lan", AddToSite("lan", SAU))
    site_hall.do("hanh", SetVote("s-1", True))
    site_hall.do("hanh", NameProxy("s-1", "l1"))
    site_hall.join(site_hall.room.state.people["s-1"].person)
    site_hall.do("hanh", OpenVote("Thông qua?", proxies=True))
    site_hall.do("s-1", CastBallot("v1", "for", principal="l1"))
    assert refusal(site_hall, "lan", StrikeFromSite("lan", "s-1")) == "has_voted"
    site_hall.do("hanh", CloseVote("v1"))
    assert refusal(site_hall, "lan", StrikeFromSite("lan", "s-1")) == "has_voted"


def test_who_was_struck_may_be_added_again(site_hall):
    site_hall.do("lan", AddToSite("lan", SAU))
    site_hall.do("lan", StrikeFromSite("lan", "s-1"))
    effects = site_hall.do("lan", AddToSite("lan", SAU))
    assert site_hall.told(effects, "participant")[-1]["present"] is True
    assert "s-1" in attendance(site_hall)


def test_nobody_strikes_whom_the_sheet_names_nor_adds_to_anothers_site(site_hall):
    site_hall.do("lan", TakeSeat("lan", "l1"))
    assert refusal(site_hall, "lan", StrikeFromSite("lan", "l1")) == "not_eligible"
    assert refusal(site_hall, "dung", AddToSite("lan", SAU)) == "not_allowed"
    site_hall.do("lan", AddToSite("lan", SAU))
    assert refusal(site_hall, "dung", StrikeFromSite("lan", "s-1")) == "not_allowed"
    site_hall.do("hanh", CloseMeeting())
    assert refusal(site_hall, "lan", AddToSite("lan", replace(SAU, id="s-2"))) == "closed"


def test_a_guest_of_the_unit_by_name_is_ticked_by_its_device(new_hall):
    hall = new_hall()
    unit = Unit("guest-5f0c", "uỷ ban nhân dân  Phường Tân Lập")
    guests = (replace(hall.lan, id="g-1", unit=unit, role=Role.GUEST), replace(hall.dung, id="g-2", role=Role.GUEST))
    hall = new_hall(invited=(hall.lan, *guests))
    hall.join(hall.hanh, hall.lan)
    hall.do("lan", OpenSite())
    hall.do("lan", TakeSeat("lan", "g-1"))
    assert hall.room.state.present("g-1")
    assert refusal(hall, "lan", TakeSeat("lan", "g-2")) == "not_allowed"
