# Commands about transports.

cdef class Commands(SourceCommands):
    """Peers, their addresses and keys, and what their lines bear."""

    def open(self, transport):
        forwarder.check_number(transport, "transport")
        cdef int64_t number = transport
        cdef Transport* made
        if self.stopped:
            return
        if transport in self.entries:
            raise ValueError(f"transport {transport} is open already")
        if not self.free_transports:
            raise ValueError(f"no more than {TRANSPORTS} transports")
        place = self.free_transports.pop()
        made = &self.transports[<int>place]
        with nogil:
            self.lock()
            memset(made, 0, sizeof(Transport))
            made.number = number
            self.unlock()
        self.entries[transport] = Entry(place)

    def bind(self, transport, address):
        address = forwarder.check_address(address, self.six)
        cdef Name name = name_of(address, self.six), old
        cdef bint evict = False
        cdef int place
        if self.stopped:
            return
        entry = self.entries[transport]
        place = entry.place
        former = self.bound.get(address)
        if former is not None:
            former.bound.remove(address)
        elif len(entry.bound) >= forwarder.ADDRESSES:
            oldest = next(bound for bound in entry.bound if bound != entry.target)
            entry.bound.remove(oldest)
            del self.bound[oldest]
            old, evict = name_of(oldest, self.six), True
        entry.bound.append(address)
        self.bound[address] = entry
        with nogil:
            self.lock()
            if evict:
                remove_place(self.places, &old)
            put_place(self.places, &name, place)
            self.unlock()

    def target(self, transport, address):
        cdef bint somewhere = address is not None
        cdef Name name
        cdef Transport* entry
        cdef int place
        if somewhere:
            address = forwarder.check_address(address, self.six)
            name = name_of(address, self.six)
        if self.stopped:
            return
        known = self.entries[transport]
        known.target = address
        place = known.place
        entry = &self.transports[place]
        with nogil:
            self.lock()
            entry.has_target = somewhere
            if somewhere:
                entry.target = name
            self.stage.plain[place] = self.answers.plain[place] = 0
            self.unlock()

    def keys(self, transport, str profile, bytes receive, bytes send):
        cdef uintptr_t inbound, outbound
        cdef int tag_size
        cdef Sealer sealer
        cdef bytes salt
        cdef Transport* entry
        cipher = Cipher(profile, receive, send)
        sealer.context = sealer.key = NULL
        if self.stopped:
            return
        known = self.entries[transport]
        if known.cipher is not None:
            raise ValueError(f"transport {transport} has its keys already")
        inbound, outbound = cipher.pointers()
        tag_size = cipher.tag_size
        known.cipher, known.sealing = cipher, gcm.sealing(profile, send)
        if known.sealing is not None:
            sealer.context, sealer.key = <void*><uintptr_t>known.sealing.context, <void*><uintptr_t>known.sealing.key
            sealer.encrypt = <Encrypt><void*><uintptr_t>known.sealing.encrypt
            salt = known.sealing.salt
            memcpy(sealer.salt, <const uint8_t*>salt, IV)
        entry = &self.transports[<int>known.place]
        with nogil:
            self.lock()
            entry.tag_size, entry.inbound, entry.outbound = tag_size, <void*>inbound, <void*>outbound
            entry.sealer = sealer
            self.unlock()

    def close(self, transport):
        cdef Name name
        cdef Transport* gone
        entry = self.entries.pop(transport, None)
        if entry is None:
            return
        for ssrc in list(entry.sources):
            self._forget_source(entry, ssrc)
        for sink in list(entry.sinks):
            self.unroute(sink)
        for address in entry.bound:
            del self.bound[address]
            name = name_of(address, self.six)
            with nogil:
                self.lock()
                remove_place(self.places, &name)
                self.unlock()
        gone = &self.transports[<int>entry.place]
        with nogil:
            self.lock()
            self.stop_pacing(gone)
            free_transport(gone)
            memset(gone, 0, sizeof(Transport))
            self.unlock()
        entry.cipher = entry.sealing = None  # not before: libsrtp frees the contexts
        self.free_transports.append(entry.place)

    cdef void stop_pacing(self, Transport* gone) noexcept nogil:
        cdef int i, place = <int>(gone - self.transports)
        for i in range(self.pacing_count):
            if self.pacing[i] == place:
                self.pacing_count -= 1
                self.pacing[i] = self.pacing[self.pacing_count]
                return

    def congestion(self, transport, *, receive=0, send=0):
        forwarder.check_identifier(receive)
        forwarder.check_identifier(send)
        cdef uint8_t receive_id = receive, send_id = send
        cdef Transport* changed
        cdef Arrivals* arrivals
        cdef Sent* sent
        if self.stopped:
            return
        changed = &self.transports[<int>self.entries[transport].place]
        arrivals = <Arrivals*>calloc(1, sizeof(Arrivals)) if receive_id and changed.arrivals == NULL else changed.arrivals
        sent = <Sent*>calloc(1, sizeof(Sent)) if send_id and changed.sent == NULL else changed.sent
        with nogil:
            self.lock()
            changed.receive_id, changed.send_id, changed.arrivals, changed.sent = receive_id, send_id, arrivals, sent
            self.unlock()

    def arrivals(self, transport):
        cdef Arrivals copied
        cdef Transport* asked
        cdef int i
        entry = self.entries.get(transport)
        if entry is None:
            return []
        asked = &self.transports[<int>entry.place]
        if asked.arrivals == NULL or not asked.arrivals.count:
            return []
        with nogil:
            self.lock()
            copied = asked.arrivals[0]
            asked.arrivals.count = 0
            self.unlock()
        first = copied.next - copied.count
        return [
            (copied.items[(first + i) % ARRIVALS].stamp, copied.items[(first + i) % ARRIVALS].at)
            for i in range(copied.count)
        ]

    def sent(self, transport):
        cdef Sent copied
        cdef Transport* asked
        cdef int i, at, first
        entry = self.entries.get(transport)
        if entry is None:
            return []
        asked = &self.transports[<int>entry.place]
        if asked.sent == NULL or not asked.sent.count:
            return []
        with nogil:
            self.lock()
            copied = asked.sent[0]
            asked.sent.count = 0
            self.unlock()
        first = copied.next - copied.count + SENT
        found = []
        for i in range(copied.count):
            at = (first + i) % SENT
            found.append((copied.items[at].stamp, copied.items[at].at, copied.items[at].octets))
        return found

    def pace(self, transport, octets_per_second):
        if not 0 <= octets_per_second < 1 << 31:
            raise ValueError(f"a rate out of range: {octets_per_second}")
        cdef int64_t rate = octets_per_second
        cdef Transport* changed
        cdef Pace* pace
        if self.stopped:
            return
        changed = &self.transports[<int>self.entries[transport].place]
        pace = changed.pace
        if pace == NULL:
            if not rate:
                return
            pace = <Pace*>calloc(1, sizeof(Pace))
            if pace == NULL:
                raise MemoryError
        with nogil:
            self.lock()
            pace.rate, changed.pace = rate, pace
            self.unlock()
