"""One room's table of who sends and who receives. It decides; the forwarder does. No I/O, no clock.

Calls come from the server (publish, subscribe, …) and from the endpoint (receive, tick); news goes, as values, into the
`news` that the owner passed in. The time is the `now` of the endpoint's last call: at most one tick old.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from media import forwarder as kinds
from media import ice, rtcp, sdp, sdp_writing
from media.audience import Audience
from media.consumer import Consumer
from media.distribution import Distribution
from media.down import Down, View, plan_view
from media.errors import MediaError, RtcpError
from media.events import (
    Connected,
    Disconnected,
    LayersWanted,
    News,
    OfferReady,
    Published,
    SpeakerChanged,
    Unpublished,
    VoiceWanted,
)
from media.forwarder import Notice, Tapped
from media.ice import Address
from media.parameters import MEDIA, SCREEN, Description, Section
from media.patchbay import Patchbay
from media.places import Place
from media.producer import Producer, Up, plan
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
        self._ups: dict[str, Up] = {}
        self._downs: dict[str, Down] = {}
        self._views: dict[str, View] = {}
        self._by_transport: dict[int, Up | Down | View] = {}
        self._joining: dict[int, Transport] = {}  # not connected yet
        self._audience = Audience()
        self._patchbay = Patchbay(port)
        self._reception = Reception(port, self._patchbay, self._audience)
        self._distribution = Distribution(port, self._patchbay, self._audience)
        self._taps = Taps(room, port.forwarder, self._patchbay, news)
        self._versions: dict[int, int] = {}
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
        former = self._ups.get(participant)
        if former is not None:
            self._end(former.transport, "replaced")
        up = Up(transport, agreed, self._port.number(32))
        self._ups[participant] = up
        self._keep(up)
        self._patchbay.add(up, self._now)
        return self._answer(transport, description, agreed.sections)

    def subscribe(self, participant: str) -> None:
        """The participant receives everybody else: an OfferReady follows as soon as there is somebody to receive, and
        again whenever that changes. Replaces his earlier down transport. MediaError: too_many."""
        transport = self._port.open(self.room, participant, "down", self._now)
        former = self._downs.get(participant)
        if former is not None:
            self._end(former.transport, "replaced")
        down = Down(transport)
        self._downs[participant] = down
        self._keep(down)
        for up in self._live():
            self._feed(down, up)
        self._offer(down)

    def accept(self, participant: str, answer: str) -> None:
        """The answer to the last OfferReady. MediaError: unknown_participant, bad_answer."""
        down = self._downs.get(participant)
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
        self._offer(down)

    def watch(self, participant: str, offer: str, feed: str | None, *, many: bool = False) -> Session:
        """Somebody watches a publisher, or with feed=None whoever speaks (before anybody has: the first publisher).
        `many`: the participant stands for many people, each of whom answers for himself.

        MediaError: unknown_participant, bad_sdp, no_codec, too_many.
        """
        up = None if feed is None else self._ups.get(feed)
        if feed is not None and up is None:
            raise MediaError("unknown_participant", "nobody publishes under this name")
        description = sdp.read_offer(offer)
        wanted = {kind: producer.codec.name for kind, producer in up.producers.items()} if up is not None else {}
        viewing = plan_view(description, wanted)
        transport = self._port.open(self.room, participant, "down", self._now)
        if many:
            transport.payer = transport.session
        view = View(transport, feed, viewing, [self._consumer(transport, kind) for kind in viewing.taken])
        self._views[transport.session] = view
        self._keep(view)
        self._stage(view)
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
        up = self._ups.get(participant)
        producer = up.producers.get(kind) if up is not None else None
        self._patchbay.pause(participant, kind, producer, paused, self._now)
        if kind == SCREEN:
            self._share()
        self._taps.settle(self._live(), self._now)
        self._ask_keys()

    def record(self, participant: str, recorded: bool) -> None:
        """From now on hand over what the participant sends, as Recorded, or nothing of it; what is paused never is."""
        self._taps.want(participant, recorded)
        self._taps.settle(self._live(), self._now)
        self._ask_keys()

    def hear(self, participant: str, heard: bool) -> None:
        """The same of the participant's voice alone, for captions."""
        self._taps.hear(participant, heard)
        self._taps.settle(self._live(), self._now)

    def want_key(self, participant: str) -> None:
        """His picture cannot be recorded without a key frame."""
        self._taps.want_key(participant)

    def directions(self, participant: str) -> list[str]:
        """Which of the participant's two transports, "up" and "down", are there."""
        tables: dict[str, dict[str, Up] | dict[str, Down]] = {"up": self._ups, "down": self._downs}
        return [direction for direction, table in tables.items() if participant in table]

    def repeat(self, participant: str) -> None:
        """The participant's line was lost: offer again what was not yet answered, say again what is wanted of him."""
        self._distribution.repeat(self._live(), participant)
        down = self._downs.get(participant)
        if down is not None and down.in_flight:
            down.repeat()
            self._offer(down)

    def floor(self, participant: str | None) -> None:
        """Who has the floor, by the rules of the room: heard always, and seen first where a line is thin."""
        self._audience.floor = participant
        self._distribution.stir()

    def place(self, participant: str, place: Place) -> None:
        """Where the participant is: whom he hears and sees, and who him. Holds until he leaves."""
        if self._patchbay.place(participant, place, self._now):
            self._distribution.stir()
            for view in self._views.values():
                self._stage(view)
            self._ask_keys()

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
        return [up.transport.participant for up in self._live()]

    def quality(self) -> dict[str, Quality]:
        """How the line of everybody is who sends or receives."""
        ups = {up.transport.participant: of_sender(up, self._patchbay, self._now) for up in self._live()}
        downs = self._distribution.quality(self._now)
        nothing = None, False
        return {name: Quality(ups.get(name), *downs.get(name, nothing)) for name in {**ups, **downs}}

    # Calls of the endpoint.

    def check(self, transport: Transport, check: ice.Check, address: Address, now: float) -> None:
        """A STUN request. Raises StunError: count it, answer nothing."""
        self._now = now
        outputs = transport.check(check, address, now)
        if transport.heard(now):
            self._refresh(self._by_transport.get(transport.id))
        self._carry_out(transport, outputs)

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
        ups = self._live()
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
        deaf = isinstance(owner, Down | View) and not self._distribution.heeds_reports(owner, self._now)
        if deaf and rtcp.is_calm(notice.data):
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
            self._share()

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
            for kind, producer in owner.producers.items():
                if producer.shared:
                    self._news.append(Published(self.room, transport.participant, kind))
            for down in self._downs.values():
                self._feed(down, owner)
                self._offer(down)
            for view in self._views.values():
                self._stage(view)
        else:
            self._serve(owner)

    def _serve(self, owner: Down | View) -> None:
        """Send what is known by now to be sent."""
        self._distribution.open(owner, self._now)
        for consumer in owner.consumers():
            self._patchbay.route(consumer, self._now)
        self._ask_keys()

    def _end(self, transport: Transport, reason: str) -> None:
        owner = self._by_transport.pop(transport.id, None)
        self._joining.pop(transport.id, None)
        if owner is None:
            return
        if reason in ENDINGS:
            self._port.counters[ENDINGS[reason]] += 1
        if isinstance(owner, Up):
            self._withdraw(owner)
        elif isinstance(owner, Down):
            del self._downs[transport.participant]
        else:
            del self._views[transport.session]
        for consumer in owner.consumers() if not isinstance(owner, Up) else ():
            self._patchbay.drop(consumer)
        self._versions.pop(transport.id, None)
        self._distribution.close(transport.id)
        self._port.close(transport)
        self._news.append(
            Disconnected(self.room, transport.participant, transport.session, transport.direction, reason)
        )

    def _withdraw(self, up: Up) -> None:
        participant = up.transport.participant
        del self._ups[participant]
        for view in self._views.values():
            self._stage(view)
        for kind, producer in up.producers.items():
            for down in self._downs.values():
                down.remove(producer)
            self._patchbay.remove(producer)
            if up.transport.connected and producer.shared:
                self._news.append(Unpublished(self.room, participant, kind))
        for down in self._downs.values():
            self._offer(down)

    # Negotiation.

    def _answer(self, transport: Transport, offer: Description, sections: Sequence[Section]) -> Session:
        active = dtls_role(offer.transport.setup)
        self._carry_out(transport, transport.start(offer.transport, active, self._now))
        setup = "active" if active else "passive"
        return Session(transport.session, self._write(transport, setup, sections, mixed=offer.mixed))

    def _offer(self, down: Down) -> None:
        sections = down.offer(self._now)
        if sections is not None:
            text = self._write(down.transport, "actpass", sections)
            self._news.append(OfferReady(self.room, down.transport.participant, text, down.tracks()))

    def _write(self, transport: Transport, setup: str, sections: Sequence[Section], *, mixed: bool = True) -> str:
        version = self._versions[transport.id] = self._versions.get(transport.id, 0) + 1
        bundle = tuple(section.mid for section in sections if not section.rejected and section.mid is not None)
        local = transport.parameters(setup)
        description = Description(local, tuple(sections), bundle, self._port.candidates, mixed)
        return sdp_writing.write(description, transport.id, version)

    # Producers and consumers.

    def _live(self) -> list[Up]:
        return [up for up in self._ups.values() if up.transport.connected]

    def _consumer(self, transport: Transport, kind: str) -> Consumer:
        return Consumer(self._port.sink(), transport.id, self._port.number(32), kind, self._port.number(32))

    def _feed(self, down: Down, up: Up) -> None:
        if down.transport.participant == up.transport.participant:
            return
        for producer in up.producers.values():
            if producer.shared:
                self._feed_one(down, producer)

    def _feed_one(self, down: Down, producer: Producer) -> None:
        consumer = self._consumer(down.transport, producer.kind)
        if down.add(consumer):
            self._patchbay.plug(consumer, producer, self._now)
        else:
            self._port.counters["down_full"] += 1

    def _share(self) -> None:
        """A screen is offered to the others while it comes: an m-line for each that may come some day would leave too
        few for people."""
        for up in self._live():
            screen = up.producers.get(SCREEN)
            if screen is None:
                continue
            name = up.transport.participant
            shared = screen.coming(self._now) and not self._patchbay.muted(name, SCREEN)
            if shared == screen.shared:
                continue
            screen.shared = shared
            self._news.append(Published(self.room, name, SCREEN) if shared else Unpublished(self.room, name, SCREEN))
            for down in self._downs.values():
                if not shared:
                    down.remove(screen)
                elif down.transport.participant != name:
                    self._feed_one(down, screen)
                self._offer(down)
            if not shared:
                self._patchbay.withdraw(screen)

    def _stage(self, view: View) -> None:
        """Point a viewer at whom he shall see now."""
        up = self._ups.get(view.feed) if view.feed is not None else self._speaking(view)
        for kind, consumer in view.by_kind.items():
            self._patchbay.plug(consumer, up.producers.get(kind) if up is not None else None, self._now)

    def _speaking(self, view: View) -> Up | None:
        """The speaker; else whom the viewer sees already; else the first who sends. Never himself."""
        others = {
            up.transport.participant: up
            for up in self._live()
            if up.transport.participant != view.transport.participant
            and not self._patchbay.places.apart(up.transport.participant, view.transport.participant, "audio")
        }
        shown = [consumer.producer.participant for consumer in view.consumers() if consumer.producer is not None]
        for name in (self._audience.speaking(self._patchbay.places.group(view.transport.participant)), *shown):
            if name in others:
                return others[name]
        return next(iter(others.values()), None)

    # Clockwork.

    def _ask_keys(self) -> None:
        self._reception.ask_keys(self._live(), self._now)

    def _listen(self, ups: Sequence[Up]) -> None:
        changed = self._reception.listen(ups, self._now)
        if self._patchbay.settle(self._now):
            self._distribution.stir()
        self._share()
        for group in changed:
            self._news.append(SpeakerChanged(self.room, self._audience.speaking(group), group))
        if changed:
            for view in self._views.values():
                self._stage(view)
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
