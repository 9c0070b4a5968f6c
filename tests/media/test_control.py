"""RTCP: what is asked for and told, in both directions, and to which bound; and what ends silent transports."""

import struct

import pytest

from media import rtcp
from media.encoding import Encoding
from media.events import Disconnected
from media.forwarder import MISSING, NEW_STREAM, SinkStats, SourceStats
from media.line import LEAST_REPAIRS, REPAIRS_AT_ONCE
from media.transport import NOTICES_A_SECOND, NOTICES_AT_ONCE
from tests.wire import Wire, packet


def test_a_subscribers_nack_is_answered_from_history(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    end = wire.subscribe("binh")
    [(sink, route)] = [(n, item) for n, item in wire.table.routes.items() if item.source[1] == 22]
    wire.rtcp(end, rtcp.nack(1, route.rewrite.ssrc, [5, 6]))
    wire.rtcp(end, rtcp.nack(1, 12345, [5, 6]))
    assert wire.table.resends == [(sink, [5, 6])]


def test_a_subscriber_cannot_have_the_server_repeat_without_end(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    end = wire.subscribe("binh")
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
    assert wire.keys_asked(an) == []
    wire.subscribe("binh")
    assert wire.keys_asked(an) == [22]


def test_key_frame_requests_are_throttled_but_not_forgotten(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    end = wire.subscribe("binh")
    [route] = [route for route in wire.routes_to(end) if route.source[1] == 22]
    for _ in range(5):
        wire.rtcp(end, rtcp.picture_loss(1, route.rewrite.ssrc))
    assert wire.keys_asked(an) == [22]
    wire.pass_time(0.6)
    assert wire.keys_asked(an) == [22, 22]
    wire.pass_time(2)
    assert wire.keys_asked(an) == [22, 22]


def test_a_key_frame_wanted_before_the_first_packet_is_asked_for_with_it(wire: Wire) -> None:
    an = wire.publish("an")
    wire.subscribe("binh")
    assert wire.keys_asked(an) == []
    wire.notice(an, NEW_STREAM, packet(96, 77), 77)
    assert wire.keys_asked(an) == [77]


def test_a_line_that_comes_back_gets_a_key_frame_without_asking(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    end = wire.subscribe("binh")
    wire.rtcp(end, rtcp.receiver_report(1, ()))
    wire.pass_time(1)
    before = len(wire.keys_asked(an))
    wire.rtcp(end, rtcp.receiver_report(1, ()))
    assert len(wire.keys_asked(an)) == before, "an ordinary second of silence"
    wire.pass_time(4)
    wire.rtcp(end, rtcp.receiver_report(1, ()))
    assert len(wire.keys_asked(an)) == before + 1
    wire.pass_time(4)
    wire.rtcp(an, rtcp.receiver_report(1, ()))
    assert len(wire.keys_asked(an)) == before + 2, "the publisher's own line was cut"


def test_who_comes_from_another_address_gets_a_key_frame_however_short_the_cut_was(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    end = wire.subscribe("binh")
    wire.pass_time(2, checking=(an, end))
    before = len(wire.keys_asked(an))
    wire.deliver(end.check(), end.address)
    assert len(wire.keys_asked(an)) == before, "an ordinary check"
    end.ufrag = "begunanew"
    wire.deliver(end.check(nominate=False), ("198.51.100.9", 50000))
    assert len(wire.keys_asked(an)) == before + 1
    wire.pass_time(1, checking=(an,))
    assert len(wire.keys_asked(an)) == before + 1, "he is there: nothing more is said without a reason"
    wire.deliver(end.check(nominate=False), ("198.51.100.9", 50000))
    assert len(wire.keys_asked(an)) == before + 2, "what came before his own way was open may have been lost"


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
    assert wire.offers("binh")
    wire.pass_time(76, checking=[an])
    assert ("binh", "down", "dtls") in [(one.participant, one.direction, one.reason) for one in gone(wire)]


def test_a_transport_whose_keys_are_never_agreed_ends_although_its_checks_go_on(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    wire.router.subscribe("binh")
    end = wire.end()
    wire.router.accept("binh", end.answer(wire.offers("binh")[-1].sdp))
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
    end = wire.subscribe("binh")
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
