"""ICE-lite: who is answered, and who is not."""

import contextlib
import itertools
import random

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from media import ice
from media.errors import StunError
from tests.wire import End, Wire, entropy

CREDENTIALS = ice.Credentials("0011223344556677", "00112233445566778899aabbccddeeff")
ALICE = ("192.0.2.7", 40000)
TRANSACTIONS = (random.Random(seed).randbytes(12) for seed in itertools.count())


def request(pwd: str = CREDENTIALS.pwd, nominate: bool = False, **attributes: object) -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, next(TRANSACTIONS))
    message.attributes["USERNAME"] = f"{CREDENTIALS.ufrag}:abcd"
    message.attributes.update(attributes)
    if nominate:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(pwd.encode())
    return bytes(message)


def without_integrity() -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, bytes(12))
    message.attributes["USERNAME"] = f"{CREDENTIALS.ufrag}:abcd"
    message.add_fingerprint()
    return bytes(message)


def read(data: bytes) -> ice.Check:
    check = ice.read_check(data)
    assert check is not None
    return check


def refused(data: bytes) -> str:
    with pytest.raises(StunError) as caught:
        ice.Responder(CREDENTIALS).receive(read(data), ALICE, 0.0)
    return caught.value.counter


def test_a_verified_check_is_answered_with_its_address_under_our_password() -> None:
    verdict = ice.Responder(CREDENTIALS).receive(read(request()), ALICE, 0.0)
    reply = stun.parse_message(verdict.reply)
    assert reply.message_class == stun.Class.RESPONSE
    assert reply.attributes["XOR-MAPPED-ADDRESS"] == ALICE
    assert reply.check_message_integrity(CREDENTIALS.pwd.encode())
    assert verdict.new
    assert not verdict.nominated


def test_a_check_with_a_wrong_password_is_refused() -> None:
    assert refused(request(pwd="x" * 32)) == "stun_bad_integrity"


def test_a_check_without_integrity_is_refused() -> None:
    with pytest.raises(StunError, match="stun_bad_integrity"):
        ice.read_check(without_integrity())


def test_a_check_that_was_changed_on_the_way_is_refused() -> None:
    data = bytearray(request())
    data[-8 - 24 - 1] ^= 1  # the last byte before MESSAGE-INTEGRITY
    with pytest.raises(StunError):
        ice.Responder(CREDENTIALS).receive(read(bytes(data)), ALICE, 0.0)


def test_indications_and_responses_need_no_answer() -> None:
    for kind in (stun.Class.INDICATION, stun.Class.RESPONSE, stun.Class.ERROR):
        assert ice.read_check(bytes(stun.Message(stun.Method.BINDING, kind, bytes(12)))) is None


def test_use_candidate_nominates_and_the_last_nomination_wins() -> None:
    responder = ice.Responder(CREDENTIALS)
    other = ("192.0.2.7", 40001)
    assert responder.receive(read(request()), ALICE, 0.0).nominated is False
    assert responder.nominated is None
    assert responder.receive(read(request(nominate=True)), ALICE, 0.0).nominated
    assert responder.receive(read(request(nominate=True)), other, 0.0).nominated
    assert responder.nominated == other


def test_a_peer_that_thinks_it_is_controlled_learns_of_the_conflict_and_is_not_bound() -> None:
    responder = ice.Responder(CREDENTIALS)
    verdict = responder.receive(read(request(**{"ICE-CONTROLLED": 1})), ALICE, 0.0)
    assert stun.parse_message(verdict.reply).error_code == 487
    assert not verdict.new
    assert not responder.addresses


def test_a_check_that_somebody_sends_again_moves_nothing() -> None:
    responder = ice.Responder(CREDENTIALS)
    seen = request(nominate=True)
    responder.receive(read(seen), ALICE, 0.0)
    with pytest.raises(StunError, match="stun_replayed"):
        responder.receive(read(seen), ("203.0.113.5", 1), 1.0)
    assert responder.nominated == ALICE
    again = responder.receive(read(seen), ALICE, 2.0)  # its answer may have been lost
    assert stun.parse_message(again.reply).message_class == stun.Class.RESPONSE
    assert not again.nominated
    assert responder.consented == 0.0


def test_transactions_are_remembered_for_thousands_of_checks() -> None:
    seen, chance = ice.Seen(), random.Random(1)
    first = chance.randbytes(12)
    assert not seen.before(first)
    new = [seen.before(chance.randbytes(12)) for _ in range(ice.MOST_REMEMBERED)]
    assert seen.before(first)
    assert sum(new) < ice.MOST_REMEMBERED // 50


def test_addresses_are_bounded_and_the_oldest_that_is_not_nominated_gives_way() -> None:
    responder = ice.Responder(CREDENTIALS)
    responder.receive(read(request(nominate=True)), ALICE, 0.0)
    for port in range(1, ice.MAX_ADDRESSES):
        assert responder.receive(read(request()), ("192.0.2.8", port), 0.0).evicted is None
    assert responder.receive(read(request()), ("192.0.2.9", 1), 0.0).evicted == ("192.0.2.8", 1)
    assert ALICE in responder.addresses
    assert len(responder.addresses) == ice.MAX_ADDRESSES


def test_where_a_peer_begins_anew_serves_before_it_nominates() -> None:
    responder = ice.Responder(CREDENTIALS)
    elsewhere, anew = ("192.0.2.8", 7), f"{CREDENTIALS.ufrag}:efgh"
    assert not responder.receive(read(request()), elsewhere, 0.0).nominated, "nothing is lost yet"
    responder.receive(read(request(nominate=True)), ALICE, 0.0)
    assert not responder.receive(read(request()), elsewhere, 1.0).nominated, "a spare way"
    assert responder.receive(read(request(USERNAME=anew)), elsewhere, 2.0).nominated
    assert responder.nominated == elsewhere
    third = ("192.0.2.9", 7)
    assert not responder.receive(read(request(USERNAME=anew)), third, 3.0).nominated
    assert not responder.receive(read(request()), ALICE, 3.0).nominated, "late, not new"
    assert responder.receive(read(request(USERNAME=anew, nominate=True)), third, 4.0).nominated, "their word counts"


def test_consent_lasts_thirty_seconds_from_the_last_check() -> None:
    responder = ice.Responder(CREDENTIALS)
    assert not responder.consent_expired(0.0, 30.0)
    assert responder.consent_expired(0.0, 30.1)
    responder.receive(read(request()), ALICE, 20.0)
    assert not responder.consent_expired(0.0, 50.0)
    assert responder.consent_expired(0.0, 50.1)


@given(st.binary(max_size=1500))
def test_garbage_is_refused_with_one_kind_of_error(data: bytes) -> None:
    with contextlib.suppress(StunError):
        assert ice.read_check(data) is None


@given(st.integers(0, 10**6))
def test_a_mutated_check_is_never_verified(seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(request(nominate=True))
    place = chance.randrange(8, len(data) - 8)  # beyond the integrity's end only FINGERPRINT is left
    data[place] ^= 1 << chance.randrange(8)
    with pytest.raises(StunError):
        ice.Responder(CREDENTIALS).receive(read(bytes(data)), ALICE, 0.0)


def test_credentials_have_the_length_that_the_standard_asks_for() -> None:
    credentials = ice.Credentials.draw(entropy(7))
    assert len(credentials.ufrag) >= 4
    assert len(credentials.pwd) >= 22
    assert credentials != ice.Credentials.draw(entropy(8))


def publisher(wire: Wire) -> End:
    end = wire.end()
    end.begin(wire.router.publish("an", end.offer("sendonly")).sdp)
    return end


def test_nothing_is_sent_to_an_address_that_has_not_proven_our_password() -> None:
    wire = Wire()
    end = publisher(wire)
    hello = end.association.start(wire.now)  # type: ignore[union-attr]
    for data in (end.check(pwd="x" * 32), end.check(ufrag="nobody"), without_integrity(), b"\0" * 20, *hello):
        wire.deliver(data, end.address)
    assert wire.table.posted == []
    assert wire.refused == ["stun_bad_integrity", "stun_unknown_user", "stun_bad_integrity", "stun_malformed"]


def test_media_follows_a_nominated_check_from_a_new_address_and_only_that() -> None:
    wire = Wire()
    end = wire.publish("an")
    number = wire.transport(end)
    end.address = ("192.0.2.7", 50001)
    wire.deliver(end.check(nominate=False), end.address)
    assert wire.table.targets[number] == ("192.0.2.7", 40001)
    wire.deliver(end.check(pwd="x" * 32), ("203.0.113.5", 1))
    assert wire.table.targets[number] == ("192.0.2.7", 40001)
    wire.deliver(end.check(), end.address)
    assert wire.table.targets[number] == end.address


def test_a_neighbour_cannot_claim_an_address_in_use_with_a_forged_source() -> None:
    wire = Wire()
    victim, thief = wire.publish("an"), wire.publish("binh")
    number = wire.transport(victim)
    wire.deliver(thief.check(), victim.address)
    assert wire.refused == ["stun_address_taken"]
    assert wire.table.bound[victim.address] == number


def test_an_address_whose_transport_has_gone_silent_may_be_used_again() -> None:
    wire = Wire()
    former, later = wire.publish("an"), wire.publish("binh")
    wire.pass_time(11.0, checking=[later])
    wire.deliver(later.check(), former.address)
    assert wire.table.bound[former.address] == wire.table.bound[later.address]


def test_a_check_from_port_zero_is_refused_since_nothing_can_be_sent_there() -> None:
    wire = Wire()
    end = publisher(wire)
    wire.deliver(end.check(), ("192.0.2.7", 0))
    assert wire.refused == ["stun_malformed"]
    assert wire.table.bound == {}
