"""What a DTLS 1.2 association still says and hears once its keys are exported: the last flight again, and goodbye.

Media does not go through DTLS, so all that an association is kept for after the handshake is a few octets that may be
lost. OpenSSL holds 70 kB for each; this holds two keys and the flight. Only AEAD suites are agreed, whose records need
no other state (RFC 5288, RFC 7905; RFC 6347 for the records).
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from media.errors import DtlsError

ALERT, HANDSHAKE = 21, 22
WARNING, FATAL, CLOSE_NOTIFY = 1, 2, 0
_VERSION = 0xFEFD
_HEADER = struct.Struct("!BHQH")  # type, version, epoch and sequence number, length
_EPOCH = 1 << 48  # the first one that is encrypted
_FAR = 1 << 40
"""Our goodbye's sequence number. OpenSSL has counted some records in this epoch, never so many; none may come twice."""
_TAG = 16
AGAIN = 16  # times that the last flight is sent again at most


class Secrets(NamedTuple):
    """What the handshake has agreed on; `cipher` by OpenSSL's name."""

    cipher: str
    master: bytes
    client_random: bytes
    server_random: bytes


class _Record(NamedTuple):
    kind: int
    number: int  # epoch and sequence number, 64 bits
    header: bytes
    body: bytes


class _Side:
    """The encryption of one direction, which is hardly ever needed: the cipher is made when it is."""

    def __init__(self, cipher: str, key: bytes, salt: bytes) -> None:
        self._cipher, self._key, self._salt = cipher, key, salt

    @property
    def _aead(self) -> ChaCha20Poly1305 | AESGCM:
        return (ChaCha20Poly1305 if "CHACHA20" in self._cipher else AESGCM)(self._key)

    def seal(self, kind: int, number: int, text: bytes) -> bytes:
        """A whole record."""
        explicit, nonce = self._nonce(number, struct.pack("!Q", number))
        body = explicit + self._aead.encrypt(nonce, text, _associated(kind, number, len(text)))
        return _HEADER.pack(kind, _VERSION, number, len(body)) + body

    def open(self, record: _Record) -> bytes | None:
        """The text, or None if it is not the peer's."""
        explicit, nonce = self._nonce(record.number, record.body[:8])
        sealed = record.body[len(explicit) :]
        if len(sealed) < _TAG:
            return None
        try:
            return self._aead.decrypt(nonce, sealed, _associated(record.kind, record.number, len(sealed) - _TAG))
        except InvalidTag:
            return None

    def _nonce(self, number: int, explicit: bytes) -> tuple[bytes, bytes]:
        """(what stands before the text, nonce)."""
        if len(self._salt) == 4:  # AES-GCM, RFC 5288 section 3
            return explicit, self._salt + explicit
        return b"", (int.from_bytes(self._salt, "big") ^ number).to_bytes(12, "big")


class Epilogue:
    """`flight`: what we sent last, if the handshake ended with us; the peer may not have had it."""

    def __init__(self, secrets: Secrets, active: bool, flight: Sequence[bytes]) -> None:
        client, server = _sides(secrets)
        self._ours, self._theirs = (client, server) if active else (server, client)
        self._flight = list(flight) if not active else []
        self._again = AGAIN
        self._closed = False

    def receive(self, data: bytes) -> list[bytes]:
        """Take a datagram; the datagrams to send back. Raises DtlsError when the peer has said that it is over.

        A peer whose handshake is not complete repeats its flight, and gets ours again as it was: it has not had it, so
        it is no replay. That is never more than it has sent.
        """
        repeated = False
        for record in _records(data):
            if record.kind == ALERT and record.number >> 48 == 1:
                self._hear(self._theirs.open(record))
            repeated = repeated or (record.kind == HANDSHAKE and record.number < _EPOCH)
        if not repeated or not self._again or len(data) < sum(map(len, self._flight)):
            return []
        self._again -= 1
        return list(self._flight)

    def close(self) -> list[bytes]:
        """The close_notify alert, once."""
        if self._closed:
            return []
        self._closed = True
        return [self._ours.seal(ALERT, _EPOCH + _FAR, bytes((WARNING, CLOSE_NOTIFY)))]

    def _hear(self, alert: bytes | None) -> None:
        if alert is None or len(alert) != 2:
            return
        level, description = alert
        if description == CLOSE_NOTIFY:
            raise DtlsError("closed", "close_notify", tuple(self.close()))
        if level == FATAL:
            raise DtlsError("dtls", f"alert {description}")


def _records(data: bytes) -> Iterator[_Record]:
    """Those of DTLS 1.2, up to the first that is not whole."""
    at = 0
    while at + _HEADER.size <= len(data):
        kind, version, number, length = _HEADER.unpack_from(data, at)
        end = at + _HEADER.size + length
        if version != _VERSION or end > len(data):
            return
        yield _Record(kind, number, data[at : at + _HEADER.size], data[at + _HEADER.size : end])
        at = end


def _associated(kind: int, number: int, length: int) -> bytes:
    """RFC 5246 section 6.2.3.3."""
    return struct.pack("!QBHH", number, kind, _VERSION, length)


def _sides(secrets: Secrets) -> tuple[_Side, _Side]:
    """The client's and the server's, RFC 5246 section 6.3."""
    cipher = secrets.cipher
    key = 16 if "AES128" in cipher else 32
    salt = 12 if "CHACHA20" in cipher else 4
    digest = "sha384" if cipher.endswith("SHA384") else "sha256"
    seed = b"key expansion" + secrets.server_random + secrets.client_random
    block = _expand(secrets.master, seed, 2 * (key + salt), digest)
    salts = block[2 * key :]
    return _Side(cipher, block[:key], salts[:salt]), _Side(cipher, block[key : 2 * key], salts[salt:])


def _expand(secret: bytes, seed: bytes, size: int, digest: str) -> bytes:
    """P_hash, RFC 5246 section 5."""
    made, turn = b"", seed
    while len(made) < size:
        turn = hmac.digest(secret, turn, digest)
        made += hmac.digest(secret, turn + seed, digest)
    return made[:size]
