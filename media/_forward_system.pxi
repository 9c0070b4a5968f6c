# What the core takes from the system, and two small tables on it: addresses and notices.

from libc.errno cimport EINTR, EINVAL, EIO, EMSGSIZE, errno
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy, memmove, memset

cdef extern from "<sys/socket.h>" nogil:
    cdef struct iovec:
        void* iov_base
        size_t iov_len
    cdef struct msghdr:
        void* msg_name
        unsigned int msg_namelen
        iovec* msg_iov
        size_t msg_iovlen
        void* msg_control
        size_t msg_controllen
    cdef struct mmsghdr:
        msghdr msg_hdr
        unsigned int msg_len
    cdef struct timespec:
        long tv_sec
        long tv_nsec
    int AF_INET, MSG_DONTWAIT, MSG_TRUNC
    int recvmmsg(int, mmsghdr*, unsigned int, int, timespec*)
    Py_ssize_t sendto(int, const void*, size_t, int, const void*, unsigned int)
    int sendmmsg(int, mmsghdr*, unsigned int, int)

cdef extern from "<arpa/inet.h>" nogil:
    cdef struct in_addr:
        uint32_t s_addr
    cdef struct sockaddr_in:
        unsigned short sin_family
        uint16_t sin_port
        in_addr sin_addr
    uint16_t htons(uint16_t)
    uint16_t ntohs(uint16_t)
    uint32_t ntohl(uint32_t)
    int inet_pton(int, const char*, void*)

cdef extern from "<sys/eventfd.h>" nogil:
    int EFD_CLOEXEC, EFD_NONBLOCK
    int eventfd(unsigned int, int)

cdef extern from "<unistd.h>" nogil:
    int close_fd "close"(int)
    Py_ssize_t read(int, void*, size_t)
    Py_ssize_t write(int, const void*, size_t)

cdef extern from "<time.h>" nogil:
    int CLOCK_MONOTONIC, CLOCK_THREAD_CPUTIME_ID
    int clock_gettime(int, timespec*)

cdef extern from "<pthread.h>" nogil:
    ctypedef struct pthread_mutex_t:
        pass
    int pthread_mutex_init(pthread_mutex_t*, void*)
    int pthread_mutex_destroy(pthread_mutex_t*)
    int pthread_mutex_lock(pthread_mutex_t*)
    int pthread_mutex_unlock(pthread_mutex_t*)


cdef inline int64_t microseconds() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return <int64_t>now.tv_sec * 1000000 + now.tv_nsec // 1000


cdef inline int64_t thread_microseconds() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return <int64_t>now.tv_sec * 1000000 + now.tv_nsec // 1000


cdef inline int copy(uint8_t[::1] to, Py_ssize_t at, const uint8_t[::1] out_of, Py_ssize_t start,
                     Py_ssize_t length) noexcept nogil:
    """memcpy inside the bounds of both views: 0, or -1 and nothing done."""
    if at < 0 or start < 0 or length < 0 or at + length > to.shape[0] or start + length > out_of.shape[0]:
        return -1
    if length:
        memcpy(&to[at], &out_of[start], length)
    return 0


# Addresses. A key is never zero, so zero marks a free place. Everything IPv4 in the core is here and in `sockaddr_in`.

cdef enum:
    PLACES = 1 << 17  # twice the addresses there can be, so that a search ends soon

cdef struct Place:
    uint64_t key
    int transport


cdef inline uint64_t key_of(const sockaddr_in* name) noexcept nogil:
    return <uint64_t>1 << 48 | <uint64_t>name.sin_addr.s_addr << 16 | name.sin_port


cdef inline int home_of(uint64_t key) noexcept nogil:
    return <int>((key * <uint64_t>0x9E3779B97F4A7C15) >> 47)


cdef inline int place_of(const Place* places, uint64_t key) noexcept nogil:
    """Where the key is, or the free place where it belongs."""
    cdef int at = home_of(key)
    while places[at].key and places[at].key != key:
        at = (at + 1) & (PLACES - 1)
    return at


cdef void remove_place(Place* places, uint64_t key) noexcept nogil:
    """Open addressing without tombstones: later entries move up into the hole."""
    cdef int hole = place_of(places, key), at = hole, home
    if not places[hole].key:
        return
    while True:
        at = (at + 1) & (PLACES - 1)
        if not places[at].key:
            break
        home = home_of(places[at].key)
        if ((at - home) & (PLACES - 1)) >= ((at - hole) & (PLACES - 1)):
            places[hole] = places[at]
            hole = at
    places[hole].key = 0


# Notices, with a lock of their own so that poll() never waits for a batch.

cdef struct Note:
    int kind
    int64_t transport
    bint addressed
    sockaddr_in name
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


cdef void post(News* news, int kind, int64_t transport, const sockaddr_in* name, uint32_t ssrc,
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
