# What waits to be sent, and how it leaves: several datagrams to one address as one message that the kernel cuts up.
#
# UDP_SEGMENT (Linux 4.18; udp(7)): all datagrams of a message have one size, but for the last, which may be shorter.
# It saves two thirds of what sending costs. Where a device or a path refuses it, the address gets plain datagrams.

cdef extern from "<sys/socket.h>" nogil:
    cdef struct cmsghdr:
        size_t cmsg_len
        int cmsg_level
        int cmsg_type
    size_t CMSG_LEN(size_t)

cdef enum:
    SOL_UDP = 17
    UDP_SEGMENT = 103
    SEGMENTS_SENT = 64  # in one message; Linux takes 64 before 6.9, then 128
    OCTETS_SENT = 65507  # in one message: an IPv4 datagram without its headers
    CONTROL = 24  # octets, CMSG_SPACE of a uint16_t
    NOBODY = -1

cdef enum Kind:
    FIRST_TIME
    AGAIN
    ITS_RTCP
    NOTHING

cdef struct Item:
    Py_ssize_t at
    int length, to, next  # next: of the same transport, or NOBODY
    bint follows  # it is somebody's next
    bint voice  # it may leave behind what came after it
    Name name
    Kind kind

cdef struct Message:
    int first, segments, octets, size
    bint open  # another segment may follow

cdef struct Stage:
    # Datagrams one behind the other in a buffer, those to one transport chained: voices by themselves.
    Item* items
    Message* messages
    mmsghdr* headers
    iovec* vectors
    uint8_t* controls
    int* tails  # by transport: its last item, or NOBODY
    int* voices  # likewise the first voice
    int* voice_tails
    uint8_t* plain  # by transport: segmentation was refused
    bint segmenting  # the kernel has it
    int fd, room, count
    Py_ssize_t used
    int64_t forwarded, resent, padded, sent_bytes, failed


cdef bint can_segment(int fd) noexcept nogil:
    cdef int value = 0
    cdef unsigned int size = sizeof(value)
    return getsockopt(fd, SOL_UDP, UDP_SEGMENT, &value, &size) == 0


cdef int open_stage(Stage* stage, int fd, int room, int transports) except -1:
    cdef int i
    stage.fd, stage.room, stage.segmenting = fd, room, can_segment(fd)
    stage.items = <Item*>calloc(room, sizeof(Item))
    stage.messages = <Message*>calloc(room, sizeof(Message))
    stage.headers = <mmsghdr*>calloc(room, sizeof(mmsghdr))
    stage.vectors = <iovec*>calloc(room, sizeof(iovec))
    stage.controls = <uint8_t*>calloc(room, CONTROL)
    stage.tails = <int*>malloc(transports * sizeof(int))
    stage.voices = <int*>malloc(transports * sizeof(int))
    stage.voice_tails = <int*>malloc(transports * sizeof(int))
    stage.plain = <uint8_t*>calloc(transports, 1)
    if (stage.items == NULL or stage.messages == NULL or stage.headers == NULL or stage.vectors == NULL
            or stage.controls == NULL or stage.tails == NULL or stage.voices == NULL or stage.voice_tails == NULL
            or stage.plain == NULL):
        raise MemoryError
    for i in range(transports):
        stage.tails[i] = stage.voices[i] = stage.voice_tails[i] = NOBODY
    return 0


cdef void free_stage(Stage* stage) noexcept:
    free(stage.items)
    free(stage.messages)
    free(stage.headers)
    free(stage.vectors)
    free(stage.controls)
    free(stage.tails)
    free(stage.voices)
    free(stage.voice_tails)
    free(stage.plain)


cdef void clear_stage(Stage* stage) noexcept nogil:
    cdef int i, to
    for i in range(stage.count):
        to = stage.items[i].to
        stage.tails[to] = stage.voices[to] = stage.voice_tails[to] = NOBODY
    stage.count, stage.used = 0, 0


cdef void put(Stage* stage, int length, int to, const Name* name, Kind kind, bint voice) noexcept nogil:
    """Queue the `length` octets at stage.used for the transport `to`; there is room for one item more."""
    cdef Item* item = &stage.items[stage.count]
    cdef int* tails = stage.voice_tails if voice else stage.tails
    cdef int before = tails[to]
    item.at, item.length, item.to, item.next, item.name, item.kind = stage.used, length, to, NOBODY, name[0], kind
    item.follows, item.voice = before != NOBODY, voice
    if item.follows:
        stage.items[before].next = stage.count
    elif voice:
        stage.voices[to] = stage.count
    tails[to] = stage.count
    stage.count += 1
    stage.used += length


cdef int send_staged(Stage* stage, uint8_t[::1] buffer) except -1 nogil:
    """Send what is staged. What the kernel refuses is counted, and the next tried."""
    cdef int count, done = 0, sent, m, at
    if not stage.count:
        return 0
    count = compose(stage, buffer)
    while done < count:
        sent = sendmmsg(stage.fd, stage.headers + done, count - done, MSG_DONTWAIT)
        if sent < 0 and errno == EINTR:
            continue
        for m in range(done, done + sent):
            at = stage.messages[m].first
            for _ in range(stage.messages[m].segments):
                account(stage, &stage.items[at])
                at = stage.items[at].next
        if sent <= 0:
            refused(stage, &stage.messages[done], buffer)
            sent = 1
        done += sent
    clear_stage(stage)
    return 0


cdef int compose(Stage* stage, uint8_t[::1] buffer) except -1 nogil:
    """Fill the headers, transport by transport; their count."""
    cdef int count = 0, vectors = 0, i
    cdef Item* item
    for i in range(stage.count):
        item = &stage.items[i]
        if item.follows:
            continue
        if not item.voice:
            compose_for(stage, i, stage.voices[item.to], &count, &vectors, buffer)
        elif stage.tails[item.to] == NOBODY:
            compose_for(stage, NOBODY, i, &count, &vectors, buffer)
    return count


cdef int compose_for(Stage* stage, int at, int voice, int* count, int* vectors, uint8_t[::1] buffer) except -1 nogil:
    """The messages to one transport, from the heads of its chains. A voice, which is short, ends a message of pictures:
    before them it would be one by itself. Each sender's packets stay in order."""
    cdef int last = NOBODY, rest
    cdef Message* message = NULL
    while at != NOBODY or voice != NOBODY:
        if voice != NOBODY and (at == NOBODY or (message != NULL and not joins(message, &stage.items[at])
                                                 and joins(message, &stage.items[voice]))):
            rest = stage.items[voice].next
            stage.items[voice].next = at
            at, voice = voice, rest
            if last != NOBODY:
                stage.items[last].next = at
        if message == NULL or not joins(message, &stage.items[at]):
            message = &stage.messages[count[0]]
            begin_message(stage, message, at, &stage.headers[count[0]].msg_hdr, &stage.vectors[vectors[0]])
            count[0] += 1
        vectors[0] += append(stage, message, at, &stage.headers[count[0] - 1].msg_hdr, buffer)
        last, at = at, stage.items[at].next
    return 0


cdef bint joins(const Message* message, const Item* item) noexcept nogil:
    return (message.open and item.length <= message.size and message.segments < SEGMENTS_SENT
            and message.octets + item.length <= OCTETS_SENT)


cdef void begin_message(Stage* stage, Message* message, int first, msghdr* header, iovec* vectors) noexcept nogil:
    cdef Item* item = &stage.items[first]
    message.first, message.segments, message.octets, message.size = first, 0, 0, item.length
    message.open = stage.segmenting and not stage.plain[item.to]
    header.msg_name, header.msg_namelen = &item.name, name_size(&item.name)
    header.msg_iov, header.msg_iovlen = vectors, 0
    header.msg_control, header.msg_controllen = NULL, 0


cdef int append(Stage* stage, Message* message, int at, msghdr* header, uint8_t[::1] buffer) except -1 nogil:
    """Vectors taken: 0 where the item lies right behind the one before."""
    cdef Item* item = &stage.items[at]
    cdef uint8_t* start = &buffer[item.at]
    cdef iovec* last = &header.msg_iov[header.msg_iovlen - 1] if header.msg_iovlen else NULL
    message.segments += 1
    message.octets += item.length
    message.open = message.open and item.length == message.size
    if message.segments == 2:
        ask_segmentation(stage, message, header)
    if last != NULL and <uint8_t*>last.iov_base + last.iov_len == start:
        last.iov_len += item.length
        return 0
    header.msg_iov[header.msg_iovlen].iov_base = start
    header.msg_iov[header.msg_iovlen].iov_len = item.length
    header.msg_iovlen += 1
    return 1


cdef void ask_segmentation(Stage* stage, const Message* message, msghdr* header) noexcept nogil:
    cdef cmsghdr* control = <cmsghdr*>&stage.controls[(message - stage.messages) * CONTROL]
    cdef uint16_t size = message.size
    control.cmsg_len, control.cmsg_level, control.cmsg_type = CMSG_LEN(sizeof(size)), SOL_UDP, UDP_SEGMENT
    memcpy(<uint8_t*>control + CMSG_LEN(0), &size, sizeof(size))
    header.msg_control, header.msg_controllen = control, CONTROL


cdef void account(Stage* stage, const Item* item) noexcept nogil:
    stage.sent_bytes += item.length
    stage.resent += item.kind == AGAIN
    stage.padded += item.kind == NOTHING
    stage.forwarded += item.kind == FIRST_TIME


cdef int refused(Stage* stage, const Message* message, uint8_t[::1] buffer) except -1 nogil:
    """A message was not taken. Where it was for its segments, its transport has plain datagrams from now on.

    EIO: a device without checksums; EINVAL: a socket without; EMSGSIZE: a segment longer than the path carries whole,
    which a plain datagram may be (it is cut into fragments).
    """
    cdef bint again = message.segments > 1 and (errno == EIO or errno == EINVAL or errno == EMSGSIZE)
    cdef int at = message.first, i
    cdef Item* item
    for i in range(message.segments):
        item = &stage.items[at]
        if again:
            stage.plain[item.to] = 1
        if again and sendto(stage.fd, &buffer[item.at], item.length, MSG_DONTWAIT, &item.name, name_size(&item.name)) >= 0:
            account(stage, item)
        else:
            stage.failed += 1
        at = item.next
    return 0
