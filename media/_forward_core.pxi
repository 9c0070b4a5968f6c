# The packet path: from the socket through the tables to the socket.

cdef class Core(Tables):
    """The way of a packet."""

    cdef int receive(self, int i, int64_t now) except -1 nogil:
        cdef Py_ssize_t at = i * RECEIVE_ROOM
        cdef unsigned int length = self.incoming[i].msg_len
        cdef int owner, first
        cdef Transport* transport
        cdef sockaddr_in* name = &self.names[i]
        self.counts.received += 1
        self.counts.received_bytes += length
        if length == 0 or length > DATAGRAM_SIZE or name.sin_family != AF_INET:
            self.counts.malformed += 1
            return 0
        owner = self.owner_of(name)
        transport = &self.transports[owner] if owner >= 0 else NULL
        first = self.received[at]
        if first < 4:
            if transport == NULL and not stranger_allowed(&self.news):
                self.counts.stranger += 1
            else:
                post(&self.news, STUN, transport.number if transport != NULL else 0, name, 0, &self.received[at], length)
        elif 20 <= first < 64:
            if transport == NULL:
                self.counts.stranger += 1
            else:
                post(&self.news, DTLS, transport.number, name, 0, &self.received[at], length)
        elif not 128 <= first < 192:
            self.counts.malformed += 1
        elif transport == NULL or transport.inbound == NULL:
            self.counts.stranger += 1
        elif length > 1 and 192 <= self.received[at + 1] < 224:
            self.receive_rtcp(transport, at, length)
        else:
            self.receive_rtp(owner, at, length, now)
        return 0

    cdef int owner_of(self, const sockaddr_in* name) noexcept nogil:
        cdef uint64_t key = key_of(name)
        cdef int found = place_of(self.places, key)
        return self.places[found].transport if self.places[found].key else -1

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
        post(&self.news, RTCP, transport.number, NULL, 0, &self.received[at], length)
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
        cdef int size = self.header_size(at, length), place, announced = 0, status
        cdef uint32_t ssrc
        if size < 0 or length < size + transport.tag_size:
            self.counts.malformed += 1
            return 0
        ssrc = self.word(at + 8)
        place = self.source_of(transport, ssrc)
        if place < 0:
            while announced < transport.announced_count and transport.announced[announced].ssrc != ssrc:
                announced += 1
            if announced == UNKNOWN:
                self.counts.unknown_ssrc += 1
                return 0
        status = self.unprotect(transport.inbound, &self.received[at], &length)
        if status:
            if self.refused(status) and place >= 0:
                self.all_sources[place].duplicates += 1
        elif place < 0:
            self.announce(transport, ssrc, announced, &self.received[at], length, now)
        else:
            self.take(place, at, size, length, now)
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

    cdef int take(self, int place, Py_ssize_t at, int size, int length, int64_t now) except -1 nogil:
        """Hand a decrypted packet to its source; if it is new, keep it and put it into the batch."""
        cdef Source* source = &self.all_sources[place]
        cdef Packet* packet = &self.packets[self.packet_count]
        cdef int padding = 0
        packet.padding = self.received[at] >> 5 & 1
        packet.at, packet.length = <int>at + size, length - size
        if packet.padding:
            padding = self.received[at + length - 1] if packet.length > 0 else 0
            if not 1 <= padding <= packet.length:
                self.counts.malformed += 1
                return 0
        packet.source, packet.next = place, -1
        packet.marker = self.received[at + 1] >> 7
        packet.timestamp = self.word(at + 4)
        packet.octets = packet.length - padding
        packet.empty = packet.octets == 0
        if not accept(source, packet, <uint16_t>(self.word(at) & 0xFFFF), now):
            self.counts.replay += 1
            return 0
        copy(self.kept, self.kept_at(place, packet.position), self.received, packet.at, packet.length)
        if source.level_id:
            self.measure_level(source, at, size, now)
        if source.gap_count:
            self.ask(place, now, True)
        if source.first < 0:
            source.first = self.packet_count
            self.touched[self.touched_count] = place
            self.touched_count += 1
        else:
            self.packets[source.last].next = self.packet_count
        source.last = self.packet_count
        self.packet_count += 1
        return 0

    cdef Py_ssize_t kept_at(self, int place, int64_t position) noexcept nogil:
        return place * self.region + <Py_ssize_t>(position % self.history) * STRIDE

    cdef int measure_level(self, Source* source, Py_ssize_t at, int size, int64_t now) except -1 nogil:
        """RFC 6464; the walk through the elements is media.rtp.elements."""
        cdef Py_ssize_t here = at + HEADER + 4 * (self.received[at] & 0x0F), end = at + size, start
        cdef int profile, first, identifier, length
        cdef bint one_byte
        if not self.received[at] & 0x10:
            return 0
        profile = self.received[here] << 8 | self.received[here + 1]
        one_byte = profile == 0xBEDE
        if not one_byte and profile & 0xFFF0 != 0x1000:
            return 0
        here += 4
        while here < end:
            first = self.received[here]
            if first == 0:
                here += 1
                continue
            if one_byte:
                identifier, length, start = first >> 4, (first & 0x0F) + 1, here + 1
                if identifier == 15:
                    return 0
            else:
                if here + 1 >= end:
                    return 0
                identifier, length, start = first, self.received[here + 1], here + 2
            here = start + length
            if here > end:
                return 0
            if identifier == source.level_id:
                if length and (self.received[start] & 0x7F) <= level(source, now):
                    source.peak, source.peak_at = self.received[start] & 0x7F, now
                return 0
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
        """Source by source and sink by sink, so that what goes to one address stays together."""
        cdef int t, s, p
        cdef Source* source
        cdef Sink* sink
        cdef Transport* to
        cdef Segment* segment
        cdef Packet* packet
        for t in range(self.touched_count):
            source = &self.all_sources[self.touched[t]]
            self.even_out(source)
            for s in range(source.sink_count):
                sink = &self.all_sinks[source.sinks[s]]
                to = &self.transports[sink.to]
                if to.outbound == NULL or not to.has_target:
                    continue
                p = source.first
                while p >= 0:
                    packet = &self.packets[p]
                    segment = place(sink, source, packet, now)
                    if segment != NULL:
                        self.write_header(&self.stage, self.outgoing, packet.length, sink, segment, packet.position,
                                          packet.timestamp, packet.marker, packet.padding)
                        copy(self.outgoing, self.stage.used + HEADER, self.received, packet.at, packet.length)
                        self.seal(&self.stage, self.outgoing, packet.length, to, FIRST_TIME)
                    p = packet.next
            source.first = source.last = -1
        return 0

    cdef int even_out(self, Source* source) except -1 nogil:
        """Pad the packets of each frame in this batch to one length, so that they can leave as one message.

        Browsers cut a frame evenly and put the longer packets last. It is done once, before anybody is sent them, and
        kept: a retransmission has the same octets. There is room: the tag that protected the packet was longer.
        """
        cdef int p = source.first, end, longest, lack
        while p >= 0:
            end, longest = p, 0
            while end >= 0 and self.packets[end].timestamp == self.packets[p].timestamp:
                longest = longest if self.packets[end].empty else max(longest, self.packets[end].length)
                end = self.packets[end].next
            while p != end:
                lack = lacking(&self.packets[p], longest)
                if lack:
                    self.pad_packet(source, &self.packets[p], lack)
                p = self.packets[p].next
        return 0

    cdef int pad_packet(self, Source* source, Packet* packet, int count) except -1 nogil:
        cdef int at = packet.at + packet.length
        cdef Slot* slot = &source.ring[packet.position % source.history]
        memset(&self.received[at], 0, count)
        self.received[at + count - 1] = count
        packet.length += count
        packet.padding = 1
        if slot.position == packet.position:
            copy(self.kept, self.kept_at(packet.source, packet.position) + slot.length, self.received, at, count)
            slot.length, slot.padding = packet.length, 1
        return 0

    cdef int write_header(self, Stage* stage, uint8_t[::1] buffer, int length, const Sink* sink,
                          const Segment* segment, int64_t position, uint32_t timestamp, uint8_t marker,
                          uint8_t padding) except -1 nogil:
        """Make room for a packet at stage.used and write its header; the body goes behind it."""
        cdef Py_ssize_t at
        cdef uint16_t sequence = <uint16_t>((position + segment.offset) & 0xFFFF)
        cdef uint32_t ssrc = sink.ssrc
        if stage.count == stage.room or stage.used + HEADER + length + TRAILER > buffer.shape[0]:
            self.flush(stage, buffer)
        at = stage.used
        timestamp += segment.timestamp_offset
        buffer[at] = 0x80 | padding << 5
        buffer[at + 1] = marker << 7 | sink.payload_type
        buffer[at + 2], buffer[at + 3] = sequence >> 8, sequence & 255
        buffer[at + 4], buffer[at + 5] = timestamp >> 24, timestamp >> 16 & 255
        buffer[at + 6], buffer[at + 7] = timestamp >> 8 & 255, timestamp & 255
        buffer[at + 8], buffer[at + 9] = ssrc >> 24, ssrc >> 16 & 255
        buffer[at + 10], buffer[at + 11] = ssrc >> 8 & 255, ssrc & 255
        return 0

    cdef int seal(self, Stage* stage, uint8_t[::1] buffer, int length, const Transport* to, Kind kind) except -1 nogil:
        """Protect the packet at stage.used and queue it; 1 if that worked."""
        cdef int total = HEADER + length
        if self.protect(to.outbound, &buffer[stage.used], &total):
            stage.failed += 1
            return 0
        self.enqueue(stage, total, to, kind)
        return 1

    cdef void enqueue(self, Stage* stage, int length, const Transport* to, Kind kind) noexcept nogil:
        put(stage, length, <int>(to - self.transports), &to.target, kind)

    cdef int flush(self, Stage* stage, uint8_t[::1] buffer) except -1 nogil:
        return send_staged(stage, buffer)
