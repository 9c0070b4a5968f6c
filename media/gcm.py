"""AES-GCM for outgoing SRTP (RFC 7714) without libsrtp.

libsrtp estimates the rollover counter of every packet and shifts a replay window; the native worker knows the whole
index of what it sends, so that all it needs is the cipher. That halves the cost of protecting a packet. The cipher is
Intel's library (media/ipsec_mb.py) where it is installed, which halves it again; else the OpenSSL inside pylibsrtp's
extension; where the extension keeps that to itself, libsrtp does it all.
"""

from __future__ import annotations

import ctypes
import functools
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pylibsrtp import _binding

from media import ipsec_mb

KEY_SIZES = {"SRTP_AEAD_AES_128_GCM": 16, "SRTP_AEAD_AES_256_GCM": 32}
SALT_SIZE = 12
_KEY_LABEL, _SALT_LABEL = 0, 2  # RFC 3711 section 4.3.2: of SRTP packets
_SET_IV_LENGTH = 9  # EVP_CTRL_AEAD_SET_IVLEN
_ADDRESS, _NUMBER = ctypes.c_void_p, ctypes.c_int


class OpenSsl(NamedTuple):
    """Addresses of EVP_CipherInit_ex, EVP_CipherUpdate, EVP_CipherFinal_ex and EVP_CIPHER_CTX_ctrl."""

    init: int
    update: int
    final: int
    control: int


class Sealing:
    """A key for sending, expanded, with its salt: for one of the two libraries, what is for the other is 0.

    `context`: OpenSSL's EVP_CIPHER_CTX, which only one thread may use; `key` and `encrypt`: addresses of ipsec_mb.Key.
    They are good as long as this lives.
    """

    def __init__(self, key: bytes, salt: bytes) -> None:
        self.salt = salt
        self.context = self.key = self.encrypt = 0
        self._context: _Context | None = None
        self._key: ipsec_mb.Key | None = None
        routines, library = ipsec_mb.find().get(len(key)), _library()
        if routines is not None:
            self._key = ipsec_mb.Key(key, routines)
            self.key, self.encrypt = self._key.address, routines.encrypt
        elif library is not None:
            self._context = _Context(library, key)
            self.context = self._context.address


class _Context:
    """An encryption context of OpenSSL with its key."""

    def __init__(self, library: ctypes.CDLL, key: bytes) -> None:
        self._free = _function(library, "EVP_CIPHER_CTX_free", None, _ADDRESS)
        self.address: int = _function(library, "EVP_CIPHER_CTX_new", _ADDRESS)() or 0
        init = _function(library, "EVP_CipherInit_ex", _NUMBER, *[_ADDRESS] * 3, ctypes.c_char_p, _ADDRESS, _NUMBER)
        control = _function(library, "EVP_CIPHER_CTX_ctrl", _NUMBER, _ADDRESS, _NUMBER, _NUMBER, _ADDRESS)
        cipher = _function(library, f"EVP_aes_{len(key) * 8}_gcm", _ADDRESS)()
        if (
            not self.address
            or init(self.address, cipher, None, None, None, 1) != 1
            or control(self.address, _SET_IV_LENGTH, SALT_SIZE, None) != 1
            or init(self.address, None, None, key, None, 1) != 1
        ):
            raise MemoryError

    def __del__(self) -> None:
        if getattr(self, "address", 0):
            self._free(self.address)


@functools.cache
def _library() -> ctypes.CDLL | None:
    library = ctypes.CDLL(_binding.__file__)
    return library if hasattr(library, "EVP_CipherInit_ex") and hasattr(library, "EVP_aes_256_gcm") else None


def find() -> OpenSsl | None:
    """OpenSSL's entry points."""
    library = _library()
    if library is None:
        return None
    names = "EVP_CipherInit_ex", "EVP_CipherUpdate", "EVP_CipherFinal_ex", "EVP_CIPHER_CTX_ctrl"
    return OpenSsl(*(ctypes.cast(getattr(library, name), _ADDRESS).value or 0 for name in names))


def provider() -> str:
    """Who encrypts what the native worker sends, as people know it."""
    return "ipsec-mb" if ipsec_mb.find() else "OpenSSL" if _library() is not None else "libsrtp"


def sealing(profile: str, master: bytes) -> Sealing | None:
    """For a master key and salt joined; None if it is libsrtp's to do."""
    size = KEY_SIZES.get(profile)
    if size is None or provider() == "libsrtp":
        return None
    key, salt = master[:size], master[size:]
    return Sealing(_derive(key, salt, _KEY_LABEL, size), _derive(key, salt, _SALT_LABEL, SALT_SIZE))


def _derive(key: bytes, salt: bytes, label: int, size: int) -> bytes:
    """RFC 3711 section 4.3.1 with a key derivation rate of 0; RFC 7714 section 11 fills the salt with zeros."""
    block = bytearray(salt + bytes(4))
    block[7] ^= label
    encryptor = Cipher(algorithms.AES(key), modes.CTR(bytes(block))).encryptor()
    return encryptor.update(bytes(size))


def _function(library: ctypes.CDLL, name: str, result: Any, *arguments: Any) -> Any:
    function = library[name]  # not the attribute, which all users of the library share
    function.restype, function.argtypes = result, arguments
    return function
