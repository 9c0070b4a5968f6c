"""One receiver's line: what it bears, by his feedback and by his word, and what is sent over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from media import bandwidth, budget, rtcp
from media.audience import FULL, Audience
from media.bandwidth import Estimator
from media.budget import Audio, Budget, Division, Video
from media.consumer import ALL_LAYERS, Consumer
from media.down import Down, View
from media.forwarder import SinkStats
from media.parameters import SCREEN
from media.patchbay import GATE, Patchbay
from media.quality import SILENT, Grade, grade
from media.transport import Port
from media.voices import Need

PACING = 2.5  # times the estimate, as libwebrtc has it: a key frame shall not take ten frames' time
DRAINING = 0.8  # of what the voices leave of the estimate, while a queue stands
BODIES = 0.9  # of a declared line: pacing counts what packets carry, and a line their headers, too
DOUBT = 5.0  # seconds in which a line that has shown no queue yet is taken to bear one small picture
LOSSY, CLEAN = 0.03, 0.005  # loss of audio from which RED is sent, and below which it is not
CLEAN_FOR = 10.0  # seconds
SETTLED, REPORT_EVERY = 5.0, 3.5  # seconds
SOON, CALM, SELDOM = 0.25, 1.0, 4.0
"""Seconds to the next division of a line that is narrow or has just changed, of one with room, and of one that nothing
is known of. One that turns out to be too narrow is divided at once."""
PRESSING, PATIENT, EASY = 0.04, 0.2, 0.5
"""Seconds to the next padding of a probe, and to the next look whether there is one to begin; or, where nothing more is
wanted, whether it has fallen silent. The clock's tick is a little longer than the first."""
UNKNOWN_AUDIO = 60_000  # bits a second, until it is measured
REDUNDANT = 1.6  # times the rate of Opus that RED takes, on the wire
REPAIRS, LEAST_REPAIRS, REPAIRS_AT_ONCE = 0.25, 5.0, 30.0
"""Packets sent again for one that is sent, so many a second at least, and so many at once. Where more is lost the line
is too full, and what is sent again is lost as well: two hundred repairs a second took a third of the voice from a line
of 64 kbit/s. It also bounds what one NACK can ask for."""
LEAST = 10_000  # bits a second that a declared line leaves to pictures, by pacing: 0 would be no pacing
MOST = 64  # pictures: as many as a session description has


class Line:
    """Given: the owner of the transport. `start`: bits a second that were borne by an earlier line of the receiver."""

    def __init__(self, owner: Down | View, port: Port, now: float, start: int | None) -> None:
        self.owner = owner
        self.division = Division((), {}, 0, 0)
        self.need = Need()
        self.stirred = True
        self.look_at = self._looked_at = now
        self.measured = owner.congestion_id > 0
        self.tick_at = now  # when tick() has something to do next
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
        self._voices = 0  # bits a second of the voices of which feedback speaks
        self._beside = 0  # bits a second of voices without transport-wide numbers, of which no feedback speaks
        self._counted: dict[int, tuple[int, int]] = {}
        self._counted_at = now
        self._reported_at = self._pressed_until = 0.0
        self._packets = 0.0  # a second
        self._repairs = REPAIRS_AT_ONCE  # that may be sent again now
        self._repairs_at = now
        self._paced = 0
        self._silent = self._gone = False  # no feedback comes; nobody seems to be there
        self._called = True  # there was a way to send padding, the last time
        self._acquittals = 0
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
        self.stirred = True

    # From the network.

    def heeds_reports(self, now: float) -> bool:
        """Does a report that nothing is lost change anything?"""
        return self._lossy or (self._estimator.follows_reports(now) if self.measured else self.rate < bandwidth.CEILING)

    def hear(self, packets: Sequence[rtcp.Packet], now: float) -> None:
        """What one compound says."""
        blocks = []
        for packet in packets:
            if isinstance(packet, rtcp.TransportFeedback) and self.measured:
                self._hear_arrivals(packet, now)
            elif isinstance(packet, rtcp.Ceiling):
                self._estimator.remb(packet.bits_per_second, now)
            elif isinstance(packet, rtcp.Block):
                blocks.append(packet)
        # Most reports say that nothing is lost, over a line that nothing limits.
        if blocks and (self.measured or self.rate < bandwidth.CEILING or any(block.fraction for block in blocks)):
            self._estimator.reports(blocks, self._sent, now)
        if self._lossy or any(block.fraction for block in blocks):
            self._watch_audio(blocks, now)

    def _hear_arrivals(self, report: rtcp.TransportFeedback, now: float) -> None:
        if self._silent:
            self.tick_at = now  # he is back
        if self._estimator.looks(now):
            self._estimator.sent(self._forwarder.sent(self._number))
        if not self._estimator.feedback(report, now):
            return
        if self._acquittals != self._estimator.acquittals:
            self._acquittals = self._estimator.acquittals
            self._begin_anew()
        if self._estimator.rate + self._beside < self.division.rate and now - self._looked_at >= SOON:
            self.look_at = now
        self._set_pace()

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

    @property
    def sheds(self) -> bool:
        """Does it lose much without being full? Then what is sent once more is sent twice: who asks for it asks again
        only after a tenth of a second, and a picture stands still for so long."""
        return self._lossy and not self._full

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
        """Call at `tick_at` if the line is measured: pacing, and padding that tries whether the line bears more."""
        self._estimator.sent(self._forwarder.sent(self._number))
        self._estimator.tick(now)
        # A line on which voices are thin is tried for full ones.
        wanted = max(self.division.wanted, self.need.wanted) - self._beside
        padding = self._estimator.probe(now, wanted)
        padded = self._pad(padding) if padding else self._called
        # Who cannot be called shall be tried with pictures.
        self._called = padded or not self._estimator.gone
        gone = self._estimator.gone and self._called
        if self._gone != gone:
            self._gone, self.stirred = gone, True
        if self._silent and not self._estimator.silent:
            self._begin_anew()
        self._silent = self._estimator.silent
        if not self._lossy and not self._full and self._estimator.loss >= LOSSY:
            # Browsers report on sound every five seconds only; what all packets suffer it suffers, too.
            self._lossy, self._clean_since, self.stirred = True, None, True
        self._set_pace()
        patient = PATIENT if wanted > self._estimator.rate else EASY
        self.tick_at = now + (PRESSING if self._estimator.probing else patient)

    def _begin_anew(self) -> None:
        """What went down for a reason that is over comes back with its end: no reason to wait."""
        self._budget, self.stirred = Budget(last=MOST, borne=True), True

    def _set_pace(self) -> None:
        bits = PACING * self._estimator.rate
        if self._full:
            # More would only lengthen the queue, and delay the voices with it, which are not paced.
            bits = max(LEAST, DRAINING * (self._estimator.rate - self._voices))
        if self._kbps is not None:
            bits = min(bits, BODIES * 1000 * self._kbps)
        pace = int(bits / 8)
        if not 0.9 * self._paced < pace < 1.1 * self._paced:
            self._paced = pace
            self._forwarder.pace(self._number, pace)

    @property
    def _full(self) -> bool:
        """Does a queue stand in the line?"""
        return self.measured and self._estimator.queue >= bandwidth.QUEUE

    def _pad(self, octets: int) -> bool:
        """Send about so much padding, beside pictures where there are any; whether any of it was sent."""
        left = octets
        for consumer in sorted(self.owner.consumers(), key=lambda consumer: consumer.kind == "audio"):
            if left > 0 and consumer.routed:
                left -= self._forwarder.pad(consumer.sink, left)
        return left < octets

    def quality(self, now: float) -> tuple[Grade, bool]:
        """How it fares, and whether only voices still come over it."""
        if self._gone or self.owner.transport.silence(now) > SILENT:
            return Grade.LOST, False
        short = self.division.wanted > self.division.rate
        if (short or self.need.thin) and not self.division.video:
            return Grade.WEAK, True
        loss = max(LOSSY if self._lossy else 0.0, self._estimator.loss)
        return grade(loss, self.available(now) if short or self.need.thin else None), False

    # What goes over it.

    def available(self, now: float) -> int:
        """Bits a second that may be sent."""
        return min(self._estimator.rate + self._beside, self._declared(now))

    def _declared(self, now: float) -> int:
        bound = 1000 * self._kbps if self._kbps is not None else bandwidth.CEILING
        if self._megabytes is not None:
            cap, since, used = self._megabytes
            bound = min(bound, budget.allowance(cap, self._used - used, now - since))
        return bound

    def divide(self, audience: Audience, patchbay: Patchbay, ranking: Sequence[str], now: float) -> list[Consumer]:
        """Decide anew what every consumer of the line shall get; those for which that has changed."""
        self._looked_at = now
        if self.stirred:
            self.stirred, self._pressed_until = False, now + 2 * budget.RISE
        if self._silent and not self._estimator.gone:
            self.look_at = now + SOON
            return []  # he will be back, or be found to have gone: what he is shown stays in readiness until then
        if self._gone:
            self.need.rest()
            self.look_at = now + SELDOM
            return self._withhold()
        ranks = {name: rank for rank, name in enumerate(ranking)}
        audio: list[Audio] = []
        videos: list[Video] = []
        named: dict[str, Consumer] = {}
        for consumer in self.owner.consumers():
            producer = consumer.producer
            if producer is None or patchbay.closed(consumer):
                continue
            key = str(consumer.sink)
            named[key] = consumer
            rank = ranks.get(producer.participant, len(ranks))
            if consumer.kind != "audio":
                height = self._height(consumer, audience, rank)
                if height:
                    videos.append(self._video(key, consumer, audience, rank, height))
            elif producer.encodings[0].level <= GATE:
                audio.append(Audio(key, self._audio_rate(consumer), rank))
        available = self.available(now)
        young = self.measured and now - self._opened < DOUBT and self._estimator.rate >= self._start
        if young or self._estimator.doubted:
            available = max(available, min(self._declared(now), self._needed(audio, videos)))
        if audio:
            # Whoever is heard first is heard on a line that hardly bears it, too, until he sends a thin voice.
            first = min(audio, key=lambda stream: stream.rank)
            available = max(available, min(self._declared(now), first.rate))
        # Where the line is full, sound sent twice is what is lost.
        doubled = [replace(stream, rate=int(stream.rate * REDUNDANT)) for stream in audio]
        fits = sum(stream.rate for stream in doubled) * budget.MARGIN <= available
        self.redundant = self._lossy and fits and not self.need.thin
        if self.redundant:
            audio = doubled
        self.division = self._budget.divide(available, audio, videos, now)
        if named:
            self.need.judge(available, len(audio), len(self.division.audio) < len(audio), now)
        else:
            self.need.rest()
        if self.measured:
            self._set_aside([item for item in audio if item.key in self.division.audio], named)
        loud = {stream.key for stream in audio}
        changed = [consumer for key, consumer in named.items() if self._assign(key, consumer, key in loud)]
        if changed or self.division.wanted > self.division.rate or available < self.division.rate:
            self._pressed_until = now + 2 * budget.RISE
            self.tick_at = min(self.tick_at, now + PATIENT)
        self.look_at = now + (SOON if now < self._pressed_until else CALM if self.measured else SELDOM)
        return changed

    def _withhold(self) -> list[Consumer]:
        """Pictures that nobody receives would only stand in the way of whoever comes back; voices are tried on."""
        shown = [item for item in self.owner.consumers() if item.kind != "audio" and not item.withheld]
        for consumer in shown:
            consumer.withheld = True
        return shown

    def _set_aside(self, heard: Sequence[Audio], named: Mapping[str, Consumer]) -> None:
        """The estimate is of what is left of the line by those voices of which no feedback speaks."""
        self._beside = sum(stream.rate for stream in heard if not named[stream.key].stamped)
        self._voices = sum(stream.rate for stream in heard) - self._beside
        self._estimator.line = max(LEAST, 1000 * self._kbps - self._beside) if self._kbps is not None else None

    @staticmethod
    def _needed(audio: Sequence[Audio], videos: Sequence[Video]) -> int:
        """Bits a second for the voices and the least of the first picture: a camera that sends one size only would else
        wait until probes have found room for it, and be gone whenever a line that loses packets is put to the test."""
        first = min(videos, key=lambda video: (video.place, video.rank), default=None)
        least = first.steps[0].rate if first is not None else 0
        return int((sum(stream.rate for stream in audio) + least) * budget.MARGIN) + 1

    def _height(self, consumer: Consumer, audience: Audience, rank: int) -> int:
        if isinstance(self.owner, View) or consumer.producer is None:
            return FULL
        receiver, shown = self.owner.transport.participant, consumer.producer.participant
        if consumer.kind == SCREEN:
            return audience.screen_height(receiver, shown)
        return audience.height(receiver, shown, rank)

    def _video(self, key: str, consumer: Consumer, audience: Audience, rank: int, height: int) -> Video:
        producer = consumer.producer
        assert producer is not None
        place = budget.FLOOR if producer.participant == audience.first else budget.THUMBNAIL
        place = budget.SHARED if producer.kind == SCREEN else place
        return Video(key, place, rank, height, producer.offer)

    def _audio_rate(self, consumer: Consumer) -> int:
        producer = consumer.producer
        assert producer is not None
        rates = producer.encodings[0].rates
        return rates[-1] if rates else UNKNOWN_AUDIO

    def _assign(self, key: str, consumer: Consumer, loud: bool) -> bool:
        before = consumer.shown, consumer.wish, consumer.temporal, consumer.red, consumer.withheld
        consumer.withheld, consumer.pressed = False, self._full
        if consumer.kind == "audio":
            consumer.shown = not loud or key in self.division.audio
            consumer.red = self.redundant
        else:
            choice = self.division.video.get(key)
            consumer.shown = choice is not None
            if choice is not None and consumer.producer is not None:
                consumer.wish = consumer.producer.encodings[choice.encoding]
                consumer.temporal = choice.temporal if choice.temporal < ALL_LAYERS else ALL_LAYERS
        return before != (consumer.shown, consumer.wish, consumer.temporal, consumer.red, consumer.withheld)
