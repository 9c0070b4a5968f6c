# Addresses: as the socket takes them (Name), and the table that tells whose they are.
#
# A socket is IPv4, or IPv6 and takes both; there an IPv4 address is one of IPv6 (RFC 4291 section 2.5.5.2). Outside of
# the core it is IPv4 again, and in the table both are IPv6.

cdef extern from "<netinet/in.h>" nogil:
    cdef struct in_addr:
        uint32_t s_addr
    cdef struct in6_addr:
        uint8_t s6_addr[16]
    cdef struct sockaddr_in:
        unsigned short sin_family
        uint16_t sin_port
        in_addr sin_addr
    cdef struct sockaddr_in6:
        unsigned short sin6_family
        uint16_t sin6_port
        in6_addr sin6_addr
    int AF_INET, AF_INET6
    uint16_t htons(uint16_t)
    uint16_t ntohs(uint16_t)

cdef extern from "<arpa/inet.h>" nogil:
    int inet_pton(int, const char*, void*)
    const char* inet_ntop(int, const void*, char*, unsigned int)

ctypedef sockaddr_in6 Name  # or a sockaddr_in in its place; the port is where it is there

cdef enum:
    PLACES = 1 << 17  # twice the addresses there can be, so that a search ends soon
    TEXT = 64  # more than INET6_ADDRSTRLEN

cdef struct Key:
    uint64_t high, low
    uint16_t port  # 0 marks a free place

cdef struct Place:
    Key key
    int transport


cdef bint takes_six(int fd) noexcept nogil:
    cdef int family = 0
    cdef unsigned int size = sizeof(family)
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 and family == AF_INET6


cdef inline unsigned int name_size(const Name* name) noexcept nogil:
    return sizeof(sockaddr_in) if name.sin6_family == AF_INET else sizeof(sockaddr_in6)


cdef inline bint is_address(const Name* name) noexcept nogil:
    return (name.sin6_family == AF_INET or name.sin6_family == AF_INET6) and name.sin6_port != 0


cdef bint is_mapped(const Name* name) noexcept nogil:
    """IPv4 inside IPv6."""
    cdef int i
    if name.sin6_family != AF_INET6 or name.sin6_addr.s6_addr[10] != 0xFF or name.sin6_addr.s6_addr[11] != 0xFF:
        return False
    for i in range(10):
        if name.sin6_addr.s6_addr[i]:
            return False
    return True


cdef Name name_of(object address, bint six) except *:
    """The address, which has gone through media.forwarder.check_address, for an IPv4 socket or for one that takes both."""
    cdef Name name
    cdef bytes text
    host, port = address
    if six and ":" not in host:
        host = "::ffff:" + host
    text = host.encode("ascii")
    memset(&name, 0, sizeof(name))
    name.sin6_family = AF_INET6 if six else AF_INET
    if six and inet_pton(AF_INET6, <const char*>text, &name.sin6_addr) != 1:
        raise ValueError(f"not a numeric address: {host}")
    if not six and inet_pton(AF_INET, <const char*>text, &(<sockaddr_in*>&name).sin_addr) != 1:
        raise ValueError(f"not a numeric IPv4 address: {host}")
    name.sin6_port = htons(port)
    return name


cdef object address_of(const Name* name):
    cdef char text[TEXT]
    cdef const void* octets = &(<const sockaddr_in*>name).sin_addr
    cdef int family = AF_INET
    if is_mapped(name):
        octets = &name.sin6_addr.s6_addr[12]
    elif name.sin6_family == AF_INET6:
        octets, family = &name.sin6_addr, AF_INET6
    inet_ntop(family, octets, text, TEXT)
    return (<bytes>text).decode("ascii"), ntohs(name.sin6_port)


cdef inline Key key_of(const Name* name) noexcept nogil:
    cdef Key key
    cdef uint32_t four
    key.port = name.sin6_port
    if name.sin6_family == AF_INET6:
        memcpy(&key.high, &name.sin6_addr.s6_addr[0], 8)
        memcpy(&key.low, &name.sin6_addr.s6_addr[8], 8)
    else:
        four = (<const sockaddr_in*>name).sin_addr.s_addr
        key.high, key.low = 0, <uint64_t>four << 32 | <uint64_t>0xFFFF0000
    return key


cdef inline int home_of(const Key* key) noexcept nogil:
    cdef uint64_t mixed = key.low ^ key.high * <uint64_t>0xD6E8FEB86659FD93 ^ <uint64_t>key.port << 11
    return <int>((mixed * <uint64_t>0x9E3779B97F4A7C15) >> 47)


cdef inline bint is_same(const Name* one, const Name* other) noexcept nogil:
    cdef Key first = key_of(one), second = key_of(other)
    return same(&first, &second)


cdef inline bint same(const Key* one, const Key* other) noexcept nogil:
    return one.low == other.low and one.high == other.high and one.port == other.port


cdef inline int place_of(const Place* places, const Key* key) noexcept nogil:
    """Where the key is, or the free place where it belongs."""
    cdef int at = home_of(key)
    while places[at].key.port and not same(&places[at].key, key):
        at = (at + 1) & (PLACES - 1)
    return at


cdef void put_place(Place* places, const Name* name, int transport) noexcept nogil:
    cdef Key key = key_of(name)
    cdef Place* place = &places[place_of(places, &key)]
    place.key, place.transport = key, transport


cdef void remove_place(Place* places, const Name* name) noexcept nogil:
    """Open addressing without tombstones: later entries move up into the hole."""
    cdef Key key = key_of(name)
    cdef int hole = place_of(places, &key), at = hole, home
    if not places[hole].key.port:
        return
    while True:
        at = (at + 1) & (PLACES - 1)
        if not places[at].key.port:
            break
        home = home_of(&places[at].key)
        if ((at - home) & (PLACES - 1)) >= ((at - hole) & (PLACES - 1)):
            places[hole] = places[at]
            hole = at
    places[hole].key.port = 0
