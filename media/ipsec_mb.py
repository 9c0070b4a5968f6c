"""AES-GCM by Intel's IPsec library (Debian: libipsec-mb1), where it is installed: one call a packet.

OpenSSL's EVP takes five calls for a packet and sets up its state anew in most of them; for packets of a thousand octets
that is as long as the encryption itself. The library is optional and taken only after it has given the right answers
here: what it makes is compared with `cryptography`'s before the first packet is sent.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LIBRARY = "libIPSec_MB.so.1"
OLDEST, TOO_NEW = 0x010000, 0x020000  # of imb_get_version(): 1.x, whose struct gcm_key_data we know to fit
KEY_DATA, ALIGNMENT = 1536, 64  # octets; struct gcm_key_data takes 1008
IV_SIZE, TAG_SIZE = 12, 16
# intel-ipsec-mb.h: IMB_FEATURE_*
_AESNI, _PCLMULQDQ, _SSE4_2, _AVX, _AVX2 = (1 << bit for bit in (1, 2, 4, 5, 6))
_AVX512 = sum(1 << bit for bit in range(7, 12))
_VAES = 1 << 12 | 1 << 13 | 1 << 16 | 1 << 18  # with VPCLMULQDQ, GFNI, BMI2
_SSE = _AESNI | _PCLMULQDQ | _SSE4_2
# The fastest first, as the library itself chooses.
_VARIANTS = {
    "vaes_avx512": _SSE | _AVX | _AVX2 | _AVX512 | _VAES,
    "avx512": _SSE | _AVX | _AVX2 | _AVX512,
    "avx_gen4": _SSE | _AVX | _AVX2,
    "avx_gen2": _SSE | _AVX,
    "sse": _SSE,
}
_LENGTHS = (0, 1, 15, 16, 17, 63, 64, 255, 256, 769, 1184, 1200, 1467)  # of the text; blocks of 16, by one, 16 and 48
_HEADERS = (8, 12, 16, 20, 24, 60)

_ADDRESS = ctypes.c_void_p
_ENCRYPT = ctypes.CFUNCTYPE(
    None, _ADDRESS, _ADDRESS, _ADDRESS, ctypes.c_char_p, ctypes.c_uint64, ctypes.c_char_p, ctypes.c_char_p,
    ctypes.c_uint64, _ADDRESS, ctypes.c_uint64,
)  # fmt: skip
_EXPAND = ctypes.CFUNCTYPE(None, ctypes.c_char_p, _ADDRESS)
_CONTEXT = 128  # octets; struct gcm_context_data takes 88


class Routines(NamedTuple):
    """Addresses of aes_gcm_enc_* and aes_gcm_pre_* for one size of key."""

    encrypt: int
    expand: int


class Key:
    """An expanded key. `address` is good as long as this lives."""

    def __init__(self, key: bytes, routines: Routines) -> None:
        self.encrypt = routines.encrypt
        self._room = ctypes.create_string_buffer(KEY_DATA + ALIGNMENT)
        self.address = -(-ctypes.addressof(self._room) // ALIGNMENT) * ALIGNMENT
        _EXPAND(routines.expand)(key, self.address)

    def __del__(self) -> None:
        if hasattr(self, "_room"):
            ctypes.memset(self._room, 0, len(self._room))


def encrypt(key: Key, iv: bytes, header: bytes, text: bytes) -> bytes:
    """The text encrypted, then the tag, as `AESGCM.encrypt` gives them."""
    sealed = ctypes.create_string_buffer(len(text) + TAG_SIZE)
    at = ctypes.addressof(sealed)
    context = ctypes.create_string_buffer(_CONTEXT)
    call: Any = _ENCRYPT(key.encrypt)
    call(key.address, context, at, text, len(text), iv, header, len(header), at + len(text), TAG_SIZE)
    return sealed.raw


@functools.cache
def find() -> dict[int, Routines]:
    """By octets of a key, 16 and 32; nothing where the library is missing, unknown, or not to be trusted."""
    try:
        library = ctypes.CDLL(LIBRARY)
        version, features = library.imb_get_version, library.imb_get_feature_flags
    except (OSError, AttributeError):
        return {}
    version.restype, features.restype = ctypes.c_uint, ctypes.c_uint64
    if not OLDEST <= version() < TOO_NEW:
        return {}
    offered = features()
    for variant, needed in _VARIANTS.items():
        if offered & needed == needed:
            try:
                found = {bits // 8: _routines(library, bits, variant) for bits in (128, 256)}
            except AttributeError:
                return {}
            return found if all(is_right(size, routines) for size, routines in found.items()) else {}
    return {}


def _routines(library: ctypes.CDLL, bits: int, variant: str) -> Routines:
    names = f"aes_gcm_enc_{bits}_{variant}", f"aes_gcm_pre_{bits}_{variant}"
    return Routines(*(ctypes.cast(getattr(library, name), _ADDRESS).value or 0 for name in names))


def is_right(size: int, routines: Routines) -> bool:
    """Do they give the known answers? Of every length of the last block, and of headers as RTP has them."""
    secret = bytes(range(1, size + 1))
    key, known = Key(secret, routines), AESGCM(secret)
    return all(
        encrypt(key, iv, header, text) == known.encrypt(iv, text, header)
        for turn, length in enumerate(_LENGTHS)
        for iv, header, text in ((bytes([turn]) * IV_SIZE, bytes(range(_HEADERS[turn % 6])), bytes(length)),)
    )
