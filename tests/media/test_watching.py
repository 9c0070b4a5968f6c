"""Viewers of one publisher, or of whoever speaks."""

import pytest

from media.errors import MediaError
from media.events import SpeakerChanged
from tests.wire import End, Wire


def test_a_viewer_sees_the_publisher_he_names(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    wire.publish("binh", ssrcs=(33, 44))
    end = wire.watch("khach", "an")
    assert {route.source for route in wire.routes_to(end)} == {(wire.transport(an), 11), (wire.transport(an), 22)}


def test_a_viewer_of_nobody_is_refused(wire: Wire) -> None:
    with pytest.raises(MediaError) as caught:
        wire.router.watch("khach", wire.end().offer("recvonly"), "an")
    assert caught.value.code == "unknown_participant"


def test_a_viewer_without_the_feeds_codec_gets_audio_alone_or_is_refused(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22), video="H264")
    end = wire.watch("khach", "an", video="VP8")
    assert [route.source[1] for route in wire.routes_to(end)] == [11]
    with pytest.raises(MediaError) as caught:
        wire.router.watch("khach", wire.end().offer("recvonly", "video", video="VP8"), "an")
    assert caught.value.code == "no_codec"


def talk(wire: Wire, speaker: End, others: list[End], ssrcs: dict[int, int], seconds: float = 3.0) -> None:
    for end in (speaker, *others):
        number = wire.transport(end)
        audio = ssrcs[number]
        wire.table.levels[number, audio] = 30 if end is speaker else 90
    wire.pass_time(seconds, checking=[speaker, *others])


def test_a_viewer_of_the_speaker_is_switched_in_the_same_stream(wire: Wire) -> None:
    an, binh = wire.publish("an", ssrcs=(11, 22)), wire.publish("binh", ssrcs=(33, 44))
    ssrcs = {wire.transport(an): 11, wire.transport(binh): 33}
    end = wire.watch("khach", None)
    assert {route.source[1] for route in wire.routes_to(end)} == {11, 22}  # nobody has spoken: the first
    before = [route.rewrite for route in wire.routes_to(end)]
    talk(wire, binh, [an, end], {**ssrcs, wire.transport(end): 0})
    assert [event.participant for event in wire.events(SpeakerChanged)] == ["binh"]  # type: ignore[union-attr]
    assert {route.heading[1] for route in wire.routes_to(end)} == {33, 44}
    assert [route.rewrite for route in wire.routes_to(end)] == before
    assert 44 in wire.keys_asked(binh)


def test_a_muted_voice_does_not_get_the_floor(wire: Wire) -> None:
    an, binh = wire.publish("an", ssrcs=(11, 22)), wire.publish("binh", ssrcs=(33, 44))
    wire.router.pause("binh", "audio", True)
    talk(wire, binh, [an], {wire.transport(an): 11, wire.transport(binh): 33})
    assert wire.events(SpeakerChanged) == []


def test_a_viewer_outlives_his_publisher_and_follows_him_when_he_comes_back(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    end = wire.watch("khach", "an")
    before = [route.rewrite for route in wire.routes_to(end)]
    wire.router.leave("an")
    assert len(wire.routes_to(end)) == 2  # parked: nothing comes, and no sequence number can come twice
    again = wire.publish("an", ssrcs=(33, 44))
    number = wire.transport(again)
    assert {route.heading for route in wire.routes_to(end)} == {(number, 33), (number, 44)}
    assert [route.rewrite for route in wire.routes_to(end)] == before


def test_a_viewer_who_publishes_is_not_shown_himself(wire: Wire) -> None:
    an, binh = wire.publish("an", ssrcs=(11, 22)), wire.publish("binh", ssrcs=(33, 44))
    end = wire.watch("an", None)
    assert {route.source[1] for route in wire.routes_to(end)} == {33, 44}
    talk(wire, an, [binh], {wire.transport(an): 11, wire.transport(binh): 33})
    assert {route.source[1] for route in wire.routes_to(end)} == {33, 44}


def test_a_speaker_with_another_codec_is_heard_but_not_seen(wire: Wire) -> None:
    an, binh = wire.publish("an", ssrcs=(11, 22)), wire.publish("binh", ssrcs=(33, 44), video="H264")
    end = wire.watch("khach", None, video="VP8 H264")  # he could decode it, but his stream has begun as VP8
    talk(wire, binh, [an, end], {wire.transport(an): 11, wire.transport(binh): 33, wire.transport(end): 0})
    parked = wire.port.parking()
    assert {route.source for route in wire.routes_to(end)} == {(wire.transport(binh), 33), parked}


def test_a_room_that_is_dropped_leaves_nothing_behind(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    wire.subscribe("binh")
    wire.watch("khach", "an")
    wire.router.shut()
    assert wire.port.transports() == []
    assert wire.table.routes == {}
    assert wire.table.bound == {}
    assert wire.router.sizes() == (0, 0)
