"""Which consumer carries which encoding of which producer, and the same in the forwarder's routes. One per router."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from media.consumer import ALL_LAYERS, Consumer
from media.encoding import Encoding
from media.forwarder import SOURCES, Rewrite, SinkStats
from media.places import EVERYWHERE, Place, Places
from media.producer import Found, Producer, Up
from media.transport import Port

GATE = 70  # -dBov, RFC 6464: nobody hears what is more silent, so it is not forwarded
CARRIED = 12  # our number of DEPENDENCY, see media.down.EXTENSIONS


class Patchbay:
    """The table producer -> consumers, and who is muted."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._forwarder = port.forwarder
        self._fed: dict[Producer, list[Consumer]] = {}
        self.places = Places()
        self._muted: set[tuple[str, str]] = set()
        self._switching: set[Consumer] = set()

    def add(self, up: Up, now: float) -> None:
        """A publisher's producers, with the streams that his offer has named already."""
        if up.congestion_id:
            self._forwarder.congestion(up.transport.id, receive=up.congestion_id)
        for producer in up.producers.values():
            self._fed[producer] = []
        for found in up.declared():
            self.start(up, found, now)

    def remove(self, producer: Producer) -> None:
        """The producer ends; whoever still consumes it gets nothing more."""
        self.withdraw(producer)
        del self._fed[producer]

    def withdraw(self, producer: Producer) -> None:
        """The producer rests: its consumers end."""
        for consumer in self._fed[producer]:
            consumer.plug(None)
            if consumer.routed:
                self._forwarder.unroute(consumer.sink)
        self._fed[producer] = []

    def plug(self, consumer: Consumer, producer: Producer | None, now: float) -> None:
        """Let the consumer carry this producer from now on, or none."""
        if producer is consumer.producer:
            return
        if consumer.producer is not None:
            self._fed[consumer.producer].remove(consumer)
        consumer.plug(producer)
        if consumer.routed:
            self._forwarder.switch(consumer.sink, *self._port.parking())
        if producer is not None:
            self._fed[producer].append(consumer)
            self.route(consumer, now)

    def drop(self, consumer: Consumer) -> None:
        """The consumer ends with its transport."""
        if consumer.producer is not None:
            self._fed[consumer.producer].remove(consumer)
            consumer.plug(None)

    def route(self, consumer: Consumer, now: float) -> None:
        """Have the forwarder do it, if all that this takes is known by now; otherwise call again when more is."""
        producer, numbers = consumer.producer, consumer.numbers
        encoding = producer.nearest(consumer.wish, now) if producer is not None else None
        to = self._port.find(consumer.to)
        if producer is None or encoding is None or encoding.ssrc is None or numbers is None:
            return
        if to is None or not to.connected or consumer.fed is not None:
            return
        if not consumer.routed:
            rewrite = self._rewrite(consumer, producer, numbers)
            self._forwarder.route(consumer.sink, producer.transport, encoding.ssrc, consumer.to, rewrite)
            consumer.routed = True
            consumer.codec = producer.codec.name
        elif consumer.codec == producer.codec.name:
            # Nothing came from where it was parked, so that a picture has to begin with a key frame.
            self._switch(consumer, encoding)
        else:
            return
        consumer.fed, consumer.switching = encoding, None
        self.steer(consumer, now)
        encoding.want_key()

    def _rewrite(self, consumer: Consumer, producer: Producer, numbers: tuple[int, int]) -> Rewrite:
        first, timestamp = self._port.number(14), self._port.number(32)
        carry = producer.codec.name in consumer.carries
        plain = Rewrite(consumer.ssrc, numbers[0], first, timestamp, carry=carry, stamped=consumer.stamped)
        if producer.kind == "audio":
            return plain._replace(red_payload_type=numbers[1])
        if not numbers[1]:
            return plain
        again = self._port.number(14)
        return plain._replace(rtx_ssrc=consumer.repair, rtx_payload_type=numbers[1], rtx_sequence=again)

    def _switch(self, consumer: Consumer, encoding: Encoding) -> None:
        producer = consumer.producer
        assert producer is not None
        assert encoding.ssrc is not None
        at_key = producer.kind != "audio"
        sizes = producer.encodings
        smaller = consumer.fed in sizes and sizes.index(encoding) < sizes.index(consumer.fed)
        hold = consumer.pressed and smaller
        self._forwarder.switch(consumer.sink, producer.transport, encoding.ssrc, at_key=at_key, hold=hold)

    def steer(self, consumer: Consumer, now: float) -> None:
        """Have the forwarder send what the consumer shall get now: whether, which encoding, which temporal layers."""
        producer = consumer.producer
        if producer is None or not consumer.routed or consumer.fed is None:
            return
        paused = not consumer.shown or consumer.withheld or self.closed(consumer)
        if paused != consumer.paused:
            self._forwarder.pause(consumer.sink, paused)
            consumer.paused = paused
            if not paused:
                consumer.fed.want_key()
        if producer.kind != "audio" and not paused:
            self._choose(consumer, producer, now)
        if consumer.red != consumer.sent_red and producer.kind == "audio" and consumer.numbers and consumer.numbers[1]:
            consumer.sent_red = consumer.red
            self._forwarder.red(consumer.sink, consumer.red)

    def _choose(self, consumer: Consumer, producer: Producer, now: float) -> None:
        encoding = producer.nearest(consumer.wish, now)
        if encoding is not None and encoding is not (consumer.switching or consumer.fed):
            self._switch(consumer, encoding)
            if encoding is consumer.fed:
                consumer.switching = None
                encoding.want_key()  # it may have been held
            else:
                consumer.switching = encoding
                self._switching.add(consumer)
                encoding.want_key()
        temporal = consumer.temporal if encoding is consumer.wish else ALL_LAYERS
        if temporal != consumer.sent_temporal:
            consumer.sent_temporal = temporal
            self._forwarder.layers(consumer.sink, temporal)

    def settle(self, now: float) -> bool:
        """Call a few times a second: encodings come and go, and a lost request for a key frame has to be made again.
        Whether any has come or gone."""
        changed = False
        for producer, consumers in self._fed.items():
            if not producer.layered:
                continue
            flows = [encoding.flowing(now) for encoding in producer.encodings]
            if flows != producer.flows:
                producer.flows, changed = flows, True
                for consumer in consumers:
                    self.steer(consumer, now)
        self._switching = {consumer for consumer in self._switching if consumer.switching is not None}
        for consumer in self._switching:
            if consumer.switching is not None and consumer.switching.flowing(now):
                consumer.switching.want_key()
        return changed

    def arrived(self, consumers: Iterable[Consumer], stats: Sequence[SinkStats]) -> None:
        """What the forwarder says of where sinks are fed from: the key frames that they waited for have come."""
        by_sink = {item.sink: item for item in stats}
        for consumer in consumers:
            item = by_sink.get(consumer.sink)
            producer = consumer.producer
            if item is None or producer is None or consumer.switching is None or item.waiting:
                continue
            if item.source == (producer.transport, consumer.switching.ssrc):
                consumer.fed, consumer.switching = consumer.switching, None
                consumer.fed.key_came()

    def start(self, up: Up, found: Found, now: float) -> None:
        """A stream of the publisher has this SSRC from now on."""
        encoding, producer = found.encoding, found.producer
        if up.producing(found.ssrc) is not None or found.ssrc in up.repairing:
            return
        if found.repairs:
            self._repair(up, encoding, found.ssrc)
            return
        former, repair = encoding.ssrc, encoding.repair
        up.repairing = {ssrc: repaired for ssrc, repaired in up.repairing.items() if repaired is not encoding}
        around = producer.protection.payload_type if producer.protection is not None else 0
        carry = ((up.dependency_id, CARRIED),) if up.dependency_id and producer.kind != "audio" else ()
        self._forwarder.source(
            up.transport.id, found.ssrc, clock_rate=producer.codec.clock_rate, nack=producer.nack,
            level_id=up.level_id if producer.kind == "audio" else 0, codec=producer.codec.name,
            red=around if producer.kind == "audio" else 0, gate=GATE, carry=carry,
        )  # fmt: skip
        encoding.start(found.ssrc)
        producer.hushed = False
        if former is None and repair is not None:
            self._repair(up, encoding, repair)
        for consumer in self._fed[producer]:
            if encoding is consumer.fed:
                self._forwarder.switch(consumer.sink, *self._port.parking())  # the former source takes its sinks along
                consumer.switching = None
            if encoding in (consumer.fed, consumer.switching):
                self._switch(consumer, encoding)
                encoding.want_key()
            self.route(consumer, now)
        if former is not None:
            self._forwarder.unsource(up.transport.id, former)

    def _repair(self, up: Up, encoding: Encoding, ssrc: int) -> None:
        if len(up.repairing) >= SOURCES:
            self._port.counters["rtp_unknown_stream"] += 1
            return
        up.repairing[ssrc] = encoding
        encoding.repair = ssrc
        if encoding.ssrc is not None:
            self._forwarder.repair(up.transport.id, ssrc, encoding.ssrc)

    def pause(self, participant: str, kind: str, producer: Producer | None, paused: bool, now: float) -> None:
        """Mute or unmute; `producer` is what the participant publishes now, if anything."""
        if paused:
            self._muted.add((participant, kind))
        else:
            self._muted.discard((participant, kind))
        for consumer in self._fed[producer] if producer is not None else ():
            self.steer(consumer, now)

    def hush(self, ups: Iterable[Up], hushed: set[str]) -> None:
        """Forward the voices of these to nobody, and of everybody else."""
        for up in ups:
            audio = up.producers.get("audio")
            ssrc = audio.encodings[0].ssrc if audio is not None else None
            if audio is None or ssrc is None:
                continue
            held = up.transport.participant in hushed
            if held != audio.hushed:
                audio.hushed = held
                self._forwarder.hold(up.transport.id, ssrc, held)

    def closed(self, consumer: Consumer) -> bool:
        """Is nothing to go this way: its sender is muted, or apart from the receiver?"""
        producer = consumer.producer
        if producer is None or self.muted(producer.participant, producer.kind):
            return True
        to = self._port.find(consumer.to)
        return to is not None and self.places.apart(producer.participant, to.participant, producer.kind)

    def place(self, participant: str, place: Place, now: float) -> bool:
        """Whether that changes anything."""
        if not self.places.put(participant, place):
            return False
        for consumers in self._fed.values():
            for consumer in consumers:
                self.steer(consumer, now)
        return True

    def muted(self, participant: str, kind: str) -> bool:
        return (participant, kind) in self._muted

    def forget(self, participant: str) -> None:
        """The participant has left: nothing of his is muted any more, and he is with the others."""
        self.places.put(participant, EVERYWHERE)
        self._muted = {entry for entry in self._muted if entry[0] != participant}

    def watched(self, producer: Producer, now: float) -> set[Encoding]:
        """What anybody waits for or gets of it, and what is seen in its place while it does not come."""
        if self.muted(producer.participant, producer.kind):
            return set()
        shown = [one for one in self._fed[producer] if one.shown and one.numbers is not None and not self.closed(one)]
        wishes = {consumer.wish or producer.encodings[0] for consumer in shown}
        wishes |= {encoding for encoding in producer.encodings if encoding.kept}
        wished = {encoding for wish in wishes for encoding in producer.standing_in(wish, now)}
        leaving = {consumer.fed for consumer in shown if consumer.fed is not None and consumer.switching is not None}
        return wished | leaving

    def sizes(self) -> tuple[int, int]:
        """(producers, consumers)."""
        return len(self._fed), sum(len(consumers) for consumers in self._fed.values())
