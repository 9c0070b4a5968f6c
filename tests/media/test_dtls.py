"""DTLS between two of our own ends, in memory, on a clock that the tests move."""

import contextlib
import random
import time
from dataclasses import replace
from datetime import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL

from media.dtls import HANDSHAKE_LIMIT, HASHES, MTU, PROFILES, Association, Identity, digest
from media.endpoint import make_identity
from media.errors import DtlsError
from media.parameters import Fingerprint

SERVER, CLIENT = make_identity(), make_identity()


def pair() -> tuple[Association, Association]:
    server = Association(SERVER, False, [CLIENT.fingerprint])
    return server, Association(CLIENT, True, [SERVER.fingerprint])


def shake(server: Association, client: Association) -> float:
    """Exchange datagrams until both have keys; the seconds it took."""
    now = 0.0
    to_server, to_client = client.start(now), server.start(now)
    while now < HANDSHAKE_LIMIT:
        while to_server or to_client:
            for_server, to_server = to_server, []
            for data in for_server:
                assert len(data) <= MTU
                to_client += server.receive(data, now)
            for_client, to_client = to_client, []
            for data in for_client:
                assert len(data) <= MTU
                to_server += client.receive(data, now)
        if server.keys is not None and client.keys is not None:
            return now
        now += 0.05
        to_client += server.tick(now)
        to_server += client.tick(now)
    raise AssertionError("no keys")


def test_both_ends_get_the_same_keys_crosswise_and_gcm_128_is_chosen() -> None:
    server, client = pair()
    assert shake(server, client) == 0.0
    assert server.keys is not None
    assert client.keys is not None
    assert server.keys.profile == client.keys.profile == "SRTP_AEAD_AES_128_GCM"
    assert server.keys.receive == client.keys.send != server.keys.send == client.keys.receive
    assert len(server.keys.send) == sum(PROFILES["SRTP_AEAD_AES_128_GCM"])


@pytest.mark.parametrize("seed", range(8))
def test_lost_datagrams_are_repeated_until_the_handshake_is_done(seed: int) -> None:
    server, client = pair()
    chance = random.Random(seed)
    # The last flight may be lost as well; the server then is done and repeats it only when the client's OpenSSL,
    # which keeps its own time, asks again. So here only what comes before that is lost.
    dropped = 0
    now = 0.0
    to_server, to_client = client.start(now), []
    while client.keys is None:
        assert now < 10
        for_server, to_server = to_server, []
        for data in for_server:
            if dropped == 0 or (dropped < 6 and chance.random() < 0.5):
                dropped += 1
                continue
            to_client += server.receive(data, now)
        for_client, to_client = to_client, []
        for data in for_client:
            if dropped < 6 and server.keys is None and chance.random() < 0.5:
                dropped += 1
                continue
            to_server += client.receive(data, now)
        if not to_server and not to_client:
            now += 0.05
            to_server, to_client = client.tick(now), server.tick(now)
    assert server.keys is not None
    assert dropped > 0
    assert now > 0


def test_a_lost_last_flight_is_sent_again_when_the_client_asks_again() -> None:
    server, client = pair()
    to_server = client.start(0.0)
    while server.keys is None:
        to_client = [out for data in to_server for out in server.receive(data, 0.0)]
        if server.keys is None:
            to_server = [out for data in to_client for out in client.receive(data, 0.0)]
    assert client.keys is None  # `to_client`, the last flight, is lost here
    time.sleep(1.05)  # OpenSSL's own retransmission timer, which only the machine's clock moves
    for data in client.tick(0.1):
        for out in server.receive(data, 0.1):
            client.receive(out, 0.1)
    assert client.keys is not None


def test_a_peer_with_another_certificate_is_refused_before_its_keys_are_used() -> None:
    server = Association(SERVER, False, [SERVER.fingerprint])
    client = Association(CLIENT, True, [SERVER.fingerprint])
    with pytest.raises(DtlsError) as caught:
        shake(server, client)
    assert caught.value.reason == "fingerprint"
    assert server.keys is None


@pytest.mark.parametrize("algorithm", sorted(HASHES))
def test_fingerprints_of_three_hashes_are_understood(algorithm: str) -> None:
    certificate = _certificate(CLIENT)
    server = Association(SERVER, False, [Fingerprint(algorithm, digest(certificate, algorithm))])
    shake(server, Association(CLIENT, True, [SERVER.fingerprint]))
    assert server.keys is not None


def test_a_hash_that_is_broken_does_not_count_even_if_it_fits() -> None:
    sha1 = _certificate(CLIENT).fingerprint(hashes.SHA1()).hex(":").upper()
    server = Association(SERVER, False, [Fingerprint("sha-1", sha1)])
    with pytest.raises(DtlsError, match="fingerprint"):
        shake(server, Association(CLIENT, True, [SERVER.fingerprint]))


def _certificate(identity: Identity) -> x509.Certificate:
    stranger = Stranger(SERVER, True)
    stranger.meet(Association(identity, False, [SERVER.fingerprint]))
    certificate = stranger.ssl.get_peer_certificate(as_cryptography=True)
    assert certificate is not None
    return certificate


class Stranger:
    """OpenSSL as it is, for the other end."""

    def __init__(self, identity: Identity, active: bool) -> None:
        self.ssl = SSL.Connection(identity.context, None)
        self.ssl.set_ciphertext_mtu(MTU)
        if active:
            self.ssl.set_connect_state()
        else:
            self.ssl.set_accept_state()

    def step(self, datagrams: list[bytes]) -> list[bytes]:
        """Take a flight, give the next."""
        for data in datagrams:
            self.ssl.bio_write(data)
        with contextlib.suppress(SSL.WantReadError):
            self.ssl.do_handshake()
        return self.pending()

    def pending(self) -> list[bytes]:
        with contextlib.suppress(SSL.WantReadError):
            return [self.ssl.bio_read(65536)]
        return []

    def meet(self, ours: Association) -> list[bytes]:
        """Shake hands; what we said last."""
        said = ours.start(0.0)
        for _ in range(3):
            heard = self.step(said)
            said = [out for data in heard for out in ours.receive(data, 0.0)]
        self.step(said)
        assert ours.keys is not None
        return said


SUITES = [
    b"ECDHE-ECDSA-AES128-GCM-SHA256", b"ECDHE-ECDSA-AES256-GCM-SHA384", b"ECDHE-ECDSA-CHACHA20-POLY1305",
]  # fmt: skip


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("active", [False, True])
def test_after_openssl_is_let_go_both_ends_still_understand_a_goodbye(suite: bytes, active: bool) -> None:
    for ours_first in (True, False):
        theirs = make_identity()
        theirs.context.set_cipher_list(suite)
        ours, stranger = Association(SERVER, active, [theirs.fingerprint]), Stranger(theirs, not active)
        stranger.meet(ours)
        assert stranger.ssl.get_cipher_name() == suite.decode()
        if ours_first:
            [goodbye] = ours.close()
            stranger.ssl.bio_write(goodbye)
            with pytest.raises(SSL.ZeroReturnError):
                stranger.ssl.recv(100)
        else:
            stranger.ssl.shutdown()
            with pytest.raises(DtlsError) as caught:
                ours.receive(stranger.pending()[0], 1.0)
            assert caught.value.reason == "closed"
            assert ours.close() == []


def test_suites_with_more_state_than_keys_are_not_agreed() -> None:
    old = make_identity()
    old.context.set_cipher_list(b"ECDHE-ECDSA-AES128-SHA")
    with pytest.raises(DtlsError, match="no shared cipher"):
        shake(Association(SERVER, False, [old.fingerprint]), Association(old, True, [SERVER.fingerprint]))


def test_last_flight_is_repeated_to_whoever_repeats_his_and_never_more_than_he_sent() -> None:
    ours, stranger = Association(SERVER, False, [CLIENT.fingerprint]), Stranger(CLIENT, True)
    hello = stranger.step([])
    theirs = stranger.step([out for data in hello for out in ours.receive(data, 0.0)])
    last = [out for data in theirs for out in ours.receive(data, 0.0)]  # lost
    assert ours.keys is not None
    assert [out for data in theirs for out in ours.receive(data, 1.0)] == last
    record = b"\x16\xfe\xfd" + bytes(10)
    assert ours.receive(record, 1.0) == []
    answers = sum(bool(ours.receive(theirs[0], 2.0)) for _ in range(100))
    assert answers < 20
    stranger.step(last)
    assert stranger.ssl.get_cipher_name()
    with pytest.raises(SSL.WantReadError):  # the handshake is done
        stranger.ssl.recv(100)


def test_forged_goodbye_changes_nothing() -> None:
    ours, stranger = Association(SERVER, False, [CLIENT.fingerprint]), Stranger(CLIENT, True)
    stranger.meet(ours)
    stranger.ssl.shutdown()
    [goodbye] = stranger.pending()
    for at in range(len(goodbye)):
        assert ours.receive(goodbye[:at] + bytes([goodbye[at] ^ 1]) + goodbye[at + 1 :], 1.0) == []
    assert ours.receive(b"\x15\xfe\xfd" + bytes(8) + b"\0\2\2\x28", 1.0) == []  # a fatal alert in the clear
    assert ours.keys is not None


def test_a_handshake_that_nobody_answers_is_given_up() -> None:
    _server, client = pair()
    first = client.start(0.0)
    repeats = [client.tick(now / 10) for now in range(1, 300)]
    assert 5 < sum(map(bool, repeats)) < 40
    assert repeats[2] == first or repeats[1] == first
    with pytest.raises(DtlsError, match="too long"):
        client.tick(HANDSHAKE_LIMIT + 0.1)
    assert client.tick(HANDSHAKE_LIMIT + 0.2) == []


def test_goodbye_is_understood() -> None:
    server, client = pair()
    shake(server, client)
    [goodbye] = client.close()
    with pytest.raises(DtlsError) as caught:
        server.receive(goodbye, 1.0)
    assert caught.value.reason == "closed"
    assert server.close() == client.close() == []


@given(st.lists(st.binary(max_size=1500), max_size=10))
@settings(max_examples=60, deadline=None)
def test_garbage_disturbs_neither_a_handshake_nor_what_is_established(garbage: list[bytes]) -> None:
    server, client = pair()
    hello = client.start(0.0)
    for data in garbage:
        server.receive(b"\x16\xfe\xfd" + data, 0.0)
    replies = [out for data in hello for out in server.receive(data, 0.0)]
    flight = [out for data in replies for out in client.receive(data, 0.0)]
    for out in [out for data in flight for out in server.receive(data, 0.0)]:
        client.receive(out, 0.0)
    keys = server.keys
    assert keys is not None
    for data in garbage:
        server.receive(b"\x17\xfe\xfd" + data, 1.0)
        server.receive(b"\x15\xfe\xfd" + data, 1.0)
    assert server.keys == keys


def test_a_peer_that_only_knows_the_older_profile_is_served_too() -> None:
    other = make_identity()
    other.context.set_tlsext_use_srtp(b"SRTP_AES128_CM_SHA1_80")
    server = Association(SERVER, False, [other.fingerprint])
    shake(server, Association(other, True, [SERVER.fingerprint]))
    assert server.keys is not None
    assert server.keys.profile == "SRTP_AES128_CM_SHA1_80"
    assert len(server.keys.send) == 30


def test_a_flight_that_is_longer_than_a_datagram_is_cut_at_records() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "long")])
    names = x509.SubjectAlternativeName([x509.DNSName(f"name-{number}.example") for number in range(150)])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(datetime(2026, 1, 1)).not_valid_after(datetime(2036, 1, 1))
    long = Identity.make(key, builder.add_extension(names, False).sign(key, hashes.SHA256()))
    server = Association(long, False, [CLIENT.fingerprint])
    client = Association(CLIENT, True, [long.fingerprint])
    [hello] = client.start(0.0)
    flight = server.receive(hello, 0.0)
    assert len(flight) >= 3
    assert max(map(len, flight)) <= MTU
    assert len(flight) <= sum(map(len, flight)) // 600
    again = Association(CLIENT, True, [long.fingerprint])
    shake(Association(long, False, [CLIENT.fingerprint]), again)
    assert again.keys is not None


def test_a_client_without_certificate_is_refused() -> None:
    server = Association(SERVER, False, [CLIENT.fingerprint])
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_tlsext_use_srtp(b"SRTP_AEAD_AES_128_GCM")
    nameless = Association(replace(CLIENT, context=context), True, [SERVER.fingerprint])
    with pytest.raises(DtlsError):
        shake(server, nameless)
    assert server.keys is None
