"""All rooms in session: opened when somebody comes, taken up again after a stop or crash, closed when all is over."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from media import Endpoint
from rooms import SYSTEM, Meeting, Person, Resume, Role, Room, Unit, store
from server import directory
from server.auth import utcnow
from server.database import Database
from server.directory import Account
from server.errors import Problem
from server.i18n import VIETNAM
from server.recordings import Recorder
from server.records import Records
from server.sitting import Sitting
from server.turn import Relays

log = structlog.get_logger("giaoban.sittings")

HEARTBEAT = timedelta(seconds=10)
LOOK_BACK = timedelta(days=90)
"""How far back a start looks for closed meetings whose draft minutes are missing."""


class Sittings:
    """All rooms in session in this process. Owned: sittings and their tasks; the rest is given."""

    def __init__(
        self, database: Database, endpoint: Endpoint, records: Records, relays: Relays, recordings: Path
    ) -> None:
        self._database = database
        self._endpoint = endpoint
        self._records = records
        self._relays = relays
        self._recordings = recordings
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
            running = await store.meetings(connection, states=["open"])
        for entry in closed:
            await self._isolated(self._draft_if_missing(entry.meeting), entry.meeting.room)
        for entry in running:
            await self._isolated(self.get(entry.meeting.room), entry.meeting.room)
        self._tasks = [self._spawn(self._dispatch), self._spawn(self._clock)]

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
        recorder = Recorder(self._recordings / meeting.id)
        sitting = Sitting(room_row.title, room, router, self._database, self._records, self._relays, recorder)
        if facts:
            since = entry.alive_at if entry is not None else None
            await sitting.apply(SYSTEM, Resume(since or facts[-1].at))
            await sitting.resume_recording()
        return sitting

    async def _ad_hoc(self, room_id: str, title: str) -> Meeting:
        """The next meeting of a standing room: everybody of the authority is invited."""
        now = utcnow()
        async with self._database.begin() as connection:
            accounts = await directory.accounts(connection)
            units = await directory.units(connection, now.astimezone(VIETNAM).date().isoformat())
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

    async def _drop(self, room_id: str) -> None:
        sitting = self._open.pop(room_id)
        self._endpoint.drop_router(room_id)
        await self._isolated(sitting.release(), room_id)

    async def _dispatch(self) -> None:
        event = await self._endpoint.events.get()
        sitting = self._open.get(event.room)
        if sitting is not None:
            sitting.receive(event)

    async def _beat(self, now: datetime) -> None:
        """Write down that the open meetings are in session: after a crash, attendance ends here."""
        self._alive_at = now
        held = [sitting.room.meeting.id for sitting in self._open.values() if sitting.room.meeting_state == "open"]
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
    """Account ids of those who belong in the room."""
    return frozenset(person.id for person in (meeting.chair, meeting.secretary, *meeting.invited))


def person_of(account: Account, role: Role) -> Person:
    """The values of an account that a meeting keeps."""
    return Person(account.id, account.name, account.title, Unit(account.unit.id, account.unit.short_name), role)


def _first(accounts: Sequence[Account], role: str) -> Account:
    found = next((account for account in accounts if role in account.roles), None)
    if found is None:
        raise Problem("unknown_participant")
    return found
