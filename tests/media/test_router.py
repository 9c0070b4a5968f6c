"""Who receives whom, how that is negotiated, and what happens when somebody leaves."""

import re
import struct

import pytest

from media import rtcp, sdp
from media.encoding import Encoding
from media.errors import MediaError
from media.events import Connected, Disconnected, OfferReady, Published, SpeakerChanged, Unpublished
from media.forwarder import MISSING, NEW_STREAM, SinkStats, SourceStats
from media.line import LEAST_REPAIRS, REPAIRS_AT_ONCE
from media.transport import NOTICES_A_SECOND, NOTICES_AT_ONCE
from tests.wire import End, Wire


@pytest.fixture
def wire() -> Wire:
    return Wire()


def offers(wire: Wire, participant: str) -> list[OfferReady]:
    return [event for event in wire.events(OfferReady) if event.participant == participant]  # type: ignore[union-attr]


def carried(offer: OfferReady) -> list[tuple[str, str, str]]:
    return [(track.mid, track.participant, track.kind) for track in offer.tracks]


def subscribe(wire: Wire, participant: str) -> End:
    """Subscribe, answer the first offer, connect."""
    wire.router.subscribe(participant)
    end = wire.end()
    wire.router.accept(participant, end.answer(offers(wire, participant)[-1].sdp))
    wire.connect(end)
    return end


def answer_next(wire: Wire, participant: str, end: End) -> None:
    wire.router.accept(participant, end.answer(offers(wire, participant)[-1].sdp))


def packet(payload_type: int, ssrc: int, mid: str | None = None, mid_id: int = 0) -> bytes:
    extension = b""
    if mid is not None:
        element = bytes((mid_id << 4 | len(mid) - 1,)) + mid.encode()
        element += bytes(-len(element) % 4)
        extension = struct.pack("!HH", 0xBEDE, len(element) // 4) + element
    return struct.pack("!BBHII", 0x90 if extension else 0x80, payload_type, 1, 2, ssrc) + extension + b"\x10payload"


def keys_asked(wire: Wire, end: End) -> list[int]:
    """SSRCs for which a PLI went to this end."""
    number = wire.transport(end)
    sent = [read for to, data in wire.table.rtcp_sent if to == number for read in rtcp.read(data)]
    return [read.media for read in sent if isinstance(read, rtcp.KeyRequest)]


# Publishing.


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


# Subscribing.


def test_a_subscriber_alone_waits_without_an_offer(wire: Wire) -> None:
    wire.router.subscribe("binh")
    assert offers(wire, "binh") == []
    wire.publish("an")
    assert carried(offers(wire, "binh")[0]) == [("0", "an", "audio"), ("1", "an", "video")]


def test_a_publisher_does_not_receive_himself(wire: Wire) -> None:
    wire.publish("an")
    wire.router.subscribe("an")
    assert offers(wire, "an") == []
    wire.publish("binh")
    assert [who for _mid, who, _kind in carried(offers(wire, "an")[0])] == ["binh", "binh"]


def test_media_flows_once_the_answer_and_the_keys_are_there(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    wire.router.subscribe("binh")
    assert wire.table.routes == {}
    end = wire.end()
    wire.router.accept("binh", end.answer(offers(wire, "binh")[0].sdp))
    assert wire.table.routes == {}
    wire.connect(end)
    routes = wire.routes_to(end)
    assert {route.source for route in routes} == {(wire.transport(an), 11), (wire.transport(an), 22)}
    announced = [section.ssrcs[0] for section in sdp.read_offer(offers(wire, "binh")[0].sdp).sections]
    assert [route.rewrite.ssrc for route in routes] == announced
    assert [route.rewrite.payload_type for route in routes] == [111, 96]


def test_the_subscriber_numbers_the_codecs(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    wire.router.subscribe("binh")
    end = wire.end()
    answer = end.answer(offers(wire, "binh")[0].sdp)
    wire.router.accept("binh", answer.replace("SAVPF 96", "SAVPF 120").replace(":96 ", ":120 "))
    wire.connect(end)
    assert [route.rewrite.payload_type for route in wire.routes_to(end)] == [111, 120]


def test_a_stream_that_begins_later_is_routed_then(wire: Wire) -> None:
    an = wire.publish("an")
    end = subscribe(wire, "binh")
    assert wire.routes_to(end) == []
    wire.notice(an, NEW_STREAM, packet(96, 77), 77)
    assert [route.source[1] for route in wire.routes_to(end)] == [77]


def test_a_stream_that_changes_its_ssrc_goes_on_in_the_same_sink(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    end = subscribe(wire, "binh")
    before = [route.rewrite for route in wire.routes_to(end)]
    wire.notice(an, NEW_STREAM, packet(96, 77), 77)
    assert [route.heading[1] for route in wire.routes_to(end)] == [11, 77]
    assert [route.rewrite for route in wire.routes_to(end)] == before
    assert set(wire.table.transports[wire.transport(an)]) == {11, 77}


def test_at_most_one_offer_is_in_flight_and_changes_meanwhile_make_one_more(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    wire.router.subscribe("binh")
    wire.publish("chi", ssrcs=(33, 44))
    wire.publish("dung", ssrcs=(55, 66))
    assert len(offers(wire, "binh")) == 1
    end = wire.end()
    answer_next(wire, "binh", end)
    assert len(offers(wire, "binh")) == 2
    assert len(carried(offers(wire, "binh")[1])) == 6
    answer_next(wire, "binh", end)
    wire.connect(end)
    assert len(offers(wire, "binh")) == 2
    assert len(wire.routes_to(end)) == 6


def test_the_m_line_of_somebody_who_left_is_inactive_once_and_then_used_again(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    end = subscribe(wire, "binh")
    former = {route.rewrite.ssrc for route in wire.routes_to(end)}
    wire.router.leave("an")
    assert wire.table.routes == {}
    gone = sdp.read_offer(offers(wire, "binh")[-1].sdp)
    assert [section.direction for section in gone.sections] == ["inactive", "inactive"]
    answer_next(wire, "binh", end)
    wire.publish("chi", ssrcs=(33, 44))
    again = sdp.read_offer(offers(wire, "binh")[-1].sdp)
    assert [(section.mid, section.direction) for section in again.sections] == [("0", "sendonly"), ("1", "sendonly")]
    assert not former & {section.ssrcs[0] for section in again.sections}
    answer_next(wire, "binh", end)
    assert {route.source[1] for route in wire.routes_to(end)} == {33, 44}


def test_a_newcomer_does_not_take_an_m_line_whose_end_has_not_been_offered_yet(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    end = subscribe(wire, "binh")
    wire.publish("chi", "audio", ssrcs=(33,))  # now an offer is in flight
    wire.router.leave("an")
    wire.publish("dung", "audio", ssrcs=(55,))
    answer_next(wire, "binh", end)
    assert carried(offers(wire, "binh")[-1]) == [("2", "chi", "audio"), ("3", "dung", "audio")]


def test_an_answer_cannot_switch_on_what_was_not_offered(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    end = subscribe(wire, "binh")
    wire.router.leave("an")
    wire.publish("chi", ssrcs=(33, 44))  # takes the m-lines that the offer in flight says are inactive
    eager = end.answer(offers(wire, "binh")[-1].sdp).replace("a=inactive", "a=recvonly")
    wire.router.accept("binh", eager)
    assert wire.routes_to(end) == []
    answer_next(wire, "binh", end)
    assert {route.source[1] for route in wire.routes_to(end)} == {33, 44}


def test_somebody_who_leaves_while_his_offer_is_in_flight_is_never_routed(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    wire.router.subscribe("binh")
    wire.router.leave("an")
    end = wire.end()
    wire.router.accept("binh", end.answer(offers(wire, "binh")[0].sdp))
    wire.connect(end)
    assert wire.routes_to(end) == []
    assert carried(offers(wire, "binh")[-1]) == []


def test_an_m_line_that_the_subscriber_rejects_carries_nothing(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    wire.router.subscribe("binh")
    end = wire.end()
    answer = end.answer(offers(wire, "binh")[0].sdp)
    refused = answer.replace("m=video 9", "m=video 0").replace("BUNDLE 0 1", "BUNDLE 0")
    wire.router.accept("binh", refused)
    wire.connect(end)
    assert [route.source[1] for route in wire.routes_to(end)] == [11]


@pytest.mark.parametrize("fault", ["unknown", "no offer", "garbage", "missing m-line", "other certificate"])
def test_a_bad_answer_is_refused(wire: Wire, fault: str) -> None:
    wire.publish("an", ssrcs=(11, 22))
    end = subscribe(wire, "binh")
    if fault != "no offer":
        wire.publish("chi", ssrcs=(33, 44))
    answer = end.answer(offers(wire, "binh")[-1].sdp)
    before = len(wire.routes_to(end))
    if fault == "garbage":
        answer = answer[:100]
    elif fault == "missing m-line":
        answer = answer[: answer.rindex("m=")].replace("BUNDLE 0 1 2 3", "BUNDLE 0 1 2")
    elif fault == "other certificate":
        answer = answer.replace("a=fingerprint:sha-256 ", "a=fingerprint:sha-256 00:")
        answer = re.sub(r"(a=fingerprint:sha-256 (..:){31}..)(:..)", r"\1", answer)
    with pytest.raises(MediaError) as caught:
        wire.router.accept("nobody" if fault == "unknown" else "binh", answer)
    assert caught.value.code == ("unknown_participant" if fault == "unknown" else "bad_answer")
    assert len(wire.routes_to(end)) == before


def test_after_a_bad_answer_a_good_one_is_still_taken(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    wire.router.subscribe("binh")
    end = wire.end()
    answer = end.answer(offers(wire, "binh")[0].sdp)
    with pytest.raises(MediaError):
        wire.router.accept("binh", answer.replace("a=mid:1", "a=mid:7").replace("BUNDLE 0 1", "BUNDLE 0 7"))
    wire.router.accept("binh", answer)
    wire.connect(end)
    assert len(wire.routes_to(end)) == 2


def test_m_lines_are_bounded_and_the_rest_is_counted(wire: Wire) -> None:
    for number in range(33):
        wire.publish(f"p{number}", ssrcs=(2 * number + 1, 2 * number + 2))
    wire.router.subscribe("binh")
    assert len(sdp.read_offer(offers(wire, "binh")[0].sdp).sections) == 64
    assert wire.port.counters["down_full"] == 2


def test_subscribing_again_replaces_the_former_transport(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    first = subscribe(wire, "binh")
    number = wire.transport(first)
    again = subscribe(wire, "binh")
    assert number not in wire.table.transports
    assert len(wire.routes_to(again)) == 2
    assert [event.reason for event in wire.events(Disconnected)] == ["replaced"]  # type: ignore[union-attr]


# Muting and leaving.


def test_a_muted_microphone_reaches_nobody_until_it_is_unmuted(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    end = subscribe(wire, "binh")
    wire.router.pause("an", "audio", True)
    assert {route.source[1]: route.paused for route in wire.routes_to(end)} == {11: True, 22: False}
    later = subscribe(wire, "chi")
    assert {route.source[1]: route.paused for route in wire.routes_to(later)} == {11: True, 22: False}
    wire.router.pause("an", "audio", False)
    assert not any(route.paused for route in wire.table.routes.values())


def test_a_mute_outlives_a_new_publication_but_not_leaving(wire: Wire) -> None:
    wire.router.pause("an", "video", True)
    wire.publish("an", ssrcs=(11, 22))
    end = subscribe(wire, "binh")
    assert {route.source[1]: route.paused for route in wire.routes_to(end)} == {11: False, 22: True}
    wire.router.leave("an")
    answer_next(wire, "binh", end)
    wire.publish("an", ssrcs=(33, 44))
    answer_next(wire, "binh", end)
    assert not any(route.paused for route in wire.routes_to(end))


def test_leaving_ends_everything_of_one_participant_and_nothing_of_others(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    wire.publish("binh", ssrcs=(33, 44))
    subscribe(wire, "an")
    end = subscribe(wire, "binh")
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


# RTCP.


def test_a_subscribers_nack_is_answered_from_history(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    end = subscribe(wire, "binh")
    [(sink, route)] = [(n, item) for n, item in wire.table.routes.items() if item.source[1] == 22]
    wire.rtcp(end, rtcp.nack(1, route.rewrite.ssrc, [5, 6]))
    wire.rtcp(end, rtcp.nack(1, 12345, [5, 6]))
    assert wire.table.resends == [(sink, [5, 6])]


def test_a_subscriber_cannot_have_the_server_repeat_without_end(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    end = subscribe(wire, "binh")
    [route] = [route for route in wire.routes_to(end) if route.source[1] == 22]
    for _ in range(10):
        wire.rtcp(end, rtcp.nack(1, route.rewrite.ssrc, range(1000)))
    assert sum(len(sequences) for _sink, sequences in wire.table.resends) == REPAIRS_AT_ONCE
    assert wire.port.counters["resends_refused"] >= 10 * rtcp.MAX_ASKED - REPAIRS_AT_ONCE
    wire.pass_time(2)
    wire.rtcp(end, rtcp.nack(1, route.rewrite.ssrc, range(1000)))
    assert len(wire.table.resends[-1][1]) == pytest.approx(2 * LEAST_REPAIRS, abs=2)


def test_a_gap_is_asked_for_at_the_publisher(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    wire.notice(an, MISSING, struct.pack("!3H", 7, 8, 30), 22)
    number, data = wire.table.rtcp_sent[-1]
    assert number == wire.transport(an)
    assert rtcp.read(data) == [rtcp.Nack(22, (7, 8, 30))]


def test_what_may_be_under_way_already_is_not_asked_for_again(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    ours = wire.router._negotiation.ups["an"].ssrc

    def asked(*missing: int) -> list[int]:
        wire.table.rtcp_sent.clear()
        wire.notice(an, MISSING, struct.pack(f"!{len(missing)}H", *missing), 22)
        sent = [read for _to, data in wire.table.rtcp_sent for read in rtcp.read(data)]
        return [sequence for read in sent if isinstance(read, rtcp.Nack) for sequence in read.sequences]

    assert asked(7) == [7]
    wire.pass_time(0.05)
    assert asked(7, 9) == [9]
    for _ in range(20):  # he is half a second away and back
        now = int(wire.now * 65536) & 0xFFFFFFFF
        delay = struct.pack("!BBHIBBHIII", 0x80, rtcp.XR, 5, 1, 5, 0, 3, ours, (now - 0x8000) & 0xFFFFFFFF, 0)
        wire.rtcp(an, delay)
    wire.pass_time(0.3)
    assert asked(7, 9) == []
    wire.pass_time(0.3)
    assert asked(7, 9) == [7, 9]


def test_a_key_frame_is_asked_for_when_a_consumer_is_ready(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    assert keys_asked(wire, an) == []
    subscribe(wire, "binh")
    assert keys_asked(wire, an) == [22]


def test_key_frame_requests_are_throttled_but_not_forgotten(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    end = subscribe(wire, "binh")
    [route] = [route for route in wire.routes_to(end) if route.source[1] == 22]
    for _ in range(5):
        wire.rtcp(end, rtcp.picture_loss(1, route.rewrite.ssrc))
    assert keys_asked(wire, an) == [22]
    wire.pass_time(0.6)
    assert keys_asked(wire, an) == [22, 22]
    wire.pass_time(2)
    assert keys_asked(wire, an) == [22, 22]


def test_a_key_frame_wanted_before_the_first_packet_is_asked_for_with_it(wire: Wire) -> None:
    an = wire.publish("an")
    subscribe(wire, "binh")
    assert keys_asked(wire, an) == []
    wire.notice(an, NEW_STREAM, packet(96, 77), 77)
    assert keys_asked(wire, an) == [77]


def test_a_line_that_comes_back_gets_a_key_frame_without_asking(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    end = subscribe(wire, "binh")
    wire.rtcp(end, rtcp.receiver_report(1, ()))
    wire.pass_time(1)
    before = len(keys_asked(wire, an))
    wire.rtcp(end, rtcp.receiver_report(1, ()))
    assert len(keys_asked(wire, an)) == before, "an ordinary second of silence"
    wire.pass_time(4)
    wire.rtcp(end, rtcp.receiver_report(1, ()))
    assert len(keys_asked(wire, an)) == before + 1
    wire.pass_time(4)
    wire.rtcp(an, rtcp.receiver_report(1, ()))
    assert len(keys_asked(wire, an)) == before + 2, "the publisher's own line was cut"


def test_a_nack_is_read_to_a_bound(wire: Wire) -> None:
    [nack] = rtcp.read(rtcp.nack(1, 2, range(5000)))
    assert isinstance(nack, rtcp.Nack)
    assert nack.sequences[:3] == (0, 1, 2)
    assert rtcp.MAX_ASKED <= len(nack.sequences) <= rtcp.MAX_ASKED + 17


def test_a_peer_that_pours_in_datagrams_is_heard_to_a_bound(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    [transport] = wire.port.transports()
    heard = sum(transport.admits(wire.now, 100) for _ in range(10_000))
    assert heard <= NOTICES_AT_ONCE
    assert sum(transport.admits(wire.now + 1, 100) for _ in range(10_000)) == pytest.approx(NOTICES_A_SECOND, abs=2)
    assert sum(transport.admits(wire.now + 2, 1400) for _ in range(10_000)) <= NOTICES_A_SECOND / 5


def test_an_offer_that_nobody_answers_ends_its_transport(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    wire.router.subscribe("binh")
    assert offers(wire, "binh")
    wire.pass_time(76, checking=[an])
    assert ("binh", "down", "dtls") in [(one.participant, one.direction, one.reason) for one in gone(wire)]


def test_a_transport_whose_keys_are_never_agreed_ends_although_its_checks_go_on(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    wire.router.subscribe("binh")
    end = wire.end()
    wire.router.accept("binh", end.answer(offers(wire, "binh")[-1].sdp))
    end.association = None
    wire.pass_time(31, checking=[end])
    assert ("binh", "down", "dtls") in [(one.participant, one.direction, one.reason) for one in gone(wire)]


def gone(wire: Wire) -> list[Disconnected]:
    return [event for event in wire.events(Disconnected) if isinstance(event, Disconnected)]


def test_a_publisher_gets_reports_and_a_ceiling_every_second(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    wire.rtcp(an, rtcp.sender_report(rtcp.SenderReport(22, 0xAAAA_1234_5678_BBBB, 5, 1, 1)))
    wire.table.rtcp_sent.clear()
    wire.pass_time(1.05)
    [(number, data)] = wire.table.rtcp_sent
    assert number == wire.transport(an)
    assert data[1] == rtcp.RR
    assert data[0] & 31 == 2
    assert bytes.fromhex("12345678") in data  # LSR, the middle of the publisher's timestamp
    assert b"REMB" not in data  # the test's end did not offer goog-remb


def test_a_receiver_report_tells_loss_since_the_last_one_and_in_all() -> None:
    producer = Encoding("", 90000, picture=True, levelled=False, wishes=set())
    producer.start(22)
    first = producer.block(SourceStats(22, 90, 0, 65536 + 99, 65536, 7, 0, 127), 0.0)
    assert (first.fraction, first.lost, first.highest, first.jitter) == (256 * 10 // 100, 10, 65536 + 99, 7)
    second = producer.block(SourceStats(22, 190, 0, 65536 + 199, 65536, 7, 0, 127), 1.0)
    assert (second.fraction, second.lost) == (0, 10)
    third = producer.block(SourceStats(22, 195, 0, 65536 + 199, 65536, 7, 0, 127), 2.0)  # late ones have come
    assert (third.fraction, third.lost) == (0, 5)
    producer.report, producer.report_at = rtcp.SenderReport(22, 0x0001_0002_0003_0004, 0, 0, 0), 2.5
    fourth = producer.block(SourceStats(22, 195, 0, 65536 + 199, 65536, 7, 0, 127), 3.0)
    assert (fourth.lsr, fourth.dlsr) == (0x0002_0003, 32768)


def test_the_ceiling_is_announced_where_it_was_agreed(wire: Wire) -> None:
    end = wire.end()
    offer = end.offer("sendonly", ssrcs=(11, 22)).replace("a=rtcp-fb:96 nack\r\n", "a=rtcp-fb:96 goog-remb\r\n")
    end.begin(wire.router.publish("an", offer).sdp)
    wire.connect(end)
    wire.pass_time(1.05)
    assert any(b"REMB" in data for _number, data in wire.table.rtcp_sent)


def test_a_subscriber_gets_the_publishers_clock_in_his_own_timestamps(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    end = subscribe(wire, "binh")
    [(sink, route)] = [(n, item) for n, item in wire.table.routes.items() if item.source[1] == 22]
    wire.table.running[sink] = SinkStats(sink, 40, 4000, 0, 1000, 0, 0, True)
    wire.rtcp(an, rtcp.sender_report(rtcp.SenderReport(22, 100 << 32, 90000, 1, 1)))
    heard = wire.now
    wire.table.rtcp_sent.clear()
    wire.pass_time(1.05)
    [report] = [
        read
        for number, data in wire.table.rtcp_sent
        if number == wire.transport(end)
        for read in rtcp.read(data)
        if isinstance(read, rtcp.SenderReport)
    ]
    assert report.ssrc == route.rewrite.ssrc
    assert (report.packets, report.octets) == (40, 4000)
    elapsed = (report.ntp - (100 << 32)) / 2**32
    assert 0 <= elapsed <= wire.now - heard + 0.01
    assert report.timestamp == pytest.approx(91000 + elapsed * 90000, abs=2)


def test_garbage_in_rtcp_is_counted(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    wire.rtcp(an, b"\x80\xc8\xff\xff" + bytes(8))
    assert wire.port.counters["rtcp_malformed"] == 1


# Watching.


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
    assert 44 in keys_asked(wire, binh)


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
    subscribe(wire, "binh")
    wire.watch("khach", "an")
    wire.router.shut()
    assert wire.port.transports() == []
    assert wire.table.routes == {}
    assert wire.table.bound == {}
    assert wire.router.sizes() == (0, 0)
