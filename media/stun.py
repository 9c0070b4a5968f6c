"""STUN binding requests and the answers to them (RFC 8489), and nothing else of STUN.

Browsers ask for consent every few seconds for as long as a meeting lasts (RFC 7675), so this must be cheap: aioice's
codec, which the tests compare this one with, takes several times as long.
"""

from __future__ import annotations

import hmac
import ipaddress
import struct
import zlib
from dataclasses import dataclass

from media.errors import StunError

COOKIE = 0x2112A442  # RFC 8489 section 5
MAX_SIZE = 1280  # a browser's check is below 200 octets
HEADER_SIZE = 20
REQUEST, SUCCESS, ERROR = 0x0001, 0x0101, 0x0111  # of the method Binding
_USERNAME, _INTEGRITY, _ERROR_CODE, _XOR_MAPPED_ADDRESS = 0x0006, 0x0008, 0x0009, 0x0020
_USE_CANDIDATE, _CONTROLLED, _FINGERPRINT = 0x0025, 0x8029, 0x8028  # RFC 8445 section 16.1
_INTEGRITY_SIZE, _FINGERPRINT_SIZE = 20, 4
_FINGERPRINT_XOR = 0x5354554E


@dataclass(frozen=True, slots=True)
class Request:
    """A binding request as it came in, its integrity not yet checked.

    `protected` is what MESSAGE-INTEGRITY covers, with the length that the header must have had when it was made.
    """

    transaction: bytes
    username: str
    nominates: bool
    controlled: bool
    integrity: bytes
    protected: bytes

    def proven_by(self, password: bytes) -> bool:
        return hmac.compare_digest(hmac.digest(password, self.protected, "sha1"), self.integrity)


def read(data: bytes) -> Request | None:
    """The binding request in a datagram; None for other STUN (indications, stray responses), which needs no answer.

    Raises StunError("stun_malformed") for everything that is not STUN or lacks USERNAME, and
    StunError("stun_bad_integrity") for a request without MESSAGE-INTEGRITY.
    """
    if not HEADER_SIZE <= len(data) <= MAX_SIZE:
        raise StunError("stun_malformed")
    kind, length, cookie = struct.unpack_from("!HHI", data)
    if cookie != COOKIE or kind & 0xC000 or length + HEADER_SIZE != len(data) or length % 4:
        raise StunError("stun_malformed")
    if kind != REQUEST:
        return None
    username: str | None = None
    nominates = controlled = False
    at = HEADER_SIZE
    while at < len(data):
        attribute, value = _attribute(data, at)
        if attribute == _USERNAME and username is None:
            username = _text(value)
        elif attribute == _USE_CANDIDATE:
            nominates = True
        elif attribute == _CONTROLLED:
            controlled = True
        elif attribute == _INTEGRITY:
            return _request(data, at, value, username, nominates, controlled)
        at += 4 + (len(value) + 3 & ~3)
    raise StunError("stun_bad_integrity")


def _attribute(data: bytes, at: int) -> tuple[int, bytes]:
    attribute, length = struct.unpack_from("!HH", data, at)
    if at + 4 + length > len(data):
        raise StunError("stun_malformed")
    return attribute, data[at + 4 : at + 4 + length]


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise StunError("stun_malformed") from None


def _request(
    data: bytes, at: int, integrity: bytes, username: str | None, nominates: bool, controlled: bool
) -> Request:
    """The request whose MESSAGE-INTEGRITY stands at `at`: what comes after it proves nothing (section 14.5), but a
    FINGERPRINT there must be right."""
    if len(integrity) != _INTEGRITY_SIZE:
        raise StunError("stun_bad_integrity")
    if username is None:
        raise StunError("stun_malformed")
    end = at + 4 + _INTEGRITY_SIZE
    if end < len(data):
        attribute, value = _attribute(data, end)
        # The header's length is what the sender's checksum covered, if FINGERPRINT comes last, as it must.
        if attribute == _FINGERPRINT and value != _fingerprint(data[:end]):
            raise StunError("stun_malformed")
    protected = data[:2] + struct.pack("!H", end - HEADER_SIZE) + data[4:at]
    return Request(data[8:20], username, nominates, controlled, integrity, protected)


def success(request: Request, address: tuple[str, int], password: bytes) -> bytes:
    """Tell the sender its (numeric) address as we see it (section 14.2)."""
    host, port = address[0], address[1] ^ COOKIE >> 16
    if ":" in host:
        mask = COOKIE << 96 | int.from_bytes(request.transaction, "big")
        value = struct.pack("!HH", 2, port) + (int(ipaddress.IPv6Address(host)) ^ mask).to_bytes(16, "big")
    else:
        packed = int.from_bytes(bytes(map(int, host.split("."))), "big")
        value = struct.pack("!HHI", 1, port, packed ^ COOKIE)
    return _sealed(SUCCESS, request.transaction, struct.pack("!HH", _XOR_MAPPED_ADDRESS, len(value)) + value, password)


def role_conflict(request: Request, password: bytes) -> bytes:
    """Both ends say that they are controlled (RFC 8445 section 7.3.1.1)."""
    reason = b"Role Conflict"
    value = struct.pack("!HBB", 0, 4, 87) + reason
    body = struct.pack("!HH", _ERROR_CODE, len(value)) + value + bytes(-len(value) % 4)
    return _sealed(ERROR, request.transaction, body, password)


def _sealed(kind: int, transaction: bytes, body: bytes, password: bytes) -> bytes:
    size = len(body) + 4 + _INTEGRITY_SIZE
    data = struct.pack("!HHI", kind, size, COOKIE) + transaction + body
    data += struct.pack("!HH", _INTEGRITY, _INTEGRITY_SIZE) + hmac.digest(password, data, "sha1")
    data = data[:2] + struct.pack("!H", size + 4 + _FINGERPRINT_SIZE) + data[4:]
    checksum = struct.pack("!I", zlib.crc32(data) ^ _FINGERPRINT_XOR)
    return data + struct.pack("!HH", _FINGERPRINT, _FINGERPRINT_SIZE) + checksum


def _fingerprint(covered: bytes) -> bytes:
    """The value of a FINGERPRINT that ends the message after these octets (section 14.7)."""
    size = len(covered) - HEADER_SIZE + 4 + _FINGERPRINT_SIZE
    data = covered[:2] + struct.pack("!H", size) + covered[4:]
    return struct.pack("!I", zlib.crc32(data) ^ _FINGERPRINT_XOR)
