"""Who sends and who receives in a room, which m-line carries what, and the descriptions that say so. One per router."""

from __future__ import annotations

from collections.abc import Sequence

from media import sdp_writing
from media.audience import Audience
from media.consumer import Consumer
from media.down import Down, View, ViewPlan
from media.events import News, OfferReady, Published, Unpublished
from media.parameters import SCREEN, Description, Section
from media.patchbay import Patchbay
from media.producer import Producer, Up
from media.transport import Port, Transport


class Negotiation:
    """Given: port, patchbay, audience, and where news goes. Owned: the tables, by participant but for views, which go
    by session."""

    def __init__(self, room: str, port: Port, patchbay: Patchbay, audience: Audience, news: News) -> None:
        self.ups: dict[str, Up] = {}
        self.downs: dict[str, Down] = {}
        self.views: dict[str, View] = {}
        self._room = room
        self._port = port
        self._patchbay = patchbay
        self._audience = audience
        self._news = news
        self._versions: dict[int, int] = {}  # of the description, by transport

    def live(self) -> list[Up]:
        """The publishers who are connected."""
        return [up for up in self.ups.values() if up.transport.connected]

    # Descriptions.

    def answer(self, transport: Transport, setup: str, offer: Description, sections: Sequence[Section]) -> str:
        """Our answer."""
        return self._write(transport, setup, sections, mixed=offer.mixed)

    def offer(self, down: Down, now: float) -> None:
        """Offer what has changed, unless an offer is in flight."""
        sections = down.offer(now)
        if sections is not None:
            text = self._write(down.transport, "actpass", sections)
            self._news.append(OfferReady(self._room, down.transport.participant, text, down.tracks()))

    def _write(self, transport: Transport, setup: str, sections: Sequence[Section], *, mixed: bool = True) -> str:
        version = self._versions[transport.id] = self._versions.get(transport.id, 0) + 1
        bundle = tuple(section.mid for section in sections if not section.rejected and section.mid is not None)
        local = transport.parameters(setup)
        description = Description(local, tuple(sections), bundle, self._port.candidates, mixed)
        return sdp_writing.write(description, transport.id, version)

    # Who comes and goes.

    def publish(self, up: Up, now: float) -> None:
        """He sends as soon as he is connected (`connected`)."""
        self.ups[up.transport.participant] = up
        self._patchbay.add(up, now)

    def connected(self, up: Up, now: float) -> None:
        """The others are offered what he sends."""
        for kind, producer in up.producers.items():
            if producer.shared:
                self._news.append(Published(self._room, up.transport.participant, kind))
        for down in self.downs.values():
            self._feed(down, up, now)
            self.offer(down, now)
        self.stage(now)

    def subscribe(self, down: Down, now: float) -> None:
        """He is offered what everybody else sends."""
        self.downs[down.transport.participant] = down
        for up in self.live():
            self._feed(down, up, now)
        self.offer(down, now)

    def watch(self, transport: Transport, feed: str | None, plan: ViewPlan, now: float) -> View:
        """A viewer, pointed at whom he shall see."""
        view = View(transport, feed, plan, [self._consumer(transport, kind) for kind in plan.taken])
        self.views[transport.session] = view
        self._stage(view, now)
        return view

    def end(self, owner: Up | Down | View, now: float) -> None:
        """His transport is over."""
        self._versions.pop(owner.transport.id, None)
        if isinstance(owner, Up):
            self._withdraw(owner, now)
            return
        if isinstance(owner, Down):
            del self.downs[owner.transport.participant]
        else:
            del self.views[owner.transport.session]
        for consumer in owner.consumers():
            self._patchbay.drop(consumer)

    def _withdraw(self, up: Up, now: float) -> None:
        participant = up.transport.participant
        del self.ups[participant]
        self.stage(now)
        for kind, producer in up.producers.items():
            for down in self.downs.values():
                down.remove(producer)
            self._patchbay.remove(producer)
            if up.transport.connected and producer.shared:
                self._news.append(Unpublished(self._room, participant, kind))
        for down in self.downs.values():
            self.offer(down, now)

    # Producers and consumers.

    def _consumer(self, transport: Transport, kind: str) -> Consumer:
        return Consumer(self._port.sink(), transport.id, self._port.number(32), kind, self._port.number(32))

    def _feed(self, down: Down, up: Up, now: float) -> None:
        if down.transport.participant == up.transport.participant:
            return
        for producer in up.producers.values():
            if producer.shared:
                self._feed_one(down, producer, now)

    def _feed_one(self, down: Down, producer: Producer, now: float) -> None:
        consumer = self._consumer(down.transport, producer.kind)
        if down.add(consumer):
            self._patchbay.plug(consumer, producer, now)
        else:
            self._port.counters["down_full"] += 1

    def share(self, now: float) -> None:
        """A screen is offered to the others while it comes: an m-line for each that may come some day would leave too
        few for people. Call whenever that may have changed."""
        for up in self.live():
            screen = up.producers.get(SCREEN)
            if screen is None:
                continue
            name = up.transport.participant
            shared = screen.coming(now) and not self._patchbay.muted(name, SCREEN)
            if shared == screen.shared:
                continue
            screen.shared = shared
            self._news.append(Published(self._room, name, SCREEN) if shared else Unpublished(self._room, name, SCREEN))
            for down in self.downs.values():
                if not shared:
                    down.remove(screen)
                elif down.transport.participant != name:
                    self._feed_one(down, screen, now)
                self.offer(down, now)
            if not shared:
                self._patchbay.withdraw(screen)

    def stage(self, now: float) -> None:
        """Point every viewer at whom he shall see now."""
        for view in self.views.values():
            self._stage(view, now)

    def _stage(self, view: View, now: float) -> None:
        up = self.ups.get(view.feed) if view.feed is not None else self._speaking(view)
        for kind, consumer in view.by_kind.items():
            self._patchbay.plug(consumer, up.producers.get(kind) if up is not None else None, now)

    def _speaking(self, view: View) -> Up | None:
        """The speaker; else whom the viewer sees already; else the first who sends. Never himself."""
        others = {
            up.transport.participant: up
            for up in self.live()
            if up.transport.participant != view.transport.participant
            and not self._patchbay.places.apart(up.transport.participant, view.transport.participant, "audio")
        }
        shown = [consumer.producer.participant for consumer in view.consumers() if consumer.producer is not None]
        for name in (self._audience.speaking(self._patchbay.places.group(view.transport.participant)), *shown):
            if name in others:
                return others[name]
        return next(iter(others.values()), None)
