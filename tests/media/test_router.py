"""Publishing, muting and leaving a room."""

import pytest

from media.errors import MediaError
from media.events import Connected, Disconnected, Published, Unpublished
from media.forwarder import NEW_STREAM
from tests.wire import Wire, packet


def test_publishing_is_told_when_it_is_connected(wire: Wire) -> None:
    wire.publish("an")
    assert [type(event) for event in wire.news] == [Connected, Published, Published]
    assert wire.router.publishers() == ["an"]


def test_nobody_publishes_before_his_transport_is_connected(wire: Wire) -> None:
    wire.router.publish("an", wire.end().offer("sendonly"))
    assert wire.router.publishers() == []
    assert wire.news == []


def test_a_stream_named_in_the_offer_is_accepted_from_its_first_packet(wire: Wire) -> None:
    end = wire.publish("an", ssrcs=(11, 22))
    sources = wire.table.transports[wire.transport(end)]
    assert sources[11]["clock_rate"] == 48000
    assert sources[22]["nack"]
    assert (sources[22]["clock_rate"], sources[22]["level_id"], sources[22]["codec"]) == (90000, 0, "VP8")


def test_a_new_stream_is_known_by_its_payload_type(wire: Wire) -> None:
    end = wire.publish("an")
    wire.notice(end, NEW_STREAM, packet(96, 77), 77)
    wire.notice(end, NEW_STREAM, packet(111, 78), 78)
    assert set(wire.table.transports[wire.transport(end)]) == {77, 78}


def test_a_new_stream_with_an_unknown_payload_type_is_counted_and_ignored(wire: Wire) -> None:
    end = wire.publish("an")
    for data in (packet(99, 77), b"", b"\x80"):
        wire.notice(end, NEW_STREAM, data, 77)
    assert wire.table.transports[wire.transport(end)] == {}
    assert wire.port.counters["rtp_unknown_stream"] == 3


def test_a_new_stream_is_known_by_its_mid_and_a_contradiction_is_refused(wire: Wire) -> None:
    end = wire.end()
    extmap = "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=sendonly\r\n"
    offer = end.offer("sendonly").replace("a=sendonly\r\n", extmap)
    end.begin(wire.router.publish("an", offer).sdp)
    wire.connect(end)
    wire.notice(end, NEW_STREAM, packet(96, 77, "0", 4), 77)  # says it is the audio m-line, but is VP8
    assert wire.port.counters["rtp_unknown_stream"] == 1
    wire.notice(end, NEW_STREAM, packet(96, 77, "1", 4), 77)
    assert list(wire.table.transports[wire.transport(end)]) == [77]


def test_publishing_again_replaces_the_former_transport(wire: Wire) -> None:
    first = wire.publish("an", ssrcs=(11, 22))
    number = wire.transport(first)
    wire.publish("an", ssrcs=(33, 44))
    assert [event.reason for event in wire.events(Disconnected)] == ["replaced"]  # type: ignore[union-attr]
    assert number not in wire.table.transports
    assert wire.router.publishers() == ["an"]


def test_a_bad_offer_changes_nothing(wire: Wire) -> None:
    wire.publish("an")
    for text, code in (("", "bad_sdp"), (wire.end().offer("recvonly"), "no_codec")):
        with pytest.raises(MediaError) as caught:
            wire.router.publish("an", text)
        assert caught.value.code == code
    assert wire.router.publishers() == ["an"]
    assert len(wire.port.transports()) == 1


def test_a_muted_microphone_reaches_nobody_until_it_is_unmuted(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    end = wire.subscribe("binh")
    wire.router.pause("an", "audio", True)
    assert {route.source[1]: route.paused for route in wire.routes_to(end)} == {11: True, 22: False}
    later = wire.subscribe("chi")
    assert {route.source[1]: route.paused for route in wire.routes_to(later)} == {11: True, 22: False}
    wire.router.pause("an", "audio", False)
    assert not any(route.paused for route in wire.table.routes.values())


def test_a_mute_outlives_a_new_publication_but_not_leaving(wire: Wire) -> None:
    wire.router.pause("an", "video", True)
    wire.publish("an", ssrcs=(11, 22))
    end = wire.subscribe("binh")
    assert {route.source[1]: route.paused for route in wire.routes_to(end)} == {11: False, 22: True}
    wire.router.leave("an")
    wire.answer("binh", end)
    wire.publish("an", ssrcs=(33, 44))
    wire.answer("binh", end)
    assert not any(route.paused for route in wire.routes_to(end))


def test_leaving_ends_everything_of_one_participant_and_nothing_of_others(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    wire.publish("binh", ssrcs=(33, 44))
    wire.subscribe("an")
    end = wire.subscribe("binh")
    wire.router.leave("an")
    assert {(event.participant, event.direction, event.reason) for event in wire.events(Disconnected)} == {  # type: ignore[union-attr]
        ("an", "up", "closed"),
        ("an", "down", "closed"),
    }
    assert [event.kind for event in wire.events(Unpublished)] == ["audio", "video"]  # type: ignore[union-attr]
    assert wire.router.publishers() == ["binh"]
    assert wire.transport(end) in wire.table.transports
    wire.router.leave("an")
    wire.router.leave("nobody")


def test_a_session_is_closed_by_its_id_only(wire: Wire) -> None:
    session = wire.router.publish("an", wire.end().offer("sendonly"))
    with pytest.raises(MediaError) as caught:
        wire.router.close("0" * 32)
    assert caught.value.code == "unknown_session"
    wire.router.close(session.id)
    assert wire.port.transports() == []
