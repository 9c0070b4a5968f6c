# Commands that change the tables. What Python knows of them is guarded by the GIL, the tables by their lock.

class Entry:
    """What commands know of a transport; its packets' side is in the table at `place`."""

    __slots__ = ("place", "cipher", "sealing", "sources", "repairs", "sinks", "used", "bound", "target")

    def __init__(self, place):
        self.place = place
        self.cipher = self.sealing = None
        self.sources = {}  # SSRC: place
        self.repairs = {}  # SSRC of retransmissions: SSRC of what they repair
        self.sinks = {}  # number: place
        self.used = set()
        self.bound = []
        self.target = None


cdef class SinkCommands(Receiving):
    """Each looks first, in Python, whether it may; then changes the tables in one locked stretch without the GIL."""

    cdef object entries, sinks_by_number, fed, bound

    def __init__(self, int fd, *, int history=512):
        Receiving.__init__(self, fd, history=history)
        self.entries = {}  # transport: Entry
        self.sinks_by_number = {}  # sink: (place, Entry it sends to)
        self.fed = {}  # place of a source: numbers of the sinks that it feeds, fed, or shall feed
        self.bound = {}  # address: Entry

    def route(self, sink, transport, ssrc, to, rewrite):
        forwarder.check_number(sink, "sink")
        forwarder.check_rewrite(rewrite)
        cdef Sink* made
        cdef int place, source
        cdef bint linked
        if self.stopped:
            return
        source = self.entries[transport].sources[ssrc]
        entry = self.entries[to]
        if sink in self.sinks_by_number:
            raise ValueError(f"sink {sink} exists already")
        if not self.free_sinks:
            raise ValueError(f"no more than {SINKS} sinks")
        fresh = [rewrite.ssrc, *([rewrite.rtx_ssrc] if rewrite.rtx_ssrc else [])]
        for used in fresh:
            if used in entry.used:
                raise ValueError(f"SSRC {used} was used on transport {to} before")
        place = self.free_sinks.pop()
        made = &self.all_sinks[place]  # nobody knows it until it is linked
        memset(made, 0, sizeof(Sink))
        made.segments, made.segment_room = <Segment*>malloc(FIRST_SEGMENTS * sizeof(Segment)), FIRST_SEGMENTS
        if made.segments == NULL:
            self.free_sinks.append(place)
            raise MemoryError
        made.number, made.to, made.ssrc, made.payload_type = sink, entry.place, rewrite.ssrc, rewrite.payload_type
        made.next, made.first_timestamp = rewrite.sequence, rewrite.timestamp
        made.rtx_ssrc, made.rtx_payload_type, made.rtx_next = (
            rewrite.rtx_ssrc, rewrite.rtx_payload_type, rewrite.rtx_sequence)
        made.red_payload_type, made.carry, made.stamped = rewrite.red_payload_type, rewrite.carry, rewrite.stamped
        made.waiting, made.wanted_layer, made.layer = NO_SOURCE, ALL_LAYERS, ALL_LAYERS
        with nogil:
            self.lock()
            made.source, made.serial = source, self.all_sources[source].serial
            linked = self.link(place, source)
            self.unlock()
        if not linked:
            free(made.segments)
            made.segments = NULL
            self.free_sinks.append(place)
            raise MemoryError
        entry.used.update(fresh)
        entry.sinks[sink] = place
        self.sinks_by_number[sink] = place, entry
        self.fed[source].add(sink)

    cdef bint link(self, int place, int to) noexcept nogil:
        """Have the sink in the list of a source. 0 if there was no memory."""
        cdef Source* source = &self.all_sources[to]
        cdef int room = max(8, 2 * source.sink_room)
        cdef int* sinks
        if source.sink_count == source.sink_room:
            sinks = <int*>realloc(source.sinks, room * sizeof(int))
            if sinks == NULL:
                return False
            source.sinks, source.sink_room = sinks, room
        source.sinks[source.sink_count] = place
        source.sink_count += 1
        return True

    def switch(self, sink, transport, ssrc, *, bint at_key=False, bint hold=False):
        cdef int place, source, former, waited
        cdef bint linked = True
        cdef Sink* changed
        if self.stopped:
            return
        place = self.sinks_by_number[sink][0]
        source = self.entries[transport].sources[ssrc]
        changed = &self.all_sinks[place]
        with nogil:
            self.lock()
            former, waited = changed.source, changed.waiting
            if waited != NO_SOURCE and waited != source:
                self.unlink(place, waited)
                changed.waiting = waited = NO_SOURCE
            changed.held = hold and at_key and former != source
            if changed.held:
                self.drop(place)
                shut(changed)
            if former != source:
                if waited == NO_SOURCE:
                    linked = self.link(place, source)
                if linked:
                    changed.waiting = source
                if linked and not at_key:
                    self.unlink(place, former)
                    self.drop(place)
                    follow(changed, source, self.all_sources[source].serial)
            self.unlock()
        if not linked:
            raise MemoryError
        self.fed[source].add(sink)

    def layers(self, sink, temporal):
        forwarder.check_temporal(temporal)
        if not self.stopped:
            # One aligned word that the thread reads once a picture: no lock.
            self.all_sinks[<int>self.sinks_by_number[sink][0]].wanted_layer = temporal

    def red(self, sink, bint on):
        cdef Sink* changed
        if self.stopped:
            return
        changed = &self.all_sinks[<int>self.sinks_by_number[sink][0]]
        if on and not changed.red_payload_type:
            raise ValueError(f"sink {sink} has no payload type for RED")
        with nogil:
            self.lock()
            if on != changed.red:
                shut(changed)
                changed.red = on
            self.unlock()

    def pause(self, sink, bint paused):
        cdef Sink* changed
        cdef int place
        if self.stopped:
            return
        place = self.sinks_by_number[sink][0]
        changed = &self.all_sinks[place]
        with nogil:
            self.lock()
            if paused:
                self.drop(place)
                shut(changed)
            changed.paused = paused
            self.unlock()

    def unroute(self, sink):
        cdef int place, source, waited
        cdef Sink* gone
        known = self.sinks_by_number.pop(sink, None)
        if known is None:
            return
        place, entry = known
        del entry.sinks[sink]
        gone = &self.all_sinks[place]
        with nogil:
            self.lock()
            source, waited = gone.source, gone.waiting
            self.unlink(place, source)
            if waited != NO_SOURCE:
                self.unlink(place, waited)
            gone.number = 0  # what waits for its turn shall not find it
            free(gone.segments)
            gone.segments = NULL
            gone.segment_count = gone.segment_room = 0
            self.unlock()
        for fed in (source, waited):
            if fed in self.fed:
                self.fed[fed].discard(sink)
        self.free_sinks.append(place)
