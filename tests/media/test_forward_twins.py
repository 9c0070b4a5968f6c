"""Both workers live through the same day, and nobody can tell which of them it was."""

import random
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media.forward import DTLS, MISSING, NEW_STREAM, RTCP, STUN, Rewrite
from tests.media.conftest import CM80, Heard, Lab, rtp

CAMERA, REPAIR = 12, 13  # SSRCs

Event = tuple[str, int, int]
COMMANDS = ("pause", "resume", "switch", "resend", "unroute", "route", "at_key", "layers", "hold", "release")


def events() -> st.SearchStrategy[list[Event]]:
    kinds = ["new", "skip", "late", "padding", "bad_padding", "replay", "forge", "flip", "cut", "unknown", "jump",
             "rtcp", "garbage", "stranger", "pause", "resume", "switch", "resend", "unroute", "route", "at_key",
             "layers", "hold", "release", "repair"]  # fmt: skip
    event = st.tuples(st.sampled_from(kinds), st.integers(0, 1), st.integers(0, 255))
    return st.lists(event, min_size=1, max_size=60)


class Day:
    """Two speakers and a listener around one worker; what happens depends on the events and nothing else."""

    def __init__(self, native: bool, *, rtx: bool = False) -> None:
        self.lab = Lab(native, history=64)
        self.rtx = rtx
        self.speakers = [self.lab.person(1), self.lab.person(2, CM80)]
        self.listener = self.lab.person(3)
        self.stranger = self.lab.new_socket()
        self.next = [65_530, 65_500]
        self.held: list[list[bytes]] = [[], []]  # packets on their way, and what they say
        self.plain: list[list[bytes]] = [[], []]
        self.said: list[bytes] = []
        self.sink, self.routes, self.switched, self.waiting = 0, 0, False, False
        for speaker in self.speakers:
            self.lab.worker.source(
                speaker.number, CAMERA, clock_rate=90000, nack=True, codec="VP8", carry=[(1, 2), (3, 15)]
            )
            self.lab.worker.repair(speaker.number, REPAIR, CAMERA)
        self.route(0)

    def route(self, who: int) -> None:
        self.routes += 1
        rewrite = Rewrite(700 + self.routes, 96, 9, 1, carry=True)
        if self.rtx:
            rewrite = rewrite._replace(rtx_ssrc=70_000 + self.routes, rtx_payload_type=97, rtx_sequence=5)
        self.sink = self.lab.route(self.speakers[who], CAMERA, self.listener, rewrite)

    def packet(self, who: int, value: int, body: bytes = b"body" * 80, padding: int = 0) -> bytes:
        self.next[who] += 1
        extension = bytes([value % 20, value, 0x30, value])
        number = self.next[who] // 4
        descriptor = bytes((0x80 | 0x10 * (self.next[who] % 4 == 0), 0xE0, 0x80 | number >> 8 & 0x7F, number & 0xFF,
                            number // 4 & 0xFF, (0, 0xA0, 0x60, 0x80)[number % 4], value % 16 > 0))  # fmt: skip
        body = descriptor + body + bytes([value]) * (1 + value % 12) if body else b""
        return rtp(
            self.next[who], 3000 * (self.next[who] // 4), CAMERA, body,
            extension=extension if value % 3 == 0 else b"", padding=padding, marker=value % 2 == 0,
        )  # fmt: skip

    def live(self, kind: str, who: int, value: int) -> None:
        speaker, worker = self.speakers[who], self.lab.worker
        # So that both apply it after the same packets; and while a sink waits for a key frame, whether the former
        # source is still heard beside it depends on what came together.
        if kind in COMMANDS or self.waiting:
            self.lab.settle()
        if kind in ("new", "flip"):
            data = speaker.out.protect(self.packet(who, value))
            if kind == "flip":
                at = value % len(data)
                data = data[:at] + bytes([data[at] ^ (1 + value % 255)]) + data[at + 1 :]
            self.said.append(speaker.say_raw(data))
        elif kind == "skip":
            plain = self.packet(who, value // 3 * 3 % 255 + 1)  # without a header extension
            self.plain[who].append(plain)
            self.held[who].append(speaker.out.protect(plain))
        elif kind == "late" and self.held[who]:
            at = value % len(self.held[who])
            speaker.say_raw(self.held[who].pop(at))
            self.plain[who].pop(at)
        elif kind == "padding":
            speaker.say_raw(speaker.out.protect(self.packet(who, value, b"", padding=1 + value % 255)))
        elif kind == "bad_padding":
            packet = self.packet(who, value)
            speaker.say_raw(speaker.out.protect(bytes([packet[0] | 0x20]) + packet[1:]))
        elif kind == "replay" and self.said:
            speaker.say_raw(self.said[value % len(self.said)])
        elif kind == "forge":
            speaker.say_raw(self.packet(who, value) + bytes(16))
        elif kind == "cut":
            speaker.say_raw(speaker.out.protect(self.packet(who, value))[: value % 50])
        elif kind == "unknown":
            speaker.say(value, value, 1000 + value % 50)
        elif kind == "jump":
            self.next[who] += 100 * value
            speaker.say_raw(speaker.out.protect(self.packet(who, value)))
        elif kind == "rtcp":
            speaker.say_raw(speaker.out.protect_rtcp(struct.pack("!BBHI", 0x80, 201, 1, value % 70)))
        elif kind == "garbage":
            speaker.say_raw(random.Random(value).randbytes(value))
        elif kind == "stranger":
            self.stranger.sendto(random.Random(value).randbytes(value), self.lab.address)
        elif kind in ("pause", "resume") and self.sink:
            worker.pause(self.sink, kind == "pause")
        elif kind in ("switch", "at_key") and self.sink:
            self.switched = True
            self.waiting = kind == "at_key"
            worker.switch(self.sink, speaker.number, CAMERA, at_key=kind == "at_key", hold=value % 2 == 1)
        elif kind == "layers" and self.sink:
            worker.layers(self.sink, value % 3 * 3)
        elif kind in ("hold", "release"):
            worker.hold(speaker.number, CAMERA, kind == "hold")
        elif kind == "repair" and self.held[who]:
            plain = self.plain[who][value % len(self.held[who])]
            said = rtp(value, value, REPAIR, plain[2:4] + plain[12:], payload_type=97)
            speaker.say_raw(speaker.out.protect(said))
        elif kind == "resend" and self.sink:
            self.said.append(b"\x80%d" % worker.resend(self.sink, [value % 60 + i for i in range(5)]))
        elif kind == "unroute":
            worker.unroute(self.sink)
            self.sink, self.waiting = 0, False
        elif kind == "route" and not self.sink:
            self.route(who)

    def heard(self) -> list[object]:
        raws = self.listener.hear_raw()
        seen: dict[bytes, Heard] = {}
        for raw in raws:
            if raw not in seen:
                seen[raw] = Heard(self.listener.incoming.unprotect(raw), raw)
        # A switch moves the timestamp by real time, which is never the same twice. How much padding evens a frame out
        # depends on what came together.
        return [
            (h.ssrc, h.sequence, h.payload, h.marker, h.first & 0xDF, 0 if self.switched else h.timestamp)
            for h in (seen[raw] for raw in raws)
        ]

    def outcome(self) -> dict[str, object]:
        heard = self.heard()
        counters = self.lab.worker.counters()
        # A fence more or less, and so on, is this test's own doing.
        for name in ("received", "received_bytes", "sent_bytes"):
            del counters[name]
        told = {kind: [(n.transport, n.ssrc, n.data) for n in self.lab.notices if n.kind == kind]
                for kind in (STUN, DTLS, RTCP, NEW_STREAM)}  # fmt: skip
        missing = {
            (n.transport, n.data[i : i + 2])
            for n in self.lab.notices if n.kind == MISSING for i in range(0, len(n.data), 2)
        }  # fmt: skip
        return {
            "heard": heard, "counters": counters, "told": told, "missing": missing, "said": self.said,
            "sources": [s._replace(jitter=0, level=0) for n in (1, 2) for s in self.lab.worker.sources(n)],
            "sinks": [s._replace(last_timestamp=0, timestamp_offset=0) for s in self.lab.worker.sinks(3)],
        }  # fmt: skip


def live_through(native: bool, day: list[Event], *, rtx: bool = False) -> dict[str, object]:
    made = Day(native, rtx=rtx)
    try:
        for event in day:
            made.live(*event)
        return made.outcome()
    finally:
        made.lab.close()


@settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events())
def test_both_workers_do_the_same(day: list[Event]):
    native, twin = live_through(True, day), live_through(False, day)
    for name, value in twin.items():
        assert native[name] == value, name


@pytest.mark.parametrize("seed", range(8))
def test_both_workers_do_the_same_on_long_days(seed: int):
    chance = random.Random(seed)
    kinds = ["new"] * 20 + ["skip", "late", "padding", "replay", "flip", "cut", "jump", "pause", "resume", "resume",
                             "switch", "resend", "resend", "garbage", "unroute", "route", "route", "at_key",
                             "layers", "hold", "release", "release", "release", "repair", "repair"]  # fmt: skip
    day = [(chance.choice(kinds), chance.randrange(2), chance.randrange(256)) for _ in range(1500)]
    native, twin = live_through(True, day, rtx=seed % 2 == 0), live_through(False, day, rtx=seed % 2 == 0)
    assert native == twin
    assert len(twin["heard"]) > 50  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(4))
def test_no_number_ever_carries_two_different_packets(native: bool, seed: int):
    """The rule of AES-GCM: one SSRC and index, one plaintext; a second sending is the same bytes."""
    chance = random.Random(seed)
    made = Day(native)
    kinds = ["new"] * 12 + ["skip", "late", "padding", "pause", "resume", "resume", "resume", "switch", "resend"]
    kinds += [
        "jump",
        "unroute",
        "route",
        "route",
        "at_key",
        "layers",
        "hold",
        "release",
        "release",
        "release",
        "repair",
        "repair",
    ]
    seen: dict[tuple[bytes, bytes], bytes] = {}
    try:
        for _ in range(2000):
            made.live(chance.choice(kinds), chance.randrange(2), chance.randrange(256))
            for raw in made.listener.hear_raw() if chance.random() < 0.1 else ():
                assert seen.setdefault((raw[8:12], raw[2:4]), raw) == raw
        assert len(seen) > 60
    finally:
        made.lab.close()
