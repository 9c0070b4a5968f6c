# Numbering, gaps and mapping: media/stream.py in C structures, function by function; the reasons are told there.

cdef enum:
    JUMP = 3000
    WINDOW = 128
    SEGMENTS = 32
    GAPS = 256
    ASKS = 4
    ASK_EVERY = 30000
    SILENT = 127
    DECAY = 30
    BEFORE_FIRST = 1 << 16
    NO_END = -1
    EVEN = 8
    EVEN_SHARE = 32

cdef struct Slot:
    int64_t position
    uint32_t timestamp
    uint16_t length
    uint8_t marker
    uint8_t padding

cdef struct Gap:
    int64_t position
    int64_t asked
    int asks

cdef struct Source:
    uint32_t serial  # 0: not in use; else never given to two sources
    uint32_t ssrc
    int transport
    int64_t clock_rate
    bint nack
    int level_id
    Slot* ring
    int history
    Gap* gaps
    int gap_count
    bint pending  # in the worker's list of sources that may have something to ask for
    bint started
    int64_t shift, highest, floor, base
    int64_t packets, octets, duplicates
    int64_t jitter
    uint32_t transit
    int64_t peak, peak_at
    int* sinks
    int sink_count, sink_room
    int first, last  # its packets in the present batch, -1 for none

cdef struct Packet:
    int source
    int64_t position
    bint late, empty
    uint8_t marker, padding
    uint32_t timestamp
    int at, length, octets  # the body (payload with padding) in the receive buffer
    int next

cdef struct Segment:
    int source
    uint32_t serial
    int64_t start, end, offset
    uint32_t timestamp_offset

cdef struct Sink:
    int64_t number
    int source, to
    uint32_t serial  # of the source
    uint32_t ssrc
    uint8_t payload_type
    uint32_t first_timestamp
    bint paused, open
    int64_t next
    uint32_t last_timestamp
    int64_t last_at
    int64_t packets, octets, resent
    Segment segments[SEGMENTS]
    int segment_count


cdef int number(Source* source, uint16_t sequence, int64_t* position) noexcept nogil:
    """Sets the index of a packet; 1 if it is late."""
    cdef int step
    cdef int64_t first, count
    if not source.started:
        source.started = True
        source.shift = -BEFORE_FIRST
        source.base = source.highest = position[0] = <int64_t>sequence + BEFORE_FIRST
        return 0
    step = ((<int>sequence - <int>((source.highest + source.shift) & 0xFFFF) + 0x8000) & 0xFFFF) - 0x8000
    if step <= 0:
        position[0] = source.highest + step
        return 1
    if step > JUMP:
        source.shift += step - 1
        source.floor = source.highest + 1
        source.gap_count = 0
        step = 1
    elif source.nack and step > 1:
        first = max(source.highest + 1, source.highest + step - GAPS)
        count = source.highest + step - first
        remember_gaps(source, first, <int>count)
    source.highest += step
    position[0] = source.highest
    return 0


cdef void remember_gaps(Source* source, int64_t first, int count) noexcept nogil:
    cdef int excess = source.gap_count + count - GAPS, i
    if excess > 0:
        memmove(source.gaps, source.gaps + excess, (source.gap_count - excess) * sizeof(Gap))
        source.gap_count -= excess
    for i in range(count):
        source.gaps[source.gap_count + i].position = first + i
        source.gaps[source.gap_count + i].asks = 0
    source.gap_count += count


cdef void forget_gap(Source* source, int64_t position) noexcept nogil:
    cdef int i
    for i in range(source.gap_count):
        if source.gaps[i].position == position:
            source.gap_count -= 1
            memmove(&source.gaps[i], &source.gaps[i + 1], (source.gap_count - i) * sizeof(Gap))
            return


cdef bint refuses(Source* source, int64_t position) noexcept nogil:
    if position < source.floor or source.highest - position >= source.history:
        return True
    if source.ring[position % source.history].position == position:
        source.duplicates += 1
        return True
    return False


cdef bint accept(Source* source, Packet* packet, uint16_t sequence, int64_t now) noexcept nogil:
    """Numbers a packet and counts it; 0 if it was here before or is too old. The caller keeps the bytes."""
    cdef Slot* slot
    packet.late = number(source, sequence, &packet.position)
    if packet.late and refuses(source, packet.position):
        return False
    slot = &source.ring[packet.position % source.history]
    slot.position, slot.timestamp, slot.length = packet.position, packet.timestamp, packet.length
    slot.marker, slot.padding = packet.marker, packet.padding
    source.packets += 1
    source.octets += packet.octets
    if packet.late:
        source.base = min(source.base, packet.position)
        forget_gap(source, packet.position)
    else:
        measure_jitter(source, packet.timestamp, now)
    return True


cdef int lacking(const Packet* packet, int longest) noexcept nogil:
    """Octets of padding that make the packet as long as the longest of its frame; 0 if that is not worth it."""
    cdef int lack = longest - packet.length
    if packet.padding or packet.empty or lack > min(<int>EVEN, packet.length // EVEN_SHARE):
        return 0
    return lack


cdef void measure_jitter(Source* source, uint32_t timestamp, int64_t now) noexcept nogil:
    cdef uint32_t transit = <uint32_t>(now * source.clock_rate // 1000000) - timestamp
    cdef int64_t change
    if source.packets > 1:
        change = <uint32_t>(transit - source.transit)
        change = min(change, (<int64_t>1 << 32) - change)
        source.jitter += change - ((source.jitter + 8) >> 4)
    source.transit = transit


cdef int64_t level(Source* source, int64_t now) noexcept nogil:
    return min(<int64_t>SILENT, source.peak + (now - source.peak_at) * DECAY // 1000000)


cdef int due(Source* source, uint16_t* asked, int64_t now, bint new_only) noexcept nogil:
    """Writes up to GAPS sequence numbers to ask for now; their count."""
    cdef int i, kept = 0, count = 0
    cdef Gap* gap
    for i in range(source.gap_count):
        gap = &source.gaps[i]
        if not (gap.asks and (new_only or now - gap.asked < ASK_EVERY)):
            if gap.asks >= ASKS:
                continue
            gap.asked = now
            gap.asks += 1
            asked[count] = <uint16_t>((gap.position + source.shift) & 0xFFFF)
            count += 1
        source.gaps[kept] = gap[0]
        kept += 1
    source.gap_count = kept
    return count


cdef Segment* place(Sink* sink, Source* source, const Packet* packet, int64_t now) noexcept nogil:
    """The segment to write the packet with, or NULL if it is not to be sent."""
    cdef Segment* segment
    if sink.paused:
        return NULL
    if not sink.open:
        if packet.late or packet.empty:
            return NULL
        begin(sink, source, packet, now)
    segment = &sink.segments[sink.segment_count - 1]
    if packet.late:
        segment = place_late(sink, packet)
    elif packet.empty:
        skip(sink, packet.position)
        return NULL
    else:
        sink.next = packet.position + segment.offset + 1
        sink.last_timestamp = packet.timestamp + segment.timestamp_offset
        sink.last_at = now
    if segment != NULL:
        sink.packets += 1
        sink.octets += packet.octets
    return segment


cdef Segment* place_late(Sink* sink, const Packet* packet) noexcept nogil:
    cdef int i
    cdef int64_t outgoing
    cdef Segment* segment
    for i in range(sink.segment_count - 1, -1, -1):
        segment = &sink.segments[i]
        outgoing = packet.position + segment.offset
        if segment.serial == sink.serial and covers(sink, segment, outgoing) and fresh(sink, outgoing):
            return segment
    return NULL


cdef Segment* again(Sink* sink, uint16_t sequence, int64_t* position) noexcept nogil:
    """The segment and the index behind an outgoing sequence number, or NULL."""
    cdef int64_t outgoing = sink.next - 1 - ((sink.next - 1 - sequence) & 0xFFFF)
    cdef int i
    if not fresh(sink, outgoing):
        return NULL
    for i in range(sink.segment_count - 1, -1, -1):
        if covers(sink, &sink.segments[i], outgoing):
            position[0] = outgoing - sink.segments[i].offset
            return &sink.segments[i]
    return NULL


cdef void begin(Sink* sink, Source* source, const Packet* packet, int64_t now) noexcept nogil:
    cdef uint32_t offset
    cdef Segment* former = &sink.segments[sink.segment_count - 1] if sink.segment_count else NULL
    if former == NULL:
        offset = sink.first_timestamp - packet.timestamp
    elif former.serial == sink.serial:
        offset = former.timestamp_offset
    else:
        offset = sink.last_timestamp - packet.timestamp
        offset += <uint32_t>max(<int64_t>1, (now - sink.last_at) * source.clock_rate // 1000000)
    grow(sink, packet.position, offset)


cdef void skip(Sink* sink, int64_t position) noexcept nogil:
    cdef Segment* segment = &sink.segments[sink.segment_count - 1]
    cdef uint32_t timestamp_offset = segment.timestamp_offset
    sink.next = position + segment.offset
    shut(sink)
    if segment.start == segment.end:
        sink.segment_count -= 1
    grow(sink, position + 1, timestamp_offset)


cdef void grow(Sink* sink, int64_t start, uint32_t timestamp_offset) noexcept nogil:
    cdef Segment* segment
    if sink.segment_count == SEGMENTS:
        memmove(&sink.segments[0], &sink.segments[1], (SEGMENTS - 1) * sizeof(Segment))
        sink.segment_count -= 1
    segment = &sink.segments[sink.segment_count]
    segment.source, segment.serial, segment.start, segment.end = sink.source, sink.serial, start, NO_END
    segment.offset, segment.timestamp_offset = sink.next - start, timestamp_offset
    sink.segment_count += 1
    sink.open = True


cdef void shut(Sink* sink) noexcept nogil:
    cdef Segment* segment
    if sink.open:
        segment = &sink.segments[sink.segment_count - 1]
        segment.end = sink.next - segment.offset
        sink.open = False


cdef bint covers(const Sink* sink, const Segment* segment, int64_t outgoing) noexcept nogil:
    cdef int64_t end = sink.next if segment.end == NO_END else segment.end + segment.offset
    return segment.start + segment.offset <= outgoing < end


cdef bint fresh(const Sink* sink, int64_t outgoing) noexcept nogil:
    return sink.next - 1 - outgoing < WINDOW
