"""What is sent and watched in a room beside the pages' own devices: by WHIP and WHEP, from a seat or without one."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from media import Router, Session
from media import events as news
from rooms import MeetingState, Participant, Person
from rooms.state import State
from rooms.topics.captions import captioned
from rooms.topics.moderation import silenced
from rooms.topics.recording import records
from rooms.topics.sharing import sends
from server.connection import Message
from server.errors import Problem


@dataclass(frozen=True, slots=True)
class Source:
    """One who publishes media without a seat in the meeting (WHIP: a gateway, a codec, a load test)."""

    person: Person
    by_gateway: bool = False
    silent: bool = False  # microphones are locked, or the meeting is in a break
    hushed: bool = False  # until who leads opens it again

    @property
    def id(self) -> str:
        """The participant's id."""
        return self.person.id

    @property
    def muted(self) -> bool:
        """Nothing of the voice is forwarded."""
        return self.silent or self.hushed

    def to_json(self) -> Message:
        """The same shape as a participant of the meeting."""
        return Participant(self.person, present=True, connected=True, audio=not self.muted, video=True).to_json() | {
            "stream": True
        }


def _quiet(state: State, participant: str) -> bool:
    """Nobody is overheard in a break: pages switch themselves off then, but a gateway has none. Nor has it one to
    switch on again: it is heard when the meeting goes on."""
    return state.session.state is MeetingState.ADJOURNED or silenced(state, participant)


class Streams:
    """Who publishes in a room, and how. Owned: sources and sessions; the Router is given."""

    def __init__(self, router: Router) -> None:
        self.sources: dict[str, Source] = {}
        self._router = router
        self._sessions: dict[str, str] = {}  # WHIP/WHEP session -> participant
        self._stood_for: dict[str, str] = {}  # participant -> session of the gateway that publishes under that name

    def __bool__(self) -> bool:
        """Whether a WHIP or WHEP session is open."""
        return bool(self._sessions)

    def own(self, participant: str) -> bool:
        """Whether what comes under this name is the person's own, and not a gateway's: a gateway's is not that person's
        word or face, whatever that person has agreed to, and is neither recorded nor captioned."""
        return participant not in self._stood_for

    def publish(self, state: State, participant: str, sdp: str, *, by_gateway: bool = False) -> Session:
        """Take what somebody sends; microphone and camera start as the room says. Raises MediaError."""
        session = self._router.publish(participant, sdp)
        self._stood_for.pop(participant, None)
        if by_gateway:
            self._stood_for[participant] = session.id
        if state.present(participant):
            for kind in ("audio", "video", "screen"):
                self._router.pause(participant, kind, not sends(state, participant, kind))
        self._router.record(participant, not by_gateway and records(state, participant))
        self._router.hear(participant, not by_gateway and captioned(state, participant))
        return session

    def whip(self, state: State, source: Source, sdp: str) -> tuple[Session, Source | None]:
        """Publish by WHIP. Who has a seat in the meeting keeps its mutes; everybody else is a source while they
        publish, which is returned to be shown. Raises MediaError."""
        session = self.publish(state, source.id, sdp, by_gateway=source.by_gateway)
        self._sessions[session.id] = source.id
        if state.present(source.id):
            return session, None
        return session, self._put(replace(source, silent=_quiet(state, source.id)))

    def whep(self, viewer: str, feed: str | None, sdp: str, *, many: bool = False) -> tuple[str, str]:
        """Watch by WHEP: (session id, answer). `many`: the viewer stands for many people.

        Raises MediaError, Problem("not_publishing").
        """
        if feed is not None and feed not in self._router.publishers():
            raise Problem("not_publishing")
        session = self._router.watch(viewer, sdp, feed, many=many)
        self._sessions[session.id] = viewer
        return session.id, session.sdp

    def sessions_of(self, participant: str) -> int:
        """How many WHIP and WHEP sessions are one participant's."""
        return sum(owner == participant for owner in self._sessions.values())

    def end(self, session: str, participant: str, *, any_session: bool) -> None:
        """End a WHIP or WHEP session; others' only where `any_session`. Raises Problem."""
        owner = self._sessions.get(session)
        if owner is None or (owner != participant and not any_session):
            raise Problem("unknown_session")
        del self._sessions[session]
        self._router.close(session)

    def end_all(self) -> None:
        """The meeting is over; the Router's news takes the sessions away."""
        for session in list(self._sessions):
            self._router.close(session)

    def bar(self, barred: Iterable[str]) -> None:
        """What those who were sent out publish or watch without a seat ends."""
        for id in set(barred) & set(self._sessions.values()):
            self._router.leave(id)

    def silence(self, state: State) -> list[Source]:
        """Locked microphones, and those that rest in a break, are also those of who publishes without a seat: whose
        have changed."""
        changed = []
        for source in list(self.sources.values()):
            silent = _quiet(state, source.id)
            if silent is not source.silent and not state.present(source.id):
                changed.append(self._put(replace(source, silent=silent)))
        return changed

    def hush(self, name: str, on: bool) -> list[Source]:
        """Close the microphone of one who publishes without a seat ("": of all of them) until it is opened again, or
        they publish anew; whose have changed."""
        named = [source for source in self.sources.values() if name in ("", source.id)]
        return [self._put(replace(source, hushed=on)) for source in named if source.hushed is not on]

    def _put(self, source: Source) -> Source:
        self._router.pause(source.id, "audio", source.muted)
        self.sources[source.id] = source
        return source

    def ended(self, event: news.Disconnected) -> Source | None:
        """A transport has ended: the source that is to be shown no more, if it was one's."""
        self._sessions.pop(event.session, None)
        if self._stood_for.get(event.participant) == event.session:
            del self._stood_for[event.participant]
        if event.direction != "up" or event.reason == "replaced":
            return None
        return self.sources.pop(event.participant, None)
