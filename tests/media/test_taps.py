"""Whose packets are handed over to be recorded: of nobody else is a single one tapped."""

import pytest

from media import rtcp
from media.encoding import LINGER
from media.events import LayersWanted, Recorded
from media.forwarder import Tapped
from media.taps import PROVEN
from tests.media.test_simulcast import SIZES, publish, send
from tests.wire import End, Wire


@pytest.fixture
def wire() -> Wire:
    return Wire()


def tapped(wire: Wire, end: End) -> set[int]:
    number = wire.transport(end)
    return {ssrc for transport, ssrc in wire.table.taps if transport == number}


def packets(wire: Wire, end: End, *ssrcs: int) -> list[Tapped]:
    return [Tapped(wire.transport(end), ssrc, 1, 960, False, False, 5, b"x") for ssrc in ssrcs]


def recorded(wire: Wire) -> list[tuple[str, str]]:
    return [(event.participant, event.kind) for event in wire.events(Recorded)]  # type: ignore[union-attr]


def test_nobody_is_tapped_who_is_not_to_be_recorded(wire: Wire) -> None:
    an, binh = wire.publish("an", ssrcs=(11, 22)), wire.publish("binh", ssrcs=(33, 44))
    wire.router.record("an", True)
    assert (tapped(wire, an), tapped(wire, binh)) == ({11, 22}, set())
    wire.pass_time(1)
    assert tapped(wire, binh) == set()
    wire.router.keep(packets(wire, binh, 33, 44))
    assert recorded(wire) == []


def test_what_is_tapped_says_whose_it_is_and_brings_his_sender_report(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    wire.router.record("an", True)
    wire.rtcp(an, rtcp.sender_report(rtcp.SenderReport(11, 100 << 32, 1000, 1, 1)))
    wire.router.keep(packets(wire, an, 11, 22, 11))
    sound, picture = wire.events(Recorded)
    assert isinstance(sound, Recorded)
    assert isinstance(picture, Recorded)
    assert (sound.participant, sound.kind, sound.codec, sound.clock_rate) == ("an", "audio", "opus", 48_000)
    assert (len(sound.packets), sound.report) == (2, (100 << 32, 1000))
    assert (picture.kind, picture.codec, picture.ssrc, picture.report) == ("video", "VP8", 22, None)


def test_taking_it_back_ends_it_at_once_also_for_what_was_under_way(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    wire.router.record("an", True)
    under_way = packets(wire, an, 11, 22)
    wire.router.record("an", False)
    assert tapped(wire, an) == set()
    wire.router.keep(under_way)
    assert recorded(wire) == []


def test_what_is_muted_is_not_tapped_until_it_is_unmuted(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    wire.router.pause("an", "audio", True)
    wire.router.record("an", True)
    assert tapped(wire, an) == {22}
    wire.router.pause("an", "audio", False)
    wire.router.pause("an", "video", True)
    assert tapped(wire, an) == {11}


def test_the_wish_holds_for_a_new_publication_but_not_after_leaving(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    wire.router.record("an", True)
    again = wire.publish("an", ssrcs=(51, 52))
    wire.pass_time(0.1)
    assert tapped(wire, again) == {51, 52}
    wire.router.leave("an")
    back = wire.publish("an", ssrcs=(61, 62))
    wire.pass_time(0.1)
    assert tapped(wire, back) == set()


def test_a_picture_begins_with_a_key_frame_and_more_can_be_asked_for(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    assert wire.keys_asked(an) == []
    wire.router.record("an", True)
    assert wire.keys_asked(an) == [22]
    wire.router.want_key("an")
    wire.router.want_key("nobody")
    wire.pass_time(1)
    assert wire.keys_asked(an) == [22, 22]


def test_of_several_sizes_one_is_recorded_and_goes_on_being_sent_though_nobody_watches(wire: Wire) -> None:
    an = publish(wire)
    wire.subscribe("binh")
    wire.router.record("an", True)
    assert tapped(wire, an) == {SIZES["h"][0]}
    wire.router.watch_sizes("binh", {})
    wire.pass_time(10, checking=(an,))
    last = wire.events(LayersWanted)[-1]
    assert isinstance(last, LayersWanted)
    assert last.rids == ("h",)
    wire.router.record("an", False)
    wire.pass_time(10, checking=(an,))
    last = wire.events(LayersWanted)[-1]
    assert isinstance(last, LayersWanted)
    assert last.rids == ()


def test_when_the_recorded_size_stops_the_next_one_is_recorded(wire: Wire) -> None:
    an = publish(wire)
    wire.subscribe("binh")
    wire.router.record("an", True)
    wire.pass_time(2, checking=(an,))
    del wire.table.flows[wire.transport(an), SIZES["h"][0]]
    wire.pass_time(3, checking=(an,))
    assert tapped(wire, an) == {SIZES["q"][0]}
    number, (ssrc, bits) = wire.transport(an), SIZES["h"]
    for _ in range(6):
        wire.table.flows[number, ssrc] = bits
        wire.pass_time(2, checking=(an,))
        del wire.table.flows[number, ssrc]
        wire.pass_time(2, checking=(an,))
        assert tapped(wire, an) == {SIZES["q"][0]}, "a size that comes and goes makes no files"
    wire.table.flows[number, ssrc] = bits
    wire.pass_time(PROVEN - 1, checking=(an,))
    assert tapped(wire, an) == {SIZES["q"][0]}
    wire.pass_time(2, checking=(an,))
    assert tapped(wire, an) == {ssrc}


def test_a_publisher_who_cannot_send_the_recorded_size_is_asked_for_a_smaller_one(wire: Wire) -> None:
    an = wire.publish("an", rids=("q", "h", "f"))
    send(wire, an, "q")
    wire.pass_time(LINGER + 1)
    wire.router.record("an", True)
    del wire.table.flows[wire.transport(an), SIZES["q"][0]]
    wire.pass_time(LINGER + 2, checking=(an,))
    last = wire.events(LayersWanted)[-1]
    assert isinstance(last, LayersWanted)
    assert last.rids == ("q", "h")
