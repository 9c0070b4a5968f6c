# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
"""The forwarding worker as one native thread; `media.forward.PyWorker` says the same in Python.

The thread never takes the GIL for a packet. Packet bytes are reached through bounds-checked memoryviews; raw
pointers appear only where the kernel and libsrtp take them. Nothing is raised for a hostile packet: it is counted.

Locks. `gate` and `tables` are taken in this order, by the worker once a batch and by a command once a call;
`gate` is given back as soon as `tables` is held, so a waiting command gets in before the worker's next batch.
Nobody waits for either while holding the GIL, and nobody wants the GIL while holding them. The worker sends its
batch without them, except what does not fit into the stage. `News.lock` is innermost.
"""

import mmap
import os
import threading

from media import forwarder, gcm
from media.forwarder import COUNTERS, Notice, SinkStats, SourceStats, Tapped
from media.srtp import Cipher, entry_points

cdef enum:
    # media/forwarder.py has them all again for those who read, and a test compares the behaviour at the edges.
    STUN = 1
    DTLS = 2
    RTCP = 3
    NEW_STREAM = 4
    MISSING = 5
    SWITCHED = 6
    DATAGRAM_SIZE = 1500
    TRANSPORTS = 4096
    SOURCES = 32
    UNKNOWN = 32
    SENDERS = 64
    SINKS = 65536
    NOTICES = 4096
    HEEDED = 128
    STRANGER_BUDGET = 256
    ANNOUNCE_EVERY = 1000000
    ARRIVALS = 512
    SENT = 1024
    PACED = 512
    TAPPED = 8192
    PAD_LIMIT = 1 << 14

    ALL_SOURCES = 8192  # of one worker; what they need is reserved, and used only as packets come
    BATCH = 128  # datagrams received at once
    RECEIVE_ROOM = 2048  # for each of them
    PACKETS = 512  # forwarded together: a datagram may restore several
    STRIDE = 1536  # for each packet of the history
    SMALLEST = 64  # packets of a history, as in forwarder.HISTORY
    KEPT_TIME = 500000  # microseconds that a history reaches back at least, if it may become so large
    STAGE = 128  # datagrams sent at once
    ANSWERS = 64  # the same for commands
    TRAILER = 160  # more than srtp_protect and srtp_protect_rtcp ever add
    HEADER = 12
    RTCP_HEADER = 8
    SRTCP_INDEX = 4
    REPLAY_FAIL = 9  # srtp_err_status_t
    REPLAY_OLD = 10
    PADDING = 255  # octets in a packet of nothing else
    PACE_BURST = 10000  # microseconds of the paced rate that may go out at once
    PACE_PACKET = 1200  # octets, so that one packet may always go
    PACE_CHECK = 5000  # microseconds between two looks for paced packets that may go
    ASK_CHECK = 10  # milliseconds between two looks for unanswered requests

include "_forward_system.pxi"
include "_forward_addresses.pxi"
include "_forward_gcm.pxi"
include "_forward_notices.pxi"
include "_forward_payload.pxi"
include "_forward_stream.pxi"
include "_forward_sending.pxi"
include "_forward_tables.pxi"
include "_forward_writing.pxi"
include "_forward_spreading.pxi"
include "_forward_keeping.pxi"
include "_forward_receiving.pxi"
include "_forward_sinks.pxi"
include "_forward_sources.pxi"
include "_forward_transports.pxi"
include "_forward_loop.pxi"


cdef class Worker(Loop):
    """See `media.forwarder.Forwarder`. Commands come from one thread."""

    cdef object thread
    cdef bint polling

    def start(self):
        if self.thread is None and not self.stopped:
            self.thread = threading.Thread(target=self._run, name="forward", daemon=True)
            self.thread.start()

    def stop(self):
        cdef uint64_t one = 1
        self.stopped = self.stopping = True
        write(self.wake, &one, sizeof(one))
        if self.thread is not None:
            self.thread.join()
        close_fd(self.fd)
        self.fd = self.stage.fd = self.answers.fd = -1
        # Only now: the thread used the contexts in the entries.
        for table in (self.entries, self.sinks_by_number, self.fed, self.bound):
            table.clear()

    def fileno(self):
        return self.news.event

    def poll(self):
        cdef int count, i
        cdef uint64_t ignored = 0
        cdef Note* note
        if self.stopped or self.polling:
            return []
        self.polling = True
        read(self.news.event, &ignored, sizeof(ignored))
        with nogil:
            pthread_mutex_lock(&self.news.lock)
            self.news.notes, self.news.spare = self.news.spare, self.news.notes
            count, self.news.count = self.news.count, 0
            self.news.strangers_left = STRANGER_BUDGET
            self.news.rung = False
            self.news.polls += 1
            pthread_mutex_unlock(&self.news.lock)
        notices = []
        for i in range(count):
            note = &self.news.spare[i]
            address = address_of(&note.name) if note.addressed else None
            notices.append(Notice(note.kind, note.transport, address, note.ssrc, note.data[:note.length]))
            free(note.data)
        self.polling = False
        return notices

    def send(self, bytes data not None, address):
        cdef Name name = name_of(forwarder.check_address(address, self.six), self.six)
        cdef const uint8_t* start = data
        cdef Py_ssize_t length = len(data)
        if self.stopped:
            return
        if sendto(self.fd, start, length, MSG_DONTWAIT, &name, name_size(&name)) < 0:
            self.answers.failed += 1
        else:
            self.answers.sent_bytes += length

    # Answers.

    def resend(self, sink, sequences):
        cdef int place, queued = 0
        cdef uint16_t sequence
        cdef int64_t now = microseconds()
        known = self.sinks_by_number.get(sink)
        if known is None:
            return 0
        place = known[0]
        for wanted in sequences:
            sequence = wanted & 0xFFFF
            with nogil:
                self.lock()
                queued += self.send_again(place, sequence, now)
                self.unlock()
        self.flush_answers()
        return queued

    cdef int send_again(self, int place, uint16_t sequence, int64_t now) noexcept nogil:
        cdef Sink* sink = &self.all_sinks[place]
        cdef int64_t outgoing = number_of(sink, sequence)
        cdef Segment* segment = find(sink, outgoing)
        cdef Slot* slot = self.slot_of(segment, outgoing)
        if slot == NULL or (sink.rtx_ssrc and segment.serial != sink.serial):
            return 0
        if not (sink.rtx_ssrc or (fresh(sink, outgoing) and not sink.stamped)):
            return 0
        if not self.write(&self.answers, self.answering, place, segment, slot, AGAIN, now):
            return 0
        sink.resent += 1
        return 1

    cdef void flush_answers(self) noexcept:
        with nogil:
            self.lock()
            self.flush(&self.answers, self.answering)
            self.unlock()

    def pad(self, sink, octets):
        cdef int place, queued = 0, size, wanted = min(octets, PAD_LIMIT)
        cdef int64_t now = microseconds()
        cdef Sink* padded
        known = self.sinks_by_number.get(sink)
        if known is None:
            return 0
        place = known[0]
        padded = &self.all_sinks[place]
        if not pads(padded, &self.all_sources[padded.source]):
            return 0
        with nogil:
            self.lock()
            while queued < wanted:
                size = min(<int>PADDING, wanted - queued)
                if not self.write_padding(place, size, now):
                    break
                queued += size
            self.flush(&self.answers, self.answering)
            self.unlock()
        return queued

    def rtcp(self, transport, bytes data not None):
        cdef const uint8_t[::1] plain = data
        cdef int length = len(data)
        cdef Transport* to
        if not RTCP_HEADER <= length <= DATAGRAM_SIZE:
            raise ValueError(f"a compound RTCP packet of {length} octets")
        if self.stopped:
            return
        to = &self.transports[<int>self.entries[transport].place]
        with nogil:
            self.lock()
            if to.outbound != NULL and to.has_target:
                copy(self.answering, self.answers.used, plain, 0, length)
                if self.protect_rtcp(to.outbound, &self.answering[self.answers.used], &length):
                    self.answers.failed += 1
                else:
                    put(&self.answers, length, <int>(to - self.transports), &to.target, ITS_RTCP, False)
                self.flush(&self.answers, self.answering)
            self.unlock()

    # Figures.

    def sources(self, transport):
        cdef Source copied
        cdef int place
        cdef int64_t now = microseconds()
        entry = self.entries.get(transport)
        stats = []
        for place in entry.sources.values() if entry is not None else ():
            with nogil:
                self.lock()
                copied = self.all_sources[place]
                self.unlock()
            stats.append(SourceStats(
                copied.ssrc, copied.packets, copied.octets,
                max(0, copied.highest + copied.shift) if copied.started else 0,
                max(0, copied.base + copied.shift) if copied.started else 0,
                copied.jitter >> 4, copied.duplicates, level(&copied, now),
                (copied.temporal[0], copied.temporal[1], copied.temporal[2], copied.temporal[3]),
            ))
        return stats

    def sinks(self, transport):
        cdef Sink copied
        cdef Segment last
        cdef bint running
        cdef int place
        cdef int64_t shift = 0, number
        cdef uint32_t ssrc
        entry = self.entries.get(transport)
        stats = []
        memset(&last, 0, sizeof(last))
        for place in entry.sinks.values() if entry is not None else ():
            with nogil:
                self.lock()
                copied = self.all_sinks[place]
                running = copied.segment_count > 0
                if running:
                    last = copied.segments[copied.segment_count - 1]
                    shift = self.all_sources[last.source].shift
                ssrc = self.all_sources[copied.source].ssrc
                number = self.transports[self.all_sources[copied.source].transport].number
                self.unlock()
            stats.append(SinkStats(
                copied.number, copied.packets, copied.octets, copied.last_timestamp,
                last.timestamp_offset if running else 0, (last.offset - shift) & 0xFFFF if running else 0,
                copied.resent, running and not copied.paused, (number, ssrc), copied.waiting != NO_SOURCE,
            ))
        return stats

    def counters(self):
        cdef Counts counts = self.counts
        cdef Stage* a = &self.stage
        cdef Stage* b = &self.answers
        return dict(zip(COUNTERS, (
            counts.received, counts.received_bytes, a.forwarded + b.forwarded, a.sent_bytes + b.sent_bytes,
            a.resent + b.resent, counts.stranger, counts.malformed, counts.unprotect, counts.unknown_ssrc,
            counts.replay, a.failed + b.failed, self.news.lost, counts.repaired, counts.restored,
            a.padded + b.padded, self.taps.lost,
        ), strict=True))
