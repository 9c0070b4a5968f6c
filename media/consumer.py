"""What goes out: a Consumer carries one producer to one transport; Down and View are the two ways to ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from media import rtcp
from media.errors import MediaError
from media.events import Track
from media.forwarder import SinkStats
from media.parameters import (
    FEEDBACK_DOWN,
    KINDS,
    PREFERENCE,
    Description,
    Section,
    agreed,
    choose,
    own_codec,
)
from media.producer import Producer
from media.sdp import MAX_SECTIONS
from media.transport import Transport

RESENDS = 300  # packets a second that one consumer may have repeated; about 2.5 Mbit/s
REPORTS = 20  # sender reports in one compound, so that it fits a datagram


class Consumer:
    """One media on its way to one transport.

    `payload_types` says how the remote end numbers each codec, by name; empty until it has answered.
    `routed`: the forwarder has the sink.
    """

    def __init__(self, sink: int, to: int, ssrc: int, kind: str) -> None:
        self.sink = sink
        self.to = to
        self.ssrc = ssrc
        self.kind = kind
        self.producer: Producer | None = None
        self.payload_types: dict[str, int] = {}
        self.routed = False
        self.codec: str | None = None  # what it was routed with; a sink cannot change its payload type
        self._resends = float(RESENDS)
        self._resends_at = 0.0

    @property
    def payload_type(self) -> int | None:
        return self.payload_types.get(self.producer.codec.name) if self.producer is not None else None

    def grant(self, wanted: int, now: float) -> int:
        """How many of these packets may be sent again: one NACK of 1500 bytes could ask for six thousand."""
        self._resends = min(float(RESENDS), self._resends + (now - self._resends_at) * RESENDS)
        self._resends_at = now
        granted = min(wanted, int(self._resends))
        self._resends -= granted
        return granted

    def report(self, stats: SinkStats, now: float) -> rtcp.SenderReport | None:
        """The publisher's last sender report in this consumer's timestamps; None if there is none yet."""
        producer = self.producer
        if producer is None or producer.report is None or not stats.running:
            return None
        ntp, timestamp = rtcp.later(producer.report, now - producer.report_at, producer.codec.clock_rate)
        timestamp = (timestamp + stats.timestamp_offset) & 0xFFFFFFFF
        return rtcp.SenderReport(self.ssrc, ntp, timestamp, stats.packets & 0xFFFFFFFF, stats.octets & 0xFFFFFFFF)


def sender_reports(consumers: Sequence[Consumer], stats: Sequence[SinkStats], cname: str, now: float) -> list[bytes]:
    """Compounds of SR and SDES for all running sinks of one transport."""
    by_sink = {consumer.sink: consumer for consumer in consumers}
    reports = [by_sink[item.sink].report(item, now) for item in stats if item.sink in by_sink]
    ready = [report for report in reports if report is not None]
    compounds = []
    for start in range(0, len(ready), REPORTS):
        part = ready[start : start + REPORTS]
        bodies = b"".join(rtcp.sender_report(report) for report in part)
        compounds.append(bodies + rtcp.description([report.ssrc for report in part], cname))
    return compounds


ANSWER_LIMIT = 75.0
"""Seconds in which an offer must be answered: as long as the transport of a lost line is kept (ice.KEPT)."""


class View:
    """A WHEP viewer: one audio and one video that follow a publisher (`feed`), or whoever speaks (None)."""

    def __init__(self, transport: Transport, feed: str | None, consumers: Sequence[Consumer]) -> None:
        self.transport = transport
        self.feed = feed
        self.by_kind = {consumer.kind: consumer for consumer in consumers}

    def consumers(self) -> list[Consumer]:
        return list(self.by_kind.values())


@dataclass(frozen=True, slots=True)
class ViewPlan:
    """What an offer to watch leads to: kind -> (index of the m-line, payload types)."""

    offer: Description
    taken: dict[str, tuple[int, dict[str, int]]]
    sections: tuple[Section, ...]


def plan_view(offer: Description, wanted: dict[str, str]) -> ViewPlan:
    """Which m-lines serve a viewer. `wanted`: the codec name that the feed sends now, by kind, where known.

    Where it is not known, the m-line is answered with every codec that we could have to send. Raises MediaError.
    """
    if offer.transport.lite:
        raise MediaError("bad_sdp", "both ends are ICE-lite, so nobody would begin")
    taken: dict[str, tuple[int, dict[str, int]]] = {}
    sections: list[Section] = []
    for index, section in enumerate(offer.sections):
        kind = section.kind
        codecs = []
        if (
            kind in KINDS
            and not section.rejected
            and kind not in taken
            and section.direction in ("sendrecv", "recvonly")
        ):
            names = (wanted[kind],) if kind in wanted else PREFERENCE[kind]
            chosen = [(choose(section, (name,)), name) for name in names]
            codecs = [agreed(codec, name, FEEDBACK_DOWN) for codec, name in chosen if codec is not None]
        if not codecs:
            sections.append(replace(section, rejected=True))
            continue
        taken[kind] = index, {codec.name: codec.payload_type for codec in codecs}
        sections.append(Section(kind, section.mid, section.protocol, direction="sendonly", codecs=tuple(codecs)))
    if not taken:
        raise MediaError("no_codec", "the offer receives no codec that the feed is sent in")
    return ViewPlan(offer, taken, tuple(sections))


class Slot:
    """One m-line of a down transport. It lives for ever; its consumers come and go."""

    def __init__(self, mid: str, kind: str) -> None:
        self.mid = mid
        self.kind = kind
        self.consumer: Consumer | None = None
        self.offered: Consumer | None = None  # who was in the last offer
        self.codec = PREFERENCE[kind][0]

    @property
    def free(self) -> bool:
        """Only an m-line that was inactive in the last offer is used again, so that the remote end sees one track
        end before another begins."""
        return self.consumer is None and self.offered is None


class Down:
    """The offers to one participant: an m-line per media of each publisher. At most one offer is in flight."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.slots: list[Slot] = []
        self.in_flight = False
        self.changed = False
        self._offered = 0  # m-lines of the last offer; slots may have been added since
        self._offered_at = 0.0

    def consumers(self) -> list[Consumer]:
        return [slot.consumer for slot in self.slots if slot.consumer is not None]

    def add(self, consumer: Consumer) -> bool:
        """Give it an m-line. False if all are taken."""
        slot = next((slot for slot in self.slots if slot.free and slot.kind == consumer.kind), None)
        if slot is None:
            if len(self.slots) >= MAX_SECTIONS:
                return False
            slot = Slot(str(len(self.slots)), consumer.kind)
            self.slots.append(slot)
        slot.consumer = consumer
        self.changed = True
        return True

    def remove(self, producer: Producer) -> None:
        """Take the consumer of a producer from its m-line."""
        for slot in self.slots:
            if slot.consumer is not None and slot.consumer.producer is producer:
                slot.consumer = None
                self.changed = True

    def forgotten(self, now: float) -> bool:
        """Was an offer left without an answer for too long? Its browser is gone, or lost the offer with its line."""
        return self.in_flight and now - self._offered_at > ANSWER_LIMIT

    def offer(self, now: float) -> tuple[Section, ...] | None:
        """The m-lines of the next offer, if one is needed and none is in flight."""
        if not self.changed or self.in_flight or not self.slots:
            return None
        self.changed = False
        self.in_flight = True
        self._offered_at = now
        self._offered = len(self.slots)
        return tuple(self._section(slot) for slot in self.slots)

    def repeat(self) -> None:
        """Do not wait for the answer any more: the next offer takes the place of the one in flight."""
        self.in_flight = False
        self.changed = True

    def tracks(self) -> tuple[Track, ...]:
        """Who is in the offer in flight."""
        return tuple(
            Track(slot.mid, slot.offered.producer.participant, slot.kind)
            for slot in self.slots
            if slot.offered is not None and slot.offered.producer is not None
        )

    def accept(self, answer: Description) -> None:
        """Learn the payload types of what was offered. Raises MediaError("bad_answer"), with nothing changed."""
        if not self.in_flight:
            raise MediaError("bad_answer", "there is no offer that waits for an answer")
        offered = [(slot.kind, slot.mid) for slot in self.slots[: self._offered]]
        if offered != [(section.kind, section.mid) for section in answer.sections]:
            raise MediaError("bad_answer", "the m-lines are not those of the offer")
        self.in_flight = False
        for slot, section in zip(self.slots, answer.sections, strict=False):
            consumer = slot.consumer
            if consumer is None or consumer is not slot.offered or section.rejected:
                continue
            if section.direction in ("recvonly", "sendrecv"):
                codec = choose(section, (slot.codec,))
                consumer.payload_types = {slot.codec: codec.payload_type} if codec is not None else {}

    def _section(self, slot: Slot) -> Section:
        consumer = slot.offered = slot.consumer
        if consumer is None or consumer.producer is None:
            return Section(slot.kind, slot.mid, direction="inactive", codecs=(own_codec(slot.codec),))
        slot.codec = consumer.producer.codec.name
        stream = f"s{consumer.producer.transport}"
        return Section(
            slot.kind,
            slot.mid,
            direction="sendonly",
            codecs=(own_codec(slot.codec),),
            ssrcs=(consumer.ssrc,),
            cname=stream,
            msid=(stream, f"t{consumer.sink}"),
        )
