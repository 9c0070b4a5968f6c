# From a decrypted packet into the history and the batch.

cdef class Keeping(Spreading):
    """Numbers packets, restores what their redundancy repeats, and keeps them."""

    cdef inline uint32_t word(self, Py_ssize_t at) except? 0 nogil:
        return (<uint32_t>self.received[at] << 24 | <uint32_t>self.received[at + 1] << 16
                | <uint32_t>self.received[at + 2] << 8 | self.received[at + 3])

    cdef int take(self, int place, Py_ssize_t at, int size, int length, int padding, int64_t now) except -1 nogil:
        """Hand a decrypted packet to its source; if it is new, keep it, and after it what its redundancy restores."""
        cdef Source* source = &self.all_sources[place]
        cdef Py_ssize_t body = at + size
        cdef int octets = length - size - padding
        cdef bint late, hurried = False
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
            hurried = source.codec == OPUS and hurries(source, self.word(at + 4), now)
        if source.level_id or source.gate < SILENT:
            self.measure_level(source, at, size, now)
        self.keep(place, position, late, at, size, self.word(at + 4), body, octets, padding)
        self.join(place, position, late, hurried)
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
                self.join(place, position - (red.count - i), True, False)
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
        self.join(place, source.highest + step, True, False)
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
        if lay(source, slot, (CARRIED if source.carry_count else 0) + octets + padding + EVEN):
            self.give_back(place, source)
        source.touched = max(source.touched, source.room)
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

    cdef void give_back(self, int place, Source* source) noexcept nogil:
        """A lap begins: the memory behind what the former one used, whose packets may still be asked for."""
        cdef Py_ssize_t start = (source.used + self.page - 1) // self.page * self.page
        if source.touched > start:
            madvise(&self.kept[place * self.region + start], source.touched - start, MADV_DONTNEED)
        source.touched = source.used

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

    cdef int join(self, int place, int64_t position, bint late, bint hurried) except -1 nogil:
        """Put a packet that was kept into the batch."""
        cdef Source* source = &self.all_sources[place]
        cdef Packet* packet
        if self.packet_count >= min(<int>PACKETS, self.history // 2):
            self.spread(microseconds())
        packet = &self.packets[self.packet_count]
        packet.source, packet.position, packet.late, packet.next = place, position, late, -1
        packet.hurried = hurried
        if source.first < 0:
            source.first = self.packet_count
            self.touched[self.touched_count] = place
            self.touched_count += 1
        else:
            self.packets[source.last].next = self.packet_count
        source.last = self.packet_count
        self.packet_count += 1
        if source.end + LONGEST > source.room and ends_lap(source):
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
