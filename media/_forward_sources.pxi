# Commands about sources.

CODES = {"": NO_CODEC, "opus": OPUS, "VP8": VP8, "H264": H264, "VP9": VP9, "AV1": AV1}


cdef class SourceCommands(SinkCommands):
    """Streams that a transport sends us."""

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
        fresh.room = min(<uint32_t>FIRST_ROOM, fresh.region)
        self.place_source(entry, &fresh)

    cdef int place_source(self, object entry, Source* fresh) except -1:
        cdef Transport* owner = &self.transports[fresh.transport]
        cdef Source* made
        cdef int place
        fresh.ring = <Slot*>calloc(fresh.history, sizeof(Slot))
        if fresh.ring == NULL:
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
