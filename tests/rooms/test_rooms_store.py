"""Rooms, meetings and facts in a database file."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

from rooms import CastBallot, CloseMeeting, OpenMeeting, OpenVote, Room, first_altered, store

CREATED = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@pytest.fixture
async def engine(tmp_path):
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'rooms.db'}")
    event.listen(engine.sync_engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys = ON"))
    async with engine.begin() as conn:
        await conn.run_sync(store.metadata.create_all)
        await store.add_room(conn, store.RoomEntry("giao-ban", "Phòng giao ban", True))
    yield engine
    await engine.dispose()


async def add(engine, meeting, **more):
    async with engine.begin() as conn:
        await store.add_meeting(conn, meeting, created_by="binh", created_at=CREATED, **more)


async def test_a_room_is_found_again_and_its_name_is_taken(engine):
    async with engine.begin() as conn:
        assert await store.get_room(conn, "giao-ban") == store.RoomEntry("giao-ban", "Phòng giao ban", True)
        assert await store.get_room(conn, "nowhere") is None
    with pytest.raises(IntegrityError):
        async with engine.begin() as conn:
            await store.add_room(conn, store.RoomEntry("giao-ban", "Khác", False))


async def test_a_meeting_comes_back_as_it_was_written(engine, hall):
    await add(engine, hall.sheet, ad_hoc=True)
    async with engine.begin() as conn:
        entry = await store.get_meeting(conn, "m1")
        assert await store.get_meeting(conn, "m2") is None
    assert entry == store.MeetingEntry(hall.sheet, "scheduled", None, None, True, "binh", CREATED, None)


async def test_a_meeting_needs_its_room(engine, hall):
    with pytest.raises(IntegrityError):
        await add(engine, replace(hall.sheet, room="nowhere"))


async def test_facts_come_back_whole_and_the_room_goes_on_from_them(engine, hall):
    await add(engine, hall.sheet)
    hall.join(hall.hanh, hall.lan)
    hall.do(hall.hanh, OpenMeeting())
    hall.wait(microseconds=1)
    hall.do(hall.hanh, OpenVote("Thông qua?"))
    hall.do(hall.lan, CastBallot("v1", "for"))
    async with engine.begin() as conn:
        await store.keep(conn, "m1", hall.kept)
        await store.keep(conn, "m1", [])
    async with engine.begin() as conn:
        kept = await store.facts(conn, "m1")
        assert await store.facts(conn, "m2") == []
    assert kept == hall.kept
    assert Room.replay(hall.sheet, kept).state == hall.room.state


async def test_the_meetings_row_follows_its_opening_and_closing(engine, hall):
    await add(engine, hall.sheet)
    hall.join(hall.hanh)
    for command, state in [(OpenMeeting(), "open"), (CloseMeeting(), "closed")]:
        hall.wait(minutes=5)
        known = len(hall.kept) if state == "closed" else 0
        hall.do(hall.hanh, command)
        async with engine.begin() as conn:
            await store.keep(conn, "m1", hall.kept[known:])
        async with engine.begin() as conn:
            entry = await store.get_meeting(conn, "m1")
        assert entry.state == state
    assert entry.opened_at == hall.start + timedelta(minutes=5)
    assert entry.closed_at == hall.start + timedelta(minutes=10)


async def test_two_holders_of_one_meeting_cannot_both_write_and_half_a_step_is_not_kept(engine, hall):
    await add(engine, hall.sheet)
    hall.join(hall.hanh)
    first = list(hall.kept)
    hall.join(hall.lan)
    async with engine.begin() as conn:
        await store.keep(conn, "m1", first)
    with pytest.raises(IntegrityError):
        async with engine.begin() as conn:
            await store.keep(conn, "m1", [hall.kept[2], first[-1]])
    async with engine.begin() as conn:
        assert await store.facts(conn, "m1") == first


async def test_who_edits_the_file_is_found_out(engine, hall):
    await add(engine, hall.sheet)
    hall.join(hall.hanh, hall.lan)
    async with engine.begin() as conn:
        await store.keep(conn, "m1", hall.kept)
        await conn.execute(text("UPDATE fact SET actor = 'minh' WHERE seq = 3"))
    async with engine.begin() as conn:
        assert first_altered(await store.facts(conn, "m1")) == 3


async def test_the_current_meeting_is_the_open_one_else_the_earliest_to_come(engine, hall):
    week = timedelta(days=7)
    last = replace(hall.sheet, id="last", starts_at=hall.start - week)
    following = replace(hall.sheet, id="following", starts_at=hall.start + week)
    for meeting in (following, hall.sheet, last):
        await add(engine, meeting)
    async with engine.begin() as conn:
        assert (await store.current_meeting(conn, "giao-ban")).meeting.id == "last"
        assert await store.current_meeting(conn, "nowhere") is None
    hall.join(hall.hanh)
    hall.do(hall.hanh, OpenMeeting())
    async with engine.begin() as conn:
        await store.keep(conn, "following", hall.kept)
        assert (await store.current_meeting(conn, "giao-ban")).meeting.id == "following"


async def test_meetings_are_listed_by_time_and_filtered(engine, hall):
    hanoi = timezone(timedelta(hours=7))
    for day, id in [(25, "c"), (23, "a"), (24, "b")]:
        await add(engine, replace(hall.sheet, id=id, starts_at=datetime(2026, 11, day, 8, 0, tzinfo=hanoi)))
    hall.join(hall.hanh)
    hall.do(hall.hanh, OpenMeeting())
    async with engine.begin() as conn:
        await store.keep(conn, "b", hall.kept)

        async def ids(**filters):
            return [entry.meeting.id for entry in await store.meetings(conn, **filters)]

        assert await ids() == ["a", "b", "c"]
        assert await ids(states=["scheduled"]) == ["a", "c"]
        assert await ids(room_id="nowhere") == []
        assert await ids(starts_from=datetime(2026, 11, 24, 1, 0, tzinfo=UTC)) == ["b", "c"]
        assert await ids(limit=1) == ["a"]
        assert await ids(newest_first=True) == ["c", "b", "a"]
        assert await ids(newest_first=True, limit=2) == ["c", "b"], "the oldest are left out"
        assert await ids(newest_first=True, states=["scheduled"]) == ["c", "a"]


async def test_the_heartbeat_is_kept_for_the_meetings_held(engine, hall):
    for id in ("a", "b", "c"):
        await add(engine, replace(hall.sheet, id=id))
    later = hall.start + timedelta(seconds=10)
    statements = []
    event.listen(
        engine.sync_engine,
        "before_cursor_execute",
        lambda conn, cursor, text, *rest: statements.append(text.split()[0]),
    )
    async with engine.begin() as conn:
        await store.alive(conn, ["a", "b"], hall.start)
        await store.alive(conn, {"b"}, later)
        await store.alive(conn, [], later)
    assert statements.count("UPDATE") == 2, "one for all the meetings"
    async with engine.begin() as conn:
        found = {entry.meeting.id: entry.alive_at for entry in await store.meetings(conn)}
    assert found == {"a": hall.start, "b": later, "c": None}


async def test_a_time_without_a_zone_is_not_stored(engine, hall):
    with pytest.raises(ValueError, match="zone"):
        await add(engine, replace(hall.sheet, starts_at=datetime(2026, 11, 23, 8, 0)))
