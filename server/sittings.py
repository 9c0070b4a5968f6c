"""All rooms in session: opened when somebody comes, taken up again after a stop or crash, closed when all is over."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from media import Endpoint
from minutes.tasks import store as task_store
from minutes.tasks.reviewing import REVIEW_ITEM
from rooms import OVER, SYSTEM, CancelMeeting, ChangeSheet, Meeting, Person, Refused, Resume, Role, Room, Unit, store
from rooms.proceedings import AgendaItem
from server import directory
from server.auth import utcnow
from server.captions import Captioner
from server.database import Database
from server.directory import Account
from server.errors import Problem
from server.i18n import VIETNAM
from server.papers import Papers, news_for, said_of
from server.recording_files import RecordingFiles
from server.recordings import Recorder
from server.records import Records
from server.rights import MeetingAccess
from server.sitting import Sitting
from server.turn import Relays

log = structlog.get_logger("giaoban.sittings")

_OFFICE = frozenset({"leader", "secretary", "clerk"})
HEARTBEAT = timedelta(seconds=10)
HELD = frozenset({"open", "adjourned"})
"""States in which a meeting goes on after a stop."""
LOOK_BACK = timedelta(days=90)
"""How far back a start looks for closed meetings whose draft minutes are missing."""


class Sittings:
    """All rooms in session in this process. Owned: sittings and their tasks; the rest is given."""

    def __init__(
        self, database: Database, endpoint: Endpoint, records: Records, relays: Relays, papers: Papers,
        recordings: RecordingFiles, recogniser: Sequence[str],
    ) -> None:  # fmt: skip
        self._database = database
        self._endpoint = endpoint
        self._records = records
        self._relays = relays
        self._papers = papers
        self._recordings = recordings
        self._recogniser = recogniser
        self._open: dict[str, Sitting] = {}
        self._lock = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._alive_at = datetime.min.replace(tzinfo=UTC)

    async def start(self) -> None:
        """Take up what a stop or crash interrupted: draft missing minutes, resume open meetings."""
        async with self._database.read() as connection:
            closed = await store.meetings(
                connection, states=["closed"], starts_from=utcnow() - LOOK_BACK, newest_first=True, limit=1000
            )
            running = await store.meetings(connection, states=sorted(HELD))
        for entry in closed:
            await self._isolated(self._draft_if_missing(entry.meeting), entry.meeting.room)
        for entry in running:
            await self._isolated(self.get(entry.meeting.room), entry.meeting.room)
        self._tasks = [self._spawn(self._dispatch), self._spawn(self._tell_of_papers), self._spawn(self._clock)]

    async def _isolated(self, work: Coroutine[Any, Any, object], room_id: str) -> None:
        """What goes wrong with one room must not stop the others."""
        try:
            await work
        except Exception:
            log.exception("work on a room failed; the others go on", room=room_id)

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
        """Stop the background work; attendance and recordings go on from here at the next start."""
        for room_id, sitting in self._open.items():
            await self._isolated(sitting.release(), room_id)
        await self._beat(utcnow())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def get(self, room_id: str) -> Sitting:
        """The sitting of a room, opened if need be. Raises Problem("unknown_room")."""
        async with self._lock:
            sitting = self._open.get(room_id)
            if sitting is not None and (sitting.stale or sitting.over):
                await self._drop(room_id)
                sitting = None
            if sitting is None:
                sitting = await self._load(room_id)
                self._open[room_id] = sitting
            return sitting

    async def sign_out(self, person: str) -> None:
        """The session of somebody has ended: they are in no meeting any more."""
        for room_id, sitting in list(self._open.items()):
            await self._isolated(sitting.sign_out(person), room_id)

    def running(self, room_id: str) -> Sitting | None:
        """The sitting of a room if it is in session."""
        return self._open.get(room_id)

    async def in_session(self, room_id: str) -> Sitting | None:
        """As `running`. Raises Problem("unknown_room") for a room that does not exist."""
        sitting = self._open.get(room_id)
        if sitting is None:
            async with self._database.read() as connection:
                if await store.get_room(connection, room_id) is None:
                    raise Problem("unknown_room")
        return sitting

    def holding(self, meeting: Meeting) -> Sitting | None:
        """The sitting of a meeting that is in session."""
        sitting = self._open.get(meeting.room)
        return sitting if sitting is not None and sitting.room.meeting.id == meeting.id else None

    async def cut_recording(self, meeting_id: str) -> None:
        """Where the meeting is being recorded, what was recorded until now becomes facts. Harmless where not."""
        for sitting in self._open.values():
            if sitting.room.meeting.id == meeting_id:
                await sitting.cut_recording()

    async def meeting(self, room_id: str) -> Meeting | None:
        """The meeting that is or will be held in a room. Raises Problem("unknown_room")."""
        sitting = self._open.get(room_id)
        if sitting is not None and sitting.room.meeting_state not in OVER:
            return sitting.room.meeting
        async with self._database.read() as connection:
            room = await store.get_room(connection, room_id)
            if room is None:
                raise Problem("unknown_room")
            entry = await store.current_meeting(connection, room_id)
        if entry is not None:
            return entry.meeting
        return (await self.get(room_id)).room.meeting if room.permanent else None

    async def before_opening(self, meeting: Meeting, by: str, command: ChangeSheet | CancelMeeting) -> None:
        """Change the sheet of a meeting that is to come, or cancel it: in its room too, where people may wait already.
        Raises Refused."""
        async with self._lock:  # nobody opens the room meanwhile
            sitting = self.holding(meeting)
            if sitting is None:
                async with self._database.read() as connection:
                    begun = await store.facts(connection, meeting.id, ["convened"])
                if begun:
                    sitting = await self._load(meeting.room)
                    self._open[meeting.room] = sitting
            if sitting is None:
                async with self._database.begin() as connection:
                    if isinstance(command, ChangeSheet):
                        done = await store.change_sheet(connection, command.sheet)
                    else:
                        done = await store.cancel(connection, meeting.id, command.reason)
                if not done:
                    raise Refused("already_open")
                return
        if sitting.room.meeting.id != meeting.id:
            raise Refused("already_open")
        await sitting.apply(by, command)

    async def _load(self, room_id: str) -> Sitting:
        async with self._database.read() as connection:
            room_row = await store.get_room(connection, room_id)
            if room_row is None:
                raise Problem("unknown_room")
            entry = await store.current_meeting(connection, room_id)
            facts = await store.facts(connection, entry.meeting.id) if entry is not None else []
            beside = await store.remembered(connection, entry.meeting.id) if entry is not None else []
        if entry is None and not room_row.permanent:
            raise Problem("closed")
        meeting = entry.meeting if entry is not None else await self._ad_hoc(room_row)
        room = Room.replay(meeting, facts, beside)
        router = self._endpoint.router(room_id)
        recorder = Recorder(self._recordings, meeting.id)
        captioner = Captioner(self._recogniser)
        sitting = Sitting(
            room_row.title, room, router, self._database, self._records, self._relays, recorder, captioner
        )
        if facts:
            since = entry.alive_at if entry is not None else None
            await sitting.apply(SYSTEM, Resume(since or facts[-1].at))
            await sitting.resume()
        for actor, command in news_for(room, await self._papers.of_meeting(meeting.id)):
            await sitting.apply(actor, command)
        return sitting

    async def _ad_hoc(self, room: store.RoomEntry) -> Meeting:
        """The next meeting of a permanent room, chaired and recorded by whom its authority named (else the first who
        may); invited are the authority's people and the delegates of the units that the room is for."""
        now = utcnow()
        async with self._database.begin() as connection:
            accounts = await directory.accounts(connection)
            units = await directory.units(connection, now.astimezone(VIETNAM).date().isoformat())
            own = [account for account in accounts if account.unit.id == room.unit]
            leader = _named(own, room.chair, "leader")
            secretary = _named(own, room.secretary, "secretary")
            guests = (one for one in accounts if one.unit.id in room.invites and "delegate" in one.roles)
            people = [invited_as(account) for account in (*own, *guests) if account.id not in (leader.id, secretary.id)]
            given = await task_store.of_authority(connection, room.unit, only_open=True, concluded=True)
            review = (AgendaItem("item-1", REVIEW_ITEM, ""),) if given else ()
            meeting = Meeting(
                id=secrets.token_hex(8), room=room.id, title=room.title, place=leader.unit.short_name,
                authority=Unit(leader.unit.id, leader.unit.name), starts_at=now,
                chair=person_of(leader, Role.CHAIR), secretary=person_of(secretary, Role.SECRETARY),
                invited=tuple(people), agenda=review, units=tuple(Unit(u.id, u.short_name) for u in units),
            )  # fmt: skip
            await store.add_meeting(connection, meeting, ad_hoc=True, created_by=SYSTEM, created_at=now)
        return meeting

    async def _drop(self, room_id: str) -> None:
        sitting = self._open.pop(room_id)
        self._endpoint.drop_router(room_id)
        await self._isolated(sitting.release(), room_id)

    async def _dispatch(self) -> None:
        event = await self._endpoint.events.get()
        sitting = self._open.get(event.room)
        if sitting is not None:
            sitting.receive(event)

    async def _tell_of_papers(self) -> None:
        found = await self._papers.news.get()
        async with self._lock:  # whoever is loading a room has read the papers before or after this
            sitting = next((one for one in self._open.values() if one.room.meeting.id == found.meeting), None)
        if sitting is not None:
            with contextlib.suppress(Refused):  # the meeting is over
                await sitting.apply(*said_of(found))

    async def _beat(self, now: datetime) -> None:
        """Write down that the open meetings are in session: after a crash, attendance ends here."""
        self._alive_at = now
        held = [sitting.room.meeting.id for sitting in self._open.values() if sitting.room.meeting_state in HELD]
        if held:
            async with self._database.begin() as connection:
                await store.alive(connection, held, now)

    async def _clock(self) -> None:
        await asyncio.sleep(1)
        now = utcnow()
        if now - self._alive_at >= HEARTBEAT:
            await self._beat(now)
        for room_id, sitting in list(self._open.items()):
            if sitting.stale or (sitting.over and sitting.idle):
                async with self._lock:  # whoever comes meanwhile finds the recording's files closed
                    await self._drop(room_id)
            else:
                await self._isolated(sitting.tick(now), room_id)


def invited(meeting: Meeting) -> frozenset[str]:
    """Account ids of those who belong in the room: the sheet has them, and nobody has sent them out."""
    named = frozenset(person.id for person in (meeting.chair, meeting.secretary, *meeting.invited))
    return named - frozenset(meeting.barred)


def seats(meeting: Meeting) -> MeetingAccess:
    """The meeting as `may` sees it when somebody comes in."""
    return MeetingAccess(meeting.room, invited(meeting), frozenset(meeting.barred), meeting.id)


def access(meeting: Meeting, account: Account | None) -> MeetingAccess:
    """The meeting as `may` sees it when its sheet or papers are read: those invited, and the office that holds it."""
    members, barred = invited(meeting), frozenset(meeting.barred)
    if account is not None and account.unit.id == meeting.authority.id and account.roles & _OFFICE:
        members, barred = members | {account.id}, barred - {account.id}
    return MeetingAccess(meeting.room, members, barred, meeting.id)


def person_of(account: Account, role: Role) -> Person:
    """The values of an account that a meeting keeps."""
    return Person(account.id, account.name, account.title, Unit(account.unit.id, account.unit.short_name), role)


def invited_as(account: Account) -> Person:
    """As what an official usually comes to a meeting: who leads or stands for a unit with a vote, the clerk as such,
    the secretariat without one. Another role, or a vote, is for the meeting's sheet to give."""
    if account.roles & {"leader", "delegate"}:
        return person_of(account, Role.DELEGATE)
    if "clerk" in account.roles:
        return person_of(account, Role.CLERK)
    return replace(person_of(account, Role.DELEGATE), vote=False)


def _named(accounts: Sequence[Account], wanted: str, role: str) -> Account:
    """The account with the id `wanted`, if it is there and has the role, else the first that has it."""
    fitting = [account for account in accounts if role in account.roles]
    found = next((account for account in fitting if account.id == wanted), fitting[0] if fitting else None)
    if found is None:
        raise Problem("unknown_participant")
    return found
