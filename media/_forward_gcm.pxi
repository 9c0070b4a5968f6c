# SRTP with AES-GCM (RFC 7714) of what is sent, by OpenSSL or Intel's library; media/gcm.py says why.

ctypedef int (*CipherInit)(void*, const void*, void*, const uint8_t*, const uint8_t*, int) noexcept nogil
ctypedef int (*CipherUpdate)(void*, uint8_t*, int*, const uint8_t*, int) noexcept nogil
ctypedef int (*CipherFinal)(void*, uint8_t*, int*) noexcept nogil
ctypedef int (*CipherControl)(void*, int, int, void*) noexcept nogil
# key, context, out, in, its length, IV, header, its length, tag, its length
ctypedef void (*Encrypt)(const void*, void*, uint8_t*, const uint8_t*, uint64_t, const uint8_t*, const uint8_t*, uint64_t,
                         uint8_t*, uint64_t) noexcept nogil

cdef enum:
    IV = 12
    TAG = 16
    GET_TAG = 0x10  # EVP_CTRL_AEAD_GET_TAG
    IPSEC_CONTEXT = 16  # words; struct gcm_context_data takes 11
    KEY_LINES = 16  # cache lines of an expanded key

cdef struct Gcm:
    CipherInit init
    CipherUpdate update
    CipherFinal final
    CipherControl control

cdef struct Sealer:
    # Of OpenSSL the context, or of Intel's library the key and the routine; if both are NULL libsrtp protects.
    void* context
    void* key
    Encrypt encrypt
    uint8_t salt[IV]


cdef inline bint seals(const Sealer* sealer) noexcept nogil:
    return sealer.key != NULL or sealer.context != NULL


cdef bint seal_gcm(const Gcm* gcm, const Sealer* sealer, uint8_t* packet, int header, const uint8_t* body, int* length,
                   int64_t index) noexcept nogil:
    """Encrypt the body to behind the header, and put the tag behind it. `length`: of both, then of all. The body may be
    there already. The index has no wrap at 2**16."""
    cdef uint8_t iv[IV]
    cdef uint64_t context[IPSEC_CONTEXT]
    cdef uint32_t rollover = <uint32_t>(index >> 16)
    cdef int i, done = 0, octets = length[0] - header
    iv[0] = iv[1] = 0
    memcpy(&iv[2], &packet[8], 4)  # the SSRC
    iv[6], iv[7], iv[8], iv[9] = rollover >> 24, rollover >> 16 & 255, rollover >> 8 & 255, rollover & 255
    memcpy(&iv[10], &packet[2], 2)  # the sequence number
    for i in range(IV):
        iv[i] ^= sealer.salt[i]
    if sealer.key != NULL:
        sealer.encrypt(sealer.key, context, packet + header, body, octets, iv, packet, header, packet + length[0], TAG)
    elif (gcm.init(sealer.context, NULL, NULL, NULL, iv, 1) != 1
            or gcm.update(sealer.context, NULL, &done, packet, header) != 1
            or gcm.update(sealer.context, packet + header, &done, body, octets) != 1
            or gcm.final(sealer.context, packet + length[0], &done) != 1
            or gcm.control(sealer.context, GET_TAG, TAG, packet + length[0]) != 1):
        return False
    length[0] += TAG
    return True


cdef inline void expect_key(const Sealer* sealer) noexcept nogil:
    """The key is needed soon."""
    cdef int i
    if sealer.key != NULL:
        for i in range(KEY_LINES):
            prefetch(<const uint8_t*>sealer.key + 64 * i)
