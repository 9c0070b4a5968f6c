"""Authenticated malice: packets of any shape under good keys, on both workers, compared packet by packet."""

import random
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pylibsrtp import Error

from media.forward import NEW_STREAM, RTCP, Rewrite
from tests.media.conftest import CM80, Lab

AN, BINH, CUC = 1, 2, 3  # transports: two publishers and a listener
CAMERA, VOICE, REPAIR, OUT, STRAY = 12, 11, 13, 700, 4_000_000_000  # SSRCs: sources of both, what Cúc hears, nobody's
PROFILES = (0xBEDE, 0x1000, 0x100F, 0x0000)
EDGES = (0, 1, 2, 0x7FFF, 0x8000, 0x8001, 0xFFFE, 0xFFFF)


@dataclass(frozen=True)
class Crafted:
    """One RTP packet as its sender made it. `words`: declared length of the extension, None for none."""

    sender: int
    ssrc: int
    sequence: int
    timestamp: int
    second: int
    contributors: int
    profile: int
    words: int | None
    block: bytes
    payload: bytes
    padding: int | None  # value of the last octet

    def plain(self) -> bytes:
        first = 0x80 | self.contributors | (0x10 if self.words is not None else 0)
        first |= 0x20 if self.padding is not None else 0
        data = struct.pack("!BBHII", first, self.second, self.sequence, self.timestamp, self.ssrc)
        data += bytes(range(4 * self.contributors))
        if self.words is not None:
            data += struct.pack("!HH", self.profile, self.words) + self.block
        data += self.payload
        return data if self.padding is None else data + bytes([self.padding])


BLOCKS = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"\x10\x80", b"\x1f" + bytes(16), b"\x00" * 8, b"\xf0abc", b"\x22\x01\x02\x03\x30\x05\x00\x00"]),
)
PAYLOADS = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"", b"\x00", b"\x10\x00\x00\x00\x9d\x01\x2a\x80\x02\xe0\x01", b"\x90\x80\x80\x01\x00"]),
    st.integers(0, 255).map(lambda value: bytes([0x90, 0xE0, 0x80, value, value, value & 0xC0, value & 1])),
    st.sampled_from([1130, 1300, 1440]).map(bytes),
    st.tuples(st.sampled_from(EDGES), st.binary(max_size=20)).map(lambda made: made[0].to_bytes(2, "big") + made[1]),
    st.sampled_from(
        [b"\xef\x00\x04\x03\x6f" + b"abcdef", b"\xef\xff\xff\xff\x6fa", b"\xef\x00\x04\x02\x6fabcd", b"\x6f"]
    ),
)


@st.composite
def crafted(draw: st.DrawFn) -> Crafted:
    block = draw(BLOCKS)
    block += bytes(-len(block) % 4)
    words = draw(st.one_of(st.none(), st.just(len(block) // 4), st.sampled_from((0, 1, 15, 256, 65_535))))
    second = draw(st.one_of(st.sampled_from((96, 224, 111, 63)), st.integers(0, 191), st.integers(224, 255)))
    return Crafted(
        draw(st.sampled_from((AN, BINH))), draw(st.sampled_from((CAMERA, CAMERA, VOICE, REPAIR, OUT, STRAY, 0))),
        draw(st.one_of(st.sampled_from(EDGES), st.integers(0, 0xFFFF))), draw(st.integers(0, 2**32 - 1)), second,
        draw(st.one_of(st.just(0), st.integers(0, 15))), draw(st.sampled_from(PROFILES)), words, block, draw(PAYLOADS),
        draw(st.one_of(st.none(), st.integers(0, 255))),
    )  # fmt: skip


COMPOUNDS = st.one_of(
    st.binary(min_size=8, max_size=80),
    st.tuples(
        st.integers(0, 63), st.integers(192, 223), st.integers(0, 0xFFFF), st.binary(min_size=4, max_size=80)
    ).map(lambda made: struct.pack("!BBH", 0x80 | made[0], made[1], made[2]) + made[3]),
)
SAID = st.lists(st.one_of(crafted(), COMPOUNDS.map(lambda data: (AN, data))), min_size=1, max_size=25)


class Stage:
    """Two publishers who use the same SSRCs, with all that a source can have, and a listener who hears them."""

    def __init__(self, native: bool) -> None:
        self.lab = Lab(native, history=64)
        self.people = {AN: self.lab.person(AN), BINH: self.lab.person(BINH, CM80), CUC: self.lab.person(CUC)}
        worker = self.lab.worker
        for number, codec in ((AN, "VP8"), (BINH, "H264")):
            worker.source(number, CAMERA, clock_rate=90000, nack=True, codec=codec, carry=((1, 2), (2, 9), (15, 1)))
            worker.source(number, VOICE, clock_rate=48000, nack=False, level_id=1, codec="opus", red=63, gate=60)
            worker.repair(number, REPAIR, CAMERA)
            worker.congestion(number, receive=3)
            worker.tap(number, CAMERA, True)
        for place, (number, ssrc) in enumerate(((AN, CAMERA), (BINH, CAMERA), (AN, VOICE), (BINH, VOICE))):
            rewrite = Rewrite(OUT + place, 96 + place, 0x7FF0, 5, 900 + place, 110, 7, carry=place % 2 == 0)
            rewrite = rewrite._replace(stamped=place != 1)
            sink = self.lab.route(self.people[number], ssrc, self.people[CUC], rewrite)
            if place == 0:
                worker.layers(sink, 1)
        worker.congestion(CUC, send=4)

    def say(self, what: Crafted | tuple[int, bytes]) -> None:
        if isinstance(what, Crafted):
            self.utter(what.sender, what.plain())
        else:
            self.utter(*what, report=True)

    def utter(self, sender: int, plain: bytes, *, report: bool = False) -> None:
        """Send an RTP packet, or with `report` RTCP, protected with the sender's key."""
        person = self.people[sender]
        protect = person.out.protect_rtcp if report else person.out.protect
        person.say_raw(self._protected(protect, plain))

    @staticmethod
    def _protected(protect: Callable[[bytes], bytes], plain: bytes) -> bytes:
        """What libsrtp will not protect goes out as it is, with room for a tag."""
        try:
            return protect(plain)
        except (Error, ValueError):
            return plain + bytes(16)

    def outcome(self) -> dict[str, object]:
        listener, worker = self.people[CUC], self.lab.worker
        heard: dict[int, list[tuple[object, ...]]] = {}
        for h in listener.hear():
            # How much padding evens a frame out, and what a frame lets overtake, depends on what came together.
            heard.setdefault(h.ssrc, []).append((h.sequence, h.timestamp, h.marker, h.first & 0xDF, h.payload))
        counters = worker.counters()
        told = {kind: [(n.transport, n.ssrc, n.data) for n in self.lab.notices if n.kind == kind]
                for kind in (RTCP, NEW_STREAM)}  # fmt: skip
        publishers = (AN, BINH)
        return {
            "heard": {ssrc: sorted(packets) for ssrc, packets in heard.items()},
            "counters": {name: n for name, n in counters.items() if not name.startswith(("received", "sent_bytes"))},
            "told": told,
            "sources": [s._replace(jitter=0) for n in publishers for s in worker.sources(n)],
            "sinks": worker.sinks(CUC),
            "tapped": sorted((t._replace(received=0) for t in worker.tapped()), key=lambda t: t.transport),
            "arrivals": [[sequence for sequence, _ in worker.arrivals(n)] for n in publishers],
        }


def compare(said: Sequence[Crafted | tuple[int, bytes]]) -> dict[str, object]:
    outcomes = []
    for native in (True, False):
        stage = Stage(native)
        try:
            for what in said:
                stage.say(what)
                stage.lab.settle()  # what a jump makes the history forget within one batch is left open
            outcomes.append(stage.outcome())
        finally:
            stage.lab.close()
    for name, value in outcomes[1].items():
        assert outcomes[0][name] == value, name
    return outcomes[1]


def plain_packet(sequence: int, **changed: object) -> Crafted:
    usual: dict[str, object] = {
        "sender": AN, "ssrc": CAMERA, "sequence": sequence & 0xFFFF, "timestamp": 3000 * sequence & 0xFFFFFFFF,
        "second": 96, "contributors": 0, "profile": 0xBEDE, "words": None, "block": b"", "payload": b"body",
        "padding": None,
    }  # fmt: skip
    return Crafted(**(usual | changed))  # type: ignore[arg-type]


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example([plain_packet(1), plain_packet(2, words=65_535, block=bytes(1400))])
@example([plain_packet(1), plain_packet(2, words=65_535, block=b"", payload=b"")])
@example([plain_packet(1), plain_packet(2, contributors=15, words=256, block=bytes(1024))])
@given(SAID)
def test_both_workers_make_the_same_of_any_packet_under_good_keys(said: list[Crafted | tuple[int, bytes]]):
    compare(said)


@pytest.mark.parametrize("seed", range(3))
def test_both_workers_make_the_same_of_spoiled_traffic(seed: int):
    """Thousands of good packets, one in five changed in one place before it is protected, or cut."""
    chance = random.Random(seed)
    stage = {native: Stage(native) for native in (True, False)}
    sequence = 65_000
    try:
        for turn in range(1200):
            step = chance.choice((1, 1, 1, 1, 2, -1, 17, 3000))
            if step > 2 or turn % 50 == 0:  # what a history of 64 would forget within a batch; a full socket
                for made in stage.values():
                    made.lab.settle()
            sequence += step
            packet = plain_packet(
                sequence, payload=chance.randbytes(chance.choice((4, 30, 900))), sender=chance.choice((AN, BINH))
            )
            plain = bytearray(packet.plain())
            if chance.random() < 0.2:
                plain[chance.choice((0, 0, 1, 2, 12, 13, len(plain) - 1))] = chance.randrange(256)
            for made in stage.values():
                made.utter(packet.sender, bytes(plain))
        native, twin = stage[True].outcome(), stage[False].outcome()
    finally:
        for made in stage.values():
            made.lab.close()
    for name, value in twin.items():
        assert native[name] == value, name
    assert sum(len(packets) for packets in twin["heard"].values()) > 500  # type: ignore[attr-defined]


def test_the_same_ssrc_of_two_publishers_is_two_streams(lab: Lab):
    an, binh, cuc = lab.person(AN), lab.person(BINH), lab.person(CUC)
    for number in (AN, BINH):
        lab.worker.source(number, CAMERA, clock_rate=90000, nack=False)
    lab.route(an, CAMERA, cuc, Rewrite(OUT, 96, 10, 0))
    lab.route(binh, CAMERA, cuc, Rewrite(OUT + 1, 96, 10, 0))
    for sequence in range(5):
        an.say(sequence, 0, CAMERA, b"an")
        binh.say(sequence, 0, CAMERA, b"binh")
    heard = cuc.hear()
    assert {(h.ssrc, h.payload) for h in heard} == {(OUT, b"an"), (OUT + 1, b"binh")}
    assert len(heard) == 10


def test_a_publisher_who_takes_the_ssrc_that_others_hear_disturbs_nobody(lab: Lab):
    an, binh, cuc = lab.person(AN), lab.person(BINH), lab.person(CUC)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.route(an, CAMERA, cuc, Rewrite(OUT, 96, 10, 0))
    for sequence in range(5):
        an.say(sequence, 0, CAMERA, b"an")
        binh.say(500 + sequence, 0, OUT, b"stray")
    assert [h.payload for h in cuc.hear()] == [b"an"] * 5
    assert lab.count("dropped_unknown_ssrc") == 5


def test_the_rollover_counter_goes_round_and_round(lab: Lab):
    """Four times round, with holes and with packets that change places at the seam."""
    an, cuc = lab.person(AN), lab.person(CUC)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.route(an, CAMERA, cuc, Rewrite(OUT, 96, 0x7000, 0))
    sent = []
    for turn in range(4):
        seam = 65_536 * (turn + 1)
        steps = [*range(seam - 60_000, seam - 3, 20_000), seam - 2, seam, seam - 1, seam + 1, seam + 2]
        for sequence in steps:
            sent.append(b"%d" % sequence)
            an.say(sequence, sequence, CAMERA, sent[-1])
        # A jump of more than a quarter round is a new beginning, which the packet after it confirms.
    heard = [h.payload for h in cuc.hear()]
    assert set(heard) <= set(sent)
    for turn in range(4):
        seam = 65_536 * (turn + 1)
        assert {b"%d" % n for n in range(seam - 1, seam + 3)} <= set(heard), "the seam is crossed without loss"


def test_a_replayed_hour_is_counted_and_forwarded_to_nobody(lab: Lab):
    an, cuc = lab.person(AN), lab.person(CUC)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.route(an, CAMERA, cuc)
    said = [an.say(sequence, 0, CAMERA, b"once") for sequence in range(200)]
    assert len(cuc.hear()) == 200
    for data in random.Random(1).sample(said, 200):
        an.say_raw(data)
    assert cuc.hear() == []
    assert lab.count("dropped_replay") == 200
