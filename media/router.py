"""One room's table of who sends and who receives. It decides; the forwarder does. No I/O, no clock.

Calls come from the server (publish, subscribe, …) and from the endpoint (receive, tick); news goes, as values, into the
`news` that the owner passed in. The time is the `now` of the endpoint's last call: at most one tick old.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from media import forwarder as kinds
from media import ice, rtcp, sdp
from media.audience import Audience
from media.distribution import Distribution
from media.down import Down, View, plan_view
from media.errors import MediaError, RtcpError
from media.events import (
    Connected,
    Disconnected,
    LayersWanted,
    News,
    SpeakerChanged,
    VoiceWanted,
)
from media.forwarder import Notice, Tapped
from media.ice import Address
from media.negotiation import Negotiation
from media.parameters import MEDIA, SCREEN, Description, Section
from media.patchbay import Patchbay
from media.places import Place
from media.producer import Up, plan
from media.quality import Quality, of_sender
from media.reception import Reception
from media.taps import Taps
from media.transport import Ended, Output, Port, Ready, Transport, dtls_role, same_peer

JOIN_EVERY = 0.05  # seconds
REPORT_EVERY = 1.0
LISTEN_EVERY = 0.2
FEEDBACK_EVERY = 0.1
ENDINGS = {"consent": "consent_expired", "dtls": "dtls_failed", "fingerprint": "dtls_fingerprint_mismatch"}


@dataclass(frozen=True, slots=True)
class Session:
    """A transport that the caller negotiated: `id` closes it (Router.close), `sdp` is our answer."""

    id: str
    sdp: str


class Router:
    """Every call returns at once. MediaError means that nothing has changed."""

    def __init__(self, room: str, port: Port, news: News, now: float) -> None:
        # Passed in.
        self.room = room
        self._port = port
        self._forwarder = port.forwarder
        self._news = news
        self._now = now
        # Owned.
        self._by_transport: dict[int, Up | Down | View] = {}
        self._joining: dict[int, Transport] = {}  # not connected yet
        self._audience = Audience()
        self._patchbay = Patchbay(port)
        self._negotiation = Negotiation(room, port, self._patchbay, self._audience, news)
        self._reception = Reception(port, self._patchbay, self._audience)
        self._distribution = Distribution(port, self._patchbay, self._audience)
        self._taps = Taps(room, port.forwarder, self._patchbay, news)
        self._reports: list[tuple[float, int]] = []  # when to look after which transport: a heap
        self._listen_at = now + LISTEN_EVERY
        self._feedback_at = now + FEEDBACK_EVERY

    # Calls of the server.

    def publish(self, participant: str, offer: str) -> Session:
        """The participant sends: his offer, our answer. Replaces what he sent before.

        MediaError: bad_sdp, no_codec, too_many.
        """
        description = sdp.read_offer(offer)
        agreed = plan(description)
        transport = self._port.open(self.room, participant, "up", self._now)
        former = self._negotiation.ups.get(participant)
        if former is not None:
            self._end(former.transport, "replaced")
        up = Up(transport, agreed, self._port.number(32))
        self._keep(up)
        self._negotiation.publish(up, self._now)
        return self._answer(transport, description, agreed.sections)

    def subscribe(self, participant: str) -> None:
        """The participant receives everybody else: an OfferReady follows as soon as there is somebody to receive, and
        again whenever that changes. Replaces his earlier down transport. MediaError: too_many."""
        transport = self._port.open(self.room, participant, "down", self._now)
        former = self._negotiation.downs.get(participant)
        if former is not None:
            self._end(former.transport, "replaced")
        down = Down(transport)
        self._keep(down)
        self._negotiation.subscribe(down, self._now)

    def accept(self, participant: str, answer: str) -> None:
        """The answer to the last OfferReady. MediaError: unknown_participant, bad_answer."""
        down = self._negotiation.downs.get(participant)
        if down is None:
            raise MediaError("unknown_participant", "no down transport")
        description = sdp.read_answer(answer)
        transport = down.transport
        if transport.remote is not None and not same_peer(transport.remote, description.transport):
            raise MediaError("bad_answer", "the certificate has changed")
        down.accept(description)
        if transport.remote is None:
            remote = description.transport
            self._carry_out(transport, transport.start(remote, dtls_role(remote.setup), self._now))
        self._serve(down)
        self._negotiation.offer(down, self._now)

    def watch(self, participant: str, offer: str, feed: str | None, *, many: bool = False) -> Session:
        """Somebody watches a publisher, or with feed=None whoever speaks (before anybody has: the first publisher).
        `many`: the participant stands for many people, each of whom answers for himself.

        MediaError: unknown_participant, bad_sdp, no_codec, too_many.
        """
        up = None if feed is None else self._negotiation.ups.get(feed)
        if feed is not None and up is None:
            raise MediaError("unknown_participant", "nobody publishes under this name")
        description = sdp.read_offer(offer)
        wanted = {kind: producer.codec.name for kind, producer in up.producers.items()} if up is not None else {}
        viewing = plan_view(description, wanted)
        transport = self._port.open(self.room, participant, "down", self._now)
        if many:
            transport.payer = transport.session
        view = self._negotiation.watch(transport, feed, viewing, self._now)
        self._keep(view)
        return self._answer(transport, description, view.sections(viewing))

    def close(self, session: str) -> None:
        """End one transport (WHIP and WHEP DELETE). MediaError: unknown_session."""
        for owner in self._by_transport.values():
            if owner.transport.session == session:
                return self._end(owner.transport, "closed")
        raise MediaError("unknown_session", "no such session in this room")

    def leave(self, participant: str) -> None:
        """End all of the participant's transports; harmless if there are none."""
        for owner in list(self._by_transport.values()):
            if owner.transport.participant == participant:
                self._end(owner.transport, "closed")
        self._patchbay.forget(participant)
        self._audience.forget(participant)
        self._distribution.forget(participant)
        self.record(participant, False)
        self.hear(participant, False)

    def pause(self, participant: str, kind: str, paused: bool) -> None:
        """Forward this "audio", "video" or "screen" of the participant to nobody, until he is unpaused or leaves.

        Holds for what he publishes later, too.
        """
        if kind not in MEDIA:
            raise ValueError(f"not a kind of media: {kind}")
        up = self._negotiation.ups.get(participant)
        producer = up.producers.get(kind) if up is not None else None
        self._patchbay.pause(participant, kind, producer, paused, self._now)
        if kind == SCREEN:
            self._negotiation.share(self._now)
        self._taps.settle(self._negotiation.live(), self._now)
        self._ask_keys()

    def record(self, participant: str, recorded: bool) -> None:
        """From now on hand over what the participant sends, as Recorded, or nothing of it; what is paused never is."""
        self._taps.want(participant, recorded)
        self._taps.settle(self._negotiation.live(), self._now)
        self._ask_keys()

    def hear(self, participant: str, heard: bool) -> None:
        """The same of the participant's voice alone, for captions."""
        self._taps.hear(participant, heard)
        self._taps.settle(self._negotiation.live(), self._now)

    def want_key(self, participant: str) -> None:
        """His picture cannot be recorded without a key frame."""
        self._taps.want_key(participant)

    def directions(self, participant: str) -> list[str]:
        """Which of the participant's two transports, "up" and "down", are there."""
        tables: dict[str, Container[str]] = {"up": self._negotiation.ups, "down": self._negotiation.downs}
        return [direction for direction, table in tables.items() if participant in table]

    def repeat(self, participant: str) -> None:
        """The participant's line was lost: offer again what was not yet answered, say again what is wanted of him."""
        self._distribution.repeat(self._negotiation.live(), participant)
        down = self._negotiation.downs.get(participant)
        if down is not None and down.in_flight:
            down.repeat()
            self._negotiation.offer(down, self._now)

    def floor(self, participant: str | None) -> None:
        """Who has the floor, by the rules of the room: heard always, and seen first where a line is thin."""
        self._audience.floor = participant
        self._distribution.stir()

    def place(self, participant: str, place: Place) -> None:
        """Where the participant is: whom he hears and sees, and who him. Holds until he leaves."""
        if self._patchbay.place(participant, place, self._now):
            self._distribution.stir()
            self._negotiation.stage(self._now)
            self._ask_keys()

    def speaking(self, group: str = "") -> str | None:
        """Who is heard loudest in a group, or among those who are in none."""
        return self._audience.speaking(group)

    def watch_sizes(self, participant: str, sizes: Mapping[str, int]) -> None:
        """At which height, in pixels, the participant shows each other one; who is absent is not shown.

        Until it is called, he is taken to show those who spoke last, as large as can be.
        """
        self._audience.sizes[participant] = dict(sizes)
        self._distribution.stir(participant)

    def limit(self, participant: str, kbps: int | None, megabytes: int | None) -> None:
        """What the participant says that his line bears: kilobits a second, megabytes from now on. None: no bound."""
        self._distribution.limit(participant, kbps, megabytes, self._now)

    def publishers(self) -> list[str]:
        """Those whose up transport is connected."""
        return [up.transport.participant for up in self._negotiation.live()]

    def quality(self) -> dict[str, Quality]:
        """How the line of everybody is who sends or receives."""
        ups = {up.transport.participant: of_sender(up, self._patchbay, self._now) for up in self._negotiation.live()}
        downs = self._distribution.quality(self._now)
        nothing = None, False
        return {name: Quality(ups.get(name), *downs.get(name, nothing)) for name in {**ups, **downs}}

    # Calls of the endpoint.

    def check(self, transport: Transport, check: ice.Check, address: Address, now: float) -> None:
        """A STUN request. Raises StunError: count it, answer nothing."""
        self._now = now
        self._carry_out(transport, transport.check(check, address, now))
        if transport.heard(now):
            self._refresh(self._by_transport.get(transport.id))
            self._ask_keys()

    def receive(self, transport: Transport, notice: Notice, now: float) -> None:
        """Any other notice of the forwarder."""
        self._now = now
        if transport.heard(now):
            self._refresh(self._by_transport.get(transport.id))
            self._ask_keys()
        self._HANDLERS[notice.kind](self, transport, notice)

    def keep(self, packets: Sequence[Tapped]) -> None:
        """What the forwarder has tapped of this room's sources."""
        self._taps.keep(packets)

    def due(self, now: float) -> float:
        """When tick() has to be called next, if that is sooner than in a tenth of a second."""
        if not self._by_transport:
            return math.inf
        return now + JOIN_EVERY if self._joining else self._distribution.due(now)

    def tick(self, now: float) -> None:
        """Call at `due`, and ten times a second; once more after the last transport has ended."""
        self._now = now
        for transport in list(self._joining.values()):
            self._carry_out(transport, transport.tick(now))
        while self._reports and self._reports[0][0] <= now:
            _, number = heapq.heappop(self._reports)
            self._report(number)
        ups = self._negotiation.live()
        if now >= self._feedback_at:
            self._feedback_at = now + FEEDBACK_EVERY
            self._reception.acknowledge(ups)
        if now >= self._listen_at:
            self._listen_at = now + LISTEN_EVERY
            self._listen(ups)
        self._taps.settle(ups, now)
        if self._distribution.tick(ups, now):
            for participant, rids in self._distribution.wanted(ups, now):
                self._news.append(LayersWanted(self.room, participant, rids))
            for participant, voice in self._distribution.voices(ups):
                self._news.append(VoiceWanted(self.room, participant, *voice))
        self._reception.ask_keys(ups, now)

    def shut(self) -> None:
        """End everything."""
        for owner in list(self._by_transport.values()):
            self._end(owner.transport, "closed")

    def sizes(self) -> tuple[int, int]:
        """(producers, consumers)."""
        return self._patchbay.sizes()

    def _refresh(self, owner: Up | Down | View | None) -> None:
        """A line that was cut is back: ask for key frames now; the receiver's own request would take seconds."""
        if isinstance(owner, Up):
            for _producer, encoding in owner.encodings():
                encoding.want_key()
        else:
            for consumer in owner.consumers() if owner else ():
                if consumer.fed is not None and not consumer.paused:
                    consumer.fed.want_key()

    # What the network says.

    def _on_dtls(self, transport: Transport, notice: Notice) -> None:
        if notice.address is not None:
            self._carry_out(transport, transport.datagram(notice.data, notice.address, self._now))

    def _on_rtcp(self, transport: Transport, notice: Notice) -> None:
        owner = self._by_transport.get(transport.id)
        receiver = owner if isinstance(owner, Down | View) else None
        if receiver and rtcp.is_calm(notice.data) and not self._distribution.heeds_reports(receiver, self._now):
            return
        try:
            packets = rtcp.read(notice.data)
        except RtcpError:
            self._port.counters["rtcp_malformed"] += 1
            return
        if isinstance(owner, Up):
            self._reception.hear(owner, packets, self._now)
        elif owner is not None:
            self._distribution.hear(owner, packets, self._now)
            if any(isinstance(packet, rtcp.KeyRequest) for packet in packets):
                self._ask_keys()

    def _on_new_stream(self, transport: Transport, notice: Notice) -> None:
        up = self._by_transport.get(transport.id)
        if isinstance(up, Up):
            self._reception.appear(up, notice, self._now)
            self._negotiation.share(self._now)

    def _on_missing(self, transport: Transport, notice: Notice) -> None:
        up = self._by_transport.get(transport.id)
        if isinstance(up, Up):
            self._reception.missing(up, notice, self._now)

    def _on_switched(self, transport: Transport, _notice: Notice) -> None:
        owner = self._by_transport.get(transport.id)
        if isinstance(owner, Down | View):
            self._patchbay.arrived(owner.consumers(), self._forwarder.sinks(transport.id))

    _HANDLERS = {  # noqa: RUF012
        kinds.DTLS: _on_dtls,
        kinds.RTCP: _on_rtcp,
        kinds.NEW_STREAM: _on_new_stream,
        kinds.MISSING: _on_missing,
        kinds.SWITCHED: _on_switched,
    }

    # Transports.

    def _carry_out(self, transport: Transport, outputs: Sequence[Output]) -> None:
        self._port.apply(transport, outputs)
        for output in outputs:
            if isinstance(output, Ready):
                self._connected(transport)
            elif isinstance(output, Ended):
                self._end(transport, output.reason)

    def _keep(self, owner: Up | Down | View) -> None:
        self._by_transport[owner.transport.id] = owner
        self._joining[owner.transport.id] = owner.transport
        heapq.heappush(self._reports, (self._now + REPORT_EVERY, owner.transport.id))

    def _connected(self, transport: Transport) -> None:
        self._joining.pop(transport.id, None)
        self._news.append(Connected(self.room, transport.participant, transport.session, transport.direction))
        owner = self._by_transport[transport.id]
        if isinstance(owner, Up):
            self._negotiation.connected(owner, self._now)
        else:
            self._serve(owner)

    def _serve(self, owner: Down | View) -> None:
        """Send what is known by now to be sent."""
        self._distribution.open(owner, self._now)
        for consumer in owner.consumers():
            self._patchbay.route(consumer, self._now)
        self._ask_keys()

    def _answer(self, transport: Transport, offer: Description, sections: Sequence[Section]) -> Session:
        active = dtls_role(offer.transport.setup)
        self._carry_out(transport, transport.start(offer.transport, active, self._now))
        setup = "active" if active else "passive"
        return Session(transport.session, self._negotiation.answer(transport, setup, offer, sections))

    def _end(self, transport: Transport, reason: str) -> None:
        owner = self._by_transport.pop(transport.id, None)
        self._joining.pop(transport.id, None)
        if owner is None:
            return
        if reason in ENDINGS:
            self._port.counters[ENDINGS[reason]] += 1
        self._negotiation.end(owner, self._now)
        self._distribution.close(transport.id)
        self._port.close(transport)
        self._news.append(
            Disconnected(self.room, transport.participant, transport.session, transport.direction, reason)
        )

    # Clockwork.

    def _ask_keys(self) -> None:
        self._reception.ask_keys(self._negotiation.live(), self._now)

    def _listen(self, ups: Sequence[Up]) -> None:
        changed = self._reception.listen(ups, self._now)
        if self._patchbay.settle(self._now):
            self._distribution.stir()
        self._negotiation.share(self._now)
        for group in changed:
            self._news.append(SpeakerChanged(self.room, self._audience.speaking(group), group))
        if changed:
            self._negotiation.stage(self._now)
            self._distribution.stir()

    def _report(self, number: int) -> None:
        """Look after one transport. Connected ones have time limits of many seconds."""
        owner = self._by_transport.get(number)
        if owner is None:
            return
        self._carry_out(owner.transport, owner.transport.tick(self._now))
        if isinstance(owner, Down) and owner.forgotten(self._now):
            self._end(owner.transport, "dtls")
        if number not in self._by_transport:
            return
        if owner.transport.connected and isinstance(owner, Up):
            self._reception.report(owner, self._now)
        elif owner.transport.connected and not isinstance(owner, Up):
            self._distribution.report(owner, self._now)
        heapq.heappush(self._reports, (self._now + REPORT_EVERY, number))
