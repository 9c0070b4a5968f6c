# The packet path: from the socket through the tables to the socket.

cdef class Core(Writing):
    """The way of a packet."""

    cdef void forget_batch(self) noexcept nogil:
        cdef int t
        for t in range(self.touched_count):
            self.all_sources[self.touched[t]].first = self.all_sources[self.touched[t]].last = -1
        self.packet_count = self.touched_count = 0

    cdef bint heeds(self, Transport* transport) noexcept nogil:
        """May one more datagram of this peer go to the control plane before the next poll()? What may not is lost."""
        if transport.heeded_since != self.news.polls:
            transport.heeded_since, transport.heeded = self.news.polls, 0
        if transport.heeded == HEEDED:
            self.news.lost += 1
            return False
        transport.heeded += 1
        return True

    cdef int receive(self, int i, int64_t now) except -1 nogil:
        cdef Py_ssize_t at = i * RECEIVE_ROOM
        cdef unsigned int length = self.incoming[i].msg_len
        cdef int owner, first
        cdef bint settled
        cdef Transport* transport
        cdef Name* name = &self.names[i]
        self.counts.received += 1
        self.counts.received_bytes += length
        if length == 0 or length > DATAGRAM_SIZE or not is_address(name):
            self.counts.malformed += 1
            return 0
        owner = self.owner_of(name)
        transport = &self.transports[owner] if owner >= 0 else NULL
        first = self.received[at]
        if first < 4:
            if transport == NULL and not stranger_allowed(&self.news):
                self.counts.stranger += 1
            elif transport == NULL or self.heeds(transport):
                # Consent that goes on can wait; who has just come cannot.
                settled = transport != NULL and transport.has_target and is_same(name, &transport.target)
                post(&self.news, STUN, transport.number if transport != NULL else 0, name, 0, &self.received[at], length,
                     not settled)
        elif 20 <= first < 64:
            if transport == NULL:
                self.counts.stranger += 1
            elif self.heeds(transport):
                post(&self.news, DTLS, transport.number, name, 0, &self.received[at], length)
        elif not 128 <= first < 192:
            self.counts.malformed += 1
        elif transport == NULL or transport.inbound == NULL:
            self.counts.stranger += 1
        elif length > 1 and 192 <= self.received[at + 1] < 224:
            if self.heeds(transport):
                self.receive_rtcp(transport, at, length)
        else:
            self.receive_rtp(owner, at, length, now)
        return 0

    cdef int owner_of(self, const Name* name) noexcept nogil:
        cdef Key key = key_of(name)
        cdef const Place* found = &self.places[place_of(self.places, &key)]
        return found.transport if found.key.port else -1

    cdef inline uint32_t word(self, Py_ssize_t at) except? 0 nogil:
        return (<uint32_t>self.received[at] << 24 | <uint32_t>self.received[at + 1] << 16
                | <uint32_t>self.received[at + 2] << 8 | self.received[at + 3])

    cdef int receive_rtcp(self, Transport* transport, Py_ssize_t at, int length) except -1 nogil:
        cdef uint32_t sender
        cdef int i, status
        if length < RTCP_HEADER + SRTCP_INDEX + transport.tag_size:
            self.counts.malformed += 1
            return 0
        sender = self.word(at + 4)
        i = 0
        while i < transport.sender_count and transport.senders[i] != sender:
            i += 1
        if i == SENDERS:
            self.counts.unknown_ssrc += 1
            return 0
        status = self.unprotect_rtcp(transport.inbound, &self.received[at], &length)
        if status:
            self.refused(status)
            return 0
        if i == transport.sender_count:
            transport.senders[i] = sender
            transport.sender_count += 1
        post(&self.news, RTCP, transport.number, NULL, 0, &self.received[at], length,
             presses(self.received, at, length))
        return 0

    cdef bint refused(self, int status) noexcept nogil:
        cdef bint replay = status == REPLAY_FAIL or status == REPLAY_OLD
        self.counts.replay += replay
        self.counts.unprotect += not replay
        return replay

    cdef int header_size(self, Py_ssize_t at, int length) except -2 nogil:
        """Octets before the payload, or -1 if the datagram is shorter than that (media.rtp.parse_header)."""
        cdef int size
        if length < HEADER:
            return -1
        size = HEADER + 4 * (self.received[at] & 0x0F)
        if self.received[at] & 0x10:
            if length < size + 4:
                return -1
            size += 4 + 4 * (self.received[at + size + 2] << 8 | self.received[at + size + 3])
        return size if size <= length else -1

    cdef int receive_rtp(self, int owner, Py_ssize_t at, int length, int64_t now) except -1 nogil:
        cdef Transport* transport = &self.transports[owner]
        cdef int size = self.header_size(at, length), place, repaired = NO_SOURCE, announced = 0, status, padding
        cdef uint32_t ssrc
        if size < 0 or length < size + transport.tag_size:
            self.counts.malformed += 1
            return 0
        ssrc = self.word(at + 8)
        place = self.source_of(transport, ssrc)
        if place < 0:
            repaired = repaired_by(transport, ssrc)
        if place < 0 and repaired < 0:
            while announced < transport.announced_count and transport.announced[announced].ssrc != ssrc:
                announced += 1
            if announced == UNKNOWN:
                self.counts.unknown_ssrc += 1
                return 0
        status = self.unprotect(transport.inbound, &self.received[at], &length)
        if status:
            if self.refused(status) and place >= 0:
                self.all_sources[place].duplicates += 1
            return 0
        if transport.receive_id:
            self.note_arrival(transport, at, size, now)
        if place < 0 and repaired < 0:
            self.announce(transport, ssrc, announced, &self.received[at], length, now)
            return 0
        padding = self.padding_size(at, size, length)
        if padding < 0:
            self.counts.malformed += 1
        elif place >= 0:
            self.take(place, at, size, length, padding, now)
        else:
            self.take_repair(repaired, at, size, length - padding)
        return 0

    cdef int padding_size(self, Py_ssize_t at, int size, int length) except -2 nogil:
        """Octets of padding, -1 if their count is not one to the length of the payload (media.rtp.padding_size)."""
        cdef int count
        if not self.received[at] & 0x20:
            return 0
        count = self.received[at + length - 1] if length > size else 0
        return count if 1 <= count <= length - size else -1

    cdef int note_arrival(self, Transport* transport, Py_ssize_t at, int size, int64_t now) except -1 nogil:
        cdef Walk walk
        cdef Element element
        elements(self.received, at, size, &walk)
        while next_element(self.received, &walk, &element):
            if element.identifier == transport.receive_id:
                if element.length == 2:
                    arrive(transport.arrivals, self.received[element.start] << 8 | self.received[element.start + 1], now)
                return 0
        return 0

    cdef int source_of(self, const Transport* transport, uint32_t ssrc) noexcept nogil:
        cdef int i
        for i in range(transport.source_count):
            if self.all_sources[transport.sources[i]].ssrc == ssrc:
                return transport.sources[i]
        return -1

    cdef void announce(self, Transport* transport, uint32_t ssrc, int i, const uint8_t* data, int length,
                       int64_t now) noexcept nogil:
        self.counts.unknown_ssrc += 1
        if i == transport.announced_count:
            transport.announced_count += 1
        elif now - transport.announced[i].at < ANNOUNCE_EVERY:
            return
        transport.announced[i].ssrc, transport.announced[i].at = ssrc, now
        post(&self.news, NEW_STREAM, transport.number, NULL, ssrc, data, length)

    cdef int take(self, int place, Py_ssize_t at, int size, int length, int padding, int64_t now) except -1 nogil:
        """Hand a decrypted packet to its source; if it is new, keep it, and after it what its redundancy restores."""
        cdef Source* source = &self.all_sources[place]
        cdef Py_ssize_t body = at + size
        cdef int octets = length - size - padding
        cdef bint late
        cdef int64_t position
        cdef Red red
        red.count = 0
        if source.red and self.received[at + 1] & 0x7F == source.red and octets:
            if not read_red(self.received, body, octets, &red):
                self.counts.malformed += 1
                return 0
            body, octets, padding = body + red.primary, octets - red.primary, 0
        late = number(source, <uint16_t>(self.word(at) & 0xFFFF), &position)
        if late and refuses(source, position, True):
            self.counts.replay += 1
            return 0
        if not late:
            self.fit(place, position, now)
        self.restore(place, position, at, at + size, &red)
        if not late:
            measure_jitter(source, self.word(at + 4), now)
        if source.level_id or source.gate < SILENT:
            self.measure_level(source, at, size, now)
        self.keep(place, position, late, at, size, self.word(at + 4), body, octets, padding)
        self.join(place, position, late)
        self.join_restored(place, position, &red)
        if source.gap_count:
            self.ask(place, now, True)
        return 0

    cdef int restore(self, int place, int64_t position, Py_ssize_t at, Py_ssize_t payload, Red* red) except -1 nogil:
        """Keep the packets before `position` that are missing and repeated beside it; the length of others becomes 0."""
        cdef Source* source = &self.all_sources[place]
        cdef int i
        cdef int64_t missing
        cdef Block* block
        for i in range(red.count):
            missing = position - (red.count - i)
            if missing < max(source.floor, source.base) or refuses(source, missing, False):
                red.blocks[i].length = 0
        for i in range(red.count):
            block = &red.blocks[i]
            if block.length:
                self.keep(place, position - (red.count - i), True, at, 0, self.word(at + 4) - <uint32_t>block.offset,
                          payload + block.at, block.length, 0)
                self.counts.restored += 1
        return 0

    cdef int join_restored(self, int place, int64_t position, const Red* red) except -1 nogil:
        cdef int i
        for i in range(red.count):
            if red.blocks[i].length:
                self.join(place, position - (red.count - i), True)
        return 0

    cdef int take_repair(self, int place, Py_ssize_t at, int size, int length) except -1 nogil:
        """A retransmission (RFC 4588 section 4): the original sequence number, then its payload. Only of what is
        missing."""
        cdef Source* source = &self.all_sources[place]
        cdef Py_ssize_t body = at + size
        cdef int step
        if length - size < 3 or not source.started:
            self.counts.replay += 1
            return 0
        step = (self.received[body] << 8 | self.received[body + 1]) - <int>((source.highest + source.shift) & 0xFFFF)
        step = ((step + 0x8000) & 0xFFFF) - 0x8000
        if step > 0 or refuses(source, source.highest + step, True):
            self.counts.replay += 1
            return 0
        self.keep(place, source.highest + step, True, at, size, self.word(at + 4), body + 2, length - size - 2, 0)
        self.join(place, source.highest + step, True)
        self.counts.repaired += 1
        return 0

    cdef int fit(self, int place, int64_t position, int64_t now) except -1 nogil:
        """Let the history grow until it holds what came in the last half second, up to this newest packet."""
        cdef Source* source = &self.all_sources[place]
        if not source.mark_at:
            source.mark, source.mark_at = position, now
            source.former_mark = position
        elif now - source.mark_at >= KEPT_TIME:
            source.former_mark = source.mark
            source.mark, source.mark_at = position, now
        while source.history < source.most and position - source.former_mark >= source.history:
            self.grow(place)
        return 0

    cdef int grow(self, int place) except -1 nogil:
        """Double the history: a packet stays where it is, or moves behind what there was."""
        cdef Source* source = &self.all_sources[place]
        cdef int half = source.history, i
        cdef Slot* ring = <Slot*>realloc(source.ring, 2 * half * sizeof(Slot))
        cdef Slot* slot
        if ring == NULL:
            with gil:
                raise MemoryError
        memset(ring + half, 0, half * sizeof(Slot))
        source.ring, source.history = ring, 2 * half
        for i in range(half):
            slot = &ring[i]
            if slot.position % half == i and slot.position % (2 * half) != i:
                ring[i + half] = slot[0]
                memset(slot, 0, sizeof(Slot))
        return 0

    cdef int keep(self, int place, int64_t position, bint late, Py_ssize_t at, int size, uint32_t timestamp,
                  Py_ssize_t body, int octets, int padding) except -1 nogil:
        """Put a packet into the history. `size`: of the header at `at`; 0 where the packet had none of its own."""
        cdef Source* source = &self.all_sources[place]
        cdef Slot* slot = &source.ring[position % source.history]
        cdef Slot* former = recall(source, position - 1)
        cdef bint chained = former != NULL and not former.empty
        cdef Py_ssize_t kept
        memset(slot, 0, sizeof(Slot))
        lay(source, slot, (CARRIED if source.carry_count else 0) + octets + padding + EVEN)
        kept = self.kept_at(place, slot)
        slot.position, slot.timestamp, slot.chained = position, timestamp, chained
        slot.octets, slot.length = octets, octets + padding
        slot.empty, slot.padding = octets == 0, padding > 0
        if size:
            slot.marker = self.received[at + 1] >> 7
            if source.carry_count:
                self.carry(source, slot, kept, at, size)
        copy(self.kept, kept + slot.carried, self.received, body, slot.length)
        laid(source, slot)
        if source.codec == VP8:
            read_vp8(self.received, body, octets, &slot.picture)
            if not slot.picture.known:
                memset(&slot.picture, 0, sizeof(Picture))
            slot.key = slot.picture.key
        elif source.codec > VP8:
            slot.key = begins_key(source.codec, self.received, body, octets)
        note(source, slot, late)
        return 0

    cdef int carry(self, const Source* source, Slot* slot, Py_ssize_t kept, Py_ssize_t at, int size) except -1 nogil:
        """Keep the header extension elements that the source lets through, in the form that they are sent in."""
        cdef Walk walk
        cdef Element element
        cdef Element found[CARRY]
        cdef int count = 0, room = CARRIED, i, c
        elements(self.received, at, size, &walk)
        while count < CARRY and next_element(self.received, &walk, &element):
            for c in range(source.carry_count):
                if source.carry_from[c] == element.identifier and element.length + 2 <= room:
                    room -= element.length + 2
                    slot.wide |= source.carry_to[c] >= 15 or not 1 <= element.length <= 16
                    element.identifier = source.carry_to[c]
                    found[count] = element
                    count += 1
                    break
        for i in range(count):
            if slot.wide:
                self.kept[kept + slot.carried], self.kept[kept + slot.carried + 1] = found[i].identifier, found[i].length
                slot.carried += 2
            else:
                self.kept[kept + slot.carried] = found[i].identifier << 4 | found[i].length - 1
                slot.carried += 1
            copy(self.kept, kept + slot.carried, self.received, found[i].start, found[i].length)
            slot.carried += found[i].length
        return 0

    cdef int join(self, int place, int64_t position, bint late) except -1 nogil:
        """Put a packet that was kept into the batch."""
        cdef Source* source = &self.all_sources[place]
        cdef Packet* packet
        if self.packet_count >= min(<int>PACKETS, self.history // 2):
            self.spread(microseconds())
        packet = &self.packets[self.packet_count]
        packet.source, packet.position, packet.late, packet.next = place, position, late, -1
        if source.first < 0:
            source.first = self.packet_count
            self.touched[self.touched_count] = place
            self.touched_count += 1
        else:
            self.packets[source.last].next = self.packet_count
        source.last = self.packet_count
        self.packet_count += 1
        if source.end + LONGEST > source.room:
            self.spread(microseconds())  # before a new lap writes over it
        return 0

    cdef int measure_level(self, Source* source, Py_ssize_t at, int size, int64_t now) except -1 nogil:
        """RFC 6464."""
        cdef Walk walk
        cdef Element element
        cdef int heard = NO_LEVEL
        elements(self.received, at, size, &walk)
        while heard == NO_LEVEL and source.level_id and next_element(self.received, &walk, &element):
            if element.identifier == source.level_id:
                heard = self.received[element.start] & 0x7F if element.length else UNTOLD
        if 0 <= heard <= level(source, now):
            source.peak, source.peak_at = heard, now
        if heard < 0 or heard <= source.gate:
            source.heard, source.loud_at = True, now
        return 0

    cdef void ask(self, int place, int64_t now, bint new_only) noexcept nogil:
        cdef Source* source = &self.all_sources[place]
        cdef uint16_t asked[GAPS]
        cdef int count = due(source, asked, now, new_only), i
        if not source.pending:
            source.pending = True
            self.pending[self.pending_count] = place
            self.pending_count += 1
        if count:
            for i in range(count):
                asked[i] = htons(asked[i])
            post(&self.news, MISSING, self.transports[source.transport].number, NULL, source.ssrc,
                 <uint8_t*>asked, 2 * count)

    cdef void ask_again(self, int64_t now) noexcept nogil:
        cdef int i, kept = 0, place
        self.asked_at = now
        for i in range(self.pending_count):
            place = self.pending[i]
            if self.all_sources[place].gap_count:
                self.ask(place, now, False)
            if self.all_sources[place].gap_count:
                self.pending[kept] = place
                kept += 1
            else:
                self.all_sources[place].pending = False
        self.pending_count = kept

    # Sending.

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
                    self.feed(source.sinks[s], self.touched[t], now)
            source.first = source.last = -1
        self.packet_count = self.touched_count = 0
        return 0

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
            if slot != NULL and sink.source == place_ and to.outbound != NULL and to.has_target:
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


cdef inline int repaired_by(const Transport* transport, uint32_t ssrc) noexcept nogil:
    cdef int i
    for i in range(transport.repair_count):
        if transport.repairs[i] == ssrc:
            return transport.repaired[i]
    return NO_SOURCE
