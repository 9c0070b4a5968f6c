# The thread: it sleeps, gathers what comes, and hands it to the packet path.
#
# Several packets to one address cost little more than one (_forward_sending.pxi), so it pays to let the rest of a frame
# come in. An idle worker waits only for what is under way: a frame has begun, its last packet (the marker) is missing,
# and packets of this stream follow each other closely. A busy one gathers for longer, the longer the busier.
# And where so many send that others' frames are about to come (a few people who all see each other), it gathers these:
# to wake up, and to have the receivers wake up, costs more there than the packets do.

cdef extern from "<poll.h>" nogil:
    cdef struct pollfd:
        int fd
        short events
        short revents
    int POLLIN
    int ppoll(pollfd*, unsigned long, const timespec*, const void*)

cdef extern from "<sys/prctl.h>" nogil:
    int PR_SET_TIMERSLACK
    int prctl(int, unsigned long)

cdef enum:
    FRAME_WAIT = 500  # microseconds for the rest of a frame
    CLOSE = 300  # microseconds between two packets of a frame that is worth waiting for
    NAP_MIN = 30
    NAP_MAX = 200
    BUSY_WAIT = 3000  # microseconds that a worker gathers when it has no time left
    BUSY_FROM = 512  # of 1024 parts of the time: from here on it gathers
    CROWD_WAIT = 3000  # microseconds that a worker gathers when at least one frame more comes within them
    CROWD_TIME = 200000  # microseconds over which it is judged how many come
    STEADY = 20000  # microseconds over which it is judged how busy it is
    RHYTHMS = 256
    SLACK = 5000  # nanoseconds that the kernel may let us sleep for longer

cdef struct Rhythm:
    # How the packets of a stream follow each other, from what is in the clear. A collision costs half a millisecond.
    uint32_t ssrc, timestamp
    int64_t at
    int gap  # microseconds between packets of one frame, smoothed; more than CLOSE as long as nobody knows
    int64_t batch  # in which it had a frame under way
    bint unfinished


cdef class Loop(Commands):
    """Waits and gathers; no lock is held meanwhile."""

    cdef Rhythm rhythms[RHYTHMS]  # by SSRC
    cdef int64_t arrived[BATCH]
    cdef int gathered, unfinished, nap
    cdef int64_t batch, judged_at, worked
    cdef int busy  # of 1024 parts of the time
    cdef int64_t frames  # that have begun since it was last judged
    cdef int64_t crowd  # frames a second

    def __init__(self, int fd, *, int history=512):
        Commands.__init__(self, fd, history=history)
        self.gathered = BATCH  # all are made ready

    def _run(self):
        prctl(PR_SET_TIMERSLACK, SLACK)
        while not self.stopping:
            try:
                with nogil:
                    self.loop()
            except IndexError:
                # A check that should have come first is missing: the batch is lost, the worker is not.
                clear_stage(&self.stage)
                self.counts.malformed += 1
                if self.locked:
                    self.forget_batch()
                    self.locked = False
                    self.unlock()

    cdef int loop(self) except -1 nogil:
        cdef int64_t now
        cdef int i
        while not self.stopping:
            now = self.gather()
            self.lock()
            self.locked = True
            for i in range(self.gathered):
                self.receive(i, self.arrived[i])
            self.spread(now)
            if self.pacing_count:
                self.release(now)
            if self.pending_count and now - self.asked_at >= ASK_CHECK * 1000:
                self.ask_again(now)
            self.locked = False
            self.unlock()
            self.flush(&self.stage, self.outgoing)
            if now - self.judged_at >= STEADY:
                self.judge(now)
        return 0

    cdef int64_t gather(self) except -1 nogil:
        """Fill `incoming`, asleep until something is there or due; the time now."""
        cdef int64_t now, began, left, rest
        cdef int i
        for i in range(self.gathered):
            self.incoming[i].msg_hdr.msg_namelen = sizeof(Name)
        self.gathered = self.unfinished = self.nap = 0
        self.batch += 1
        if not self.drain():
            self.sleep()
            self.drain()
        now = began = microseconds()
        while 0 < self.gathered < BATCH and not self.stopping:
            left = began + self.load_wait() - now
            if left <= 0 and self.unfinished > 0:
                left = min(began + FRAME_WAIT - now, <int64_t>self.nap)
            if left <= 0:
                break
            doze(left)
            self.drain()
            now = microseconds()
        return now

    cdef void sleep(self) noexcept nogil:
        cdef pollfd watched[2]
        cdef timespec limit
        cdef int64_t patience = self.patience()
        watched[0].fd, watched[1].fd = self.fd, self.wake
        watched[0].events = watched[1].events = POLLIN
        limit.tv_sec, limit.tv_nsec = patience // 1000000, patience % 1000000 * 1000
        ppoll(watched, 2, &limit if patience >= 0 else NULL, NULL)

    cdef int64_t patience(self) noexcept nogil:
        """Microseconds to sleep at most while nothing comes; -1 for ever."""
        return PACE_CHECK if self.pacing_count else ASK_CHECK * 1000 if self.pending_count else -1

    cdef int drain(self) except -1 nogil:
        """Take what is there; how many came."""
        # MSG_TRUNC: msg_len is what was sent, even where it did not fit.
        cdef int count = recvmmsg(self.fd, self.incoming + self.gathered, BATCH - self.gathered,
                                  MSG_DONTWAIT | MSG_TRUNC, NULL), i
        cdef int64_t now
        if count <= 0:
            return 0
        now = microseconds()
        for i in range(self.gathered, self.gathered + count):
            self.arrived[i] = now
            self.feel(i, now)
        self.gathered += count
        return count

    cdef int feel(self, int i, int64_t now) except -1 nogil:
        """Note how a packet follows the one before it, and whether its frame goes on."""
        cdef Py_ssize_t at = i * RECEIVE_ROOM
        cdef Rhythm* rhythm
        cdef uint32_t ssrc, timestamp
        cdef bint goes_on
        if self.incoming[i].msg_len < HEADER or not 128 <= self.received[at] < 192:
            return 0
        if 192 <= self.received[at + 1] < 224:  # RTCP
            return 0
        timestamp, ssrc = self.word(at + 4), self.word(at + 8)
        rhythm = &self.rhythms[(ssrc * <uint32_t>0x9E3779B1) >> 24]
        if rhythm.ssrc != ssrc:
            rhythm.ssrc, rhythm.gap, rhythm.batch = ssrc, CLOSE + 1, 0
        elif rhythm.timestamp == timestamp:
            rhythm.gap += (<int>min(now - rhythm.at, <int64_t>4 * CLOSE) - rhythm.gap) // 4
        self.frames += rhythm.timestamp != timestamp
        rhythm.timestamp, rhythm.at = timestamp, now
        goes_on = self.received[at + 1] < 128 and rhythm.gap <= CLOSE
        self.unfinished += goes_on - (rhythm.unfinished and rhythm.batch == self.batch)
        rhythm.unfinished, rhythm.batch = goes_on, self.batch
        if goes_on:
            self.nap = max(self.nap, min(max(2 * rhythm.gap, <int>NAP_MIN), <int>NAP_MAX))
        return 0

    cdef int64_t load_wait(self) noexcept nogil:
        cdef int64_t wait = <int64_t>(self.busy - BUSY_FROM) * BUSY_WAIT // (1024 - BUSY_FROM)
        return max(wait, <int64_t>CROWD_WAIT if self.crowd * CROWD_WAIT >= 1000000 else <int64_t>0)

    cdef void judge(self, int64_t now) noexcept nogil:
        """Note how much of the time was work (time on the processor, for others' work must not make us wait), and how
        many frames came."""
        cdef int64_t worked = thread_microseconds(), passed = max(<int64_t>1, now - self.judged_at)
        cdef int64_t share = (worked - self.worked) * 1024 // passed
        cdef int64_t weight = min(passed, <int64_t>CROWD_TIME)
        self.busy = <int>((self.busy + min(<int64_t>1024, share)) // 2)
        self.crowd += (self.frames * 1000000 // passed - self.crowd) * weight // CROWD_TIME
        self.judged_at, self.worked, self.frames = now, worked, 0


cdef void doze(int64_t duration) noexcept nogil:
    cdef timespec limit
    limit.tv_sec, limit.tv_nsec = duration // 1000000, duration % 1000000 * 1000
    ppoll(NULL, 0, &limit, NULL)
