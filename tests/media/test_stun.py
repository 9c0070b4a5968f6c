"""Our reading and writing of STUN beside aioice's, which nobody of us wrote."""

import contextlib
import random

import pytest
from aioice import stun as theirs
from hypothesis import given
from hypothesis import strategies as st

from media import stun
from media.errors import StunError

PASSWORD = b"00112233445566778899aabbccddeeff"
TRANSACTION = bytes(range(12))


def request(username: str = "ufrag:theirs", **attributes: object) -> bytes:
    message = theirs.Message(theirs.Method.BINDING, theirs.Class.REQUEST, TRANSACTION)
    message.attributes["USERNAME"] = username
    message.attributes.update(attributes)
    message.add_message_integrity(PASSWORD)
    return bytes(message)


def read(data: bytes) -> stun.Request:
    found = stun.read(data)
    assert found is not None
    return found


@given(st.text(min_size=1, max_size=100), st.booleans(), st.booleans(), st.integers(0, 2**32 - 1))
def test_what_aioice_writes_is_read_and_proven(name: str, nominates: bool, controlled: bool, priority: int) -> None:
    attributes: dict[str, object] = {"PRIORITY": priority}
    attributes.update({"USE-CANDIDATE": None} if nominates else {})
    attributes.update({"ICE-CONTROLLED" if controlled else "ICE-CONTROLLING": 5})
    found = read(request(name, **attributes))
    assert (found.username, found.nominates, found.controlled) == (name, nominates, controlled)
    assert found.transaction == TRANSACTION
    assert found.proven_by(PASSWORD)
    assert not found.proven_by(PASSWORD + b"x")


@pytest.mark.parametrize("address", [("192.0.2.7", 1), ("255.255.255.255", 65535), ("2001:db8::7", 40000), ("::1", 9)])
def test_what_we_answer_is_read_by_aioice(address: tuple[str, int]) -> None:
    reply = theirs.parse_message(stun.success(read(request()), address, PASSWORD))
    assert reply.check_message_integrity(PASSWORD)
    assert reply.message_class == theirs.Class.RESPONSE
    assert reply.transaction_id == TRANSACTION
    assert reply.attributes["XOR-MAPPED-ADDRESS"] == address
    assert "FINGERPRINT" in reply.attributes


def test_a_conflict_is_read_by_aioice() -> None:
    reply = theirs.parse_message(stun.role_conflict(read(request()), PASSWORD))
    assert reply.check_message_integrity(PASSWORD)
    assert reply.attributes["ERROR-CODE"] == (487, "Role Conflict")


def test_what_stands_behind_the_integrity_means_nothing() -> None:
    message = theirs.Message(theirs.Method.BINDING, theirs.Class.REQUEST, TRANSACTION)
    message.attributes["USERNAME"] = "ufrag:theirs"
    data = bytes(message)
    data = data[:2] + (len(data) - 20 + 24 + 4).to_bytes(2, "big") + data[4:]
    body = data[:2] + (len(data) - 20 + 24).to_bytes(2, "big") + data[4:]
    data += b"\0\x08\0\x14" + theirs.message_integrity(body, PASSWORD) + b"\0\x25\0\0"
    found = read(data)
    assert found.proven_by(PASSWORD)
    assert not found.nominates


def test_a_wrong_fingerprint_is_no_stun() -> None:
    data = bytearray(request())
    data[-1] ^= 1
    with pytest.raises(StunError, match="stun_malformed"):
        stun.read(bytes(data))


@given(st.integers(0, 10**6))
def test_whatever_a_changed_request_says_is_not_proven(seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(request(**{"USE-CANDIDATE": None}))
    data[chance.randrange(len(data) - 8)] ^= 1 << chance.randrange(8)
    with contextlib.suppress(StunError):
        found = stun.read(bytes(data))
        assert found is None or not found.proven_by(PASSWORD)


@given(st.binary(max_size=1500))
def test_garbage_is_refused_with_one_kind_of_error(data: bytes) -> None:
    for each in (data, (b"\0\x01" + len(data).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + TRANSACTION + data)[:1280]):
        with contextlib.suppress(StunError):
            stun.read(each)
