"""A meeting in session: Room + Router + sockets. Carries out the Room's effects in order: kept before told."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from media import Router, Session, Track
from media import events as news
from minutes.errors import RecordError
from rooms import (
    SYSTEM,
    BreakRecording,
    CloseMeeting,
    Command,
    Effect,
    Keep,
    KeepSegments,
    Media,
    Participant,
    Person,
    Refused,
    Room,
    StartRecording,
    StopRecording,
    Tell,
    store,
)
from rooms.messages import Drop, Join
from server.auth import utcnow
from server.connection import Connection, Message
from server.database import Database
from server.errors import Problem
from server.recordings import Recorder
from server.records import Records
from server.turn import Relays

log = structlog.get_logger("giaoban.sitting")


@dataclass(frozen=True, slots=True)
class Source:
    """One who publishes media without a seat in the meeting (WHIP: a gateway, a codec, a load test)."""

    person: Person

    @property
    def id(self) -> str:
        """The participant's id."""
        return self.person.id

    def to_json(self) -> Message:
        """The same shape as a participant of the meeting."""
        return Participant(self.person, present=True, connected=True, audio=True, video=True).to_json()


class Sitting:
    """One room with its running meeting. Owned: room, router, connections; the rest is given."""

    def __init__(
        self, title: str, room: Room, router: Router, database: Database, records: Records, relays: Relays,
        recorder: Recorder,
    ) -> None:  # fmt: skip
        self.title = title
        self.room = room
        self.router = router
        self.document: str | None = None
        self.speaker: str | None = None
        self.stale = False  # what is in memory is behind the disk: to be opened anew
        self.connections: dict[str, Connection] = {}
        self.sources: dict[str, Source] = {}
        self._sessions: dict[str, str] = {}  # WHIP/WHEP session -> participant
        self._pages: dict[str, str] = {}  # participant -> page of the last connection
        self._database = database
        self._records = records
        self._relays = relays
        self._relays_renewed = utcnow()
        self.router.floor(room.state.floor.holder)  # a meeting that goes on after a stop
        self._recorder = recorder
        self._lock = asyncio.Lock()  # one command at a time; held while facts are being kept

    # --- the meeting ---------------------------------------------------------------------------------------------

    async def apply(self, actor: str, command: Command) -> None:
        """Carry out `command`. Raises Refused; then nothing has changed."""
        async with self._lock:
            if isinstance(command, StartRecording | StopRecording | CloseMeeting):
                self.room.check(actor, command, utcnow())
                await self._prepare_recording(command)
            try:
                await self._step(lambda: self.room.apply(actor, command, utcnow()))
            finally:
                await self._follow_recording()

    async def tick(self, now: datetime) -> None:
        """Let time pass: people whose line stayed away leave, and who stays long gets new credentials for the relay."""
        if now - self._relays_renewed >= self._relays.renew_after:
            self._relays_renewed = now
            for participant in self.connections:
                self.tell(participant, {"type": "media.ice", "ice": self._relays.issue(participant, now)})
        due = self.room.next_tick()
        if due is not None and due <= now:
            async with self._lock:
                await self._step(lambda: self.room.tick(now))
        if self._recorder.running:
            async with self._lock:
                await self._keep_segments()
                if self._recorder.broken:
                    await self._step(lambda: self.room.apply(SYSTEM, BreakRecording(), utcnow()))
                    await self._follow_recording()

    async def _step(self, work: Callable[[], Sequence[Effect]]) -> None:
        """One change of the room with its effects. What cannot be kept did not happen, and nobody is told."""
        closed = False
        for effect in work():
            if isinstance(effect, Keep):
                await self._keep(effect)
                closed = any(fact.kind == "closed" for fact in effect.facts)
                if closed:
                    await self._draft()
            elif isinstance(effect, Tell):
                self._tell(effect)
            else:
                self._media(effect)
        if closed:
            # In the loop's next turn, so that the one who closed still gets the ack before the farewell.
            asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        self.dismiss({"type": "bye", "reason": "closed"})
        for session in list(self._sessions):
            self.router.close(session)

    async def _keep(self, effect: Keep) -> None:
        try:
            async with self._database.begin() as connection:
                await store.keep(connection, self.room.meeting.id, effect.facts)
        except IntegrityError:
            # Something is on disk that is not in memory (a commit that failed only on the way back):
            # begin anew from the disk; everybody's browser reconnects by itself.
            self.stale = True
            self.room.forget(effect.facts)
            self.dismiss(None)
            raise
        except BaseException:
            self.room.forget(effect.facts)
            raise

    def dismiss(self, last_word: Message | None) -> None:
        """Close every connection, with a message before or without."""
        for connection in list(self.connections.values()):
            connection.end(last_word)

    async def _draft(self) -> None:
        """The draft minutes exist before anybody hears that the meeting is closed."""
        try:
            self.document = await self._records.draft_minutes(self.room.proceedings)
        except (RecordError, SQLAlchemyError, OSError):
            log.exception("draft minutes failed; they are drafted at the next start", meeting=self.room.meeting.id)

    # --- recording -----------------------------------------------------------------------------------------------

    async def _prepare_recording(self, command: Command) -> None:
        """The disk first, so that nobody is told of a recording that is none; and at the end, every file is a fact
        before the recording, or the meeting, is over."""
        if isinstance(command, StartRecording):
            await self._recorder.start()
        elif self._recorder.running:
            await self._recorder.finish()
            await self._keep_segments()

    async def _follow_recording(self) -> None:
        """Files are written while the room says so; a step that could not be kept may have left it otherwise."""
        if self.room.state.recording.running and not self._recorder.running:
            try:
                await self._recorder.start()
            except Refused:
                await self._step(lambda: self.room.apply(SYSTEM, BreakRecording(), utcnow()))
        elif self._recorder.running and not self.room.state.recording.running:
            await self._recorder.finish()
            await self._keep_segments()

    async def _keep_segments(self) -> None:
        segments = self._recorder.segments()
        if not segments:
            return
        try:
            await self._step(lambda: self.room.apply(SYSTEM, KeepSegments(segments), utcnow()))
        except Refused:
            log.error("segments came after the closing", files=[segment.file for segment in segments])
        except BaseException:
            self._recorder.put_back(segments)
            raise

    def _note_speaker(self) -> None:
        recorded = self.speaker is not None and self.room.state.records(self.speaker)
        self._recorder.speaker(self.speaker if recorded else None, utcnow())

    async def resume_recording(self) -> None:
        """After a stop or crash: what was under way is mended and kept, and a recording that ran goes on.

        After Resume: whoever was there by the last fact counts as there at its time, and these facts are of now.
        """
        if self.room.meeting_state != "open" or not self.room.state.recording.count:
            return
        known = [fact.data["file"] for fact in self.room.facts if fact.kind == "recording_segment"]
        async with self._lock:
            await self._recorder.recover(known)
            await self._keep_segments()
        for participant in self.room.state.recorded():
            self.router.record(participant, True)

    async def release(self) -> None:
        """The process stops, or the sitting is opened anew: no segment stays open."""
        async with self._lock:
            if self._recorder.running:
                await self._recorder.finish()
                if not self.stale:
                    await self._keep_segments()

    # --- telling -------------------------------------------------------------------------------------------------

    def _tell(self, effect: Tell) -> None:
        message = effect.message
        if message["type"] == "meeting":
            message = message | {"meeting": message["meeting"] | {"document": self.document}}
        if message["type"] == "floor":
            self.router.floor(message["floor"]["holder"])
        if effect.to is None:
            self.tell_all(message)
        else:
            self.tell(effect.to, message)

    def tell(self, participant: str, message: Message) -> None:
        """Send `message` to one participant, if connected."""
        connection = self.connections.get(participant)
        if connection is not None:
            connection.tell(message)

    def tell_all(self, message: Message) -> None:
        """Send `message` to everybody."""
        for connection in self.connections.values():
            connection.tell(message)

    def welcome(self, participant: str) -> Message:
        """The whole state, as `participant` may see it."""
        message = self.room.welcome(participant, utcnow())
        message["meeting"] = message["meeting"] | {"document": self.document}
        message["room"] = {"id": self.room.meeting.room, "title": self.title}
        others = [one for one in message["participants"] if one["id"] not in self.sources]
        message["participants"] = [*others, *(source.to_json() for source in self.sources.values())]
        message["speaker"] = self.speaker
        message["ice"] = self._relays.issue(participant, utcnow())
        message["transports"] = self.router.directions(participant)
        return message

    # --- connections ---------------------------------------------------------------------------------------------

    async def connect(self, person: Person, page: str = "") -> Connection:
        """Seat `person` here; an older connection of the same person is replaced. The same `page` again resumes: its
        media goes on, and what was lost with the line is offered again. Raises Refused."""
        async with self._lock:
            resumed = page != "" and self._pages.get(person.id) == page
            await self._step(lambda: self.room.apply(person.id, Join(person, resumed), utcnow()))
            older = self.connections.pop(person.id, None)
            if older is not None:
                older.end(None if resumed else {"type": "bye", "reason": "replaced"})
            if not resumed and person.id in self._pages:
                self.router.leave(person.id)  # the other device's microphone must not stay open
            self._pages[person.id] = page
            connection = Connection(person.id)
            connection.tell(self.welcome(person.id))
            self.connections[person.id] = connection
            self.router.repeat(person.id)
            return connection

    def resync(self, connection: Connection) -> None:
        """Begin anew with a reader who has missed something."""
        connection.resync(self.welcome(connection.participant))
        self.router.repeat(connection.participant)

    async def disconnect(self, connection: Connection) -> None:
        """The socket is gone. Whoever did not leave has lost the line and keeps the seat."""
        participant = connection.participant
        if self.connections.get(participant) is not connection:
            return  # replaced: the seat belongs to the newer connection
        del self.connections[participant]
        # A dropped line keeps its media: it may outlive the socket, and ICE consent ends it otherwise.
        with contextlib.suppress(Refused):
            await self.apply(participant, Drop())

    # --- media ---------------------------------------------------------------------------------------------------

    def _media(self, effect: Media) -> None:
        if effect.action == "leave":
            self.router.leave(effect.participant)
        elif effect.action in ("record", "unrecord"):
            self.router.record(effect.participant, effect.action == "record")
            self._recorder.cut(effect.participant)
            if effect.participant == self.speaker:
                self._note_speaker()
        elif effect.kind is not None:
            self.router.pause(effect.participant, effect.kind, bool(effect.paused))
            self._recorder.cut(effect.participant, effect.kind)

    def offer(self, participant: str, sdp: str) -> str:
        """The browser's up offer -> our answer; microphone and camera start as the room says. Raises MediaError."""
        return self._publish(participant, sdp).sdp

    def _publish(self, participant: str, sdp: str) -> Session:
        session = self.router.publish(participant, sdp)
        if self.room.state.present(participant):
            seat = self.room.state.people[participant]
            self.router.pause(participant, "audio", not seat.audio)
            self.router.pause(participant, "video", not seat.video)
            self.router.record(participant, self.room.state.records(participant))
        return session

    def whip(self, source: Source, sdp: str) -> tuple[str, str]:
        """Publish by WHIP: (session id, answer). Who has a seat in the meeting keeps its mutes; everybody else is
        shown as a source while they publish. Raises MediaError, Problem("closed")."""
        if self.room.meeting_state == "closed":
            raise Problem("closed")
        session = self._publish(source.id, sdp)
        self._sessions[session.id] = source.id
        if not self.room.state.present(source.id):
            self.sources[source.id] = source
            self.tell_all({"type": "participant", "participant": source.to_json()})
        return session.id, session.sdp

    def whep(self, viewer: str, feed: str | None, sdp: str) -> tuple[str, str]:
        """Watch by WHEP: (session id, answer). Raises MediaError, Problem("not_publishing")."""
        if feed is not None and feed not in self.router.publishers():
            raise Problem("not_publishing")
        session = self.router.watch(viewer, sdp, feed)
        self._sessions[session.id] = viewer
        return session.id, session.sdp

    def sessions_of(self, participant: str) -> int:
        """How many WHIP and WHEP sessions are one participant's."""
        return sum(owner == participant for owner in self._sessions.values())

    def end_session(self, session: str, participant: str, *, any_session: bool) -> None:
        """End a WHIP or WHEP session; others' only where `any_session`. Raises Problem."""
        owner = self._sessions.get(session)
        if owner is None or (owner != participant and not any_session):
            raise Problem("unknown_session")
        del self._sessions[session]
        self.router.close(session)

    def receive(self, event: news.Event) -> None:
        """News from the media plane."""
        match event:
            case news.Recorded():
                # What was under way when somebody refused, or switched off, is not kept either.
                seat = self.room.state.people.get(event.participant)
                on = seat is not None and (seat.audio if event.kind == "audio" else seat.video)
                if on and self.room.state.records(event.participant):
                    for participant in self._recorder.take(event):
                        self.router.want_key(participant)
            case news.OfferReady():
                self.tell(
                    event.participant,
                    {"type": "media.offer", "sdp": event.sdp, "tracks": [_track(t) for t in event.tracks]},
                )
            case news.Disconnected():
                self._sessions.pop(event.session, None)
                if event.reason != "replaced":
                    closed = {"type": "media.closed", "direction": event.direction, "reason": event.reason}
                    self.tell(event.participant, closed)
                self._source_gone(event)
            case news.LayersWanted():
                self.tell(event.participant, {"type": "media.wanted", "rids": list(event.rids)})
            case news.SpeakerChanged():
                self.speaker = event.participant
                self.tell_all({"type": "speaker", "participant": event.participant})
                self._note_speaker()
            case _:
                pass

    def _source_gone(self, event: news.Disconnected) -> None:
        if event.direction != "up" or event.reason == "replaced":
            return
        source = self.sources.pop(event.participant, None)
        if source is not None:
            seat = self.room.state.people.get(event.participant, Participant(source.person))
            self.tell_all({"type": "participant", "participant": seat.to_json()})

    @property
    def over(self) -> bool:
        """The meeting is closed and everybody was sent away."""
        return self.room.meeting_state == "closed" and not self.connections

    @property
    def idle(self) -> bool:
        """Nobody is here and nothing can happen by time alone."""
        return not self.connections and not self._sessions and self.room.next_tick() is None


def _track(track: Track) -> Message:
    return {"mid": track.mid, "participant": track.participant, "kind": track.kind}
