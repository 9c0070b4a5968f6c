"""DTLS 1.2 with the use_srtp extension (RFC 5764) over memory: bytes and `now` in, datagrams and keys out.

Two clocks retransmit a lost flight. Ours runs on `now` and repeats the flight as it was, which is what helps when the
datagrams never arrived, and much sooner than OpenSSL's first second. OpenSSL's own timer runs on the machine's
clock and writes new records, which is what helps when the peer has had our flight and its answer was lost (a repeated
record would be taken for a replay). Once there are keys OpenSSL has done its part and is let go (media/epilogue.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from media.epilogue import Epilogue, Secrets
from media.errors import DtlsError
from media.parameters import Fingerprint

MTU = 1200  # bytes of UDP payload; fits every path that carries WebRTC
MAX_DATAGRAM = 4096
FIRST_REPEAT = 0.25  # seconds
LAST_REPEAT = 2.0
HANDSHAKE_LIMIT = 30.0
DTLS1_2 = 0xFEFD
HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha-256": hashes.SHA256,
    "sha-384": hashes.SHA384,
    "sha-512": hashes.SHA512,
}
# name: (key bytes, salt bytes), RFC 7714 section 12 and RFC 5764 section 4.1.2, cheapest for us first
PROFILES = {
    "SRTP_AEAD_AES_128_GCM": (16, 12),
    "SRTP_AEAD_AES_256_GCM": (32, 12),
    "SRTP_AES128_CM_SHA1_80": (16, 14),
}
CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    b"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384"
)  # of AEAD only: every browser has them, and what is left to say after the handshake needs no other state then


class Keys(NamedTuple):
    """SRTP master key || salt for each direction, and the OpenSSL name of the profile."""

    profile: str
    receive: bytes
    send: bytes


@dataclass(frozen=True, slots=True)
class Identity:
    """A P-256 key with its certificate, and what follows from them. One serves a whole endpoint."""

    context: SSL.Context
    fingerprint: Fingerprint

    @classmethod
    def make(cls, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> Identity:
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_min_proto_version(DTLS1_2)
        context.set_max_proto_version(DTLS1_2)
        context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_QUERY_MTU | SSL.OP_NO_RENEGOTIATION)
        # Self-signed certificates on both sides: trust comes from the fingerprint in the SDP, checked below.
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        context.use_certificate(certificate)
        context.use_privatekey(key)
        context.set_cipher_list(CIPHERS)
        context.set_tlsext_use_srtp(":".join(PROFILES).encode())
        return cls(context, Fingerprint("sha-256", digest(certificate, "sha-256")))


def digest(certificate: x509.Certificate, algorithm: str) -> str:
    """Hash of a certificate as SDP writes it (RFC 8122 section 5)."""
    return certificate.fingerprint(HASHES[algorithm]()).hex(":").upper()


class Association:
    """One DTLS association with one peer, of whom only the certificate's fingerprint is known."""

    def __init__(self, identity: Identity, active: bool, fingerprints: Sequence[Fingerprint]) -> None:
        self.keys: Keys | None = None
        self._active = active
        self._fingerprints = fingerprints
        self._epilogue: Epilogue | None = None
        self._ssl = SSL.Connection(identity.context, None)
        self._ssl.set_ciphertext_mtu(MTU)
        if active:
            self._ssl.set_connect_state()
        else:
            self._ssl.set_accept_state()
        self._flight: list[bytes] = []
        self._wait = FIRST_REPEAT
        self._repeat_at: float | None = None
        self._started: float | None = None
        self._over = False

    def start(self, now: float) -> list[bytes]:
        """Active side: the ClientHello. Passive side: nothing yet."""
        return self._handshake(now) if self._active else []

    def receive(self, data: bytes, now: float) -> list[bytes]:
        """Take one datagram; return the datagrams to send back. `keys` is set once the peer is proven.

        Raises DtlsError when the association is over.
        """
        if self._over or not 13 <= len(data) <= MAX_DATAGRAM:
            return []
        if self._epilogue is not None:
            return self._hear(self._epilogue, data)
        try:
            self._ssl.bio_write(data)
        except SSL.Error as error:
            raise self._failed("dtls", error) from error
        return self._handshake(now)

    def tick(self, now: float) -> list[bytes]:
        """Repeat what seems lost. Raises DtlsError when the handshake takes too long."""
        if self._over or self.keys is not None or self._started is None:
            return []
        if now - self._started > HANDSHAKE_LIMIT:
            raise self._failed("dtls", "handshake took too long")
        remaining = self._ssl.DTLSv1_get_timeout()
        if remaining is not None and remaining <= 0:
            try:
                self._ssl.DTLSv1_handle_timeout()
            except SSL.Error as error:
                raise self._failed("dtls", error) from error
            fresh = self._drain()
            if fresh:
                self._arm(fresh, now)
                return fresh
        if self._repeat_at is None or now < self._repeat_at:
            return []
        self._wait = min(self._wait * 2, LAST_REPEAT)
        self._repeat_at = now + self._wait
        return list(self._flight)

    def close(self) -> list[bytes]:
        """The close_notify alert, when there is somebody to tell."""
        if self._over or self._epilogue is None:
            return []
        self._over = True
        return self._epilogue.close()

    def _hear(self, epilogue: Epilogue, data: bytes) -> list[bytes]:
        try:
            return epilogue.receive(data)
        except DtlsError:
            self._over = True
            self.keys = None
            raise

    def _handshake(self, now: float) -> list[bytes]:
        if self._started is None:
            self._started = now
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            out = self._drain()
            if out:
                self._wait = FIRST_REPEAT
                self._arm(out, now)
            return out
        except SSL.Error as error:
            raise self._failed("dtls", error) from error
        self._prove()
        self._repeat_at = None
        last = self._read()
        self._epilogue = Epilogue(self._secrets(), self._active, last)
        self._flight = []
        del self._ssl
        return last

    def _secrets(self) -> Secrets:
        master, client, server = self._ssl.master_key(), self._ssl.client_random(), self._ssl.server_random()
        return Secrets(self._ssl.get_cipher_name() or "", master or b"", client or b"", server or b"")

    def _prove(self) -> None:
        certificate = self._ssl.get_peer_certificate(as_cryptography=True)
        known = [item for item in self._fingerprints if item.algorithm in HASHES]
        if certificate is None or not any(digest(certificate, item.algorithm) == item.value for item in known):
            raise self._failed("fingerprint", "the peer's certificate is not the one announced in its SDP")
        profile = self._ssl.get_selected_srtp_profile().decode()
        if profile not in PROFILES:
            raise self._failed("dtls", "no SRTP profile in common")
        key, salt = PROFILES[profile]
        material = self._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        salts = material[2 * key :]
        client = material[:key] + salts[:salt]
        server = material[key : 2 * key] + salts[salt:]
        self.keys = Keys(profile, server, client) if self._active else Keys(profile, client, server)

    def _read(self) -> list[bytes]:
        """What came with the end of the handshake. Application data has no meaning here."""
        try:
            while True:
                self._ssl.recv(MAX_DATAGRAM)
        except SSL.WantReadError:
            return self._drain()
        except SSL.ZeroReturnError as error:
            raise self._failed("closed", "close_notify") from error
        except SSL.Error as error:
            raise self._failed("dtls", error) from error

    def _failed(self, reason: str, detail: object) -> DtlsError:
        self._over = True
        self.keys = None
        with contextlib.suppress(SSL.Error):
            self._ssl.shutdown()  # in mid-handshake there is nothing to shut down; OpenSSL has written its alert
        return DtlsError(reason, str(detail), tuple(self._drain()))

    def _arm(self, flight: list[bytes], now: float) -> None:
        self._flight = flight
        self._repeat_at = now + self._wait

    def _drain(self) -> list[bytes]:
        """What OpenSSL wants sent. The memory BIO forgets where a datagram ended, so pack whole records again."""
        try:
            stream = self._ssl.bio_read(65536)
        except SSL.Error:
            return []
        datagrams: list[bytes] = []
        start = end = 0
        while end + 13 <= len(stream):
            length = 13 + int.from_bytes(stream[end + 11 : end + 13], "big")
            if end > start and end + length - start > MTU:
                datagrams.append(stream[start:end])
                start = end
            end += length
        if end > start:
            datagrams.append(stream[start:end])
        return datagrams
