# Commands that change the tables. What Python knows of them is guarded by the GIL, the tables by their lock.

CODES = {"": NO_CODEC, "opus": OPUS, "VP8": VP8, "H264": H264, "VP9": VP9, "AV1": AV1}


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


cdef class Commands(Core):
    """Each looks first, in Python, whether it may; then changes the tables in one locked stretch without the GIL."""

    cdef object entries, sinks_by_number, fed, bound

    def __init__(self, int fd, *, int history=512):
        Core.__init__(self, fd, history=history)
        self.entries = {}  # transport: Entry
        self.sinks_by_number = {}  # sink: (place, Entry it sends to)
        self.fed = {}  # place of a source: numbers of the sinks that it feeds, fed, or shall feed
        self.bound = {}  # address: Entry

    # Transports.

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
        sealer.context = NULL
        if self.stopped:
            return
        known = self.entries[transport]
        if known.cipher is not None:
            raise ValueError(f"transport {transport} has its keys already")
        inbound, outbound = cipher.pointers()
        tag_size = cipher.tag_size
        known.cipher, known.sealing = cipher, gcm.sealing(profile, send)
        if known.sealing is not None:
            sealer.context = <void*><uintptr_t>known.sealing.context
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

    # Sources.

    def source(self, transport, ssrc, *, clock_rate, bint nack, level_id=0, codec="", red=0, gate=127, carry=()):
        forwarder.check_source(ssrc, clock_rate, level_id, codec, red, gate, carry)
        cdef Source fresh
        cdef int i
        if self.stopped:
            return
        entry = self.entries[transport]
        if ssrc in entry.sources or ssrc in entry.repairs:
            raise ValueError(f"SSRC {ssrc} is registered already")
        if len(entry.sources) >= SOURCES or not self.free_sources:
            raise ValueError(f"no more than {SOURCES} sources on a transport, and {ALL_SOURCES} in all")
        memset(&fresh, 0, sizeof(Source))
        fresh.ssrc, fresh.clock_rate, fresh.nack, fresh.level_id = ssrc, clock_rate, nack, level_id
        fresh.codec, fresh.red, fresh.gate, fresh.carry_count = CODES[codec], red, gate, len(carry)
        for i, (received, sent) in enumerate(carry):
            fresh.carry_from[i], fresh.carry_to[i] = received, sent
        fresh.transport, fresh.peak, fresh.first, fresh.last = entry.place, SILENT, -1, -1
        fresh.most = fresh.history = self.history
        while fresh.history % 2 == 0 and fresh.history >= 2 * SMALLEST:
            fresh.history //= 2
        fresh.region = self.region
        fresh.room = min(<uint32_t>(FIRST_ROOM_VIDEO if clock_rate == 90000 else FIRST_ROOM), fresh.region)
        self.place_source(entry, &fresh)

    cdef int place_source(self, object entry, Source* fresh) except -1:
        cdef Transport* owner = &self.transports[fresh.transport]
        cdef Source* made
        cdef int place
        fresh.ring = <Slot*>calloc(fresh.history, sizeof(Slot))
        fresh.gaps = <Gap*>calloc(GAPS, sizeof(Gap))
        if fresh.ring == NULL or fresh.gaps == NULL:
            self.free_source(fresh)
            raise MemoryError
        place = self.free_sources.pop()
        self.serial += 1
        fresh.serial = self.serial
        made = &self.all_sources[place]
        with nogil:
            self.lock()
            # A place may still be in the list of pending sources from its former life.
            fresh.pending = made.pending
            made[0] = fresh[0]
            owner.sources[owner.source_count] = place
            owner.source_count += 1
            forget_announced(owner, fresh.ssrc)
            self.unlock()
        entry.sources[fresh.ssrc] = place
        self.fed[place] = set()
        return 0

    def repair(self, transport, ssrc, of):
        forwarder.check_ssrc(ssrc)
        cdef Transport* owner
        cdef uint32_t repairing
        cdef int place
        if self.stopped:
            return
        entry = self.entries[transport]
        place, repairing = entry.sources[of], ssrc
        if ssrc in entry.sources or ssrc in entry.repairs:
            raise ValueError(f"SSRC {ssrc} is registered already")
        if len(entry.repairs) >= SOURCES:
            raise ValueError(f"no more than {SOURCES} repairing SSRCs on a transport")
        owner = &self.transports[<int>entry.place]
        with nogil:
            self.lock()
            owner.repairs[owner.repair_count], owner.repaired[owner.repair_count] = repairing, place
            owner.repair_count += 1
            forget_announced(owner, repairing)
            self.unlock()
        entry.repairs[ssrc] = of

    def unsource(self, transport, ssrc):
        entry = self.entries.get(transport)
        if entry is not None and ssrc in entry.sources:
            self._forget_source(entry, ssrc)

    def _forget_source(self, entry, ssrc):
        cdef int place = entry.sources.pop(ssrc), i
        cdef Source* source = &self.all_sources[place]
        cdef Transport* owner = &self.transports[<int>entry.place]
        cdef bint pending
        for sink in list(self.fed.pop(place)):
            self._unfeed(sink, place)
        entry.repairs = {repairing: of for repairing, of in entry.repairs.items() if of != ssrc}
        with nogil:
            self.lock()
            forget_source(owner, place)
            pending = source.pending
            self.free_source(source)
            source.pending = pending
            self.unlock()
        self.arena.madvise(mmap.MADV_DONTNEED, place * self.region, self.region)
        self.free_sources.append(place)

    def _unfeed(self, sink, int place):
        """A source of the sink ends: so does the sink, unless it only waited for it, or has gone over to another."""
        cdef Sink* changed
        cdef bint over
        known = self.sinks_by_number.get(sink)
        if known is None:
            return
        changed = &self.all_sinks[<int>known[0]]
        with nogil:
            self.lock()
            over = changed.source == place
            if changed.waiting == place and not over:
                changed.waiting = NO_SOURCE
                self.unlink(<int>(changed - self.all_sinks), place)
            self.unlock()
        if over:
            self.unroute(sink)

    def hold(self, transport, ssrc, bint held):
        cdef int place
        if self.stopped:
            return
        place = self.entries[transport].sources[ssrc]
        with nogil:
            self.lock()
            if held:
                self.hush(place)
            self.all_sources[place].held = held
            self.unlock()

    def align(self, transport, ssrc, offset):
        cdef int place
        cdef uint32_t aligned = offset & 0xFFFFFFFF
        if self.stopped:
            return
        place = self.entries[transport].sources[ssrc]
        with nogil:
            self.lock()
            self.all_sources[place].align, self.all_sources[place].aligned = aligned, True
            self.unlock()

    def tap(self, transport, ssrc, bint tapped):
        cdef int place
        if self.stopped:
            return
        place = self.entries[transport].sources[ssrc]
        if self.taps.items == NULL:
            self.taps.items = <Tap*>calloc(TAPPED, sizeof(Tap))
            if self.taps.items == NULL:
                raise MemoryError
        with nogil:
            self.lock()
            self.all_sources[place].tapped = tapped
            self.unlock()

    def tapped(self):
        cdef Tap* taken
        cdef Tap* fresh
        cdef int count, i
        if not self.taps.count:
            return []
        fresh = <Tap*>calloc(TAPPED, sizeof(Tap))
        if fresh == NULL:
            raise MemoryError
        with nogil:
            self.lock()
            taken, count = self.taps.items, self.taps.count
            self.taps.items, self.taps.count = fresh, 0
            self.unlock()
        found = []
        for i in range(count):
            found.append(Tapped(
                taken[i].transport, taken[i].ssrc, taken[i].position, taken[i].timestamp, taken[i].marker,
                taken[i].late, taken[i].received, taken[i].payload[:taken[i].octets],
            ))
            free(taken[i].payload)
        free(taken)
        return found

    # Sinks.

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
        made.number, made.to, made.ssrc, made.payload_type = sink, entry.place, rewrite.ssrc, rewrite.payload_type
        made.next, made.first_timestamp = rewrite.sequence, rewrite.timestamp
        made.rtx_ssrc, made.rtx_payload_type, made.rtx_next = (
            rewrite.rtx_ssrc, rewrite.rtx_payload_type, rewrite.rtx_sequence)
        made.red_payload_type, made.carry = rewrite.red_payload_type, rewrite.carry
        made.waiting, made.wanted_layer, made.layer = NO_SOURCE, ALL_LAYERS, ALL_LAYERS
        with nogil:
            self.lock()
            made.source, made.serial = source, self.all_sources[source].serial
            linked = self.link(place, source)
            self.unlock()
        if not linked:
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

    def switch(self, sink, transport, ssrc, *, bint at_key=False):
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
            if former != source:
                if waited == NO_SOURCE:
                    linked = self.link(place, source)
                if linked:
                    changed.waiting = source
                if linked and not at_key:
                    self.unlink(place, former)
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
        if self.stopped:
            return
        changed = &self.all_sinks[<int>self.sinks_by_number[sink][0]]
        with nogil:
            self.lock()
            if paused:
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
            self.unlock()
        for fed in (source, waited):
            if fed in self.fed:
                self.fed[fed].discard(sink)
        self.free_sinks.append(place)


cdef void forget_announced(Transport* owner, uint32_t ssrc) noexcept nogil:
    cdef int i
    for i in range(owner.announced_count):
        if owner.announced[i].ssrc == ssrc:
            owner.announced_count -= 1
            owner.announced[i] = owner.announced[owner.announced_count]
            return


cdef void forget_source(Transport* owner, int place) noexcept nogil:
    cdef int i, kept = 0
    for i in range(owner.source_count):
        if owner.sources[i] == place:
            owner.source_count -= 1
            owner.sources[i] = owner.sources[owner.source_count]
            break
    for i in range(owner.repair_count):
        if owner.repaired[i] != place:
            owner.repairs[kept], owner.repaired[kept] = owner.repairs[i], owner.repaired[i]
            kept += 1
    owner.repair_count = kept
