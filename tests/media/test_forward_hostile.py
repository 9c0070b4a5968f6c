"""Strangers, forgers and floods: counted, bounded, harmless. And the two workers agree, whatever comes."""

import random
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media.forward import DTLS, MISSING, NEW_STREAM, RTCP, STUN, PyWorker, Rewrite
from media.forwarder import HEEDED, NOTICES, SENDERS, STRANGER_BUDGET
from tests.media.conftest import CM80, GCM128, Heard, Lab, Person, rtp

AN, BINH = 1, 2  # transports
CAMERA, VOICE, REPAIR = 12, 11, 13  # SSRCs


def test_stun_is_passed_on_from_anybody(lab: Lab):
    an, stranger = lab.person(AN), lab.new_socket()
    stranger.sendto(b"\x00\x01hello", lab.address)
    an.say_raw(b"\x03")
    from_stranger, from_an = lab.told(STUN)
    assert from_stranger == (STUN, 0, stranger.getsockname(), 0, b"\x00\x01hello")
    assert from_an == (STUN, AN, an.address, 0, b"\x03")


def test_dtls_is_passed_on_from_a_bound_address_only(lab: Lab):
    an, stranger = lab.person(AN), lab.new_socket()
    stranger.sendto(b"\x16\xfe\xfd", lab.address)
    an.say_raw(b"\x16\xfe\xfd")
    assert lab.told(DTLS) == [(DTLS, AN, an.address, 0, b"\x16\xfe\xfd")]
    assert lab.count("dropped_stranger") == 1


def test_worker_sends_plain_datagrams_for_others(lab: Lab):
    an = lab.person(AN)
    lab.worker.send(b"\x00\x01binding", an.address)
    assert an.hear_raw() == [b"\x00\x01binding"]
    assert lab.count("sent_bytes") == 9
    with pytest.raises(ValueError):
        lab.worker.send(b"x", ("example.org", 80))


def test_datagram_that_cannot_be_sent_is_counted(lab: Lab):
    lab.worker.send(bytes(65_508), ("127.0.0.1", 9))
    assert lab.count("send_failed") == 1


@pytest.mark.parametrize(
    ("data", "counter"),
    [
        (b"", "dropped_malformed"),
        (b"\x05", "dropped_malformed"),
        (b"\x40" * 100, "dropped_malformed"),
        (b"\xff" * 100, "dropped_malformed"),
        (b"\x80" + bytes(99), "dropped_stranger"),
        (b"\x80\xc8" + bytes(98), "dropped_stranger"),
        (b"\x80", "dropped_stranger"),
        (b"\x16", "dropped_stranger"),
        (bytes(65_507), "dropped_malformed"),
        (b"\x80" + bytes(65_506), "dropped_malformed"),
        (bytes(1501), "dropped_malformed"),
    ],
)
def test_stranger_is_counted_and_does_no_harm(lab: Lab, data: bytes, counter: str):
    an, binh, stranger = lab.person(AN), lab.person(BINH), lab.new_socket()
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    lab.route(an, CAMERA, binh)
    before = lab.count("received_bytes")
    stranger.sendto(data, lab.address)
    an.say(1, 0, CAMERA, b"still here")
    assert [h.body for h in binh.hear()] == [b"still here"]
    assert lab.notices == []
    counters = lab.worker.counters()
    assert counters[counter] == 1
    assert counters["received_bytes"] - before >= len(data) + 30
    assert sum(value for name, value in counters.items() if name.startswith("dropped")) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"\x80",
        b"\x80" + bytes(10),
        b"\x80" + bytes(11 + 15),  # no room for the tag
        b"\x8f" + bytes(11 + 60),  # CSRCs up to the end
        b"\x90" + bytes(13 + 16),  # extension header cut off
        b"\x90" + bytes(11) + b"\xbe\xde\xff\xff" + bytes(100),  # extension longer than the packet
        b"\x80\xc8" + bytes(25),  # RTCP without room for index and tag
    ],
)
def test_malformed_media_of_a_known_person_is_counted(lab: Lab, data: bytes):
    lab.person(AN).say_raw(data)
    assert lab.count("dropped_malformed") == 1


def test_padding_count_that_does_not_fit_is_malformed(lab: Lab):
    an = lab.person(AN)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    for sequence, body in enumerate((b"", b"\x00", b"12\x04")):
        packet = rtp(sequence, 0, CAMERA, body)
        an.say_raw(an.out.protect(bytes([packet[0] | 0x20]) + packet[1:]))
    assert lab.count("dropped_malformed") == 3
    assert lab.worker.sources(AN)[0].packets == 0


def test_media_before_the_keys_is_a_strangers(lab: Lab):
    lab.worker.open(AN)
    socket = lab.new_socket()
    lab.worker.bind(AN, socket.getsockname())
    socket.sendto(rtp(1), lab.address)
    assert lab.count("dropped_stranger") == 1


@pytest.mark.parametrize("profile", [GCM128, CM80])
def test_wrong_key_is_counted(lab: Lab, profile: str):
    lab.person(AN, profile)
    mallory = Person(lab, 99, profile)  # keys of nobody
    lab.worker.bind(AN, mallory.address)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    mallory.say(1, 0, CAMERA)
    mallory.say(1, 0, VOICE)
    mallory.say_raw(mallory.out.protect_rtcp(struct.pack("!BBHI", 0x80, 201, 1, 1)))
    assert lab.count("dropped_unprotect") == 3
    assert lab.notices == []


def test_address_bound_anew_leaves_its_former_transport(lab: Lab):
    an = lab.person(AN)
    lab.person(BINH)
    lab.worker.bind(BINH, an.address)
    an.say(1, 0, 5)
    assert lab.count("dropped_unprotect") == 1
    lab.worker.bind(AN, an.address)
    an.say(2, 0, 5)
    assert [notice.transport for notice in lab.told(NEW_STREAM)] == [AN]


def test_oldest_of_too_many_addresses_gives_way_but_never_the_target(lab: Lab):
    an = lab.person(AN)
    second = lab.new_socket()
    lab.worker.bind(AN, second.getsockname())
    for port in range(2000, 2015):
        lab.worker.bind(AN, ("127.0.0.1", port))
    second.sendto(b"\x16", lab.address)
    an.say_raw(b"\x17")
    assert [notice.data for notice in lab.told(DTLS)] == [b"\x17"]
    assert lab.count("dropped_stranger") == 1


def test_many_addresses_come_and_go(lab: Lab):
    """The address table stays whole through collisions and removals."""
    order = random.Random(5)
    for number in range(1, 500):
        lab.worker.open(number)
        for port in order.sample(range(1024, 65536), 8):
            lab.worker.bind(number, ("127.0.0.1", port))
    for number in order.sample(range(1, 500), 499):
        lab.worker.close(number)
    an = lab.person(AN)
    an.say_raw(b"\x16")
    assert [notice.transport for notice in lab.told(DTLS)] == [AN]


def test_strangers_stun_is_rate_bounded_and_the_flood_ends():
    # The twin reads no more in one poll than it may pass on, so only the native one can be flooded.
    lab = Lab(native=True)
    flood, an = lab.new_socket(), lab.person(AN)
    for i in range(STRANGER_BUDGET + 50):
        flood.sendto(b"\0flood", lab.address)
        lab.wait_until_received(i + 1)
    an.say_raw(b"\x16last")
    lab.wait(lambda: any(notice.kind == DTLS for notice in lab.notices))
    assert len([notice for notice in lab.notices if notice.kind == STUN]) == STRANGER_BUDGET
    assert lab.count("dropped_stranger") == 50
    lab.close()


def test_more_notices_than_anybody_reads_are_lost_and_counted():
    lab = Lab(native=True)  # the twin reads no more in one poll than it may queue
    people = [lab.person(number) for number in range(1, 2 + NOTICES // HEEDED)]
    for i in range(NOTICES + 10):
        people[i // HEEDED].say_raw(b"\x16%d" % i)
        lab.wait_until_received(i + 1)
    lab.wait(lambda: bool(lab.notices))
    assert [notice.data for notice in lab.notices] == [b"\x16%d" % i for i in range(NOTICES)]
    assert lab.count("notices_lost") == 10
    lab.close()


def test_nobody_fills_the_queue_alone(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    for i in range(HEEDED + 20):
        an.say_raw(b"\x16%d" % i)
    if isinstance(lab.worker, PyWorker):
        lab.notices += lab.worker.poll()
    lab.wait_until_received(HEEDED + 20)
    assert lab.worker.counters()["notices_lost"] == 20
    binh.say_raw(b"\x16heard")
    assert [notice.data for notice in lab.told(DTLS)][-1] == b"\x16heard"
    an.say_raw(b"\x16again")
    assert [notice.data for notice in lab.told(DTLS)][-1] == b"\x16again"


def test_rtcp_senders_of_a_transport_are_bounded(lab: Lab):
    an = lab.person(AN)
    for ssrc in range(SENDERS + 6):
        an.say_raw(an.out.protect_rtcp(struct.pack("!BBHI", 0x80, 201, 1, ssrc)))
    assert len(lab.told(RTCP)) == SENDERS
    assert lab.count("dropped_unknown_ssrc") == 6


# Both workers live through the same day.

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


def test_day_long_enough_for_garbage_leaves_the_worker_alive(lab: Lab):
    chance = random.Random(1)
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=True, level_id=1)
    lab.route(an, CAMERA, binh)
    for i in range(20_000):
        data = bytearray(chance.randbytes(chance.randrange(80)))
        if data:
            data[0] = chance.choice((0x80, 0x90, 0x9F, 0xB0, 0xA0, data[0] | 0x40))
        if len(data) > 12 and i % 2:
            data[2:4] = struct.pack("!H", i & 0xFFFF)
            data[8:12] = struct.pack("!I", CAMERA)
            # Authentic nonsense: the sender is known, his header is not.
            data[0] &= 0xEF
            data = bytearray(an.out.protect(bytes(data[:12]) + bytes(60) + bytes(data[12:])))
        an.say_raw(bytes(data))
        if i % 100 == 0:
            lab.settle()
    assert lab.count("received") > 20_000
    lab.person(5).say(1, 0, 77, b"alive")
    assert any(notice.transport == 5 for notice in lab.told(NEW_STREAM))


def test_tables_change_while_packets_flow(lab: Lab):
    """Nothing waits for ever, and nothing that was taken away is used."""
    chance = random.Random(3)
    an = lab.person(AN)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=True)
    packets = [an.out.protect(rtp(i, i, CAMERA, bytes(1000))) for i in range(12_000) if i % 7]
    listeners: dict[int, Person] = {}
    sinks: dict[int, int] = {}
    for turn in range(600):
        for data in packets[turn * 17 : turn * 17 + 17]:
            an.say_raw(data)
        number = 10 + chance.randrange(20)
        if number in listeners:
            lab.worker.resend(sinks[number], [turn % 60 + i for i in range(30)])
            lab.worker.rtcp(number, bytes(8))
            lab.worker.close(number)
            del listeners[number]
        else:
            listeners[number] = lab.person(number)
            sinks[number] = lab.route(an, CAMERA, listeners[number], Rewrite(turn, 96, 0, 0))
        if turn % 50 == 49:
            lab.worker.unsource(AN, CAMERA)
            lab.worker.source(AN, CAMERA, clock_rate=90000, nack=True)
            for number, listener in listeners.items():
                sinks[number] = lab.route(an, CAMERA, listener, Rewrite(10_000 + turn, 96, 0, 0))
        lab.notices += lab.worker.poll()
    lab.settle()
    counters = lab.worker.counters()
    assert counters["forwarded"] > 10_000
    assert counters["dropped_unprotect"] == counters["dropped_malformed"] == counters["send_failed"] == 0
