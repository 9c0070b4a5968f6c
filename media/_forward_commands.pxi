# Commands that change the tables. What Python knows of them is guarded by the GIL, the tables by their lock.

cdef sockaddr_in name_of(object address) except *:
    cdef sockaddr_in name
    host, port = address
    cdef bytes text = host.encode("ascii", "replace")
    memset(&name, 0, sizeof(name))
    name.sin_family = AF_INET
    if b"\0" in text or inet_pton(AF_INET, <const char*>text, &name.sin_addr) != 1:
        raise ValueError(f"not a numeric IPv4 address: {host}")
    if not 1 <= port <= 65535:
        raise ValueError(f"not a port: {port}")
    name.sin_port = htons(port)
    return name


cdef object address_of(const sockaddr_in* name):
    cdef uint32_t host = ntohl(name.sin_addr.s_addr)
    return f"{host >> 24}.{host >> 16 & 255}.{host >> 8 & 255}.{host & 255}", ntohs(name.sin_port)


class Entry:
    """What commands know of a transport; its packets' side is in the table at `place`."""

    __slots__ = ("place", "cipher", "sources", "sinks", "used", "bound", "target")

    def __init__(self, place):
        self.place = place
        self.cipher = None
        self.sources = {}  # SSRC: place
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
        self.fed = {}  # place of a source: numbers of its sinks
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
        cdef sockaddr_in name = name_of(address), old
        cdef bint evict = False
        cdef int place, at
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
            old, evict = name_of(oldest), True
        entry.bound.append(address)
        self.bound[address] = entry
        with nogil:
            self.lock()
            if evict:
                remove_place(self.places, key_of(&old))
            at = place_of(self.places, key_of(&name))
            self.places[at].key, self.places[at].transport = key_of(&name), place
            self.unlock()

    def target(self, transport, address):
        cdef sockaddr_in name = name_of(address)
        cdef Transport* entry
        cdef int place
        if self.stopped:
            return
        known = self.entries[transport]
        known.target = address
        place = known.place
        entry = &self.transports[place]
        with nogil:
            self.lock()
            entry.target, entry.has_target = name, True
            self.stage.plain[place] = self.answers.plain[place] = 0
            self.unlock()

    def keys(self, transport, str profile, bytes receive, bytes send):
        cdef uintptr_t inbound, outbound
        cdef int tag_size
        cdef Transport* entry
        cipher = Cipher(profile, receive, send)
        if self.stopped:
            return
        known = self.entries[transport]
        if known.cipher is not None:
            raise ValueError(f"transport {transport} has its keys already")
        inbound, outbound = cipher.pointers()
        tag_size = cipher.tag_size
        known.cipher = cipher
        entry = &self.transports[<int>known.place]
        with nogil:
            self.lock()
            entry.tag_size, entry.inbound, entry.outbound = tag_size, <void*>inbound, <void*>outbound
            self.unlock()

    def close(self, transport):
        cdef sockaddr_in name
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
            name = name_of(address)
            with nogil:
                self.lock()
                remove_place(self.places, key_of(&name))
                self.unlock()
        gone = &self.transports[<int>entry.place]
        with nogil:
            self.lock()
            memset(gone, 0, sizeof(Transport))
            self.unlock()
        entry.cipher = None  # not before: libsrtp frees the contexts
        self.free_transports.append(entry.place)

    # Sources.

    def source(self, transport, ssrc, *, clock_rate, bint nack, level_id=0):
        forwarder.check_source(ssrc, clock_rate, level_id)
        cdef Transport* owner
        cdef Source* made
        cdef Source fresh
        cdef int place, i
        if self.stopped:
            return
        entry = self.entries[transport]
        if ssrc in entry.sources:
            raise ValueError(f"SSRC {ssrc} is registered already")
        if len(entry.sources) >= SOURCES or not self.free_sources:
            raise ValueError(f"no more than {SOURCES} sources on a transport, and {ALL_SOURCES} in all")
        memset(&fresh, 0, sizeof(Source))
        fresh.ssrc, fresh.clock_rate, fresh.nack, fresh.level_id = ssrc, clock_rate, nack, level_id
        fresh.transport, fresh.history, fresh.peak, fresh.first, fresh.last = entry.place, self.history, SILENT, -1, -1
        fresh.ring = <Slot*>calloc(self.history, sizeof(Slot))
        fresh.gaps = <Gap*>calloc(GAPS, sizeof(Gap))
        if fresh.ring == NULL or fresh.gaps == NULL:
            self.free_source(&fresh)
            raise MemoryError
        place = self.free_sources.pop()
        self.serial += 1
        fresh.serial = self.serial
        owner, made = &self.transports[fresh.transport], &self.all_sources[place]
        with nogil:
            self.lock()
            # A place may still be in the list of pending sources from its former life.
            fresh.pending = made.pending
            made[0] = fresh
            owner.sources[owner.source_count] = place
            owner.source_count += 1
            for i in range(owner.announced_count):
                if owner.announced[i].ssrc == fresh.ssrc:
                    owner.announced_count -= 1
                    owner.announced[i] = owner.announced[owner.announced_count]
                    break
            self.unlock()
        entry.sources[ssrc] = place
        self.fed[place] = set()

    def unsource(self, transport, ssrc):
        entry = self.entries.get(transport)
        if entry is not None and ssrc in entry.sources:
            self._forget_source(entry, ssrc)

    def _forget_source(self, entry, ssrc):
        cdef int place = entry.sources.pop(ssrc), i
        cdef Source* source = &self.all_sources[place]
        cdef Transport* owner = &self.transports[<int>entry.place]
        cdef bint pending
        for sink in list(self.fed[place]):
            self.unroute(sink)
        del self.fed[place]
        with nogil:
            self.lock()
            for i in range(owner.source_count):
                if owner.sources[i] == place:
                    owner.source_count -= 1
                    owner.sources[i] = owner.sources[owner.source_count]
                    break
            pending = source.pending
            self.free_source(source)
            source.pending = pending
            self.unlock()
        self.arena.madvise(mmap.MADV_DONTNEED, place * self.region, self.region)
        self.free_sources.append(place)

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
        if rewrite.ssrc in entry.used:
            raise ValueError(f"SSRC {rewrite.ssrc} was used on transport {to} before")
        place = self.free_sinks.pop()
        made = &self.all_sinks[place]  # nobody knows it until it is linked
        memset(made, 0, sizeof(Sink))
        made.number, made.to, made.ssrc, made.payload_type = sink, entry.place, rewrite.ssrc, rewrite.payload_type
        made.next, made.first_timestamp = rewrite.sequence, rewrite.timestamp
        with nogil:
            self.lock()
            linked = self.link(place, source)
            self.unlock()
        if not linked:
            self.free_sinks.append(place)
            raise MemoryError
        entry.used.add(rewrite.ssrc)
        entry.sinks[sink] = place
        self.sinks_by_number[sink] = place, entry
        self.fed[source].add(sink)

    cdef bint link(self, int place, int to) noexcept nogil:
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
        self.all_sinks[place].source, self.all_sinks[place].serial = to, source.serial
        return True

    cdef void unlink(self, int place) noexcept nogil:
        cdef Source* source = &self.all_sources[self.all_sinks[place].source]
        cdef int i
        for i in range(source.sink_count):
            if source.sinks[i] == place:
                source.sink_count -= 1
                source.sinks[i] = source.sinks[source.sink_count]
                return

    def switch(self, sink, transport, ssrc):
        cdef int place, source, former
        cdef bint linked = True
        cdef Sink* changed
        if self.stopped:
            return
        place = self.sinks_by_number[sink][0]
        source = self.entries[transport].sources[ssrc]
        changed = &self.all_sinks[place]
        former = changed.source
        if former == source:
            return
        with nogil:
            self.lock()
            shut(changed)
            self.unlink(place)
            linked = self.link(place, source)
            if not linked:
                self.link(place, former)  # its place there is still free
            self.unlock()
        if not linked:
            raise MemoryError
        self.fed[former].discard(sink)
        self.fed[source].add(sink)

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
        cdef int place
        known = self.sinks_by_number.pop(sink, None)
        if known is None:
            return
        place, entry = known
        self.fed[self.all_sinks[place].source].discard(sink)
        del entry.sinks[sink]
        with nogil:
            self.lock()
            self.unlink(place)
            self.unlock()
        self.free_sinks.append(place)
