# How a packet is written for a sink, protected, and put on the stage; and what waits until it may go.

cdef class Writing(Tables):
    """What is written is read from the history: the first sending and a repeated one are the same octets."""

    cdef inline Py_ssize_t kept_at(self, int place, const Slot* slot) noexcept nogil:
        return place * self.region + slot.start

    cdef int write(self, Stage* stage, uint8_t[::1] buffer, int number, const Segment* segment, const Slot* slot,
                   Kind kind, int64_t now) except -1 nogil:
        """Write a packet of the history, protect and queue it; 1 if that worked."""
        cdef Sink* sink = &self.all_sinks[number]
        cdef const Transport* to = &self.transports[sink.to]
        cdef const Source* source = &self.all_sources[segment.source]
        cdef const Slot* former = NULL
        cdef bint rtx = kind == AGAIN and sink.rtx_ssrc != 0, red = segment.red and not rtx
        cdef bint padded = slot.padding and not rtx and not red
        cdef int carried = slot.carried if sink.carry else 0, room = HEADER + 4 + carried + 8 + slot.length + 5
        cdef Py_ssize_t at, payload, octets, kept = self.kept_at(segment.source, slot)
        cdef const uint8_t* body = NULL
        cdef int64_t index = sink.rtx_next if rtx else slot.position + segment.offset
        if to.outbound == NULL or not to.has_target:
            return 0
        if red and slot.chained:
            former = recall(source, slot.position - 1)
            if former == NULL:
                return 0  # what it repeated is gone, and it must not be written differently
            if not chains(slot, former):
                former = NULL
            else:
                room += former.octets
        self.make_room(stage, buffer, room)
        at = stage.used
        if rtx:
            at = self.head(buffer, at, slot, padded, sink.rtx_payload_type, index, segment, sink.rtx_ssrc)
            sink.rtx_next += 1
        else:
            at = self.head(buffer, at, slot, padded, sink.red_payload_type if red else sink.payload_type,
                           index, segment, sink.ssrc)
        at = payload = self.extend(buffer, at, to, sink, kept, carried, slot.wide and carried > 0)
        if rtx:
            buffer[at], buffer[at + 1] = (slot.position + segment.offset) >> 8 & 255, (slot.position + segment.offset) & 255
            at += 2
        elif red:
            at = self.redden(buffer, at, sink.payload_type, segment.source, slot, former)
        octets = slot.length if padded else slot.octets
        kept += slot.carried
        # What nothing stands before and nothing is changed in is encrypted from where it is.
        if at > payload or renumbered(slot, segment) or not seals(&to.sealer):
            copy(buffer, at, self.kept, kept, octets)
            renumber(buffer, at, slot, segment)
        elif at + octets <= buffer.shape[0] and kept + octets <= self.kept.shape[0]:
            body = &self.kept[kept]
        return self.seal(stage, buffer, <int>(payload - stage.used), body, <int>(at + octets - stage.used), index, sink,
                         kind, now)

    cdef int make_room(self, Stage* stage, uint8_t[::1] buffer, int length) except -1 nogil:
        if stage.count == stage.room or stage.used + length + TRAILER > buffer.shape[0]:
            self.flush(stage, buffer)
        return 0

    cdef Py_ssize_t head(self, uint8_t[::1] buffer, Py_ssize_t at, const Slot* slot, bint padded, int payload_type,
                         int64_t sequence, const Segment* segment, uint32_t ssrc) except -1 nogil:
        return fixed_header(buffer, at, padded, slot.marker, payload_type, sequence,
                            slot.timestamp + segment.timestamp_offset, ssrc)

    cdef Py_ssize_t extend(self, uint8_t[::1] buffer, Py_ssize_t at, const Transport* to, const Sink* sink,
                           Py_ssize_t kept, int carried, bint wide) except -1 nogil:
        """Write the header extension behind the fixed header, if there is one to write; where the payload begins."""
        cdef bint stamped = to.send_id and sink.stamped
        cdef int length = carried + ((4 if wide else 3) if stamped else 0)
        cdef int words = (length + 3) // 4, profile = TWO_BYTE if wide else ONE_BYTE
        cdef Py_ssize_t end = at + 4 + 4 * words
        if not length:
            return at
        buffer[at - HEADER] |= 0x10
        buffer[at], buffer[at + 1], buffer[at + 2], buffer[at + 3] = profile >> 8, profile & 255, words >> 8, words & 255
        at += 4
        copy(buffer, at, self.kept, kept, carried)
        at += carried
        if stamped and wide:
            buffer[at], buffer[at + 1] = to.send_id, 2
            at += 2
        elif stamped:
            buffer[at] = to.send_id << 4 | 1
            at += 1
        if stamped:
            buffer[at], buffer[at + 1] = to.stamp >> 8, to.stamp & 255
            at += 2
        while at < end:
            buffer[at] = 0
            at += 1
        return end

    cdef Py_ssize_t redden(self, uint8_t[::1] buffer, Py_ssize_t at, int payload_type, int place, const Slot* slot,
                           const Slot* former) except -1 nogil:
        """The blocks of RED before the primary (RFC 2198 section 3); where the primary begins."""
        cdef uint32_t offset
        if former != NULL:
            offset = slot.timestamp - former.timestamp
            buffer[at] = 0x80 | payload_type
            buffer[at + 1], buffer[at + 2] = offset >> 6, (offset & 0x3F) << 2 | former.octets >> 8
            buffer[at + 3] = former.octets & 255
            at += 4
        buffer[at] = payload_type
        at += 1
        if former != NULL:
            copy(buffer, at, self.kept, self.kept_at(place, former) + former.carried, former.octets)
            at += former.octets
        return at

    cdef int seal(self, Stage* stage, uint8_t[::1] buffer, int header, const uint8_t* body, int length, int64_t index,
                  const Sink* sink, Kind kind, int64_t now) except -1 nogil:
        """Protect the packet at stage.used and queue it; 1 if that worked. `body`: where it is, if not yet behind the
        header; `index`: the packet's number without wrap."""
        cdef Transport* to = &self.transports[sink.to]
        cdef uint8_t* packet = &buffer[stage.used]
        cdef bint done
        if seals(&to.sealer):
            done = seal_gcm(&self.gcm, &to.sealer, packet, header, body if body != NULL else packet + header, &length,
                            index)
        else:
            done = self.protect(to.outbound, packet, &length) == 0
        if not done:
            stage.failed += 1
            return 0
        if to.send_id and sink.stamped:
            depart(to.sent, to.stamp, length, now)
            to.stamp += 1
        put(stage, length, sink.to, &to.target, kind, self.all_sources[sink.source].codec == OPUS)
        return 1

    cdef int write_padding(self, int number, int octets, int64_t now) except -1 nogil:
        """A packet of nothing but padding; 1 if that worked."""
        cdef Stage* stage = &self.answers
        cdef Sink* sink = &self.all_sinks[number]
        cdef Transport* to = &self.transports[sink.to]
        cdef bint rtx = sink.rtx_ssrc != 0
        cdef Py_ssize_t at
        cdef int64_t index
        cdef int i
        if to.outbound == NULL or not to.has_target:
            return 0
        self.make_room(stage, self.answering, HEADER + 8 + PADDING)
        index = sink.rtx_next if rtx else insert(sink)
        sink.rtx_next += rtx
        at = fixed_header(self.answering, stage.used, True, 0, sink.rtx_payload_type if rtx else sink.payload_type,
                          index, sink.last_timestamp, sink.rtx_ssrc if rtx else sink.ssrc)
        at = self.extend(self.answering, at, to, sink, 0, 0, False)
        for i in range(octets - 1):
            self.answering[at + i] = 0
        self.answering[at + octets - 1] = octets
        return self.seal(stage, self.answering, <int>(at - stage.used), NULL, <int>(at - stage.used) + octets, index,
                         sink, NOTHING, now)

    cdef int flush(self, Stage* stage, uint8_t[::1] buffer) except -1 nogil:
        return send_staged(stage, buffer)

    # What waits until it may go.

    cdef bint wait(self, int number, int64_t outgoing, int octets, int64_t now) noexcept nogil:
        """Whether this packet has to wait for its turn; it is remembered then."""
        cdef Sink* sink = &self.all_sinks[number]
        cdef Transport* to = &self.transports[sink.to]
        cdef Pace* pace = to.pace
        cdef Waiting* waiting
        if pace == NULL or self.all_sources[sink.source].codec < VP8:
            return False
        if (pace.count or not may_go(pace, now)) and pace.count < PACED:
            waiting = &pace.items[(pace.first + pace.count) % PACED]
            waiting.sink, waiting.number, waiting.outgoing = number, sink.number, outgoing
            pace.count += 1
            if not to.pacing:
                to.pacing = True
                self.pacing[self.pacing_count] = sink.to
                self.pacing_count += 1
            return True
        if pace.rate:
            pace.credit -= octets * <int64_t>1000000
        return False

    cdef void drop(self, int number) noexcept nogil:
        """What of the sink waits for its turn is of a picture that is over."""
        cdef Sink* sink = &self.all_sinks[number]
        cdef Pace* pace = self.transports[sink.to].pace
        cdef Waiting waiting
        cdef int64_t first = sink.next
        cdef int i, kept = 0
        if pace == NULL:
            return
        for i in range(pace.count):
            waiting = pace.items[(pace.first + i) % PACED]
            if waiting.sink == number and waiting.number == sink.number:
                first = min(first, waiting.outgoing)
            else:
                pace.items[(pace.first + kept) % PACED] = waiting
                kept += 1
        if kept < pace.count:
            pace.count = kept
            withhold(sink, first)

    cdef int release(self, int64_t now) except -1 nogil:
        """Send what has waited long enough."""
        cdef int i, kept = 0, place
        cdef Pace* pace
        for i in range(self.pacing_count):
            place = self.pacing[i]
            pace = self.transports[place].pace
            while pace != NULL and pace.count and may_go(pace, now):
                self.send_waiting(pace, now)
            if pace != NULL and pace.count:
                self.pacing[kept] = place
                kept += 1
            else:
                self.transports[place].pacing = False
        self.pacing_count = kept
        return 0

    cdef int send_waiting(self, Pace* pace, int64_t now) except -1 nogil:
        cdef Waiting* waiting = &pace.items[pace.first]
        cdef Sink* sink = &self.all_sinks[waiting.sink]
        cdef Segment* segment
        cdef Slot* slot
        pace.first = (pace.first + 1) % PACED
        pace.count -= 1
        if sink.number != waiting.number:
            return 0
        segment = find(sink, waiting.outgoing)
        slot = self.slot_of(segment, waiting.outgoing)
        if slot != NULL:
            if pace.rate:
                pace.credit -= slot.octets * <int64_t>1000000
            self.write(&self.stage, self.outgoing, waiting.sink, segment, slot, FIRST_TIME, now)
        return 0

    cdef Slot* slot_of(self, const Segment* segment, int64_t outgoing) noexcept nogil:
        """The packet behind an outgoing number, or NULL if it is gone."""
        cdef const Source* source
        if segment == NULL:
            return NULL
        source = &self.all_sources[segment.source]
        return recall(source, outgoing - segment.offset) if source.serial == segment.serial else NULL


cdef Py_ssize_t fixed_header(uint8_t[::1] buffer, Py_ssize_t at, bint padded, int marker, int payload_type,
                             int64_t sequence, uint32_t timestamp, uint32_t ssrc) except -1 nogil:
    """RFC 3550 section 5.1; where it ends."""
    buffer[at] = 0x80 | padded << 5
    buffer[at + 1] = marker << 7 | payload_type
    buffer[at + 2], buffer[at + 3] = sequence >> 8 & 255, sequence & 255
    buffer[at + 4], buffer[at + 5] = timestamp >> 24, timestamp >> 16 & 255
    buffer[at + 6], buffer[at + 7] = timestamp >> 8 & 255, timestamp & 255
    buffer[at + 8], buffer[at + 9] = ssrc >> 24, ssrc >> 16 & 255
    buffer[at + 10], buffer[at + 11] = ssrc >> 8 & 255, ssrc & 255
    return at + HEADER


cdef inline bint renumbered(const Slot* slot, const Segment* segment) noexcept nogil:
    return slot.picture.known and (segment.number_shift != 0 or segment.tl0_shift != 0)


cdef int renumber(uint8_t[::1] buffer, Py_ssize_t at, const Slot* slot, const Segment* segment) except -1 nogil:
    """Count the picture id and TL0PICIDX of the VP8 payload at `at` down by the segment's shifts."""
    cdef const Picture* picture = &slot.picture
    cdef int number = picture.number - segment.number_shift
    if not renumbered(slot, segment):
        return 0
    if picture.number_at and segment.number_shift:
        if picture.wide:
            buffer[at + picture.number_at] = 0x80 | number >> 8 & 0x7F
            buffer[at + picture.number_at + 1] = number & 255
        else:
            buffer[at + picture.number_at] = number & 0x7F
    if picture.tl0_at and segment.tl0_shift:
        buffer[at + picture.tl0_at] = (picture.tl0 - segment.tl0_shift) & 255
    return 0


cdef inline bint chains(const Slot* slot, const Slot* former) noexcept nogil:
    return (<uint32_t>(slot.timestamp - former.timestamp) < RED_OFFSET and former.octets < RED_LENGTH
            and former.octets + slot.octets <= RED_ROOM)


cdef void depart(Sent* sent, uint16_t stamp, int octets, int64_t now) noexcept nogil:
    cdef Departure* item
    if sent == NULL:
        return
    item = &sent.items[sent.next]
    item.stamp, item.octets, item.at = stamp, octets, now
    sent.next = (sent.next + 1) % SENT
    sent.count = min(sent.count + 1, <int>SENT)


cdef void arrive(Arrivals* arrivals, uint16_t stamp, int64_t now) noexcept nogil:
    cdef Arrival* item
    if arrivals == NULL:
        return
    item = &arrivals.items[arrivals.next]
    item.stamp, item.at = stamp, now
    arrivals.next = (arrivals.next + 1) % ARRIVALS
    arrivals.count = min(arrivals.count + 1, <int>ARRIVALS)
