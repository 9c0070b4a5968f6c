# Numbering, gaps and mapping: media/source.py and media/sink.py in C structures, function by function; the reasons are told there.

cdef enum:
    JUMP = 3000
    WINDOW = 128
    SEGMENTS = 32
    GAPS = 256
    ASKS = 5
    ASK_EVERY = 30000
    SILENT = 127
    DECAY = 30
    BEFORE_FIRST = 1 << 16
    NO_END = -1
    EVEN = 8
    EVEN_SHARE = 32
    FIRST_ROOM = 8192  # octets of a history to begin with
    FIRST_SEGMENTS = 2
    BATCH_TIME = 50000  # microseconds; a batch is gathered and handled in fewer

    HANGOVER = 1000000
    AHEAD = 2000000
    CARRY = 8
    CARRIED = 96
    LONGEST = DATAGRAM_SIZE + CARRIED + EVEN  # octets that one packet takes in the ring
    TEMPORAL_LAYERS = 4
    ALL_LAYERS = 7
    STEP_LIMIT = 10
    NO_SOURCE = -1
    NO_LEVEL = -1
    UNTOLD = -2

cdef struct Slot:
    # A packet of the history; its octets are the carried header extension elements, then the body.
    int64_t position
    uint32_t timestamp
    uint16_t length, octets  # the body with and without its padding
    uint32_t lap, start  # where its octets begin, and in which lap they were written
    uint8_t carried  # octets of elements before it, in the one-byte form unless `wide`
    uint8_t marker, padding, wide, empty, key, chained
    Picture picture

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
    int level_id, codec, red, gate
    uint8_t carry_from[CARRY]
    uint8_t carry_to[CARRY]
    int carry_count
    bint held, hushed, tapped, heard, aligned
    uint32_t align
    int64_t loud_at
    int64_t temporal[TEMPORAL_LAYERS]
    Slot* ring
    int history, most  # packets that the ring holds, and that it may hold once it has grown
    int64_t mark, mark_at, former_mark  # positions of half a second ago and more: what is newer must fit
    # Their octets lie one packet behind the other in a ring, of which so much is used as half a second takes.
    uint32_t lap, end, room, region
    uint32_t used, touched  # what of it the former lap went through, and what takes memory
    int64_t lap_began
    Gap* gaps
    int gap_count
    bint pending  # in the worker's list of sources that may have something to ask for
    bint started
    int64_t shift, highest, floor, base
    int64_t packets, octets, duplicates
    int64_t jitter
    uint32_t transit
    int64_t peak, peak_at
    int64_t ahead, spoken_at
    uint32_t spoken
    int* sinks
    int sink_count, sink_room
    int first, last  # its packets in the present batch, -1 for none

cdef struct Packet:
    # In the present batch; what it is stands in the slot of its position.
    int source
    int64_t position
    bint late, hurried
    int next

cdef struct Segment:
    int source
    uint32_t serial
    int64_t start, end, offset
    uint32_t timestamp_offset
    int number_shift, tl0_shift
    bint red

cdef struct Sink:
    int64_t number
    int source, waiting, to
    uint32_t serial  # of the source
    uint32_t ssrc, rtx_ssrc
    uint8_t payload_type, rtx_payload_type, red_payload_type
    bint carry, red, stamped, held
    int64_t rtx_next
    int wanted_layer, layer
    bint framed, frame_wanted, dropped_known, pictured
    uint32_t frame, dropped  # timestamps of the present picture, and of the last one that was not sent
    int last_number, last_tl0  # as sent
    uint32_t first_timestamp
    bint paused, open
    int64_t next
    uint32_t last_timestamp
    int64_t last_at
    int64_t packets, octets, resent
    Segment* segments
    int segment_count, segment_room


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
    if source.gaps == NULL:
        source.gaps = <Gap*>malloc(GAPS * sizeof(Gap))  # most publishers' lines lose nothing
    if source.gaps == NULL:
        return
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


cdef bint refuses(Source* source, int64_t position, bint count) noexcept nogil:
    if position < source.floor or source.highest - position >= source.history:
        return True
    if source.ring[position % source.history].position == position:
        source.duplicates += count
        return True
    return False


cdef inline Slot* recall(const Source* source, int64_t position) noexcept nogil:
    cdef Slot* slot = &source.ring[position % source.history]
    return slot if slot.position == position and holds(source, slot) else NULL


cdef inline bint holds(const Source* source, const Slot* slot) noexcept nogil:
    """Whether the octets of a packet were not written over."""
    return slot.lap == source.lap or (slot.lap + 1 == source.lap and slot.start >= source.end)


cdef bint lay(Source* source, Slot* slot, uint32_t most) noexcept nogil:
    """Say where the octets of a packet go, at most so many. The ring grows, by eighths, while a lap takes less than
    KEPT_TIME, and shrinks after one that took much longer: what a key frame needed is not needed for ever. True where a
    lap begins: what lay behind the ring that the last one went through is then of no more use."""
    cdef int64_t now, passed
    cdef bint begins = False
    if source.end == 0 or source.end + most > source.room:
        now = microseconds()
        if source.end == 0:
            source.lap_began = now
        passed = now - source.lap_began
        while source.end + most > source.room and source.room < source.region and passed < KEPT_TIME:
            source.room = min(source.room + source.room // 8, source.region)
        if source.end + most > source.room:
            begins = True
            source.lap += 1
            source.end, source.lap_began = 0, now
            source.used = source.room
            if passed > 2 * KEPT_TIME:
                source.room = max(<uint32_t>min(<int>FIRST_ROOM, <int>source.room),
                                  <uint32_t>(source.room * <int64_t>KEPT_TIME // passed))
    slot.lap, slot.start = source.lap, source.end
    return begins


cdef bint ends_lap(const Source* source) noexcept nogil:
    """Will the next packet of this batch, if the ring is full, begin a new lap instead of having it grow?"""
    return source.room == source.region or microseconds() - source.lap_began >= KEPT_TIME - BATCH_TIME


cdef void laid(Source* source, const Slot* slot) noexcept nogil:
    """The octets of the packet are there, and behind them room for padding."""
    source.end += slot.carried + slot.length + EVEN


cdef void note(Source* source, const Slot* slot, bint late) noexcept nogil:
    """Count a packet that was kept."""
    source.packets += 1
    source.octets += slot.octets
    source.temporal[slot.picture.temporal] += slot.octets
    if late:
        source.base = min(source.base, slot.position)
        forget_gap(source, slot.position)


cdef bint silent(const Source* source, int64_t now) noexcept nogil:
    return source.held or (source.heard and now - source.loud_at > HANGOVER)


cdef int lacking(const Slot* slot, int longest) noexcept nogil:
    """Octets of padding that make the packet as long as the longest of its frame; 0 if that is not worth it."""
    cdef int lack = longest - slot.length
    if slot.padding or slot.empty or lack > min(<int>EVEN, slot.length // EVEN_SHARE):
        return 0
    return lack


cdef void measure_jitter(Source* source, uint32_t timestamp, int64_t now) noexcept nogil:
    cdef uint32_t transit = <uint32_t>(now * source.clock_rate // 1000000) - timestamp
    cdef int64_t change
    if source.packets:
        change = <uint32_t>(transit - source.transit)
        change = min(change, (<int64_t>1 << 32) - change)
        source.jitter += change - ((source.jitter + 8) >> 4)
    source.transit = transit


cdef bint hurries(Source* source, uint32_t timestamp, int64_t now) noexcept nogil:
    cdef int64_t ahead, step = <int32_t>(timestamp - source.spoken), passed = now - source.spoken_at
    cdef bint first = not source.spoken_at
    source.spoken, source.spoken_at = timestamp, now
    if first:
        return False
    ahead = max(<int64_t>0, source.ahead + max(<int64_t>0, step) * 1000000 // source.clock_rate - passed * 3 // 2)
    source.ahead = min(<int64_t>AHEAD, ahead)
    return ahead > AHEAD


cdef int64_t level(Source* source, int64_t now) noexcept nogil:
    return min(<int64_t>SILENT, source.peak + (now - source.peak_at) * DECAY // 1000000)


cdef int due(Source* source, uint16_t* asked, int64_t now, bint new_only) noexcept nogil:
    """Writes up to GAPS sequence numbers to ask for now; their count."""
    cdef int i, kept = 0, count = 0
    cdef Gap* gap
    for i in range(source.gap_count):
        gap = &source.gaps[i]
        if not (gap.asks and (new_only or now - gap.asked < ASK_EVERY << (gap.asks - 1))):
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


cdef Segment* place(Sink* sink, const Source* sources, const Slot* slot, bint late, int64_t now) noexcept nogil:
    """The segment to write the packet with, or NULL if it is not to be sent."""
    cdef Segment* segment
    if sink.paused or sink.held:
        return NULL
    if not sink.open:
        if late or slot.empty:
            return NULL
        begin(sink, sources, slot, now)
    segment = &sink.segments[sink.segment_count - 1]
    if late:
        segment = place_late(sink, slot.position)
    elif slot.empty or not layer_wanted(sink, slot):
        skip(sink, slot)
        return NULL
    else:
        sink.next = slot.position + segment.offset + 1
        sink.last_timestamp = slot.timestamp + segment.timestamp_offset
        sink.last_at = now
        if slot.picture.known:
            sink.pictured = True
            sink.last_number = slot.picture.number - segment.number_shift
            sink.last_tl0 = slot.picture.tl0 - segment.tl0_shift
    if segment != NULL:
        sink.packets += 1
        sink.octets += slot.octets
    return segment


cdef bint layer_wanted(Sink* sink, const Slot* slot) noexcept nogil:
    cdef const Picture* picture = &slot.picture
    cdef bint present = sink.framed and sink.frame == slot.timestamp
    if not picture.known:
        return not present or sink.frame_wanted
    if not present:
        if picture.key or sink.wanted_layer < sink.layer:
            sink.layer = sink.wanted_layer
        elif picture.temporal == sink.layer + 1 and picture.temporal <= sink.wanted_layer and picture.sync:
            sink.layer = picture.temporal
        sink.framed, sink.frame, sink.frame_wanted = True, slot.timestamp, picture.temporal <= sink.layer
    return sink.frame_wanted


cdef Segment* place_late(Sink* sink, int64_t position) noexcept nogil:
    cdef int i
    cdef int64_t outgoing
    cdef Segment* segment
    for i in range(sink.segment_count - 1, -1, -1):
        segment = &sink.segments[i]
        outgoing = position + segment.offset
        if segment.serial == sink.serial and covers(sink, segment, outgoing) and fresh(sink, outgoing):
            return segment
    return NULL


cdef inline int64_t number_of(const Sink* sink, uint16_t sequence) noexcept nogil:
    return sink.next - 1 - ((sink.next - 1 - sequence) & 0xFFFF)


cdef Segment* find(Sink* sink, int64_t outgoing) noexcept nogil:
    """The segment that an outgoing number belongs to, or NULL."""
    cdef int i
    for i in range(sink.segment_count - 1, -1, -1):
        if covers(sink, &sink.segments[i], outgoing):
            return &sink.segments[i]
    return NULL


cdef void begin(Sink* sink, const Source* sources, const Slot* slot, int64_t now) noexcept nogil:
    cdef Segment* former = &sink.segments[sink.segment_count - 1] if sink.segment_count else NULL
    cdef int number_shift = 0, tl0_shift = 0
    if former != NULL and former.serial == sink.serial:
        number_shift, tl0_shift = former.number_shift, former.tl0_shift
    elif slot.picture.known and sink.pictured:
        number_shift = slot.picture.number - sink.last_number - 1
        tl0_shift = slot.picture.tl0 - sink.last_tl0 - 1
    grow(sink, slot.position, timestamp_offset(sink, sources, former, slot, now), number_shift, tl0_shift)


cdef uint32_t timestamp_offset(const Sink* sink, const Source* sources, const Segment* former, const Slot* slot,
                               int64_t now) noexcept nogil:
    cdef const Source* source = &sources[sink.source]
    cdef const Source* before
    cdef uint32_t offset, step
    if former == NULL:
        return sink.first_timestamp - slot.timestamp
    if former.serial == sink.serial:
        return former.timestamp_offset
    before = &sources[former.source]
    if before.serial == former.serial and before.aligned and source.aligned:
        offset = former.timestamp_offset - before.align + source.align
        step = slot.timestamp + offset - sink.last_timestamp
        if 0 < step < STEP_LIMIT * source.clock_rate:
            return offset
    offset = sink.last_timestamp - slot.timestamp
    return offset + <uint32_t>max(<int64_t>1, (now - sink.last_at) * source.clock_rate // 1000000)


cdef void skip(Sink* sink, const Slot* slot) noexcept nogil:
    cdef Segment* segment = &sink.segments[sink.segment_count - 1]
    cdef Segment present = segment[0]
    sink.next = slot.position + segment.offset
    shut(sink)
    if segment.start == segment.end:
        sink.segment_count -= 1
    if slot.picture.known and not (sink.dropped_known and sink.dropped == slot.timestamp):
        sink.dropped_known, sink.dropped = True, slot.timestamp
        present.number_shift += 1
    grow(sink, slot.position + 1, present.timestamp_offset, present.number_shift, present.tl0_shift)


cdef void grow(Sink* sink, int64_t start, uint32_t timestamp_offset, int number_shift, int tl0_shift) noexcept nogil:
    cdef Segment* segment
    if sink.segment_count == sink.segment_room and not more_segments(sink):
        memmove(&sink.segments[0], &sink.segments[1], (sink.segment_count - 1) * sizeof(Segment))
        sink.segment_count -= 1
    segment = &sink.segments[sink.segment_count]
    segment.source, segment.serial, segment.start, segment.end = sink.source, sink.serial, start, NO_END
    segment.offset, segment.timestamp_offset = sink.next - start, timestamp_offset
    segment.number_shift, segment.tl0_shift = number_shift, tl0_shift
    segment.red = sink.red and sink.red_payload_type > 0
    sink.segment_count += 1
    sink.open = True


cdef bint more_segments(Sink* sink) noexcept nogil:
    """Room for more: most sinks need one or two. False where there are to be no more, or there is no memory."""
    cdef int room = min(2 * sink.segment_room, <int>SEGMENTS)
    cdef Segment* segments
    if room == sink.segment_room:
        return False
    segments = <Segment*>realloc(sink.segments, room * sizeof(Segment))
    if segments == NULL:
        return False
    sink.segments, sink.segment_room = segments, room
    return True


cdef bint pads(const Sink* sink, const Source* source) noexcept nogil:
    if sink.rtx_ssrc:
        return sink.stamped or sink.packets > 0
    return sink.stamped and sink.packets > 0 and source.codec == OPUS


cdef int64_t insert(Sink* sink) noexcept nogil:
    """A number for what is of no source, between what was sent and what follows."""
    cdef int64_t outgoing = sink.next
    cdef Segment opened
    cdef bint was_open = sink.open
    shut(sink)
    if was_open:
        opened = sink.segments[sink.segment_count - 1]
        if opened.start == opened.end:
            sink.segment_count -= 1
    sink.next += 1
    if was_open:
        grow(sink, opened.end, opened.timestamp_offset, opened.number_shift, opened.tl0_shift)
    return outgoing


cdef void shut(Sink* sink) noexcept nogil:
    cdef Segment* segment
    if sink.open:
        segment = &sink.segments[sink.segment_count - 1]
        segment.end = sink.next - segment.offset
        sink.open = False


cdef void withhold(Sink* sink, int64_t outgoing) noexcept nogil:
    """Nothing of what was placed from this number on was sent, nor shall it be: the numbers stay taken."""
    cdef int i
    cdef Segment* segment
    shut(sink)
    for i in range(sink.segment_count):
        segment = &sink.segments[i]
        if segment.end != NO_END:
            segment.end = min(segment.end, max(segment.start, outgoing - segment.offset))


cdef bint covers(const Sink* sink, const Segment* segment, int64_t outgoing) noexcept nogil:
    cdef int64_t end = sink.next if segment.end == NO_END else segment.end + segment.offset
    return segment.start + segment.offset <= outgoing < end


cdef bint fresh(const Sink* sink, int64_t outgoing) noexcept nogil:
    return sink.next - 1 - outgoing < WINDOW


cdef void follow(Sink* sink, int place, uint32_t serial) noexcept nogil:
    """Take packets from another source from now on."""
    sink.waiting, sink.held = NO_SOURCE, False
    if sink.serial != serial:
        shut(sink)
        sink.source, sink.serial, sink.framed = place, serial, False
