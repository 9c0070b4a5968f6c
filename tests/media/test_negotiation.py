"""What a subscriber is offered, when, and what he makes of it."""

import re

import pytest

from media import sdp
from media.errors import MediaError
from media.events import Disconnected, OfferReady
from media.forwarder import NEW_STREAM
from tests.wire import Wire, packet


def carried(offer: OfferReady) -> list[tuple[str, str, str]]:
    return [(track.mid, track.participant, track.kind) for track in offer.tracks]


def test_a_subscriber_alone_waits_without_an_offer(wire: Wire) -> None:
    wire.router.subscribe("binh")
    assert wire.offers("binh") == []
    wire.publish("an")
    assert carried(wire.offers("binh")[0]) == [("0", "an", "audio"), ("1", "an", "video")]


def test_a_publisher_does_not_receive_himself(wire: Wire) -> None:
    wire.publish("an")
    wire.router.subscribe("an")
    assert wire.offers("an") == []
    wire.publish("binh")
    assert [who for _mid, who, _kind in carried(wire.offers("an")[0])] == ["binh", "binh"]


def test_media_flows_once_the_answer_and_the_keys_are_there(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    wire.router.subscribe("binh")
    assert wire.table.routes == {}
    end = wire.end()
    wire.router.accept("binh", end.answer(wire.offers("binh")[0].sdp))
    assert wire.table.routes == {}
    wire.connect(end)
    routes = wire.routes_to(end)
    assert {route.source for route in routes} == {(wire.transport(an), 11), (wire.transport(an), 22)}
    announced = [section.ssrcs[0] for section in sdp.read_offer(wire.offers("binh")[0].sdp).sections]
    assert [route.rewrite.ssrc for route in routes] == announced
    assert [route.rewrite.payload_type for route in routes] == [111, 96]


def test_the_subscriber_numbers_the_codecs(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    wire.router.subscribe("binh")
    end = wire.end()
    answer = end.answer(wire.offers("binh")[0].sdp)
    wire.router.accept("binh", answer.replace("SAVPF 96", "SAVPF 120").replace(":96 ", ":120 "))
    wire.connect(end)
    assert [route.rewrite.payload_type for route in wire.routes_to(end)] == [111, 120]


def test_a_stream_that_begins_later_is_routed_then(wire: Wire) -> None:
    an = wire.publish("an")
    end = wire.subscribe("binh")
    assert wire.routes_to(end) == []
    wire.notice(an, NEW_STREAM, packet(96, 77), 77)
    assert [route.source[1] for route in wire.routes_to(end)] == [77]


def test_a_stream_that_changes_its_ssrc_goes_on_in_the_same_sink(wire: Wire) -> None:
    an = wire.publish("an", ssrcs=(11, 22))
    end = wire.subscribe("binh")
    before = [route.rewrite for route in wire.routes_to(end)]
    wire.notice(an, NEW_STREAM, packet(96, 77), 77)
    assert [route.heading[1] for route in wire.routes_to(end)] == [11, 77]
    assert [route.rewrite for route in wire.routes_to(end)] == before
    assert set(wire.table.transports[wire.transport(an)]) == {11, 77}


def test_at_most_one_offer_is_in_flight_and_changes_meanwhile_make_one_more(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    wire.router.subscribe("binh")
    wire.publish("chi", ssrcs=(33, 44))
    wire.publish("dung", ssrcs=(55, 66))
    assert len(wire.offers("binh")) == 1
    end = wire.end()
    wire.answer("binh", end)
    assert len(wire.offers("binh")) == 2
    assert len(carried(wire.offers("binh")[1])) == 6
    wire.answer("binh", end)
    wire.connect(end)
    assert len(wire.offers("binh")) == 2
    assert len(wire.routes_to(end)) == 6


def test_the_m_line_of_somebody_who_left_is_inactive_once_and_then_used_again(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    end = wire.subscribe("binh")
    former = {route.rewrite.ssrc for route in wire.routes_to(end)}
    wire.router.leave("an")
    assert wire.table.routes == {}
    gone = sdp.read_offer(wire.offers("binh")[-1].sdp)
    assert [section.direction for section in gone.sections] == ["inactive", "inactive"]
    wire.answer("binh", end)
    wire.publish("chi", ssrcs=(33, 44))
    again = sdp.read_offer(wire.offers("binh")[-1].sdp)
    assert [(section.mid, section.direction) for section in again.sections] == [("0", "sendonly"), ("1", "sendonly")]
    assert not former & {section.ssrcs[0] for section in again.sections}
    wire.answer("binh", end)
    assert {route.source[1] for route in wire.routes_to(end)} == {33, 44}


def test_a_newcomer_does_not_take_an_m_line_whose_end_has_not_been_offered_yet(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    end = wire.subscribe("binh")
    wire.publish("chi", "audio", ssrcs=(33,))  # now an offer is in flight
    wire.router.leave("an")
    wire.publish("dung", "audio", ssrcs=(55,))
    wire.answer("binh", end)
    assert carried(wire.offers("binh")[-1]) == [("2", "chi", "audio"), ("3", "dung", "audio")]


def test_an_answer_cannot_switch_on_what_was_not_offered(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    end = wire.subscribe("binh")
    wire.router.leave("an")
    wire.publish("chi", ssrcs=(33, 44))  # takes the m-lines that the offer in flight says are inactive
    eager = end.answer(wire.offers("binh")[-1].sdp).replace("a=inactive", "a=recvonly")
    wire.router.accept("binh", eager)
    assert wire.routes_to(end) == []
    wire.answer("binh", end)
    assert {route.source[1] for route in wire.routes_to(end)} == {33, 44}


def test_somebody_who_leaves_while_his_offer_is_in_flight_is_never_routed(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    wire.router.subscribe("binh")
    wire.router.leave("an")
    end = wire.end()
    wire.router.accept("binh", end.answer(wire.offers("binh")[0].sdp))
    wire.connect(end)
    assert wire.routes_to(end) == []
    assert carried(wire.offers("binh")[-1]) == []


def test_an_m_line_that_the_subscriber_rejects_carries_nothing(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    wire.router.subscribe("binh")
    end = wire.end()
    answer = end.answer(wire.offers("binh")[0].sdp)
    refused = answer.replace("m=video 9", "m=video 0").replace("BUNDLE 0 1", "BUNDLE 0")
    wire.router.accept("binh", refused)
    wire.connect(end)
    assert [route.source[1] for route in wire.routes_to(end)] == [11]


@pytest.mark.parametrize("fault", ["unknown", "no offer", "garbage", "missing m-line", "other certificate"])
def test_a_bad_answer_is_refused(wire: Wire, fault: str) -> None:
    wire.publish("an", ssrcs=(11, 22))
    end = wire.subscribe("binh")
    if fault != "no offer":
        wire.publish("chi", ssrcs=(33, 44))
    answer = end.answer(wire.offers("binh")[-1].sdp)
    before = len(wire.routes_to(end))
    if fault == "garbage":
        answer = answer[:100]
    elif fault == "missing m-line":
        answer = answer[: answer.rindex("m=")].replace("BUNDLE 0 1 2 3", "BUNDLE 0 1 2")
    elif fault == "other certificate":
        answer = answer.replace("a=fingerprint:sha-256 ", "a=fingerprint:sha-256 00:")
        answer = re.sub(r"(a=fingerprint:sha-256 (..:){31}..)(:..)", r"\1", answer)
    with pytest.raises(MediaError) as caught:
        wire.router.accept("nobody" if fault == "unknown" else "binh", answer)
    assert caught.value.code == ("unknown_participant" if fault == "unknown" else "bad_answer")
    assert len(wire.routes_to(end)) == before


def test_after_a_bad_answer_a_good_one_is_still_taken(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    wire.router.subscribe("binh")
    end = wire.end()
    answer = end.answer(wire.offers("binh")[0].sdp)
    with pytest.raises(MediaError):
        wire.router.accept("binh", answer.replace("a=mid:1", "a=mid:7").replace("BUNDLE 0 1", "BUNDLE 0 7"))
    wire.router.accept("binh", answer)
    wire.connect(end)
    assert len(wire.routes_to(end)) == 2


def test_m_lines_are_bounded_and_the_rest_is_counted(wire: Wire) -> None:
    for number in range(33):
        wire.publish(f"p{number}", ssrcs=(2 * number + 1, 2 * number + 2))
    wire.router.subscribe("binh")
    assert len(sdp.read_offer(wire.offers("binh")[0].sdp).sections) == 64
    assert wire.port.counters["down_full"] == 2


def test_subscribing_again_replaces_the_former_transport(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    first = wire.subscribe("binh")
    number = wire.transport(first)
    again = wire.subscribe("binh")
    assert number not in wire.table.transports
    assert len(wire.routes_to(again)) == 2
    assert [event.reason for event in wire.events(Disconnected)] == ["replaced"]  # type: ignore[union-attr]
