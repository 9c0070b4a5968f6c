# From the history to the stage: what came in this batch, source by source and sink by sink.

cdef class Spreading(Writing):
    """Forwards the batch."""

    cdef void forget_batch(self) noexcept nogil:
        cdef int t
        for t in range(self.touched_count):
            self.all_sources[self.touched[t]].first = self.all_sources[self.touched[t]].last = -1
        self.packet_count = self.touched_count = 0

    cdef int spread(self, int64_t now) except -1 nogil:
        """Forward the batch, source by source and sink by sink, so that what goes to one address stays together."""
        cdef int t, s
        cdef Source* source
        for t in range(self.touched_count):
            source = &self.all_sources[self.touched[t]]
            if source.tapped:
                self.tap_batch(source, now)
            self.even_out(source)
            if silent(source, now):
                self.hush(self.touched[t])
            else:
                source.hushed = False
                for s in range(source.sink_count):
                    self.expect(source, s)
                    self.feed(source.sinks[s], self.touched[t], now)
            source.first = source.last = -1
        self.packet_count = self.touched_count = 0
        return 0

    cdef void expect(self, const Source* source, int s) noexcept nogil:
        """The states of the sinks after this one are needed soon: two hundred are more than the caches hold."""
        cdef Sink* sink
        if s + 2 < source.sink_count:
            sink = &self.all_sinks[source.sinks[s + 2]]
            prefetch(sink)
            prefetch(&sink.rtx_next)
            prefetch(&sink.last_at)
            prefetch(&sink.segment_count)
        if s + 1 < source.sink_count:
            sink = &self.all_sinks[source.sinks[s + 1]]
            prefetch(&sink.segments[max(0, sink.segment_count - 1)])
            prefetch(&self.transports[sink.to])
            prefetch(&self.transports[sink.to].target)
            expect_key(&self.transports[sink.to].sealer)

    cdef int feed(self, int number, int place_, int64_t now) except -1 nogil:
        """Send a sink what its source has in this batch."""
        cdef Sink* sink = &self.all_sinks[number]
        cdef Source* source = &self.all_sources[place_]
        cdef Transport* to = &self.transports[sink.to]
        cdef Segment* segment
        cdef Slot* slot
        cdef int p = source.first
        while p >= 0:
            slot = recall(source, self.packets[p].position)
            if slot != NULL and sink.source != place_ and slot.key and not self.packets[p].late:
                self.take_over(number, place_)
            if self.packets[p].hurried and sink.source == place_:
                shut(sink)
            elif slot != NULL and sink.source == place_ and to.outbound != NULL and to.has_target:
                segment = place(sink, self.all_sources, slot, self.packets[p].late, now)
                if segment != NULL and not self.wait(number, slot.position + segment.offset, slot.octets, now):
                    self.write(&self.stage, self.outgoing, number, segment, slot, FIRST_TIME, now)
            p = self.packets[p].next
        return 0

    cdef void take_over(self, int number, int place) noexcept nogil:
        """The sink has waited for this source's key frame: it feeds it now."""
        cdef Sink* sink = &self.all_sinks[number]
        cdef uint8_t nothing = 0
        self.unlink(number, sink.source)
        self.drop(number)
        follow(sink, place, self.all_sources[place].serial)
        post(&self.news, SWITCHED, self.transports[sink.to].number, NULL, sink.ssrc, &nothing, 0)

    cdef void unlink(self, int number, int place) noexcept nogil:
        cdef Source* source = &self.all_sources[place]
        cdef int i
        for i in range(source.sink_count):
            if source.sinks[i] == number:
                source.sink_count -= 1
                source.sinks[i] = source.sinks[source.sink_count]
                return

    cdef void hush(self, int place) noexcept nogil:
        """Tell the sinks of a source, once, that nothing comes for a while."""
        cdef Source* source = &self.all_sources[place]
        cdef int s
        if not source.hushed:
            for s in range(source.sink_count):
                if self.all_sinks[source.sinks[s]].source == place:
                    shut(&self.all_sinks[source.sinks[s]])
        source.hushed = True

    cdef int tap_batch(self, const Source* source, int64_t now) except -1 nogil:
        cdef int p = source.first
        cdef Slot* slot
        cdef Tap* tap
        while p >= 0:
            slot = recall(source, self.packets[p].position)
            if slot != NULL:
                tap = self.next_tap(slot.octets)
                if tap != NULL:
                    tap.transport, tap.ssrc = self.transports[source.transport].number, source.ssrc
                    tap.position, tap.timestamp, tap.received = slot.position, slot.timestamp, now
                    tap.marker, tap.late, tap.octets = slot.marker, self.packets[p].late, slot.octets
                    if slot.octets:
                        memcpy(tap.payload, &self.kept[self.kept_at(self.packets[p].source, slot)
                                                       + slot.carried], slot.octets)
            p = self.packets[p].next
        return 0

    cdef Tap* next_tap(self, int octets) noexcept nogil:
        """Room for one more packet, or NULL and one more lost."""
        cdef uint8_t* payload = NULL
        if self.taps.count < TAPPED:
            payload = <uint8_t*>malloc(octets + 1)
        if payload == NULL:
            self.taps.lost += 1
            return NULL
        self.taps.count += 1
        self.taps.items[self.taps.count - 1].payload = payload
        return &self.taps.items[self.taps.count - 1]

    cdef int even_out(self, Source* source) except -1 nogil:
        """Pad the packets of each frame in this batch to one length, so that they can leave as one message.

        Browsers cut a frame evenly and put the longer packets last. It is done once, before anybody is sent them, and
        kept: a retransmission has the same octets. There is room: the tag that protected the packet was longer.
        """
        cdef int p = source.first, end, longest, lack
        cdef Slot* first
        cdef Slot* slot
        while p >= 0:
            end, longest, first = p, 0, recall(source, self.packets[p].position)
            if first == NULL:
                p = self.packets[p].next
                continue
            while end >= 0:
                slot = recall(source, self.packets[end].position)
                if slot != NULL:
                    if slot.timestamp != first.timestamp:
                        break
                    longest = longest if slot.empty else max(longest, <int>slot.length)
                end = self.packets[end].next
            while p != end:
                slot = recall(source, self.packets[p].position)
                lack = lacking(slot, longest) if slot != NULL else 0
                if lack:
                    self.pad_packet(self.packets[p].source, slot, lack)
                p = self.packets[p].next
        return 0

    cdef int pad_packet(self, int place, Slot* slot, int count) except -1 nogil:
        cdef Py_ssize_t at = self.kept_at(place, slot) + slot.carried + slot.length
        cdef int i
        for i in range(count):
            self.kept[at + i] = 0
        self.kept[at + count - 1] = count
        slot.length += count
        slot.padding = 1
        return 0
