"""Whatever people do, in whatever order, some things stay true."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from rooms import (
    CastBallot,
    CloseMeeting,
    CloseVote,
    Drop,
    HandChair,
    Join,
    Keep,
    Knock,
    Media,
    NameProxy,
    OpenMeeting,
    OpenVote,
    Refused,
    Resume,
    Role,
    Tell,
)
from rooms.topics import snapshot
from rooms.topics.chat import CHAT, Say
from rooms.topics.late import LATE, FileBallot, OpenLate
from rooms.topics.lobby import waits
from rooms.topics.proxies import PROXIES
from rooms.topics.recording import RECORDING
from rooms.topics.recording import recorded as those_recorded
from rooms.topics.voting import open_vote
from tests.rooms.invariants import FOR_SOME, MANY, PRIVATE, Invariants, everybody_sees, in_the_lobby, meant_for_some
from tests.rooms.sayings import BESIDE, CHOICE, COMMANDS, ENTRUSTED, WHO


def the_long_way(before, after):
    """The messages to everybody, from everything that there is to see before and after."""
    old, new = snapshot(before), snapshot(after)
    messages = []
    for type, objects in new.items():
        messages += [{"type": type, type: value} for id, value in objects.items() if old[type].get(id) != value]
        messages += [{"type": type, type: {"id": id, "gone": True}} for id in old[type].keys() - objects.keys()]
    return messages


def rules_for(new_hall, commands=COMMANDS):
    class Meetings(Invariants):
        @initialize(opened=st.booleans())
        def begin(self, opened):
            self.enter("hanh", "dung", "lan", opened=opened)

        def enter(self, *people, opened):
            self.hall = new_hall()
            self.seen = everybody_sees(self.hall.room.state)
            self.lobby = in_the_lobby(self.hall.room.state)
            self.mine = meant_for_some(self.hall.room.state)
            self.notes = {}
            if opened:
                for person in people:
                    self.carry_out(lambda person=person: self.hall.join(getattr(self.hall, person)))
                self.carry_out(lambda: self.hall.do("hanh", OpenMeeting()))

        def carry_out(self, step):
            """As the server does, and as a client follows."""
            room = self.hall.room
            before, facts = room.state, room.facts
            try:
                effects = step()
            except Refused:
                assert room.state is before
                assert room.facts == facts
                return
            told = [effect.message for effect in effects if isinstance(effect, Tell) and effect.to is None]
            assert told == the_long_way(before, room.state)
            kept = [effect for effect in effects if isinstance(effect, Keep)]
            assert effects[: len(kept)] == kept
            assert len(kept) <= 1
            for effect in effects:
                if isinstance(effect, Tell) and effect.to is None:
                    type = effect.message["type"]
                    value = effect.message[type]
                    if value.get("gone"):
                        del self.seen[type][value["id"]]
                    else:
                        self.seen[type][value["id"] if type in MANY else ""] = value
                    if type in PRIVATE:
                        for mine in self.mine.values():
                            mine[type][value["id"]] = value
                elif isinstance(effect, Tell):
                    assert effect.message["type"] in FOR_SOME
                    if effect.message["type"] in PRIVATE:
                        type = effect.message["type"]
                        value = effect.message[type]
                        self.mine.setdefault(effect.to, {type: {} for type in PRIVATE})[type][value["id"]] = value
                    if effect.message["type"] == "lobby":
                        self.lobby[effect.to] = effect.message["lobby"]
                if isinstance(effect, Media) and effect.action == "leave":
                    assert not room.state.present(effect.participant)
            if room.state.people.keys() - before.people.keys():  # who is new here comes to a welcome
                self.mine = meant_for_some(room.state) | self.mine
            self.those_who_may_read_are_who_were_meant(before, effects)
            self.who_votes_for_somebody_stands_in_for_who_is_not_counted(facts)
            recorded = those_recorded(room.state)
            assert all(RECORDING.of(room.state).consents[id] for id in recorded)
            assert [one for one in effects if isinstance(one, Media) and "record" in one.action] == [
                *(Media("unrecord", id) for id in sorted(those_recorded(before) - recorded)),
                *(Media("record", id) for id in sorted(recorded - those_recorded(before))),
            ]

        def those_who_may_read_are_who_were_meant(self, before, effects):
            """A note is for those who held the roles when it was sent, whoever holds them since."""
            state, sheet = self.hall.room.state, before.session.sheet
            for id, message in CHAT.of(state).messages.items():
                if id not in CHAT.of(before).messages:
                    held = (sheet.desk, frozenset(sheet.secretaries))
                    assert message.readers in (None, *(roles | {message.author} for roles in held))
                    self.notes[id] = message.readers
                assert message.readers == self.notes[id]
            for effect in effects:
                if isinstance(effect, Tell) and effect.message["type"] == "message":
                    readers = self.notes[effect.message["message"]["id"]]
                    assert readers is None or effect.to in readers

        def who_votes_for_somebody_stands_in_for_who_is_not_counted(self, facts):
            people = self.hall.room.state.people
            for fact in self.hall.room.facts[len(facts) :]:
                if fact.kind == "ballot_cast" and fact.actor != fact.data["person"] and not fact.data.get("spoken"):
                    assert not people[fact.data["person"]].counted

        @rule(person=WHO, role=st.sampled_from([None, Role.CHAIR, Role.SECRETARY, Role.VIEWER, Role.GATEWAY]))
        def join(self, person, role):
            known = getattr(self.hall, person)
            comer = replace(known, role=role) if role else known
            self.carry_out(lambda: self.hall.do(comer, Join(comer)))

        @rule(person=WHO, comes=st.booleans())
        def knock(self, person, comes):
            """As the server does with somebody whom nobody expects."""
            known = getattr(self.hall, person)
            if waits(self.hall.room.state, person, False):
                self.carry_out(lambda: self.hall.do(known, Knock(known)))
            elif comes:
                self.carry_out(lambda: self.hall.do(known, Join(known, vouched=False)))

        @rule(person=WHO, command=commands)
        def say(self, person, command):
            self.carry_out(lambda: self.hall.do(person, command))

        @rule(command=commands)
        def the_chair_says(self, command):
            self.carry_out(lambda: self.hall.do(self.hall.room.meeting.chair, command))

        @rule(command=commands)
        def the_disk_is_full_when_the_chair_says(self, command):
            room = self.hall.room
            before, facts = room.state, room.facts
            try:
                effects = room.apply(room.meeting.chair.id, command, self.hall.now)
            except Refused:
                return
            # What brings no fact is never kept, so it cannot fail to be: undone here only to go on as before.
            room.forget([fact for effect in effects if isinstance(effect, Keep) for fact in effect.facts])
            assert (room.state, room.facts) == (before, facts)

        @rule(seconds=st.sampled_from([0, 1, 10, 30, 59, 60, 600, -5]))
        def time_passes(self, seconds):
            self.hall.wait(seconds=seconds)

        @rule()
        def the_timer_rings(self):
            due = self.hall.room.next_tick()
            if due:
                self.hall.now = max(self.hall.now, due)
            self.carry_out(self.hall.tick)
            assert self.hall.room.next_tick() is None or self.hall.room.next_tick() > self.hall.now

        @rule(down=st.sampled_from([0, 1, 59, 60, 3600]), known=st.sampled_from([-600, 0, 30, 3600]))
        def the_server_restarts(self, down, known):
            since = self.hall.now + timedelta(seconds=known)
            self.hall = self.hall.again()
            self.hall.wait(seconds=down)
            self.carry_out(lambda: self.hall.do("system", Resume(since)))
            # Clients come back to a welcome, not to what they had seen.
            self.seen = everybody_sees(self.hall.room.state)
            self.lobby = in_the_lobby(self.hall.room.state)
            self.mine = meant_for_some(self.hall.room.state)

        @rule(person=WHO, seconds=st.integers(0, 20))
        def a_line_falls_silent(self, person, seconds):
            """What the server finds of it is no older than the person's own last coming."""
            came = [fact.at for fact in self.hall.kept if _comes(fact, person)]
            if came:
                since = max(came[-1], self.hall.now - timedelta(seconds=seconds))
                self.carry_out(lambda: self.hall.do(person, Drop(since)))

        @rule(sure=st.integers(0, 4))
        def the_chair_closes(self, sure):
            if sure == 0:
                self.carry_out(lambda: self.hall.do(self.hall.room.meeting.chair, CloseMeeting()))

    return Meetings


def entrusted(new_hall):
    """Everybody is there from the beginning, and what leads to a vote, a proxy or a note happens often."""

    class Entrusted(rules_for(new_hall, ENTRUSTED)):
        @initialize()
        def begin(self):
            self.enter("hanh", "binh", "dung", "lan", "tam", "minh", opened=True)

        def the_chair(self, command):
            self.carry_out(lambda: self.hall.do(self.hall.room.meeting.chair, command))

        @rule(author=WHO, to=st.sampled_from(("desk", "secretary")))
        def a_note_is_sent(self, author, to):
            self.carry_out(lambda: self.hall.do(author, Say("Xin báo riêng.", to=to)))

        @rule(person=WHO)
        def the_chair_is_handed_on(self, person):
            self.the_chair(HandChair(person))

        @rule(person=WHO, holder=WHO)
        def a_proxy_is_named(self, person, holder):
            self.the_chair(NameProxy(holder, person))

        @rule(base=st.sampled_from(["present", "voting", "members"]))
        def a_roll_call_begins(self, base):
            self.the_chair(OpenVote("Thông qua?", base=base, proxies=True))

        @rule(person=WHO, choice=CHOICE)
        def somebody_votes(self, person, choice):
            vote = open_vote(self.hall.room.state)
            if vote:
                self.carry_out(lambda: self.hall.do(person, CastBallot(vote.id, choice)))

        @rule(choice=CHOICE)
        def who_holds_a_proxy_votes(self, choice):
            vote = open_vote(self.hall.room.state)
            for principal, holder in PROXIES.of(self.hall.room.state).items() if vote else ():
                self.carry_out(lambda who=holder, of=principal: self.hall.do(who, CastBallot(vote.id, choice, of)))

        @rule()
        def the_vote_is_closed(self):
            vote = open_vote(self.hall.room.state)
            if vote:
                self.the_chair(CloseVote(vote.id))

        @rule(choice=CHOICE)
        def who_missed_a_vote_answers_late(self, choice):
            self.the_chair(OpenLate(60))
            for person, votes in LATE.of(self.hall.room.state).missed.items():
                self.carry_out(lambda person=person: self.hall.join(getattr(self.hall, person)))
                for vote in votes:
                    self.carry_out(lambda who=person, vote=vote: self.hall.do(who, FileBallot(vote, choice)))

    return Entrusted


def _comes(fact, person):
    """Whether somebody comes, or comes back, by a fact."""
    if fact.kind == "joined":
        return fact.data["person"]["id"] == person
    return fact.kind == "resumed" or (fact.kind == "line_back" and fact.data["person"] == person)


def run(machine, examples):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=40, deadline=timedelta(seconds=10), derandomize=True
        ),
    )


def test_the_rules_hold_whatever_happens(new_hall):
    run(rules_for(new_hall), 60)


def test_the_rules_hold_whoever_votes_for_whom_and_reads_what_in_whatever_role(new_hall):
    run(entrusted(new_hall), 25)


def test_the_rules_hold_whatever_goes_on_beside_the_meeting(new_hall):
    run(rules_for(new_hall, BESIDE), 40)
