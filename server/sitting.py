"""A meeting in session: Room + Router + sockets. Carries out the Room's effects in order: kept before told."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from media import Router
from media import events as news
from minutes.errors import RecordError
from rooms import (
    OVER,
    SYSTEM,
    AdjournMeeting,
    BreakRecording,
    CloseMeeting,
    Command,
    Effect,
    Keep,
    Leave,
    MeetingState,
    Person,
    Refused,
    Role,
    Room,
    StartRecording,
    StopRecording,
    Tell,
    store,
)
from rooms.topics import lobby
from rooms.topics.captions import CAPTIONS, BreakCaptions, StartCaptions, captioned
from rooms.topics.grouping import StartGroups
from rooms.topics.lobby import LOBBY, Knock, TurnAway
from rooms.topics.moderation import Hush, OpenMicrophone
from rooms.topics.presence import Drop, Join
from rooms.topics.recording import RECORDING
from rooms.topics.silence import FallSilent
from rooms.topics.voting import CloseVote, lost, unheard
from server import search_index
from server.auth import utcnow
from server.captions import Captioner
from server.connection import Connection, Letter, Message, bye
from server.database import Database
from server.door import Door
from server.errors import Problem
from server.meter import WATCHERS, Meter, Silence
from server.phones import Phones
from server.rate import Paces
from server.recordings import Recorder
from server.records import Records
from server.streams import Source
from server.studio import Studio
from server.turn import Relays

log = structlog.get_logger("giaoban.sitting")

COMMANDS_A_SECOND, COMMANDS_AT_ONCE = 10, 60
"""Of one person: more than any hand does; facts are kept for ever, so nobody may pour them in."""
FRAMES_A_SECOND, FRAMES_AT_ONCE = 20, 600
"""Of one person, answered or refused, pings of the protocol too: whoever sends more is not read any more."""

NAMED = 5
"""Names in a sentence."""


class Sitting:
    """One room with its running meeting. Owned: room, router, connections; the rest is given."""

    def __init__(
        self, title: str, room: Room, router: Router, database: Database, records: Records, relays: Relays,
        recorder: Recorder, captioner: Captioner,
    ) -> None:  # fmt: skip
        self.title = title
        self.room = room
        self.router = router
        self.studio = Studio(room.state, router, recorder, captioner)
        self.document: str | None = None
        self.stale = False  # what is in memory is behind the disk: to be opened anew
        self.connections: dict[str, Connection] = {}
        self.commands = Paces(COMMANDS_A_SECOND, COMMANDS_AT_ONCE)
        self.frames = Paces(FRAMES_A_SECOND, FRAMES_AT_ONCE)
        self._door = Door()
        self._phones = Phones()
        self._pages: dict[str, str] = {}  # participant -> page of the last connection
        self._database = database
        self._records = records
        self._relays = relays
        self._relays_renewed = utcnow()
        self._captioner = captioner
        self._captioning: asyncio.Task[None] | None = None
        self._meter = Meter(utcnow())
        self._silence = Silence()
        self._lock = asyncio.Lock()  # one command at a time; held while facts are being kept

    # --- the meeting ---------------------------------------------------------------------------------------------

    async def apply(self, actor: str, command: Command) -> None:
        """Carry out `command`. Raises Refused; then nothing has changed."""
        if isinstance(command, Hush | OpenMicrophone) and self._only_a_source(command.participant):
            self.room.check(actor, Hush(), utcnow())
            self._tell_each(self.studio.hush(command.participant or "", isinstance(command, Hush)))
            return
        async with self._lock:
            if isinstance(command, CloseVote) and not command.anyway:
                self._doubt(actor, command)
            if isinstance(command, StartCaptions):
                self.room.check(actor, command, utcnow())
                await self._captioner.start()
            if isinstance(command, StartRecording | StopRecording | AdjournMeeting | StartGroups | CloseMeeting):
                self.room.check(actor, command, utcnow())
                await self.studio.prepare(command)
                await self._keep_segments()
            try:
                await self._step(lambda: self.room.apply(actor, command, utcnow()))
            finally:
                await self._follow_recording()
                await self._follow_captions()
            await self._attend_the_door()
            await self._put_phones_away()

    def _doubt(self, actor: str, command: CloseVote) -> None:
        """Raises Refused while the ballot of somebody may be missing for want of a line: "unheard" if somebody of them
        may be back in a moment, else "cut_off"."""
        self.room.check(actor, command, utcnow())
        silent, gone = unheard(self.room.state), lost(self.room.state)
        if names := [one.name for one in (*silent, *gone)]:
            told = ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
            raise Refused("unheard" if silent else "cut_off", names=told)

    def _only_a_source(self, participant: str | None) -> bool:
        return participant in self.studio.streams.sources and not self.room.state.present(participant)

    async def tick(self, now: datetime) -> None:
        """Let time pass: people whose line stayed away leave, and who stays long gets new credentials for the relay."""
        if now - self._relays_renewed >= self._relays.renew_after:
            self._relays_renewed = now
            for participant in self.connections:
                self.tell(participant, {"type": "media.ice", "ice": self._relays.issue(participant, now)})
        if self._meter.due(now):
            self._tell_of_lines()
        await self._tell_of_silence(now)
        due = self.room.next_tick()
        if due is not None and due <= now:
            async with self._lock:
                await self._step(lambda: self.room.tick(now))
        async with self._lock:
            await self._keep_segments()
            if self.studio.broken:
                await self._step(lambda: self.room.apply(SYSTEM, BreakRecording(), utcnow()))
                await self._follow_recording()

    async def _step(self, work: Callable[[], Sequence[Effect]]) -> None:
        """One change of the room with its effects. What cannot be kept did not happen, and nobody is told."""
        closed = False
        sheet, stage = self.room.meeting, self.room.meeting_state
        roles = self._capacities()
        for effect in work():
            if isinstance(effect, Keep):
                await self._keep(effect)
                closed = any(fact.kind in OVER for fact in effect.facts)
                if any(fact.kind == "closed" for fact in effect.facts):
                    await self._draft()
            elif isinstance(effect, Tell):
                self._tell(effect)
            else:
                self._tell_each(self.studio.carry_out(self.room.state, effect))
        if self.room.meeting_state is not stage:
            self._door.tell_stage(self.room.state)
        if self.room.meeting is not sheet:
            self._explain_roles(roles)
        self._tell_each(self.studio.settle(self.room.state))
        if closed:
            # In the loop's next turn, so that the one who closed still gets the ack before the farewell.
            asyncio.get_running_loop().call_soon(self._end)

    def _role(self, participant: str) -> Role | None:
        seat = self.room.state.people.get(participant)
        return seat.role if seat else None

    def _capacities(self) -> dict[str, tuple[Role | None, bool]]:
        people = self.room.state.people
        return {id: (self._role(id), id in people and people[id].votes) for id in self.connections}

    def _explain_roles(self, before: Mapping[str, tuple[Role | None, bool]]) -> None:
        """Whose role or vote has changed may say, and may see, other things: they begin anew from a welcome."""
        now = self._capacities()
        for participant, capacity in before.items():
            if now.get(participant, capacity) != capacity and self.room.state.present(participant):
                self.tell(participant, self.welcome(participant))

    def _end(self) -> None:
        self.dismiss(bye(self.room.meeting_state.value))
        self.studio.streams.end_all()

    async def _keep(self, effect: Keep) -> None:
        try:
            async with self._database.begin() as connection:
                await store.keep(connection, self.room.meeting.id, effect.facts, effect.memories)
                await self._phones.follow(connection, self.room.state, effect.facts)
                if self.room.meeting_state is MeetingState.CLOSED:
                    await search_index.follow_meeting(connection, self.room.meeting.id)
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

    async def _put_phones_away(self) -> None:
        """The phones whose session has ended are in the meeting no more."""
        for id in self._phones.ended():
            await self._send_out(id, bye("unseated"))

    async def _send_out(self, id: str, last_word: Letter | None) -> None:
        connection = self.connections.pop(id, None)
        if connection is None:
            return
        connection.end(last_word)
        self._pages.pop(id, None)
        with contextlib.suppress(Refused):
            await self._step(partial(self.room.apply, id, Leave(), utcnow()))

    async def sign_out(self, id: str) -> None:
        """The session of somebody has ended: they are here no more, nor in the lobby. Whoever may sign in again
        comes back."""
        if self._door.knows(id):
            with contextlib.suppress(Refused):
                await self.apply(id, TurnAway())
        async with self._lock:
            await self._send_out(id, None)

    def dismiss(self, last_word: Letter | None) -> None:
        """Close every connection, with a message before or without."""
        for connection in self.connections.values():
            connection.end(last_word)
        self._door.dismiss(last_word)

    async def _draft(self) -> None:
        """The draft minutes exist before anybody hears that the meeting is closed."""
        try:
            self.document = await self._records.draft_minutes(self.room.proceedings)
        except (RecordError, SQLAlchemyError, OSError):
            log.exception("draft minutes failed; they are drafted at the next start", meeting=self.room.meeting.id)

    # --- recording -----------------------------------------------------------------------------------------------

    async def _follow_recording(self) -> None:
        for command in await self.studio.follow(self.room.state):
            await self._step(partial(self.room.apply, SYSTEM, command, utcnow()))
        await self._keep_segments()

    async def _keep_segments(self) -> None:
        """Files that are whole become facts."""
        whole = self.studio.segments()
        if whole is None:
            return
        try:
            await self._step(lambda: self.room.apply(SYSTEM, whole, utcnow()))
        except Refused:
            log.error("segments came after the closing", files=[segment.file for segment in whole.segments])
        except BaseException:
            self.studio.put_back(whole)
            raise
        self.studio.kept(whole)

    async def cut_recording(self) -> None:
        """What was recorded until now becomes facts, and the recording goes on in new files."""
        async with self._lock:
            for command in await self.studio.cut(self.room.state):
                await self._step(partial(self.room.apply, SYSTEM, command, utcnow()))
            await self._keep_segments()

    async def resume(self) -> None:
        """After a stop or crash: what was under way is mended and kept, and what was recorded and captioned goes on.

        After Resume: whoever was there by the last fact counts as there at its time, and these facts are of now.
        """
        async with self._lock:
            if self.room.meeting_state == "open" and RECORDING.of(self.room.state).count:
                await self.studio.recover(self.room.facts)
                await self._keep_segments()
            await self._follow_captions()
        self.studio.resume(self.room.state)

    async def release(self) -> None:
        """The process stops, or the sitting is opened anew: no segment stays open."""
        async with self._lock:
            await self.studio.release()
            if not self.stale:
                await self._keep_segments()
            self._captioning = None
            await self._captioner.finish()

    # --- captions ------------------------------------------------------------------------------------------------

    async def _follow_captions(self) -> None:
        """The recogniser runs while the room says so."""
        wanted = CAPTIONS.of(self.room.state).running
        if wanted and (self._captioning is None or self._captioning.done()):
            try:
                await self._captioner.start()
            except Refused:
                await self._step(lambda: self.room.apply(SYSTEM, BreakCaptions(), utcnow()))
                return
            self._captioning = asyncio.create_task(self._caption())
        elif not wanted and (self._captioning is not None or self._captioner.running):
            self._captioning = None
            await self._captioner.finish()

    async def _caption(self) -> None:
        """What the recogniser hears, to everybody; what was under way when somebody refused is told to nobody."""
        async for caption in self._captioner.captions():
            if captioned(self.room.state, caption.participant):
                message = {"type": "caption", "participant": caption.participant}
                self.tell_all(message | {"text": caption.text, "final": caption.final})
        if self._captioning is asyncio.current_task():  # it has ended by itself
            log.error("the recogniser has ended", meeting=self.room.meeting.id)
            await self.apply(SYSTEM, BreakCaptions())

    # --- telling -------------------------------------------------------------------------------------------------

    def _tell_each(self, effects: Iterable[Tell]) -> None:
        for effect in effects:
            self._tell(effect)

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
            connection.tell(Letter(message))

    def tell_all(self, message: Message) -> None:
        """Send `message` to everybody."""
        letter = Letter(message)
        for connection in self.connections.values():
            connection.tell(letter)

    def _tell_of_lines(self) -> None:
        """How everybody's line is, to those who lead."""
        watching = [participant for participant in self.connections if self._role(participant) in WATCHERS]
        if self._meter.look(self.router.quality() if watching else {}):
            for participant in watching:
                self.tell(participant, {"type": "lines", "lines": self._meter.lines})

    def _unheard(self, connection: Connection) -> timedelta:
        """How long nothing has come from a page that has fallen silent; nothing from one that has not. A page that
        sends and receives nothing may just be asleep."""
        awake = self.router.directions(connection.participant)
        return connection.silence(asyncio.get_running_loop().time()) if awake else timedelta()

    async def _tell_of_silence(self, now: datetime) -> None:
        """Whose pings have ceased is shown as cut off, long before the socket is given up."""
        silent = [id for id, one in self.connections.items() if self._unheard(one)]
        if self._silence.look(silent, asyncio.get_running_loop().time()):
            self.tell_all({"type": "silent", "participants": self._silence.names})
            async with self._lock:
                await self._step(lambda: self.room.apply(SYSTEM, FallSilent(frozenset(self._silence.names)), now))

    def welcome(self, participant: str) -> Message:
        """The whole state, as `participant` may see it."""
        message = self.room.welcome(participant, utcnow())
        message["meeting"] = message["meeting"] | {"document": self.document}
        message["room"] = {"id": self.room.meeting.room, "title": self.title}
        sources = self.studio.streams.sources
        others = [one for one in message["participants"] if one["id"] not in sources]
        message["participants"] = [*others, *(source.to_json() for source in sources.values())]
        message["speaker"] = self.studio.heard_by(self.room.state, participant)
        message["silent"] = self._silence.names
        message["lines"] = self._meter.lines if self._role(participant) in WATCHERS else {}
        message["ice"] = self._relays.issue(participant, utcnow())
        if not self._captioner.available:
            message["may"] = [type for type in message["may"] if type != "captions.start"]
        message["transports"] = self.router.directions(participant)
        return message

    # --- connections ---------------------------------------------------------------------------------------------

    async def connect(
        self, person: Person, page: str = "", *, vouched: bool = True, link: str = "", phone: bool = False
    ) -> Connection:
        """Seat `person` here, or in the lobby (`rooms.topics.lobby.waits`); an older connection of the same person is
        replaced. The same `page` again resumes: its media goes on, and what was lost with the line is offered again.
        `link` is the guest link by which they come; `phone`: they have checked in at a site by it. Raises Refused."""
        async with self._lock:
            if lobby.waits(self.room.state, person.id, vouched):
                return await self._wait(person, page, link)
            connection = Connection(person.id)
            await self._seat(connection, person, page, vouched)
            self._phones.connected(person.id, phone)
            self._door.came_otherwise(person.id)
            return connection

    async def _seat(self, connection: Connection, person: Person, page: str, vouched: bool = True) -> None:
        resumed = page != "" and self._pages.get(person.id) == page
        replaced = self.connections.get(person.id)
        if replaced is not None and (unheard := self._unheard(replaced)):
            await self._step(lambda: self.room.apply(person.id, Drop(utcnow() - unheard), utcnow()))
        await self._step(lambda: self.room.apply(person.id, Join(person, resumed, vouched), utcnow()))
        older = self.connections.pop(person.id, None)
        if older is not None:
            older.end(None if resumed else bye("replaced"))
        if not resumed and person.id in self._pages:
            self.router.leave(person.id)  # the other device's microphone must not stay open
        self.studio.place(self.room.state, person.id)
        self._pages[person.id] = page
        connection.tell(Letter(self.welcome(person.id)))
        self.connections[person.id] = connection
        self.router.repeat(person.id)

    async def turn_away(self, link: str) -> None:
        """A guest link was taken back: nobody lets in by oversight who waits by it."""
        for id in self._door.by_link(link):
            await self.apply(id, TurnAway())

    async def _wait(self, person: Person, page: str, link: str) -> Connection:
        self._door.check(person.id, link)
        await self._step(lambda: self.room.apply(person.id, Knock(person), utcnow()))
        return self._door.wait(self.room.state, person, page, link)

    async def _attend_the_door(self) -> None:
        """Who was let in takes the seat on the connection that waited; who was sent away or out hears why."""
        state = self.room.state
        if state.session.state in (MeetingState.CLOSED, MeetingState.CANCELLED):
            return  # `_end` sends everybody away
        for waiter in self._door.answered(state):
            try:
                await self._seat(waiter.connection, waiter.person, waiter.page, vouched=False)
            except (Refused, SQLAlchemyError, OSError):
                log.exception("a seat could not be taken; the page comes again", participant=waiter.person.id)
                waiter.connection.end()
        for id in set(state.session.sheet.barred) & self.connections.keys():
            self.connections.pop(id).end(bye("removed", LOBBY.of(state).words.get(id, "")))
            self._pages.pop(id, None)
        self.studio.streams.bar(state.session.sheet.barred)

    def seated(self, connection: Connection) -> bool:
        """Whether it is the connection of somebody in the meeting, and not one that waits or was replaced."""
        return self.connections.get(connection.participant) is connection

    def resync(self, connection: Connection) -> None:
        """Begin anew with a reader who has missed something: who waits hears of the lobby, and of nothing else."""
        if not self.seated(connection):
            connection.resync(self._door.word(self.room.state, connection))
            return
        connection.resync(Letter(self.welcome(connection.participant)))
        self.router.repeat(connection.participant)

    async def disconnect(self, connection: Connection, silent: timedelta = timedelta()) -> None:
        """The socket is gone, after it was `silent` for so long. Whoever did not leave has lost the line and keeps the
        seat."""
        participant = connection.participant
        if self._door.hung_up(connection):
            with contextlib.suppress(Refused):
                await self.apply(participant, TurnAway())
        if not self.seated(connection):
            return  # replaced: the seat belongs to the newer connection
        unheard = self._unheard(connection)  # a page that comes back closes what the network had cut long before
        del self.connections[participant]
        # A dropped line keeps its media: it may outlive the socket, and ICE consent ends it otherwise.
        with contextlib.suppress(Refused):
            await self.apply(participant, Drop(utcnow() - max(silent, unheard)))

    # --- media ---------------------------------------------------------------------------------------------------

    def offer(self, participant: str, sdp: str) -> str:
        """The browser's up offer -> our answer; microphone and camera start as the room says. Raises MediaError."""
        return self.studio.streams.publish(self.room.state, participant, sdp).sdp

    def whip(self, source: Source, sdp: str) -> tuple[str, str]:
        """Publish by WHIP: (session id, answer). Raises MediaError, Problem("closed")."""
        if self.room.meeting_state in OVER:
            raise Problem(self.room.meeting_state.value)
        session, answer, told = self.studio.whip(self.room.state, source, sdp)
        self._tell_each(told)
        return session, answer

    def receive(self, event: news.Event) -> None:
        """News from the media plane."""
        self._tell_each(self.studio.receive(self.room.state, event))

    @property
    def over(self) -> bool:
        """The meeting is closed and everybody was sent away."""
        return self.room.meeting_state in OVER and not self.connections

    @property
    def idle(self) -> bool:
        """Nobody is here and nothing can happen by time alone."""
        return not (self.connections or self._door or self.studio.streams) and self.room.next_tick() is None
