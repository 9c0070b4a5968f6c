"""Whose media are recorded or captioned: the same in the forwarder's taps, and what was tapped as news. One a router.

A shared screen never is: who agreed to be recorded agreed to be heard and seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from media.encoding import Encoding
from media.events import News, Recorded
from media.forwarder import Forwarder, Tapped
from media.parameters import SCREEN
from media.patchbay import Patchbay
from media.producer import Producer, Up

PROVEN = 5.0
"""Seconds that a better size must have come before it follows another one into the files: with each change another file
begins, and the sizes of a busy machine come and go."""


@dataclass(frozen=True, slots=True)
class _Tap:
    producer: Producer
    encoding: Encoding
    since: float | None  # when a better size began to come


class Taps:
    """Nothing of a participant is kept before `want`, nor after it is taken back, nor while it is muted."""

    def __init__(self, room: str, forwarder: Forwarder, patchbay: Patchbay, news: News) -> None:
        self._room = room
        self._forwarder = forwarder
        self._patchbay = patchbay
        self._news = news
        self._wanted: set[str] = set()
        self._heard: set[str] = set()
        self._open: dict[tuple[int, int], _Tap] = {}  # by transport and SSRC
        self._idle = True  # nobody is recorded, and nothing is left of when somebody was

    def want(self, participant: str, recorded: bool) -> None:
        """Call `settle` next. Holds for what he publishes later, too."""
        if recorded:
            self._wanted.add(participant)
        else:
            self._wanted.discard(participant)

    def hear(self, participant: str, heard: bool) -> None:
        """As `want`, of the voice alone."""
        if heard:
            self._heard.add(participant)
        else:
            self._heard.discard(participant)

    def settle(self, ups: Iterable[Up], now: float) -> None:
        """Tap what is to be recorded of what there is by now, and nothing else."""
        anybody = bool(self._wanted or self._heard)
        if self._idle and not anybody:
            return
        self._idle = not anybody
        wanted: dict[tuple[int, int], _Tap] = {}
        for up in ups:
            for producer in [one for one in up.producers.values() if one.kind != SCREEN]:
                tap = self._choose(producer, now)
                if tap is not None and tap.encoding.ssrc is not None:
                    wanted[producer.transport, tap.encoding.ssrc] = tap
        for stream in self._open.keys() - wanted:
            self._tap(stream, False)
            del self._open[stream]
        for stream, tap in wanted.items():
            if stream in self._open or self._tap(stream, True):
                if stream not in self._open:
                    tap.encoding.want_key()
                self._open[stream] = tap

    def _choose(self, producer: Producer, now: float) -> _Tap | None:
        """Of several sizes the second: it shows a face well, and nobody has to send the largest for it. Where it does
        not come, what does; that goes on until the second has proven itself."""
        kept = producer.participant in self._wanted
        kept = kept or (producer.kind == "audio" and producer.participant in self._heard)
        kept = kept and not self._patchbay.muted(producer.participant, producer.kind)
        wish = producer.encodings[min(1, len(producer.encodings) - 1)]
        found = producer.nearest(wish, now) if kept else None
        present = next((tap for tap in self._open.values() if tap.producer is producer), None)
        since = None
        better = found is not None and present is not None and present.encoding is not found
        if better and present is not None and present.encoding.flowing(now):
            since = present.since if present.since is not None else now
            found = present.encoding if now - since < PROVEN else found
        for encoding in producer.encodings:
            encoding.kept = kept and encoding in (wish, found)
        return _Tap(producer, found, since) if found is not None else None

    def _tap(self, stream: tuple[int, int], tapped: bool) -> bool:
        try:
            self._forwarder.tap(*stream, tapped)
        except KeyError:  # the source has ended, or has not begun
            return False
        return True

    def want_key(self, participant: str) -> None:
        """His picture cannot be recorded without a key frame."""
        for tap in self._open.values():
            if tap.producer.participant == participant:
                tap.encoding.want_key()

    def keep(self, packets: Iterable[Tapped]) -> None:
        """What the forwarder tapped, as one piece of news for each stream. What came too late for a refusal is none."""
        found: dict[tuple[int, int], list[Tapped]] = {}
        for packet in packets:
            found.setdefault((packet.transport, packet.ssrc), []).append(packet)
        for stream, batch in found.items():
            tap = self._open.get(stream)
            if tap is not None:
                codec, report = tap.producer.codec, tap.encoding.report
                self._news.append(
                    Recorded(
                        self._room, tap.producer.participant, tap.producer.kind, codec.name, codec.clock_rate, *stream,
                        tuple(batch), (report.ntp, report.timestamp) if report is not None else None,
                    )
                )  # fmt: skip
