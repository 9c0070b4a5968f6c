"""One receiver's line: what it bears, by his feedback and by his word, and what is sent over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from media import bandwidth, budget, rtcp
from media.audience import FULL, Audience
from media.bandwidth import Estimator
from media.budget import Audio, Budget, Division, Video
from media.consumer import ALL_LAYERS, Consumer
from media.down import Down, View
from media.forwarder import SinkStats
from media.patchbay import GATE, Patchbay
from media.transport import Port

PACING = 2.5  # times the estimate, as libwebrtc has it: a key frame shall not take ten frames' time
BODIES = 0.9  # of a declared line: pacing counts what packets carry, and a line their headers, too
DOUBT = 5.0  # seconds in which a line that has shown no queue yet is taken to bear one small picture
LOSSY, CLEAN = 0.03, 0.005  # loss of audio from which RED is sent, and below which it is not
CLEAN_FOR = 10.0  # seconds
SETTLED, REPORT_EVERY = 5.0, 3.5  # seconds
SOON, CALM, SELDOM = 0.25, 1.0, 4.0
"""Seconds to the next division of a line that is narrow or has just changed, of one with room, and of one that nothing
is known of."""
ROOM = 1.5  # times what is sent
UNKNOWN_AUDIO = 60_000  # bits a second, until it is measured
REDUNDANT = 1.6  # times the rate of Opus that RED takes, on the wire
REPAIRS, LEAST_REPAIRS, REPAIRS_AT_ONCE = 0.25, 5.0, 30.0
"""Packets sent again for one that is sent, so many a second at least, and so many at once. Where more is lost the line
is too full, and what is sent again is lost as well: two hundred repairs a second took a third of the voice from a line
of 64 kbit/s. It also bounds what one NACK can ask for."""
MOST = 64  # pictures: as many as a session description has


class Line:
    """Given: the owner of the transport. `start`: bits a second that were borne by an earlier line of the receiver."""

    def __init__(self, owner: Down | View, port: Port, now: float, start: int | None) -> None:
        self.owner = owner
        self.division = Division((), {}, 0, 0)
        self.stirred = True
        self.look_at = now
        self.measured = owner.congestion_id > 0
        self._number = owner.transport.id
        self._forwarder = port.forwarder
        self._start = start or bandwidth.START if self.measured else bandwidth.CEILING
        self._estimator = Estimator(now, start=self._start)
        self._budget = Budget(last=MOST)
        self._opened = now
        self._kbps: int | None = None
        self._megabytes: tuple[int, float, int] | None = None  # the cap, and when and at what count it was declared
        self._used = 0  # octets on the wire
        self._sent = 0  # bits a second
        self._counted: dict[int, tuple[int, int]] = {}
        self._counted_at = now
        self._reported_at = self._pressed_until = 0.0
        self._packets = 0.0  # a second
        self._repairs = REPAIRS_AT_ONCE  # that may be sent again now
        self._repairs_at = now
        self._paced = 0
        self._clean_since: float | None = None
        self._lossy = False
        self.redundant = False  # every packet of sound twice: it is lossy, and not because it is full
        if self.measured:
            self._forwarder.congestion(self._number, send=owner.congestion_id)

    @property
    def rate(self) -> int:
        """Bits a second that it bears, as far as is known."""
        return self._estimator.rate

    def declare(self, kbps: int | None, megabytes: int | None, now: float) -> None:
        """What the receiver says of it; None: no bound."""
        self._kbps = kbps
        self._megabytes = (megabytes, now, self._used) if megabytes is not None else None
        if self.measured:
            self._estimator.line = 1000 * kbps if kbps is not None else None
        self.stirred = True

    # From the network.

    def hear(self, packets: Sequence[rtcp.Packet], now: float) -> None:
        """What one compound says."""
        blocks = []
        for packet in packets:
            if isinstance(packet, rtcp.TransportFeedback) and self.measured:
                self._estimator.sent(self._forwarder.sent(self._number))
                self._estimator.feedback(packet, now)
            elif isinstance(packet, rtcp.Ceiling):
                self._estimator.remb(packet.bits_per_second, now)
            elif isinstance(packet, rtcp.Block):
                blocks.append(packet)
        # Most reports say that nothing is lost, over a line that nothing limits.
        if blocks and (self.measured or self.rate < bandwidth.CEILING or any(block.fraction for block in blocks)):
            self._estimator.reports(blocks, self._sent, now)
        if self._lossy or any(block.fraction for block in blocks):
            self._watch_audio(blocks, now)

    def _watch_audio(self, blocks: Sequence[rtcp.Block], now: float) -> None:
        """Is much of what is said lost on the way?"""
        heard = {consumer.ssrc for consumer in self.owner.consumers() if consumer.kind == "audio"}
        loss = max((block.fraction / 256 for block in blocks if block.ssrc in heard), default=None)
        if loss is None:
            return
        if loss >= CLEAN:
            self._clean_since = None
        elif self._clean_since is None:
            self._clean_since = now
        before = self._lossy
        if loss >= LOSSY:
            self._lossy = True
        elif self._clean_since is not None and now - self._clean_since > CLEAN_FOR:
            self._lossy = False
        self.stirred = self.stirred or before != self._lossy

    def report_due(self, now: float) -> bool:
        """Are sender reports due? Often at first, since lips are read by them, then every four seconds."""
        if now - self._opened > SETTLED and now - self._reported_at < REPORT_EVERY:
            return False
        self._reported_at = now
        return True

    def repairs(self, wanted: int, now: float) -> int:
        """How many of so many packets may be sent again now."""
        rate = max(LEAST_REPAIRS, REPAIRS * self._packets)
        self._repairs = min(max(rate, REPAIRS_AT_ONCE), self._repairs + (now - self._repairs_at) * rate)
        self._repairs_at = now
        granted = min(wanted, int(self._repairs))
        self._repairs -= granted
        return granted

    def count(self, stats: Sequence[SinkStats], now: float) -> None:
        """Call about once a second: how much went over the line."""
        bits = passed = 0
        for item in stats:
            packets, octets = self._counted.get(item.sink, (0, 0))
            passed += item.packets - packets
            bits += budget.wire(item.octets - octets, item.packets - packets, 1.0)
            self._counted[item.sink] = item.packets, item.octets
        self._used += bits // 8
        self._sent = int(bits / max(0.1, now - self._counted_at))
        self._packets = passed / max(0.1, now - self._counted_at)
        self._counted_at = now
        self.stirred = self.stirred or self._megabytes is not None

    def tick(self, now: float) -> None:
        """Call about every 50 ms: pacing, and padding that tries whether the line bears more."""
        if not self.measured:
            return
        self._estimator.sent(self._forwarder.sent(self._number))
        self._estimator.tick(now)
        padding = self._estimator.probe(now, self.division.wanted)
        for consumer in self.owner.consumers() if padding else ():
            if consumer.routed and consumer.protected:
                padding -= self._forwarder.pad(consumer.sink, padding)
                if padding <= 0:
                    break
        # While a queue stands, more would only lengthen it, and sound with it.
        bits = (PACING if self._estimator.queue < bandwidth.QUEUE else 1.0) * self._estimator.rate
        if self._kbps is not None:
            bits = min(bits, BODIES * 1000 * self._kbps)
        pace = int(bits / 8)
        if not 0.9 * self._paced < pace < 1.1 * self._paced:
            self._paced = pace
            self._forwarder.pace(self._number, pace)

    # What goes over it.

    def available(self, now: float) -> int:
        """Bits a second that may be sent."""
        return min(self._estimator.rate, self._declared(now))

    def _declared(self, now: float) -> int:
        bound = 1000 * self._kbps if self._kbps is not None else bandwidth.CEILING
        if self._megabytes is not None:
            cap, since, used = self._megabytes
            bound = min(bound, budget.allowance(cap, self._used - used, now - since))
        return bound

    def divide(self, audience: Audience, patchbay: Patchbay, ranking: Sequence[str], now: float) -> list[Consumer]:
        """Decide anew what every consumer of the line shall get; those for which that has changed."""
        if self.stirred:
            self.stirred, self._pressed_until = False, now + 2 * budget.RISE
        ranks = {name: rank for rank, name in enumerate(ranking)}
        audio: list[Audio] = []
        videos: list[Video] = []
        named: dict[str, Consumer] = {}
        for consumer in self.owner.consumers():
            producer = consumer.producer
            if producer is None or patchbay.muted(producer.participant, producer.kind):
                continue
            key = str(consumer.sink)
            named[key] = consumer
            rank = ranks.get(producer.participant, len(ranks))
            if consumer.kind == "video":
                height = self._height(consumer, audience, rank)
                if height:
                    videos.append(self._video(key, consumer, audience, rank, height))
            elif producer.encodings[0].level <= GATE:
                audio.append(Audio(key, self._audio_rate(consumer), rank))
        available = self.available(now)
        if self.measured and now - self._opened < DOUBT and self._estimator.rate >= self._start:
            available = max(available, min(self._declared(now), self._needed(audio, videos)))
        # Where the line is full, sound sent twice is what is lost.
        doubled = [replace(stream, rate=int(stream.rate * REDUNDANT)) for stream in audio]
        self.redundant = self._lossy and sum(stream.rate for stream in doubled) * budget.MARGIN <= available
        if self.redundant:
            audio = doubled
        self.division = self._budget.divide(available, audio, videos, now)
        # Voices have no transport-wide numbers: no feedback speaks of them.
        self._estimator.beside = sum(stream.rate for stream in audio if stream.key in self.division.audio)
        loud = {stream.key for stream in audio}
        changed = [consumer for key, consumer in named.items() if self._assign(key, consumer, key in loud)]
        if changed or self.division.wanted > self.division.rate or available < ROOM * self.division.rate:
            self._pressed_until = now + 2 * budget.RISE
        self.look_at = now + (SOON if now < self._pressed_until else CALM if self.measured else SELDOM)
        return changed

    @staticmethod
    def _needed(audio: Sequence[Audio], videos: Sequence[Video]) -> int:
        """Bits a second for the voices and the least of the first picture: a camera that sends one size only would else
        wait until probes have found room for it."""
        first = min(videos, key=lambda video: (video.place, video.rank), default=None)
        least = first.steps[0].rate if first is not None else 0
        return int((sum(stream.rate for stream in audio) + least) * budget.MARGIN) + 1

    def _height(self, consumer: Consumer, audience: Audience, rank: int) -> int:
        if isinstance(self.owner, View) or consumer.producer is None:
            return FULL
        return audience.height(self.owner.transport.participant, consumer.producer.participant, rank)

    def _video(self, key: str, consumer: Consumer, audience: Audience, rank: int, height: int) -> Video:
        producer = consumer.producer
        assert producer is not None
        place = budget.FLOOR if producer.participant == audience.first else budget.THUMBNAIL
        return Video(key, place, rank, height, producer.offer)

    def _audio_rate(self, consumer: Consumer) -> int:
        producer = consumer.producer
        assert producer is not None
        rates = producer.encodings[0].rates
        return rates[-1] if rates else UNKNOWN_AUDIO

    def _assign(self, key: str, consumer: Consumer, loud: bool) -> bool:
        before = consumer.shown, consumer.wish, consumer.temporal, consumer.red
        if consumer.kind == "audio":
            consumer.shown = not loud or key in self.division.audio
            consumer.red = self.redundant
        else:
            choice = self.division.video.get(key)
            consumer.shown = choice is not None
            if choice is not None and consumer.producer is not None:
                consumer.wish = consumer.producer.encodings[choice.encoding]
                consumer.temporal = choice.temporal if choice.temporal < ALL_LAYERS else ALL_LAYERS
        return before != (consumer.shown, consumer.wish, consumer.temporal, consumer.red)
