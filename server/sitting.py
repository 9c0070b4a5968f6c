"""A meeting in session: Room + Router + sockets. Carries out the Room's effects in order: kept before told."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from media import Endpoint, Router, Track
from media import events as news
from minutes.errors import RecordError
from rooms import SYSTEM, Command, Effect, Keep, Media, Meeting, Person, Refused, Role, Room, Tell, Unit, store
from rooms.messages import Drop, Join, Resume
from server import directory
from server.auth import utcnow
from server.connection import Connection, Message
from server.database import Database
from server.directory import Account
from server.errors import Problem
from server.records import Records

log = structlog.get_logger("giaoban.sitting")

LOOK_BACK = timedelta(days=90)
"""How far back a start looks for closed meetings whose draft minutes are missing."""


@dataclass(frozen=True, slots=True)
class Source:
    """One who publishes media without a seat in the meeting (WHIP: a gateway, a codec, a load test)."""

    id: str
    name: str
    role: str

    def to_json(self) -> Message:
        """The same shape as a participant of the meeting."""
        return {
            "id": self.id, "name": self.name, "title": "", "unit": {"id": "", "name": ""}, "role": self.role,
            "present": True, "connected": True, "audio": True, "video": True, "hand": False,
        }  # fmt: skip


class Sitting:
    """One room with its running meeting. Given: database, records. Owned: room, router, connections."""

    def __init__(
        self, title: str, room: Room, router: Router, database: Database, records: Records, document: str | None
    ) -> None:
        self.title = title
        self.room = room
        self.router = router
        self.document = document
        self.speaker: str | None = None
        self.stale = False  # what is in memory is behind the disk: to be opened anew
        self.connections: dict[str, Connection] = {}
        self.sources: dict[str, Source] = {}
        self._sessions: dict[str, str] = {}  # WHIP/WHEP session -> participant
        self._database = database
        self._records = records
        self._lock = asyncio.Lock()  # one command at a time; held while facts are being kept

    # --- the meeting ---------------------------------------------------------------------------------------------

    async def apply(self, actor: str, command: Command) -> None:
        """Carry out `command`. Raises Refused; then nothing has changed."""
        async with self._lock:
            await self._step(lambda: self.room.apply(actor, command, utcnow()))

    async def tick(self, now: datetime) -> None:
        """Let time pass: people whose line stayed away leave."""
        due = self.room.next_tick()
        if due is not None and due <= now:
            async with self._lock:
                await self._step(lambda: self.room.tick(now))

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
            self.dismiss({"type": "bye", "reason": "closed"})

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

    # --- telling -------------------------------------------------------------------------------------------------

    def _tell(self, effect: Tell) -> None:
        message = effect.message
        if message["type"] == "meeting":
            message = message | {"meeting": message["meeting"] | {"document": self.document}}
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
        message["participants"] = [*message["participants"], *(source.to_json() for source in self.sources.values())]
        message["speaker"] = self.speaker
        return message

    # --- connections ---------------------------------------------------------------------------------------------

    async def connect(self, person: Person) -> Connection:
        """Seat `person` here; an older connection of the same person is replaced. Raises Refused."""
        async with self._lock:
            await self._step(lambda: self.room.apply(person.id, Join(person), utcnow()))
            older = self.connections.pop(person.id, None)
            if older is not None:
                older.end({"type": "bye", "reason": "replaced"})
                self.router.leave(person.id)  # the other device's microphone must not stay open
            connection = Connection(person.id)
            connection.tell(self.welcome(person.id))
            self.connections[person.id] = connection
            return connection

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
        elif effect.kind is not None:
            self.router.pause(effect.participant, effect.kind, bool(effect.paused))

    def offer(self, participant: str, sdp: str) -> str:
        """The browser's up offer -> our answer; microphone and camera start as the room says. Raises MediaError."""
        answer = self.router.publish(participant, sdp).sdp
        seat = self.room.state.people.get(participant)
        if seat is not None:
            self.router.pause(participant, "audio", not seat.audio)
            self.router.pause(participant, "video", not seat.video)
        return answer

    def whip(self, source: Source, sdp: str) -> tuple[str, str]:
        """Publish by WHIP: (session id, answer). Raises MediaError."""
        session = self.router.publish(source.id, sdp)
        self._sessions[session.id] = source.id
        if source.id not in self.room.state.people:
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
            case news.SpeakerChanged():
                self.speaker = event.participant
                self.tell_all({"type": "speaker", "participant": event.participant})
            case _:
                pass

    def _source_gone(self, event: news.Disconnected) -> None:
        if event.direction != "up" or event.reason == "replaced":
            return
        source = self.sources.pop(event.participant, None)
        if source is not None:
            gone = source.to_json() | {"present": False, "connected": False}
            self.tell_all({"type": "participant", "participant": gone})

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


class Sittings:
    """All rooms in session in this process. Given: database, endpoint, records. Owned: sittings and their tasks."""

    def __init__(self, database: Database, endpoint: Endpoint, records: Records) -> None:
        self._database = database
        self._endpoint = endpoint
        self._records = records
        self._open: dict[str, Sitting] = {}
        self._lock = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Take up what a stop or crash interrupted: draft missing minutes, resume open meetings."""
        async with self._database.read() as connection:
            closed = await store.meetings(connection, states=["closed"], starts_from=utcnow() - LOOK_BACK)
            running = await store.meetings(connection, states=["open"])
        for entry in closed:
            await self._draft_if_missing(entry.meeting)
        for entry in running:
            await self.get(entry.meeting.room)
        self._tasks = [self._spawn(self._dispatch), self._spawn(self._clock)]

    async def _draft_if_missing(self, meeting: Meeting) -> None:
        if await self._records.document_of(meeting.id) is not None:
            return
        async with self._database.read() as connection:
            facts = await store.facts(connection, meeting.id)
        await self._records.draft_minutes(Room.replay(meeting, facts).proceedings)

    def _spawn(self, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        async def guarded() -> None:
            while True:
                try:
                    await work()
                except Exception:
                    log.exception("background work failed; continuing")
                    await asyncio.sleep(0.1)

        return asyncio.create_task(guarded())

    def hang_up(self) -> None:
        """Close every socket; running meetings go on at the next start."""
        for sitting in self._open.values():
            sitting.dismiss(None)

    async def close(self) -> None:
        """Stop the background work."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def get(self, room_id: str) -> Sitting:
        """The sitting of a room, opened if need be. Raises Problem("unknown_room")."""
        async with self._lock:
            sitting = self._open.get(room_id)
            if sitting is not None and (sitting.stale or sitting.over):
                self._drop(room_id)
                sitting = None
            if sitting is None:
                sitting = await self._load(room_id)
                self._open[room_id] = sitting
            return sitting

    def running(self, room_id: str) -> Sitting | None:
        """The sitting of a room if it is in session."""
        return self._open.get(room_id)

    async def meeting(self, room_id: str) -> Meeting | None:
        """The meeting that is or will be held in a room. Raises Problem("unknown_room")."""
        sitting = self._open.get(room_id)
        if sitting is not None and sitting.room.meeting_state != "closed":
            return sitting.room.meeting
        async with self._database.read() as connection:
            room = await store.get_room(connection, room_id)
            if room is None:
                raise Problem("unknown_room")
            entry = await store.current_meeting(connection, room_id)
        if entry is not None:
            return entry.meeting
        return (await self.get(room_id)).room.meeting if room.permanent else None

    async def _load(self, room_id: str) -> Sitting:
        async with self._database.read() as connection:
            room_row = await store.get_room(connection, room_id)
            if room_row is None:
                raise Problem("unknown_room")
            entry = await store.current_meeting(connection, room_id)
            facts = await store.facts(connection, entry.meeting.id) if entry is not None else []
        if entry is None and not room_row.permanent:
            raise Problem("closed")
        meeting = entry.meeting if entry is not None else await self._ad_hoc(room_row.id, room_row.title)
        room = Room.replay(meeting, facts)
        router = self._endpoint.router(room_id)
        sitting = Sitting(room_row.title, room, router, self._database, self._records, None)
        if facts:
            await sitting.apply(SYSTEM, Resume())
        return sitting

    async def _ad_hoc(self, room_id: str, title: str) -> Meeting:
        """The next meeting of a standing room: everybody of the authority is invited."""
        now = utcnow()
        async with self._database.begin() as connection:
            accounts = await directory.accounts(connection)
            units = await directory.units(connection, now.date().isoformat())
            leader = _first(accounts, "leader")
            secretary = _first(accounts, "secretary")
            people = [
                person_of(account, Role.DELEGATE) for account in accounts if account.id not in (leader.id, secretary.id)
            ]
            meeting = Meeting(
                id=secrets.token_hex(8), room=room_id, title=title, place=leader.unit.short_name,
                authority=Unit(leader.unit.id, leader.unit.name), starts_at=now,
                chair=person_of(leader, Role.CHAIR), secretary=person_of(secretary, Role.SECRETARY),
                invited=tuple(people), agenda=(), units=tuple(Unit(u.id, u.short_name) for u in units),
            )  # fmt: skip
            await store.add_meeting(connection, meeting, ad_hoc=True, created_by=SYSTEM, created_at=now)
        return meeting

    def _drop(self, room_id: str) -> None:
        del self._open[room_id]
        self._endpoint.drop_router(room_id)

    async def _dispatch(self) -> None:
        event = await self._endpoint.events.get()
        sitting = self._open.get(event.room)
        if sitting is not None:
            sitting.receive(event)

    async def _clock(self) -> None:
        await asyncio.sleep(1)
        now = utcnow()
        for room_id, sitting in list(self._open.items()):
            await sitting.tick(now)
            if sitting.over and sitting.idle:
                self._drop(room_id)


def person_of(account: Account, role: Role) -> Person:
    """The values of an account that a meeting keeps."""
    return Person(account.id, account.name, account.title, Unit(account.unit.id, account.unit.short_name), role)


def _first(accounts: Sequence[Account], role: str) -> Account:
    found = next((account for account in accounts if role in account.roles), None)
    if found is None:
        raise Problem("unknown_participant")
    return found
