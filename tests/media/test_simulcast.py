"""Publishers who send their picture in several sizes: who gets which, and what nobody watches is not sent."""

import struct

import pytest

from media import rtcp
from media.encoding import LINGER
from media.events import LayersWanted
from media.forwarder import NEW_STREAM, SOURCES
from tests.table import Route
from tests.wire import End, Wire

SIZES = {"q": (71, 100_000), "h": (72, 350_000), "f": (73, 1_200_000)}  # rid: SSRC, bits a second
KEY = bytes.fromhex("101000009d012a") + struct.pack("<HH", 1280, 720)  # of a VP8 picture 720 lines high


def packet(ssrc: int, rid: str, *, payload_type: int = 96, identifier: int = 10, body: bytes = b"\x10payload") -> bytes:
    elements = bytes((4 << 4,)) + b"1" + bytes((identifier << 4 | len(rid) - 1,)) + rid.encode()
    elements += bytes(-len(elements) % 4)
    head = struct.pack("!BBHII", 0x90, payload_type, 1, 2, ssrc)
    return head + struct.pack("!HH", 0xBEDE, len(elements) // 4) + elements + body


def send(wire: Wire, end: End, *rids: str) -> None:
    """These encodings begin."""
    for rid in rids:
        ssrc, bits = SIZES[rid]
        wire.table.flows[wire.transport(end), ssrc] = bits
        wire.notice(end, NEW_STREAM, packet(ssrc, rid), ssrc)


def publish(wire: Wire, name: str = "an") -> End:
    end = wire.publish(name, rids=("q", "h", "f"))
    send(wire, end, "q", "h", "f")
    return end


def picture(wire: Wire, end: End) -> Route:
    [route] = [route for route in wire.routes_to(end) if route.rewrite.payload_type == 96]
    return route


def wanted(wire: Wire) -> list[tuple[str, ...]]:
    return [event.rids for event in wire.events(LayersWanted)]  # type: ignore[union-attr]


def test_encodings_and_what_repairs_them_are_known_by_their_rids(wire: Wire) -> None:
    an = publish(wire)
    number = wire.transport(an)
    wire.notice(an, NEW_STREAM, packet(82, "h", payload_type=97, identifier=11), 82)
    assert set(wire.table.transports[number]) == {71, 72, 73}
    assert wire.table.repairs == {(number, 82): 72}


def test_what_repairs_an_encoding_may_come_before_it(wire: Wire) -> None:
    an = wire.publish("an", rids=("q", "h", "f"))
    wire.notice(an, NEW_STREAM, packet(82, "h", payload_type=97, identifier=11), 82)
    assert wire.table.repairs == {}
    send(wire, an, "h")
    assert wire.table.repairs == {(wire.transport(an), 82): 72}


def test_a_publisher_who_confuses_his_streams_harms_nobody(wire: Wire) -> None:
    end = wire.end()
    offer = end.offer("sendonly", ssrcs=(11, 22))
    confused = "a=ssrc-group:FID 22 22\r\na=ssrc-group:FID 11 22\r\na=ssrc:22 cname:c\r\n"
    end.begin(wire.router.publish("an", offer.replace("a=ssrc:22 cname:c\r\n", confused)).sdp)
    wire.connect(end)
    assert set(wire.table.transports[wire.transport(end)]) <= {11, 22}
    an = publish(wire, "binh")
    for ssrc in range(200, 300):
        wire.notice(an, NEW_STREAM, packet(ssrc, "h", payload_type=97, identifier=11), ssrc)
    assert len(wire.table.repairs) <= SOURCES
    assert wire.port.counters["rtp_unknown_stream"] > 0
    wire.notice(an, NEW_STREAM, packet(90, "h"), 90)  # another stream in its place: what repaired it is gone
    wire.notice(an, NEW_STREAM, packet(91, "h", payload_type=97, identifier=11), 91)
    assert wire.table.repairs[wire.transport(an), 91] == 90


def test_a_stream_without_a_rid_or_with_an_unknown_one_is_not_guessed_at(wire: Wire) -> None:
    an = wire.publish("an", rids=("q", "h", "f"))
    wire.notice(an, NEW_STREAM, packet(75, "x"), 75)
    wire.notice(an, NEW_STREAM, struct.pack("!BBHII", 0x80, 96, 1, 2, 76) + b"\x10payload", 76)
    assert wire.table.transports[wire.transport(an)] == {}
    assert wire.port.counters["rtp_unknown_stream"] == 2


def test_the_encodings_of_one_picture_share_a_clock(wire: Wire) -> None:
    an = publish(wire)
    number = wire.transport(an)
    for ssrc, timestamp in ((71, 1000), (73, 500_000)):
        wire.rtcp(an, rtcp.sender_report(rtcp.SenderReport(ssrc, 100 << 32, timestamp, 1, 1)))
    assert (wire.table.aligned[number, 71] + 1000) % 2**32 == (wire.table.aligned[number, 73] + 500_000) % 2**32


def test_a_receiver_gets_the_size_that_is_shown(wire: Wire) -> None:
    an = publish(wire)
    end = wire.subscribe("binh")
    number = wire.transport(an)
    for height, ssrc in ((720, 73), (360, 72), (180, 71), (200, 71), (500, 73)):
        wire.router.watch_sizes("binh", {"an": height})
        wire.pass_time(3)
        assert picture(wire, end).heading == (number, ssrc), height
        wire.key(an, ssrc)
        assert picture(wire, end).source == (number, ssrc)


def test_the_sizes_are_those_that_the_pictures_say(wire: Wire) -> None:
    an = wire.publish("an", rids=("q", "h", "f"))
    send(wire, an, "q", "h")
    wire.table.flows[wire.transport(an), 73] = 1_200_000
    small = KEY[:-2] + struct.pack("<H", 360)  # so that f is 360 lines high, and h 180
    wire.notice(an, NEW_STREAM, packet(73, "f", body=small), 73)
    end = wire.subscribe("binh")
    wire.router.watch_sizes("binh", {"an": 300})
    wire.pass_time(1)
    assert picture(wire, end).heading[1] == 73


def test_a_switch_waits_for_a_key_frame_and_asks_until_it_comes(wire: Wire) -> None:
    an = publish(wire)
    end = wire.subscribe("binh")
    wire.router.watch_sizes("binh", {"an": 180})
    wire.pass_time(1)
    wire.key(an, 71)
    before = wire.keys_asked(an).count(73)
    wire.router.watch_sizes("binh", {"an": 720})
    wire.pass_time(5)
    assert picture(wire, end).source[1] == 71
    assert picture(wire, end).heading[1] == 73
    asked = wire.keys_asked(an).count(73) - before
    assert 3 <= asked <= 10, "again when nothing comes, but not without measure"
    wire.key(an, 73)
    wire.pass_time(2)
    assert wire.keys_asked(an).count(73) - before == asked


def test_who_does_not_show_somebody_gets_no_picture_and_still_hears(wire: Wire) -> None:
    publish(wire)
    wire.publish("chi", ssrcs=(33, 44))
    end = wire.subscribe("binh")
    wire.router.watch_sizes("binh", {"chi": 360})
    wire.pass_time(0.1)
    assert picture_of(wire, end, 44).paused is False
    assert [route.paused for route in wire.routes_to(end) if route.heading[1] in SSRCS] == [True]
    assert not any(route.paused for route in wire.routes_to(end) if route.rewrite.payload_type == 111)


SSRCS = {ssrc for ssrc, _bits in SIZES.values()}


def picture_of(wire: Wire, end: End, ssrc: int) -> Route:
    [route] = [route for route in wire.routes_to(end) if route.heading[1] == ssrc]
    return route


def test_an_encoding_that_stops_is_left_for_one_that_comes(wire: Wire) -> None:
    an = publish(wire)
    end = wire.subscribe("binh")
    wire.pass_time(3)
    wire.key(an, 73)
    del wire.table.flows[wire.transport(an), 73]  # his line does not bear it any more
    wire.pass_time(1.5)
    assert picture(wire, end).heading[1] == 72
    wire.key(an, 72)
    wire.table.flows[wire.transport(an), 73] = 1_200_000
    wire.pass_time(0.5)
    assert picture(wire, end).heading[1] == 73


def test_a_publisher_is_told_which_encodings_anybody_gets(wire: Wire) -> None:
    an = publish(wire)
    wire.pass_time(LINGER + 1)
    assert wanted(wire) == [()], "nobody is there"
    end = wire.subscribe("binh")
    wire.router.watch_sizes("binh", {"an": 720})
    wire.pass_time(0.1)
    assert set(wanted(wire)[-1]) >= {"f"}
    wire.key(an, 73)
    wire.pass_time(LINGER + 1)
    assert wanted(wire)[-1] == ("f",)
    wire.router.watch_sizes("binh", {"an": 180})
    wire.pass_time(0.1)
    assert wanted(wire)[-1] == ("q", "f"), "the new one at once, the old one until it is left"
    assert picture(wire, end).heading[1] == 71
    wire.key(an, 71)
    wire.pass_time(LINGER + 1)
    assert wanted(wire)[-1] == ("q",)
    wire.router.leave("binh")
    wire.pass_time(LINGER + 1)
    assert wanted(wire)[-1] == ()


@pytest.mark.parametrize("whole", [False, True])
def test_a_size_that_does_not_come_is_asked_for_together_with_the_smaller_ones(wire: Wire, whole: bool) -> None:
    """Of a camera of 360 lines browsers send two of three sizes. Who is asked for the third alone sends nothing."""
    an = wire.publish("an", rids=("q", "h", "f"))
    send(wire, an, "q", "h")
    number, bits = wire.transport(an), {rid: bits for rid, (_, bits) in SIZES.items()}

    def obey(seconds: float) -> None:
        for _ in range(round(4 * seconds)):
            rids = wanted(wire)[-1] if wanted(wire) else ("q", "h")
            for rid in {"q", "h", "f"} if whole else {"q", "h"}:
                ssrc = SIZES[rid][0]
                wire.table.flows.pop((number, ssrc), None)
                if rid in rids and ssrc not in wire.table.transports[number]:
                    send(wire, an, rid)
                elif rid in rids:
                    wire.table.flows[number, ssrc] = bits[rid]
            wire.pass_time(0.25, checking=[an])

    obey(LINGER + 1)
    assert wanted(wire) == [()], "nobody is there"
    end = wire.subscribe("binh")
    wire.router.watch_sizes("binh", {"an": 720})
    obey(0.5)
    assert wanted(wire)[-1] == ("q", "h", "f"), "the smaller ones for the time being"
    obey(2)
    wire.key(an, picture(wire, end).heading[1])
    obey(3 * LINGER)
    assert not picture(wire, end).paused
    assert wanted(wire)[-1] == (("f",) if whole else ("h", "f"))
    assert picture(wire, end).source == (number, 73 if whole else 72)
    assert picture(wire, end).source in wire.table.flows


def test_a_size_that_never_comes_takes_no_room_from_other_pictures_but_is_taken_when_it_comes(wire: Wire) -> None:
    an = wire.publish("an", rids=("q", "h", "f"))
    send(wire, an, "q", "h")
    chi, end = publish(wire, "chi"), wire.subscribe("binh")
    wire.router.limit("binh", 2600, None)
    wire.router.floor("an")

    def shown(name: str) -> int:
        """The size that comes of this one, once there is a key frame of the one that shall."""
        [route] = [each for each in wire.routes_to(end) if each.source[0] == publishers[name] and each.source[1] > 70]
        wire.key(chi if name == "chi" else an, route.heading[1])
        return route.source[1]

    publishers = {"an": wire.transport(an), "chi": wire.transport(chi)}
    seen = []
    for _ in range(16):
        wire.pass_time(0.5, checking=[an, chi, end])
        seen.append((shown("an"), shown("chi")))
    assert set(seen[4:8]) == {(72, 72)}, "room is kept for the large picture of who has the floor"
    assert seen[-1] == (72, 73)
    assert {size for size, _ in seen[4:]} == {72}
    send(wire, an, "f")
    wire.pass_time(3, checking=[an, chi, end])
    assert (shown("an"), shown("chi")) == (73, 72)


def test_a_receiver_who_comes_and_goes_does_not_switch_encodings_on_and_off(wire: Wire) -> None:
    publish(wire)
    wire.pass_time(LINGER + 1)
    wire.subscribe("binh")
    wire.router.watch_sizes("binh", {"an": 180})
    wire.pass_time(1)
    for _ in range(5):
        wire.router.watch_sizes("binh", {})
        wire.pass_time(0.5)
        wire.router.watch_sizes("binh", {"an": 180})
        wire.pass_time(0.5)
    assert [rids for rids in wanted(wire) if rids == ()] == [()], "only at the beginning"


def test_a_thin_line_gets_the_small_picture_and_a_declared_one_is_never_exceeded(wire: Wire) -> None:
    an = publish(wire)
    end = wire.subscribe("binh")
    wire.pass_time(2)
    wire.key(an, 73)
    wire.router.limit("binh", 300, None)
    wire.pass_time(0.1)
    assert picture(wire, end).heading[1] == 71
    wire.key(an, 71)
    wire.router.limit("binh", 64, None)
    wire.pass_time(0.1)
    assert picture(wire, end).paused
    assert not any(route.paused for route in wire.routes_to(end) if route.rewrite.payload_type == 111)
    wire.router.limit("binh", None, None)
    wire.pass_time(20)
    assert picture(wire, end).heading[1] == 73
    assert not picture(wire, end).paused


def test_who_has_the_floor_is_seen_first(wire: Wire) -> None:
    publish(wire)
    chi = wire.publish("chi", ssrcs=(33, 44))
    wire.table.flows[wire.transport(chi), 44] = 300_000
    end = wire.subscribe("binh")
    wire.router.limit("binh", 530, None)
    wire.router.floor("chi")
    wire.pass_time(5)
    assert not picture_of(wire, end, 44).paused
    assert picture_of(wire, end, 71).paused, "there is no room for both"
    wire.router.floor("an")
    wire.pass_time(5)
    assert picture_of(wire, end, 44).paused
    assert not picture_of(wire, end, 71).paused


def test_a_publisher_whose_line_was_lost_is_told_again_what_is_wanted(wire: Wire) -> None:
    an = publish(wire)
    end = wire.subscribe("binh")
    wire.router.watch_sizes("binh", {"an": 180})
    wire.pass_time(1)
    wire.key(an, 71)
    wire.pass_time(LINGER + 3, checking=[an, end])
    assert wanted(wire)[-1] == ("q",)
    before = len(wanted(wire))
    wire.pass_time(3, checking=[an, end])
    assert len(wanted(wire)) == before, "nothing new"
    wire.router.repeat("an")
    wire.pass_time(1, checking=[an, end])
    assert wanted(wire)[before:] == [("q",)]
