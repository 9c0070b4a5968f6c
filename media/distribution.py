"""How the lines of a room's receivers are shared out, and what publishers need not send. One per router."""

from __future__ import annotations

from collections.abc import Sequence

from media import rtcp
from media.audience import Audience
from media.consumer import sender_reports
from media.down import Down, View
from media.line import Line
from media.patchbay import Patchbay
from media.producer import Producer, Up
from media.quality import Grade
from media.transport import Port
from media.voices import Voice, Voices

LOOK_EVERY = 0.25  # seconds between two looks at what anybody gets


class Distribution:
    """Given: port, patchbay, audience. Owned: the lines, and what every publisher was told last."""

    def __init__(self, port: Port, patchbay: Patchbay, audience: Audience) -> None:
        self._port = port
        self._patchbay = patchbay
        self._audience = audience
        self._lines: dict[int, Line] = {}
        self._measured: dict[int, Line] = {}  # those with transport-wide feedback
        self._declared: dict[str, tuple[int | None, int | None]] = {}
        self._borne: dict[str, int] = {}  # bits a second of a receiver's last line
        self._look_at = 0.0
        self._told: dict[Producer, tuple[str, ...] | None] = {}  # None: to be told in any case
        self._voices = Voices()

    def open(self, owner: Down | View, now: float) -> None:
        """The transport is connected, or its receiver has answered another offer."""
        number, name = owner.transport.id, owner.transport.participant
        line = self._lines.get(number)
        if not owner.transport.connected or (line is not None and line.measured >= (owner.congestion_id > 0)):
            if line is not None:
                line.stirred = True
            return
        self._lines[number] = line = Line(owner, self._port, now, self._borne.get(name))
        if line.measured:
            self._measured[number] = line
        if isinstance(owner, Down) and name in self._declared:
            line.declare(*self._declared[name], now)

    def close(self, number: int) -> None:
        """The transport ends."""
        line = self._lines.pop(number, None)
        self._measured.pop(number, None)
        if line is not None and line.measured:
            self._borne[line.owner.transport.participant] = line.rate

    def forget(self, participant: str) -> None:
        """The participant has left."""
        self._borne.pop(participant, None)
        self._declared.pop(participant, None)

    def limit(self, participant: str, kbps: int | None, megabytes: int | None, now: float) -> None:
        """What a participant says of the line of his down transport."""
        if self._declared.get(participant) == (kbps, megabytes):
            return  # a page that resumes says it again: what is used of the cap stays used
        self._declared[participant] = kbps, megabytes
        for line in self._lines.values():
            if line.owner.transport.participant == participant and isinstance(line.owner, Down):
                line.declare(kbps, megabytes, now)

    def stir(self, participant: str | None = None) -> None:
        """Something has changed for one receiver, or for all: decide anew at the next tick."""
        for line in self._lines.values():
            if participant is None or line.owner.transport.participant == participant:
                line.stirred = True

    def hear(self, owner: Down | View, packets: Sequence[rtcp.Packet], now: float) -> None:
        """RTCP of a receiver: what he lacks, and how his line is."""
        for packet in packets:
            if isinstance(packet, rtcp.Nack | rtcp.KeyRequest):
                self._hear_lack(owner, packet, now)
        line = self._lines.get(owner.transport.id)
        if line is not None:
            line.hear(packets, now)

    def _hear_lack(self, owner: Down | View, packet: rtcp.Nack | rtcp.KeyRequest, now: float) -> None:
        consumer = next((item for item in owner.consumers() if item.ssrc == packet.media), None)
        if consumer is None or not consumer.routed or consumer.paused:
            return
        if isinstance(packet, rtcp.Nack):
            line = self._lines.get(owner.transport.id)
            granted = line.repairs(len(packet.sequences), now) if line is not None else 0
            self._port.counters["resends_refused"] += len(packet.sequences) - granted
            self._port.forwarder.resend(consumer.sink, packet.sequences[:granted])
            if line is not None and line.sheds:
                again = line.repairs(granted, now)
                self._port.forwarder.resend(consumer.sink, packet.sequences[:again])
        elif consumer.fed is not None:
            consumer.fed.want_key()

    def heeds_reports(self, owner: Down | View, now: float) -> bool:
        """Does a report of this receiver's, that nothing is lost, change anything?"""
        line = self._lines.get(owner.transport.id)
        return line is not None and line.heeds_reports(now)

    def due(self, now: float) -> float:
        """When tick() has something to do that cannot wait for the next tenth of a second."""
        return min((line.tick_at for line in self._measured.values()), default=now + 1.0)

    def report(self, owner: Down | View, now: float) -> None:
        """What went over the line, and the sender reports. Call about every second."""
        number = owner.transport.id
        sinks = self._port.forwarder.sinks(number)
        self._patchbay.arrived(owner.consumers(), sinks)
        line = self._lines.get(number)
        if line is not None:
            line.count(sinks, now)
            if not line.report_due(now):
                return
        for compound in sender_reports(owner.consumers(), sinks, f"d{number}", now):
            self._port.forwarder.rtcp(number, compound)

    def tick(self, ups: Sequence[Up], now: float) -> bool:
        """Call at `due`, and ten times a second. Whether it has looked at what anybody gets."""
        look = now >= self._look_at
        if look:
            self._look_at = now + LOOK_EVERY
        ranking: list[str] | None = None
        for line in self._measured.values():
            if now >= line.tick_at:
                line.tick(now)
        for line in self._lines.values():
            if line.stirred or now >= line.look_at:
                ranking = ranking or self._audience.ranking([up.transport.participant for up in ups])
                for consumer in line.divide(self._audience, self._patchbay, ranking, now):
                    self._patchbay.steer(consumer, now)
        return look or ranking is not None

    def quality(self, now: float) -> dict[str, tuple[Grade, bool]]:
        """By participant: how what he receives comes, and whether that is sound only."""
        downs = [line for line in self._lines.values() if isinstance(line.owner, Down)]
        return {line.owner.transport.participant: line.quality(now) for line in downs}

    def repeat(self, ups: Sequence[Up], participant: str) -> None:
        """The participant may have missed what was told."""
        self._voices.repeat(ups, participant)
        self._told |= dict.fromkeys(producer for producer in self._told if producer.participant == participant)

    def voices(self, ups: Sequence[Up]) -> list[tuple[str, Voice]]:
        """(participant, voice) of every publisher who shall send another voice than before."""
        return self._voices.wanted(ups, any(line.need.thin for line in self._lines.values()))

    def wanted(self, ups: Sequence[Up], now: float) -> list[tuple[str, tuple[str, ...]]]:
        """(participant, rids) of every publisher for whom it has changed which of his encodings anybody gets."""
        news = []
        pictures = [up.producers["video"] for up in ups if "video" in up.producers]
        layered = [producer for producer in pictures if producer.layered]
        for producer in layered:
            watched = self._patchbay.watched(producer, now)
            for encoding in producer.encodings:
                encoding.watch(encoding in watched, now)
            rids = tuple(encoding.rid for encoding in producer.encodings if encoding.wanted(now))
            if rids != self._told.get(producer, tuple(encoding.rid for encoding in producer.encodings)):
                news.append((producer.participant, rids))
            self._told[producer] = rids
        if len(self._told) > len(layered):
            self._told = {producer: self._told[producer] for producer in layered}
        return news
