"""One transport from the first check to the goodbye, over a wire that loses datagrams."""

import pytest

from media.dtls import Association
from media.endpoint import make_identity
from media.errors import MediaError
from media.events import Connected, Disconnected, OfferReady
from media.transport import GRIP, Port, dtls_role
from tests.wire import SERVER, Table, Wire, entropy


def test_a_transport_connects_and_hands_its_keys_to_the_forwarder_once() -> None:
    wire = Wire()
    end = wire.publish("an")
    profile, receive, send = wire.table.keyed[wire.transport(end)]
    assert end.association is not None
    assert end.association.keys == (profile, send, receive)
    assert profile == "SRTP_AEAD_AES_128_GCM"
    assert len(wire.events(Connected)) == 1


def test_an_address_is_bound_before_it_hears_from_us() -> None:
    """Its ClientHello may follow our reply within microseconds; from an unbound address it would be dropped."""
    wire = Wire()
    bound: list[bool] = []
    send = wire.table.send

    def noting(data: bytes, address: tuple[str, int]) -> None:
        bound.append(address in wire.table.bound)
        send(data, address)

    wire.table.send = noting  # type: ignore[method-assign]
    wire.publish("an")
    assert len(bound) > 1
    assert all(bound)


@pytest.mark.parametrize("seed", range(6))
def test_a_transport_connects_over_a_wire_that_loses_a_fifth(seed: int) -> None:
    wire = Wire(seed, loss=0.2)
    wire.publish("an")
    assert len(wire.events(Connected)) == 1


def test_a_peer_that_insists_on_being_dtls_server_is_served() -> None:
    wire = Wire()
    end = wire.publish("an", setup="passive")
    assert end.association is not None
    assert end.association.keys is not None
    assert [event.participant for event in wire.events(Connected)] == ["an"]


def test_we_are_dtls_server_whenever_we_may() -> None:
    assert [dtls_role(setup) for setup in ("actpass", "active", "passive")] == [False, False, True]


def test_a_peer_with_another_certificate_is_counted_and_ended_and_others_go_on() -> None:
    wire = Wire()
    good = wire.publish("an")
    liar = wire.end()
    session = wire.router.publish("binh", liar.offer("sendonly"))
    liar.begin(session.sdp)
    liar.association = Association(make_identity(), True, liar.remote.fingerprints)  # type: ignore[union-attr]
    wire.connect(liar)
    assert wire.port.counters["dtls_fingerprint_mismatch"] == 1
    assert liar.error == "closed"  # he is told at once
    assert [(event.participant, event.reason) for event in wire.events(Disconnected)] == [("binh", "fingerprint")]
    assert list(wire.table.keyed) == [wire.transport(good)]
    assert wire.router.publishers() == ["an"]


def test_a_peer_that_falls_silent_is_sent_nothing_after_thirty_seconds_and_ended_after_75_and_others_stay() -> None:
    wire = Wire()
    silent, alive = wire.publish("an"), wire.publish("binh")
    number = wire.transport(silent)
    wire.pass_time(29, checking=[alive])
    assert wire.table.targets[number] == silent.address
    wire.pass_time(2, checking=[alive])
    assert wire.table.targets[number] is None
    assert wire.table.targets[wire.transport(alive)] == alive.address
    wire.pass_time(43, checking=[alive])
    assert wire.events(Disconnected) == []
    wire.pass_time(2, checking=[alive])
    assert [(event.participant, event.reason) for event in wire.events(Disconnected)] == [("an", "consent")]
    assert wire.port.counters["consent_expired"] == 1
    assert silent.address not in wire.table.bound


@pytest.mark.parametrize("moved", [False, True])
def test_a_peer_that_comes_back_within_a_minute_goes_on_with_its_keys_though_its_address_be_another(
    moved: bool,
) -> None:
    wire = Wire()
    end = wire.publish("an")
    number, keys = wire.transport(end), dict(wire.table.keyed)
    wire.pass_time(60)
    address = ("198.51.100.7", 40001) if moved else end.address
    wire.deliver(end.check(), address)
    assert wire.table.targets[number] == address
    assert wire.table.bound[address] == number
    assert wire.table.keyed == keys
    assert wire.events(Disconnected) == []
    assert wire.router.publishers() == ["an"]


def test_an_answer_with_new_ice_credentials_and_the_same_certificate_is_the_same_peer() -> None:
    wire = Wire()
    wire.publish("an", ssrcs=(11, 22))
    end = wire.end()
    wire.router.subscribe("binh")
    wire.router.accept("binh", end.answer(wire.events(OfferReady)[-1].sdp))
    wire.connect(end)
    wire.publish("chi", ssrcs=(33, 44))
    end.ufrag = "anew"
    wire.router.accept("binh", end.answer(wire.events(OfferReady)[-1].sdp))
    assert [route.source[1] for route in wire.routes_to(end)] == [11, 22, 33, 44]


def test_an_offer_that_the_line_has_lost_is_made_again() -> None:
    wire = Wire()
    wire.publish("an", ssrcs=(11, 22))
    wire.router.subscribe("binh")
    assert wire.router.directions("binh") == ["down"]
    [lost] = wire.events(OfferReady)
    wire.router.repeat("binh")
    lost, again = wire.events(OfferReady)
    assert again.tracks == lost.tracks
    end = wire.end()
    wire.router.accept("binh", end.answer(again.sdp))
    wire.connect(end)
    assert [route.source[1] for route in wire.routes_to(end)] == [11, 22]
    wire.router.repeat("binh")  # nothing is in flight: nothing to repeat
    assert len(wire.events(OfferReady)) == 2


def test_a_peer_that_never_comes_is_given_up() -> None:
    wire = Wire()
    wire.router.publish("an", wire.end().offer("sendonly"))
    wire.pass_time(31)
    assert [event.reason for event in wire.events(Disconnected)] == ["consent"]
    assert wire.port.transports() == []


def test_a_peer_that_stops_in_mid_handshake_is_given_up() -> None:
    wire = Wire()
    end = wire.end()
    end.begin(wire.router.publish("an", end.offer("sendonly")).sdp)
    wire.deliver(end.check(), end.address)
    [hello] = end.association.start(wire.now)  # type: ignore[union-attr]
    wire.deliver(hello, end.address)
    end.association = None
    for _ in range(16):
        wire.deliver(end.check(), end.address)
        wire.pass_time(2)
    assert [event.reason for event in wire.events(Disconnected)] == ["dtls"]
    assert wire.port.counters["dtls_failed"] == 1


def test_a_goodbye_ends_the_session() -> None:
    wire = Wire()
    end = wire.publish("an")
    for data in end.association.close():  # type: ignore[union-attr]
        wire.deliver(data, end.address)
    assert [event.reason for event in wire.events(Disconnected)] == ["closed"]


def test_our_goodbye_reaches_the_peer() -> None:
    wire = Wire()
    end = wire.publish("an")
    wire.router.leave("an")
    wire.run()
    assert end.error == "closed"


def test_dtls_that_comes_before_the_answer_is_kept_for_it() -> None:
    wire = Wire()
    wire.publish("an")
    wire.router.subscribe("binh")
    offer = wire.news[-1].sdp  # type: ignore[union-attr]
    end = wire.end()
    answer = end.answer(offer)
    wire.connect_early(end)
    assert wire.table.posted == []
    before = wire.now
    wire.router.accept("binh", answer)
    wire.run()
    assert wire.now == before  # nothing had to be sent twice
    assert end.association is not None
    assert end.association.keys is not None


def test_dtls_from_an_address_that_ice_has_not_verified_is_dropped() -> None:
    wire = Wire()
    end = wire.end()
    end.begin(wire.router.publish("an", end.offer("sendonly")).sdp)
    [transport] = wire.port.transports()
    [hello] = end.association.start(wire.now)  # type: ignore[union-attr]
    assert transport.datagram(hello, end.address, wire.now) == []
    wire.deliver(end.check(), end.address)
    assert transport.datagram(hello, ("203.0.113.5", 7), wire.now) == []
    assert transport.datagram(hello, end.address, wire.now) != []


def test_garbage_from_a_verified_address_harms_nobody() -> None:
    wire = Wire()
    end = wire.publish("an")
    for data in (b"\x16", b"\x16\xfe\xfd" + bytes(10), b"\x15\xfe\xfd" + bytes(60), b"\x17" * 1400, b"\x3f" * 4000):
        wire.deliver(data, end.address)
    wire.pass_time(1)
    assert wire.events(Disconnected) == []


def test_transports_are_bounded() -> None:
    port = Port(Table(), make_identity(), [SERVER], entropy(1))
    for number in range(4095):
        port.open("x", str(number), "up", 0.0)
    with pytest.raises(MediaError) as caught:
        port.open("x", "one more", "up", 0.0)
    assert caught.value.code == "too_many"


def test_an_address_is_held_only_by_fresh_consent() -> None:
    wire = Wire()
    end = wire.publish("an")
    transport = wire.port.find(wire.transport(end))
    assert transport is not None
    assert transport.holds(end.address, wire.now + GRIP - 1)
    assert not transport.holds(end.address, wire.now + GRIP + 1)
    assert not transport.holds(("192.0.2.99", 1), wire.now)
