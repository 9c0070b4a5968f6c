# The tables and what they are made of.

ctypedef int (*Crypt)(void*, void*, int*) noexcept nogil

cdef struct Announced:
    uint32_t ssrc
    int64_t at

cdef struct Arrival:
    uint16_t stamp
    int64_t at

cdef struct Arrivals:
    # The newest ARRIVALS; `count` of them were not taken yet.
    Arrival items[ARRIVALS]
    int next, count

cdef struct Departure:
    uint16_t stamp
    uint16_t octets
    int64_t at

cdef struct Sent:
    Departure items[SENT]
    int next, count

cdef struct Waiting:
    int sink
    int64_t number, outgoing  # of the sink; the packet's number there

cdef struct Pace:
    int64_t rate, credit, credit_at  # octets a second; octets times a million
    Waiting items[PACED]
    int first, count

cdef struct Tap:
    int64_t transport, position, received
    uint32_t ssrc, timestamp
    bint marker, late
    uint8_t* payload
    int octets

cdef struct Taps:
    Tap* items
    int count
    int64_t lost

cdef struct Transport:
    int64_t number
    void* inbound
    void* outbound
    Sealer sealer
    int tag_size
    bint has_target
    Name target
    int sources[SOURCES]
    int source_count
    Announced announced[UNKNOWN]
    int announced_count
    uint32_t senders[SENDERS]
    int sender_count
    int64_t heeded_since  # the poll after which `heeded` datagrams were passed on
    int heeded
    uint32_t repairs[SOURCES]  # SSRCs of retransmissions, and the place of what they repair
    int repaired[SOURCES]
    int repair_count
    uint8_t receive_id, send_id
    uint16_t stamp
    Arrivals* arrivals
    Sent* sent
    Pace* pace
    bint pacing  # in the worker's list of transports where packets wait

cdef struct Counts:
    int64_t received, received_bytes, stranger, malformed, unprotect, unknown_ssrc, replay, repaired, restored


cdef void free_transport(Transport* transport) noexcept nogil:
    free(transport.arrivals)
    free(transport.sent)
    free(transport.pace)


cdef bint may_go(Pace* pace, int64_t now) noexcept nogil:
    """May a paced packet be sent now?"""
    if pace == NULL or not pace.rate:
        return True
    pace.credit += (now - pace.credit_at) * pace.rate
    pace.credit = min(pace.credit, max(<int64_t>PACE_PACKET * 1000000, PACE_BURST * pace.rate))
    pace.credit_at = now
    return pace.credit > 0


cdef class Tables:
    """What both the thread and the commands see, and its locks."""

    # Given.
    cdef int history
    # Owned: a duplicate, so that the socket is there until stop(), whatever the caller does with his.
    cdef int fd
    cdef bint six  # the socket takes IPv6, too
    # Owned: the tables.
    cdef pthread_mutex_t gate, tables
    cdef bint locked, stopping, stopped
    cdef Transport* transports
    cdef Source* all_sources
    cdef Sink* all_sinks
    cdef Place* places
    cdef News news
    cdef Counts counts
    cdef int pending[ALL_SOURCES]
    cdef int pending_count
    cdef int64_t asked_at
    cdef int pacing[TRANSPORTS]
    cdef int pacing_count
    cdef Taps taps
    cdef uint32_t serial
    # Owned by the thread: the present batch.
    cdef int wake
    cdef mmsghdr incoming[BATCH]
    cdef iovec incoming_vectors[BATCH]
    cdef Name names[BATCH]
    cdef Packet packets[PACKETS]
    cdef int packet_count
    cdef int touched[PACKETS]
    cdef int touched_count
    cdef Stage stage, answers
    cdef uint8_t[::1] received, outgoing, answering, kept
    cdef Py_ssize_t region, page
    cdef Crypt protect, unprotect, protect_rtcp, unprotect_rtcp
    cdef Gcm gcm
    cdef object arena, free_transports, free_sources, free_sinks

    def __cinit__(self, int fd, *, int history=512):
        self.fd = self.wake = self.news.event = -1  # first of all: __dealloc__ closes what else would be 0
        forwarder.check_history(history)
        self.history, self.six = history, takes_six(fd)
        self.fd = os.dup(fd)
        pthread_mutex_init(&self.gate, NULL)
        pthread_mutex_init(&self.tables, NULL)
        pthread_mutex_init(&self.news.lock, NULL)
        self.transports = <Transport*>calloc(TRANSPORTS, sizeof(Transport))
        self.all_sources = <Source*>calloc(ALL_SOURCES, sizeof(Source))
        self.all_sinks = <Sink*>calloc(SINKS, sizeof(Sink))
        self.places = <Place*>calloc(PLACES, sizeof(Place))
        self.news.notes = <Note*>calloc(NOTICES, sizeof(Note))
        self.news.spare = <Note*>calloc(NOTICES, sizeof(Note))
        if (self.transports == NULL or self.all_sources == NULL or self.all_sinks == NULL or self.places == NULL
                or self.news.notes == NULL or self.news.spare == NULL):
            raise MemoryError
        open_stage(&self.stage, self.fd, STAGE, TRANSPORTS)
        open_stage(&self.answers, self.fd, ANSWERS, TRANSPORTS)
        self.news.strangers_left = forwarder.STRANGER_BUDGET

    def __init__(self, int fd, *, int history=512):
        cdef uintptr_t protect, unprotect, protect_rtcp, unprotect_rtcp
        cdef int i
        protect, unprotect, protect_rtcp, unprotect_rtcp = entry_points()
        self.protect, self.unprotect = <Crypt><void*>protect, <Crypt><void*>unprotect
        openssl = gcm.find()
        if openssl is not None:
            self._use_openssl(*openssl)
        self.protect_rtcp, self.unprotect_rtcp = <Crypt><void*>protect_rtcp, <Crypt><void*>unprotect_rtcp
        self.received = bytearray(BATCH * RECEIVE_ROOM)
        self.outgoing = bytearray(STAGE * STRIDE)
        self.answering = bytearray(ANSWERS * STRIDE)
        self.page = mmap.PAGESIZE
        self.region = -(-history * STRIDE // mmap.PAGESIZE) * mmap.PAGESIZE
        self._reserve()
        self.free_transports = list(range(TRANSPORTS - 1, -1, -1))
        self.free_sinks = list(range(SINKS - 1, -1, -1))
        for i in range(BATCH):
            self.incoming_vectors[i].iov_base = &self.received[i * RECEIVE_ROOM]
            self.incoming_vectors[i].iov_len = RECEIVE_ROOM
            self.incoming[i].msg_hdr.msg_iov = &self.incoming_vectors[i]
            self.incoming[i].msg_hdr.msg_iovlen = 1
            self.incoming[i].msg_hdr.msg_name = &self.names[i]
        self.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)
        self.news.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)
        if self.wake < 0 or self.news.event < 0:
            raise OSError(errno, os.strerror(errno))

    def _use_openssl(self, uintptr_t init, uintptr_t update, uintptr_t final, uintptr_t control):
        self.gcm.init, self.gcm.update = <CipherInit><void*>init, <CipherUpdate><void*>update
        self.gcm.final, self.gcm.control = <CipherFinal><void*>final, <CipherControl><void*>control

    def _reserve(self):
        """Address space for the histories; memory is used as packets come, and given back by unsource()."""
        cdef int sources = ALL_SOURCES
        while True:
            try:
                # 0x4000 is MAP_NORESERVE, which the mmap module names only from Python 3.13 on.
                flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000
                self.arena = mmap.mmap(-1, sources * self.region, flags=flags)
                break
            except OSError:
                if sources <= SOURCES:
                    raise
                sources //= 2
        self.kept = self.arena
        self.free_sources = list(range(sources - 1, -1, -1))

    def __dealloc__(self):
        cdef int i
        for fd in (self.fd, self.wake, self.news.event):
            if fd >= 0:
                close_fd(fd)
        if self.all_sources != NULL:
            for i in range(ALL_SOURCES):
                self.free_source(&self.all_sources[i])
        if self.news.notes != NULL:
            for i in range(self.news.count):
                free(self.news.notes[i].data)
        for i in range(self.taps.count):
            free(self.taps.items[i].payload)
        free(self.taps.items)
        if self.transports != NULL:
            for i in range(TRANSPORTS):
                free_transport(&self.transports[i])
        if self.all_sinks != NULL:
            for i in range(SINKS):
                if self.all_sinks[i].number:
                    free(self.all_sinks[i].segments)
        free(self.transports)
        free(self.all_sources)
        free(self.all_sinks)
        free(self.places)
        free(self.news.notes)
        free(self.news.spare)
        free_stage(&self.stage)
        free_stage(&self.answers)
        pthread_mutex_destroy(&self.gate)
        pthread_mutex_destroy(&self.tables)
        pthread_mutex_destroy(&self.news.lock)

    cdef void free_source(self, Source* source) noexcept nogil:
        free(source.ring)
        free(source.gaps)
        free(source.sinks)
        memset(source, 0, sizeof(Source))

    cdef void lock(self) noexcept nogil:
        pthread_mutex_lock(&self.gate)
        pthread_mutex_lock(&self.tables)
        pthread_mutex_unlock(&self.gate)

    cdef void unlock(self) noexcept nogil:
        pthread_mutex_unlock(&self.tables)
