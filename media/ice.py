"""ICE-lite (RFC 8445 section 2.5): we only answer connectivity checks, and only those that prove our password."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from media import stun
from media.errors import StunError

Address = tuple[str, int]

CONSENT = 30.0  # seconds, RFC 7675 section 5.1
GENERATIONS = 16  # restarts of the peer that are told from what is merely late
KEPT = 75.0  # seconds for which a peer finds its transport again after its last check
REMEMBERED = 125  # transactions in the first table, for which it has 16 bits each; every next one has twice as many
MOST_REMEMBERED = 2000
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
    """A binding request, not yet verified. `ufrag` is our half of its USERNAME."""

    request: stun.Request
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
    """The check in a datagram; None for STUN that needs no answer.

    Raises StunError: "stun_malformed", or "stun_bad_integrity" for a request without MESSAGE-INTEGRITY.
    """
    request = stun.read(data)
    if request is None:
        return None
    ufrag, colon, _theirs = request.username.partition(":")
    if not ufrag or not colon:
        raise StunError("stun_malformed")
    return Check(request, ufrag)


class Seen:
    """Which transactions were here before, of the last two to four thousand: some hours of a browser's checks.

    Three bits of a table for each, which may take one in fifty new ones for an old one; never an old one for new.
    Tables grow, for most peers do not stay for hours.
    """

    def __init__(self) -> None:
        self._tables = [bytearray(2 * REMEMBERED)]
        self._room = REMEMBERED

    def before(self, transaction: bytes) -> bool:
        """Whether this one was; it is remembered."""
        marks = struct.unpack_from("!III", transaction)
        found = any(all(_bit(table, mark) for mark in marks) for table in self._tables)
        if not self._room:
            self._grow()
        newest = self._tables[-1]
        for mark in marks:
            at = mark % (8 * len(newest))
            newest[at >> 3] |= 1 << (at & 7)
        self._room -= 1
        return found

    def _grow(self) -> None:
        size = min(2 * len(self._tables[-1]), 2 * MOST_REMEMBERED)
        if len(self._tables[-1]) == size:
            self._tables = self._tables[-1:]
        self._tables.append(bytearray(size))
        self._room = size // 2


def _bit(table: bytearray, number: int) -> int:
    at = number % (8 * len(table))
    return table[at >> 3] >> (at & 7) & 1


class Responder:
    """The ICE side of one transport: which addresses are verified, which one is nominated, when consent was given."""

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials
        self._password = credentials.pwd.encode()
        self.addresses: dict[Address, None] = {}  # in order of their first check
        self._generations: deque[str] = deque(maxlen=GENERATIONS)  # user names: theirs changes when they begin anew
        self.nominated: Address | None = None
        self.consented: float | None = None
        self._seen = Seen()

    def receive(self, check: Check, address: Address, now: float) -> Verdict:
        """Verify a check and say what follows. Raises StunError: then nothing may be sent to the address.

        A check that was here before proves nothing: whoever saw it pass could send it again. From an address that is
        known it is answered, for answers get lost; it moves nothing.
        """
        if not check.request.proven_by(self._password):
            raise StunError("stun_bad_integrity")
        if check.request.controlled:
            # Both ends controlled: the full agent must switch (RFC 8445 section 7.3.1.1); a lite one never does.
            return Verdict(stun.role_conflict(check.request, self._password))
        new = address not in self.addresses
        replayed = self._seen.before(check.request.transaction)
        if replayed and new:
            raise StunError("stun_replayed")
        if replayed:
            return Verdict(stun.success(check.request, address, self._password))
        evicted = None
        if new and len(self.addresses) >= MAX_ADDRESSES:
            evicted = next(old for old in self.addresses if old != self.nominated)
            del self.addresses[evicted]
        self.addresses[address] = None
        self.consented = now
        # Under a new user name the peer has begun anew: what it had is lost, and it will nominate the way that it finds
        # only a second or two after it has found it. Media need not wait for that.
        anew = self.nominated is not None and check.request.username not in self._generations
        if check.request.username not in self._generations:
            self._generations.append(check.request.username)
        nominated = (check.request.nominates or anew) and address != self.nominated
        if nominated:
            self.nominated = address
        return Verdict(stun.success(check.request, address, self._password), new, nominated, evicted)

    def consented_since(self, moment: float) -> bool:
        return self.consented is not None and self.consented >= moment

    def expires(self, since: float) -> float:
        """When consent ends unless a check comes before."""
        return (since if self.consented is None else self.consented) + CONSENT

    def consent_expired(self, since: float, now: float, limit: float = CONSENT) -> bool:
        """True when no verified check came for `limit` seconds; `since` counts until the first one has come."""
        return now - (since if self.consented is None else self.consented) > limit
