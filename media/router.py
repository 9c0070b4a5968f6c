"""One room's table of who sends and who receives. It decides; the forwarder does. No I/O, no clock.

Calls come from the server (publish, subscribe, …) and from the endpoint (receive, tick); news goes, as values, into the
`news` that the owner passed in. The time is the `now` of the endpoint's last call: at most one tick old.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from media import forwarder as kinds
from media import ice, rtcp, sdp, sdp_writing
from media.consumer import Consumer, Down, View, plan_view, sender_reports
from media.errors import MediaError, RtcpError
from media.events import Connected, Disconnected, News, OfferReady, Published, SpeakerChanged, Unpublished
from media.forwarder import Notice
from media.ice import Address
from media.parameters import KINDS, Description, Section
from media.patchbay import Patchbay
from media.producer import Up, plan
from media.speaker import Speaker
from media.transport import Ended, Output, Port, Ready, Transport, dtls_role, same_peer

REPORT_EVERY = 1.0  # seconds
LISTEN_EVERY = 0.2
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
        self._patchbay = Patchbay(port)
        self._speaker = Speaker()
        self._versions: dict[int, int] = {}
        self._report_at = now + REPORT_EVERY
        self._listen_at = now + LISTEN_EVERY

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
        self._by_transport[transport.id] = up
        self._patchbay.add(up)
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
        self._by_transport[transport.id] = down
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
        for consumer in down.consumers():
            self._patchbay.route(consumer)
        self._ask_keys()
        self._offer(down)

    def watch(self, participant: str, offer: str, feed: str | None) -> Session:
        """Somebody watches a publisher, or with feed=None whoever speaks (before anybody has: the first publisher).

        MediaError: unknown_participant, bad_sdp, no_codec, too_many.
        """
        up = None if feed is None else self._ups.get(feed)
        if feed is not None and up is None:
            raise MediaError("unknown_participant", "nobody publishes under this name")
        description = sdp.read_offer(offer)
        wanted = {kind: producer.codec.name for kind, producer in up.producers.items()} if up is not None else {}
        viewing = plan_view(description, wanted)
        transport = self._port.open(self.room, participant, "down", self._now)
        sections = list(viewing.sections)
        consumers = []
        for kind, (index, payload_types) in viewing.taken.items():
            consumer = self._consumer(transport, kind)
            consumer.payload_types = payload_types
            consumers.append(consumer)
            sections[index] = replace(
                sections[index], ssrcs=(consumer.ssrc,), cname="live", msid=("live", f"live-{kind}")
            )
        view = View(transport, feed, consumers)
        self._views[transport.session] = view
        self._by_transport[transport.id] = view
        self._stage(view)
        return self._answer(transport, description, sections)

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

    def pause(self, participant: str, kind: str, paused: bool) -> None:
        """Forward this "audio" or "video" of the participant to nobody, until he is unpaused or leaves.

        Holds for what he publishes later, too.
        """
        if kind not in KINDS:
            raise ValueError(f"not a kind of media: {kind}")
        up = self._ups.get(participant)
        producer = up.producers.get(kind) if up is not None else None
        self._patchbay.pause(participant, kind, producer, paused)
        self._ask_keys()

    def directions(self, participant: str) -> list[str]:
        """Which of the participant's two transports, "up" and "down", are there."""
        tables: dict[str, dict[str, Up] | dict[str, Down]] = {"up": self._ups, "down": self._downs}
        return [direction for direction, table in tables.items() if participant in table]

    def repeat(self, participant: str) -> None:
        """Offer again what was offered and not yet answered: the line may have lost it."""
        down = self._downs.get(participant)
        if down is not None and down.in_flight:
            down.repeat()
            self._offer(down)

    def publishers(self) -> list[str]:
        """Those whose up transport is connected."""
        return [up.transport.participant for up in self._live()]

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
        self._HANDLERS[notice.kind](self, transport, notice)
        self._ask_keys()

    def tick(self, now: float) -> None:
        """Call about every 50 ms."""
        self._now = now
        for owner in list(self._by_transport.values()):
            self._carry_out(owner.transport, owner.transport.tick(now))
            if isinstance(owner, Down) and owner.forgotten(now):
                self._end(owner.transport, "dtls")
        self._ask_keys()
        if now >= self._listen_at:
            self._listen_at = now + LISTEN_EVERY
            self._listen()
        if now >= self._report_at:
            self._report_at = now + REPORT_EVERY
            self._report()

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
            producers = list(owner.producers.values())
        else:
            producers = [item.producer for item in (owner.consumers() if owner else ()) if item.producer is not None]
        for producer in producers:
            producer.want_key()

    # What the network says.

    def _on_dtls(self, transport: Transport, notice: Notice) -> None:
        if notice.address is not None:
            self._carry_out(transport, transport.datagram(notice.data, notice.address, self._now))

    def _on_rtcp(self, transport: Transport, notice: Notice) -> None:
        owner = self._by_transport.get(transport.id)
        try:
            packets = rtcp.read(notice.data)
        except RtcpError:
            self._port.counters["rtcp_malformed"] += 1
            return
        for packet in packets:
            if isinstance(owner, Up):
                if isinstance(packet, rtcp.SenderReport):
                    owner.note(packet, self._now)
            elif isinstance(packet, rtcp.Nack | rtcp.KeyRequest) and owner is not None:
                self._on_feedback(owner, packet)

    def _on_feedback(self, owner: Down | View, packet: rtcp.Nack | rtcp.KeyRequest) -> None:
        consumer = next((item for item in owner.consumers() if item.ssrc == packet.media), None)
        if consumer is None or not consumer.routed:
            return
        if isinstance(packet, rtcp.Nack):
            granted = consumer.grant(len(packet.sequences), self._now)
            self._port.counters["resends_refused"] += len(packet.sequences) - granted
            self._forwarder.resend(consumer.sink, packet.sequences[:granted])
        elif consumer.producer is not None:
            consumer.producer.want_key()

    def _on_new_stream(self, transport: Transport, notice: Notice) -> None:
        up = self._by_transport.get(transport.id)
        found = up.identify(notice.data) if isinstance(up, Up) else None
        if isinstance(up, Up) and found is not None:
            self._patchbay.start(up, *found)
        else:
            self._port.counters["rtp_unknown_stream"] += 1

    def _on_missing(self, transport: Transport, notice: Notice) -> None:
        up = self._by_transport.get(transport.id)
        if isinstance(up, Up):
            missing = struct.unpack(f"!{len(notice.data) // 2}H", notice.data)
            for compound in up.repeat_requests(notice.ssrc, missing):
                self._forwarder.rtcp(transport.id, compound)

    _HANDLERS = {  # noqa: RUF012
        kinds.DTLS: _on_dtls,
        kinds.RTCP: _on_rtcp,
        kinds.NEW_STREAM: _on_new_stream,
        kinds.MISSING: _on_missing,
    }

    # Transports.

    def _carry_out(self, transport: Transport, outputs: Sequence[Output]) -> None:
        self._port.apply(transport, outputs)
        for output in outputs:
            if isinstance(output, Ready):
                self._connected(transport)
            elif isinstance(output, Ended):
                self._end(transport, output.reason)

    def _connected(self, transport: Transport) -> None:
        self._news.append(Connected(self.room, transport.participant, transport.session, transport.direction))
        owner = self._by_transport[transport.id]
        if isinstance(owner, Up):
            for kind in owner.producers:
                self._news.append(Published(self.room, transport.participant, kind))
            for down in self._downs.values():
                self._feed(down, owner)
                self._offer(down)
            for view in self._views.values():
                self._stage(view)
        else:
            for consumer in owner.consumers():
                self._patchbay.route(consumer)
        self._ask_keys()

    def _end(self, transport: Transport, reason: str) -> None:
        owner = self._by_transport.pop(transport.id, None)
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
            if up.transport.connected:
                self._news.append(Unpublished(self.room, participant, kind))
        for down in self._downs.values():
            self._offer(down)

    # Negotiation.

    def _answer(self, transport: Transport, offer: Description, sections: Sequence[Section]) -> Session:
        active = dtls_role(offer.transport.setup)
        self._carry_out(transport, transport.start(offer.transport, active, self._now))
        return Session(transport.session, self._write(transport, "active" if active else "passive", sections))

    def _offer(self, down: Down) -> None:
        sections = down.offer(self._now)
        if sections is not None:
            text = self._write(down.transport, "actpass", sections)
            self._news.append(OfferReady(self.room, down.transport.participant, text, down.tracks()))

    def _write(self, transport: Transport, setup: str, sections: Sequence[Section]) -> str:
        version = self._versions[transport.id] = self._versions.get(transport.id, 0) + 1
        bundle = tuple(section.mid for section in sections if not section.rejected and section.mid is not None)
        local = transport.parameters(setup)
        return sdp_writing.write(
            Description(local, tuple(sections), bundle, self._port.candidates), transport.id, version
        )

    # Producers and consumers.

    def _live(self) -> list[Up]:
        return [up for up in self._ups.values() if up.transport.connected]

    def _consumer(self, transport: Transport, kind: str) -> Consumer:
        return Consumer(self._port.sink(), transport.id, self._port.number(32), kind)

    def _feed(self, down: Down, up: Up) -> None:
        if down.transport.participant == up.transport.participant:
            return
        for kind, producer in up.producers.items():
            consumer = self._consumer(down.transport, kind)
            if down.add(consumer):
                self._patchbay.plug(consumer, producer)
            else:
                self._port.counters["down_full"] += 1

    def _stage(self, view: View) -> None:
        """Point a viewer at whom he shall see now."""
        up = self._ups.get(view.feed) if view.feed is not None else self._speaking(view)
        for kind, consumer in view.by_kind.items():
            self._patchbay.plug(consumer, up.producers.get(kind) if up is not None else None)

    def _speaking(self, view: View) -> Up | None:
        """The speaker; else whom the viewer sees already; else the first who sends. Never himself."""
        others = {
            up.transport.participant: up
            for up in self._live()
            if up.transport.participant != view.transport.participant
        }
        shown = [consumer.producer.participant for consumer in view.consumers() if consumer.producer is not None]
        for name in (self._speaker.current, *shown):
            if name in others:
                return others[name]
        return next(iter(others.values()), None)

    # Clockwork.

    def _ask_keys(self) -> None:
        for up in self._live():
            for compound in up.key_requests(self._now):
                self._forwarder.rtcp(up.transport.id, compound)

    def _listen(self) -> None:
        levels = {}
        for up in self._live():
            audio = up.producers.get("audio")
            if audio is None or self._patchbay.muted(audio.participant, "audio"):
                continue
            stats = self._forwarder.sources(up.transport.id)
            levels[audio.participant] = next((item.level for item in stats if item.ssrc == audio.ssrc), 127)
        if self._speaker.update(levels, self._now):
            self._news.append(SpeakerChanged(self.room, self._speaker.current))
            for view in self._views.values():
                self._stage(view)
            self._ask_keys()

    def _report(self) -> None:
        for owner in self._by_transport.values():
            transport = owner.transport
            if not transport.connected:
                continue
            if isinstance(owner, Up):
                stats = self._forwarder.sources(transport.id)
                self._forwarder.rtcp(transport.id, owner.feedback(stats, self._now))
                continue
            sinks = self._forwarder.sinks(transport.id)
            for compound in sender_reports(owner.consumers(), sinks, f"d{transport.id}", self._now):
                self._forwarder.rtcp(transport.id, compound)
