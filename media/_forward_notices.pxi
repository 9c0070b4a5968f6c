# Notices, with a lock of their own so that poll() never waits for a batch.

cdef struct Note:
    int kind
    int64_t transport
    bint addressed
    Name name
    uint32_t ssrc
    uint8_t* data
    int length

cdef struct News:
    pthread_mutex_t lock
    Note* notes
    Note* spare
    int count
    int strangers_left
    int64_t lost
    int event
    bint rung  # the event was written since the last poll()
    int64_t polls


cdef void post(News* news, int kind, int64_t transport, const Name* name, uint32_t ssrc,
               const uint8_t* data, int length, bint urgent=True) noexcept nogil:
    """Queue a copy for poll(), or count it as lost. Unless it is `urgent` it waits for a poll() that comes anyway:
    waking the control plane costs more than what most reports lead to."""
    cdef Note* note
    cdef uint64_t one = 1
    cdef uint8_t* kept = <uint8_t*>malloc(length + 1)
    pthread_mutex_lock(&news.lock)
    if news.count == NOTICES or kept == NULL:
        news.lost += 1
        free(kept)
    else:
        note = &news.notes[news.count]
        memcpy(kept, data, length)
        note.kind, note.transport, note.ssrc, note.data, note.length = kind, transport, ssrc, kept, length
        note.addressed = name != NULL
        if name != NULL:
            note.name = name[0]
        news.count += 1
        if urgent and not news.rung:
            news.rung = True
            write(news.event, &one, sizeof(one))
    pthread_mutex_unlock(&news.lock)


cdef inline bint presses(const uint8_t[::1] data, Py_ssize_t at, int length) noexcept nogil:
    """Does this compound ask for a packet or a picture, or cannot be told? Reports can wait."""
    cdef Py_ssize_t end = at + length
    cdef int kind, form
    while at + 4 <= end:
        form, kind = data[at] & 0x1F, data[at + 1]
        # RFC 3550; transport-wide feedback; REMB. Extended reports (RFC 3611) measure how long we take.
        if not (200 <= kind <= 204 or (kind == 205 and form == 15) or (kind == 206 and form == 15)):
            return True
        at += 4 + 4 * (data[at + 2] << 8 | data[at + 3])
    return False


cdef bint stranger_allowed(News* news) noexcept nogil:
    cdef bint allowed
    pthread_mutex_lock(&news.lock)
    allowed = news.strangers_left > 0
    news.strangers_left -= allowed
    pthread_mutex_unlock(&news.lock)
    return allowed
