"""How everybody's line is, told to those who lead the meeting and to nobody else."""

import asyncio
from datetime import timedelta

from media import Grade, Quality, Session
from server.auth import utcnow
from server.connection import SILENT
from server.keys import SITTINGS
from server.meter import HELD_UP, Meter, Silence
from tests.media.stage import Caller
from tests.server.conftest import Server

GOOD, WEAK = Quality(Grade.GOOD, Grade.GOOD, False), Quality(Grade.GOOD, Grade.WEAK, True)


def test_one_bad_moment_is_no_bad_line_and_what_lasts_is_told_once() -> None:
    meter = Meter(utcnow())
    assert not meter.look({"dung": GOOD})
    assert meter.look({"dung": GOOD})
    assert not meter.look({"dung": WEAK})
    assert not meter.look({"dung": GOOD})
    assert not meter.look({"dung": WEAK})
    assert meter.look({"dung": WEAK})
    assert meter.lines == {"dung": {"up": "good", "down": "weak", "sound_only": True}}
    assert not meter.look({"dung": WEAK})
    assert meter.look({}), "who has gone has no line"


async def test_those_who_lead_hear_how_lines_are_and_delegates_do_not(server: Server) -> None:
    chair, delegate = await server.sit(server.person("hanh")), await server.sit(server.person("dung"))
    sitting = await server.app[SITTINGS].get("giao-ban")
    caller = Caller()
    await delegate.socket.send_json({"type": "media.offer", "sdp": caller.end.offer("sendonly")})
    answer = await delegate.hears("media.answer")
    await caller.connect(Session("", answer["sdp"]))
    while "dung" not in sitting.router.quality():
        await delegate.socket.send_json({"type": "ping"})
        await delegate.hears("pong")
    for look in (1, 2, 3):
        await sitting.tick(utcnow() + timedelta(seconds=10 * look))
    told = (await chair.hears("lines"))["lines"]
    assert told == {"dung": {"up": "good", "down": None, "sound_only": False}}
    assert (await server.sit(server.person("binh"))).welcome["lines"] == told
    assert (await server.sit(server.person("lan"))).welcome["lines"] == {}
    await delegate.socket.send_json({"type": "ping"})
    heard = [await delegate.socket.receive_json(timeout=10)]
    while heard[-1]["type"] != "pong":
        heard.append(await delegate.socket.receive_json(timeout=10))
    assert "lines" not in {message["type"] for message in heard}
    await caller.close()


def test_a_server_that_was_held_up_itself_calls_nobody_silent_before_it_has_listened() -> None:
    silence = Silence()
    assert not silence.look([], 100.0)
    assert not silence.look(["dung", "lan"], 100.1 + HELD_UP)
    assert silence.look(["lan"], 101.0 + HELD_UP)
    assert silence.names == ["lan"]


async def test_whose_pings_cease_is_shown_as_cut_off_to_everybody_though_the_socket_is_open(server: Server) -> None:
    chair, delegate = await server.sit(server.person("hanh")), await server.sit(server.person("dung"))
    sitting = await server.app[SITTINGS].get("giao-ban")
    await chair.socket.send_json({"type": "media.offer", "sdp": Caller().end.offer("sendonly")})
    await chair.hears("media.answer")
    await sitting.tick(utcnow())
    assert (await server.sit(server.person("lan"))).welcome["silent"] == [], "a client that does not ping is not judged"

    await chair.socket.send_json({"type": "ping"})
    await chair.hears("pong")
    connection = sitting.connections["hanh"]
    assert connection.pinged_at is not None
    connection.pinged_at -= SILENT
    await sitting.tick(utcnow())
    assert (await delegate.hears("silent"))["participants"] == ["hanh"]
    assert (await server.sit(server.person("binh"))).welcome["silent"] == ["hanh"]
    await chair.socket.send_json({"type": "ping"})
    await chair.hears("pong")
    await sitting.tick(utcnow())
    assert (await delegate.hears("silent"))["participants"] == []

    await delegate.socket.send_json({"type": "ping"})
    await delegate.hears("pong")
    sitting.connections["dung"].pinged_at = asyncio.get_running_loop().time() - SILENT - 1
    await sitting.tick(utcnow())
    assert (await server.sit(server.person("cuc"))).welcome["silent"] == [], "a page without media may be asleep"
