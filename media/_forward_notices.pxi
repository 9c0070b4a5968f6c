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


cdef void post(News* news, int kind, int64_t transport, const Name* name, uint32_t ssrc,
               const uint8_t* data, int length) noexcept nogil:
    """Queue a copy for poll(), or count it as lost."""
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
        if news.count == 1:
            write(news.event, &one, sizeof(one))
    pthread_mutex_unlock(&news.lock)


cdef bint stranger_allowed(News* news) noexcept nogil:
    cdef bint allowed
    pthread_mutex_lock(&news.lock)
    allowed = news.strangers_left > 0
    news.strangers_left -= allowed
    pthread_mutex_unlock(&news.lock)
    return allowed
