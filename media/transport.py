"""One ICE-lite + DTLS transport, up or down, and the port that all of an endpoint share. No I/O, no clock."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from media import dtls, ice
from media.admission import Admission
from media.errors import DtlsError, MediaError, StunError
from media.forwarder import TRANSPORTS, Forwarder
from media.ice import Address
from media.pace import Bucket
from media.parameters import Fingerprint, TransportParameters

MAX_TRANSPORTS = TRANSPORTS - 1  # one is for parking
GRIP = 10.0  # seconds without a check after which an address may go over to another transport
EARLY = 8  # DTLS datagrams kept while the answer with the peer's fingerprint is still on its way


NOTICES_A_SECOND, NOTICES_AT_ONCE = 200, 600
"""STUN, DTLS and RTCP datagrams of one peer that we look at; a busy browser sends about ten a second."""
WEIGHED = 256
"""Octets of a notice that count as one: what it costs to read grows with its length."""
KNOCKS_A_SECOND, KNOCKS_AT_ONCE = 100, 200
"""Checks from addresses that the peer has not proven yet. They have a bound of their own, for whoever has seen one pass
knows the ufrag: a flood of forged ones must not use up what the peer itself may say."""
SILENCE = 2.5
"""Seconds without a sign of life (browsers send reports and checks every second or two) that mean a cut line."""
AGAIN = 0.5
"""Seconds after the end of a cut when it is told once more: the line may have come back one way first."""
SETUP_LIMIT = 30.0
"""Seconds from the remote description to the keys."""


@dataclass(frozen=True, slots=True)
class Send:
    """A datagram for an address that has proven our ICE password."""

    data: bytes
    address: Address


@dataclass(frozen=True, slots=True)
class Bind:
    """Datagrams from this address belong to the transport from now on, and those from `evicted` no longer."""

    address: Address
    evicted: Address | None


@dataclass(frozen=True, slots=True)
class Target:
    """Media goes to this address from now on; None: nowhere, until there is another."""

    address: Address | None


@dataclass(frozen=True, slots=True)
class Ready:
    """The peer is who its SDP says; here are the keys. Comes once."""

    keys: dtls.Keys


@dataclass(frozen=True, slots=True)
class Ended:
    """The transport is over. reason as in media.events.Disconnected."""

    reason: str


Output = Send | Bind | Target | Ready | Ended


class Transport:
    """States: new, connected (keys handed out), closed (Ended handed out, or close() called).

    A connected transport whose peer has sent no check for ice.CONSENT seconds rests: nothing is sent to it. A check
    from wherever the peer is now (whoever knows our password; a lite agent has no use for the peer's own) wakes it with
    its keys and streams, until ice.KEPT seconds are over. So a cut or another network costs neither side a negotiation.
    """

    def __init__(
        self, number: int, room: str, participant: str, direction: str, session: str, credentials: ice.Credentials,
        identity: dtls.Identity, now: float,
    ) -> None:  # fmt: skip
        self.id = number
        self.room = room
        self.participant = participant
        self.payer = participant  # who answers for what it costs (media.admission)
        self.direction = direction
        self.session = session
        self.identity = identity
        self.connected = False
        self.closed = False
        self.remote: TransportParameters | None = None
        self._ice = ice.Responder(credentials)
        self._dtls: dtls.Association | None = None
        self._early: deque[tuple[bytes, Address]] = deque(maxlen=EARLY)
        self._dtls_address: Address | None = None
        self._since = now
        self._pace = Bucket(NOTICES_A_SECOND, NOTICES_AT_ONCE)
        self._knocks = Bucket(KNOCKS_A_SECOND, KNOCKS_AT_ONCE)
        self._heard_at = now
        self._again_at = math.inf
        self._moved = False  # what was sent to where the peer was is lost
        self._resting = False
        self._due = now  # nothing can be due before

    def admits(self, now: float, octets: int) -> bool:
        """Whether one more notice of this peer may cost us time; what is over the bound is its own loss."""
        return self._pace.take(now, weight(octets))

    def admits_check(self, address: Address, now: float) -> bool:
        """Likewise of a STUN request that names our ufrag, wherever it comes from."""
        return (self._pace if self.knows(address) else self._knocks).take(now)

    def knows(self, address: Address) -> bool:
        """Has the peer proven this address?"""
        return address in self._ice.addresses

    def silence(self, now: float) -> float:
        """Seconds since the last sign of life."""
        return now - self._heard_at

    def heard(self, now: float) -> bool:
        """Note a sign of life. True if it ends a silence that has cost pictures, or comes from another address than the
        last, and once more soon after."""
        cut = self._moved or now - self._heard_at > SILENCE
        self._heard_at, self._moved = now, False
        if self.connected and cut:
            self._again_at = now + AGAIN
            return True
        again = now >= self._again_at
        if again:
            self._again_at = math.inf
        return again

    @property
    def ufrag(self) -> str:
        return self._ice.credentials.ufrag

    def parameters(self, setup: str) -> TransportParameters:
        """Our end, as SDP announces it."""
        local = self._ice.credentials
        return TransportParameters(local.ufrag, local.pwd, (self.identity.fingerprint,), setup, lite=True)

    def start(self, remote: TransportParameters, active: bool, now: float) -> list[Output]:
        """The other end's SDP is here; `active`: we are the DTLS client. Called once."""
        self.remote = remote
        self._since = now
        self._dtls = dtls.Association(self.identity, active, remote.fingerprints)
        out: list[Output] = self._begin(now) if active and self._ice.nominated else []
        while self._early:
            out += self.datagram(*self._early.popleft(), now)
        return out

    def check(self, check: ice.Check, address: Address, now: float) -> list[Output]:
        """A STUN request that names our ufrag. Raises StunError: count it, answer nothing."""
        if self.closed:
            raise StunError("stun_unknown_user")
        verdict = self._ice.receive(check, address, now)
        # Bound before it hears that it is: its ClientHello may be back sooner than the next command.
        out: list[Output] = [Bind(address, verdict.evicted)] if verdict.new else []
        out.append(Send(verdict.reply, address))
        if verdict.nominated or self._resting:
            self._resting, self._due, self._moved = False, now, True
            out.append(Target(address))
            if not self.connected:
                out += self._begin(now)
        return out

    def holds(self, address: Address, now: float) -> bool:
        """Is the address in use here? Then no other transport may claim it, even with a good password: whoever can
        forge a source address could otherwise cut off a neighbour."""
        return not self.closed and address in self._ice.addresses and self._ice.consented_since(now - GRIP)

    def datagram(self, data: bytes, address: Address, now: float) -> list[Output]:
        """A DTLS datagram; dropped unless ICE has verified where it comes from."""
        if self.closed or address not in self._ice.addresses:
            return []
        if self._dtls is None:
            self._early.append((data, address))
            return []
        self._dtls_address = address
        return self._run(lambda association: association.receive(data, now))

    def tick(self, now: float) -> list[Output]:
        """Retransmissions and time limits."""
        if self.closed or now < self._due:
            return []
        if self.connected and not self._ice.consent_expired(self._since, now):
            self._due = self._ice.expires(self._since)
            return []
        if self._dtls is not None and self._ice.consent_expired(self._since, now):
            if not self.connected or self._ice.consent_expired(self._since, now, ice.KEPT):
                self.closed = True
                return [Ended("consent")]
            rests, self._resting = self._resting, True
            return [] if rests else [Target(None)]
        if self._dtls is not None and not self.connected and now - self._since > SETUP_LIMIT:
            self.closed = True  # ICE may go on for ever with an association that the peer has given up
            return [Ended("dtls")]
        return self._run(lambda association: association.tick(now))

    def close(self) -> list[Output]:
        """Say goodbye. The caller ends the transport; no Ended comes from here."""
        out = [] if self.closed else self._run(lambda association: association.close())
        self.closed = True
        return out

    def _begin(self, now: float) -> list[Output]:
        return self._run(lambda association: association.start(now))

    def _run(self, step: Callable[[dtls.Association], list[bytes]]) -> list[Output]:
        if self._dtls is None:
            return []
        try:
            datagrams = step(self._dtls)
        except DtlsError as error:
            self.closed = True
            return [*self._towards_peer(error.farewell), Ended(error.reason)]
        out = self._towards_peer(datagrams)
        if self._dtls.keys is not None and not self.connected:
            self.connected = True
            out.append(Ready(self._dtls.keys))
        return out

    def _towards_peer(self, datagrams: Sequence[bytes]) -> list[Output]:
        address = self._ice.nominated or self._dtls_address
        return [Send(data, address) for data in datagrams] if address is not None else []


class Port:
    """What the routers of one endpoint share: its forwarder, identity, addresses, numbers and table of transports.

    `entropy(n)` returns n unpredictable bytes. `candidates` are the (host, port) pairs announced in SDP.
    """

    def __init__(
        self, forwarder: Forwarder, identity: dtls.Identity, candidates: Sequence[Address],
        entropy: Callable[[int], bytes],
    ) -> None:  # fmt: skip
        self.forwarder = forwarder
        self.identity = identity
        self.candidates = tuple(candidates)
        self.entropy = entropy
        self.counters: Counter[str] = Counter()
        self._transports: dict[int, Transport] = {}
        self._by_ufrag: dict[str, Transport] = {}
        self._owners: dict[Address, Transport] = {}
        self._admission = Admission()
        self._last_transport = 0
        self._last_sink = 0
        self._parking: int | None = None

    def open(self, room: str, participant: str, direction: str, now: float) -> Transport:
        """A new transport, known to the forwarder. Raises MediaError("too_many")."""
        if len(self._transports) >= MAX_TRANSPORTS:
            raise MediaError("too_many", f"this port serves at most {MAX_TRANSPORTS} transports")
        self._last_transport += 1
        credentials = ice.Credentials.draw(self.entropy)
        session = self.entropy(16).hex()
        transport = Transport(
            self._last_transport, room, participant, direction, session, credentials, self.identity, now
        )
        self._transports[transport.id] = transport
        self._by_ufrag[transport.ufrag] = transport
        self.forwarder.open(transport.id)
        return transport

    def close(self, transport: Transport) -> None:
        """Forget a transport here and in the forwarder, after its goodbye is sent."""
        self.apply(transport, transport.close())
        if self._transports.pop(transport.id, None) is not None:
            del self._by_ufrag[transport.ufrag]
            self._owners = {address: owner for address, owner in self._owners.items() if owner is not transport}
            self.forwarder.close(transport.id)

    def admits(self, transport: Transport, now: float, octets: int) -> bool:
        """Whether one more notice may cost us time: of this peer, and of the person whose it is."""
        if not transport.admits(now, octets):
            return False
        return self._admission.person(transport.room, transport.payer, now, weight(octets))

    def admits_check(self, transport: Transport, address: Address, now: float) -> bool:
        """Likewise a check: of the person from where he has proven to be, else of the host, of whoever it is."""
        if not transport.admits_check(address, now):
            return False
        if transport.knows(address):
            return self._admission.person(transport.room, transport.payer, now, 1)
        return self._admission.host(address[0], now)

    def find(self, number: int) -> Transport | None:
        return self._transports.get(number)

    def asked(self, check: ice.Check, address: Address, now: float) -> Transport:
        """The transport that a STUN request is for. Raises StunError."""
        if not address[1]:
            raise StunError("stun_malformed")  # a forged packet may come from port 0, but nothing can be sent there
        transport = self._by_ufrag.get(check.ufrag)
        if transport is None:
            raise StunError("stun_unknown_user")
        owner = self._owners.get(address)
        if owner is not None and owner is not transport and owner.holds(address, now):
            raise StunError("stun_address_taken")
        return transport

    def transports(self) -> list[Transport]:
        return list(self._transports.values())

    def apply(self, transport: Transport, outputs: Sequence[Output]) -> None:
        """Carry out what concerns the forwarder; Ended is the router's."""
        for output in outputs:
            match output:
                case Send(data, address):
                    self.forwarder.send(data, address)
                case Bind(address, evicted):
                    self.forwarder.bind(transport.id, address)
                    self._owners[address] = transport
                    if evicted is not None and self._owners.get(evicted) is transport:
                        del self._owners[evicted]
                case Target(address):
                    self.forwarder.target(transport.id, address)
                case Ready(keys):
                    self.forwarder.keys(transport.id, *keys)

    def sink(self) -> int:
        """A fresh sink number."""
        self._last_sink += 1
        return self._last_sink

    def number(self, bits: int) -> int:
        """An unpredictable number of at most this many bits."""
        return int.from_bytes(self.entropy(4), "big") >> (32 - bits)

    def parking(self) -> tuple[int, int]:
        """(transport, ssrc) of a source that never sends.

        A sink whose publisher leaves is switched there, because ending it and starting another one with the same
        SSRC could repeat a sequence number, which AES-GCM does not forgive.
        """
        if self._parking is None:
            self._last_transport += 1
            self._parking = self._last_transport
            self.forwarder.open(self._parking)
            self.forwarder.source(self._parking, 1, clock_rate=90000, nack=False)
        return self._parking, 1


def weight(octets: int) -> int:
    """For how many notices one of this length counts."""
    return 1 + octets // WEIGHED


def dtls_role(setup: str) -> bool:
    """Are we the DTLS client? Only if the peer insists on being the server: as server we get to choose AES-GCM."""
    return setup == "passive"


def same_peer(one: TransportParameters, other: TransportParameters) -> bool:
    """Does a later description speak of the same association? Its ICE credentials may be new: a browser that looks for
    another way changes them without asking us."""
    return set[Fingerprint](one.fingerprints) == set[Fingerprint](other.fingerprints)
