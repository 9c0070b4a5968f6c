"""What publishers send: whose streams they are, what is missing of them, key frames, loudness, and reports back."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from media import rtcp
from media.audience import Audience
from media.forwarder import Notice
from media.patchbay import Patchbay
from media.producer import Up
from media.transport import Port


class Reception:
    """One router's. Given: port, patchbay, audience."""

    def __init__(self, port: Port, patchbay: Patchbay, audience: Audience) -> None:
        self._port = port
        self._forwarder = port.forwarder
        self._patchbay = patchbay
        self._audience = audience

    def hear(self, up: Up, packets: Sequence[rtcp.Packet], now: float) -> None:
        """RTCP of a publisher."""
        for packet in packets:
            if isinstance(packet, rtcp.Delay):
                up.note(packet, now)
            found = up.producing(packet.ssrc) if isinstance(packet, rtcp.SenderReport) else None
            if found is not None and isinstance(packet, rtcp.SenderReport):
                producer, encoding = found
                offset = encoding.note(packet, now)
                if producer.layered:
                    self._forwarder.align(up.transport.id, packet.ssrc, offset)

    def appear(self, up: Up, notice: Notice, now: float) -> None:
        """The first packet of a stream."""
        found = up.identify(notice.data)
        if found is None:
            self._port.counters["rtp_unknown_stream"] += 1
            return
        if not found.repairs:
            found.encoding.appear(notice.data, now)
            found.producer.review(now)
        self._patchbay.start(up, found, now)
        self.ask_keys([up], now)

    def missing(self, up: Up, notice: Notice, now: float) -> None:
        """Ask for what was lost."""
        sequences = struct.unpack(f"!{len(notice.data) // 2}H", notice.data)
        for compound in up.repeat_requests(notice.ssrc, sequences, now):
            self._forwarder.rtcp(up.transport.id, compound)

    def ask_keys(self, ups: Iterable[Up], now: float) -> None:
        """Send the requests for key frames that are due."""
        for up in ups:
            for compound in up.key_requests(now):
                self._forwarder.rtcp(up.transport.id, compound)

    def acknowledge(self, ups: Iterable[Up]) -> None:
        """Tell publishers when their packets came, so that they know what their lines bear. Call about ten times a
        second."""
        for up in ups:
            for compound in up.acknowledge(self._forwarder.arrivals(up.transport.id)) if up.congestion_id else ():
                self._forwarder.rtcp(up.transport.id, compound)

    def listen(self, ups: Sequence[Up], now: float) -> list[str]:
        """Measure what comes, and who speaks. The groups in which that has changed. Call a few times a second."""
        levels: dict[str, dict[str, int]] = {}
        places = self._patchbay.places
        for up in ups:
            audible = 127
            for stats in self._forwarder.sources(up.transport.id):
                found = up.producing(stats.ssrc)
                if found is not None:
                    producer, encoding = found
                    encoding.measure(stats, now)
                    audible = stats.level if producer.kind == "audio" else audible
            for producer in up.producers.values():
                producer.review(now)
            name = up.transport.participant
            heard = "audio" in up.producers and not self._patchbay.muted(name, "audio")
            if heard and not places.interprets(name):  # interpreters repeat who speaks, whatever the others do
                levels.setdefault(places.group(name), {})[name] = audible
        changed = self._audience.listen(levels, now)
        self._patchbay.hush(ups, self._audience.hushed(levels))
        return changed

    def report(self, up: Up, now: float) -> None:
        """The reception report of every second."""
        stats = self._forwarder.sources(up.transport.id)
        self._forwarder.rtcp(up.transport.id, up.feedback(stats, now))
