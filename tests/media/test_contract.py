"""What we lean on in other people's packages: if an upgrade changes one of these, this file says so first."""

import inspect

import pytest
from aioice import stun
from OpenSSL import SSL

from media.dtls import PROFILES
from media.endpoint import make_identity

KEY = b"a-password-of-24-letters"


def signed() -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, bytes(12))
    message.attributes["USERNAME"] = "ours:theirs"
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(KEY)
    return bytes(message)


def test_stun_names_the_attributes_as_we_do() -> None:
    message = stun.parse_message(signed())
    assert message.attributes["USERNAME"] == "ours:theirs"
    assert "USE-CANDIDATE" in message.attributes
    assert len(message.attributes["MESSAGE-INTEGRITY"]) == 20
    assert message.transaction_id == bytes(12)
    assert (message.message_method, message.message_class) == (stun.Method.BINDING, stun.Class.REQUEST)


def test_stun_integrity_is_checked_after_parsing_and_without_the_attribute_it_fails() -> None:
    assert stun.parse_message(signed()).check_message_integrity(KEY)
    assert not stun.parse_message(signed()).check_message_integrity(b"another")
    bare = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, bytes(12), {"USERNAME": "ours:theirs"})
    assert not stun.parse_message(bytes(bare)).check_message_integrity(KEY)


def test_stun_does_not_trust_what_follows_the_integrity() -> None:
    plain = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, bytes(12), {"USERNAME": "ours:theirs"})
    plain.add_message_integrity(KEY)
    appended = bytes(plain)[:-8] + bytes.fromhex("0025 0000")
    appended = appended[:2] + (len(appended) - 20).to_bytes(2, "big") + appended[4:]
    assert "USE-CANDIDATE" not in stun.parse_message(appended).attributes


def test_stun_writes_an_address_and_an_error() -> None:
    reply = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, bytes(12), {"XOR-MAPPED-ADDRESS": ("192.0.2.1", 5)})
    assert stun.parse_message(bytes(reply)).attributes["XOR-MAPPED-ADDRESS"] == ("192.0.2.1", 5)
    error = stun.Message(stun.Method.BINDING, stun.Class.ERROR, bytes(12), {"ERROR-CODE": (487, "Role Conflict")})
    assert stun.parse_message(bytes(error)).error_code == 487


@pytest.mark.parametrize(
    "name",
    [
        "bio_write", "bio_read", "do_handshake", "DTLSv1_get_timeout", "DTLSv1_handle_timeout", "set_ciphertext_mtu",
        "get_selected_srtp_profile", "export_keying_material", "set_accept_state", "set_connect_state", "shutdown",
    ],
)  # fmt: skip
def test_the_dtls_connection_has_what_we_call(name: str) -> None:
    assert callable(getattr(SSL.Connection, name))


def test_the_peer_certificate_can_be_had_as_cryptographys() -> None:
    assert "as_cryptography" in inspect.signature(SSL.Connection.get_peer_certificate).parameters


def test_every_srtp_profile_of_ours_is_known_to_openssl() -> None:
    for profile in PROFILES:
        make_identity().context.set_tlsext_use_srtp(profile.encode())
    with pytest.raises(SSL.Error):
        make_identity().context.set_tlsext_use_srtp(b"SRTP_NO_SUCH_PROFILE")


def test_exceptions_of_openssl_have_one_root() -> None:
    for error in (SSL.WantReadError, SSL.ZeroReturnError, SSL.SysCallError):
        assert issubclass(error, SSL.Error)


def test_a_memory_connection_wants_to_read_and_has_records_to_send() -> None:
    connection = SSL.Connection(make_identity().context, None)
    connection.set_ciphertext_mtu(1200)
    connection.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        connection.do_handshake()
    hello = connection.bio_read(65536)
    assert hello[:3] == b"\x16\xfe\xff"
    assert int.from_bytes(hello[11:13], "big") + 13 == len(hello) <= 1200
    with pytest.raises(SSL.WantReadError):
        connection.bio_read(65536)
    timeout = connection.DTLSv1_get_timeout()
    assert timeout is not None
    assert 0 < timeout <= 1.0
