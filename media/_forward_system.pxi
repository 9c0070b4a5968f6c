# What the core takes from the system.

from libc.errno cimport EINTR, EINVAL, EIO, EMSGSIZE, errno
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t, uintptr_t
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
    int SOL_SOCKET, SO_DOMAIN, MSG_DONTWAIT, MSG_TRUNC
    int recvmmsg(int, mmsghdr*, unsigned int, int, timespec*)
    Py_ssize_t sendto(int, const void*, size_t, int, const void*, unsigned int)
    int getsockopt(int, int, int, void*, unsigned int*)
    int sendmmsg(int, mmsghdr*, unsigned int, int)

cdef extern from "<sys/eventfd.h>" nogil:
    int EFD_CLOEXEC, EFD_NONBLOCK
    int eventfd(unsigned int, int)

cdef extern from "<unistd.h>" nogil:
    int close_fd "close"(int)
    Py_ssize_t read(int, void*, size_t)
    Py_ssize_t write(int, const void*, size_t)

cdef extern from "<sys/mman.h>" nogil:
    int MADV_DONTNEED
    int madvise(void*, size_t, int)

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


cdef extern from * nogil:
    void prefetch "__builtin_prefetch"(const void*)


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
