"""What a receiver's line bears, what is made of it, and what publishers hear of theirs."""

import random
import struct
from collections import deque

import pytest

from media import bandwidth, rtcp, sdp
from media.audience import LOUDEST, SEEN
from media.events import VoiceWanted
from media.feedback import FeedbackWriter
from media.forwarder import NEW_STREAM
from media.line import CLEAN_FOR
from media.quality import Quality
from tests.media.browser_offers import CHROMIUM_RECEIVING
from tests.media.test_simulcast import picture, publish, wanted
from tests.wire import End, Wire


class Link:
    """Between the table and a receiver: so many bits a second, half a second of queue, feedback ten times a second."""

    def __init__(self, wire: Wire, end: End, bits: float, *, voice: int = 800) -> None:
        self.wire, self.end, self.bits = wire, end, bits
        self.voice = voice  # octets of a packet of sound
        self.number = wire.transport(end)
        self.free = wire.now  # when the line has sent what it has
        self.lost = 0
        self.cut = False
        self.loss = 0.0
        self._chance = random.Random(3)
        self._writer = FeedbackWriter(7)
        self._sequence = 0
        self._arrivals: deque[tuple[int, float]] = deque()
        self._padded = 0
        self._left: dict[int, float] = {}

    def run(self, seconds: float) -> None:
        for step in range(round(seconds / 0.05)):
            for octets in self._packets():
                self._send(octets)
            # The estimate hears of what was sent when it was sent, and of what came half a tick later.
            self.wire.pass_time(0.05, checking=[self.end] if step % 100 == 0 else [])
            if step % 2:
                self._acknowledge()

    def _packets(self) -> list[int]:
        found = []
        for sink, route in self.wire.table.routes.items():
            if route.to != self.number:
                continue
            octets = 0.0 if route.paused or route.held else self.wire.table.flows.get(route.source, 0) * 0.05 / 8
            found += [255] * (route.padded // 255) + [route.padded % 255] * (route.padded % 255 > 0)
            route.padded = 0
            self._left[sink] = self._left.get(sink, 0.0) + octets
            size = self.voice if route.rewrite.payload_type == 111 else 800
            while self._left[sink] >= size:
                self._left[sink] -= size
                found.append(size)
        return found

    def _send(self, octets: int) -> None:
        now = self.wire.now
        self._sequence = self._sequence + 1 & 0xFFFF
        self.wire.table.went.setdefault(self.number, []).append((self._sequence, int(now * 1e6), octets))
        begin = max(now, self.free)
        if self.cut or begin - now > 0.5 or self._chance.random() < self.loss:
            self.lost += 1
            return
        self.free = begin + 8 * (octets + bandwidth.OVERHEAD) / self.bits
        self._arrivals.append((self._sequence, self.free + 0.02))

    def _acknowledge(self) -> None:
        arrived = []
        while self._arrivals and self._arrivals[0][1] <= self.wire.now:
            sequence, at = self._arrivals.popleft()
            arrived.append((sequence, int(at * 1e6)))
        for packet in self._writer.write(1, arrived):
            self.wire.rtcp(self.end, packet)


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


def block(ssrc: int, fraction: float, highest: int = 100) -> bytes:
    return rtcp.receiver_report(1, [rtcp.Block(ssrc, int(256 * fraction), 0, highest, 0, 0, 0)])


def test_speech_is_sent_twice_over_a_line_that_loses_it_and_once_when_that_is_over(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    end = wire.subscribe("binh")
    [audio] = [route for route in wire.routes_to(end) if route.source[1] == 11]
    assert audio.rewrite.red_payload_type == 63
    wire.rtcp(end, block(audio.rewrite.ssrc, 0.1))
    wire.pass_time(1.5)
    assert audio.red
    for _ in range(int(CLEAN_FOR) + 2):
        wire.rtcp(end, block(audio.rewrite.ssrc, 0.0))
        wire.pass_time(1)
    assert not audio.red


def test_on_a_line_with_numbers_speech_is_sent_twice_as_soon_as_anything_is_lost_without_a_queue(wire: Wire) -> None:
    an = wire.publish("an", "audio", "video", ssrcs=(11, 22))
    number = wire.transport(an)
    wire.table.flows |= {(number, 11): 48_000, (number, 22): 600_000}
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 3_000_000)
    link.run(10)
    [audio] = [route for route in wire.routes_to(end) if route.source[1] == 11]
    assert not audio.red
    link.loss = 0.1
    link.run(2)
    assert audio.red
    link.loss = 0.0
    for _ in range(int(CLEAN_FOR) + 3):
        link.run(1)
        wire.deliver(an.check(), an.address)
        wire.rtcp(end, block(audio.rewrite.ssrc, 0.0))
    assert not audio.red


def test_what_a_lossy_line_that_is_not_full_asks_for_again_is_sent_twice(wire: Wire) -> None:
    an = publish(wire)
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 3_000_000)

    def run(seconds: float) -> None:
        for _ in range(round(4 * seconds)):
            link.run(0.25)
            wire.key(an, picture(wire, end).heading[1])

    run(15)

    def repaired() -> int:
        """How often one packet is sent that is asked for."""
        wire.table.resends.clear()
        wire.rtcp(end, rtcp.nack(1, picture(wire, end).rewrite.ssrc, [7]))
        return len([sequences for _, sequences in wire.table.resends if sequences == [7]])

    assert repaired() == 1
    link.loss = 0.1
    run(5)
    assert repaired() == 2
    link.bits = 300_000
    run(1)
    assert repaired() == 1, "what stands in its queue is only lengthened"


def test_what_losses_took_from_a_picture_comes_back_at_once_when_the_line_is_found_not_to_be_full(wire: Wire) -> None:
    an = publish(wire)
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 3_000_000)
    [line] = [each for each in wire.router._distribution._lines.values() if each.measured]

    def run(seconds: float) -> list[tuple[int, int]]:
        """Every quarter of a second: which size is seen, and how many cuts have been taken back."""
        seen = []
        for _ in range(round(4 * seconds)):
            link.run(0.25)
            wire.key(an, picture(wire, end).heading[1])
            seen.append((picture(wire, end).source[1], line._estimator.acquittals))
        return seen

    run(20)
    link.loss = 0.1
    seen = run(20)
    assert 72 in {size for size, cuts in seen if cuts == 0}, "it was put to the test"
    assert {size for size, cuts in seen if cuts} == {73}


@pytest.mark.parametrize("loss", [0.05, 0.1, 0.15])
def test_a_camera_with_one_size_is_seen_while_a_lossy_line_is_put_to_the_test(wire: Wire, loss: float) -> None:
    an = wire.publish("an", "audio", "video", ssrcs=(11, 22))
    number = wire.transport(an)
    wire.table.flows |= {(number, 11): 48_000, (number, 22): 600_000}
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 3_000_000)
    [camera] = [route for route in wire.routes_to(end) if route.source[1] == 22]
    link.run(20)
    link.loss = loss
    seen = []
    for _ in range(120):
        link.run(0.25)
        seen.append(not camera.paused)
    assert all(seen), seen


def test_a_camera_with_one_size_gives_way_where_it_fills_the_line(wire: Wire) -> None:
    an = wire.publish("an", "audio", "video", ssrcs=(11, 22))
    number = wire.transport(an)
    wire.table.flows |= {(number, 11): 48_000, (number, 22): 600_000}
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 3_000_000)
    [camera] = [route for route in wire.routes_to(end) if route.source[1] == 22]
    link.run(20)
    link.bits = 300_000
    link.run(5)
    assert camera.paused
    link.run(5)
    assert camera.paused


def voices(wire: Wire) -> list[tuple[str, int, int]]:
    news = [event for event in wire.news if isinstance(event, VoiceWanted)]
    return [(event.participant, event.kbps, event.ptime) for event in news]


def test_while_somebodys_line_bears_no_more_publishers_send_thin_voices(wire: Wire) -> None:
    an = wire.publish("an", "audio", "video", ssrcs=(11, 22))
    number = wire.transport(an)
    wire.table.flows |= {(number, 11): 48_000, (number, 22): 150_000}
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 3_000_000)
    link.run(10)
    assert voices(wire) == []
    link.bits = 64_000
    link.run(3)
    assert voices(wire) == [("an", 16, 60)]
    [voice] = [route for route in wire.routes_to(end) if route.source[1] == 11]
    wire.table.flows[number, 11] = 14_000
    link.run(3)
    lost = link.lost
    wire.rtcp(end, block(voice.rewrite.ssrc, 0.1))
    link.run(10)
    assert not voice.paused
    assert not voice.red, "what is lost is not doubled on such a line"
    assert link.lost == lost
    chi = wire.publish("chi", "audio", ssrcs=(33,))
    wire.pass_time(0.3)
    assert voices(wire)[1:] == [("chi", 16, 60)], "who comes later is told, too"
    wire.router.repeat("an")
    wire.pass_time(0.3)
    assert voices(wire)[2:] == [("an", 16, 60)]
    link.bits = 3_000_000
    for _ in range(90):
        link.run(1)
        wire.deliver(chi.check(), chi.address)
        wire.deliver(an.check(), an.address)
        if len(voices(wire)) > 3:
            break
    assert set(voices(wire)[3:]) == {("an", 32, 20), ("chi", 32, 20)}


def test_where_there_are_voices_only_thin_ones_become_full_again_once_the_line_bears_them(wire: Wire) -> None:
    ends = {name: wire.publish(name, "audio", ssrcs=(ssrc,)) for name, ssrc in (("an", 11), ("chi", 12))}

    def speak(bits: int) -> None:
        for name, ssrc in (("an", 11), ("chi", 12)):
            wire.table.flows[wire.transport(ends[name]), ssrc] = bits

    def run(seconds: int) -> None:
        for _ in range(seconds):
            link.run(1)
            for end in ends.values():
                wire.deliver(end.check(), end.address)

    speak(48_000)
    link = Link(wire, wire.subscribe("binh", congestion=True), 64_000, voice=120)
    run(5)
    assert set(voices(wire)) == {("an", 16, 60), ("chi", 16, 60)}
    speak(14_000)
    run(20)
    assert voices(wire)[2:] == [], "it bears no more yet"
    link.bits = 3_000_000
    run(60)
    assert set(voices(wire)[2:]) == {("an", 32, 20), ("chi", 32, 20)}


def test_a_declared_line_of_64_kilobits_gets_thin_voices_and_one_that_is_gone_asks_for_none(wire: Wire) -> None:
    an = wire.publish("an", "audio", ssrcs=(11,))
    wire.table.flows[wire.transport(an), 11] = 48_000
    wire.subscribe("binh")
    wire.router.limit("binh", 64, None)
    wire.pass_time(1.5)
    assert voices(wire) == [("an", 16, 60)]
    wire.router.leave("binh")
    wire.pass_time(0.5)
    assert voices(wire)[1:] == [("an", 32, 20)]


def test_gateways_that_go_on_sending_full_voices_are_counted_as_they_come(wire: Wire) -> None:
    for number, name in enumerate(("an", "binh", "chi")):
        gateway = wire.publish(name, "audio", ssrcs=(11 + number,))
        wire.table.flows[wire.transport(gateway), 11 + number] = 32_000
    end = wire.watch("khach", None, congestion=True)
    others = wire.subscribe("dung")
    wire.router.limit("dung", 64, None)
    wire.pass_time(1.5)
    assert len(voices(wire)) == 3, "they are told, for the table does not know who listens"
    assert [route.paused for route in wire.routes_to(others)].count(False) == 1
    wire.router.limit("dung", 120, None)
    wire.pass_time(1.5)
    assert [route.paused for route in wire.routes_to(others)].count(False) == 2
    assert not any(route.paused for route in wire.routes_to(end))


def test_whoever_is_heard_first_is_heard_on_a_line_that_is_a_little_too_thin_for_him(wire: Wire) -> None:
    an = wire.publish("an", "audio", ssrcs=(11,))
    wire.table.flows[wire.transport(an), 11] = 90_000
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 70_000)
    link.run(15)
    [voice] = wire.routes_to(end)
    assert not voice.paused


def test_a_voice_that_has_waited_in_a_cut_line_and_comes_all_at_once_takes_no_picture_away(wire: Wire) -> None:
    an = wire.publish("an", "audio", "video", ssrcs=(11, 22))
    number = wire.transport(an)
    wire.table.flows |= {(number, 11): 32_000, (number, 22): 600_000}
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 3_000_000)
    link.run(10)
    assert not picture(wire, end).paused
    packets, octets = wire.table.packets[number, 11]
    wire.table.packets[number, 11] = packets + 2250, octets + 2250 * 80
    for _ in range(50):
        link.run(0.1)
        assert not picture(wire, end).paused


def talk(wire: Wire, levels: dict[str, int]) -> None:
    """Everybody's microphone is as loud as this, -dBov."""
    for transport in wire.port.transports():
        if transport.participant in levels and transport.direction == "up":
            [audio] = [ssrc for ssrc, how in wire.table.transports[transport.id].items() if how["codec"] == "opus"]
            wire.table.levels[transport.id, audio] = levels[transport.participant]


def held(wire: Wire) -> set[int]:
    return {ssrc for _transport, ssrc in wire.table.held}


def test_of_many_voices_the_loudest_few_are_forwarded_and_who_has_the_floor(wire: Wire) -> None:
    names = [f"p{number}" for number in range(8)]
    for number, name in enumerate(names):
        wire.publish(name, "audio", ssrcs=(100 + number,), levels=True)
    talk(wire, dict.fromkeys(names, 90))
    wire.pass_time(0.5)
    assert held(wire) == set(), "silence is no noise"
    talk(wire, {name: 20 + number for number, name in enumerate(names)})
    wire.router.floor("p7")
    wire.pass_time(0.5)
    assert len(held(wire)) == len(names) - LOUDEST
    assert 107 not in held(wire)
    assert held(wire) == {104, 105, 106}
    talk(wire, {name: 22 - number for number, name in enumerate(names)})
    wire.pass_time(0.3)
    assert held(wire) == {104, 105, 106}, "a little louder is not louder"
    talk(wire, dict.fromkeys(names, 90))
    wire.pass_time(0.3)
    assert held(wire) == set()


def test_who_does_not_say_how_loud_he_is_is_always_heard(wire: Wire) -> None:
    names = [f"p{number}" for number in range(8)]
    for number, name in enumerate(names):
        wire.publish(name, "audio", ssrcs=(100 + number,))
    wire.pass_time(1)
    assert held(wire) == set()


def test_who_has_not_said_what_he_shows_gets_the_pictures_of_those_who_spoke_last(wire: Wire) -> None:
    names = [f"p{number:02}" for number in range(SEEN + 3)]
    for number, name in enumerate(names):
        publisher = wire.publish(name, ssrcs=(100 + number, 200 + number), levels=True)
        wire.table.flows[wire.transport(publisher), 200 + number] = 100_000
    end = wire.subscribe("binh")
    wire.pass_time(4)

    def seen() -> set[int]:
        return {route.source[1] - 200 for route in wire.routes_to(end) if not route.paused and route.source[1] >= 200}

    assert seen() == set(range(SEEN))
    talk(wire, dict.fromkeys(names, 90) | {names[-1]: 20})
    wire.pass_time(3)
    assert seen() == {*range(SEEN - 1), SEEN + 2}


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
