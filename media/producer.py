"""What comes in: a Producer is one media of one publisher, an Up is the transport that carries them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from media import budget, rtcp
from media.encoding import Encoding
from media.errors import MediaError
from media.feedback import FeedbackWriter
from media.forwarder import SourceStats
from media.parameters import (
    AUDIO_LEVEL,
    DEPENDENCY,
    FEEDBACK_UP,
    KINDS,
    MID,
    PREFERENCE,
    REPAIRED_RID,
    RID,
    SCREEN,
    TRANSPORT_CC,
    Codec,
    Description,
    Extension,
    Layers,
    Section,
    agreed,
    choose,
    protecting,
    protection,
    turned,
)
from media.rtp import Header, RtpError, elements, parse_header
from media.transport import Transport

MAX_ENCODINGS = 4  # of one picture
RISING = {"q": 0, "l": 0, "h": 1, "m": 1, "f": 2}  # rids by size, as most programs name them; "l m h" is told apart
ASSUMED_HEIGHT = 720  # of the largest encoding, while nothing is known
RESTING = 3.0  # seconds without a packet after which a screen is no longer shared
USUAL_RTT = 0.1  # seconds, until it is measured
SHORTEST_RTT, LONGEST_RTT = 0.02, 3.0
RTT_SHARE = 0.3  # of the newest measurement
REMEMBERED = 1000  # packets asked for, before those of long ago are forgotten
CEILING = 2_500_000  # bits per second that a publisher may send, where he cannot measure it


class Producer:
    """One media of one publisher; its `encodings` from the smallest to the largest."""

    def __init__(
        self, participant: str, transport: int, taken: Taken, *, levelled: bool, wishes: set[Encoding]
    ) -> None:  # fmt: skip
        self.participant = participant
        self.kind = taken.section.medium
        self.transport = transport
        self.mid = taken.section.mid
        self.codec = taken.codec
        self.protection = taken.protection
        self.nack = "nack" in taken.codec.feedback
        self.encodings = [
            Encoding(rid, taken.codec.clock_rate, picture=self.kind != "audio", levelled=levelled, wishes=wishes)
            for rid in taken.rids or ("",)
        ]
        self.hushed = False  # others are louder
        self.shared = self.kind != SCREEN  # it is offered to the others: a screen while it comes, all else always
        self.flows: list[bool] = []  # which encodings arrived when it was last looked at
        self.offer: tuple[budget.Encoding, ...] = ()
        self.review(0.0)

    def coming(self, now: float) -> bool:
        """Is anything sent of it? A browser sends a screen on which nothing moves about once a second."""
        return any(encoding.heard(now, RESTING) for encoding in self.encodings)

    @property
    def layered(self) -> bool:
        return len(self.encodings) > 1

    def known(self) -> list[Encoding]:
        """Those whose SSRC is known."""
        return [encoding for encoding in self.encodings if encoding.ssrc is not None]

    def nearest(self, wish: Encoding | None, now: float) -> Encoding | None:
        """What can be forwarded for this wish: itself if it flows, else the next smaller one that does, else the next
        larger one, else any that ever came."""
        known = self.known()
        flowing = [encoding for encoding in known if encoding.flowing(now)]
        if not flowing:
            return wish if wish in known else next(iter(known), None)
        at = self.encodings.index(wish) if wish is not None else 0
        smaller = [encoding for encoding in flowing if self.encodings.index(encoding) <= at]
        return smaller[-1] if smaller else flowing[0]

    def standing_in(self, wish: Encoding, now: float) -> list[Encoding]:
        """What has to be sent that somebody who wishes this one sees something: itself; and while it does not come, the
        smaller ones down to one that does. Not every size is to be had: of a low picture browsers send two of three."""
        found: list[Encoding] = []
        for encoding in reversed(self.encodings[: self.encodings.index(wish) + 1]):
            found.append(encoding)
            if encoding.flowing(now):
                break
        return found

    def review(self, now: float) -> None:
        """Say anew what receivers may choose from. Call a few times a second."""
        self.offer = tuple(
            budget.Encoding(self.height(encoding), self._rates(encoding, now)) for encoding in self.encodings
        )

    def _rates(self, encoding: Encoding, now: float) -> tuple[int, ...]:
        """What it takes to send a receiver this one. Instead of one that does not come he gets another, whole: that is
        what it takes then, and a bit more, for it shall not count as the same step."""
        comes = self.nearest(encoding, now) if encoding.missing(now) else None
        sent = comes or encoding
        rates = sent.rates or (budget.nominal(self.height(sent)),)
        return rates if sent is encoding else (rates[-1] + 1,)

    def height(self, encoding: Encoding) -> int:
        """In pixels: as its picture said, else by those of the others, each twice as high as the one before."""
        if encoding.height:
            return encoding.height
        at = self.encodings.index(encoding)
        for index, other in enumerate(self.encodings):
            if other.height:
                return max(1, other.height << at >> index)
        return max(1, ASSUMED_HEIGHT << at >> len(self.encodings) - 1)


@dataclass(frozen=True, slots=True)
class Taken:
    """An m-line of the offer that we take: the codec, and RED around it or RTX beside it if both ends have that. `rids`
    from the smallest picture to the largest, () for one encoding; `ssrcs` likewise, where the offer names them."""

    section: Section
    codec: Codec
    protection: Codec | None
    rids: tuple[str, ...]
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What an offer to publish leads to, before anything is opened."""

    sections: tuple[Section, ...]
    taken: dict[str, Taken]
    extensions: dict[str, int]


def plan(offer: Description) -> Plan:
    """Which m-lines we take: the first usable audio, the first usable picture and the first usable screen. Raises
    MediaError."""
    if offer.transport.lite:
        raise MediaError("bad_sdp", "both ends are ICE-lite, so nobody would begin")
    taken: dict[str, Taken] = {}
    extensions: dict[str, int] = {}
    sections: list[Section] = []
    for section in offer.sections:
        known = section.kind in KINDS and not section.rejected
        codec = choose(section, PREFERENCE[section.kind]) if known else None
        if codec is None or section.medium in taken or section.direction not in ("sendrecv", "sendonly"):
            sections.append(replace(section, rejected=True))
            continue
        taken[section.medium], accepted = _take(section, codec)
        extensions.update((item.uri, item.id) for item in accepted)
        sections.append(_answered(taken[section.medium], accepted))
    if not taken:
        raise MediaError("no_codec", "neither Opus nor a video codec that we forward is offered")
    return Plan(tuple(sections), taken, extensions)


def _take(section: Section, codec: Codec) -> tuple[Taken, tuple[Extension, ...]]:
    name = next(name for name in PREFERENCE[section.kind] if name.lower() == codec.name.lower())
    codec = agreed(codec, name, FEEDBACK_UP)
    around = protection(section, codec)
    if around is not None:
        around = protecting(codec, around.payload_type)
    known = [item for item in map(turned, section.extensions) if item is not None]
    rids: tuple[str, ...] = ()
    ssrcs: tuple[int, ...] = ()
    layers = section.layers
    if layers is not None and layers.direction == "send" and any(item.uri == RID for item in known):
        rids = rising(layers.rids[:MAX_ENCODINGS])
    elif section.kind == "video" and len(section.alike) > 1:
        ssrcs = section.alike[:MAX_ENCODINGS]
        rids = tuple(map(str, range(len(ssrcs))))
    else:
        ssrcs = section.ssrcs[:1]
    suited = {
        MID: True,
        AUDIO_LEVEL: section.kind == "audio",
        TRANSPORT_CC: "transport-cc" in codec.feedback,
        RID: bool(rids) and not ssrcs,
        REPAIRED_RID: bool(rids) and not ssrcs and around is not None,
        # VP8 has its own numbers, which we keep continuous; those of the descriptor would jump with the encoding.
        DEPENDENCY: name in ("VP9", "AV1"),
    }
    accepted = tuple(item for item in known if suited.get(item.uri, False))
    if not any(item.uri == TRANSPORT_CC for item in accepted):
        codec = replace(codec, feedback=tuple(item for item in codec.feedback if item != "transport-cc"))
    return Taken(section, codec, around, rids, ssrcs), accepted


def _answered(taken: Taken, accepted: tuple[Extension, ...]) -> Section:
    section, codec, around = taken.section, taken.codec, taken.protection
    codecs = [codec] if around is None else [codec, around]
    numbers = [item.payload_type for item in section.codecs]
    # The first one is sent (RFC 3264 section 6.1): RED where the offerer prefers it, for it doubles what audio takes.
    codecs.sort(key=lambda item: numbers.index(item.payload_type))
    layers = Layers("recv", section.layers.rids[:MAX_ENCODINGS]) if section.layers and not taken.ssrcs else None
    return Section(
        section.kind, section.mid, section.protocol, direction="recvonly", codecs=tuple(codecs), extensions=accepted,
        layers=layers if taken.rids else None,
    )  # fmt: skip


def rising(rids: Sequence[str]) -> tuple[str, ...]:
    """From the smallest picture to the largest: by the usual names, else as they were offered."""
    if "l" in rids:
        return tuple(sorted(rids, key=lambda rid: "lmh".find(rid)))
    return tuple(sorted(rids, key=lambda rid: RISING.get(rid, 0)))


class Up:
    """A publisher's transport with its producers. `ssrc` is the one under which we report to him."""

    def __init__(self, transport: Transport, agreed: Plan, ssrc: int) -> None:
        self.transport = transport
        self.ssrc = ssrc
        self.rtt = USUAL_RTT
        self.level_id = agreed.extensions.get(AUDIO_LEVEL, 0)
        self._wishes: set[Encoding] = set()  # of which a key frame is wanted
        self.producers = {
            kind: Producer(
                transport.participant, transport.id, taken, levelled=kind == "audio" and self.level_id > 0,
                wishes=self._wishes,
            )
            for kind, taken in agreed.taken.items()
        }  # fmt: skip
        self.congestion_id = agreed.extensions.get(TRANSPORT_CC, 0)
        self.dependency_id = agreed.extensions.get(DEPENDENCY, 0)
        self._ids = {agreed.extensions.get(uri, 0): uri for uri in (MID, RID, REPAIRED_RID)}
        self._declared = [
            (self.producers[kind], encoding, ssrc, dict(taken.section.repairs).get(ssrc))
            for kind, taken in agreed.taken.items()
            for encoding, ssrc in zip(self.producers[kind].encodings, taken.ssrcs, strict=False)
        ]
        self.repairing: dict[int, Encoding] = {}  # SSRCs of retransmissions
        self._cname = f"u{transport.id}"
        self._writer = FeedbackWriter(ssrc)
        self._asked: dict[int, dict[int, float]] = {}  # by SSRC: when a packet was asked for

    def declared(self) -> list[Found]:
        """The streams that the offer has named already, what repairs one after it."""
        streams = []
        for producer, encoding, ssrc, repair in self._declared:
            streams.append(Found(producer, encoding, ssrc))
            if repair is not None and producer.protection is not None:
                streams.append(Found(producer, encoding, repair, repairs=True))
        return streams

    def identify(self, packet: bytes) -> Found | None:
        """Whose packet is this new SSRC's (RFC 9143 section 9.2, RFC 8852 section 3)? By mid and rid if it says so,
        else by payload type.

        None when it cannot be told, or when the payload type was not agreed.
        """
        try:
            header = parse_header(packet)
        except RtpError:
            return None
        said = {
            self._ids[number]: value
            for number, value in elements(header.profile, header.extension)
            if number and number in self._ids
        }
        found = [
            item
            for producer in self.producers.values()
            if said.get(MID) in (None, (producer.mid or "").encode())
            for item in _streams(producer, header, said)
        ]
        return found[0] if len(found) == 1 else None

    def producing(self, ssrc: int) -> tuple[Producer, Encoding] | None:
        """What comes under this SSRC."""
        for producer in self.producers.values():
            for encoding in producer.encodings:
                if encoding.ssrc == ssrc:
                    return producer, encoding
        return None

    def encodings(self) -> Iterator[tuple[Producer, Encoding]]:
        for producer in self.producers.values():
            for encoding in producer.encodings:
                yield producer, encoding

    def a_stream(self) -> int | None:
        """An SSRC that the publisher sends: Chromium throws away transport-wide feedback that names any other, and then
        takes the line for nearly dead."""
        known = (encoding.ssrc for _producer, encoding in self.encodings() if encoding.ssrc is not None)
        return next(known, None)

    def feedback(self, stats: Sequence[SourceStats], now: float) -> bytes:
        """The compound of every second: RR, SDES, and REMB where agreed and nothing better is."""
        blocks = []
        limited = []
        for item in stats:
            found = self.producing(item.ssrc)
            if found is None:
                continue
            producer, encoding = found
            if item.packets:
                blocks.append(encoding.block(item, now))
            if "goog-remb" in producer.codec.feedback and not self.congestion_id:
                limited.append(item.ssrc)
        compound = rtcp.receiver_report(self.ssrc, blocks) + rtcp.description([self.ssrc], self._cname)
        compound += rtcp.receiver_reference(self.ssrc, int(now * 2**32))
        return compound + (rtcp.bandwidth(self.ssrc, CEILING, limited) if limited else b"")

    def acknowledge(self, arrivals: Sequence[tuple[int, int]]) -> list[bytes]:
        """Transport-wide feedback for these (sequence number, microseconds)."""
        media = self.a_stream()
        return self._writer.write(media, arrivals) if media is not None else []

    def key_requests(self, now: float) -> list[bytes]:
        """A compound with PLI for each encoding that has one due."""
        due = [encoding.ssrc for encoding in list(self._wishes) if encoding.key_due(now, self.rtt)]
        if not due:
            return []
        head = rtcp.receiver_report(self.ssrc, ())
        return [head + rtcp.picture_loss(self.ssrc, ssrc) for ssrc in due if ssrc is not None]

    def note(self, delay: rtcp.Delay, now: float) -> None:
        """What the publisher says of our reference time: how long it takes to him and back."""
        found = rtcp.round_trip(delay, int(now * 65536) & 0xFFFFFFFF) if delay.ssrc == self.ssrc else None
        if found is not None and found < LONGEST_RTT:
            self.rtt += RTT_SHARE * (max(found, SHORTEST_RTT) - self.rtt)

    def repeat_requests(self, ssrc: int, missing: Sequence[int], now: float) -> list[bytes]:
        """Compounds with NACK for these sequence numbers, but for those whose answer may still be under way."""
        asked = self._asked.setdefault(ssrc, {})
        missing = [sequence for sequence in missing if now - asked.get(sequence, 0.0) >= self.rtt]
        asked.update(dict.fromkeys(missing, now))
        if len(asked) > REMEMBERED:
            self._asked[ssrc] = {sequence: at for sequence, at in asked.items() if now - at < LONGEST_RTT}
        head = rtcp.receiver_report(self.ssrc, ())
        parts = [missing[start : start + 128] for start in range(0, len(missing), 128)]
        return [head + rtcp.nack(self.ssrc, ssrc, part) for part in parts]


@dataclass(frozen=True, slots=True)
class Found:
    """Whose stream an SSRC is; `repairs`: it carries retransmissions (RFC 4588) of the encoding."""

    producer: Producer
    encoding: Encoding
    ssrc: int
    repairs: bool = False


def _streams(producer: Producer, header: Header, said: dict[str, bytes]) -> Iterator[Found]:
    """What the packet may be of this producer."""
    around = producer.protection.payload_type if producer.protection is not None else None
    repairs = producer.kind != "audio" and header.payload_type == around
    if header.payload_type not in (producer.codec.payload_type, around):
        return
    rid = said.get(REPAIRED_RID if repairs else RID)
    for encoding in producer.encodings:
        if encoding.rid.encode() == rid or (rid is None and not producer.layered):
            yield Found(producer, encoding, header.ssrc, repairs)
