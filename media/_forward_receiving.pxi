# From the socket to who it is for: datagrams told apart, proven, decrypted.

cdef class Receiving(Keeping):
    """What is not a media packet of a known stream becomes a notice."""

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


cdef inline int repaired_by(const Transport* transport, uint32_t ssrc) noexcept nogil:
    cdef int i
    for i in range(transport.repair_count):
        if transport.repairs[i] == ssrc:
            return transport.repaired[i]
    return NO_SOURCE
