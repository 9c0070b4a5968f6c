# What payloads say about themselves: media/payload.py and media/rtp.py in C structures; the sources are named there.

cdef enum:
    NO_CODEC = 0
    OPUS = 1
    VP8 = 2
    H264 = 3
    VP9 = 4
    AV1 = 5
    SLICE_IDR = 5
    SPS = 7
    STAP_A = 24
    FU_A = 28
    MAX_BLOCKS = 8
    RED_OFFSET = 1 << 14
    RED_LENGTH = 1 << 10
    RED_ROOM = 1200
    ONE_BYTE = 0xBEDE
    TWO_BYTE = 0x1000

cdef struct Picture:
    # A VP8 payload descriptor; `known` unless it is cut off. The offsets are 0 where the field is absent.
    bint known, key, wide, sync
    uint8_t number_at, tl0_at, tl0, temporal
    uint16_t number

cdef struct Block:
    int offset, at, length

cdef struct Red:
    int primary, count  # offset of the primary in the payload; redundant blocks, oldest first
    Block blocks[MAX_BLOCKS]

cdef struct Element:
    int identifier, start, length

cdef struct Walk:
    # Through the elements of a header extension, from `at` to `end`.
    Py_ssize_t at, end
    bint one_byte


cdef int read_vp8(const uint8_t[::1] data, Py_ssize_t start, int size, Picture* picture) except -1 nogil:
    """Fill the picture, which is all zeros before; `known` says whether it is complete."""
    cdef int first, fields, at = 1
    if size < 1:
        return 0
    first = data[start]
    if first & 0x80:
        if size < 2:
            return 0
        fields, at = data[start + 1], 2
        if fields & 0x80:
            if at >= size:
                return 0
            picture.wide = data[start + at] >> 7
            if picture.wide and at + 1 >= size:
                return 0
            picture.number_at = at
            picture.number = data[start + at] & 0x7F
            if picture.wide:
                picture.number = picture.number << 8 | data[start + at + 1]
            at += 1 + picture.wide
        if fields & 0x40:
            if at >= size:
                return 0
            picture.tl0_at, picture.tl0 = at, data[start + at]
            at += 1
        if fields & 0x30:
            if at >= size:
                return 0
            if fields & 0x20:
                picture.temporal, picture.sync = data[start + at] >> 6, data[start + at] >> 5 & 1
            at += 1
    if at >= size:
        return 0
    picture.known = True
    picture.key = first & 0x10 and not first & 0x07 and not data[start + at] & 0x01
    return 0


cdef bint begins_key(int codec, const uint8_t[::1] data, Py_ssize_t start, int size) except -1 nogil:
    """Any codec but VP8, whose descriptor says it."""
    if size < 1:
        return False
    if codec == H264:
        return begins_h264(data, start, size)
    if codec == VP9:
        return begins_vp9(data, start, size)
    return codec == AV1 and data[start] & 0x08


cdef inline bint decodable(int kind) noexcept nogil:
    return kind == SLICE_IDR or kind == SPS


cdef bint begins_h264(const uint8_t[::1] data, Py_ssize_t start, int size) except -1 nogil:
    cdef int kind = data[start] & 0x1F, at = 1, length
    if kind == FU_A:
        return size > 1 and data[start + 1] & 0x80 and decodable(data[start + 1] & 0x1F)
    if kind != STAP_A:
        return decodable(kind)
    while at + 2 < size:
        length = data[start + at] << 8 | data[start + at + 1]
        if decodable(data[start + at + 2] & 0x1F) and length > 0 and at + 2 + length <= size:
            return True
        at += 2 + length
    return False


cdef bint begins_vp9(const uint8_t[::1] data, Py_ssize_t start, int size) except -1 nogil:
    cdef int first = data[start], at = 1
    if not first & 0x08 or first & 0x40:
        return False
    if not first & 0x20:
        return True
    if first & 0x80:
        if size < 2:
            return False
        at += 1 + (data[start + 1] >> 7)
    return at < size and not data[start + at] & 0x0E


cdef bint read_red(const uint8_t[::1] data, Py_ssize_t start, int size, Red* red) except -1 nogil:
    """Whether the payload is RED; `red` is filled then."""
    cdef int at = 0, i
    red.count = 0
    while True:
        if at >= size:
            return False
        if not data[start + at] & 0x80:
            at += 1
            break
        if at + 4 > size or red.count == MAX_BLOCKS:
            return False
        red.blocks[red.count].offset = data[start + at + 1] << 6 | data[start + at + 2] >> 2
        red.blocks[red.count].length = (data[start + at + 2] & 0x03) << 8 | data[start + at + 3]
        red.count += 1
        at += 4
    for i in range(red.count):
        red.blocks[i].at = at
        at += red.blocks[i].length
        if at > size:
            return False
    red.primary = at
    return True


cdef int elements(const uint8_t[::1] data, Py_ssize_t packet, int size, Walk* walk) except -1 nogil:
    """Begin to walk through the header extension of the packet at `packet`, whose header has `size` octets."""
    cdef Py_ssize_t here = packet + HEADER + 4 * (data[packet] & 0x0F)
    cdef int profile
    walk.at = walk.end = here
    walk.one_byte = False
    if data[packet] & 0x10:
        profile = data[here] << 8 | data[here + 1]
        walk.one_byte = profile == ONE_BYTE
        if walk.one_byte or profile & 0xFFF0 == TWO_BYTE:
            walk.at, walk.end = here + 4, packet + size
    return 0


cdef bint next_element(const uint8_t[::1] data, Walk* walk, Element* element) except -1 nogil:
    """Whether there is one more."""
    cdef int first
    cdef Py_ssize_t start
    while walk.at < walk.end:
        first = data[walk.at]
        if first == 0:
            walk.at += 1
            continue
        if walk.one_byte:
            element.identifier, element.length, start = first >> 4, (first & 0x0F) + 1, walk.at + 1
            if element.identifier == 15:
                return False
        else:
            if walk.at + 1 >= walk.end:
                return False
            element.identifier, element.length, start = first, data[walk.at + 1], walk.at + 2
        walk.at = start + element.length
        if walk.at > walk.end:
            return False
        element.start = <int>start
        if element.identifier:
            return True
    return False
