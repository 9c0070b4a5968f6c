"""When nothing can be written, nobody is told of a recording that is none."""

import hashlib
from pathlib import Path

import pytest

from media import Recorded
from rooms.topics.recording import RECORDING
from server.keys import CONFIG, RECORDINGS, SITTINGS
from tests.media import browser_offers, footage
from tests.server.conftest import Seat, Server


def written(server: Server) -> list[Path]:
    return [path for path in server.app[CONFIG].recordings.rglob("*") if path.is_file()]


async def opened(server: Server) -> Seat:
    chair = await server.sit(server.person("hanh"))
    await chair.say("meeting.open")
    await chair.say("media.state", audio=True, video=False)
    return chair


async def test_a_recording_that_cannot_be_written_does_not_begin(server: Server) -> None:
    chair = await opened(server)
    server.app[CONFIG].recordings.write_text("a file where the folder should be")
    assert (await chair.say("recording.start"))["code"] == "recording_unavailable"
    late = await server.sit(server.person("dung"))
    assert late.welcome["recording"] == {"running": False, "since": None, "by": None, "consents": []}


async def test_who_may_not_start_one_touches_no_disk(server: Server) -> None:
    await opened(server)
    delegate = await server.sit(server.person("dung"))
    assert (await delegate.say("recording.start"))["code"] == "not_allowed"
    assert not server.app[CONFIG].recordings.exists()


async def test_a_disk_that_fills_ends_the_recording_for_everybody(server: Server) -> None:
    chair = await opened(server)
    delegate = await server.sit(server.person("dung"))
    await chair.say("recording.start")
    sitting = await server.app[SITTINGS].get("giao-ban")
    folder = server.app[RECORDINGS].under_way(sitting.room.meeting.id)
    (folder / "000001-hanh-audio.webm.part").symlink_to("/dev/full")
    packets = tuple(footage.packets("opus", footage.tone(100)))
    sitting.receive(Recorded("giao-ban", "hanh", "audio", "opus", 48_000, 1, 1, packets, None))
    told = await delegate.until(lambda m: m["type"] == "recording" and not m["recording"]["running"])
    assert told["recording"]["by"] is None
    stopped = [fact for fact in sitting.room.facts if fact.kind == "recording_stopped"]
    assert [(fact.actor, fact.data["reason"]) for fact in stopped] == [("system", "failed")]


async def test_what_was_on_its_way_when_somebody_refused_is_not_kept(server: Server) -> None:
    chair = await opened(server)
    await chair.say("recording.start")
    sitting = await server.app[SITTINGS].get("giao-ban")
    await chair.say("recording.consent", agreed=False)
    packets = tuple(footage.packets("opus", footage.tone(100)))
    sitting.receive(Recorded("giao-ban", "hanh", "audio", "opus", 48_000, 1, 1, packets, None))
    await chair.say("recording.stop")
    assert written(server) == []


async def test_what_a_gateway_sends_under_a_persons_name_is_not_recorded_whatever_that_person_agreed_to(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    chair = await opened(server)
    await chair.say("recording.start")
    await chair.say("recording.consent", agreed=True)
    sitting = await server.app[SITTINGS].get("giao-ban")
    tapped: dict[str, bool] = {}
    tap = sitting.router.record
    monkeypatch.setattr(sitting.router, "record", lambda name, on: (tapped.update({name: on}), tap(name, on)))
    sound = tuple(footage.packets("opus", footage.tone(100)))
    heard = Recorded("giao-ban", "hanh", "audio", "opus", 48_000, 1, 1, sound, None)

    headers = server.bearer("gateway") | {"Content-Type": "application/sdp"}
    offer = browser_offers.CHROMIUM
    async with server.client.post("/whip/giao-ban/hanh", data=offer, headers=headers) as answer:
        assert answer.status == 201
        session = answer.headers["Location"]
    sitting.receive(heard)
    assert tapped == {"hanh": False}
    await chair.say("recording.stop")
    await chair.say("recording.start")
    assert tapped == {"hanh": False}
    async with server.client.delete(session, headers=headers) as gone:
        assert gone.status == 200

    await chair.say("media.offer", sdp=offer)
    assert tapped == {"hanh": True}
    await chair.say("recording.stop")
    assert written(server) == []


async def test_what_was_said_until_a_secret_is_reported_becomes_facts_and_the_recording_goes_on(server: Server) -> None:
    chair = await opened(server)
    await chair.say("recording.start")
    sitting = await server.app[SITTINGS].get("giao-ban")
    meeting = sitting.room.meeting.id
    packets = tuple(footage.packets("opus", footage.tone(100)))
    sitting.receive(Recorded("giao-ban", "hanh", "audio", "opus", 48_000, 1, 1, packets, None))
    await server.app[SITTINGS].cut_recording("another")
    assert not [fact for fact in sitting.room.facts if fact.kind == "recording_segment"]
    await server.app[SITTINGS].cut_recording(meeting)
    found = [fact.data for fact in sitting.room.facts if fact.kind == "recording_segment"]
    assert {one["media"] for one in found} >= {"audio"}
    assert RECORDING.of(sitting.room.state).running
    sitting.receive(Recorded("giao-ban", "hanh", "audio", "opus", 48_000, 1, 2, packets, None))
    await chair.say("recording.stop")
    sound = [fact.data for fact in sitting.room.facts if fact.kind == "recording_segment" and fact.data["person"]]
    assert len({one["file"] for one in sound}) == 2
    for one in sound:
        with server.app[RECORDINGS].open(meeting, one["file"], one["sha256"]) as file:
            assert hashlib.sha256(file.read()).hexdigest() == one["sha256"]
