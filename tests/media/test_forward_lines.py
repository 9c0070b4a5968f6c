"""What a line bears: transport-wide numbers, padding, pacing. On both workers."""

import select
import struct
import time

import pytest

from media import rtcp
from media.forward import Rewrite
from media.rtp import Header, elements, parse_header
from tests.media.conftest import DEADLINE, Lab, Person

AN, BINH = 1, 2  # transports
CAMERA, VOICE = 12, 14  # SSRCs
WITH_RTX = Rewrite(700, 100, 50, 9000, rtx_ssrc=701, rtx_payload_type=101, rtx_sequence=7, stamped=True)
STAMP, DESCRIPTOR = 3, 6  # identifiers of header extensions
KEY = b"\x10\x00\x00\x00\x9d\x01\x2a" + bytes(1000)  # VP8: first packet of a key frame, of another picture
DELTA = b"\x10\x01" + bytes(1000)


def headers(person: Person) -> list[tuple[Header, bytes]]:
    plain = [person.incoming.unprotect(raw) for raw in person.hear_raw()]
    return [(parse_header(data), data[parse_header(data).size :]) for data in plain]


def stamps(found: list[tuple[Header, bytes]]) -> list[int]:
    return [
        int.from_bytes(value, "big")
        for header, _ in found for number, value in elements(header.profile, header.extension) if number == STAMP
    ]  # fmt: skip


def block(*pairs: tuple[int, bytes]) -> bytes:
    data = b"".join(bytes((number << 4 | len(value) - 1,)) + value for number, value in pairs)
    return data + bytes(-len(data) % 4)


def test_arrivals_are_told_once_with_their_time(lab: Lab):
    an = lab.person(AN)
    lab.worker.congestion(AN, receive=STAMP)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    before = time.monotonic_ns() // 1000
    for stamp in (65535, 0, 7):
        an.say(stamp, 0, CAMERA, extension=block((STAMP, struct.pack("!H", stamp))))
    an.say(8, 0, 999, extension=block((9, b"x"), (STAMP, b"\0\x08")))  # a stream that nobody has registered counts, too
    an.say(9, 0, CAMERA, extension=block((STAMP, b"\0\0\x08")))
    lab.settle()
    told = lab.worker.arrivals(AN)
    assert [stamp for stamp, _ in told] == [65535, 0, 7, 8]
    assert before <= told[0][1] <= told[-1][1] <= time.monotonic_ns() // 1000
    assert lab.worker.arrivals(AN) == []
    assert lab.worker.arrivals(77) == []


def test_only_the_newest_arrivals_are_kept(lab: Lab):
    an = lab.person(AN)
    lab.worker.congestion(AN, receive=STAMP)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    for i in range(600):
        an.say(i, 0, CAMERA, extension=block((STAMP, struct.pack("!H", i))))
        if i % 50 == 49:
            lab.settle()
    assert [stamp for stamp, _ in lab.worker.arrivals(AN)] == list(range(600 - 512, 600))


def test_everything_on_a_line_has_the_next_number(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.congestion(BINH, send=STAMP)
    for ssrc in (CAMERA, CAMERA + 1):
        lab.worker.source(AN, ssrc, clock_rate=90000, nack=False)
    lab.worker.source(AN, VOICE, clock_rate=48000, nack=False)
    sink = lab.route(an, CAMERA, binh, WITH_RTX)
    voice = lab.route(an, VOICE, binh, Rewrite(900, 111, 5, 0, stamped=True))
    plain = lab.route(an, CAMERA + 1, binh, Rewrite(800, 100, 5, 0))  # the listener knows no numbers there
    for i in range(3):
        an.say(i, i, CAMERA, b"body")
        an.say(i, i, CAMERA + 1, b"body")
        an.say(i, i, VOICE, b"body")
        lab.settle()
    assert lab.worker.resend(sink, [50, 51]) == 2
    assert lab.worker.resend(voice, [5]) == 0, "with another number it would be another packet under the same nonce"
    found = headers(binh)
    assert not stamps([item for item in found if item[0].ssrc == 800])
    assert stamps(found) == list(range(8))
    sent = lab.worker.sent(BINH)
    assert [stamp for stamp, *_ in sent] == list(range(8))
    assert {octets for *_, octets in sent[:6]} == {12 + 8 + 4 + 16}
    assert lab.worker.resend(plain, [5]) == 1
    assert lab.worker.sent(BINH) == []


def test_elements_that_the_source_lets_through_go_along(lab: Lab):
    an, binh, chi = lab.person(AN), lab.person(BINH), lab.person(3)
    lab.worker.congestion(BINH, send=STAMP)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False, carry=[(5, DESCRIPTOR), (9, 15)])
    sink = lab.route(an, CAMERA, binh, WITH_RTX._replace(carry=True))
    lab.route(an, CAMERA, chi, Rewrite(700, 100, 50, 0))
    an.say(1, 0, CAMERA, b"a", extension=block((4, b"no"), (5, b"yes")))
    an.say(2, 0, CAMERA, b"b", extension=block((9, b"wide"), (5, b"yes")))
    an.say(3, 0, CAMERA, b"c")
    lab.settle()
    lab.worker.resend(sink, [50])
    told = [(elements(h.profile, h.extension), body) for h, body in headers(binh)]
    assert told == [
        ([(DESCRIPTOR, b"yes"), (STAMP, b"\0\0")], b"a"),
        ([(15, b"wide"), (DESCRIPTOR, b"yes"), (STAMP, b"\0\1")], b"b"),
        ([(STAMP, b"\0\2")], b"c"),
        ([(DESCRIPTOR, b"yes"), (STAMP, b"\0\3")], b"\0\x32a"),
    ]
    assert [h.extension for h, _ in headers(chi)] == [b"", b"", b""]


def test_padding_is_sent_beside_the_stream(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.congestion(BINH, send=STAMP)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    plain = lab.route(an, CAMERA, binh, WITH_RTX._replace(ssrc=800, rtx_ssrc=801, stamped=False))
    assert lab.worker.pad(plain, 600) == 0, "nothing was sent yet, and nothing would say when it came"
    lab.worker.unroute(plain)
    sink = lab.route(an, CAMERA, binh, WITH_RTX)
    an.say(1, 0, CAMERA, b"body")
    lab.settle()
    assert lab.worker.pad(sink, 600) == 600
    assert lab.worker.pad(99, 600) == 0
    _, *padding = headers(binh)
    assert [(h.ssrc, h.payload_type, h.sequence, h.padding, len(body), body[-1]) for h, body in padding] == [
        (701, 101, 7, True, 255, 255), (701, 101, 8, True, 255, 255), (701, 101, 9, True, 90, 90),
    ]  # fmt: skip
    assert lab.count("padded") == 3
    assert len(lab.worker.sent(BINH)) == 4


def test_padding_can_come_before_the_first_picture(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.congestion(BINH, send=STAMP)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    sink = lab.route(an, CAMERA, binh, WITH_RTX)
    lab.worker.pause(sink, True)
    assert lab.worker.pad(sink, 300) == 300
    assert [(h.ssrc, h.sequence, len(body)) for h, body in headers(binh)] == [(701, 7, 255), (701, 8, 45)]


def test_padding_between_packets_of_sound_leaves_no_hole_and_what_comes_late_still_comes(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.congestion(BINH, send=STAMP)
    lab.worker.source(AN, VOICE, clock_rate=48000, nack=False, codec="opus")
    sink = lab.route(an, VOICE, binh, Rewrite(900, 111, 5, 1000, red_payload_type=63, stamped=True))
    assert lab.worker.pad(sink, 300) == 0, "there is no sound yet"
    heard = []
    for number in (1, 2, 4):
        an.say(number, 960 * number, VOICE, b"%d" % number)
        lab.settle()
        assert lab.worker.pad(sink, 300) == 300
        heard += headers(binh)
    for number in (3, 5):
        an.say(number, 960 * number, VOICE, b"%d" % number)
        lab.settle()
    heard += headers(binh)
    voices = [(h.sequence, h.timestamp, body) for h, body in heard if not h.padding]
    assert voices == [(5, 1000, b"1"), (8, 1960, b"2"), (12, 3880, b"4"), (11, 2920, b"3"), (15, 4840, b"5")]
    silence = [(h.ssrc, h.payload_type, h.sequence, h.timestamp, len(body)) for h, body in heard if h.padding]
    assert silence == [
        (900, 111, 6, 1000, 255), (900, 111, 7, 1000, 45), (900, 111, 9, 1960, 255), (900, 111, 10, 1960, 45),
        (900, 111, 13, 3880, 255), (900, 111, 14, 3880, 45),
    ]  # fmt: skip
    assert stamps(heard) == list(range(len(heard)))


def test_no_padding_goes_between_the_packets_of_a_picture(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.congestion(BINH, send=STAMP)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False, codec="H264")
    sink = lab.route(an, CAMERA, binh, Rewrite(700, 100, 50, 0, stamped=True))
    an.say(1, 0, CAMERA, b"body")
    lab.settle()
    assert lab.worker.pad(sink, 300) == 0


def test_paced_video_waits_and_sound_overtakes_it(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False, codec="H264")
    lab.worker.source(AN, VOICE, clock_rate=48000, nack=False, codec="opus")
    lab.route(an, CAMERA, binh, Rewrite(700, 100, 50, 0))
    lab.route(an, VOICE, binh, Rewrite(800, 111, 50, 0))
    lab.worker.pace(BINH, 20_000)
    for i in range(12):
        an.say(i, 0, CAMERA, bytes(1000))
    an.say(1, 0, VOICE, b"voice")
    first = [h.ssrc for h in binh.hear()]
    assert 800 in first
    assert 1 <= first.count(700) < 12
    video = first.count(700)
    began = time.monotonic()
    while video < 12 and time.monotonic() - began < 10:
        video += len(binh.hear())
    assert video == 12
    assert time.monotonic() - began > 0.2  # 20 kB/s, and at least eight packets of 1000 B had to wait


def test_end_of_pacing_lets_everything_go(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False, codec="VP8")
    lab.route(an, CAMERA, binh, Rewrite(700, 100, 50, 0))
    lab.worker.pace(BINH, 1000)
    for i in range(5):
        an.say(i, 0, CAMERA, bytes(1000))
    heard = binh.hear()
    assert len(heard) < 5
    lab.worker.pace(BINH, 0)
    lab.wait(lambda: bool(heard.extend(binh.hear())) or len(heard) == 5)
    assert [h.sequence for h in heard] == [50, 51, 52, 53, 54]


def flooded(lab: Lab, rewrite: Rewrite) -> tuple[int, Person, Person, list[Header]]:
    """A sink with many more packets than its line takes now; who sends and hears, and what went out at once."""
    an, binh = lab.person(AN), lab.person(BINH)
    for ssrc in (CAMERA, CAMERA + 1):
        lab.worker.source(AN, ssrc, clock_rate=90000, nack=False, codec="VP8")
    sink = lab.route(an, CAMERA, binh, rewrite)
    lab.worker.pace(BINH, 1000)
    for i in range(20):
        an.say(i, 0, CAMERA, DELTA)
    heard = binh.hear()
    assert 1 <= len(heard) < 10
    return sink, an, binh, heard


@pytest.mark.parametrize("at_key", [True, False])
@pytest.mark.parametrize("rewrite", [WITH_RTX, Rewrite(700, 100, 50, 9000)])
def test_what_waits_of_a_former_picture_is_thrown_away_when_another_follows(lab: Lab, at_key: bool, rewrite: Rewrite):
    sink, an, binh, heard = flooded(lab, rewrite)
    lab.worker.switch(sink, AN, CAMERA + 1, at_key=at_key)
    an.say(900, 0, CAMERA + 1, KEY)
    lab.settle()
    lab.worker.pace(BINH, 0)
    an.say(901, 0, CAMERA + 1, DELTA)
    after = binh.hear()
    assert [(h.sequence, h.payload[:1]) for h in after] == [(70, KEY[:1]), (71, DELTA[:1])], "the numbers go on"
    assert lab.worker.resend(sink, range(50 + len(heard), 70)) == 0
    assert lab.worker.resend(sink, [70]) == 1


def test_a_picture_that_is_too_large_is_held_until_the_smaller_one_begins(lab: Lab):
    sink, an, binh, _heard = flooded(lab, WITH_RTX)
    lab.worker.switch(sink, AN, CAMERA + 1, at_key=True, hold=True)
    lab.worker.pace(BINH, 0)
    an.say(20, 0, CAMERA, KEY)
    an.say(900, 0, CAMERA + 1, DELTA)
    assert binh.hear() == []
    assert lab.worker.resend(sink, [50]) == 1
    binh.hear()
    an.say(901, 0, CAMERA + 1, KEY)
    assert [(h.ssrc, h.sequence) for h in binh.hear()] == [(700, 70)]
    assert lab.worker.resend(sink, range(50, 71)) == 1, "the former picture is not worth repairing"


def test_a_picture_that_was_held_goes_on_when_it_shall_stay(lab: Lab):
    sink, an, binh, _heard = flooded(lab, WITH_RTX)
    lab.worker.switch(sink, AN, CAMERA + 1, at_key=True, hold=True)
    lab.worker.pace(BINH, 0)
    an.say(20, 0, CAMERA, DELTA)
    lab.settle()
    lab.worker.switch(sink, AN, CAMERA, at_key=True, hold=True)
    an.say(21, 0, CAMERA, KEY)
    an.say(900, 0, CAMERA + 1, KEY)
    assert [(h.ssrc, h.sequence) for h in binh.hear()] == [(700, 70)]


def test_what_waits_is_thrown_away_when_the_picture_is_paused(lab: Lab):
    sink, an, binh, heard = flooded(lab, WITH_RTX)
    lab.worker.pause(sink, True)
    lab.worker.pace(BINH, 0)
    an.say(20, 0, CAMERA, DELTA)
    assert binh.hear() == []
    lab.worker.pause(sink, False)
    an.say(21, 0, CAMERA, KEY)
    assert [h.sequence for h in binh.hear()] == [70]
    assert lab.worker.resend(sink, range(50 + len(heard), 70)) == 0
    assert lab.worker.resend(sink, [50, 70]) == 2


def test_what_waits_for_a_listener_who_leaves_is_forgotten(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False, codec="VP8")
    sink = lab.route(an, CAMERA, binh, Rewrite(700, 100, 50, 0))
    lab.worker.pace(BINH, 1000)
    for i in range(5):
        an.say(i, 0, CAMERA, bytes(1000))
    lab.settle()
    lab.worker.unroute(sink)
    other = lab.route(an, CAMERA, binh, Rewrite(701, 100, 50, 0))
    lab.worker.close(BINH)
    an.say(9, 0, CAMERA, bytes(1000))
    lab.settle()
    assert lab.worker.resend(other, [50]) == 0


def test_values_out_of_range_are_refused(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    source = {"clock_rate": 90000, "nack": False}
    for wrong in (
        {"codec": "H265"}, {"red": 128}, {"gate": 128}, {"carry": [(1, 2)] * 9}, {"carry": [(1, 2), (1, 3)]},
        {"carry": [(0, 2)]}, {"carry": [(1, 256)]},
    ):  # fmt: skip
        with pytest.raises(ValueError):
            lab.worker.source(AN, CAMERA, **source, **wrong)  # type: ignore[arg-type]
    lab.worker.source(AN, CAMERA, **source)  # type: ignore[arg-type]
    sink = lab.route(an, CAMERA, binh)
    with pytest.raises(ValueError):
        lab.worker.congestion(AN, receive=15)
    with pytest.raises(ValueError):
        lab.worker.pace(AN, -1)
    with pytest.raises(ValueError):
        lab.worker.layers(sink, 8)
    with pytest.raises(ValueError):
        lab.worker.route(99, AN, CAMERA, BINH, WITH_RTX._replace(rtx_sequence=1 << 15))
    for command in ("hold", "tap"):
        with pytest.raises(KeyError):
            getattr(lab.worker, command)(AN, 5, True)


def test_reports_wait_for_a_look_that_comes_anyway_and_requests_do_not(lab: Lab, native: bool):
    if not native:
        return  # the twin's descriptor is its socket, which wakes for everything
    an = lab.person(AN)
    lab.settle()

    def say(compound: bytes) -> None:
        an.say_raw(an.out.protect_rtcp(compound))

    def woken() -> bool:
        return bool(select.select([lab.worker.fileno()], [], [], 0)[0])

    report = rtcp.receiver_report(9, ())
    for compound in (report, report + rtcp.bandwidth(9, 100_000, [1])):
        say(compound)
        early = []
        lab.wait(lambda early=early, compound=compound: early.append(woken()) or heard(lab, compound))
        assert not any(early)
    for compound in (report + rtcp.picture_loss(9, 1), rtcp.nack(9, 1, [5])):
        say(compound)
        assert select.select([lab.worker.fileno()], [], [], DEADLINE)[0]
        assert [notice.data for notice in lab.worker.poll()] == [compound]


def heard(lab: Lab, compound: bytes) -> bool:
    return any(notice.data == compound for notice in lab.notices)
