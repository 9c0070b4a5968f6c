"""Which consumer carries which producer, and the same in the forwarder's routes. One per router."""

from __future__ import annotations

from media.consumer import Consumer
from media.forwarder import Rewrite
from media.producer import Producer, Up
from media.transport import Port


class Patchbay:
    """The table producer -> consumers, and who is muted."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._forwarder = port.forwarder
        self._fed: dict[Producer, list[Consumer]] = {}
        self._muted: set[tuple[str, str]] = set()

    def add(self, up: Up) -> None:
        """A publisher's producers, with the streams that his offer has named already."""
        for producer in up.producers.values():
            self._fed[producer] = []
        for kind, ssrc in up.declared.items():
            self.start(up, up.producers[kind], ssrc)

    def remove(self, producer: Producer) -> None:
        """The producer ends; whoever still consumes it gets nothing more."""
        for consumer in self._fed.pop(producer):
            consumer.producer = None
            if consumer.routed:
                self._forwarder.unroute(consumer.sink)

    def plug(self, consumer: Consumer, producer: Producer | None) -> None:
        """Let the consumer carry this producer from now on, or none."""
        if producer is consumer.producer:
            return
        if consumer.producer is not None:
            self._fed[consumer.producer].remove(consumer)
        consumer.producer = producer
        if consumer.routed:
            self._forwarder.switch(consumer.sink, *self._port.parking())
        if producer is not None:
            self._fed[producer].append(consumer)
            self.route(consumer)

    def drop(self, consumer: Consumer) -> None:
        """The consumer ends with its transport."""
        if consumer.producer is not None:
            self._fed[consumer.producer].remove(consumer)
            consumer.producer = None

    def route(self, consumer: Consumer) -> None:
        """Have the forwarder do it, if all that this takes is known by now; otherwise call again when more is."""
        producer = consumer.producer
        payload_type = consumer.payload_type
        to = self._port.find(consumer.to)
        if producer is None or producer.ssrc is None or payload_type is None or to is None or not to.connected:
            return
        if not consumer.routed:
            rewrite = Rewrite(consumer.ssrc, payload_type, self._port.number(14), self._port.number(32))
            self._forwarder.route(consumer.sink, producer.transport, producer.ssrc, consumer.to, rewrite)
            consumer.routed = True
            consumer.codec = producer.codec.name
        elif consumer.codec == producer.codec.name:
            self._forwarder.switch(consumer.sink, producer.transport, producer.ssrc)
        else:
            return
        self._forwarder.pause(consumer.sink, self.muted(producer.participant, producer.kind))
        producer.want_key()

    def start(self, up: Up, producer: Producer, ssrc: int) -> None:
        """The producer's stream has this SSRC from now on."""
        former = producer.ssrc
        if up.producing(ssrc) is not None:
            return
        level_id = up.level_id if producer.kind == "audio" else 0
        clock_rate = producer.codec.clock_rate
        self._forwarder.source(up.transport.id, ssrc, clock_rate=clock_rate, nack=producer.nack, level_id=level_id)
        producer.start(ssrc)
        for consumer in self._fed[producer]:
            self.route(consumer)
        if former is not None:
            self._forwarder.unsource(up.transport.id, former)

    def pause(self, participant: str, kind: str, producer: Producer | None, paused: bool) -> None:
        """Mute or unmute; `producer` is what the participant publishes now, if anything."""
        if paused:
            self._muted.add((participant, kind))
        else:
            self._muted.discard((participant, kind))
        if producer is None:
            return
        for consumer in self._fed[producer]:
            if consumer.routed:
                self._forwarder.pause(consumer.sink, paused)
        if not paused:
            producer.want_key()

    def muted(self, participant: str, kind: str) -> bool:
        return (participant, kind) in self._muted

    def forget(self, participant: str) -> None:
        """The participant has left: nothing of his is muted any more."""
        self._muted = {entry for entry in self._muted if entry[0] != participant}

    def sizes(self) -> tuple[int, int]:
        """(producers, consumers)."""
        return len(self._fed), sum(len(consumers) for consumers in self._fed.values())
