"""ICE-lite (RFC 8445 section 2.5): we only answer connectivity checks, and only those that prove our password.

The STUN codec is aioice's; it raises all sorts of exceptions on hostile bytes and does not insist on
MESSAGE-INTEGRITY, so this file is the one boundary where both are dealt with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aioice import stun

from media.errors import StunError

Address = tuple[str, int]

MAX_STUN = 1280  # a browser's check is below 200 bytes
COOKIE = b"\x21\x12\xa4\x42"  # RFC 8489 section 5
CONSENT = 30.0  # seconds, RFC 7675 section 5.1
KEPT = 75.0  # seconds for which a peer finds its transport again after its last check
MAX_ADDRESSES = 16  # per transport, as in the forwarder; the oldest gives way


@dataclass(frozen=True, slots=True)
class Credentials:
    """Our half of the ICE credentials (RFC 8839 section 5.4: at least 24 and 128 bits of randomness)."""

    ufrag: str
    pwd: str

    @classmethod
    def draw(cls, entropy: Callable[[int], bytes]) -> Credentials:
        return cls(entropy(8).hex(), entropy(16).hex())


@dataclass(frozen=True, slots=True)
class Check:
    """A binding request as it came in, not yet verified. `ufrag` is our half of its USERNAME."""

    message: Any
    ufrag: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verified check leads to: a reply to its address; perhaps the address is new (and pushes the oldest one
    out) or has just been nominated."""

    reply: bytes
    new: bool = False
    nominated: bool = False
    evicted: Address | None = None


def read_check(data: bytes) -> Check | None:
    """The binding request in a datagram; None for other STUN (indications, stray responses), which needs no answer.

    Raises StunError("stun_malformed") for everything that is not STUN or lacks USERNAME, and
    StunError("stun_bad_integrity") for a request without MESSAGE-INTEGRITY.
    """
    if not 20 <= len(data) <= MAX_STUN or data[4:8] != COOKIE:
        raise StunError("stun_malformed")
    try:
        message = stun.parse_message(data)
    except Exception as error:  # the parser leaks ValueError, struct.error, UnicodeDecodeError …
        raise StunError("stun_malformed") from error
    if message.message_method != stun.Method.BINDING or message.message_class != stun.Class.REQUEST:
        return None
    if len(message.attributes.get("MESSAGE-INTEGRITY", b"")) != 20:
        raise StunError("stun_bad_integrity")
    ufrag, colon, _theirs = message.attributes.get("USERNAME", "").partition(":")
    if not ufrag or not colon:
        raise StunError("stun_malformed")
    return Check(message, ufrag)


class Responder:
    """The ICE side of one transport: which addresses are verified, which one is nominated, when consent was given."""

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials
        self.addresses: dict[Address, None] = {}  # in order of their first check
        self.nominated: Address | None = None
        self.consented: float | None = None

    def receive(self, check: Check, address: Address, now: float) -> Verdict:
        """Verify a check and say what follows. Raises StunError: then nothing may be sent to the address."""
        if not check.message.check_message_integrity(self.credentials.pwd.encode()):
            raise StunError("stun_bad_integrity")
        if "ICE-CONTROLLED" in check.message.attributes:
            # Both ends controlled: the full agent must switch (RFC 8445 section 7.3.1.1); a lite one never does.
            return Verdict(self._conflict(check))
        new = address not in self.addresses
        evicted = None
        if new and len(self.addresses) >= MAX_ADDRESSES:
            evicted = next(old for old in self.addresses if old != self.nominated)
            del self.addresses[evicted]
        self.addresses[address] = None
        self.consented = now
        nominated = "USE-CANDIDATE" in check.message.attributes and address != self.nominated
        if nominated:
            self.nominated = address
        return Verdict(self._success(check, address), new, nominated, evicted)

    def consented_since(self, moment: float) -> bool:
        return self.consented is not None and self.consented >= moment

    def consent_expired(self, since: float, now: float, limit: float = CONSENT) -> bool:
        """True when no verified check came for `limit` seconds; `since` counts until the first one has come."""
        return now - (since if self.consented is None else self.consented) > limit

    def _success(self, check: Check, address: Address) -> bytes:
        return self._seal(check, stun.Class.RESPONSE, {"XOR-MAPPED-ADDRESS": address})

    def _conflict(self, check: Check) -> bytes:
        return self._seal(check, stun.Class.ERROR, {"ERROR-CODE": (487, "Role Conflict")})

    def _seal(self, check: Check, kind: stun.Class, attributes: dict[str, Any]) -> bytes:
        reply = stun.Message(stun.Method.BINDING, kind, check.message.transaction_id, attributes)
        reply.add_message_integrity(self.credentials.pwd.encode())
        return bytes(reply)
