"""What stays true of a meeting, whatever people do: the class that models of it are made of."""

from dataclasses import replace

from hypothesis.stateful import RuleBasedStateMachine, invariant

from rooms import (
    MeetingState,
    Participant,
    Role,
    Room,
)
from rooms.proceedings import Proceedings, first_altered
from rooms.topics import VIEWS, snapshot
from rooms.topics.agenda import AGENDA
from rooms.topics.captions import CAPTIONS, captioned
from rooms.topics.floor import FLOOR
from rooms.topics.grouping import GROUPS, group_of
from rooms.topics.interpreting import INTERPRETING
from rooms.topics.late import LATE
from rooms.topics.lobby import LOBBY, LOBBY_TOPIC, waits
from rooms.topics.moderation import ORDER, Order, silenced
from rooms.topics.papers import PAPERS, Place
from rooms.topics.presence import line_of
from rooms.topics.proxies import PROXIES
from rooms.topics.recording import RECORDING
from rooms.topics.sharing import SHARING
from rooms.topics.sites import MAX_SEATS, SITES
from rooms.topics.voting import VOTES, open_vote
from rooms.topics.voting.vote import interrupted

MANY = {view.type for view in VIEWS if view.many}
FOR_SOME = {view.type for view in VIEWS if view.audience}
PRIVATE = ("ballot", "missed", "message")


def lasting(state):
    """The state without what facts do not tell: lines, devices, pages turned, who listens, who visits which group, open
    secret ballots."""
    people = {
        id: Participant(one.person, one.present, one.present, hand=one.hand, lost=one.lost, seat=one.seat)
        for id, one in state.people.items()
    }
    state = interrupted(PAPERS.put(replace(state, people=people), replace(PAPERS.of(state), place=Place())))
    state = LOBBY.put(state, replace(LOBBY.of(state), waiting={}))
    state = INTERPRETING.put(state, replace(INTERPRETING.of(state), listeners={}))
    own = {one: group.id for group in GROUPS.of(state).groups.values() for one in group.members}
    state = GROUPS.put(state, replace(GROUPS.of(state), inside=own))
    return ORDER.put(state, Order(ORDER.of(state).locked))


def everybody_sees(state):
    """Without what concerns only some."""
    return {type: dict(objects) for type, objects in snapshot(state).items()}


def in_the_lobby(state):
    """Who sees the lobby, and what they see."""
    [view] = LOBBY_TOPIC.views
    return {id: view.show(state, "") for id in view.audience(state, "")}


def meant_for_some(state):
    """By person and type what concerns only some, as a welcome shows it."""
    seen = {id: {type: {} for type in PRIVATE} for id in state.people}
    for view in VIEWS:
        for id in view.made_of(state) if view.type in PRIVATE else ():
            readers = view.audience(state, id)
            for person in seen if readers is None else readers:
                seen[person][view.type][id] = view.show(state, id)
    return seen


class Invariants(RuleBasedStateMachine):
    """`hall`, `seen`, `lobby` and `mine` are set by the rules of a model."""

    @invariant()
    def there_is_one_chair(self):
        people = self.hall.room.participants
        assert [one.id for one in people if one.role is Role.CHAIR] == [self.hall.room.meeting.chair.id]
        secretaries = self.hall.room.meeting.secretaries
        assert secretaries[0] == self.hall.room.meeting.secretary.id
        assert sorted(one.id for one in people if one.role is Role.SECRETARY) == sorted(secretaries)

    @invariant()
    def at_most_one_present_person_has_the_floor(self):
        state = self.hall.room.state
        assert FLOOR.of(state).holder is None or state.present(FLOOR.of(state).holder)
        given = sum(fact.kind == "floor_given" for fact in self.hall.kept)
        ended = sum(fact.kind == "floor_ended" for fact in self.hall.kept)
        assert given - ended == (FLOOR.of(state).holder is not None)
        floor = FLOOR.of(state)
        assert floor.holder is not None or (floor.since, floor.until, floor.order) == (None, None, False)

    @invariant()
    def the_queue_is_the_raised_hands(self):
        state = self.hall.room.state
        floor = FLOOR.of(state)
        assert len(set(floor.queue)) == len(floor.queue)
        assert [one.order for one in floor.requests] == sorted((one.order for one in floor.requests), reverse=True)
        assert {one.id for one in state.people.values() if one.hand} == set(FLOOR.of(state).queue)

    @invariant()
    def who_sits_at_a_site_is_there_while_it_is(self):
        state = self.hall.room.state
        sites = SITES.of(state)
        seats = [(person, device) for device, site in sites.items() for person in site.seats]
        assert sorted(seats) == sorted((one.id, one.seat) for one in state.people.values() if one.seat)
        assert not {person for person, _ in seats} & sites.keys()
        assert all(len(site.seats) <= MAX_SEATS for site in sites.values())
        for person, device in seats:
            one = state.people[person]
            assert one.present or not state.present(device)
            assert not (state.present(device) and one.away_since)
            assert one.present <= (state.present(device) or one.connected or one.away_since is not None)
        for one in state.people.values():
            assert not one.present or one.connected or one.away_since or one.seat

    @invariant()
    def whose_line_is_lost_has_none_and_is_not_counted(self):
        state = self.hall.room.state
        for one in state.people.values():
            away = line_of(state, one).away_since
            assert one.lost is None or (one.present and one.lost <= self.hall.kept[-1].at and away is not None)
        ends = {"joined": False, "left": False, "line_lost": True, "line_back": False}
        lost = {}
        for fact in self.hall.kept:
            if fact.kind in ends:
                person = fact.data["person"]
                person = person["id"] if isinstance(person, dict) else person
                assert fact.kind != "line_back" or lost[person], "nobody is back who was not lost"
                assert fact.kind != "line_lost" or not lost[person], "nor lost twice"
                lost[person] = ends[fact.kind]
        assert {id for id, one in lost.items() if one} == {one.id for one in state.people.values() if one.lost}

    @invariant()
    def no_microphone_is_on_that_is_locked(self):
        state = self.hall.room.state
        assert not [id for id, one in state.people.items() if one.audio and silenced(state, id)]

    @invariant()
    def ballots_are_at_most_the_members(self):
        voting = VOTES.of(self.hall.room.state)
        assert sum(vote.open for vote in voting.votes.values()) <= 1
        assert len(voting.box) == (voting.open.cast if voting.open else 0)
        members = sum(one.votes or one.id in voting.box for one in self.hall.room.participants)
        assert len(voting.box) <= members
        for vote in voting.votes.values():
            assert (vote.outcome is None) == vote.open
            if vote.outcome:
                found = vote.outcome
                assert vote.cast == len(vote.codes) + len(vote.ballots) <= found.eligible
                assert sum(found.tally.values()) == found.eligible
                assert min(found.tally.values()) >= 0
                assert found.present <= found.members

    @invariant()
    def nobody_holds_two_votes_beside_their_own(self):
        proxies = PROXIES.of(self.hall.room.state)
        assert len(set(proxies.values())) == len(proxies)
        assert not proxies.keys() & set(proxies.values())
        for vote in VOTES.of(self.hall.room.state).votes.values():
            spoken = {(fact.data["vote"], fact.data["person"]) for fact in self.hall.kept if fact.data.get("spoken")}
            hands = [by for whose, _, by in vote.ballots if whose != by and (vote.id, whose) not in spoken]
            assert vote.rule.proxies or not hands

    @invariant()
    def nobody_votes_both_in_time_and_late(self):
        votes = VOTES.of(self.hall.room.state).votes
        late = [(one.vote, one.person) for one in LATE.of(self.hall.room.state).ballots]
        assert len(set(late)) == len(late)
        for vote, person in late:
            assert not votes[vote].rule.secret
            assert vote in LATE.of(self.hall.room.state).missed[person]
            assert person not in {whose for whose, _, _ in votes[vote].ballots}
        if self.hall.kept:
            told = Proceedings.from_facts(self.hall.kept).late_votes()
            assert [(one.vote, one.person.id) for one in told] == late

    @invariant()
    def who_gave_no_ballot_in_a_roll_call_is_named_and_adds_up(self):
        base = {}
        for fact in self.hall.kept:
            if fact.kind == "vote_opened":
                base[fact.data["vote"]] = fact.data["base"]
            elif fact.kind == "vote_closed" and "silent" in fact.data:
                silent, away = set(fact.data["silent"]), set(fact.data["away"])
                named = {"present": silent, "voting": set(), "members": silent | away}[base[fact.data["vote"]]]
                assert fact.data["tally"]["none"] == len(named)

    @invariant()
    def the_quorum_counts_people(self):
        for fact in self.hall.kept:
            if fact.kind == "vote_closed":
                there = {one.id for one in self.hall.room.participants}
                assert fact.data["present"] <= len(there)
                assert (fact.data["result"] == "no_quorum") == (fact.data["present"] < fact.data["quorum"])

    @invariant()
    def no_fact_of_a_secret_vote_has_both_voter_and_choice(self):
        secret = {fact.data["vote"] for fact in self.hall.kept if fact.kind == "vote_opened" and fact.data["secret"]}
        for fact in self.hall.kept:
            if fact.data.get("vote") in secret:
                assert fact.kind in ("vote_opened", "vote_resumed", "vote_closed")
                if fact.kind == "vote_closed":
                    assert fact.data["codes"] == sorted(fact.data["codes"])
                    assert fact.data["voters"] == sorted(fact.data["voters"])
                    assert len(fact.data["codes"]) == len(fact.data["voters"])

    @invariant()
    def ones_own_ballot_is_seen_by_who_cast_it(self):
        state = self.hall.room.state
        box = VOTES.of(state).box
        for person in state.people:
            seen = {id for id, one in snapshot(state, person)["ballot"].items() if one}
            assert seen == {whose for whose, (ballot,) in box.items() if ballot.by == person}

    @invariant()
    def what_is_shown_is_there_and_so_is_who_shows_it(self):
        papers, state = PAPERS.of(self.hall.room.state), self.hall.room.state
        if papers.shown is not None:
            assert papers.place.page <= papers.all[papers.shown.paper].pages
            assert state.present(papers.shown.by)
        shown = sum(fact.kind == "paper_shown" for fact in self.hall.kept)
        closed = sum(fact.kind == "paper_closed" for fact in self.hall.kept)
        assert shown - closed == (papers.shown is not None)

    @invariant()
    def one_present_person_at_most_shares_a_screen(self):
        by = SHARING.of(self.hall.room.state).by
        assert by is None or self.hall.room.state.present(by)
        started = sum(fact.kind == "sharing_started" for fact in self.hall.kept)
        stopped = sum(fact.kind == "sharing_stopped" for fact in self.hall.kept)
        assert started - stopped == (by is not None)

    @invariant()
    def the_chain_is_whole_and_kept_as_it_is(self):
        facts = self.hall.room.facts
        assert list(facts) == self.hall.kept
        assert [fact.seq for fact in facts] == list(range(1, len(facts) + 1))
        assert first_altered(facts) is None
        assert [fact.at for fact in facts] == sorted(fact.at for fact in facts)

    @invariant()
    def a_replay_gives_the_same_room(self):
        replayed = Room.replay(self.hall.sheet, self.hall.kept, self.hall.beside.values())
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
    def the_agenda_has_each_point_once_and_the_one_that_is_dealt_with(self):
        agenda = AGENDA.of(self.hall.room.state)
        assert len({item.id for item in agenda.items}) == len(agenda.items)
        assert agenda.current is None or agenda.current in agenda

    @invariant()
    def nothing_goes_on_in_a_break(self):
        if self.hall.room.meeting_state is MeetingState.ADJOURNED:
            assert FLOOR.of(self.hall.room.state).holder is None
            assert open_vote(self.hall.room.state) is None
            assert not RECORDING.of(self.hall.room.state).running

    @invariant()
    def who_follows_the_messages_sees_what_a_welcome_shows(self):
        now = everybody_sees(self.hall.room.state)
        assert self.seen == now
        for person, lobby in in_the_lobby(self.hall.room.state).items():
            assert self.lobby[person] == lobby
        for person, kinds in meant_for_some(self.hall.room.state).items():
            for type, objects in kinds.items():
                assert {id: self.mine[person][type].get(id) for id in objects} == objects

    @invariant()
    def the_recogniser_hears_those_who_agreed_and_no_group(self):
        state = self.hall.room.state
        captions = CAPTIONS.of(state)
        for id in state.people:
            if captioned(state, id):
                assert captions.running
                assert captions.consents[id]
                assert not GROUPS.of(state).running
                beside = SITES.of(state)[id].seats if id in SITES.of(state) else {}
                assert not [one for one in beside if captions.consents.get(one) is False]

    @invariant()
    def whoever_is_in_a_group_is_in_one_that_there_is(self):
        state = self.hall.room.state
        groups = GROUPS.of(state)
        assert {group_of(state, id) for id in state.people} <= {"", *groups.groups}
        members = [one for group in groups.groups.values() for one in group.members]
        assert len(set(members)) == len(members)
        interpreting = INTERPRETING.of(state)
        named = {*interpreting.interpreters.values(), *interpreting.listeners.values()}
        assert named <= {"", *interpreting.channels}

    @invariant()
    def nobody_is_both_inside_and_outside(self):
        state = self.hall.room.state
        for person in (*state.session.sheet.barred, *LOBBY.of(state).waiting):
            assert not state.present(person)
        here = {fact.data["person"]["id"] for fact in self.hall.kept if fact.kind == "joined"}
        for person in here - set(state.session.sheet.barred):
            assert not waits(state, person, False), "who was in is not locked out"

    @invariant()
    def a_closed_room_is_empty(self):
        if self.hall.room.meeting_state is MeetingState.CLOSED:
            assert not any(one.present or one.hand for one in self.hall.room.participants)
            assert self.hall.kept[-1].kind == "closed"
            assert open_vote(self.hall.room.state) is None
            assert self.hall.room.next_tick() is None
