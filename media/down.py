"""The two ways to ask for media: Down is offered to a participant, View answers the offer of a WHEP viewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from media.consumer import Consumer
from media.errors import MediaError
from media.events import Track
from media.parameters import (
    DEPENDENCY,
    FEEDBACK_DOWN,
    KINDS,
    NUMBERS,
    PREFERENCE,
    SCREEN,
    TRANSPORT_CC,
    Codec,
    Description,
    Extension,
    Section,
    agreed,
    choose,
    own_codec,
    protecting,
    protection,
)
from media.producer import Producer
from media.sdp import MAX_SECTIONS
from media.transport import Transport

ANSWER_LIMIT = 75.0
"""Seconds in which an offer must be answered: as long as the transport of a lost line is kept (ice.KEPT)."""


EXTENSIONS = (Extension(3, TRANSPORT_CC), Extension(12, DEPENDENCY))
"""As Chromium numbers them, so that what is carried from a publisher to a WHEP viewer keeps its number."""


class View:
    """A WHEP viewer: one audio and one video that follow a publisher (`feed`), or whoever speaks (None)."""

    def __init__(self, transport: Transport, feed: str | None, plan: ViewPlan, consumers: Sequence[Consumer]) -> None:
        self.transport = transport
        self.feed = feed
        self.congestion_id = plan.congestion_id
        self.by_kind = {consumer.kind: consumer for consumer in consumers}
        for kind, consumer in self.by_kind.items():
            consumer.payload_types = plan.taken[kind].payload_types
            consumer.carries = plan.taken[kind].carries
            consumer.stamped = plan.taken[kind].stamped

    def consumers(self) -> list[Consumer]:
        return list(self.by_kind.values())

    def sections(self, plan: ViewPlan) -> tuple[Section, ...]:
        """Our answer."""
        sections = list(plan.sections)
        for kind, consumer in self.by_kind.items():
            index = plan.taken[kind].index
            repairs = tuple((consumer.ssrc, consumer.repair) for _, number in consumer.payload_types.values() if number)
            sections[index] = replace(
                sections[index], ssrcs=(consumer.ssrc,), repairs=repairs[:1] if kind == "video" else (), cname="live",
                msid=("live", f"live-{kind}"),
            )  # fmt: skip
        return tuple(sections)


@dataclass(frozen=True, slots=True)
class Taken:
    """An m-line that serves a viewer: the payload types of each codec and of what protects it, the codecs whose header
    extensions can be carried, and whether it has transport-wide numbers."""

    index: int
    payload_types: dict[str, tuple[int, int]]
    carries: tuple[str, ...]
    stamped: bool


@dataclass(frozen=True, slots=True)
class ViewPlan:
    """What an offer to watch leads to, by kind. `congestion_id` is the viewer's number of TRANSPORT_CC, or 0."""

    offer: Description
    taken: dict[str, Taken]
    sections: tuple[Section, ...]
    congestion_id: int


def plan_view(offer: Description, wanted: dict[str, str]) -> ViewPlan:
    """Which m-lines serve a viewer. `wanted`: the codec name that the feed sends now, by kind, where known.

    Where it is not known, the m-line is answered with every codec that we could have to send. Raises MediaError.
    """
    if offer.transport.lite:
        raise MediaError("bad_sdp", "both ends are ICE-lite, so nobody would begin")
    taken: dict[str, Taken] = {}
    sections: list[Section] = []
    congestion_id = 0
    for index, section in enumerate(offer.sections):
        kind = section.kind
        served = None
        receives = section.direction in ("sendrecv", "recvonly")
        if kind in KINDS and not section.rejected and kind not in taken and receives:
            served = _serve(section, (wanted[kind],) if kind in wanted else PREFERENCE[kind])
        if served is None:
            sections.append(replace(section, rejected=True))
            continue
        answer, payload_types = served
        known = {item.uri: item.id for item in answer.extensions}
        number = known.get(TRANSPORT_CC, 0)
        congestion_id = congestion_id or number
        carries = ("VP9", "AV1") if DEPENDENCY in known else ()
        taken[kind] = Taken(index, payload_types, carries, 0 < number == congestion_id)
        sections.append(answer)
    if not taken:
        raise MediaError("no_codec", "the offer receives no codec that the feed is sent in")
    return ViewPlan(offer, taken, tuple(sections), congestion_id)


def _serve(section: Section, names: Sequence[str]) -> tuple[Section, dict[str, tuple[int, int]]] | None:
    """Our answer to an m-line, and the payload types by codec; None if there is no codec for it."""
    codecs: list[Codec] = []
    payload_types = {}
    for name in names:
        found = choose(section, (name,))
        if found is not None:
            codec, around = agreed(found, name, FEEDBACK_DOWN), protection(section, found)
            codecs.append(codec)
            if around is not None:
                codecs.append(protecting(codec, around.payload_type))
            payload_types[name] = codec.payload_type, around.payload_type if around is not None else 0
    if not codecs:
        return None
    answer = Section(section.kind, section.mid, section.protocol, direction="sendonly", codecs=tuple(codecs))
    return replace(answer, extensions=_extensions(section, codecs)), payload_types


def _extensions(section: Section, codecs: Sequence[Codec]) -> tuple[Extension, ...]:
    """Those of an offer to receive that we send."""
    found = []
    for item in section.extensions:
        congestion = item.uri == TRANSPORT_CC and any("transport-cc" in codec.feedback for codec in codecs)
        carried = section.kind == "video" and item.uri == DEPENDENCY and item.id == EXTENSIONS[1].id
        if (congestion or carried) and item.direction != "sendonly" and 1 <= item.id <= 14:
            found.append(Extension(item.id, item.uri, {"recvonly": "sendonly"}.get(item.direction, "")))
    return tuple(found)


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
        self.congestion_id = 0  # of TRANSPORT_CC, once the other end has taken it
        self._offered = 0  # m-lines of the last offer; slots may have been added since
        self._offered_at = 0.0

    def consumers(self) -> list[Consumer]:
        return [slot.consumer for slot in self.slots if slot.consumer is not None]

    def add(self, consumer: Consumer) -> bool:
        """Give it an m-line. False if all are taken."""
        kind = "audio" if consumer.kind == "audio" else "video"
        slot = next((slot for slot in self.slots if slot.free and slot.kind == kind), None)
        if slot is None:
            if len(self.slots) >= MAX_SECTIONS:
                return False
            slot = Slot(str(len(self.slots)), kind)
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
            Track(slot.mid, slot.offered.producer.participant, slot.offered.kind)
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
                self._learn(consumer, slot.codec, section)

    def _learn(self, consumer: Consumer, name: str, section: Section) -> None:
        codec = choose(section, (name,))
        consumer.payload_types = {}
        if codec is None:
            return
        around = protection(section, codec)
        consumer.payload_types = {name: (codec.payload_type, around.payload_type if around is not None else 0)}
        taken = {
            item.uri
            for item in section.extensions
            if Extension(item.id, item.uri) in EXTENSIONS and item.direction in ("", "sendrecv", "recvonly")
        }
        consumer.stamped = TRANSPORT_CC in taken and "transport-cc" in codec.feedback
        if consumer.stamped:
            self.congestion_id = EXTENSIONS[0].id
        consumer.carries = (name,) if DEPENDENCY in taken else ()

    def _section(self, slot: Slot) -> Section:
        consumer = slot.offered = slot.consumer
        if consumer is None or consumer.producer is None:
            return Section(slot.kind, slot.mid, direction="inactive", codecs=(own_codec(slot.codec),))
        slot.codec = name = consumer.producer.codec.name
        codec = own_codec(name)
        video = slot.kind == "video"
        stream = f"s{consumer.producer.transport}"
        return Section(
            slot.kind,
            slot.mid,
            direction="sendonly",
            codecs=(codec, protecting(codec, NUMBERS[name][1])),
            extensions=EXTENSIONS[: 2 if name in ("VP9", "AV1") else 1],
            ssrcs=(consumer.ssrc,),
            repairs=((consumer.ssrc, consumer.repair),) if video else (),
            cname=stream,
            msid=(stream, f"t{consumer.sink}"),
            slides=consumer.kind == SCREEN,
        )
