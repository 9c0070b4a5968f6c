"""What a receiver's line bears, what is made of it, and what publishers hear of theirs."""

import struct

from media import rtcp, sdp
from media.forwarder import NEW_STREAM
from media.quality import Quality
from tests.media.browser_offers import CHROMIUM_RECEIVING
from tests.media.link import Link
from tests.media.test_simulcast import picture, publish, wanted
from tests.wire import Wire


def test_the_small_picture_comes_over_a_thin_line_and_the_large_one_once_there_is_room(wire: Wire) -> None:
    an = publish(wire)
    end = wire.subscribe("binh", congestion=True)
    assert wire.table.stamps[wire.transport(end)] == (0, 3)
    link = Link(wire, end, 3_000_000)

    def settle(seconds: float) -> int:
        for _ in range(round(seconds / 0.25)):
            link.run(0.25)
            wire.key(an, picture(wire, end).heading[1])
        return picture(wire, end).source[1]

    assert settle(12) == 73
    lost = link.lost
    link.bits = 300_000
    assert settle(6) == 71
    squeezed = link.lost
    assert settle(10) == 71
    assert link.lost - squeezed < 20, "the line is not flooded while it is thin"
    link.bits = 3_000_000
    assert settle(40) == 73
    assert lost == 0


def test_who_has_vanished_gets_no_pictures_until_he_is_back_and_then_a_large_one(wire: Wire) -> None:
    an = publish(wire)
    chi = wire.publish("chi", "audio", ssrcs=(50,))
    wire.table.flows[wire.transport(chi), 50] = 32_000
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 3_000_000)
    for _ in range(60):
        link.run(0.2)
        wire.key(an, picture(wire, end).heading[1])
    [voice] = [route for route in wire.routes_to(end) if route.source[1] == 50]
    assert picture(wire, end).source[1] == 73
    link.cut = True
    link.run(2.5)
    assert not picture(wire, end).paused
    link.run(1.5)
    assert picture(wire, end).paused
    assert not voice.paused, "the voice is what finds him"
    link.run(30)
    assert picture(wire, end).paused
    assert "f" in wanted(wire)[-1], "what he saw is kept in readiness"
    link.cut = False
    link.run(0.5)
    assert not picture(wire, end).paused
    link.run(0.5)
    wire.key(an, picture(wire, end).heading[1])
    assert picture(wire, end).source[1] in (72, 73), "not the small one"


def test_who_has_vanished_where_nobody_speaks_is_found_again_by_padding(wire: Wire) -> None:
    publish(wire)
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 3_000_000)
    link.run(3)
    link.cut = True
    link.run(5)
    assert picture(wire, end).paused
    link.cut = False
    link.run(1)
    assert not picture(wire, end).paused


def test_a_camera_of_one_size_is_seen_at_once_by_whoever_may_have_the_room_for_it(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    wire.table.flows[wire.transport(an), 22] = 900_000
    wire.pass_time(3)
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 5_000_000)
    for _ in range(80):
        link.run(0.1)
        assert not picture(wire, end).paused
    chi = wire.subscribe("chi", congestion=True)
    narrow = Link(wire, chi, 300_000)
    narrow.run(4)
    assert picture(wire, chi).paused, "300 kbit/s do not carry it"


def test_media_leaves_no_faster_than_the_line_takes_it(wire: Wire) -> None:
    publish(wire)
    end = wire.subscribe("binh", congestion=True)
    Link(wire, end, 1_000_000).run(5)
    assert 200_000 / 8 < wire.table.paces[wire.transport(end)] < 3_000_000 / 8
    other = wire.subscribe("chi")
    wire.pass_time(1)
    assert wire.transport(other) not in wire.table.paces, "of whom nothing is known"


def test_a_receivers_own_ceiling_is_kept(wire: Wire) -> None:
    publish(wire)
    end = wire.subscribe("binh")
    wire.rtcp(end, rtcp.bandwidth(1, 200_000, [1]))
    wire.pass_time(1)
    assert picture(wire, end).heading[1] == 71


def test_a_data_cap_is_spread_over_the_meeting_and_then_nothing_more_is_sent(wire: Wire) -> None:
    publish(wire)
    end = wire.subscribe("binh")
    wire.router.limit("binh", None, 200)
    wire.pass_time(1)
    assert picture(wire, end).heading[1] == 71, "200 MB in two hours are 222 kbit/s"
    sink = next(sink for sink, route in wire.table.routes.items() if route is picture(wire, end))
    wire.table.running[sink] = wire.table.sinks(wire.transport(end))[0]._replace(packets=1000, octets=210_000_000)
    wire.pass_time(2)
    assert all(route.paused for route in wire.routes_to(end))
    wire.router.limit("binh", None, 200)  # as a page does that resumes
    wire.pass_time(2)
    assert all(route.paused for route in wire.routes_to(end)), "what is used stays used"


def test_a_publisher_hears_when_his_packets_came_and_under_an_ssrc_that_he_sends(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22), congestion=True)
    number = wire.transport(an)
    assert wire.table.stamps[number] == (3, 0)
    wire.table.arrived[number] = [(65535, 1_000_000), (0, 1_010_000), (2, 1_030_000)]
    wire.table.rtcp_sent.clear()
    wire.pass_time(0.15)
    [report] = [read for to, data in wire.table.rtcp_sent if to == number for read in rtcp.read(data)]
    assert isinstance(report, rtcp.TransportFeedback)
    assert report.media in (11, 22)
    assert (report.base, bytes(report.statuses)) == (65535, bytes((1, 1, 0, 1)))
    wire.pass_time(1)
    assert not any(b"REMB" in data for _to, data in wire.table.rtcp_sent), "he measures for himself"


def test_no_feedback_goes_out_before_anything_is_known_of_what_is_sent(wire: Wire) -> None:
    an = wire.publish("an", rids=("q", "h"), congestion=True)
    number = wire.transport(an)
    wire.table.arrived[number] = [(1, 1_000_000)]
    wire.table.rtcp_sent.clear()
    wire.pass_time(0.15)
    assert not [data for to, data in wire.table.rtcp_sent if to == number and data[1] == rtcp.RTPFB]


def test_a_viewer_is_served_with_repairs_and_numbers_where_his_browser_has_them(wire: Wire) -> None:
    an = publish(wire)
    answer = sdp.read_offer(wire.router.watch("khach", CHROMIUM_RECEIVING, "an").sdp)
    audio, video = answer.sections
    assert [codec.name for codec in audio.codecs] == ["opus", "red"]
    assert [codec.name for codec in video.codecs] == ["VP8", "rtx"]
    assert video.repairs[0][0] == video.ssrcs[0]
    assert "transport-cc" in video.codecs[0].feedback
    assert answer.mixed
    end = wire.watch("minh", "an", congestion=True)
    route = picture(wire, end)
    assert (route.rewrite.rtx_payload_type, route.source[0]) == (97, wire.transport(an))
    assert route.rewrite.rtx_ssrc not in (0, route.rewrite.ssrc)
    assert wire.table.stamps[wire.transport(end)] == (0, 3)


def test_a_whip_publisher_may_send_several_sizes_and_a_viewer_gets_what_his_line_bears(wire: Wire) -> None:
    publish(wire)
    end = wire.watch("khach", "an")
    wire.rtcp(end, rtcp.bandwidth(1, 200_000, [1]))
    wire.pass_time(1)
    assert picture(wire, end).heading[1] == 71
    assert "f" not in wanted(wire)[-1] if wanted(wire) else True


def test_what_needs_the_dependency_descriptor_is_carried_to_who_numbers_it_alike(wire: Wire) -> None:
    end = wire.end(congestion=True, descriptors=True)
    session = wire.router.publish("an", end.offer("sendonly", video="VP9"))
    end.begin(session.sdp)
    wire.connect(end)
    packet = struct.pack("!BBHII", 0x80, 98, 1, 2, 77) + b"payload"
    wire.notice(end, NEW_STREAM, packet, 77)
    assert wire.table.transports[wire.transport(end)][77]["carry"] == ((12, 12),)
    down = wire.subscribe("binh", congestion=True)
    [route] = [route for route in wire.routes_to(down) if route.rewrite.payload_type == 98]
    assert route.rewrite.carry
    plain = wire.subscribe("chi", congestion=False)
    [other] = [route for route in wire.routes_to(plain) if route.rewrite.payload_type == 98]
    assert not other.rewrite.carry


def test_the_grade_of_a_line_says_what_comes_over_it(wire: Wire) -> None:
    an = publish(wire)
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 3_000_000)

    def graded(seconds: float) -> Quality:
        for _ in range(round(seconds / 0.25)):
            link.run(0.25)
            wire.key(an, picture(wire, end).heading[1])
        return wire.router.quality()["binh"]

    assert graded(12) == (None, "good", False)
    link.bits = 300_000
    assert graded(6) == (None, "fair", False), "a small picture still comes"
    link.bits = 60_000
    assert graded(15) == (None, "weak", True)
    wire.pass_time(11)
    assert wire.router.quality()["binh"].down == "lost"


def test_what_a_publishers_line_loses_and_withholds_is_graded_too(wire: Wire) -> None:
    an = publish(wire)
    number = wire.transport(an)
    end = wire.subscribe("binh")

    def graded(seconds: float) -> str | None:
        wire.pass_time(seconds, checking=[an, end])
        return wire.router.quality()["an"].up

    wire.key(an, 73)
    assert graded(3) == "good"
    for ssrc in (71, 72, 73):
        del wire.table.flows[number, ssrc]
    assert graded(2) == "weak", "somebody waits for a picture that does not come"
    wire.pass_time(11, checking=[end])
    assert wire.router.quality()["an"].up == "lost"
    wire.router.pause("an", "video", True)
    assert graded(1) == "good", "who has no camera on withholds nothing"
