# SRTP with AES-GCM (RFC 7714) of what is sent, by OpenSSL itself; media/gcm.py says why.

ctypedef int (*CipherInit)(void*, const void*, void*, const uint8_t*, const uint8_t*, int) noexcept nogil
ctypedef int (*CipherUpdate)(void*, uint8_t*, int*, const uint8_t*, int) noexcept nogil
ctypedef int (*CipherFinal)(void*, uint8_t*, int*) noexcept nogil
ctypedef int (*CipherControl)(void*, int, int, void*) noexcept nogil

cdef enum:
    IV = 12
    TAG = 16
    GET_TAG = 0x10  # EVP_CTRL_AEAD_GET_TAG

cdef struct Gcm:
    CipherInit init
    CipherUpdate update
    CipherFinal final
    CipherControl control

cdef struct Sealer:
    void* context  # NULL: libsrtp protects
    uint8_t salt[IV]


cdef bint seal_gcm(const Gcm* gcm, const Sealer* sealer, uint8_t* packet, int header, int* length,
                   int64_t index) noexcept nogil:
    """Encrypt in place what lies behind the header, and put the tag behind it; the index has no wrap at 2**16."""
    cdef uint8_t iv[IV]
    cdef uint32_t rollover = <uint32_t>(index >> 16)
    cdef int i, done = 0
    iv[0] = iv[1] = 0
    memcpy(&iv[2], &packet[8], 4)  # the SSRC
    iv[6], iv[7], iv[8], iv[9] = rollover >> 24, rollover >> 16 & 255, rollover >> 8 & 255, rollover & 255
    memcpy(&iv[10], &packet[2], 2)  # the sequence number
    for i in range(IV):
        iv[i] ^= sealer.salt[i]
    if (gcm.init(sealer.context, NULL, NULL, NULL, iv, 1) != 1
            or gcm.update(sealer.context, NULL, &done, packet, header) != 1
            or gcm.update(sealer.context, packet + header, &done, packet + header, length[0] - header) != 1
            or gcm.final(sealer.context, packet + length[0], &done) != 1
            or gcm.control(sealer.context, GET_TAG, TAG, packet + length[0]) != 1):
        return False
    length[0] += TAG
    return True
