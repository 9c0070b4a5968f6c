"""A recorded meeting with another WebRTC implementation as its people: who agrees is in the files, who does not is not,
and the files play in programs that we did not write."""

import asyncio
import hashlib
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest_asyncio
from aiohttp.test_utils import TestServer

from rooms import store
from rooms.proceedings import Fact, first_altered
from rooms.topics.recording import RECORDING
from server.app import build_app
from server.export_recording import Plan, run
from server.keys import CONFIG, DATABASE, RECORDINGS, SITTINGS
from tests.interop.test_whip import LIMIT, Caller
from tests.server.conftest import Seat, Server

MEETING_ROOM = "giao-ban"
BRIGHT = {"hanh": 90, "dung": 200, "lan": 40}


class Hall(Caller):
    """People with a seat and a line each. Owned: their peers."""

    async def come(self, account: str, *, agrees: bool | None = None) -> Seat:
        """Sit down, answer if asked to, and send picture and sound."""
        seat = await self.server.sit(self.server.person(account))
        if agrees is not None:
            assert (await seat.say("recording.consent", agreed=agrees))["type"] == "ack"
        await seat.say("media.state", audio=True, video=True)
        await self.send("/whip/giao-ban", self.server.person(account), brightness=BRIGHT[account])
        return seat

    async def meeting_id(self) -> str:
        return (await self.server.app[SITTINGS].get(MEETING_ROOM)).room.meeting.id

    async def facts(self, meeting: str) -> list[Fact]:
        async with self.server.app[DATABASE].read() as connection:
            return await store.facts(connection, meeting)

    async def segments(self, meeting: str) -> list[dict[str, Any]]:
        return [fact.data for fact in await self.facts(meeting) if fact.kind == "recording_segment"]

    def folder(self, meeting: str) -> Path:
        return self.server.app[CONFIG].recordings / meeting

    async def until_written(self, meeting: str, *people: str, media: str = "audio", octets: int = 4000) -> None:
        """Until there is so much of these people's sound in files: another thread's work."""
        async with asyncio.timeout(LIMIT):
            while not all(
                sum(path.stat().st_size for path in self.folder(meeting).rglob(f"*-{who}-{media}*")) > octets
                for who in people
            ):
                await asyncio.sleep(0.05)

    async def plain(self, meeting: str, one: dict[str, Any], to: Path) -> Path:
        """A file as it was recorded."""
        with self.server.app[RECORDINGS].open(meeting, one["file"], one["sha256"]) as file:
            path = to / one["file"]
            path.write_bytes(file.read())
        return path

    async def until_encrypted(self, meeting: str) -> None:
        """Until nothing plain is left: another thread's work."""
        async with asyncio.timeout(LIMIT):
            while list(self.server.app[RECORDINGS].under_way(meeting).iterdir()):
                await asyncio.sleep(0.05)


@pytest_asyncio.fixture
async def hall(server: Server) -> AsyncIterator[Hall]:
    made = Hall(server)
    yield made
    for peer in made.peers:
        await peer.connection.close()


def probe(path: Path) -> dict[str, Any]:
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,codec_type:format=duration", "-of", "json",
         path], check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert told.stderr == ""
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def brightness(path: Path) -> float:
    """Of the last picture."""
    with av.open(str(path)) as container:
        *_, last = container.decode(video=0)
    return float(np.mean(last.to_ndarray(format="gray")))


async def test_who_agrees_is_recorded_and_who_does_not_is_not(hall: Hall, tmp_path: Path) -> None:
    chair = await hall.come("hanh")
    await chair.say("meeting.open")
    meeting = await hall.meeting_id()
    assert (await chair.say("recording.start"))["type"] == "ack"
    dung = await hall.come("dung", agrees=True)
    assert dung.welcome["recording"]["running"] is True
    await hall.come("lan", agrees=False)
    await hall.until_publishing("hanh", "dung", "lan")
    await hall.until_written(meeting, "hanh", "dung")
    assert (await chair.say("recording.stop"))["type"] == "ack"
    assert (await dung.until(lambda m: m["type"] == "recording" and not m["recording"]["running"]))["recording"][
        "by"
    ] is None

    segments = await hall.segments(meeting)
    assert {(one["person"], one["media"]) for one in segments if one["person"]} == {
        ("hanh", "audio"), ("hanh", "video"), ("dung", "audio"), ("dung", "video"),
    }  # fmt: skip
    await hall.until_encrypted(meeting)
    assert not list(hall.folder(meeting).rglob("*lan*"))
    for one in segments:
        path = await hall.plain(meeting, one, tmp_path)
        assert path.read_bytes()[:64] not in (hall.folder(meeting) / one["file"]).read_bytes()
        assert hashlib.sha256(path.read_bytes()).hexdigest() == one["sha256"]
        if one["media"] == "video":
            assert abs(brightness(path) - BRIGHT[one["person"]]) < 15
        if one["person"]:
            (stream,) = probe(path)["streams"]
            assert stream["codec_type"] == one["media"]

    assert (await chair.say("meeting.close"))["type"] == "ack"
    facts = await hall.facts(meeting)
    assert first_altered(facts) is None
    kinds = [fact.kind for fact in facts]
    assert kinds.index("recording_stopped") > max(at for at, kind in enumerate(kinds) if kind == "recording_segment")

    files = hall.server.app[RECORDINGS]
    list(await asyncio.to_thread(lambda: [*run(Plan.of(meeting, segments), files)]))
    about = files.film(meeting)
    assert about is not None
    with files.open_film(meeting, about) as made:
        (tmp_path / "film.webm").write_bytes(made.read())
    film = probe(tmp_path / "film.webm")
    assert [stream["codec_name"] for stream in film["streams"]] == ["vp8", "opus"]
    longest = max(float(probe(tmp_path / one["file"])["format"]["duration"]) for one in segments if one["person"])
    assert longest - 0.2 <= float(film["format"]["duration"]) <= longest + LIMIT


async def test_taking_consent_back_ends_it_at_once_and_closing_keeps_every_file(hall: Hall) -> None:
    chair = await hall.come("hanh")
    await chair.say("meeting.open")
    meeting = await hall.meeting_id()
    await chair.say("recording.start")
    dung = await hall.come("dung", agrees=True)
    await hall.until_written(meeting, "hanh", "dung")
    await dung.say("recording.consent", agreed=False)
    files = {path.name for path in hall.folder(meeting).rglob("*dung*")}
    await hall.until_written(meeting, "hanh", octets=12_000)
    later = {path.name for path in hall.folder(meeting).rglob("*dung*")}
    assert {name.removesuffix(".part") for name in later} == {name.removesuffix(".part") for name in files}
    # Nothing is stopped first: the closing itself ends the recording.
    assert (await chair.say("meeting.close"))["type"] == "ack"
    segments = await hall.segments(meeting)
    assert {one["person"] for one in segments} >= {"hanh", "dung"}
    await hall.until_encrypted(meeting)
    there = {path.name for path in hall.folder(meeting).iterdir() if path.is_file()}
    assert there == {one["file"] for one in segments}


async def test_a_muted_microphone_is_not_recorded(hall: Hall) -> None:
    chair = await hall.come("hanh")
    await chair.say("meeting.open")
    meeting = await hall.meeting_id()
    await chair.say("media.state", audio=False, video=True)
    await chair.say("recording.start")
    await hall.until_written(meeting, "hanh", media="video", octets=1000)
    await chair.say("recording.stop")
    assert {one["media"] for one in await hall.segments(meeting) if one["person"]} == {"video"}


async def test_after_a_crash_what_was_recorded_is_kept_and_the_recording_goes_on(hall: Hall, tmp_path: Path) -> None:
    chair = await hall.come("hanh")
    await chair.say("meeting.open")
    meeting = await hall.meeting_id()
    await chair.say("recording.start")
    for media in ("audio", "video"):
        await hall.until_written(meeting, "hanh", media=media)
    # A second server on the same data, as after a crash of the first: nobody closed the files.
    left = {path.name for path in hall.server.app[RECORDINGS].under_way(meeting).iterdir()}
    assert all(name.endswith(".part") for name in left)
    again = build_app(hall.server.app[CONFIG].model_copy(update={"data": await copied(hall)}))
    async with TestServer(again):
        sitting = again[SITTINGS].running(MEETING_ROOM)
        assert sitting is not None
        assert RECORDING.of(sitting.room.state).running
        kept = [fact.data for fact in sitting.room.facts if fact.kind == "recording_segment"]
        assert {one["file"] for one in kept if one["person"]} == {
            name.removesuffix(".part") for name in left if "hanh" in name
        }
        assert all(one["recovered"] for one in kept)
        for one in kept:
            if one["person"]:
                with again[RECORDINGS].open(meeting, one["file"], one["sha256"]) as file:
                    (tmp_path / one["file"]).write_bytes(file.read())
                assert float(probe(tmp_path / one["file"])["format"]["duration"]) > 0


async def copied(hall: Hall) -> Path:
    """The data folder as a crash leaves it: rows committed, files as far as they were written."""
    target = hall.server.data.with_name("after-the-crash")
    async with hall.server.app[DATABASE].begin():
        await asyncio.to_thread(subprocess.run, ["cp", "-r", hall.server.data, target], check=True)
    return target
