"""SRTP contexts (RFC 3711, RFC 7714) as a forwarding worker needs them, on the libsrtp inside pylibsrtp.

pylibsrtp's own protect() and unprotect() do not tell a replay from a forgery; the function pointers do, and
the native worker needs those anyway. The private names used are `_binding` and `Session._srtp`.
"""

from typing import NamedTuple

from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi, lib  # type: ignore[import-not-found]

RECEIVE_WINDOW = 1024  # packets
SEND_WINDOW = 128  # bounds only plain retransmissions, and libsrtp shifts all of it with every packet
_ROOM = 2048  # of the working buffer: a datagram and what protection adds to it
_REPLAYS = (9, 10)  # srtp_err_status_replay_fail, srtp_err_status_replay_old


class Profile(NamedTuple):
    number: int
    key_size: int  # master key and salt
    tag_size: int


PROFILES = {
    "SRTP_AEAD_AES_128_GCM": Profile(Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 28, 16),
    "SRTP_AEAD_AES_256_GCM": Profile(Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 44, 16),
    "SRTP_AES128_CM_SHA1_80": Profile(Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 30, 10),
}


class Refused(Exception):
    """libsrtp did not take the packet; `replay` if it had it before or the packet is older than the window."""

    def __init__(self, status: int) -> None:
        super().__init__(f"libsrtp status {status}")
        self.replay = status in _REPLAYS


class Cipher:
    """Both directions of one transport. Not thread-safe, as libsrtp is not.

    Sending the same index again is allowed (a retransmission has the same bytes); receiving it is not.
    """

    def __init__(self, profile: str, receive: bytes, send: bytes) -> None:
        known = PROFILES.get(profile)
        if known is None:
            raise ValueError(f"unknown SRTP profile: {profile}")
        for key in (receive, send):
            if len(key) != known.key_size:
                raise ValueError(f"{profile} wants {known.key_size} octets of key and salt, not {len(key)}")
        self.tag_size = known.tag_size
        self._receive = _session(known, receive, Policy.SSRC_ANY_INBOUND)
        self._send = _session(known, send, Policy.SSRC_ANY_OUTBOUND)
        self._buffer = ffi.new("unsigned char[]", _ROOM)
        self._length = ffi.new("int *")

    def pointers(self) -> tuple[int, int]:
        """The receiving and the sending `srtp_t`, good as long as this object lives."""
        return _address(self._receive._srtp[0]), _address(self._send._srtp[0])

    def protect(self, packet: bytes) -> bytes:
        return self._run(lib.srtp_protect, self._send, packet)

    def unprotect(self, packet: bytes) -> bytes:
        return self._run(lib.srtp_unprotect, self._receive, packet)

    def protect_rtcp(self, packet: bytes) -> bytes:
        return self._run(lib.srtp_protect_rtcp, self._send, packet)

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        return self._run(lib.srtp_unprotect_rtcp, self._receive, packet)

    def _run(self, function: object, session: Session, packet: bytes) -> bytes:
        if len(packet) > _ROOM - 148:  # SRTP_MAX_SRTCP_TRAILER_LEN
            raise ValueError("packet is too long for SRTP")
        ffi.memmove(self._buffer, packet, len(packet))
        self._length[0] = len(packet)
        status = function(session._srtp[0], self._buffer, self._length)  # type: ignore[operator]
        if status:
            raise Refused(status)
        return bytes(ffi.buffer(self._buffer, self._length[0]))


def entry_points() -> tuple[int, int, int, int]:
    """Addresses of srtp_protect, srtp_unprotect, srtp_protect_rtcp and srtp_unprotect_rtcp, callable from C."""
    protect, unprotect, protect_rtcp, unprotect_rtcp = (
        _address(ffi.addressof(lib, name))
        for name in ("srtp_protect", "srtp_unprotect", "srtp_protect_rtcp", "srtp_unprotect_rtcp")
    )
    return protect, unprotect, protect_rtcp, unprotect_rtcp


def _session(profile: Profile, key: bytes, direction: int) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=profile.number)
    outbound = direction == Policy.SSRC_ANY_OUTBOUND
    policy.window_size = SEND_WINDOW if outbound else RECEIVE_WINDOW
    policy.allow_repeat_tx = outbound
    return Session(policy)


def _address(pointer: object) -> int:
    return int(ffi.cast("uintptr_t", pointer))
