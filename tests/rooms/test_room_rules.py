"""Whatever people do, in whatever order, some things stay true."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from rooms import (
    AnswerConsent,
    CastBallot,
    CloseMeeting,
    CloseVote,
    Drop,
    EndFloor,
    GiveFloor,
    Join,
    Keep,
    Leave,
    LowerHand,
    Media,
    MediaState,
    MeetingState,
    OpenMeeting,
    OpenVote,
    Participant,
    PutConclusion,
    RaiseHand,
    Refused,
    RemoveConclusion,
    Resume,
    Role,
    Room,
    StartRecording,
    StepAgenda,
    StopRecording,
    Tell,
)
from rooms.proceedings import Proceedings, first_altered
from rooms.state import snapshot

WHO = st.sampled_from(["hanh", "binh", "dung", "lan", "tam", "minh"])
VOTE = st.sampled_from(["v1", "v2"])
CONCLUSION = st.sampled_from(["c1", "c2"])
ITEM = st.sampled_from(["a1", "a2", "a9"])
TEXT = st.sampled_from(["Thông qua?", "Báo cáo."])
COMMANDS = st.one_of(
    st.builds(OpenMeeting),
    st.builds(MediaState, st.booleans(), st.booleans()),
    st.builds(StepAgenda, ITEM),
    st.builds(RaiseHand),
    st.builds(LowerHand, st.none() | WHO),
    st.builds(GiveFloor, WHO),
    st.builds(EndFloor),
    st.builds(OpenVote, TEXT),
    st.builds(CastBallot, VOTE, st.sampled_from(["for", "against", "abstain"])),
    st.builds(CloseVote, VOTE),
    st.builds(PutConclusion, TEXT, st.none() | CONCLUSION, st.sampled_from([None, "tan-lap", "so-y-te"])),
    st.builds(RemoveConclusion, CONCLUSION),
    st.builds(StartRecording),
    st.builds(StopRecording),
    st.builds(AnswerConsent, st.booleans()),
    st.builds(Leave),
    st.builds(Drop),
)


def lasting(state):
    """The state without what a replay forgets: lines, microphones, cameras."""
    people = {
        id: Participant(one.person, present=one.present, connected=one.present, hand=one.hand)
        for id, one in state.people.items()
    }
    return replace(state, people=people)


def the_long_way(before, after):
    """The messages, from everything that there is to see before and after."""
    old, new = snapshot(before), snapshot(after)
    return [
        {"type": type, type: value}
        for type, objects in new.items()
        for id, value in objects.items()
        if old[type].get(id) != value
    ]


def rules_for(new_hall):
    class Meetings(RuleBasedStateMachine):
        @initialize(opened=st.booleans())
        def begin(self, opened):
            self.hall = new_hall()
            self.seen = {type: dict(objects) for type, objects in snapshot(self.hall.room.state).items()}
            if opened:
                for person in ("hanh", "dung", "lan"):
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
            told = [effect.message for effect in effects if isinstance(effect, Tell)]
            assert told == the_long_way(before, room.state)
            kept = [effect for effect in effects if isinstance(effect, Keep)]
            assert effects[: len(kept)] == kept
            assert len(kept) <= 1
            for effect in effects:
                if isinstance(effect, Tell):
                    assert effect.to is None
                    type = effect.message["type"]
                    value = effect.message[type]
                    self.seen[type][value["id"] if type in ("participant", "vote", "conclusion") else ""] = value
                if isinstance(effect, Media) and effect.action == "leave":
                    assert not room.state.present(effect.participant)
            recorded = room.state.recorded()
            assert all(room.state.recording.consents[id] for id in recorded)
            assert [one for one in effects if isinstance(one, Media) and "record" in one.action] == [
                *(Media("unrecord", id) for id in sorted(before.recorded() - recorded)),
                *(Media("record", id) for id in sorted(recorded - before.recorded())),
            ]

        @rule(person=WHO, role=st.sampled_from([None, Role.CHAIR, Role.SECRETARY, Role.VIEWER, Role.GATEWAY]))
        def join(self, person, role):
            known = getattr(self.hall, person)
            comer = replace(known, role=role) if role else known
            self.carry_out(lambda: self.hall.do(comer, Join(comer)))

        @rule(person=WHO, command=COMMANDS)
        def say(self, person, command):
            self.carry_out(lambda: self.hall.do(person, command))

        @rule(command=COMMANDS)
        def the_chair_says(self, command):
            self.carry_out(lambda: self.hall.do(self.hall.room.meeting.chair, command))

        @rule(command=COMMANDS)
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

        @rule(seconds=st.sampled_from([0, 1, 30, 59, 60, 600, -5]))
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
            self.seen = {type: dict(objects) for type, objects in snapshot(self.hall.room.state).items()}

        @rule(sure=st.integers(0, 4))
        def the_chair_closes(self, sure):
            if sure == 0:
                self.carry_out(lambda: self.hall.do(self.hall.room.meeting.chair, CloseMeeting()))

        @invariant()
        def there_is_one_chair(self):
            people = self.hall.room.participants
            assert [one.id for one in people if one.role is Role.CHAIR] == [self.hall.room.meeting.chair.id]
            assert [one.id for one in people if one.role is Role.SECRETARY] == [self.hall.room.meeting.secretary.id]

        @invariant()
        def at_most_one_present_person_has_the_floor(self):
            state = self.hall.room.state
            assert state.floor.holder is None or state.present(state.floor.holder)
            given = sum(fact.kind == "floor_given" for fact in self.hall.kept)
            ended = sum(fact.kind == "floor_ended" for fact in self.hall.kept)
            assert given - ended == (state.floor.holder is not None)

        @invariant()
        def the_queue_is_the_raised_hands(self):
            state = self.hall.room.state
            assert len(set(state.floor.queue)) == len(state.floor.queue)
            assert {one.id for one in state.people.values() if one.hand} == set(state.floor.queue)

        @invariant()
        def ballots_are_at_most_the_eligible(self):
            state = self.hall.room.state
            assert sum(vote.open for vote in state.votes.values()) <= 1
            for vote in state.votes.values():
                seen = vote.to_json(state.people.values())
                assert len(seen["ballots"]) <= seen["eligible"]
                assert sum(seen["tally"].values()) == seen["eligible"]
                assert min(seen["tally"].values()) >= 0
                assert (seen["result"] is None) == vote.open

        @invariant()
        def the_chain_is_whole_and_kept_as_it_is(self):
            facts = self.hall.room.facts
            assert list(facts) == self.hall.kept
            assert [fact.seq for fact in facts] == list(range(1, len(facts) + 1))
            assert first_altered(facts) is None
            assert [fact.at for fact in facts] == sorted(fact.at for fact in facts)

        @invariant()
        def a_replay_gives_the_same_room(self):
            replayed = Room.replay(self.hall.sheet, self.hall.kept)
            assert lasting(replayed.state) == lasting(self.hall.room.state)

        @invariant()
        def attendance_is_disjoint_and_within_the_meeting(self):
            if not self.hall.kept:
                return
            proceedings = Proceedings.from_facts(self.hall.kept)
            ids = [one.person.id for one in proceedings.attendance()]
            assert len(set(ids)) == len(ids)
            for one in proceedings.attendance():
                ends = [at for interval in one.intervals for at in interval]
                assert ends == sorted(set(ends))
                if ends:
                    assert proceedings.opened_at <= ends[0]
                    assert ends[-1] <= (proceedings.closed_at or self.hall.kept[-1].at)

        @invariant()
        def interruptions_are_disjoint_and_within_the_meeting(self):
            if not self.hall.kept:
                return
            proceedings = Proceedings.from_facts(self.hall.kept)
            ends = [at for interval in proceedings.interruptions() for at in interval]
            assert ends == sorted(ends)
            assert all(start < end for start, end in proceedings.interruptions())
            if ends:
                assert proceedings.opened_at <= ends[0]
                assert ends[-1] <= (proceedings.closed_at or self.hall.kept[-1].at)

        @invariant()
        def who_follows_the_messages_sees_what_a_welcome_shows(self):
            now = {type: dict(objects) for type, objects in snapshot(self.hall.room.state).items()}
            assert self.seen == now

        @invariant()
        def a_closed_room_is_empty(self):
            if self.hall.room.meeting_state is MeetingState.CLOSED:
                assert not any(one.present or one.hand for one in self.hall.room.participants)
                assert self.hall.kept[-1].kind == "closed"
                assert self.hall.room.state.open_vote is None
                assert self.hall.room.next_tick() is None

    return Meetings


def test_the_rules_hold_whatever_happens(new_hall):
    run_state_machine_as_test(
        rules_for(new_hall),
        settings=settings(max_examples=60, stateful_step_count=40, deadline=timedelta(seconds=10), derandomize=True),
    )
